"""The model: what a portal must answer, by plain dictionaries of invoices, folders and processes.

Each method is told a request and its answer. It raises `Disagreement` where no reading of the documents allows that
answer; else it remembers what the request has changed. Where several answers are allowed, the first one seen is
remembered in `readings`, and held against the later ones. It speaks of what went through it alone: what else a
portal may hold it leaves out of account.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

from contract_tests.documents import load
from contract_tests.model.things import (
    ENDS,
    FAILED,
    FINISHED,
    RUNNING,
    Disagreement,
    Entry,
    Filed,
    Kind,
    Process,
    Said,
    State,
)

_PORTAL = load("portal.json")
_INVOICE = load("invoice.json")
_WORDS = load("vocabulary.json")
_STAGES = load("processes.json")["stages"]

DRAFT: str = _WORDS["draft"]
WAITING, EDITED, DELETED = "onApproval", "onApprovalEdited", "deleted"
DELETABLE = frozenset(row["name"] for row in _WORDS["statuses"] if row["deletable"])
NEXT: Mapping[str, tuple[str, ...]] = {
    row["name"]: tuple(one["to"] for one in _WORDS["transitions"] if one["from"] == row["name"])
    for row in _WORDS["statuses"]
}
"""What the counterparty can make of a status (F-LIFE, R-79)."""

WHEN_ABSENT: Mapping[str, int] = {
    name: code
    for name, row in _INVOICE["properties"].items()
    if (code := row.get("x-error", {}).get("required")) is not None
}
"""The code of a required field that an invoice lacks (F-ERR-05)."""

_NUMBER = re.compile(rf"[A-Z]{{2}}[0-9]{{4}}[0-9]{{{_PORTAL['running_number_digits']['value']}}}")
_FLAGS = ("imported", "packet_created", "login_done", "invoice_signed", "deleted")


class Portal:
    """The state of a portal, as far as the requests so far tell.

    Attributes:
        readings: answers in force, those found out on the way among them; `learnt` are the latter.
        at_once: processes end at the instant they start (a world of pace `instant`).
        doubtful: any process may fail, as where e-taxes is the real one.
        by_hand: a person answers the PINs from now on (R-31 `manual`).
        kept: by company and ERP id, what is in the portal.
        filed: by number, what is in e-taxes.
    """

    def __init__(self, readings: Mapping[str, str], *, at_once: bool = False, doubtful: bool = False) -> None:
        self.readings = dict(readings)
        self.learnt: dict[str, str] = {}
        self.at_once = at_once
        self.doubtful = doubtful
        self.by_hand = False
        self.kept: dict[tuple[str, str], Entry] = {}
        self.filed: dict[str, Filed] = {}
        self.processes: dict[int, Process] = {}
        self.tokens: set[str] = set()
        self.challenges: set[str] = set()
        self._numbers: dict[str, Entry] = {}
        self._next_number = ""

    # -- the ten operations

    def import_(
        self,
        company: str,
        invoices: Sequence[Mapping[str, Any]],
        upload: bool,
        said: Said,
        *,
        objection: bool = False,
    ) -> None:
        """`import_upload_invoices` (F-IMP, F-ERR-01, R-17, R-18, R-55); `objection` when e-taxes will refuse one."""
        ids = [one.get("id") for one in invoices]
        wrong = [sorted({code for name, code in WHEN_ABSENT.items() if name not in one}) for one in invoices]
        if not invoices:
            self._code(said, {6}, "an import of nothing", "F-IMP-06")
        elif any(wrong):
            self._code(said, {14}, "an import of invoices that lack fields", "F-IMP-13", "F-ERR-01", "F-ERR-05")
            told = [sorted(set(one)) for one in said.data["invoices"]]
            self._demand(told == wrong, f"the codes are {told}, and not {wrong}", "F-ERR-01", "F-ERR-05", "R-18")
        elif len(set(ids)) < len(ids):
            self._code(said, {17}, "an import of one id twice", "R-17", "F-IMP-06")
        else:
            self._replace([entry for one in ids if (entry := self.kept.get((company, str(one))))], said)
            process = self._start(company, "import" if upload else "import_only", said)
            if process is not None:
                process.must_fail = ("F-ERR-02", "R-62", "F-PROC-02") if objection and upload else ()
                self._keep(process, invoices)
            self._at_once(process)

    def read(self, company: str, ids: Sequence[str], said: Said) -> None:
        """`inv_read_invoices` by ids (F-INV-01, R-23, R-23b, R-52)."""
        self._code(said, {0}, "a read by ids", "F-INV-01")
        rows = {row["id"]: row["qaime"] for row in said.data["invoices"]}
        count = len(said.data["invoices"])
        self._demand(len(rows) == count, "one id is answered twice", "F-INV-01")
        self._demand(said.data["total"] == count, f"total is {said.data['total']} of {count}", "F-INV-01", "R-23b")
        strange = sorted(set(rows) - set(ids))
        self._demand(not strange, f"{strange[:1]} was not asked for", "F-INV-01")
        for one in ids:
            self._shown(company, one, one in rows, rows.get(one))

    def delete(self, company: str, ids: Sequence[str], said: Said, *, may: bool = True) -> None:
        """`inv_delete` (F-INV-03, R-21, R-21b, R-21c)."""
        if not may:
            self._code(said, {7, 5}, "a deletion by a user without the right", "F-AUTH-06", "R-51")
            return
        if not ids:
            self._code(said, {3}, "a deletion of nothing", "R-21b")
            return
        found = [self.kept.get((company, one)) for one in dict.fromkeys(ids)]
        gone = [one for one in found if one is not None and self._unsubmitted(one) is not False]
        if len(gone) == len(found):
            sure = all(self._unsubmitted(one) for one in gone)
            self._code(said, {0} if sure else {0, 20}, "a deletion of unsubmitted invoices", "F-INV-03", "R-21c")
        else:
            allowed = {"20": {20}, "skip": {0}}.get(self.readings.get("R-21", ""), {0, 20})
            self._code(said, allowed, "a deletion of an unknown or submitted invoice", "F-INV-03", "R-21", "R-21c")
            self._learn("R-21", "20" if said.code == 20 else "skip")
        if said.code == 0:
            self._demand("id" not in said.data, "a deletion in the portal starts a process", "F-INV-03")
            counted = said.data.get("deleted", len(gone))
            self._demand(counted == len(gone), f"deleted is {counted!r}, and not {len(gone)}", "R-21b", "F-INV-03")
            for one in gone:
                del self.kept[one.company, one.erp_id]

    def status(self, company: str, number: int, said: Said) -> None:
        """`read_proc_status` (F-PROC-01 to F-PROC-04, R-15)."""
        process = self._process(company, number, said)
        if process is None:
            return
        status, stats = said.data["status"], said.data.get("stats", {})
        self._demand(type(status) is int, f"status is {status!r}, and no number", "F-PROC-02")
        rank = status if status in (0, *ENDS) else RUNNING
        forward = rank == process.status if process.ended else rank >= process.status
        self._demand(forward, f"the status went from {process.status} to {status}", "F-PROC-02")
        for name in _FLAGS:
            value = int(stats.get(name) or 0)
            self._demand(value >= process.flags.get(name, 0), f"stats.{name} went back to {value}", "F-PROC-04")
            process.flags[name] = value
        if rank in ENDS and not process.ended:
            self._end(process, rank)
        process.status = rank
        if process.ended:
            self._counted(process, stats)

    def details(self, company: str, number: int, said: Said) -> None:
        """`read_proc_data` (F-PROC-07, R-38): the invoices of an import, with the numbers that they have."""
        process = self._process(company, number, said)
        if process is None or not process.entries:
            return
        rows = {row["id"]: row for row in said.data["invoices"]}
        wanted = {one.erp_id: one for one in process.entries}
        self._demand(rows.keys() == wanted.keys(), f"it names {sorted(rows)}, and not {sorted(wanted)}", "F-PROC-07")
        for erp_id, row in rows.items():
            entry, qaime = wanted[erp_id], row.get("qaime") or ""
            if entry.state == "signed" and (qaime or self.kept.get((company, erp_id)) is entry):
                self._number(entry, qaime)
            elif qaime and process.status == FAILED and row.get("status") == DRAFT and qaime not in self.filed:
                self._number(entry, qaime)
                self.filed[qaime] = Filed(qaime, company, entry.buyer, DRAFT, entry)

    def download(self, company: str, said: Said) -> Process | None:
        """`etx_import` (F-ETX-04)."""
        self._code(said, {0}, "a download", "F-ETX-01")
        process = self._start(company, "download", said)
        self._at_once(process)
        return process

    def delete_filed(
        self, company: str, serials: Sequence[str], signed: bool, said: Said, *, may: bool = True
    ) -> None:
        """`etx_delete` (F-DEL, R-08, R-22, R-77): all or nothing, at once or by a process that ends in 3."""
        if not may:
            self._code(said, {7, 5}, "a deletion by a user without the right", "F-AUTH-06", "R-51")
            return
        if not serials:
            self._code(said, {3}, "a deletion of nothing", "R-08c")
            return
        names = list(dict.fromkeys(one.replace(" ", "") for one in serials))
        able = [self._deletable(company, self.filed.get(name), signed) for name in names]
        ids = ("F-DEL-05", "F-DEL-03", "F-DEL-04", "F-DEL-02")
        if self.readings.get("R-08") == "prose":
            self._code(said, {20, 3}, "a deletion by ill-formed numbers", "R-08", "R-08b")
            return
        if False in able:
            self._code(said, {20, 0}, "a deletion of what cannot be deleted", *ids)
        else:
            allowed = {0} if all(able) else {0, 20}
            self._code(said, allowed, "a deletion of what can be deleted", "F-DEL-01", "F-DEL-04", "F-DEL-02")
        process = self._start(company, "deletion", said)
        if process is None:
            return
        process.filed = [found for name in names if (found := self.filed.get(name))]
        process.must_fail = ids if False in able else ()
        for other in self.open("deletion"):
            if other is not process and set(other.filed) & set(process.filed):
                other.may_fail = process.may_fail = True
        process.may_fail = process.may_fail or None in able
        self._at_once(process)

    def challenge(self, plain: Any) -> None:
        """`reset_start` (F-AUTH-03)."""
        self._demand(isinstance(plain, str) and plain, f"plain_value is {plain!r}", "F-AUTH-03")
        self._demand(plain not in self.challenges, "a challenge came twice", "F-AUTH-03")
        self.challenges.add(plain)

    def renewed(self, old: str, new: Any) -> None:
        """`reset_confirm` (F-AUTH-05)."""
        self.tokens.add(old)
        self._demand(isinstance(new, str) and new, f"token is {new!r}", "F-AUTH-05")
        self._demand(new not in self.tokens, "a token was given before", "F-AUTH-05")
        self.tokens.add(new)

    # -- downloads

    def brings(self, process: Process, company: str, dir_: int, statuses: Iterable[str] = ()) -> None:
        """What a download that has just ended must have brought (R-74, F-ETX-02, R-78)."""
        wanted = set(statuses)
        process.brought = {}
        for one in self.filed.values():
            mine = one.company == company if dir_ == 1 else one.buyer == company
            if not mine or one.status == DRAFT:
                continue
            unsure = self._in_work(one) or one.status == DELETED
            if unsure or not wanted or one.status in wanted:
                process.brought[one.qaime] = not unsure

    def downloaded(self, company: str, number: int, said: Said, *, fresh: bool, whole: bool = False) -> None:
        """`etx_read_invoices` by a process; `fresh`: nothing happened since; `whole`: all of e-taxes is known."""
        process = self._process(company, number, said)
        if process is None:
            return
        rows = {row["qaime"]: row["status"] for row in said.data["invoices"]}
        self._demand(len(rows) == len(said.data["invoices"]), "a download has one number twice", "R-72", "F-RD-02")
        if process.kind != "download":
            self._demand(not rows, "a process that is no download has brought invoices", "R-71")
            return
        for qaime, sure in (process.brought or {}).items():
            filed = self.filed.get(qaime)
            gone = filed is None or (filed.status == DELETED and not fresh)
            if sure and not gone:
                self._demand(qaime in rows, f"{qaime} is missing among what was downloaded", "F-ETX-04", "R-74")
        for qaime, status in rows.items():
            filed = self.filed.get(qaime)
            if filed is not None and fresh and not self._in_work(filed):
                self._status_shown(filed, status)
            if whole and filed is not None and filed.status == DELETED:
                _disagree(f"{qaime} was deleted, and is still in the portal", ("F-DEL-07", "R-78"))
            if filed is not None or whole:
                expected = qaime in (process.brought or {})
                self._demand(expected, f"{qaime} was downloaded, and does not fit", "F-ETX-02", "R-74", "F-LIFE-01")

    # -- what happens outside the portal

    def acted(self, qaime: str, status: str) -> None:
        """The counterparty has made this status of an invoice (F-LIFE-01 to F-LIFE-03)."""
        self.filed[qaime].status = status
        for process in self.open("deletion"):
            if self.filed[qaime] in process.filed and status not in (WAITING, EDITED):
                process.must_fail = ("F-DEL-09", "F-DEL-04")

    def answered(self, number: int, confirmed: bool) -> None:
        """A person has answered a PIN of a process on the phone (R-31)."""
        process = self.processes.get(number)
        if process is not None and confirmed:
            process.pins = max(0, process.pins - 1)
        elif process is not None:
            process.must_fail = ("R-31", "F-IMP-11", "R-66")

    def begins_with(self, qaime: str, company: str, buyer: str, status: str) -> None:
        """An invoice that e-taxes had before the first request."""
        self.filed[qaime] = Filed(qaime, company, buyer, status)

    def numbers_from(self, qaime: str) -> None:
        """Which number the next signed invoice gets; from then on they run without gap (R-33), `at_once` only."""
        self._next_number = qaime

    # -- for whoever chooses steps

    def open(self, *kinds: Kind) -> list[Process]:
        """Processes whose end was not seen yet."""
        return [one for one in self.processes.values() if not one.ended and (not kinds or one.kind in kinds)]

    def settled(self, entry: Entry) -> bool:
        """Whether nothing is going on with an invoice, so that it is known what its deletion does."""
        if entry.state in ("importing", "uploading"):
            return False
        return not entry.qaime or entry.qaime not in self.filed or not self._in_work(self.filed[entry.qaime])

    # -- parts

    def _replace(self, known: Sequence[Entry], said: Said) -> None:
        """Ids that the portal has are refused, or give way if they were not submitted (F-IMP-06, R-55)."""
        if not known:
            self._code(said, {0}, "an import of new ids", "F-IMP-02", "F-IMP-03", "F-IMP-13", "R-56")
            return
        free = [self._unsubmitted(one) for one in known]
        replaces = self.readings.get("R-55")
        allowed = {17}
        if False not in free and replaces != "17":
            allowed = {0} if replaces == "replace" and all(free) else {0, 17}
        self._code(said, allowed, "an import of an id that the portal has", "F-IMP-06", "R-55")
        if False not in free and None not in free:
            self._learn("R-55", "17" if said.code == 17 else "replace")

    def _keep(self, process: Process, invoices: Iterable[Mapping[str, Any]]) -> None:
        state: State = "uploading" if process.kind == "import" else "importing"
        for one in invoices:
            entry = Entry(process.company, one["id"], one["buyer"], process.number, state)
            self.kept[process.company, entry.erp_id] = entry
            process.entries.append(entry)

    def _start(self, company: str, kind: Kind, said: Said) -> Process | None:
        """The process of an answer that is a success; `None` for a refusal."""
        if said.code != 0:
            return None
        number = said.data.get("id")
        self._demand(type(number) is int, f"data.id is {number!r}, and no process", "F-IMP-02", "F-DEL-06")
        self._demand(number not in self.processes, f"process {number} was given out twice", "F-IMP-02", "R-52")
        process = Process(number, company, kind, may_fail=self.doubtful)
        if self.by_hand:
            asks = "deletion_pin1" if kind == "deletion" and self.readings.get("R-68") == "pin1" else kind
            process.pins = sum("pin" in stage for stage in _STAGES[asks])
            process.may_fail = process.may_fail or bool(process.pins)
        self.processes[number] = process
        return process

    def _at_once(self, process: Process | None) -> None:
        if process is not None and self.at_once:
            status = FAILED if process.must_fail else FINISHED
            self._end(process, status)
            process.status = status

    def _end(self, process: Process, status: int) -> None:
        if status == FAILED:
            allowed = process.may_fail or process.must_fail
            self._demand(allowed, f"{process.kind} ended with status 3 for no reason", "F-PROC-02", "F-DEL-04")
            for entry in process.entries:
                self._demand(not entry.qaime, f"{entry.erp_id} was signed, and its upload failed", "R-62", "F-IMP-14")
                entry.state = "imported"
            return
        self._demand(
            not process.must_fail, f"{process.kind} ended with status 2, and cannot end well", *process.must_fail
        )
        self._demand(
            not process.pins, f"{process.kind} ended well before its PINs were confirmed", "F-IMP-11", "R-31"
        )
        for entry in process.entries:
            entry.state = "signed" if process.kind == "import" else "imported"
            if process.kind == "import" and self._next_number:
                self._number(entry, self._next_number)
                self._next_number = _after(self._next_number)
        for filed in process.filed:
            self._delete_filed(filed)

    def _delete_filed(self, filed: Filed) -> None:
        """It goes from e-taxes and from the portal (F-DEL-07, R-78)."""
        once = self.filed.get(filed.qaime) is filed and filed.status != DELETED
        self._demand(once, f"{filed.qaime} was deleted twice", "F-DEL-03", "F-DEL-05")
        entry = filed.entry
        if entry is not None and self.kept.get((entry.company, entry.erp_id)) is entry:
            del self.kept[entry.company, entry.erp_id]
        if filed.status == DRAFT:
            del self.filed[filed.qaime]
        else:
            filed.status = DELETED

    def _counted(self, process: Process, stats: Mapping[str, Any]) -> None:
        if process.status == FAILED:
            self._demand(stats.get("etx_exception"), "etx_exception is empty at status 3", "F-PROC-04", "R-66")
            self._demand(not stats.get("deleted"), "a deletion that failed has deleted", "F-DEL-03", "F-DEL-06")
        elif process.kind == "deletion":
            count = stats.get("deleted")
            wanted = len(process.filed)
            self._demand(count == wanted, f"stats.deleted is {count!r}, and not {wanted}", "F-DEL-06", "F-PROC-04")
        elif process.entries:
            wanted, count = len(process.entries), stats.get("imported", len(process.entries))
            self._demand(count == wanted, f"stats.imported is {count!r}, and not {wanted}", "F-PROC-04")
        if process.kind == "import_only":
            self._demand(not stats.get("invoice_signed"), "an import without upload has signed", "F-IMP-12")

    def _process(self, company: str, number: int, said: Said) -> Process | None:
        """The process that a call names; `None` when it is unknown to this company, and refused (R-15, R-52)."""
        process = self.processes.get(number)
        if process is not None and process.company == company:
            self._code(said, {0}, "a call about a process", "F-PROC-01")
            return process
        allowed = {3, 20} if "R-15" not in self.readings else {int(self.readings["R-15"])}
        self._code(said, allowed, "a call about a process that is not the caller's", "R-52", "R-15", "F-PROC-01")
        self._learn("R-15", str(said.code))
        return None

    def _shown(self, company: str, erp_id: str, there: bool, qaime: Any) -> None:
        entry = self.kept.get((company, erp_id))
        if entry is None:
            self._demand(not there, f"{erp_id} is shown, and is not in this portal", "R-23b", "F-DEL-07", "R-52")
        elif entry.state == "signed" and self.settled(entry):
            self._demand(there, f"{erp_id} is gone", "F-INV-01", "F-DEL-03", "F-INV-03", "F-DEL-02")
            self._demand(qaime, f"{erp_id} has no number, and its upload has ended well", "F-IMP-14", "F-PROC-02")
            self._number(entry, qaime)
        elif qaime:
            early = self._without_number(entry)
            self._demand(not early, f"{erp_id} has a number, and was not signed", "F-IMP-12", "R-62", "F-IMP-11")
            self._number(entry, qaime)
        elif entry.state == "imported" and (not entry.qaime or self.settled(entry)):
            self._unnumbered(erp_id, there, qaime)

    def _without_number(self, entry: Entry) -> bool:
        """Whether a number cannot be there yet (F-IMP-12, R-40, R-62)."""
        if entry.state in ("imported", "importing"):
            return True
        process = self.processes[entry.process]
        return entry.state == "uploading" and (process.pins > 0 or bool(process.must_fail))

    def _unnumbered(self, erp_id: str, there: bool, qaime: Any) -> None:
        seen = "omitted" if not there else "null" if qaime is None else "empty"
        wanted = self.readings.get("R-23", seen)
        if wanted != seen:
            says = f"{erp_id} is gone" if seen == "omitted" else f"an invoice without number is shown as {seen}"
            raise Disagreement(f"{says} (R-23 {wanted})", "F-INV-01", "F-INV-03", "F-DEL-03", "R-23", "R-21")
        self._learn("R-23", seen)

    def _number(self, entry: Entry, qaime: str) -> None:
        """A number is given once, to one invoice, and stays (F-IMP-14, R-33)."""
        form = _NUMBER.fullmatch(qaime)
        self._demand(form, f"{qaime!r} is no number like AA25010000123", "F-IMP-14", "R-33")
        same = entry.qaime in ("", qaime)
        self._demand(same, f"the number of {entry.erp_id} changed to {qaime}", "F-IMP-14", "F-INV-01", "R-14")
        owner = self._numbers.setdefault(qaime, entry)
        self._demand(owner is entry, f"{qaime} is the number of two invoices", "F-IMP-14", "R-33", "F-INV-01")
        entry.qaime = qaime
        if entry.state in ("signed", "uploading") and qaime not in self.filed:
            self.filed[qaime] = Filed(qaime, entry.company, entry.buyer, WAITING, entry)

    def _status_shown(self, filed: Filed, status: Any) -> None:
        life = ("F-LIFE-01", "F-LIFE-02", "F-LIFE-03", "F-ETX-05")
        ids = ("F-LIFE-04", "F-DEL-07", "R-78") if filed.status == DELETED else life
        self._demand(status == filed.status, f"{filed.qaime} is {status}, and not {filed.status}", *ids)

    def _unsubmitted(self, entry: Entry) -> bool | None:
        """Whether it counts as unsubmitted (R-21c); `None` where that hangs on what is going on."""
        if entry.state == "imported":
            return True if self.settled(entry) else None
        if entry.state == "signed":
            return None if not self.settled(entry) else False
        return None

    def _deletable(self, company: str, filed: Filed | None, signed: bool) -> bool | None:
        """Whether e-taxes lets this company delete it from this folder; `None` where several answers are allowed."""
        if filed is None or filed.company != company or (filed.status == DRAFT) is signed:
            return False
        if self._in_work(filed) or filed.status == EDITED:
            return None
        return filed.status == DRAFT or filed.status in DELETABLE

    def _in_work(self, filed: Filed) -> bool:
        """Whether an open process may be changing it."""
        entry = filed.entry
        uploading = entry is not None and entry.state == "uploading"
        return uploading or any(filed in process.filed for process in self.open("deletion"))

    def _learn(self, reading: str, answer: str) -> None:
        known = self.readings.setdefault(reading, answer)
        self._demand(known == answer, f"{reading} is answered now as {known}, now as {answer}", reading)
        self.learnt[reading] = answer

    def _code(self, said: Said, allowed: set[int], what: str, *ids: str) -> None:
        if said.code not in allowed:
            wanted = " or ".join(str(one) for one in sorted(allowed))
            _disagree(f"{what} was answered with {said.code}, where {wanted} is documented", ids)

    def _demand(self, truth: object, message: str, *ids: str) -> None:
        if not truth:
            _disagree(message, ids)


def _disagree(message: str, ids: Sequence[str]) -> NoReturn:
    raise Disagreement(message, *ids)


def _after(qaime: str) -> str:
    """The next running number of the same series and month."""
    digits: int = _PORTAL["running_number_digits"]["value"]
    return f"{qaime[:-digits]}{int(qaime[-digits:]) + 1:0{digits}d}"

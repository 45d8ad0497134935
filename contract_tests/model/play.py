"""Steps on a server, each judged by the model: what a check does, saves, and does again."""

from collections.abc import Sequence
from typing import Any, TypeVar

from contract_tests import work
from contract_tests.accounts import Party
from contract_tests.builders import Invoice
from contract_tests.documents import load
from contract_tests.exchange import Exchange
from contract_tests.model.portal import (
    DELETED,
    DRAFT,
    NEXT,
    WHEN_ABSENT,
    Portal,
)
from contract_tests.model.things import Disagreement, Entry, Filed, Process, Said
from contract_tests.run import Run

REFUSED_BUYER = next(row["buyers"][0] for row in load("scenarios.json")["scenarios"] if row["name"] == "unknown-voen")
TEXTS: dict[str, set[int]] = {}
"""The texts of the documents, and the codes that each stands for (F-ERR-06)."""

for _row in load("errors.json")["errors"]:
    for _text in _row.get("err_msg", {}).values():
        TEXTS.setdefault(_text, set()).add(_row["code"])

NOBODY_HAS = "vatportal-mock-nobody-has-this"
NO_SUCH_NUMBER = "XX9999 99999999"
FAULTS = tuple(WHEN_ABSENT)
FILTERS: tuple[tuple[str, ...], ...] = ((), ("onApproval",), ("approved", "canceled"), ("onApproval", "deleted"))
PAUSES, LONG = ("5s", "30s", "60s", "120s"), "900s"
MOSTLY = 6
"""From this place on, a step takes what it is not meant for."""

Step = dict[str, Any]
T = TypeVar("T")


class Play:
    """Steps on one server, from a state in which the model and the server agree.

    A step is its name and small numbers, which stand for invoices and processes by their place among those that
    there are; so any list of steps can be taken, and what is left of a list when some are dropped still makes sense.

    Attributes:
        steps: those taken so far, as JSON values.
        followed: each process is polled to its end at once; else time passes by a step of its own.
    """

    def __init__(self, run: Run, *, followed: bool) -> None:
        self.run = run
        self.followed = followed
        self.steps: list[Step] = []
        self.portal = Portal(run.target.answers, doubtful=run.target.simulator is None)
        self.ids: list[str] = []
        self._token = run.party().token
        self._old_token = ""
        self._built: dict[str, Invoice] = {}
        self._odd_text = ""
        run.target.listeners.append(self._texts)

    def take(self, do: str, **numbers: Any) -> None:
        """One step, and then a look at everything that the model knows.

        Raises:
            Breach: the server did what no reading allows.
        """
        self.steps.append({"do": do, **numbers})
        try:
            getattr(self, do)(**numbers)
            self._look()
            if self._odd_text:
                raise Disagreement(self._odd_text, "F-ERR-06", "R-45")
        except Disagreement as wrong:
            self.run.breach(wrong.message, wrong.ids)
        except (KeyError, TypeError, IndexError, ValueError, AttributeError) as error:
            self.run.breach(f"an answer is not of the form documented ({type(error).__name__}: {error})")

    # -- imports

    def import_some(self, count: int, upload: bool) -> None:
        """New invoices."""
        self._import([self._fresh() for _ in range(count)], upload)

    def import_a_bad_one(self, count: int, place: int, fault: int, upload: bool) -> None:
        """New invoices, one of which lacks a field: nothing of them is stored (R-18)."""
        batch = [self._fresh() for _ in range(count)]
        del batch[place % count][FAULTS[fault % len(FAULTS)]]
        self._import(batch, upload)

    def import_again(self, which: int, upload: bool) -> None:
        """An invoice that was sent before, and a new one beside it; it may have been deleted meanwhile."""
        if self.ids:
            self._import([self._built[self._pick(self.ids[::-1], which)], self._fresh()], upload)

    def import_one_id_twice(self) -> None:
        """One id twice in a request."""
        self._import([one := self._fresh(), one], False)

    def upload_to_nobody(self) -> None:
        """A new invoice, and one that e-taxes objects to: none is signed (F-ERR-02, R-62)."""
        if self.run.target.simulator is not None:
            self._import([self._fresh(), self._fresh(buyer=REFUSED_BUYER)], True, objection=True)

    # -- reading

    def read(self, which: list[int], other: bool) -> None:
        """Some invoices by id, known ones and one that nobody has; the other company sees none of them."""
        ids = [*(self._pick(self.ids, one) for one in which if self.ids), NOBODY_HAS]
        self._read(list(dict.fromkeys(ids)), self._side(other))

    def poll(self, which: int, other: bool, details: bool) -> None:
        """A process, also one that is over; another company is told that it does not exist."""
        if not self.portal.processes or (other and not self._two):
            return
        process = self._pick(list(self.portal.processes.values())[::-1], which)
        role = self._role_of(process, other)
        operation, judge = ("read_proc_status", self.portal.status)
        if details:
            operation, judge = "read_proc_data", self.portal.details
        exchange = self.run.call(operation, role=role, procId=process.number)
        judge(self._company(role), process.number, _said(exchange))

    def download(self, other: bool, sent: bool, words: int) -> None:
        """A download, followed to its end and read."""
        role = self._side(other)
        dir_, statuses = int(sent), FILTERS[words % len(FILTERS)]
        asked: dict[str, Any] = {"date_from": work.FAR_BACK, "date_to": self.run.date(), "dir": dir_}
        if statuses:
            asked["inc_status"] = ",".join(statuses)
        phone = self.run.party(role).phone
        process = self.portal.download(
            self._company(role), _said(self.run.call("etx_import", role=role, phone=phone, **asked))
        )
        if process is None or process.pins:
            return
        self._follow(process, role)
        if process.status != 2:
            return
        self.portal.brings(process, self._company(role), dir_, statuses)
        rows = work.pages(self.run, role=role, procId=process.number, dir=dir_)
        self.portal.downloaded(self._company(role), process.number, Said(0, {"invoices": rows}), fresh=True)

    # -- deleting

    def delete_in_portal(self, which: list[int], stranger: bool, who: int) -> None:
        """Some invoices by id, maybe one that nobody has among them; by the company, another, or a mere clerk."""
        role = self._anyone(who)
        known = [one for one in self.ids if self._calm(one)]
        there = [one for one in known if self._unsubmitted(one)]
        ids = self._some(there, known, which) + [NOBODY_HAS] * stranger
        exchange = self.run.call("inv_delete", role=role, ids=ids)
        self.portal.delete(self._company(role), ids, _said(exchange), may=role != "clerk")

    def delete_in_etaxes(self, which: list[int], signed: bool, stranger: bool, who: int) -> None:
        """Some numbers from one folder, maybe one that does not exist among them."""
        role, filed = self._anyone(who), list(self.portal.filed.values())
        there = [one for one in filed if one.status != DELETED and (one.status == DRAFT) is not signed]
        serials = [work.serial(one.qaime) for one in self._some(there, filed, which)] + [NO_SUCH_NUMBER] * stranger
        exchange = self.run.call("etx_delete", role=role, serialNumbers=serials, is_signed=signed)
        self.portal.delete_filed(self._company(role), serials, signed, _said(exchange), may=role != "clerk")
        self._follow_started(exchange, role)

    # -- tokens

    def renew_token(self) -> None:
        """A new token by challenge and signature (F-AUTH-03 to F-AUTH-05); the old one is dead."""
        if self.run.target.simulator is None:
            return
        who = self.run.party()
        for answer, secret in (("own", who.secret), ("token", self._token)):
            if self.portal.readings.get("R-50", answer) != answer:
                continue
            exchange = self.run.call("reset_start", login=who.username)
            self.portal.challenge(exchange.json.get("plain_value"))
            key = work.signature(secret, exchange.json["plain_value"])
            told = self.run.target.call("reset_confirm", {"login": who.username, "key": key}, way="none")
            if told.code is None:
                self.portal.renewed(self._token, told.json.get("token"))
                self._old_token, self._token = self._token, told.json["token"]
                self.portal.readings["R-50"] = self.portal.learnt["R-50"] = answer
                return
        self.run.breach("no secret signs the challenge", ["F-AUTH-04", "R-50"])

    def use_token(self, old: bool) -> None:
        """The token in force opens, the one before it does not."""
        token = self._old_token if old else self._token
        if token:
            party = self.run.party()
            bearer = Party(token=token, phone=party.phone)
            exchange = self.run.target.call("inv_read_invoices", {"ids": [NOBODY_HAS]}, party=bearer, way="token")
            self.run.demand(exchange, 5 if old else 0)

    # -- time, the phone, the counterparty

    def wait(self, pause: int) -> None:
        """Time passes."""
        self.run.advance(PAUSES[pause % len(PAUSES)])

    def finish(self) -> None:
        """Time passes until all work is over, and every process is polled."""
        self.run.advance(LONG)
        for process in self.portal.open():
            role = self._role_of(process, False)
            exchange = self.run.call("read_proc_status", role=role, procId=process.number)
            self.portal.status(process.company, process.number, _said(exchange))

    def take_phone(self, by_hand: bool) -> None:
        """From now on a person answers PINs, or the simulated phone does (R-31)."""
        self.run.steer("PUT", "readings", {"R-31": "manual" if by_hand else "auto"})
        self.portal.by_hand = by_hand

    def answer_pin(self, confirmed: bool) -> None:
        """The oldest question on the phone is answered."""
        asked = self.run.steer("GET", "confirmations")["confirmations"]
        pending = [one for one in asked if one["state"] == "pending" and self._by_hand(one["process"])]
        if pending:
            oldest = min(pending, key=lambda one: (one["process"], one["pin"]))
            self.run.steer("POST", f"confirmations/{oldest['id']}/{'confirm' if confirmed else 'refuse'}")
            self.portal.answered(oldest["process"], confirmed)

    def act(self, which: int, choices: list[int]) -> None:
        """The counterparty approves, asks for a change or a cancellation, and so on (F-LIFE), one after the other."""
        free = [one for one in self.portal.filed.values() if NEXT.get(one.status)]
        for choice in choices if free else ():
            filed = self._pick(free, which)
            if NEXT[filed.status]:
                self._make(filed, self._pick(NEXT[filed.status], choice))

    def _make(self, filed: Filed, status: str) -> None:
        control = self.run.target.control
        if control and control.ask("PATCH", f"invoices/{filed.qaime}", {"status": status}):
            self.portal.acted(filed.qaime, status)
        elif not any(filed in one.filed for one in self.portal.open("deletion")):
            self.run.breach(f"{filed.qaime} cannot become {status}", ["R-79", "F-LIFE-01"])

    # -- parts

    def _import(self, batch: Sequence[Invoice], upload: bool, *, objection: bool = False) -> None:
        for one in batch:
            if "id" in one:
                self._built[one["id"]] = one
                self.ids += [one["id"]] * (one["id"] not in self.ids)
        exchange = self.run.call("import_upload_invoices", invoices=list(batch), upload=upload)
        self.portal.import_(self._company("main"), batch, upload, _said(exchange), objection=objection)
        self._follow_started(exchange, "main")

    def _look(self) -> None:
        """Every invoice that was ever sent is where the model has it."""
        if self.ids:
            self._read(self.ids, "main")

    def _read(self, ids: list[str], role: str) -> None:
        exchange = self.run.call("inv_read_invoices", role=role, ids=ids)
        self.portal.read(self._company(role), ids, _said(exchange))

    def _follow_started(self, exchange: Exchange, role: str) -> None:
        if self.followed and exchange.code == 0:
            self._follow(self.portal.processes[exchange.data["id"]], role)

    def _follow(self, process: Process, role: str) -> None:
        """Poll to the end; every answer is judged."""
        company = self._company(role)
        if not self.followed:
            self.run.advance(LONG)
        self.run.follow(process.number, role, lambda data: self.portal.status(company, process.number, Said(0, data)))

    def _fresh(self, **wishes: Any) -> Invoice:
        return work.invoice(self.run, **wishes)

    def _company(self, role: str) -> str:
        """Users of one company share what it has (R-52)."""
        return self.run.party("main" if role == "clerk" else role).voen or role

    @property
    def _two(self) -> bool:
        """Whether there is an account of another company."""
        return "other" in self.run.target.parties

    def _side(self, other: bool) -> str:
        return "other" if other and self._two else "main"

    def _anyone(self, who: int) -> str:
        """Mostly the main account."""
        role = {1: "other", 2: "clerk"}.get(who, "main")
        return role if role in self.run.target.parties else "main"

    def _role_of(self, process: Process, other: bool) -> str:
        mine = process.company == self._company("main")
        return self._side(mine == other)

    def _calm(self, erp_id: str) -> bool:
        entry: Entry | None = self.portal.kept.get((self._company("main"), erp_id))
        return entry is None or self.portal.settled(entry)

    def _by_hand(self, process: int) -> bool:
        known = self.portal.processes.get(process)
        return known is not None and known.pins > 0

    def _unsubmitted(self, erp_id: str) -> bool:
        entry = self.portal.kept.get((self._company("main"), erp_id))
        return entry is not None and entry.state == "imported"

    def _some(self, fit: Sequence[T], all_: Sequence[T], which: Sequence[int]) -> list[T]:
        """Mostly such as fit what is to be done with them, and now and then others."""
        pools = [(fit if place < MOSTLY else all_) or all_ for place in which]
        return [self._pick(pool, place) for pool, place in zip(pools, which, strict=True) if pool]

    def _pick(self, some: Sequence[T], place: int) -> T:
        return some[place % len(some)]

    def _texts(self, exchange: Exchange) -> None:
        """A text that the documents give to other codes is wrong; one that they do not know is not (F-ERR-06)."""
        text = exchange.json.get("err_msg") if isinstance(exchange.json, dict) else None
        codes = TEXTS.get(text, set()) if isinstance(text, str) and text else set()
        if codes and exchange.code not in codes:
            self._odd_text = f"{text!r} is the text of another code than {exchange.code}"


def _said(exchange: Exchange) -> Said:
    return Said(exchange.code, exchange.data)

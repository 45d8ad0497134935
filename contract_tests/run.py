"""What a check works with: the server, the accounts, and the ways to say what was seen."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, NoReturn, TypeVar

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis import strategies as st
from hypothesis.errors import Flaky

from contract_tests.accounts import Party
from contract_tests.check import Check
from contract_tests.documents import load
from contract_tests.exchange import Exchange, blotted
from contract_tests.findings import Breach, Observation, Unfit
from contract_tests.simulator import World
from contract_tests.target import Target

PATIENCE_SECONDS = 15 * 60
"""How long a process may take before we give up; the documents speak of 5 minutes (F-PROC-06)."""

MOST_POLLS = 500
BAKU = timezone(timedelta(hours=4))
EVIDENCE = 3
KEPT = 50
"""Exchanges that are remembered as evidence."""

MARK = "VPMOCK-"
"""ERP ids of ours begin so."""

IMPORT = "import_upload_invoices"
UNKNOWN: int = next(row["code"] for row in load("errors.json")["errors"] if row["name"] == "qaime-not-found")
FINISHED: int = load("vocabulary.json")["process_status"]["finished"]
STATUS = ("F-PROC-02",)
NOTHING: Any = object()
T = TypeVar("T")


class Run:
    """One check on one server.

    Attributes:
        seed: of everything that the check invents.
        quick: whether few examples must do.
        saved: the case of an earlier finding that is to be tried again; `NOTHING` without one.
        exchanges: the last ones, as evidence.
        imported: ERP ids that the check has brought into the portal.
        left: ids sent to a real portal that are not proved to be gone again.
    """

    def __init__(
        self, target: Target, check: Check, seed: int, stamp: str, *, quick: bool = False, saved: Any = NOTHING
    ) -> None:
        self.target = target
        self.check = check
        self.seed = seed
        self.quick = quick
        self.saved = saved
        self.exchanges: list[Exchange] = []
        self.observations: list[Observation] = []
        self.imported: list[str] = []
        self.left: list[str] = []
        self._sent: dict[str, bool] = {}
        self._stamp = stamp
        self._numbers = itertools.count(1)
        self._worlds: list[World] = []
        target.listeners.append(self._remember)

    # -- asking

    def party(self, role: str = "main") -> Party:
        """An account by role.

        Raises:
            Unfit: none is known for this target.
        """
        found = self.target.parties.get(role)
        if found is None:
            raise Unfit(f"no account is known for the role {role!r}")
        return found

    def call(
        self, operation: str, *, role: str = "main", method: str | None = None, way: str = "", **body: Any
    ) -> Exchange:
        """An operation; `from_` stands for the key `from`."""
        sent = {key.removesuffix("_"): value for key, value in body.items()}
        if role == "partner" and operation != "reset_confirm":
            sent.setdefault("phone", self.party(role).phone)
        if operation == IMPORT and self.target.simulator is None:
            sent.setdefault("upload", False)  # where it is real, nothing is left to a default
        return self.target.call(operation, sent, party=self.party(role), method=method, way=way)

    def good(self, operation: str, *, role: str = "main", **body: Any) -> Any:
        """`data` of an operation that must succeed."""
        exchange = self.call(operation, role=role, **body)
        if exchange.code != 0:
            self.breach(f"{operation} was refused ({exchange.said}), where it must succeed")
        found = exchange.data
        self.expect(isinstance(found, dict), f"data of {operation} is {found!r}, and no object", ["F-ENV-03"])
        return found

    def refused(self, code: int, operation: str, *also: int, role: str = "main", **body: Any) -> Exchange:
        """An operation that must be refused with this code, or one of the others allowed."""
        return self.demand(self.call(operation, role=role, **body), code, *also)

    def demand(self, exchange: Exchange, code: int, *also: int) -> Exchange:
        """The answer must have this code, or one of the others allowed."""
        if exchange.code not in (code, *also):
            wanted = " or ".join(f"err_code {one}" for one in (code, *also))
            self.breach(
                f"{exchange.operation or exchange.path} answered {exchange.said}, where {wanted} is documented"
            )
        return exchange

    def status(self, process: int, role: str = "main") -> dict[str, Any]:
        """`data` of a status poll; its `status` is a whole number (F-PROC-02)."""
        data: dict[str, Any] = self.good("read_proc_status", role=role, procId=process)
        said = data["status"]
        whole = isinstance(said, int) and not isinstance(said, bool)
        kind = "a text" if isinstance(said, str) else "no whole number"
        self.expect(whole, f"status of process {process} is {said!r}, {kind}, where a number is documented", STATUS)
        return data

    def follow(self, process: int, role: str = "main", each: Callable[[dict[str, Any]], None] | None = None) -> Any:
        """Poll a process to its end as the documents advise (F-PROC-08), `each` seeing every answer; the last one.

        Where the clock is ours, time passes at once.
        """
        patience = self.target.patience
        started = patience.now()
        data = self.status(process, role)
        polls = 1
        while True:
            if each is not None:
                each(data)
            if data["status"] in (2, 3):
                return data
            passed = patience.now() - started
            if passed > PATIENCE_SECONDS or polls > MOST_POLLS:
                self.breach(f"process {process} does not end", ids=["F-PROC-06"])
            if not self.advance("10s"):
                patience.sleep(2 if passed < 60 else 5 if passed < 120 else 10)
            data = self.status(process, role)
            polls += 1

    def done(self, operation: str, *, role: str = "main", ends: int = 2, **body: Any) -> Any:
        """Start a process and follow it; `data` of the last poll, which must have this status."""
        process = self.good(operation, role=role, **body)["id"]
        final = self.follow(process, role)
        if final["status"] != ends:
            self.breach(f"the process of {operation} ended with status {final['status']}, where {ends} is documented")
        return {**final, "id": process}

    def advance(self, by: str) -> bool:
        """Let the server's time pass, if it is a simulator that lets us."""
        control = self.target.control
        return control is not None and control.ask("POST", "clock/advance", {"by": by}) is not None

    def steer(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the control API that must succeed.

        Raises:
            Unfit: there is none, or it refuses.
        """
        control = self.target.control
        told = control.ask(method, path, body) if control is not None else None
        if told is None:
            raise Unfit("it needs the control API of a simulator")
        return told

    def answer(self, reading: str) -> str:
        """The server's answer to a reading.

        Raises:
            Unfit: it is not known.
        """
        found = self.target.answers.get(reading)
        if found is None:
            raise Unfit(f"it hangs on {reading}, and which answer the server follows is not known")
        return found

    def elsewhere(self, pace: str = "instant") -> "Run":
        """The same check in a fresh world of the same simulator.

        Raises:
            Unfit: the target is no simulator.
        """
        if self.target.simulator is None:
            raise Unfit("it needs a simulator, which gives worlds")
        world = self.target.simulator.new_world(self.seed, pace)
        self._worlds.append(world)
        other = Run(
            self.target.in_world(world), self.check, self.seed, self._stamp, quick=self.quick, saved=self.saved
        )
        other.target.listeners.pop()  # what it hears is heard here
        other.exchanges, other.observations, other._worlds = self.exchanges, self.observations, self._worlds
        return other

    # -- inventing

    def fresh_id(self) -> str:
        """An ERP id that nobody has used, marked as ours."""
        return f"{MARK}{self._stamp}-{next(self._numbers)}"

    @property
    def now(self) -> datetime:
        """The moment in Baku, on the server's own clock if it lets us see it."""
        shown = self.target.control.ask("GET", "clock") if self.target.control else None
        moment = datetime.fromisoformat(shown["now"]) if shown else datetime.now(BAKU)
        return moment.astimezone(BAKU)

    def date(self, days_ago: int = 0) -> str:
        """A date as the documents write it."""
        return (self.now - timedelta(days=days_ago)).strftime("%d.%m.%Y")

    def explore(self, cases: st.SearchStrategy[T], judge: Callable[[T], None], examples: int) -> None:
        """Judge many cases, the same ones for the same seed; what is found is found again in its smallest form.

        Args:
            cases: JSON values, so that one can be saved and tried again.
            examples: how many; a tenth of it with `--quick`.
        """
        if self.saved is not NOTHING:
            judge(self.saved)
            return
        last: list[T] = []

        @hypothesis.seed(self.seed)
        @hypothesis.settings(
            max_examples=max(5, examples // 10) if self.quick else examples,
            database=None,
            deadline=None,
            verbosity=Verbosity.quiet,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        )
        @hypothesis.given(cases)
        def every(case: T) -> None:
            last[:] = [case]
            judge(case)

        try:
            every()
        except Breach as breach:
            breach.case = last[0]
            raise
        except Flaky:
            self.breach("the same request got different answers")

    # -- saying

    def expect(self, truth: object, message: str, ids: Sequence[str] = ()) -> None:
        """What must be so; a finding with the last exchanges as evidence if it is not."""
        if not truth:
            self.breach(message, ids)

    def breach(self, message: str, ids: Sequence[str] = ()) -> NoReturn:
        raise Breach(blotted(message, self.target.secrets), self.exchanges[-EVIDENCE:], ids)

    def observe(self, reading: str, answer: str, note: str = "", last: int = 1) -> None:
        """Which answer of a reading the last exchanges show."""
        said = blotted(note, self.target.secrets)
        self.observations.append(Observation(reading, answer, self.check.name, tuple(self.exchanges[-last:]), said))

    def end(self) -> None:
        """Clean up: delete what was imported, remove worlds."""
        if self.target.simulator is None:
            self.left = [one for one, kept in self._sent.items() if not self._gone(one, kept)]
        for world in self._worlds:
            world.close()

    def _gone(self, erp_id: str, kept: bool) -> bool:
        """Take back an invoice of ours, from e-taxes too if it went there; whether it is proved to be gone.

        Args:
            kept: whether its import was not refused, so that it may be in e-taxes, where the portal deletes nothing.
        """
        deleted = self.target.call("inv_delete", {"ids": [erp_id]})
        if deleted.code == UNKNOWN and not kept:
            return True
        found = self.target.call("inv_read_invoices", {"ids": [erp_id]})
        rows = found.data.get("invoices") if found.code == 0 and isinstance(found.data, dict) else None
        if not isinstance(rows, list):
            return False
        if not rows:
            return deleted.code in (0, UNKNOWN)
        number = rows[0].get("qaime") if isinstance(rows[0], dict) else None
        return isinstance(number, str) and self._deleted_in_etaxes(number)

    def _deleted_in_etaxes(self, number: str) -> bool:
        letters = number.rstrip("0123456789")
        serial = f"{letters} {number.removeprefix(letters)}"
        try:
            return bool(self.done("etx_delete", serialNumbers=[serial], is_signed=True)["status"] == FINISHED)
        except (Breach, Unfit, KeyError, TypeError):
            return False

    def _remember(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)
        del self.exchanges[:-KEPT]
        if exchange.operation != IMPORT or not isinstance(exchange.sent, dict):
            return
        invoices = exchange.sent.get("invoices")
        ids = [one.get("id") for one in invoices if isinstance(one, dict)] if isinstance(invoices, list) else []
        ours = [one for one in ids if isinstance(one, str) and one.startswith(MARK)]
        if exchange.code == 0:
            self.imported += ours
        for one in ours:  # a refusal is not believed, and the answer may have been lost
            self._sent[one] = self._sent.get(one, False) or exchange.code in (0, None)


def without(body: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """A copy without some keys."""
    return {key: value for key, value in body.items() if key not in keys}

"""The machine that invents steps (Hypothesis), and finds the smallest list of them that shows a disagreement."""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from contract_tests.findings import Breach
from contract_tests.model.play import Play, Step
from contract_tests.run import NOTHING, Run

Starts = Callable[[], Play]
"""Begins a play in a state in which the model and the server agree."""

EXAMPLES, STEPS = 40, 25
QUICK_EXAMPLES, QUICK_STEPS = 16, 20
SLOW_EXAMPLES, SLOW_STEPS = 2, 8
"""Where no clock can be moved: every process takes minutes, and a person confirms."""

TRIES = 60
"""How often fewer steps are tried, to show what was found."""

_count = st.integers(1, 3)
_place = st.integers(0, 7)
_places = st.lists(_place, min_size=1, max_size=3)
_seldom = st.integers(0, 3).map(lambda drawn: drawn == 1)


def _step(do: str, **numbers: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    return st.fixed_dictionaries({"do": st.just(do), **numbers})


def _sending(upload: st.SearchStrategy[bool]) -> st.SearchStrategy[Step]:
    some = _step("import_some", count=_count, upload=upload)
    again = _step("import_again", which=_place, upload=upload)
    bad = _step("import_a_bad_one", count=_count, place=_place, fault=_place, upload=upload)
    return st.one_of(some, some, again, bad, _step("import_one_id_twice"))


_READING = st.one_of(
    _step("poll", which=_place, other=_seldom, details=st.booleans()),
    _step("read", which=_places, other=_seldom),
)
_DELETING = _step("delete_in_portal", which=_places, stranger=_seldom, who=_place)
_DOWNLOADING = _step("download", other=st.booleans(), sent=st.booleans(), words=_place)
_DELETING_FILED = _step(
    "delete_in_etaxes", which=_places, signed=_seldom.map(operator.not_), stranger=st.booleans(), who=_place
)
_TOKENS = st.one_of(_step("renew_token"), _step("use_token", old=st.booleans()))


class InThePortal(RuleBasedStateMachine):
    """Imports, reads and deletions in the portal alone.

    The rules are few, and choose inside: of many rules Hypothesis leaves most out of a short example.
    """

    def __init__(self, play: Play) -> None:
        super().__init__()
        self.play = play

    @initialize()
    def begin(self) -> None:
        self.play.take("import_some", count=2, upload=False)

    @rule(step=_sending(st.just(False)))
    def send(self, step: Step) -> None:
        self.play.take(**step)

    @rule(step=_READING)
    def look(self, step: Step) -> None:
        self.play.take(**step)

    @rule(step=_DELETING)
    def delete(self, step: Step) -> None:
        self.play.take(**step)


class WithEtaxes(InThePortal):
    """Uploads, downloads and deletions in e-taxes besides; tokens, where they are a simulator's."""

    @initialize()
    def begin_with_an_upload(self) -> None:
        self.play.take("import_some", count=2, upload=True)

    @rule(step=st.one_of(_sending(st.booleans()), _step("upload_to_nobody")))
    def send(self, step: Step) -> None:
        self.play.take(**step)

    @rule(step=st.one_of(_READING, _DOWNLOADING, _DOWNLOADING, _TOKENS))
    def look(self, step: Step) -> None:
        self.play.take(**step)

    @rule(step=st.one_of(_DELETING, _DELETING_FILED, _DELETING_FILED, _DELETING_FILED))
    def delete(self, step: Step) -> None:
        self.play.take(**step)


class Steered(WithEtaxes):
    """Time, the phone and the counterparty besides, by the control API of a simulator."""

    @initialize()
    def begin_with_signed_ones(self) -> None:
        self.play.take("import_some", count=2, upload=True)
        self.play.take("finish")

    @rule(step=st.one_of(_step("wait", pause=_place), _step("finish"), _step("finish")))
    def pass_time(self, step: Step) -> None:
        self.play.take(**step)

    @rule(step=st.one_of(_step("take_phone", by_hand=st.booleans()), _step("answer_pin", confirmed=st.booleans())))
    def phone(self, step: Step) -> None:
        self.play.take(**step)

    @rule(which=_place, choices=st.lists(_place, min_size=1, max_size=4))
    def act(self, which: int, choices: list[int]) -> None:
        self.play.take("act", which=which, choices=choices)
        self.play.take("download", other=False, sent=True, words=0)

    @rule(which=_place, choice=_place)
    def delete_while_he_acts(self, which: int, choice: int) -> None:
        self.play.take("delete_in_etaxes", which=[which], signed=True, stranger=False, who=0)
        self.play.take("act", which=which, choices=[choice])
        self.play.take("finish")


def explore(run: Run, machine: type[InThePortal], starts: Starts) -> None:
    """Take steps at random, the same ones for the same seed; what is found is found again by few steps.

    Raises:
        Breach: the model disagrees; its case is the list of steps.
    """
    if run.saved is not NOTHING:
        _again(starts(), run.saved)
        return
    last: list[Play] = []

    @hypothesis.seed(run.seed)
    def begun() -> InThePortal:
        last[:] = [starts()]
        return machine(last[0])

    try:
        run_state_machine_as_test(begun, settings=_settings(run))  # type: ignore[arg-type]  # it calls it, no more
    except Breach as breach:
        breach.case = last[0].steps
        raise (_smallest(breach, starts) if _steered(run) else breach) from None
    except Flaky:
        run.breach("the same steps got different answers")


def _again(play: Play, steps: Sequence[Step]) -> None:
    """Take saved steps.

    Raises:
        Breach: the model disagrees; its case is the steps so far.
    """
    try:
        for step in steps:
            play.take(**step)
    except Breach as breach:
        breach.case = play.steps
        raise


def _smallest(breach: Breach, starts: Starts) -> Breach:
    """The same disagreement by fewer steps: whatever can be dropped is, in large pieces first.

    Hypothesis would shrink more, and for minutes: each try begins a world, and takes seconds of a slow server.
    """
    tries, size = TRIES, len(breach.case) // 2
    while size:
        end = len(breach.case) - 1  # the last step is the one that shows it
        while end > 0 and tries:
            tries -= 1
            begin = max(0, end - size)
            found = _tried(starts(), [*breach.case[:begin], *breach.case[end:]])
            if found is not None and found.ids == breach.ids:
                breach = found
            end = begin
        size //= 2
    return breach


def _tried(play: Play, steps: Sequence[Step]) -> Breach | None:
    try:
        _again(play, steps)
    except Breach as breach:
        return breach
    return None


def _steered(run: Run) -> bool:
    return run.target.simulator is not None and run.target.simulator.steered


def _settings(run: Run) -> hypothesis.settings:
    examples, steps = (QUICK_EXAMPLES, QUICK_STEPS) if run.quick else (EXAMPLES, STEPS)
    if not _steered(run):
        examples, steps = SLOW_EXAMPLES, SLOW_STEPS
    return hypothesis.settings(
        max_examples=examples,
        stateful_step_count=steps,
        database=None,
        deadline=None,
        verbosity=Verbosity.quiet,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )

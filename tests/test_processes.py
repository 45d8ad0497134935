"""The engine of processes: a pure function of what is known of one, over a clock that nobody winds.

Instants are small whole numbers here; the engine asks nothing of their unit.
"""

from itertools import pairwise
from typing import get_args

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_server.portal.processes import Snapshot, look, next_due, read, stalled, timeline, written
from mock_server.portal.stages import Answer, Effect, Event, Happening, Mark, Record, Stage

UPLOAD = (
    Stage("import", 20),
    Stage("packet", 10),
    Stage("login", 20, pin=1, code="0417"),
    Stage("upload", 30),
    Stage("sign", 20, pin=2, code="9001"),
    Stage("complete", 10),
)
"""Begun at 1000, these are over at 1020, 1030, 1050, 1080, 1100 and 1110."""

LOGIN, SEND, SIGN = 2, 3, 4
"""Places of the stages that events are for."""


def upload(*events: Event, stages: tuple[Stage, ...] = UPLOAD) -> Record:
    return Record("import", 1000, stages, events=events)


def changed(place: int, **changes: object) -> tuple[Stage, ...]:
    """The stages of an upload with one of them changed."""
    return tuple(
        msgspec.structs.replace(stage, **changes) if at == place else stage for at, stage in enumerate(UPLOAD)
    )


def seen(record: Record, instant: int) -> Snapshot:
    return look(timeline(record), instant)


def stage_at(record: Record, instant: int) -> str | None:
    """The name of the stage that a process is in."""
    current = seen(record, instant).current
    return None if current is None else current.name


def end(record: Record) -> tuple[int | None, tuple[str, ...]]:
    line = timeline(record)
    return line.ended, line.failures


@pytest.mark.proves("F-PROC-02")
def test_stages_follow_one_another() -> None:
    ends = {"import": 1020, "packet": 1030, "login": 1050, "upload": 1080, "sign": 1100, "complete": 1110}
    assert {stage.name: over for stage, _, over in timeline(upload()).marks} == ends
    for name, over in ends.items():
        assert stage_at(upload(), over - 1) == name
        assert name not in seen(upload(), over - 1).done
        assert name in seen(upload(), over).done
    assert not seen(upload(), 1109).ended
    assert seen(upload(), 1110) == Snapshot(True, (), None, frozenset(ends), {1: "0417", 2: "9001"}, 0, False, False)


@pytest.mark.proves("R-40", "R-30", "F-DEL-06")
@pytest.mark.parametrize(
    ("record", "effects"),
    [
        (upload(), [(1080, "drafts"), (1100, "signed"), (1110, "ended")]),
        (
            msgspec.structs.replace(upload(), approval=500),
            [(1080, "drafts"), (1100, "signed"), (1110, "ended"), (1600, "approved")],
        ),
        (
            msgspec.structs.replace(upload(), approval=5),
            [(1080, "drafts"), (1100, "signed"), (1105, "approved"), (1110, "ended")],
        ),
        (
            Record("download", 0, (Stage("login", 2, pin=1), Stage("search", 5), Stage("store", 3))),
            [(10, "store")],
        ),
        (Record("import_only", 0, (Stage("import", 5),)), []),
        (Record("deletion", 0, (Stage("check", 4), Stage("delete", 6))), [(10, "delete"), (10, "ended")]),
        (Record("deletion", 7, ()), [(7, "ended")]),
    ],
    ids=["upload", "approved after", "approved before the end", "download", "import only", "deletion", "no stages"],
)
def test_what_stages_cause_when_they_are_over(record: Record, effects: list[tuple[int, str]]) -> None:
    line = timeline(record)
    assert [(effect.at, effect.name) for effect in line.effects] == effects
    assert [next_due(line, applied) for applied in range(len(effects) + 1)] == [at for at, _ in effects] + [None]


@pytest.mark.proves("R-64")
def test_codes_show_from_when_they_are_asked() -> None:
    shown = {instant: seen(upload(), instant) for instant in (1029, 1030, 1049, 1050, 1079, 1080, 1099, 1100)}
    assert [look.asked for look in shown.values()] == [{}, *[{1: "0417"}] * 4, *[{1: "0417", 2: "9001"}] * 3]
    assert [look.waiting for look in shown.values()] == [0, 1, 1, 0, 0, 2, 2, 0]


@pytest.mark.proves("R-31")
@pytest.mark.parametrize(
    ("place", "changes", "over", "texts"),
    [
        (LOGIN, {"answer": "refuse"}, 1050, ("PIN1 refused by the user",)),
        (SIGN, {"answer": "refuse"}, 1100, ("PIN2 refused by the user",)),
        (LOGIN, {"answer": "none", "expires": 60}, 1090, ("PIN1 not confirmed in time",)),
        (SIGN, {"answer": "none", "expires": 60}, 1140, ("PIN2 not confirmed in time",)),
        (LOGIN, {"answer": "none"}, None, ()),
        (LOGIN, {"expires": 20}, 1050, ("PIN1 not confirmed in time",)),
        (LOGIN, {"expires": 21}, 1110, ()),
        (SEND, {"fails": ("Invalid VOEN: 1111111111",)}, 1080, ("Invalid VOEN: 1111111111",)),
    ],
)
def test_planned_answers_and_failures(
    place: int, changes: dict[str, object], over: int | None, texts: tuple[str, ...]
) -> None:
    record = upload(stages=changed(place, **changes))
    assert end(record) == (over, texts)
    if over is not None:
        assert seen(record, over - 1)[:2] == (False, ())
        assert seen(record, over)[:2] == (True, texts)
    if texts:
        assert UPLOAD[place].name not in seen(record, 9999).done
        assert set(seen(record, 9999).asked) == ({1, 2} if place == SIGN else {1})


UNANSWERED = changed(LOGIN, answer="none", expires=120)


@pytest.mark.proves("R-31")
@pytest.mark.parametrize(
    ("stages", "event", "over", "texts"),
    [
        (UNANSWERED, Event(1040, "confirm", LOGIN), 1100, ()),
        (UNANSWERED, Event(1030, "confirm", LOGIN), 1090, ()),
        (UNANSWERED, Event(1149, "confirm", LOGIN), 1209, ()),
        (UNANSWERED, Event(1150, "confirm", LOGIN), 1150, ("PIN1 not confirmed in time",)),
        (UNANSWERED, Event(1029, "confirm", LOGIN), 1150, ("PIN1 not confirmed in time",)),
        (UNANSWERED, Event(1040, "confirm", SIGN), 1150, ("PIN1 not confirmed in time",)),
        (UNANSWERED, Event(1040, "refuse", LOGIN), 1040, ("PIN1 refused by the user",)),
        (UNANSWERED, Event(1040, "step", LOGIN), 1100, ()),
        (UPLOAD, Event(1031, "confirm", LOGIN), 1091, ()),
        (UPLOAD, Event(1049, "refuse", LOGIN), 1049, ("PIN1 refused by the user",)),
        (UPLOAD, Event(1050, "refuse", LOGIN), 1110, ()),
        (changed(LOGIN, answer="refuse"), Event(1049, "confirm", LOGIN), 1109, ()),
        (changed(LOGIN, answer="refuse"), Event(1050, "confirm", LOGIN), 1050, ("PIN1 refused by the user",)),
    ],
    ids=[
        "confirmed",
        "confirmed at once",
        "confirmed in the last instant",
        "too late",
        "before it was asked",
        "another question",
        "refused",
        "stepped",
        "quicker than the phone",
        "refused before the phone",
        "refused when the phone has confirmed",
        "confirmed before the phone refuses",
        "confirmed when the phone has refused",
    ],
)
def test_a_person_answers(stages: tuple[Stage, ...], event: Event, over: int, texts: tuple[str, ...]) -> None:
    assert end(upload(event, stages=stages)) == (over, texts)


@pytest.mark.proves("F-PROC-02")
@pytest.mark.parametrize(
    ("events", "over", "texts"),
    [
        ([Event(1060, "step")], 1090, ()),
        ([Event(1060, "step", SEND), Event(1060, "step", SEND)], 1090, ()),
        ([Event(1060, "step"), Event(1060, "step"), Event(1060, "step")], 1060, ()),
        ([Event(1005, "finish")], 1005, ()),
        ([Event(1005, "fail", text="Stopped by hand")], 1005, ("Stopped by hand",)),
        ([Event(1005, "fail")], 1005, ("Process stopped",)),
        ([Event(1005, "fail", text="one"), Event(1005, "finish")], 1005, ("one",)),
        ([Event(1005, "finish"), Event(1005, "fail", text="one")], 1005, ()),
        ([Event(1110, "fail", text="too late")], 1110, ()),
        ([Event(1055, "stall"), Event(1065, "release")], 1120, ()),
        ([Event(1055, "stall"), Event(1058, "stall"), Event(1065, "release"), Event(1066, "release")], 1120, ()),
        ([Event(1035, "stall"), Event(1045, "confirm"), Event(1100, "release")], 1160, ()),
        ([Event(1055, "stall"), Event(1060, "step")], 1090, ()),
        ([Event(1055, "stall"), Event(1060, "finish")], 1060, ()),
        ([Event(1055, "stall"), Event(1060, "fail", text="one")], 1060, ("one",)),
    ],
)
def test_others_move_it(events: list[Event], over: int, texts: tuple[str, ...]) -> None:
    assert end(upload(*events)) == (over, texts)
    assert [effect.name for effect in timeline(upload(*events)).effects if effect.at > over] == []


@pytest.mark.proves("R-62")
def test_having_it_finish_does_not_silence_etaxes() -> None:
    doomed = changed(SEND, fails=("Invalid VOEN: 1111111111",))
    record = upload(Event(1035, "finish"), stages=doomed)
    assert end(record) == (1035, ("Invalid VOEN: 1111111111",))
    assert timeline(record).effects == (Effect(1035, "ended"),)
    assert seen(record, 1035).done == {"import", "packet", "login"}


@pytest.mark.proves("F-PROC-02")
def test_a_held_stage_waits_to_be_let_go() -> None:
    held = changed(SEND, held=True)
    assert timeline(upload(stages=held)).marks[SEND:] == (
        Mark(held[SEND], None, None),
        Mark(held[SIGN], None, None),
        Mark(held[5], None, None),
    )
    assert stage_at(upload(stages=held), 10**9) == "upload"
    assert end(upload(Event(5000, "release", SEND), stages=held)) == (5060, ())
    assert end(upload(Event(5000, "step", SEND), stages=held)) == (5030, ())
    assert end(upload(Event(5000, "fail", text="one"), Event(5001, "release", SEND), stages=held)) == (5000, ("one",))


@pytest.mark.proves("R-31")
def test_by_hand_every_stage_waits_for_its_step() -> None:
    """So the pace `manual` plans: held stages without a duration, and questions that nobody answers."""
    stages = tuple(
        msgspec.structs.replace(stage, lasts=0, held=not stage.pin, answer="none" if stage.pin else "confirm")
        for stage in UPLOAD
    )
    record = upload(stages=stages)
    for place, stage in enumerate(stages):
        assert timeline(record).ended is None
        assert stage_at(record, 9000) == stage.name
        record = record.with_event(Event(2000, "step", place))
    assert end(record) == (2000, ())


@pytest.mark.proves("F-PROC-05")
def test_busy_is_a_stretch_of_its_own() -> None:
    stages = (Stage("upload", 10, busy=True), Stage("upload", 10, busy=True), Stage("upload", 30))
    record = Record("import", 0, stages)
    busy = [(look.busy, look.done, look.ended) for look in (seen(record, instant) for instant in (0, 19, 20, 49, 50))]
    assert busy == [
        (True, frozenset(), False),
        (True, frozenset(), False),
        (False, frozenset(), False),
        (False, frozenset(), False),
        (False, {"upload"}, True),
    ]
    assert timeline(record).effects == (Effect(50, "drafts", 2), Effect(50, "ended"))


@pytest.mark.proves("R-22")
def test_an_objection_met_while_settling_ends_it_at_that_stage() -> None:
    """Even if other stages were over at the same instant: what they caused has been applied."""
    for events in [(), (Event(1005, "finish"),)]:
        before = timeline(upload(*events))
        signed = next(effect for effect in before.effects if effect.name == "signed")
        line = timeline(upload(*events, Event(signed.at, "objection", signed.stage, "gone")))
        assert (line.ended, line.failures) == (signed.at, ("gone",))
        assert line.effects == (before.effects[0], Effect(signed.at, "ended"))
        assert look(line, signed.at).done == {"import", "packet", "login", "upload"}


@pytest.mark.proves("F-PROC-02")
def test_a_record_is_kept_whole() -> None:
    record = upload(Event(1005, "stall"), Event(1007, "release"), stages=changed(SEND, fails=("Əlçatmaz",)))
    assert read(written(record)) == (record, timeline(record))


# Whatever is planned and whatever happens. Time stands still between many events, as under a frozen clock.

LASTS = st.sampled_from([0, 0, 1, 2, 5, 9])


@st.composite
def stages(draw: st.DrawFn) -> Stage:
    pin = draw(st.sampled_from([0, 0, 0, 1, 2]))
    name = draw(st.sampled_from(["import", "upload", "sign", "store", "delete", "complete"]))
    if pin:
        answer: Answer = draw(st.sampled_from(get_args(Answer)))
        return Stage(name, draw(LASTS), pin, f"000{pin}", answer, draw(st.none() | LASTS))
    fails = draw(st.sampled_from([(), (), (), ("Invalid VOEN: 1111111111",)]))
    return Stage(name, draw(LASTS), held=draw(st.booleans()), busy=draw(st.booleans()), fails=fails)


@st.composite
def events(draw: st.DrawFn, count: int) -> list[Event]:
    instant = 100
    found = []
    for _ in range(draw(st.integers(0, 8))):
        instant += draw(LASTS)
        what = draw(st.sampled_from([each for each in get_args(Happening) if each != "objection"]))
        found.append(Event(instant, what, draw(st.integers(-1, count)), "text"))
    return found


@st.composite
def records(draw: st.DrawFn) -> Record:
    plan = tuple(draw(st.lists(stages(), max_size=6)))
    happened = tuple(draw(events(len(plan))))
    return Record("import", 100, plan, approval=draw(st.none() | LASTS), events=happened)


INSTANTS = range(95, 260)
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.proves("F-PROC-02")
@UNHURRIED
@given(records())
def test_time_runs_one_way(record: Record) -> None:
    line = timeline(record)
    instants = [instant for _, start, over in line.marks for instant in (start, over) if instant is not None]
    assert instants == sorted(instants)
    assert all(instant >= record.began for instant in instants)
    assert list(line.effects) == sorted(line.effects, key=lambda effect: effect.at)
    assert [effect.at for effect in line.effects if effect.name == "ended"] == [
        instant for instant in [line.ended] if instant is not None
    ]
    if line.ended is not None:
        assert all(instant <= line.ended for instant in instants)
        assert {effect.name for effect in line.effects if effect.at > line.ended} <= {"approved"}
        assert bool(line.failures) == (len([over for _, _, over in line.marks if over is not None]) < len(line.marks))


@pytest.mark.proves("F-PROC-02", "R-64")
@UNHURRIED
@given(records())
def test_nothing_shown_is_taken_back(record: Record) -> None:
    line = timeline(record)
    for before, after in pairwise(look(line, instant) for instant in INSTANTS):
        assert_not_taken_back(before, after)


def assert_not_taken_back(before: Snapshot, after: Snapshot) -> None:
    assert before.done <= after.done
    assert before.asked.items() <= after.asked.items()
    if before.ended:
        assert after == before


@pytest.mark.proves("F-PROC-02", "R-22")
@UNHURRIED
@given(records())
def test_what_happens_does_not_change_the_past(record: Record) -> None:
    """So it does not matter whether, when and in which order anybody has looked."""
    whole = timeline(record)
    for known, event in enumerate(record.events):
        before = timeline(upto(record, known))
        after = timeline(upto(record, known + 1))
        for instant in INSTANTS:
            if instant < event.at:
                assert look(before, instant) == look(after, instant) == look(whole, instant)
        assert_not_taken_back(look(before, event.at), look(after, event.at))
        applied = [effect for effect in before.effects if effect.at <= event.at]
        assert list(after.effects[: len(applied)]) == applied == list(whole.effects[: len(applied)])


def upto(record: Record, known: int) -> Record:
    return msgspec.structs.replace(record, events=record.events[:known])


@pytest.mark.proves("F-PROC-02", "R-22")
@UNHURRIED
@given(records(), st.integers(0, 4))
def test_step_by_step_as_all_at_once(record: Record, objected: int) -> None:
    """Effects applied whenever they are due, one of them perhaps objected to, are those of the whole story."""
    story = msgspec.structs.replace(record, events=())
    applied: list[Effect] = []
    for event in [*record.events, None]:
        story = settled(story, 10**6 if event is None else event.at, applied, objected)
        if event is not None:
            story = story.with_event(event)
    line = timeline(story)
    assert tuple(applied) == line.effects
    if any(event.what == "objection" for event in story.events):
        assert line.failures == ("objected",)
    else:
        assert line == timeline(record)


def settled(story: Record, now: int, applied: list[Effect], objected: int) -> Record:
    """What `settle` does, without a store."""
    line = timeline(story)
    while (due := next_due(line, len(applied))) is not None and due <= now:
        effect = line.effects[len(applied)]
        if len(applied) == objected and effect.name not in ("ended", "approved"):
            story = story.with_event(Event(effect.at, "objection", effect.stage, "objected"))
            line = timeline(story)
            objected = -1
        else:
            applied.append(effect)
    return story


@pytest.mark.proves("F-PROC-02")
@UNHURRIED
@given(st.lists(stages(), max_size=6), st.integers(0, 30), st.integers(0, 40))
def test_a_stall_shifts_the_rest_by_its_length(plan: list[Stage], after: int, length: int) -> None:
    """Stages over by then stay; all that comes later comes later by as much; without a release never."""
    instant = 100 + after
    free = Record("import", 100, tuple(msgspec.structs.replace(stage, held=False) for stage in plan))
    stuck = free.with_event(Event(instant, "stall"))
    late = stuck.with_event(Event(instant + length, "release"))
    assert stalled(stuck) == (ends(stuck)[-1] is None)
    assert not stalled(free)
    assert not stalled(late)
    assert ends(stuck) == [over if over is not None and over <= instant else None for over in ends(free)]
    assert ends(late) == [over + length if over is not None and over > instant else over for over in ends(free)]
    assert timeline(late).failures == timeline(free).failures


def ends(record: Record) -> list[int | None]:
    """When each stage is over, and, last, the process."""
    line = timeline(record)
    over = [mark.end for mark in line.marks]
    return [*over, *[None] * (len(record.stages) - len(over)), line.ended]

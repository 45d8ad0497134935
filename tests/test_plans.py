"""Plans of processes: stages, durations, answers of the phone, and what scenarios change."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import product
from types import MappingProxyType
from typing import get_args

import pytest

from mock_server import Settings, create_app
from mock_server.clock import SECOND, StillClock
from mock_server.draws import Draws, secret_of
from mock_server.portal.plans import BY_BUYER, BY_PHONE, PACES, SCENARIOS, Change, PlanKind, failing, plan
from mock_server.portal.processes import look, timeline
from mock_server.portal.stages import Record
from mock_server.portal.worlds import World
from mock_server.rulebook.documents import load

KINDS: tuple[PlanKind, ...] = get_args(PlanKind)
MANY = range(5001, 6001)
NOW = 1_795_000_000 * SECOND


@contextmanager
def world(
    pace: str = "realistic",
    seed: int | None = 1,
    name: str = "plans",
    readings: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[World]:
    app = create_app(Settings(pace=pace, seed=seed, readings=readings), StillClock(NOW))
    try:
        yield app.worlds.view(app.worlds.row(name))
    finally:
        app.close()


def planned(kind: PlanKind, *changes: Change, pace: str = "realistic", **readings: str) -> Record:
    """A plan; a reading is given as `R_31="manual"`."""
    with world(pace, readings={name.replace("_", "-"): answer for name, answer in readings.items()}) as its:
        return plan(its, kind, 5001, NOW, changes)


def lasts(record: Record) -> float:
    """Seconds from beginning to end, if nothing happens."""
    ended = timeline(record).ended
    assert ended is not None
    return (ended - record.began) / SECOND


@pytest.mark.proves("F-PROC-06")
@pytest.mark.parametrize(
    ("pace", "kinds", "low", "high"),
    [
        ("realistic", ("import", "download", "deletion", "deletion_pin1"), 180, 300),
        ("realistic", ("import_only",), 30, 60),
        ("fast", ("import", "download", "deletion", "deletion_pin1"), 2.7, 3.3),
        ("fast", ("import_only",), 0.5, 0.7),
        ("instant", KINDS, 0, 0),
    ],
)
def test_totals_are_spread_over_their_range(pace: str, kinds: tuple[PlanKind, ...], low: float, high: float) -> None:
    with world(pace) as its:
        for kind in kinds:
            totals = [round(lasts(plan(its, kind, process, NOW)), 3) for process in MANY]
            margin = (high - low) / 20
            assert low <= min(totals) <= low + margin
            assert high - margin <= max(totals) <= high
            assert abs(sum(totals) / len(totals) - (low + high) / 2) <= margin


@pytest.mark.proves("F-IMP-11", "F-IMP-12", "F-ETX-04", "R-68")
@pytest.mark.parametrize(
    ("kind", "stages"),
    [
        ("import", [("import", 0), ("packet", 0), ("login", 1), ("upload", 0), ("sign", 2), ("complete", 0)]),
        ("import_only", [("import", 0)]),
        ("download", [("login", 1), ("search", 0), ("store", 0)]),
        ("deletion", [("check", 0), ("delete", 0)]),
        ("deletion_pin1", [("login", 1), ("check", 0), ("delete", 0)]),
    ],
)
@pytest.mark.parametrize("pace", PACES)
def test_stages_and_their_pins(kind: PlanKind, stages: list[tuple[str, int]], pace: str) -> None:
    assert [(stage.name, stage.pin) for stage in planned(kind, pace=pace).stages] == stages


@pytest.mark.proves("F-PROC-06")
@pytest.mark.parametrize("kind", KINDS)
def test_each_stage_lasts_its_share(kind: PlanKind) -> None:
    shares = {row["name"]: row["share"] for row in load("processes.json")["stages"][kind]}
    assert round(sum(shares.values()), 9) == 1
    record = planned(kind)
    total = sum(stage.lasts for stage in record.stages)
    for stage in record.stages:
        assert stage.lasts == pytest.approx(total * shares[stage.name], abs=len(shares))


@pytest.mark.proves("R-07")
@pytest.mark.parametrize(("pace", "waits"), [("instant", 0), ("fast", 0.2), ("realistic", 5)])
def test_the_queue_comes_on_top(pace: str, waits: float) -> None:
    for kind in KINDS:
        plain, queued = planned(kind, pace=pace), planned(kind, pace=pace, R_07="queued-first")
        assert queued.stages[0].name == "queue"
        assert queued.stages[1:] == plain.stages
        assert lasts(queued) == pytest.approx(lasts(plain) + waits)


@pytest.mark.proves("R-64")
def test_codes_are_four_digits_of_their_own() -> None:
    with world() as its:
        codes = [
            tuple(stage.code for stage in plan(its, "import", process, NOW).stages if stage.pin) for process in MANY
        ]
    assert all(re.fullmatch("[0-9]{4}", code) for pair in codes for code in pair)
    assert len(set(codes)) > len(MANY) * 0.99
    assert any(code.startswith("0") for pair in codes for code in pair)


@pytest.mark.proves("F-PROC-06", "R-64")
def test_draws_hang_on_the_seed_and_the_process_alone() -> None:
    with world() as its, world() as same, world(seed=2) as other, world(name="another") as another:
        forward = {process: plan(its, "import", process, NOW) for process in MANY}
        backward = {process: plan(same, "import", process, NOW) for process in reversed(MANY)}
        assert forward == backward
        assert {process: plan(its, "import", process, NOW) for process in MANY} == forward
        for stranger in (other, another):
            differ = [process for process in MANY if plan(stranger, "import", process, NOW) != forward[process]]
            assert len(differ) == len(MANY)


@pytest.mark.proves("F-PROC-06")
def test_without_a_seed_no_two_worlds_draw_alike() -> None:
    with world(seed=None) as one, world(seed=None) as other:
        assert plan(one, "import", 5001, NOW) != plan(other, "import", 5001, NOW)


@pytest.mark.proves("R-31")
@pytest.mark.parametrize(
    ("reading", "pace", "answer", "expires"),
    [
        ("auto", "realistic", "confirm", None),
        ("reject", "realistic", "refuse", None),
        ("manual", "realistic", "none", 120),
        ("manual", "instant", "none", 120),
        ("timeout", "realistic", "none", 120),
        ("timeout", "fast", "none", 2),
        ("timeout", "instant", "none", 0),
        ("auto", "manual", "none", None),
        ("reject", "manual", "none", None),
    ],
)
def test_who_answers_the_phone(reading: str, pace: str, answer: str, expires: int | None) -> None:
    for kind in ("import", "download"):
        questions = [stage for stage in planned(kind, pace=pace, R_31=reading).stages if stage.pin]
        assert questions
        for stage in questions:
            assert stage.answer == answer
            assert stage.expires == (None if expires is None else expires * SECOND)


@pytest.mark.proves("R-31")
def test_by_hand_everything_else_is_held() -> None:
    for kind, reading in product(KINDS, ("1", "queued-first")):
        record = planned(kind, Change(busy=2), pace="manual", R_07=reading)
        assert all(stage.held != bool(stage.pin) for stage in record.stages)
        assert timeline(record).ended is None
        assert timeline(record).effects == ()


@pytest.mark.proves("F-PROC-05")
@pytest.mark.parametrize(("kind", "name"), [("import", "upload"), ("download", "search"), ("deletion", "delete")])
def test_a_busy_etaxes_comes_before_its_stage_and_on_top(kind: PlanKind, name: str) -> None:
    plain, busy = planned(kind), planned(kind, Change(busy=2))
    assert [stage.name for stage in busy.stages if stage.busy] == [name, name]
    assert tuple(stage for stage in busy.stages if not stage.busy) == plain.stages
    assert lasts(busy) == pytest.approx(lasts(plain) + 60)
    place = [stage.busy for stage in busy.stages].index(True)
    assert [stage.name for stage in busy.stages[place : place + 3]] == [name, name, name]


@pytest.mark.proves("F-PROC-02")
@pytest.mark.parametrize(("kind", "name"), [("import", "upload"), ("download", "search"), ("deletion", "delete")])
def test_a_stall_holds_the_stage_of_etaxes(kind: PlanKind, name: str) -> None:
    record = planned(kind, Change(stall="upload"))
    assert [stage.name for stage in record.stages if stage.held] == [name]
    current = look(timeline(record), 10 * NOW).current
    assert current is not None
    assert current.name == name


@pytest.mark.proves("R-31")
@pytest.mark.parametrize("reading", ["auto", "manual", "reject", "timeout"])
def test_a_scenario_decides_before_the_reading(reading: str) -> None:
    record = planned("import", Change(pin=2, answer="refuse"), R_31=reading)
    pins = {stage.pin: stage for stage in record.stages if stage.pin}
    assert pins[1] == {stage.pin: stage for stage in planned("import", R_31=reading).stages}[1]
    assert (pins[2].answer, pins[2].expires) == ("refuse", None)


@pytest.mark.proves("F-PROC-06", "R-66")
@pytest.mark.parametrize("pace", [pace for pace in PACES if pace != "manual"])
@pytest.mark.parametrize("reading", ["auto", "manual", "reject", "timeout"])
def test_a_process_always_ends(pace: str, reading: str) -> None:
    """Unless somebody asked for one that stalls."""
    with world(pace, readings={"R-31": reading}) as its:
        for kind, row in product(KINDS, SCENARIOS):
            if row.change.stall is None:
                line = timeline(plan(its, kind, 5001, NOW, [row.change]))
                assert line.ended is not None
                assert all(line.failures)


@pytest.mark.proves("R-62")
def test_a_failing_plan_fails_where_it_is_told() -> None:
    record = failing(planned("import", Change(busy=1)), "upload", ["Invalid VOEN: 1111111111"])
    assert [(stage.name, stage.busy) for stage in record.stages if stage.fails] == [("upload", False)]
    assert timeline(record).failures == ("Invalid VOEN: 1111111111",)


@pytest.mark.proves("R-61", "R-66")
def test_the_one_table_of_scenarios() -> None:
    """The names that a header, a buyer and a phone stand for, as promised to users."""
    assert [row.name for row in SCENARIOS] == [
        *("err-7", "err-10", "err-11", "err-12", "err-16", "http-502", "drop", "lose-answer", "slow-5s"),
        *("unknown-voen", "need-retry", "stall", "pin1-refused", "pin1-timeout", "pin2-refused", "pin2-timeout"),
        *("partial", "fast-approval"),
    ]
    assert {buyer: row.name for buyer, row in BY_BUYER.items()} == {
        "9000000001": "unknown-voen",
        "9000000002": "need-retry",
        "9000000003": "stall",
        "9000000004": "pin1-refused",
        "9000000005": "pin1-timeout",
        "9000000006": "pin2-refused",
        "9000000007": "pin2-timeout",
        "9000000008": "partial",
        "9000000009": "fast-approval",
    }
    assert {phone: row.name for phone, row in BY_PHONE.items()} == {
        "994500000002": "need-retry",
        "994500000003": "stall",
        "994500000004": "pin1-refused",
        "994500000005": "pin1-timeout",
    }
    assert all("import" in row.starts for row in BY_BUYER.values())
    assert all("download" in row.starts for row in BY_PHONE.values())


@pytest.mark.proves("R-64")
def test_draws_are_evenly_spread_and_keep_their_bounds() -> None:
    draws = Draws(secret_of(1, "default"))
    found = [draws.between(3, 7, "duration", thing) for thing in range(1000)]
    assert set(found) == {3, 4, 5, 6, 7}
    assert min(found.count(number) for number in range(3, 8)) > 150
    assert draws.between(5, 5, "duration", 1) == 5
    codes = {draws.digits(4, "pin", thing) for thing in range(1000)}
    assert {len(code) for code in codes} == {4}
    different = {
        draws.text(kind, thing, counter) for kind in ("token", "challenge") for thing in "ab" for counter in (0, 1)
    }
    assert len(different) == 8
    assert {len(text) for text in different} == {40}
    assert secret_of(1, "default") == secret_of(1, "default") != secret_of(1, "other") != secret_of(2, "other")
    assert secret_of(None, "default") != secret_of(None, "default")

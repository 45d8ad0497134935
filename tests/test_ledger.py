"""The ledger: which answers an edition gives, how one is chosen, what is refused and how it is said."""

import msgspec
import pytest

from mock_server.refusals import ConfigurationError, nearest
from mock_server.rulebook import documents
from mock_server.rulebook.ledger import Answer, Edition, Ledger, Reading

EDITIONS = ("2025-08", "2025-12")


@pytest.fixture
def ledger() -> Ledger:
    return Ledger.load()


def reading(name: str, **support: str) -> Reading:
    answers = {answer: {"says": answer, "support": word, "sources": []} for answer, word in support.items()}
    return Reading(
        id=name,
        question=f"What of {name}?",
        kind="selectable",
        default=next(iter(support)),
        answers=msgspec.convert(answers, dict[str, Answer]),
        why="nobody says",
        sources=(),
    )


def test_the_first_edition_is_the_defaults(ledger: Ledger) -> None:
    readings = ledger.choose_all("2025-08", {})
    assert {name: readings.choose(name) for name in ledger.readings} == {
        name: one.default for name, one in ledger.readings.items()
    }
    assert (readings.edition, readings.partners) == ("2025-08", False)


def test_the_second_edition_maps_http_and_knows_partners(ledger: Ledger) -> None:
    before, after = (ledger.choose_all(edition, {}).in_force() for edition in EDITIONS)
    changed = {name: answer for name, answer in after.items() if before[name] != answer}
    assert changed == {"R-01": "mapped", "R-12": "optional"}
    assert ledger.choose_all("2025-12", {}).partners


def test_what_is_chosen_beats_the_edition(ledger: Ledger) -> None:
    readings = ledger.choose_all("2025-12", {"R-01": "200", "R-16": "page"})
    assert [readings.choose(name) for name in ("R-01", "R-12", "R-16")] == ["200", "optional", "page"]


def test_only_selectable_readings_are_listed_in_force(ledger: Ledger) -> None:
    assert list(ledger.choose_all("2025-08", {}).in_force()) == [
        one.id for one in ledger.readings.values() if one.kind == "selectable"
    ]


def test_a_fixed_reading_may_be_set_to_what_it_is(ledger: Ledger) -> None:
    assert ledger.choose_all("2025-08", {"R-05": "fixed"}).choose("R-05") == "fixed"


@pytest.mark.parametrize(
    ("edition", "chosen", "said"),
    [
        ("2025-8", {}, 'unknown edition "2025-8". Did you mean "2025-08"? Allowed: 2025-08, 2025-12.'),
        ("2025-08", {"r-16": "page"}, 'unknown reading "r-16". Did you mean "R-16"?'),
        ("2025-08", {"R-16": "pages"}, '"pages". Did you mean "page"? Allowed: all, page.'),
        ("2025-08", {"R-01": "zzz"}, '"zzz". Allowed: 200, mapped.'),
        ("2025-08", {"R-05": "outside"}, 'R-05 is fixed and cannot be set to "outside": '),
    ],
)
def test_what_the_ledger_lacks_is_refused(ledger: Ledger, edition: str, chosen: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        ledger.choose_all(edition, chosen)
    assert said in str(refused.value)


def test_a_change_makes_other_readings(ledger: Ledger) -> None:
    before = ledger.choose_all("2025-12", {"R-16": "page"})
    after = before.changed({"R-31": "manual"})
    assert (before.choose("R-31"), after.choose("R-31"), after.choose("R-16")) == ("auto", "manual", "page")
    assert (after.edition, after.partners) == ("2025-12", True)
    with pytest.raises(ConfigurationError, match="R-31"):
        before.changed({"R-31": "by hand"})


def test_the_program_may_not_ask_for_what_is_no_reading(ledger: Ledger) -> None:
    with pytest.raises(KeyError):
        ledger.choose_all("2025-08", {}).choose("R-999")


@pytest.mark.parametrize(
    ("chosen", "refused"),
    [
        ({}, ["R-902=ours"]),
        ({"R-902": "read-off"}, []),
        ({"R-902": "shown", "R-901": "ours"}, ["R-901=ours"]),
        ({"R-902": "shown", "R-903": "ours-too"}, ["R-903=ours-too"]),
    ],
    ids=["default", "inferred", "chosen", "one guess for another"],
)
def test_a_needless_guess_is_unsupported(chosen: dict[str, str], refused: list[str]) -> None:
    """R-903 has guesses only: the edition's own is let pass, another one is not."""
    ledger = Ledger(
        {"e": Edition({}, partners=False)},
        (
            reading("R-901", shown="documented", ours="assumed"),
            reading("R-902", ours="assumed", **{"read-off": "inferred", "shown": "documented"}),
            reading("R-903", ours="assumed", **{"ours-too": "assumed"}),
        ),
    )
    unsupported = ledger.choose_all("e", chosen).unsupported()
    assert [f"{one.id}={answer}" for one, answer in unsupported] == refused


@pytest.mark.parametrize("edition", EDITIONS)
def test_every_edition_can_be_held_to_the_documents(ledger: Ledger, edition: str) -> None:
    readings = ledger.choose_all(edition, {})
    better = {one.id: one.supported()[0] for one, _ in readings.unsupported()}
    assert not readings.changed(better).unsupported()


def test_a_ledger_at_odds_with_itself_does_not_load() -> None:
    one = reading("R-901", shown="documented")
    with pytest.raises(ValueError, match="twice"):
        Ledger({}, (one, one))
    with pytest.raises(ConfigurationError, match="R-901"):
        Ledger({"e": Edition({"R-901": "hidden"}, partners=False)}, (one,))
    with pytest.raises(ConfigurationError, match="gone"):
        Ledger({}, (msgspec.structs.replace(one, default="gone"),))


@pytest.mark.parametrize(
    ("given", "near"),
    [("R-2B", "R-02b"), ("FAST", "fast"), ("qaime-not-fund", "qaime-not-found"), ("", None), ("xyzzy", None)],
)
def test_nearest(given: str, near: str | None) -> None:
    assert nearest(given, ["R-02b", "R-16", "fast", "qaime-not-found"]) == near


def test_documents_are_loaded_by_name_once() -> None:
    assert documents.load("readings.json") is documents.load("readings.json")
    assert {"readings.json", "requests/etx_import.json"} <= set(documents.schema_files())
    assert all(documents.load(name) for name in documents.schema_files())

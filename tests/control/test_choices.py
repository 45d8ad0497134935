"""What a world may choose for itself: pace and readings."""

import pytest

from tests.control.steer import Steer


@pytest.mark.parametrize(("given", "nearest"), [("realistc", "realistic"), ("Fast", "fast"), ("hand", None)])
def test_an_unknown_pace_is_refused_with_the_nearest(given: str, nearest: str | None, steer: Steer) -> None:
    problem = steer.refused(400, "PUT", "settings", {"pace": given})
    assert (problem["given"], problem.get("nearest")) == (given, nearest)
    assert problem["allowed"] == ["instant", "fast", "realistic", "manual"]


def test_readings_are_chosen_for_one_world(steer: Steer) -> None:
    before = steer.get("readings")
    assert (before["edition"], before["readings"]["R-16"]) == ("2025-08", "all")
    after = steer.put("readings", **{"R-16": "page", "R-31": "manual"})
    assert after["readings"] == {**before["readings"], "R-16": "page", "R-31": "manual"}
    assert steer.put("readings", **{"R-31": "auto"})["readings"]["R-16"] == "page"
    other = Steer(steer.port, f"{steer.world}-other")
    assert other.get("readings") == before
    steer.post("reset")
    assert steer.get("readings") == before


@pytest.mark.parametrize(
    ("patch", "given", "nearest"),
    [
        ({"r-16": "page"}, "r-16", "R-16"),
        ({"R-16": "pge"}, "pge", "page"),
        ({"R-16": "page", "R-31": "manuel"}, "manuel", "manual"),
        ({"R-05": "other"}, "other", None),
    ],
)
def test_an_unknown_reading_or_answer_changes_nothing(
    patch: dict[str, str], given: str, nearest: str | None, steer: Steer
) -> None:
    before = steer.get("readings")
    problem = steer.refused(400, "PUT", "readings", patch)
    assert (problem["given"], problem.get("nearest")) == (given, nearest)
    assert nearest is None or nearest in problem["allowed"]
    assert steer.get("readings") == before


@pytest.mark.parametrize("raw", [b"[]", b'"R-16"', b'{"R-16": 5}', b'{"R-16": null}', b"{", b'{"R-16": ["page"]}'])
def test_what_are_no_readings(raw: bytes, steer: Steer) -> None:
    steer.refused(400, "PUT", "readings", raw=raw)

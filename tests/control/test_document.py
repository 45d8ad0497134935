"""`docs/how-to/steer.md` names what one request may ask for."""

import re
from pathlib import Path

from mock_server.portal.plans import SCENARIOS

DOCUMENT = (Path(__file__).parents[2] / "docs" / "how-to" / "steer.md").read_text("utf-8")


def test_it_names_every_scenario_of_answers() -> None:
    named = re.findall(r"`([a-z0-9-]+)`", DOCUMENT.partition("beside them there are")[2].partition(".")[0])
    assert named == [scenario.name for scenario in SCENARIOS if not scenario.starts]

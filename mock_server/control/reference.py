"""What the simulator knows from the documents, as its files have it, for whoever explains codes and readings."""

from typing import Any

from mock_server.control.desk import Problem
from mock_server.rulebook.documents import load

KNOWN = {
    "errors": "errors.json",
    "facts": "facts.json",
    "operations": "operations.json",
    "readings": "readings.json",
    "scenarios": "scenarios.json",
    "vocabulary": "vocabulary.json",
}


def document(name: str) -> Any:
    """One of the files; a Problem (404) for another name."""
    if name not in KNOWN:
        raise Problem.unknown("reference", name[:100], KNOWN, status=404)
    return load(KNOWN[name])

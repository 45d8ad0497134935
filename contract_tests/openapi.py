"""The OpenAPI document as a server serves it that gives the answers known of the one that is checked."""

import json
from contextlib import closing
from functools import cache
from typing import Any

from contract_tests.documents import ledger
from contract_tests.run import Run
from contract_tests.senders import InProcessSender
from mock_server.app import create_app
from mock_server.settings import Settings


def document(run: Run) -> dict[str, Any]:
    """The OpenAPI document under the answers that the server is known to give, its paths below the base URL."""
    known = {
        name: answer
        for name, answer in run.target.answers.items()
        if ledger()[name]["kind"] == "selectable" and answer in ledger()[name]["answers"]
    }
    if "R-02" not in known:
        method = run.call("read_proc_status", procId=1).method
        known["R-02"] = "post-only" if method == "POST" else "documented"
    edition = run.target.simulator.edition if run.target.simulator is not None else ""
    return _served(edition, tuple(sorted(known.items())))


@cache
def _served(edition: str, answers: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    chosen = dict(answers)
    settings = Settings(readings=chosen, edition=edition) if edition else Settings(readings=chosen)
    with closing(create_app(settings)) as app, closing(InProcessSender(app)) as sender:
        told: dict[str, Any] = json.loads(sender.send("GET", "/openapi.json", {}, None).body)
    told["servers"] = [{"url": "/"}]
    return told

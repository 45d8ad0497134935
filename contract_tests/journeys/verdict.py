"""From what a client did and believes to the findings about it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from contract_tests.journeys.journey import Ending, Stage
from contract_tests.journeys.outcomes import Met, came_to, met_by
from contract_tests.journeys.portal import Portal
from mock_server.judging import Case, Expected, Outcome, call_shown, judge

Finding = Mapping[str, Any]

SERIOUS = ("error", "warning")
"""Severities that fail a journey; advice does not."""


class Verdict(NamedTuple):
    """How a journey came out.

    Attributes:
        findings: as `GET findings` shows them.
        requests: what the client sent, as `GET requests` shows it.
        met: the outcomes it met.
    """

    ending: Ending
    findings: Sequence[Finding]
    requests: Sequence[Mapping[str, Any]]
    met: frozenset[Met]

    @property
    def passed(self) -> bool:
        return self.ending.exit is not None and not any(finding["severity"] in SERIOUS for finding in self.findings)


def judged(portal: Portal, journey: str, stage: Stage, ending: Ending) -> Verdict:
    """The findings about a client that has come to an end."""
    requests = portal.requests()
    case = Case(
        [call_shown(row) for row in requests],
        expected=_expected(portal, journey, stage, requests),
        outcome=None if ending.output is None else msgspec.convert(ending.output, Outcome),
        claimed=_claimed(ending),
        killed=ending.exit is None,
    )
    findings = [msgspec.to_builtins(finding) for finding in judge(case)]
    return Verdict(ending, findings, requests, met_by(case.calls))


def _claimed(ending: Ending) -> bool | None:
    """Whether the client says that the task is done: by what it wrote, else by its exit."""
    status = (ending.output or {}).get("status")
    if status is not None:
        return bool(status == "succeeded")
    return None if ending.exit is None else ending.succeeded


def _expected(portal: Portal, journey: str, stage: Stage, requests: Sequence[Mapping[str, Any]]) -> Expected:
    if stage.by_token and requests and not any(row["way"] == "token" for row in requests):
        return Expected()  # it works by password, and has been given none
    sent = {invoice["id"]: invoice for invoice in stage.input.get("invoices", [])}
    told = bool(sent) and stage.succeeds  # a draft's number is not the client's to know
    return Expected(
        succeeds=stage.succeeds,
        changed=stage.changed,
        sent=sent or None,
        qaimes={id_: qaime for id_, qaime in portal.kept().items() if id_ in sent and qaime} if told else None,
        invoices=stage.expected,
        blamed=frozenset(stage.blamed),
        deleted=_gone(portal, stage) if "delete" in stage.input and not stage.succeeds else None,
        done=_done(portal, stage, requests),
        came=stage.succeeds or came_to(journey, met_by([call_shown(row) for row in requests])),
    )


def _done(portal: Portal, stage: Stage, requests: Sequence[Mapping[str, Any]]) -> bool:
    """Whether what was asked for has been done in the end: signed, read, or deleted."""
    if "invoices" in stage.input:
        kept = portal.kept()
        return all(kept.get(invoice["id"]) for invoice in stage.input["invoices"])
    if "download" in stage.input:
        return any(row["operation"] == "etx_read_invoices" and row["err_code"] == 0 for row in requests)
    return len(_gone(portal, stage)) == len(stage.input["delete"])


def _gone(portal: Portal, stage: Stage) -> frozenset[str]:
    """The qaimes to delete that are gone; a draft leaves nothing behind, a signed one a line that says deleted."""
    named = {each["serialNumber"].replace(" ", "") for each in stage.input["delete"]}
    return frozenset(named - (portal.lying() - portal.lying(status="deleted")))

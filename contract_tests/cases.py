"""Cases of Schemathesis as JSON, so that one that found something can be saved and tried again."""

from collections.abc import Mapping
from typing import Any

from schemathesis import Case
from schemathesis.generation import GenerationMode
from schemathesis.generation.meta import (
    CaseMetadata,
    CoveragePhaseData,
    CoverageScenario,
    GenerationInfo,
    PhaseInfo,
)
from schemathesis.schemas import APIOperation

CREDENTIALS = ("username", "password")


def plain(case: Any) -> Any:
    """A case as JSON, without credentials; `restored` reads it."""
    if not isinstance(case, Case):
        return case
    data = case.meta.phase.data if case.meta is not None else None
    body = case.body
    if isinstance(body, dict):
        body = {key: each for key, each in body.items() if key not in CREDENTIALS}
    return {
        "operation": name_of(case.operation.definition.raw["operationId"]),
        "method": case.method,
        "media_type": case.media_type,
        "query": dict(case.query or {}),
        **({"body": body} if isinstance(case.body, dict | list | str | int | float | bool) else {}),
        **({"bytes": case.body.hex()} if isinstance(case.body, bytes) else {}),
        "allowed": meant_well(case),
        "scenario": data.scenario.name if isinstance(data, CoveragePhaseData) else "",
    }


def meant_well(case: Case[Any]) -> bool:
    """Whether the schema allows what is sent, as far as Schemathesis means it."""
    return case.meta is None or not case.meta.generation.mode.is_negative


def restored(operation: APIOperation[Any, Any, Any, Any], saved: Mapping[str, Any]) -> Case[Any]:
    """A case that `plain` has written."""
    mode = GenerationMode.POSITIVE if saved["allowed"] else GenerationMode.NEGATIVE
    scenario = CoverageScenario[saved["scenario"]] if saved["scenario"] else CoverageScenario.DEFAULT_POSITIVE_TEST
    given = {"body": saved["body"]} if "body" in saved else {}
    if "bytes" in saved:
        given = {"body": bytes.fromhex(saved["bytes"])}
    return operation.Case(
        method=saved["method"],
        query=saved["query"],
        media_type=saved["media_type"],
        _meta=CaseMetadata(GenerationInfo(0.0, mode), {}, PhaseInfo.coverage(scenario, "saved")),
        **given,
    )


def name_of(operation_id: str) -> str:
    """The operation's own name: where both methods are taken, the second has one of its own (R-02)."""
    return operation_id.removesuffix("_post").removesuffix("_get")

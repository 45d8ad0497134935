"""The table of rules about clients, and how their findings are told."""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

from mock_server.judging import errors, forms, invoices, outcomes, polling
from mock_server.judging.case import Case, Found
from mock_server.judging.catalogue import RULES as TEXTS
from mock_server.judging.catalogue import RuleText
from mock_server.rulebook.errors import Text

Rule = Callable[[Case], Iterable[Found]]

FINDINGS_KEPT = 20
"""Findings of one rule; who commits a sin so often has been told."""

REQUESTS_KEPT = 50

_FUNCTIONS: tuple[Rule, ...] = (
    polling.polled_too_fast,
    polling.never_slowed_down,
    polling.polled_after_end,
    polling.stopped_early,
    polling.polled_without_bound,
    polling.took_running_for_done,
    polling.many_at_once,
    errors.ignored_err_code,
    errors.retried_refusal,
    errors.resent_invalid,
    errors.retried_without_pause,
    errors.retried_without_bound,
    errors.never_retried,
    errors.second_invoice,
    forms.credentials_in_query,
    forms.token_and_password,
    forms.password_instead_of_token,
    forms.wrong_content_type,
    forms.parameters_in_query,
    forms.get_body_lost,
    forms.altered_amounts,
    forms.garbled_letters,
    invoices.mixed_folders,
    invoices.wrong_is_signed,
    invoices.stopped_at_first_page,
    invoices.assumed_page_size,
    invoices.wide_download,
    outcomes.compared_texts,
    outcomes.blamed_wrong_invoice,
    outcomes.believed_refused_deletion,
    outcomes.lost_invoices,
    outcomes.wrong_outcome,
)
"""Those that tell of wrong beliefs come last: they are silent where another finding explains the belief."""

RULES: Mapping[str, Rule] = {function.__name__.replace("_", "-"): function for function in _FUNCTIONS}


def judge(case: Case) -> list[dict[str, Any]]:
    """What the rules find, each as `{"id", "rule", "severity", "facts", "title", "text", "mend", "requests"}`.

    Texts are `{"en", "az"}`; `requests` are numbers of the journal.
    """
    findings: list[dict[str, Any]] = []
    for name, rule in RULES.items():
        findings += found_by(name, rule, case, findings)
    for number, finding in enumerate(findings, 1):
        finding["id"] = f"F{number}"
    return findings


def found_by(name: str, rule: Rule, case: Case, so_far: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The findings of one rule, but for wrong beliefs that those so far explain."""
    explained = {belief for finding in so_far for belief in TEXTS[finding["rule"]].explains}
    return [
        _told(TEXTS[name], found) for found in islice(rule(case), FINDINGS_KEPT) if not explained & {*found.beliefs}
    ]


def _told(rule: RuleText, found: Found) -> dict[str, Any]:
    return {
        "id": "",
        "rule": rule.name,
        "severity": rule.severity,
        "facts": list(rule.facts),
        "title": {"en": rule.title.en, "az": rule.title.az},
        "text": _filled(rule.text, found.said),
        "mend": _filled(rule.mend, found.said),
        "requests": list(dict.fromkeys(found.requests))[:REQUESTS_KEPT],
    }


def _filled(text: Text, said: Mapping[str, object]) -> dict[str, str]:
    return {language: getattr(text, language).format_map(_in(language, said)) for language in ("en", "az")}


def _in(language: str, said: Mapping[str, object]) -> dict[str, object]:
    return {name: value[language] if isinstance(value, dict) else value for name, value in said.items()}

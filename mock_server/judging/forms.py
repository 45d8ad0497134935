"""Rules about the form of requests: credentials, content type, bodies, letters, amounts."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from mock_server.judging.calls import NO_AGENT, NO_TYPE, WRONG_TYPE, Call
from mock_server.judging.case import Case, Found
from mock_server.judging.catalogue import habit_of

CREDENTIALS = ("username", "password", "token", "key", "x-vatpapikey", "apikey", "api_key")
SHOWN = 5


def credentials_in_query(case: Case) -> Iterator[Found]:
    """A user name, password or token in the address; the login of a renewal belongs there (F-AUTH-03)."""
    calls = [call for call in case.calls if set(_lower(call.query)) & set(CREDENTIALS)]
    if calls:
        names = sorted({name for call in calls for name in _lower(call.query) if name in CREDENTIALS})
        yield Found(_seqs(calls), {"count": len(calls), "names": ", ".join(names)})


def token_and_password(case: Case) -> Iterator[Found]:
    calls = [call for call in case.calls if "R-25" in call.readings]
    if calls:
        yield Found(_seqs(calls), {"count": len(calls)})


def password_instead_of_token(case: Case) -> Iterator[Found]:
    by_account: dict[str, list[Call]] = {}
    for call in case.calls:
        if call.account is not None:
            by_account.setdefault(call.account, []).append(call)
    for account, calls in by_account.items():
        if all(call.way == "password" for call in calls):
            yield Found(_seqs(calls), {"count": len(calls), "account": account})


def wrong_content_type(case: Case) -> Iterator[Found]:
    calls = [call for call in case.calls if call.code == 2]
    if calls:
        yield Found(_seqs(calls), {"count": len(calls), "given": _type(calls[0].complaint)})


def parameters_in_query(case: Case) -> Iterator[Found]:
    """Parameters of a GET in its address; credentials there have a rule of their own."""
    calls = [call for call in case.calls if "R-02b" in call.readings and _parameters(call)]
    if calls:
        names = sorted({name for call in calls for name in _parameters(call)})
        yield Found(_seqs(calls), {"count": len(calls), "names": ", ".join(names[:SHOWN])})


def get_body_lost(case: Case) -> Iterator[Found]:
    """One finding for each operation, with what the client's library is known for."""
    by_operation: dict[str, list[Call]] = {}
    for call in case.calls:
        if call.lost_body is not None:
            by_operation.setdefault(call.operation, []).append(call)
    for operation, calls in by_operation.items():
        agent = calls[0].lost_body or ""
        known = habit_of(agent)
        en, az = (
            (f"User-Agent: {agent}.",) * 2 if agent != NO_AGENT else ("It has no User-Agent.", "User-Agent yoxdur.")
        )
        habit = {"en": f"{en} {known.en}".strip(), "az": f"{az} {known.az}".strip()}
        yield Found(_seqs(calls), {"count": len(calls), "operation": operation, "habit": habit})


def altered_amounts(case: Case) -> Iterator[Found]:
    """More decimals than any amount has; or, where it is known what was to be sent, another value."""
    for call in case.calls:
        if call.operation != "import_upload_invoices":
            continue
        wrong = [f"…{digits}…" for digits in call.floats]
        for given, sent in _pairs(case, call):
            wrong += [f"{name} {sent_} ({value})" for name, value, sent_ in _changed(given, sent, _is_amount)]
        if wrong:
            yield Found([call.seq], {"amounts": ", ".join(wrong[:SHOWN])})
            return


def garbled_letters(case: Case) -> Iterator[Found]:
    """Signs of a wrong encoding; or, where it is known what was to be sent, other letters."""
    for call in case.calls:
        if call.operation != "import_upload_invoices":
            continue
        wrong = list(call.garbled)
        for given, sent in _pairs(case, call):
            wrong += [f"{sent_!r} ({value!r})" for _, value, sent_ in _changed(given, sent, _is_letters)]
        if wrong:
            yield Found([call.seq], {"texts": ", ".join(dict.fromkeys(wrong[:SHOWN]))})
            return


def _pairs(case: Case, call: Call) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Invoices as they were to be sent, and as they were."""
    given = case.expected.sent or {}
    sent = (call.body or {}).get("invoices")
    for invoice in sent if isinstance(sent, list) else []:
        if isinstance(invoice, dict) and invoice.get("id") in given:
            yield given[invoice["id"]], invoice


def _changed(given: Any, sent: Any, kind: Any, name: str = "") -> Iterator[tuple[str, Any, Any]]:
    if isinstance(given, Mapping) and isinstance(sent, Mapping):
        for key in given.keys() & sent.keys():
            yield from _changed(given[key], sent[key], kind, key)
    elif isinstance(given, list) and isinstance(sent, list):
        for one, other in zip(given, sent, strict=False):
            yield from _changed(one, other, kind, name)
    elif kind(name, given) and kind(name, sent) and given != sent:
        yield name, given, sent


def _is_amount(_: str, value: Any) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def _is_letters(name: str, value: Any) -> bool:
    return isinstance(value, str) and name in ("main_info", "add_info", "name", "unit")


def _type(complaint: str) -> dict[str, str]:
    """The content type that was sent, in brackets; nothing where the complaint is about something else."""
    given = complaint.removeprefix(WRONG_TYPE)
    if given == complaint:
        return {"en": "", "az": ""}
    if given == repr(NO_TYPE):
        return {"en": " (there was no Content-Type)", "az": " (Content-Type yox idi)"}
    shown = given.strip("'")[:100]
    return dict.fromkeys(("en", "az"), f" ({shown})")


def _parameters(call: Call) -> list[str]:
    return [name for name in call.query if name.lower() not in CREDENTIALS]


def _lower(names: tuple[str, ...]) -> list[str]:
    return [name.lower() for name in names]


def _seqs(calls: list[Call]) -> list[int]:
    return [call.seq for call in calls]

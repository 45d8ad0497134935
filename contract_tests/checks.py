"""Checks for Schemathesis that judge the outcome of a request by a code in the body, not by the HTTP status alone.

Some APIs answer an error with HTTP 200 and a code in an envelope. To Schemathesis's own checks every such error is a
success: they say that bad data was accepted, or that authentication was ignored, when both were refused. The checks
here take the pair (HTTP status, code) as the outcome. They know nothing of any one API: an `Envelope` says where the
code is and what its values mean. In a hooks file (`SCHEMATHESIS_HOOKS`), or before tests that use Schemathesis:

    from contract_tests import checks

    checks.install(checks.Envelope(code="error.code", success=("OK",)))

`docs/how-to/envelope-aware-checks.md` is about them.
"""

import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import schemathesis
from schemathesis import Case, CheckContext, Response
from schemathesis.generation.meta import CoveragePhaseData, CoverageScenario
from schemathesis.hooks import HookContext

REPLACED = (
    "negative_data_rejection",
    "positive_data_acceptance",
    "missing_required_header",
    "unsupported_method",
    "ignored_auth",
    "use_after_free",
)
"""Schemathesis's own checks that look at the HTTP status; leave them out (`--exclude-checks`)."""

Check = Callable[[CheckContext, Response, Case[Any]], bool | None]
_ABSENT = object()


@dataclass(frozen=True)
class Resource:
    """Something that can be deleted; pointers such as `data/invoices/*/id` lead to its ids in a JSON body.

    Attributes:
        create: operation that makes it, and where in its request the ids are.
        delete: operation that deletes it, and where in its request the ids are.
        read: operation that finds it, and where in its answer the ids are.
    """

    create: tuple[str, str]
    delete: tuple[str, str]
    read: tuple[str, str]


@dataclass(frozen=True)
class Envelope:
    """How an API tells of errors.

    Attributes:
        code: path of the code in the body, with dots.
        success: its values that mean that all is well.
        may_lack: operations whose successes have no code.
        flag: path of a second sign of success, and its values when all is well and when not.
        http: HTTP status that a code stands for; `translated` puts it into the answer.
        wrong_method: codes of a method that is not supported; empty when any error will do.
        wrong_type: codes of a content type that is not supported; likewise.
        missing: codes of an element that is missing; likewise.
        unauthorized: codes of missing or wrong credentials; likewise.
        internal: codes that mean that the server failed.
        credentials: members of the body that show who calls.
        credential_headers: headers that do.
        open_operations: operations that need no credentials.
        resources: what is tracked from creation to deletion.
    """

    code: str
    success: Sequence[Any] = (0,)
    may_lack: Sequence[str] = ()
    flag: tuple[str, Any, Any] | None = None
    http: Mapping[Any, int] = field(default_factory=dict)
    wrong_method: Sequence[Any] = ()
    wrong_type: Sequence[Any] = ()
    missing: Sequence[Any] = ()
    unauthorized: Sequence[Any] = ()
    internal: Sequence[Any] = ()
    credentials: Sequence[str] = ()
    credential_headers: Sequence[str] = ("Authorization",)
    open_operations: Sequence[str] = ()
    resources: Sequence[Resource] = ()

    def outcome(self, response: Response, operation: str = "") -> "Outcome":
        """What an answer says."""
        body = _json(response)
        code = _at(body, self.code)
        if code is _ABSENT:
            bare = isinstance(body, dict) and operation in self.may_lack and _well(response)
            return Outcome(response.status_code, None, bare, bare)
        return Outcome(response.status_code, code, _among(code, self.success) and _well(response), True)


class Outcome(NamedTuple):
    """HTTP status and code of an answer.

    Attributes:
        code: `None` where the body has none.
        ok: the request was granted.
        told: whether the body has the form agreed.
    """

    http: int
    code: Any
    ok: bool
    told: bool

    def __str__(self) -> str:
        return f"HTTP {self.http}, " + ("without a code" if self.code is None else f"code {self.code!r}")

    def refused_with(self, codes: Sequence[Any], *statuses: int) -> bool:
        """Whether it is an error, and one of these where any are named."""
        return not self.ok and (not codes or _among(self.code, codes) or self.http in statuses)


def made_for(envelope: Envelope) -> dict[str, Check]:
    """The checks for one API, by name; each is a plain check of Schemathesis."""
    return {
        "envelope_conformance": _conformance(envelope),
        "bad_data_is_refused": _bad_data(envelope),
        "missing_element_is_refused": _missing_element(envelope),
        "unsupported_method_is_refused": _scenario(
            envelope, (CoverageScenario.UNSPECIFIED_HTTP_METHOD,), envelope.wrong_method, 405, "the method"
        ),
        "unsupported_type_is_refused": _scenario(
            envelope, (CoverageScenario.UNSUPPORTED_CONTENT_TYPE,), envelope.wrong_type, 415, "the content type"
        ),
        "authentication_is_not_ignored": _authentication(envelope),
        "no_use_after_delete": UseAfterDelete(envelope),
        "no_internal_error": _internal(envelope),
    }


def install(envelope: Envelope, *names: str) -> dict[str, Check]:
    """Give Schemathesis the checks, all of them unless named, and translated HTTP statuses if there is a map.

    Raises:
        ValueError: there is no check of that name.
    """
    made = made_for(envelope)
    if unknown := set(names) - set(made):
        raise ValueError(f"no such checks: {', '.join(sorted(unknown))}. There are: {', '.join(made)}")
    chosen = {name: check for name, check in made.items() if not names or name in names}
    for name, check in chosen.items():
        schemathesis.check(_called(name, check))
    if envelope.http:
        schemathesis.hook("after_call")(translated(envelope))
    return chosen


def translated(envelope: Envelope) -> Callable[[HookContext, Case[Any], Response], None]:
    """An `after_call` hook that gives an error the HTTP status it stands for (`Envelope.http`).

    So links declared under 200 do not fire after an error.
    """

    def after_call(context: HookContext, case: Case[Any], response: Response) -> None:
        del context, case
        code = _at(_json(response), envelope.code)
        if code is not _ABSENT and not _among(code, envelope.success) and _well(response):
            response.status_code = next((http for one, http in envelope.http.items() if _same(one, code)), 400)

    return after_call


def _conformance(envelope: Envelope) -> Check:
    def check(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
        """Every answer is a JSON object with a code, and every sign of success agrees with it."""
        del ctx
        outcome = envelope.outcome(response, _name(case))
        assert outcome.told, f"{outcome}: the body has no {envelope.code!r}"
        if envelope.flag is None or outcome.code is None:
            return
        path, good, bad = envelope.flag
        wanted, found = (good if _among(outcome.code, envelope.success) else bad), _at(_json(response), path)
        assert found is _ABSENT or _same(found, wanted), f"{path!r} is {found!r} beside code {outcome.code!r}"

    return check


def _bad_data(envelope: Envelope) -> Check:
    def check(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
        """A request that the schema does not allow is refused."""
        del ctx
        meta = case.meta
        if meta is None or not meta.generation.mode.is_negative or _scenario_of(case) in _OF_TRANSPORT:
            return
        outcome = envelope.outcome(response, _name(case))
        assert not outcome.ok, f"{outcome}: data that the schema does not allow was accepted{_described(case)}"

    return check


def _missing_element(envelope: Envelope) -> Check:
    def check(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
        """A request without a required element is refused, for that cause."""
        del ctx
        if _scenario_of(case) != CoverageScenario.OBJECT_MISSING_REQUIRED_PROPERTY:
            return
        outcome = envelope.outcome(response, _name(case))
        says = f"{outcome}: a required element is missing{_described(case)}"
        assert outcome.refused_with(envelope.missing, 400, 422), says

    return check


def _scenario(
    envelope: Envelope, scenarios: Sequence[CoverageScenario], codes: Sequence[Any], status: int, what: str
) -> Check:
    def check(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
        del ctx
        if _scenario_of(case) not in scenarios or response.request.method == "OPTIONS":
            return
        outcome = envelope.outcome(response, _name(case))
        assert outcome.refused_with(codes, status), f"{outcome}: {what} is not supported, and no error says so"

    check.__doc__ = f"A request is refused where {what} is not supported."
    return check


def _authentication(envelope: Envelope) -> Check:
    proved: set[str] = set()

    def check(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
        """What is granted is not granted without credentials, nor with wrong ones."""
        del ctx
        name = _name(case)
        if name in envelope.open_operations or name in proved or not envelope.outcome(response, name).ok:
            return
        for says, probe in _probes(envelope, case):
            outcome = envelope.outcome(probe.call(), name)
            assert outcome.refused_with(envelope.unauthorized, 401, 403), f"{outcome}: {says} credentials will do"
        proved.add(name)

    return check


def _probes(envelope: Envelope, case: Case[Any]) -> Iterator[tuple[str, Case[Any]]]:
    """The same request without credentials, and with wrong ones. They go out as they are: no auth hook adds any."""
    wrong = secrets.token_hex(8)
    headers = {name.lower(): name for name in case.headers}
    sent = [headers[one.lower()] for one in envelope.credential_headers if one.lower() in headers]
    body = case.body if isinstance(case.body, dict) else {}
    named = [key for key in envelope.credentials if key in body]
    for says, value in (("no", None), ("wrong", wrong)):
        if value is not None and not sent and not named:
            continue
        changed = case.headers.copy()
        for name in sent:
            changed.pop(name)
            if value is not None:
                changed[name] = value
        probe = case.derive(headers=changed)
        if named:
            rest = {key: each for key, each in body.items() if key not in named}
            probe.body = rest if value is None else {**rest, **dict.fromkeys(named, value)}
        yield says, probe


class UseAfterDelete:
    """What was deleted is not found any more, unless it was made anew."""

    def __init__(self, envelope: Envelope) -> None:
        self._envelope = envelope
        self._gone: dict[Resource, set[Any]] = {one: set() for one in envelope.resources}

    def __call__(self, ctx: CheckContext, response: Response, case: Case[Any]) -> None:
        del ctx
        name = _name(case)
        if not self._envelope.outcome(response, name).ok:
            return
        for one in self._envelope.resources:
            gone = self._gone[one]
            if name == one.create[0]:
                gone -= set(_pointed(case.body, one.create[1]))
            elif name == one.delete[0]:
                gone |= set(_pointed(case.body, one.delete[1]))
            elif name == one.read[0]:
                found = gone & set(_pointed(_json(response), one.read[1]))
                assert not found, f"found after it was deleted: {', '.join(map(repr, sorted(map(str, found))))}"


def _internal(envelope: Envelope) -> Check:
    def check(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
        """The server does not fail, by HTTP status or by code."""
        del ctx
        outcome = envelope.outcome(response, _name(case))
        assert outcome.http < 500, f"{outcome}: the server failed"
        assert outcome.code is None or not _among(outcome.code, envelope.internal), f"{outcome}: the server failed"

    return check


_OF_TRANSPORT = (
    CoverageScenario.UNSPECIFIED_HTTP_METHOD,
    CoverageScenario.UNSUPPORTED_CONTENT_TYPE,
    CoverageScenario.MALFORMED_CONTENT_TYPE,
)


def _called(name: str, check: Check) -> Check:
    def named(ctx: CheckContext, response: Response, case: Case[Any]) -> bool | None:
        return check(ctx, response, case)

    named.__name__, named.__doc__ = name, check.__doc__
    return named


def _name(case: Case[Any]) -> str:
    raw = case.operation.definition.raw
    return str(raw.get("operationId") or case.operation.label)


def _scenario_of(case: Case[Any]) -> CoverageScenario | None:
    data = case.meta.phase.data if case.meta is not None else None
    return data.scenario if isinstance(data, CoveragePhaseData) else None


def _described(case: Case[Any]) -> str:
    description = getattr(case.meta.phase.data, "description", None) if case.meta is not None else None
    return f" ({description})" if description else ""


def _json(response: Response) -> Any:
    try:
        return json.loads(response.content or b"")
    except (ValueError, RecursionError):
        return None


def _well(response: Response) -> bool:
    return 200 <= response.status_code < 300


def _at(body: Any, path: str) -> Any:
    for key in path.split("."):
        if not isinstance(body, dict) or key not in body:
            return _ABSENT
        body = body[key]
    return body


def _pointed(body: Any, pointer: str) -> Iterator[Any]:
    """The texts and numbers at a pointer; `*` stands for every element."""
    key, _, rest = pointer.partition("/")
    below = body if key == "*" and isinstance(body, list) else [body[key]] if _has(body, key) else []
    for each in below:
        if rest:
            yield from _pointed(each, rest)
        elif isinstance(each, str | int | float):  # 2.0 is 2
            yield each


def _has(body: Any, key: str) -> bool:
    return isinstance(body, dict) and key in body


def _same(one: Any, other: Any) -> bool:
    """JSON equality: `true` is not 1."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _among(value: Any, values: Sequence[Any]) -> bool:
    return any(_same(value, one) for one in values)

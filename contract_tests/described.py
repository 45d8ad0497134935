"""Requests that Schemathesis makes of the OpenAPI document, sent by the kit and judged by the code in the envelope.

To Schemathesis the kit is an application: whatever it sends arrives at `Target.raw`, so the profile, the gentle rate,
the host, redaction and the coverage of outcomes hold for each of its requests too.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import jsonschema_rs
import schemathesis
from schemathesis import Case, Response
from schemathesis.config import SchemathesisConfig
from schemathesis.core import NotSet
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.engine import from_schema
from schemathesis.engine.events import FatalError, NonFatalError
from schemathesis.generation import GenerationMode
from schemathesis.hooks import HookContext
from schemathesis.schemas import APIOperation, BaseSchema

from contract_tests import checks, work
from contract_tests.cases import CREDENTIALS, meant_well, name_of, plain, restored
from contract_tests.documents import load, operations
from contract_tests.exchange import Exchange
from contract_tests.findings import Breach, Unfit
from contract_tests.openapi import document
from contract_tests.run import Run
from contract_tests.target import encoded

NOT_SENT = "x-vatportal-mock-not-sent"
GENTLE_MOST = 12
"""Requests for each phase of an operation where every request waits."""

_HTTP = {row["code"]: row["http"] for row in load("errors.json")["errors"] if row["scope"] == "request"}
_INTERNAL = tuple(code for code, http in _HTTP.items() if http == 500)
_UNAUTHORIZED = tuple(code for code, http in _HTTP.items() if http == 401)
_OPEN = tuple(name for name, row in operations().items() if not row["credentials"])
_OWN_HEADERS = frozenset(
    ["host", "user-agent", "x-schemathesis-testcaseid", "accept", "accept-encoding", "connection", "content-length"]
)

ENVELOPE = checks.Envelope(
    code="err_code",
    may_lack=_OPEN,
    flag=("res", 1, 0),
    http=_HTTP,
    wrong_method=(1,),
    wrong_type=(2,),
    missing=(3, 4, 14, 15),
    unauthorized=_UNAUTHORIZED,
    internal=_INTERNAL,
    credentials=CREDENTIALS,
    credential_headers=("x-vatpapikey",),
    open_operations=_OPEN,
    resources=(
        checks.Resource(
            create=("import_upload_invoices", "invoices/*/id"),
            delete=("inv_delete", "ids/*"),
            read=("inv_read_invoices", "data/invoices/*/id"),
        ),
    ),
)
"""How VatPortal tells of errors (F-ENV-03, F-ERR-04), its two bare answers (F-AUTH-03, F-AUTH-05) included."""

JUDGED_BY: Mapping[str, tuple[str, ...]] = {
    "envelope_conformance": ("F-ENV-03",),
    "bad_data_is_refused": ("F-ERR-04", "R-42"),
    "missing_element_is_refused": ("F-ERR-04", "R-19"),
    "unsupported_method_is_refused": ("F-ERR-04", "R-02c"),
    "unsupported_type_is_refused": ("F-ENV-02", "F-ERR-04"),
    "authentication_is_not_ignored": ("F-AUTH-01", "F-AUTH-02"),
    "no_use_after_delete": ("F-INV-03",),
    "no_internal_error": ("F-ERR-03",),
}
FORM = ("F-ENV-03", "F-ENV-05")
"""What the form of an answer is judged by."""


class Described:
    """The OpenAPI document under the readings of the server, and a way to try what it describes."""

    def __init__(self, run: Run, names: Iterable[str], most: int) -> None:
        self._run = run
        self._most = min(most, GENTLE_MOST) if run.target.patience.seconds else most
        self._left = 0
        self._sent = 0
        self._busy = False
        self._found: Breach | None = None
        self._linking = False
        self._stop: Callable[[], None] = _go_on
        self._checks = checks.made_for(ENVELOPE)
        if run.target.answers.get("R-42") != "refused":
            del self._checks["bad_data_is_refused"]  # a value of another type may be taken for what it says
        self._translate = checks.translated(ENVELOPE)
        self._document = document(run)
        self._names = tuple(names)

    def phases(self, *phases: str) -> None:
        """Run phases of Schemathesis until enough requests are made.

        Raises:
            Breach: an answer is not as the documents want it; its case is the request.
        """
        self._left = self._most
        stream = from_schema(self._schema(phases)).execute()
        self._stop = stream.stop
        self._linking = "stateful" in phases
        with self._hooked():
            for event in stream:
                if isinstance(event, NonFatalError | FatalError) and self._found is None:
                    raise RuntimeError(f"Schemathesis could not go on: {event}")
        self._stop = _go_on
        if self._found is not None:
            raise self._found

    def fuzz(self, name: str, examples: int) -> None:
        """Bodies that the schema allows, and ones that it does not, shrunk where an answer is wrong.

        Raises:
            Breach: as above.
        """
        schema = self._schema(("fuzzing",))
        operation = self._operation(schema, name)
        self._left = examples * 100 if not self._run.target.patience.seconds else self._most
        cases = operation.as_strategy(generation_mode=GenerationMode.POSITIVE) | operation.as_strategy(
            generation_mode=GenerationMode.NEGATIVE
        )
        try:
            with self._hooked():
                self._run.explore(cases, self._judged, examples)
        except Breach as breach:
            breach.case = plain(breach.case)
            raise

    def again(self, saved: Mapping[str, Any]) -> None:
        """A case that was saved.

        Raises:
            Breach: the answer is still wrong.
        """
        self._left = self._most
        operation = self._operation(self._schema(("fuzzing",)), saved["operation"], saved["method"])
        with self._hooked():
            self._judged(restored(operation, saved))

    def _judged(self, case: Case[Any]) -> None:
        self._found = None
        case.call()
        if self._found is not None:
            raise self._found

    def _schema(self, phases: Sequence[str]) -> BaseSchema:
        run = self._run
        every = ("examples", "coverage", "fuzzing", "stateful")
        config = SchemathesisConfig.from_dict(
            {
                "seed": run.seed,
                "workers": 1,
                "checks": {"enabled": False},
                "generation": {
                    "max-examples": max(1, min(20, self._most // (6 if "stateful" in phases else 20))),
                    "with-security-parameters": False,
                    "database": "none",
                },
                "phases": {
                    **{one: {"enabled": one in phases} for one in every},
                    "coverage": {"enabled": "coverage" in phases, "unexpected-methods": ["PUT", "PATCH"]},
                },
            }
        )
        schema = schemathesis.openapi.from_dict(self._document, config=config)
        schema.app = self._application
        return schema.include(operation_id=sorted(self._ids()))

    @contextmanager
    def _hooked(self) -> Iterator[None]:
        """Schemathesis calls us before and after each request; its hooks are global, so they are taken away again."""

        def before_call(context: HookContext, case: Case[Any], kwargs: Any) -> None:
            del context, kwargs
            self._show_who_calls(case)

        def after_call(context: HookContext, case: Case[Any], response: Response) -> None:
            self._answered(context, case, response)

        hooks = (before_call, after_call)
        for hook in hooks:
            schemathesis.hook(hook)
        try:
            yield
        finally:
            for hook in hooks:
                schemathesis.hooks.unregister(hook)

    def _ids(self) -> set[str]:
        ids = {each["operationId"] for item in self._document["paths"].values() for each in item.values()}
        return {one for one in ids if name_of(one) in self._names}

    @staticmethod
    def _operation(schema: BaseSchema, name: str, method: str = "") -> APIOperation[Any, Any, Any, Any]:
        found: list[APIOperation[Any, Any, Any, Any]] = []
        for each in schema.get_all_operations():
            if isinstance(each, Ok) and name_of(each.ok().definition.raw["operationId"]) == name:
                found.append(each.ok())
        return next((each for each in found if each.method.upper() == method), found[0])

    def _show_who_calls(self, case: Case[Any]) -> None:
        """Show who calls, by password and by token in turn; the probes of a check say themselves what they show.

        Along links an import brings a sound invoice: no schema says that sums add up, and little follows a refusal.
        """
        row = operations()[name_of(case.operation.definition.raw["operationId"])]
        if self._busy or not row["credentials"]:
            return
        who = self._run.party()
        body = case.body
        if self._linking and meant_well(case) and isinstance(body, dict) and "invoices" in body:
            body = {**body, "invoices": [_invoice(self._run)]}
        if isinstance(body, dict):
            body = case.body = {key: each for key, each in body.items() if key not in ENVELOPE.credentials}
        if isinstance(body, dict) and who.password and (self._sent % 2 == 0 or not who.token):
            case.body = {**body, "username": who.username, "password": who.password}
        elif who.token:
            case.headers["x-vatpapikey"] = who.token

    def _application(self, environ: Mapping[str, Any], start: Callable[..., Any]) -> list[bytes]:
        """What Schemathesis takes for the server."""
        exchange = self._exchange(environ)
        if exchange is None or not exchange.status:
            start("401 Unauthorized", [(NOT_SENT, "1"), ("content-type", "application/json")])  # nothing was granted
            return [b"{}"]
        kept = [(name, value) for name, value in exchange.answer_headers.items() if name != "content-length"]
        start(f"{exchange.status} -", kept)
        return [exchange.answer]

    def _exchange(self, environ: Mapping[str, Any]) -> Exchange | None:
        if not self._left or (self._found is not None and not self._busy):
            return None
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        headers = {
            key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")
        }
        headers = {
            key: value for key, value in headers.items() if key not in _OWN_HEADERS and "schemathesis" not in key
        }
        if environ.get("CONTENT_TYPE"):
            headers["Content-Type"] = environ["CONTENT_TYPE"]
        path = quote(environ["PATH_INFO"].encode("latin-1"))
        query = environ.get("QUERY_STRING", "")
        try:
            exchange = self._run.target.raw(
                environ["REQUEST_METHOD"], f"{path}?{query}" if query else path, body, headers
            )
        except Unfit:
            return None  # the profile does not send it
        self._left -= 1
        self._sent += 1
        return exchange

    def _answered(self, context: HookContext, case: Case[Any], response: Response) -> None:
        if NOT_SENT in response.headers:
            return
        if not self._busy and self._found is None:
            self._busy = True
            try:
                self._judge(case, response)
            except Breach as breach:
                breach.case = plain(case)
                self._found = breach
            finally:
                self._busy = False
            if self._found is not None or not self._left:
                self._stop()  # rather than when all the requests of an operation are made up
        self._translate(context, case, response)

    def _judge(self, case: Case[Any], response: Response) -> None:
        name = case.operation.definition.raw["operationId"]
        for key, check in self._checks.items():
            if key == "bad_data_is_refused" and self._allowed(case):
                continue
            try:
                check(None, response, case)  # type: ignore[arg-type]  # none of them asks the context
            except AssertionError as error:
                self._run.breach(f"{name}: {error}", JUDGED_BY[key])
        if response.request.method != case.operation.method.upper():
            return
        try:
            case.operation.validate_response(response, case=case)
        except FailureGroup as group:
            self._malformed(name, group.exceptions[0])
        except Failure as failure:
            self._malformed(name, failure)

    def _allowed(self, case: Case[Any]) -> bool:
        """Whether a request is one that the documents allow, whatever Schemathesis meant it to be.

        A null stands for what is left out, keys that are not known are passed over, and `phone` is looked at for
        partners only, but where e-taxes is asked.
        """
        operation = name_of(case.operation.definition.raw["operationId"])
        if not case.operation.body:
            return "login" in (case.query or {})
        if isinstance(case.body, bytes):
            return False
        body = {} if isinstance(case.body, NotSet) else _without_nulls(case.body)
        if isinstance(body, dict) and operations()[operation]["phone"] == "partner":
            body = {key: each for key, each in body.items() if key != "phone"}
        schema = {"$ref": f"#/components/schemas/requests_{operation}", "components": self._document["components"]}
        return jsonschema_rs.validator_for(schema).is_valid(body)

    def _malformed(self, name: str, failure: BaseException) -> None:
        said = " ".join(str(getattr(failure, "message", "") or failure).split())[:300]
        self._run.breach(f"{name}: the answer is not of the form documented: {said}", FORM)


def _go_on() -> None:
    """What is done at the end of the requests outside phases: nothing."""


def _invoice(run: Run) -> Any:
    """A sound invoice as Schemathesis can send it; its amounts keep their digits."""
    return json.loads(encoded(work.invoice(run)))


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value

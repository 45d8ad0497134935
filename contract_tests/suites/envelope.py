"""The envelope and the transport below it: what holds for every answer, whatever was asked."""

from codecs import BOM_UTF8
from typing import Any

from contract_tests.check import Suite
from contract_tests.documents import load, operations
from contract_tests.exchange import Exchange
from contract_tests.findings import OPEN
from contract_tests.run import Run
from contract_tests.target import JSON, NO_SUCH_PATH, NOBODY, encoded

SUITE = Suite("envelope", "what holds for every answer: envelope, types, letters, methods, paths")
check = SUITE.check

UNKNOWN_PROCESS = 987654321098
"""A process number that no portal gives."""

READS = tuple(name for name, row in operations().items() if row["data_read"])
_PARAMETERS: dict[str, dict[str, Any]] = {
    "inv_read_invoices": {"ids": ["vatportal-mock-nobody-has-this"]},
    "read_proc_status": {"procId": UNKNOWN_PROCESS},
    "read_proc_data": {"procId": UNKNOWN_PROCESS},
    "etx_read_invoices": {"procId": UNKNOWN_PROCESS},
}


def parameters(run: Run, operation: str) -> dict[str, Any]:
    """A body that each read takes, whatever the portal holds; it finds nothing."""
    phone = {"phone": run.party().phone} if operation == "etx_read_invoices" else {}
    return {**_PARAMETERS[operation], **phone}


def refused_read(run: Run) -> Exchange:
    """A read that every portal must refuse, with 4: nobody says who he is."""
    return run.target.call("read_proc_status", {"username": "", "password": "", "procId": 1}, way="none")


@check("F-ENV-01", "F-ENV-05", effect="reads")
def reads_are_where_the_documents_say(run: Run) -> None:
    """Each of the four reads answers at its path below the base URL."""
    for name in READS:
        exchange = run.call(name, **parameters(run, name))
        run.expect(exchange.status != 404, f"{exchange.path} is not there (HTTP 404)")
        run.expect(exchange.code is not None, f"{name} answered {exchange.said}")


@check("F-ENV-03", effect="reads")
def answers_have_the_envelope(run: Run) -> None:
    """A refusal has a whole number `err_code` other than 0, and where they are there `res` 0 and a text `err_msg`."""
    exchange = run.demand(refused_read(run), 4, 3)
    body = exchange.json
    run.expect(body.get("res", 0) == 0 and body.get("res") is not False, f"res is {body.get('res')!r} of a refusal")
    run.expect(isinstance(body.get("err_msg", ""), str), f"err_msg is no text, but {body.get('err_msg')!r}")
    strange = set(body) - {"res", "err_code", "err_msg", "data"}
    run.expect(not strange, f"the envelope has keys that are not documented: {', '.join(sorted(strange))}")


@check("F-ENV-03", "R-03", effect="reads")
def a_success_has_the_envelope(run: Run) -> None:
    """A success has `err_code` 0 and `data`, and where they are there `res` 1 and an empty `err_msg`."""
    body = _good(run, "inv_read_invoices").json
    run.expect("data" in body, "a success has no data")
    run.expect(body.get("res", 1) == 1 and body.get("res") is not True, f"res is {body.get('res')!r} of a success")
    run.expect(body.get("err_msg", "") == "", f"err_msg is {body.get('err_msg')!r} of a success")
    run.observe("R-03", "always" if {"res", "err_msg"} <= set(body) else "as-shown")


@check("R-01", "F-ENV-07", effect="reads")
def the_http_status_of_an_error(run: Run) -> None:
    """An error comes with HTTP 200, or with the status of its class."""
    exchange = run.demand(refused_read(run), 4, 3)
    mapped = {row["code"]: row["http"] for row in load("errors.json")["errors"] if row["scope"] == "request"}
    wanted = mapped[exchange.code]
    run.observe("R-01", {200: "200", wanted: "mapped"}.get(exchange.status, OPEN))
    says = f"HTTP {exchange.status} with error {exchange.code}, which comes with 200 or {wanted}"
    run.expect(exchange.status in (200, wanted), says)


@check("F-ENV-02", effect="reads")
def answers_are_json_in_utf8(run: Run) -> None:
    """Answers say `application/json`, and are JSON in UTF-8."""
    for exchange in (refused_read(run), _good(run, "inv_read_invoices")):
        kind = exchange.answer_headers.get("content-type", "")
        run.expect(kind.split(";")[0].strip().lower() == JSON, f"Content-Type is {kind!r}, not {JSON}")
        try:
            exchange.answer.decode("utf-8")
        except UnicodeDecodeError:
            run.breach("the answer is not UTF-8")
        marked = exchange.answer.startswith(BOM_UTF8)
        run.expect(not marked, "the answer begins with a byte order mark, which stands before no JSON")
        run.expect(exchange.json is not None, "the answer is no JSON")


@check("F-ENV-02", "F-ERR-04", effect="reads")
def another_content_type_is_refused(run: Run) -> None:
    """A body of another content type is answered with 2; a charset beside `application/json` changes nothing."""
    name = "inv_read_invoices"
    method = _a_method(run, name)
    body = encoded({"username": NOBODY, "password": "", **parameters(run, name)})
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        run.demand(run.target.raw(method, _path(name), body, {"Content-Type": kind}), 2)
    who = run.party()
    good = {**parameters(run, name)}
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if who.password:
        good |= {"username": who.username, "password": who.password}
    else:
        headers["x-vatpapikey"] = who.token
    run.demand(run.target.raw(method, _path(name), encoded(good), headers), 0)


@check("F-ERR-04", "R-19", "R-41", effect="reads")
def what_is_no_json_object_is_refused(run: Run) -> None:
    """A body that is not a JSON object is answered with 3."""
    name = "inv_read_invoices"
    for body in (b"{", b"[]", b'"text"', b"12", b"nothing"):
        exchange = run.target.raw(_a_method(run, name), _path(name), body, {"Content-Type": JSON})
        run.demand(exchange, 3)


@check("F-ENV-04", "R-02", effect="reads")
def reads_take_a_method_with_a_body(run: Run) -> None:
    """The four reads take their parameters in a JSON body, with GET, or with POST, or with both."""
    answers = set()
    for name in READS:
        taken = frozenset(method for method in ("GET", "POST") if _takes(run, name, method))
        run.expect(taken, f"{name} takes its parameters neither with GET nor with POST")
        answers.add(taken)
    named = {frozenset(["GET", "POST"]): "both", frozenset(["GET"]): "documented", frozenset(["POST"]): "post-only"}
    run.observe("R-02", named[answers.pop()] if len(answers) == 1 else OPEN, last=len(READS))


@check("R-02c", "F-ERR-04", effect="reads")
def other_methods_are_refused(run: Run) -> None:
    """A method that a read does not take is answered with 1."""
    for name in READS:
        exchange = run.target.raw("PUT", _path(name), encoded(parameters(run, name)), {"Content-Type": JSON})
        run.demand(exchange, 1)


@check("R-46", effect="reads")
def an_unknown_path_is_not_found(run: Run) -> None:
    """A path that is none of the ten is no success."""
    exchange = run.target.raw("GET", NO_SUCH_PATH)
    run.expect(exchange.status != 200 or exchange.code not in (0, None), f"{NO_SUCH_PATH} was answered with HTTP 200")


@check("F-ERR-06", "R-45", effect="reads")
def the_text_of_an_error(run: Run) -> None:
    """The text of error 5 is the documented one in English or Azerbaijani, or empty."""
    rows = load("errors.json")["errors"]
    texts = next(row["err_msg"] for row in rows if (row["scope"], row["code"]) == ("request", 5))
    for name in ("read_proc_status", "etx_read_invoices"):  # under R-03 an answer shows its text, or does not
        exchange = run.target.call(name, {"username": NOBODY, "password": NOBODY, "procId": 1}, way="none")
        run.demand(exchange, 5)
        if "err_msg" in exchange.json:
            said = exchange.json["err_msg"]
            run.observe("R-45", {texts["en"]: "en", texts["az"]: "az", "": "empty"}.get(said, OPEN), note=said)
            return


@check("R-04", "F-ENV-03", effect="reads")
def data_of_a_refusal(run: Run) -> None:
    """An error without details leaves `data` out, or has null there."""
    body = run.demand(refused_read(run), 4, 3).json
    run.expect(body.get("data") is None, f"an error without details has data {body.get('data')!r}")
    run.observe("R-04", "null" if "data" in body else "left-out")


def _path(operation: str) -> str:
    path: str = operations()[operation]["path"]
    return path


def _takes(run: Run, operation: str, method: str) -> bool:
    exchange = run.call(operation, method=method, **parameters(run, operation))
    run.expect(exchange.code is not None, f"{method} {exchange.path} answered {exchange.said}")
    return exchange.code != 1


def _a_method(run: Run, operation: str) -> str:
    """A method that a read takes (R-02)."""
    return run.call(operation, **parameters(run, operation)).method


def _good(run: Run, operation: str) -> Exchange:
    return run.demand(run.call(operation, **parameters(run, operation)), 0)


assert set(_PARAMETERS) == set(READS)

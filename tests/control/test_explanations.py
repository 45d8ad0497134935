"""The control API describes itself, and explains each refusal: what was given, what is allowed, what is nearest."""

import json
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from mock_server import Settings
from mock_server.control import clocks
from mock_server.web.admin.routes import ROUTES
from tests.control.steer import Steer
from tests.live import LiveServer

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


@pytest.fixture
def document(steer: Steer) -> dict[str, Any]:
    found: dict[str, Any] = steer.get("openapi.json")
    return found


def test_the_description_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()


def test_the_description_is_the_table_of_routes(document: dict[str, Any]) -> None:
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert described == {(route.method, route.path) for route in ROUTES}
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names) == len(ROUTES)
    for route in ROUTES:
        operation = document["paths"][route.path][route.method.lower()]
        assert ("requestBody" in operation) is (route.body is not None)
        assert {each["name"] for each in operation["parameters"] if each["in"] == "query"} == set(route.query)
        assert str(route.status) in operation["responses"]
        assert operation["security"] == ([] if route.open else [{"admin": []}])


def test_the_description_knows_the_world_it_is_asked_of(document: dict[str, Any], steer: Steer) -> None:
    base = f"http://127.0.0.1:{steer.port}"
    assert document["servers"] == [{"url": f"{base}/w/{steer.world}/__admin"}]
    assert Steer(steer.port).get("openapi.json")["servers"] == [{"url": f"{base}/__admin"}]


@pytest.mark.parametrize("path", sorted({route.path for route in ROUTES}))
def test_a_wrong_method_is_refused_with_the_right_ones(path: str, steer: Steer) -> None:
    allowed = [route.method for route in ROUTES if route.path == path]
    concrete = path.strip("/").replace("{", "").replace("}", "")
    for method in METHODS:
        if method in allowed:
            continue
        reply = steer.send(method, concrete)
        assert reply.http == 405
        assert reply.headers["allow"] == ", ".join(allowed)
        if method != "HEAD":
            assert (reply.json["given"], reply.json["allowed"]) == (method, allowed)


@pytest.mark.parametrize(
    ("path", "nearest"), [("clok", "/clock"), ("clock/", "/clock"), ("clock/advanc", "/clock/advance"), ("qqq", None)]
)
def test_an_unknown_path_is_refused_with_the_nearest(path: str, nearest: str | None, steer: Steer) -> None:
    problem = steer.refused(404, "POST", path, {})
    assert (problem["given"], problem.get("nearest")) == (f"/{path}", nearest)
    assert set(problem["allowed"]) == {route.path for route in ROUTES}


@pytest.mark.parametrize(
    ("method", "path", "raw"),
    [
        ("PUT", "clock", b'{"frozen": tru}'),
        ("PUT", "clock", b"\xff"),
        ("PUT", "clock", b"[" * 100_000),
        ("PUT", "clock", b"null"),
        ("PUT", "clock", b"5"),
        ("POST", "snapshots", b""),
        ("GET", "clock", b'{"now": 1}'),
        ("DELETE", "faults", b"[]"),
    ],
)
def test_a_body_of_a_wrong_form_is_refused(method: str, path: str, raw: bytes, steer: Steer) -> None:
    steer.refused(400, method, path, raw=raw)


def test_a_body_may_be_left_out_where_nothing_is_needed(steer: Steer) -> None:
    for method, path in (("POST", "reset"), ("PUT", "clock"), ("PUT", "settings"), ("PUT", "readings")):
        assert steer.send(method, path).http == 200
        assert steer.send(method, path, raw=b" {} ").http == 200


def test_an_unknown_query_parameter_is_refused(steer: Steer) -> None:
    assert steer.refused(400, "GET", "clock?now=1")["given"] == "now"


@pytest.mark.parametrize(
    ("method", "path", "body", "nearest"),
    [
        ("PUT", "clock", {"frozn": True}, "frozen"),
        ("POST", "clock/advance", {"bye": "1s"}, "by"),
        ("POST", "reset", {"too": "start"}, "to"),
        ("PUT", "settings", {"pagesize": 3}, "page_size"),
        ("POST", "snapshots", {"nam": "x"}, "name"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest(
    method: str, path: str, body: dict[str, Any], nearest: str, steer: Steer
) -> None:
    problem = steer.refused(400, method, path, body)
    assert (problem["given"], problem["nearest"]) == (next(iter(body)), nearest)
    assert nearest in problem["allowed"]


def test_a_body_is_bounded(steer: Steer) -> None:
    raw = b'{"name": "' + b"x" * (64 * 1024 * 1024) + b'"}'
    assert "at most" in steer.refused(413, "POST", "snapshots", raw=raw)["detail"]
    assert steer.get("snapshots")["total"] == 0


def test_an_error_of_ours_says_so_and_hides_the_rest(monkeypatch: pytest.MonkeyPatch, alone: LiveServer) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a detail that is nobody's business")

    monkeypatch.setattr(clocks, "shown", broken)
    reply = Steer(alone.port).send("GET", "clock")
    assert (reply.http, reply.json["title"]) == (500, "internal error")
    assert b"nobody" not in reply.raw


def test_health_and_version() -> None:
    server = LiveServer(Settings())
    for base in (Steer(server.port), Steer(server.port, "any")):
        assert base.get("health")["ready"] is True
        assert json.dumps(base.get("version"))
    assert [row["name"] for row in Steer(server.port).get("worlds")["worlds"]] == ["default"]
    server.stop()


@pytest.mark.parametrize(
    ("path", "body", "given", "allowed", "nearest"),
    [
        ("faults", {"err_code": "11"}, '"11"', ["a whole number", "null"], None),
        ("faults", {"times": 1.5}, "1.5", ["a whole number", "null"], None),
        ("faults", {"delay": {"min": "1s"}}, '{"min":"1s"}', ["max"], None),
        ("clock/advance", {}, "{}", ["by"], None),
        ("invoices", {"count": 1, "dir": 7}, "7", ["0", "1"], None),
        ("requests/wait", {"count": 0}, "0", ["a whole number >= 1"], None),
        (
            "accounts",
            {"username": "demo", "customers": [{"compny": "5"}]},
            "compny",
            ["company", "phones"],
            "company",
        ),
        ("accounts", {"username": "demo", "password": 5}, "a value of password", ["a text"], None),
        ("snapshots", ["x"], '["x"]', ["an object with name"], None),
    ],
)
def test_a_value_of_a_wrong_form_is_shown_with_the_right_form(
    path: str, body: Any, given: str, allowed: list[str], nearest: str | None, steer: Steer
) -> None:
    problem = steer.refused(400, "POST", path, body)
    assert (problem["given"], problem["allowed"], problem.get("nearest")) == (given, allowed, nearest)


@pytest.mark.parametrize(
    ("path", "nearest"),
    [("processes/12346", "12345"), ("invoices/AA24080000009", "AA24080000001"), ("requests/7", None)],
)
def test_what_is_not_there_is_refused_with_what_is(path: str, nearest: str | None, steer: Steer) -> None:
    problem = steer.refused(404, "GET", path)
    assert (problem["given"], problem.get("nearest")) == (path.partition("/")[2], nearest)

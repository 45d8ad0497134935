"""The simulator's own pages beside the portal: proof of what it is, and the OpenAPI document it serves."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import validate

from tests.http.test_transport import ENDPOINTS, READ_METHODS, named_ten, plain
from tests.http.valid_requests import READS, TEN
from tests.live import Servers

READINGS: tuple[dict[str, str], ...] = (
    {},
    {"R-02": "documented", "R-12": "optional", "R-09": "strict", "R-10": "strict"},
    {"R-02": "post-only", "R-09": "2025-12", "R-14c": "synonym", "R-03": "as-shown", "R-04": "null"},
)


def served(servers: Servers, edition: str = "2025-08", **readings: str) -> dict[str, Any]:
    chosen = {reading.replace("_", "-"): answer for reading, answer in readings.items()}
    response, raw = plain(servers.get(edition=edition, readings=chosen).port, "GET", "/openapi.json")
    assert (response.status, response.getheader("Content-Type")) == (200, "application/json")
    document: dict[str, Any] = json.loads(raw)
    return document


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def at(document: Any, pointer: str) -> Any:
    for step in pointer.removeprefix("#/").split("/"):
        key = step.replace("~1", "/").replace("~0", "~")
        document = document[int(key)] if isinstance(document, list) else document[key]
    return document


@pytest.mark.parametrize("edition", ["2025-08", "2025-12"])
@pytest.mark.parametrize("readings", READINGS, ids=lambda readings: "+".join(readings) or "defaults")
def test_openapi_is_valid_and_whole(servers: Servers, edition: str, readings: dict[str, str]) -> None:
    document = served(servers, edition, **readings)
    assert document["openapi"].startswith("3.1")
    validate(document)
    assert set(document["paths"]) == {line.split()[1] for line in ENDPOINTS.values()}
    found = set(references(document))
    assert found
    for reference in found:
        assert reference.startswith("#/"), reference
        assert at(document, reference) is not None
    text = json.dumps(document)
    assert not any(word in text for word in ('"$id"', '"$schema"', "x-reading", "urn:vatportal"))


@pytest.mark.parametrize("answer", READ_METHODS)
def test_openapi_has_the_methods_in_force(servers: Servers, answer: str) -> None:
    document = served(servers, R_02=answer)
    names = []
    for name in TEN:
        method, path = ENDPOINTS[name].split()
        operations = {key: each for key, each in document["paths"][path].items() if "operationId" in each}
        taken = READ_METHODS[answer] if name in READS else {method}
        assert {key.upper() for key in operations} == taken
        names += [each["operationId"] for each in operations.values()]
        assert name in names
    assert len(names) == len(set(names))


def test_openapi_has_the_forms_in_force(servers: Servers) -> None:
    for answer, required in (("required", True), ("optional", False)):
        schema = served(servers, R_12=answer)["components"]["schemas"]["requests_etx_import"]
        assert ("phone" in schema["required"]) == required
    for answer, number in (("61", 3), ("synonym", 5)):
        schema = served(servers, R_14c=answer)["components"]["schemas"]["invoice"]
        assert len(schema["properties"]["type"]["enum"]) == number


def test_openapi_names_the_server_it_came_from(servers: Servers) -> None:
    port = servers.get().port
    assert served(servers)["servers"] == [{"url": f"http://127.0.0.1:{port}/api"}]


def test_simulator_says_what_it_is_and_returns_the_nonce(servers: Servers) -> None:
    port = servers.get().port
    for query, nonce in (
        ("?nonce=abc", "abc"),
        ("", ""),
        ("?nonce=" + "x" * 999, "x" * 200),
        ("?nonce=%C9%99%22", 'ə"'),
    ):
        response, raw = plain(port, "GET", f"/__simulator{query}")
        assert (response.status, json.loads(raw)) == (200, {"simulator": "vatportal-mock", "nonce": nonce})


@pytest.mark.parametrize("path", ["/favicon.ico", "/__simulato", "/openapi.yaml", "/w/x/y"])
@pytest.mark.proves("R-46")
def test_what_is_no_page_names_the_ten_paths(servers: Servers, path: str) -> None:
    response, raw = plain(servers.get().port, "GET", path)
    assert (response.status, named_ten(raw), b"err_code" in raw) == (404, True, False)


@pytest.mark.parametrize(("answer", "said"), [("accepted", True), ("body-only", False)])
@pytest.mark.proves("R-02b")
def test_openapi_says_whether_a_get_may_have_a_query(answer: str, said: bool, servers: Servers) -> None:
    assert served(servers, R_02b=answer)["x-query"] is said

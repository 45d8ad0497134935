"""Every documented sample and every error example, sent to a live server, each on a fresh world."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mock_server.portal.moments import BAKU
from tests.client import ACCOUNTS, JSON, Account, Portal, Reply
from tests.live import Servers, fresh_world

_FIXTURES = Path(__file__).parents[2] / "fixtures"
FILES = sorted([*_FIXTURES.glob("samples/*/*.json"), *_FIXTURES.glob("errors/*.json")])
_TODAY = re.compile(r"\{today(?:-([0-9]+))?\}")


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_example_gets_the_documented_answer(file: Path, servers: Servers, proves: Callable[..., None]) -> None:
    example = json.loads(file.read_text("utf-8"))
    server = servers.get(edition=example["edition"], readings=example.get("readings", {}))
    world = fresh_world()
    process: int | None = None
    for step in example["steps"]:
        account = ACCOUNTS[step.get("as") or "demo"]
        portal = Portal(server.port, world, account.username)
        reply = _sent(portal, step, account, process)
        process = _compare(step["expect"], reply) or process
        if "then" in step:
            assert process is not None
            _follow(portal, step, process, account)
    if example["steps"]:
        proves(*example["facts"], *example.get("readings", {}), *example.get("rests_on", []))


def _sent(portal: Portal, step: Mapping[str, Any], account: Account, process: int | None) -> Reply:
    asis = "as" in step and step["as"] is None

    def filled(value: Any) -> Any:
        return value if asis else _filled(value, account, process)

    headers: dict[str, str | bytes] = {
        name: filled(text).encode("utf-8") for name, text in step.get("headers", {}).items()
    }
    body = None
    if "raw" in step:
        body = filled(step["raw"]).encode("utf-8")
    elif "body" in step:
        body = json.dumps(filled(step["body"]), ensure_ascii=False).encode("utf-8")
    kind = step.get("content_type", JSON if body is not None else None)
    if kind is not None:
        headers["Content-Type"] = kind
    return portal.send(step["method"], filled(step["path"]), body, headers)


def _filled(value: Any, account: Account, process: int | None) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inner, account, process) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, account, process) for inner in value]
    if not isinstance(value, str):
        return value
    if value == "{procId}":
        return process
    for name, text in account._asdict().items():
        value = value.replace(f"{{{name}}}", text)
    return _TODAY.sub(_date, value)


def _date(match: re.Match[str]) -> str:
    moment = datetime.now(BAKU) - timedelta(days=int(match[1] or 0))
    return moment.strftime("%d.%m.%Y")


def _compare(expect: Mapping[str, Any], reply: Reply) -> int | None:
    """The number of the process that the answer names, if it names one."""
    assert reply.http == expect.get("http", 200), reply
    if "err_code" not in expect:
        if "body" in expect:
            _subset(expect["body"], reply.json)
        return None
    assert reply.json["err_code"] == expect["err_code"], reply.json
    if "err_msg" in expect:
        assert reply.json["err_msg"] == expect["err_msg"]
    if expect.get("data", 0) is None:
        assert reply.json["data"] is None
    elif "data" in expect:
        entries = expect["data"].get("invoices")
        if expect["err_code"] == 14 and entries is not None:
            assert [sorted(entry) for entry in reply.data["invoices"]] == [sorted(entry) for entry in entries]
        else:
            _subset(expect["data"], reply.data)
    for name, some in expect.get("contains", {}).items():
        for wanted in some:
            assert any(_is_subset(wanted, row) for row in reply.data[name]), (wanted, reply.data[name][:3])
    data = reply.json.get("data")
    return data.get("id") if isinstance(data, dict) else None


def _follow(portal: Portal, step: Mapping[str, Any], process: int, account: Account) -> None:
    body: dict[str, Any] = {"procId": process}
    if account.username == "partner":
        body["phone"] = account.phone
    data = portal.call("read_proc_status", **body).data
    assert data["status"] == {"finished": 2, "failed": 3}[step["then"]], data
    _subset(step.get("final", {}), data)


def _is_subset(wanted: Any, got: Any) -> bool:
    try:
        _subset(wanted, got)
    except AssertionError:
        return False
    return True


def _subset(wanted: Any, got: Any) -> None:
    if wanted in ("<any>", "<process>", "<text>"):
        assert wanted != "<process>" or isinstance(got, int)
        assert wanted != "<text>" or (isinstance(got, str) and got)
    elif isinstance(wanted, dict):
        assert isinstance(got, dict), (wanted, got)
        for key, inner in wanted.items():
            assert key in got, (key, got)
            _subset(inner, got[key])
    elif isinstance(wanted, list):
        assert isinstance(got, list), (wanted, got)
        assert len(wanted) == len(got), (wanted, got)
        for one, other in zip(wanted, got, strict=True):
            _subset(one, other)
    else:
        assert wanted == got, (wanted, got)

"""Worlds from a file: what a good one brings, and what is said of a bad one."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mock_server import Settings, create_app
from mock_server.refusals import ConfigurationError
from tests.client import JSON, Portal, dumped
from tests.timed import timed

World = dict[str, Any]
Change = Callable[[World], object]

DEFAULT: World = json.loads((Path(__file__).parents[1] / "fixtures/worlds/default.json").read_bytes())
TIN = "7777777777"


def small() -> World:
    """One company with one user, one draft and what was downloaded once."""
    registered = copy.deepcopy(next(row for row in DEFAULT["registry"] if row["status"] == "approved"))
    registered |= {"serial": "ZZ", "number": "25010000001", "uploader": TIN, "id": 71, "created": {"ago": "2d"}}
    registered.pop("erp_id", None)
    kept = copy.deepcopy(DEFAULT["portal"][0]["invoice"]) | {"id": "INV-0000071"}
    account = {"username": "aysel", "password": "gizli söz", "token": "t-aysel", "secret": "s", "company": TIN}
    return {
        "format": 1,
        "name": "small",
        "series": "ZZ",
        "next_process": 900,
        "companies": [{"tin": TIN, "name": "Kiçik MMC", "warehouses": [{"code": "W1", "name": "Anbar"}]}],
        "accounts": [account],
        "registry": [registered],
        "portal": [
            {"company": TIN, "imported": {"ago": "1d"}, "state": "signed", "invoice": kept, "qaime": "ZZ25010000001"}
        ],
        "processes": [
            {
                "id": 899,
                "kind": "download",
                "company": TIN,
                "username": "aysel",
                "began": "31.01.2025 10:00",
                "dir": 1,
                "brought": ["ZZ25010000001"],
            }
        ],
    }


def written(folder: Path, world: World) -> Path:
    file = folder / "world.json"
    file.write_text(json.dumps(world, ensure_ascii=False), "utf-8")
    return file


def called(portal: Portal, path: str, username: str, password: str, **body: Any) -> Any:
    credentials = {"username": username, "password": password}
    return portal.send("POST", path, dumped({**credentials, **body}), {"Content-Type": JSON}).json


def test_every_world_starts_from_the_file(tmp_path: Path) -> None:
    with timed(world=written(tmp_path, small()), pace="instant") as server:
        for world in ("default", "other"):
            portal = server.portal(world)
            read = called(portal, "/inv/read_invoices", "aysel", "gizli söz", ids=["INV-0000071", "ERP-INV-001"])
            assert read["data"] == {"invoices": [{"id": "INV-0000071", "qaime": "ZZ25010000001"}], "total": 1}
            status = called(portal, "/job/read_proc_status", "aysel", "gizli söz", procId=899)
            assert (status["data"]["status"], status["data"]["stats"]["imported"]) == (2, 1)
            assert called(portal, "/inv/read_invoices", "demo", "demo", ids=[])["err_code"] == 5


def test_a_database_keeps_its_worlds_when_the_file_changes(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/portal.db"
    create_app(Settings(database=database, seed=1)).close()
    with timed(world=written(tmp_path, small()), database=database, pace="instant") as server:
        for world, demo, aysel in (("default", 0, 5), ("new", 5, 0)):
            portal = server.portal(world)
            codes = [
                called(portal, "/inv/read_invoices", username, password, ids=["INV-0000071"])["err_code"]
                for username, password in (("demo", "demo"), ("aysel", "gizli söz"))
            ]
            assert codes == [demo, aysel]


def put(path: str, value: Any) -> Change:
    """Puts a value at a place such as `registry.0.kind`."""
    *way, last = [int(key) if key.isdecimal() else key for key in path.split(".")]

    def change(world: World) -> None:
        target: Any = world
        for key in way:
            target = target[key]
        target[last] = value

    return change


def drop(path: str) -> Change:
    *way, last = [int(key) if key.isdecimal() else key for key in path.split(".")]

    def change(world: World) -> None:
        target: Any = world
        for key in way:
            target = target[key]
        del target[last]

    return change


def again(path: str, **other: Any) -> Change:
    """A second entry like the first of a list, but for `other`."""

    def change(world: World) -> None:
        target: Any = world
        for key in path.split("."):
            target = target[int(key) if key.isdecimal() else key]
        target.append(copy.deepcopy(target[0]) | other)

    return change


BAD: dict[str, tuple[Change, str]] = {
    # the form
    "another format": (put("format", 2), "$.format: 1 was expected"),
    "no companies": (put("companies", []), "$.companies: [] has less than 1 item"),
    "unknown key": (put("colour", "red"), "'colour' was unexpected"),
    "no token": (drop("accounts.0.token"), '$.accounts[0]: "token" is a required property'),
    "tin": (put("companies.0.tin", "77"), '$.companies[0].tin: "77" does not match'),
    "phone": (put("accounts.0.phones", ["0501234567"]), "$.accounts[0].phones[0]"),
    "series": (put("series", "Z1"), "$.series"),
    "kind": (put("registry.0.kind", "default"), '$.registry[0].kind: "default" is not one of'),
    "status": (put("registry.0.status", "gone"), "$.registry[0].status"),
    "draft of nobody": (put("registry.0", DEFAULT["registry"][0] | {"uploader": None}), "$.registry[0].uploader"),
    "amount": (put("registry.0.invoice.vat_amount", "1"), '$.registry[0].invoice.vat_amount: "1" is not of type'),
    "no line": (put("registry.0.invoice.lines", []), "$.registry[0].invoice.lines"),
    "seller absent": (drop("registry.0.invoice.tin_from"), '"tin_from" is a required property'),
    "signed without qaime": (drop("portal.0.qaime"), '$.portal[0]: "qaime" is a required property'),
    "invoice without id": (drop("portal.0.invoice.id"), '"id" is a required property'),
    "download without dir": (drop("processes.0.dir"), '$.processes[0]: "dir" is a required property'),
    "date": (put("registry.0.created", "2025-01-31"), '$.registry[0].created: "2025-01-31" does not match'),
    "ago": (put("registry.0.created", {"ago": "soon"}), '$.registry[0].created.ago: "soon" does not match'),
    # numbers and dates
    "date of no calendar": (put("processes.0.began", "31.02.2025 10:00"), "899: 31.02.2025 10:00 is in no calendar"),
    "too long ago": (
        put("portal.0.imported", {"ago": "999999d"}),
        "of INV-0000071: '999999d' is no duration up to 36500d",
    ),
    "wide amount": (put("registry.0.invoice.vat_amount", 1e30), "is beyond 1000000000000000"),
    "wide number": (put("next_process", 10**16), "the number 10000000000000000 is beyond"),
    # what stands twice
    "company twice": (again("companies"), f"the company {TIN} stands 2 times"),
    "warehouse twice": (again("companies.0.warehouses"), f"at {TIN} the warehouse W1 stands 2 times"),
    "user twice": (again("accounts", token="other"), "the user aysel stands 2 times"),
    "token twice": (again("accounts", username="leyla"), "the token at $.accounts[0].token stands 2 times"),
    "qaime twice": (again("registry", id=72), "the qaime ZZ25010000001 stands 2 times"),
    "id twice": (again("registry", number="25010000002"), "the id in registry 71 stands 2 times"),
    "invoice twice": (again("portal"), f"the invoice in portal INV-0000071 of {TIN} stands 2 times"),
    "process twice": (again("processes"), "the process 899 stands 2 times"),
    # who and what is not there
    "stranger's user": (put("accounts.0.company", "8" * 10), "the user aysel is of the company 8888888888"),
    "stranger's customer": (
        put("accounts.0.customers", [{"company": "8" * 10, "phones": []}]),
        "a customer of the user aysel is of the company 8888888888",
    ),
    "stranger's upload": (put("registry.0.uploader", "8" * 10), "the uploader of ZZ25010000001 is of the company"),
    "stranger's invoice": (put("portal.0.company", "8" * 10), "INV-0000071 in portal is of the company 8888888888"),
    "unknown qaime": (put("portal.0.qaime", "ZZ25010000009"), "INV-0000071 in portal has ZZ25010000009, which"),
    "qaime of an outsider": (put("registry.0.uploader", None), f"which {TIN} has not in registry"),
    "unknown user": (put("processes.0.username", "leyla"), f"is of the user leyla, whom {TIN} does not have"),
    "unknown download": (put("processes.0.brought", ["ZZ25010000009"]), "brought ZZ25010000009, which registry"),
}


@pytest.mark.parametrize(("change", "says"), BAD.values(), ids=BAD)
def test_a_bad_file_is_refused_with_name_place_and_reason(change: Change, says: str, tmp_path: Path) -> None:
    world = small()
    change(world)
    file = written(tmp_path, world)
    with pytest.raises(ConfigurationError) as refused:
        create_app(Settings(world=file))
    text = str(refused.value)
    assert text.startswith(f"{file}: ")
    assert says in text
    assert len(text) < 600


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"null", b'{"format": NaN}', "{'format': 1}".encode("utf-16"), b"[" * 100_000, b"\xff\xfe"],
    ids=["empty", "cut short", "a list", "null", "NaN", "UTF-16", "deep", "bytes"],
)
def test_what_is_no_json_object_is_refused(raw: bytes, tmp_path: Path) -> None:
    file = tmp_path / "world.json"
    file.write_bytes(raw)
    with pytest.raises(ConfigurationError) as refused:
        create_app(Settings(world=file))
    assert str(refused.value).startswith(f"{file}: ")


def test_the_small_world_is_not_bad(tmp_path: Path) -> None:
    create_app(Settings(world=written(tmp_path, small()))).close()

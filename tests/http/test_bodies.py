"""What a body may look like: JSON types, `null`, keys given twice, bounds."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from fixtures.builders import invoice
from mock_server.rulebook.constants import BODY_MEMBERS, IMPORT_ITEMS, IMPORT_MISTAKES
from mock_server.rulebook.documents import load
from tests.client import JSON, Portal, Reply, dumped
from tests.http.valid_requests import BODIES, TEN, WITH_CREDENTIALS, asked, code_of
from tests.live import Servers, fresh_world

TOKEN = {"Content-Type": JSON, "x-vatpapikey": "demo-token"}
STATUS = "/job/read_proc_status"
SCHEMA, ITEM = load("invoice.json"), load("item.json")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b'[{"procId": 123}]',
        b'"procId"',
        b"123",
        b"true",
        b"{",
        b'{"procId": 123',
        b'{"procId": 123}}',
        b'{"procId": 123} {}',
        b"{'procId': 123}",
        b"{procId: 123}",
        b'{"procId": 123,}',
        b'{"procId": 0123}',
        b'{"procId": +123}',
        b'{"procId": NaN}',
        b'{"procId": 123, "x": Infinity}',
        b'{"procId": 123, "x": "\\ud800"}',
        b'{"procId": 123, "x": "\xff"}',
        b'{"procId": 123, "x": "\x01"}',
        b'\xef\xbb\xbf{"procId": 123}',
        b"procId=123",
    ],
)
@pytest.mark.proves("F-ERR-04", "F-ENV-02")
def test_no_json_or_no_object_is_3(portal: Portal, raw: bytes) -> None:
    assert portal.send("POST", STATUS, raw, TOKEN).code == 3


@pytest.mark.proves("R-82")
def test_of_a_key_given_twice_the_last_counts(portal: Portal) -> None:
    assert portal.send("POST", STATUS, b'{"procId": "x", "procId": 123}', TOKEN).code == 0
    assert portal.send("POST", STATUS, b'{"procId": 123, "procId": "x"}', TOKEN).code == 3
    assert portal.send("POST", STATUS, b'{"procId": 123, "procId": null}', TOKEN).code == 3
    once = dumped({"invoices": [invoice(1)]})
    row = once.replace(b'"id":', b'"id":1,"id":').replace(b'"name":', b'"name":"","name":')
    assert portal.send("POST", "/inv/import_upload_invoices.php", row, TOKEN).code == 0


OTHER_TYPES: list[tuple[str, dict[str, Any]]] = [
    ("read_proc_status", {"procId": "123"}),
    ("read_proc_data", {"procId": " 123 "}),
    ("etx_read_invoices", {"procId": "123"}),
    ("etx_read_invoices", {"procId": 123, "from": "1"}),
    ("etx_read_invoices", {"procId": 123, "dir": "1"}),
    ("etx_import", {"dir": "1"}),
    ("etx_import", {"phone": 994501234567}),
    ("etx_delete", {"serialNumbers": ["MT2412 25000100"], "is_signed": 1}),
    ("etx_delete", {"serialNumbers": ["MT2412 25000100"], "is_signed": "true"}),
    ("import_upload_invoices", {"upload": "true"}),
    ("import_upload_invoices", {"use_old_sys": 0}),
]


@pytest.mark.parametrize(("name", "members"), OTHER_TYPES)
@pytest.mark.proves("R-42")
def test_value_of_another_json_type(servers: Servers, name: str, members: Mapping[str, Any]) -> None:
    for answer, code in (("refused", 3), ("coerce", 0)):
        portal = Portal(servers.get(readings={"R-42": answer}).port, fresh_world())
        assert asked(portal, name, **members).code == code, answer


def imported(portal: Portal, row: Mapping[str, Any]) -> Reply:
    return portal.call("import_upload_invoices", invoices=[row])


@pytest.mark.parametrize(
    ("field", "code", "as_text"),
    [("sum_total", 29, str), ("sum_subtotal1", 25, str), ("sum_apply_vat_amount", 31, str), ("seller", 21, int)],
)
@pytest.mark.proves("R-42", "R-53")
def test_value_of_another_json_type_inside_an_invoice(servers: Servers, field: str, code: int, as_text: type) -> None:
    row = {**invoice(1), field: as_text(invoice(1)[field])}
    refused = imported(Portal(servers.get(readings={"R-42": "refused"}).port, fresh_world()), row)
    assert (refused.code, refused.data) == (14, {"invoices": [[code]]})
    assert imported(Portal(servers.get(readings={"R-42": "coerce"}).port, fresh_world()), row).code == 0


@pytest.mark.parametrize("answer", ["refused", "coerce"])
@pytest.mark.proves("R-42")
def test_whole_number_with_a_fraction_of_nothing_is_an_integer(servers: Servers, answer: str) -> None:
    portal = Portal(servers.get(readings={"R-42": answer}).port, fresh_world())
    for number, code in ((b"123.0", 0), (b"1.23e2", 0), (b"123.5", 3), (b"7e-1", 3)):
        assert portal.send("POST", STATUS, b'{"procId": ' + number + b"}", TOKEN).code == code, number


@pytest.mark.parametrize("answer", ["refused", "coerce"])
@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("etx_import", {"dir": 7}),
        ("etx_import", {"dir": "7"}),
        ("etx_read_invoices", {"from": 0}),
        ("read_proc_status", {"procId": -1}),
        ("read_proc_status", {"procId": "one"}),
        ("etx_delete", {"is_signed": 2}),
        ("import_upload_invoices", {"upload": "perhaps"}),
        ("inv_read_invoices", {"ids": {"0": "INV-2024-001"}}),
    ],
)
@pytest.mark.proves("R-42")
def test_value_that_says_nothing_is_3_under_both(
    servers: Servers, answer: str, name: str, members: Mapping[str, Any]
) -> None:
    portal = Portal(servers.get(readings={"R-42": answer}).port, fresh_world())
    assert asked(portal, name, **members).code == 3


@pytest.mark.parametrize("answer", ["refused", "coerce"])
@pytest.mark.parametrize("member", [{"username": 1}, {"password": ["demo"]}, {"username": True}])
@pytest.mark.proves("R-42")
def test_credentials_that_are_no_texts(servers: Servers, answer: str, member: Mapping[str, Any]) -> None:
    portal = Portal(servers.get(readings={"R-42": answer}).port, fresh_world())
    number_as_text = answer == "coerce" and dumped(member) == b'{"username":1}'
    assert asked(portal, "read_proc_status", **member).code == (5 if number_as_text else 3)


MEMBERS = {
    "import_upload_invoices": ("invoices", "upload", "use_old_sys"),
    "inv_read_invoices": ("ids", "date_from", "date_to"),
    "inv_delete": ("ids",),
    "read_proc_status": ("procId",),
    "read_proc_data": ("procId",),
    "etx_import": ("phone", "date_from", "date_to", "dir", "inc_kinds", "exc_kinds", "inc_status", "exc_status"),
    "etx_read_invoices": ("phone", "procId", "date_from", "date_to", "dir", "from"),
    "etx_delete": ("serialNumbers", "is_signed"),
    "reset_start": ("login",),
    "reset_confirm": ("login", "key"),
}


def root_members() -> Iterator[tuple[str, str]]:
    for name, keys in MEMBERS.items():
        credentials = ("username", "password") if name in WITH_CREDENTIALS else ()
        for key in (*keys, *credentials, "phone"):
            yield name, key


def same_answer(one: Reply, other: Reply) -> bool:
    if "plain_value" in one.json:
        return list(one.json) == list(other.json)
    return bool(one.json == other.json)


@pytest.mark.parametrize(("name", "key"), sorted(set(root_members())))
@pytest.mark.proves("R-44")
def test_null_is_as_if_absent(servers: Servers, name: str, key: str) -> None:
    port = servers.get().port
    portals = Portal(port, fresh_world()), Portal(port, fresh_world())
    whole = {**({"username": "demo", "password": "demo"} if name in WITH_CREDENTIALS else {}), **BODIES[name]}
    without = {name: value for name, value in whole.items() if name != key}
    bodies = {**whole, key: None}, without
    nulled, absent = (sent(portal, name, body) for portal, body in zip(portals, bodies, strict=True))
    assert same_answer(nulled, absent), (nulled, absent)


def sent(portal: Portal, name: str, body: Mapping[str, Any]) -> Reply:
    """The call with this body and no credentials but those in it."""
    return portal.call(name, token="", **body)


FULL = {
    **invoice(1, type="goodsTransfer", taxation="everything"),
    "with_agent": True,
    "transp_reg_number": "10-AA-100",
}


@pytest.mark.parametrize("key", sorted(FULL))
@pytest.mark.proves("R-44")
def test_null_in_an_invoice_is_as_if_absent(servers: Servers, key: str) -> None:
    nulled, absent = {**FULL, key: None}, {name: value for name, value in FULL.items() if name != key}
    assert_same_import(servers.get().port, nulled, absent)


@pytest.mark.parametrize("key", sorted(FULL["items"][0]))
@pytest.mark.proves("R-44")
def test_null_in_an_item_is_as_if_absent(servers: Servers, key: str) -> None:
    item = FULL["items"][0]
    nulled, absent = {**item, key: None}, {name: value for name, value in item.items() if name != key}
    assert_same_import(servers.get().port, {**FULL, "items": [nulled]}, {**FULL, "items": [absent]})


def assert_same_import(port: int, one: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    first, second = (imported(Portal(port, fresh_world()), row) for row in (one, other))
    assert first.json == second.json


@pytest.mark.parametrize("name", TEN)
@pytest.mark.proves("R-43")
def test_keys_nobody_asked_for_make_no_difference(servers: Servers, name: str) -> None:
    port = servers.get().port
    strange: dict[str, Any] = {"Username": 1, "proc_id": [{}], "": None, "x" * 500: {"a": 1}, "api_version": 2}
    plain, decorated = asked(Portal(port, fresh_world()), name), asked(Portal(port, fresh_world()), name, **strange)
    assert same_answer(plain, decorated)


@pytest.mark.proves("R-43")
def test_keys_nobody_asked_for_in_invoice_and_item_make_no_difference(portal: Portal) -> None:
    row = invoice(1)
    items = [{**item, "colour": "red"} for item in row["items"]]
    assert imported(portal, {**row, "items": items, "note": ["x"]}).code == 0


def nested(depth: int) -> bytes:
    """An object `depth` levels deep."""
    return b'{"procId": 123, "x": ' + b"[" * (depth - 1) + b"1" + b"]" * (depth - 1) + b"}"


LONG = 10_001


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("import_upload_invoices", {"invoices": [{}] * LONG}),
        ("inv_read_invoices", {"ids": ["INV-2024-001"] * LONG}),
        ("inv_read_invoices", {"ids": ["x" * LONG]}),
        ("inv_delete", {"ids": ["INV-2024-001"] * LONG}),
        ("etx_delete", {"serialNumbers": ["AA2401 10000001"] * LONG}),
        ("etx_delete", {"serialNumbers": ["x" * LONG]}),
        ("etx_import", {"date_from": "0" * LONG}),
        ("etx_import", {"inc_kinds": "defaultInvoice," * 1000}),
        ("reset_start", {"login": "x" * LONG}),
        ("reset_confirm", {"key": "x" * LONG}),
        ("read_proc_status", {"procId": 2**53}),
        ("read_proc_status", {"procId": 10**400}),
    ],
)
@pytest.mark.proves("R-47")
def test_too_many_and_too_long_are_3(portal: Portal, name: str, members: Mapping[str, Any]) -> None:
    assert asked(portal, name, **members).code == 3


@pytest.mark.proves("R-47")
def test_as_many_and_as_long_as_allowed(portal: Portal) -> None:
    assert asked(portal, "inv_read_invoices", ids=["x" * (LONG - 1)]).code == 0
    assert asked(portal, "inv_read_invoices", ids=["INV-2024-001"] * (LONG - 1)).data["total"] == 1
    assert code_of(asked(portal, "reset_start", login="x" * (LONG - 1))) == 0


WRONG_SUMS = [25, 27, 29, 31, 35]
"""Codes of the sums of the header, where the items are no longer those they were made of."""


def spread(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One good invoice over and over, with ten of the items in each."""
    return [{**invoice(1), "items": items[start : start + 10]} for start in range(0, len(items), 10)]


@pytest.mark.proves("R-47", "F-ERR-01", "R-18")
def test_a_whole_import_is_bounded_in_items(portal: Portal) -> None:
    good = invoice(1)["items"][0]
    most = spread([good] * (IMPORT_ITEMS - 1) + [{**good, "unit": ""}])
    reply = asked(portal, "import_upload_invoices", invoices=most)
    assert (reply.code, reply.data["invoices"][-1]) == (14, [*WRONG_SUMS, 45])
    assert reply.data["invoices"][:-1] == [WRONG_SUMS] * (IMPORT_ITEMS // 10 - 1)
    assert asked(portal, "import_upload_invoices", invoices=[*most, invoice(1)]).code == 3
    one = {**invoice(1), "items": [{}] * 100}
    assert asked(portal, "import_upload_invoices", invoices=[one] * LONG).code == 3


@pytest.mark.proves("R-47", "F-ERR-01", "R-18")
def test_a_whole_import_is_bounded_in_mistakes(portal: Portal) -> None:
    """Just below the bound every invoice has its codes."""
    empty: dict[str, Any] = {"items": [{}]}
    each = len(SCHEMA["required"]) - 1 + len(ITEM["required"])
    number, rest = divmod(IMPORT_MISTAKES, each)
    last = {**invoice(1), "items": [{**invoice(1)["items"][0], "unit": "", "name": ""}]}
    reply = asked(portal, "import_upload_invoices", invoices=[empty] * number + [last] * (rest // 2))
    codes = [20, 22, 24, 26, 28, 37, 40, 42, 44, 46, 48, 50, 52, 54, 60]
    assert reply.data == {"invoices": [codes] * number + [[43, 45]] * (rest // 2)}
    assert asked(portal, "import_upload_invoices", invoices=[empty] * (number + 1)).code == 3
    assert asked(portal, "import_upload_invoices", invoices=[{"items": [{}] * 10_000}]).code == 3


@pytest.mark.proves("R-47", "F-ERR-01", "R-18")
def test_a_thousand_invoices_have_their_codes(portal: Portal) -> None:
    """Of ten items each, of which every one has a mistake of its own."""
    good = invoice(1)["items"][0]
    fields = {"unit": 45, "name": 43, "barcode": 50}
    wrong = [{**good, field: ""} for field in fields]
    batch = [{**invoice(1), "items": [wrong[place % 3]] * 10} for place in range(1000)]
    expected = [[*WRONG_SUMS, list(fields.values())[place % 3]] for place in range(1000)]
    assert asked(portal, "import_upload_invoices", invoices=batch).data == {"invoices": expected}


@pytest.mark.proves("R-47", "F-IMP-07")
def test_items_of_avans_invoices_count(portal: Portal) -> None:
    """A few bytes for each, and as much work as if all items were sent."""
    avans = {**invoice(1), "id": "AVANS-0001", "type": "avans", "items": invoice(1)["items"] * 3}
    for field in ("sum_subtotal1", "sum_subtotal2", "sum_total", "sum_apply_vat_amount", "sum_vat_amount"):
        avans[field] = avans[field] * 3
    (qaime,) = portal.uploaded(avans)
    finals = [{"id": f"FINAL-{place:05}", "main_qaime": qaime} for place in range(IMPORT_ITEMS // 3 + 1)]
    assert asked(portal, "import_upload_invoices", invoices=finals).code == 3
    assert asked(portal, "import_upload_invoices", invoices=finals[:-1]).code == 0


@pytest.mark.proves("R-47")
def test_a_body_is_bounded_in_members(portal: Portal) -> None:
    """Told by its commas, before anything of it is read."""
    most = b'{"procId": 123, "odd": [' + b"0," * (BODY_MEMBERS - 1) + b"0]}"
    assert portal.send("POST", STATUS, most, TOKEN).code == 0
    assert portal.send("POST", STATUS, most.replace(b"]", b",0]"), TOKEN).code == 3
    assert portal.send("POST", STATUS, most.replace(b"]", b",0"), TOKEN).code == 3


@pytest.mark.proves("R-47")
def test_too_deep_is_3(portal: Portal) -> None:
    assert portal.send("POST", STATUS, nested(64), TOKEN).code == 0
    for depth in (65, 1000, 200_000):
        assert portal.send("POST", STATUS, nested(depth), TOKEN).code == 3
    assert portal.send("POST", STATUS, b'{"a":' * 100_000, TOKEN).code == 3


WIDE = [b"1e400", b"-1e400", b"1" + b"0" * 400, b"1." + b"1" * 5000, b"1" * 5000, b"1e16"]


@pytest.mark.parametrize("number", WIDE)
@pytest.mark.proves("R-47")
def test_number_too_wide_has_its_fields_code(portal: Portal, number: bytes) -> None:
    row = dumped({"invoices": [{**invoice(1), "sum_total": 777777}]}).replace(b"777777", number)
    reply = portal.send("POST", "/inv/import_upload_invoices.php", row, TOKEN)
    assert (reply.code, reply.data) == (14, {"invoices": [[29]]})
    assert portal.send("POST", STATUS, b'{"procId": ' + number + b"}", TOKEN).code == 3

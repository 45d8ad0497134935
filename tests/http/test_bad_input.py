"""Bad input of every kind gets an envelope with the right code, never an internal error, and stores nothing."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from fixtures.builders import invoice
from mock_server.rulebook.forms import resolved
from mock_server.rulebook.ledger import Ledger
from mock_server.rulebook.operations import BY_NAME
from tests.client import JSON, Portal, Reply, dumped
from tests.http.valid_requests import BODIES, PHONE, TEN, WITH_CREDENTIALS, asked, code_of, right_code

TOKEN = {"Content-Type": JSON, "x-vatpapikey": "demo-token"}
VALID = {name: dumped(body) for name, body in BODIES.items()}
SCHEMAS = {name: resolved(BY_NAME[name].request, Ledger.load().choose_all("2025-08", {})) for name in TEN}
IMPORT = "import_upload_invoices"
NUMBERS = {
    "huge": "1e999999999",
    "hugely negative": "-1e999999999",
    "tiny": "1e-999999999",
    "beyond a float": "1e400",
    "400 digits": "9" * 400,
    "5000 digits": "-" + "9" * 5000,
    "5000 decimals": "0." + "0" * 5000 + "1",
}


def sent(portal: Portal, name: str, raw: bytes, **headers: str) -> Reply:
    """A body as it is, with a token."""
    operation = BY_NAME[name]
    return portal.send(operation.method, operation.path, raw, {**TOKEN, **headers})


def with_members(body: Mapping[str, Any], **texts: str) -> bytes:
    """The body with members given as JSON text, which may be none."""
    marked = {**body, **{name: f"<{name}>" for name in texts}}
    raw = dumped(marked)
    for name, text in texts.items():
        raw = raw.replace(f'"<{name}>"'.encode(), text.encode("utf-8", "surrogatepass"))
    return raw


def judged(name: str, *types: str) -> list[str]:
    """Members of an operation's body that are of one of these types, and are refused when they do not fit."""
    properties = SCHEMAS[name]["properties"].items()
    return [field for field, schema in properties if schema["type"] in types and schema["x-error"]["invalid"]]


# -- the body as a whole


@pytest.mark.proves("F-ERR-04", "R-47")
@pytest.mark.parametrize("name", TEN)
@pytest.mark.usefixtures("kept")
def test_what_is_no_json_object(portal: Portal, name: str) -> None:
    valid = VALID[name]
    bad = {
        "blank": b" \r\n\t",
        "cut short": valid[:-1],
        "and more": valid + b"{}",
        "a comma too many": valid[:-1] + b",}",
        "a comment": b"// all\n" + valid,
        "single quotes": valid.replace(b'"', b"'"),
        "byte order mark": b"\xef\xbb\xbf" + valid,
        "UTF-16": valid.decode().encode("utf-16"),
        "UTF-32": valid.decode().encode("utf-32-le"),
        "Latin-1": valid[:-1] + ', "x": "Bakı ş"}'.encode("cp1254"),
        "a form": b"procId=123&login=demo",
        "XML": b'<?xml version="1.0"?><procId>123</procId>',
        "zeros": bytes(64),
        "in a list": b"[" + valid + b"]",
        "a text": json.dumps(valid.decode()).encode(),
        "a number": b"123",
        "true": b"true",
        "null": b"null",
        "a raw control character": valid[:-1] + b', "x": "\x00"}',
        "NaN": valid[:-1] + b', "x": NaN}',
        "NaN among giants": valid[:-1] + b', "x": ' + b"9" * 5000 + b', "y": NaN}',
        "Infinity": valid[:-1] + b', "x": [Infinity]}',
        "-Infinity": valid[:-1] + b', "x": {"y": -Infinity}}',
        "lone surrogate": valid[:-1] + b', "x": "\\ud800"}',
        "lone surrogate as key": valid[:-1] + b', "\\udfff": 1}',
        "surrogates the wrong way round": valid[:-1] + b', "x": "\\udc00\\ud800"}',
        "lone surrogate among giants": valid[:-1] + b', "y": ' + b"9" * 5000 + b', "x": "\\ud800"}',
        "surrogate in UTF-8": valid[:-1] + b', "x": "\xed\xa0\x80"}',
        "no UTF-8": valid[:-1] + b', "x": "\xff\xfe"}',
        "overlong UTF-8": valid[:-1] + b', "x": "\xc0\xaf"}',
        "deep": valid[:-1] + b', "x": ' + b"[" * 64 + b"]" * 64 + b"}",
        "deep objects": valid[:-1] + b', "x": ' + b'{"x":' * 64 + b"1" + b"}" * 64 + b"}",
        "abysmal": b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        "endless": b'{"x":' * 100_000,
    }
    assert {title: sent(portal, name, raw).code for title, raw in bad.items()} == dict.fromkeys(bad, 3)


@pytest.mark.proves("F-ERR-04", "R-41")
@pytest.mark.usefixtures("kept")
def test_an_empty_body(portal: Portal) -> None:
    """A GET without a body asks for nothing; whatever is required is missing."""
    found = {name: sent(portal, name, b"").code for name in TEN}
    assert found == dict.fromkeys(TEN, 3)


@pytest.mark.proves("F-ERR-04")
@pytest.mark.parametrize("name", TEN)
@pytest.mark.usefixtures("kept")
def test_a_good_body_sent_the_wrong_way(portal: Portal, name: str) -> None:
    operation, raw = BY_NAME[name], VALID[name]
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - {operation.method}:
        if not (operation.data_read and method == "POST"):
            assert portal.send(method, operation.path, raw, TOKEN).code == 1, method
    for kind in ("", "text/json", "application/jsonp", "application/x-www-form-urlencoded", "json", "*/*", "\xff"):
        assert sent(portal, name, raw, **{"Content-Type": kind}).code == 2, kind
    assert portal.send(operation.method, operation.path, raw, {"x-vatpapikey": "demo-token"}).code == 2
    for path in (operation.path + "/", operation.path + ".php", operation.path.upper(), "/" + operation.path, "/x"):
        reply = portal.send(operation.method, path, raw, TOKEN)
        assert (reply.http, len(reply.json["paths"])) == (404, 10), path


# -- members of a body


JSON_TYPES: dict[str, Any] = {
    "boolean": True,
    "integer": -7,
    "number": -0.5,
    "string": "\0",
    "array": [{}],
    "object": {"": []},
}


@pytest.mark.proves("F-ERR-04")
@pytest.mark.parametrize("name", TEN)
@pytest.mark.usefixtures("kept")
def test_every_type_in_every_member(portal: Portal, name: str) -> None:
    """What is not of the member's type is 3; `null` is, where something is required."""
    for field in judged(name, *JSON_TYPES):
        values = {
            kind: value for kind, value in JSON_TYPES.items() if kind != SCHEMAS[name]["properties"][field]["type"]
        }
        found = {
            kind: asked(portal, name, token="demo-token", **{field: value}).code for kind, value in values.items()
        }
        assert found == dict.fromkeys(values, 3), field
        if field in SCHEMAS[name].get("required", ()):
            assert asked(portal, name, token="demo-token", **{field: None}).code == 3


@pytest.mark.proves("R-47")
@pytest.mark.parametrize("name", TEN)
@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
@pytest.mark.usefixtures("kept")
def test_numbers_beyond_all_bounds(portal: Portal, name: str, number: str) -> None:
    for field in judged(name, *JSON_TYPES):
        assert sent(portal, name, with_members(BODIES[name], **{field: number})).code == 3, field


AMOUNTS = {
    "sum_subtotal1": 25,
    "sum_aksiz": 30,
    "sum_subtotal2": 27,
    "sum_apply_vat_amount": 31,
    "sum_skip_vat_amount": 32,
    "sum_vat_zero": 33,
    "sum_vat_free": 34,
    "sum_vat_amount": 35,
    "sum_ttax": 36,
    "sum_total": 29,
}
AMOUNTS_OF_ITEMS = {
    "unit_price": 47,
    "quantity": 49,
    "subtotal1": 52,
    "aksiz": 53,
    "aksizgrade": 60,
    "subtotal2": 54,
    "apply_vat_amount": 55,
    "skip_vat_amount": 56,
    "vat_zero": 57,
    "vat_free": 58,
    "vat_amount": 59,
    "transport_tax": 60,
    "total": 60,
}


@pytest.mark.proves("R-47", "F-ERR-05")
@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
@pytest.mark.usefixtures("kept")
def test_amounts_beyond_all_bounds(portal: Portal, number: str) -> None:
    """Each has the code of its field."""
    wrong: list[bytes] = [with_members(invoice(1, taxation="everything"), **{field: number}) for field in AMOUNTS]
    for field in AMOUNTS_OF_ITEMS:
        built = invoice(1, taxation="everything")
        item = with_members(built["items"][0], **{field: number})
        wrong.append(with_members(built, items=f"[{item.decode()}]"))
    raw = b'{"invoices":[' + b",".join(wrong) + b"]}"
    expected = [[code] for code in (*AMOUNTS.values(), *AMOUNTS_OF_ITEMS.values())]
    assert sent(portal, IMPORT, raw).data == {"invoices": expected}


# -- texts

NEAR_MISSES: list[tuple[str, dict[str, Any], int]] = [
    ("etx_import", {"phone": PHONE + "\n"}, 3),
    ("etx_import", {"phone": "٩٩٤٥٠١٢٣٤٥٦٧"}, 3),
    ("etx_import", {"phone": PHONE + "\0"}, 3),
    ("etx_import", {"date_from": "01.08.2025\n"}, 3),
    ("etx_import", {"date_from": "٠١.٠٨.٢٠٢٥"}, 3),
    ("etx_import", {"date_to": "07.08.2025\0"}, 3),
    ("etx_import", {"date_to": "07.08.2025 10:30\n"}, 3),
    ("etx_read_invoices", {"phone": "９９４５０１２３４５６７"}, 3),
    ("etx_delete", {"serialNumbers": ["AA2401 10000001\n"]}, 20),
    ("etx_delete", {"serialNumbers": ["AA2401 ١٠٠٠٠٠٠١"]}, 20),
    ("etx_delete", {"serialNumbers": ["AA2401\0 10000001"]}, 20),
    ("etx_delete", {"serialNumbers": ["АА2401 10000001"]}, 20),
    ("inv_delete", {"ids": ["INV-2024-001\n"]}, 20),
    ("inv_delete", {"ids": ["INV-2024-001\0"]}, 3),
    ("inv_read_invoices", {"ids": ["INV-2024-001\0"]}, 3),
    ("reset_confirm", {"login": "demo\0"}, 5),
    ("reset_confirm", {"login": "demo\n", "key": "٠" * 64}, 5),
]


@pytest.mark.proves("F-ERR-04", "R-08")
@pytest.mark.parametrize(("name", "members", "code"), NEAR_MISSES)
@pytest.mark.usefixtures("kept")
def test_texts_that_nearly_fit(portal: Portal, name: str, members: dict[str, Any], code: int) -> None:
    """A line break behind a number, digits of other alphabets, NUL, letters of another script that look alike."""
    assert asked(portal, name, token="demo-token", **members).code == code


@pytest.mark.proves("F-ERR-05", "R-53", "R-57")
@pytest.mark.usefixtures("kept")
def test_texts_of_an_invoice_that_nearly_fit(portal: Portal) -> None:
    header = [
        ("seller", "1234567890\n", 21),
        ("seller", "١٢٣٤٥٦٧٨٩٠", 21),
        ("seller", "123456789\0", 21),
        ("buyer", "１２３４５６７８９０", 21),
        ("buyer", " 1234567890", 21),
        ("type", "default\n", 61),
        ("type", "default\0", 61),
        ("type", "Default", 61),
        ("id", "BUILT-00000001\0", 38),
        ("id", "\U0001f9fe" * 6, 38),
        ("main_info", "\u3000\u00a0\u2028\ufeff", 23),
        ("main_qaime", "AA24070000000\n", 62),
    ]
    item = [("id", "1234567890\n", 41), ("id", "1234\0", 41), ("barcode", "123\n", 51), ("barcode", "1\0", 51)]
    item += [("name", "\t\r\n", 43), ("unit", "\u2003", 45)]
    wrong = [{**invoice(1), field: text} for field, text, _ in header]
    wrong += [{**invoice(1), "items": [{**invoice(1)["items"][0], field: text}]} for field, text, _ in item]
    reply = asked(portal, IMPORT, invoices=wrong)
    assert reply.data == {"invoices": [[code] for _, _, code in (*header, *item)]}


@pytest.mark.proves("R-47")
@pytest.mark.parametrize("length", [10_001, 1_000_000])
@pytest.mark.usefixtures("kept")
def test_texts_that_are_too_long(portal: Portal, length: int) -> None:
    long = "1" * length
    for name in TEN:
        for field in judged(name, "string"):
            assert asked(portal, name, token="demo-token", **{field: long}).code == 3, (name, field)
    assert asked(portal, "inv_delete", ids=[long]).code == 3
    assert asked(portal, "etx_delete", serialNumbers=[long]).code == 3
    for field in ("id", "main_info", "main_qaime", "add_info", "from_wh", "to_wh"):
        assert asked(portal, IMPORT, invoices=[{**invoice(1), field: long}]).code == 3, field
    for field in ("name", "unit"):
        items = [{**invoice(1)["items"][0], field: long}]
        assert asked(portal, IMPORT, invoices=[{**invoice(1), "items": items}]).code == 3, field
    many = {**invoice(1), "items": [{}] * 10_001}
    assert asked(portal, IMPORT, invoices=[many]).code == 3


@pytest.mark.proves("R-53")
@pytest.mark.usefixtures("kept")
def test_texts_of_a_form_of_their_own_have_its_code_at_any_length(portal: Portal) -> None:
    header = {"type": 61, "seller": 21, "buyer": 21}
    item = {"id": 41, "barcode": 51}
    wrong = [{**invoice(1), field: "1" * 10_001} for field in header]
    wrong += [{**invoice(1), "items": [{**invoice(1)["items"][0], field: "1" * 10_001}]} for field in item]
    expected = [[code] for code in (*header.values(), *item.values())]
    assert asked(portal, IMPORT, invoices=wrong).data == {"invoices": expected}


@pytest.mark.proves("F-AUTH-02", "R-49")
@pytest.mark.parametrize("name", WITH_CREDENTIALS)
@pytest.mark.usefixtures("kept")
def test_odd_credentials(portal: Portal, name: str) -> None:
    odd: list[tuple[dict[str, Any], int]] = [
        ({"username": "demo\0"}, 5),
        ({"password": "demo\n"}, 5),
        ({"username": "x" * 1_000_000}, 5),
        ({"password": "\U0001f511"}, 5),
        ({"username": "' OR 1=1 --"}, 5),
        ({"username": ""}, 4),
        ({"password": None}, 4),
        ({"username": 7}, 3),
        ({"password": ["demo"]}, 3),
    ]
    assert [asked(portal, name, **members).code for members, _ in odd] == [code for _, code in odd]
    for token in ("x" * 1000, "demo-token,demo-token", "şifrə".encode(), b"\xff\xfe"):
        headers: dict[str, str | bytes] = {**TOKEN, "x-vatpapikey": token}
        assert portal.send(BY_NAME[name].method, BY_NAME[name].path, VALID[name], headers).code == 5


@pytest.mark.proves("F-ENV-02", "R-73")
def test_any_text_that_fits_comes_back_as_it_was(portal: Portal) -> None:
    odd = "\0 \x01 \x7f \x85 \u2028 \ufeff \ufffe \U0001f9fe \u202e \\ \" ' </script> %s {} ;-- " + "ə" * 9000
    built = invoice(1)
    built.update(main_info=odd, add_info=odd, transp_reg_number=odd, from_wh=odd)
    built["items"][0].update(name=odd, unit=odd)
    (qaime,) = portal.uploaded(built)
    process = portal.started("etx_import", phone=PHONE, dir=1, date_from="01.01.2020", date_to="31.12.2099")
    page = portal.call("etx_read_invoices", phone=PHONE, procId=process).data["invoices"]
    (found,) = (row for row in page if row["qaime"] == qaime)
    assert {found["main_subject"], found["add_subject"]} == {odd}
    assert {found["lines"][0]["prod_name"], found["lines"][0]["unit_name"]} == {odd}


@pytest.mark.parametrize("name", TEN)
def test_the_good_bodies_are_good(portal: Portal, name: str) -> None:
    """Lest a test above sees a refusal that has another cause."""
    reply = sent(portal, name, VALID[name])
    assert code_of(reply) == right_code(name)

"""The files below `schemas/` hang together, and say of form what the documents say.

The samples here are the documents' own, cut down to what a schema can judge. Sums, dates, duplicates and
whatever else needs a world are judged elsewhere.
"""

import math
from collections.abc import Iterator
from typing import Any

import jsonschema
import jsonschema_rs
import openapi_spec_validator
import pytest
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from mock_server.rulebook.documents import load, schema_files
from mock_server.rulebook.forms import ANNOTATIONS, Form, resolved
from mock_server.rulebook.ledger import Ledger
from tests.tracing import known_ids


def words(text: str) -> list[str]:
    return text.split()


URN = "urn:vatportal:"
SCHEMAS = [name for name in schema_files() if "$schema" in load(name)]
ANSWERS = [name for name in SCHEMAS if name.startswith("answers/")]
REQUESTS = [name for name in SCHEMAS if name.startswith("requests/")]
CODED = [*REQUESTS, "invoice.json", "item.json"]
OPERATIONS = {row["name"]: row for row in load("operations.json")["operations"]}
READINGS = Ledger.load().choose_all("2025-08", {})

WORDS = jsonschema_rs.Registry([(load(name)["$id"], load(name)) for name in SCHEMAS])
REFERENCE: Registry[Any] = Registry().with_resources(
    (load(name)["$id"], DRAFT202012.create_resource(load(name))) for name in SCHEMAS
)

LOGIN = {"username": "myusername", "password": "mypassword"}
PHONE = {"phone": "994501234567"}
WEEK = {"date_from": "01.08.2025", "date_to": "07.08.2025"}
ITEM = {
    "id": "1234567890",
    "name": "Product Name",
    "unit": "pcs",
    "unit_price": 10.0,
    "quantity": 100,
    "barcode": "1234567890000",
    "subtotal1": 1000.0,
    "subtotal2": 1000.0,
    "apply_vat_amount": 1000.0,
    "vat_amount": 180.0,
    "total": 1180.0,
}
INVOICE = {
    "id": "INV-2025-001",
    "main_info": "Contract A001",
    "seller": "1111111111",
    "buyer": "0000000000",
    "sum_subtotal1": 1000.0,
    "sum_subtotal2": 1000.0,
    "sum_total": 1180.0,
    "items": [ITEM],
}
DOCUMENTED_REQUESTS: list[tuple[str, dict[str, Any]]] = [
    ("import_upload_invoices", {**LOGIN, "invoices": [INVOICE]}),
    ("import_upload_invoices", {"invoices": [INVOICE], "upload": True, "use_old_sys": False}),
    ("inv_read_invoices", {**LOGIN, "ids": ["INV-2025-001"]}),
    ("inv_read_invoices", {"ids": [], "date_from": "01.01.2025", "date_to": "31.01.2025"}),
    ("inv_delete", {**LOGIN, "ids": ["ERP-INV-001", "ERP-INV-002"]}),
    ("read_proc_status", {**LOGIN, "procId": 123}),
    ("read_proc_data", {**LOGIN, "procId": 12345}),
    (
        "etx_import",
        {**LOGIN, **PHONE, **WEEK, "dir": 1, "inc_status": "approved,onApproval", "exc_kinds": "agent"},
    ),
    ("etx_import", {**PHONE, "date_from": "01.08.2025 09:00", "date_to": "07.08.2025 18:30"}),
    ("etx_read_invoices", {**LOGIN, **PHONE, "procId": 123, "dir": 1}),
    ("etx_read_invoices", {**LOGIN, **PHONE, **WEEK, "dir": 1, "from": 1}),
    ("etx_delete", {**LOGIN, "serialNumbers": ["AA2401 10000001", "AA2401 10000002"], "is_signed": False}),
    ("etx_delete", {**LOGIN, "serialNumbers": ["MT2412 25000100", "MT2412 25000101"], "is_signed": True}),
    ("etx_delete", {"serialNumbers": ["TEST01 99990001"]}),
    ("reset_start", {"login": "myusername"}),
    ("reset_confirm", {"login": "myusername", "key": "0a" * 32}),
]
REFUSED_REQUESTS: list[tuple[str, dict[str, Any], set[int]]] = [
    ("import_upload_invoices", {}, {3}),
    ("import_upload_invoices", {"invoices": []}, {6}),
    ("import_upload_invoices", {"invoices": {}}, {3}),
    ("import_upload_invoices", {"invoices": [INVOICE], "upload": "true"}, {3}),
    ("inv_delete", {"ids": []}, {3}),
    ("inv_delete", {}, {3}),
    ("read_proc_status", {"procId": "123"}, {3}),
    ("read_proc_data", {}, {3}),
    ("etx_import", {**WEEK}, {3}),
    ("etx_import", {**WEEK, "phone": "0501234567"}, {3}),
    ("etx_import", {**PHONE, **WEEK, "dir": 7}, {3}),
    ("etx_import", {**PHONE, **WEEK, "inc_kinds": ["agent"]}, {3}),
    ("etx_import", {**PHONE, **WEEK, "exc_status": "a" * 2001}, {3}),
    ("etx_import", {**PHONE, "date_to": "07.08.2025"}, {3}),
    ("etx_read_invoices", {**PHONE, **WEEK, "from": 0}, {3}),
    ("etx_read_invoices", {**PHONE, **WEEK, "from": 1.5}, {3}),
    ("etx_delete", {"serialNumbers": []}, {3}),
    ("etx_delete", {"is_signed": True}, {3}),
    ("reset_start", {"login": ""}, {3}),
    ("reset_confirm", {"login": "myusername"}, {3}),
]
LINE_AMOUNTS = words(
    "unit_price unit_qty ini_amount ini_amount2 grade total_excise apply_amount skip_amount "
    "zero_amount free_amount vat_amount transp_amount net_amount"
)
AMOUNTS = words(
    "ini_amount ini_amount1 ini_amount2 excise_amount apply_amount skip_amount zero_amount "
    "free_amount vat_amount transp_amount net_amount"
)
LINE_TEXTS = words("prod_code prod_name barcode unit_name")
TEXTS = words("main_subject add_subject serial number qaime cmp_from cmp_to tin_from tin_to datetime status type")
DOWNLOADED = {
    "id": 12345,
    "main_subject": "Contract A001",
    "add_subject": "Additional info",
    "serial": "AA",
    "number": "24080000001",
    "qaime": "AA24080000001",
    "cmp_from": "Company LLC",
    "cmp_to": "Buyer Company",
    "tin_from": "1111111111",
    "tin_to": "0000000000",
    "datetime": "07.08.2025 14:30",
    "status": "approved",
    "type": "defaultInvoice",
    **dict.fromkeys(AMOUNTS, 1000.0),
    "lines": [{"id": 1, "line": 1, **dict.fromkeys(LINE_TEXTS, "1"), **dict.fromkeys(LINE_AMOUNTS, 10)}],
}
FINISHED = {"status": 2, "status_desc": "Process Finalized Successfully"}
FAILED = {"status": 3, "status_desc": "Process Finalized With Error"}
OK = {"res": 1, "err_code": 0, "err_msg": ""}
DOCUMENTED_ANSWERS: list[tuple[str, dict[str, Any]]] = [
    ("etx_import", {"err_code": 0, "err_msg": "", "data": {"id": 123}}),
    ("etx_import", {"err_code": 0, "data": {"id": 123}}),
    ("etx_delete", {"err_code": 0, "err_msg": "", "data": {"id": 12345}}),
    ("etx_delete", {"err_code": 20, "err_msg": "Qaime not found or not in specified folder"}),
    ("import_upload_invoices", {**OK, "data": {"id": 5001}}),
    (
        "import_upload_invoices",
        {"res": 0, "err_code": 14, "err_msg": "", "data": {"invoices": [[37, 22, 43]]}},
    ),
    ("import_upload_invoices", {"res": 0, "err_code": 6, "err_msg": "Invoices array is empty"}),
    ("read_proc_status", {"res": 1, "err_code": 0, "data": {**FINISHED, "stats": {"deleted": 3}}}),
    (
        "read_proc_status",
        {**OK, "data": {**FAILED, "stats": {"etx_exception": ["Invalid VOEN: 1111111111"]}}},
    ),
    ("read_proc_status", {**OK, "data": {**FINISHED, "stats": {"imported": 1, "login_done": False}}}),
    ("etx_read_invoices", {**OK, "data": {"invoices": [DOWNLOADED], "total": 1}}),
    ("etx_read_invoices", {"res": 0, "err_code": 15, "err_msg": "Phone number required", "data": None}),
    (
        "inv_read_invoices",
        {**OK, "data": {"invoices": [{"id": "INV-001", "qaime": "AA25010000123"}], "total": 1}},
    ),
    ("inv_delete", {**OK, "data": {"deleted": 2}}),
    ("reset_start", {"plain_value": "random challenge"}),
    ("reset_confirm", {"token": "new token"}),
    ("reset_confirm", {"res": 0, "err_code": 5, "err_msg": "Invalid username or password"}),
]
WRONG_ANSWERS: list[tuple[str, dict[str, Any]]] = [
    ("etx_import", {"res": 1, "err_code": 0, "err_msg": ""}),
    ("etx_import", {"res": 0, "err_code": 0, "err_msg": "", "data": {"id": 123}}),
    ("etx_import", {"res": 1, "err_code": 5, "err_msg": ""}),
    ("etx_import", {**OK, "data": {"id": "123"}}),
    ("etx_import", {**OK, "data": {"id": 123}, "note": "a key of its own"}),
    ("import_upload_invoices", {"res": 0, "err_code": 14, "err_msg": ""}),
    ("import_upload_invoices", {"res": 0, "err_code": 14, "err_msg": "", "data": {"invoices": [37, 22]}}),
    ("read_proc_status", {**OK, **FINISHED}),
    ("read_proc_status", {**OK, "data": {**FINISHED, "status": 4, "stats": {}}}),
    ("read_proc_status", {**OK, "data": {**FINISHED, "stats": {"pin1_code": 4821}}}),
    ("etx_read_invoices", {**OK, "data": {"invoices": [{**DOWNLOADED, "status": "draft"}], "total": 1}}),
    (
        "etx_read_invoices",
        {**OK, "data": {"invoices": [{**DOWNLOADED, "net_amount": "1180.00"}], "total": 1}},
    ),
    ("etx_read_invoices", {**OK, "data": {"invoices": [{**DOWNLOADED, "erp_id": "INV-001"}], "total": 1}}),
    ("reset_start", {**OK, "data": {"plain_value": "random challenge"}}),
]

HEADER_CODES = {
    "id": (37, 38),
    "main_info": (22, 23),
    "seller": (20, 21),
    "buyer": (20, 21),
    "sum_subtotal1": (24, 25),
    "sum_subtotal2": (26, 27),
    "sum_total": (28, 29),
    "sum_aksiz": (None, 30),
    "sum_apply_vat_amount": (None, 31),
    "sum_skip_vat_amount": (None, 32),
    "sum_vat_zero": (None, 33),
    "sum_vat_free": (None, 34),
    "sum_vat_amount": (None, 35),
    "sum_ttax": (None, 36),
    "items": (39, 39),
    "type": (None, 61),
    "main_qaime": (None, 62),
    "with_agent": (None, None),
    "add_info": (None, None),
    "transp_reg_number": (None, None),
    "from_wh": (None, None),
    "to_wh": (None, None),
    "wh_field": (None, None),
}
ITEM_CODES = {
    "id": (40, 41),
    "name": (42, 43),
    "unit": (44, 45),
    "unit_price": (46, 47),
    "quantity": (48, 49),
    "barcode": (50, 50),
    "subtotal1": (52, 52),
    "aksiz": (None, 53),
    "subtotal2": (54, 54),
    "apply_vat_amount": (None, 55),
    "skip_vat_amount": (None, 56),
    "vat_zero": (None, 57),
    "vat_free": (None, 58),
    "vat_amount": (None, 59),
    "total": (60, 60),
    "transport_tax": (None, 60),
    "aksizgrade": (None, 60),
}


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a JSON value, itself included."""
    if isinstance(value, dict):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        yield from nodes(each)


def moved(value: Any, home: str) -> Any:
    """A document with every reference led into `components/schemas` of one that holds all."""
    if isinstance(value, list):
        return [moved(each, home) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: address(inner, home) if key == "$ref" else moved(inner, home)
        for key, inner in value.items()
        if key not in ("$id", "$schema")
    }


def address(reference: str, home: str) -> str:
    file, _, pointer = reference.partition("#")
    name = file.removeprefix(URN).removesuffix(".json") or home
    return f"#/components/schemas/{name.replace('/', '.')}{pointer}" if name else reference


def bundled() -> Any:
    """`openapi.json` with the schemas inside."""
    whole = moved(load("openapi.json"), "")
    names = [name.removesuffix(".json") for name in SCHEMAS]
    whole["components"]["schemas"] = {name.replace("/", "."): moved(load(f"{name}.json"), name) for name in names}
    return whole


def described() -> Iterator[tuple[str, str, Any]]:
    """Path, method and description of every operation of `openapi.json`."""
    for path, methods in load("openapi.json")["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def answers_to(operation: str, answer: Any) -> tuple[bool, bool]:
    """What jsonschema-rs and jsonschema think of an answer."""
    schema = load(f"answers/{operation}.json")
    fast = jsonschema_rs.validator_for(schema, registry=WORDS)
    slow = jsonschema.Draft202012Validator(schema, registry=REFERENCE)
    return fast.is_valid(answer), slow.is_valid(answer)


def codes(urn: str, body: Any, **answers: str) -> set[int | None]:
    readings = READINGS.changed({name.replace("_", "-"): answer for name, answer in answers.items()})
    return {violation.code for violation in Form(urn, readings).violations(body)}


def without(body: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != key}


@pytest.mark.parametrize("name", SCHEMAS)
def test_is_a_schema_of_2020_12(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(load(name))
    assert load(name)["$id"] == URN + name.removesuffix(".json")


@pytest.mark.parametrize("name", [*SCHEMAS, "openapi.json"])
def test_every_reference_leads_somewhere(name: str) -> None:
    whole = bundled()
    for node in nodes(moved(load(name), name.removesuffix(".json") if name in SCHEMAS else "")):
        target = whole
        for step in node.get("$ref", "#").split("/")[1:]:
            assert step in target, node["$ref"]
            target = target[step]


@pytest.mark.parametrize("name", CODED)
def test_annotations_are_those_the_program_knows(name: str) -> None:
    used = {key for node in nodes(load(name)) for key in node if key.startswith("x-")}
    assert used <= ANNOTATIONS


def test_annotations_stand_on_schemas_only() -> None:
    assert not [key for node in nodes(load("openapi.json")) for key in node if key.startswith("x-")]


@pytest.mark.parametrize("name", CODED)
def test_readings_in_schemas_are_those_of_the_ledger(name: str) -> None:
    ledger = Ledger.load().readings
    for node in nodes(load(name)):
        for table in (node.get("x-reading", {}), node.get("x-grammar", {})):
            for reading, answers in table.items():
                assert set(answers) == set(ledger[reading].answers)


def test_sources_are_facts_and_readings() -> None:
    for name in (*SCHEMAS, "operations.json", "rules.json", "scenarios.json", "processes.json"):
        for node in nodes(load(name)):
            named = [*node.get("x-source", []), *node.get("sources", []), node.get("source", "F-ENV-01")]
            assert set(named) <= known_ids(), name


@pytest.mark.parametrize("name", CODED)
def test_every_property_says_its_codes_and_the_table_has_them(name: str) -> None:
    schema = load(name)
    table = {(row["scope"], row["code"]) for row in load("errors.json")["errors"]}
    for field in schema["properties"].values():
        used = {code for code in field["x-error"].values() if code is not None}
        assert {(schema["x-scope"], code) for code in used} <= table
    absent_ones = [
        field for field in schema.get("required", []) if not schema["properties"][field]["x-error"]["required"]
    ]
    assert not absent_ones


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_as_a_whole_knows_no_codes_but_3_and_6(name: str) -> None:
    used = {code for node in nodes(load(name)) for code in node.get("x-error", {}).values()}
    assert used <= {3, 6, None}


def test_rules_have_codes_of_the_table_and_names_of_their_own() -> None:
    rules = load("rules.json")["rules"]
    table = {(row["scope"], row["code"]) for row in load("errors.json")["errors"]}
    assert {(rule["scope"], rule["code"]) for rule in rules} <= table
    assert len({rule["name"] for rule in rules}) == len(rules)


def test_answers_know_the_codes_of_the_table() -> None:
    rows = load("errors.json")["errors"]
    table = {row["code"] for row in rows if row["scope"] in ("request", "partner")}
    assert set(load("answers/error.json")["properties"]["err_code"]["enum"]) == table


@pytest.mark.proves("F-ENV-05")
def test_operations_are_the_ten_of_the_documents() -> None:
    listed = [(row["name"], row["path"], row["method"]) for row in OPERATIONS.values()]
    assert listed == [
        ("import_upload_invoices", "/inv/import_upload_invoices.php", "POST"),
        ("inv_read_invoices", "/inv/read_invoices", "GET"),
        ("inv_delete", "/inv/delete", "DELETE"),
        ("read_proc_status", "/job/read_proc_status", "GET"),
        ("read_proc_data", "/job/read_proc_data", "GET"),
        ("etx_import", "/etx/import", "POST"),
        ("etx_read_invoices", "/etx/read_invoices", "GET"),
        ("etx_delete", "/etx/delete", "DELETE"),
        ("reset_start", "/auth/reset_start.php", "GET"),
        ("reset_confirm", "/auth/reset_confirm.php", "POST"),
    ]
    assert [(operation["operationId"], path, method) for path, method, operation in described()] == listed
    assert {f"requests/{name}.json" for name in OPERATIONS} == set(REQUESTS)
    assert {f"answers/{name}.json" for name in (*OPERATIONS, "error", "envelope")} == set(ANSWERS)


def test_operations_name_their_schemas() -> None:
    for name, row in OPERATIONS.items():
        assert (row["request"], row["answer"]) == (f"{URN}requests/{name}", f"{URN}answers/{name}")
        assert row["credentials"] == ("username" in load(f"requests/{name}.json")["properties"])
    reads = {name for name, row in OPERATIONS.items() if row["data_read"]}
    assert reads == {"inv_read_invoices", "read_proc_status", "read_proc_data", "etx_read_invoices"}
    starting = {name: row["starts"] for name, row in OPERATIONS.items() if row["starts"]}
    assert starting == {
        "import_upload_invoices": "import",
        "etx_import": "download",
        "etx_delete": "deletion",
    }


def test_openapi_is_valid() -> None:
    openapi_spec_validator.validate(bundled())


def test_openapi_examples_are_what_the_schemas_ask_for() -> None:
    for _, _, operation in described():
        name = operation["operationId"]
        for shown in operation["responses"]["200"]["content"]["application/json"]["examples"].values():
            assert answers_to(name, shown["value"]) == (True, True), name
        body = operation.get("requestBody", {"content": {"application/json": {"examples": {}}}})
        for shown in body["content"]["application/json"]["examples"].values():
            assert not codes(f"{URN}requests/{name}", shown["value"])
            for invoice in shown["value"].get("invoices", []):
                assert "main_qaime" in invoice or not codes(f"{URN}invoice", invoice)


@pytest.mark.parametrize(("operation", "body"), DOCUMENTED_REQUESTS)
@pytest.mark.proves("F-IMP-01", "F-PROC-01", "F-ETX-01", "F-RD-01", "F-DEL-01")
def test_documented_requests_are_well_formed(operation: str, body: dict[str, Any]) -> None:
    assert not codes(f"{URN}requests/{operation}", body)
    schema = resolved(f"{URN}requests/{operation}", READINGS)
    assert jsonschema.Draft202012Validator(schema).is_valid(body)


@pytest.mark.parametrize(("operation", "body", "expected"), REFUSED_REQUESTS)
@pytest.mark.proves("R-08c", "R-16d")
def test_ill_formed_requests_have_the_code_of_the_documents(
    operation: str, body: dict[str, Any], expected: set[int]
) -> None:
    assert codes(f"{URN}requests/{operation}", body) == expected
    schema = resolved(f"{URN}requests/{operation}", READINGS)
    assert not jsonschema.Draft202012Validator(schema).is_valid(body)


@pytest.mark.proves("R-12")
def test_the_phone_is_asked_of_enterprises_by_one_edition_only() -> None:
    for name, body in (("etx_import", WEEK), ("etx_read_invoices", {"procId": 123})):
        assert codes(f"{URN}requests/{name}", body, R_12="required") == {3}
        assert not codes(f"{URN}requests/{name}", body, R_12="optional")


@pytest.mark.parametrize(("operation", "answer"), DOCUMENTED_ANSWERS)
def test_documented_answers_are_well_formed(operation: str, answer: dict[str, Any]) -> None:
    assert answers_to(operation, answer) == (True, True)


@pytest.mark.parametrize(("operation", "answer"), WRONG_ANSWERS)
def test_other_answers_are_not(operation: str, answer: dict[str, Any]) -> None:
    assert answers_to(operation, answer) == (False, False)


@pytest.mark.parametrize("qaime", ["", None])
def test_an_invoice_without_a_number_may_be_shown_in_two_ways(qaime: str | None) -> None:
    answer = {**OK, "data": {"invoices": [{"id": "INV-001", "qaime": qaime}], "total": 1}}
    assert answers_to("inv_read_invoices", answer) == (True, True)


def test_details_of_a_process_may_show_a_draft() -> None:
    entry = {"id": "INV-2025-001", "qaime": "AA25010000123", "status": "draft", "errors": []}
    log = [{"time": "07.08.2025 14:30", "stage": "upload", "message": ""}]
    details = {
        **FAILED,
        "stats": {},
        "invoices": [entry],
        "etax_invoices": [{**DOWNLOADED, "status": "draft"}],
    }
    assert answers_to("read_proc_data", {**OK, "data": {**details, "log": log}}) == (True, True)


@pytest.mark.proves("F-IMP-03", "F-IMP-04", "F-ERR-05", "R-53", "R-57")
def test_invoice_fields_have_the_codes_of_the_error_table() -> None:
    assert set(load("invoice.json")["properties"]) == set(HEADER_CODES)
    assert not codes(f"{URN}invoice", INVOICE)
    for field, (absent, wrong) in HEADER_CODES.items():
        assert codes(f"{URN}invoice", without(INVOICE, field)) == ({absent} if absent else set()), field
        assert codes(f"{URN}invoice", {**INVOICE, field: {}}) == {wrong}, field


@pytest.mark.proves("F-IMP-05", "F-ERR-05", "R-11b", "R-53")
def test_item_fields_have_the_codes_of_the_error_table() -> None:
    assert set(load("item.json")["properties"]) == set(ITEM_CODES)
    for field, (absent, wrong) in ITEM_CODES.items():
        fields_gone = codes(f"{URN}invoice", {**INVOICE, "items": [without(ITEM, field)]})
        assert fields_gone == ({absent} if absent else set()), field
        assert codes(f"{URN}invoice", {**INVOICE, "items": [{**ITEM, field: {}}]}) == {wrong}, field


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("id", "123456", 38),
        ("id", "1234567\0", 38),
        ("id", "1" * 256, 38),
        ("main_info", " \t", 23),
        ("seller", "123456789", 21),
        ("buyer", "1234567890\n", 21),
        ("buyer", "١٢٣٤٥٦٧٨٩٠", 21),
        ("sum_subtotal1", 0, 25),
        ("sum_subtotal2", "100", 27),
        ("sum_total", -1, 29),
        ("sum_total", 1e16, 29),
        ("sum_aksiz", -0.01, 30),
        ("items", [], 39),
        ("type", "avance", 61),
        ("wh_field", 3, None),
    ],
)
@pytest.mark.proves("F-ERR-05", "R-53")
def test_wrong_values_of_an_invoice(field: str, value: Any, code: int | None) -> None:
    assert codes(f"{URN}invoice", {**INVOICE, field: value}) == {code}


@pytest.mark.parametrize(
    ("field", "value", "answers", "expected"),
    [
        ("id", "FURNITURE-001", {"R_09": "lenient"}, set()),
        ("id", "FURNITURE-001", {"R_09": "strict"}, {41}),
        ("id", "PROD-00001", {"R_09": "2025-12"}, set()),
        ("id", "", {"R_09": "lenient"}, {41}),
        ("barcode", "PROD-001000", {"R_10": "lenient"}, set()),
        ("barcode", "PROD-001000", {"R_10": "strict"}, {51}),
        ("barcode", "A B", {"R_10": "lenient"}, {51}),
        ("barcode", "", {"R_10": "lenient"}, {50}),
        ("barcode", "", {"R_10": "strict"}, {50}),
    ],
)
@pytest.mark.proves("F-SMP-07", "R-09", "R-10")
def test_product_codes_and_barcodes_by_reading(
    field: str, value: str, answers: dict[str, str], expected: set[int]
) -> None:
    assert codes(f"{URN}item", {**ITEM, field: value}, **answers) == expected


@pytest.mark.proves("F-SMP-07", "R-09", "R-10")
def test_what_a_lenient_reading_lets_through_is_noted() -> None:
    form = Form(f"{URN}item", READINGS)
    assert not form.notes(ITEM)
    assert [note.reading for note in form.notes({**ITEM, "id": "PROD-001"})] == ["R-09"]
    assert [note.reading for note in form.notes({**ITEM, "barcode": "PROD-001000"})] == ["R-10"]


@pytest.mark.proves("F-IMP-16", "R-14c")
def test_a_kind_of_e_taxes_as_type_of_an_import() -> None:
    advance = {**INVOICE, "type": "advanceInvoice"}
    assert codes(f"{URN}invoice", advance, R_14c="61") == {61}
    assert not codes(f"{URN}invoice", advance, R_14c="synonym")


@pytest.mark.proves("F-ETX-05", "F-ETX-06")
def test_statuses_and_kinds_are_those_of_the_documents() -> None:
    known = load("etx_invoice.json")["properties"]
    assert known["status"]["enum"] == words(
        "approved onApproval updateApproval updateRequested cancelRequested approvedBySystem "
        "onApprovalEdited canceled deleted deletedBySystem deactivated"
    )
    assert known["type"]["enum"] == words(
        "defaultInvoice agent resale recycling taxCodex163 taxCodex177_5 returnInvoice returnByAgent "
        "returnRecycled exportNoteInvoice exciseGoodsTransfer advanceInvoice goodsTransfer"
    )
    for field, named in (("status", "statuses"), ("type", "kinds")):
        assert {row["name"] for row in load("vocabulary.json")[named]} == set(known[field]["enum"])


@pytest.mark.proves("F-RD-04", "F-RD-05", "F-RD-06")
def test_downloaded_invoices_have_the_fields_of_the_documents() -> None:
    invoice, line = load("etx_invoice.json"), load("etx_line.json")
    assert set(invoice["required"]) == set(invoice["properties"]) == {"id", "lines", *TEXTS, *AMOUNTS}
    assert set(line["required"]) == set(line["properties"]) == {"id", "line", *LINE_TEXTS, *LINE_AMOUNTS}
    draft = invoice["$defs"]["with_draft"]
    assert list(draft["properties"]) == draft["required"] == invoice["required"]
    assert draft["properties"]["status"]["enum"] == [*invoice["properties"]["status"]["enum"], "draft"]


def test_a_page_is_as_long_as_the_portal_has_it() -> None:
    page = load("answers/etx_read_invoices.json")["$defs"]["page"]
    assert page["maxItems"] == load("portal.json")["page_size"]["value"]


@pytest.mark.proves("F-IMP-11", "F-IMP-12", "F-ETX-04")
def test_stages_are_those_of_the_documents_and_share_the_whole() -> None:
    stages = load("processes.json")["stages"]
    for rows in stages.values():
        assert math.isclose(math.fsum(row["share"] for row in rows), 1)
    upload = [(row["name"], row.get("pin")) for row in stages["import"]]
    steps = [
        ("import", None),
        ("packet", None),
        ("login", 1),
        ("upload", None),
        ("sign", 2),
        ("complete", None),
    ]
    assert upload == steps
    assert [row["name"] for row in stages["import_only"]] == ["import"]
    assert [row["pin"] for row in stages["download"] if "pin" in row] == [1]


@pytest.mark.proves("F-PROC-06")
def test_paces_have_a_range_for_every_kind_of_process() -> None:
    table = load("processes.json")
    for pace in table["paces"].values():
        assert set(pace["totals"]) == set(table["stages"])
        assert all(0 <= low <= high for low, high in pace["totals"].values())
    for kind, span in table["paces"]["realistic"]["totals"].items():
        assert span == ([30, 60] if kind == "import_only" else [180, 300])


def test_scenarios_are_the_promised_ones() -> None:
    rows = load("scenarios.json")["scenarios"]
    assert [row["name"] for row in rows] == words(
        "err-7 err-10 err-11 err-12 err-16 http-502 drop lose-answer slow-5s unknown-voen need-retry "
        "stall pin1-refused pin1-timeout pin2-refused pin2-timeout partial fast-approval"
    )
    assert [buyer for row in rows for buyer in row["buyers"]] == [f"900000000{n}" for n in range(1, 10)]
    assert [phone for row in rows for phone in row["phones"]] == [f"99450000000{n}" for n in range(2, 6)]
    starts = {row["starts"] for row in OPERATIONS.values()} - {None}
    assert all(set(row["starts"]) <= starts for row in rows)

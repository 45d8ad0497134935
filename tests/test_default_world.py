"""The default world holds all that the documents' samples name, and enough beside it to try everything."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from fixtures import make_default_world

ROOT = Path(__file__).parents[1]
SCHEMAS = ROOT / "schemas"
RAW = (ROOT / "fixtures" / "worlds" / "default.json").read_bytes()

DEMO, BUYER, PARTNER = "1234567890", "0987654321", "5555555555"
STATUSES = {
    "approved",
    "onApproval",
    "updateApproval",
    "updateRequested",
    "cancelRequested",
    "approvedBySystem",
}
STATUSES |= {"onApprovalEdited", "canceled", "deleted", "deletedBySystem", "deactivated"}
KINDS = {"defaultInvoice", "agent", "resale", "recycling", "taxCodex163", "taxCodex177_5", "returnInvoice"}
KINDS |= {"returnByAgent", "returnRecycled", "exportNoteInvoice", "exciseGoodsTransfer", "advanceInvoice"}
DRAFTS = [f"AA2401 1000000{n}" for n in (1, 2, 3)]
DRAFTS += [f"AA2501 100000{n}" for n in ("01", "02", "10", "11", "12", "13", "14", "50")]
DRAFTS += ["TEST01 99990001", "TEST01 99990002"]
WAITING = ["MT2412 25000100", "MT2412 25000101"]
FREE_IDS = {"INV-2025-001", "INV-2025-042", "2024030110400001", "INV-AVANS-001", "INV-FINAL-001"}
FREE_IDS |= {"INV-SIMPLE-001", "TRANSFER-001", "SALE-2025-001", "SALE-2025-100", "SIMPLE-2025-001"}
FREE_IDS |= {"AVANS-2025-001", "FINAL-2025-001", "TRANSFER-2025-001", "INV-001", "INV-002"}
LONGEST_AGO = 395 * 24 * 60
DAY = 24 * 60
TAXES = (
    "apply_amount",
    "skip_amount",
    "zero_amount",
    "free_amount",
    "vat_amount",
    "transp_amount",
    "net_amount",
)

Json = dict[str, Any]
WORLD: Json = json.loads(RAW, parse_float=Decimal)
REGISTRY: list[Json] = WORLD["registry"]
PORTAL: list[Json] = WORLD["portal"]


def qaime(row: Json) -> str:
    return str(row["serial"] + row["number"])


BY_QAIME = {qaime(row): row for row in REGISTRY}
BY_ERP_ID = {(row["company"], row["invoice"]["id"]): row for row in PORTAL}
ACCOUNTS = {account["username"]: account for account in WORLD["accounts"]}
COMPANIES = {company["tin"]: company for company in WORLD["companies"]}


def named(serial_number: str) -> Json:
    return BY_QAIME[serial_number.replace(" ", "")]


def folder(company: str, direction: int) -> list[Json]:
    """Sent (1): signed and uploaded by the company; incoming (0): signed, to it, no goods transfer (R-74)."""
    signed = [row for row in REGISTRY if row["status"] != "draft"]
    if direction == 1:
        return [row for row in signed if row["uploader"] == company]
    return [row for row in signed if row["invoice"]["tin_to"] == company and row["kind"] != "goodsTransfer"]


def minutes_ago(time: Any) -> int | None:
    """How long before the world's start; `None` for an absolute time."""
    if isinstance(time, str):
        return None
    days, hours, minutes = re.findall("[0-9]+", time["ago"])
    assert time["ago"] == f"{days}d{hours}h{minutes}m"
    return (int(days) * 24 + int(hours)) * 60 + int(minutes)


def date(time: Any) -> datetime | None:
    return datetime.strptime(time, "%d.%m.%Y %H:%M").replace(tzinfo=UTC) if isinstance(time, str) else None


def between(rows: list[Json], first: str, last: str) -> list[Json]:
    low, high = date(f"{first} 00:00"), date(f"{last} 23:59")
    assert low is not None
    assert high is not None
    return [row for row in rows if (day := date(row["created"])) and low <= day <= high]


def objects(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(inner)


def validator() -> jsonschema_rs.Draft202012Validator:
    words = ("world", "etx_invoice", "etx_line", "invoice", "item")
    files = {word: json.loads((SCHEMAS / f"{word}.json").read_text("utf-8")) for word in words}
    jsonschema.Draft202012Validator.check_schema(files["world"])
    registry = jsonschema_rs.Registry([(file["$id"], file) for file in files.values()])
    return jsonschema_rs.Draft202012Validator(files["world"], registry=registry)


VALIDATOR = validator()


def refused(raw: str) -> bool:
    return not VALIDATOR.is_valid(json.loads(raw))


class TestFile:
    def test_is_what_the_generator_writes(self) -> None:
        assert make_default_world.document() == RAW

    def test_fits_its_schema(self) -> None:
        assert [str(error) for error in VALIDATOR.iter_errors(WORLD)] == []

    def test_is_written_like_all_data_files(self) -> None:
        text = RAW.decode("utf-8")
        assert text.startswith('{\n  "format": 1,\n  "name": "default",')
        assert text.endswith("}\n")
        assert "\\u" not in text
        assert not re.search(r"[0-9][eE][+-]?[0-9]", re.sub('"[^"]*"', "", text))

    def test_names_have_azerbaijani_letters(self) -> None:
        names = {row["invoice"][side] for row in REGISTRY for side in ("cmp_from", "cmp_to")}
        assert set("əşğıİöüç") <= set("".join(names))
        assert set("əşğıİöüç") <= set("".join(line["prod_name"] for line in lines()))
        assert set("əşğıöüç") <= set("".join(row["invoice"]["add_subject"] for row in REGISTRY))


class TestSchema:
    def test_no_object_may_have_a_key_of_its_own(self) -> None:
        small = {**WORLD, "registry": REGISTRY[:1], "portal": PORTAL[:1], "accounts": [ACCOUNTS["partner"]]}
        raw = json.dumps(small, default=float)
        count = sum(1 for _ in objects(json.loads(raw)))
        assert not refused(raw)
        for place in range(count):
            changed = json.loads(raw)
            for number, node in enumerate(objects(changed)):
                if number == place:
                    node["surprise"] = 1
            assert not VALIDATOR.is_valid(changed), place

    @pytest.mark.parametrize(
        ("where", "key", "value"),
        [
            ("registry", "status", "signed"),
            ("registry", "kind", "default"),
            ("registry", "created", "7.8.2025 14:30"),
            ("registry", "created", {"ago": ""}),
            ("registry", "created", {"ago": "35"}),
            ("registry", "serial", "aa"),
            ("registry", "uploader", None),  # of a draft
            ("portal", "state", "draft"),
            ("accounts", "phones", ["0501234567"]),
            ("companies", "tin", "123"),
            ("processes", "dir", 2),
        ],
    )
    def test_refuses_what_cannot_be(self, where: str, key: str, value: Any) -> None:
        changed = json.loads(json.dumps(WORLD, default=float))
        assert changed[where][0][key] != value
        changed[where][0][key] = value
        assert not VALIDATOR.is_valid(changed)

    def test_a_signed_invoice_has_a_number(self) -> None:
        changed = json.loads(json.dumps({**WORLD, "portal": [named_in_portal("AA24070000000")]}, default=float))
        del changed["portal"][0]["qaime"]
        assert not VALIDATOR.is_valid(changed)


class TestCompaniesAndAccounts:
    def test_companies_and_warehouses(self) -> None:
        assert {tin: company["name"] for tin, company in COMPANIES.items()} == {
            DEMO: "Demo Ticarət MMC",
            BUYER: "Alıcı MMC",
            PARTNER: "Tərəfdaş MMC",
        }
        of_demo = {warehouse["code"]: warehouse["name"] for warehouse in COMPANIES[DEMO]["warehouses"]}
        assert (of_demo["WH001"], of_demo["WH002"]) == ("Bakı anbarı", "Gəncə anbarı")
        assert COMPANIES[BUYER]["warehouses"]

    @pytest.mark.proves("F-SMP-05")
    def test_the_warehouses_and_the_phone_of_the_samples(self) -> None:
        codes = {warehouse["code"] for warehouse in COMPANIES[DEMO]["warehouses"]}
        assert {"WAREHOUSE-001", "WAREHOUSE-002", "WH-BAKU-MAIN", "WH-SUMGAIT-01"} <= codes
        assert ACCOUNTS["demo"]["phones"][0] == "994501234567"

    @pytest.mark.parametrize("username", ["demo", "buyer", "nophone", "disabled", "clerk", "partner"])
    def test_an_account_is_named_after_its_user(self, username: str) -> None:
        account = ACCOUNTS[username]
        secrets = [account[key] for key in ("password", "token", "secret")]
        assert secrets == [username, f"{username}-token", f"{username}-secret"]
        company = {"buyer": BUYER, "partner": PARTNER}.get(username, DEMO)
        assert account["company"] == company
        assert account["disabled"] is (username == "disabled")
        assert account["may_delete"] is (username != "clerk")
        assert account["partner"] is (username == "partner")

    def test_phones(self) -> None:
        scenarios = json.loads((SCHEMAS / "scenarios.json").read_text("utf-8"))["scenarios"]
        told = [phone for scenario in scenarios for phone in scenario["phones"]]
        assert sorted(told) == [f"99450000000{n}" for n in (2, 3, 4, 5)]
        assert {name: account["phones"] for name, account in ACCOUNTS.items()} == {
            "demo": ["994501234567", *sorted(told)],
            "buyer": ["994507654321"],
            "nophone": [],
            "disabled": ["994501234567"],
            "clerk": ["994501234567"],
            "partner": [],
        }

    def test_the_partner_works_for_both_companies(self) -> None:
        assert ACCOUNTS["partner"]["customers"] == [
            {"company": DEMO, "phones": ["994501234567"]},
            {"company": BUYER, "phones": ["994507654321"]},
        ]
        assert not [name for name, account in ACCOUNTS.items() if account["customers"] and name != "partner"]


class TestSamples:
    @pytest.mark.proves("F-SMP-01")
    def test_what_they_delete_in_e_taxes_is_there(self) -> None:
        assert len(DRAFTS) == 13
        for name in DRAFTS + WAITING:
            row = named(name)
            assert f"{row['serial']} {row['number']}" == name
            assert row["uploader"] == DEMO
            assert row["status"] == ("draft" if name in DRAFTS else "onApproval")
            assert date(row["created"])
            assert named_in_portal(qaime(row))["state"] == ("imported" if name in DRAFTS else "signed")

    @pytest.mark.proves("F-SMP-01")
    def test_what_they_fail_to_delete_is_not_there(self) -> None:
        assert "XX999999999999" not in BY_QAIME
        assert not [row for row in REGISTRY if row["serial"].startswith("XX")]

    @pytest.mark.proves("F-SMP-02")
    @pytest.mark.parametrize("name", ["AA24070000000", "AA25010000123"])
    def test_avans_invoices(self, name: str) -> None:
        row, kept = BY_QAIME[name], named_in_portal(name)
        assert (row["kind"], row["status"], row["uploader"]) == ("advanceInvoice", "approved", DEMO)
        assert (kept["state"], kept["company"], kept["invoice"]["type"]) == ("signed", DEMO, "avans")
        assert kept["invoice"]["id"] == row["erp_id"]

    @pytest.mark.proves("F-SMP-03")
    @pytest.mark.parametrize("erp_id", ["ERP-INV-001", "ERP-INV-002", "INV-2024-001", "INV-2024-002"])
    def test_what_they_delete_in_the_portal_is_imported_only(self, erp_id: str) -> None:
        kept = BY_ERP_ID[DEMO, erp_id]
        assert kept["state"] == "imported"
        assert "qaime" not in kept

    @pytest.mark.proves("F-SMP-04")
    def test_what_they_import_is_free(self) -> None:
        assert not FREE_IDS & {erp_id for _, erp_id in BY_ERP_ID}
        assert not FREE_IDS & {row.get("erp_id") for row in REGISTRY}

    @pytest.mark.proves("F-SMP-06")
    def test_the_invoice_they_show(self) -> None:
        row = BY_QAIME["AA24080000001"]
        shown = row["invoice"]
        assert (row["id"], row["created"], row["uploader"]) == (12345, "07.08.2025 14:30", DEMO)
        assert (row["status"], row["kind"], row.get("erp_id")) == ("approved", "defaultInvoice", None)
        texts = ("main_subject", "add_subject", "cmp_from", "cmp_to", "tin_from", "tin_to")
        assert [shown[name] for name in texts] == [
            "Contract A001",
            "Additional info",
            "Company LLC",
            "Buyer Company",
            "1111111111",
            "0000000000",
        ]
        amounts = ("ini_amount", "ini_amount1", "ini_amount2", "excise_amount", *TAXES)
        assert [shown[name] for name in amounts] == [1000, 1000, 1000, 0, 1000, 0, 0, 0, 180, 0, 1180]
        (line,) = shown["lines"]
        assert list(line.values()) == [
            *(1, 1, "1234567890", "Product Name", "1234567890000", "pcs", 10, 100),
            *(1000, 1000, 0, 0, 1000, 0, 0, 0, 180, 0, 1180),
        ]

    @pytest.mark.proves("F-SMP-06")
    def test_the_processes_they_follow(self) -> None:
        download, deletion = WORLD["processes"]
        assert (download["id"], download["kind"], download["dir"]) == (123, "download", 1)
        assert (deletion["id"], deletion["kind"], deletion["deleted"]) == (12345, "deletion", 3)
        assert {download["company"], deletion["company"]} == {DEMO}
        assert {download["username"], deletion["username"]} == {"demo"}
        assert WORLD["next_process"] == 5001

    @pytest.mark.proves("F-SMP-06")
    def test_the_download_brought_what_its_sample_asks_for(self) -> None:
        download = WORLD["processes"][0]
        wanted = [
            qaime(row)
            for row in between(folder(DEMO, 1), "01.08.2025", "07.08.2025")
            if row["status"] in ("approved", "onApproval") and row["kind"] != "returnInvoice"
        ]
        assert sorted(download["brought"]) == sorted(wanted)
        assert download["brought"][0] == "AA24080000001"
        assert len(wanted) > 1
        began = date(download["began"])
        assert all(began and (made := date(BY_QAIME[name]["created"])) and made <= began for name in wanted)

    @pytest.mark.proves("F-SMP-06")
    @pytest.mark.parametrize("company", [DEMO, BUYER])
    @pytest.mark.parametrize("direction", [0, 1])
    @pytest.mark.parametrize(("first", "last"), [("01.01.2025", "31.01.2025"), ("01.08.2025", "07.08.2025")])
    def test_their_ranges_have_something_of_each(self, company: str, direction: int, first: str, last: str) -> None:
        found = between(folder(company, direction), first, last)
        assert {"approved", "onApproval"} <= {row["status"] for row in found}
        assert "returnInvoice" in {row["kind"] for row in found}

    @pytest.mark.proves("F-SMP-06")
    @pytest.mark.parametrize("direction", [0, 1])
    def test_the_first_of_january_alone_has_something(self, direction: int) -> None:
        assert between(folder(DEMO, direction), "01.01.2025", "01.01.2025")

    @pytest.mark.proves("F-SMP-06")
    @pytest.mark.parametrize("company", [DEMO, BUYER])
    @pytest.mark.parametrize("direction", [0, 1])
    def test_so_have_the_last_thirty_days(self, company: str, direction: int) -> None:
        found = [row for row in folder(company, direction) if (minutes_ago(row["created"]) or DAY * 99) < 30 * DAY]
        assert {"approved", "onApproval"} <= {row["status"] for row in found}
        assert "returnInvoice" in {row["kind"] for row in found}


class TestThirteenMonths:
    @pytest.mark.parametrize("company", [DEMO, BUYER])
    @pytest.mark.parametrize("direction", [0, 1])
    def test_every_folder_has_every_kind_and_status(self, company: str, direction: int) -> None:
        found = folder(company, direction)
        assert {row["status"] for row in found} == STATUSES
        assert {row["kind"] for row in found} == (KINDS | {"goodsTransfer"} if direction else KINDS)

    def test_some_three_hundred_lie_in_them_and_no_day_is_far_from_one(self) -> None:
        ages = sorted(age for row in REGISTRY if (age := minutes_ago(row["created"])) is not None)
        assert 300 <= len(ages) <= 330
        assert ages[0] > 0
        assert ages[-1] <= LONGEST_AGO
        assert ages[-1] > LONGEST_AGO - 10 * DAY
        assert max(late - early for early, late in pairwise(ages)) < 7 * DAY

    @pytest.mark.parametrize("company", [DEMO, BUYER])
    @pytest.mark.parametrize("direction", [0, 1])
    def test_every_month_has_both_directions(self, company: str, direction: int) -> None:
        ages = [minutes_ago(row["created"]) for row in folder(company, direction)]
        months = {age * 13 // LONGEST_AGO for age in ages if age is not None and age < LONGEST_AGO}
        assert months == set(range(13))

    @pytest.mark.parametrize("company", [DEMO, BUYER])
    def test_drafts_and_invoices_to_delete_are_among_them(self, company: str) -> None:
        mine = [row for row in REGISTRY if row["uploader"] == company and minutes_ago(row["created"])]
        found = Counter(row["status"] for row in mine)
        assert found["draft"] >= 2
        assert found["onApproval"] >= 3

    def test_they_can_be_named_under_every_grammar(self) -> None:
        for row in REGISTRY:
            spoken = f"{row['serial']} {row['number']}"
            assert re.fullmatch("[A-Z]{2,4}[0-9]{0,4} [0-9]{7,11}", spoken)
            if minutes_ago(row["created"]) is not None:
                assert re.fullmatch("[A-Z]{2,4} [0-9]{8,10}", spoken)

    def test_the_simulators_own_series_is_numbered_as_it_numbers(self) -> None:
        own = [row for row in REGISTRY if row["serial"] == WORLD["series"]]
        assert own
        for row in own:
            made = date(row["created"])
            assert made, "only absolute dates can agree with a number"
            assert row["uploader"] in (DEMO, BUYER)
            assert len(row["number"]) == 11
            assert row["number"][:4] == made.strftime("%y%m") or qaime(row) == "AA24080000001"

    def test_scenarios_happen_to_nobody(self) -> None:
        parties = {row["invoice"][side] for row in REGISTRY for side in ("tin_from", "tin_to")}
        parties |= {row["invoice"][side] for row in PORTAL for side in ("seller", "buyer")}
        assert not parties & {f"900000000{n}" for n in range(1, 10)}


class TestConsistency:
    def test_nothing_is_there_twice(self) -> None:
        assert len(BY_QAIME) == len(REGISTRY)
        assert len(BY_ERP_ID) == len(PORTAL)
        assert len(ACCOUNTS) == len(WORLD["accounts"])
        assert len({account["token"] for account in WORLD["accounts"]}) == len(ACCOUNTS)
        assert len(COMPANIES) == len(WORLD["companies"])
        assert len({line["id"] for line in lines()}) == len(list(lines()))

    def test_everything_named_is_there(self) -> None:
        assert {row["uploader"] for row in REGISTRY} <= {*COMPANIES, None}
        assert {account["company"] for account in WORLD["accounts"]} <= set(COMPANIES)
        for process in WORLD["processes"]:
            assert ACCOUNTS[process["username"]]["company"] == process["company"]
            assert set(process.get("brought", [])) <= set(BY_QAIME)
        for kept in PORTAL:
            known = {warehouse["code"] for warehouse in COMPANIES[kept["company"]]["warehouses"]}
            assert {kept["invoice"].get(side) for side in ("from_wh", "to_wh")} <= {*known, None}

    def test_a_company_has_one_name(self) -> None:
        names: dict[str, set[str]] = {tin: {company["name"]} for tin, company in COMPANIES.items()}
        for row in REGISTRY:
            for side in ("from", "to"):
                names.setdefault(row["invoice"][f"tin_{side}"], set()).add(row["invoice"][f"cmp_{side}"])
        assert {tin: found for tin, found in names.items() if len(found) > 1} == {}
        assert len({name for found in names.values() for name in found}) == len(names)

    def test_portal_and_e_taxes_know_each_other(self) -> None:
        for row in REGISTRY:
            if "erp_id" in row:
                assert BY_ERP_ID[row["uploader"], row["erp_id"]]["qaime"] == qaime(row)
                assert row["status"] not in ("deleted", "deletedBySystem")
        for kept in PORTAL:
            if "qaime" not in kept:
                assert kept["state"] == "imported"
                continue
            row = BY_QAIME[kept["qaime"]]
            assert (row["uploader"], row["erp_id"]) == (kept["company"], kept["invoice"]["id"])
            assert (row["status"] == "draft") == (kept["state"] == "imported")

    def test_what_both_hold_is_the_same_invoice(self) -> None:
        kinds = {"default": "defaultInvoice", "avans": "advanceInvoice", "goodsTransfer": "goodsTransfer"}
        both = [(kept["invoice"], BY_QAIME[kept["qaime"]]) for kept in PORTAL if "qaime" in kept]
        for sent, row in both:
            got = row["invoice"]
            assert row["kind"] == kinds[sent["type"]]
            assert (got["tin_from"], got["tin_to"]) == (sent["seller"], sent["buyer"])
            assert (got["main_subject"], got["add_subject"]) == (sent["main_info"], sent["add_info"])
            assert (got["ini_amount"], got["ini_amount1"]) == (sent["sum_subtotal1"], sent["sum_subtotal1"])
            assert (got["vat_amount"], got["net_amount"]) == (
                sent.get("sum_vat_amount", 0),
                sent["sum_total"],
            )
            for line, item in zip(got["lines"], sent["items"], strict=True):
                assert (line["prod_code"], line["prod_name"]) == (item["id"], item["name"])
                assert (line["unit_price"], line["unit_qty"]) == (item["unit_price"], item["quantity"])
                assert (line["grade"], line["total_excise"]) == (
                    item.get("aksizgrade", 0),
                    item.get("aksiz", 0),
                )

    def test_goods_transfers_stay_in_the_company(self) -> None:
        transfers = [row for row in REGISTRY if row["kind"] == "goodsTransfer"]
        assert {row["uploader"] for row in transfers} == {DEMO, BUYER}
        for row in transfers:
            assert row["invoice"]["tin_from"] == row["invoice"]["tin_to"] == row["uploader"]

    def test_the_sums_of_every_invoice_fit(self) -> None:
        for row in REGISTRY:
            header, parts = row["invoice"], row["invoice"]["lines"]
            assert 1 <= len(parts) <= 4
            assert [part["line"] for part in parts] == list(range(1, len(parts) + 1))
            for name in ("ini_amount", "ini_amount2", *TAXES):
                assert header[name] == sum(part[name] for part in parts)
            assert header["excise_amount"] == sum(part["total_excise"] for part in parts)
            assert header["ini_amount1"] == header["ini_amount"]

    def test_the_sums_of_every_line_fit(self) -> None:
        cent = Decimal("0.01")
        for line in lines():
            assert abs(line["unit_price"] * line["unit_qty"] - line["ini_amount"]) <= cent
            assert line["ini_amount"] + line["total_excise"] == line["ini_amount2"]
            bases = line["apply_amount"] + line["skip_amount"] + line["zero_amount"] + line["free_amount"]
            assert bases in (0, line["ini_amount2"])
            assert abs(Decimal(line["apply_amount"]) * 18 / 100 - line["vat_amount"]) <= cent / 2
            assert line["net_amount"] == line["ini_amount2"] + line["vat_amount"] + line["transp_amount"]

    def test_amounts_have_the_decimals_that_answers_have(self) -> None:
        for row in REGISTRY:
            assert all(decimals(value) <= 2 for value in row["invoice"].values())
        assert all(decimals(value) <= 5 for line in lines() for value in line.values())


def named_in_portal(name: str) -> Json:
    (found,) = [row for row in PORTAL if row.get("qaime") == name]
    return found


def lines() -> Iterator[Json]:
    for row in REGISTRY:
        yield from row["invoice"]["lines"]


def decimals(value: Any) -> int:
    return max(0, -int(value.as_tuple().exponent)) if isinstance(value, Decimal) else 0

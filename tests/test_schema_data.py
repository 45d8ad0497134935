"""The tables of the documents are whole: facts, readings, errors and words refer only to what exists.

What the documents say word for word (statuses, kinds, texts, transitions) is spelled out here a second
time, so that a slip in a table has to be made twice to go unseen.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import Literal

import msgspec
import pytest

from mock_server.rulebook.documents import load
from mock_server.rulebook.errors import ErrorEntry, ErrorTable
from mock_server.rulebook.ledger import Ledger, Reading


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A statement of the documents."""

    id: str
    statement: str
    sources: tuple[str, ...]
    owner: Literal["server", "client", "documents"]
    readings: tuple[str, ...]


class Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`facts.json`."""

    format: Literal[1]
    sources: dict[str, str]
    facts: tuple[Fact, ...]


class Word(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind, in both languages."""

    name: str
    az: str
    en: str
    sources: tuple[str, ...]


class Status(Word, frozen=True, forbid_unknown_fields=True):
    """A status of e-taxes; `final` when nothing leads away from it."""

    deletable: bool
    final: bool


class TypeWord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A type of an import, and the kind it becomes in e-taxes (R-14)."""

    name: str
    kind: str


class Transition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A step that e-taxes allows."""

    before: str = msgspec.field(name="from")
    after: str = msgspec.field(name="to")
    by: Literal["buyer", "system", "counterparty"]
    sources: tuple[str, ...]


class StatusDesc(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The texts of `status_desc`, those of an ended process by the answers of R-06."""

    running: str
    finished: dict[str, str]
    failed: dict[str, str]


class Vocabulary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`vocabulary.json`."""

    format: Literal[1]
    statuses: tuple[Status, ...]
    draft: str
    kinds: tuple[Word, ...]
    types: tuple[TypeWord, ...]
    transitions: tuple[Transition, ...]
    status_desc: StatusDesc
    process_status: dict[str, int]


FACTS = msgspec.convert(load("facts.json"), Facts)
VOCABULARY = msgspec.convert(load("vocabulary.json"), Vocabulary)
LEDGER = Ledger.load()
ERRORS = list(ErrorTable.load())
READINGS = list(LEDGER.readings.values())

FACT_IDS = {fact.id for fact in FACTS.facts}
STATUS_NAMES = [status.name for status in VOCABULARY.statuses]
POINTER = re.compile(r"\b(?:F-[A-Z]+|R)-[0-9]{2}[a-z]?\b")


def pointers(text: str) -> set[str]:
    """The facts and readings that a text names."""
    return set(POINTER.findall(text))


def texts(reading: Reading) -> Iterator[str]:
    yield from (reading.question, reading.why)
    yield from (answer.says for answer in reading.answers.values())


def the_reading(name: str) -> Reading:
    return LEDGER.readings[name]


# Facts


def test_fact_ids_are_unique_and_well_formed() -> None:
    ids = [fact.id for fact in FACTS.facts]
    assert [name for name, count in Counter(ids).items() if count > 1] == []
    assert [name for name in ids if not re.fullmatch(r"F-[A-Z]+-[0-9]{2}", name)] == []


def test_fact_ids_run_without_gaps_within_a_section() -> None:
    sections: dict[str, set[int]] = {}
    for fact in FACTS.facts:
        section, number = fact.id.rsplit("-", 1)
        sections.setdefault(section, set()).add(int(number))
    for name, numbers in sections.items():
        assert numbers == set(range(1, len(numbers) + 1)), name


@pytest.mark.parametrize("fact", FACTS.facts, ids=lambda fact: fact.id)
def test_a_fact_says_something_and_names_its_sources(fact: Fact) -> None:
    assert fact.statement.strip()
    assert fact.sources
    assert set(fact.sources) <= set(FACTS.sources)


@pytest.mark.parametrize("fact", FACTS.facts, ids=lambda fact: fact.id)
def test_what_a_fact_refers_to_exists(fact: Fact) -> None:
    assert set(fact.readings) <= set(LEDGER.readings)
    assert pointers(fact.statement) <= FACT_IDS | set(fact.readings)


def test_few_facts_are_beyond_any_program() -> None:
    assert [fact.id for fact in FACTS.facts if fact.owner == "documents"] == ["F-SMP-09"]


# Readings


def test_reading_ids_are_unique_and_well_formed() -> None:
    ids = [row["id"] for row in load("readings.json")["readings"]]
    assert len(ids) == len(set(ids))
    assert [name for name in ids if not re.fullmatch(r"R-[0-9]{2}[a-z]?", name)] == []


@pytest.mark.parametrize("reading", READINGS, ids=lambda reading: reading.id)
def test_the_default_is_the_first_answer(reading: Reading) -> None:
    assert reading.default == next(iter(reading.answers))


@pytest.mark.parametrize("reading", READINGS, ids=lambda reading: reading.id)
def test_only_a_selectable_reading_offers_a_choice(reading: Reading) -> None:
    if reading.selectable:
        assert len(reading.answers) > 1
        assert "fixed" not in reading.answers
    else:
        assert list(reading.answers) == ["fixed"]


@pytest.mark.parametrize("reading", READINGS, ids=lambda reading: reading.id)
def test_a_reading_is_worded_and_refers_to_what_exists(reading: Reading) -> None:
    assert all(text.strip() for text in texts(reading))
    assert pointers(" ".join(texts(reading))) <= FACT_IDS | set(LEDGER.readings)


@pytest.mark.parametrize("reading", READINGS, ids=lambda reading: reading.id)
def test_support_comes_from_named_pages(reading: Reading) -> None:
    named = set(reading.sources)
    assert named <= set(FACTS.sources)
    for name, answer in reading.answers.items():
        assert set(answer.sources) <= named, name
        assert bool(answer.sources) == (answer.support != "assumed"), name


def test_selectable_answers_are_the_promised_ones() -> None:
    """Their names are an interface: flags, files and pipelines of users hang on them."""
    assert {reading.id: list(reading.answers) for reading in READINGS if reading.selectable} == {
        "R-01": ["200", "mapped"],
        "R-02": ["both", "documented", "post-only"],
        "R-02b": ["accepted", "body-only"],
        "R-03": ["always", "as-shown"],
        "R-04": ["left-out", "null"],
        "R-06": ["finalized", "quickstart", "az"],
        "R-07": ["1", "queued-first"],
        "R-08": ["examples", "prose"],
        "R-08b": ["20", "3"],
        "R-09": ["lenient", "strict", "2025-12"],
        "R-10": ["lenient", "strict"],
        "R-11": ["tolerant", "exact", "off"],
        "R-12": ["required", "optional"],
        "R-13b": ["3", "empty"],
        "R-14b": ["nothing", "3"],
        "R-14c": ["61", "synonym"],
        "R-15": ["3", "20"],
        "R-16": ["all", "page"],
        "R-16b": ["honoured", "ignored"],
        "R-21": ["20", "skip"],
        "R-23": ["empty", "null", "omitted"],
        "R-29": ["when-given", "default-0"],
        "R-31": ["auto", "manual", "reject", "timeout"],
        "R-42": ["refused", "coerce"],
        "R-45": ["en", "az", "empty"],
        "R-50": ["own", "token"],
        "R-55": ["17", "replace"],
        "R-61": ["all", "registered"],
        "R-64": ["kept", "while-waiting"],
        "R-68": ["no-pin", "pin1"],
    }


def test_editions_bundle_answers_that_exist() -> None:
    assert list(LEDGER.editions) == ["2025-08", "2025-12"]
    for edition in LEDGER.editions.values():
        for name, answer in edition.readings.items():
            assert the_reading(name).selectable
            assert answer in the_reading(name).answers
            assert answer != the_reading(name).default, "an edition names only what is not the default"


def test_the_first_edition_is_the_defaults_and_the_later_one_brings_partners() -> None:
    assert LEDGER.editions["2025-08"].readings == {}
    assert not LEDGER.editions["2025-08"].partners
    assert LEDGER.editions["2025-12"].readings == {"R-01": "mapped", "R-12": "optional"}
    assert LEDGER.editions["2025-12"].partners


# Errors


def rows_of(scope: str) -> dict[int, ErrorEntry]:
    return {entry.code: entry for entry in ERRORS if entry.scope == scope}


def test_scope_and_code_are_the_key_of_the_error_table() -> None:
    keys = Counter((row["scope"], row["code"]) for row in load("errors.json")["errors"])
    assert [key for key, count in keys.items() if count > 1] == []


def test_every_documented_code_has_a_row() -> None:
    assert set(rows_of("request")) == {1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 14, 15, 16, 17, 20}
    assert set(rows_of("invoice")) == set(range(20, 65))
    assert set(rows_of("partner")) == {15, 16, 17}
    assert {entry.scope for entry in ERRORS} == set(load("errors.json")["scopes"])


@pytest.mark.parametrize("entry", ERRORS, ids=lambda entry: f"{entry.scope}-{entry.code}")
def test_an_error_is_explained_in_both_languages(entry: ErrorEntry) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", entry.name)
    for text in (entry.title, entry.when, entry.remedy):
        assert text.en.strip()
        assert text.az.strip()
        assert text.en != text.az


@pytest.mark.parametrize("entry", ERRORS, ids=lambda entry: f"{entry.scope}-{entry.code}")
def test_an_error_refers_to_what_exists(entry: ErrorEntry) -> None:
    assert entry.sources
    assert set(entry.sources) <= FACT_IDS | set(LEDGER.readings)


@pytest.mark.parametrize("entry", ERRORS, ids=lambda entry: f"{entry.scope}-{entry.code}")
def test_only_an_error_of_a_whole_request_has_a_message_and_a_status(entry: ErrorEntry) -> None:
    whole = entry.scope != "invoice"
    assert (entry.err_msg is not None) == whole
    assert (entry.http is not None) == whole
    if entry.err_msg is not None:
        empty = (entry.scope, entry.code) == ("request", 14)
        assert (not entry.err_msg.en, not entry.err_msg.az) == (empty, empty)


def test_which_total_has_which_code_is_assumed_and_nothing_else_is() -> None:
    assumed = [(entry.scope, entry.code) for entry in ERRORS if entry.provenance == "assumed"]
    assert assumed == [("invoice", code) for code in range(52, 61)]
    assert all("R-11b" in entry.sources for entry in ERRORS if entry.provenance == "assumed")


def test_only_internal_errors_need_a_fault() -> None:
    assert {(entry.scope, entry.code) for entry in ERRORS if entry.faults_only} == {
        ("request", code) for code in (10, 11, 12, 16)
    }


@pytest.mark.proves("F-ERR-06")
def test_documented_texts_of_errors() -> None:
    shown = {code: entry.err_msg for code, entry in rows_of("request").items() if entry.err_msg is not None}
    assert (shown[5].en, shown[5].az) == ("Invalid username or password", "Yanlış istifadəçi adı və ya parol")
    assert shown[6].en == "Invoices array is empty"
    assert (shown[7].en, shown[7].az) == ("Authentication error", "Autentifikasiya xətası")
    assert (shown[20].en, shown[20].az) == (
        "Qaime not found or not in specified folder",
        "Qaimə tapılmadı və ya göstərilən qovluqda deyil",
    )


@pytest.mark.proves("F-ERR-06")
def test_documented_titles_of_errors() -> None:
    documented = {
        1: "Invalid Request Method",
        2: "Invalid Content-Type",
        3: "Missing Root Elements",
        4: "Empty Credentials",
        5: "Invalid Credentials",
        6: "Empty Invoices Array",
        10: "Internal Server Error",
        11: "Internal Server Error",
        12: "Internal Server Error",
        14: "Invoice Validation Error",
        15: "Missing ASAN Number",
        16: "Internal Server Error",
        17: "Duplicate Invoice ID",
        20: "Qaime Not Found",
    }
    request = rows_of("request")
    assert {code: request[code].title.en for code in documented} == documented


def test_documented_texts_of_partner_errors() -> None:
    assert {code: entry.err_msg.en for code, entry in rows_of("partner").items() if entry.err_msg} == {
        15: "Phone number required for partner accounts",
        16: "Phone number not found or not authorized for this partner",
        17: "Invalid phone number format. Use 994XXXXXXXXX",
    }


@pytest.mark.proves("F-ERR-03")
def test_what_a_client_does_about_an_error() -> None:
    classes: dict[str, set[int]] = {}
    for code, entry in rows_of("request").items():
        classes.setdefault(entry.retry, set()).add(code)
    assert classes == {
        "stop": {5, 14, 15},
        "retry": {10, 11, 12, 16},
        "fix": {1, 2, 3, 4, 6},
        "none": {7, 17, 20},
    }


def test_a_partners_phone_errors_are_in_no_class_and_what_is_inside_14_stops_as_14_does() -> None:
    assert {entry.retry for entry in rows_of("partner").values()} == {"none"}
    assert {entry.retry for entry in rows_of("invoice").values()} == {"stop"}


def test_http_status_of_each_error_where_it_is_mapped() -> None:
    """R-01 `mapped`; that the server sends it is proven where it answers."""
    assert {code: entry.http for code, entry in rows_of("request").items()} == {
        1: 405,
        2: 415,
        3: 400,
        4: 401,
        5: 401,
        6: 400,
        7: 401,
        10: 500,
        11: 500,
        12: 500,
        14: 400,
        15: 400,
        16: 500,
        17: 400,
        20: 400,
    }
    assert {entry.http for entry in rows_of("partner").values()} == {400}


# Words


@pytest.mark.proves("F-ETX-05", "F-LIFE-05")
def test_the_eleven_statuses_and_their_azerbaijani_names() -> None:
    assert {status.name: status.az for status in VOCABULARY.statuses} == {
        "approved": "Təsdiqləndi",
        "onApproval": "Təsdiq gözləyir",
        "updateApproval": "Düzəliş edildi",
        "updateRequested": "Düzəlişə qaytarıldı",
        "cancelRequested": "Ləğvə göndərildi",
        "approvedBySystem": "Sistem tərəfindən təsdiqləndi",
        "onApprovalEdited": "Düzəlişə göndərildi",
        "canceled": "Ləğv edildi",
        "deleted": "Silindi",
        "deletedBySystem": "Sistem tərəfindən silindi",
        "deactivated": "Passiv",
    }
    assert len(VOCABULARY.statuses) == 11


@pytest.mark.proves("F-ETX-06", "F-LIFE-06")
def test_the_kinds_and_their_azerbaijani_names() -> None:
    """Twelve, and `goodsTransfer`, which the overview adds."""
    assert {kind.name: kind.az for kind in VOCABULARY.kinds} == {
        "defaultInvoice": "Standart mal/xidmət qaiməsi",
        "agent": "Agent/komissiya qaiməsi",
        "resale": "Agent təkrar satış qaiməsi",
        "recycling": "Emal üçün göndərilmiş mallar",
        "taxCodex163": "Vergi məcəlləsi 163 düzəliş",
        "taxCodex177_5": "Vergi məcəlləsi 177.5",
        "returnInvoice": "Məhsul qaytarılması",
        "returnByAgent": "Agent qaytarılması",
        "returnRecycled": "Emaldan qaytarılma",
        "exportNoteInvoice": "İxrac qeydi ilə ixrac",
        "exciseGoodsTransfer": "Aksiz mallarının köçürülməsi",
        "advanceInvoice": "Avans ödəniş qaiməsi",
        "goodsTransfer": "Anbarlar arası mal köçürməsi",
    }
    assert len(VOCABULARY.kinds) == 13


def test_each_type_of_an_import_has_its_kind() -> None:
    assert {word.name: word.kind for word in VOCABULARY.types} == {
        "default": "defaultInvoice",
        "avans": "advanceInvoice",
        "goodsTransfer": "goodsTransfer",
    }


@pytest.mark.proves("R-79")
def test_the_steps_that_e_taxes_allows() -> None:
    assert [(step.before, step.after) for step in VOCABULARY.transitions] == [
        ("onApproval", "approved"),
        ("onApproval", "approvedBySystem"),
        ("approved", "updateRequested"),
        ("approved", "cancelRequested"),
        ("approvedBySystem", "updateRequested"),
        ("approvedBySystem", "cancelRequested"),
        ("updateRequested", "onApprovalEdited"),
        ("onApprovalEdited", "updateApproval"),
        ("cancelRequested", "canceled"),
    ]


def test_steps_lead_from_one_known_status_to_another() -> None:
    for step in VOCABULARY.transitions:
        assert {step.before, step.after} <= set(STATUS_NAMES)
        assert step.before != step.after


def test_a_status_is_final_when_nothing_leads_away_from_it() -> None:
    left = {step.before for step in VOCABULARY.transitions}
    assert {status.name for status in VOCABULARY.statuses if status.final} == set(STATUS_NAMES) - left


def test_of_the_signed_only_those_that_wait_may_be_deleted() -> None:
    assert [status.name for status in VOCABULARY.statuses if status.deletable] == ["onApproval"]


def test_a_draft_is_no_status_of_e_taxes() -> None:
    assert VOCABULARY.draft == "draft"
    assert VOCABULARY.draft not in STATUS_NAMES


def test_words_refer_to_what_exists() -> None:
    named = [row.sources for row in (*VOCABULARY.statuses, *VOCABULARY.kinds)]
    named += [step.sources for step in VOCABULARY.transitions]
    for sources in named:
        assert sources
        assert set(sources) <= FACT_IDS | set(LEDGER.readings)


def test_texts_and_numbers_of_a_process() -> None:
    """F-PROC-02, F-PROC-03, R-06, R-06b, R-07; that the server answers so is proven where it does."""
    shown = VOCABULARY.status_desc
    assert list(shown.finished) == list(shown.failed) == list(the_reading("R-06").answers)
    assert (shown.running, shown.finished["finalized"], shown.failed["finalized"]) == (
        "Process running",
        "Process Finalized Successfully",
        "Process Finalized With Error",
    )
    assert (shown.finished["quickstart"], shown.failed["quickstart"]) == (
        "Process completed successfully",
        "Process completed with error",
    )
    assert (shown.finished["az"], shown.failed["az"]) == (
        "Proses Uğurla Tamamlandı",
        "Proses Xəta ilə Tamamlandı",
    )
    assert VOCABULARY.process_status == {"queued": 0, "running": 1, "finished": 2, "failed": 3}


# Letters


@pytest.mark.parametrize("name", ["facts.json", "readings.json", "errors.json", "vocabulary.json"])
def test_a_table_is_text_in_composed_letters(name: str) -> None:
    """One of the sources is encoded twice; nothing of that may slip in."""
    content = msgspec.json.encode(load(name)).decode()
    assert unicodedata.normalize("NFC", content) == content
    assert not re.search("[\u00c3\u00c4\u00c5\u00c6\u00c9\ufffd]|â€", content)

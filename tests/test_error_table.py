"""The error table: found by name and by (scope, code), and the classes of the documents."""

import pytest

from mock_server.rulebook.errors import ErrorTable

CLASSES = {
    "stop": {5, 14, 15},
    "retry": {10, 11, 12, 16},
    "fix": {1, 2, 3, 4, 6},
    "none": {7, 17, 20},
}


@pytest.fixture
def table() -> ErrorTable:
    return ErrorTable.load()


@pytest.mark.proves("F-ERR-03")
def test_each_general_code_is_in_the_class_of_the_documents(table: ErrorTable) -> None:
    found = {name: {e.code for e in table if e.scope == "request" and e.retry == name} for name in CLASSES}
    assert found == CLASSES


def test_name_and_code_find_the_same_entry(table: ErrorTable) -> None:
    for entry in table:
        assert table.named(entry.scope, entry.name) is entry
        assert table.find(entry.scope, entry.code) is entry
        assert entry in table.all_of(entry.code)


@pytest.mark.proves("F-ERR-05")
def test_one_number_means_something_else_in_each_scope(table: ErrorTable) -> None:
    meanings = {code: {e.scope: e.name for e in table.all_of(code)} for code in (15, 16, 17, 20)}
    assert meanings == {
        15: {"request": "no-asan-phone", "partner": "phone-required"},
        16: {"request": "internal-error-16", "partner": "phone-not-authorised"},
        17: {"request": "duplicate-invoice", "partner": "phone-malformed"},
        20: {"request": "qaime-not-found", "invoice": "voen-missing"},
    }


def test_what_the_table_lacks(table: ErrorTable) -> None:
    assert table.find("request", 9) is None
    assert table.all_of(999) == []
    with pytest.raises(KeyError):
        table.named("invoice", "qaime-not-found")


def test_an_entry_twice_does_not_load(table: ErrorTable) -> None:
    entry = next(iter(table))
    with pytest.raises(ValueError, match="twice"):
        ErrorTable(table.scopes, (entry, entry))

"""From the answers that a server was seen to give: a file that `serve --readings FILE` takes, with the evidence.

Beside the answers it has the key `calibration`, which the simulator passes over: for each reading what was asked and
answered, and which ones stay open and what would settle them.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from contract_tests import documents
from contract_tests.check import EFFECTS, Check
from contract_tests.findings import OPEN, Observation
from contract_tests.results import Results
from contract_tests.suites import SUITES

UNSEEN: Mapping[str, str] = {
    "R-31": "It is about the person with the phone, not about the server; no request can tell.",
}
"""Selectable readings that cannot be seen from outside, and why."""


SEEN_BY: Mapping[str, tuple[str, ...]] = {
    "R-01": ("envelope/the_http_status_of_an_error",),
    "R-02": ("envelope/reads_take_a_method_with_a_body",),
    "R-02b": ("readings/parameters_in_the_query_string",),
    "R-03": ("envelope/a_success_has_the_envelope",),
    "R-04": ("envelope/data_of_a_refusal",),
    "R-06": ("processes/a_finished_process_says_so",),
    "R-07": ("processes/an_upload_goes_through_its_stages",),
    "R-08": ("deletion/signed_ones_that_wait_are_deleted",),
    "R-08b": ("readings/an_ill_formed_serial_number",),
    "R-09": ("readings/the_form_of_an_item_id",),
    "R-10": ("readings/the_form_of_a_barcode",),
    "R-11": ("readings/how_exactly_sums_must_add_up",),
    "R-12": ("readings/the_phone_of_an_enterprise",),
    "R-13b": ("filters/a_range_that_is_none",),
    "R-14b": ("readings/an_unknown_word_in_a_filter",),
    "R-14c": ("readings/a_kind_as_type",),
    "R-15": ("processes/an_unknown_process",),
    "R-16": ("paging/the_total_of_an_empty_page", "paging/pages_are_of_5000"),
    "R-16b": ("readings/reading_by_process", "paging/pages_are_of_5000"),
    "R-21": ("deletion/one_that_cannot_be_deleted_in_the_portal",),
    "R-23": ("processes/reading_what_was_imported",),
    "R-29": ("readings/reading_by_process",),
    "R-42": ("readings/values_of_another_type",),
    "R-45": ("envelope/the_text_of_an_error",),
    "R-50": ("renewal/which_secret_signs",),
    "R-55": ("processes/an_id_that_the_portal_has",),
    "R-61": ("readings/unregistered_companies",),
    "R-64": ("processes/an_upload_goes_through_its_stages",),
    "R-68": ("readings/the_pin_of_a_deletion",),
}
"""Selectable reading -> the checks that record its answer."""


SETTLED_BY: Mapping[str, str] = {
    "R-02b": "A server that takes GET for its reads would settle it.",
    "R-16": "Records that have been downloaded would settle it.",
    "R-45": "An error that shows `err_msg` would settle it; no answer to a read had one (R-03).",
}
"""Reading -> what would show its answer, where that is more than leave to do more."""


def checks() -> tuple[Check, ...]:
    """The checks that see a reading."""
    wanted = {name for names in SEEN_BY.values() for name in names}
    return tuple(check for suite in SUITES for check in suite if check.name in wanted)


def selectable() -> tuple[str, ...]:
    """The readings with several answers."""
    return tuple(name for name, row in documents.ledger().items() if row["kind"] == "selectable")


def settled(seen: list[Observation]) -> str | None:
    """The one answer that was given; `None` where there was none of the ledger's, or more than one."""
    answers = {each.answer for each in seen}
    return answers.pop() if len(answers) == 1 and OPEN not in answers else None


def answers(results: Results) -> dict[str, str]:
    """Reading -> the answer that the server follows."""
    found = {name: settled(seen) for name, seen in results.readings().items()}
    return {name: answer for name, answer in found.items() if answer is not None}


def still_open(results: Results) -> dict[str, str]:
    """Reading -> why it stays open, and what would settle it."""
    found, reasons = answers(results), {each.check: each.why for each in results.not_tried}
    broken = {each.check: each.message for each in results.findings}
    told = {}
    for name in selectable():
        if name in found:
            continue
        seen = results.readings().get(name, [])
        mine = SEEN_BY.get(name, ())
        if name in UNSEEN:
            told[name] = UNSEEN[name]
        elif seen:
            said = ", ".join(f"{each.answer} ({each.note})" if each.note else each.answer for each in seen)
            told[name] = f"The server gave {said}, which is no answer of the ledger's, or not one alone."
        else:
            why = next((reasons.get(one) or broken.get(one) for one in mine if one in reasons or one in broken), None)
            told[name] = f"Not seen: {why or 'the server had nothing to show it on'}. {_what_would(name, mine)}"
    return told


def _what_would(reading: str, names: Iterable[str]) -> str:
    if reading in SETTLED_BY:
        return SETTLED_BY[reading]
    effects = [check.effect for suite in SUITES for check in suite if check.name in names]
    least = min(effects, key=EFFECTS.index, default="world")
    return {
        "reads": "A read that is answered as documented would settle it.",
        "writes": "--allow-writes would settle it.",
        "pins": "--allow-pins would settle it.",
        "world": "Ask those who run the server: it needs a simulator to be tried without harm.",
    }[least]


def document(results: Results) -> dict[str, Any]:
    """The readings file: `readings` for the simulator, and `calibration`, which tells how they were found."""
    found = answers(results)
    seen = {name: results.readings()[name][0] for name in found}
    return {
        "readings": found,
        "calibration": {
            "server": results.about.url,
            "by": f"vatportal-mock {results.about.version}",
            "evidence": {name: _evidence(one) for name, one in seen.items()},
            "open": still_open(results),
        },
    }


def _evidence(seen: Observation) -> dict[str, Any]:
    row = documents.ledger()[seen.reading]
    return {
        "question": row["question"],
        "says": row["answers"][seen.answer]["says"],
        "check": seen.check,
        "exchanges": [exchange.shown() for exchange in seen.evidence],
    }

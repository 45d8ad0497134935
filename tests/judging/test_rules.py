"""Each rule is broken by one conversation and kept by another that is much like it."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from mock_server.judging import CATALOGUE, Case, Expected, Outcome, judge
from mock_server.judging.calls import LOST_BODY, NO_AGENT, WRONG_TYPE
from mock_server.judging.case import ToldError
from mock_server.judging.rules import RULES
from mock_server.rulebook.documents import load
from tests.judging.script import SECOND, Script, rules

GONE = 'fault 1: {"connection":"lose_answer"}'


def invoice(erp_id: str, total: Any = 118, name: str = "Çay, qara") -> dict[str, Any]:
    return {"id": erp_id, "main_info": "A", "sum_total": total, "items": [{"name": name, "total": total}]}


def upload(script: Script, code: int = 0, data: Any = None, *invoices: dict[str, Any], **more: Any) -> Script:
    data = {"id": 7} if code == 0 else data
    return script.call("import_upload_invoices", code, data, invoices=list(invoices or [invoice("A-000001")]), **more)


class Pair(NamedTuple):
    """A conversation that breaks the rule, and one that does not; `about`: what else is known of both."""

    rule: str
    breaks: Callable[[Script], Script]
    keeps: Callable[[Script], Script]
    about: dict[str, Any] = {}  # noqa: RUF012 - a default that nobody changes
    about_kept: dict[str, Any] | None = None


def page(script: Script, number: int, pages: int = 3, total: int = 12001) -> Script:
    note = f"page {number} of {pages}, {total} invoices in all"
    return script.wait(1).call("etx_read_invoices", 0, {}, reading="R-16", note=note, procId=7, **{"from": number})  # type: ignore[arg-type]


def pages(script: Script, *numbers: int) -> Script:
    script.start().polls(2)
    for number in numbers:
        page(script, number)
    return script


def read(script: Script, number: int) -> Script:
    """A page that is refused for its number, or for something else where the number is right."""
    return script.call("etx_read_invoices", 3, procId=7, **{"from": number})  # type: ignore[arg-type]


def delete(script: Script, code: int, *complaints: str, **body: Any) -> Script:
    named = {"serialNumbers": ["AA2501 10000001", "MT2412 25000100"], **body}
    return script.call("etx_delete", code, None, complaints=complaints, **named)


def lost(script: Script, http: int = 200) -> Script:
    """A poll whose answer does not come; or that a gateway answers, before anybody looks who asks."""
    if http != 200:
        return script.wait(2).call("read_proc_status", None, http=http, way="none", procId=7)
    return script.wait(2).call("read_proc_status", 0, {"status": 1}, note=GONE, procId=7)


OTHER = "MT241225000100 lies in the other folder"
LIBCURL = ((None, 0, "none"), (0, 200, "token"))
"""A connection broke before the request was looked at, and the library sent it again by itself."""

SLOW = (1,) * 40
CHANGED = Expected(succeeds=True, changed=True)
GIVEN = {"A-000001": invoice("A-000001", Decimal("118.1"))}

PAIRS = [
    Pair("polled-too-fast", lambda s: s.start().polls(1, 2, every=0.3), lambda s: s.start().polls(1, 2, every=0.97)),
    Pair(
        "never-slowed-down",
        lambda s: s.start().polls(*(1,) * 70, 2),
        lambda s: s.start().polls(*(1,) * 30).polls(*(1,) * 12, every=5).polls(1, 1, 2, every=10),
    ),
    Pair("polled-after-end", lambda s: s.start().polls(1, 2, 2), lambda s: s.start().polls(1, 2)),
    Pair(
        "stopped-early",
        lambda s: s.start().polls(1, 1, every=5),
        lambda s: s.start().polls(*(1,) * 29).polls(*(1,) * 12, every=5).polls(*(1,) * 19, every=10),
    ),
    Pair("never-retried", lambda s: lost(s.start().polls(1)), lambda s: lost(s.start().polls(1)).polls(2)),
    Pair("stopped-early", lambda s: delete(s, 0).start(9, "etx_delete"), lambda s: s.start().polls(3)),
    Pair(
        "polled-without-bound",
        lambda s: s.start().polls(1, 1, 1),
        lambda s: s.start().polls(1, 1, 1, 2).call("read_proc_data", procId=7),
        {"killed": True},
        {"killed": False},
    ),
    Pair(
        "took-running-for-done",
        lambda s: s.start().polls(1).call("etx_read_invoices", 0, {}, procId=7),
        lambda s: s.start().polls(1, 2).call("etx_read_invoices", 0, {}, procId=7),
    ),
    Pair(
        "ignored-err-code",
        lambda s: s.call("etx_import", 15).wait(2).call("read_proc_status", 3, procId=None),
        lambda s: s.call("etx_import", 15),
    ),
    Pair(
        "ignored-err-code",
        lambda s: s.call("etx_import", 15),
        lambda s: s.call("etx_import", 15),
        {"claimed": True, "expected": Expected(succeeds=False)},
        {"claimed": False, "expected": Expected(succeeds=False)},
    ),
    Pair(
        "ignored-err-code",
        lambda s: upload(s, 14).call("inv_read_invoices", ids=["A-000001"]),
        lambda s: upload(s, 14).call("inv_read_invoices", ids=["A-000001"]),
        {"claimed": True, "expected": Expected(succeeds=False)},
        {"claimed": False, "expected": Expected(succeeds=False)},
    ),
    Pair(
        "retried-refusal", lambda s: delete(delete(s, 20).wait(3), 20), lambda s: delete(delete(s, 20).wait(99), 20)
    ),
    Pair(
        "retried-refusal",
        lambda s: s.call("etx_import", 5, phone="1").wait(1).call("inv_read_invoices", 5, ids=["A"]),
        lambda s: s.call("etx_import", 5).call("reset_confirm", 0, way="none").start().polls(2),
    ),
    Pair(
        "resent-invalid",
        lambda s: upload(upload(s, 14, {"invoices": [[37]]}, invoice("A")).wait(2), 14, None, invoice("A")),
        lambda s: upload(upload(s, 14, {"invoices": [[37]]}).wait(2), 0, None, invoice("B-000001")).polls(2),
    ),
    Pair(
        "resent-invalid",
        lambda s: upload(
            upload(s, 14, {"invoices": [[], [37]]}, invoice("A"), invoice("B")), 0, None, invoice("B")
        ).polls(2),
        lambda s: upload(
            upload(s, 14, {"invoices": [[], [37]]}, invoice("A"), invoice("B")), 0, None, invoice("A")
        ).polls(2),
    ),
    Pair(
        "retried-without-pause",
        lambda s: upload(upload(upload(s, 11).wait(1), 11).wait(1)).polls(2),
        lambda s: upload(upload(upload(s, 11).wait(1), 11).wait(2)).polls(2),
    ),
    Pair(
        "retried-without-pause",
        lambda s: [s.wait(0.1).call("inv_read_invoices", code, http=502, ids=["A"]) for code in (None, 0)][-1],
        lambda s: [s.wait(1).call("inv_read_invoices", code, http=502, ids=["A"]) for code in (None, 0)][-1],
    ),
    Pair(
        "retried-without-pause",
        lambda s: lost(lost(s.start(), 502), 502).polls(2),
        lambda s: lost(lost(s.start(), 502), 502).wait(2).polls(2),
    ),
    Pair(
        "retried-without-pause",
        lambda s: [s.wait(0.01).call("inv_read_invoices", c, http=0, way="none", ids=["A"]) for c in (None, None, 0)][
            -1
        ],
        lambda s: [s.call("inv_read_invoices", c, http=h, way=w, ids=["A"]) for c, h, w in LIBCURL][-1],
    ),
    Pair(
        "retried-without-bound",
        lambda s: [upload(s.wait(2**k), 11) for k in range(1, 5)][-1],
        lambda s: [upload(s.wait(2**k), 11) for k in range(1, 5)][-1],
        {"killed": True},
        {"killed": False},
    ),
    Pair(
        "retried-without-bound",
        lambda s: [upload(s.wait(0.5 * 1.3**k), 11) for k in range(1, 14)][-1],
        lambda s: [upload(s.wait(0.5 * 1.3**k), 11) for k in range(1, 9)][-1],
    ),
    Pair("never-retried", lambda s: upload(s, 12), lambda s: upload(upload(s, 12).wait(1)).polls(2)),
    Pair(
        "second-invoice",
        lambda s: upload(upload(s, 17).wait(1), 0, None, invoice("B-000001")).polls(2),
        lambda s: upload(upload(s, 17).wait(1), 0, None, invoice("B-000001", 200)).polls(2),
    ),
    Pair(
        "credentials-in-query",
        lambda s: s.call("read_proc_status", 0, {"status": 2}, query="procId=7&password=***"),
        lambda s: s.call("reset_start", None, query="login=demo", way="none"),
    ),
    Pair(
        "token-and-password",
        lambda s: s.call("inv_read_invoices", note="both", reading="R-25", ids=["A"]),
        lambda s: s.call("inv_read_invoices", ids=["A"]),
    ),
    Pair(
        "password-instead-of-token",
        lambda s: s.call("inv_read_invoices", way="password", username="demo", ids=["A"]),
        lambda s: s.call("inv_read_invoices", way="token", ids=["A"]),
    ),
    Pair(
        "parameters-in-query",
        lambda s: s.call("inv_read_invoices", 0, {}, note="query", reading="R-02b", query="ids=A&ids=B"),
        lambda s: s.call("reset_start", None, query="login=demo", way="none").call(
            "inv_read_invoices", ids=["A", "B"]
        ),
    ),
    Pair("wrong-content-type", lambda s: upload(s, 2, complaints=("Content-Type is 'text/plain'",)), lambda s: s),
    Pair(
        "get-body-lost",
        lambda s: s.call("read_proc_status", 4, note="a GET without a body, from node", reading="R-41", way="none"),
        lambda s: s.call("read_proc_status", 4, username="", password=""),
    ),
    Pair("mixed-folders", lambda s: delete(s, 20, OTHER), lambda s: delete(s, 20, "AA cannot be deleted")),
    Pair("wrong-is-signed", lambda s: delete(s, 20, OTHER, serialNumbers=["X"]), lambda s: delete(s, 20)),
    Pair("stopped-at-first-page", lambda s: pages(s, 1), lambda s: pages(s, 1, 2, 3)),
    Pair("assumed-page-size", lambda s: pages(s, 1, 2), lambda s: pages(s, 1, 2, 3, 4)),
    Pair("assumed-page-size", lambda s: read(s.start().polls(2), 0), lambda s: read(s.start().polls(2), 1)),
    Pair("assumed-page-size", lambda s: page(read(s.start().polls(2), 0), 1, 1), lambda s: pages(s, 1, 2, 3)),
    Pair("assumed-page-size", lambda s: pages(s, 1, 5001), lambda s: pages(s, 1, 2, 3)),
    Pair("assumed-page-size", lambda s: pages(s, 1, 2, 3, 4, 5), lambda s: pages(s, 1, 2, 3, 1, 2, 3)),
    Pair(
        "altered-amounts",
        lambda s: upload(s, 0, None, invoice("A-000001", 0.1 + 0.2)).polls(2),
        lambda s: upload(s, 0, None, invoice("A-000001", 0.30001)).polls(2),
    ),
    Pair(
        "altered-amounts",
        lambda s: upload(s, 0, None, invoice("A-000001", 118.10001)).polls(2),
        lambda s: upload(s, 0, None, invoice("A-000001", 118.10)).polls(2),
        {"expected": Expected(sent=GIVEN)},
    ),
    Pair(
        "garbled-letters",
        lambda s: upload(s, 0, None, invoice("A-000001", name="Ã‡ay, qara, 2 É™dÉ™d")).polls(2),
        lambda s: upload(s, 0, None, invoice("A-000001", name="Ədəd, şirə, ığ İ ÅÄÖ")).polls(2),
    ),
    Pair(
        "garbled-letters",
        lambda s: upload(s, 0, None, invoice("A-000001", 118.1, "Cay, qara")).polls(2),
        lambda s: upload(s, 0, None, invoice("A-000001", 118.1)).polls(2),
        {"expected": Expected(sent=GIVEN)},
    ),
    Pair(
        "many-at-once",
        lambda s: s.start(7).start(8, phone="1").polls(2).polls(2, process=8),
        lambda s: s.start(7).polls(2).start(8).polls(2, process=8),
    ),
    Pair(
        "wide-download",
        lambda s: s.start(date_from="01.01.2020", date_to="01.01.2026").polls(2),
        lambda s: s.start(date_from="01.01.2020", date_to="01.01.2026", inc_status="approved").polls(2),
    ),
    Pair(
        "compared-texts",
        lambda s: s.start().polls(2, 2),
        lambda s: s.start().polls(2),
        {"expected": CHANGED},
    ),
    Pair(
        "compared-texts",
        lambda s: s.start().polls(2),
        lambda s: s.start().polls(2),
        {"expected": CHANGED, "claimed": False},
        {"expected": CHANGED, "claimed": True},
    ),
    Pair(
        "blamed-wrong-invoice",
        lambda s: upload(s, 14, {"invoices": [[37]]}),
        lambda s: upload(s, 14, {"invoices": [[37]]}),
        {"expected": Expected(blamed=frozenset("B")), "outcome": Outcome(errors=(ToldError(14, "", ("A",)),))},
        {"expected": Expected(blamed=frozenset("B")), "outcome": Outcome(errors=(ToldError(14, "", ("B",)),))},
    ),
    Pair(
        "believed-refused-deletion",
        lambda s: delete(s, 20),
        lambda s: delete(s, 20),
        {"expected": Expected(deleted=frozenset({"AB12"})), "outcome": Outcome(deleted=("AB 12", "AA 12"))},
        {"expected": Expected(deleted=frozenset({"AB12"})), "outcome": Outcome(deleted=("AB 12",))},
    ),
    Pair(
        "lost-invoices",
        lambda s: pages(s, 1, 2, 3),
        lambda s: pages(s, 1, 2, 3),
        {"expected": Expected(invoices=frozenset("AB")), "outcome": Outcome(invoices=("A", "A"))},
        {"expected": Expected(invoices=frozenset("AB")), "outcome": Outcome(invoices=("B", "A"))},
    ),
    Pair(
        "wrong-outcome",
        lambda s: s.start().polls(3),
        lambda s: s.start().polls(3),
        {"expected": Expected(succeeds=False), "claimed": True},
        {"expected": Expected(succeeds=False), "claimed": False},
    ),
    Pair("wrong-outcome", lambda s: s.start().polls(2), lambda s: s.start().polls(2), {"killed": True}, {}),
    Pair(
        "wrong-outcome",
        lambda s: s,
        lambda s: s.start().polls(2),
        {"expected": Expected(succeeds=True, done=False), "claimed": True},
        {"expected": Expected(succeeds=True, done=True), "claimed": True},
    ),
    Pair(
        "wrong-outcome",
        lambda s: s.start().polls(2),
        lambda s: s.start().polls(2),
        {"expected": Expected(qaimes={"A": "AA1"}), "outcome": Outcome(qaimes={"A": ""})},
        {"expected": Expected(qaimes={"A": "AA1"}), "outcome": Outcome(qaimes={"A": "AA1"})},
    ),
]


@pytest.mark.proves(
    "F-PROC-08", "F-PROC-09", "F-ERR-03", "F-DEL-08", "F-ENV-07", "F-AUTH-08", "F-ETX-08", "R-80", "R-81"
)
@pytest.mark.parametrize("pair", PAIRS, ids=[f"{pair.rule}-{place}" for place, pair in enumerate(PAIRS)])
def test_the_rule_bites_and_is_silent(pair: Pair) -> None:
    assert set(rules(pair.breaks(Script()), **pair.about)) == {pair.rule}
    kept = pair.about if pair.about_kept is None else pair.about_kept
    assert rules(pair.keeps(Script()), **kept) == []


REST, TWO = {"invoices": [[], [37]]}, (invoice("A"), invoice("B"))
FLOATS = invoice("A-000001", 0.1 + 0.2)
FAILS, SUCCEEDS = Expected(succeeds=False), Expected(succeeds=True)


@pytest.mark.parametrize(
    ("script", "about", "found"),
    [
        # floats make nobody believe that a refused PIN signs; they may well make the portal refuse an invoice
        (
            lambda s: upload(s, 0, None, FLOATS).polls(3),
            {"expected": FAILS, "claimed": True},
            "altered-amounts wrong-outcome",
        ),
        (lambda s: upload(s, 14, None, FLOATS), {"expected": SUCCEEDS, "claimed": False}, "altered-amounts"),
        (lambda s: upload(s, 0, None).polls(3, every=0.3), {"expected": FAILS, "claimed": True}, "wrong-outcome"),
        (lambda s: upload(s, 0, None).polls(1), {"expected": FAILS, "claimed": True}, "took-running-for-done"),
        (
            lambda s: upload(upload(s, 14, REST, *TWO), 0, None, TWO[0]).polls(3),
            {"expected": FAILS, "claimed": True},
            "wrong-outcome",
        ),
        (lambda s: upload(s.wait(1), 11), {"killed": True}, "wrong-outcome"),
    ],
)
def test_a_wrong_belief_is_told_unless_another_finding_explains_it(
    script: Callable[[Script], Script], about: dict[str, Any], found: str
) -> None:
    assert rules(script(Script()), **about) == found.split()


@pytest.mark.parametrize(
    ("script", "en", "az"),
    [
        (lambda s: lost(s.start()), "(connection lost)", "(bağlantı kəsilib)"),
        (lambda s: lost(s.start(), 502), "(HTTP 502)", "(HTTP 502)"),
        (
            lambda s: upload(s, 2, complaints=(f"{WRONG_TYPE}'text/plain'",)),
            "json (text/plain) and",
            "deyildi (text/plain) və",
        ),
        (
            lambda s: upload(s, 2, complaints=(f"{WRONG_TYPE}'absent'",)),
            "json (there was no Content-Type) and",
            "deyildi (Content-Type yox idi) və",
        ),
        (lambda s: upload(s, 2, complaints=("GET where POST is taken",)), "json and got", "deyildi və"),
        (
            lambda s: s.call("read_proc_status", 4, note=f"{LOST_BODY}{NO_AGENT}", way="none"),
            "It has no User-Agent.",
            "User-Agent yoxdur.",
        ),
        (
            lambda s: read(s.start().polls(2), 0),
            "There is no page 0 (err_code 3); the client",
            "0 nömrəli səhifə yoxdur",
        ),
        (
            lambda s: pages(s, 1, 5001),
            "12001 invoices are on 3 pages; the client",
            "12001 qaimə 3 səhifədədir; müştəri",
        ),
        (
            lambda s: s.start().call("etx_read_invoices", procId=7),
            "was never asked for; then",
            "heç soruşulmayıb; müştəri",
        ),
    ],
)
def test_what_happened_is_told_in_both_languages(script: Callable[[Script], Script], en: str, az: str) -> None:
    (finding,) = judge(Case(script(Script()).calls()))
    assert en in finding["text"]["en"]
    assert az in finding["text"]["az"]


def test_every_rule_has_texts_a_function_and_a_pair() -> None:
    assert set(RULES) == set(CATALOGUE)
    assert {pair.rule for pair in PAIRS} == set(RULES)


def test_rules_cite_facts_and_readings_that_exist() -> None:
    known = {row["id"] for row in load("facts.json")["facts"]} | {
        row["id"] for row in load("readings.json")["readings"]
    }
    for rule in CATALOGUE.values():
        assert rule.facts
        assert set(rule.facts) <= known, rule.name


def test_every_fact_that_clients_own_is_cited() -> None:
    owned = {row["id"] for row in load("facts.json")["facts"] if row["owner"] == "client"}
    assert owned <= {fact for rule in CATALOGUE.values() for fact in rule.facts}


@pytest.mark.parametrize("rule", CATALOGUE.values(), ids=list(CATALOGUE))
def test_both_languages_have_the_same_places(rule: Any) -> None:
    for text in (rule.title, rule.text, rule.mend):
        assert text.en
        assert text.az
        assert set(re.findall(r"{(\w+)}", text.en)) == set(re.findall(r"{(\w+)}", text.az))


def test_a_finding_tells_what_to_do() -> None:
    (finding,) = judge(Case(Script().call("etx_import", 15).wait(2).call("etx_import", 15).calls()))
    assert finding["id"] == "F1"
    assert finding["requests"] == [1, 2]
    assert "err_code 15" in finding["text"]["en"]
    assert "{" not in "".join((*finding["text"].values(), *finding["mend"].values()))


def test_a_client_that_may_go_on_is_not_judged_for_stopping() -> None:
    script = Script().start().polls(1)
    assert rules(script, now=script.real + 10 * SECOND) == []
    assert rules(script, now=script.real + 100 * SECOND) == ["stopped-early"]


@pytest.mark.proves("R-80")
def test_polls_are_judged_by_real_time_and_patience_by_the_worlds() -> None:
    assert rules(Script(speed=100).start().polls(1, 1, 1)) == []
    assert rules(Script(speed=0.01).start().polls(1, 1, 2, every=0.5)) == ["polled-too-fast"]


def test_whoever_gives_up_in_time_may_look_what_has_come() -> None:
    script = upload(Script(speed=40)).polls(1, 1, 1, 1, 1).call("inv_read_invoices", ids=["A-000001"])
    assert rules(script) == []
    assert rules(script, claimed=False) == []
    assert rules(script, claimed=True) == ["took-running-for-done"]


def test_a_poll_that_names_no_process_is_not_turning_away() -> None:
    script = upload(Script()).wait(2)
    script.call("read_proc_status", 3, note="a GET without a body, from node", reading="R-41")
    assert rules(script) == ["get-body-lost"]

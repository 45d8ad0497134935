"""What is found: evidence without secrets, a smallest case that can be tried again, and reports of it."""

import json
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from contract_tests import replay
from contract_tests.accounts import WrongAccount, from_environment, from_file, merged
from contract_tests.coverage import Cell, possible
from contract_tests.exchange import Exchange
from contract_tests.reporting import junit, page
from contract_tests.results import Results, plain
from contract_tests.runner import Plan, run
from contract_tests.target import Target
from mock_server import Settings, create_app
from tests.kit.in_process import checked, simulator, target, told

ONE_FAULT = "errors/one_fault_has_exactly_its_code"


@contextmanager
def mistaken(old: bytes, new: bytes) -> Iterator[Target]:
    """A simulator whose answers have one thing in place of another."""
    with closing(create_app(Settings(seed=1))) as app:

        async def wrong(
            scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
        ) -> None:
            async def changed(message: Any) -> None:
                if "body" in message and b"/api/" in scope["raw_path"]:
                    message = {**message, "body": message["body"].replace(old, new)}
                await send(message)

            await app(scope, receive, changed)

        with target(wrong) as there:
            yield there


@pytest.fixture(scope="module")
def found() -> Results:
    """A server that gives 45 where 43 is meant."""
    with mistaken(b"[[43]]", b"[[45]]") as there:
        return checked(there, [ONE_FAULT], quick=False)


def test_a_finding_names_the_fact_and_the_smallest_case(found: Results) -> None:
    (finding,) = found.findings
    assert "F-ERR-05" in finding.ids
    assert "43" in finding.message
    assert finding.case[0] == 43


def test_the_same_seed_finds_the_same(found: Results) -> None:
    with mistaken(b"[[43]]", b"[[45]]") as there:
        again = checked(there, [ONE_FAULT], quick=False)
    assert again.requests == found.requests
    assert replay.saved(again.findings[0], 0) == replay.saved(found.findings[0], 0)


def test_a_saved_case_is_tried_again(found: Results, tmp_path: Path) -> None:
    file = tmp_path / replay.name_of(found.findings[0].check)
    file.write_bytes(replay.saved(found.findings[0], 0))
    saved = replay.read(file)
    for wrong, findings in ((b"[[43]]", 1), (b"nothing", 0)):
        with mistaken(wrong, b"[[45]]") as there:
            results = Results(found.about)
            run(there, Plan((saved.check,), seed=saved.seed, saved=saved.case), results)
        assert len(results.findings) == findings
        assert results.requests <= 4


@pytest.mark.parametrize(
    "text", ["", "{}", '{"format": 1, "check": "no/such", "seed": 1}', '{"format": 2, "check": "x", "seed": 1}']
)
def test_a_file_that_is_no_saved_case(text: str, tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_text(text, "utf-8")
    with pytest.raises(replay.WrongFile, match=re.escape(str(file))):
        replay.read(file)


def test_json(found: Results) -> None:
    report = json.loads(json.dumps(plain(found)))
    (finding,) = report["findings"]
    assert finding["evidence"][-1]["curl"].startswith("curl -sS -X POST http://in-process/api/inv/import")
    assert report["coverage"]["never"]


def test_every_outcome_that_can_exist_was_seen_or_never_seen() -> None:
    with simulator() as there:
        results = checked(there, ["envelope", "authentication", "processes"])
    report = plain(results)["coverage"]
    seen = [{key: each[key] for key in Cell._fields} for each in report["seen"]]
    can = [cell._asdict() for cell in possible()]
    assert [one for one in seen if one not in can] == []
    assert len(seen) + len(report["never_outcomes"]) == report["possible"] == len(can)
    assert [one for one in seen if one in report["never_outcomes"]] == []
    page_of = page.rendered(results)
    assert f"{len(seen)} of {len(can)} outcomes that can exist were seen" in page_of
    polls = page_of.partition("read_proc_status: ")[2].partition("</section>")[0]
    assert "running, pin1" in polls
    assert ">never<" in polls
    assert "queued, pin1" not in page_of  # it has not asked the phone yet


def test_an_outcome_that_should_not_exist_is_shown_too() -> None:
    with mistaken(b'"status":2', b'"status":9') as there:
        results = checked(there, ["processes"])
    assert "other, no PIN" in page.rendered(results)


def test_html_is_one_page_that_loads_nothing(found: Results) -> None:
    text = page.rendered(found)
    assert found.findings[0].message.replace("'", "&#39;") in text
    assert not re.search(r"(src|href)=", text)
    assert "import_upload_invoices" in text


def test_html_escapes_what_the_server_says() -> None:
    with mistaken(b'"err_msg":""', b'"err_msg":"<script>"') as there:
        results = checked(there, ["envelope"])
    assert results.findings
    assert "<script>" not in page.rendered(results)


def test_junit(found: Results, tmp_path: Path) -> None:
    file = tmp_path / "report.xml"
    file.write_bytes(junit.rendered(found))
    root = ElementTree.parse(file).getroot()
    assert [suite.get("failures") for suite in root] == ["1"]
    assert "F-ERR-05" in (root.findtext(".//failure") or "")


def test_no_secret_is_shown() -> None:
    with simulator() as there:
        results = checked(there, ["authentication", "renewal"])
    shown = json.dumps(plain(results)) + page.rendered(results)
    for secret in ('"demo"}', "demo-token", "demo-secret"):
        assert secret not in shown
    exchange = Exchange(
        "",
        "GET",
        "http://x/api",
        "/a?username=u&password=hunter2",
        {"X-VatpApiKey": "hunter2"},
        b'{"password": "hunter2", "key": "hunt\\"er2", "n": 1}',
        200,
        {},
        b'{"token":"hunter2"}',
    )
    assert "hunter2" not in json.dumps(exchange.shown())
    assert "er2" not in exchange.shown()["body"]


def test_a_secret_that_the_server_repeats_is_blotted_out() -> None:
    with mistaken(b'"err_msg":"', b'"err_msg":"demo-token: ') as there:
        results = checked(there, ["envelope"])
    assert results.findings
    assert "demo-token" not in json.dumps(plain(results)) + page.rendered(results)


def test_a_server_that_answers_nonsense_is_a_finding_and_no_crash() -> None:
    with mistaken(b'"data":{', b'"data":7,"x":{') as there:
        results = checked(there, ["processes", "filters", "deletion", "paging"])
    assert results.findings
    assert all(each.ids for each in results.findings)
    assert any("not of the form documented" in each for each in told(results))


def test_accounts_come_from_a_file_and_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "accounts.toml"
    file.write_text('[main]\nusername = "erp"\npassword = "a"\n[clerk]\nusername = "c"\n', "utf-8")
    environment = from_environment({"VATPORTAL_CHECK_PASSWORD": "b", "VATPORTAL_CHECK_OTHER_TOKEN": "t", "HOME": "/"})
    parties = merged(from_file(file), environment)
    assert (parties["main"].username, parties["main"].password) == ("erp", "b")
    assert (parties["other"].token, parties["clerk"].username) == ("t", "c")
    assert "b" not in repr(parties["main"]).removeprefix("Party('erp')")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[mian]\n", 'Did you mean "main"'),
        ('[main]\nuser = "x"\n', 'Did you mean "username"'),
        ("[main\n", "accounts.toml"),
        ("[main]\nusername = 1\n", "a table of texts"),
    ],
)
def test_wrong_account_files_are_refused(text: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "accounts.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(WrongAccount, match=re.escape(says)):
        from_file(file)


def test_a_misspelt_variable_is_refused() -> None:
    with pytest.raises(WrongAccount, match="VATPORTAL_CHECK_PASSWORD"):
        from_environment({"VATPORTAL_CHECK_PASWORD": "x"})

"""Suite `operations`: what Schemathesis sends goes through the kit; what is wrong is found, and found again."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from contract_tests import replay
from contract_tests.broken_servers import CATALOGUE
from contract_tests.results import Results
from contract_tests.run import NOTHING
from contract_tests.runner import Plan, run
from contract_tests.senders import Application
from mock_server import Settings, create_app
from tests.kit.in_process import checked, simulator, target, told

READ = "operations/read_proc_status"


@pytest.fixture(scope="module")
def app() -> Iterator[Application]:
    with closing(create_app(Settings(seed=1, pace="instant"))) as sound:
        yield sound


def outcomes(results: Results) -> object:
    return results.requests, sorted(results.coverage.seen.items(), key=repr)


def test_the_same_seed_sends_the_same() -> None:
    seen = []
    for seed in (3, 3, 4):
        with simulator() as there:
            results = checked(there, [READ, "operations/reset_confirm", "operations/links"], seed=seed)
        assert told(results) == []
        seen.append(outcomes(results))
    assert seen[0] == seen[1] != seen[2]


FOUND = (
    *(
        "answers-without-envelope",
        "res-is-always-one",
        "err-code-is-text",
        "err-msg-on-success",
        "payload-beside-data",
    ),
    *("answers-are-utf-16", "two-for-a-wrong-method", "two-for-missing-elements"),
)


@pytest.mark.parametrize("name", FOUND)
def test_what_a_broken_server_answers_is_found_and_found_again(app: Application, name: str, tmp_path: Path) -> None:
    broken = CATALOGUE[name].around(app)
    with target(broken) as there:
        results = checked(there, [READ])
    (finding,) = results.findings
    assert set(finding.ids) & {*CATALOGUE[name].ids, "F-ENV-03"}
    assert finding.evidence[-1].curl().startswith("curl")
    file = tmp_path / "case.json"
    file.write_bytes(replay.saved(finding, 0))
    saved = replay.read(file)
    for server, findings in ((broken, 1), (app, 0)):
        with target(server) as there:
            again = Results(results.about)
            run(there, Plan((saved.check,), seed=saved.seed, saved=saved.case), again)
        assert len(again.findings) == findings
        assert again.requests <= 4


def test_links_lead_from_an_import_to_its_end_and_to_deletion() -> None:
    with simulator() as there:
        results = checked(there, ["operations/links"])
    assert told(results) == []
    seen = {(cell.operation, cell.code, cell.state) for cell in results.coverage.seen}
    assert {
        ("import_upload_invoices", 0, ""),
        ("read_proc_status", 0, "finished"),
        ("inv_read_invoices", 0, ""),
        ("inv_delete", 0, ""),
    } <= seen


def test_a_finding_along_links_is_found_again_with_all_that_went_before(app: Application, tmp_path: Path) -> None:
    with target(CATALOGUE["answers-without-envelope"].around(app)) as there:
        (finding,) = checked(there, ["operations/links"]).findings
    file = tmp_path / "case.json"
    file.write_bytes(replay.saved(finding, 0))
    assert replay.read(file).case is NOTHING

"""The contract suite holds whatever the database is, and however many server processes share it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from contract_tests.cli import check_server
from tests.postgresql import Cluster
from tests.test_serve import Served

WHERE = ("postgresql", "two workers on postgresql", "two workers on a file")


def _flags(where: str, folder: Path, postgresql: Callable[[], Cluster]) -> list[str]:
    workers = ["--workers", "2"] if where.startswith("two workers") else []
    database = f"sqlite:///{folder / 'portal.db'}" if where.endswith("file") else postgresql().database()
    return [*workers, "--database", database, "--seed", "1"]


def _checked(where: str, folder: Path, postgresql: Callable[[], Cluster], *arguments: str) -> None:
    with Served(*_flags(where, folder, postgresql)) as served:
        done = CliRunner().invoke(check_server, [served.url.geturl(), *arguments], env={"COLUMNS": "200"})
        assert done.exit_code == 0, done.output
        assert "0 findings" in done.output
        assert served.stop() == ""


@pytest.mark.parametrize("where", WHERE)
def test_some_suites_find_nothing(where: str, tmp_path: Path, postgresql: Callable[[], Cluster]) -> None:
    suites = ("--suite", "processes", "--suite", "deletion", "--suite", "renewal", "--suite", "paging")
    _checked(where, tmp_path, postgresql, "--quick", *suites)


@pytest.mark.deep
@pytest.mark.parametrize("where", WHERE)
def test_all_suites_find_nothing(where: str, tmp_path: Path, postgresql: Callable[[], Cluster]) -> None:
    _checked(where, tmp_path, postgresql)

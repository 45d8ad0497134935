"""Changes that come at the same moment are kept with one commit, and each for itself is whole."""

import asyncio
from pathlib import Path
from typing import Any

from starlette.types import Message

from fixtures.builders import invoice
from mock_server import Settings
from mock_server.app import Simulator, create_app
from mock_server.store.sqlite import SqliteEngine
from tests.client import dumped

IMPORT = "/api/inv/import_upload_invoices.php"
READ = "/api/inv/read_invoices"


async def _called(app: Simulator, method: str, path: str, **body: Any) -> int:
    """The `err_code` of the answer."""
    raw = dumped({"username": "demo", "password": "demo", **body})
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": raw, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "headers": headers}
    await app({**scope, "query_string": b"", "extensions": {}}, receive, send)
    start, _, rest = sent[1]["body"].partition(b'"err_code":')
    assert start
    return int(rest.partition(b",")[0])


def _imports(app: Simulator, erp_id: str) -> Any:
    return _called(app, "POST", IMPORT, invoices=[invoice(1, erp_id=erp_id)])


async def _at_once(app: Simulator, ids: list[str], *, beside: int = 0) -> tuple[list[int], list[str]]:
    """The codes of imports that come at once, and what the database was told meanwhile."""
    assert isinstance(app.store.engine, SqliteEngine)
    await _called(app, "GET", READ, ids=["NOBODY-00000"])  # the world is made
    told: list[str] = []
    app.store.engine._connection.set_trace_callback(told.append)  # what SQLite itself says it does
    reads = (_called(app, "GET", READ, ids=["NOBODY-00000"]) for _ in range(beside))
    codes = await asyncio.gather(*(_imports(app, each) for each in ids), *reads)
    app.store.engine._connection.set_trace_callback(None)
    return codes, told


def test_imports_that_come_at_once_share_a_commit(tmp_path: Path) -> None:
    app = create_app(Settings(database=f"sqlite:///{tmp_path / 'portal.db'}"))
    ids = [f"AT-ONCE-{number:05d}" for number in range(12)]
    codes, told = asyncio.run(_at_once(app, ids))
    assert codes == [0] * 12
    assert told.count("COMMIT") == 1
    app.close()
    again = create_app(Settings(database=f"sqlite:///{tmp_path / 'portal.db'}"))
    assert asyncio.run(_at_once(again, ids))[0] == [17] * 12
    again.close()


def test_one_that_is_refused_leaves_the_others_alone() -> None:
    app = create_app(Settings())
    ids = ["AT-ONCE-00001", "AT-ONCE-00002", "AT-ONCE-00001", "AT-ONCE-00003"]
    codes, told = asyncio.run(_at_once(app, ids))
    assert codes == [0, 0, 17, 0]
    assert told.count("ROLLBACK TO joined") == 1
    app.close()


def test_who_reads_meanwhile_is_told_of_nothing_that_is_not_kept() -> None:
    app = create_app(Settings())
    ids = [f"AT-ONCE-{number:05d}" for number in range(3)]
    codes, told = asyncio.run(_at_once(app, ids, beside=1))
    assert codes == [0, 0, 0, 0]
    assert told.index("COMMIT") < told.index("BEGIN")  # the first is of the imports, the second of the reading
    app.close()

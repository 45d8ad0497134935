"""Is the server alive, and is it ready: can it read and write its database?"""

import asyncio
from typing import Any

from mock_server.store.engine import Unavailable
from mock_server.store.stores import Store

PATIENCE_SECONDS = 2.0


async def looked(store: Store) -> dict[str, Any]:
    """`{"status", "alive", "ready", "wrong", "journal_lost"}`.

    It answers, so it is alive. It is ready when a row can be read and one be written now; if not, `wrong` names
    the part and the reason: `[{"part": "database", "text": "..."}]`. `journal_lost` counts requests that this
    server process has answered without a row in the journal.
    """
    wrong = await _trouble(store)
    return {
        "status": "not ready" if wrong else "ok",
        "alive": True,
        "ready": not wrong,
        "wrong": wrong,
        "journal_lost": store.journal.lost_rows,
    }


async def _trouble(store: Store) -> list[dict[str, str]]:
    try:
        await asyncio.wait_for(store.turns(store.prove), PATIENCE_SECONDS)
    except Unavailable as error:
        return [{"part": "database", "text": str(error)}]
    except TimeoutError:
        return [{"part": "database", "text": f"it has not answered within {PATIENCE_SECONDS:g} s"}]
    return []

"""Where synchronous work is done: at once, or in a thread that may wait for a database."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")


class Turns:
    """Does work inline, or in at most so many threads, in the order in which it was asked for."""

    def __init__(self, threads: int) -> None:
        """`threads`: 0 for inline."""
        self._threads = ThreadPoolExecutor(threads, "turn") if threads else None

    async def __call__(self, work: Callable[..., T], *arguments: object) -> T:
        """What `work(*arguments)` returns or raises; others have their turn meanwhile where there are threads."""
        if self._threads is None:
            return work(*arguments)
        return await asyncio.wrap_future(self._threads.submit(copy_context().run, work, *arguments))

    def close(self) -> None:
        """Wait for what is being done; nothing may be asked for afterwards."""
        if self._threads is not None:
            self._threads.shutdown()

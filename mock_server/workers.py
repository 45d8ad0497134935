"""Several server processes on one socket; each opens the database for itself."""

import multiprocessing
import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

_LOOK_EVERY_SECONDS = 0.2


class _Stopped(Exception):
    """Somebody asked the parent to stop."""


def _stop(_: int, __: FrameType | None) -> None:
    raise _Stopped


def serve_together(count: int, work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    """Run `work(*arguments)` in `count` processes until told to stop; one that dies is replaced."""
    context = multiprocessing.get_context("spawn")

    def started() -> Any:
        process = context.Process(target=work, args=arguments)
        process.start()
        return process

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    processes = [started() for _ in range(count)]
    try:
        while True:
            time.sleep(_LOOK_EVERY_SECONDS)
            processes = [process if process.is_alive() else started() for process in processes]
    except _Stopped:
        pass
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()

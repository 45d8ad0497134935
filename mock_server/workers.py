"""Several server processes on one socket; each opens the database for itself."""

import multiprocessing
import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

_LOOK_EVERY_SECONDS = 0.2

DEATHS_BORNE = 5
"""How often each process may die and be replaced before the whole server gives up."""


class WorkersDie(Exception):
    """Server processes die as soon as they are started."""


def serve_together(count: int, work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    """Run `work(*arguments)` in `count` processes until told to stop; one that dies is replaced."""
    context = multiprocessing.get_context("spawn")
    told: list[int] = []

    def started() -> Any:
        process = context.Process(target=work, args=arguments)
        process.start()
        return process

    def stop(number: int, _: FrameType | None) -> None:
        told.append(number)  # no exception: it could come while a process is being started, and lose it

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    processes = [started() for _ in range(count)]
    spare = DEATHS_BORNE * count
    while not told and spare > 0:
        time.sleep(_LOOK_EVERY_SECONDS)
        spare -= sum(not process.is_alive() for process in processes)
        processes = [process if told or process.is_alive() else started() for process in processes]
    for process in processes:
        process.terminate()
    for process in processes:
        process.join()
    if not told:
        raise WorkersDie(
            f"server processes die again and again (exit {processes[0].exitcode}); see their last words above"
        )

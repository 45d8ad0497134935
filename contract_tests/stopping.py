"""Ctrl-C and SIGTERM: what was imported is taken back, reports tell how far it came, and the exit code says which."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

from contract_tests.senders import Line

_NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}


class Stopping:
    """Answers the two signals; use it as a context.

    The first one ends what is going on, unless that is an import or the tidying up. A second Ctrl-C ends that too.

    Attributes:
        exit_code: of a program that a signal has ended; 0 as long as none came.
        line: which is told, once there is one.
    """

    def __init__(self) -> None:
        self.exit_code = 0
        self.line: Line | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Stopping":
        if threading.current_thread() is threading.main_thread():  # no other can answer signals
            for number in _NAMES:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._answer)
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def _answer(self, number: int, _: FrameType | None) -> None:
        first = not self.exit_code
        self.exit_code = self.exit_code or 128 + number
        if self.line is not None and first:
            self.line.stopped = f"stopped by {_NAMES[signal.Signals(number)]}"
        wait = self.line is not None and (self.line.tidying or self.line.importing)  # no more is sent afterwards
        if (first and not wait) or (not first and number == signal.SIGINT):
            raise KeyboardInterrupt

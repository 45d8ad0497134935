"""How journeys come into lists."""

from collections.abc import Callable
from typing import Protocol

from contract_tests.journeys.journey import Journey, Stage, Task, Text
from contract_tests.journeys.portal import Portal

Set = Callable[[Portal], Stage]


class Listed(Protocol):
    """Makes a function a journey of a list: the function sets the stage in a fresh world."""

    def __call__(self, name: str, en: str, az: str, *facts: str, seconds: float = 60.0) -> Callable[[Set], Set]: ...


def lister(journeys: list[Journey], task: Task) -> Listed:
    """A decorator that puts journeys of one task into `journeys`."""

    def journey(name: str, en: str, az: str, *facts: str, seconds: float = 60.0) -> Callable[[Set], Set]:
        def add(set_: Set) -> Set:
            journeys.append(Journey(name, task, Text(en, az), facts, set_, seconds))
            return set_

        return add

    return journey

"""A journey: a portal in some state, a task for the client, what happens meanwhile, and how it should end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from contract_tests.journeys.portal import Portal

Task = Literal["upload", "download", "delete", "any"]
"""`any`: people do what they like (`--attach`)."""


class Text(NamedTuple):
    """A sentence for people."""

    en: str
    az: str


@dataclass
class Ending:
    """How a client came out of its journey.

    Attributes:
        exit: its exit code; `None` when it had to be stopped.
        output: what it believes, as `schemas/client_outcome.json` has it; `None` when it wrote nothing.
        said: the last lines it printed, secrets left out.
    """

    exit: int | None
    output: Mapping[str, Any] | None
    said: str
    seconds: float

    @property
    def succeeded(self) -> bool:
        return self.exit == 0


@dataclass
class Stage:
    """What a journey has been made of: the client's input, and what is known of how it should end.

    Attributes:
        input: the rest of the file in VATPORTAL_INPUT.
        environ: variables that are not as usual.
        succeeds: whether the task can be done.
        changed: whether texts and fields of the answers are other ones than the documents show.
        expected: qaimes that a download must bring.
        blamed: invoices that the client must tell of.
        by_token: whether it says something about clients that use the token only.
        patience: seconds after which a client may give up on a process here, where the journey takes that long.
    """

    input: dict[str, Any] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)
    succeeds: bool = True
    changed: bool = False
    expected: frozenset[str] | None = None
    blamed: tuple[str, ...] = ()
    by_token: bool = False
    patience: int | None = None
    meanwhile: "Callable[[Portal], None] | None" = None


class Journey(NamedTuple):
    """One journey.

    Attributes:
        facts: what it holds a client to.
        set: prepares the world, and says what is asked and expected.
        seconds: after which the client is stopped.
    """

    name: str
    task: Task
    says: Text
    facts: tuple[str, ...]
    set: "Callable[[Portal], Stage]"
    seconds: float

"""A check: a plain function that talks to a server and says by which facts and readings it judges."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from contract_tests.documents import known_ids

if TYPE_CHECKING:
    from contract_tests.run import Run

Body = Callable[["Run"], None]
Effect = Literal["reads", "writes", "pins", "world"]
EFFECTS: tuple[Effect, ...] = get_args(Effect)
"""What a check may do to a server, the least first.

`reads`: nothing that can create, change, delete, sign or ask for a PIN; no wrong password for a real user.
`writes`: it imports invoices of its own into the portal, and deletes them; it starts no work in e-taxes.
`pins`: its uploads and downloads ask for a PIN, and sign; a person confirms them where the server is no simulator.
`world`: it uses up what the simulator's default world holds; for simulators only.
"""


class Check(NamedTuple):
    """One promise of the documents, tried on a server.

    Attributes:
        name: `suite/function`, unique.
        ids: the facts and readings it judges by.
        effect: the most that it does to the server.
        needs: roles of the accounts it cannot do without.
        quick: whether `--quick` runs it too.
        control: it needs the control API of a simulator.
    """

    name: str
    suite: str
    ids: tuple[str, ...]
    body: Body
    says: str
    effect: Effect
    needs: tuple[str, ...]
    quick: bool
    control: bool


class Suite:
    """Checks that belong together; each can be run alone."""

    def __init__(self, name: str, says: str) -> None:
        self.name = name
        self.says = says
        self._checks: list[Check] = []

    def __iter__(self) -> Iterator[Check]:
        return iter(self._checks)

    def check(
        self,
        *ids: str,
        effect: Effect = "world",
        needs: tuple[str, ...] = ("main",),
        quick: bool = True,
        control: bool = False,
    ) -> Callable[[Body], Body]:
        """Make a function a check of this suite; the first line of its docstring says what it promises."""

        def decorated(body: Body) -> Body:
            says = (body.__doc__ or "").strip().partition("\n")[0]
            name = getattr(body, "__name__", "?")
            self.add(name, body, says, *ids, effect=effect, needs=needs, quick=quick, control=control)
            return body

        return decorated

    def add(
        self,
        name: str,
        body: Body,
        says: str,
        *ids: str,
        effect: Effect = "world",
        needs: tuple[str, ...] = ("main",),
        quick: bool = True,
        control: bool = False,
    ) -> None:
        """Add a check that is made of data rather than written as a function.

        Raises:
            ValueError: it names no fact and no reading, or one that does not exist, or says nothing.
        """
        unknown = [one for one in ids if one not in known_ids()]
        if unknown or not ids or not says:
            raise ValueError(f"{self.name}/{name}: a check says what it promises, and by which facts and readings")
        full = f"{self.name}/{name}"
        self._checks.append(Check(full, self.name, ids, body, says, effect, needs, quick, control))

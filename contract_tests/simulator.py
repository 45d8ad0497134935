"""What a simulator lets the kit do beside the portal: prove itself, give worlds, move clocks.

Nothing here is needed to check a server; it makes a check of a simulator quick, repeatable and harmless.
"""

import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from contract_tests.findings import Gone, Unfit
from contract_tests.senders import Answer, Sender

BEGINS = "2026-03-02T10:00:00+04:00"
"""When the kit's worlds begin, so that the same seed gives the same dates."""

PERSON = {"R-31": "auto"}
"""Who holds the simulated phone is no promise of the server; in the kit's worlds he confirms."""


def proves_itself(sender: Sender) -> bool:
    """Whether the server echoes a nonce, as simulators do and the real portal does not."""
    nonce = secrets.token_hex(16)
    answer = sender.send("GET", f"/__simulator?nonce={nonce}", {}, None)
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return False
    return answer.status == 200 and isinstance(found, dict) and found.get("nonce") == nonce


class Control:
    """The control API of one world; `None` comes back where it is absent or closed to us."""

    def __init__(self, sender: Sender, world: str, token: str = "") -> None:
        self._world = world
        self._sender = sender
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """JSON of one call; `None` for what is refused, or is no JSON."""
        answer = self.answer(method, path, body)
        return _json(answer.body) if 200 <= answer.status < 300 else None

    def answer(self, method: str, path: str, body: Any = None) -> Answer:
        """One call, however it is answered."""
        prefix = f"/w/{self._world}" if self._world else ""
        raw = None if body is None else json.dumps(body).encode()
        return self._sender.send(method, f"{prefix}/__admin/{path}", self._headers, raw)

    def of(self, world: str) -> "Control":
        """The control API of another world."""
        other = Control(self._sender, world)
        other._headers = self._headers
        return other


class Simulator:
    """A server that has proved to be a simulator.

    Attributes:
        steered: whether its control API is open to us.
        closed: the status by which its control API refused us; 0 where it did not.
        sound: whether what it says there is what a simulator says; else it is taken for none.
        readings: the answers in force in the world named, empty where that cannot be known.
    """

    def __init__(self, sender: Sender, world: str, token: str = "") -> None:
        self._control = Control(sender, world, token)
        self._run = secrets.token_hex(3)  # several kits may check one server at a time
        self._count = 0
        answer = self._control.answer("GET", "readings")
        good = _readings(_json(answer.body) if answer.status == 200 else None)
        self.steered = bool(good)
        self.sound = self.steered or not 200 <= answer.status < 300
        self.closed = answer.status if answer.status in (401, 403) else 0
        self.edition: str = good.get("edition", "")
        self.readings: Mapping[str, str] = good.get("readings", {})

    def new_world(self, seed: int, pace: str, **wishes: Any) -> "World":
        """A world for a check, with the readings of the world that was named; it is made when first used."""
        self._count += 1
        name = f"kit-{self._run}-{self._count}"
        if not self.steered:
            return World(name)  # a simulator makes it by itself
        readings = {**self.readings, **PERSON}
        asked = {"name": name, "seed": seed, "pace": pace, "readings": readings, "frozen": True, **wishes}
        return World(name, self._control, asked)


class World:
    """A world that the kit has to itself; it lives until a check has ended."""

    def __init__(self, name: str, control: Control | None = None, asked: Mapping[str, Any] = {}) -> None:
        self.name = name
        self._control = control
        self._asked = asked
        self._made = False

    @property
    def control(self) -> Control | None:
        """The control API of this world; `None` where there is none."""
        self.make()
        return self._control.of(self.name) if self._control else None

    def make(self) -> None:
        """Make it, unless it is there.

        Raises:
            Unfit: the simulator refuses.
        """
        if self._control is None or self._made:
            return
        self._made = True
        made = self._control.ask("POST", "worlds", {"now": BEGINS, **self._asked}) or self._control.ask(
            "POST", "worlds", dict(self._asked)
        )
        if not made:
            raise Unfit(f"the simulator gives no world {self.name}")

    def close(self) -> None:
        """Remove it, if it can be."""
        if self._control is not None and self._made:
            with suppress(Gone):
                self._control.ask("DELETE", f"worlds/{self.name}")


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _readings(told: Any) -> dict[str, Any]:
    """What a simulator says of its readings; empty where it is something else."""
    if not isinstance(told, dict) or not isinstance(told.get("edition"), str):
        return {}
    found = told.get("readings")
    good = isinstance(found, dict) and all(isinstance(one, str) for one in found.values())
    return told if good else {}

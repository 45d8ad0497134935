"""What a simulator lets the kit do beside the portal: prove itself, give worlds, move clocks.

Nothing here is needed to check a server; it makes a check of a simulator quick, repeatable and harmless.
"""

import json
import secrets
from collections.abc import Mapping
from typing import Any

from contract_tests.senders import Sender

BEGINS = "2026-03-02T10:00:00+04:00"
"""When the kit's worlds begin, so that the same seed gives the same dates."""


def proves_itself(sender: Sender) -> bool:
    """Whether the server echoes a nonce, as simulators do and the real portal does not."""
    nonce = secrets.token_hex(16)
    answer = sender.send("GET", f"/__simulator?nonce={nonce}", {}, None)
    try:
        found = json.loads(answer.body)
    except ValueError:
        return False
    return answer.status == 200 and isinstance(found, dict) and found.get("nonce") == nonce


class Control:
    """The control API of one world; `None` comes back where it is absent or closed to us."""

    def __init__(self, sender: Sender, world: str, token: str = "") -> None:
        self.world = world
        self._sender = sender
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """JSON of one call; `None` for what is refused."""
        prefix = f"/w/{self.world}" if self.world else ""
        raw = None if body is None else json.dumps(body).encode()
        answer = self._sender.send(method, f"{prefix}/__admin/{path}", self._headers, raw)
        return json.loads(answer.body) if 200 <= answer.status < 300 else None

    def of(self, world: str) -> "Control":
        """The control API of another world."""
        other = Control(self._sender, world)
        other._headers = self._headers
        return other


class Simulator:
    """A server that has proved to be a simulator.

    Attributes:
        steered: whether its control API is open to us.
        readings: the answers in force in the world named, empty where that cannot be known.
    """

    def __init__(self, sender: Sender, world: str, token: str = "") -> None:
        self._control = Control(sender, world, token)
        self._run = secrets.token_hex(3)  # several kits may check one server at a time
        self._count = 0
        told = self._control.ask("GET", "readings")
        self.steered = told is not None
        self.edition: str = told["edition"] if told else ""
        self.readings: Mapping[str, str] = told["readings"] if told else {}

    def new_world(self, seed: int, pace: str, **wishes: Any) -> "World":
        """A world of its own for a check, with the readings of the world that was named."""
        self._count += 1
        name = f"kit-{self._run}-{self._count}"
        if self.steered:
            asked = {"name": name, "seed": seed, "pace": pace, "readings": self.readings, "frozen": True, **wishes}
            made = self._control.ask("POST", "worlds", {**asked, "now": BEGINS}) or self._control.ask(
                "POST", "worlds", asked
            )
            assert made, f"the simulator gives no world {name}"
        return World(name, self._control.of(name) if self.steered else None)


class World:
    """A world that the kit made; it lives until a check has ended."""

    def __init__(self, name: str, control: Control | None) -> None:
        self.name = name
        self.control = control

    def close(self) -> None:
        """Remove it."""
        if self.control is not None:
            self.control.ask("DELETE", f"worlds/{self.name}")

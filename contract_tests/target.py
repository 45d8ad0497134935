"""The server under test: where it is, who may call it, how gently, and what must not be sent to it."""

import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec

from contract_tests.accounts import Party
from contract_tests.check import Effect
from contract_tests.documents import operations
from contract_tests.exchange import SECRETS, Exchange
from contract_tests.findings import Unfit
from contract_tests.senders import Line, Sender, timed
from contract_tests.simulator import Control, Simulator, World

JSON = "application/json"
WRONG_METHOD = 1
GENTLE_SECONDS = 0.5
"""Least time between two requests to a server that is no simulator."""

NOBODY = "vatportal-mock-nobody"
"""A user name that no portal has: whoever is refused under it locks nobody out."""

NO_SUCH_PATH = "/vatportal-mock/no-such-path"
_WORLD = re.compile(r"^/w/([^/]+)(/.*)$")


class Patience:
    """Keeps requests apart, and waits; in one place, so that a test need not.

    Attributes:
        sleep: seconds to nothing.
        now: a clock in seconds.
    """

    def __init__(
        self,
        seconds: float,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.seconds = seconds
        self.sleep = sleep
        self.now = now
        self._last: float | None = None

    def before_request(self) -> None:
        """Wait until the last request is `seconds` ago."""
        if self._last is not None and self.seconds:
            pause = self._last + self.seconds - self.now()
            if pause > 0:
                self.sleep(pause)
        self._last = self.now()


class Target:
    """A server, and the way to talk to it.

    Attributes:
        line: to the server; it says whether more can be sent.
        shown: the base URL as the user knows it, up to and with `/api`; reports show this one.
        parties: accounts by role (`accounts.ROLES`).
        simulator: what it lets us do, if it proved to be one, so that writing is harmless.
        allowed: the most that may be done to it.
        reads: the method that each data read was found to take (R-02).
        answers: to readings, as far as they are known.
        listeners: called with each exchange.
    """

    def __init__(
        self,
        sender: Sender,
        base_path: str,
        parties: Mapping[str, Party],
        simulator: Simulator | None = None,
        allowed: Effect = "reads",
        patience: Patience | None = None,
    ) -> None:
        self.line = sender if isinstance(sender, Line) else Line(sender)
        self.base_path = base_path.rstrip("/")
        self.shown = sender.origin + self.base_path
        self.parties = dict(parties)
        self.simulator = simulator
        self.allowed = allowed
        self.patience = patience or Patience(0.0 if simulator else GENTLE_SECONDS)
        self.world: World | None = None
        self.reads: dict[str, str] = {}
        self.answers: dict[str, str] = dict(simulator.readings) if simulator else {}
        self.listeners: list[Callable[[Exchange], None]] = []

    @property
    def control(self) -> Control | None:
        """The control API of the world that the kit made; `None` without one."""
        return self.world.control if self.world else None

    def in_world(self, world: World) -> "Target":
        """The same simulator, in another world."""
        _, below = world_and_path(self.base_path)
        other = Target.__new__(Target)
        other.__dict__.update(self.__dict__)
        other.base_path = f"/w/{world.name}{below}"
        other.world = world
        other.listeners = list(self.listeners)
        return other

    def raw(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        operation: str = "",
    ) -> Exchange:
        """One request exactly as it is; `path` below the base, query string included.

        Raises:
            Unfit: it would do more to the server than is allowed.
            Gone: the server answers nothing any longer, or the run is to end.
        """
        sent = dict(headers or {})
        if self.allowed == "reads":
            self._demand_harmless(method, path, body)
        if self.world is not None:
            self.world.make()
        self.patience.before_request()
        answer, seconds = timed(self.line, method, self.base_path + path, sent, body)
        exchange = Exchange(
            operation or operation_at(path),
            method,
            self.shown,
            path,
            sent,
            body or b"",
            answer.status,
            answer.headers,
            answer.body,
            seconds,
            answer.trouble,
            self.secrets,
        )
        for listener in self.listeners:
            listener(exchange)
        return exchange

    def call(
        self,
        operation: str,
        body: Mapping[str, Any] | None = None,
        *,
        party: Party | None = None,
        method: str | None = None,
        way: str = "",
    ) -> Exchange:
        """An operation with credentials.

        Args:
            way: `password` in the body, `token` in its header, or `none`; left out, the first that is known.
        """
        row = operations()[operation]
        sent = dict(body or {})
        if operation == "reset_start":
            return self.raw(method or "GET", f"{row['path']}?{urlencode(sent)}", None, {}, operation)
        headers = {"Content-Type": JSON}
        if row["credentials"] and way != "none":
            who = party or self.parties["main"]
            if way == "token" or (not way and not who.password):
                headers["x-vatpapikey"] = who.token
            else:
                sent = {"username": who.username, "password": who.password, **sent}
        if method is None and row["data_read"]:
            return self._read(operation, row["path"], encoded(sent), headers)
        return self.raw(method or row["method"], row["path"], encoded(sent), headers, operation)

    def _read(self, operation: str, path: str, body: bytes, headers: Mapping[str, str]) -> Exchange:
        """With GET as documented, or with POST where GET turns out to be refused (R-02)."""
        exchange = self.raw(self.reads.get(operation, "GET"), path, body, headers, operation)
        if exchange.code == WRONG_METHOD and operation not in self.reads:
            self.reads[operation] = "POST"
            return self.raw("POST", path, body, headers, operation)
        return exchange

    def _demand_harmless(self, method: str, path: str, body: bytes | None) -> None:
        bare, _, query = path.partition("?")
        operation = operations().get(operation_at(bare))
        if operation is None and (bare != NO_SUCH_PATH or method != "GET" or body):
            raise Unfit(f"the safe profile sends no {method} {bare}")
        if operation is not None and not operation["data_read"]:
            raise Unfit(f"the safe profile leaves {bare} alone")
        if set(parse_qs(query, keep_blank_values=True)) & {"username", *SECRETS}:
            raise Unfit("the safe profile puts no credentials into an address")
        if self._wrong_for_a_real_user(body):
            raise Unfit("the safe profile sends no wrong password for a real user")

    def _wrong_for_a_real_user(self, body: bytes | None) -> bool:
        try:
            sent = json.loads(body or b"{}")
        except (ValueError, RecursionError):
            return any(party.username and party.username.encode() in (body or b"") for party in self._known())
        if not isinstance(sent, dict) or "username" not in sent:
            return False
        right = {(party.username, party.password) for party in self._known()}
        pair = (sent["username"], sent.get("password"))
        return sent["username"] not in ("", None, NOBODY) and pair not in right

    @property
    def secrets(self) -> list[str]:
        """What must stand in no report; what is a user name too is no secret."""
        found = [one for party in self._known() for one in (party.password, party.token, party.secret)]
        return [one for one in found if one not in {party.username for party in self._known()}]

    def _known(self) -> list[Party]:
        return list(self.parties.values())


def operation_at(path: str) -> str:
    """The operation at a path; empty where there is none."""
    bare = path.partition("?")[0]
    return next((name for name, row in operations().items() if row["path"] == bare), "")


_encoder = msgspec.json.Encoder(decimal_format="number")


def encoded(value: Any) -> bytes:
    """JSON with amounts as numbers, digit by digit as they are."""
    return _encoder.encode(value)


def split(url: str) -> tuple[str, str]:
    """Origin and base path of a target's URL; `/api` where no path is named.

    Raises:
        ValueError: it is no http or https URL, or carries credentials, a query or a fragment.
    """
    if "@" in url:
        raise ValueError(
            "the URL names nobody, and ends with its path; credentials go into options, the environment or a file"
        )
    wrong = f"{url!r} is no URL such as https://company.vatportal.az/api"
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise ValueError(f"{wrong}: {error}") from None
    if not good:
        raise ValueError(wrong)
    if parts.query or parts.fragment:
        raise ValueError("the URL ends with its path; credentials go into options, the environment or a file")
    return f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/") or "/api"


def world_and_path(base_path: str) -> tuple[str, str]:
    """The world that a base path names, empty for the default one, and the path below it."""
    found = _WORLD.match(base_path)
    return (found[1], found[2]) if found else ("", base_path)

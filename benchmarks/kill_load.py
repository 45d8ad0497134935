"""Clients that load a server until it dies, and remember what they were told."""

import hashlib
import hmac
import http.client
import itertools
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fixtures.builders import invoice
from tests.client import Portal, Reply

WORLD = "kills"
DRAFTS = ["AA2401 10000001", "AA2401 10000002", "AA2401 10000003"]
"""Drafts of the default world, to delete as long as nothing else is there."""

_TEMPLATE = invoice(7, buyer="0987654321")
UNUSABLE = 10
"""What every request is answered whose database is gone."""


class _DatabaseGone(Exception):
    pass


_GONE = (OSError, http.client.HTTPException, _DatabaseGone)


class Effect(NamedTuple):
    """What a request changes: ERP ids that come or go, or a token."""

    kind: str
    ids: tuple[str, ...] = ()
    account: str = ""


class Sent(NamedTuple):
    """A request under way or answered; `mark` is in its body, and so in the journal."""

    mark: str
    effect: Effect | None


@dataclass
class Told:
    """What the clients of one round have sent, and what they were told.

    Attributes:
        answers: by mark. That a dead database cannot be used is no answer: the change may be kept, or not.
        victim: what is killed.
        unkept: answered reads without a row in the journal.
    """

    sent: dict[str, Sent] = field(default_factory=dict)
    answers: dict[str, Reply] = field(default_factory=dict)
    processes: list[int] = field(default_factory=list)
    uploaded: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    killed: bool = False
    victim: str = "server"
    unkept: int = 0


@dataclass
class Memory:
    """What must be true of the world after all rounds so far.

    Attributes:
        ids: ERP ids the portal has; `signed` those with their qaimes.
        given: every qaime ever seen, and whose it was.
        tokens: the token in force by account; `None` where nobody was told.
    """

    ids: set[str] = field(default_factory=set)
    signed: dict[str, str] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str | None] = field(default_factory=dict)


class Client(Portal):
    """A client with a connection of its own, which marks its requests and remembers the answers."""

    def __init__(self, port: int, account: str, name: str, told: Told) -> None:
        super().__init__(port, WORLD, account)
        self.told = told
        self._name = name
        self._numbers = itertools.count(1)
        self.own_connection()

    def ask(self, name: str, effect: Effect | None = None, token: str | None = None, **body: Any) -> Reply:
        mark = f"{self._name}-{next(self._numbers)}"
        self.told.sent[mark] = Sent(mark, effect)
        reply = self.call(name, token=token, mark=mark, **body)
        if self.told.killed and reply.json.get("err_code") == UNUSABLE:
            raise _DatabaseGone
        self.told.answers[mark] = reply
        return reply

    def close(self) -> None:
        self.connection.close()


def importing(client: Client, chance: random.Random, _: Memory) -> None:
    """Imports, and deletions of some of what it imported."""
    own: list[str] = []
    while True:
        ids = _import(client, chance, upload=False, count=chance.randint(1, 3))
        own += ids
        if chance.random() < 0.5:
            gone = own.pop(chance.randrange(len(own)))
            _demand(client, client.ask("inv_delete", Effect("delete", (gone,)), ids=[gone]))


def importing_many(client: Client, chance: random.Random, _: Memory) -> None:
    """Changes that take long, so that a kill may fall into their midst; now and then, to leave time for others."""
    while True:
        _import(client, chance, upload=False, count=chance.randint(20, 200))
        time.sleep(chance.uniform(0, 0.1))


def uploading(client: Client, chance: random.Random, memory: Memory) -> None:
    """Begins with a deletion in e-taxes, of drafts or of what an earlier round has signed."""
    some = chance.sample(sorted(memory.signed), min(3, len(memory.signed)))
    body = {"serialNumbers": [_spaced(memory.signed[erp_id]) for erp_id in some], "is_signed": True}
    reply = client.ask("etx_delete", Effect("etx", tuple(some)), **(body if some else {"serialNumbers": DRAFTS}))
    _demand(client, reply)
    while True:
        client.told.uploaded += _import(client, chance, upload=True, count=chance.randint(1, 3))


def polling(client: Client, chance: random.Random, memory: Memory) -> None:
    told, signed = client.told, sorted(memory.signed)
    while True:
        process = chance.choice(told.processes[-50:] or [123])
        _demand(client, client.ask(chance.choice(["read_proc_status", "read_proc_data"]), procId=process))
        ids = told.uploaded[-20:] + chance.sample(signed, min(5, len(signed)))
        _demand(client, client.ask("inv_read_invoices", ids=ids))


def renewing(client: Client, chance: random.Random, memory: Memory) -> None:
    while True:
        token = renew(client)
        memory.tokens[client.account.username] = token
        for _ in range(chance.randint(0, 4)):
            _demand(client, client.ask("inv_read_invoices", ids=[], token=token))


Work = Callable[[Client, random.Random, Memory], None]
LOAD: tuple[tuple[Work, str], ...] = (
    (importing, "demo"),
    (importing_many, "demo"),
    (uploading, "demo"),
    (polling, "demo"),
    (renewing, "buyer"),
)


def renew(client: Client) -> str:
    account = client.account
    plain = client.ask("reset_start", login=account.username).json["plain_value"]
    key = hmac.new(account.secret.encode(), plain.encode(), hashlib.sha256).hexdigest()
    reply = client.ask("reset_confirm", Effect("token", account=account.username), login=account.username, key=key)
    token: str = reply.json["token"]
    return token


def _import(client: Client, chance: random.Random, *, upload: bool, count: int) -> list[str]:
    ids = [f"{'UP' if upload else 'IN'}-{chance.getrandbits(64):016x}" for _ in range(count)]
    rows = [{**_TEMPLATE, "id": erp_id} for erp_id in ids]
    effect = Effect("upload" if upload else "import", tuple(ids))
    reply = client.ask("import_upload_invoices", effect, invoices=rows, upload=upload)
    _demand(client, reply)
    client.told.processes.append(reply.data["id"])
    return ids


def _demand(client: Client, reply: Reply) -> None:
    if reply.code != 0:
        client.told.problems.append(f"refused under load: {reply.raw[:300]!r}")


def _spaced(qaime: str) -> str:
    return f"{qaime[:2]} {qaime[2:]}"


def until_killed(work: Work, client: Client, chance: random.Random, memory: Memory) -> None:
    try:
        work(client, chance, memory)
    except _GONE as error:
        if not client.told.killed:
            client.told.problems.append(f"{work.__name__}: the server hung up before the kill: {error!r}")
    except BaseException as error:
        client.told.problems.append(f"{work.__name__}: {error!r}"[:500])
        raise
    finally:
        client.close()

"""A million hostile requests: no internal error, none that takes a second, and no memory kept of them.

Hypothesis makes a few thousand requests that are nearly right (see `tests/test_fuzz.py`); a seeded stage then cuts,
repeats, splices and flips their bytes, which is cheap enough to be done a million times.
"""

import random
import time
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from hypothesis import strategies as st

from mock_server import Settings
from mock_server.rulebook.operations import BY_NAME
from tests.client import dumped
from tests.hostile.memory import resident
from tests.inprocess import InProcess
from tests.live import Servers
from tests.mutations import mutated
from tests.test_fuzz import ACCOUNT, ANY_JSON, GOOD, METHOD, NAMES, credentials, fuzz
from tests.test_protocol import Wire

CORPUS = 3_000
EARLY = 10_000
RESET_EVERY = 5_000
GROWTH = 1.10
SLOWEST_SECONDS = 1.0
PIECES = (
    b"{",
    b"}",
    b"[" * 70,
    b'"',
    b"\\u0000",
    b"\\ud800",
    b"\xff\xfe",
    b"\0",
    b"9" * 400,
    b"1e999999",
    b"-0.0",
    b"null",
    b'{"a":' * 70,
    "əşğıİ".encode(),
    b"a" * 11_000,
    b',"procId":',
    b"%00%ff&ids[]=",
)


class Hostile(NamedTuple):
    """One request, of which nothing need be well-formed."""

    method: str
    path: bytes
    query: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes


def corpus(count: int) -> list[Hostile]:
    """Requests that are nearly right, or any JSON, the same in each run."""
    found: list[Hostile] = []

    @fuzz(
        count,
        name=NAMES,
        value=NAMES.flatmap(lambda name: mutated(GOOD[name][-1])) | ANY_JSON,
        account=ACCOUNT,
        by_token=st.booleans(),
        method=METHOD,
        query=st.text("abc=&%[]0123456789+", max_size=12),
    )
    def collect(name: str, value: object, account: str, by_token: bool, method: str, query: str) -> None:
        headers, members = credentials(account, by_token)
        body = dumped({**value, **members} if isinstance(value, dict) else value)
        operation = BY_NAME[name]
        path = b"/w/million/api" + operation.path.encode()
        found.append(Hostile(method or operation.method, path, query.encode(), headers, body))

    collect()
    return found


def havoc(chance: random.Random, seeds: list[Hostile]) -> Hostile:
    """One of them with its bytes changed in up to four places."""
    seed = chance.choice(seeds)
    body, query = bytearray(seed.body), bytearray(seed.query)
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(body) + 1)
        match chance.randrange(7):
            case 0 if body:
                body[at % len(body)] ^= 1 << chance.randrange(8)
            case 1:
                del body[at : at + chance.randrange(1, 20)]
            case 2:
                body[at:at] = chance.choice(PIECES)
            case 3:
                body[at:at] = body[at : at + chance.randrange(1, 200)]
            case 4:
                body[at:] = chance.choice(seeds).body[at:]
            case 5:
                query[:0] = chance.choice(PIECES)
            case _:
                body[at : at + 1] = bytes([chance.randrange(256)])
    return seed._replace(body=bytes(body), query=bytes(query))


def attacked(simulator: InProcess, seeds: list[Hostile], count: int) -> Iterator[int]:
    """Memory after the first `EARLY` requests and after the last; the world is put back to its start now and then."""
    chance = random.Random(count)
    slowest = 0.0
    for number in range(1, count + 1):
        request = havoc(chance, seeds)
        started = time.process_time()
        status, answer = simulator.answer(*request)
        slowest = max(slowest, time.process_time() - started)
        assert status < 500, (request, answer[:500])
        assert b'"err_code":10,' not in answer, (request, answer[:500])
        if number % RESET_EVERY == 0:
            assert simulator.answer("POST", b"/w/million/__admin/reset", b"", [], b"{}")[0] == 200
        if number in (EARLY, count):
            yield resident()
    assert slowest < SLOWEST_SECONDS


@pytest.mark.proves("R-47", "F-ENV-03")
@pytest.mark.parametrize("count", [12_000, pytest.param(1_000_000, marks=pytest.mark.deep)])
def test_requests_gone_wrong_meet_no_error_of_ours_and_leave_no_memory(count: int) -> None:
    with InProcess(Settings(pace="instant", seed=1)) as simulator:
        early, late = attacked(simulator, corpus(CORPUS if count > EARLY * 2 else 300), count)
    assert late < early * GROWTH, f"{early >> 20} MiB have become {late >> 20}"


@pytest.mark.deep
def test_requests_gone_wrong_over_a_socket(servers: Servers) -> None:
    server = servers.get()
    chance, seeds = random.Random(1), corpus(1_000)
    for _ in range(30_000):
        request = havoc(chance, seeds)
        headers = b"".join(b"%b: %b\r\n" % header for header in request.headers)
        head = b"%b %b HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nConnection: close\r\n%b\r\n"
        sent = head % (request.method.encode(), request.path, len(request.body), headers) + request.body
        with Wire(("127.0.0.1", server.port)) as wire:
            wire.send(sent)
            answer = wire.answer()
            assert answer.status < 500, (sent, answer)

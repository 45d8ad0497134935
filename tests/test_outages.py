"""What becomes of a server whose disk is full or read-only, or whose database is gone for a while; and of two servers
that share a database behind a plain round robin."""

import itertools
import json
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from fixtures.builders import invoice
from tests.client import Portal
from tests.control.steer import Steer
from tests.postgresql import Cluster
from tests.test_serve import Served

RECOVERY_SECONDS = 5.0
"""Within which servers are back by themselves after their database is."""


def portal_of(served: Served, world: str = "default", account: str = "demo") -> Portal:
    assert served.url.port is not None
    return Portal(served.url.port, world, account)


def steer_of(served: Served, world: str = "default") -> Steer:
    assert served.url.port is not None
    return Steer(served.url.port, world)


def poll(portal: Portal) -> int | None:
    return portal.call("read_proc_status", procId=123).code


def imports(portal: Portal, name: str) -> int | None:
    rows = [invoice(1, erp_id=_id(name))]
    return portal.call("import_upload_invoices", invoices=rows, upload=True).code


def imports_alone(served: Served, name: str) -> int | None:
    """The same over a connection of its own."""
    portal = portal_of(served)
    portal.own_connection()
    code = imports(portal, name)
    portal.connection.close()
    return code


def has(portal: Portal, name: str) -> bool:
    reply = portal.call("inv_read_invoices", ids=[_id(name)])
    assert reply.code == 0
    return [row["id"] for row in reply.data["invoices"]] == [_id(name)]


def _id(name: str) -> str:
    return name.rjust(12, "0")


def health(steer: Steer) -> tuple[int, dict[str, Any]]:
    reply = steer.send("GET", "health")
    return reply.http, json.loads(reply.raw)


# -- a disk that takes no more


@contextmanager
def file_sizes_bound(pid: int, most: int) -> Iterator[None]:
    """The process cannot make any file longer than that: each write beyond fails, as on a disk that is full."""
    unbound = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, unbound[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, unbound)


def goes_through_a_disk_that_takes_nothing(served: Served, most: int) -> None:
    """Reads answer, writes answer 10, nothing is half done, what is lost is counted, and it recovers by itself."""
    portal, steer = portal_of(served), steer_of(served)
    assert (imports(portal, "BEFORE"), poll(portal)) == (0, 0)
    lost = 0
    with file_sizes_bound(served.process.pid, most):
        for n in itertools.count():  # what is left of the room is used up first
            if imports(portal, f"FULL-{n}") == 10:
                break
        taken = [f"FULL-{k}" for k in range(n)]
        assert imports(portal, "FULL-LAST") == 10
        crowd = [f"FULL-AT-ONCE-{k}" for k in range(8)]
        with ThreadPoolExecutor(len(crowd)) as pool:
            assert set(pool.map(lambda name: imports_alone(served, name), crowd)) == {10}
        assert not any(has(portal, name) for name in crowd)
        assert all(has(portal, name) for name in ("BEFORE", *taken))
        assert not has(portal, f"FULL-{n}")
        assert not has(portal, "FULL-LAST")
        assert poll(portal) == 0
        lost = steer.get("requests")["lost"]
        assert lost >= n + 4
        http, said = health(steer)
        assert (http, said["alive"], said["ready"]) == (503, True, False)
        assert [row["part"] for row in said["wrong"]] == ["database"]
        assert steer.send("PUT", "clock", {"frozen": True}).http == 503
    assert health(steer)[0] == 200
    assert imports(portal, "AFTER") == 0
    assert all(has(portal, name) for name in ("BEFORE", *taken, "AFTER"))
    assert not has(portal, f"FULL-{n}")
    assert steer.get("requests")["lost"] >= lost
    assert served.stop().count("Traceback") == 0


@pytest.mark.skipif(sys.platform != "linux", reason="a running process is bound through prlimit, which Linux has")
@pytest.mark.parametrize("room", [0, 200_000], ids=["read-only", "full"])
def test_a_disk_that_takes_no_more(room: int, tmp_path: Path) -> None:
    file = tmp_path / "portal.db"
    with Served("--pace", "instant", "--seed", "1", "--database", f"sqlite:///{file}") as served:
        poll(portal_of(served))
        longest = max(each.stat().st_size for each in tmp_path.iterdir() if not each.name.endswith("-shm"))
        goes_through_a_disk_that_takes_nothing(served, longest + room if room else 0)


@pytest.mark.skipif(sys.platform != "linux", reason="a running process is bound through prlimit, which Linux has")
def test_time_stands_still_for_readers_while_nothing_can_be_written(tmp_path: Path) -> None:
    with Served("--pace", "fast", "--database", f"sqlite:///{tmp_path / 'portal.db'}") as served:
        portal, steer = portal_of(served), steer_of(served)
        process = portal.started("import_upload_invoices", invoices=[invoice(1, erp_id="STANDS-STILL")], upload=True)

        def status() -> int:
            return int(portal.call("read_proc_status", procId=process).data["status"])

        with file_sizes_bound(served.process.pid, 0):
            until = time.monotonic() + 3  # a fast import takes 2 s
            while time.monotonic() < until:
                assert status() == 1
                time.sleep(0.3)
        steer.post("clock/advance", by="1h")
        assert status() == 2


@pytest.mark.skipif(sys.platform != "linux", reason="a running process is bound through prlimit, which Linux has")
@pytest.mark.parametrize("asked", ["read_proc_status", "read_proc_data"])
def test_what_another_server_has_left_to_be_done_stops_no_reader_of_a_full_disk(asked: str, tmp_path: Path) -> None:
    flags = ("--pace", "instant", "--database", f"sqlite:///{tmp_path / 'portal.db'}")
    with Served(*flags) as one, Served(*flags) as other:
        reader, writer = portal_of(one), portal_of(other)
        assert reader.call(asked, procId=123).code == 0
        process = writer.started("import_upload_invoices", invoices=[invoice(1, erp_id="LEFT-TO-DO-1")], upload=True)
        with file_sizes_bound(one.process.pid, 0):
            assert reader.call(asked, procId=123).code == 0
            assert reader.call(asked, procId=process).data["status"] == 1
        assert reader.call(asked, procId=process).data["status"] == 2


# -- a database that several servers share


class RoundRobin:
    """A proxy that sends each connection to the next server that takes it."""

    def __init__(self, ports: list[int]) -> None:
        self._ports = itertools.cycle(ports)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = self._connected()
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    def _connected(self) -> socket.socket:
        while True:
            try:
                return socket.create_connection(("127.0.0.1", next(self._ports)))
            except ConnectionRefusedError:
                continue

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass
        finally:
            for end in (source, target):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()


class Pair:
    """Two servers on one database, and a round robin before them."""

    def __init__(self, database: str) -> None:
        flags = ("--pace", "instant", "--seed", "1", "--database", database, "--log-format", "json")
        self.servers = [Served(*flags) for _ in range(2)]
        self.front = RoundRobin([served.url.port or 0 for served in self.servers])

    def stop(self) -> list[str]:
        self.front.stop()
        return [served.stop() for served in self.servers if served.ended is None]


@pytest.fixture
def pair(postgresql: Callable[[], Cluster]) -> Iterator[Pair]:
    cluster = postgresql()
    url = cluster.database()
    both = Pair(url)
    yield both
    both.stop()
    cluster.drop(url)


def test_servers_agree_at_once(pair: Pair) -> None:
    (one, other), world = pair.servers, "shared"
    portals = [portal_of(each, world) for each in (one, other)]
    steers = [steer_of(each, world) for each in (one, other)]
    assert (imports(portals[0], "SHARED-1"), imports(portals[1], "SHARED-1")) == (0, 17)
    assert has(portals[1], "SHARED-1")
    # -- clock
    steers[0].put("clock", now="2031-05-05T10:00:00+04:00", frozen=True)
    assert steers[1].get("clock")["now"] == steers[0].get("clock")["now"]
    # -- faults, met once by whoever comes first
    steers[0].fault(err_code=11, times=1)
    assert [poll(portals[1]), poll(portals[0]), poll(portals[1])] == [11, 0, 0]
    # -- journal, in one order
    journals = [steer.get("requests")["requests"] for steer in steers]
    assert journals[0] == journals[1]
    assert [row["operation"] for row in journals[0]].count("import_upload_invoices") == 2
    # -- the phone's inbox
    steers[1].put("settings", pace="manual")
    process = portals[0].started("import_upload_invoices", invoices=[invoice(2, erp_id="SHARED-0002")], upload=True)
    for turn in range(2):  # which leads to the login, that asks for PIN1
        steers[turn].post(f"processes/{process}/step")
    inboxes = [steer.get("confirmations")["confirmations"] for steer in steers]
    assert inboxes[0] == inboxes[1]
    waiting = [row["id"] for row in inboxes[0] if row["state"] == "pending"]
    steers[0].post(f"confirmations/{waiting[0]}/confirm")
    assert steers[0].get("confirmations") == steers[1].get("confirmations")
    # -- worlds
    assert steers[0].delete("worlds/shared") == {"deleted": "shared"}
    assert "shared" not in [row["name"] for row in steers[1].get("worlds")["worlds"]]
    assert imports(portals[1], "SHARED-1") == 0


def test_a_server_dies_and_clients_see_one_failed_connection(pair: Pair) -> None:
    clients = 4
    failures: list[list[str]] = [[] for _ in range(clients)]
    together, killed = threading.Barrier(clients + 1), threading.Event()

    def client(number: int) -> None:
        portal = Portal(pair.front.port, "default")
        portal.own_connection()
        for n in range(30):
            if n == 10:
                together.wait()
                killed.wait()
            name = f"DIES-{number}-{n}"
            try:
                assert imports(portal, name) == 0
            except (OSError, HTTPException) as error:
                failures[number].append(repr(error))
                portal.own_connection()
                assert imports(portal, name) in (0, 17)  # 17 where it was the answer that was lost
        portal.connection.close()

    with ThreadPoolExecutor(clients) as pool:
        working = [pool.submit(client, number) for number in range(clients)]
        together.wait()
        victim = pair.servers[0]
        os.kill(victim.process.pid, signal.SIGKILL)
        victim.ended = victim.process.communicate(timeout=10)
        killed.set()
        for each in working:
            each.result()
    assert sorted(map(len, failures)) == [0, 0, 1, 1]  # half of the connections went to the server that died
    survivor = portal_of(pair.servers[1])
    assert all(has(survivor, f"DIES-{number}-{n}") for number in range(clients) for n in range(30))


def test_the_database_restarts_and_servers_are_back_by_themselves(postgresql: Callable[[], Cluster]) -> None:
    programs_of = postgresql().programs
    cluster = Cluster(programs_of)
    both = Pair(cluster.database())
    try:
        portals, steers = [portal_of(each) for each in both.servers], [steer_of(each) for each in both.servers]
        assert [imports(portal, f"KEPT-{n}") for n, portal in enumerate(portals)] == [0, 0]
        cluster.stop("immediate")  # as in a crash
        for portal, steer in zip(portals, steers, strict=True):
            assert poll(portal) == 10
            assert imports(portal, "NEVER") == 10
            http, said = health(steer)
            assert (http, said["status"], said["alive"], said["ready"]) == (503, "not ready", True, False)
            assert "onnection" in said["wrong"][0]["text"]
            assert steer.send("GET", "requests").http == 503
        cluster.start()
        begun = time.monotonic()
        while any(health(steer)[0] != 200 for steer in steers):
            assert time.monotonic() - begun < RECOVERY_SECONDS
            time.sleep(0.05)
        assert [poll(portal) for portal in portals] == [0, 0]
        for portal in portals:
            assert [has(portal, name) for name in ("KEPT-0", "KEPT-1", "NEVER")] == [True, True, False]
        cluster.stop("fast")
        cluster.start()
        assert [poll(portal) for portal in portals] == [0, 0]  # nobody need have noticed
        logged = [json.loads(line) for text in both.stop() for line in text.splitlines()]
        assert logged
        assert all(line["request_id"] and "Traceback" not in line.get("exception", "") for line in logged), logged
    finally:
        both.stop()
        cluster.remove()

"""The servers that several cases measure: the yardstick, ours in memory and on a file, the others."""

import urllib.request
from pathlib import Path

from benchmarks.asking import Client
from benchmarks.frame import Bench
from benchmarks.load import Subject
from benchmarks.others import NAMES, other
from benchmarks.served import Server, simulator

INSTANT = ("--pace", "instant")


def ours(bench: Bench) -> dict[str, Server]:
    """Ours with its defaults, but for processes that take no time."""
    urls = {"memory": "memory:", "file": f"sqlite:///{bench.folder}/bench.db"}
    return {kind: simulator(bench.stack, *INSTANT, "--database", url) for kind, url in urls.items()}


def document(bench: Bench, server: Server) -> Path:
    """The OpenAPI that a server of ours hands out, in a file."""
    file = bench.folder / "openapi.json"
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/openapi.json", timeout=10) as answer:
        file.write_bytes(answer.read())
    return file


def others(bench: Bench, server: Server, operation: str, script: str) -> list[Subject]:
    """The same request to each other server."""
    if not bench.scale.others:
        return []
    path = Client(server.port).path(operation).partition("/api")[2]
    file = document(bench, server)
    found = []
    for name in NAMES:
        it = other(bench, name, file)
        found.append(Subject(name, it, ("/api" if name == "Mockoon" else "") + path, script))
    return found

"""Prism, Mockoon and WireMock from npm, in a folder that git ignores, on the requests that ours gets.

Prism and Mockoon are fed from the OpenAPI of the simulator; WireMock has no reader for that and sends from a can.
"""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.frame import CACHE, Bench
from benchmarks.served import Server, free_port, started

PACKAGES = ("@stoplight/prism-cli@5.16.0", "@mockoon/cli@9.9.0", "wiremock@3.13.2")
NAMES = ("Prism", "Mockoon", "WireMock")
_BIN = CACHE / "node_modules" / ".bin"
_FETCHED = CACHE / "fetched.txt"


def why_not() -> str:
    """Fetches them if they are not there; what is in the way, or nothing."""
    wanted = " ".join(PACKAGES)
    if _FETCHED.exists() and _FETCHED.read_text("utf-8") == wanted:
        return ""
    if shutil.which("npm") is None:
        return "needs npm"
    CACHE.mkdir(exist_ok=True)
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(CACHE), *PACKAGES]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    except subprocess.TimeoutExpired:
        return "npm registry not reachable"
    if done.returncode:
        return f"npm registry not reachable: {' '.join(done.stderr.split())[:80]}"
    _FETCHED.write_text(wanted, "utf-8")
    return ""


def other(bench: Bench, name: str, document: Path, page: bytes = b"[]") -> Server | str:
    """One of `NAMES`, started; or why it is not. `page` is what WireMock answers to a page."""
    why = why_not() if bench.scale.others else "not asked"
    if why:
        return why
    port = free_port()
    try:
        return started(bench.stack, _command(name, port, document, bench.folder, page), port=port)
    except RuntimeError as error:
        return f"does not start: {error}"


def _command(name: str, port: int, document: Path, folder: Path, page: bytes) -> list[str]:
    if name == "Prism":
        return ["node", str(_BIN / "prism"), "mock", "-p", str(port), "-v", "silent", str(document)]
    if name == "Mockoon":
        flags = ["--port", str(port), "--disable-log-to-file", "--disable-admin-api"]
        return ["node", str(_BIN / "mockoon-cli"), "start", "--data", str(document), *flags]
    jars = sorted((CACHE / "node_modules" / "wiremock" / "build").glob("*.jar"))
    if shutil.which("java") is None or not jars:
        raise RuntimeError("needs java")
    root = folder / f"wiremock-{port}"
    _write_cans(root, json.loads(document.read_text("utf-8")), page)
    flags = ["--port", str(port), "--root-dir", str(root), "--no-request-journal", "--disable-banner"]
    return ["java", "-jar", str(jars[-1]), *flags]


def _write_cans(root: Path, document: dict[str, Any], page: bytes) -> None:
    """WireMock's mappings: the first example of every answer, and the page."""
    (root / "mappings").mkdir(parents=True)
    (root / "__files").mkdir()
    (root / "__files" / "page.json").write_bytes(page)
    for number, (path, methods) in enumerate(document["paths"].items()):
        for method, operation in methods.items():
            if method not in ("get", "post", "delete"):
                continue
            content = operation["responses"]["200"]["content"]["application/json"]
            example = next(iter(content.get("examples", {"": {"value": {}}}).values()))["value"]
            answer: dict[str, Any] = {"status": 200, "headers": {"Content-Type": "application/json"}}
            answer |= {"bodyFileName": "page.json"} if path == "/etx/read_invoices" else {"body": json.dumps(example)}
            mapping = {"request": {"method": method.upper(), "urlPath": path}, "response": answer}
            (root / "mappings" / f"{number}-{method}.json").write_text(json.dumps(mapping), "utf-8")

"""How the simulator is built: what may import what, and who alone reads the clock, chance and the environment."""

import ast
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = "mock_server"
GUEST = "pytest_plugin"
"""Runs in the process of whoever tests a client: it has an environment and a pytest of its own there."""

LAYERS: dict[str, set[str]] = {
    "guest": {GUEST},
    "front": {"", "__main__", "app", "cli", "healthcheck", "settings", "workers"},
    "proxy": {"proxy"},
    "web": {"web"},
    "control": {"control"},
    "judging": {"judging"},
    "portal": {"portal"},
    "store": {"store"},
    "rulebook": {"rulebook"},
    "ground": {"clock", "draws", "durations", "refusals", "release", "turns", "wire"},
}
"""From top to bottom: modules and packages directly below `mock_server`, which itself is "".

`settings` stands in the front because it asks the ledger whether the readings chosen exist.
"""

ALONE = {
    "click": {"cli"},
    "yaml": {"control.markup"},
    "httptools": {"web.protocol"},
    "h11": {"proxy.messages"},
    "jsonschema_rs": {"rulebook.answers", "rulebook.forms", "rulebook.world_form"},
    "mock_server.store.sqlite": {"app"},
    "mock_server.store.postgres": set(),  # which `app` imports by its name, if it is wanted
    "psycopg": {"store.postgres"},
    "sqlite3": {"store.sqlite"},
}
"""What only these modules import."""

IMPORTED_AS = {"pyyaml": "yaml"}
"""Packages that are not called like what they bring."""

EXTRA = {GUEST: {"pytest"}, "store.postgres": {"psycopg"}}
"""What some modules have besides, since whoever uses them has it."""

OF_HTTP = {"starlette", "uvicorn"}
MAX_LINES = 400
NAMELESS = {"utils", "helpers", "common", "manager", "misc"}


class Module(NamedTuple):
    """A module of the simulator; `name` without `mock_server`."""

    name: str
    text: str
    tree: ast.Module

    @property
    def layer(self) -> str:
        top = self.name.partition(".")[0]
        found = [layer for layer, members in LAYERS.items() if top in members]
        assert found, f"{PACKAGE}/{top} is in no layer: say in LAYERS where it belongs"
        return found[0]


def parsed(name: str, text: str) -> Module:
    return Module(name, text, ast.parse(text))


def _modules() -> dict[str, Module]:
    found = {}
    for file in sorted((ROOT / PACKAGE).rglob("*.py")):
        name = ".".join(file.relative_to(ROOT / PACKAGE).with_suffix("").parts)
        name = name.removesuffix("__init__").removesuffix(".")
        found[name] = parsed(name, file.read_text("utf-8"))
    return found


MODULES = _modules()


def imported(module: Module) -> Iterator[str]:
    """Full names of what a module imports; `from package import module` names the module."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module.name}: a relative import"
            assert node.module is not None
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner.removeprefix(f"{PACKAGE}.") in MODULES else node.module


def ours(module: Module) -> set[str]:
    """Modules of the simulator that this one imports."""
    names = {name for name in imported(module) if name.partition(".")[0] == PACKAGE}
    return {name.removeprefix(PACKAGE).removeprefix(".") for name in names}


# -- rules about one module: each yields what is wrong


def upward(module: Module) -> Iterator[str]:
    order = list(LAYERS)
    own = order.index(module.layer)
    for name in ours(module):
        if order.index(MODULES[name].layer) < own:
            yield f"{module.layer} imports {name} of {MODULES[name].layer}"


def inside_functions(module: Module) -> Iterator[str]:
    for function in ast.walk(module.tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    yield f"line {node.lineno}: an import inside a function"


def names_used(module: Module) -> Iterator[str]:
    """`os.environ` for `os.environ[...]` and for `from os import environ`, and the like."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}"
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def environment(module: Module) -> Iterator[str]:
    if module.name not in ("settings", GUEST):
        yield from {"os.environ", "os.environb", "os.getenv", "os.getenvb", "os.putenv"} & set(names_used(module))


def time(module: Module) -> Iterator[str]:
    """Sleeping is not reading the time."""
    if module.name == "clock":
        return
    for name in names_used(module):
        if name.startswith("time.") and name != "time.sleep":
            yield name
        if name in ("datetime.now", "datetime.utcnow", "datetime.today", "date.today"):
            yield name


def chance(module: Module) -> Iterator[str]:
    if module.name == "draws":
        return
    yield from {"os.urandom", "os.getrandom"} & set(names_used(module))
    yield from {"random", "secrets", "uuid"} & {name.partition(".")[0] for name in imported(module)}


def strangers(module: Module) -> Iterator[str]:
    """Packages that whoever installs the simulator does not get."""
    promised = {PACKAGE, *sys.stdlib_module_names, *_dependencies(), *EXTRA.get(module.name, ())}
    yield from {name.partition(".")[0] for name in imported(module)} - promised


def alone(module: Module) -> Iterator[str]:
    for name in imported(module):
        if module.name not in ALONE.get(name, {module.name}):
            yield f"imports {name}, which is for {' and '.join(ALONE[name])}"
        if name.partition(".")[0] in OF_HTTP and module.layer not in ("proxy", "web", "front"):
            yield f"{module.layer} imports {name}, and speaks no HTTP"


def size_and_name(module: Module) -> Iterator[str]:
    lines = len(module.text.splitlines())
    if lines >= MAX_LINES:
        yield f"{lines} lines"
    yield from NAMELESS & set(module.name.split("."))


def _dependencies() -> set[str]:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    names = {entry.split(";")[0].split(">")[0].split("=")[0].split("<")[0].strip() for entry in declared}
    return {IMPORTED_AS.get(name, name.replace("-", "_")) for name in names}


Rule = Callable[[Module], Iterator[str]]
RULES: dict[str, Rule] = {
    "imports go down": upward,
    "no import inside a function": inside_functions,
    "the environment is read in settings": environment,
    "the time is read in clock": time,
    "chance comes from draws": chance,
    "nothing but declared packages": strangers,
    "each tool in its place": alone,
    "short, and named for what it is about": size_and_name,
}


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_modules_keep_the_rule(rule: Rule) -> None:
    wrong = {module.name: sorted(set(rule(module))) for module in MODULES.values()}
    assert {name: texts for name, texts in wrong.items() if texts} == {}


def test_there_is_no_cycle() -> None:
    above: list[str] = []
    done: set[str] = set()

    def visit(name: str) -> None:
        assert name not in above, " > ".join([*above[above.index(name) :], name])
        if name in done:
            return
        above.append(name)
        for below in sorted(ours(MODULES[name])):
            visit(below)
        done.add(above.pop())

    for name in MODULES:
        visit(name)


BROKEN: list[tuple[Rule, str, str]] = [
    (upward, "store.x", "from mock_server.portal import rules"),
    (upward, "rulebook.x", "import mock_server.store.engine"),
    (upward, "portal.x", "from mock_server.web.api import Api"),
    (upward, "wire", "from mock_server import app"),
    (inside_functions, "web.x", "def f():\n    if True:\n        import json"),
    (inside_functions, "web.x", "class A:\n    async def f(self):\n        from json import loads"),
    (environment, "app", "import os\nhome = os.environ['HOME']"),
    (environment, "app", "from os import getenv"),
    (time, "portal.x", "import time\nnow = time.monotonic()"),
    (time, "portal.x", "from time import time_ns"),
    (time, "portal.x", "from datetime import datetime\nnow = datetime.now(tz=None)"),
    (chance, "portal.x", "import random"),
    (chance, "portal.x", "from uuid import uuid4"),
    (chance, "portal.x", "import os\nsecret = os.urandom(3)"),
    (strangers, "app", "from tests.client import Portal"),
    (strangers, "app", "import fixtures.builders"),
    (strangers, "app", "from faker import Faker"),
    (strangers, "app", "import contract_tests"),
    (alone, "portal.x", "import sqlite3"),
    (alone, "web.x", "import psycopg"),
    (strangers, "web.x", "import psycopg"),
    (alone, "app", "from mock_server.store.postgres import PostgresEngine"),
    (alone, "web.x", "from mock_server.store.sqlite import SqliteEngine"),
    (alone, "portal.x", "from starlette.requests import Request"),
    (size_and_name, "portal.x", "\n" * MAX_LINES),
    (size_and_name, "web.utils", ""),
]


@pytest.mark.parametrize(("rule", "name", "text"), BROKEN)
def test_the_rule_bites(rule: Rule, name: str, text: str) -> None:
    assert list(rule(parsed(name, text)))

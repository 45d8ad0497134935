"""Which world and which path of the portal a request is for.

The raw path is compared, byte for byte: `%2F`, `//` and `..` are other paths, and there are none (R-46).
"""

import re
from functools import lru_cache

from mock_server.portal.worlds import DEFAULT_WORLD
from mock_server.rulebook.constants import BASE_PATH

_BASE = BASE_PATH.encode()
_OF_WORLD = re.compile(rb"/w/([a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?)(/.*)?", re.DOTALL)


def world_of(raw_path: bytes) -> tuple[str | None, str]:
    """The world's name and the path below its base path; `None` and `""` for what is no portal path."""
    return _remembered(raw_path) if len(raw_path) <= _REMEMBERED_LENGTH else _world_of(raw_path)


def _world_of(raw_path: bytes) -> tuple[str | None, str]:
    name = DEFAULT_WORLD
    if raw_path.startswith(b"/w/"):
        match = _OF_WORLD.fullmatch(raw_path)
        if match is None:
            return None, ""
        name, raw_path = match[1].decode(), match[2] or b""
    if not raw_path.startswith(_BASE + b"/"):
        return None, ""
    return name, raw_path[len(_BASE) :].decode("latin-1")


_REMEMBERED_LENGTH = 160
"""Longer paths are nobody's; remembered, they would fill the memory."""

_remembered = lru_cache(maxsize=4096)(_world_of)


def is_world(name: str) -> bool:
    """Whether this can be a world's name."""
    return _OF_WORLD.fullmatch(f"/w/{name}".encode()) is not None and "/" not in name


def is_portal(path: str) -> bool:
    """Whether the portal, rather than the simulator's own pages, is to answer."""
    return _remembered_portal(path) if len(path) <= _REMEMBERED_LENGTH else _is_portal(path)


def _is_portal(path: str) -> bool:
    if path.startswith("/w/"):
        path = "/" + path[3:].partition("/")[2]
    return path == BASE_PATH or path.startswith(BASE_PATH + "/")


_remembered_portal = lru_cache(maxsize=4096)(_is_portal)

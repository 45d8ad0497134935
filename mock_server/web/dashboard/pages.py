"""The files of the dashboard and of `/docs`, with the headers that keep anything else out of these pages."""

import hashlib
import mimetypes
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from mock_server.web.paths import is_world

_HERE = files(__package__)
_FOLDERS = ("static", "swagger")

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
"""Nothing that a client sends is ever run: scripts and styles come from these files alone, not from any text."""


class Asset(NamedTuple):
    """A file, its media type, and a tag that changes with its bytes."""

    body: bytes
    kind: str
    tag: str


def pages(*, control: bool) -> list[Route]:
    """Routes of the dashboard, which needs the control API, and of `/docs`, which does not; files are read once."""
    assets = {path: _asset(file) for folder in _FOLDERS for path, file in _files_of(folder)}

    async def dashboard(request: Request, file: str = "static/index.html") -> Response:
        if not is_world(request.path_params.get("world", "default")):
            return Response("a world's name is 1 to 64 of a-z 0-9 . _ -\n", 404, media_type="text/plain")
        return _sent(assets[file], request)

    async def slash(request: Request) -> Response:
        return RedirectResponse(request.url.path + "/", 307)

    async def docs(request: Request) -> Response:
        return await dashboard(request, "swagger/docs.html")

    async def asset(request: Request) -> Response:
        found = assets.get(request.path_params["path"])
        if found is None:
            return Response("no such file\n", 404, media_type="text/plain")
        return _sent(found, request)

    open_to_all = [Route("/docs", docs), Route("/w/{world}/docs", docs), Route("/__dashboard/{path:path}", asset)]
    if not control:
        return open_to_all
    return [*open_to_all, Route("/", dashboard), Route("/w/{world}", slash), Route("/w/{world}/", dashboard)]


def _files_of(folder: str) -> list[tuple[str, Traversable]]:
    return [(f"{folder}/{file.name}", file) for file in (_HERE / folder).iterdir() if file.is_file()]


def _asset(file: Traversable) -> Asset:
    body = file.read_bytes()
    kind = mimetypes.guess_type(file.name)[0] or "text/plain"
    if file.name.endswith(".js"):
        kind = "text/javascript"
    if kind.startswith("text/"):
        kind += "; charset=utf-8"
    return Asset(body, kind, f'"{hashlib.sha256(body).hexdigest()[:20]}"')


def _sent(asset: Asset, request: Request) -> Response:
    headers = {**HEADERS, "ETag": asset.tag}
    if request.headers.get("if-none-match") == asset.tag:
        return Response(status_code=304, headers=headers)
    return Response(asset.body, 200, headers, asset.kind)

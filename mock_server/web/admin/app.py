"""The control API over HTTP: finds the row, asks for the token, answers or explains."""

import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as HttpRoute

from mock_server import wire
from mock_server.clock import Clock
from mock_server.control.desk import Desk, Problem
from mock_server.control.worlds import too_many
from mock_server.portal.worlds import DEFAULT_WORLD, TooManyWorlds, Worlds
from mock_server.store.engine import Unavailable
from mock_server.store.stores import Store
from mock_server.store.worlds import WorldGone
from mock_server.web.admin.calls import BODY_BYTES, Call, Route, answer, body_of, query_of
from mock_server.web.admin.openapi import described
from mock_server.web.admin.origins import demand_known_host, demand_own_origin
from mock_server.web.admin.routes import ROUTES
from mock_server.web.bodies import Gone, TooLarge, read_body
from mock_server.web.logs import begin
from mock_server.web.paths import is_world
from mock_server.web.requests import first_of_each

log = logging.getLogger("vatportal_mock")

BASE = "/__admin"
STOP = "vatportal_mock.stop"
"""The extension of the ASGI scope by which our server says that it is being stopped."""

_PROBLEM = "application/problem+json"


class Guard(NamedTuple):
    """Who may use the control API.

    Attributes:
        token: the admin token; `None` leaves it open (loopback only).
    """

    token: str | None

    def demand(self, request: Request, own: str | None) -> None:
        """Raises a Problem (401) unless the request shows the admin token, or the world's own.

        A change that another web page asks for is refused (403), whatever it shows.

        A world that has a token of its own is closed even where the server is open, and cannot be removed.
        """
        demand_own_origin(request)
        allowed = [token for token in (self.token, own) if token is not None]
        if not allowed:
            demand_known_host(request)
            return
        header = request.headers.get("authorization", "")
        kind, _, given = header.partition(" ")
        matches = [hmac.compare_digest(token.encode(), given.strip().encode()) for token in allowed]
        if not (_bears(kind) and any(matches)):
            shown = (
                "no Authorization header" if not header else "another token" if _bears(kind) else "no Bearer token"
            )
            right = "Authorization: Bearer <admin token>"
            raise Problem(401, "the admin token is wanted", f"send `{right}`", given=shown, allowed=[right])


def _bears(kind: str) -> bool:
    return kind.lower() == "bearer"


def routes(store: Store, worlds: Worlds, clock: Clock, guard: Guard) -> list[HttpRoute]:
    """The rows of the control API as routes, for the default world and for any other."""
    control = _Control(store, worlds, clock, guard)
    found = [
        HttpRoute(prefix + BASE + path, control.endpoint(path), methods=_ALL)
        for prefix in ("", "/w/{__world}")
        for path in sorted({route.path for route in ROUTES}, key=_names_last)
    ]
    for prefix in ("", "/w/{__world}"):
        found.append(HttpRoute(f"{prefix}{BASE}/openapi.json", control.openapi))
        found.append(HttpRoute(f"{prefix}{BASE}/{{rest:path}}", control.unknown, methods=_ALL))
    return found


def _names_last(path: str) -> list[tuple[bool, str]]:
    """For the order of routes: `/requests/find` before `/requests/{request}`, which would take it for a number."""
    return [(step.startswith("{"), step) for step in path.split("/")]


_ALL = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
"""Every method is routed, so that a wrong one too is refused with an explanation."""


class _Control:
    def __init__(self, store: Store, worlds: Worlds, clock: Clock, guard: Guard) -> None:
        self._store = store
        self._worlds = worlds
        self._clock = clock
        self._guard = guard
        self._rows: dict[tuple[str, str], Route] = {(route.method, route.path): route for route in ROUTES}

    def endpoint(self, path: str) -> Any:
        async def handle(request: Request) -> Response:
            begin(first_of_each(request.scope["headers"]))
            try:
                return await self._handle(request, path)
            except Problem as problem:
                return _problem(problem)
            except Gone:
                return Response(status_code=400)  # which nobody is there to see
            except WorldGone:
                detail = "the world was removed at the same time"
                return _problem(Problem(409, "removed", detail, given=_world(request), allowed=["the same again"]))
            except TooManyWorlds as error:
                return _problem(too_many(_world(request), error))
            except TooLarge:
                most, more = f"at most {BODY_BYTES} bytes", f"more than {BODY_BYTES} bytes"
                return _problem(Problem(413, "too large", f"a body has {most}", given=more, allowed=[most]))
            except Unavailable as error:
                log.error("the database cannot be used for the control API: %s", error)
                detail = f"the database cannot be used: {error}"
                return _problem(Problem(503, "not ready", detail, given=None, allowed=None))
            except Exception:
                log.exception("internal error in the control API")
                detail = "an error of the simulator itself; see its log"
                return _problem(Problem(500, "internal error", detail, given=None, allowed=None))

        return handle

    async def openapi(self, request: Request) -> Response:
        return _json(200, described(str(request.url.replace(query="")).removesuffix("/openapi.json")))

    async def unknown(self, request: Request) -> Response:
        given = "/" + request.path_params["rest"]
        paths = dict.fromkeys(route.path for route in ROUTES)
        return _problem(Problem.unknown("path of the control API", given[:200], paths, status=404))

    async def _handle(self, request: Request, path: str) -> Response:
        route = self._row(request, path)
        parameters = dict(request.path_params)
        name = parameters.pop("__world", DEFAULT_WORLD)
        if not is_world(name):
            form = "1 to 64 of a-z 0-9 . _ -"
            raise Problem(404, "no such world", f"a world's name is {form}", given=name, allowed=[form])
        if not route.open:
            own = await self._store.turns(self._own_token, route, name, parameters)
            self._guard.demand(request, own)
        query = query_of(route, dict(request.query_params))
        raw = await read_body(first_of_each(request.scope["headers"]), request.receive, BODY_BYTES)
        desk = Desk(self._store, self._worlds, self._clock, name)
        if not route.open:
            await self._store.turns(self._worlds.used, name)
        call = Call(desk, parameters, query, body_of(route, raw), _gone(request), self._opened_by(request))
        result = await answer(route, call)
        return result if isinstance(result, Response) else _json(route.status, result)

    def _own_token(self, route: Route, name: str, parameters: Mapping[str, str]) -> str | None:
        """The admin token of the world that the call is about."""
        return self._token_of(parameters.get("world", "") if route.server else name)

    def _token_of(self, world: str) -> str | None:
        row = self._store.worlds.find(world)
        return None if row is None else self._store.worlds.admin_token(row.id)

    def _opened_by(self, request: Request) -> Callable[[str], None]:
        """Asks whether the caller may look into another world too; raises a Problem (401) unless he may."""
        return lambda world: self._guard.demand(request, self._token_of(world))

    def _row(self, request: Request, path: str) -> Route:
        route = self._rows.get((request.method, path))
        if route is None:
            allowed = [method for method, known in self._rows if known == path]
            raise Problem(
                405,
                "wrong method",
                f"{BASE}{path} takes {' and '.join(allowed)}",
                given=request.method,
                allowed=allowed,
            )
        return route


def _gone(request: Request) -> Callable[[], Awaitable[bool]]:
    """Asks whether the caller has hung up; raises a Problem (503) when the server stops."""
    stop = request.scope.get("extensions", {}).get(STOP, {}).get("begun")

    async def gone() -> bool:
        if stop is not None and stop():
            detail = "the server is being stopped; what was waited for did not come"
            raise Problem(503, "the server stops", detail, given=None, allowed=None)
        return await request.is_disconnected()

    return gone


def _world(request: Request) -> str:
    """The name of the world whose control API is called."""
    return str(request.path_params.get("__world", DEFAULT_WORLD))


def _json(status: int, value: Any) -> Response:
    return Response(wire.text(value), status, media_type="application/json")


def _problem(problem: Problem) -> Response:
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
    }
    for name in ("given", "allowed", "nearest"):
        value = getattr(problem, name)
        if value is not None:
            body[name] = value
    headers = {}
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if problem.status == 405 and problem.allowed:
        headers["Allow"] = ", ".join(problem.allowed)
    return Response(wire.text({**body, **problem.extra}), problem.status, headers, _PROBLEM)

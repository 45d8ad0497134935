"""Assembles the simulator: settings in, an ASGI application or a running server out.

The one place that names a storage back-end, and the only one that knows every layer.
"""

import logging
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from mock_server.clock import Clock, SystemClock
from mock_server.control.worldfiles import BadWorldFile, read_file
from mock_server.draws import Draws, secret_of
from mock_server.portal.world_file import WorldFile, decode
from mock_server.portal.worlds import DEFAULT_WORLD, Defaults, Worlds
from mock_server.proxy.filing import Record
from mock_server.proxy.serving import Proxy
from mock_server.proxy.upstream import Upstream
from mock_server.refusals import ConfigurationError
from mock_server.rulebook.documents import fixture
from mock_server.rulebook.ledger import Ledger
from mock_server.settings import Settings
from mock_server.store.engine import Engine, Unavailable
from mock_server.store.migrations import NewerDatabase
from mock_server.store.sqlite import SqliteEngine
from mock_server.store.stores import Store
from mock_server.web.admin.app import Guard, routes
from mock_server.web.api import Api
from mock_server.web.dashboard import pages as dashboard
from mock_server.web.listening import bind, configured
from mock_server.web.logs import configure_logs
from mock_server.web.pages import pages
from mock_server.web.paths import is_portal
from mock_server.web.watch import Server
from mock_server.workers import serve_together

SWEPT_AT_START = 10_000
"""Rows of discarded worlds removed in one transaction, so that other server processes have their turn."""

DEFAULT_WORLD_FILE = "worlds/default.json"
PROXY_WORLD_FILE = "worlds/proxy.json"


class Simulator:
    """The ASGI application: the portal of every world, and the simulator's own pages beside it."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        guard = Guard(settings.admin_token)
        self.store = _store(settings)
        self.worlds = Worlds(self.store, clock, _defaults(settings))
        while self.worlds.sweep(SWEPT_AT_START):
            pass  # of resets during which an earlier process was killed
        self.worlds.row(DEFAULT_WORLD)
        self.portal = Api(self.store, self.worlds, clock)
        control = [] if settings.no_admin else routes(self.store, self.worlds, clock, guard)
        seen = dashboard.pages(control=not settings.no_admin)
        own = pages(self.worlds, self.store.turns)
        self.pages = Starlette(routes=[*own, *control, *seen], lifespan=self._lifespan)
        self.pages.router.default = self.portal  # which names its paths for any other one

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and is_portal(scope["path"]):
            await self.portal(scope, receive, send)
        else:
            await self.pages(scope, receive, send)

    def close(self) -> None:
        """Give the database back."""
        self.store.close()

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        yield
        self.close()


def create_app(settings: Settings | None = None, clock: Clock | None = None) -> Simulator:
    """The simulator as an ASGI application, for any server or in-process.

    Raises:
        ConfigurationError: the world file or the database cannot be used.
    """
    return Simulator(settings or Settings(), clock or SystemClock())


def serve(settings: Settings, announce: Callable[[str, str | None], None]) -> None:
    """Serve until stopped; calls `announce` with the URL, and the admin token if one was made, once it listens.

    Whoever is not on this machine needs the admin token for the control API; without one set, one is made.

    Raises:
        ConfigurationError: the address, the certificate, the database or the world file cannot be used.
    """
    settings, made, listener = _listening(settings)
    try:
        app = create_app(settings)
    except ConfigurationError:
        listener.close()
        raise
    announce(_url(settings, listener), made)
    sys.stdout.flush()
    if settings.workers > 1:
        app.close()
        serve_together(settings.workers, _serve_alone, (settings, listener))
    else:
        _run(app, settings, listener)


def create_proxy(settings: Settings, upstream: Upstream, records: Sequence[Record] = ()) -> Proxy:
    """A proxy to that server; its journal is in the settings' database, in a world without portal data.

    Raises:
        ConfigurationError: the database cannot be used.
    """
    store, clock = _store(settings), SystemClock()
    defaults = _defaults(settings)._replace(file=decode(fixture(PROXY_WORLD_FILE)))
    guard = None if settings.no_admin else Guard(settings.admin_token)
    return Proxy(upstream, store, Worlds(store, clock, defaults), clock, guard, records)


def proxy(
    settings: Settings, upstream: Upstream, records: Sequence[Record], announce: Callable[[str, str | None], None]
) -> None:
    """Forward to a real server until stopped; `announce` as for `serve`.

    Raises:
        ConfigurationError: the address, the certificate or the database cannot be used.
    """
    settings, made, listener = _listening(settings)
    try:
        if upstream.loopback and upstream.port == listener.getsockname()[1]:
            raise ConfigurationError(f"upstream {upstream.url} is the proxy itself; choose another --port for it")
        forwarding = create_proxy(settings, upstream, records)
    except ConfigurationError:
        listener.close()
        raise
    configure_logs(settings.log_format)
    announce(_url(settings, listener), made)
    sys.stdout.flush()
    forwarding.serve(listener, server_context(settings))


def server_context(settings: Settings) -> ssl.SSLContext | None:
    """What a server of these settings speaks TLS with; `None` for plain http."""
    if settings.tls_cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings.tls_cert, settings.tls_key)
    return context


def _listening(settings: Settings) -> tuple[Settings, str | None, socket.socket]:
    """The settings with an admin token if one is needed, that token if it was made, and the socket."""
    _check_certificate(settings)
    made = None
    if not settings.loopback and settings.admin_token is None and not settings.no_admin:
        made = Draws(secret_of(None, "admin")).text("admin-token", settings.host)
        settings = replace(settings, admin_token=made)
    try:
        return settings, made, bind(settings.host, settings.port)
    except OSError as error:
        raise ConfigurationError(str(error.strerror)) from None


def _url(settings: Settings, listener: socket.socket) -> str:
    scheme = "https" if settings.tls_cert else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{scheme}://{host}:{listener.getsockname()[1]}"


def _serve_alone(settings: Settings, listener: object) -> None:
    """One of several server processes on one socket and one database."""
    _run(create_app(settings), settings, listener)


def _run(app: Simulator, settings: Settings, listener: object) -> None:
    config = configured(app, tls_cert=settings.tls_cert, tls_key=settings.tls_key)
    configure_logs(settings.log_format)
    Server(config).run(sockets=[listener])  # type: ignore[list-item]  # a socket, sent between processes


def _check_certificate(settings: Settings) -> None:
    """A certificate or key that is none would otherwise show when the URL has been announced."""
    if settings.tls_cert is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_cert, settings.tls_key, lambda: "")
    except OSError as error:
        pair = f"tls-cert {settings.tls_cert} with tls-key {settings.tls_key}"
        raise ConfigurationError(
            f"{pair}: not a PEM certificate and its key, without a pass phrase ({error.strerror or error})"
        ) from None


def _store(settings: Settings) -> Store:
    try:
        return Store(_engine(settings.database))
    except (NewerDatabase, Unavailable) as error:
        raise ConfigurationError(f"database {settings.shown_database}: {error}") from None
    except OSError as error:
        raise ConfigurationError(f"database {settings.shown_database}: {error.strerror}") from None


def _engine(database: str) -> Engine:
    if not database.startswith("postgresql://"):
        return SqliteEngine(None if database == "memory:" else Path(database.removeprefix("sqlite:///")))
    try:
        postgres = import_module("mock_server.store.postgres")  # when it is wanted, for its driver is an extra
    except ImportError as error:
        raise ConfigurationError(
            f'PostgreSQL needs its driver: pip install "vatportal-mock[postgres]" ({error})'
        ) from None
    engine: Engine = postgres.PostgresEngine(database)
    return engine


def _defaults(settings: Settings) -> Defaults:
    readings = Ledger.load().choose_all(settings.edition, settings.readings)
    return Defaults(
        readings,
        settings.pace,
        settings.seed,
        _world_file(settings.world),
        settings.strict_documented,
        settings.drop_idle_worlds,
        secret_of(None, "run").hex() if settings.database == "memory:" else "",
    )


def _world_file(path: Path | None) -> WorldFile:
    if path is None:
        return decode(fixture(DEFAULT_WORLD_FILE))
    try:
        return read_file(path)
    except BadWorldFile as error:
        raise ConfigurationError(str(error)) from None


logging.getLogger("vatportal_mock").addHandler(logging.NullHandler())

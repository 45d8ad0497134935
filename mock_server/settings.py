"""What can be set when the simulator starts, and the only reader of the environment.

Every flag of `serve` has a twin `VATPORTAL_MOCK_<FLAG>`; both are parsed here, so that a wrong value gets the
same answer wherever it came from. The flag wins over the environment, the environment over a readings file.
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from mock_server.clock import SECOND
from mock_server.durations import microseconds
from mock_server.refusals import ConfigurationError, located
from mock_server.rulebook import readings_file
from mock_server.rulebook.documents import load
from mock_server.rulebook.ledger import Ledger, Readings

PREFIX = "VATPORTAL_MOCK_"
PACES = tuple(load("processes.json")["paces"])
MIN_TOKEN, MAX_TOKEN = 8, 200
SHORTEST_IDLE = 60 * SECOND
LOG_FORMATS = ("text", "json")

_YES = ("1", "true", "yes", "on")
_NO = ("0", "false", "no", "off")

T = TypeVar("T")


@dataclass(frozen=True)
class Settings:
    """Checked when made: a `Settings` that exists can be served.

    `readings` holds only the answers chosen one by one, which win over those of the edition (see
    `Ledger.choose_all`). `drop_idle_worlds` is in microseconds. `database` is `memory:`, `sqlite:///FILE` or
    `postgresql://...`.

    Raises:
        ConfigurationError: a value that is not allowed, or two that do not go together.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    database: str = field(default="memory:", repr=False)  # which may hold a password
    edition: str = "2025-08"
    readings: Mapping[str, str] = field(default_factory=dict)
    pace: str = "fast"
    world: Path | None = None
    seed: int | None = None
    workers: int = 1
    tls_cert: Path | None = None
    tls_key: Path | None = None
    admin_token: str | None = field(default=None, repr=False)
    no_admin: bool = False
    strict_documented: bool = False
    drop_idle_worlds: int | None = None
    log_format: str = "text"

    def __post_init__(self) -> None:
        self._check_address()
        self._check_store()
        _check_word("pace", self.pace, PACES)
        _check_word("log format", self.log_format, LOG_FORMATS)
        _check_file("world", self.world)
        if self.admin_token is not None and not MIN_TOKEN <= len(self.admin_token.encode()) <= MAX_TOKEN:
            raise ConfigurationError(f"the admin token has {MIN_TOKEN} to {MAX_TOKEN} characters")
        if self.admin_token is not None and self.no_admin:
            raise ConfigurationError("admin-token and no-admin do not go together: without a control API, no token")
        if self.drop_idle_worlds is not None and self.drop_idle_worlds < SHORTEST_IDLE:
            raise ConfigurationError("drop-idle-worlds is at least 1m: a client may well pause as long")
        self._check_tls()
        readings = Ledger.load().choose_all(self.edition, self.readings)
        if self.strict_documented:
            _check_documented(readings)

    @property
    def shown_database(self) -> str:
        """The database as it may be shown: without a password."""
        return _without_password(self.database)

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None, **flags: Any) -> "Settings":
        """The settings that flags and environment make together.

        Args:
            environ: the variables; those of this process when left out.
            flags: by the name of their field, as text or as the value itself; None means not given.
                `readings` is a file here, and `reading` one `ID=ANSWER` or several.

        Raises:
            ConfigurationError: also for a variable `VATPORTAL_MOCK_...` that stands for no flag.
        """
        given = _Given(os.environ if environ is None else environ, flags)
        values = {name: given.value(name, parse) for name, parse in _PARSERS.items()}
        edition, values["readings"] = _readings(given)
        values["edition"] = values["edition"] or edition
        return cls(**{name: value for name, value in values.items() if value is not None})

    def _check_address(self) -> None:
        if not self.host:
            raise ConfigurationError("the host is empty; 127.0.0.1 listens on this machine only")
        if not 0 <= self.port <= 65535:
            raise ConfigurationError(f"port {self.port} is not between 0 and 65535 (0 picks a free one)")

    def _check_store(self) -> None:
        _check_database(self.database)
        if self.workers < 1:
            raise ConfigurationError(f"workers is {self.workers}; at least 1 is needed")
        if self.workers > 1 and self.database == "memory:":
            raise ConfigurationError(
                f"{self.workers} workers cannot share the database memory:, each would have its own portal; "
                "use 1 worker, or --database sqlite:///FILE or postgresql://..."
            )

    def _check_tls(self) -> None:
        if (self.tls_cert is None) != (self.tls_key is None):
            missing = "tls-key" if self.tls_key is None else "tls-cert"
            raise ConfigurationError(f"tls-cert and tls-key go together, and {missing} is missing")
        _check_file("tls-cert", self.tls_cert)
        _check_file("tls-key", self.tls_key)


def _check_word(what: str, given: str, allowed: Iterable[str]) -> None:
    if given not in allowed:
        raise ConfigurationError.unknown(what, given, allowed)


def _check_file(what: str, path: Path | None) -> None:
    if path is not None and not path.is_file():
        raise ConfigurationError(f"{what}: there is no file {path}")


def _check_database(url: str) -> None:
    scheme = url.partition(":")[0]
    if url == "memory:":
        return
    if scheme in ("postgresql", "postgres"):
        _check_postgresql(url)
        return
    name = url.removeprefix("sqlite:///")
    if name in (url, "", ":memory:"):
        raise ConfigurationError(
            f'unknown database "{url}". Allowed: memory:, sqlite:///FILE '
            "(sqlite:///portal.db is relative, sqlite:////data/portal.db is absolute), "
            "postgresql://USER:PASSWORD@HOST/DATABASE."
        )
    file = Path(name)
    if file.is_dir() or not file.parent.is_dir():
        reason = "it is a folder" if file.is_dir() else f"there is no folder {file.parent}"
        raise ConfigurationError(f"database {url} cannot be opened: {reason}")


def _check_postgresql(url: str) -> None:
    """What shows without asking anybody; the password is not repeated."""
    form = "the form is postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
    if not url.startswith("postgresql://"):
        raise ConfigurationError(f"database {url.partition(':')[0]}: is written postgresql://; {form}")
    try:
        parts = urlsplit(url)
        named = parts.port != 0 and len(parts.path) > 1
    except ValueError:
        named = False
    if not named:
        raise ConfigurationError(f"database {_without_password(url)}: a port or the database's name is wrong; {form}")


def _without_password(url: str) -> str:
    return re.sub(r"(?<=password=)[^&]*", "***", re.sub(r"(?<=://)([^/@:]*):.*@", r"\1:***@", url))


def _check_documented(readings: Readings) -> None:
    needless = [
        f"  {reading.id}={answer} ({reading.question}): " + _alternatives(reading.supported())
        for reading, answer in readings.unsupported()
    ]
    if needless:
        raise ConfigurationError(
            "--strict-documented, but no document supports these answers:\n" + "\n".join(needless)
        )


def _alternatives(supported: list[str]) -> str:
    return f"supported: {', '.join(supported)}" if supported else "no answer is supported; leave it unset"


def _text(given: str) -> str:
    return given


def _number(given: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", given):
        raise ConfigurationError(f'"{given}" is not a whole number (of 18 digits at most)')
    return int(given)


def _duration(given: str) -> int:
    try:
        return microseconds(given)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None


def _truth(given: str) -> bool:
    word = given.lower()
    if word not in _YES + _NO:
        raise ConfigurationError(f'"{given}" is neither yes ({", ".join(_YES)}) nor no ({", ".join(_NO)})')
    return word in _YES


def _answers(given: str) -> dict[str, str]:
    """`R-01=mapped,R-16=page` as a mapping; of one reading given twice the last counts."""
    answers = {}
    for part in filter(None, map(str.strip, given.split(","))):
        reading, sign, answer = part.partition("=")
        if not sign:
            raise ConfigurationError(f'"{part}" is not of the form ID=ANSWER, such as R-16=page')
        answers[reading.strip()] = answer.strip()
    Ledger.load().check(answers)
    return answers


_PARSERS: dict[str, Callable[[str], Any]] = {
    "host": _text,
    "port": _number,
    "database": _text,
    "edition": _text,
    "pace": _text,
    "world": Path,
    "seed": _number,
    "workers": _number,
    "tls_cert": Path,
    "tls_key": Path,
    "admin_token": _text,
    "no_admin": _truth,
    "strict_documented": _truth,
    "drop_idle_worlds": _duration,
    "log_format": _text,
}
_FLAGS = {*_PARSERS, "reading", "readings"}


class _Given:
    """What the flags and the environment say, each asked by the name of its flag."""

    def __init__(self, environ: Mapping[str, str], flags: Mapping[str, Any]) -> None:
        # An empty variable counts as not given: `PORT: ${PORT:-}` in a pipeline is meant so.
        self._variables = {name: text for name, text in environ.items() if name.startswith(PREFIX) and text}
        self._flags = {name: _as_text(value) for name, value in flags.items() if value not in (None, (), [])}
        self._refuse_strangers()

    def value(self, field: str, parse: Callable[[str], T]) -> T | None:
        """The flag, else the variable, else None."""
        flag = self.flag(field, parse)
        return self.variable(field, parse) if flag is None else flag

    def flag(self, field: str, parse: Callable[[str], T]) -> T | None:
        given = self._flags.get(field)
        return None if given is None else _parsed("--" + field.replace("_", "-"), given, parse)

    def variable(self, field: str, parse: Callable[[str], T]) -> T | None:
        given = self._variables.get(_variable(field))
        return None if given is None else _parsed(_variable(field), given, parse)

    def _refuse_strangers(self) -> None:
        for name in self._flags.keys() - _FLAGS:
            raise ConfigurationError.unknown("flag", name, sorted(_FLAGS))
        known = sorted(map(_variable, _FLAGS))
        for name in self._variables:
            if name not in known:
                raise ConfigurationError.unknown("variable of the environment", name, known)


def _as_text(value: Any) -> str:
    """A flag as its twin would say it: several `--reading` are joined by commas."""
    return ",".join(value) if isinstance(value, tuple | list) else str(value)


def _variable(field: str) -> str:
    return PREFIX + field.upper()


def _parsed(origin: str, given: str, parse: Callable[[str], T]) -> T:
    with located(origin):
        return parse(given)


def _readings(given: _Given) -> tuple[str | None, dict[str, str]]:
    """The edition that the readings file names, and the single answers of file, environment and flag."""
    file = given.value("readings", Path)
    edition, answers = (None, {}) if file is None else readings_file.read(file)
    variable, flag = given.variable("reading", _answers), given.flag("reading", _answers)
    return edition, answers | (variable or {}) | (flag or {})

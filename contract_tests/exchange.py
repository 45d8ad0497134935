"""A request and its answer, as evidence: redacted, and as a curl line that shows it again."""

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs

from contract_tests.blotting import blot

SECRETS = ("password", "token", "key", "secret")
_SECRET = re.compile(rf'("(?:{"|".join(SECRETS)})"\s*:\s*)"(?:[^"\\]|\\.)*"?', re.IGNORECASE)
_IN_QUERY = re.compile(rf"\b({'|'.join(SECRETS)})=[^&]*", re.IGNORECASE)
_SECRET_HEADERS = ("x-vatpapikey", "authorization")
SHOWN = 4000
"""Characters of a body that evidence shows."""


class Exchange:
    """One request and what came back; `status` 0 when nothing did, and `trouble` says why.

    Attributes:
        operation: its name; empty for what is none.
        path: below the base URL, query string included.
        seconds: from sending to the last byte.
    """

    def __init__(
        self,
        operation: str,
        method: str,
        base: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        status: int,
        answer_headers: dict[str, str],
        answer: bytes,
        seconds: float = 0.0,
        trouble: str = "",
        secrets: Sequence[str] = (),
    ) -> None:
        self.operation = operation
        self.method = method
        self.base = base
        self.path = path
        self.headers = headers
        self.body = body
        self.status = status
        self.answer_headers = answer_headers
        self.answer = answer
        self.seconds = seconds
        self.trouble = trouble
        self._secrets = secrets

    @cached_property
    def json(self) -> Any:
        """The answer as JSON; `None` when it is none."""
        try:
            return json.loads(self.answer)
        except (ValueError, RecursionError):
            return None

    @cached_property
    def sent(self) -> Any:
        """The body of the request as JSON; `None` when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def code(self) -> int | None:
        """`err_code`; `None` where there is no envelope."""
        code = self.json.get("err_code") if isinstance(self.json, dict) else None
        return code if isinstance(code, int) and not isinstance(code, bool) else None

    @property
    def data(self) -> Any:
        return self.json.get("data") if isinstance(self.json, dict) else None

    @property
    def said(self) -> str:
        """The outcome in words."""
        if self.trouble:
            return self.trouble
        if self.code is None:
            return f"HTTP {self.status} without an envelope"
        return f"err_code {self.code}" + (f" with HTTP {self.status}" if self.status != 200 else "")

    @property
    def way(self) -> str:
        """How the caller showed who he is: `token`, `password`, `both`, `query` or `none`."""
        token = bool({name.lower(): value for name, value in self.headers.items()}.get("x-vatpapikey"))
        named = isinstance(self.sent, dict) and bool(self.sent.get("username") or self.sent.get("password"))
        if token or named:
            return "both" if token and named else "token" if token else "password"
        return "query" if parse_qs(self.path.partition("?")[2]).get("username") else "none"

    def curl(self) -> str:
        """A line for a shell that sends the request again, secrets left out."""
        parts = ["curl", "-sS", "-X", self.method, self.base + redacted_path(self.path)]
        for name, value in hidden(self.headers).items():
            parts += ["-H", self._blotted(f"{name}: {value}")]
        if self.body:
            parts += ["--data-binary", redacted(self.body, self._secrets)]
        return self._blotted(shlex.join(parts))

    def shown(self) -> dict[str, Any]:
        """For reports: everything but secrets, bodies cut at a bound."""
        return {
            "operation": self.operation,
            "request": self._blotted(f"{self.method} {redacted_path(self.path)}"),
            "headers": {name: self._blotted(value) for name, value in hidden(self.headers).items()},
            "body": redacted(self.body, self._secrets),
            "status": self.status,
            "answer": redacted(self.answer, self._secrets),
            "trouble": self._blotted(self.trouble),
            "curl": self.curl(),
        }

    def _blotted(self, text: str) -> str:
        return blotted(text, self._secrets)


def blotted(text: str, secrets: Sequence[str]) -> str:
    """A text without the secrets of the accounts, wherever and however a server may have put them."""
    return blot(text, secrets)


def redacted(body: bytes, secrets: Sequence[str] = ()) -> str:
    """A body as text without the values of secret members and without these secrets, cut at a bound."""
    part = body[: 5 * SHOWN]  # more than is shown: a secret that the bound cuts in two is found whole
    text = blot(_SECRET.sub(r'\1"***"', part.decode("utf-8", "replace")), secrets)
    return text if len(text) <= SHOWN and part == body else f"{text[:SHOWN]}... ({len(body)} bytes)"


def redacted_path(path: str) -> str:
    """Path and query without the values of secret parameters."""
    return _IN_QUERY.sub(r"\1=***", path)


def hidden(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers without the values of secret ones."""
    return {name: "***" if name.lower() in _SECRET_HEADERS else value for name, value in headers.items()}

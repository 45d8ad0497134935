"""The accounts that checks use, by role, and where they come from: options, the environment, a TOML file.

A TOML file has a table for each role:

    [main]
    username = "erp"
    password = "..."
    token = "..."
    secret = "..."            # signs the challenge of the token renewal
    phone = "994501234567"
    voen = "1234567890"       # of the company
"""

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

ROLES: Mapping[str, str] = {
    "main": "the account that most checks use",
    "other": "an account of another company",
    "clerk": "a user of the main company who may not delete",
    "disabled": "a disabled user",
    "nophone": "a user without an ASAN phone",
    "partner": "a partner's account; its phone is a customer's",
}
PREFIX = "VATPORTAL_CHECK_"
"""Of variables: `VATPORTAL_CHECK_PASSWORD` is the main account's, `VATPORTAL_CHECK_OTHER_PASSWORD` the other's."""


class WrongAccount(ValueError):
    """Accounts that are not of the form wanted."""


class Party(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An account; what is left out is not known, and what needs it is not tried."""

    username: str = ""
    password: str = ""
    token: str = ""
    secret: str = ""
    phone: str = ""
    voen: str = ""

    def __repr__(self) -> str:
        return f"Party({self.username!r})"


KEYS = Party.__struct_fields__


def _of_default_world(name: str, phone: str, voen: str) -> Party:
    return Party(name, name, f"{name}-token", f"{name}-secret", phone, voen)


DEFAULT_WORLD: Mapping[str, Party] = {
    "main": _of_default_world("demo", "994501234567", "1234567890"),
    "other": _of_default_world("buyer", "994507654321", "0987654321"),
    "clerk": _of_default_world("clerk", "994501234567", "1234567890"),
    "disabled": _of_default_world("disabled", "994501234567", "1234567890"),
    "nophone": _of_default_world("nophone", "994501234567", "1234567890"),
    "partner": _of_default_world("partner", "994501234567", "1234567890"),
}
"""The accounts that every simulator begins with, unless it begins with a world file of its own."""


def from_file(path: Path) -> dict[str, Party]:
    """The accounts of a TOML file.

    Raises:
        WrongAccount: it cannot be read, is no TOML, or has a role or key that is not known.
    """
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise WrongAccount(f"{path}: {error}") from None
    return {role: _party(f"{path}: {role}", role, table) for role, table in tables.items()}


def from_environment(environ: Mapping[str, str]) -> dict[str, Party]:
    """The accounts that variables name.

    Raises:
        WrongAccount: a variable `VATPORTAL_CHECK_...` that stands for nothing.
    """
    known = {
        PREFIX + ("" if role == "main" else f"{role.upper()}_") + key.upper(): (role, key)
        for role in ROLES
        for key in KEYS
    }
    found: dict[str, dict[str, str]] = {}
    for name, value in environ.items():
        if not name.startswith(PREFIX) or not value:
            continue
        if name not in known:
            raise WrongAccount(f"unknown variable of the environment {name}.{_nearest(name, known)}")
        role, key = known[name]
        found.setdefault(role, {})[key] = value
    return {role: Party(**given) for role, given in found.items()}


def merged(*sources: Mapping[str, Party]) -> dict[str, Party]:
    """Accounts of several sources; of one role, later sources fill in and overrule what earlier ones say."""
    result: dict[str, Party] = {}
    for source in sources:
        for role, party in source.items():
            given = {key: value for key in KEYS if (value := getattr(party, key))}
            result[role] = msgspec.structs.replace(result.get(role, Party()), **given)
    return result


def _party(where: str, role: str, table: Any) -> Party:
    if role not in ROLES:
        raise WrongAccount(f"{where} is no role.{_nearest(role, ROLES)}")
    if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
        raise WrongAccount(f'{where}: a table of texts is wanted, such as username = "erp"')
    for key in table:
        if key not in KEYS:
            raise WrongAccount(f"{where}: unknown key {key!r}.{_nearest(key, KEYS)}")
    return Party(**table)


def _nearest(given: str, allowed: Any) -> str:
    guess = difflib.get_close_matches(given, list(allowed), 1, 0.6)
    hint = f' Did you mean "{guess[0]}"?' if guess else ""
    return f"{hint} Known are: {', '.join(allowed)}."

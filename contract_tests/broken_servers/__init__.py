"""Servers that are broken on purpose, so that every check of the kit is seen to bite.

Each is the sound simulator with a wrapper around it that breaks one fact. `CATALOGUE` names the fact and the checks
meant to catch it; `tests/kit/test_it_bites.py` holds each of them to that.
"""

from contract_tests.broken_servers import (
    authentication,
    deletion,
    downloads,
    envelope,
    errors,
    imports,
    lifecycle,
    partner,
    portal_invoices,
    processes,
    roundtrip,
)
from contract_tests.broken_servers.wrapping import Broken

_PARTS = (
    envelope,
    authentication,
    errors,
    imports,
    processes,
    portal_invoices,
    downloads,
    deletion,
    lifecycle,
    partner,
    roundtrip,
)

CATALOGUE: dict[str, Broken] = {row.name: row for part in _PARTS for row in part.SHELF.rows}

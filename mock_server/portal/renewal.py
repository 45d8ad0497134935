"""Renewal of a token: challenge, signature, new token (F-AUTH-03 to F-AUTH-05, R-24)."""

from typing import Any

from mock_server.portal import accounts
from mock_server.portal.visits import Visit, refuse


def reset_start(visit: Visit) -> dict[str, Any]:
    """A random challenge: `{"plain_value": "..."}`."""
    login, phone = visit.body["login"], visit.body.get("phone")
    return {"plain_value": accounts.challenge(visit.store, visit.world, login, phone, visit.now)}


def reset_confirm(visit: Visit) -> dict[str, Any]:
    """The new token for a signed challenge: `{"token": "..."}`.

    Raises:
        Refusal: 5 for a wrong key or no challenge, 7 for the right key of a disabled account.
    """
    login = visit.body["login"]
    plain_value = accounts.spend_challenge(visit.store, visit.world, login, visit.now)
    account = visit.world.accounts.get(login)
    right = (
        account is not None
        and plain_value is not None
        and accounts.signed(visit.world, account, plain_value, visit.body["key"])
    )
    if not right:
        raise refuse("invalid-credentials", "no challenge in force, or the key does not fit")
    return {"token": accounts.new_token(visit.store, visit.world, login)}

"""Renewal of a token: challenge, signature, new token (F-AUTH-03 to F-AUTH-05, R-24)."""

from typing import Any

from mock_server.portal import accounts
from mock_server.portal.visits import Visit, refuse


def reset_start(visit: Visit) -> dict[str, Any]:
    """A random challenge: `{"plain_value": "..."}`.

    Raises:
        Refusal: a partner's 15, 16, 17.
    """
    login = visit.body["login"]
    accounts.demand_partner_phone(visit.world, login, visit.body.get("phone"))
    return {"plain_value": accounts.challenge(visit.store, visit.world, login, visit.now)}


def spend(visit: Visit) -> str | None:
    """The challenge in force, spent by this attempt whatever comes of it: a transaction of its own (R-24).

    Raises:
        Refusal: a partner's 15, 16, 17; that is no attempt yet.
    """
    login = visit.body["login"]
    accounts.demand_partner_phone(visit.world, login, visit.body.get("phone"))
    with visit.store.writing():
        visit.store.worlds.lock(visit.world.id)
        return accounts.spend_challenge(visit.store, visit.world, login, visit.now)


def reset_confirm(visit: Visit, plain_value: str | None) -> dict[str, Any]:
    """The new token for the challenge that `spend` took, signed: `{"token": "..."}`.

    Raises:
        Refusal: 5 for a wrong key or no challenge, 7 for the right key of a disabled account.
    """
    login = visit.body["login"]
    account = visit.world.accounts.get(login)
    if (
        account is None
        or plain_value is None
        or not accounts.signed(visit.world, account, plain_value, visit.body["key"])
    ):
        raise refuse("invalid-credentials", "no challenge in force, or the key does not fit")
    if account.disabled:
        raise refuse("authentication-error", "the account is disabled")
    return {"token": accounts.new_token(visit.store, visit.world, login)}

"""Who calls, for which company, and with which phones; and the renewal of tokens (F-AUTH, F-PART)."""

import hmac
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from mock_server.portal.plans import CHALLENGE_LASTS
from mock_server.portal.worlds import Account, World
from mock_server.refusals import Refusal
from mock_server.rulebook.forms import Form
from mock_server.store.stores import Store

_DECOY = "no such account"


class Caller(NamedTuple):
    """A known caller.

    Attributes:
        company: the VOEN whose data it is: the account's company, or a partner's customer (R-52).
        phones: the ASAN phones that may be asked.
    """

    username: str
    company: str
    phones: tuple[str, ...]
    may_delete: bool
    partner: bool


class Proof(NamedTuple):
    """What a request shows of itself; `way` is for the journal."""

    token: str | None
    username: Any
    password: Any

    @property
    def way(self) -> str:
        if self.token:
            return "token"
        return "none" if self.username is None and self.password is None else "password"


NOBODY = Caller("", "", (), False, False)


def identify(world: World, proof: Proof, body: Mapping[str, Any]) -> Caller:
    """The caller behind a request (F-AUTH-01, F-AUTH-02; a token decides, R-25).

    Raises:
        Refusal: 4, 5, 7, 3 for credentials that are no texts (R-42), or a partner's 15, 16, 17.
    """
    account = _by_token(world, proof.token) if proof.token else _by_password(world, proof)
    if account.disabled:
        raise Refusal("request", "authentication-error", because="the account is disabled")
    if account.partner and world.readings.partners:
        return _for_customer(account, body.get("phone"), _phone_form(world))
    return Caller(account.username, account.company, account.phones, account.may_delete, False)


def demand_partner_phone(world: World, login: str, phone: Any) -> None:
    """Raises 15, 16 or 17 of scope partner for a login that must name a customer's phone (F-PART-01)."""
    account = world.accounts.get(login)
    if account is not None and account.partner and world.readings.partners:
        _for_customer(account, phone, _phone_form(world))


def challenge(store: Store, world: World, login: str, now: int) -> str:
    """A new challenge for a login; an unknown one gets what looks like one (F-AUTH-03, R-24)."""
    state = store.worlds.challenge(world.id, login)
    if state is None:
        return world.draws.text("challenge-decoy", login, now)
    value = world.draws.text("challenge", login, state.challenges)
    store.worlds.set_challenge(world.id, login, value, now + CHALLENGE_LASTS)
    return value


def spend_challenge(store: Store, world: World, login: str, now: int) -> str | None:
    """The challenge in force for a login, which serves for this one attempt."""
    state = store.worlds.challenge(world.id, login)
    if state is None or state.value is None or state.until is None:
        return None
    store.worlds.set_challenge(world.id, login, None, None)
    return state.value if now < state.until else None


def signed(world: World, account: Account, plain_value: str, key: str) -> bool:
    """Whether `key` is the hex HMAC-SHA256 of the challenge under the account's secret (F-AUTH-04, R-50)."""
    secret = account.token if world.choose("R-50") == "token" else account.secret
    if not secret:
        return False  # a token that was revoked signs nothing
    expected = hmac.new(secret.encode(), plain_value.encode(), "sha256").hexdigest()
    return hmac.compare_digest(expected.encode(), key.lower().encode())


def new_token(store: Store, world: World, login: str) -> str:
    """A token drawn for the account, put in force; the old one dies at once (F-AUTH-05)."""
    state = store.worlds.challenge(world.id, login)
    token = world.draws.text("token", login, state.tokens if state else 0)
    store.worlds.set_token(world.id, login, token)
    return token


def _by_token(world: World, token: str) -> Account:
    account = world.bearer(token)
    if account is None:
        raise Refusal("request", "invalid-credentials", because="no account has this token")
    return account


def _by_password(world: World, proof: Proof) -> Account:
    username, password = proof.username, proof.password
    if username in (None, "") or password in (None, ""):
        raise Refusal("request", "empty-credentials", because="username or password is empty or absent")
    if not isinstance(username, str) or not isinstance(password, str):
        raise Refusal("request", "missing-elements", because="username and password must be texts")
    account = world.accounts.get(username)
    expected = _DECOY if account is None else account.password
    right = hmac.compare_digest(expected.encode(), password.encode())
    if account is None or not right:
        raise Refusal("request", "invalid-credentials", because="no account has this user name and password")
    return account


def _for_customer(account: Account, phone: Any, form: re.Pattern[str]) -> Caller:
    """A partner works for the customer whose phone he names (F-PART-01, F-PART-02)."""
    if phone in (None, ""):
        raise Refusal("partner", "phone-required", because="a partner names a phone in every call")
    if not isinstance(phone, str) or not form.fullmatch(phone):
        raise Refusal("partner", "phone-malformed", because="the phone is not 994 and 9 digits")
    for customer in account.customers:
        if phone in customer.phones:
            return Caller(account.username, customer.company, (phone,), account.may_delete, True)
    raise Refusal("partner", "phone-not-authorised", because="no customer of this partner has the phone")


def _phone_form(world: World) -> re.Pattern[str]:
    form: Form = world.form("urn:vatportal:requests/etx_import")
    return re.compile(form.schema["properties"]["phone"]["pattern"])

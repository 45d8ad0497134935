"""Who may call a world's portal: look, add, change, remove; tokens come and go without the password (F-AUTH-09)."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from mock_server.control.desk import Change, Desk, Problem
from mock_server.portal.worlds import Account, Customer
from mock_server.rulebook.documents import load
from mock_server.store.worlds import AccountRow

INCLUDE = "include"
MAX_ACCOUNTS = 10_000
MAX_TEXT = 200
_SECRETS = ("password", "token", "secret")
_FORMS: dict[str, Any] = load("world.json")["$defs"]
_TIN = re.compile(_FORMS["tin"]["pattern"])
_PHONE = re.compile(_FORMS["phones"]["items"]["pattern"])


class CustomerPatch(msgspec.Struct, forbid_unknown_fields=True):
    """A customer of a partner account, with the phones that name him."""

    company: str
    phones: tuple[str, ...]


class AccountPatch(msgspec.Struct, forbid_unknown_fields=True):
    """An account to add, or what to change of it: keys left out stay as they are.

    A new account needs `username`, `password` and `company`; its token and secret are drawn unless given, and it has
    no phones. `token` null revokes it. A company that the world does not have yet needs `company_name`.
    """

    username: str
    password: str | UnsetType = UNSET
    token: str | UnsetType | None = UNSET
    secret: str | UnsetType = UNSET
    company: str | UnsetType = UNSET
    company_name: str | UnsetType = UNSET
    phones: tuple[str, ...] | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET
    may_delete: bool | UnsetType = UNSET
    partner: bool | UnsetType = UNSET
    customers: tuple[CustomerPatch, ...] | UnsetType = UNSET


def with_secrets(given: str | None) -> bool:
    """Whether `?secrets=include` was asked for; a Problem for any other word."""
    if given not in (None, INCLUDE):
        raise Problem.unknown("answer for secrets", str(given)[:100], [INCLUDE])
    return given == INCLUDE


def listed(desk: Desk, secrets: bool) -> list[dict[str, Any]]:
    """Every account by its user name; passwords, tokens and secrets only if asked for."""
    view = desk.look().view
    shown = _SECRETS if secrets else ()
    return [_shown(view.accounts[name], view.companies, shown) for name in sorted(view.accounts)]


def put(desk: Desk, patch: AccountPatch) -> dict[str, Any]:
    """Add an account or change one: the account as it is now, with the secrets that were drawn for it.

    Raises:
        Problem: 400 for what cannot be, 409 for a token that is another account's.
    """
    _check(patch)
    with desk.change() as change:
        before = change.view.accounts.get(patch.username)
        companies = _with_company(desk, change, patch)
        drawn = _drawn(change, patch) if before is None else {}
        account = _changed(before or _blank(patch), msgspec.structs.asdict(patch) | drawn)
        _check_references(change, companies, account)
        desk.store.worlds.put_account(change.row.id, _row(account))
        desk.store.worlds.bump(change.row.id)
    return _shown(account, companies, tuple(drawn))


def remove(desk: Desk, username: str) -> dict[str, Any]:
    """Remove an account; what it began goes on, and belongs to its company."""
    with desk.change() as change:
        if username not in change.view.accounts:
            raise Problem.unknown("account", username[:100], sorted(change.view.accounts), status=404)
        desk.store.worlds.remove_account(change.row.id, username)
        desk.store.worlds.bump(change.row.id)
    return {"deleted": username}


def _shown(account: Account, companies: dict[str, str], secrets: Iterable[str]) -> dict[str, Any]:
    return {
        "username": account.username,
        **{name: getattr(account, name) or None for name in secrets},
        "company": account.company,
        "company_name": companies.get(account.company, ""),
        "phones": account.phones,
        "has_token": bool(account.token),
        "disabled": account.disabled,
        "may_delete": account.may_delete,
        "partner": account.partner,
        "customers": account.customers,
    }


def _blank(patch: AccountPatch) -> Account:
    return Account(patch.username, "", "", "", "", (), False, True, False, ())


def _drawn(change: Change, patch: AccountPatch) -> dict[str, str]:
    """Token and secret of a new account that comes without."""
    if patch.password is UNSET or patch.company is UNSET:
        missing = "password" if patch.password is UNSET else "company"
        raise Problem(
            400,
            f"no {missing}",
            f"there is no account {patch.username!r} yet: a new one needs username, password and company",
            given=patch.username,
            allowed=sorted(change.view.accounts),
        )
    draws = change.view.draws
    return {
        name: draws.text(f"account-{name}", patch.username)
        for name in ("token", "secret")
        if getattr(patch, name) is UNSET
    }


def _changed(account: Account, given: dict[str, Any]) -> Account:
    said = {name: value for name, value in given.items() if name in Account._fields and value is not UNSET}
    if "token" in said:
        said["token"] = said["token"] or ""
    if "customers" in said:
        said["customers"] = tuple(Customer(one.company, one.phones) for one in said["customers"])
    return account._replace(**said)


def _with_company(desk: Desk, change: Change, patch: AccountPatch) -> dict[str, str]:
    """The world's companies, the one that the account brings with it among them."""
    companies = change.view.companies
    if patch.company_name is UNSET:
        return companies
    if patch.company is UNSET:
        raise Problem(
            400,
            "no company",
            "company_name names the company given as company: a VOEN",
            given="company_name",
            allowed=["company and company_name"],
        )
    desk.store.worlds.put_company(change.row.id, patch.company, patch.company_name)
    return {**companies, patch.company: patch.company_name}


def _check(patch: AccountPatch) -> None:
    for name in ("username", "password", "token", "secret", "company_name"):
        value = getattr(patch, name)
        if isinstance(value, str) and not (value.strip() and len(value) <= MAX_TEXT):
            bounds = f"1 to {MAX_TEXT} characters, not only spaces"
            shown = f"{len(value)} characters" if name in _SECRETS else value
            raise Problem(400, f"no {name}", f"{name} has {bounds}", given=shown, allowed=[bounds])
    for what, values, form in (
        ("company", () if patch.company is UNSET else (patch.company,), _TIN),
        ("phones", () if patch.phones is UNSET else patch.phones, _PHONE),
        ("customers", () if patch.customers is UNSET else [p for one in patch.customers for p in one.phones], _PHONE),
    ):
        for value in values:
            if form.fullmatch(value) is None:
                shape = form.pattern
                raise Problem(400, f"no such {what}", f"it is of the form {shape}", given=value, allowed=[shape])


def _check_references(change: Change, companies: dict[str, str], account: Account) -> None:
    if account.username not in change.view.accounts and len(change.view.accounts) >= MAX_ACCOUNTS:
        most, name = f"at most {MAX_ACCOUNTS} accounts", account.username
        raise Problem(409, "too many accounts", f"a world has {most}; delete some", given=name, allowed=[most])
    for company in (account.company, *(customer.company for customer in account.customers)):
        if company not in companies:
            raise Problem(
                400,
                "unknown company",
                f"this world has no company {company[:100]!r}; company_name would add it",
                given=company[:100],
                allowed=sorted(companies),
            )
    for other in change.view.accounts.values():
        if account.token and other.token == account.token and other.username != account.username:
            detail = f"the token is that of {other.username!r}; a token names one account"
            given = f"token of {account.username}"
            raise Problem(409, "it is taken", detail, given=given, allowed=["another token"])


def _row(account: Account) -> AccountRow:
    return AccountRow(
        account.username,
        account.company,
        account.password,
        account.token,
        account.secret,
        msgspec.json.encode(account.phones).decode(),
        int(account.disabled),
        int(account.may_delete),
        int(account.partner),
        msgspec.json.encode(account.customers).decode(),
    )

"""From what a user gives to a target: a server that answers, accounts that it takes, and what may be done to it."""

import os
import sys
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import click

from contract_tests import accounts
from contract_tests.accounts import Party, WrongAccount
from contract_tests.check import Effect
from contract_tests.findings import Gone
from contract_tests.reporting.legible import legible
from contract_tests.senders import HELLO, Line, SocketSender
from contract_tests.simulator import Simulator, proves_itself
from contract_tests.target import Target, split, world_and_path

NOT_REACHABLE = 3
TURNED_AWAY = {4: "no credentials", 5: "wrong credentials", 7: "a user who may not"}
NOBODY_HAS = "vatportal-mock-nobody-has-this"


class NotReachable(click.ClickException):
    exit_code = NOT_REACHABLE


class Access(NamedTuple):
    """How a command reaches a server."""

    url: str
    accounts_file: Path | None
    main: Party
    admin_token: str
    ca: Path | None
    allow_writes: bool
    allow_pins: bool
    confirm: str


def reach(access: Access) -> Target:
    """The target of a command, once it has answered, the user has agreed, and the accounts are taken.

    Raises:
        click.UsageError: URL, certificates or accounts are not of the form wanted, the user does not agree, or the
            server refuses his credentials or his admin token.
        NotReachable: nothing answers there.
    """
    origin, path = demand_url(access.url)
    given = _given_accounts(access)
    sender = _sender(origin, access.ca)
    try:
        return _reached(access, sender, path, given)
    except BaseException:
        sender.close()
        raise


def _reached(access: Access, sender: SocketSender, path: str, given: dict[str, Party]) -> Target:
    hello = sender.send("GET", HELLO, {}, None)
    if not hello.status:
        raise NotReachable(legible(f"{sender.origin} does not answer: {hello.trouble}"))
    line = Line(sender)
    try:
        simulator = _simulator(line, path, access.admin_token)
        if simulator is not None:
            parties = accounts.merged(accounts.DEFAULT_WORLD, given) if "main" not in given else given
            return Target(line, path, parties, simulator, "world")
        allowed = _agreed(access, urlsplit(sender.origin).hostname or "")
        target = Target(line, path, _demand_main(given), None, allowed)
        _demand_accepted(target)
    except Gone as gone:
        raise NotReachable(legible(str(gone))) from None
    return target


def demand_url(url: str) -> tuple[str, str]:
    """Origin and base path of a URL.

    Raises:
        click.UsageError: it is none that a server can have.
    """
    try:
        return split(url)
    except ValueError as error:
        raise click.UsageError(legible(str(error))) from None


def _sender(origin: str, ca: Path | None) -> SocketSender:
    try:
        return SocketSender(origin, ca)
    except OSError as error:  # no file, or none with certificates
        raise click.UsageError(
            f"--ca {ca}: {error.strerror or error}; a file of certificates (PEM) is wanted"
        ) from None


def _simulator(line: Line, path: str, token: str) -> Simulator | None:
    """The simulator that the server proves to be; `None` where it does not.

    Raises:
        click.UsageError: it refuses the admin token.
    """
    if not proves_itself(line):
        return None
    found = Simulator(line, world_and_path(path)[0], token)
    if not found.sound:
        click.echo(
            "It echoes as a simulator does, but its control API says what none says: taken for no simulator.",
            err=True,
        )
        return None
    if found.closed and token:
        raise click.UsageError(f"the simulator refuses this --admin-token (HTTP {found.closed})")
    if found.closed:
        click.echo("The simulator's control API wants a token (--admin-token): no clock is moved.", err=True)
    return found


def _agreed(access: Access, host: str) -> Effect:
    """What may be done to a server that is no simulator."""
    if not (access.allow_writes or access.allow_pins):
        return "reads"
    what = "imports invoices marked VPMOCK- into the portal, and deletes them"
    if access.allow_pins:
        what += "; uploads and SIGNS some of them in e-taxes, and deletes them there; a person confirms PINs"
    if not access.confirm and not at_a_terminal():
        raise click.UsageError(
            f"{host} is no simulator, and the kit {what}: nobody is at a terminal to agree, so --confirm {host} is "
            "wanted. Nothing was sent that could change anything"
        )
    said = access.confirm or click.prompt(f"{host} is no simulator. The kit {what}.\nType {host} to go on")
    if said != host:
        raise click.UsageError(f"{said!r} is not {host!r}: nothing was sent that could change anything")
    return "pins" if access.allow_pins else "writes"


def at_a_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty()


def _given_accounts(access: Access) -> dict[str, Party]:
    try:
        file = {} if access.accounts_file is None else accounts.from_file(access.accounts_file)
        from_options = {} if access.main == Party() else {"main": access.main}
        return accounts.merged(file, accounts.from_environment(os.environ), from_options)
    except WrongAccount as error:
        raise click.UsageError(str(error)) from None


def _demand_main(given: dict[str, Party]) -> dict[str, Party]:
    main = given.get("main", Party())
    if not main.token and not (main.username and main.password):
        raise click.UsageError(
            "the server is no simulator, so it is not known who may call it: give --username and --password, or "
            "--token; or VATPORTAL_CHECK_USERNAME and so on; or --accounts FILE"
        )
    return given


def _demand_accepted(target: Target) -> None:
    """Log in once with each account in each of its ways: a password that is wrong must not be sent a second time.

    Raises:
        click.UsageError: one is refused.
    """
    for role, party in target.parties.items():
        ways = {"password": party.username and party.password, "token": party.token}
        for way in (way for way, known in ways.items() if known):
            phone = {"phone": party.phone} if role == "partner" else {}
            exchange = target.call("inv_read_invoices", {"ids": [NOBODY_HAS], **phone}, party=party, way=way)
            code = exchange.code
            if code not in TURNED_AWAY or (role == "disabled" and code == 7):
                continue
            whose = f"user {party.username!r}" if party.username else "unnamed user"
            raise click.UsageError(
                f"these credentials are refused: to the {way} of {whose} (account {role!r}) the server answers "
                f"err_code {code}, {TURNED_AWAY[code]}. Nothing more was sent"
            )

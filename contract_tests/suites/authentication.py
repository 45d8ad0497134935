"""Who calls: the password in the body or the token in the header, for every operation, and who is turned away."""

from collections.abc import Mapping
from typing import Any

from contract_tests import work
from contract_tests.check import Suite
from contract_tests.documents import operations
from contract_tests.findings import Unfit
from contract_tests.run import Run
from contract_tests.target import JSON, NOBODY, encoded

SUITE = Suite("authentication", "password and token for every operation; empty, wrong, disabled, without phone")
check = SUITE.check

WITH_CREDENTIALS = tuple(name for name, row in operations().items() if row["credentials"])
READS = tuple(name for name in WITH_CREDENTIALS if operations()[name]["data_read"])
TURNED_AWAY = (4, 5, 7)
NOBODYS = "vatportal-mock-nobody-has-this"
_NOTHING: Mapping[str, Mapping[str, Any]] = {
    "import_upload_invoices": {"invoices": [], "upload": False},
    "inv_read_invoices": {"ids": [NOBODYS]},
    "inv_delete": {"ids": [NOBODYS]},
    "etx_delete": {"serialNumbers": ["AA2413 99999999"], "is_signed": False},  # there is no month 13
    "etx_import": {"date_from": "31.02.2025", "date_to": "30.02.2025"},
}


def nothing(operation: str) -> dict[str, Any]:
    """A body that does nothing, whatever a server makes of what is left out: 3, 6, 20 or an empty answer."""
    return dict(_NOTHING.get(operation, {}))


@check("F-AUTH-01", effect="reads")
def reads_take_password_and_token(run: Run) -> None:
    """Each read takes user name and password in the body, and the token in its header."""
    _both_ways(run, READS)


@check("F-AUTH-01", effect="writes")
def operations_take_password_and_token(run: Run) -> None:
    """Each operation takes user name and password in the body, and the token in its header."""
    _both_ways(run, WITH_CREDENTIALS)


def _both_ways(run: Run, names: tuple[str, ...]) -> None:
    who = run.party()
    ways = [way for way, known in (("password", who.password), ("token", who.token)) if known]
    for name in names:
        for way in ways:
            exchange = run.call(name, way=way, **nothing(name))
            run.expect(
                exchange.code is not None and exchange.code not in TURNED_AWAY,
                f"{name} with the {way} answered {exchange.said}",
            )


@check("F-AUTH-02", "R-48", "F-ETX-07", effect="reads")
def empty_credentials(run: Run) -> None:
    """Empty user name or password is answered with 4; absent ones with 4 or 3."""
    for name in READS:
        for pair in ({"username": "", "password": ""}, {"username": NOBODY, "password": ""}):
            run.demand(run.target.call(name, {**pair, **nothing(name)}, way="none"), 4)
        run.demand(run.target.call(name, nothing(name), way="none"), 4, 3)


@check("F-AUTH-02", "F-ETX-07", "F-DEL-05", effect="writes")
def empty_credentials_everywhere(run: Run) -> None:
    """Empty user name or password is answered with 4 by every operation that wants credentials."""
    for name in WITH_CREDENTIALS:
        body = {"username": "", "password": "", **nothing(name)}
        run.demand(run.target.call(name, body, way="none"), 4)


@check("F-AUTH-02", effect="reads")
def an_unknown_user_is_turned_away(run: Run) -> None:
    """A user that nobody knows is answered with 5."""
    for name in READS:
        body = {"username": NOBODY, "password": NOBODY, **nothing(name)}
        run.demand(run.target.call(name, body, way="none"), 5)


@check("F-AUTH-02", "F-ETX-07", effect="world")
def a_wrong_password_is_turned_away(run: Run) -> None:
    """A wrong password of a user that exists is answered with 5, by every operation."""
    for name in WITH_CREDENTIALS:
        body = {"username": run.party().username, "password": "wrong", **nothing(name)}
        run.demand(run.target.call(name, body, way="none"), 5)


@check("F-AUTH-02", "R-49", effect="reads")
def an_invalid_token_is_turned_away(run: Run) -> None:
    """A token that nobody has is answered with 5; an empty one counts as none."""
    for name in READS:
        for token, codes in (("vatportal-mock-no-such-token", (5,)), ("", (4, 3))):
            headers = {"Content-Type": JSON, "x-vatpapikey": token}
            method = run.call(name, **nothing(name)).method
            exchange = run.target.raw(method, operations()[name]["path"], encoded(nothing(name)), headers)
            run.demand(exchange, *codes)


@check("R-25", effect="world")
def the_token_decides(run: Run) -> None:
    """With a wrong token beside the right password, the token counts."""
    who = run.party()
    headers = {"Content-Type": JSON, "x-vatpapikey": "vatportal-mock-no-such-token"}
    body = {"username": who.username, "password": who.password, **nothing("inv_read_invoices")}
    method = run.call("inv_read_invoices", **nothing("inv_read_invoices")).method
    run.demand(run.target.raw(method, operations()["inv_read_invoices"]["path"], encoded(body), headers), 5)


@check("F-AUTH-02", needs=("main", "disabled"), effect="world")
def a_disabled_user_is_turned_away(run: Run) -> None:
    """A disabled user is answered with 7, with the right password and with the token."""
    for way in ("password", "token"):
        for name in WITH_CREDENTIALS:
            run.demand(run.call(name, role="disabled", way=way, **nothing(name)), 7)


@check("F-AUTH-06", "R-51", needs=("main", "clerk"), effect="world")
def only_authorised_users_delete(run: Run) -> None:
    """A user without the right deletes nothing, and is answered with 7 or 5."""
    work.demand_shown(run)
    one = work.invoice(run)
    work.imported(run, one)
    run.refused(7, "inv_delete", 5, role="clerk", ids=[one["id"]])
    run.expect(one["id"] in work.known(run, [one["id"]]), "a user who may not delete has deleted")
    signed = work.invoice(run)
    (qaime,) = work.uploaded(run, signed)
    run.refused(7, "etx_delete", 5, role="clerk", serialNumbers=[work.serial(qaime)], is_signed=True)
    run.expect(signed["id"] in work.known(run, [signed["id"]]), "a user who may not delete has deleted")


@check("F-AUTH-07", "R-68", "R-69", "F-ETX-07", needs=("main", "nophone"), effect="world")
def without_an_asan_phone(run: Run) -> None:
    """Who has no ASAN phone gets 15 for an upload, a download and a deletion in e-taxes, but may import."""
    phone = run.party("nophone").phone
    run.refused(15, "import_upload_invoices", role="nophone", upload=True, invoices=[work.invoice(run)])
    dates = {"date_from": "01.01.2025", "date_to": "31.01.2025"}
    run.refused(15, "etx_import", role="nophone", phone=phone, **dates)
    run.refused(15, "etx_delete", role="nophone", serialNumbers=["AA2401 10000001"])
    work.imported(run, work.invoice(run), role="nophone")


@check("R-52", "R-15", "F-PART-03", needs=("main", "other"), effect="world")
def companies_see_nothing_of_each_other(run: Run) -> None:
    """Another company's process and invoices are as unknown as ones that do not exist."""
    work.demand_shown(run)
    one = work.invoice(run)
    process = work.imported(run, one)["id"]
    for name in ("read_proc_status", "read_proc_data"):
        theirs = run.refused(3, name, 20, role="other", procId=process)
        nobodys = run.refused(3, name, 20, role="other", procId=987654321)
        run.expect(theirs.answer == nobodys.answer, f"{name} tells another company's process from none")
    run.expect(not work.known(run, [one["id"]], role="other"), "another company reads our invoice")
    exchange = run.call("inv_delete", role="other", ids=[one["id"]])
    run.expect(
        exchange.code == 20 or (exchange.data or {}).get("deleted") == 0, f"inv_delete answered {exchange.said}"
    )
    run.expect(one["id"] in work.known(run, [one["id"]]), "another company has deleted our invoice")


@check("F-AUTH-09", effect="world", control=True)
def a_token_that_was_revoked_is_invalid(run: Run) -> None:
    """A token that its user took away no longer opens anything; the password still does."""
    who = run.party()
    if who.username not in {each["username"] for each in run.steer("GET", "accounts")["accounts"]}:
        raise Unfit("the account is none of this world")
    run.steer("POST", "accounts", {"username": who.username, "token": None})
    run.demand(run.call("inv_read_invoices", way="token", ids=["x"]), 5)
    run.demand(run.call("inv_read_invoices", way="password", ids=["x"]), 0)


@check("R-19", "F-AUTH-02", effect="world")
def an_outsider_learns_nothing(run: Run) -> None:
    """Whoever is not known gets 5 whatever else is wrong with his request."""
    who = {"username": NOBODY, "password": NOBODY}
    run.demand(run.target.call("import_upload_invoices", {**who, "invoices": [{}]}, way="none"), 5)
    run.demand(run.target.call("read_proc_status", {**who, "procId": 123}, way="none"), 5)
    run.demand(run.target.call("etx_delete", {**who, "serialNumbers": ["AA2401 10000001"]}, way="none"), 5)

"""Accounts from outside: tokens and passwords come and go, each without the other."""

import hashlib
import hmac
from typing import Any

import pytest

from tests.client import JSON, Portal, dumped
from tests.control.steer import Steer
from tests.live import Servers, fresh_world

DEMO = "1234567890"


def by_token(portal: Portal, token: str) -> int:
    return portal.call("inv_read_invoices", token=token, ids=[]).code


def by_password(portal: Portal, username: str, password: str) -> int:
    body = {"username": username, "password": password, "ids": []}
    return portal.send("POST", "/inv/read_invoices", dumped(body), {"Content-Type": JSON}).code


@pytest.mark.proves("F-AUTH-09")
def test_a_token_is_set_and_revoked_without_the_password(portal: Portal, steer: Steer) -> None:
    assert (by_token(portal, "demo-token"), by_password(portal, "demo", "demo")) == (0, 0)
    steer.post("accounts", username="demo", token="typed-in-by-the-user")
    assert (by_token(portal, "demo-token"), by_token(portal, "typed-in-by-the-user")) == (5, 0)
    assert by_password(portal, "demo", "demo") == 0
    assert steer.post("accounts", username="demo", token=None)["has_token"] is False
    assert (by_token(portal, "typed-in-by-the-user"), by_token(portal, "demo-token")) == (5, 5)
    assert by_password(portal, "demo", "demo") == 0
    steer.post("accounts", username="demo", token="demo-token")
    assert by_token(portal, "demo-token") == 0


@pytest.mark.proves("F-AUTH-09", "R-50")
@pytest.mark.parametrize(("answer", "code"), [("own", None), ("token", 5)])
def test_a_revoked_token_signs_no_challenge(answer: str, code: int | None, servers: Servers) -> None:
    portal = Portal(servers.get(readings={"R-50": answer}).port, fresh_world())
    Steer(portal.port, portal.world).post("accounts", username="demo", token=None)
    value = portal.send("GET", "/auth/reset_start.php?login=demo").json["plain_value"]
    secret = b"demo-secret" if answer == "own" else b""
    key = hmac.new(secret, value.encode(), hashlib.sha256).hexdigest()
    reply = portal.call("reset_confirm", login="demo", key=key).json
    assert reply.get("err_code") == code
    assert ("token" in reply) is (code is None)


def test_what_is_left_out_stays(portal: Portal, steer: Steer) -> None:
    before = steer.get("accounts?secrets=include")["accounts"]
    steer.post("accounts", username="demo", password="neues Wort", disabled=True)
    after = steer.get("accounts?secrets=include")["accounts"]
    changed = {"password": "neues Wort", "disabled": True}
    assert after == [row | changed if row["username"] == "demo" else row for row in before]
    assert (by_password(portal, "demo", "demo"), by_password(portal, "demo", "neues Wort")) == (5, 7)
    steer.post("accounts", username="demo", disabled=False)
    assert by_password(portal, "demo", "neues Wort") == 0


def test_secrets_are_withheld_unless_asked_for(steer: Steer) -> None:
    rows: list[dict[str, Any]] = steer.get("accounts")["accounts"]
    assert [row["username"] for row in rows] == ["buyer", "clerk", "demo", "disabled", "nophone", "partner"]
    raw = steer.send("GET", "accounts").raw
    assert not [word for word in (b"-token", b"-secret", b"password") if word in raw]
    asked = {row["username"]: row for row in steer.get("accounts?secrets=include")["accounts"]}
    assert [asked["buyer"][name] for name in ("password", "token", "secret")] == [
        "buyer",
        "buyer-token",
        "buyer-secret",
    ]
    assert {**asked["demo"], "password": 0, "token": 0, "secret": 0} == {
        "username": "demo",
        "password": 0,
        "token": 0,
        "secret": 0,
        "company": DEMO,
        "company_name": "Demo Ticarət MMC",
        "phones": ["994501234567", "994500000002", "994500000003", "994500000004", "994500000005"],
        "has_token": True,
        "disabled": False,
        "may_delete": True,
        "partner": False,
        "customers": [],
    }
    assert asked["partner"]["partner"] is True
    assert [one["company"] for one in asked["partner"]["customers"]] == [DEMO, "0987654321"]
    assert steer.refused(400, "GET", "accounts?secrets=yes")["allowed"] == ["include"]


def test_a_new_account_of_a_new_company(portal: Portal, steer: Steer) -> None:
    made = steer.post(
        "accounts", username="aysel", password="gizli", company="7777777777", company_name="Yeni MMC", phones=[]
    )
    assert (made["company"], made["company_name"], made["has_token"]) == ("7777777777", "Yeni MMC", True)
    assert "password" not in made
    assert (by_password(portal, "aysel", "gizli"), by_token(portal, made["token"])) == (0, 0)
    second = steer.post("accounts", username="leyla", password="x", company="7777777777", secret="mine")
    assert second["token"] != made["token"]
    assert "secret" not in second
    assert steer.delete("accounts/aysel") == {"deleted": "aysel"}
    assert (by_password(portal, "aysel", "gizli"), by_token(portal, made["token"])) == (5, 5)
    assert steer.refused(404, "DELETE", "accounts/lela")["nearest"] == "leyla"
    assert by_password(portal, "leyla", "x") == 0


def test_a_partner_gets_customers(servers: Servers) -> None:
    portal = Portal(servers.get(edition="2025-12").port, fresh_world())
    steer = Steer(portal.port, portal.world)
    customers = [{"company": DEMO, "phones": ["994551112233"]}]
    steer.post("accounts", username="agent", password="a", company=DEMO, partner=True, customers=customers)
    body = {"username": "agent", "password": "a", "ids": ["ERP-INV-001"], "phone": "994551112233"}
    reply = portal.send("POST", "/inv/read_invoices", dumped(body), {"Content-Type": JSON})
    assert (reply.code, len(reply.data["invoices"])) == (0, 1)
    assert portal.send("POST", "/inv/read_invoices", dumped(body | {"phone": ""}), {"Content-Type": JSON}).code == 15


NEW = {"username": "aysel", "password": "gizli", "company": DEMO}


@pytest.mark.parametrize(
    ("body", "status", "given", "nearest"),
    [
        ({}, 400, "{}", None),
        ({"username": "aysel"}, 400, "aysel", None),
        ({"username": "dmeo", "token": "x"}, 400, "dmeo", "demo"),
        ({**NEW, "company": "1234567891"}, 400, "1234567891", DEMO),
        ({**NEW, "company": "123"}, 400, "123", None),
        ({**NEW, "company": "7777777777"}, 400, "7777777777", None),
        ({"username": "demo", "company_name": "X"}, 400, "company_name", None),
        ({**NEW, "phones": ["0501234567"]}, 400, "0501234567", None),
        ({**NEW, "customers": [{"company": "7777777777", "phones": []}]}, 400, "7777777777", None),
        ({**NEW, "customers": [{"company": DEMO, "phones": ["1"]}]}, 400, "1", None),
        ({**NEW, "password": ""}, 400, "0 characters", None),
        ({**NEW, "password": None}, 400, "a value of password", None),
        ({**NEW, "token": "x" * 201}, 400, "201 characters", None),
        ({**NEW, "token": "demo-token"}, 409, "token of aysel", None),
        ({**NEW, "pasword": "x"}, 400, "pasword", "password"),
        ({**NEW, "disabled": "no"}, 400, '"no"', None),
    ],
)
def test_what_cannot_be_changes_nothing(
    body: dict[str, Any], status: int, given: str | None, nearest: str | None, steer: Steer
) -> None:
    before = steer.send("GET", "accounts?secrets=include").raw
    problem = steer.refused(status, "POST", "accounts", body)
    assert (problem.get("given"), problem.get("nearest")) == (given, nearest)
    assert steer.send("GET", "accounts?secrets=include").raw == before


def test_other_worlds_have_accounts_of_their_own(portal: Portal, steer: Steer) -> None:
    steer.delete("accounts/demo")
    other = Portal(portal.port, fresh_world())
    assert (by_password(portal, "demo", "demo"), by_password(other, "demo", "demo")) == (5, 0)
    steer.post("reset")
    assert by_password(portal, "demo", "demo") == 0

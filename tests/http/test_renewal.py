"""Renewal of a token: challenge, signature, new token (F-AUTH-03 to F-AUTH-05, R-24, R-50)."""

import hashlib
import hmac
import re
from collections.abc import Iterator

import pytest

from mock_server import Settings
from mock_server.clock import SECOND, StillClock
from tests.client import ACCOUNTS, Portal, Reply
from tests.live import LiveServer, Servers, fresh_world

NOON = 1_767_960_000 * SECOND


def challenge(portal: Portal, login: str) -> str:
    reply = portal.send("GET", f"/auth/reset_start.php?login={login}")
    assert (reply.http, list(reply.json)) == (200, ["plain_value"])
    value: str = reply.json["plain_value"]
    return value


def signature(secret: str, value: str) -> str:
    return hmac.new(secret.encode("utf-8"), value.encode("utf-8"), hashlib.sha256).hexdigest()


def confirmed(portal: Portal, login: str, value: str, secret: str | None = None) -> Reply:
    """The answer to a challenge signed with this secret, else with the account's own."""
    key = signature(secret or ACCOUNTS[login].secret, value)
    return portal.call("reset_confirm", login=login, key=key)


def works(portal: Portal, token: str) -> bool:
    return portal.call("inv_read_invoices", token=token, ids=[]).code == 0


@pytest.mark.proves("F-AUTH-03", "F-AUTH-04", "F-AUTH-05", "F-AUTH-09", "R-24")
def test_signed_challenge_brings_a_token_and_the_old_one_dies_at_once(portal: Portal) -> None:
    assert works(portal, "demo-token")
    reply = confirmed(portal, "demo", challenge(portal, "demo"))
    assert (reply.http, list(reply.json)) == (200, ["token"])
    token = reply.json["token"]
    assert works(portal, token)
    assert not works(portal, "demo-token")
    assert portal.call("inv_read_invoices", ids=[]).code == 0  # the password is as it was
    assert works(portal, "buyer-token")
    second = confirmed(portal, "demo", challenge(portal, "demo")).json["token"]
    assert (works(portal, token), works(portal, second), second != token) == (False, True, True)


@pytest.mark.proves("F-AUTH-04")
def test_signature_is_hmac_sha256_over_the_text(portal: Portal) -> None:
    value = challenge(portal, "demo")
    by_hand = hashlib.sha256(
        bytes(byte ^ 0x5C for byte in b"demo-secret".ljust(64, b"\0"))
        + hashlib.sha256(
            bytes(byte ^ 0x36 for byte in b"demo-secret".ljust(64, b"\0")) + value.encode("utf-8")
        ).digest()
    ).hexdigest()
    assert "token" in portal.call("reset_confirm", login="demo", key=by_hand).json


@pytest.mark.proves("F-AUTH-04", "R-24")
def test_key_in_hex_of_either_case(portal: Portal) -> None:
    for change in (str.lower, str.upper, str.title):
        key = change(signature("demo-secret", challenge(portal, "demo")))
        assert "token" in portal.call("reset_confirm", login="demo", key=key).json, key


def wrong_keys(value: str) -> Iterator[str]:
    right = signature("demo-secret", value)
    yield from ("0" * 64, right[:-1], right + "0", right + " ", value, "demo-secret", "ə")
    yield signature("demo-token", value)
    yield signature("buyer-secret", value)
    yield signature("demo-secret", value + "\n")
    yield hashlib.sha256(f"demo-secret{value}".encode()).hexdigest()
    yield hmac.new(b"demo-secret", bytes.fromhex(value), hashlib.sha256).hexdigest()


@pytest.mark.proves("F-AUTH-04", "R-24", "R-50")
def test_any_other_key_is_5_and_the_token_stays(portal: Portal) -> None:
    for number in range(len(list(wrong_keys("00")))):
        key = list(wrong_keys(challenge(portal, "demo")))[number]
        assert portal.call("reset_confirm", login="demo", key=key).code == 5, number
    assert works(portal, "demo-token")


@pytest.mark.proves("R-24")
def test_wrong_key_spends_the_challenge(portal: Portal) -> None:
    value = challenge(portal, "demo")
    assert portal.call("reset_confirm", login="demo", key="0" * 64).code == 5
    assert confirmed(portal, "demo", value).code == 5
    assert "token" in confirmed(portal, "demo", challenge(portal, "demo")).json


@pytest.mark.proves("R-24")
def test_right_key_spends_the_challenge(portal: Portal) -> None:
    value = challenge(portal, "demo")
    assert "token" in confirmed(portal, "demo", value).json
    assert confirmed(portal, "demo", value).code == 5


@pytest.mark.proves("R-24")
def test_request_that_is_no_attempt_spends_nothing(portal: Portal) -> None:
    value = challenge(portal, "demo")
    for login, key in (("demo", ""), ("demo", None), (None, "0" * 64), ("buyer", "0" * 64), ("nobody", "0" * 64)):
        assert portal.call("reset_confirm", login=login, key=key).code in (3, 5)
    assert "token" in confirmed(portal, "demo", value).json


@pytest.mark.proves("R-24")
def test_new_challenge_replaces_the_old(portal: Portal) -> None:
    old, new = challenge(portal, "demo"), challenge(portal, "demo")
    assert old != new
    assert confirmed(portal, "demo", old).code == 5
    last = challenge(portal, "demo")
    assert "token" in confirmed(portal, "demo", last).json


@pytest.mark.proves("R-24")
def test_no_challenge_was_asked(portal: Portal) -> None:
    assert confirmed(portal, "demo", "").code == 5
    assert confirmed(portal, "demo", "0" * 40).code == 5


@pytest.mark.proves("R-24")
def test_challenge_of_another_login_or_world_is_none(servers: Servers, portal: Portal) -> None:
    value = challenge(portal, "buyer")
    challenge(portal, "demo")
    assert confirmed(portal, "demo", value).code == 5
    elsewhere = Portal(servers.get().port, fresh_world())
    challenge(elsewhere, "demo")
    assert confirmed(elsewhere, "demo", challenge(portal, "demo")).code == 5


@pytest.mark.parametrize(
    ("seconds", "good"), [(0, True), (299.999, True), (300, False), (301, False), (90_000, False)]
)
@pytest.mark.proves("R-24")
def test_challenge_holds_for_5_minutes_of_world_time(seconds: float, good: bool) -> None:
    clock = StillClock(NOON)
    server = LiveServer(Settings(), clock)
    try:
        portal = Portal(server.port, fresh_world())
        value = challenge(portal, "demo")
        clock.advance(seconds)
        assert ("token" in confirmed(portal, "demo", value).json) == good
        assert works(portal, "demo-token") != good
    finally:
        server.stop()


@pytest.mark.proves("F-AUTH-03", "R-24")
def test_unknown_and_disabled_logins_answer_like_known_ones(portal: Portal) -> None:
    values = {login: challenge(portal, login) for login in ("demo", "disabled", "nobody", "%20", "%C9%99", "x" * 999)}
    assert all(re.fullmatch("[0-9a-f]{40}", value) for value in values.values())
    assert len(set(values.values())) == len(values)
    for login in ("disabled", "nobody"):
        assert challenge(portal, login) != values[login]
        assert portal.call("reset_confirm", login=login, key="0" * 64).code == 5


@pytest.mark.proves("F-AUTH-03")
def test_challenges_are_random_unless_a_seed_is_given(servers: Servers) -> None:
    unseeded = [LiveServer(Settings()) for _ in range(2)]
    try:
        values = [challenge(Portal(server.port, "same"), "demo") for server in unseeded]
        assert len(set(values)) == 2
    finally:
        for server in unseeded:
            server.stop()
    worlds = [challenge(Portal(servers.get().port, fresh_world()), "demo") for _ in range(2)]
    assert len(set(worlds)) == 2


@pytest.mark.proves("R-24")
def test_right_key_of_a_disabled_account_is_7(portal: Portal) -> None:
    assert confirmed(portal, "disabled", challenge(portal, "disabled")).code == 7
    assert confirmed(portal, "disabled", challenge(portal, "disabled"), "demo-secret").code == 5
    assert portal.call("inv_read_invoices", token="disabled-token", ids=[]).code == 7


@pytest.mark.parametrize("login", ["demo", "disabled"])
@pytest.mark.proves("R-50")
def test_token_in_force_signs(servers: Servers, login: str) -> None:
    portal = Portal(servers.get(readings={"R-50": "token"}).port, fresh_world())
    assert confirmed(portal, login, challenge(portal, login), f"{login}-secret").code == 5
    reply = confirmed(portal, login, challenge(portal, login), f"{login}-token")
    assert reply.json.get("err_code", 0) == (7 if login == "disabled" else 0)
    if login == "demo":
        token = reply.json["token"]
        assert confirmed(portal, login, challenge(portal, login), "demo-token").code == 5
        assert "token" in confirmed(portal, login, challenge(portal, login), token).json


@pytest.mark.proves("R-50")
def test_secret_of_its_own_stays_when_the_token_changes(portal: Portal) -> None:
    for _ in range(2):
        assert "token" in confirmed(portal, "demo", challenge(portal, "demo"), "demo-secret").json


@pytest.mark.parametrize("query", ["", "?", "?login=", "?login", "?Login=demo", "?login=demo&login="])
@pytest.mark.proves("R-24", "F-AUTH-03")
def test_challenge_without_a_login_is_3(portal: Portal, query: str) -> None:
    assert portal.send("GET", f"/auth/reset_start.php{query}").code == 3


@pytest.mark.parametrize(
    ("login", "key"), [(None, "0"), ("", "0"), (1, "0"), ("demo", None), ("demo", ""), ("demo", 0)]
)
@pytest.mark.proves("R-24", "F-AUTH-05", "R-42")
def test_confirmation_without_login_or_key_is_3(portal: Portal, login: object, key: object) -> None:
    assert portal.call("reset_confirm", login=login, key=key).code == 3


@pytest.mark.proves("R-24", "R-01")
def test_refusal_has_the_status_of_its_code(servers: Servers) -> None:
    portal = Portal(servers.get(readings={"R-01": "mapped"}).port, fresh_world())
    assert portal.call("reset_confirm", login="demo", key="0" * 64).http == 401
    assert confirmed(portal, "disabled", challenge(portal, "disabled")).http == 401
    assert portal.call("reset_confirm", login="demo").http == 400

"""The token renewal: challenge, signature, new token (F-AUTH-03 to F-AUTH-05)."""

from contract_tests.check import Suite
from contract_tests.exchange import Exchange, redacted
from contract_tests.findings import OPEN
from contract_tests.run import Run
from contract_tests.work import signature

SUITE = Suite("renewal", "challenge, signature, new token; what is used up and what is not let through")
check = SUITE.check

NEEDS = ("main",)


def challenge(run: Run, login: str = "") -> str:
    """A challenge for a login, the main account's unless named."""
    exchange = run.call("reset_start", login=login or run.party().username)
    body = exchange.json
    value = body.get("plain_value") if isinstance(body, dict) else None
    run.expect(isinstance(value, str) and value, f"reset_start answered {redacted(exchange.answer)}", ["F-AUTH-03"])
    return str(value)


def secret(run: Run) -> str:
    """What signs the challenge under R-50."""
    who = run.party()
    return who.token if run.answer("R-50") == "token" else who.secret


def confirmed(run: Run, key: str) -> Exchange:
    """The third step."""
    return run.target.call("reset_confirm", {"login": run.party().username, "key": key}, way="none")


def opens(run: Run, token: str) -> bool:
    """Whether a token lets its bearer in."""
    exchange = run.target.raw(
        run.call("inv_read_invoices", way="password", ids=["x"]).method,
        "/inv/read_invoices",
        b'{"ids": ["x"]}',
        {"Content-Type": "application/json", "x-vatpapikey": token},
    )
    return exchange.code == 0


@check("R-50", "F-AUTH-04", effect="world")
def which_secret_signs(run: Run) -> None:
    """The challenge is signed by a secret of its own, or by the token in force."""
    who = run.party()
    for answer, one in (("own", who.secret), ("token", who.token)):
        exchange = confirmed(run, signature(one, challenge(run)))
        if isinstance(exchange.json, dict) and exchange.json.get("token"):
            run.observe("R-50", answer)
            return
    run.observe("R-50", OPEN)
    run.breach("neither the secret nor the token signs the challenge")


@check("F-AUTH-03", "F-AUTH-04", "F-AUTH-05", "R-24", effect="world")
def a_new_token_replaces_the_old(run: Run) -> None:
    """The right signature gets a bare object with a new token, which opens; the old one is dead at once."""
    old = run.party().token
    exchange = confirmed(run, signature(secret(run), challenge(run)))
    body = exchange.json
    run.expect(
        isinstance(body, dict) and set(body) == {"token"}, f"reset_confirm answered {redacted(exchange.answer)}"
    )
    new = body["token"]
    run.expect(isinstance(new, str) and new and new != old, "the new token is none, or the old one", ["F-AUTH-05"])
    run.expect(opens(run, new), "the new token does not open", ["F-AUTH-05"])
    run.expect(not opens(run, old), "the old token still opens", ["F-AUTH-05"])


@check("F-AUTH-04", "R-24", effect="world")
def a_wrong_signature_is_refused(run: Run) -> None:
    """A signature by another key is refused with 5, and the old token stays."""
    old = run.party().token
    run.demand(confirmed(run, signature("another", challenge(run))), 5)
    run.expect(opens(run, old), "a wrong signature has ended the old token")


@check("F-AUTH-04", "F-AUTH-05", "R-24", effect="world")
def a_challenge_serves_once(run: Run) -> None:
    """A challenge that was used, well or badly, does not serve again."""
    plain = challenge(run)
    key = signature(secret(run), plain)
    confirmed(run, key)
    run.demand(confirmed(run, key), 5)
    run.demand(confirmed(run, signature("another", challenge(run))), 5)


@check("F-AUTH-03", "R-24", effect="world")
def challenges_differ(run: Run) -> None:
    """Each challenge is another one, and only the last of them serves."""
    first, second = challenge(run), challenge(run)
    run.expect(first != second, "two challenges are the same", ["F-AUTH-03"])
    run.demand(confirmed(run, signature(secret(run), first)), 5)


@check("R-24", effect="world")
def an_unknown_login_is_not_told(run: Run) -> None:
    """An unknown login gets a challenge like any other, and no token."""
    challenge(run, "vatportal-mock-nobody")
    exchange = run.target.call("reset_confirm", {"login": "vatportal-mock-nobody", "key": "0" * 64}, way="none")
    run.demand(exchange, 5)


@check("R-24", "F-ERR-04", effect="world")
def what_is_missing_is_told(run: Run) -> None:
    """A renewal without login or key is refused with 3."""
    run.demand(run.target.raw("GET", "/auth/reset_start.php"), 3)
    run.demand(run.target.call("reset_confirm", {"login": run.party().username}, way="none"), 3)
    run.demand(run.target.call("reset_confirm", {"key": "0" * 64}, way="none"), 3)

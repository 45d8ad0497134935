"""Broken: authentication and the renewal of tokens (F-AUTH)."""

import hashlib
import hmac
from typing import Any

from contract_tests.broken_servers.wrapping import Answer, Call, Shelf, Sound, refusal, success
from contract_tests.documents import operations

SHELF = Shelf()
TOKEN = "x-vatpapikey"
_START = operations()["reset_start"]["path"]
_CONFIRM = operations()["reset_confirm"]["path"]


@SHELF.whole("F-AUTH-01", by=("authentication/reads_take_password_and_token",))
async def tokens_are_not_known(sound: Sound, call: Call) -> Answer:
    """The header with the token is ignored."""
    return await sound(call._replace(headers={k: v for k, v in call.headers.items() if k != TOKEN}))


@SHELF.whole("F-AUTH-01", by=("errors/request-5",))
async def renewal_wants_credentials(sound: Sound, call: Call) -> Answer:
    """The two renewal calls want a user name and a password."""
    if call.operation in ("reset_start", "reset_confirm") and "username" not in call.sent:
        return refusal(4)
    return await sound(call)


@SHELF.whole("F-AUTH-01", "F-AUTH-02", by=("authentication/empty_credentials",))
async def anybody_may_read(sound: Sound, call: Call) -> Answer:
    """Whoever gives no credentials at all is served as the first user."""
    if call.operation == "inv_read_invoices" and "username" not in call.sent and not call.headers.get(TOKEN):
        return await sound(call._replace(headers={**call.headers, TOKEN: "demo-token"}))
    return await sound(call)


@SHELF.answer(ids=("F-AUTH-02",), by=("authentication/empty_credentials",))
def five_for_empty_credentials(body: dict[str, Any]) -> None:
    """Empty credentials are answered like wrong ones, with 5."""
    if body.get("err_code") == 4:
        body["err_code"] = 5


@SHELF.answer(ids=("F-AUTH-02",), by=("authentication/an_unknown_user_is_turned_away",))
def four_for_wrong_credentials(body: dict[str, Any]) -> None:
    """Wrong credentials are answered like empty ones, with 4."""
    if body.get("err_code") == 5:
        body["err_code"] = 4


@SHELF.answer(ids=("F-AUTH-02",), by=("authentication/a_disabled_user_is_turned_away",))
def five_for_disabled(body: dict[str, Any]) -> None:
    """A disabled account is answered like wrong credentials, with 5."""
    if body.get("err_code") == 7:
        body["err_code"] = 5


@SHELF.whole("F-AUTH-02", by=("authentication/a_wrong_password_is_turned_away",))
async def passwords_are_not_checked(sound: Sound, call: Call) -> Answer:
    """Any password opens the account of a user name."""
    body = call.sent
    if not body.get("username") or not body.get("password"):
        return await sound(call)
    return await sound(call.sending({**body, "password": body["username"]}))


@SHELF.whole("F-AUTH-03", "R-24", by=("renewal/a_new_token_replaces_the_old",))
async def the_challenge_is_constant(sound: Sound, call: Call) -> Answer:
    """Every challenge is the same."""
    answer = await sound(call)
    if call.operation == "reset_start" and isinstance(answer.json, dict) and "plain_value" in answer.json:
        return answer.saying({"plain_value": "challenge"})
    return answer


@SHELF.answer("reset_start", ids=("F-AUTH-03",), by=("renewal/a_new_token_replaces_the_old",))
def the_challenge_has_an_envelope(body: dict[str, Any]) -> Any:
    """The challenge comes inside an envelope."""
    return success(body).json if "plain_value" in body else None


@SHELF.whole("F-AUTH-04", by=("renewal/a_wrong_signature_is_refused",))
async def signatures_are_not_checked(sound: Sound, call: Call) -> Answer:
    """Any key renews the token."""
    if call.operation == "reset_confirm" and call.sent.get("login") and call.sent.get("key"):
        return await _renewed(sound, call, call.sent["login"])
    return await sound(call)


@SHELF.whole("F-AUTH-04", "R-24", by=("renewal/a_challenge_serves_once",))
async def a_challenge_serves_twice(sound: Sound, call: Call) -> Answer:
    """A challenge that was answered may be answered again."""
    answer = await sound(call)
    if call.operation != "reset_confirm" or not isinstance(answer.json, dict):
        return answer
    used = sound.remembered(call).setdefault("keys", set())
    pair = (call.sent.get("login"), call.sent.get("key"))
    if "token" in answer.json:
        used.add(pair)
        return answer
    return await _renewed(sound, call, str(pair[0])) if pair in used else answer


@SHELF.whole("F-AUTH-04", by=("renewal/which_secret_signs",))
async def the_secret_is_taken_for_hex(sound: Sound, call: Call) -> Answer:
    """The key is expected to be signed with SHA-1."""
    if call.operation == "reset_confirm" and call.sent.get("key"):
        return await sound(call.sending({**call.sent, "key": "0" * 64}))
    return await sound(call)


@SHELF.whole("F-AUTH-05", by=("renewal/a_new_token_replaces_the_old", "model/what_goes_to_etaxes_and_back"))
async def the_old_token_stays(sound: Sound, call: Call) -> Answer:
    """The token from before a renewal goes on working."""
    memory = sound.remembered(call)
    newest = memory.setdefault("newest", {})
    owner = memory.setdefault("owner", {}).get(call.headers.get(TOKEN, ""))
    owner = owner or call.headers.get(TOKEN, "").removesuffix("-token")
    if owner in newest:
        call = call._replace(headers={**call.headers, TOKEN: newest[owner]})
    answer = await sound(call)
    if call.operation == "reset_confirm" and isinstance(answer.json, dict) and "token" in answer.json:
        newest[call.sent["login"]] = answer.json["token"]
        memory["owner"][answer.json["token"]] = call.sent["login"]
    return answer


@SHELF.answer("reset_confirm", ids=("F-AUTH-05",), by=("renewal/a_new_token_replaces_the_old",))
def the_token_has_an_envelope(body: dict[str, Any]) -> Any:
    """The new token comes inside an envelope."""
    return success(body).json if "token" in body else None


@SHELF.whole("F-AUTH-05", by=("renewal/a_new_token_replaces_the_old",))
async def the_new_token_is_dead(sound: Sound, call: Call) -> Answer:
    """The token that a renewal gives does not work."""
    answer = await sound(call)
    if call.operation == "reset_confirm" and isinstance(answer.json, dict) and "token" in answer.json:
        return answer.saying({"token": answer.json["token"][::-1]})
    return answer


@SHELF.whole("F-AUTH-06", "R-51", by=("authentication/only_authorised_users_delete",))
async def everybody_may_delete(sound: Sound, call: Call) -> Answer:
    """Users without the right may delete."""
    body = call.sent
    if call.method == "DELETE" and body.get("username") == "clerk":
        return await sound(call.sending({**body, "username": "demo", "password": "demo"}))
    return await sound(call)


@SHELF.whole("F-AUTH-07", by=("authentication/without_an_asan_phone",))
async def no_phone_is_needed(sound: Sound, call: Call) -> Answer:
    """Users without an ASAN phone may use e-taxes."""
    body = call.sent
    if body.get("username") == "nophone" and body.get("password") == "nophone":
        return await sound(call.sending({**body, "username": "demo", "password": "demo"}))
    return await sound(call)


async def _renewed(sound: Sound, call: Call, login: str) -> Answer:
    """A renewal as it should be, for an account of the default world."""
    prefix = call.path.removesuffix(_CONFIRM)
    started = await sound(Call("GET", f"{prefix}{_START}", f"login={login}", {}, b""))
    challenge = started.json["plain_value"]
    key = hmac.new(f"{login}-secret".encode(), challenge.encode(), hashlib.sha256).hexdigest()
    return await sound(call.sending({"login": login, "key": key}))

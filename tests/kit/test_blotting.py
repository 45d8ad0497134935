"""Secrets that a server repeats, however it writes them, stand in no report."""

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from html import escape
from urllib.parse import quote, quote_plus

import pytest

from contract_tests.exchange import SHOWN, Exchange, blotted

HARD = 'Şifrə "9\\8/7" & +b'
WAYS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "json": json.dumps,
    "json twice": lambda one: json.dumps(json.dumps(one)),
    "json, not only ASCII": lambda one: json.dumps(one, ensure_ascii=False),
    "every letter escaped": lambda one: "".join(f"\\u{ord(letter):04X}" for letter in one),
    "some letters escaped": lambda one: one[:2] + "".join(f"\\u{ord(letter):04x}" for letter in one[2:]),
    "a slash escaped": lambda one: json.dumps(one).replace("/", "\\/"),
    "address": quote,
    "address, all of it": lambda one: quote(one, safe="").lower(),
    "address twice": lambda one: quote(quote(one)),
    "form": quote_plus,
    "html": escape,
    "html, by numbers": lambda one: "".join(f"&#x{ord(letter):x};" for letter in one),
    "base64": lambda one: b64encode(one.encode()).decode(),
    "base64 for addresses": lambda one: urlsafe_b64encode(one.encode()).decode(),
    "base64, after a name": lambda one: b64encode(f"erp:{one}".encode()).decode(),
    "base64, in the middle": lambda one: b64encode(f"erp1:{one}, he said".encode()).decode(),
    "base64 in JSON": lambda one: b64encode(one.encode()).decode().replace("/", "\\/"),
    "hexadecimal": lambda one: one.encode().hex().upper(),
}


@pytest.mark.parametrize("secret", ["hunter22", HARD])
@pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
def test_a_secret_is_found_however_it_is_written(way: Callable[[str], str], secret: str) -> None:
    written = way(secret).strip('"')
    shown = blotted(f'{{"err_msg":"you said {written} to me"}}', ["other-secret", secret])
    assert "***" in shown
    assert shown.startswith('{"err_msg":"you said ')
    assert shown.endswith('"}')
    inner = written[8:-16] if written.startswith("ZXJw") else written  # what stands around it may be left
    parts = {inner[at : at + 6] for at in range(len(inner) - 5)}
    assert not [part for part in parts if part in shown.replace("you said ", "").replace(" to me", "")]


@pytest.mark.parametrize(
    ("secret", "text", "shown"),
    [
        ("abc", '"you said abc"', '"you said ***"'),
        ("abc", '"abcd and xabc"', '"abcd and xabc"'),
        ("abc", '"b64 YWJj"', '"b64 ***"'),
        ("abc", r'"\u0061\u0062\u0063"', '"***"'),
        ("pass", "password=pass&x=1", "password=***&x=1"),
        ("1", '{"err_code":1,"pin":"1"}', '{"err_code":1,"pin":"***"}'),
        ("1234", '{"id":1234,"err_msg":"1234"}', '{"id":1234,"err_msg":"***"}'),
        ("", '{"err_code":0}', '{"err_code":0}'),
    ],
)
def test_a_short_secret_is_hidden_where_it_stands_by_itself(secret: str, text: str, shown: str) -> None:
    assert blotted(text, [secret]) == shown


def test_a_secret_that_begins_another_leaves_no_rest() -> None:
    assert blotted("hunter2-and-more hunter2", ["hunter2", "hunter2-and-more"]) == "*** ***"


def test_no_part_of_a_secret_is_left_where_a_body_is_cut() -> None:
    body = b"x" * (SHOWN - 4) + b"hunter22" + b"y" * SHOWN
    exchange = Exchange(
        "", "GET", "http://x/api", "/a", {"X-Said": "hunter22"}, b"", 200, {}, body, 0, "", ["hunter22"]
    )
    assert "hunt" not in json.dumps(exchange.shown())

"""What of a body may be kept: everything but the values of passwords, tokens, keys and secrets."""

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.rulebook.documents import load, schema_files
from mock_server.web.known_secrets import WITHHELD, KnownSecrets
from mock_server.web.redaction import redacted, redacted_query
from mock_server.web.secret_names import tells


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (
            b'{"username":"demo","password":"gizli","procId":123}',
            b'{"username":"demo","password":"***","procId":123}',
        ),
        (b'{"password" : "g\\"iz\\\\li" , "a": 1}', b'{"password" : "***" , "a": 1}'),
        (b'{"password":12345,"a":1}', b'{"password":"***","a":1}'),
        (b'{"password":null}', b'{"password":"***"}'),
        (b'{"Password":"x","KEY":"y"}', b'{"Password":"***","KEY":"***"}'),
        (
            b'{"x-vatpapikey":"x","new_token":"y","apiKey":"z"}',
            b'{"x-vatpapikey":"***","new_token":"***","apiKey":"***"}',
        ),
        (b'{"a":{"token":"x"},"b":[{"secret":"y"}]}', b'{"a":{"token":"***"},"b":[{"secret":"***"}]}'),
        (b'{"a":1,"password":["x", "y"],"b":2}', b'{"a":1,"password":"***"'),
        (b'{"password":"cut off', b'{"password":"***"'),
        (b'{"password":"cut off\\', b'{"password":"***"'),
        (b'{"name":"a key, a token: 5","note":"password"}', b'{"name":"a key, a token: 5","note":"password"}'),
        (b'{"name":"p\\u0061ssword","x":"\\u0259"}', b'{"name":"p\\u0061ssword","x":"\\u0259"}'),
        (b'{"p\\u0061ssword":"x"}', WITHHELD),
        (b'{"x-vatp\\u0061pikey":"x"}', WITHHELD),
        (b'{"a":"\\"","\\u0074oken":"x"}', WITHHELD),
        (b"", b""),
    ],
)
def test_json(body: bytes, kept: bytes) -> None:
    assert redacted(body) == kept


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b"username=demo&password=gizli&procId=1", b"username=demo&password=***&procId=1"),
        (b"password=g%26i,z;li", b"password=***"),
        (b'{"password":"gizli","procId":}', b'{"password":***,"procId":}'),
        (b'{"password":"gi"zli","procId":1}', b'{"password":***,"procId":1}'),
        (b"{'password': 'gi&z, li', 'procId': 1}", b"{'password': ***, 'procId': 1}"),
        (b"{password: gizli,\nprocId: 1}", b"{password: ***\nprocId: 1}"),
        (b"<key>gizli</key>\n<a/>", b"<key>***\n<a/>"),
        (b'"{\\"token\\": \\"gi zli\\"}"', b'"{\\"token\\": ***}"'),
        (b'name="password"\r\n\r\ngizli\r\n--x', b'name="password"\r\n\r\n***\r\n--x'),
        (b'{"procId": 12 3}', b'{"procId": 12 3}'),
        (b'{"name": "\\u018f", }', b'{"name": "\\u018f", }'),
        (b'{"p\\u0061ssword": "gizli", }', WITHHELD),
        ('{"password": "gizli"}'.encode("utf-16"), WITHHELD),
    ],
)
def test_no_json(body: bytes, kept: bytes) -> None:
    assert redacted(body, readable=False) == kept


CANARY = "kanareyka"
NAMES = st.sampled_from(["password", "token", "key", "secret", "x-vatpapikey", "Token", "my_password"])
NEIGHBOURS = st.dictionaries(
    st.text(max_size=8).filter(lambda name: CANARY not in name),
    st.none() | st.integers() | st.text(max_size=8) | st.lists(st.text(max_size=4), max_size=2),
    max_size=4,
)
SECRETS = st.builds("{}{}{}".format, st.text(max_size=5), st.just(CANARY), st.text(max_size=5))


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(NEIGHBOURS, NAMES, SECRETS, NEIGHBOURS, st.booleans(), st.integers(0, 400))
def test_secret_never_stays_in_json_however_written(
    before: dict[str, object], name: str, secret: str, after: dict[str, object], ascii_only: bool, cut: int
) -> None:
    nested = {**before, "in": [{**before, name: secret, **after}]}
    body = json.dumps(nested, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    for part in (body, body[:cut]):
        assert CANARY.encode() not in redacted(part)
    whole = redacted(body)
    if whole != WITHHELD and not any(word in key.lower() for key in {**before, **after} for word in ("key", "token")):
        json.loads(whole)


@pytest.mark.parametrize("readable", [True, False])
@pytest.mark.parametrize("part", [b"key", b'"key":', b'\\"\\u0061', b'"', b"password '", b'" ', b'"token": [', b"\\"])
def test_no_body_takes_long(part: bytes, readable: bool) -> None:
    body = b'"' + part * (16_000 // len(part))
    began = time.process_time()
    redacted(body, readable)
    assert time.process_time() - began < 1  # a few milliseconds; quadratic ones take many seconds


@pytest.mark.parametrize(
    "name",
    [
        *("passwort", "pasword", "passwd", "pwd", "psswrd", "şifrə", "Şifre", "sifre", "ŞİFRƏ", "parol", "userParol"),
        *(
            "tokn",
            "accessTokken",
            "api_key",
            "açar",
            "ACAR",
            "secert",
            "gizli_söz",
            "пароль",
            "x-vatpapikey",
            "hmacKey",
        ),
    ],
)
def test_misspelt_and_foreign_names_tell(name: str) -> None:
    assert tells(name.encode())
    body = f'{{"{name}":"kanareyka","id":1}}'.encode()
    assert redacted(body) == f'{{"{name}":"***","id":1}}'.encode()
    for broken in (body[:-1] + b",}", f"{name}=kanareyka".encode(), f"<{name}>kanareyka".encode()):
        assert b"kanareyka" not in redacted(broken, readable=False)
    assert b"kanareyka" not in redacted_query(f"id=1&{quote(name)}=kanareyka".encode())


def test_of_the_documents_names_only_secrets_tell() -> None:
    names = {name for file in schema_files() for name in _names_in(load(file))}
    assert {name for name in names if tells(name.encode())} == {"password", "token", "tokens", "secret", "key"}


def _names_in(node: Any) -> Iterator[str]:
    for key, inner in node.items() if isinstance(node, dict) else ():
        yield from inner if key == "properties" and isinstance(inner, dict) else ()
        yield from _names_in(inner)
    for inner in node if isinstance(node, list) else ():
        yield from _names_in(inner)


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_json_inside_a_text(depth: int, ascii_only: bool) -> None:
    text = json.dumps({"şifrə": "kanareyka"}, ensure_ascii=ascii_only)
    for _ in range(depth):
        text = json.dumps({"note": text, "name": 'a "quoted" word'}, ensure_ascii=ascii_only)
    kept = redacted(text.encode())
    assert b"kanareyka" not in kept
    assert json.loads(kept) == {"note": "***", "name": 'a "quoted" word'}


KNOWN = KnownSecrets(["demo-token", 'a"b\\cə', "xyz", "demo", "1234567890"], ["demo", "1234567890"])


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (b'{"main_info":"I am demo-token!"}', b'{"main_info":"I am ***!"}'),
        (b'{"ids":["demo-token"],"username":"demo"}', b'{"ids":["***"],"username":"demo"}'),
        (b"/w/demo-token/api?x=demo-token&y=1", b"/w/***/api?x=***&y=1"),
        (b"{broken demo-token", b"{broken ***"),
        (b'{"note":"a\\"b\\\\c\\u0259","x":"\\u0259"}', b'{"note":"***","x":"\\u0259"}'),
        ('{"note":"a\\"b\\\\cə"}'.encode(), b'{"note":"***"}'),
        (b'{"note":"dem\\u006f-token"}', WITHHELD),
        (b"x=dem%6F-token", WITHHELD),
        (b"x=dem%256F-token", WITHHELD),
        (b'{"a":"{\\"b\\": \\"demo\\\\u002dtoken\\"}"}', WITHHELD),
        (b'{"id":"xyz","name":"xyzzy"}', b'{"id":"***","name":"xyzzy"}'),
        (b"x=xyz&y=xyzz", b"x=***&y=xyzz"),
        (b'{"seller":"1234567890","login":"demo","p":"50% of \\"it\\""}',) * 2,
    ],
)
def test_known_secrets_go_wherever_they_stand(text: bytes, kept: bytes) -> None:
    assert KNOWN.hide(text) == kept


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.sets(st.text('abə"\\-%', min_size=4, max_size=7), max_size=30), st.data())
def test_every_known_secret_goes(values: set[str], data: st.DataObject) -> None:
    known = KnownSecrets(values, [])
    for value in values:
        around = data.draw(st.text("xy", max_size=3))
        for body in (json.dumps({"n": around + value}), json.dumps([value + around], ensure_ascii=False), value):
            hidden = known.hide(body.encode())
            assert value.encode() not in hidden
            assert json.dumps(value)[1:-1].encode() not in hidden


def test_ten_thousand_accounts_take_no_time() -> None:
    known = KnownSecrets((f"{n * 7919:x}-token-{n}" for n in range(30_000)), [])
    body = json.dumps({"ids": [f"ERP-{n:05d}" for n in range(1400)]}).encode()
    began = time.process_time()
    for _ in range(10):
        assert known.hide(body) == body
    assert time.process_time() - began < 1
    assert known.hide(b'"' + f"{5 * 7919:x}-token-5".encode() + b'"') == b'"***"'


CUTS = st.sampled_from(["kanareyka-1", "kanareyka-22", 'kan"arəyka-333', "kanareyka-4444"])


def _written(secret: str, way: int) -> str:
    """As it is, in JSON, and with every letter escaped once and twice."""
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in secret)
    return [secret, json.dumps(secret)[1:-1], escaped, escaped.replace("\\", "\\u005c")][way]


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(CUTS, st.integers(0, 3), st.integers(0, 160), st.integers(0, 6), st.booleans(), st.integers(0, 300))
def test_nothing_of_a_secret_across_a_cut_stays(
    secret: str, way: int, before: int, hidden_before: int, known: bool, behind: int
) -> None:
    """Whether the world knows it or the caller gave it, and however much others before it have become shorter."""
    secrets = KnownSecrets([secret] if known else ["xx-xx"], [])
    given = () if known else (secret,)
    if not known:
        way = 0  # what is given is looked for as it is
    whole = "y" * 100 + (secret + " ") * hidden_before + "y" * before + _written(secret, way) + "y" * behind
    size = 150
    if len(whole.encode()) <= size:
        return

    def hidden(text: bytes) -> bytes:
        return secrets.hide_given(secrets.hide(text), given)

    kept = secrets.cut(whole.encode(), size, given, hidden)
    assert len(kept) <= size
    assert set(kept) <= {*b"y* "} or kept == WITHHELD
    text = secrets.cut(whole, size, given, lambda part: secrets.hide_text(part, given))
    assert set(text) <= {*"y* "} or text.encode() == WITHHELD


def test_what_has_no_secret_is_kept_to_its_cut() -> None:
    assert KNOWN.cut(b"x" * 100, 40, (), KNOWN.hide) == b"x" * 40
    assert KNOWN.cut(b"x" * 30 + b"demo-token" + b"x" * 200, 40, (), KNOWN.hide) == b"x" * 30 + b"***"
    assert KNOWN.cut(b"x" * 38 + b"demo-token" + b"x" * 200, 40, (), KNOWN.hide) == b"x" * 38 + b"**"


@pytest.mark.parametrize("length", [100, 60_000, 60_000_000])
def test_a_cut_looks_a_bounded_way_behind_itself(length: int) -> None:
    looked: list[int] = []

    def hidden(text: bytes) -> bytes:
        looked.append(len(text))
        return text

    kept = KNOWN.cut(b"x" * 1_000_000, 1000, ("k" * length,), hidden)
    assert max(looked, default=0) <= 1000 + 65_536
    assert kept == (b"" if length > 65_536 else b"x" * 1000)

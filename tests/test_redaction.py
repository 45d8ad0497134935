"""What of a body may be kept: everything but the values of passwords, tokens, keys and secrets."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.web.redaction import WITHHELD, redacted


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

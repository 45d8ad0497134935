"""What a client printed is shown to its end, and tells no secret."""

import pytest

from contract_tests.journeys.printed import SAID_CHARACTERS, shown


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        ("sent demo-token-long of demo", "sent *** of demo"),
        ("secret: demo-secret", "secret: ***"),
        ('{"password": "gizli \\"söz\\"", "page": 1}', '{"password": ***, "page": 1}'),
        ("{'token': 'a1b2', 'id': 7}", "{'token': ***, 'id': 7}"),
        ("> X-VATPAPIKEY: a1b2c3\n< 200", "> X-VATPAPIKEY: ***\n< 200"),
        ("Authorization: Bearer a1b2c3", "Authorization: ***"),
        ("GET /api/x?username=demo&password=demo&page=2", "GET /api/x?username=demo&password=***&page=2"),
        ("err_code 5: wrong password or token", "err_code 5: wrong password or token"),
        ("Şəki, İğdır", "Şəki, İğdır"),
    ],
)
def test_secrets_are_left_out(printed: str, told: str) -> None:
    assert shown(printed.encode(), ["demo", "demo-token-long", "demo-secret", ""]) == told


def test_a_secret_at_the_cut_is_left_out_too() -> None:
    behind = "x" * (SAID_CHARACTERS - 4)
    assert shown(f"demo-secret {behind}".encode(), ["demo-secret"]) == f"*** {behind}"

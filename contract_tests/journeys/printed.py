"""What a client printed, for reports: cut to its end, and without the secrets it may have printed."""

import re
from collections.abc import Sequence

from contract_tests.blotting import LEAST_SECRET
from contract_tests.exchange import SECRETS, blotted
from contract_tests.reporting.legible import legible

SAID_CHARACTERS = 4_000
"""So much of what the client printed last is shown."""

READ_BYTES = 64_000
"""More than is shown is read, so that no secret loses the name before it."""

_NAMES = "|".join((*SECRETS, "x-vatpapikey", "authorization"))
_VALUE = r""""(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|(?:(?:bearer|basic)\s+)?[^\s,;&"'}\])]+"""
_NAMED = re.compile(rf"""((?:{_NAMES})\\?["']?[ \t]*(?:=>|[:=])[ \t]*)(?:{_VALUE})""", re.IGNORECASE)


def shown(printed: bytes, secrets: Sequence[str]) -> str:
    """The end of it as text: `***` in place of these secrets, and of whatever stands behind a secret's name.

    What is no letter is shown by its escape.
    """
    text = printed[-READ_BYTES:].decode("utf-8", "replace")
    long = [one for one in secrets if len(one) >= LEAST_SECRET]  # `demo` is a password, and the user's name as well
    return legible(_NAMED.sub(r"\1***", blotted(text, long))[-SAID_CHARACTERS:])

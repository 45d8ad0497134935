"""Text of a server for the eyes of people: what is no letter is shown by its escape."""

from typing import Any


def legible(text: str) -> str:
    r"""The text with `\x1b`, `\ud800` and so on in place of what a terminal would obey and a file could not hold."""
    return "".join(one if one.isprintable() or one in "\n\t" else _escape(one) for one in text)


def encodable(value: Any) -> Any:
    """JSON values with the escapes of those halves of letters (surrogates) that no file can hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {encodable(key): encodable(each) for key, each in value.items()}
    return [encodable(each) for each in value] if isinstance(value, list | tuple) else value


def _escape(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")

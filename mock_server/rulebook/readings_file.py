"""A file of chosen answers, as `serve --readings FILE` takes it."""

from pathlib import Path
from typing import Any

import msgspec

from mock_server.refusals import ConfigurationError, located
from mock_server.rulebook.ledger import Ledger

_KEYS = ("edition", "readings", "calibration")
_EXAMPLE = '{"R-16": "page"}'


def read(file: Path) -> tuple[str | None, dict[str, str]]:
    """The edition, if the file names one, and the answers.

    The file is `{"edition": "2025-12", "readings": {"R-16": "page"}}`, either key at will, or the answers
    alone. What `calibrate` writes under `calibration` tells how it found them, and is passed over.

    Raises:
        ConfigurationError: with the file, and the key in it that is wrong.
    """
    content = _object(file)
    if content.keys().isdisjoint(_KEYS):
        return None, _answers(file, content)
    for key in content.keys() - set(_KEYS):
        with located(str(file)):
            raise ConfigurationError.unknown("key", key, _KEYS)
    answers = content.get("readings", {})
    if not isinstance(answers, dict):
        raise ConfigurationError(f'{file}, key "readings": an object such as {_EXAMPLE} is needed')
    return _edition(file, content), _answers(file, answers)


def _object(file: Path) -> dict[str, Any]:
    try:
        content = msgspec.json.decode(file.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"readings file {file} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ConfigurationError(f"readings file {file} is no JSON: {error}") from None
    if not isinstance(content, dict):
        raise ConfigurationError(f"readings file {file}: an object such as {_EXAMPLE} is needed")
    return content


def _edition(file: Path, content: dict[str, Any]) -> str | None:
    if "edition" not in content:
        return None
    with located(f'{file}, key "edition"'):
        edition = _text(content["edition"])
        Ledger.load().of_edition(edition)
    return edition


def _answers(file: Path, answers: dict[str, Any]) -> dict[str, str]:
    for reading, answer in answers.items():
        with located(f'{file}, key "{reading}"'):
            Ledger.load().check({reading: _text(answer)})
    return answers


def _text(given: Any) -> str:
    if not isinstance(given, str):
        raise ConfigurationError(f"text is needed, not {msgspec.json.encode(given).decode()}")
    return given

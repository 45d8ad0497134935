"""Numbers and names of the documents that stand alone, read from `schemas/portal.json` once."""

from typing import Any

from mock_server.rulebook.documents import load

_PORTAL: dict[str, Any] = load("portal.json")


def _value(name: str) -> Any:
    return _PORTAL[name]["value"]


BASE_PATH: str = _value("base_path")
TOKEN_HEADER: str = _value("token_header")
CONTENT_TYPE: str = _value("content_type")
UTC_OFFSET_HOURS: int = _value("utc_offset_hours")
PAGE_SIZE: int = _value("page_size")
SERIES: str = _value("series")
RUNNING_NUMBER_DIGITS: int = _value("running_number_digits")
HEADER_DECIMALS: int = _value("header_decimals")
LINE_DECIMALS: int = _value("line_decimals")
RETRY_TEXT: str = _value("retry_text")
DETAILS_BOUND: int = _value("details_bound")
BODY_BYTES: int = _value("body_bytes")
BODY_MEMBERS: int = _value("body_members")
IMPORT_ITEMS: int = _value("import_items")
IMPORT_MISTAKES: int = _value("import_mistakes")

_EXCEPTIONS: dict[str, dict[str, Any]] = _PORTAL["etx_exceptions"]


def exception_text(name: str, **parts: object) -> str:
    """A text of `stats.etx_exception` (R-66), by name."""
    text: str = _EXCEPTIONS[name]["value"]
    return text.format(**parts)


INVOICE_AS_DOWNLOADED: dict[str, str] = _PORTAL["as_downloaded"]["invoice"]
LINE_AS_DOWNLOADED: dict[str, str] = _PORTAL["as_downloaded"]["line"]


def company_name(tin: str) -> str:
    """The name of a company that nobody registered, made from its VOEN (R-61)."""
    text: str = _value("company_name")
    return text.format(tin=tin)


def err_msg(name: str, language: str) -> str:
    """A text for one case of an error, `en` or `az`, by name."""
    text: str = _PORTAL["err_msgs"][name][language]
    return text

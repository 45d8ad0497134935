"""The generated pages are those that code and data make now; every link of the handbook leads somewhere."""

import re
from pathlib import Path

import pytest

from docs.make_reference import DOCS, MADE, made
from docs.make_reference import PAGES as GENERATED
from mock_server.control.faults import BODIES, CONNECTIONS, MUTATIONS, Fault
from mock_server.rulebook.ledger import Ledger
from tests.handbook.pages import PAGES, ROOT, name

_LINK = re.compile(r"(?<!\\)\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", GENERATED)
def test_a_generated_page_is_fresh(page: str) -> None:
    assert (DOCS / page).read_text("utf-8") == made(page), f"docs/{page} is stale: `make docs`"


def test_nothing_else_says_that_it_was_made() -> None:
    assert {name(page) for page in PAGES if MADE in page.read_text("utf-8")} == {f"docs/{page}" for page in GENERATED}


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    heads = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in _LINK.findall(_CODE.sub("", page.read_text("utf-8"))):
        if link.startswith(("http:", "https:", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{name(page)}: {link}"
        assert target.is_relative_to(ROOT), f"{name(page)}: {link} leads out of the repository"
        assert not anchor or anchor in anchors(target), f"{name(page)}: {link}: no such heading"


def test_the_handbook_lists_every_page() -> None:
    index = ROOT / "docs" / "README.md"
    listed = {(index.parent / link).resolve() for link in _LINK.findall(index.read_text("utf-8"))}
    assert {page for page in PAGES if page.is_relative_to(ROOT / "docs") and page != index} <= listed


def test_the_readme_lists_every_fault() -> None:
    _, _, behind = (ROOT / "README.md").read_text("utf-8").partition("| key | values |")
    table = behind.partition("\n\n")[0]
    words = {*Fault.__struct_fields__, *BODIES, *CONNECTIONS, *MUTATIONS, "busy"}
    assert set(re.findall(r"`([a-z_]+)`", table)) == words


def test_what_no_document_says_has_a_way_to_be_settled() -> None:
    for reading in Ledger.load().readings.values():
        assert reading.settled_by or reading.answers[reading.default].support == "documented", reading.id

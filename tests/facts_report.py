"""Shows which fact and which reading is proven by how many tests: `python -m tests.facts_report FILE`.

FILE is what `pytest --facts=FILE` wrote. Exit code 1 when a fact that the server owns, or a reading, has no
proof; facts that clients own wait for their issue, and a statement about the documents has nothing to prove.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import msgspec

from mock_server.rulebook.documents import load

READING = "reading"
"""What is shown as owner of a reading that the simulator has to follow."""

_GROUPS = (
    ("Facts of the server, and readings", ("server", READING)),
    ("Advice to clients: they wait for the client issue", ("client",)),
    ("About the documents or the world outside: nothing to prove", ("documents",)),
)


class Row(NamedTuple):
    """One fact or reading, and the tests that passed for it."""

    id: str
    owner: str
    tests: list[str]

    @property
    def unproven(self) -> bool:
        return self.owner in ("server", READING) and not self.tests


def rows(proofs: dict[str, list[str]]) -> list[Row]:
    """Every fact and reading, in the order of the files."""
    owned = [(fact["id"], fact["owner"]) for fact in load("facts.json")["facts"]]
    for reading in load("readings.json")["readings"]:
        owned.append((reading["id"], READING if reading["owner"] == "server" else reading["owner"]))
    return [Row(name, owner, proofs.get(name, [])) for name, owner in owned]


def table(listed: list[Row]) -> Iterator[str]:
    for title, owners in _GROUPS:
        yield f"\n{title}:\n"
        for row in listed:
            if row.owner in owners:
                first = row.tests[0] if row.tests else "-"
                yield f"  {row.id:<10} {row.owner:<9} {len(row.tests):>4}  {first}"


def verdict(listed: list[Row]) -> str:
    missing = [row.id for row in listed if row.unproven]
    counted = sum(row.owner in ("server", READING) for row in listed)
    if missing:
        return f"{len(missing)} of {counted} have no passed test: {' '.join(missing)}"
    return f"All {counted} facts of the server and readings have a passed test."


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--brief", is_flag=True, help="Only the verdict.")
def main(file: Path, brief: bool) -> None:
    """Show which test proves what; exit 1 when something has none."""
    listed = rows(msgspec.json.decode(file.read_bytes(), type=dict[str, list[str]]))
    if not brief:
        click.echo("\n".join(table(listed)) + "\n")
    click.echo(verdict(listed))
    raise SystemExit(any(row.unproven for row in listed))


if __name__ == "__main__":
    main()

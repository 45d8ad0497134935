"""The files that a run writes: reports, and findings to be tried again. None is written over silently."""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import click

from contract_tests import replay
from contract_tests.check import Check
from contract_tests.reporting import junit, page
from contract_tests.results import Results, plain


class Reports(NamedTuple):
    """Where reports go; `None` for one that nobody wants."""

    html: Path | None
    junit: Path | None
    json: Path | None

    def demand_free(self, force: bool) -> None:
        """See beforehand that every file can be written.

        Raises:
            click.UsageError: one is there already, cannot be written, or is wanted for two things.
        """
        files = [file for file in self if file is not None]
        twice = next((file for at, file in enumerate(files) if file.resolve() in map(Path.resolve, files[:at])), None)
        if twice is not None:
            raise click.UsageError(f"{twice} is named for two reports; each goes into a file of its own")
        demand_free(force, *files)

    def write(self, *contents: Callable[[], bytes]) -> list[str]:
        """Write what was asked for, each whatever becomes of the others; what could not be written, and why."""
        wanted = zip(self, contents, strict=True)
        return list(filter(None, (_written(file, content) for file, content in wanted if file is not None)))


class Outputs(NamedTuple):
    """Where reports go; `None` for one that nobody wants."""

    html: Path | None
    junit: Path | None
    json: Path | None
    save: Path | None

    def demand_free(self, force: bool, checks: Iterable[Check]) -> None:
        """See beforehand that every file can be written.

        Args:
            checks: whose findings may be saved.

        Raises:
            click.UsageError: one is there already, cannot be written, or is wanted for two things.
        """
        Reports(self.html, self.junit, self.json).demand_free(force)
        if self.save is not None:
            _demand_folder(self.save)
            demand_free(force, *(self.save / replay.name_of(check.name) for check in checks), folder=False)

    def write(self, results: Results) -> list[str]:
        """Write what was asked for, each whatever becomes of the others; what could not be written, and why."""
        return list(filter(None, (_written(file, content) for file, content in self._contents(results))))

    def _contents(self, results: Results) -> Iterator[tuple[Path, Callable[[], bytes]]]:
        if self.html is not None:
            yield self.html, lambda: page.rendered(results).encode("utf-8")
        if self.junit is not None:
            yield self.junit, lambda: junit.rendered(results)
        if self.json is not None:
            yield self.json, lambda: json_of(plain(results))
        if self.save is not None:
            for found in results.findings:
                yield self.save / replay.name_of(found.check), partial(replay.saved, found, results.about.seed)


def json_of(told: Any) -> bytes:
    """JSON for a file; halves of letters (surrogates) are escaped, which is what JSON means by it."""
    text = json.dumps(told, ensure_ascii=False, indent=2, default=str)
    return text.encode("utf-8", "backslashreplace") + b"\n"


def demand_free(force: bool, *files: Path, folder: bool = True) -> None:
    """See beforehand that files can be written.

    Args:
        folder: whether their folder must be there.

    Raises:
        click.UsageError: one is there already, is no file, or cannot be written, or its folder is not there.
    """
    for file in files:
        if file.is_dir():
            raise click.UsageError(f"{file} is a folder; the name of a file is wanted")
        if file.exists() and not force:
            raise click.UsageError(f"{file} is there already; --force overwrites it")
        if folder and not file.parent.is_dir():
            raise click.UsageError(f"{file}: there is no folder {file.parent}")
        place = file if file.exists() else file.parent
        if place.exists() and not os.access(place, os.W_OK):
            raise click.UsageError(f"{file} cannot be written: {place} is read-only for this user")


def _demand_folder(folder: Path) -> None:
    there = next((one for one in (folder, *folder.parents) if one.exists()), folder)
    if not there.is_dir():
        raise click.UsageError(f"--save {folder}: {there} is a file, and a folder is wanted")
    if not os.access(there, os.W_OK):
        raise click.UsageError(f"--save {folder}: {there} is read-only for this user")


def _written(file: Path, content: Callable[[], bytes]) -> str:
    """Why a file could not be written; empty when it was. What was there stays until the new content is whole."""
    try:
        made = content()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(made)
    except Exception as error:  # whatever it is, the other reports are to be written
        return f"{file} was not written: {type(error).__name__}: {error}"
    return ""

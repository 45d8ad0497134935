"""Writes the tables of benchmarks/README.md from benchmarks/results: `python -m benchmarks.tell`."""

import json
import re
from collections.abc import Mapping
from typing import Any

from benchmarks.frame import RESULTS, ROOT, table

README = ROOT / "benchmarks" / "README.md"
_BLOCK = re.compile(r"(<!-- (result|bars)(?: (\w+))? -->\n).*?(<!-- end -->)", re.DOTALL)


def results() -> dict[str, dict[str, Any]]:
    """What is kept, by case."""
    return {file.stem: json.loads(file.read_text("utf-8")) for file in sorted(RESULTS.glob("*.json"))}


def told(text: str, found: Mapping[str, Mapping[str, Any]]) -> str:
    """The text, its marked blocks written anew."""

    def block(match: re.Match[str]) -> str:
        inner = _bars(found) if match[2] == "bars" else _result(found.get(match[3]))
        return f"{match[1]}\n{inner}\n\n{match[4]}"

    return _BLOCK.sub(block, text)


def renew() -> None:
    README.write_text(told(README.read_text("utf-8"), results()), "utf-8")


def _result(result: Mapping[str, Any] | None) -> str:
    if result is None:
        return "Not measured yet."
    on, scale = result["machine"], result["scale"]
    cores = f"{on['cores']} cores, Python {on['python']}, SQLite {on['sqlite']}"
    when = f"{result['when']}, {cores}, load before {on['load']}, commit {on['commit']}"
    runs = f"{scale['rounds']} rounds of {scale['seconds']} s" if "seconds" in scale else ""
    return f"{result['method']}\n\n{table(result)}\n\n<sub>{when}; {runs}, {result['took_seconds']} s in all.</sub>"


def _bars(found: Mapping[str, Mapping[str, Any]]) -> str:
    bars = [bar for result in found.values() for bar in result["bars"]]
    bars.sort(key=lambda bar: float(bar["asked"].partition(". ")[0]))
    lines = ["| asked | found | |", "| --- | --- | --- |"]
    lines += [f"| {bar['asked']} | {bar['found']} | {_bold(bar['verdict'])} |" for bar in bars]
    return "\n".join(lines)


def _bold(verdict: str) -> str:
    return f"**{verdict}**" if verdict == "not met" else verdict


if __name__ == "__main__":
    renew()

"""The pages of the handbook that are made from code and data: `make docs`, or `python -m docs.make_reference`.

A test refuses pages that are not the ones this makes, so neither side can be forgotten.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

import click
import msgspec

from mock_server.cli import main
from mock_server.control.faults import BODIES, CONNECTIONS, EFFECTS, MUTATIONS, Fault
from mock_server.rulebook.documents import load, schema_files
from mock_server.rulebook.errors import ErrorEntry, ErrorTable
from mock_server.rulebook.ledger import Ledger, Reading
from mock_server.settings import PREFIX, Settings
from mock_server.web.admin.openapi import described

DOCS = Path(__file__).parent
MADE = "<!-- Made by `make docs` from code and data; changes here are lost. -->"


def row(*cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    names = list(head)
    yield row(*names)
    yield row(*("---" for _ in names))
    yield from (row(*cells) for cells in rows)
    yield ""


def code(text: object) -> str:
    return f"`{text}`" if text not in (None, "") else ""


def joined(words: Iterable[str]) -> str:
    return ", ".join(map(code, words))


# -- flags and environment


def commands() -> dict[str, click.Command]:
    context = click.Context(main, info_name="vatportal-mock")
    found = {name: main.get_command(context, name) for name in main.list_commands(context)}
    return {name: command for name, command in found.items() if command is not None}


def flags() -> Iterator[str]:
    yield "# Commands, flags and environment\n"
    yield "Exit codes of every command: 0 fine, 1 findings, 2 wrong usage or configuration, 3 target not reachable.\n"
    yield "Each flag of `serve` has a twin in the environment, so that a service container needs no arguments. A flag wins over"
    yield "its twin, the environment over a `--readings` file; an empty variable counts as not given, and a"
    yield f"`{PREFIX}...` that stands for no flag is refused.\n"
    for name, command in sorted(commands().items(), key=lambda each: each[0] != "serve"):
        usage = " ".join([name, *(piece for each in command.params if (piece := argument(each)))])
        yield f"## `vatportal-mock {usage}`\n"
        yield re.sub(r"\s*\n\s*", " ", (command.help or "").replace("\b", "").strip()).replace("<", "\\<") + "\n"
        yield from flag_table(name, command)


def argument(parameter: click.Parameter) -> str:
    return parameter.make_metavar(click.Context(main)) if isinstance(parameter, click.Argument) else ""


def flag_table(name: str, command: click.Command) -> Iterator[str]:
    options = [each for each in command.params if isinstance(each, click.Option)]
    if not options:
        return
    if name != "serve":
        yield from table(["flag", ""], ([shown(each), each.help] for each in options))
        return
    defaults: dict[str, Field[Any]] = {field.name: field for field in fields(Settings)}
    yield from table(
        ["flag", "environment", "default", ""],
        (
            [shown(each), code(PREFIX + str(each.name).upper()), default(defaults.get(str(each.name))), each.help]
            for each in options
        ),
    )


def shown(option: click.Option) -> str:
    value = "" if option.is_flag or option.metavar is None else f" {option.metavar}"
    return code(max(option.opts, key=len) + value)


def default(field: Field[Any] | None) -> str:
    if field is None or field.default is MISSING or field.default in (None, False):
        return ""
    return code(field.default)


# -- codes


WORDS = {
    "en": ("# Error codes", "code", "name", "message", "when", "remedy", "client", "HTTP"),
    "az": ("# Xəta kodları", "kod", "ad", "mətn", "nə vaxt", "necə düzəltməli", "klient", "HTTP"),
}


def codes(language: str) -> Iterator[str]:
    title, *heads = WORDS[language]
    yield title + "\n"
    if language == "en":
        yield "`vatportal-mock explain CODE` says the same. *HTTP* is the status under R-01 `mapped`; under its default every"
        yield "envelope comes with 200. *Client*: `fix` the request, `stop`, or `retry` later. [Azərbaycanca](codes.az.md)\n"
    else:
        yield "`vatportal-mock explain KOD` eyni izahı verir. [English](codes.md)\n"
    errors = ErrorTable.load()
    for scope, says in errors.scopes.items():
        yield f"## `{scope}`\n"
        if language == "en":
            yield says + ".\n"
        yield from table(heads, (code_row(entry, language) for entry in errors if entry.scope == scope))


def code_row(entry: ErrorEntry, language: str) -> list[object]:
    message = getattr(entry.err_msg or entry.title, language)
    rare = {"en": " *Here only a fault provokes it.*", "az": " *Burada yalnız süni nasazlıqla alınır.*"}[language]
    when = getattr(entry.when, language) + (rare if entry.faults_only else "")
    status = entry.http if entry.http is not None else ""
    return [entry.code, code(entry.name), message, when, getattr(entry.remedy, language), code(entry.retry), status]


# -- readings, and how true they are


def readings() -> Iterator[str]:
    yield "# Readings\n"
    yield "Every question that the documents leave open, with its answers. `serve --reading R-16=page` chooses one,"
    yield "`PUT /__admin/readings` does so for one world. *Fixed* ones have one answer. How sure each is:"
    yield "[How true is it?](../explanation/how-true.md)\n"
    for reading in Ledger.load().readings.values():
        yield f"## {reading.id}: {reading.question}\n"
        yield from table(
            ["answer", "", "support", "sources"],
            (
                [
                    code(name) + (" (default)" if reading.selectable and name == reading.default else ""),
                    answer.says,
                    answer.support,
                    ", ".join(answer.sources),
                ]
                for name, answer in reading.answers.items()
            ),
        )
        yield reading.why + "\n"


def how_true() -> Iterator[str]:
    ledger = Ledger.load()
    known = [reading for reading in ledger.readings.values() if reading.owner == "server"]
    counted: Counter[str] = Counter(reading.answers[reading.default].support for reading in known)
    facts = load("facts.json")["facts"]
    yield "# How true is it?\n"
    yield "Nobody of this project has seen the real portal. What the simulator does rests on its public documents: on"
    yield f"{len(facts)} statements in them, the **facts** (`schemas/facts.json`), and on {len(known)} **readings** of what they leave open"
    yield "or say in two ways. Of the answers in force by default,\n"
    for support, says in SUPPORT.items():
        yield f"- **{counted[support]} are {support}**: {says}."
    yield ""
    yield "What would settle an open one stands beside it. `vatportal-mock calibrate` asks a server for the selectable ones"
    yield "([how to](../how-to/check-a-server.md)); whoever has an account at the real portal can settle the others, and there is an issue"
    yield "form for it. A selectable reading can be"
    yield "set to what you know; `--strict-documented` refuses guesses where a documented answer exists, and marks in the journal every"
    yield "answer that rests on one.\n"
    for support in ("assumed", "inferred", "documented"):
        chosen = [each for each in known if each.answers[each.default].support == support]
        yield f"## {support.capitalize()} ({len(chosen)})\n"
        yield from table(["reading", "question", "we take", "would settle it"], map(truth, chosen))


SUPPORT = {
    "documented": "some page says or shows it; where pages disagree, one of them does",
    "inferred": "read off examples, or off what other rules imply",
    "assumed": "our own choice, because something must happen",
}


def truth(reading: Reading) -> list[object]:
    answer = reading.answers[reading.default]
    taken = f"`{reading.default}`: {answer.says}" if reading.selectable else answer.says
    return [
        f"[{reading.id}](../reference/readings.md#{anchor(reading)})",
        reading.question,
        taken,
        reading.settled_by,
    ]


def anchor(reading: Reading) -> str:
    """The one that GitHub gives to the heading of a reading."""
    return re.sub(r"[^\w\- ]", "", f"{reading.id}: {reading.question}".lower()).replace(" ", "-")


# -- faults, scenarios, rules


def faults() -> Iterator[str]:
    yield "# Faults\n"
    yield "`POST /__admin/faults` puts one in force, for one world ([how to](../how-to/steer.md#what-goes-wrong-on-purpose)). It names at"
    yield "least one of the keys from `err_code` to `mutate`; one request may ask for its own by a [scenario](scenarios.md).\n"
    yield from table(["key", "value", "what happens"], fault_rows())


RESTRICTIONS = {
    "operation": "the only operation that it is for; every one if left out",
    "times": "how often; without end if left out",
    "probability": "of each time, from 0 to 1",
    "seed": "of the probability and the drawn delays: the same ones in every run; the world's own if left out",
}


def fault_rows() -> Iterator[list[object]]:
    words = {"body": BODIES, "connection": CONNECTIONS, "mutate": MUTATIONS}
    for key, says in EFFECTS.items():
        yield [code(key), "", says]
        for word, effect in words.get(key, {}).items():
            yield [code(key), code(word), effect]
    for field in msgspec.structs.fields(Fault):
        if field.name not in EFFECTS:
            yield [code(field.name), "", RESTRICTIONS[field.name]]


def scenarios() -> Iterator[str]:
    yield "# Scenarios\n"
    yield "What happens without the control API: by the buyer's VOEN of an upload, by the phone that a download names, or for"
    yield "one request by the header `x-mock-scenario: <scenario>`. One that does not fit the request is refused.\n"
    yield from table(
        ["scenario", "what happens", "buyer VOEN", "phone", "fits"],
        (
            [
                code(each["name"]),
                each["says"]["en"],
                joined(each["buyers"]),
                joined(each["phones"]),
                joined(each["starts"]) or "every request",
            ]
            for each in load("scenarios.json")["scenarios"]
        ),
    )


def rules() -> Iterator[str]:
    yield "# Rules\n"
    yield "What JSON Schema cannot say of a request. A rule that does not hold gives its code; what the schemas say themselves stands in"
    yield "`/openapi.json`. Sums may differ by the tolerance of R-11.\n"
    yield from table(
        ["rule", "scope", "code", "holds when", "sources"],
        (
            [code(each["name"]), each["scope"], each["code"], each["says"]["en"], ", ".join(each["sources"])]
            for each in load("rules.json")["rules"]
        ),
    )
    if "client_rules.json" in schema_files():
        yield from client_rules()


def client_rules() -> Iterator[str]:
    yield "## About clients\n"
    yield "What the journal may say about whoever sent the requests. Errors and warnings fail a journey, advice does not.\n"
    yield from table(
        ["rule", "severity", "", "mend", "sources"],
        (
            [code(each["name"]), each["severity"], each["title"]["en"], each["mend"]["en"], ", ".join(each["facts"])]
            for each in load("client_rules.json")["rules"]
        ),
    )


# -- operations and the control API


def operations() -> Iterator[str]:
    yield "# Operations\n"
    yield "The portal, below `/api` or `/w/<world>/api`. Operation names are those of faults, journal and coverage. Fields and answers:"
    yield "`/openapi.json`, under the readings in force.\n"
    yield from table(
        ["operation", "method", "path", "", "starts"],
        (
            [code(each["name"]), each["method"], code(each["path"]), each["summary"]["en"], code(each["starts"])]
            for each in load("operations.json")["operations"]
        ),
    )


def control_api() -> Iterator[str]:
    document = described("/__admin")
    yield "# Control API\n"
    yield "Below `/__admin`, or `/w/<world>/__admin` for another world. [How to steer](../how-to/steer.md) goes through it;"
    yield "`GET /__admin/openapi.json` is the machine's copy of this page. Bodies are JSON, all keys optional unless **bold**.\n"
    yield from table(
        ["call", "", "body", "query"],
        (
            control_row(method, path, operation, document["components"]["schemas"])
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        ),
    )


def control_row(method: str, path: str, operation: dict[str, Any], schemas: dict[str, Any]) -> list[object]:
    queries = [each["name"] for each in operation["parameters"] if each["in"] == "query"]
    return [code(f"{method.upper()} {path}"), operation["summary"], body_keys(operation, schemas), joined(queries)]


def body_keys(operation: dict[str, Any], schemas: dict[str, Any]) -> str:
    if "requestBody" not in operation:
        return ""
    reference = operation["requestBody"]["content"]["application/json"]["schema"].get("$ref")
    if reference is None:
        return "an object"
    schema = schemas[reference.rpartition("/")[2]]
    needed = schema.get("required", [])
    return ", ".join(f"**`{key}`**" if key in needed else f"`{key}`" for key in schema["properties"])


PAGES: dict[str, Callable[[], Iterator[str]]] = {
    "reference/flags.md": flags,
    "reference/codes.md": lambda: codes("en"),
    "reference/codes.az.md": lambda: codes("az"),
    "reference/readings.md": readings,
    "reference/faults.md": faults,
    "reference/scenarios.md": scenarios,
    "reference/rules.md": rules,
    "reference/operations.md": operations,
    "reference/control-api.md": control_api,
    "explanation/how-true.md": how_true,
}


def made(page: str) -> str:
    """The text of a generated page."""
    title, *rest = PAGES[page]()
    return "\n".join([title.rstrip(), "", MADE, "", *rest]).rstrip() + "\n"


if __name__ == "__main__":
    for name in PAGES:
        (DOCS / name).write_text(made(name), "utf-8")

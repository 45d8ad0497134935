"""The documents' own samples, each as its page shows it, on a fresh world (F-SMP)."""

from contract_tests.check import Suite
from contract_tests.documents import examples
from contract_tests.playing import Example, demand_readings, ids, play
from contract_tests.run import Run

SUITE = Suite("samples", "the requests that the documents show, each with the outcome its page promises")


def _add(example: Example) -> None:
    def body(run: Run) -> None:
        demand_readings(run, example)
        play(run, example)

    says = f"The sample {example['name']} has the outcome that its page promises."
    needs = ("main", *sorted({step["as"] for step in example["steps"] if step.get("as") in ("clerk", "partner")}))
    SUITE.add(example["name"].replace("/", "."), body, says, *ids(example), effect="world", needs=needs)


for _example in examples("samples"):
    _add(_example)

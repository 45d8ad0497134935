"""What the OpenAPI document describes, tried with Schemathesis: examples, edges of its schemas, and links."""

from contract_tests.check import Body, Suite
from contract_tests.described import FORM, JUDGED_BY, Described
from contract_tests.documents import operations
from contract_tests.findings import Breach
from contract_tests.run import NOTHING, Run

SUITE = Suite("operations", "requests of every kind the OpenAPI document allows, and does not allow, by Schemathesis")
_IDS = tuple(dict.fromkeys([*FORM, *(one for ids in JUDGED_BY.values() for one in ids)]))
MOST, QUICK_MOST = 400, 24
"""Requests for examples and edges of each operation."""

EXAMPLES = 60
LINKED = 120
"""Requests of the links, all of them again when a finding is replayed: what went before belongs to it."""


def _trying(name: str) -> Body:
    def trying(run: Run) -> None:
        tried = Described(run, [name], QUICK_MOST if run.quick else MOST)
        if run.saved is not NOTHING:
            tried.again(run.saved)
            return
        tried.phases("examples", "coverage")
        if not run.quick:
            tried.fuzz(name, EXAMPLES)

    return trying


for _name, _row in operations().items():
    SUITE.add(
        _name,
        _trying(_name),
        f"Whatever is sent to {_name}, the answer has its form, and what the schema does not allow is refused.",
        *(one for one in _IDS if one != "F-INV-03"),
        effect="reads" if _row["data_read"] else "world",
    )


@SUITE.check(*_IDS, "F-PROC-01", "F-PROC-02")
def links(run: Run) -> None:
    """What one answer leads to by a link, such as import, status, read and delete, is answered as documented too."""
    try:
        Described(run, operations(), LINKED).phases("stateful")
    except Breach as breach:
        breach.case = None
        raise

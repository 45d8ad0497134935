"""What a client did, judged: rules from the journal, and from what the client believes, to findings."""

from mock_server.judging.calls import Call, call_of, call_shown
from mock_server.judging.case import Case, Expected, Outcome
from mock_server.judging.catalogue import RULES as CATALOGUE
from mock_server.judging.rules import judge

__all__ = ["CATALOGUE", "Call", "Case", "Expected", "Outcome", "call_of", "call_shown", "judge"]

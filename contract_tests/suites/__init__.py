"""The suites, in the order in which they run: a module each, whose `SUITE` holds its checks."""

from contract_tests.check import Suite
from contract_tests.suites import envelope, errors, samples

SUITES: tuple[Suite, ...] = (envelope.SUITE, errors.SUITE, samples.SUITE)

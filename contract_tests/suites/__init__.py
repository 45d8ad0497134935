"""The suites, in the order in which they run: a module each, whose `SUITE` holds its checks."""

from contract_tests.check import Suite
from contract_tests.suites import (
    authentication,
    deletion,
    downloads,
    envelope,
    errors,
    model,
    operations,
    paging,
    partners,
    processes,
    readings,
    renewal,
    samples,
)

SUITES: tuple[Suite, ...] = (
    envelope.SUITE,
    readings.SUITE,
    authentication.SUITE,
    renewal.SUITE,
    errors.SUITE,
    processes.SUITE,
    downloads.SUITE,
    paging.SUITE,
    deletion.SUITE,
    partners.SUITE,
    operations.SUITE,
    model.SUITE,
    samples.SUITE,
)

"""All journeys, in the order in which they are run."""

from contract_tests.journeys import deletions, downloads, uploads
from contract_tests.journeys.journey import Journey

LIST: list[Journey] = [*uploads.LIST, *downloads.LIST, *deletions.LIST]

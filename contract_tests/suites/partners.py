"""Partner accounts: the phone in every call names the customer (F-PART)."""

from contract_tests import work
from contract_tests.check import Suite
from contract_tests.playing import demand_partners
from contract_tests.run import Run
from contract_tests.suites.authentication import WITH_CREDENTIALS, nothing

SUITE = Suite("partners", "partner accounts: the phone in every call, its three errors, customers apart")
check = SUITE.check
NEEDS = ("main", "partner")


@check("F-PART-01", "F-PART-02", "F-ERR-05", needs=NEEDS, effect="world")
def the_phone_names_the_customer(run: Run) -> None:
    """Without a phone a partner gets 15, with one not registered 16, with an ill-formed one 17; `data` is null."""
    demand_partners(run)
    for name in WITH_CREDENTIALS:
        for phone, code in (("", 15), ("994559999999", 16), ("12345", 17)):
            sent = {"phone": phone, **nothing(name)}
            exchange = run.refused(code, name, role="partner", **sent)
            run.expect(exchange.json.get("data", 0) is None, "data is not null", ["F-PART-02"])


@check("F-PART-01", "F-PART-03", "F-PART-04", "R-52", needs=NEEDS, effect="world")
def a_partner_works_for_a_customer(run: Run) -> None:
    """A partner imports for a customer, who then finds it; another customer does not."""
    demand_partners(run)
    work.demand_shown(run)
    one = work.invoice(run)
    work.imported(run, one, role="partner")
    run.expect(one["id"] in work.known(run, [one["id"]]), "the customer does not find what his partner imported")
    run.expect(not work.known(run, [one["id"]], role="other"), "another customer finds it", ["F-PART-03"])
    asked = {"phone": run.party("other").phone, "ids": [one["id"]]}
    found = run.good("inv_read_invoices", role="partner", **asked)["invoices"]
    run.expect(not found, "the partner finds it while he works for another customer", ["F-PART-03"])

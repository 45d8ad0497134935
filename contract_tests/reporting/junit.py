"""JUnit XML: what CI servers show."""

from io import BytesIO

from junitparser import Failure, JUnitXml, Skipped, TestCase, TestSuite
from junitparser.junitparser import write_xml

from contract_tests.reporting.legible import legible
from contract_tests.results import Results, statement
from contract_tests.runner import Ended


def rendered(results: Results) -> bytes:
    """One test suite a suite, one test case a check."""
    xml = JUnitXml("vatportal-mock check-server")
    for name in dict.fromkeys(each.check.suite for each in results.ended):
        suite = TestSuite(name)
        suite.add_property("url", legible(results.about.url))
        suite.add_property("seed", str(results.about.seed))
        for each in results.ended:
            if each.check.suite == name:
                suite.add_testcase(_case(each))
        xml.add_testsuite(suite)
    file = BytesIO()
    write_xml(xml, file, pretty=True)
    return file.getvalue()


def _case(each: Ended) -> TestCase:
    case = TestCase(each.check.name.partition("/")[2], each.check.suite, each.seconds)
    if each.finding is not None:
        found = Failure(legible(each.finding.message), ", ".join(each.finding.ids))
        lines = [f"{one}: {statement(one)}" for one in each.finding.ids]
        lines += [part for exchange in each.finding.evidence for part in _lines(exchange.shown())]
        found.text = legible("\n".join(lines))
        case.result = [found]
    elif each.not_tried is not None:
        case.result = [Skipped(legible(each.not_tried.why))]
    return case


def _lines(shown: dict[str, object]) -> list[str]:
    return [f"$ {shown['curl']}", f"HTTP {shown['status']} {shown['answer'] or shown['trouble']}"]

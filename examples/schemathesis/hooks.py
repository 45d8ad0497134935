"""Where the little library's answers have their code, and what its values mean.

SCHEMATHESIS_HOOKS=hooks schemathesis run openapi.json --url http://127.0.0.1:8099 --exclude-checks ...
"""

from contract_tests import checks

checks.install(
    checks.Envelope(
        code="status.code",
        success=("OK",),
        http={"NO_SUCH_METHOD": 405, "NO_JSON": 415, "WHO_ARE_YOU": 401, "NOT_FOUND": 404},
        wrong_method=("NO_SUCH_METHOD",),
        wrong_type=("NO_JSON",),
        unauthorized=("WHO_ARE_YOU",),
        internal=("TROUBLE",),
        credential_headers=("X-Reader",),
        resources=(checks.Resource(create=("add", "id"), delete=("remove", "id"), read=("list", "books/*/id")),),
    )
)

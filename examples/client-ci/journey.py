"""The few lines between `vatportal-mock check-client` and the connector: a task from a file, an outcome into one."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from connector import Portal, Refused


def main() -> int:
    env = os.environ
    asked = json.loads(Path(env["VATPORTAL_INPUT"]).read_bytes())
    account = (env[f"VATPORTAL_{name}"] for name in ("BASE_URL", "USERNAME", "PASSWORD", "TOKEN", "SECRET"))
    portal = Portal(*account, patience=float(env.get("VATPORTAL_PATIENCE", 900)))
    outcome: dict[str, Any]
    try:
        outcome = {"status": "succeeded", "qaimes": portal.send(asked["invoices"])}
    except Refused as refused:
        told: dict[str, Any] = {"text": str(refused)}
        if refused.code is not None:
            told["code"] = refused.code
        if refused.code == 14:
            pairs = zip(asked["invoices"], refused.data["invoices"], strict=True)
            told["invoices"] = [invoice["id"] for invoice, codes in pairs if codes]
        outcome = {"status": "failed", "errors": [told]}
    Path(env["VATPORTAL_OUTPUT"]).write_text(json.dumps(outcome), encoding="utf-8")
    return 0 if outcome["status"] == "succeeded" else 1


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.engine.readiness.golden --renew`: write the expected files anew."""

from __future__ import annotations

import sys

from tests.engine.readiness.golden.render import EXPECTED, document
from tests.engine.readiness.golden.tables import TABLES


def main() -> None:
    """Nothing is written without the switch."""
    if sys.argv[1:] != ["--renew"]:
        raise SystemExit("python -m tests.engine.readiness.golden --renew")
    EXPECTED.mkdir(exist_ok=True)
    for group in TABLES:
        (EXPECTED / f"{group}.txt").write_text(document(group), "utf-8")


if __name__ == "__main__":
    main()

"""What the program imports is declared: a package that only another one brings may go without a word."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]


def imported() -> Iterator[tuple[Path, str]]:
    for path in sorted((ROOT / "tgwizard").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((path, item.name) for item in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                yield path, node.module


def test_that_every_package_that_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[^A-Za-z0-9-]", line)[0].lower() for line in project["dependencies"]}
    providers = packages_distributions()
    undeclared = {}
    for path, module in imported():
        top = module.split(".")[0]
        if top == "tgwizard" or top in sys.stdlib_module_names:
            continue
        # `azure` is shared by many packages; each is named after its module.
        named = {"-".join(module.split(".")[: count + 1]) for count in range(4)}
        found = {re.sub(r"[-_.]+", "-", name).lower() for name in providers.get(top, [])}
        if not (declared & named if len(found) > 1 and top == "azure" else declared & found):
            undeclared[module] = path.relative_to(ROOT)
    assert undeclared == {}

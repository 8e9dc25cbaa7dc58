"""No two modules of the lab import each other, not even for types and not through others."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.house.checkout import ROOT, in_package


def imports() -> dict[str, set[str]]:
    """Every module with the modules of the program that it imports, wherever in it."""
    names = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in in_package()
    }
    found: dict[str, set[str]] = {}
    for name, path in names.items():
        wanted: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                full = {f"{node.module}.{item.name}" for item in node.names}
                wanted |= {item if item in names else node.module for item in full}
            elif isinstance(node, ast.Import):
                wanted |= {item.name for item in node.names}
        found[name] = (wanted & names.keys()) - {name}
    return {name: wanted for name, wanted in found.items() if name.startswith("tgwizard.lab")}


def test_that_no_modules_import_each_other() -> None:
    try:
        TopologicalSorter(imports()).prepare()
    except CycleError as error:
        pytest.fail(f"a circle: {' > '.join(error.args[1])}")


def test_that_the_search_sees_imports() -> None:
    found = imports()
    assert "tgwizard.lab.core" in found["tgwizard.lab.lab"]
    assert "tgwizard.engine.lab_control" in found["tgwizard.lab.control"]

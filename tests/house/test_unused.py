"""What no program reaches is not there."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.house.checkout import PACKAGE, ROOT, in_package

ENTRIES = ("tgwizard.__main__",)
"""Where a process begins: ``tgwizard``, ``python -m tgwizard``; the lab's server is one of its commands."""


def module_name(path: Path) -> str:
    """The dotted name of a module, or of a package."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(source: str, package: str) -> set[str]:
    """What a module of ``package`` imports, also in functions; of ``from x import y`` both may be modules."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            above = parts[: len(parts) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found.update({base, *(f"{base}.{alias.name}" for alias in node.names)})
    return found


def reached(modules: dict[str, Path], entries: tuple[str, ...]) -> set[str]:
    """Every module that is imported from an entry on, with the packages it lies in."""
    seen: set[str] = set()
    waiting = list(entries)
    while waiting:
        module = waiting.pop()
        if module in seen or module not in modules:
            continue
        seen.add(module)
        parent = module.rpartition(".")[0]
        package = module if modules[module].name == "__init__.py" else parent
        waiting.append(parent)
        waiting.extend(imports(modules[module].read_text("utf-8"), package))
    return seen


def test_that_every_module_is_reached_from_where_a_program_begins() -> None:
    modules = {module_name(path): path for path in in_package()}
    assert ENTRIES[0] in modules
    assert sorted(set(modules) - reached(modules, ENTRIES)) == []


def test_that_a_module_that_nothing_imports_is_noticed() -> None:
    modules = {"tgwizard.__main__": PACKAGE / "__main__.py", "tgwizard.nowhere": PACKAGE / "paths.py"}
    assert set(modules) - reached(modules, ENTRIES) == {"tgwizard.nowhere"}


def test_that_imports_in_functions_and_relative_ones_count() -> None:
    source = "def later():\n    from ..model import nic\n    import tgwizard.paths\nfrom . import main\n"
    assert imports(source, "tgwizard.cli") >= {"tgwizard.model.nic", "tgwizard.paths", "tgwizard.cli.main"}

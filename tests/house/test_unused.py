"""What no program reaches is not there."""

from __future__ import annotations

import ast
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

from vulture import Vulture  # type: ignore[import-untyped]

from tests.house.checkout import PACKAGE, ROOT, in_package

ENTRIES = ("tgwizard.__main__",)
"""Where a process begins: ``tgwizard``, ``python -m tgwizard``; the lab's server is one of its commands."""


LONGEST_LIST = 60
"""So many names may be used by nobody that vulture sees."""


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


def test_that_every_name_of_the_program_is_used_by_it() -> None:
    """Only by tests is not by the program. What somebody else uses is named in ``pyproject.toml``, with who that is."""
    allowed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["vulture"]["ignore_names"]
    vulture = Vulture()
    vulture.scavenge([str(PACKAGE)])
    unused = {item.name: f"{Path(item.filename).name}:{item.first_lineno}" for item in vulture.get_unused_code()}
    matched = {name: [known for known in allowed if fnmatchcase(name, known)] for name in unused}
    assert [f"{unused[name]} {name}" for name, known in matched.items() if not known] == []
    assert set(allowed) - {known for found in matched.values() for known in found} == set(), "used by now"
    assert len(allowed) <= LONGEST_LIST

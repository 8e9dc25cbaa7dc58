"""The import contracts hold, and they would notice if they did not."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.house.checkout import ROOT, in_package

# Each line breaks one contract of pyproject.toml: file, and the import that must not be there.
TRESPASSES = {
    "gui/shell/main_window.py": "import azure.core",
    "gui/widgets/labels.py": "import tgwizard.gui.shell.main_window",
    "azure/adapter.py": "import PySide6.QtCore",
    "cli/cluster_commands.py": "import tgwizard.gui.shell.main_window",
    "model/change.py": "import tomlkit",
    "engine/runs/job_services.py": "import tgwizard.engine.watch.monitor",
    "engine/failover/run.py": "import tgwizard.engine.runs.job_services\nimport requests",
    "engine/watch/monitor.py": "",
    "extra/newcomer.py": "",
    "app/main.py": "",
    "paths.py": "",
}
CONTRACTS = re.compile(r"^(.*) (KEPT|BROKEN)$", re.MULTILINE)


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    # As the command does it, but with this interpreter, so that it works in any environment.
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    return subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False, timeout=240
    )


def verdicts(output: str) -> dict[str, str]:
    return {contract.strip(): verdict for contract, verdict in CONTRACTS.findall(output)}


def test_that_every_import_contract_is_kept() -> None:
    result = lint(ROOT)
    assert set(verdicts(result.stdout).values()) == {"KEPT"}, result.stdout + result.stderr
    assert result.returncode == 0


def test_that_every_contract_notices_a_trespass(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for file, text in TRESPASSES.items():
        module = tmp_path / "tgwizard" / file
        module.parent.mkdir(parents=True, exist_ok=True)
        module.write_text(text + "\n")
    for folder in [tmp_path / "tgwizard", *(p for p in (tmp_path / "tgwizard").rglob("*") if p.is_dir())]:
        (folder / "__init__.py").touch()

    result = lint(tmp_path)

    assert result.returncode == 1, result.stdout + result.stderr
    # The placement of `extra` stops the first contract before it looks at imports.
    assert "extra" in result.stdout + result.stderr
    shutil.rmtree(tmp_path / "tgwizard" / "extra")
    assert set(verdicts(lint(tmp_path).stdout).values()) == {"BROKEN"}


def module_of(path: Path) -> str:
    """The dotted name by which a module is imported."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(source: str, modules: set[str]) -> set[str]:
    """Which of `modules` a source imports, at whatever place: at its head, in a function, or for type hints only."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inner & modules or {node.module}
    return found & modules


def circle(sources: Mapping[str, str]) -> list[str]:
    """The modules of one import circle, empty when there is none."""
    graph = {module: imported(source, set(sources)) - {module} for module, source in sources.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


def test_that_no_modules_import_each_other_in_a_circle() -> None:
    assert circle({module_of(path): path.read_text("utf-8") for path in in_package()}) == []


@pytest.mark.parametrize(
    "back",
    [
        "import tgwizard.a",
        "from tgwizard.a import A",
        "from tgwizard import a",
        "def late():\n    from tgwizard.a import A",
        "if TYPE_CHECKING:\n    from tgwizard.a import A",
    ],
)
def test_that_a_circle_is_noticed(back: str) -> None:
    sources = {"tgwizard.a": "from tgwizard.b import B", "tgwizard.b": "import tgwizard.c", "tgwizard.c": back}
    assert set(circle(sources)) == {"tgwizard.a", "tgwizard.b", "tgwizard.c"}
    assert circle({**sources, "tgwizard.c": ""}) == []

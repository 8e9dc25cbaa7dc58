"""The import contracts hold, and they would notice if they did not."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.house.checkout import ROOT

# Each line breaks one contract of pyproject.toml: file, and the import that must not be there.
TRESPASSES = {
    "gui/window.py": "import azure.core",
    "azure/adapter.py": "import PySide6.QtCore",
    "cli/commands.py": "import tgwizard.gui.window",
    "model/change.py": "import tomlkit",
    "engine/hall.py": "import tgwizard.engine.watch.monitor",
    "engine/failover/run.py": "import tgwizard.engine.hall\nimport requests",
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
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False, timeout=60
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

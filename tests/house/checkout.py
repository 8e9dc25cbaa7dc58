"""The checkout as the house tests read it."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "tgwizard"


def project_files() -> list[Path]:
    """Every file that is or would be committed."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return sorted(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


def modules() -> list[Path]:
    """Every Python module of the program and of the tests."""
    return [path for path in project_files() if path.suffix == ".py"]


def in_package() -> list[Path]:
    """The program's own modules."""
    return [path for path in modules() if path.is_relative_to(PACKAGE)]


def name(path: Path) -> str:
    """The path as a reader of the checkout writes it."""
    return path.relative_to(ROOT).as_posix()

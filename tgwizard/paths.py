"""Where tgwizard keeps and finds its files. The lowest layer: it imports nothing of ours.

Resources (fonts, icons, lab scenarios, JSON Schemas) lie in ``tgwizard/_data`` of an installed wheel and in
``resources/`` of a checkout. Everything a user owns lies in the folders the platform names for it, each of which
an environment variable can move (tests and packagers use them).
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_APP = "tgwizard"


def resources() -> Path:
    """The folder with the shipped read-only files."""
    installed = Path(__file__).parent / "_data"
    return installed if installed.is_dir() else Path(__file__).parent.parent / "resources"


def config_dir() -> Path:
    """Settings and saved cluster files (TGWIZARD_CONFIG_DIR moves it)."""
    return _folder("TGWIZARD_CONFIG_DIR", platformdirs.user_config_path(_APP, appauthor=False))


def clusters_dir() -> Path:
    """The saved cluster files, one TOML file each."""
    return config_dir() / "clusters"


def state_dir() -> Path:
    """Journals and locks (TGWIZARD_STATE_DIR moves it)."""
    return _folder("TGWIZARD_STATE_DIR", platformdirs.user_state_path(_APP, appauthor=False))


def log_dir() -> Path:
    """Log files (TGWIZARD_LOG_DIR moves it)."""
    return _folder("TGWIZARD_LOG_DIR", platformdirs.user_log_path(_APP, appauthor=False))


def lab_dir() -> Path:
    """The user's lab folder, used by ``--lab`` without a folder (TGWIZARD_LAB_DIR moves it)."""
    return _folder("TGWIZARD_LAB_DIR", platformdirs.user_data_path(_APP, appauthor=False) / "lab")


def _folder(variable: str, default: Path) -> Path:
    moved = os.environ.get(variable)
    return Path(moved).expanduser() if moved else default

"""Where tgwizard keeps and finds its files. The lowest layer: it imports nothing of ours.

Resources (fonts, icons, templates of pages, lab scenarios, JSON Schemas, the words for Azure's errors) lie in
``tgwizard/_data`` of an installed wheel and in ``resources/`` of a checkout. Everything a user owns lies in the folders
the platform names for it, each of which an environment variable can move (tests and packagers use them).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from platformdirs import PlatformDirsABC

_APP = "tgwizard"

SETTINGS_NAME = "settings.toml"
"""The settings file in `config_dir`."""


def resources() -> Path:
    """The folder with the shipped read-only files."""
    installed = Path(__file__).parent / "_data"
    return installed if installed.is_dir() else Path(__file__).parent.parent / "resources"


def config_dir() -> Path:
    """Settings and saved cluster files (TGWIZARD_CONFIG_DIR moves it)."""
    return _folder("TGWIZARD_CONFIG_DIR", lambda: _dirs().user_config_path)


def clusters_dir() -> Path:
    """The saved cluster files, one TOML file each."""
    return config_dir() / "clusters"


def state_dir() -> Path:
    """Journals and locks (TGWIZARD_STATE_DIR moves it)."""
    return _folder("TGWIZARD_STATE_DIR", lambda: _dirs().user_state_path)


def log_dir() -> Path:
    """Log files (TGWIZARD_LOG_DIR moves it)."""
    return _folder("TGWIZARD_LOG_DIR", lambda: _dirs().user_log_path)


def lab_dir() -> Path:
    """The user's lab folder, used by ``--lab`` without a folder (TGWIZARD_LAB_DIR moves it)."""
    return _folder("TGWIZARD_LAB_DIR", lambda: _dirs().user_data_path / "lab")


class NoSuchUser(ValueError):
    """A path begins with ``~name``, and no user of that name is known here."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"There is no user {path.parts[0][1:80]} on this computer")


def expanded(path: str | Path) -> Path:
    """The path with ``~`` and ``~name`` replaced by that home folder. NoSuchUser when there is none."""
    given = Path(path)
    try:
        return given.expanduser()
    except RuntimeError as error:
        raise NoSuchUser(given) from error


def _folder(variable: str, usual: Callable[[], Path]) -> Path:
    moved = os.environ.get(variable)
    return expanded(moved) if moved else usual()


def _dirs() -> PlatformDirsABC:
    from platformdirs import PlatformDirs  # only where the environment has not answered already

    return PlatformDirs(_APP, appauthor=False)

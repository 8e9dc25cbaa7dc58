"""Every test has its own home: settings, state, data and logs go to its tmp_path.

Nothing a test writes may reach the developer's own folders, and nothing in them may decide a test.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Prefixes of variables that change what the program does; a developer's own values must not decide a test.
_FOREIGN = ("TGWIZARD_", "AZURE_", "ARM_", "MSI_", "IDENTITY_")


@pytest.fixture(autouse=True)
def own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Move every folder the program could write to below tmp_path; answers the new home."""
    for name in list(os.environ):
        if name.startswith(_FOREIGN):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    runtime = home / "run"
    runtime.mkdir(parents=True)
    runtime.chmod(0o700)  # Qt warns about a runtime folder that others can read
    places = {
        "HOME": home,
        "XDG_CONFIG_HOME": home / "config",
        "XDG_DATA_HOME": home / "data",
        "XDG_STATE_HOME": home / "state",
        "XDG_CACHE_HOME": home / "cache",
        "XDG_RUNTIME_DIR": runtime,
        "TGWIZARD_CONFIG_DIR": home / "config" / "tgwizard",
        "TGWIZARD_STATE_DIR": home / "state" / "tgwizard",
        "TGWIZARD_LOG_DIR": home / "state" / "tgwizard" / "log",
        "TGWIZARD_LAB_DIR": home / "data" / "tgwizard" / "lab",
        "AZURE_CONFIG_DIR": home / "azure",
    }
    for name, place in places.items():
        monkeypatch.setenv(name, str(place))
    return home

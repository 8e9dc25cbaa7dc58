"""Where a measured program runs: folders of its own, and a screen or none."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

OFFSCREEN = "offscreen"
BYTE_CODE = Path(__file__).parents[3] / ".cache" / "bench-byte-code"


def platform(environment: Mapping[str, str]) -> str:
    """Qt's platform: the one the environment names; none named, the screen if there is one, else offscreen."""
    named = environment.get("QT_QPA_PLATFORM")
    if named:
        return named
    return "xcb" if environment.get("DISPLAY") else OFFSCREEN


def own_places(home: Path) -> dict[str, str]:
    """The environment for a program whose settings, logs and state belong below ``home`` and nowhere else."""
    runtime = home / "run"
    runtime.mkdir(mode=0o700)
    places = {
        "HOME": home,
        "XDG_RUNTIME_DIR": runtime,
        "TGWIZARD_CONFIG_DIR": home / "config",
        "TGWIZARD_STATE_DIR": home / "state",
        "TGWIZARD_LOG_DIR": home / "log",
        "TGWIZARD_LAB_DIR": home / "lab",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TGWIZARD_")}
    # An installed program has its byte code: no start is measured that compiles it, but for the very first.
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    kept["PYTHONPYCACHEPREFIX"] = str(BYTE_CODE)
    return {**kept, "QT_QPA_PLATFORM": platform(kept), **{name: str(place) for name, place in places.items()}}

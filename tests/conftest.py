"""What every test shares. The rules themselves are in tests/guards, one module for each."""

from __future__ import annotations

import os

import hypothesis
import pytest

# Before anything imports PySide6. A setdefault, so that a run in real windows needs only the environment.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

pytest_plugins = [
    "pytester",
    "tests.guards.garbage",
    "tests.guards.leaks",
    "tests.guards.logs",
    "tests.guards.places",
    "tests.guards.signals",
    "tests.guards.tables",
]

# The same cases in every run: a test that fails by luck tells nothing. `explore` looks for new ones:
# HYPOTHESIS_PROFILE=explore packaging/dev test
hypothesis.settings.register_profile("quick", derandomize=True, deadline=None, max_examples=60, database=None)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=2000, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tables come first, so that no worker has one left to do when the others are through."""
    slow = {item.path for item in items if item.get_closest_marker("full") is not None}
    items.sort(key=lambda item: item.path not in slow)

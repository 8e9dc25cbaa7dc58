"""Collects in the main thread, once a test has made an application object: see `tests/gui/application.py`."""

from __future__ import annotations

import gc
from collections.abc import Generator

import pytest


def collect_when_due() -> None:
    """Collect the oldest generation whose threshold is passed, where the automatic collector is off."""
    if gc.isenabled():
        return
    counts, thresholds = gc.get_count(), gc.get_threshold()
    for generation in (2, 1, 0):
        if counts[generation] > thresholds[generation]:
            gc.collect(generation)
            return


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """After each test, with its fixtures."""
    try:
        return (yield)
    finally:
        collect_when_due()

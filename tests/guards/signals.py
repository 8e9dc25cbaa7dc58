"""Signals as from a terminal: `nohup` and `&` pass them on as ignored, to every program that a test starts.

A handler that does nothing takes the place of what is ignored: programs that are started get the usual effect, and the
tests themselves go on being left alone.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")


@pytest.fixture(scope="session", autouse=True)
def signals_as_from_a_terminal() -> Iterator[None]:
    """For all tests."""
    numbers = [signal.Signals[name] for name in _NAMES if name in signal.Signals.__members__]
    ignored = [number for number in numbers if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, lambda _number, _frame: None)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)

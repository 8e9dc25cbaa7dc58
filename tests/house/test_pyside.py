"""The pinned PySide6 keeps its reference counts (gui/README.md 15.1)."""

from __future__ import annotations

import sys

import pytest
from PySide6.QtCore import QObject, Signal


class Speaker(QObject):
    said = Signal()


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="True is immortal from Python 3.12 on")
def test_that_five_thousand_emits_leave_the_references_of_true_alone() -> None:
    speaker = Speaker()
    heard: list[None] = []
    speaker.said.connect(lambda: heard.append(None))
    before = sys.getrefcount(True)

    for _ in range(5000):
        speaker.said.emit()

    assert len(heard) == 5000
    # PySide6 6.12.0 loses one reference with each emit and aborts when none is left.
    assert abs(sys.getrefcount(True) - before) < 100

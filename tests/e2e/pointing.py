"""Runs tgwizard's own entry and keeps a file of where every named part of its window is, for a pointer from outside.

`python -m tests.e2e.pointing FILE WORDS...`: nothing of the program is changed; a timer in its event loop looks at the
widgets as a screen reader does and writes names, places and whether they are on.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PySide6.QtCore import QObject, QPoint, QRect, QTimer, Slot
from PySide6.QtWidgets import QAbstractButton, QApplication, QScrollArea, QWidget

import tgwizard.__main__ as program
from tgwizard.gui import start

PERIOD_MS = 150


class Map(QObject):
    """Writes the file again and again."""

    def __init__(self, app: QApplication, file: Path) -> None:
        super().__init__(app)
        self._file = file
        self._timer = QTimer(self)
        self._timer.setInterval(PERIOD_MS)
        self._timer.timeout.connect(self._write)
        self._timer.start()
        # No look at widgets that are being taken down.
        app.aboutToQuit.connect(self._timer.stop)

    @Slot()
    def _write(self) -> None:
        parts = [part for widget in QApplication.allWidgets() if (part := _part(widget)) is not None]
        draft = self._file.with_suffix(".draft")
        draft.write_text(json.dumps(parts), encoding="utf-8")
        draft.replace(self._file)


def _part(widget: QWidget) -> dict[str, object] | None:
    if not widget.isVisible():
        return None
    # Not QAccessible.queryAccessibleInterface: its wrappers outlive what they wrap and crash the program at its end.
    name = widget.accessibleName() or (widget.text() if isinstance(widget, QAbstractButton) else "")
    if not name:
        return None
    seen = _seen(widget)
    middle = widget.mapToGlobal(seen.center()) if not seen.isEmpty() else QPoint(-1, -1)
    return {
        "name": name,
        "x": middle.x(),
        "y": middle.y(),
        "on": widget.isEnabled(),
        "seen": not seen.isEmpty(),
        "button": isinstance(widget, QAbstractButton),
    }


def _seen(widget: QWidget) -> QRect:
    """The part that is not scrolled away."""
    place = widget.rect()
    around = widget.parentWidget()
    while around is not None:
        if isinstance(around.parentWidget(), QScrollArea):
            place = place.intersected(QRect(widget.mapFrom(around, QPoint(0, 0)), around.size()))
        around = around.parentWidget()
    return place


def main() -> int:
    """Run the program with its map."""
    file, words = Path(sys.argv[1]), sys.argv[2:]
    make = start.new_app

    def with_map(arguments: list[str]) -> QApplication:
        app = make(arguments)
        Map(app, file)
        return app

    start.new_app = with_map
    sys.argv = ["tgwizard", *words]
    return program.main()


if __name__ == "__main__":
    sys.exit(main())

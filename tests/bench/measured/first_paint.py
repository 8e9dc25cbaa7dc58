"""One start, in a process of its own: `python -m tests.bench.measured.first_paint bare|tgwizard DIR`.

Prints one JSON line when the first frame is out, and ends the process there and then.
"""

from __future__ import annotations

import json
import os
import sys
import time

from PySide6.QtWidgets import QApplication, QWidget

from tests.bench.measured.watched import FirstPaint, watch

LATE = ("azure", "msal", "requests", "cryptography", "tgwizard.azure", "tgwizard.lab")
"""What only a job may import, after the window is painted."""


def loaded() -> list[str]:
    """Which of the late modules are imported now."""
    return [name for name in LATE if name in sys.modules]


def said(window: QWidget) -> list[str]:
    """What the window in its first paint tells assistive technology that it shows."""
    return [widget.accessibleName() for widget in window.findChildren(QWidget) if widget.accessibleName()]


def bare() -> None:
    """The peer: the least that PySide6 can show, a main window with one label."""
    from PySide6.QtWidgets import QApplication, QLabel, QMainWindow  # anew: `watch` has put another there

    app = QApplication(["bare"])
    window = QMainWindow()
    window.setCentralWidget(QLabel("bare"))
    window.resize(1440, 900)
    window.show()
    app.exec()


def tgwizard(folder: str) -> None:
    """The program as `tgwizard --lab-dir DIR` starts it."""
    from tgwizard.__main__ import main

    sys.argv[1:] = ["--lab-dir", folder]
    main()


def main() -> None:
    """Start, and tell of the first frame."""
    at_painting: list[str] = []

    def painted() -> None:
        told = {
            "painted_s": time.monotonic(),
            "computed_s": time.process_time(),
            "at_painting": at_painting,
            "at_painted": loaded(),
            "modules": len(sys.modules),
            "shows": [name for window in QApplication.topLevelWidgets() for name in said(window)],
        }
        print(json.dumps(told), flush=True)
        os._exit(0)  # the start is over; an orderly end is another matter

    def about_to_run(app: QApplication) -> None:
        FirstPaint(app, lambda: at_painting.extend(loaded()), painted)

    watch(about_to_run)
    if sys.argv[1] == "bare":
        bare()
    else:
        tgwizard(sys.argv[2])


if __name__ == "__main__":
    main()

"""The application object of tests, pictures and benches: what `start` makes, whole at once.

From then on the automatic collector is off in this process, as it is in the program (`gui/app/gc_guard.py`): a worker
that collects would destroy widgets in its own thread, and the process would die. `tests/guards/garbage.py` collects
after each test, and a studio before each picture.
"""

from __future__ import annotations

import gc

from PySide6.QtWidgets import QApplication

from tgwizard.gui.start import STYLE, name_app, new_app


def make_app(arguments: list[str]) -> QApplication:
    """The application object with our style, name, fonts and accessible roles; made once in a process."""
    gc.disable()
    return new_app(arguments)


def prepare_app(app: QApplication) -> None:
    """Give an application object that is there already the same; once for each."""
    gc.disable()
    app.setStyle(STYLE)
    name_app(app)

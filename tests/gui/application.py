"""The application object of tests, pictures and benches: what `start` makes, whole at once."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from tgwizard.gui.start import STYLE, name_app, new_app


def make_app(arguments: list[str]) -> QApplication:
    """The application object with our style, name, fonts and accessible roles; made once in a process."""
    return new_app(arguments)


def prepare_app(app: QApplication) -> None:
    """Give an application object that is there already the same; once for each."""
    app.setStyle(STYLE)
    name_app(app)

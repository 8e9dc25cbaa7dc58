"""Saving a page of ours as a PDF, for paper or to pass on: the page is the HTML that the engine makes for people."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QIODevice, QMarginsF, QSaveFile, QUrl
from PySide6.QtGui import QFont, QPageLayout, QPageSize, QPdfWriter, QTextDocument
from PySide6.QtWidgets import QFileDialog, QWidget

from tgwizard.engine.history.report_folder import file_name
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.model.text import sanitize

Say = Callable[[Shape, str, str], None]

PDF = "PDF file (*.pdf)"
RESOLUTION = 300

PAPER = """
h1 { font-size: 15pt; } h2 { font-size: 11pt; margin-top: 16px; margin-bottom: 4px; }
th { text-align: left; } td, th { padding: 4px; }
pre { font-family: "JetBrains Mono"; font-size: 7pt; white-space: pre-wrap; }
"""


def print_page(parent: QWidget, title: str, html: str, say: Say) -> None:
    """Ask for the PDF file that the page goes to, and say what became of it."""
    name = f"{file_name(title)}.pdf"
    dialog = QFileDialog(parent.window(), "Save as PDF", name, PDF)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix("pdf")
    dialog.selectFile(name)
    dialog.fileSelected.connect(lambda chosen: say(*save_pdf(Path(chosen), title, html)))
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()


def save_pdf(path: Path, title: str, html: str) -> tuple[Shape, str, str]:
    """Write the page as PDF, A4 in portrait; the shape, what came of it, and why."""
    file = QSaveFile(str(path))
    if file.open(QIODevice.OpenModeFlag.WriteOnly):
        writer = QPdfWriter(file)
        writer.setTitle(title)
        writer.setCreator("tgwizard")
        writer.setPageLayout(_layout())
        writer.setResolution(RESOLUTION)
        document_of(html).print_(writer)
        if file.commit():
            return Shape.GOOD, "Saved as PDF.", str(path)
    return Shape.BROKEN, f"The PDF was not written to {path}.", f"{sanitize(file.errorString())}."


_STYLE = re.compile("<style>.*?</style>", re.DOTALL)


class _Paper(QTextDocument):
    """A document that holds its text and nothing else: no picture or sheet is taken from this computer or a network."""

    def loadResource(self, _kind: int, _name: QUrl | str) -> None:
        return None


def document_of(html: str) -> QTextDocument:
    """The page for paper. Its text was escaped where the page was made, by a template (``engine/html_page.py``).

    A kept report is read from its file, which somebody may have changed: so what it names is not loaded. The page's own
    style is for browsers, and Qt knows too little of it.
    """
    document = _Paper()
    document.setDefaultStyleSheet(PAPER)
    document.setDefaultFont(QFont("Inter", 9))
    document.setHtml(_STYLE.sub("", html))
    return document


def _layout() -> QPageLayout:
    page, margins = QPageSize(QPageSize.PageSizeId.A4), QMarginsF(18, 16, 18, 16)
    return QPageLayout(page, QPageLayout.Orientation.Portrait, margins, QPageLayout.Unit.Millimeter)

"""Copying and saving what the wizard made: plain text to the clipboard, or into a file that the person names."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from tgwizard.engine.files.file_writing import write_atomically
from tgwizard.model.text import sanitize


def copy_text(text: str, done: str) -> str:
    """Copy, and say `done`."""
    QApplication.clipboard().setText(text)
    return done


def save_text(parent: QWidget, name: str, text: str) -> str:
    """Ask where, write there, and say how it went; empty when the person changed their mind."""
    chosen, _ = QFileDialog.getSaveFileName(parent, "Save as", name)
    if not chosen:
        return ""
    return write_text(Path(chosen), text)


def write_text(path: Path, text: str) -> str:
    """Write a file whose place is known, and say how it went."""
    try:
        write_atomically(path, text)
    except OSError as error:
        return f"Not saved: {sanitize(error.strerror or error)}"
    return f"Saved as {sanitize(path)}"

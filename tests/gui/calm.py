"""Where the controls of a window stand, and which of them moved or changed size when news came."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QLineEdit, QWidget

from tests.gui.desk import accessible_name
from tgwizard.gui.widgets.cards import Card


@dataclass(frozen=True, slots=True)
class Place:
    """A control and where it stands in the window; what is scrolled away stands outside of it."""

    widget: QWidget
    rect: QRect

    @property
    def words(self) -> str:
        """What it is called, where it stands, and how large it is."""
        name = accessible_name(self.widget) or (self.widget.title.text_shown if isinstance(self.widget, Card) else "")
        at = f"{self.rect.x()},{self.rect.y()} {self.rect.width()}x{self.rect.height()}"
        return f"{type(self.widget).__name__} {name[:60]!r} at {at}"


def controls(root: QWidget) -> dict[int, Place]:
    """Everything that is pressed, typed into or looked at as a card, and can be seen now."""
    return {
        id(widget): Place(widget, QRect(widget.mapTo(root, QPoint(0, 0)), widget.size()))
        for widget in root.findChildren(QWidget)
        if isinstance(widget, QAbstractButton | QLineEdit | Card | QAbstractItemView) and widget.isVisible()
    }


def laid_out() -> None:
    """Let a new height go up from layout to layout."""
    for _ in range(8):
        QApplication.processEvents()


def moved(before: dict[int, Place], after: dict[int, Place]) -> list[str]:
    """What stood there before and stands elsewhere now, or has another size."""
    return [
        f"{before[key].words} -> {after[key].words}"
        for key in before.keys() & after.keys()
        if before[key].rect != after[key].rect
    ]

"""What a careful eye and a screen reader would find wrong with a window: nameless, clipped or overlapping parts."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QAbstractButton, QLabel, QScrollArea, QWidget

from tests.gui.desk import accessible_name, focusable
from tgwizard.gui.widgets.buttons import Button
from tgwizard.gui.widgets.labels import ElidedLabel, Figure, LiveLine, LiveText

SLACK = 2
"""Pixels that rounding may take."""


def nameless(root: QWidget) -> list[str]:
    """Focusable widgets that assistive technology has no name for."""
    return [type(widget).__name__ for widget in focusable(root) if not accessible_name(widget).strip()]


def texts(root: QWidget) -> Iterator[QWidget]:
    """Every visible widget that shows text of its own."""
    for widget in root.findChildren(QWidget):
        if (
            widget.isVisibleTo(root)
            and isinstance(widget, QLabel | LiveText | LiveLine | Figure | Button)
            and said(widget)
        ):
            yield widget


def said(widget: QWidget) -> str:
    """The words a widget shows."""
    if isinstance(widget, LiveText | LiveLine | Figure):
        return widget.text_shown
    return widget.text() if isinstance(widget, QLabel | QAbstractButton) else ""


def clipped(root: QWidget) -> list[str]:
    """Text that has less room than it needs. What is cut in the middle on purpose has the whole in its tooltip."""
    return [f"{said(widget)!r} has {room(widget)}" for widget in texts(root) if is_clipped(widget)]


def room(widget: QWidget) -> str:
    """The size of a widget, in words."""
    return f"{widget.width()}x{widget.height()}"


def is_clipped(widget: QWidget) -> bool:
    """Whether the widget's text does not fit."""
    if isinstance(widget, LiveText):
        longest = max(map(QFontMetricsF(widget.font()).horizontalAdvance, widget.words_at(widget.width())), default=0.0)
        too_high = widget.heightForWidth(widget.width()) > widget.height() + SLACK
        return too_high or longest > widget.width() + SLACK
    wide = QFontMetricsF(widget.font()).horizontalAdvance(said(widget))
    if isinstance(widget, ElidedLabel | LiveLine):
        # What is scrolled away was not painted, and knows its tooltip only then.
        return not widget.visibleRegion().isEmpty() and wide > widget.width() + SLACK and not widget.toolTip()
    if isinstance(widget, Figure):
        return wide > widget.width() + SLACK
    if isinstance(widget, Button):
        return widget.sizeHint().width() > widget.width() + SLACK
    if isinstance(widget, QLabel) and widget.wordWrap():
        return widget.heightForWidth(widget.width()) > widget.height() + SLACK
    return wide > widget.width() + SLACK or QFontMetricsF(widget.font()).height() > widget.height() + SLACK


def overlapping(root: QWidget) -> list[str]:
    """Pairs of texts that cover one another."""
    found = [(said(widget), place) for widget in texts(root) if not (place := seen(widget, root)).isEmpty()]
    return [
        f"{one!r} and {other!r}"
        for index, (one, here) in enumerate(found)
        for other, there in found[index + 1 :]
        if here.adjusted(SLACK, SLACK, -SLACK, -SLACK).intersects(there)
    ]


def seen(widget: QWidget, root: QWidget) -> QRect:
    """The part of the widget's text that is not scrolled away, in the root's coordinates."""
    place = QRect(widget.mapTo(root, QPoint(0, 0)), widget.size())
    around = widget.parentWidget()
    while around is not None and around is not root:
        if isinstance(around.parentWidget(), QScrollArea):
            place = place.intersected(QRect(around.mapTo(root, QPoint(0, 0)), around.size()))
        around = around.parentWidget()
    return place


def sideways(root: QWidget) -> list[str]:
    """Pages that would have to scroll sideways."""
    found: list[str] = []
    for area in root.findChildren(QScrollArea):
        content = area.widget()
        off = area.horizontalScrollBarPolicy() is Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        if content is not None and off and area.isVisibleTo(root) and content.width() > area.viewport().width():
            found.append(f"{area.accessibleName()}: {content.width()} in {area.viewport().width()}")
    return found


def cut_off(root: QWidget) -> list[str]:
    """Text that reaches out of what holds it, and so is not painted there; scrolled content may."""
    found: list[str] = []
    for widget in texts(root):
        place, around = widget.rect(), widget
        while (holder := around.parentWidget()) is not None and around is not root:
            if isinstance(holder.parentWidget(), QScrollArea):
                break
            place = place.translated(around.pos())
            if not holder.rect().adjusted(-SLACK, -SLACK, SLACK, SLACK).contains(place):
                found.append(f"{said(widget)!r} reaches out of {type(holder).__name__} of {room(holder)}")
                break
            around = holder
    return found


def squeezed(root: QWidget) -> list[str]:
    """Buttons and cards to choose, which paint their words themselves, with less height than these need."""
    return [
        f"{accessible_name(widget)!r} has {room(widget)} of {high}"
        for widget in root.findChildren(QAbstractButton)
        if widget.isVisibleTo(root) and widget.height() + 1 < (high := needed_height(widget))
    ]


def needed_height(widget: QWidget) -> int:
    """How high a widget must be at its width."""
    high = widget.heightForWidth(widget.width()) if widget.hasHeightForWidth() else widget.minimumSizeHint().height()
    return min(high, widget.maximumHeight())


def wrong(root: QWidget) -> list[str]:
    """Everything that is wrong, in words."""
    return [
        *(f"nameless: {what}" for what in nameless(root)),
        *(f"clipped: {what}" for what in clipped(root)),
        *(f"squeezed: {what}" for what in squeezed(root)),
        *(f"cut off: {what}" for what in cut_off(root)),
        *(f"overlapping: {what}" for what in overlapping(root)),
        *(f"sideways: {what}" for what in sideways(root)),
    ]

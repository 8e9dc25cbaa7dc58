"""A person at the keyboard: goes round with Tab, and looks what cannot be reached and where the focus ring is cut."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QButtonGroup,
    QHeaderView,
    QLineEdit,
    QWidget,
)

from tests.gui.desk import accessible_name
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Token
from tgwizard.gui.widgets.focus_order import OneStop

MOST_STOPS = 200
BAND = 5
"""How far from the edge of a control a side of its ring may lie, in px."""

LEAST_SHARE = 0.95
"""How much of the middle half of a side must have the ring."""


def press(key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key in what has the focus."""
    here = QApplication.focusWidget()
    assert here is not None, "nothing has the focus"
    QTest.keyClick(here, key, modifiers)


def in_focus() -> QWidget:
    """What has the focus."""
    here = QApplication.focusWidget()
    assert here is not None, "nothing has the focus"
    return here


def called(widget: QWidget) -> str:
    """What a person would call it."""
    return f"{type(widget).__name__} {accessible_name(widget)!r}"


def round_with_tab(*, back: bool = False) -> list[QWidget]:
    """Every stop from the one after what has the focus, once round."""
    key = Qt.Key.Key_Backtab if back else Qt.Key.Key_Tab
    met: list[QWidget] = []
    for _ in range(MOST_STOPS):
        press(key)
        here = in_focus()
        if met and here is met[0]:
            return met
        assert here not in met, f"Tab goes back to {called(here)} and never comes to the first again"
        met.append(here)
    raise AssertionError(f"no end of stops: {[called(widget) for widget in met[-5:]]}")


def controls(root: QWidget) -> list[QWidget]:
    """What could be clicked or typed into, and whatever else takes the focus."""
    found: list[QWidget] = []
    for widget in root.findChildren(QWidget):
        inside_another = isinstance(widget.parentWidget(), QLineEdit | QAbstractItemView) and not isinstance(
            widget, QHeaderView
        )
        if inside_another or not widget.isVisible() or not widget.isEnabled():
            continue
        if isinstance(widget, QAbstractButton) or widget.focusPolicy() is not Qt.FocusPolicy.NoFocus:
            found.append(widget)
    return found


def unreachable(root: QWidget, stops: Iterable[QWidget]) -> list[str]:
    """Controls that neither Tab comes to, nor arrows from where it comes to."""
    reached = set(stops)
    return [called(one) for one in controls(root) if one not in reached and not _by_arrows(one, reached)]


def _by_arrows(widget: QWidget, reached: set[QWidget]) -> bool:
    around = widget.parentWidget()
    while around is not None:
        if isinstance(around, OneStop):
            return widget in around.stops() and any(stop in reached for stop in around.stops())
        around = around.parentWidget()
    if not isinstance(widget, QAbstractButton):
        return False
    group: QButtonGroup | None = widget.group()
    if group is not None:
        return any(other in reached for other in group.buttons())
    parent = widget.parentWidget()
    siblings = [] if parent is None else parent.findChildren(QAbstractButton)
    return widget.autoExclusive() and any(other in reached for other in siblings if other.autoExclusive())


def kinds(stops: Iterable[QWidget], parts: Iterable[QWidget]) -> list[int]:
    """For each stop the number of the part of the window that it stands in; -1 for none."""
    parts = list(parts)
    return [
        next((number for number, part in enumerate(parts) if part is stop or part.isAncestorOf(stop)), -1)
        for stop in stops
    ]


def ring_place(widget: QWidget) -> QRect:
    """What the ring goes round, in the widget's coordinates: of a list the current row."""
    if isinstance(widget, QHeaderView):
        section = widget.sortIndicatorSection()
        return QRect(widget.sectionViewportPosition(section), 0, widget.sectionSize(section), widget.height())
    if isinstance(widget, QAbstractItemView):
        row = widget.visualRect(widget.currentIndex())
        return QRect(0, row.top(), widget.viewport().width(), row.height()).translated(widget.viewport().pos())
    return widget.rect()


def cut_sides(window: QWidget, widget: QWidget, theme: Theme) -> list[str]:
    """The sides on which the ring of what has the focus is not whole in the window's picture."""
    place = ring_place(widget)
    place = QRect(widget.mapTo(window, place.topLeft()), place.size())
    around = place.adjusted(-BAND, -BAND, BAND, BAND)
    image = window.grab(around).toImage()
    ratio = image.devicePixelRatio()
    wanted = theme.colour(Token.ACCENT_TEXT)
    wide, high, band = image.width(), image.height(), round(2 * BAND * ratio)
    sides: dict[str, Callable[[int, int], QPoint]] = {
        "top": lambda depth, along: QPoint(along, depth),
        "bottom": lambda depth, along: QPoint(along, high - 1 - depth),
        "left": QPoint,
        "right": lambda depth, along: QPoint(wide - 1 - depth, along),
    }
    return [
        side
        for side, at in sides.items()
        if not _has_line(image, wanted, at, min(band, wide, high), wide if side in {"top", "bottom"} else high)
    ]


def _has_line(image: QImage, wanted: QColor, at: Callable[[int, int], QPoint], deep: int, long: int) -> bool:
    """Whether, along the middle half of a side, the ring is met at every place; a round one bends away."""
    along = range(long // 4, long - long // 4)
    met = sum(any(_alike(image.pixelColor(at(depth, place)), wanted) for depth in range(deep)) for place in along)
    return met >= LEAST_SHARE * len(along)


def _alike(one: QColor, other: QColor) -> bool:
    return all(
        abs(a - b) < 12
        for a, b in zip(one.getRgb()[:3], other.getRgb()[:3], strict=True)  # type: ignore[index]
    )

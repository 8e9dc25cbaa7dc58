"""Layouts that Qt has not: columns, widgets that flow into the next line, a stack as high as its page; and ``clear``.

Columns line up from row to row without knowing each other: each has a share, or a fixed width. Where there is no
room for columns, with large text, the cells of a row stand one below the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLayout, QLayoutItem, QVBoxLayout, QWidget


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its head, and its width: `px` at 100 % when given, else a `share` of what is left."""

    head: str = ""
    share: int = 1
    px: int = 0


class ColumnsLayout(QLayout):
    """One row. The number of widgets is the number of columns; hidden ones leave their room empty."""

    def __init__(self, parent: QWidget, widths: Sequence[tuple[int, int]], gap: int, *, stacked: bool) -> None:
        """`widths`: (px, share) of each column, px scaled already. `stacked`: all but a fixed first one below it."""
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._widths = tuple(widths)
        self._gap = gap
        self._stacked = stacked

    def addItem(self, item: QLayoutItem) -> None:
        """Add the next column's cell."""
        self._items.append(item)

    def count(self) -> int:
        """How many there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Take one out, or None."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """Rows are as wide as they may be."""
        return Qt.Orientation.Horizontal

    def hasHeightForWidth(self) -> bool:
        """Narrower is higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """How high the row is at that width."""
        margins = self.contentsMargins()
        inner = QRect(0, 0, max(1, width - margins.left() - margins.right()), 0)
        return self._place(inner, move=False) + margins.top() + margins.bottom()

    def setGeometry(self, rect: QRect) -> None:
        """Place the cells."""
        super().setGeometry(rect)
        self._place(rect.marginsRemoved(self.contentsMargins()), move=True)

    def sizeHint(self) -> QSize:
        """A comfortable row."""
        width = self.minimumSize().width() + 100
        return QSize(width, self.heightForWidth(width))

    def minimumSize(self) -> QSize:
        """The fixed columns and a little for the others."""
        margins = self.contentsMargins()
        fixed = sum(px for px, _ in self._widths) + self._gap * max(0, len(self._widths) - 1)
        if self._stacked:
            fixed = self._widths[0][0] + self._gap
        high = max((item.minimumSize().height() for item in self._items), default=0)
        return QSize(fixed + 60 + margins.left() + margins.right(), high + margins.top() + margins.bottom())

    def _height(self, item: QLayoutItem, width: int) -> int:
        if item.isEmpty():
            return 0
        return item.heightForWidth(width) if item.hasHeightForWidth() else item.sizeHint().height()

    def _place(self, rect: QRect, *, move: bool) -> int:
        return self._stack(rect, move=move) if self._stacked else self._row(rect, move=move)

    def _row(self, rect: QRect, *, move: bool) -> int:
        shares = sum(share for px, share in self._widths if not px) or 1
        fixed = sum(px for px, _ in self._widths) + self._gap * (len(self._widths) - 1)
        free = max(0, rect.width() - fixed)
        widths = [px or free * share // shares for px, share in self._widths]
        heights = [self._height(item, width) for item, width in zip(self._items, widths, strict=False)]
        high = max(heights, default=0)
        if move:
            left = rect.left()
            for item, width, own in zip(self._items, widths, heights, strict=False):
                item.setGeometry(QRect(left, rect.top() + (max(high, rect.height()) - own) // 2, width, own))
                left += width + self._gap
        return high

    def _stack(self, rect: QRect, *, move: bool) -> int:
        first = self._widths[0][0]
        indent = first + self._gap if first else 0
        top = rect.top()
        items = self._items[1:] if first else self._items
        if first and self._items and move:
            own = self._height(self._items[0], first)
            self._items[0].setGeometry(QRect(rect.left(), top, first, own))
        width = max(1, rect.width() - indent)
        for item in items:
            high = self._height(item, width)
            if not high:
                continue
            if move:
                item.setGeometry(QRect(rect.left() + indent, top, width, high))
            top += high + 2
        least = self._height(self._items[0], first) if first and self._items else 0
        return max(least, top - rect.top())


class FlowLayout(QLayout):
    """Left to right, then down. The last widget stands at the right end when it shares the line with others."""

    def __init__(self, parent: QWidget, gap: int, *, spread: bool = True) -> None:
        """Lay out `parent` with `gap` px between the widgets; without `spread` the last one follows the others."""
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gap = gap
        self._spread = spread
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        """Add at the end."""
        self._items.append(item)

    def count(self) -> int:
        """How many there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Take one out, or None."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """It takes no more than it needs."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """Narrower is higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """How high it is at that width."""
        return self._place(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        """Place the widgets."""
        super().setGeometry(rect)
        self._place(rect, move=True)

    def sizeHint(self) -> QSize:
        """All in one line."""
        width = sum(item.sizeHint().width() for item in self._items) + self._gap * max(0, len(self._items) - 1)
        return QSize(width, max((item.sizeHint().height() for item in self._items), default=0))

    def minimumSize(self) -> QSize:
        """As wide as the widest alone."""
        widths = [item.minimumSize().width() for item in self._items]
        heights = [item.minimumSize().height() for item in self._items]
        return QSize(max(widths, default=0), max(heights, default=0))

    def _place(self, rect: QRect, *, move: bool) -> int:
        lines: list[list[tuple[QLayoutItem, QSize]]] = [[]]
        left = 0
        for item in self._items:
            widget = item.widget()
            if widget is not None and widget.isHidden():
                continue
            size = item.sizeHint().boundedTo(QSize(rect.width(), 100_000))
            if lines[-1] and left + size.width() > rect.width():
                lines.append([])
                left = 0
            lines[-1].append((item, size))
            left += size.width() + self._gap
        top = rect.top()
        for number, line in enumerate(lines):
            height = max((size.height() for _, size in line), default=0)
            x = rect.left()
            for place, (item, size) in enumerate(line):
                last = self._spread and number == len(lines) - 1 and place == len(line) - 1 and place > 0
                x = max(x, rect.right() + 1 - size.width()) if last else x
                if move:
                    item.setGeometry(QRect(QPoint(x, top + (height - size.height()) // 2), size))
                x += size.width() + self._gap
            top += height + (self._gap if number < len(lines) - 1 else 0)
        return top - rect.top()


class FittedStack(QWidget):
    """Shows one of its pages."""

    def __init__(self, *pages: QWidget) -> None:
        super().__init__()
        self.pages = pages
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for page in pages:
            column.addWidget(page)
        self.show_page(0)

    def show_page(self, index: int) -> None:
        """Show one, hide the others."""
        for place, page in enumerate(self.pages):
            page.setVisible(place == index)


def at_most(widget: QWidget, width: int) -> QHBoxLayout:
    """`widget` at the left, no wider than `width`, as a row of a column.

    A column that holds it itself asks for its height at the whole width, where its text has fewer lines than it will
    have, and then takes the missing room from its neighbours.
    """
    row = QHBoxLayout()
    widget.setMaximumWidth(width)
    row.addWidget(widget, 1)
    row.addStretch(0)
    return row


def keep_room(widget: QWidget) -> None:
    """Have layouts keep the room of `widget` while it is hidden, so that nothing moves when it comes."""
    policy = widget.sizePolicy()
    policy.setRetainSizeWhenHidden(True)
    widget.setSizePolicy(policy)


def clear(layout: QLayout) -> None:
    """Take every widget and inner layout out of `layout` and delete it."""
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif inner is not None:
            clear(inner)

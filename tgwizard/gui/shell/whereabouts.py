"""Where a person is in the window, and where they were: the pages seen before, and what had the keyboard focus."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget
from shiboken6 import isValid

from tgwizard.gui.app.nav_pages import NavPage

KEPT = 50


@dataclass(frozen=True, slots=True)
class Visit:
    """A page that was seen: a page of the rail, or else a cluster's."""

    place: NavPage | None
    cluster: str = ""


class PageHistory:
    """The pages seen, in their order, and which of them is shown: Alt+Left and Alt+Right go through them."""

    def __init__(self) -> None:
        """None was seen yet."""
        self._seen: list[Visit] = []
        self._at = -1

    def note(self, place: NavPage | None, cluster: str = "") -> None:
        """A page is shown; what was ahead of it is forgotten, unless it is the one shown already."""
        visit = Visit(place, cluster)
        if self._at >= 0 and self._seen[self._at] == visit:
            return
        self._seen = [*self._seen[: self._at + 1], visit][-KEPT:]
        self._at = len(self._seen) - 1

    def step(self, by: int) -> Visit | None:
        """Go back (-1) or on (1) to a page; None when there is none."""
        if not self.has(by):
            return None
        self._at += by
        return self._seen[self._at]

    def has(self, by: int) -> bool:
        """Whether there is a page before (-1) or after (1) the one shown."""
        return 0 <= self._at + by < len(self._seen)

    def clear(self) -> None:
        """Nobody asked for what was shown so far."""
        self._seen, self._at = [], -1

    def drop_clusters(self) -> None:
        """The clusters are gone: nothing leads to them any more."""
        at = self._seen[self._at] if self._at >= 0 else None
        self._seen = [visit for visit in self._seen if not visit.cluster]
        self._at = len(self._seen) - 1 if at is None or at.cluster else self._seen.index(at)


@dataclass(frozen=True, slots=True)
class FocusLeft:
    """What had the keyboard focus, by the name it has for assistive technology, and how far the page was scrolled."""

    kind: type[QWidget] | None
    name: str
    scrolled: float

    @classmethod
    def of(cls, window: QWidget) -> FocusLeft:
        """What has it now."""
        focused = QApplication.focusWidget()
        if focused is None or not window.isAncestorOf(focused):
            return cls(None, "", _scrolled(window))
        return cls(type(focused), focused.accessibleName(), _scrolled(window))

    def restore(self, window: QWidget) -> None:
        """Give the focus to what is called so now, and scroll as far."""
        found = None
        if self.kind is not None:
            called = (one for one in window.findChildren(self.kind) if one.accessibleName() == self.name)
            found = next((one for one in called if one.isVisible() and one.isEnabled()), None)
            if found is not None:
                found.setFocus(Qt.FocusReason.OtherFocusReason)
        # Only then does the new page know how long it is.
        QTimer.singleShot(0, window, partial(_scroll, window, self.scrolled, found))


def _area(window: QWidget) -> QScrollArea | None:
    return next((area for area in window.findChildren(QScrollArea) if area.isVisible()), None)


def _scrolled(window: QWidget) -> float:
    area = _area(window)
    bar = None if area is None else area.verticalScrollBar()
    return bar.value() / bar.maximum() if bar is not None and bar.maximum() else 0.0


def _scroll(window: QWidget, share: float, focused: QWidget | None) -> None:
    area = _area(window)
    if area is not None:
        QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
        area.verticalScrollBar().setValue(round(share * area.verticalScrollBar().maximum()))
        if focused is not None and isValid(focused) and area.isAncestorOf(focused):
            area.ensureWidgetVisible(focused)

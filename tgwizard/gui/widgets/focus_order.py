"""Where Tab goes, and where the focus stays: one order for the window and for its dialogs (gui/README.md 12).

The order is that of reading. A widget's parts come as its layout has them; one that wants another order says so by a
method `focus_parts`. A part that is a list of items (`OneStop`) is one stop, and arrows go between its items.

What loses the focus against a person's will, because it is hidden, switched off or built anew, gets it back as soon as
it is there again, unless the person has gone elsewhere. Until then the focus rests on what holds it, where no key acts:
a second press of Space must not reach the button beside the one that was pressed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QBoxLayout,
    QButtonGroup,
    QGridLayout,
    QLayout,
    QLineEdit,
    QScrollArea,
    QWidget,
)
from shiboken6 import isValid

AIR = 24
"""So much is to be seen above and below what Tab has come to, in px."""

LOOKS, LOOK_MS = 20, 25
"""How often, and at what distance, what was built anew is looked for."""

_UP = frozenset({Qt.Key.Key_Up, Qt.Key.Key_Left})
_DOWN = frozenset({Qt.Key.Key_Down, Qt.Key.Key_Right})
_BACKWARDS = frozenset({QBoxLayout.Direction.RightToLeft, QBoxLayout.Direction.BottomToTop})


class OneStop(QWidget):
    """Items that are one stop of Tab: arrows, Home and End go between those that can be used, and press none."""

    def stops(self) -> Sequence[QWidget]:
        """The items in their order."""
        raise NotImplementedError

    def current_stop(self) -> QWidget | None:
        """The item that stands for the rest, if one does."""
        return None

    def entry(self) -> QWidget | None:
        """The one that Tab comes to: the current one, else the first that can be used."""
        current = self.current_stop()
        if current is not None and can_have_focus(current):
            return current
        return next((item for item in self.stops() if can_have_focus(item)), None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows, Home and End."""
        able = [item for item in self.stops() if can_have_focus(item)]
        here = next((place for place, item in enumerate(able) if item.hasFocus()), None)
        to = None if here is None else _arrow(event.key(), here, len(able) - 1)
        if to is None:
            super().keyPressEvent(event)
            return
        go_to(able[to], Qt.FocusReason.OtherFocusReason)
        event.accept()


def _arrow(key: int, here: int, last: int) -> int | None:
    if key in _DOWN:
        return min(last, here + 1)
    if key in _UP:
        return max(0, here - 1)
    return {Qt.Key.Key_Home: 0, Qt.Key.Key_End: last}.get(Qt.Key(key))


def can_have_focus(widget: QWidget) -> bool:
    """Whether a key could be meant for it now."""
    return widget.isVisible() and widget.isEnabled() and widget.focusPolicy() is not Qt.FocusPolicy.NoFocus


def focus_stops(root: QWidget, here: QWidget | None = None) -> Iterator[QWidget]:
    """The stops of Tab below `root`, in reading order; `here` is among them wherever it stands."""
    for part in _parts(root):
        has_here = here is not None and (part is here or part.isAncestorOf(here))
        if not (part.isVisible() or has_here):
            continue
        if isinstance(part, OneStop):
            inside = [item for item in part.stops() if here is not None and (item is here or item.isAncestorOf(here))]
            entry = part.entry()
            yield from inside or ([] if entry is None else [entry])
            continue
        if part is here or _is_stop(part):
            yield part
        yield from focus_stops(part, here)


def _is_stop(widget: QWidget) -> bool:
    if not can_have_focus(widget):
        return False
    if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
        return True
    return isinstance(widget, QAbstractButton) and _stands_for_its_group(widget)


def _stands_for_its_group(button: QAbstractButton) -> bool:
    """Whether it is the first of a group whose chosen one, where Tab would go, cannot be used now."""
    group: QButtonGroup | None = button.group()
    able = [] if group is None else [other for other in group.buttons() if can_have_focus(other)]
    return able[:1] == [button] and not any(other.focusPolicy() & Qt.FocusPolicy.TabFocus for other in able)


def _parts(widget: QWidget) -> list[QWidget]:
    """What it holds, in reading order."""
    declared = getattr(widget, "focus_parts", None)
    if declared is not None:
        return list(declared())
    if isinstance(widget, QScrollArea):
        content = widget.widget()
        return [] if content is None else [content]
    if isinstance(widget, QAbstractScrollArea | QLineEdit):
        return []
    layout = widget.layout()
    found = [] if layout is None else list(_laid_out(layout))
    known = set(found)
    rest = [child for child in widget.children() if isinstance(child, QWidget) and child not in known]
    return [*found, *sorted((one for one in rest if not one.isWindow()), key=lambda one: (one.y(), one.x()))]


def _laid_out(layout: QLayout) -> Iterator[QWidget]:
    places = list(range(layout.count()))
    if isinstance(layout, QGridLayout):
        places.sort(key=lambda place: tuple(layout.getItemPosition(place))[:2])  # type: ignore[arg-type]
    elif isinstance(layout, QBoxLayout) and layout.direction() in _BACKWARDS:
        places.reverse()
    for place in places:
        item = layout.itemAt(place)
        widget, inner = (None, None) if item is None else (item.widget(), item.layout())
        if widget is not None:
            yield widget
        elif inner is not None:
            yield from _laid_out(inner)


def go_to(widget: QWidget, reason: Qt.FocusReason) -> None:
    """Give it the focus, and bring it into view."""
    widget.setFocus(reason)
    around = widget.parentWidget()
    while around is not None:
        content = around.widget() if isinstance(around, QScrollArea) else None
        if isinstance(around, QScrollArea) and content is not None and content.isAncestorOf(widget):
            # Not ensureWidgetVisible: of a field that shows no more than the line with the cursor.
            middle = widget.mapTo(content, widget.rect().center())
            half = min(widget.height() // 2 + AIR, around.viewport().height() // 2)
            around.ensureVisible(middle.x(), middle.y(), 0, half)
        around = around.parentWidget()


class FocusKeeper(QObject):
    """Tab and the kept focus below one widget, whose `focusNextPrevChild` asks it.

    Qt calls that for Tab, and when what has the focus is hidden or switched off.
    """

    def __init__(self, root: QWidget) -> None:
        super().__init__(root)
        self._root = root
        self._lost: QWidget | None = None
        """What had the focus; may be deleted by now."""
        self._called: tuple[type, str] = (QWidget, "")
        self._rest: QWidget | None = None
        """Where the focus rests until then."""
        self._looks = 0
        self._look = QTimer(self)
        self._look.setInterval(LOOK_MS)
        self._look.timeout.connect(self._find_again)

    def move(self, *, forward: bool) -> bool:
        """Move the focus one stop on or back; whether it moved."""
        here = QApplication.focusWidget()
        if here is not None and not self._root.isAncestorOf(here):
            here = None
        if here is not None and not (here.isVisible() and here.isEnabled()):
            return self._rest_beside(here)
        lost = self._lost
        if here is not None and here is self._rest and lost is not None and isValid(lost):
            here = lost
        self._forget()
        stops = list(focus_stops(self._root, here))
        able = [stop for stop in stops if stop is not here]
        if not able:
            return False
        place = stops.index(here) if here in stops else -1 if forward else 0
        following = stops[(place + (1 if forward else -1)) % len(stops)]
        go_to(following, Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason)
        return True

    def _rest_beside(self, lost: QWidget) -> bool:
        """Let the focus rest on the nearest thing around that has a name, and wait for what lost it."""
        if lost is self._rest and self._lost is not None:
            lost = self._lost if isValid(self._lost) else lost
        self._forget()
        around = lost.parentWidget()
        while around is not None and not (around.isVisible() and around.isEnabled() and around.accessibleName()):
            around = around.parentWidget()
        if around is None or not (around is self._root or self._root.isAncestorOf(around)):
            around = self._root
        self._lost, self._rest, self._called = lost, around, (type(lost), lost.accessibleName())
        lost.installEventFilter(self)
        around.setFocus(Qt.FocusReason.OtherFocusReason)
        self._looks = LOOKS
        self._look.start()
        return True

    def _forget(self) -> None:
        self._look.stop()
        if self._lost is not None and isValid(self._lost):
            self._lost.removeEventFilter(self)
        self._lost = self._rest = None

    def _is_waiting(self) -> bool:
        rest = self._rest
        return rest is not None and isValid(rest) and QApplication.focusWidget() is rest

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What lost the focus can be used again."""
        if event.type() in {QEvent.Type.EnabledChange, QEvent.Type.Show} and watched is self._lost:
            self._looks = max(self._looks, 2)
            self._look.start()
        return False

    @Slot()
    def _find_again(self) -> None:
        """Look whether it, or what was built in its place, is there."""
        if not self._is_waiting():
            self._forget()
            return
        lost = self._lost
        there = lost is not None and isValid(lost)
        if there and lost is not None and can_have_focus(lost):
            self._give(lost)
            return
        twin = self._twin()
        if twin is not None:
            self._give(twin)
            return
        self._looks -= 1
        if self._looks <= 0:
            self._look.stop()
            if not there:
                self._forget()

    def _twin(self) -> QWidget | None:
        kind, name = self._called
        rest = self._rest
        if rest is None or not name:
            return None
        alike = [one for one in rest.findChildren(QWidget) if type(one) is kind and can_have_focus(one)]
        whole = [one for one in alike if one.accessibleName() == name]
        return next(iter(whole or [one for one in alike if _subject(one.accessibleName()) == _subject(name)]), None)

    def _give(self, widget: QWidget) -> None:
        self._forget()
        widget.setFocus(Qt.FocusReason.OtherFocusReason)


def _subject(name: str) -> str:
    """What a name is about: the words before its values."""
    return name.split(":", maxsplit=1)[0].split(",", maxsplit=1)[0]

"""Accessible roles and announcements for widgets we paint or compose (gui/README.md 13).

Qt gives a composed widget the role "client". A widget that has an `accessible_role` attribute gets an interface with
that role instead; name, description and children come from the widget itself.
"""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget, QWidget

ANNOUNCED = "tgwizard-announced"


def _interface_for(_class_name: str, thing: QObject) -> QAccessibleInterface | None:
    role = getattr(thing, "accessible_role", None)
    if isinstance(thing, QWidget) and isinstance(role, QAccessible.Role):
        return QAccessibleWidget(thing, role)
    return None


def install_accessible_roles() -> None:
    """Register our interfaces with Qt. Called once, before the first window."""
    QAccessible.installFactory(_interface_for)


def announce(widget: QWidget, sentence: str, *, at_once: bool = False) -> None:
    """Have a screen reader speak `sentence`; `at_once` interrupts what it is saying.

    The sentence is also left on the widget as the property `ANNOUNCED`: Qt has no way to listen to announcements.
    """
    event = QAccessibleAnnouncementEvent(widget, sentence)
    politeness = QAccessible.AnnouncementPoliteness
    event.setPoliteness(politeness.Assertive if at_once else politeness.Polite)
    QAccessible.updateAccessibility(event)
    widget.setProperty(ANNOUNCED, f"at once: {sentence}" if at_once else sentence)

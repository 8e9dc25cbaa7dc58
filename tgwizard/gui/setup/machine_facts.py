"""Two machines side by side with what counts for a cluster: power and zone, LAN interface, identity."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from tgwizard.engine.discovery.lan_interface import LanChoice
from tgwizard.engine.discovery.pairs import Pair
from tgwizard.gui.style.icons import Icon, IconMark
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.check_rows import CheckRow
from tgwizard.gui.widgets.labels import ElidedLabel
from tgwizard.model.inventory import VmFound
from tgwizard.model.snapshot import Power
from tgwizard.model.text import tame

STACK_BELOW = 460
"""Narrower than this, at 100 % text, the second machine stands under the first."""

_POWER = {
    Power.RUNNING: "Running",
    Power.NOT_KNOWN: "Power not read",
}


def machine_words(vm: VmFound) -> str:
    """A machine's power, zone and region as one line."""
    power = _POWER.get(vm.power, vm.power.value.replace("_", " ").capitalize())
    zone = f"zone {tame(vm.zone, 10)}" if vm.zone else ""
    return ", ".join(part for part in (power, zone, tame(vm.location, 60)) if part)


class MachineColumn(QWidget):
    """One machine: name and three facts."""

    def __init__(self, theme: Theme, vm: VmFound, lan: LanChoice) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(6))
        head = QHBoxLayout()
        head.setSpacing(theme.px(9))
        head.addWidget(IconMark(theme, Icon.SERVER, 16))
        head.addWidget(ElidedLabel(theme, tame(vm.id.name, 90), TextRole.NAME), 1)
        column.addLayout(head)
        running = {Power.RUNNING: Shape.GOOD, Power.NOT_KNOWN: Shape.NOT_KNOWN}.get(vm.power, Shape.WARNING)
        on = vm.identity.system_assigned
        rows = (
            (running, machine_words(vm)),
            lan_row(lan),
            (Shape.GOOD if on else Shape.WARNING, "System identity on" if on else "System identity off"),
        )
        for shape, words in rows:
            column.addWidget(CheckRow(theme, shape, words))
        column.addStretch(1)


def lan_row(lan: LanChoice) -> tuple[Shape, str]:
    """The LAN interface as one fact."""
    nic = lan.nic
    if nic is None:
        return Shape.BROKEN, "No interface could be read"
    subnet = tame(nic.subnet.name, 90) if nic.subnet else "no subnet"
    forwarding = "forwarding on" if nic.ip_forwarding else "forwarding off"
    return (Shape.GOOD if nic.ip_forwarding else Shape.WARNING), f"LAN NIC in {subnet}, {forwarding}"


class MachinePair(QWidget):
    """Both, with a line between them, or one under the other."""

    def __init__(self, theme: Theme, pair: Pair) -> None:
        super().__init__()
        self._theme = theme
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, theme.px(6), 0, 0)
        self._row.setSpacing(theme.px(28))
        for vm, lan in zip(pair.vms, pair.lan, strict=True):
            self._row.addWidget(MachineColumn(theme, vm, lan), 1)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Stack in a narrow card."""
        super().resizeEvent(event)
        narrow = self.width() < self._theme.px(STACK_BELOW)
        way = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        if self._row.direction() is not way:
            self._row.setDirection(way)

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._row.direction() is QBoxLayout.Direction.LeftToRight:
            line = QRectF(self.width() / 2 - 1, self._theme.px(6), 1, self.height() - self._theme.px(6))
            QPainter(self).fillRect(line, self._theme.colour(Token.BORDER))

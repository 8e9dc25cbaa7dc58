"""Where one signs in: the cloud and the directory, as two fields. Nothing is asked while they are typed."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import LARGE_TEXT
from tgwizard.gui.widgets.field_row import FieldRow, RowLook
from tgwizard.gui.widgets.filter_chip import SuggestionChip
from tgwizard.gui.widgets.layouts import FlowLayout
from tgwizard.model.cloud import KNOWN, Cloud, is_known
from tgwizard.model.fields import CLOUD_TO_REACH, DIRECTORY


def _typed(cloud: Cloud) -> str:
    """How the cloud is named in the field: one that is known by its endpoint alone has no other name."""
    return cloud.name if is_known(cloud) else cloud.arm


class SignInPlace(QWidget):
    """`changed` with every key. The cloud of the window is another one only once the page goes there."""

    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Nothing is connected yet."""
        super().__init__(parent)
        self._connected: Cloud | None = None
        self._titles = {cloud.name: cloud.title for cloud in KNOWN}
        large = theme.text_scale >= LARGE_TEXT
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(4))
        row = QVBoxLayout() if large else QHBoxLayout()
        row.setSpacing(theme.px(16))
        self.cloud = FieldRow(theme, CLOUD_TO_REACH.label, CLOUD_TO_REACH, RowLook(longest=100))
        self.tenant = FieldRow(theme, DIRECTORY.label, DIRECTORY, RowLook(longest=100))
        self.cloud.typed.connect(self._on_typed)
        self.tenant.typed.connect(self._on_typed)
        row.addWidget(self.cloud, 1)
        row.addWidget(self.tenant, 1)
        column.addLayout(row)
        chips = QWidget()
        flow = FlowLayout(chips, theme.px(6), spread=False)
        flow.setContentsMargins(0, 0, 0, 0)
        self.chips: dict[str, SuggestionChip] = {}
        for known in KNOWN:
            chip = SuggestionChip(theme, known.title)
            chip.clicked.connect(partial(self._take, known.name))
            self.chips[known.name] = chip
            flow.addWidget(chip)
        column.addWidget(chips)

    @property
    def cloud_text(self) -> str:
        """The cloud as it is typed."""
        return self.cloud.text

    @property
    def tenant_text(self) -> str:
        """The directory as it is typed; empty for the account's own."""
        return self.tenant.text

    @property
    def wrong(self) -> str:
        """What is wrong with one of the two; empty when nothing is."""
        found = next((one for one in (self.cloud.check(), self.tenant.check()) if one is not None), None)
        return "" if found is None else found.sentence

    @property
    def other_cloud(self) -> str:
        """What the cloud is called that is named and not connected; empty when it is the one that is."""
        here = self._connected
        text = self.cloud.text
        if here is None or self.cloud.check() is not None or text.rstrip("/").lower() == _typed(here).lower():
            return ""
        return self._titles.get(text.lower(), text)

    def show_connected(self, cloud: Cloud, clouds: tuple[Cloud, ...]) -> None:
        """The cloud that this window works in, and those it knows."""
        if cloud == self._connected:
            return
        self._connected = cloud
        self._titles |= {one.name: one.title for one in clouds}
        self.cloud.replace(_typed(cloud))
        self._mark()

    def show_tenant(self, tenant: str) -> None:
        """The directory that was typed before."""
        self.tenant.replace(tenant)

    def settle(self) -> None:
        """Judge what stands there now."""
        self.cloud.settle()
        self.tenant.settle()

    def _take(self, name: str) -> None:
        self.cloud.replace(name)
        self._on_typed()

    @Slot()
    def _on_typed(self, _text: str = "") -> None:
        self._mark()
        self.changed.emit()

    def _mark(self) -> None:
        for name, chip in self.chips.items():
            chip.setChecked(self.cloud.text.lower() == name)

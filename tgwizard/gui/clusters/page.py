"""The Clusters page: a short list to open one from, and what to do when there is none."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tgwizard.gui.kit.buttons import Button
from tgwizard.gui.kit.labels import ElidedLabel, TextLabel
from tgwizard.gui.kit.pill import Tag
from tgwizard.gui.kit.surface import Card
from tgwizard.gui.theme import Theme
from tgwizard.gui.tokens import TextRole, Token
from tgwizard.model.cluster_setup import ClusterSetup


class ClustersPage(QWidget):
    """Every cluster as a card with an Open button."""

    opened = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """No cluster yet."""
        super().__init__(parent)
        self._theme = theme
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(28, 24, 28, 24)
        self._column.setSpacing(12)
        self._column.addWidget(TextLabel(theme, "Clusters", TextRole.TITLE))
        self._lead = TextLabel(theme, "", TextRole.LEAD, Token.TEXT2, wrap=True)
        self._column.addWidget(self._lead)
        self._list = QVBoxLayout()
        self._list.setSpacing(12)
        self._column.addLayout(self._list)
        self._column.addStretch(1)
        self.show_clusters((), opening=True)

    def show_clusters(self, clusters: tuple[ClusterSetup, ...], *, opening: bool) -> None:
        """List `clusters`; `opening` tells that the program is still opening them."""
        while (item := self._list.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        if opening:
            self._lead.say("Opening. Nothing was written.")
        elif clusters:
            self._lead.say("Each is watched while this window is open.")
        else:
            self._lead.say(
                "No cluster is saved here. Put a cluster file into the clusters folder, or start tgwizard with "
                "--lab to rehearse on an embedded Azure. Setting one up in this window comes with the wizard."
            )
        for setup in clusters:
            self._list.addWidget(self._row(setup))

    def _row(self, setup: ClusterSetup) -> Card:
        card = Card(self._theme, spacing=0)
        row = QHBoxLayout()
        row.setSpacing(12)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(ElidedLabel(self._theme, setup.name, TextRole.NAME))
        members = " and ".join(member.name for member in setup.members)
        words.addWidget(ElidedLabel(self._theme, f"{setup.address}, {members}", TextRole.CAPTION, Token.TEXT2))
        row.addLayout(words, 1)
        if setup.is_lab:
            row.addWidget(Tag(self._theme, "Lab", edge=True), 0, Qt.AlignmentFlag.AlignVCenter)
        button = Button(self._theme, "Open")
        button.setAccessibleName(f"Open {setup.name}")
        button.clicked.connect(self._opener(setup))
        row.addWidget(button)
        card.body.addLayout(row)
        return card

    def _opener(self, setup: ClusterSetup) -> Callable[[], None]:
        def open_it() -> None:
            self.opened.emit(setup)

        return open_it

"""The bar above every page: breadcrumbs, and the Lab tag so that no one mistakes a lab for the real thing."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from tgwizard.gui.kit.buttons import Button, ButtonKind
from tgwizard.gui.kit.icons import Icon, IconMark
from tgwizard.gui.kit.labels import ElidedLabel
from tgwizard.gui.kit.pill import Tag
from tgwizard.gui.theme import Theme
from tgwizard.gui.tokens import Scheme, TextRole, ThemeChoice, Token

HEIGHT = 47


class TopBar(QWidget):
    """Breadcrumbs at left, tag and theme at right. `crumb_chosen(index)` for every crumb but the last."""

    crumb_chosen = Signal(int)

    def __init__(self, theme: Theme, *, is_lab: bool, parent: QWidget | None = None) -> None:
        """Without crumbs."""
        super().__init__(parent)
        self._theme = theme
        self._crumbs: tuple[str, ...] = ()
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 20, 0)
        row.setSpacing(10)
        self._place = QHBoxLayout()
        self._place.setSpacing(4)
        row.addLayout(self._place)
        if is_lab:
            row.addWidget(Tag(theme, "Lab", edge=True))
        row.addStretch(1)
        self.theme_button = Button(theme, "Dark", ButtonKind.GHOST, Icon.THEME)
        self.theme_button.clicked.connect(self._on_theme)
        row.addWidget(self.theme_button)
        self.setFixedHeight(theme.px(HEIGHT))
        theme.changed.connect(self._on_changed)
        self._on_changed()

    def show_crumbs(self, crumbs: tuple[str, ...]) -> None:
        """Show `crumbs`; all but the last lead back."""
        if crumbs == self._crumbs:
            return
        self._crumbs = crumbs
        while (item := self._place.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for index, crumb in enumerate(crumbs):
            if index:
                self._place.addWidget(IconMark(self._theme, Icon.CHEVRON_RIGHT, 16, Token.TEXT3))
            if index == len(crumbs) - 1:
                last = ElidedLabel(self._theme, crumb, TextRole.BODY_STRONG)
                last.setContentsMargins(7, 0, 0, 0)
                self._place.addWidget(last)
                continue
            button = Button(self._theme, crumb, ButtonKind.GHOST, height=28)
            button.setAccessibleName(f"Go to {crumb}")
            button.clicked.connect(self._chooser(index))
            self._place.addWidget(button)

    def _chooser(self, index: int) -> Callable[[], None]:
        def choose() -> None:
            self.crumb_chosen.emit(index)

        return choose

    @Slot()
    def _on_theme(self) -> None:
        dark = self._theme.scheme is Scheme.DARK
        self._theme.choose(ThemeChoice.LIGHT if dark else ThemeChoice.DARK)

    @Slot()
    def _on_changed(self) -> None:
        dark = self._theme.scheme is Scheme.DARK
        self.theme_button.rename("Light" if dark else "Dark")
        self.theme_button.setAccessibleName("Use the light theme" if dark else "Use the dark theme")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the line below the bar."""
        painter = QPainter(self)
        painter.fillRect(0, self.height() - 1, self.width(), 1, self._theme.colour(Token.BORDER))

"""A stack that is as high as the page shown, so that a short page does not scroll for the sake of a long one."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget


class PagesStack(QWidget):
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

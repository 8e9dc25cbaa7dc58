"""The checks of the question in two columns. Rows are kept: an answer that comes in changes words and builds little."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.cards import Surface
from tgwizard.gui.widgets.check_rows import CheckRow, CheckRows, CheckShown


class CheckGrid(Surface):
    """Rows in two columns, filled down the first, then down the second."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.setAccessibleName("Checks before the failover")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(14, 10, 14, 11)
        self._grid.setHorizontalSpacing(18)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, 1)
        self._places: dict[QWidget, tuple[int, int]] = {}
        self._list = CheckRows(self, self._make, self._put)

    @property
    def rows(self) -> tuple[CheckRow, ...]:
        """The rows shown, in their order."""
        return self._list.rows

    def show_checks(self, checks: tuple[CheckShown, ...]) -> None:
        """Show these; a row that is there already only changes its words and its place."""
        self._list.show(checks)

    def _make(self, check: CheckShown) -> CheckRow:
        return CheckRow(self.theme, check.shape, check.fact, check.evidence, quiet=True)

    def _put(self, row: CheckRow, index: int, count: int) -> None:
        half = (count + 1) // 2
        place = (index % half, index // half)
        if self._places.get(row) != place:
            self._places[row] = place
            self._grid.removeWidget(row)
            self._grid.addWidget(row, *place, Qt.AlignmentFlag.AlignTop)

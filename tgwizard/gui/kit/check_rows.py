"""The rows of a list of checks: kept from one answer to the next, and built a few in a turn when more are needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from tgwizard.gui.kit.plain_tips import plain_tip
from tgwizard.gui.kit.rows import CheckRow
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.turns import Turns

IN_A_TURN = 3
"""How many rows are built at once in a list that someone looks at: with layout and paint a row costs 2 ms."""


@dataclass(frozen=True, slots=True)
class CheckShown:
    """One row: shape, fact, evidence below it, tooltip, and what is read out in its place (empty: the evidence)."""

    shape: Shape
    fact: str
    evidence: str = ""
    tip: str = ""
    spoken: str = ""


class CheckRows:
    """Keeps the rows of `owner`.

    ``make`` builds one, ``put`` gives it its place: row, index, how many there will be.
    """

    def __init__(
        self,
        owner: QWidget,
        make: Callable[[CheckShown], CheckRow],
        put: Callable[[CheckRow, int, int], None],
    ) -> None:
        self._owner = owner
        self._make = make
        self._put = put
        self._rows: list[CheckRow] = []
        self._wanted: tuple[CheckShown, ...] = ()
        self._turns = Turns(owner)

    @property
    def rows(self) -> tuple[CheckRow, ...]:
        """The rows shown, in their order."""
        return tuple(self._rows)

    def show(self, checks: tuple[CheckShown, ...]) -> None:
        """Show these: a row that is there changes its words now, more of them follow in turns if the list is seen."""
        self._wanted = checks
        self._turns.drop()
        while len(self._rows) > len(checks):
            surplus = self._rows.pop()
            surplus.hide()
            surplus.deleteLater()
        for index, row in enumerate(self._rows):
            self._fill(row, index)
        if self._owner.isVisible():
            self._grow_on()
        else:
            self._grow(len(checks))

    def _grow_on(self) -> None:
        if len(self._rows) < len(self._wanted):
            self._turns.add(self._next)

    def _next(self) -> None:
        self._grow(IN_A_TURN)
        self._grow_on()

    def _grow(self, most: int) -> None:
        for index in range(len(self._rows), min(len(self._rows) + most, len(self._wanted))):
            row = self._make(self._wanted[index])
            self._rows.append(row)
            self._fill(row, index)

    def _fill(self, row: CheckRow, index: int) -> None:
        check = self._wanted[index]
        row.show_check(check.shape, check.fact, check.evidence)
        row.setToolTip(plain_tip(check.tip))
        row.setAccessibleDescription(check.spoken or check.evidence)
        self._put(row, index, len(self._wanted))

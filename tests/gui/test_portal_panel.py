"""The panel "In the Azure portal this is" is read from the top, whatever room it has."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint
from pytestqt.qtbot import QtBot

from tests.gui.desk import PATIENCE_MS
from tests.gui.walk import said, texts
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.portal_panel import PortalPanel, PortalShown

SHOWN = PortalShown("Signing in.", (("Open the Azure portal", ""),), "", "az login", "Why we ask", "It is yours.")


def spread(panel: PortalPanel, first: str, last: str) -> int:
    """From the top of one text to the bottom of another."""
    found = {said(one): one for one in texts(panel)}
    above, below = (found[word].mapTo(panel, QPoint(0, 0)).y() for word in (first, last))
    return below + found[last].height() - above


@pytest.mark.parametrize("two", [False, True])
def test_that_a_high_panel_has_its_spare_room_at_the_end(theme: Theme, qtbot: QtBot, *, two: bool) -> None:
    panel = PortalPanel(theme)
    qtbot.addWidget(panel)
    panel.set_two_columns(not two)
    panel.set_two_columns(two)
    panel.show_portal(SHOWN)
    panel.resize(700, 1400)
    panel.show()
    whole = ("In the Azure portal this is", "Open the Azure portal")
    qtbot.waitUntil(lambda: spread(panel, *whole) <= theme.px(120), timeout=PATIENCE_MS)
    assert spread(panel, "Why we ask", "It is yours.") <= theme.px(80)

"""The first page of the wizard: it offers the connected cloud alone, and says how another one is reached."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from tgwizard.gui.setup.sign_in_step import SignInPage, SignInShown
from tgwizard.gui.style.theme import Theme
from tgwizard.model.cloud import CHINA, KNOWN, PUBLIC, Cloud


@pytest.mark.parametrize(
    ("clouds", "said"),
    [
        (
            KNOWN,
            (
                "This window is connected to Azure public. To work in another cloud, close it and start "
                "tgwizard --cloud usgovernment, tgwizard --cloud china or tgwizard --cloud with the address of an "
                "Azure Resource Manager."
            ),
        ),
        (
            (CHINA, PUBLIC),
            (
                "This window is connected to Azure China (21Vianet). To work in another cloud, close it and start "
                "tgwizard --cloud public or tgwizard --cloud with the address of an Azure Resource Manager."
            ),
        ),
    ],
    ids=["public", "china"],
)
def test_that_a_cloud_is_not_changed_in_a_running_window(
    qtbot: QtBot, theme: Theme, clouds: tuple[Cloud, ...], said: str
) -> None:
    page = SignInPage(theme)
    qtbot.addWidget(page)
    page.show()
    page.show_sign_in(SignInShown(clouds, clouds[0].name))
    assert page.cloud.isVisible()
    assert page.cloud.text_shown == said


def test_that_a_lab_speaks_of_no_other_cloud(qtbot: QtBot, theme: Theme) -> None:
    page = SignInPage(theme)
    qtbot.addWidget(page)
    page.show()
    page.show_sign_in(SignInShown((PUBLIC,), "public", is_lab=True))
    assert not page.cloud.isVisible()

"""The first page of the wizard: choosing a way begins nothing, cloud and directory are fields, and it says why not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.desk import PATIENCE_MS, accessible_description
from tgwizard.gui.setup.sign_in_step import SignInPage, SignInShown
from tgwizard.gui.style.theme import Theme
from tgwizard.model.cloud import CHINA, KNOWN, PUBLIC, Cloud
from tgwizard.model.inventory import Caller
from tgwizard.model.problem import Problem
from tgwizard.model.sign_in import ANOTHER_WAY, MethodSeen, SignInMethod, told_at_sign_in

NO_AZ = Problem("az-not-found", "The Azure CLI (az) was not found on this computer.", "", "Install it.")
WAYS = (
    MethodSeen(SignInMethod.BROWSER),
    MethodSeen(SignInMethod.DEVICE_CODE),
    MethodSeen(SignInMethod.AZURE_CLI, problem=NO_AZ),
)
NOBODY = SignInShown(KNOWN, PUBLIC.name, WAYS, SignInMethod.BROWSER)


@pytest.fixture
def page(qtbot: QtBot, theme: Theme) -> Iterator[SignInPage]:
    made = SignInPage(theme)
    qtbot.addWidget(made)
    made.resize(880, 900)
    made.show()
    made.show_sign_in(NOBODY)
    yield made
    made.hide()


def begun(page: SignInPage) -> list[SignInMethod]:
    """The ways that were begun from now on."""
    found: list[SignInMethod] = []
    page.start_asked.connect(found.append)
    return found


def chosen_by(page: SignInPage) -> None:
    """Show what is chosen on the page, as the wizard does."""
    page.method_chosen.connect(lambda way: page.show_sign_in(SignInShown(KNOWN, PUBLIC.name, WAYS, way)))


def test_that_choosing_a_way_begins_nothing_and_the_button_does(page: SignInPage) -> None:
    chosen_by(page)
    ways = begun(page)
    QTest.mouseClick(page._cards[SignInMethod.DEVICE_CODE], Qt.MouseButton.LeftButton)
    assert page._cards[SignInMethod.DEVICE_CODE].isChecked()
    assert ways == []
    assert page.start.accessibleName() == "Sign in with a code"
    QTest.mouseClick(page.start, Qt.MouseButton.LeftButton)
    assert ways == [SignInMethod.DEVICE_CODE]


def test_that_arrows_choose_and_the_button_is_next(page: SignInPage, qtbot: QtBot) -> None:
    chosen_by(page)
    ways = begun(page)
    page.activateWindow()
    page._cards[SignInMethod.BROWSER].setFocus()
    qtbot.waitUntil(page._cards[SignInMethod.BROWSER].hasFocus, timeout=PATIENCE_MS)
    QTest.keyClick(page._cards[SignInMethod.BROWSER], Qt.Key.Key_Down)
    assert QApplication.focusWidget() is page._cards[SignInMethod.DEVICE_CODE]
    assert page._cards[SignInMethod.DEVICE_CODE].isChecked()
    QTest.keyClick(page._cards[SignInMethod.DEVICE_CODE], Qt.Key.Key_Return)
    assert ways == []
    QTest.keyClick(page._cards[SignInMethod.DEVICE_CODE], Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is page.start
    QTest.keyClick(page.start, Qt.Key.Key_Return)
    assert ways == [SignInMethod.DEVICE_CODE]


def test_that_a_way_that_cannot_work_here_says_why_and_cannot_be_begun(page: SignInPage) -> None:
    page.show_sign_in(SignInShown(KNOWN, PUBLIC.name, WAYS, SignInMethod.AZURE_CLI))
    assert not page.start.isEnabled()
    assert accessible_description(page.start) == NO_AZ.sentence()
    assert page.again.isVisible()
    assert accessible_description(page._cards[SignInMethod.AZURE_CLI]).startswith("Not here, The Azure CLI (az)")


@pytest.mark.parametrize("connected", [PUBLIC, CHINA], ids=lambda cloud: cloud.name)
def test_that_another_cloud_is_named_in_the_window_and_said_to_be_another_place(
    page: SignInPage, qtbot: QtBot, connected: Cloud
) -> None:
    page.show_sign_in(SignInShown((connected,), connected.name, WAYS, SignInMethod.BROWSER))
    assert page.place.cloud_text == connected.name
    assert page.place.chips[connected.name].isChecked()
    ways = begun(page)
    page.place.chips["usgovernment"].click()
    assert page.start.accessibleName() == "Connect to Azure US Government"
    with qtbot.waitSignal(page.cloud_asked, timeout=PATIENCE_MS) as asked:
        page.start.click()
    assert asked.args == ["usgovernment"]
    assert ways == []


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ("azure", "There is no cloud named azure. Name public, usgovernment, china, or the https address"),
        ("http://arm.example", "There is no cloud named http://arm.example."),
        ("", "It is empty."),
    ],
)
def test_that_a_wrong_cloud_blocks_in_the_words_of_its_declaration(page: SignInPage, typed: str, wrong: str) -> None:
    page.place.cloud.field.setText(typed)
    page.place.settle()
    assert page.place.cloud.complaint.startswith(wrong)
    assert not page.start.isEnabled()


@pytest.mark.parametrize("typed", ["contoso.com", "72f988bf-86f1-41af-91ab-2d7cd011db47", ""])
def test_that_a_directory_is_named_by_guid_or_domain_or_not_at_all(page: SignInPage, qtbot: QtBot, typed: str) -> None:
    page.place.tenant.field.setText("x")
    with qtbot.waitSignal(page.tenant_typed, timeout=PATIENCE_MS) as told:
        page.place.tenant.field.setText(typed)
    assert told.args == [typed]
    assert page.place.wrong == ""
    assert page.start.isEnabled()


@pytest.mark.parametrize("typed", ["contoso.com/common", "a b", "-x", "über.example", "x" * 300])
def test_that_what_names_no_directory_is_refused_before_anyone_is_asked(page: SignInPage, typed: str) -> None:
    page.place.tenant.field.setText(typed)
    page.place.settle()
    assert page.place.tenant.complaint.startswith("A directory (tenant) is named by its GUID or by a domain.")
    assert not page.start.isEnabled()


def test_that_who_is_signed_in_is_told_with_directory_and_cloud_and_can_change(page: SignInPage, qtbot: QtBot) -> None:
    caller = Caller("ada@contoso.example", "oid", "72f988bf")
    page.show_sign_in(SignInShown(KNOWN, PUBLIC.name, WAYS, SignInMethod.BROWSER, caller))
    assert page.account._who.accessibleName().startswith("Signed in as ada@contoso.example")
    assert accessible_description(page.account._who) == "Directory 72f988bf, Azure public"
    assert not page.start.isVisible()
    assert not page.place.isVisible()
    with qtbot.waitSignal(page.out_asked, timeout=PATIENCE_MS):
        page.account.out.click()
    page.account.other.click()
    assert page.start.isVisible()
    assert page.place.isVisible()
    assert page.account.isVisible(), "who is signed in stays so until somebody else is"


def test_that_a_lab_speaks_of_no_other_cloud(page: SignInPage) -> None:
    page.show_sign_in(SignInShown((PUBLIC,), "public", WAYS, SignInMethod.BROWSER, is_lab=True))
    assert not page.place.isVisible()


def test_that_the_sign_in_does_not_send_to_itself() -> None:
    problem = told_at_sign_in(Problem("x", "No.", "Why.", f"Install az. {ANOTHER_WAY} if you like."))
    assert problem.fix == "Install az. Choose another way to sign in if you like."

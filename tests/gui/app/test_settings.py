"""The settings page: one control for each declared setting, in force at once, saved, and a bad file told in words."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.desk import PATIENCE_MS, accessible_name, focusable
from tgwizard.engine.files.settings_file import load_settings
from tgwizard.gui.app.settings_store import NotSaved, SettingsStore
from tgwizard.gui.settings.settings_page import SettingsPage
from tgwizard.gui.style.theme import Theme
from tgwizard.model.settings import ALL, DATA_FOLDER, LOG_LEVEL, NICS_S, NOTIFICATIONS, LogLevel, Setting
from tgwizard.paths import SETTINGS_NAME


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / SETTINGS_NAME


@pytest.fixture
def settings_store(qapp: QApplication, file: Path) -> Iterator[SettingsStore]:
    read = load_settings(file)
    made = SettingsStore(read.settings, file, read.problems, queue.SimpleQueue())
    yield made
    made.flush()
    made.deleteLater()


def page_on(theme: Theme, settings_store: SettingsStore, qtbot: QtBot) -> SettingsPage:
    page = SettingsPage(theme, settings_store, Path("/var/lib/tgwizard"))
    qtbot.addWidget(page)
    page.resize(1000, 1400)
    page.show()
    return page


def said(page: QWidget) -> list[str]:
    return [accessible_name(widget) for widget in page.findChildren(QWidget) if widget.isVisible()]


def test_that_every_shown_setting_has_a_named_control(
    theme: Theme, settings_store: SettingsStore, qtbot: QtBot
) -> None:
    page = page_on(theme, settings_store, qtbot)
    controls = {*page.switches, *page.choices, *page.typed}
    assert controls == {setting.key for setting in ALL if setting.shown}
    assert all(accessible_name(widget) for widget in focusable(page))
    for setting in ALL:
        assert not setting.shown or setting.label in said(page)


def test_that_a_change_is_in_force_at_once_and_saved(
    theme: Theme, settings_store: SettingsStore, file: Path, qtbot: QtBot
) -> None:
    page = page_on(theme, settings_store, qtbot)
    told: list[Setting[object]] = []
    settings_store.changed.connect(told.append)
    page.switches[NOTIFICATIONS.key].click()
    page.choices[LOG_LEVEL.key]["debug"].click()
    page.typed[NICS_S.key].field.setText("5")
    assert [setting.key for setting in told] == [NOTIFICATIONS.key, LOG_LEVEL.key, NICS_S.key]
    settings_store.flush()
    settings = load_settings(file).settings
    assert NOTIFICATIONS.value_of(settings) is False
    assert LOG_LEVEL.value_of(settings) is LogLevel.DEBUG
    assert NICS_S.value_of(settings) == 5.0


def test_that_saving_waits_for_typing_and_needs_no_flush(
    theme: Theme, settings_store: SettingsStore, file: Path, qtbot: QtBot
) -> None:
    page = page_on(theme, settings_store, qtbot)
    field = page.typed[NICS_S.key].field
    field.clear()
    QTest.keyClicks(field, "12")
    qtbot.waitUntil(lambda: file.exists() and "nics_s = 12" in file.read_text(), timeout=PATIENCE_MS)
    assert file.read_text() == "[watch]\nnics_s = 12\n"


@pytest.mark.parametrize("typed", ["", "often", "0.2", "1e9"])
def test_that_a_wrong_number_is_told_and_the_old_one_stays(
    theme: Theme, settings_store: SettingsStore, qtbot: QtBot, typed: str
) -> None:
    page = page_on(theme, settings_store, qtbot)
    row = page.typed[NICS_S.key]
    row.field.setText(typed)
    row.settle()
    wrong = "The value before it stays in force."
    assert row.complaint.endswith(wrong)
    assert row.complaint in said(page)
    assert settings_store.get(NICS_S) == 2.0
    row.field.setText("3")
    row.settle()
    assert not any(text.endswith(wrong) for text in said(page))


def test_that_an_empty_data_folder_means_the_systems(theme: Theme, settings_store: SettingsStore, qtbot: QtBot) -> None:
    page = page_on(theme, settings_store, qtbot)
    row = page.typed[DATA_FOLDER.key]
    assert row.field.placeholderText() == "/var/lib/tgwizard"
    row.field.setText("relative/path")
    row.settle()
    assert any(text.startswith("It must be an absolute path.") for text in said(page))
    row.field.setText("/srv/tg")
    assert settings_store.get(DATA_FOLDER) == Path("/srv/tg")
    row.field.setText("")
    assert settings_store.get(DATA_FOLDER) is None


def test_that_a_bad_file_is_told_with_line_and_cure_and_kept(theme: Theme, file: Path, qtbot: QtBot) -> None:
    file.write_text('[window]\ntheme = "drak"\n')
    before = file.read_bytes()
    read = load_settings(file)
    made = SettingsStore(read.settings, file, read.problems, queue.SimpleQueue())
    page = page_on(theme, made, qtbot)
    assert f"{SETTINGS_NAME}, line 2: window.theme is 'drak'." in said(page)
    assert file.read_bytes() == before
    made.deleteLater()


def test_that_a_setting_that_cannot_be_saved_is_told_and_holds(theme: Theme, file: Path, qtbot: QtBot) -> None:
    file.write_text("this is not TOML")
    own: queue.SimpleQueue[object] = queue.SimpleQueue()
    made = SettingsStore(load_settings(file).settings, file, (), own)
    page = page_on(theme, made, qtbot)
    page.switches[NOTIFICATIONS.key].click()
    made.flush()
    news = own.get(timeout=PATIENCE_MS / 1000)
    assert isinstance(news, NotSaved)
    made.take(news)
    words = "The setting holds until this window closes; it could not be saved."
    qtbot.waitUntil(lambda: words in said(page), timeout=PATIENCE_MS)
    assert made.get(NOTIFICATIONS) is False
    assert file.read_text() == "this is not TOML"
    made.deleteLater()

"""Text size and the time that is told: in force at once, on every page, and nothing that was done is lost by it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.desk import PATIENCE_MS, Desk, accessible_name, settings_page
from tests.gui.setup_desk import SetupDesk
from tests.gui.setup_walk import ready as wizard_ready
from tests.gui.setup_walk import walk_to
from tests.gui.walk import wrong
from tgwizard.engine.files.settings_file import load_settings, save_value
from tgwizard.engine.history import run_report
from tgwizard.gui.app.first_glance import glance_at
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.cluster.cluster_page import ClusterPage
from tgwizard.gui.setup.sign_in_step import SignInPage
from tgwizard.gui.widgets.check_rows import TimelineRow
from tgwizard.model.appearance import TextSize, TimeZoneChoice
from tgwizard.model.cluster import Verb
from tgwizard.model.settings import READ_ONLY, TEXT_SIZE, TIME_ZONE
from tgwizard.model.setup_answers import SetupStep
from tgwizard.model.text import LOCAL_TIME, Moments

Open = Callable[..., Desk]
OpenSetupDesk = Callable[..., SetupDesk]
NOON = datetime(2026, 1, 15, 12, 0, 5, tzinfo=UTC)


@pytest.fixture
def ready(desk: Open, qtbot: QtBot) -> Desk:
    made = desk()
    qtbot.waitUntil(lambda: made.says("Fail over to tg-node-b…"), timeout=PATIENCE_MS)
    return made


@pytest.fixture
def berlin() -> Iterator[None]:
    """This process is in Berlin."""
    if not hasattr(time, "tzset"):
        pytest.skip("this system's time zone cannot be changed for one process")
    before = os.environ.get("TZ")
    os.environ["TZ"] = "CET-1CEST,M3.5.0,M10.5.0/3"
    time.tzset()
    yield
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


def step_of(desk: SetupDesk) -> SetupStep:
    return desk.page.step


def shown(desk: Desk) -> QWidget:
    page = desk.window.stack.currentWidget()
    assert page is not None
    return page


@pytest.mark.parametrize("place", [NavPage.CLUSTERS, NavPage.LAB, NavPage.HISTORY, NavPage.REPORTS, NavPage.SETTINGS])
def test_that_a_page_takes_another_text_size_at_once_and_nothing_is_cut(
    ready: Desk, qtbot: QtBot, place: NavPage
) -> None:
    window = ready.window
    window.resize(1440, 900)
    window.go_to(place)
    before, old = window.rail.width(), shown(ready)
    window.settings_store.set(TEXT_SIZE, TextSize.LARGEST)
    assert shown(ready) is not old
    assert shown(ready) is window.pages.page(place)
    assert window.rail.width() != before or window.rail.width() == ready.theme.px(56)
    assert window.rail.items[place].isChecked()
    qtbot.waitUntil(lambda: wrong(window) == [], timeout=PATIENCE_MS)
    window.settings_store.set(TEXT_SIZE, TextSize.USUAL)
    assert window.rail.width() == before


def test_that_the_cluster_shown_stays_and_goes_on_being_read(ready: Desk, qtbot: QtBot) -> None:
    window = ready.window
    window.settings_store.set(TEXT_SIZE, TextSize.LARGE)
    page = shown(ready)
    assert isinstance(page, ClusterPage)
    assert page.session is ready.session
    assert list(window.rail.clusters) == [ready.session.setup.name]
    qtbot.waitUntil(page.graceful.button.isEnabled, timeout=PATIENCE_MS)
    window.ask(Verb.GRACEFUL)
    assert window.dialog is not None
    window.dialog.reject()


def test_that_the_focus_and_the_place_of_the_page_stay(ready: Desk, qtbot: QtBot) -> None:
    window = ready.window
    window.resize(900, 600)
    window.go_to(NavPage.SETTINGS)
    settings_page(window).choices[TEXT_SIZE.key]["150"].setFocus(Qt.FocusReason.TabFocusReason)
    settings_page(window).choices[TEXT_SIZE.key]["150"].click()
    card = settings_page(window).choices[TEXT_SIZE.key]["150"]
    assert card.isChecked()
    assert card.hasFocus()
    qtbot.waitUntil(lambda: not card.visibleRegion().isEmpty(), timeout=PATIENCE_MS)


def test_that_the_wizard_keeps_its_step_and_its_answers(setup_desk: OpenSetupDesk, qtbot: QtBot) -> None:
    desk = setup_desk()
    wizard_ready(desk, qtbot)
    walk_to(desk, qtbot, SetupStep.ROLE)
    before = desk.wizard.session.wizard_state
    desk.window.settings_store.set(TEXT_SIZE, TextSize.LARGEST)
    assert step_of(desk) is SetupStep.ROLE
    assert desk.wizard.session.wizard_state == before
    qtbot.waitUntil(lambda: wrong(desk.page) == [], timeout=PATIENCE_MS)
    walk_to(desk, qtbot, SetupStep.REVIEW)
    desk.window.settings_store.set(TEXT_SIZE, TextSize.USUAL)
    desk.window.go_to(NavPage.CLUSTERS)
    desk.window.settings_store.set(TEXT_SIZE, TextSize.LARGE)
    desk.window.go_to(NavPage.SET_UP)
    assert step_of(desk) is SetupStep.REVIEW


def test_that_the_directory_typed_for_the_sign_in_stays_in_its_field_while_it_is_in_force(
    setup_desk: OpenSetupDesk, qtbot: QtBot
) -> None:
    desk = setup_desk()
    wizard_ready(desk, qtbot)
    page = desk.page.page(SetupStep.SIGN_IN)
    assert isinstance(page, SignInPage)
    page.place.tenant.field.setText("contoso.com")
    assert desk.wizard.session.account.tenant == "contoso.com"
    desk.window.settings_store.set(TEXT_SIZE, TextSize.LARGE)
    anew = desk.page.page(SetupStep.SIGN_IN)
    assert isinstance(anew, SignInPage)
    assert anew is not page
    assert anew.place.tenant_text == desk.wizard.session.account.tenant == "contoso.com"


@pytest.mark.parametrize("typed", ['"150"', "150", '"150 %"'])
def test_that_the_first_glance_has_the_size_and_the_time_of_the_settings(tmp_path: Path, typed: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(f'[window]\ntext_size = {typed}\ntime_zone = "utc"\n')
    glance = glance_at(file, tmp_path, "a test", None, is_lab=True)
    assert (glance.text_size, glance.time_zone) == (TextSize.LARGE, TimeZoneChoice.UTC)
    assert TEXT_SIZE.value_of(load_settings(file).settings) is TextSize.LARGE
    save_value(file, TEXT_SIZE, TextSize.SYSTEM)
    assert glance_at(file, tmp_path, "a test", None, is_lab=True).text_size is TextSize.SYSTEM


def test_that_every_time_says_which_it_is_and_the_setting_changes_all_of_them(
    ready: Desk, qtbot: QtBot, berlin: None
) -> None:
    window = ready.window
    window.go_to(NavPage.LAB)

    def times() -> list[str]:
        """When the address was where, and when the lab was read."""
        rows = (row.accessibleName() for row in shown(ready).findChildren(TimelineRow) if row.isVisible())
        read = (accessible_name(one).removesuffix(" by the lab's clock.") for one in ready.all_named("Read at "))
        return [*rows, *read]

    qtbot.waitUntil(lambda: len(times()) > 1, timeout=PATIENCE_MS)
    assert all(time.endswith((" CET", " CEST")) for time in times()), times()
    window.settings_store.set(TIME_ZONE, TimeZoneChoice.UTC)
    qtbot.waitUntil(lambda: len(times()) > 1, timeout=PATIENCE_MS)
    assert all(time.endswith(" UTC") for time in times()), times()


def test_that_a_moment_is_told_in_local_time_and_in_utc_with_its_name(berlin: None) -> None:
    utc = Moments(TimeZoneChoice.UTC)
    assert LOCAL_TIME.time(NOON) == "13:00:05 CET"
    assert utc.time(NOON) == "12:00:05 UTC"
    assert LOCAL_TIME.day(NOON) == "15 Jan 13:00 CET"
    assert utc.whole(NOON) == "2026-01-15 12:00:05 UTC"
    assert LOCAL_TIME.both(NOON) == "2026-01-15 12:00:05 UTC\n2026-01-15 13:00:05 CET"
    assert LOCAL_TIME.time(NOON.replace(month=7)) == "14:00:05 CEST"
    assert run_report.when("2026-01-15T12:00:05.000Z") == "2026-01-15 13:00:05 CET"


def test_that_a_time_zone_without_a_short_name_is_told_by_its_distance_from_utc() -> None:
    before = os.environ.get("TZ")
    if not hasattr(time, "tzset"):
        pytest.skip("this system's time zone cannot be changed for one process")
    os.environ["TZ"] = "<+0530>-5:30"
    time.tzset()
    try:
        assert LOCAL_TIME.time(NOON) == "17:30:05 UTC+05:30"
    finally:
        os.environ.pop("TZ")
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()


def test_that_locking_reaches_the_pages_there_are_and_none_of_those_before(ready: Desk, qtbot: QtBot) -> None:
    window = ready.window
    for place in NavPage:
        window.go_to(place)
    window.go_to(NavPage.SETTINGS)
    window.settings_store.set(TEXT_SIZE, TextSize.LARGE)
    before = settings_page(window).switches[READ_ONLY.key]
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    window.ask_lock()
    assert before is settings_page(window).switches[READ_ONLY.key]
    assert before.isChecked()

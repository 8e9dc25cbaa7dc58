"""By keyboard alone: where Tab goes on every page, what it cannot reach, where the focus stays, and its whole ring."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QDeadlineTimer, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.exceptions import TimeoutError as QtTimeoutError
from pytestqt.qtbot import QtBot

from tests.gui.desk import PATIENCE_MS, Desk, End, accessible_name, clusters_page, open_desk
from tests.gui.fleet_desk import open_fleet
from tests.gui.keys import called, cut_sides, in_focus, kinds, press, round_with_tab, unreachable
from tests.gui.setup_desk import SetupDesk, open_setup_desk
from tests.gui.setup_walk import go_on
from tests.gui.studio import at_rest
from tgwizard.engine.setup.wizard_state import STEPS
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.failover.run_page import RunPage
from tgwizard.gui.shell.main_window import MainWindow
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.buttons import StartButton
from tgwizard.gui.widgets.dialog_sheet import Sheet
from tgwizard.gui.widgets.option_card import OptionCard
from tgwizard.lab.faults.fault_rules import Fault, OperationTakes
from tgwizard.model.appearance import ThemeChoice
from tgwizard.model.cluster import Verb
from tgwizard.model.setup_answers import SetupStep

Judge = Callable[[str], None]

AGAIN_MS = 10_000
"""How long what lost the focus may take to have it again; on a machine that does much else."""


def read(desk: Desk, qtbot: QtBot) -> Desk:
    qtbot.waitUntil(lambda: desk.says("Fail over to tg-node-b…"), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: desk.session.reason_against(Verb.GRACEFUL) is None, timeout=PATIENCE_MS)
    return desk


def be_active(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=PATIENCE_MS)


def parts_of(window: MainWindow) -> list[QWidget]:
    """The parts of what is shown, in the order that Tab is to go through them."""
    page = window.stack.currentWidget()
    frame = getattr(page, "frame", None)
    if frame is not None:
        return [frame._stack, frame.footer, frame.panel, frame.side]
    return [window.stack, window.lab_stopped, window.bar, window.rail]


def wrong_with_tab(window: MainWindow, state: str) -> list[str]:
    """What is wrong with the order of Tab where the window is now."""
    there = round_with_tab()
    back = round_with_tab(back=True)
    found = [f"{state}: {what} cannot be reached" for what in unreachable(window, there)]
    if sorted(map(id, there)) != sorted(map(id, back)):
        found.append(f"{state}: Tab meets {len(there)}, Shift+Tab {len(back)}")
    at = there.index(back[0])
    if [there[(at - step) % len(there)] for step in range(len(there))] != back:
        found.append(f"{state}: Shift+Tab is not the way back")
    ranks = kinds(there, parts_of(window))
    first = ranks.index(min(ranks))
    turned = ranks[first:] + ranks[:first]
    while turned[-1] == turned[0] and len(set(turned)) > 1:
        turned = turned[-1:] + turned[:-1]
    if turned != sorted(turned):
        found.append(f"{state}: the order is {[called(stop) for stop in there]}")
    return found


RING_MS = 5_000
"""A ring follows its control in a turn of its own, which on a busy machine comes late."""


def wrong_with_rings(window: MainWindow, theme: Theme, state: str) -> list[str]:
    """The stops whose ring is not whole."""
    found: list[str] = []
    for stop in round_with_tab():
        press(Qt.Key.Key_Tab)
        here = in_focus()
        patience = QDeadlineTimer(RING_MS)
        while (sides := cut_sides(window, here, theme)) and not patience.hasExpired():
            QApplication.processEvents()
        if sides:
            found.append(f"{state}: the ring of {called(here)} lacks {', '.join(sides)}")
        del stop
    return found


def subject(widget: QWidget | None) -> str:
    """What a control is about, whatever its values are."""
    return "" if widget is None else f"{type(widget).__name__} {accessible_name(widget).split(':')[0].split(',')[0]}"


def is_in_focus(what: str) -> bool:
    return subject(QApplication.focusWidget()) == what


def wrong_with_focus(qtbot: QtBot, state: str, renew: Callable[[], None]) -> list[str]:
    """The stops that lose the focus when what is shown is read anew."""
    found: list[str] = []
    for _ in range(len(round_with_tab())):
        press(Qt.Key.Key_Tab)
        before = subject(in_focus())
        renew()
        try:
            qtbot.waitUntil(partial(is_in_focus, before), timeout=AGAIN_MS)
        except QtTimeoutError:
            found.append(f"{state}: the focus went from {before} to {subject(QApplication.focusWidget())}")
    return found


@pytest.fixture(params=[1.0, 2.0], ids=["text at 100 %", "text at 200 %"])
def sized(request: pytest.FixtureRequest, qapp: QApplication, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Opens a window at a text size, by one of the openers of desks."""
    theme = Theme(qapp, ThemeChoice.LIGHT, request.param)
    ends: list[End] = []

    def open_it(opener: Callable[..., tuple[Any, End]], **options: Any) -> Any:
        made, end = opener(theme, tmp_path / str(len(ends)), **options)
        ends.append(end)
        return made

    yield open_it
    for end in ends:
        end()
    theme.deleteLater()
    QApplication.processEvents()


def settle(desk: Desk | SetupDesk) -> None:
    for _ in range(6):
        QApplication.processEvents()


def walk_pages(desk: Desk, qtbot: QtBot, judge: Judge) -> None:
    """Every page of the rail that stands beside it, and the cluster's."""
    read(desk, qtbot)
    be_active(desk.window, qtbot)
    settle(desk)
    judge("cluster")
    for place in NavPage:
        if place is NavPage.SET_UP:
            continue
        desk.window.go_to(place)
        if place is NavPage.LAB:
            qtbot.waitUntil(lambda: desk.says("Read at "), timeout=PATIENCE_MS)
        settle(desk)
        judge(place.value)


def walk_steps(desk: SetupDesk, qtbot: QtBot, judge: Judge) -> None:
    """Every step of the wizard."""
    be_active(desk.window, qtbot)
    while True:
        qtbot.waitUntil(lambda: desk.idle, timeout=PATIENCE_MS)
        judge(desk.page.step.name)
        if desk.page.step is SetupStep.VERIFY:
            return
        go_on(desk, qtbot)


def test_that_tab_goes_through_each_page_its_bar_and_the_rail_and_back(sized: Callable[..., Any], qtbot: QtBot) -> None:
    desk, found = sized(open_desk), []
    walk_pages(desk, qtbot, lambda state: found.extend(wrong_with_tab(desk.window, state)))
    assert found == [], "\n".join(found)


def test_that_tab_goes_from_the_question_to_answers_footer_panel_and_steps(
    sized: Callable[..., Any], qtbot: QtBot
) -> None:
    desk, found = sized(open_setup_desk), []

    def judge(state: str) -> None:
        found.extend(wrong_with_tab(desk.window, state))
        desk.page.page(desk.page.step).focus_question()

    walk_steps(desk, qtbot, judge)
    assert found == [], "\n".join(found)


def test_that_the_ring_of_every_control_of_every_page_is_whole(sized: Callable[..., Any], qtbot: QtBot) -> None:
    desk, found = sized(open_desk), []
    walk_pages(desk, qtbot, lambda state: found.extend(wrong_with_rings(desk.window, desk.theme, state)))
    assert found == [], "\n".join(found)


def test_that_the_ring_of_every_control_of_every_step_is_whole(sized: Callable[..., Any], qtbot: QtBot) -> None:
    desk, found = sized(open_setup_desk), []
    walk_steps(desk, qtbot, lambda state: found.extend(wrong_with_rings(desk.window, desk.theme, state)))
    assert found == [], "\n".join(found)


def test_that_no_reading_takes_the_focus_from_a_control_of_any_page(desk: Callable[..., Desk], qtbot: QtBot) -> None:
    made, found = desk(), []

    def renew() -> None:
        before = made.session.latest
        made.window.read_again()
        qtbot.waitUntil(lambda: made.session.latest is not before, timeout=PATIENCE_MS)
        settle(made)

    walk_pages(made, qtbot, lambda state: found.extend(wrong_with_focus(qtbot, state, renew)))
    assert found == [], "\n".join(found)


def test_that_no_reading_takes_the_focus_from_a_control_of_any_step(
    setup_desk: Callable[..., SetupDesk], qtbot: QtBot
) -> None:
    made, found = setup_desk(), []

    def renew() -> None:
        made.window.read_again()
        qtbot.waitUntil(lambda: made.idle, timeout=PATIENCE_MS)
        settle(made)

    walk_steps(made, qtbot, lambda state: found.extend(wrong_with_focus(qtbot, state, renew)))
    assert found == [], "\n".join(found)


def test_that_tab_and_rings_are_right_in_a_table_of_many_and_enter_sorts_by_a_head(
    sized: Callable[..., Any], qtbot: QtBot
) -> None:
    desk = sized(open_fleet, count=5)
    table = clusters_page(desk.window).table
    qtbot.waitUntil(lambda: table.shown.rowCount() == 5, timeout=PATIENCE_MS)
    be_active(desk.window, qtbot)
    settle(desk)
    found = [*wrong_with_tab(desk.window, "five"), *wrong_with_rings(desk.window, desk.theme, "five")]
    assert found == [], "\n".join(found)
    table.setFocus()
    press(Qt.Key.Key_End)
    assert table.currentIndex().row() == 4
    press(Qt.Key.Key_Home)
    assert table.currentIndex().row() == 0
    press(Qt.Key.Key_Tab)
    heads = in_focus()
    assert accessible_name(heads) == "Columns"
    press(Qt.Key.Key_Home)
    press(Qt.Key.Key_Return)
    assert (table.shown.sortColumn(), table.shown.sortOrder()) == (0, Qt.SortOrder.DescendingOrder)
    press(Qt.Key.Key_Space)
    assert table.shown.sortOrder() is Qt.SortOrder.AscendingOrder
    assert heads.hasFocus()
    press(Qt.Key.Key_Right)
    press(Qt.Key.Key_Space)
    assert table.shown.sortColumn() == 1


def test_that_arrows_go_along_the_rail_and_enter_or_space_opens_a_page(desk: Callable[..., Desk], qtbot: QtBot) -> None:
    made = read(desk(), qtbot)
    be_active(made.window, qtbot)
    rail = made.window.rail
    rail.clusters["edge-dallas"].setFocus()
    press(Qt.Key.Key_Home)
    assert in_focus() is rail.items[NavPage.CLUSTERS]
    for _ in range(list(NavPage).index(NavPage.HISTORY)):
        press(Qt.Key.Key_Down)
    assert in_focus() is rail.items[NavPage.HISTORY]
    assert made.window.current == "edge-dallas", "an arrow opens nothing"
    press(Qt.Key.Key_Return)
    assert (made.window.current, made.window.windowTitle()) == ("", "History - tgwizard")
    assert in_focus() is rail.items[NavPage.HISTORY], "the focus stays where the key was pressed"
    press(Qt.Key.Key_Down)
    press(Qt.Key.Key_Space)
    assert made.window.windowTitle() == "Reports - tgwizard"
    press(Qt.Key.Key_End)
    press(Qt.Key.Key_Enter)
    assert made.window.current == "edge-dallas"


def test_that_a_button_that_is_off_for_a_while_keeps_the_focus_and_no_other_gets_its_keys(
    desk: Callable[..., Desk], qtbot: QtBot
) -> None:
    made = read(desk(), qtbot)
    be_active(made.window, qtbot)
    button = made.find("Check rights and locks of the graceful failover now")
    button.setFocus()
    button.setEnabled(False)
    rest = in_focus()
    assert rest.isAncestorOf(button)
    assert rest.focusPolicy() is Qt.FocusPolicy.NoFocus, "where no key acts"
    press(Qt.Key.Key_Space)
    assert made.window.dialog is None
    button.setEnabled(True)
    qtbot.waitUntil(button.hasFocus, timeout=PATIENCE_MS)
    button.setEnabled(False)
    press(Qt.Key.Key_Tab)
    assert called(in_focus()) == "FoldLine '8 checks, 1 warning'", "Tab goes on from where the button is"
    button.setEnabled(True)
    qtbot.waitUntil(lambda: not made.window._focus._look.isActive(), timeout=PATIENCE_MS)
    assert not button.hasFocus(), "who has gone elsewhere is not called back"


def test_that_a_click_leaves_the_focus_where_it_was_made_and_shows_a_ring_with_the_first_key_only(
    desk: Callable[..., Desk], qtbot: QtBot
) -> None:
    made = read(desk(), qtbot)
    made.window.go_to(NavPage.SETTINGS)
    be_active(made.window, qtbot)
    settle(made)
    card = made.window.rail.items[NavPage.SETTINGS]
    QTest.mouseClick(card, Qt.MouseButton.LeftButton)
    assert card.hasFocus()
    assert cut_sides(made.window, card, made.theme) != []
    QTest.keyClick(card, Qt.Key.Key_Shift)
    assert cut_sides(made.window, card, made.theme) == []


@pytest.mark.parametrize("step", [SetupStep.MACHINES, SetupStep.ROLE, SetupStep.SCOPE])
def test_that_choosing_a_card_of_the_wizard_leaves_the_focus_on_it(
    setup_desk: Callable[..., SetupDesk], qtbot: QtBot, step: SetupStep
) -> None:
    made = setup_desk("old-role")
    be_active(made.window, qtbot)
    while made.page.step is not step:
        qtbot.waitUntil(lambda: made.idle, timeout=PATIENCE_MS)
        if made.page.step is SetupStep.MACHINES and not made.page.frame.footer.go_on.isEnabled():
            made.press("tg-node-a and tg-node-b")
        go_on(made, qtbot)
    qtbot.waitUntil(lambda: made.idle, timeout=PATIENCE_MS)
    cards = [one for one in made.page.page(step).findChildren(OptionCard) if one.isVisible() and not one.isChecked()]
    assert cards
    for number in range(len(cards)):
        shown = [one for one in made.page.page(step).findChildren(OptionCard) if one.isVisible()]
        card = shown[number % len(shown)]
        name = accessible_name(card)
        QTest.mouseClick(card, Qt.MouseButton.LeftButton, pos=QPoint(12, 12))

        def kept(name: str = name) -> bool:
            here = QApplication.focusWidget()
            return made.idle and here is not None and accessible_name(here) == name

        qtbot.waitUntil(kept, timeout=PATIENCE_MS)


def dialogs(desk: Desk, qtbot: QtBot) -> Iterator[tuple[str, Sheet]]:
    """Each question that can be opened over the cluster's page."""
    window = desk.window

    def opened(state: str) -> tuple[str, Sheet]:
        dialog = window.dialog
        assert dialog is not None, state
        qtbot.waitUntil(dialog.isVisible, timeout=PATIENCE_MS)
        qtbot.waitUntil(lambda: not desk.says("State: Asking Azure"), timeout=PATIENCE_MS)
        settle(desk)
        return state, dialog

    for verb in Verb:
        window.ask(verb)
        yield opened(f"the question, {verb.value}")
    window.find_or_run()
    yield opened("the palette")
    window.lock.set_locked(True)
    window.ask_lock()
    yield opened("unlocking")


def test_that_a_dialog_has_tab_to_itself_whole_rings_and_gives_the_focus_back(
    sized: Callable[..., Any], qtbot: QtBot
) -> None:
    desk, found = read(sized(open_desk), qtbot), []
    be_active(desk.window, qtbot)
    opener = desk.window.bar.find_box
    opener.setFocus()
    for state, dialog in dialogs(desk, qtbot):
        first = in_focus()
        assert dialog.isAncestorOf(first), state
        assert not isinstance(first, StartButton), "the safe one has the focus"
        stops = round_with_tab()
        assert all(dialog.isAncestorOf(stop) for stop in stops), state
        back = round_with_tab(back=True)
        assert set(stops) == set(back), state
        found += [f"{state}: {what} cannot be reached" for what in unreachable(dialog, stops)]
        found += wrong_with_rings(desk.window, desk.theme, state)
        press(Qt.Key.Key_Escape)
        qtbot.waitUntil(lambda: desk.window.dialog is None, timeout=PATIENCE_MS)
        qtbot.waitUntil(opener.hasFocus, timeout=PATIENCE_MS)
    desk.window.lock.set_locked(False)
    assert found == [], "\n".join(found)


def test_that_the_checks_of_a_question_leave_the_focus_where_it_is(desk: Callable[..., Desk], qtbot: QtBot) -> None:
    made = read(desk(), qtbot)
    be_active(made.window, qtbot)
    made.window.ask(Verb.FORCED)
    dialog = made.window.dialog
    assert dialog is not None
    qtbot.waitUntil(dialog.cancel.hasFocus, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not made.says("State: Asking Azure"), timeout=PATIENCE_MS)
    assert dialog.cancel.hasFocus()
    for _ in range(len(round_with_tab())):
        press(Qt.Key.Key_Tab)
        here, before = in_focus(), made.session.latest
        made.session.read_now()
        qtbot.waitUntil(lambda before=before: made.session.latest is not before, timeout=PATIENCE_MS)  # type: ignore[misc]
        settle(made)
        assert in_focus() is here
    dialog.reject()


def test_that_a_run_and_its_result_are_reached_by_tab_with_whole_rings(sized: Callable[..., Any], qtbot: QtBot) -> None:
    desk, found = read(sized(open_desk), qtbot), []
    be_active(desk.window, qtbot)
    desk.rig.lab.faults.add(Fault("PUT", desk.rig.b.nic.name, OperationTakes(8.0), times=None))
    desk.session.fail_over(desk.rig.b, Verb.GRACEFUL)
    qtbot.waitUntil(lambda: isinstance(desk.window.stack.currentWidget(), RunPage), timeout=PATIENCE_MS)
    settle(desk)
    assert in_focus().isVisible()
    found += wrong_with_tab(desk.window, "running")
    qtbot.waitUntil(lambda: desk.says("Result: "), timeout=PATIENCE_MS)
    at_rest(desk.window)
    found += [*wrong_with_tab(desk.window, "result"), *wrong_with_rings(desk.window, desk.theme, "result")]
    assert found == [], "\n".join(found)


def test_that_enter_alone_leads_from_step_to_step_with_the_focus_on_the_next_button(
    setup_desk: Callable[..., SetupDesk], qtbot: QtBot
) -> None:
    made = setup_desk()
    be_active(made.window, qtbot)
    page, go_on_button = made.page, made.page.frame.footer.go_on
    for step in STEPS[: STEPS.index(SetupStep.VERIFY)]:
        qtbot.waitUntil(lambda step=step: page.step is step, timeout=PATIENCE_MS)  # type: ignore[misc]
        qtbot.waitUntil(go_on_button.hasFocus, timeout=PATIENCE_MS)
        press(Qt.Key.Key_Return)
        assert page.step is not step or page.writing or step is SetupStep.REVIEW
    qtbot.waitUntil(lambda: page.step is SetupStep.VERIFY, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: accessible_name(in_focus()).startswith("Restart: 1. tg-node-b"), timeout=PATIENCE_MS)


def test_that_the_second_key_of_a_double_press_presses_nothing_of_the_next_step(
    setup_desk: Callable[..., SetupDesk], qtbot: QtBot
) -> None:
    made = setup_desk()
    be_active(made.window, qtbot)
    while made.page.step is not SetupStep.SCOPE:
        go_on(made, qtbot)
    qtbot.waitUntil(lambda: made.at_rest and made.page.frame.footer.go_on.hasFocus(), timeout=PATIENCE_MS)
    press(Qt.Key.Key_Return)
    press(Qt.Key.Key_Return)
    assert made.page.step.name == "REVIEW"
    assert not made.page.writing
    assert made.wizard.applier.finished is None


def test_that_who_has_gone_to_a_field_is_not_led_away_from_it(
    setup_desk: Callable[..., SetupDesk], qtbot: QtBot
) -> None:
    made = setup_desk()
    be_active(made.window, qtbot)
    while made.page.step is not SetupStep.FLOATING_IP:
        go_on(made, qtbot)
    press(Qt.Key.Key_Tab)
    field = in_focus()
    assert accessible_name(field) == "Floating IP"
    qtbot.waitUntil(lambda: made.at_rest and not made.page._lead_later.isActive(), timeout=PATIENCE_MS)
    made.page.refresh()
    assert in_focus() is field


def test_that_esc_clears_a_filter_and_the_keys_of_a_table_go_through_its_rows(
    sized: Callable[..., Any], qtbot: QtBot
) -> None:
    desk = sized(open_fleet, count=12)
    page = clusters_page(desk.window)
    qtbot.waitUntil(lambda: page.table.shown.rowCount() == 12, timeout=PATIENCE_MS)
    be_active(desk.window, qtbot)
    press(Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert in_focus() is page.filter
    QTest.keyClicks(page.filter, "dal")
    assert 0 < page.table.shown.rowCount() < 12
    press(Qt.Key.Key_Escape)
    assert (page.filter.text(), page.table.shown.rowCount()) == ("", 12)
    assert in_focus() is page.filter
    page.table.setFocus()
    press(Qt.Key.Key_End)
    last = page.table.currentIndex().row()
    press(Qt.Key.Key_PageUp)
    assert page.table.currentIndex().row() < last == 11
    press(Qt.Key.Key_PageDown)
    assert page.table.currentIndex().row() == last
    press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: desk.window.current != "", timeout=PATIENCE_MS)
    press(Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: desk.window.current == "", timeout=PATIENCE_MS)
    assert in_focus() is page.table, "where one was on the page before"

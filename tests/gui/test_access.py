"""Every page in every state: names for everything, no cut or overlapping text, and the same meaning in grey."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QAccessible, QColor, QImage, QPainter, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.desk import PATIENCE_MS, Desk, End, accessible_name, lab_page, open_desk
from tests.gui.walk import nameless, wrong
from tgwizard.engine.watch.traffic_probe import Sample
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.cluster.cluster_page import ClusterPage
from tgwizard.gui.cluster.run_model import RunStepStatus
from tgwizard.gui.failover.run_page import RunPage
from tgwizard.gui.shell.crash_report import CrashReportDialog
from tgwizard.gui.shell.shutdown import CloseDuringRun
from tgwizard.gui.style.accessible import ANNOUNCED
from tgwizard.gui.style.state_shapes import Shape, draw_shape
from tgwizard.gui.style.theme import Theme, _accessibility_hints, high_contrast, prefers_contrast
from tgwizard.gui.style.tokens import LIGHT, Token
from tgwizard.gui.widgets.run_steps import DeadlineBar
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer, OperationTakes
from tgwizard.model.appearance import ContrastChoice, ThemeChoice
from tgwizard.model.cluster import Verb
from tgwizard.model.problem import Problem
from tgwizard.model.settings import CONTRAST, READ_ONLY, REDUCED_MOTION

SIZES = ((1024, 700), (1440, 900), (1920, 1080), (2560, 1440))
SILENCE = '{"error": {"code": "ServiceUnavailable", "message": "try again"}}'

Open = Callable[..., Desk]


@pytest.fixture(params=[1.0, 2.0], ids=["text at 100 %", "text at 200 %"])
def scaled(request: pytest.FixtureRequest, qapp: QApplication, tmp_path: Path) -> Iterator[Open]:
    """Opens a window at a text size."""
    theme = Theme(qapp, ThemeChoice.LIGHT, request.param)
    ends: list[End] = []

    def open_it() -> Desk:
        made, end = open_desk(theme, tmp_path, traffic=True)
        ends.append(end)
        return made

    yield open_it
    for end in ends:
        end()
    theme.deleteLater()
    QApplication.processEvents()


@pytest.fixture
def ready(desk: Open, qtbot: QtBot) -> Desk:
    return read(desk(), qtbot)


def read(desk: Desk, qtbot: QtBot) -> Desk:
    qtbot.waitUntil(lambda: desk.says("Fail over to tg-node-b…"), timeout=PATIENCE_MS)
    return desk


def page(desk: Desk) -> ClusterPage:
    found = desk.window.findChild(ClusterPage)
    assert found is not None
    return found


def settle(desk: Desk) -> None:
    """Let layouts and paints that are due happen."""
    for _ in range(4):
        QApplication.processEvents()
    desk.window.grab()


def judge(desk: Desk, state: str, part: Callable[[], QWidget]) -> list[str]:
    found: list[str] = []
    for size in SIZES:
        desk.window.resize(*size)
        settle(desk)
        first = wrong(part())
        for _ in range(8):
            # A text that has just changed gets its room with the next turns of the event loop: a fault is what stays.
            if not first:
                break
            settle(desk)
            first = [what for what in wrong(part()) if what in first]
        found += [f"{state} at {size}: {what}" for what in first]
    return found


def silence(desk: Desk) -> None:
    """From now on Azure answers no question about the interfaces."""
    for member in desk.rig.setup.members:
        desk.rig.lab.faults.add(Fault("GET", member.nic.name, FaultAnswer(503, SILENCE), times=10_000))


def go_stale(desk: Desk, qtbot: QtBot) -> None:
    """Miss three reads in a row."""
    silence(desk)

    def stale() -> bool:
        desk.session.read_now()
        return page(desk).banner.sentence.startswith("Last known")

    qtbot.waitUntil(stale, timeout=PATIENCE_MS)


def test_that_every_page_and_state_is_named_whole_and_clear(scaled: Open, qtbot: QtBot) -> None:
    desk = scaled()

    def root() -> QWidget:
        return desk.window

    found = judge(desk, "before the first read", root)
    read(desk, qtbot)
    found += judge(desk, "in sync", root)
    page(desk).reachability.toggle.click()
    qtbot.waitUntil(lambda: bool(desk.session.reachability.samples), timeout=PATIENCE_MS)
    found += judge(desk, "measuring", root)
    for place in NavPage:
        desk.window.go_to(place)
        if place is NavPage.LAB:
            qtbot.waitUntil(lambda: desk.says("Read at "), timeout=PATIENCE_MS)
        found += judge(desk, place.value, root)
    desk.window.open_cluster("edge-dallas")
    for verb in Verb:
        desk.window.ask(verb)
        dialog = desk.window.dialog
        assert dialog is not None
        qtbot.waitUntil(dialog.isVisible, timeout=PATIENCE_MS)
        found += judge(desk, f"the question, {verb.value}", lambda dialog=dialog: dialog)  # type: ignore[misc]
        dialog.reject()
    desk.rig.lab.faults.add(Fault("PUT", desk.rig.b.nic.name, OperationTakes(4.0), times=None))
    desk.session.fail_over(desk.rig.b, Verb.GRACEFUL)
    qtbot.waitUntil(lambda: desk.says("gap so far "), timeout=PATIENCE_MS)
    found += judge(desk, "running", root)
    qtbot.waitUntil(lambda: desk.says("Result: "), timeout=PATIENCE_MS)
    found += judge(desk, "result", root)
    desk.press("Back to edge-dallas")
    go_stale(desk, qtbot)
    found += judge(desk, "stale", root)
    assert found == [], "\n".join(found)


def test_that_every_dialog_and_trouble_is_named_whole_and_clear(scaled: Open, qtbot: QtBot) -> None:
    desk = read(scaled(), qtbot)
    window, found = desk.window, []

    def judge_dialog(state: str) -> None:
        dialog = window.dialog
        assert dialog is not None, state
        found.extend(judge(desk, state, lambda: dialog))
        dialog.reject()
        settle(desk)

    window.find_or_run()
    judge_dialog("the palette")
    window.lock.set_locked(True)
    found.extend(judge(desk, "locked", partial(_current, window.stack)))
    window.ask_lock()
    judge_dialog("unlocking")
    window.lock.set_locked(False)
    window.go_to(NavPage.LAB)
    qtbot.waitUntil(lambda: desk.says("Read at "), timeout=PATIENCE_MS)
    lab_page(window).scenario_asked.emit("vnet-elsewhere")
    judge_dialog("another scenario")
    desk.session.fail_over(desk.rig.b, Verb.GRACEFUL)
    qtbot.waitUntil(lambda: not desk.session.running, timeout=PATIENCE_MS)
    # The run has ended by now, and would close the question by itself: shown as it stands while a run lasts.
    window.show_dialog(lambda over: CloseDuringRun(desk.theme, over, desk.session))
    judge_dialog("closing during a run")
    take_address(desk)
    window.open_cluster("edge-dallas")
    desk.session.read_now()
    qtbot.waitUntil(lambda: page(desk).banner.shape is Shape.BROKEN, timeout=PATIENCE_MS)
    found.extend(judge(desk, "on no NIC", partial(_current, window.stack)))
    report = CrashReportDialog(
        desk.theme, window, "ValueError: something long enough to wrap\n" * 30, "/var/log/tgwizard.log"
    )
    report.open()
    found.extend(judge(desk, "an unexpected error", lambda: report))
    report.reject()
    long = Problem("code", "What happened is told here. " * 4, "Why it did. " * 6, "What to do. " * 4, "detail " * 20)
    window.show_startup_errors((long, long))
    found.extend(judge(desk, "could not open", partial(_current, window.stack)))
    assert found == [], "\n".join(found)


def take_address(desk: Desk) -> None:
    """Take the floating IP off both members, as an admin in the portal could."""
    for member in desk.rig.setup.members:

        def drop(body: dict[str, Any]) -> None:
            kept = [one for one in body["properties"]["ipConfigurations"] if one["properties"].get("primary")]
            body["properties"]["ipConfigurations"] = kept

        desk.rig.edit(member, drop)


def _current(stack: QWidget) -> QWidget:
    shown = stack.currentWidget()  # type: ignore[attr-defined]
    assert isinstance(shown, QWidget)
    return shown


def test_that_the_parts_of_the_picture_are_children_with_roles_of_their_own(ready: Desk) -> None:
    picture = QAccessible.queryAccessibleInterface(page(ready).picture)
    assert picture.role() is QAccessible.Role.Graphic
    assert picture.text(QAccessible.Text.Name) == "Cluster picture"
    assert picture.text(QAccessible.Text.Description) == page(ready).banner.sentence
    names = [picture.child(index).text(QAccessible.Text.Name) for index in range(picture.childCount())]
    assert names == ["10.20.2.50, on tg-node-a", "tg-node-a", "tg-node-b", "Heartbeat: not connected"]


def test_that_a_screen_reader_hears_the_sources_and_the_strip(ready: Desk) -> None:
    names = [accessible_name(widget) for widget in ready.window.findChildren(QWidget) if widget.isVisible()]
    assert any(name.startswith("Azure holder: tg-node-a, NIC tg-node-a-inside, read ") for name in names)
    assert "Reachability from this computer: Not measured" in names


def test_that_tab_goes_in_the_reading_order_of_the_page(ready: Desk, qtbot: QtBot) -> None:
    ready.window.activateWindow()
    qtbot.waitUntil(ready.window.isActiveWindow, timeout=PATIENCE_MS)
    page(ready).banner.setFocus()
    met: list[str] = []
    for _ in range(14):
        here = QApplication.focusWidget()
        assert here is not None
        met.append(accessible_name(here).split(":", maxsplit=1)[0].split(",", maxsplit=1)[0])
        QTest.keyClick(here, Qt.Key.Key_Tab)
    assert met == [
        "Verdict",
        "Read again",
        "10.20.2.50",
        "Configured active",
        "Reported active",
        "Azure holder",
        "9 checks",
        "Fail over to tg-node-b…",
        "Check rights and locks of the graceful failover now",
        "8 checks",
        "Force failover to tg-node-b…",
        "Check rights and locks of the forced failover now",
        "Measure",
        "Reachability from this computer",
    ]


def test_that_ctrl_c_copies_the_focused_fact_with_source_and_time(ready: Desk, qtbot: QtBot) -> None:
    ready.window.activateWindow()
    qtbot.waitUntil(ready.window.isActiveWindow, timeout=PATIENCE_MS)
    holder = page(ready).sources.holder
    holder.setFocus()
    QTest.keyClick(holder, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    name, rest = QApplication.clipboard().text().split(": ", maxsplit=1)
    value, source, moment = rest.split(", ")
    assert (name, value, source) == ("Azure holder", "tg-node-a", "NIC tg-node-a-inside")
    assert moment.endswith("Z")


def test_that_three_missed_reads_turn_the_verdict_grey_and_graceful_off(ready: Desk, qtbot: QtBot) -> None:
    go_stale(ready, qtbot)
    shown = page(ready)
    assert shown.banner.shape is Shape.NOT_KNOWN
    assert shown.banner.sentence.endswith("tg-node-a held 10.20.2.50")
    assert not shown.graceful.button.isEnabled()
    assert "Read again first" in shown.graceful.reason
    assert not shown.picture.pill.fact.value.startswith("on tg-node-a")


def test_that_forced_reads_first_while_what_is_known_is_old(ready: Desk, qtbot: QtBot) -> None:
    go_stale(ready, qtbot)
    assert accessible_name(page(ready).forced.pill) == "State: Reads Azure first"
    ready.window.ask(Verb.FORCED)
    dialog = ready.window.dialog
    assert dialog is not None
    qtbot.waitUntil(dialog.isVisible, timeout=PATIENCE_MS)
    (start,) = [found for found in ready.all_named("Force failover to tg-node-b") if dialog.isAncestorOf(found)]
    assert not start.isEnabled()
    dialog.reject()
    assert ready.rig.puts() == []


def test_that_a_new_verdict_is_announced_and_an_age_is_not(ready: Desk, qtbot: QtBot) -> None:
    banner = page(ready).banner
    banner.setProperty(ANNOUNCED, None)
    page(ready).refresh()
    assert banner.property(ANNOUNCED) is None
    ready.rig.fail_over(ready.rig.b)
    ready.session.read_now()
    qtbot.waitUntil(lambda: banner.sentence == "In sync: tg-node-b holds 10.20.2.50", timeout=PATIENCE_MS)
    assert banner.property(ANNOUNCED) == "In sync: tg-node-b holds 10.20.2.50"


def test_that_finished_steps_and_the_end_of_a_run_are_announced(ready: Desk, qtbot: QtBot) -> None:
    ready.session.fail_over(ready.rig.b, Verb.GRACEFUL)
    qtbot.waitUntil(lambda: ready.says("Result: Done"), timeout=PATIENCE_MS)
    run = ready.window.findChild(RunPage)
    assert run is not None
    spoken = [widget.property(ANNOUNCED) for widget in run.findChildren(QWidget) if widget.property(ANNOUNCED)]
    assert "at once: Done: tg-node-b holds 10.20.2.50" in spoken
    assert any(sentence.endswith(": done") for sentence in spoken)


def spoken_at(root: QWidget) -> dict[str, str]:
    """What was announced last at each widget, by the widget's type."""
    return {
        type(widget).__name__: widget.property(ANNOUNCED)
        for widget in [root, *root.findChildren(QWidget)]
        if widget.property(ANNOUNCED)
    }


def test_that_an_address_on_no_nic_is_announced_at_once(ready: Desk, qtbot: QtBot) -> None:
    banner = page(ready).banner
    take_address(ready)
    ready.session.read_now()
    qtbot.waitUntil(lambda: banner.shape is Shape.BROKEN, timeout=PATIENCE_MS)
    assert banner.property(ANNOUNCED) == f"at once: {banner.sentence}"


def test_that_a_new_problem_is_announced_politely(ready: Desk) -> None:
    ready.session.trouble.emit(Problem("broke", "The journal is full.", "No space is left.", "Free some."))
    assert "The journal is full. No space is left. Free some." in spoken_at(page(ready)).values()


def test_that_a_step_past_its_deadline_is_announced_at_once_and_only_once(ready: Desk, qtbot: QtBot) -> None:
    ready.session.fail_over(ready.rig.b, Verb.GRACEFUL)
    qtbot.waitUntil(lambda: ready.says("Result: Done"), timeout=PATIENCE_MS)
    run = ready.window.findChild(RunPage)
    assert run is not None
    step = replace(run.run.steps[1], status=RunStepStatus.RUNNING, since=0.0, seconds=None, deadline_s=10.0)
    bar = run.findChild(DeadlineBar)
    assert bar is not None
    run._show_deadline(step, 9.0)
    assert bar.property(ANNOUNCED) is None
    run._show_deadline(step, 11.0)
    assert str(bar.property(ANNOUNCED)).startswith(f"at once: {step.plan.sentence}: past its deadline. ")
    bar.setProperty(ANNOUNCED, None)
    run._show_deadline(step, 12.0)
    assert bar.property(ANNOUNCED) is None


def test_that_ages_probe_bars_and_routine_reads_are_not_announced(ready: Desk, qtbot: QtBot) -> None:
    root = page(ready)
    for widget in [root, *root.findChildren(QWidget)]:
        widget.setProperty(ANNOUNCED, None)
    before = ready.session.latest
    ready.session.read_now()
    qtbot.waitUntil(lambda: ready.session.latest is not before, timeout=PATIENCE_MS)
    ready.session.reachability.take((Sample(ready.session.now(), 0.01), Sample(1.0, None)))
    root.refresh()
    assert spoken_at(root) == {}


def test_that_locking_is_announced_and_the_focus_comes_back_to_the_opener(ready: Desk, qtbot: QtBot) -> None:
    ready.window.ask_lock()
    assert ready.window.rail.lock.property(ANNOUNCED) == "Read-only"
    ready.window.settings_store.set(READ_ONLY, False)
    assert ready.window.rail.lock.property(ANNOUNCED) == "Changes allowed"
    opener = page(ready).graceful.button
    ready.window.activateWindow()
    qtbot.waitUntil(ready.window.isActiveWindow, timeout=PATIENCE_MS)
    opener.setFocus()
    ready.window.ask(Verb.GRACEFUL)
    assert ready.window.dialog is not None
    qtbot.waitUntil(ready.window.dialog.cancel.hasFocus, timeout=PATIENCE_MS)
    ready.window.dialog.reject()
    qtbot.waitUntil(opener.hasFocus, timeout=PATIENCE_MS)


def test_that_with_reduced_motion_the_pill_glides_nowhere(qapp: QApplication, tmp_path: Path, qtbot: QtBot) -> None:
    theme = Theme(qapp, ThemeChoice.LIGHT, reduced_motion=True)
    desk, end = open_desk(theme, tmp_path)
    read(desk, qtbot)
    picture = page(desk).picture
    before = picture.pill.geometry()
    desk.rig.fail_over(desk.rig.b)
    desk.session.read_now()
    qtbot.waitUntil(lambda: picture.pill.fact.value == "on tg-node-b", timeout=PATIENCE_MS)
    assert picture.pill.geometry().left() > before.right()
    end()
    theme.deleteLater()


def in_grey(theme: Theme, shape: Shape) -> bytes:
    image = QImage(32, 32, QImage.Format.Format_Grayscale8)
    image.fill(theme.colour(Token.CARD))
    painter = QPainter(image)
    draw_shape(painter, theme, shape, QRectF(2, 2, 28, 28))
    painter.end()
    return bytes(image.constBits())


@pytest.mark.parametrize("choice", [ThemeChoice.LIGHT, ThemeChoice.DARK])
def test_that_any_two_state_shapes_differ_in_grey(theme: Theme, choice: ThemeChoice) -> None:
    theme.choose(choice)
    grey = {shape: in_grey(theme, shape) for shape in Shape}
    for one, other in combinations(Shape, 2):
        unlike = sum(abs(a - b) > 60 for a, b in zip(grey[one], grey[other], strict=True))
        assert unlike >= 16, (one, other)


def test_that_high_contrast_takes_the_systems_colours_and_drops_tints(qapp: QApplication) -> None:
    system = QPalette(QColor("#000000"), QColor("#000000"))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text):
        system.setColor(role, QColor("#ffffff"))
    for role in (QPalette.ColorRole.Window, QPalette.ColorRole.Base):
        system.setColor(role, QColor("#000000"))
    assert prefers_contrast(system)
    colours = high_contrast({token: QColor(value) for token, value in LIGHT.items()}, system)
    assert {colours[token].name() for token in (Token.CARD, Token.OK_TINT, Token.BAD_TINT, Token.WINDOW)} == {"#000000"}
    assert {colours[token].name() for token in (Token.TEXT, Token.TEXT3, Token.BORDER)} == {"#ffffff"}


def test_that_a_usual_palette_is_not_taken_for_high_contrast(theme: Theme, qapp: QApplication) -> None:
    assert not prefers_contrast(qapp.palette())
    assert not theme.contrast


def test_that_nothing_is_nameless_while_the_window_is_still_opening(desk: Open) -> None:
    assert nameless(desk().window) == []


def contrasts(theme: Theme) -> bool:
    """Whether the theme has high contrast now."""
    return theme.contrast


def test_that_the_contrast_setting_overrides_the_system_and_gives_it_back(theme: Theme) -> None:
    usual = theme.colour(Token.CARD).name(), theme.colour(Token.OK_TINT).name()
    theme.choose_contrast(True)
    assert contrasts(theme) is True
    assert (theme.colour(Token.CARD).name(), theme.colour(Token.OK_TINT).name()) == ("#ffffff", "#ffffff")
    assert theme.colour(Token.BORDER).name() == theme.colour(Token.TEXT).name() == "#000000"
    theme.choose(ThemeChoice.DARK)
    assert theme.colour(Token.CARD).name() == "#000000"
    theme.choose(ThemeChoice.LIGHT)
    theme.choose_contrast(None)
    assert contrasts(theme) is False
    assert (theme.colour(Token.CARD).name(), theme.colour(Token.OK_TINT).name()) == usual


def test_that_the_systems_contrast_is_followed_live_unless_the_setting_says_otherwise(
    theme: Theme, qtbot: QtBot
) -> None:
    theme.follow_system()
    high, none = Qt.ContrastPreference.HighContrast, Qt.ContrastPreference.NoPreference
    with qtbot.waitSignal(theme.changed, timeout=PATIENCE_MS):
        theme._on_system_contrast(high)
    assert contrasts(theme) is True
    theme.choose_contrast(False)
    assert contrasts(theme) is False
    theme._on_system_contrast(none)
    theme.choose_contrast(None)
    assert contrasts(theme) is False


def test_that_qt_tells_of_contrast_by_an_object_that_outlives_its_wrapper(qapp: QApplication) -> None:
    for _ in range(200):
        found = _accessibility_hints(qapp.styleHints())
        assert found is not None
        assert found.contrastPreference() in set(Qt.ContrastPreference)
        del found
    gc.collect()
    assert _accessibility_hints(qapp.styleHints()) is not None


def test_that_reduced_motion_and_contrast_are_settings_in_force_at_once(ready: Desk) -> None:
    settings_store = ready.window.settings_store
    settings_store.set(REDUCED_MOTION, True)
    settings_store.set(CONTRAST, ContrastChoice.HIGH)
    assert (ready.theme.reduced_motion, contrasts(ready.theme)) == (True, True)
    settings_store.set(REDUCED_MOTION, False)
    settings_store.set(CONTRAST, ContrastChoice.SYSTEM)
    assert (ready.theme.reduced_motion, contrasts(ready.theme)) == (False, False)

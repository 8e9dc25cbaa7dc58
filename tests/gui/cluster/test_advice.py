"""What the window advises: the engine's one answer in banner, rail, table and cards, and a consent of its own."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.engine.failover.crash import Kind, crashed_run
from tests.gui.desk import PATIENCE_MS, Desk, accessible_description, accessible_name, clusters_page
from tests.gui.shell.test_window import dialog_of, holder
from tests.rig import Rig
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.files.file_lock import hold_lock
from tgwizard.engine.observe import Observer
from tgwizard.engine.readiness.cluster_readiness import cluster_readiness
from tgwizard.engine.runs.cluster_lock import cluster_in_use
from tgwizard.engine.watch.cluster_watch import RunElsewhere, read_history_when_free
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.cluster.cluster_page import ClusterPage
from tgwizard.gui.cluster.cluster_view_model import aged, displayed_readiness, picture
from tgwizard.gui.failover.plan_view import needs_words
from tgwizard.gui.fleet.fleet_rows import FleetState
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.widgets.cards import PageScroll
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer
from tgwizard.model.cluster import Verb
from tgwizard.model.cluster_readiness import ClusterState
from tgwizard.model.failover_options import Fence, FenceRequest
from tgwizard.model.problem import Problem
from tgwizard.model.text import format_estimate
from tgwizard.model.verdict import assess

Open = Callable[..., Desk]
REFUSAL = '{"error": {"code": "ServiceUnavailable", "message": "try again"}}'


@pytest.fixture
def ready(desk: Open, qtbot: QtBot) -> Desk:
    """A window whose cluster has been read."""
    made = desk()
    qtbot.waitUntil(lambda: made.says("Fail over to tg-node-b…"), timeout=PATIENCE_MS)
    return made


def page_of(desk: Desk) -> ClusterPage:
    page = desk.window.findChild(ClusterPage)
    assert page is not None
    return page


def read_until(desk: Desk, qtbot: QtBot, true: Callable[[], bool]) -> None:
    """Read Azure again and again until it is so."""

    def read() -> bool:
        desk.session.read_now()
        return true()

    qtbot.waitUntil(read, timeout=PATIENCE_MS)


def stop(desk: Desk, qtbot: QtBot, member: str) -> None:
    """Stop a member's VM and wait until the window knows."""
    vm = next(found.vm for found in desk.rig.setup.members if found.name == member)
    desk.rig.lab.switch(vm.text, on=False)
    read_until(desk, qtbot, lambda: desk.says(f"{member} is stopped"))


def test_that_a_stopped_standby_is_one_state_in_banner_rail_table_and_cards(ready: Desk, qtbot: QtBot) -> None:
    stop(ready, qtbot, "tg-node-b")
    page = page_of(ready)
    sentence = "tg-node-a holds 10.20.2.50. No failover is possible: tg-node-b is stopped"
    assert page.banner.sentence == sentence
    assert page.banner.shape is Shape.BROKEN
    for card in (page.graceful, page.forced):
        assert card.pill.accessibleName() == "State: Blocked"
        assert not card.button.isEnabled()
        assert "tg-node-b is stopped" in card.reason
    rail = ready.window.rail.clusters["edge-dallas"]
    assert "No failover is possible" in accessible_name(rail) + accessible_description(rail)
    ready.window.go_to(NavPage.CLUSTERS)
    model = clusters_page(ready.window).model
    qtbot.waitUntil(lambda: model.rows[0].state is FleetState.BLOCKED, timeout=PATIENCE_MS)
    (row,) = model.rows
    assert (row.graceful, row.forced) == (Shape.BROKEN, Shape.BROKEN)
    assert row.sentence == sentence


def test_that_a_stopped_holder_makes_forced_the_right_choice(ready: Desk, qtbot: QtBot) -> None:
    stop(ready, qtbot, "tg-node-a")
    page = page_of(ready)
    assert page.forced.pill.accessibleName() == "State: The right choice"
    assert page.graceful.pill.accessibleName() == "State: Blocked"
    assert page.forced.despite.isHidden()


def test_that_a_move_to_a_dead_machine_needs_its_own_sentence_and_the_name(ready: Desk, qtbot: QtBot) -> None:
    stop(ready, qtbot, "tg-node-b")
    ready.press("Move it to tg-node-b all the same…")
    dialog = dialog_of(ready, qtbot)
    sentence = "Move 10.20.2.50 to tg-node-b although tg-node-b is stopped: nobody will answer at it."
    assert ready.says(sentence)
    consent = dialog.consent
    assert consent is not None
    QTest.keyClicks(dialog.typed, "edge-dallas")
    qtbot.waitUntil(lambda: "sentence" in dialog.start.toolTip(), timeout=PATIENCE_MS)
    assert not dialog.start.isEnabled()
    QTest.keyClick(consent, Qt.Key.Key_Space)
    qtbot.waitUntil(dialog.start.isEnabled, timeout=PATIENCE_MS)
    QTest.keyClick(consent, Qt.Key.Key_Space)
    assert not dialog.start.isEnabled()
    QTest.keyClick(consent, Qt.Key.Key_Space)
    QTest.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: ready.says("Result: Done"), timeout=PATIENCE_MS)
    assert holder(ready) == "tg-node-b"


def test_that_the_question_about_a_dead_machine_fits_a_window_of_1440_by_900(ready: Desk, qtbot: QtBot) -> None:
    ready.window.resize(1440, 900)
    stop(ready, qtbot, "tg-node-b")
    ready.press("Move it to tg-node-b all the same…")
    dialog = dialog_of(ready, qtbot)
    qtbot.waitUntil(lambda: not ready.says("State: Asking Azure"), timeout=PATIENCE_MS)
    (body,) = dialog.findChildren(PageScroll)
    qtbot.waitUntil(lambda: body.verticalScrollBar().maximum() == 0, timeout=PATIENCE_MS)
    assert ready.window.height() == 900
    for part in (dialog.consent, dialog.typed, dialog.start):
        assert part is not None
        assert dialog.rect().contains(part.mapTo(dialog, part.rect().bottomLeft()))
    dialog.reject()


def test_that_a_usual_forced_question_asks_for_no_such_sentence(ready: Desk, qtbot: QtBot) -> None:
    ready.press("Force failover to tg-node-b…")
    dialog = dialog_of(ready, qtbot)
    assert dialog.consent is None
    dialog.reject()


def test_that_rights_are_asked_when_the_page_is_open_and_keep_their_age(ready: Desk, qtbot: QtBot) -> None:
    def asked() -> bool:
        state = ready.session.state
        return state is not None and state.graceful.rights_age_s is not None and state.forced.rights_age_s is not None

    qtbot.waitUntil(asked, timeout=PATIENCE_MS)
    page = page_of(ready)
    qtbot.waitUntil(lambda: page.graceful.pill.accessibleName() == "State: Ready", timeout=PATIENCE_MS)
    assert ready.rig.puts() == [], "rights are asked by reads alone"
    before = ready.session.rights._tried_at
    page.refresh()
    assert ready.session.rights._tried_at is before, "nobody is asked again"


def test_that_someone_who_may_only_read_sees_no_ready_button(desk: Open, qtbot: QtBot) -> None:
    made = desk(scenario="reader")
    read_until(made, qtbot, lambda: made.session.state is not None)
    page = page_of(made)
    qtbot.waitUntil(lambda: page.graceful.pill.accessibleName() == "State: Blocked", timeout=PATIENCE_MS)
    assert not page.graceful.button.isEnabled()
    assert not page.forced.button.isEnabled()
    assert page.banner.shape is not Shape.GOOD


def test_that_before_anybody_was_asked_the_card_says_so(ready: Desk, qtbot: QtBot) -> None:
    state = ready.session.state
    assert state is not None
    made = ClusterPage(ready.theme, ready.session)
    qtbot.addWidget(made)
    ready.session.rights.known = type(ready.session.rights.known)()
    made._show_action(made.graceful, ready.session.state or state, "")
    assert made.graceful.pill.accessibleName() == "State: Rights not asked"


def test_that_nothing_stale_is_green(ready: Desk, qtbot: QtBot) -> None:
    for member in ready.rig.setup.members:
        for name in (member.nic.name, member.vm.name):
            ready.rig.lab.faults.add(Fault("GET", name, FaultAnswer(503, REFUSAL), times=10_000))
    read_until(ready, qtbot, lambda: ready.says("Verdict: Last known"))
    state = ready.session.state
    assert state is not None
    assert state.stale
    assert state.state is ClusterState.NOT_KNOWN
    page = page_of(ready)
    assert page.banner.shape is Shape.NOT_KNOWN
    shown = page.picture.shown
    assert shown is not None
    facts = [fact for member in shown.members for fact in (member.power, member.provisioning)]
    assert [fact for fact in facts if fact.shape is Shape.GOOD] == []
    for card, word in ((page.graceful, "Not known"), (page.forced, "Reads Azure first")):
        assert card.pill.accessibleName() == f"State: {word}"
        assert not [name for name in map(accessible_name, card.findChildren(type(card.pill))) if "Ready" in name]
    for finding in state.of(Verb.GRACEFUL).findings.findings:
        assert finding.level.name != "PASSED", finding


def test_that_the_picture_is_last_known_as_soon_as_the_interfaces_are(lab: Rig) -> None:
    snapshot = Observer(lab.services.azure, lab.clock, lab.setup).look()
    late = aged(snapshot, snapshot.now + 31)
    for seen in picture(late, assess(late)).members:
        assert seen.power.value.startswith("last known: Running")
        assert seen.provisioning.value == "last known: Succeeded"
        assert {seen.power.shape, seen.provisioning.shape} == {Shape.NOT_KNOWN}


def test_that_a_machine_and_an_interface_that_are_gone_are_drawn_so(lab: Rig) -> None:
    snapshot = Observer(lab.services.azure, lab.clock, lab.setup).look()
    first, second = snapshot.members
    gone = Problem("not-found", "It does not exist.")
    second = replace(second, vm=second.vm.vanished(gone, snapshot.now), nic=second.nic.vanished(gone, snapshot.now))
    drawn = picture(replace(snapshot, members=(first, second)), assess(snapshot)).members[1]
    assert (drawn.power.value, drawn.power.shape) == ("Does not exist", Shape.BROKEN)
    assert (drawn.provisioning.value, drawn.provisioning.shape) == ("Does not exist", Shape.BROKEN)


def test_that_a_stop_needs_the_right_to_power_off_and_no_join() -> None:
    stop = "Microsoft.Compute/virtualMachines/powerOff/action"
    write = "Microsoft.Network/networkInterfaces/write"
    join = "Microsoft.Network/virtualNetworks/subnets/join/action"
    assert needs_words((stop,)) == "needs virtualMachines/powerOff"
    assert needs_words((write, join)) == "needs networkInterfaces/write, join of subnet"


def test_that_the_predicted_gap_of_a_forced_failover_with_a_stop_has_the_stop_in_it(ready: Desk, qtbot: QtBot) -> None:
    ready.press("Force failover to tg-node-b…")
    dialog = dialog_of(ready, qtbot)
    plain = ready.session.plan(Verb.FORCED)
    fenced = ready.session.plan(Verb.FORCED, FenceRequest(Fence.STOP))
    assert plain is not None
    assert fenced is not None
    assert fenced.gap.usual_s > plain.gap.usual_s + 5
    dialog.fence.stop.click()
    words = f"gap {format_estimate(fenced.gap.usual_s)}"
    qtbot.waitUntil(lambda: words in dialog._cost.text_shown, timeout=PATIENCE_MS)
    dialog.reject()


def test_that_a_run_of_another_program_is_named_by_verb_and_target(tmp_path: Path, qtbot: QtBot) -> None:
    other = crashed_run(Kind.ANSWERED, "PUT tg-node-a-inside", tmp_path / "crashed", nth=2)
    said: queue.SimpleQueue[object] = queue.SimpleQueue()
    token = CancelToken()
    with hold_lock(other.services.lock_file(other.setup.identity), cluster_in_use(other.setup.name)):
        thread = threading.Thread(target=read_history_when_free, args=(other.services, other.setup, said.put, token))
        thread.start()
        seen = said.get(timeout=60)
        token.cancel()
        thread.join(60)
    assert isinstance(seen, RunElsewhere)
    assert seen.words == "Moving: a graceful failover to tg-node-b runs in another program on this computer"
    snapshot = Observer(other.services.azure, other.clock, other.setup).look()
    state = displayed_readiness(
        cluster_readiness(snapshot, busy=cluster_in_use(other.setup.name)), snapshot, snapshot.now, elsewhere=seen
    )
    assert (state.state, state.sentence) == (ClusterState.MOVING, seen.words)
    assert not state.graceful.possible

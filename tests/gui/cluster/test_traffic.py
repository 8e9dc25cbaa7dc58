"""Traffic as the window measures it, on a lab whose floating IP answers on loopback while a running VM holds it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

import pytest
from pytestqt.qtbot import QtBot

from tests.gui.desk import PATIENCE_MS, Desk, accessible_description, accessible_name
from tests.rig import Rig
from tgwizard.engine.watch.traffic_probe import gaps
from tgwizard.gui.cluster.cluster_page import ClusterPage
from tgwizard.gui.failover.confirm_dialog import ConfirmDialog
from tgwizard.gui.failover.result_card import ResultCard
from tgwizard.gui.failover.run_page import RunPage
from tgwizard.gui.failover.run_traffic_card import BEFORE_S
from tgwizard.gui.style.theme import Theme
from tgwizard.lab.faults.fault_rules import Fault, OperationTakes
from tgwizard.model.cluster import Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.settings import MEASURE_RUNS
from tgwizard.model.text import format_duration

DETACH_S, ATTACH_S = 0.5, 1.5


@pytest.fixture
def measuring(desk: Callable[..., Desk], qtbot: QtBot) -> Desk:
    """A cluster that may be failed over, with the probe answered already."""
    made = desk(traffic=True)
    session = made.session
    qtbot.waitUntil(lambda: session.reason_against(Verb.GRACEFUL) is None, timeout=PATIENCE_MS)
    made.press("Measure")
    qtbot.waitUntil(lambda: bool(session.reachability.samples), timeout=PATIENCE_MS)
    return made


def test_that_the_strip_shows_what_answers_and_says_from_where_to_what_how_often(measuring: Desk, qtbot: QtBot) -> None:
    page = measuring.window.stack.currentWidget()
    assert isinstance(page, ClusterPage)
    endpoint = measuring.session.reachability.endpoint
    assert endpoint is not None
    assert page.reachability.words == (f"from this computer to 10.20.2.50, lab port {endpoint.port}, every 100 ms")
    qtbot.waitUntil(lambda: measuring.says("Reachability from this computer: Reachable"), timeout=PATIENCE_MS)
    assert measuring.says("median ")
    measuring.press("Stop measuring")
    assert measuring.says("Measure")
    assert all(sample.took_s is not None for sample in measuring.session.reachability.samples)


def test_that_what_cannot_be_measured_says_why_and_may_be_tried_again(desk: Callable[..., Desk], qtbot: QtBot) -> None:
    page = desk().window.findChild(ClusterPage)
    assert page is not None
    card = page.reachability
    assert card.words == "from this computer to 10.20.2.50, every 100 ms"
    card.toggle.click()
    why = "10.20.2.50 exists in no network of this computer."
    qtbot.waitUntil(lambda: card.words == f"not measured: {why}", timeout=PATIENCE_MS)
    assert accessible_name(card.toggle) == "Measure"
    assert accessible_description(card.toggle) == why
    assert card.toggle.isEnabled()


def test_that_a_stopped_member_is_a_gap_that_ends_when_it_runs_again(measuring: Desk, qtbot: QtBot) -> None:
    reachability = measuring.session.reachability
    member = measuring.rig.a.vm.text
    measuring.rig.lab.switch(member, on=False)
    qtbot.waitUntil(lambda: any(sample.took_s is None for sample in reachability.samples), timeout=PATIENCE_MS)
    measuring.rig.lab.switch(member, on=True)
    qtbot.waitUntil(lambda: bool(found := gaps(reachability.samples)) and not found[-1].open, timeout=PATIENCE_MS)
    answers = [sample.took_s is not None for sample in reachability.samples]
    assert [answered for answered, _ in groupby(answers)] == [True, False, True]
    assert measuring.says("longest gap ")


def test_that_the_result_tells_control_plane_time_and_traffic_gap_apart(measuring: Desk, qtbot: QtBot) -> None:
    """The traffic gap is the attach as the lab's own clock had it, to within the probe's pace."""
    session, lab = measuring.session, measuring.rig.lab
    for member, seconds in ((measuring.rig.a, DETACH_S), (measuring.rig.b, ATTACH_S)):
        lab.faults.add(Fault("PUT", member.nic.name, OperationTakes(seconds), times=None))
    session.fail_over(measuring.rig.b, Verb.GRACEFUL)
    qtbot.waitUntil(lambda: session.run is not None and session.run.finished is not None, timeout=PATIENCE_MS)
    assert session.run is not None
    assert session.run.finished is not None
    assert session.run.finished.outcome is Outcome.DONE
    page = measuring.window.stack.currentWidget()
    assert isinstance(page, RunPage)
    qtbot.waitUntil(lambda: "from this computer" in page.result.traffic.value, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not gaps(session.reachability.samples)[-1].open, timeout=PATIENCE_MS)
    left, taken = [item for item in lab.holdings if item.address == measuring.rig.address][-2:]
    assert left.until is not None
    truth_s = (taken.since - left.until).total_seconds()
    (gap,) = gaps(session.reachability.samples)
    assert truth_s >= ATTACH_S
    assert gap.seconds >= truth_s - 0.2
    assert page.result.traffic.value == f"{format_duration(gap.seconds)}, from this computer"
    assert session.run.finished.seconds is not None
    assert page.result.seconds.value == format_duration(session.run.finished.seconds)
    for figure in ("Control plane", "Gap as read", "Traffic gap"):
        assert measuring.says(figure), figure


def test_that_who_wants_runs_measured_need_not_press_anything(desk: Callable[..., Desk], qtbot: QtBot) -> None:
    made = desk(traffic=True)
    session, window = made.session, made.window
    qtbot.waitUntil(lambda: session.reason_against(Verb.GRACEFUL) is None, timeout=PATIENCE_MS)
    window.settings_store.set(MEASURE_RUNS, True)
    window.ask(Verb.GRACEFUL)
    assert session.reachability.measuring
    assert window.dialog is not None
    window.dialog.reject()
    qtbot.waitUntil(lambda: not session.reachability.measuring, timeout=PATIENCE_MS)
    window.ask(Verb.GRACEFUL)
    dialog = window.dialog
    assert isinstance(dialog, ConfirmDialog)
    qtbot.waitUntil(lambda: dialog.isVisible() and dialog.start.isEnabled(), timeout=PATIENCE_MS)
    dialog.start.click()
    qtbot.waitUntil(lambda: session.run is not None and session.run.finished is not None, timeout=PATIENCE_MS)
    page = window.stack.currentWidget()
    assert isinstance(page, RunPage)
    qtbot.waitUntil(lambda: page.result.traffic.value not in {"", "not measured"}, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not session.reachability.measuring, timeout=PATIENCE_MS)
    assert session.run is not None
    assert session.run.finished is not None
    assert session.reachability.samples[-1].at > session.run.finished.stamp.clock_s + BEFORE_S - 1.0


def test_that_what_never_answers_is_no_gap(theme: Theme, lab: Rig, qtbot: QtBot) -> None:
    result = ResultCard(theme, lab.setup)
    qtbot.addWidget(result)
    result.show_traffic(8.0, heard=False)
    assert result.traffic.value == "nothing answers this computer"
    result.show_traffic(8.0, heard=True)
    assert result.traffic.value == "8.0 s, from this computer"
    result.show_traffic(None, heard=True)
    assert result.traffic.value == "not measured"

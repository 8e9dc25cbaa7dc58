"""A VM that was stopped is started again where that is seen: on the cluster's page, and in a fenced run's result."""

from __future__ import annotations

from collections.abc import Callable

from pytestqt.qtbot import QtBot

from tests.gui.desk import PATIENCE_MS, Desk, accessible_description
from tgwizard.engine.failover.run import RunOptions
from tgwizard.gui.app.destinations import Destination, Practice
from tgwizard.model.cluster import Verb
from tgwizard.model.failover_options import Fence, FenceRequest
from tgwizard.model.snapshot import Power

OpenDesk = Callable[..., Desk]


def test_that_a_fenced_run_and_the_cluster_page_offer_to_start_what_was_stopped(desk: OpenDesk, qtbot: QtBot) -> None:
    it = desk()
    session = it.session
    qtbot.waitUntil(lambda: session.snapshot is not None, timeout=PATIENCE_MS)
    session.fail_over(it.rig.b, Verb.FORCED, RunOptions(fence=FenceRequest(Fence.STOP)))
    qtbot.waitUntil(lambda: it.says("Start tg-node-a"), timeout=PATIENCE_MS)
    assert session.run is not None
    assert session.run.finished is not None
    it.window.open_cluster(session.setup.name)
    qtbot.waitUntil(lambda: it.says("Start tg-node-a"), timeout=PATIENCE_MS)
    button = it.find("Start tg-node-a")
    assert "tgwizard start edge-dallas --member tg-node-a" in accessible_description(button)
    assert not it.says("Start tg-node-b")
    it.press("Start tg-node-a")
    qtbot.waitUntil(lambda: not it.says("Start tg-node-a") and session.starting is None, timeout=PATIENCE_MS)
    assert it.rig.services.azure.compute.vm(it.rig.a.vm).power is Power.RUNNING


def test_that_a_locked_window_starts_nothing(desk: OpenDesk, qtbot: QtBot) -> None:
    it = desk()
    it.rig.call("POST", f"{it.rig.b.vm.text}/powerOff").raise_for_status()
    qtbot.waitUntil(lambda: it.says("Start tg-node-b"), timeout=PATIENCE_MS)
    it.window.ask_lock()
    qtbot.waitUntil(lambda: not it.find("Start tg-node-b").isEnabled(), timeout=PATIENCE_MS)
    assert accessible_description(it.find("Start tg-node-b")).startswith("Locked")


def test_that_the_window_goes_nowhere_else_while_a_machine_is_started_from_here(desk: OpenDesk, qtbot: QtBot) -> None:
    it = desk()
    session = it.session
    it.rig.call("POST", f"{it.rig.b.vm.text}/powerOff").raise_for_status()
    qtbot.waitUntil(lambda: it.says("Start tg-node-b"), timeout=PATIENCE_MS)
    left: list[object] = []
    it.window.left_for.connect(left.append)
    it.press("Start tg-node-b")
    it.window.go_elsewhere(Destination(Practice.SET_UP))
    assert it.says("tg-node-b is being started. Wait until it runs.")
    assert it.window.dialog is not None
    it.window.dialog.reject()
    qtbot.waitUntil(lambda: session.starting is None, timeout=PATIENCE_MS)
    assert left == []

"""On the cluster page a repair is offered first, with its reason, and is confirmed like a forced failover."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.gui.desk import PATIENCE_MS, Desk, accessible_name
from tests.gui.shell.test_window import dialog_of
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.files.file_lock import hold_lock
from tgwizard.engine.history.run_statistics import measured_runs
from tgwizard.engine.jobs import Report
from tgwizard.engine.readiness.recommended_action import ActionKind
from tgwizard.engine.runs.cluster_lock import cluster_in_use
from tgwizard.engine.runs.failover_journal import FailoverJournal
from tgwizard.engine.runs.records import Record, RunEndRecord
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.cluster.cluster_page import ClusterPage
from tgwizard.model.cluster import Verb

REPAIR = "Repair: move the address to tg-node-b"
REASON = "10.20.2.50 is on a member that cannot serve it: tg-node-a is stopped, so only tg-node-b can be active."


def page_of(desk: Desk) -> ClusterPage:
    """The cluster's page, opened."""
    desk.window.open_cluster(desk.session.setup.name)
    (page,) = desk.window.findChildren(ClusterPage)
    return page


@pytest.fixture
def broken(desk: Callable[[], Desk], qtbot: QtBot) -> Desk:
    """A window whose cluster's holder was switched off."""
    made = desk()
    qtbot.waitUntil(lambda: made.session.snapshot is not None, timeout=PATIENCE_MS)
    made.rig.call("POST", f"{made.rig.a.vm.text}/powerOff").raise_for_status()

    def seen() -> bool:
        made.session.read_now()
        return made.session.recommended_action is not None

    qtbot.waitUntil(seen, timeout=PATIENCE_MS)
    return made


def test_that_the_repair_of_a_stopped_holder_stands_first_with_its_reason(broken: Desk, qtbot: QtBot) -> None:
    page = page_of(broken)
    qtbot.waitUntil(lambda: page.forced.title.text_shown == "Repair", timeout=PATIENCE_MS)
    assert page._actions_box.indexOf(page.forced) == 1, "no button changes places with another while it is looked at"
    broken.window.go_to(NavPage.CLUSTERS)
    broken.window.open_cluster(broken.session.setup.name)
    qtbot.waitUntil(lambda: page.forced.y() < page.graceful.y(), timeout=PATIENCE_MS)
    assert page._actions_box.indexOf(page.forced) == 0
    assert accessible_name(page.forced.button) == f"{REPAIR}…"
    assert page.forced.button.accessibleDescription().startswith(f"The right choice. {REASON}")
    assert not page.graceful.button.isEnabled()
    page.forced.set_compact(True, alone=True)
    assert page.forced._cost.text_shown.startswith(REASON)
    assert not page.forced._cost.isHidden(), "the reason is never folded away"


def test_that_a_repair_is_confirmed_by_the_cluster_s_name_and_puts_the_page_right(broken: Desk, qtbot: QtBot) -> None:
    page = page_of(broken)
    qtbot.waitUntil(lambda: page.forced.title.text_shown == "Repair", timeout=PATIENCE_MS)
    broken.press(f"{REPAIR}…")
    dialog = dialog_of(broken, qtbot)
    assert dialog.accessibleName().startswith("Repair edge-dallas in Azure: move the address to tg-node-b?")
    qtbot.waitUntil(lambda: dialog._findings is not None, timeout=PATIENCE_MS)
    assert not dialog.start.isEnabled()
    QTest.keyClicks(dialog.typed, "edge-dallas", Qt.KeyboardModifier.NoModifier)
    qtbot.waitUntil(dialog.start.isEnabled, timeout=PATIENCE_MS)
    broken.press(REPAIR)
    session = broken.session
    qtbot.waitUntil(lambda: session.run is not None and session.run.finished is not None, timeout=PATIENCE_MS)
    assert broken.rig.holders() == ["tg-node-b"]
    qtbot.waitUntil(lambda: session.recommended_action is None and session.verdict is not None, timeout=PATIENCE_MS)


class SlowDisk(FailoverJournal):
    """A journal whose end of a run comes to the disk only when `free` is set."""

    free: threading.Event

    def _write(self, database: sqlite3.Connection, run: str, record: Record) -> None:
        if isinstance(record, RunEndRecord):
            self.free.wait(PATIENCE_MS / 1000)
        super()._write(database, run, record)


def test_that_a_run_that_has_ended_never_seems_interrupted_because_the_disk_is_slow(
    desk: Callable[..., Desk], qtbot: QtBot
) -> None:
    SlowDisk.free = threading.Event()
    made = desk(open_journal=SlowDisk.open)
    session = made.session
    qtbot.waitUntil(lambda: session.reason_against(Verb.GRACEFUL) is None, timeout=PATIENCE_MS)
    session.fail_over(made.rig.b, Verb.GRACEFUL)
    qtbot.waitUntil(lambda: session.run is not None and session.run.finished is not None, timeout=PATIENCE_MS)
    told: list[object] = []

    def read(_report: Report[object], _token: CancelToken) -> None:
        with contextlib.closing(session.services.journal(session.setup)) as journal:
            journal.unfinished()
            measured_runs(session.services, session.setup)

    session.unfinished_changed.connect(lambda: told.append(session.unfinished))
    ends = len(session.ends)
    with contextlib.closing(session.services.journal(session.setup)) as journal:
        assert journal.unfinished() is not None, "whoever reads it now finds a run without an end"
    # A job that was begun later and did as much has ended: the window's own would have told by now.
    look = session.services.jobs.start("look", read)
    qtbot.waitUntil(lambda: not look.running, timeout=PATIENCE_MS)
    made.bridge.finish()
    assert told == []
    SlowDisk.free.set()
    qtbot.waitUntil(lambda: len(session.ends) == ends + 1, timeout=PATIENCE_MS)
    assert told == [None]
    assert session.recommended_action is None


def test_that_while_another_program_moves_the_address_nothing_is_offered_or_called_interrupted(
    desk: Callable[..., Desk], qtbot: QtBot
) -> None:
    made = desk()
    session = made.session
    qtbot.waitUntil(lambda: session.reason_against(Verb.GRACEFUL) is None, timeout=PATIENCE_MS)

    def read() -> bool:
        session.read_now()
        return True

    with hold_lock(session.services.lock_file(session.setup.identity), cluster_in_use(session.setup.name)):
        made.rig.edit(made.rig.a, lambda body: body["properties"]["ipConfigurations"].pop())
        qtbot.waitUntil(lambda: read() and session.elsewhere is not None, timeout=PATIENCE_MS)
        against = session.reason_against(Verb.GRACEFUL)
        assert against is not None
        assert against.code == "cluster-locked"
        assert session.recommended_action is None
    qtbot.waitUntil(lambda: read() and session.recommended_action is not None, timeout=PATIENCE_MS)
    assert session.elsewhere is None
    offer = made.session.recommended_action
    assert offer is not None
    assert offer.kind is ActionKind.REPAIR


def test_that_a_cluster_in_order_offers_the_graceful_failover_first(desk: Callable[[], Desk], qtbot: QtBot) -> None:
    made = desk()
    qtbot.waitUntil(lambda: made.session.snapshot is not None, timeout=PATIENCE_MS)
    page = page_of(made)
    qtbot.waitUntil(page.graceful.button.isEnabled, timeout=PATIENCE_MS)
    assert made.session.recommended_action is None
    assert page._actions_box.indexOf(page.graceful) == 0
    assert page.forced.title.text_shown == "Forced failover"

"""Reading that has stopped is noticed, told with its reason, and begun again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import cast

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from tests.gui.desk import LEAVE_WITHIN_S, PATIENCE_MS
from tests.gui.held_clock import Later
from tests.rig import Rig, rig
from tgwizard.azure.arm_ports import ArmPorts
from tgwizard.azure.clients import Clients
from tgwizard.azure.network import ArmNetwork
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.jobs import AnyJob, Report
from tgwizard.engine.watch.monitor import Pace
from tgwizard.gui.app.bridge import Bridge
from tgwizard.gui.app.read_only_lock import ReadOnlyLock
from tgwizard.gui.cluster.cluster_registry import ClusterRegistry
from tgwizard.gui.cluster.watchdog import AGAIN_S, SILENT_S, Watchdog
from tgwizard.lab.clock import LabTime
from tgwizard.lab.latency import Latency
from tgwizard.model.cluster import ResourceId
from tgwizard.model.nic import NicDocument
from tgwizard.model.problem import Problem


class Troubled(ArmNetwork):
    """Interfaces that can be made to break their reader, or to keep it waiting."""

    def __init__(self, clients: Clients) -> None:
        """In order, at first."""
        super().__init__(clients)
        self.breaks = threading.Event()
        self.hangs = threading.Event()
        self.held = threading.Event()
        self.goes_on = threading.Event()

    def read_nic(self, nic: ResourceId) -> NicDocument:
        """As Azure does, unless there is trouble."""
        if self.breaks.is_set():
            self.breaks.clear()
            raise RuntimeError("nobody expected this")
        if self.hangs.is_set():
            self.held.set()
            self.goes_on.wait(60)
        return super().read_nic(nic)


class Watched:
    """One cluster, watched as the window does."""

    def __init__(self) -> None:
        """On a lab in real time."""
        self.clock = Later()
        self.rig: Rig = rig(Latency.INSTANT, clock=cast("LabTime", self.clock))
        azure = self.rig.services.azure
        assert isinstance(azure, ArmPorts)
        azure.network = self.network = Troubled(azure.clients)
        services = replace(self.rig.services, clock=self.clock)
        self.owner = QObject()
        self.bridge = Bridge(self.owner)
        self.watching = ClusterRegistry(self.bridge, ReadOnlyLock(parent=self.owner), self.owner)
        self.bridge.start()
        self.watching.open(services, (self.rig.setup,), Pace(nics_s=1.0, vms_s=5.0))
        (self.session,) = self.watching.sessions.values()
        self.told: list[Problem] = []
        self.session.trouble.connect(self.told.append)
        self.read: list[float] = []
        self.session.observed.connect(lambda: self.read.append(self.session.now()))

    def end(self) -> None:
        """Stop everything."""
        self.network.goes_on.set()
        self.watching.stop()
        assert not self.rig.services.jobs.close(LEAVE_WITHIN_S)
        self.bridge.stop()
        self.owner.deleteLater()


@pytest.fixture
def watched(qtbot: QtBot) -> Iterator[Watched]:
    made = Watched()
    qtbot.waitUntil(lambda: made.session.state is not None, timeout=PATIENCE_MS)
    yield made
    made.end()


def reads_again(watched: Watched, qtbot: QtBot) -> None:
    """Wait for a reading that begins after now."""
    since = watched.session.now()

    def read() -> bool:
        latest = watched.session.latest
        return latest is not None and latest.now > since

    qtbot.waitUntil(read, timeout=PATIENCE_MS)


def test_that_a_loop_that_ends_by_an_error_is_told_and_begun_again(watched: Watched, qtbot: QtBot) -> None:
    watched.network.breaks.set()
    qtbot.waitUntil(lambda: bool(watched.told), timeout=PATIENCE_MS)
    (problem,) = watched.told
    assert problem.what == "Reading Azure had stopped. It was begun again."
    assert "RuntimeError" in problem.why
    assert watched.session.events[0].sentence.startswith("Reading Azure had stopped.")
    reads_again(watched, qtbot)


def test_that_a_loop_that_hangs_is_left_alone_and_another_one_reads(watched: Watched, qtbot: QtBot) -> None:
    watched.network.hangs.set()
    old = watched.session.loop.job
    assert old is not None
    waits = watched.network.goes_on
    qtbot.waitUntil(lambda: not waits.is_set() and watched.session.now() - watched.read[-1] > 1.5, timeout=PATIENCE_MS)
    watched.network.hangs.clear()
    watched.clock.ahead_s += SILENT_S + 1
    watched.watching._watchdog.look()
    assert [problem.why for problem in watched.told] == ["No reading has ended for 3 min."]
    assert watched.session.loop.job is not old
    reads_again(watched, qtbot)


def test_that_nothing_is_heard_of_a_cluster_that_was_dropped(watched: Watched, qtbot: QtBot) -> None:
    session, job = watched.session, watched.session.loop.job
    assert job is not None
    watched.network.hangs.set()
    qtbot.waitUntil(watched.network.held.is_set, timeout=PATIENCE_MS)
    watched.bridge.finish()
    latest = session.latest
    watched.watching.drop()
    assert watched.watching.sessions == {}
    watched.network.goes_on.set()
    job.thread.join(60)
    watched.bridge.finish()
    assert session.latest is latest


def test_that_what_breaks_again_and_again_is_not_begun_again_at_once(watched: Watched, qtbot: QtBot) -> None:
    watched.network.breaks.set()
    qtbot.waitUntil(lambda: len(watched.told) == 1, timeout=PATIENCE_MS)
    reads_again(watched, qtbot)
    watched.network.breaks.set()
    qtbot.waitUntil(lambda: watched.session.loop.dead, timeout=PATIENCE_MS)
    watched.watching._watchdog.look()
    assert watched.session.loop.dead
    watched.clock.ahead_s += AGAIN_S + 1
    watched.watching._watchdog.look()
    assert len(watched.told) == 2
    reads_again(watched, qtbot)


@pytest.mark.parametrize("wakes", ["page", "read again"])
def test_that_a_dead_loop_is_begun_again_by_the_page_and_by_read_again(
    watched: Watched, qtbot: QtBot, wakes: str
) -> None:
    watched.network.breaks.set()
    qtbot.waitUntil(lambda: len(watched.told) == 1, timeout=PATIENCE_MS)
    reads_again(watched, qtbot)
    watched.network.breaks.set()
    qtbot.waitUntil(lambda: watched.session.loop.dead, timeout=PATIENCE_MS)
    act: Callable[[], None] = watched.session.read_now
    if wakes == "page":
        act = lambda: watched.watching.mark_in_use(watched.session.setup.name)  # noqa: E731
    act()
    assert watched.session.watching
    reads_again(watched, qtbot)


def test_that_a_worker_of_the_fleet_that_ends_by_an_error_is_replaced(watched: Watched, qtbot: QtBot) -> None:
    jobs = watched.rig.services.jobs

    def breaks(_report: Report[object], _token: CancelToken) -> None:
        raise RuntimeError("nobody expected this")

    def waits(_report: Report[object], token: CancelToken) -> None:
        token.wait(60)

    dead = jobs.start("fleet-0", breaks)
    stopped = jobs.start("fleet-1", waits)
    stopped.cancel()
    qtbot.waitUntil(lambda: not dead.running and not stopped.running, timeout=PATIENCE_MS)
    renewed: list[str] = []

    def renew(ended: AnyJob) -> AnyJob | None:
        renewed.append(ended.name)
        return jobs.start(ended.name, waits)

    dog = Watchdog(watched.owner)
    dog.keep_workers((dead, stopped), renew)
    dog.look()
    dog.look()
    assert renewed == ["fleet-0"]
    dog.drop()

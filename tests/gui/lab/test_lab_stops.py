"""A lab that another program holds may die: the window says so, starts it again, and goes on wherever it runs then."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.e2e.programs import LabProcess
from tests.gui.desk import PATIENCE_MS, Found, lab_page
from tests.gui.fleet.test_cluster_changes import Whole, open_whole
from tgwizard.app.adapters import LabClock
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.shell.main_window import MainWindow
from tgwizard.gui.style.theme import Theme
from tgwizard.lab.storage.lab_folder import HostedLab, open_lab
from tgwizard.model.cluster import Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.snapshot import LocationKind
from tgwizard.model.verdict import VerdictName

STOPPED = "The lab has stopped."


class Seen(Found):
    """A person at the window."""

    def __init__(self, window: MainWindow) -> None:
        """Look at `window`."""
        self.window = window


def host(folder: Path, port: int | None = None) -> HostedLab:
    """Hold the lab as another program would."""
    lab = open_lab(folder, clock=LabClock(), port=port)
    assert isinstance(lab, HostedLab)
    return lab


Opener = Callable[[], Whole]


@pytest.fixture
def opener(theme: Theme, tmp_path: Path, qtbot: QtBot) -> Iterator[Opener]:
    """Opens the window on the lab that runs in the folder."""
    with contextlib.ExitStack() as stack:

        def open_it() -> Whole:
            made = stack.enter_context(open_whole(theme, tmp_path))
            qtbot.waitUntil(lambda: made.session.verdict is not None, timeout=PATIENCE_MS)
            return made

        yield open_it


def is_read(whole: Whole) -> bool:
    """Whether Azure has answered again, and what it says is fresh."""
    verdict = whole.session.verdict
    return verdict is not None and verdict.name is VerdictName.IN_SYNC


def notice_by_reading(whole: Whole, seen: Seen, qtbot: QtBot) -> None:
    """Wait until a reading that fails has led to the notice."""

    def told() -> bool:
        whole.session.read_now()
        return seen.says(STOPPED)

    qtbot.waitUntil(told, timeout=PATIENCE_MS)


def test_that_a_lab_that_has_stopped_is_named_and_found_again_at_another_address(
    tmp_path: Path, opener: Opener, qtbot: QtBot
) -> None:
    lab = host(tmp_path / "lab")
    whole = opener()
    seen = Seen(whole.window)
    assert not seen.says(STOPPED)
    lab.close()
    notice_by_reading(whole, seen, qtbot)

    def stale() -> bool:
        whole.session.read_now()
        verdict = whole.session.verdict
        return verdict is not None and verdict.name is VerdictName.NOT_KNOWN

    qtbot.waitUntil(stale, timeout=PATIENCE_MS)
    verdict = whole.session.verdict
    assert verdict is not None
    assert STOPPED in verdict.detail
    assert "proxy" not in verdict.detail
    again = host(tmp_path / "lab")
    try:
        assert again.port != lab.port
        qtbot.waitUntil(lambda: not seen.says(STOPPED), timeout=PATIENCE_MS)
        qtbot.waitUntil(lambda: is_read(whole), timeout=PATIENCE_MS)
        whole.window.go_to(NavPage.LAB)
        qtbot.waitUntil(lambda: seen.says(f"Address: {again.arm_url}"), timeout=PATIENCE_MS)
        page = lab_page(whole.window)
        qtbot.waitUntil(lambda: page.session is not None and page.session.unread is None, timeout=PATIENCE_MS)
    finally:
        again.close()


def test_that_the_lab_is_started_again_in_the_window_by_its_button(
    tmp_path: Path, opener: Opener, qtbot: QtBot
) -> None:
    lab = host(tmp_path / "lab")
    whole = opener()
    seen = Seen(whole.window)
    lab.close()
    notice_by_reading(whole, seen, qtbot)
    seen.press("Start the lab")
    qtbot.waitUntil(lambda: not seen.says(STOPPED), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: is_read(whole), timeout=PATIENCE_MS)


def test_that_a_lab_that_cannot_be_started_is_told_with_the_reason(
    tmp_path: Path, opener: Opener, qtbot: QtBot
) -> None:
    lab = host(tmp_path / "lab")
    whole = opener()
    seen = Seen(whole.window)
    lab.close()
    notice_by_reading(whole, seen, qtbot)
    world = tmp_path / "lab" / "world.json"
    saved = world.read_bytes()
    world.write_text("{")
    seen.press("Start the lab")
    qtbot.waitUntil(lambda: "world.json" in told(seen), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not seen.find("Start").isHidden() and seen.says("Start the lab"), timeout=PATIENCE_MS)
    world.write_bytes(saved)
    seen.press("Start the lab")
    qtbot.waitUntil(lambda: is_read(whole), timeout=PATIENCE_MS)


def test_that_another_lab_in_the_same_folder_is_not_taken_for_the_one_that_stopped(
    tmp_path: Path, opener: Opener, qtbot: QtBot
) -> None:
    lab = host(tmp_path / "lab")
    whole = opener()
    seen = Seen(whole.window)
    lab.close()
    shutil.rmtree(tmp_path / "lab")
    other = host(tmp_path / "lab")
    try:
        assert other.cloud != lab.cloud

        def told() -> bool:
            whole.session.read_now()
            return seen.says("Another lab runs in the folder now.")

        qtbot.waitUntil(told, timeout=PATIENCE_MS)
        qtbot.waitUntil(lambda: told() and not is_read(whole), timeout=PATIENCE_MS)
        assert not seen.says("Start the lab")
    finally:
        other.close()


def told(seen: Seen) -> str:
    """What the notice says now."""
    watch = seen.window.changes.world
    problem = None if watch is None else watch.refused
    return "" if problem is None else problem.sentence()


@pytest.mark.full
@pytest.mark.parametrize("same_port", [True, False])
def test_that_a_killed_lab_is_found_again_with_its_traffic(
    tmp_path: Path, opener: Opener, qtbot: QtBot, same_port: bool
) -> None:
    with LabProcess(tmp_path / "lab") as lab:
        whole = opener()
        seen = Seen(whole.window)
        reach = whole.session.reachability
        reach.start()
        qtbot.waitUntil(lambda: any(sample.took_s is not None for sample in reach.samples), timeout=PATIENCE_MS)
        before = reach.endpoint
        port = lab.ready["arm"].rsplit(":", 1)[-1]
        lab.program.kill()
        notice_by_reading(whole, seen, qtbot)
        lab.start(*(("--port", port) if same_port else ()))
        assert (lab.ready["arm"].rsplit(":", 1)[-1] == port) is same_port
        qtbot.waitUntil(lambda: not seen.says(STOPPED), timeout=PATIENCE_MS)
        qtbot.waitUntil(lambda: is_read(whole), timeout=PATIENCE_MS)
        qtbot.waitUntil(lambda: reach.samples[-1].took_s is not None, timeout=PATIENCE_MS)
        assert reach.endpoint is not None
        assert reach.endpoint != before
        reach.stop()


@pytest.mark.full
def test_that_a_failover_whose_lab_is_killed_goes_on_when_the_lab_is_back(
    tmp_path: Path, opener: Opener, qtbot: QtBot
) -> None:
    with LabProcess(tmp_path / "lab") as lab:
        whole = opener()
        session = whole.session
        qtbot.waitUntil(lambda: session.reason_against(Verb.GRACEFUL) is None, timeout=PATIENCE_MS)
        target = session.target
        assert target is not None
        session.fail_over(target, Verb.GRACEFUL)
        qtbot.waitUntil(
            lambda: session.run is not None and session.run.place.kind in {LocationKind.NO_NIC, LocationKind.ATTACHING},
            timeout=PATIENCE_MS,
        )
        lab.program.kill()
        lab.start()
        qtbot.waitUntil(lambda: session.run is not None and session.run.finished is not None, timeout=PATIENCE_MS)
        run = session.run
        assert run is not None
        assert run.finished is not None
        assert run.finished.outcome is Outcome.DONE
        assert lab.status()["holder"] == target.name

"""The window's clusters change: a file is added or refused, the lab's world is replaced. The whole program on a lab."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QStackedWidget, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.desk import LEAVE_WITHIN_S, PATIENCE_MS, Found, accessible_name, clusters_page, lab_page, whole_window
from tgwizard.app.environments import open_lab_environment
from tgwizard.app.open_window import WindowOptions, open_program
from tgwizard.engine.files.cluster_file import load_cluster, save_cluster
from tgwizard.engine.lab_control import LabStatus
from tgwizard.engine.watch.monitor import Pace
from tgwizard.gui.app.app_context import AppContext, OpenedProgram
from tgwizard.gui.app.bridge import Bridge
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.cluster.cluster_session import ClusterSession
from tgwizard.gui.cluster.run_model import RunModel
from tgwizard.gui.page import ShellPage
from tgwizard.gui.shell.main_window import MainWindow
from tgwizard.gui.shell.page_registry import ImportPage, PageRegistry
from tgwizard.gui.style.theme import Theme
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.settings import NICS_S, VMS_S

OTHER = IPv4Address("10.20.2.77")


@dataclass(frozen=True)
class Whole(Found):
    """A window on everything that the program opens in a lab's folder."""

    window: MainWindow
    opened: OpenedProgram
    folder: Path
    elsewhere: Path

    @property
    def session(self) -> ClusterSession:
        return next(iter(self.window.sessions.values()))

    @property
    def files(self) -> set[str]:
        """The saved cluster files, by name."""
        return {path.name for path in (self.folder / "clusters").glob("*.toml")}

    def said(self, words: str) -> bool:
        return any(
            words in accessible_name(widget) for widget in self.window.findChildren(QWidget) if widget.isVisible()
        )

    def file(self, name: str, setup: ClusterSetup) -> Path:
        save_cluster(self.elsewhere / name, setup)
        return self.elsewhere / name


@contextlib.contextmanager
def open_whole(theme: Theme, tmp_path: Path) -> Iterator[Whole]:
    """The window on everything in the folder `lab`, until the end."""
    opened = open_program(WindowOptions(tmp_path / "lab"))
    bridge = Bridge()
    window = whole_window(theme, bridge, AppContext("a lab", is_lab=True))
    bridge.start()
    window.show()
    window.show_opened(opened)
    made = Whole(window, opened, tmp_path / "lab", tmp_path / "elsewhere")
    made.elsewhere.mkdir()
    yield made
    window.watching.stop()
    assert not opened.services.jobs.close(LEAVE_WITHIN_S)
    bridge.stop()
    window.hide()
    window.deleteLater()
    bridge.deleteLater()
    opened.close()


@pytest.fixture
def whole(theme: Theme, tmp_path: Path, qtbot: QtBot) -> Iterator[Whole]:
    with open_whole(theme, tmp_path) as made:
        qtbot.waitUntil(lambda: made.session.verdict is not None, timeout=PATIENCE_MS)
        yield made


def test_that_a_file_from_elsewhere_is_copied_watched_and_shown(whole: Whole, qtbot: QtBot) -> None:
    before = whole.files
    theirs = replace(whole.session.setup, name="edge-other", address=OTHER)
    whole.window.go_to(NavPage.CLUSTERS)
    whole.window.add_clusters([whole.file("other.toml", theirs)])
    qtbot.waitUntil(lambda: whole.window.current == "edge-other", timeout=PATIENCE_MS)
    assert whole.files == before | {"other.toml"}
    assert load_cluster(whole.folder / "clusters" / "other.toml").address == OTHER
    added = whole.window.sessions["edge-other"]
    qtbot.waitUntil(lambda: added.verdict is not None, timeout=PATIENCE_MS)
    rows = clusters_page(whole.window).model
    qtbot.waitUntil(lambda: {row.name for row in rows.rows} == set(whole.window.sessions), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: "edge-other" in whole.window.rail.clusters, timeout=PATIENCE_MS)


def test_that_the_faults_of_a_file_are_told_with_place_and_cure_and_nothing_is_copied(
    whole: Whole, qtbot: QtBot
) -> None:
    before = whole.files
    file = whole.file("bad.toml", replace(whole.session.setup, name="edge-bad", address=OTHER))
    file.write_text(file.read_text().replace(str(OTHER), "300.1.2.3"))
    whole.window.go_to(NavPage.CLUSTERS)
    whole.window.add_clusters([file])
    qtbot.waitUntil(lambda: whole.said("bad.toml: "), timeout=PATIENCE_MS)
    told = next(
        accessible_name(widget)
        for widget in whole.window.findChildren(QWidget)
        if widget.isVisible() and accessible_name(widget).startswith("bad.toml: ")
    )
    assert "floating.address" in told
    assert "line" in told
    assert whole.files == before
    assert "edge-bad" not in whole.window.sessions
    # The next file that is given clears what was said of the last.
    whole.window.open_cluster(whole.session.setup.name)
    whole.window.go_to(NavPage.CLUSTERS)
    clusters_page(whole.window)._on_files(
        (whole.file("good.toml", replace(whole.session.setup, name="g", address=OTHER)),)
    )
    qtbot.waitUntil(lambda: "g" in whole.window.sessions, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not whole.said("bad.toml: "), timeout=PATIENCE_MS)


def test_that_a_cluster_of_another_subnet_is_refused_by_azures_answer(whole: Whole, qtbot: QtBot) -> None:
    far = replace(whole.session.setup, name="edge-far", address=IPv4Address("192.168.7.7"))
    whole.window.go_to(NavPage.CLUSTERS)
    whole.window.add_clusters([whole.file("far.toml", far)])
    qtbot.waitUntil(lambda: whole.said("far.toml: "), timeout=PATIENCE_MS)
    assert "edge-far" not in whole.window.sessions


def test_that_a_broken_file_hides_no_other_cluster_and_joins_them_once_it_is_mended(
    theme: Theme, tmp_path: Path, qtbot: QtBot
) -> None:
    with contextlib.closing(open_lab_environment(tmp_path / "lab")) as place:
        setup = place.profiles.read_all().clusters[0]
        broken = tmp_path / "lab" / "clusters" / "broken.toml"
        save_cluster(broken, replace(setup, name="edge-mended", address=OTHER))
    good = broken.read_text()
    broken.write_text(good.replace(str(OTHER), "300.1.2.3"))
    with open_whole(theme, tmp_path) as whole:
        qtbot.waitUntil(lambda: whole.said("broken.toml"), timeout=PATIENCE_MS)
        before = whole.session
        assert set(whole.window.sessions) == {setup.name}
        broken.write_text(good.replace(str(OTHER), "400.1.2.3"))
        whole.press("Read the files again")
        qtbot.waitUntil(lambda: whole.said("400.1.2.3"), timeout=PATIENCE_MS)
        assert not whole.said("300.1.2.3")
        broken.write_text(good)
        whole.press("Read the files again")
        qtbot.waitUntil(lambda: "edge-mended" in whole.window.sessions, timeout=PATIENCE_MS)
        assert whole.session is before
        qtbot.waitUntil(lambda: not whole.said("broken.toml"), timeout=PATIENCE_MS)


def test_that_files_can_be_dropped_on_the_page_and_other_things_cannot(whole: Whole, qtbot: QtBot) -> None:
    whole.window.go_to(NavPage.CLUSTERS)
    page = clusters_page(whole.window)

    def drop(path: Path) -> bool:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        enter = QDragEnterEvent(QPointF(9, 9).toPoint(), Qt.DropAction.CopyAction, data, buttons, keys)
        enter.ignore()
        QApplication.sendEvent(page, enter)
        if enter.isAccepted():
            QApplication.sendEvent(page, QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, data, buttons, keys))
        return enter.isAccepted()

    assert not drop(whole.elsewhere / "picture.png")
    theirs = whole.file("dropped.toml", replace(whole.session.setup, name="edge-dropped", address=OTHER))
    assert drop(theirs)
    qtbot.waitUntil(lambda: "edge-dropped" in whole.window.sessions, timeout=PATIENCE_MS)


def test_that_the_button_asks_for_files_and_gives_what_was_chosen(whole: Whole, qtbot: QtBot) -> None:
    whole.window.go_to(NavPage.CLUSTERS)
    page = clusters_page(whole.window)
    page._add.click()
    (dialog,) = whole.window.findChildren(QFileDialog)
    with qtbot.waitSignal(page.files_given, timeout=PATIENCE_MS) as given:
        dialog.filesSelected.emit([str(whole.elsewhere / "a.toml")])
    assert given.args == [(whole.elsewhere / "a.toml",)]
    dialog.reject()
    qtbot.waitUntil(lambda: whole.said("a.toml: "), timeout=PATIENCE_MS)


def test_that_after_a_scenario_the_window_is_in_the_new_world_by_itself(whole: Whole, qtbot: QtBot) -> None:
    old = whole.session
    whole.window.go_to(NavPage.LAB)
    page = lab_page(whole.window)
    qtbot.waitUntil(lambda: page.session is not None and page.session.seen is not None, timeout=PATIENCE_MS)
    assert page.session is not None
    page.session.use_scenario("vnet-elsewhere")
    qtbot.waitUntil(lambda: bool(whole.window.sessions) and whole.session is not old, timeout=PATIENCE_MS)
    assert whole.opened.saved is not None
    assert {session.setup for session in whole.window.sessions.values()} == set(whole.opened.saved.load().clusters)
    qtbot.waitUntil(lambda: whole.session.verdict is not None, timeout=PATIENCE_MS)
    assert len(whole.window.cluster_pages) == 0
    whole.window.open_cluster(whole.session.setup.name)
    assert len(whole.window.cluster_pages) == 1
    qtbot.waitUntil(lambda: set(whole.window.rail.clusters) == set(whole.window.sessions), timeout=PATIENCE_MS)


def test_that_the_window_follows_a_scenario_that_another_program_chose(
    whole: Whole, qtbot: QtBot, tmp_path: Path
) -> None:
    old, changes = whole.session, whole.window.changes
    whole.window.go_to(NavPage.CLUSTERS)
    other = open_lab_environment(tmp_path / "lab")
    control = other.control()
    assert control is not None
    control.use_scenario("vnet-elsewhere")
    control.close()
    other.close()
    assert whole.session is old, "nobody has looked yet"
    assert changes.world is not None
    changes.world.look()
    qtbot.waitUntil(lambda: bool(whole.window.sessions) and whole.session is not old, timeout=PATIENCE_MS)
    assert whole.opened.saved is not None
    assert {session.setup for session in whole.window.sessions.values()} == set(whole.opened.saved.load().clusters)
    qtbot.waitUntil(lambda: set(whole.window.rail.clusters) == set(whole.window.sessions), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: whole.session.verdict is not None, timeout=PATIENCE_MS)


def test_that_a_lab_that_says_nothing_of_its_world_leaves_the_clusters_alone(whole: Whole, qtbot: QtBot) -> None:
    before, world = whole.session, whole.window.changes.world
    assert world is not None
    world._control = Silent()  # type: ignore[assignment]
    world.look()
    assert world.looking
    qtbot.waitUntil(lambda: not world.looking, timeout=PATIENCE_MS)
    assert whole.session is before


class Silent:
    """A lab that has gone."""

    def state(self) -> LabStatus:
        raise UserError(Problem("lab-not-answering", "The lab did not answer."))


def test_that_the_world_the_window_opened_in_is_no_news(whole: Whole) -> None:
    before = whole.session
    whole.window.renew_clusters(whole.opened.lab_epoch)
    assert whole.session is before


def test_that_the_rail_keeps_its_items_while_the_clusters_of_a_new_world_are_read(whole: Whole, qtbot: QtBot) -> None:
    rail = whole.window.rail
    whole.window.renew_clusters(whole.opened.lab_epoch + 1)
    assert not whole.window.sessions
    assert rail.clusters
    whole.window._parts.rail_clusters._show_all()
    qtbot.waitUntil(lambda: bool(whole.window.sessions), timeout=PATIENCE_MS)


def test_that_a_run_meets_the_new_world_before_its_cluster_is_forgotten(whole: Whole, qtbot: QtBot) -> None:
    session = whole.session
    session.run = RunModel()
    whole.window.renew_clusters(whole.opened.lab_epoch + 1)
    assert whole.session is session
    session.run = None
    session.run_ended.emit()
    qtbot.waitUntil(lambda: bool(whole.window.sessions) and whole.session is not session, timeout=PATIENCE_MS)
    assert whole.window.changes._epoch == whole.opened.lab_epoch + 1


def test_that_a_poll_rate_is_in_force_from_the_next_reading_on(whole: Whole, qtbot: QtBot) -> None:
    settings_store, session = whole.window.settings_store, whole.session
    assert session.watching
    settings_store.set(NICS_S, 1.0)
    settings_store.set(VMS_S, 30.0)
    assert session.loop._pace == Pace(nics_s=1.0, vms_s=30.0)
    session.stop()
    session.start()
    assert session.loop._pace == Pace(nics_s=1.0, vms_s=30.0)


class Listening(ShellPage):
    """A page that writes down when it is told of other clusters."""

    def __init__(self, name: str, told: list[str]) -> None:
        super().__init__()
        self.name, self.told = name, told

    def clusters_changed(self, opened: OpenedProgram) -> None:
        self.told.append(f"{self.name} of {len(opened.clusters)}")


def listener(name: str, told: list[str]) -> ImportPage:
    return lambda: lambda _shell: Listening(name, told)


def test_that_pages_are_told_of_other_clusters_in_turns_and_the_one_that_is_seen_first(
    whole: Whole, qtbot: QtBot
) -> None:
    told: list[str] = []
    stack = QStackedWidget()
    qtbot.addWidget(stack)
    names = {NavPage.CLUSTERS: "Clusters", NavPage.LAB: "Lab"}
    pages = PageRegistry(whole.window, stack, {place: listener(name, told) for place, name in names.items()})
    pages.show_opened(whole.opened)
    pages.page(NavPage.CLUSTERS)
    stack.setCurrentWidget(pages.page(NavPage.LAB))
    pages.clusters_changed((), 2)
    assert not told
    qtbot.waitUntil(lambda: len(told) == 2, timeout=PATIENCE_MS)
    assert told == ["Lab of 0", "Clusters of 0"]

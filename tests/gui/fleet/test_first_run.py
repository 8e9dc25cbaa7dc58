"""The first run of a new user on the real Azure: nobody signed in, no az, no network. It leads to the sign-in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.desk import LEAVE_WITHIN_S, PATIENCE_MS, Desk, Found, open_desk, whole_window
from tests.rig import rig
from tgwizard.app.environments import open_real_environment
from tgwizard.azure.azure_cli import AzureCli
from tgwizard.azure.credentials import HeldCredential
from tgwizard.engine.files.cluster_file import save_cluster
from tgwizard.gui.app.app_context import AppContext, OpenedProgram
from tgwizard.gui.app.bridge import Bridge
from tgwizard.gui.cluster.cluster_page import ClusterPage
from tgwizard.gui.setup.sign_in_step import METHOD_WORDS
from tgwizard.gui.setup.wizard_page import SetupPage
from tgwizard.gui.shell.main_window import MainWindow
from tgwizard.gui.style.theme import Theme
from tgwizard.model.setup_answers import SetupStep

NOBODY = "Nobody is signed in to Azure public yet. Choose how you sign in"


@dataclass
class NewDesk(Found):
    """A window on the real Azure, as it opens on a computer that knows nothing of it."""

    window: MainWindow


@pytest.fixture
def opened(
    qapp: QApplication, theme: Theme, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], NewDesk]]:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("AZURE_CONFIG_DIR", str(tmp_path))
    ends: list[Callable[[], None]] = []

    def open_it() -> NewDesk:
        place = open_real_environment(config=tmp_path, state=tmp_path / "state")
        bridge = Bridge()
        window = whole_window(theme, bridge, AppContext("Azure public", is_lab=False))
        bridge.start()
        window.show()
        window.show_opened(OpenedProgram(place.services, place.profiles.read_all().clusters))

        def end() -> None:
            for session in window.sessions.values():
                session.stop()
            still = place.services.jobs.close(LEAVE_WITHIN_S)
            bridge.stop()
            window.hide()
            window.deleteLater()
            bridge.deleteLater()
            place.close()
            assert not still, f"jobs outlived the window: {still}"

        ends.append(end)
        return NewDesk(window)

    yield open_it
    for end in ends:
        end()
    QApplication.processEvents()


def wizard(desk: Found) -> SetupPage:
    page = desk.window.stack.currentWidget()
    assert isinstance(page, SetupPage)
    return page


def test_that_a_new_user_is_led_to_the_sign_in(opened: Callable[[], NewDesk], qtbot: QtBot) -> None:
    desk = opened()
    assert desk.says("No clusters yet")
    assert desk.says("You sign in to Azure first.")
    assert desk.says("Real Azure")
    desk.press("Set up a cluster")
    qtbot.waitUntil(lambda: desk.says(NOBODY), timeout=PATIENCE_MS)
    assert wizard(desk).step is SetupStep.SIGN_IN
    ways = [words for method, (words, _) in METHOD_WORDS.items() if method.value != "lab"]
    assert all(desk.says(words) for words in ways)
    assert desk.says("The Azure CLI (az) was not found on this computer.")
    assert not desk.window.startup_errors.isVisible()
    desk.press("Continue")
    qtbot.waitUntil(lambda: desk.says("Nobody is signed in."), timeout=PATIENCE_MS)
    assert wizard(desk).step is SetupStep.SIGN_IN


def test_that_a_way_to_sign_in_that_fails_says_why_and_leaves_the_others(
    opened: Callable[[], NewDesk], qtbot: QtBot
) -> None:
    desk = opened()
    desk.press("Set up a cluster")
    qtbot.waitUntil(lambda: desk.says(NOBODY), timeout=PATIENCE_MS)
    desk.press("Code on another device")
    desk.press("Sign in with a code")
    qtbot.waitUntil(lambda: desk.says("You were not signed in to Azure public."), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: desk.find("Service principal").isEnabled(), timeout=PATIENCE_MS)
    assert wizard(desk).step is SetupStep.SIGN_IN
    assert desk.says(NOBODY)


def test_that_a_cluster_that_cannot_be_read_for_want_of_a_sign_in_leads_there(
    opened: Callable[[], NewDesk], qtbot: QtBot, tmp_path: Path
) -> None:
    save_cluster(tmp_path / "clusters" / "edge.toml", replace(rig().setup, cloud="public"))
    desk = opened()
    qtbot.waitUntil(lambda: desk.says("Sign in to Azure"), timeout=PATIENCE_MS)
    assert desk.says("There is no sign-in to Azure, so nothing was asked.")
    desk.press("Sign in to Azure")
    qtbot.waitUntil(lambda: desk.says(NOBODY), timeout=PATIENCE_MS)


@pytest.fixture
def desk(qapp: QApplication, theme: Theme, tmp_path: Path) -> Iterator[Desk]:
    made, end = open_desk(theme, tmp_path)
    yield made
    end()
    QApplication.processEvents()


def test_that_after_the_sign_in_the_clusters_are_read_again(
    desk: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    clients = desk.rig.services.azure.clients  # type: ignore[attr-defined]
    name = desk.session.setup.name
    desk.window.open_cluster(name)
    page = desk.window.stack.currentWidget()
    assert isinstance(page, ClusterPage)
    qtbot.waitUntil(lambda: desk.session.verdict is not None, timeout=PATIENCE_MS)
    assert not page.sign_in.isVisible()
    clients.use(replace(clients.session, credential=HeldCredential(AzureCli())))
    desk.window.read_again()
    qtbot.waitUntil(page.sign_in.isVisible, timeout=PATIENCE_MS)
    desk.press("Sign in to Azure")
    qtbot.waitUntil(lambda: desk.says("The lab's operator"), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: desk.find("The lab's operator").isEnabled(), timeout=PATIENCE_MS)
    desk.press("The lab's operator")
    desk.press("Sign in as the lab's operator")
    qtbot.waitUntil(lambda: desk.says("Signed in as operator@lab.example"), timeout=PATIENCE_MS)
    desk.window.open_cluster(name)
    qtbot.waitUntil(lambda: not page.sign_in.isVisible(), timeout=PATIENCE_MS)

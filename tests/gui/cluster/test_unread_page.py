"""A cluster page before the first reading: it says that nothing is fresh, and what the journal last knew."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from pytestqt.qtbot import QtBot

from tests.gui.desk import accessible_description, accessible_name
from tests.rig import rig
from tgwizard.engine.watch.cluster_watch import HistoryRead
from tgwizard.engine.watch.monitor import Monitor
from tgwizard.gui.cluster.cluster_page import ClusterPage
from tgwizard.gui.cluster.cluster_session import ClusterSession
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme


def test_that_a_page_that_has_read_nothing_says_what_was_last_known_as_soon_as_the_journal_is_read(
    theme: Theme, qtbot: QtBot, tmp_path: Path
) -> None:
    it = rig(state=tmp_path)
    monitor = Monitor(it.services, it.setup, lambda _event: None)
    with closing(it.services.journal(it.setup)) as journal:
        monitor.journal = journal
        _, verdict = monitor.look()
    session = ClusterSession(it.services, it.setup)
    page = ClusterPage(theme, session)
    qtbot.addWidget(page)
    page.show()
    assert accessible_name(page.banner) == "Verdict: Reading Azure"
    assert accessible_description(page.banner).endswith("Nothing is known yet.")
    with closing(it.services.journal(it.setup)) as journal:
        session.take(HistoryRead(it.setup.name, records=journal.latest()))
    assert accessible_name(page.banner) == "Verdict: Reading Azure"
    assert accessible_description(page.banner).endswith(f"Last known, recorded here now: {verdict.sentence}.")
    assert page.banner.shape is Shape.NOT_KNOWN
    session.deleteLater()

"""Runs tgwizard's own window, begins a failover in it, and prints the run's events as a command does with ``--json``.

    python -m tests.e2e.window_run CLUSTER MEMBER VERB WORDS...

Nothing of the program is changed: a timer in its event loop looks for the window, and asks the cluster's session for
the run as the page does, once the first reading is there.
"""

from __future__ import annotations

import json
import sys

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication

import tgwizard.__main__ as program
from tgwizard.cli.cluster_documents import event_document
from tgwizard.gui import start
from tgwizard.gui.shell.main_window import MainWindow
from tgwizard.model.cluster import Verb
from tgwizard.model.failover_events import RunEvent


class Beginner(QObject):
    """Begins the run once."""

    def __init__(self, app: QApplication, cluster: str, member: str, verb: Verb) -> None:
        super().__init__(app)
        self._cluster, self._member, self._verb = cluster, member, verb
        self._timer = QTimer(self)
        self._timer.setInterval(100)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    @Slot()
    def _look(self) -> None:
        for window in QApplication.allWidgets():
            if isinstance(window, MainWindow) and window.is_complete:
                session = window.sessions.get(self._cluster)
                if session is not None and session.snapshot is not None:
                    self._timer.stop()
                    window.bridge.happened.connect(self._tell)
                    to = session.setup.member(self._member)
                    assert to is not None
                    session.fail_over(to, self._verb)

    @Slot(object)
    def _tell(self, event: object) -> None:
        if isinstance(event, RunEvent):
            sys.stdout.write(json.dumps(event_document(event)) + "\n")
            sys.stdout.flush()


def main() -> int:
    """Run the program with the run in it."""
    cluster, member, verb, *words = sys.argv[1:]
    make = start.new_app

    def with_run(arguments: list[str]) -> QApplication:
        app = make(arguments)
        Beginner(app, cluster, member, Verb(verb))
        return app

    start.new_app = with_run
    sys.argv = ["tgwizard", *words]
    return program.main()


if __name__ == "__main__":
    sys.exit(main())

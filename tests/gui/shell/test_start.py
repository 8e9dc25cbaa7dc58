"""Starting and ending the program: the window paints before anything is opened, and it ends in order."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PATIENCE_S = 240
"""How long a program may take on a slow, loaded machine."""


def run_program(body: str) -> subprocess.CompletedProcess[str]:
    """Run a small program of its own, offscreen; `body` defines `open_program`.

    It waits for its threads: at the usual bound a loaded machine, still importing, would end it before its last words.
    """
    program = (
        "import sys, threading\n"
        "from PySide6.QtCore import QTimer\n"
        "from tgwizard.gui.app.app_context import OpenedProgram, AppContext\n"
        "from tgwizard.gui.start import run\n"
        "import tgwizard.gui.start\n"
        f"tgwizard.gui.start.GRACE_S = {PATIENCE_S / 2}\n"
        "from tgwizard.model.problem import Problem, UserError\n"
        + textwrap.dedent(body)
        + '\ncode = run(open_program, AppContext("a test", True))\nprint("exit", code)\nsys.exit(code)\n'
    )
    return subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", program],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        cwd=ROOT,
        check=False,
    )


def test_that_the_window_paints_before_azure_is_imported_and_opening_is_off_the_gui_thread() -> None:
    done = run_program(
        """
        from tgwizard.gui.shell.main_window import MainWindow
        def heavy():
            return sorted(name for name in sys.modules if name.split(".")[0] in {"azure", "msal", "requests"})
        def open_program():
            from PySide6.QtWidgets import QApplication
            (window,) = [w for w in QApplication.allWidgets() if isinstance(w, MainWindow)]
            print("visible", window.isVisible(), "heavy", heavy())
            print("thread", threading.current_thread() is not threading.main_thread())
            raise UserError(Problem("no", "There is no lab.", "", "Start one."))
        def look():
            from PySide6.QtWidgets import QApplication
            (window,) = [w for w in QApplication.allWidgets() if isinstance(w, MainWindow)]
            print("startup errors", window.stack.currentWidget() is window.startup_errors)
            window.close()
        import tgwizard.gui.shell.program_opener as start
        class Looking(start.ProgramOpener):
            def _take(self, event):
                super()._take(event)
                if isinstance(event, start.OpeningFailed):
                    QTimer.singleShot(0, look)
        start.ProgramOpener = Looking
        """
    )
    assert done.returncode == 0, done.stderr
    assert "visible True heavy []" in done.stdout
    assert "thread True" in done.stdout
    assert "startup errors True" in done.stdout


def test_that_a_program_that_never_opens_can_still_be_closed() -> None:
    done = run_program(
        """
        from tgwizard.gui.shell.main_window import MainWindow
        tgwizard.gui.start.GRACE_S = 0.5
        def open_program():
            from PySide6.QtCore import QMetaObject, Qt
            from PySide6.QtWidgets import QApplication
            (window,) = [w for w in QApplication.allWidgets() if isinstance(w, MainWindow)]
            QMetaObject.invokeMethod(window, "close", Qt.ConnectionType.QueuedConnection)
            threading.Event().wait()
        """
    )
    assert done.returncode == 0, done.stderr
    assert "exit" not in done.stdout, "the process ends at once: the thread that opens it would not"
    assert "Traceback" not in done.stderr


def test_that_sigterm_closes_the_window_in_order() -> None:
    done = run_program(
        """
        import os, signal
        def open_program():
            os.kill(os.getpid(), signal.SIGTERM)
            raise UserError(Problem("no", "There is no lab.", "", "Start one."))
        """
    )
    assert done.returncode == 0, done.stderr
    assert "exit 0" in done.stdout


@pytest.mark.parametrize("name", ["SIGINT", "SIGHUP", "SIGQUIT"])
def test_that_a_closed_terminal_closes_the_window_in_order(name: str) -> None:
    done = run_program(
        f"""
        import os, signal
        def open_program():
            os.kill(os.getpid(), signal.{name})
            raise UserError(Problem("no", "There is no lab.", "", "Start one."))
        """
    )
    assert done.returncode == 0, done.stderr
    assert "exit 0" in done.stdout


WRITING = """
    import os, signal, tempfile
    from pathlib import Path
    from PySide6.QtCore import qWarning
    from PySide6.QtWidgets import QApplication
    from tests.model.seen import SETUP
    from tests.rig import rig
    import tgwizard.gui.shell.program_opener as opening
    it = rig(state=Path(tempfile.mkdtemp()))
    def open_program():
        return OpenedProgram(it.services, ())
    def work(_report, token):
        print("asked", token.wait(120.0), flush=True)
        threading.Event().wait(2.0)
        print("left in order", flush=True)
    def begin():
        it.services.jobs.start("write", work, writes=SETUP.identity)
        QTimer.singleShot(300, act)
    class Beginning(opening.ProgramOpener):
        def _take(self, event):
            super()._take(event)
            if isinstance(event, OpenedProgram):
                QTimer.singleShot(300, begin)
    opening.ProgramOpener = Beginning
"""


@pytest.mark.parametrize(
    ("act", "code"),
    [
        ("os.kill(os.getpid(), signal.SIGTERM)", 0),
        ("os.kill(os.getpid(), signal.SIGHUP); os.kill(os.getpid(), signal.SIGHUP)", 0),
        ("QApplication.exit(1)", 4),
        ("qWarning('The X11 connection broke: I/O error (code 1)')", 4),
        ("qWarning('The Wayland connection broke. Did the Wayland compositor die?')", 4),
        ("qWarning('The Wayland connection experienced a fatal error: Protocol error')", 4),
    ],
    ids=["asked to stop", "hung up twice", "event loop ended by Qt", "X server", "compositor", "protocol error"],
)
def test_that_the_process_does_not_end_before_what_it_writes_is_left_in_order(act: str, code: int) -> None:
    done = run_program(f"{WRITING}\n    def act(): {act}\n")
    assert done.returncode == code, done.stderr
    assert done.stdout.splitlines()[:2] == ["asked True", "left in order"]
    assert ("The display went away." in done.stderr) is (code == 4)


def test_that_the_end_of_the_session_waits_for_what_is_written() -> None:
    act = """
    def act():
        (program,) = [child for child in QApplication.instance().children() if type(child).__name__ == "_Program"]
        program.on_session_end(None)
        print("the session may end", it.services.jobs.writers(), flush=True)
        os.kill(os.getpid(), signal.SIGTERM)
    """
    done = run_program(WRITING + act)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:3] == ["asked True", "left in order", "the session may end ()"]


def test_that_a_window_closed_before_it_is_complete_ends_the_program_in_order() -> None:
    done = run_program(
        """
        import tgwizard.gui.start as start
        usual = start._Program.begin
        def begin(self):
            self.warm_up.add(lambda: "the first step", lambda _: self.window.close())
            usual(self)
        start._Program.begin = begin
        def open_program():
            print("opened")
            raise UserError(Problem("no", "There is no lab."))
        """
    )
    assert done.returncode == 0, done.stderr
    assert "exit 0" in done.stdout
    assert "opened" not in done.stdout
    assert "Traceback" not in done.stderr


BREAKING = """
    import logging
    from pathlib import Path
    import tgwizard.gui.start as start
    from tests.gui.desk import accessible_description, accessible_name
    logging.basicConfig(stream=sys.stdout, format="log: %(message)s")
    def breaks(*_):
        raise ImportError("no part called secret")
    def open_program():
        print("opened")
    usual = start._Program._on_broken
    def on_broken(self, error):
        usual(self, error)
        banner = self.window.opening.banner
        print(accessible_name(banner), "|", accessible_description(banner), flush=True)
        self.window.close()
    start._Program._on_broken = on_broken
    def AppContext(place, is_lab, usual=AppContext):
        return usual(place, is_lab, Path("/logs/tgwizard.log"), lambda text: text.replace("secret", "REDACTED"))
"""


@pytest.mark.parametrize(
    "where",
    ["start._import_parts = breaks", "start._import_clusters_page = breaks", "start.MainWindow.complete = breaks"],
)
def test_that_an_error_of_its_own_before_the_window_is_complete_is_told_there_and_in_the_log(where: str) -> None:
    done = run_program(f"{BREAKING}\n    {where}\n")
    assert done.returncode == 0, done.stderr
    assert (
        "Verdict: tgwizard could not open | ImportError: no part called REDACTED. Nothing was written. A part of it is "
        "missing or damaged: install it again. The report is in /logs/tgwizard.log.\n"
    ) in done.stdout
    assert "log: tgwizard could not open:\nTraceback" in done.stdout
    assert done.stdout.endswith("exit 0\n"), "it ends in order"
    assert "opened" not in done.stdout
    assert "secret" not in done.stdout
    assert done.stderr.count("Traceback") == 0


def test_that_an_error_before_there_is_a_log_is_told_in_the_window_and_the_terminal() -> None:
    done = run_program(
        BREAKING
        + """
    def run(open_program, context, start=start.start):
        from tgwizard.gui.app.first_glance import FirstGlance
        def surround():
            raise OSError(28, "No space left on device")
        return start(open_program, FirstGlance("a test", True), surround)
    """
    )
    assert done.returncode == 0, done.stderr
    assert (
        "Verdict: tgwizard could not open | OSError: [Errno 28] No space left on device. Nothing was written. "
        "Start it again. A terminal that it is started in shows the report.\n"
    ) in done.stdout
    assert done.stdout.endswith("exit 0\n"), "it ends in order"
    assert "tgwizard could not open:\nTraceback" in done.stderr


def test_that_an_error_in_what_was_last_known_is_told_when_the_window_is_complete() -> None:
    done = run_program(
        """
        import tgwizard.gui.start as start
        from tgwizard.gui.shell.crash_report import CrashReporter
        def breaks(*_):
            raise LookupError("a journal of another kind")
        start._last_known = breaks
        usual = CrashReporter.show_error
        def show_error(self, broke):
            dialog = usual(self, broke)
            print("told", broke.error, dialog is not None)
            dialog.close()
            self._window.close()
        CrashReporter.show_error = show_error
        def open_program():
            raise UserError(Problem("no", "There is no lab."))
        """
    )
    assert done.returncode == 0, done.stderr
    assert "told a journal of another kind True" in done.stdout
    assert "exit 0" in done.stdout


def test_that_a_start_says_what_was_last_known_before_it_has_read_azure(tmp_path: Path) -> None:
    program = """
        import sys
        from pathlib import Path
        from contextlib import closing
        import tgwizard.gui.start as start
        from tests.rig import rig
        from tgwizard.app.open_window import WindowOptions, open_window
        from tgwizard.engine.files.cluster_file import save_cluster
        from tgwizard.engine.watch.monitor import Monitor
        lab = Path(sys.argv[1])
        it = rig(state=lab / "state")
        save_cluster(lab / "clusters" / "edge-dallas.toml", it.setup)
        monitor = Monitor(it.services, it.setup, lambda event: None)
        with closing(it.services.journal(it.setup)) as journal:
            monitor.journal = journal
            monitor.look()
        def complete(self, context):
            banner = self.window.opening.banner
            print(banner.accessibleName(), "|", banner.accessibleDescription(), flush=True)
            self.window.close()
        start._Program._complete = complete
        sys.exit(open_window(WindowOptions(lab)))
    """
    command = [sys.executable, "-c", textwrap.dedent(program), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Verdict: Last known: ")
    assert "edge-dallas, 10.20.2.50. Recorded here " in done.stdout


def test_that_without_a_cluster_the_pages_are_imported_before_anybody_asks_for_one() -> None:
    done = run_program(
        """
        import tempfile
        from pathlib import Path
        from tests.rig import rig
        import tgwizard.gui.start as start
        it = rig(state=Path(tempfile.mkdtemp()))
        def open_program():
            return OpenedProgram(it.services, ())
        usual = start._Program._import_pages
        def import_pages(self):
            print("imported before", "tgwizard.gui.setup.wizard_page" in sys.modules)
            usual(self)
            self.warm_up.add(lambda: {"tgwizard.gui.setup.wizard_page", "jinja2"} <= set(sys.modules), tell)
        def tell(imported):
            print("imported then", imported)
            from PySide6.QtWidgets import QApplication
            for window in QApplication.topLevelWidgets():
                window.close()
        start._Program._import_pages = import_pages
        """
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:2] == ["imported before False", "imported then True"]

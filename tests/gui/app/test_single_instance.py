"""Two programs on one data folder: the second raises the first, or opens read-only when that one is silent."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

from pytestqt.qtbot import QtBot

from tests.gui.desk import PATIENCE_MS
from tgwizard.engine.files.file_lock import hold_lock
from tgwizard.gui.app.single_instance import SECOND_WINDOW, InstanceTurn, SingleWindow

ROOT = Path(__file__).parents[3]

SECOND = """
    import sys
    from pathlib import Path
    from PySide6.QtWidgets import QApplication
    from tgwizard.gui.app.single_instance import SingleWindow
    app = QApplication(sys.argv)
    single = SingleWindow(Path(sys.argv[1]), app, ask_ms=int(sys.argv[2]))
    print(single.take_turn().name)
"""


def second_program(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(SECOND), str(folder), str(PATIENCE_MS)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def test_that_a_second_program_raises_the_first(qtbot: QtBot, tmp_path: Path) -> None:
    single = SingleWindow(tmp_path)
    assert single.take_turn() is InstanceTurn.FIRST
    single.listen()
    with qtbot.waitSignal(single.raise_asked, timeout=PATIENCE_MS), second_program(tmp_path) as second:
        qtbot.waitUntil(lambda: second.poll() is not None, timeout=PATIENCE_MS)
        assert second.stdout is not None
        assert second.stdout.read().strip() == "RAISED_OTHER"
    single.close()


def test_that_a_folder_is_free_again_when_the_first_has_ended(qtbot: QtBot, tmp_path: Path) -> None:
    for _ in range(2):
        single = SingleWindow(tmp_path)
        assert single.take_turn() is InstanceTurn.FIRST
        single.listen()
        single.close()


def test_that_a_silent_first_makes_the_second_read_only(qtbot: QtBot, tmp_path: Path) -> None:
    with hold_lock(tmp_path / "window.lock", SECOND_WINDOW):
        assert SingleWindow(tmp_path).take_turn() is InstanceTurn.OTHER_SILENT


def test_that_a_whole_program_opens_read_only_beside_a_silent_one(tmp_path: Path) -> None:
    program = """
        import sys
        from pathlib import Path
        from tgwizard.gui.shell.main_window import MainWindow
        from tgwizard.gui.app.app_context import AppContext
        from tgwizard.gui.start import run
        from tgwizard.model.problem import Problem, UserError
        show = MainWindow.show_startup_errors
        def tell(window, problems):
            show(window, problems)
            print("locked", window.lock.locked)
            window.close()
        MainWindow.show_startup_errors = tell
        def open_program():
            raise UserError(Problem("no", "There is no lab."))
        sys.exit(run(open_program, AppContext("a test", True, data_folder=Path(sys.argv[1]))))
    """
    command = [sys.executable, "-c", textwrap.dedent(program), str(tmp_path)]
    for silent, wanted in ((True, "locked True"), (False, "locked False")):
        if silent:
            with hold_lock(tmp_path / "window.lock", SECOND_WINDOW):
                done = subprocess.run(command, capture_output=True, text=True, timeout=240, cwd=ROOT, check=False)
        else:
            done = subprocess.run(command, capture_output=True, text=True, timeout=240, cwd=ROOT, check=False)
        assert done.returncode == 0, done.stderr
        assert wanted in done.stdout

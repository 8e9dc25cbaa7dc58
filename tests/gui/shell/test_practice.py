"""Practising without Azure: in the same window, kept apart from Azure, and back again."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

from tests.rig import rig
from tgwizard.engine.files.cluster_file import save_cluster
from tgwizard.paths import SETTINGS_NAME

ROOT = Path(__file__).parents[3]
PATIENCE_S = 240
"""How long a program may take on a slow, loaded machine."""


def practise(folder: Path, body: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the whole program, offscreen, on the real Azure with nobody signed in; ``body`` is what a person does.

    It is a generator that yields what is waited for: a name that is seen, or something that becomes true.
    """
    program = PERSON + textwrap.dedent(body) + f"\nrun(person(), {list(words)!r})\n"
    environment = {
        **os.environ,
        "TGWIZARD_CONFIG_DIR": str(folder / "config"),
        "TGWIZARD_STATE_DIR": str(folder / "state"),
        "TGWIZARD_LOG_DIR": str(folder / "log"),
        "TGWIZARD_LAB_DIR": str(folder / "lab"),
        "TMPDIR": str(folder),
        "AZURE_CONFIG_DIR": str(folder),
        "PATH": "/nowhere",
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "QT_QPA_PLATFORM": "offscreen",
    }
    return subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", program],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        cwd=ROOT,
        check=False,
        env=environment,
    )


PERSON = """
import sys, threading, time
from pathlib import Path
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget
import tgwizard.gui.start as starting
from tests.gui.desk import Found
from tgwizard.app.open_window import open_window, window_options_of
from tgwizard.gui.app.nav_pages import NavPage

starting.GRACE_S = 60.0

class Person(Found):
    @property
    def window(self):
        return program().window

me = Person()

def program():
    (found,) = [child for child in QApplication.instance().children() if isinstance(child, starting._Program)]
    return found

def say(*words):
    print(*words, flush=True)

def run(steps, words):
    until = [lambda: program().window.is_complete]
    stop = time.monotonic() + 200
    def look():
        try:
            if time.monotonic() > stop:
                raise TimeoutError("the window did not come to " + repr(until[0]))
            true = until[0]
            if not (me.says(true) if isinstance(true, str) else true()):
                return
            until[0] = next(steps)
        except StopIteration:
            timer.stop()
            program().window.close()
        except BaseException:
            import traceback
            traceback.print_exc()
            timer.stop()
            program().window.close()
    timer = QTimer()
    timer.setInterval(20)
    timer.timeout.connect(look)
    usual = starting._Program.begin
    def begin(self):
        timer.start()
        usual(self)
    starting._Program.begin = begin
    code = open_window(window_options_of(words))
    say("exit", code)
"""


def test_that_a_set_up_is_rehearsed_in_the_same_window_and_left_for_azure_again(tmp_path: Path) -> None:
    done = practise(
        tmp_path,
        """
        def person():
            yield "No clusters yet"
            window, shown = me.window, me.window.winId()
            me.press("Rehearse a set-up")
            yield "Signed in as operator@lab.example"
            say(window.windowTitle())
            say("same window", me.window is window and window.winId() == shown)
            say("settings", window.context.settings_file.parent.name)
            say("clusters", window.context.clusters_folder.parent.name[:18])
            say("in the wizard", not window.bar.isVisible() and me.find("Back to Azure").isVisible())
            folder = window.context.clusters_folder.parent
            yield lambda: me.find("Continue").isEnabled()
            me.press("Back to Azure")
            yield "No clusters yet"
            say(window.windowTitle())
            say("on Azure", not window.context.is_lab and not me.says("Back to Azure"))
            yield lambda: not folder.exists()
            me.press("Practise a failover")
            yield "Verdict: In sync: tg-node-a holds 10.20.2.50"
            say(window.windowTitle())
        """,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    assert done.stdout.splitlines() == [
        "Set up a cluster - tgwizard, practising in the lab",
        "same window True",
        "settings config",
        "clusters tgwizard-practice-",
        "in the wizard True",
        "Clusters - tgwizard",
        "on Azure True",
        "edge-dallas - tgwizard, practising in the lab",
        "exit 0",
    ]
    assert done.stderr == ""
    assert not list(tmp_path.glob("tgwizard-practice-*")), "closing the window ends the practice"
    assert not (tmp_path / "lab").exists(), "the user's own lab is not touched"
    assert not (tmp_path / "config" / "clusters").exists()


def test_that_nothing_is_left_of_ten_practices(tmp_path: Path) -> None:
    done = practise(
        tmp_path,
        """
        import gc
        from tgwizard.gui.shell.main_window import MainWindow

        def alive():
            gc.collect()
            me.window.bridge.finish()
            QApplication.sendPostedEvents(None, 0)
            windows = [widget for widget in QApplication.topLevelWidgets() if not widget.parent()]
            timers = me.window.findChildren(QTimer)
            threads = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
            return len(windows), len(timers), len(me.window.findChildren(QWidget)), sorted(threads)

        def person():
            counts = []
            for number in range(10):
                yield "No clusters yet"
                if number % 2:
                    me.press("Practise a failover")
                    yield "Verdict: In sync: tg-node-a holds 10.20.2.50"
                else:
                    me.press("Rehearse a set-up")
                    yield "Signed in as operator@lab.example"
                me.press("Back to Azure")
                yield "No clusters yet"
                yield lambda: not any(thread.is_alive() for thread in program()._closers)
                yield lambda: not program().warm_up._working
                yield lambda: threading.active_count() < 3 or number < 1
                counts.append(alive())
            for count in counts:
                say(*count)
        """,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    *counts, end = done.stdout.splitlines()
    assert end == "exit 0", done.stderr
    assert len(counts) == 10
    assert len(set(counts)) == 1, counts
    assert counts[0].startswith("1 "), "one window"
    assert counts[0].endswith("[]"), "no thread"


def test_that_a_practised_failover_means_nothing_for_the_clusters_in_azure(tmp_path: Path) -> None:
    config = tmp_path / "mine"
    save_cluster(config / "clusters" / "edge-north.toml", replace(rig().setup, cloud="public", name="edge-north"))
    (config / SETTINGS_NAME).write_text("[window]\nread_only = true\n")
    done = practise(
        tmp_path,
        """
        def state():
            window, context = me.window, me.window.context
            return window.lock.locked, tuple(window.sessions), context.is_lab, context.settings_file.parent.name

        def person():
            yield "edge-north"
            yield lambda: program().opening.opened is not None and me.window.sessions
            services = program().opening.opened.services
            say(*state())
            me.window.go_to(NavPage.LAB)
            yield "Practise a failover"
            me.press("Practise a failover")
            yield "Verdict: In sync: tg-node-a holds 10.20.2.50"
            say(*state())
            say("kept open, unread", program()._kept.services is services, not services.jobs._jobs)
            yield lambda: me.find("Fail over to tg-node-b").isEnabled()
            me.press("Fail over to tg-node-b…")
            yield lambda: hasattr(me.window.dialog, "start") and me.window.dialog.start.isEnabled()
            me.window.dialog.start.click()
            yield lambda: me.window.running
            me.press("Back to Azure")
            yield "This window cannot leave now"
            say(me.window.dialog.lead.text_shown)
            me.press("Stay here")
            yield lambda: me.window.dialog is None and not me.window.running
            me.press("Back to Azure")
            yield "Practise without Azure"
            yield lambda: program().opening is not None and program().opening.opened is not None and me.window.sessions
            say(*state())
            say("the same sign-in", program().opening.opened.services is services)
        """,
        "--config",
        str(config),
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    assert done.stdout.splitlines() == [
        "True ('edge-north',) False mine",
        "False ('edge-dallas',) True mine",
        "kept open, unread True True",
        "A failover of edge-dallas is running. Wait until it has ended, or stop it on its page.",
        "True ('edge-north',) False mine",
        "the same sign-in True",
        "exit 0",
    ]
    assert done.stderr == ""
    assert [path.name for path in (config / "clusters").iterdir()] == ["edge-north.toml"]
    assert "read_only = true" in (config / SETTINGS_NAME).read_text()
    journals = [path.name for path in (tmp_path / "state").glob("journal-*.sqlite")]
    assert journals == [f"journal-{rig().setup.identity.digest}.sqlite"], "nothing of the practice is kept there"


def test_that_another_cloud_opens_in_the_same_window_and_one_that_cannot_be_reached_leads_back(tmp_path: Path) -> None:
    done = practise(
        tmp_path,
        """
        from tgwizard.gui.setup.sign_in_step import SignInPage

        def person():
            yield "No clusters yet"
            window = me.window
            me.press("Set up a cluster")
            yield "Nobody is signed in to Azure public yet."
            me.press("Use Azure US Government")
            yield "Connect to Azure US Government"
            me.press("Connect to Azure US Government")
            yield "Nobody is signed in to Azure US Government yet."
            say(me.window is window, window.context.place, window.context.place_options)
            (page,) = window.findChildren(SignInPage)
            page.place.cloud.field.setText("https://arm.example")
            yield "Connect to https://arm.example"
            me.press("Connect to https://arm.example")
            yield "tgwizard could not open"
            me.press("Go back")
            yield "Nobody is signed in to Azure US Government yet."
            yield lambda: not any(thread.is_alive() for thread in program()._closers)
        """,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["True Azure US Government  --cloud usgovernment", "exit 0"], done.stderr
    assert done.stderr == ""


def test_that_who_goes_back_while_the_lab_still_opens_is_in_azure_and_nothing_of_the_lab_is_left(
    tmp_path: Path,
) -> None:
    done = practise(
        tmp_path,
        """
        from tgwizard.gui.shell.program_opener import ProgramOpener

        def person():
            yield "No clusters yet"
            window = me.window
            me.press("Rehearse a set-up")
            yield lambda: me.says("You are rehearsing a set-up in the lab.")
            say("complete", window.is_complete)
            me.press("Back to Azure")
            yield "No clusters yet"
            yield lambda: program().opening is not None and program().opening.opened is not None
            yield lambda: not program().warm_up._working
            yield lambda: len(window.findChildren(ProgramOpener)) == 1
            say(window.windowTitle(), window.context.practice, window.context.is_lab)
            say("lab open", program().opening.opened.lab_where)
            yield lambda: not any(thread.is_alive() for thread in program()._closers)
        """,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["complete False", "Clusters - tgwizard None False", "lab open None", "exit 0"]
    assert done.stderr == ""
    assert not list(tmp_path.glob("tgwizard-practice-*"))

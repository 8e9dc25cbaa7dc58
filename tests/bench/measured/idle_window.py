"""The control: a bare PySide6 window that does nothing, `python -m tests.bench.measured.idle_window`.

Its timer runs beside that of the program under measurement and shows what the computer alone does to a timer. It ends
when its standard input is closed, and then prints one JSON line.
"""

from __future__ import annotations

import json
import sys
import threading

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow

from tests.bench.measured.event_loop import LoopWatch, Phase


def main() -> None:
    """Tick until told to end."""
    app = QApplication(["idle"])
    window = QMainWindow()
    window.setCentralWidget(QLabel("idle"))
    window.show()
    ended = threading.Event()

    def wait_for_the_end() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    watch = LoopWatch(app, Phase.WATCHING)
    look = QTimer(app)
    look.timeout.connect(lambda: app.quit() if ended.is_set() else None)
    look.start(50)
    app.exec()
    watch.stop()
    print(json.dumps(watch.seen[Phase.WATCHING].gaps[20:]), flush=True)  # without its own start


if __name__ == "__main__":
    main()

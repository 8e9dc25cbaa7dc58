"""Two windows on one data folder: the second asks the first to come to the front and ends.

An OS lock tells who is first, so a killed program leaves nothing behind. Qt's network module is loaded only once the
program is open, or when there is somebody to ask.
"""

from __future__ import annotations

import contextlib
from contextlib import ExitStack
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from tgwizard.engine.files.file_lock import hold_lock
from tgwizard.gui.widgets.shortcuts import Shortcut
from tgwizard.model.problem import Problem, UserError

if TYPE_CHECKING:
    from PySide6.QtNetwork import QLocalServer

ASK_MS = 1500
_DONE = b"raised\n"


class InstanceTurn(Enum):
    """What this program is to do."""

    FIRST = "first"
    RAISED_OTHER = "raised the other"
    OTHER_SILENT = "the other does not answer"


SECOND_WINDOW = Problem(
    "second-window",
    "Another tgwizard uses the same data folder and does not answer.",
    "This window opened read-only, so that the two do not work against each other.",
    f"End the other one, or unlock with {Shortcut.LOCK}.",
)


class SingleWindow(QObject):
    """Emits `raise_asked` when a second program was started on the same data folder."""

    raise_asked = Signal()

    def __init__(self, folder: Path, parent: QObject | None = None, ask_ms: int = ASK_MS) -> None:
        """Nothing is locked before `take_turn`. `ask_ms`: how long the first may take to answer."""
        super().__init__(parent)
        self._ask_ms = ask_ms
        self._folder = folder
        self._held = ExitStack()
        self._server: QLocalServer | None = None

    @property
    def _name(self) -> str:
        import hashlib  # only when there is somebody to ask or to answer

        return "tgwizard-" + hashlib.sha256(str(self._folder.absolute()).encode()).hexdigest()[:20]

    def take_turn(self) -> InstanceTurn:
        """Become the first, or have the first come to the front."""
        try:
            self._held.enter_context(hold_lock(self._folder / "window.lock", SECOND_WINDOW))
        except UserError as error:
            # A folder that cannot be locked cannot be shared either; the run's own lock says so when it matters.
            return self._ask() if error.problem is SECOND_WINDOW else InstanceTurn.FIRST
        return InstanceTurn.FIRST

    def _ask(self) -> InstanceTurn:
        from PySide6.QtNetwork import QLocalSocket

        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if not socket.waitForConnected(self._ask_ms):
            return InstanceTurn.OTHER_SILENT
        # To connect is to ask; the first answers when it has come to the front.
        answered = bool(socket.bytesAvailable()) or socket.waitForReadyRead(self._ask_ms)
        said = bytes(socket.readAll().data()) if answered else b""
        socket.abort()
        return InstanceTurn.RAISED_OTHER if said == _DONE else InstanceTurn.OTHER_SILENT

    def listen(self) -> None:
        """Answer a second program from now on; once is enough.

        Qt's network module is loaded here, in the window's thread (5 ms): PySide has crashed the process when another
        thread loaded it while widgets were made.
        """
        if self._server is not None:
            return
        from PySide6.QtNetwork import QLocalServer

        server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        # We hold the lock, so a socket of that name is what a killed program left.
        QLocalServer.removeServer(self._name)
        server.newConnection.connect(self._on_connection)
        server.listen(self._name)
        self._server = server

    @Slot()
    def _on_connection(self) -> None:
        socket = self._server.nextPendingConnection() if self._server is not None else None
        if socket is not None:
            socket.disconnected.connect(socket.deleteLater)
            socket.write(_DONE)
            socket.flush()
            self.raise_asked.emit()

    def close(self) -> None:
        """Let go of everything."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.let_go()

    def let_go(self) -> None:
        """There is no window here any more, whatever the process still does. Touches nothing of Qt."""
        with contextlib.suppress(OSError):
            self._held.close()

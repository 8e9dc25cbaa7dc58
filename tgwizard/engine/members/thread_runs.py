"""Where a member's run goes on in the real program: a thread of its own, so that the agent keeps turning."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tgwizard.model.failover_events import Finished


class ThreadRuns:
    """One run at a time; fulfils ``member_ports.RunSlot``. A run ends by itself: nothing here can break it off."""

    def __init__(self) -> None:
        """Free."""
        self._thread: threading.Thread | None = None
        self._ended: Finished | None = None
        self._broke: BaseException | None = None

    def start(self, run: Callable[[], Finished]) -> None:
        """Begin."""

        def carry_out() -> None:
            try:
                self._ended = run()
            except BaseException as error:  # noqa: BLE001 - it is told to who waits for the end
                self._broke = error

        self._thread = threading.Thread(target=carry_out, name="member-run", daemon=True)
        self._thread.start()

    def take(self) -> Finished | None:
        """The end of the run, once; None while there is none. What the run itself broke off with is raised here."""
        if self._thread is None or self._thread.is_alive():
            return None
        self._thread.join()
        ended, broke = self._ended, self._broke
        self._thread = self._ended = self._broke = None
        if broke is not None:
            raise broke
        return ended

    def wait(self, seconds: float) -> bool:
        """Wait for the run under way; whether there is none any more."""
        if self._thread is not None:
            self._thread.join(seconds)
        return self._thread is None or not self._thread.is_alive()

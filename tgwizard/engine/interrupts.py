"""Requests to stop, counted and looked at between events, so that nothing is torn out of a run's hands.

Ctrl-C, Ctrl-\\, SIGTERM and a hang-up (a closed terminal, a dropped connection, the end of a session) count alike: as
the first request the run leaves the gap, with or without a screen. A second one, which leaves the run where it is, is
made only by Ctrl-C, which a person presses. A closing terminal hangs up twice, by the shell and by the system, and a
service manager sends SIGTERM and then SIGHUP: that is no impatience.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

_MEMBERS = signal.Signals.__members__

_HANG_UPS = tuple(_MEMBERS[name] for name in ("SIGHUP", "SIGQUIT") if name in _MEMBERS)
"""Left alone where the program was started with them ignored: ``nohup`` and ``&`` mean that. SIGINT and SIGTERM are
heard all the same, because a run in the background is asked to stop by them."""

_STOPS = tuple(_MEMBERS[name] for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGBREAK") if name in _MEMBERS)

_TERMINAL = tuple(_MEMBERS[name] for name in ("SIGTTIN", "SIGTTOU") if name in _MEMBERS)
"""With these the terminal halts a program in the background that reads or writes there: also one with the address in
its hands, which would then stay on no NIC until somebody brings it to the front."""


class Interrupts:
    """How often the user, or the system, asked to stop.

    A handler runs wherever the main thread happens to be, also while that holds a lock, which it would then wait for
    without end. So it takes none, that of a ``threading.Event`` neither: who waits for a request looks at ``count``.
    """

    def __init__(self, then: Callable[[], None] | None = None) -> None:
        """Nobody asked yet. ``then`` is called at each request that counts."""
        self._count = 0
        self._then = then
        self._asking = False

    @property
    def count(self) -> int:
        """The number of requests so far; after the first only Ctrl-C counts."""
        return self._count

    def add(self, number: int = signal.SIGINT, _frame: FrameType | None = None) -> None:
        """One more. Fits as a signal handler: it only counts."""
        if self._count and number != signal.SIGINT:
            return
        self._count += 1
        if self._then is not None:
            self._then()
        if self._asking:
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        """While a person is asked something nothing is under way: a request breaks the question off."""
        self._asking = True
        try:
            yield
        finally:
            self._asking = False


def listen(then: Callable[[], None] | None = None) -> Interrupts:
    """Count from now on what asks this program to stop; `as_before` ends that.

    Outside the main thread there are no signals to count.
    """
    counted = Interrupts(then)
    if threading.current_thread() is threading.main_thread():
        for number in _STOPS:
            if number not in _HANG_UPS or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, counted.add)
        for number in _TERMINAL:
            signal.signal(number, signal.SIG_IGN)
    return counted


def ignore() -> None:
    """The work is done and the process ends: what asks it to stop now changes its exit code no more."""
    if threading.current_thread() is threading.main_thread():
        for number in _STOPS:
            signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def as_before() -> Iterator[None]:
    """Give back at the end what signals did before."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (*_STOPS, *_TERMINAL)}
    try:
        yield
    finally:
        for number, handler in before.items():
            # None: a handler that is not Python's, which nobody here replaces knowingly.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

"""The traffic probe: opens a TCP connection to the floating IP every 100 ms, from this computer, and closes it again.

It says what a client here would meet, never that the service is out: a firewall between, or a sleeping computer, looks
the same. What was not tried is *not measured*, and never counted as a gap.
"""

from __future__ import annotations

import errno
import itertools
import selectors
import socket
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.ports import Clock
from tgwizard.engine.runs.job_services import Endpoint

PERIOD_S = 0.1
TIMEOUT_S = 1.0
UNMEASURED_S = 1.0
"""Two tries further apart than this have something not measured between them (the computer slept, or was too busy)."""

TELL_S = 0.5


@dataclass(frozen=True, slots=True, order=True)
class Sample:
    """One try, begun at ``at`` (seconds on the Clock's scale); ``took_s`` until it was answered, None: it was not."""

    at: float
    took_s: float | None = field(compare=False)


class BarKind(Enum):
    """What a stretch of time on the strip was."""

    ANSWERED = "answered"
    NO_ANSWER = "no answer"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Bar:
    """The tries of one stretch folded into one: ``took_s`` is the slowest answer."""

    kind: BarKind
    took_s: float = 0.0


@dataclass(frozen=True, slots=True)
class TrafficGap:
    """From the first try without an answer to the first one answered after it; ``open`` while there is none yet."""

    start: float
    end: float
    open: bool = False

    @property
    def seconds(self) -> float:
        """How long."""
        return self.end - self.start


def fold(samples: Sequence[Sample], start: float, end: float, bars: int) -> tuple[Bar, ...]:
    """``bars`` equal stretches from ``start`` to ``end``. One try without an answer makes its stretch a gap."""
    width = (end - start) / bars
    tries: list[list[Sample]] = [[] for _ in range(bars)]
    for sample in samples:
        index = int((sample.at - start) / width) if sample.at >= start else -1
        if 0 <= index < bars:
            tries[index].append(sample)
    return tuple(_bar(inside) for inside in tries)


def _bar(inside: list[Sample]) -> Bar:
    if not inside:
        return Bar(BarKind.NOT_MEASURED)
    answered = [sample.took_s for sample in inside if sample.took_s is not None]
    if len(answered) < len(inside):
        return Bar(BarKind.NO_ANSWER)
    return Bar(BarKind.ANSWERED, max(answered))


def gaps(samples: Sequence[Sample]) -> tuple[TrafficGap, ...]:
    """Every stretch without an answer, oldest first. ``samples`` are in order."""
    found: list[TrafficGap] = []
    begun: float | None = None
    last: float | None = None
    for sample in samples:
        if begun is not None and last is not None and sample.at - last > UNMEASURED_S:
            # Nobody looked in between: the gap is told as far as it was seen.
            found.append(TrafficGap(begun, last + PERIOD_S))
            begun = None
        if sample.took_s is None:
            begun = sample.at if begun is None else begun
        elif begun is not None:
            found.append(TrafficGap(begun, sample.at))
            begun = None
        last = sample.at
    if begun is not None and last is not None:
        found.append(TrafficGap(begun, last + PERIOD_S, open=True))
    return tuple(found)


def longest_gap_s(samples: Sequence[Sample], start: float, end: float) -> float | None:
    """The longest gap that touches ``start`` to ``end``, 0 for none; None when any of that time was not measured."""
    inside = [start, *(sample.at for sample in samples if start < sample.at < end), end]
    if any(after - before > UNMEASURED_S for before, after in itertools.pairwise(inside)):
        return None
    return max((gap.seconds for gap in gaps(samples) if gap.end > start and gap.start < end), default=0.0)


def answered(samples: Sequence[Sample], start: float, end: float) -> bool:
    """Whether any try between two moments was answered; without one, nothing can be said of a gap."""
    return any(sample.took_s is not None for sample in samples if start <= sample.at < end)


def median_s(samples: Sequence[Sample]) -> float | None:
    """The usual time to an answer, None without one."""
    answered = [sample.took_s for sample in samples if sample.took_s is not None]
    return statistics.median(answered) if answered else None


@dataclass(slots=True)
class TrafficProbe:
    """Tries ``endpoint`` again and again. ``run`` is the loop for a job; ``tell`` gets results in order, in batches."""

    endpoint: Endpoint
    clock: Clock
    tell: Callable[[tuple[Sample, ...]], None]
    _selector: selectors.BaseSelector = field(init=False, default_factory=selectors.DefaultSelector)
    _flying: dict[socket.socket, float] = field(init=False, default_factory=dict)
    _done: list[Sample] = field(init=False, default_factory=list)

    def run(self, cancel: CancelToken) -> None:
        """Try every 100 ms until cancelled."""
        due = told = self.clock.monotonic()
        try:
            while not cancel.is_cancelled:
                now = self.clock.monotonic()
                if now >= due:
                    self.begin()
                    # Never make up for lost tries: they would say nothing about the time they were lost in.
                    due = max(due + PERIOD_S, now)
                self.collect(max(0.0, min(due - self.clock.monotonic(), PERIOD_S)))
                if now - told >= TELL_S:
                    told = now
                    self.flush()
        finally:
            self.close()

    def begin(self) -> None:
        """Send one try."""
        now = self.clock.monotonic()
        one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        one.settimeout(0.0)
        code = one.connect_ex((self.endpoint.host, self.endpoint.port))
        if code in (0, errno.EINPROGRESS, errno.EWOULDBLOCK):
            self._flying[one] = now
            self._selector.register(one, selectors.EVENT_WRITE)
        else:
            one.close()
            self._done.append(Sample(now, None))

    def collect(self, wait_s: float) -> None:
        """Take the answers that come within ``wait_s``, and give up on tries that had a second."""
        if not self._flying:
            self.clock.sleep(wait_s)
        for key, _ in self._selector.select(wait_s) if self._flying else ():
            one = key.fileobj
            if isinstance(one, socket.socket):
                refused = one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                self._end(one, answered=not refused)
        now = self.clock.monotonic()
        for late in [one for one, since in self._flying.items() if now - since >= TIMEOUT_S]:
            self._end(late, answered=False)

    def flush(self) -> None:
        """Tell what is known up to the oldest try that is still open, so that results stay in order."""
        oldest = min(self._flying.values(), default=float("inf"))
        ready = sorted(sample for sample in self._done if sample.at < oldest)
        if ready:
            self._done = [sample for sample in self._done if sample.at >= oldest]
            self.tell(tuple(ready))

    def close(self) -> None:
        """Drop the tries that are still open; nothing is said about them."""
        for one in list(self._flying):
            self._selector.unregister(one)
            one.close()
        self._flying.clear()
        self._selector.close()

    def _end(self, one: socket.socket, *, answered: bool) -> None:
        since = self._flying.pop(one)
        self._selector.unregister(one)
        one.close()
        self._done.append(Sample(since, self.clock.monotonic() - since if answered else None))

"""Several readings at once, each on a thread of its own, with an end that a cancel does not have to wait for."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.patience import Patience
from tgwizard.engine.ports import CallFailed, Clock
from tgwizard.model.problem import Cancelled, Problem

K = TypeVar("K", bound=Hashable)

_LOOK_S = 0.1
ASK_AGAIN_WITHIN_S = 45.0
MOST_AT_ONCE = 8
"""Azure allows far more; beyond this, one slow answer no longer holds up the others (azure/README.md 5)."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What one reading came to: a value, or the problem why there is none."""

    value: Any = None
    problem: Problem | None = None


def read_all(readings: Mapping[K, Callable[[], object]], clock: Clock, token: CancelToken) -> dict[K, Answered]:
    """Run all of them, some at once, and return what each came to; what fails for a moment is asked again.

    A reading that raises CallFailed is a problem of its own. Anything else it raises ends the whole, as a cancel does:
    the threads left behind read on to the end of their page and are then gone.
    """
    token.check()
    patience = Patience.of(clock, ASK_AGAIN_WITHIN_S, token)
    waiting = list(readings.items())
    done: queue.SimpleQueue[tuple[K, Answered | BaseException]] = queue.SimpleQueue()
    found: dict[K, Answered] = {}
    running = 0
    while len(found) < len(readings):
        while waiting and running < MOST_AT_ONCE:
            key, work = waiting.pop(0)
            # A daemon, so that an answer that never comes cannot keep the program from ending.
            threading.Thread(target=_run, args=(key, work, patience, done), name=f"read {key}", daemon=True).start()
            running += 1
        try:
            key, came = done.get(timeout=_LOOK_S)
        except queue.Empty:
            token.check()
            continue
        running -= 1
        if isinstance(came, BaseException):
            raise came
        found[key] = came
        token.check()
    return {key: found[key] for key in readings}


def _run(
    key: K,
    work: Callable[[], object],
    patience: Patience,
    done: queue.SimpleQueue[tuple[K, Answered | BaseException]],
) -> None:
    try:
        done.put((key, Answered(patience.ask(work))))
    except CallFailed as failure:
        done.put((key, Answered(problem=failure.problem)))
    except Cancelled as cancelled:
        done.put((key, cancelled))
    except Exception as error:  # noqa: BLE001 - a thread has nobody above it: the waiting job raises it
        done.put((key, error))

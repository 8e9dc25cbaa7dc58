"""``Decisions``: how the user's answer to a question of a running job gets into it.

Like a CancelToken, it is set from any thread and looked at by the job.
"""

from __future__ import annotations

import threading

from tgwizard.model.failover_events import Choice


class Decisions:
    """Holds one answer at a time; an answer given when nothing is asked is dropped by the next question."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._answer: Choice | None = None

    def answer(self, choice: Choice) -> None:
        """Give an answer; the last one before the job looks counts."""
        with self._mutex:
            self._answer = choice

    def take(self) -> Choice | None:
        """The answer, once; None while there is none."""
        with self._mutex:
            answer, self._answer = self._answer, None
            return answer

"""The exit codes that README.md "The command line" lists."""

from __future__ import annotations

from enum import IntEnum

from tgwizard.model.event_base import Outcome
from tgwizard.model.problem import Problem


class ExitCode(IntEnum):
    """How a command ended, for scripts."""

    DONE = 0
    INTERNAL = 1
    USAGE = 2
    REFUSED = 3
    FAILED = 4
    UNKNOWN = 5
    CANCELLED = 6
    YIELDED = 7

    @classmethod
    def of(cls, outcome: Outcome, problem: Problem | None = None) -> ExitCode:
        """The code of a run's outcome. What is refused because of a file says so, as every command does."""
        if outcome is Outcome.REFUSED and problem is not None and problem.file:
            return cls.USAGE
        return cls[outcome.name]

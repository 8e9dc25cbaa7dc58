"""The exit codes that README.md "The command line" lists."""

from __future__ import annotations

from enum import IntEnum

from tgwizard.model.event import Outcome


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
    def of(cls, outcome: Outcome) -> ExitCode:
        """The code of a run's outcome."""
        return cls[outcome.name]

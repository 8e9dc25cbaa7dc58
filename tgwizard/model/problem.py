"""What went wrong, in words a person can act on, and the exceptions that carry it.

A ``Problem`` is the whole message: what happened, why, what to do; a vendor's code and request id go into
``detail`` and are shown on demand only. Codes are kebab-case, unique and searchable.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum


class Fixer(Enum):
    """Who can put a fault right: MAKERS are those of tgwizard. The values are the words of the JSON contract."""

    YOU = "you"
    ADMIN = "admin"
    AZURE = "azure"
    TRUSTGRID = "trustgrid"
    MAKERS = "makers"


@dataclass(frozen=True, slots=True)
class Problem:
    """One explained fault. ``what`` is never empty; every other part may be.

    ``who`` can fix it (None: it depends); for an administrator ``right`` is the action that he or she needs for it.
    ``sign_in``: nobody is signed in, or not so that it is of use; signing in, perhaps in another way, puts it right.
    ``file``: a file of this computer that the job needs cannot be used.
    """

    code: str
    what: str
    why: str = ""
    fix: str = ""
    detail: str = ""
    who: Fixer | None = None
    right: str = ""
    sign_in: bool = False
    file: bool = False

    def sentence(self) -> str:
        """What, why and what to do, as one line of text without the detail."""
        return " ".join(part for part in (self.what, self.why, self.fix) if part)

    @property
    def why_and_fix(self) -> str:
        """What stands below ``what`` where that is the title."""
        return " ".join(part for part in (self.why, self.fix) if part)

    @property
    def fixer(self) -> str:
        """Who can put it right, as words after "can be fixed by"; empty when it depends."""
        match self.who:
            case None:
                return ""
            case Fixer.ADMIN:
                return f"an administrator with {self.right}" if self.right else "an administrator"
            case Fixer.MAKERS:
                return "the makers of tgwizard"
            case _:
                return {Fixer.YOU: "you", Fixer.AZURE: "Azure, in time", Fixer.TRUSTGRID: "Trustgrid"}[self.who]

    def with_detail(self, detail: str) -> Problem:
        """The same problem with other technical detail."""
        return replace(self, detail=detail)


class UserError(Exception):
    """Expected and explained: show ``problem`` as it is, no traceback (bad file, refused check, port taken)."""

    def __init__(self, *problems: Problem) -> None:
        """Carry one or more problems; all of a file's faults are told at once."""
        super().__init__("; ".join(problem.sentence() for problem in problems))
        self.problems = problems

    @property
    def problem(self) -> Problem:
        """The first, and usually the only, problem."""
        return self.problems[0]


class Cancelled(Exception):
    """The user asked to stop: unwind, say nothing more."""

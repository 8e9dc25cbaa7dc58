"""Who began a run, and from where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tgwizard.model.text import sanitize


class Program(Enum):
    """What of tgwizard began it."""

    WINDOW = "window"
    COMMAND_LINE = "command_line"
    MEMBER = "member"

    @property
    def words(self) -> str:
        """As people read it."""
        return {Program.WINDOW: "the window", Program.MEMBER: "the member agent"}.get(self, "the command line")


@dataclass(frozen=True, slots=True)
class RunOrigin:
    """``account``: who was signed in, as Azure calls it; ``machine``: the computer's name. Empty: not known."""

    account: str = ""
    program: Program | None = None
    machine: str = ""

    @property
    def who(self) -> str:
        """The account, or that it is not known."""
        return sanitize(self.account, 120) or "not recorded"

    @property
    def where(self) -> str:
        """The program and its computer, as in "the window on ops-laptop"."""
        machine = sanitize(self.machine, 80)
        program = self.program.words if self.program is not None else ""
        return " on ".join(part for part in (program, machine) if part) or "not recorded"

"""``Row``: one error that a user can meet, with its cause and its sentences."""

from __future__ import annotations

from dataclasses import dataclass

from tgwizard.engine.ports import Cause
from tgwizard.model.problem import Fixer


@dataclass(frozen=True, slots=True)
class Row:
    """One error a user can meet. The sentences may name {doing}, {name}, {action}, {scope} and {denial}.

    ``doing`` is what was asked ("change tg-node-a-inside"), ``name`` the resource, ``action`` and ``scope`` what
    Azure's message named. ``what`` may be left empty: then it is "Azure refused to {doing}.". ``who`` can fix it; an
    administrator needs ``right`` for that.
    """

    code: str
    cause: Cause
    problem: str
    why: str
    fix: str = ""
    what: str = ""
    who: Fixer = Fixer.YOU
    right: str = ""

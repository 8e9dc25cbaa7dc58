"""``ErrorRow``: one error that a user can meet, with its cause and its sentences."""

from __future__ import annotations

from dataclasses import dataclass

from tgwizard.engine.errors import Cause
from tgwizard.model.problem import Fixer

SECOND_FACTOR = r"(?<![\w./-])(?:MFA(?![\w'-])|multi-?\s?factor authentication)|aka\.ms/(?:setupMFA|mfaforazure)"
"""That Azure wants a second factor, in the words of the policies that ask for it; none of a name with mfa in it."""


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One error a user can meet.

    ``said``: a pattern that Azure's words have to hold for this row; a code with several causes has several rows, the
    one without a pattern last. The sentences may name {doing} (what was asked: "change tg-node-a-inside"), {name} (the
    resource), {rights} (every action that Azure says is missing or denied, with its scope, as sentences), {action} and
    {scope} (the first of them), {limited} (what a condition keeps from the caller), {locks}, {holder}, {policy},
    {reasons}, {wrong_id}, and {said}: Azure's own sentence.
    ``what`` may be left empty: then it is "Azure refused to {doing}.". ``who`` can fix it; an administrator needs
    ``right`` for that.
    """

    code: str
    cause: Cause
    problem: str
    why: str
    fix: str = ""
    what: str = ""
    who: Fixer = Fixer.YOU
    right: str = ""
    said: str = ""

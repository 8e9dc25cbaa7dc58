"""Problems: every one in the program has a searchable code and calm words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tgwizard.model.problem import Problem, UserError

_SOURCE = Path(__file__).resolve().parents[2] / "tgwizard"
_KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LOUD = re.compile(r"!|\bplease\b|\bsuccessfully\b|\boops\b|\bsorry\b", re.IGNORECASE)


def _problems() -> Iterator[tuple[str, str, str]]:
    """Where, code and all literal words of each ``Problem(...)`` in the source, and of each fault of a cluster file."""
    for path in sorted(_SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            first = node.args[0]
            if called in ("Problem", "fault") and isinstance(first, ast.Constant) and isinstance(first.value, str):
                words = " ".join(
                    str(part.value)
                    for argument in node.args[1:]
                    for part in ast.walk(argument)
                    if isinstance(part, ast.Constant)
                )
                yield f"{path.relative_to(_SOURCE)}:{node.lineno}", first.value, words


def test_that_every_problem_has_a_code_in_kebab_case_and_calm_words() -> None:
    found = list(_problems())
    assert len(found) > 40
    assert [item for item in found if not _KEBAB.fullmatch(item[1]) or _LOUD.search(item[2])] == []


def test_that_a_sentence_has_what_why_and_fix_and_never_the_detail() -> None:
    problem = Problem("a-code", "What happened.", "Why.", "Do this.", "status 409")
    assert problem.sentence() == "What happened. Why. Do this."
    assert Problem("a-code", "What happened.").sentence() == "What happened."
    assert problem.with_detail("other").detail == "other"
    assert problem.detail == "status 409"


def test_that_an_error_tells_all_its_problems() -> None:
    first, second = Problem("one", "One."), Problem("two", "Two.")
    error = UserError(first, second)
    assert (error.problem, error.problems, str(error)) == (first, (first, second), "One.; Two.")


@pytest.mark.parametrize("code", ["Kebab", "two_words", "double--dash", "-lead"])
def test_that_the_check_itself_can_fail(code: str) -> None:
    assert not _KEBAB.fullmatch(code)

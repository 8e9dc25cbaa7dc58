"""What a run asks at the terminal when a step's time is over, and how typed answers are read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tgwizard.cli.arguments import Failover, parse
from tgwizard.cli.cluster_text import answer, question
from tgwizard.model.event_base import Stamp
from tgwizard.model.failover_events import DecisionRequested, Step, TimeoutChoice
from tgwizard.model.failover_options import Strategy
from tgwizard.model.problem import UserError

ASKED = DecisionRequested(
    Stamp(datetime(2026, 3, 2, tzinfo=UTC), 0.0),
    "run",
    Step.DETACH,
    "The update of tg-node-a-inside does not end.",
    (TimeoutChoice.HAND_OVER, TimeoutChoice.WAIT, TimeoutChoice.PUT_BACK),
    60.0,
)


def test_that_the_question_numbers_its_choices_and_says_what_happens_by_itself() -> None:
    assert question(ASKED) == (
        "What now? 1 end the run here; resume goes on later, 2 wait as long again, 3 put the address back. "
        "Type a number; without an answer 1 is taken in 60 s."
    )


@pytest.mark.parametrize(
    ("typed", "choice"),
    [
        ("1", TimeoutChoice.HAND_OVER),
        (" 2 \n", TimeoutChoice.WAIT),
        ("put back", TimeoutChoice.PUT_BACK),
        ("PUT_BACK", TimeoutChoice.PUT_BACK),
        ("retry", None),
        ("4", None),
        ("", None),
    ],
)
def test_that_numbers_and_words_are_understood(typed: str, choice: TimeoutChoice | None) -> None:
    assert answer(ASKED, typed) is choice


def test_that_a_strategy_is_chosen_by_its_word_and_guided_goes_with_graceful_only() -> None:
    def command(*words: str) -> Failover:
        found = parse(["failover", "--to", "b", *words], Path, ["fast"]).command
        assert isinstance(found, Failover)
        return found

    assert command("--graceful").strategy is Strategy.AUTO
    assert command("--forced", "--strategy", "atomic").strategy is Strategy.ATOMIC
    assert command("--graceful", "--strategy", "guided").strategy is Strategy.GUIDED
    with pytest.raises(UserError, match="guided"):
        command("--forced", "--strategy", "guided")
    with pytest.raises(UserError):
        command("--graceful", "--strategy", "fastest")

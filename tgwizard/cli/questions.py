"""What a run asks when a step's time is over, in words and typed answers."""

from __future__ import annotations

from tgwizard.model.failover_events import Asked, Choice

MEANINGS = {
    Choice.WAIT: "wait as long again",
    Choice.RETRY: "write it anew",
    Choice.PUT_BACK: "put the address back",
    Choice.HAND_OVER: "end the run here; resume goes on later",
}


def question(asked: Asked) -> str:
    """The choices with their numbers, and what happens without an answer."""
    choices = ", ".join(f"{number} {MEANINGS[choice]}" for number, choice in enumerate(asked.choices, 1))
    return f"What now? {choices}. Type a number; without an answer 1 is taken in {asked.answer_within_s:.0f} s."


def answer(asked: Asked, line: str) -> Choice | None:
    """The choice that was typed, by number or word; None when it is none of them."""
    word = line.strip().lower().replace(" ", "_")
    for number, choice in enumerate(asked.choices, 1):
        if word in (str(number), choice.value):
            return choice
    return None

"""Random histories of a pair: never two holders, never two that say they are active, and each settles once faults stop.

What befalls the pair: kills, cuts of either direction, unfitness, frozen processes, sleep, 429, 503, 403 and lost
answers of Azure, an operator, a stranger's removal, make-active, pause. The named limit of two members, a second
failure in the loss of the first, ends with the faults.
"""

from __future__ import annotations

import pytest

from tests.engine.members.histories import history

FOUND = (10, 155)
"""Histories that once went wrong: a releaser that took the address back; two members that said they were active."""
CHUNK = 25


def play(seed: int) -> None:
    with history(seed) as played:
        held = played.settle()
        assert not played.wrong, played.wrong[0]
        assert held in {member.name for member in played.pair.rigs[0].setup.members}


@pytest.mark.parametrize("seed", [*FOUND, *range(1000, 1006)])
def test_that_a_history_keeps_the_promises_and_settles(seed: int) -> None:
    play(seed)


@pytest.mark.full
@pytest.mark.parametrize("chunk", range(12))
def test_that_every_history_keeps_the_promises_and_settles(chunk: int) -> None:
    for seed in range(CHUNK * chunk, CHUNK * (chunk + 1)):
        play(seed)

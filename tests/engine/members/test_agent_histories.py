"""Random histories of a pair: never two holders, never two that say they are active, and each settles once faults stop.

What befalls the pair: kills, cuts of either direction, unfitness, frozen processes, sleep, 429, 503, 403 and lost
answers of Azure, an operator, a stranger's removal, make-active, pause. The named limit of two members, a second
failure in the loss of the first, ends with the faults.
"""

from __future__ import annotations

import pytest

from tests.engine.members.histories import history

CHUNK = 25


def broken_promises(seed: int, *, fails_over: bool = False) -> list[str]:
    """What went wrong in one history; that it settles is asserted on the way."""
    with history(seed) as played:
        played.settle()
        if fails_over:
            played.fails_over()
        return played.wrong


@pytest.mark.parametrize("seed", range(1000, 1008))
def test_that_a_history_keeps_the_promises_settles_and_leaves_a_pair_with_cover(seed: int) -> None:
    assert broken_promises(seed, fails_over=True) == []


@pytest.mark.full
@pytest.mark.parametrize("chunk", range(12))
def test_that_every_history_keeps_the_promises_and_settles(chunk: int) -> None:
    for seed in range(CHUNK * chunk, CHUNK * (chunk + 1)):
        assert broken_promises(seed) == [], seed

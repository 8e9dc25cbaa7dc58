"""How long a move took and how long nobody was served, in words."""

from __future__ import annotations

import pytest

from tgwizard.model.service_gap import NO_SERVICE_GAP, ServiceGap, times_told


@pytest.mark.parametrize(
    ("seconds", "gap", "told"),
    [
        (8.0, ServiceGap(4.0), ("in 8.0 s", "gap as read 4.0 s")),
        (8.0, ServiceGap(12.0), ("in 8.0 s after the stop", "gap as read 12.0 s")),
        (8.0, ServiceGap(64.0, at_least=True), ("in 8.0 s", "gap as read at least 64.0 s")),
        (8.0, NO_SERVICE_GAP, ("in 8.0 s",)),
        (None, NO_SERVICE_GAP, ()),
    ],
)
def test_that_a_gap_longer_than_the_move_says_that_a_stop_came_first(
    seconds: float | None, gap: ServiceGap, told: tuple[str, ...]
) -> None:
    assert times_told(seconds, gap) == told

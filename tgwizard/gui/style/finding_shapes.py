"""The state shape of a finding. It stands by itself because the first paint shows none, and needs no findings."""

from __future__ import annotations

from tgwizard.gui.style.state_shapes import Shape
from tgwizard.model.finding import Level

_LEVEL_SHAPES = {
    Level.BLOCKS: Shape.BROKEN,
    Level.NOT_KNOWN: Shape.NOT_KNOWN,
    Level.WARNS: Shape.WARNING,
    Level.NOTE: Shape.NOTE,
    Level.PASSED: Shape.GOOD,
    Level.NOT_APPLICABLE: Shape.WAITING,
}


def level_shape(level: Level) -> Shape:
    """The state shape of a finding."""
    return _LEVEL_SHAPES[level]

"""``Change``: one intended write as data, complete enough to be read, confirmed, journalled and undone."""

from __future__ import annotations

from dataclasses import dataclass

from tgwizard.model.cluster import ResourceId

USUAL_WORDS = "usually 20 to 60 s, minutes at its slowest"
"""How long Azure takes for one change of an interface, in words (azure/README.md 2.2)."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """How long a step usually takes, in seconds: the median and the slowest seen. ``basis`` says where that is from."""

    usual_s: float
    slowest_s: float
    basis: str = "Azure usually takes 20 to 60 s a step, minutes at its slowest"


NIC_UPDATE = Prediction(42.0, 198.0)
"""One change of an interface of a VM, where no run of one's own has measured it (azure/README.md 2.2)."""


@dataclass(frozen=True, slots=True)
class Change:
    """One intended write: who sends what to whom, what is there before and after, what it needs, how to undo it."""

    target: ResourceId
    method: str
    path: str
    who: str
    sentence: str
    before: str
    after: str
    permissions: tuple[str, ...]
    predicted: Prediction
    undo: str = ""

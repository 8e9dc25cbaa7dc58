"""Percentiles, promises, and how both are printed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True, slots=True)
class Spread:
    """Nearest-rank percentiles of some measurements: each is a value that was measured, none is interpolated."""

    p50: float
    p95: float
    p99: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """ValueError when nothing was measured."""
        if not values:
            raise ValueError("nothing was measured")
        ordered = sorted(values)

        def rank(share: float) -> float:
            return ordered[max(0, ceil(share * len(ordered)) - 1)]

        return cls(rank(0.50), rank(0.95), rank(0.99), ordered[-1])


@dataclass(frozen=True, slots=True)
class Promise:
    """A figure with the most it may be. ``unit`` is printed after both."""

    what: str
    measured: float
    at_most: float
    unit: str = ""

    @property
    def kept(self) -> bool:
        """Whether the figure is within its bound."""
        return self.measured <= self.at_most

    def line(self) -> str:
        """One line of the table of promises."""
        word = "kept" if self.kept else "NOT KEPT"
        unit = f" {self.unit}" if self.unit else ""
        return f"  {self.what:<58} {self.measured:>8.4g}{unit}, at most {self.at_most:g}{unit}: {word}"


def judged(promises: Sequence[Promise]) -> int:
    """Print the promises and return the exit code: 0 when all are kept, else 1."""
    print("promises")
    for promise in promises:
        print(promise.line())
    return 0 if all(promise.kept for promise in promises) else 1


def machine() -> str:
    """How busy the computer is, because every figure depends on it."""
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} processors, load {load:.1f} (all programs of this computer, last minute)"

"""Where a run can arrive, each in words that say what was and what was not done."""

from __future__ import annotations

from dataclasses import dataclass

from tgwizard.model.cluster import Member
from tgwizard.model.event_base import Outcome
from tgwizard.model.problem import Problem
from tgwizard.model.snapshot import AddressLocation, LocationKind


@dataclass(frozen=True, slots=True)
class RunResult:
    """Where the run arrived. ``place`` overrides what the last readings say (a foreign interface that Azure named).

    ``of_run``: what the journal keeps of the run itself, where a resume was asked for something else than the run was.
    """

    outcome: Outcome
    reason: str
    problem: Problem | None = None
    left: tuple[str, ...] = ()
    place: AddressLocation | None = None
    rolled_back: bool = False
    of_run: RunResult | None = None


def failed_untouched(problem: Problem) -> RunResult:
    """Nothing of ours was applied."""
    return RunResult(Outcome.FAILED, f"{problem.sentence()} Nothing was changed.", problem)


def too_late() -> RunResult:
    """A late run is dropped, never executed (engine/README.md 1.7)."""
    problem = Problem(
        "run-too-late",
        "The run was dropped: its checks are too old.",
        "The computer slept, or Azure took long to answer.",
        "Start again. Nothing was written.",
    )
    return RunResult(Outcome.REFUSED, problem.sentence(), problem)


def refused(problem: Problem) -> RunResult:
    """A check forbids the first write."""
    return RunResult(Outcome.REFUSED, problem.sentence(), problem)


def yielded(reason: str, *, wrote: bool, place: AddressLocation | None = None) -> RunResult:
    """The second actor wins."""
    ours = "tgwizard stopped, so as not to work against it." if wrote else "tgwizard wrote nothing."
    return RunResult(Outcome.YIELDED, f"{reason} {ours}", place=place)


def released(losing: Member, to: Member, address: str) -> RunResult:
    """A member has given the address up for the other, which creates it."""
    place = AddressLocation(LocationKind.NO_NIC)
    return RunResult(Outcome.DONE, f"{losing.name} has released {address} for {to.name}.", place=place)


def not_wanted(address: str) -> RunResult:
    """What the run began for was over before its first write."""
    problem = Problem(
        "run-not-wanted",
        f"The reason to move {address} was over before anything was written.",
        "The other member was heard again, or somebody else acted.",
        "Nothing was changed.",
    )
    return RunResult(Outcome.CANCELLED, problem.sentence(), problem)


def taken(place: AddressLocation, address: str, problem: Problem | None) -> RunResult:
    """A foreign interface took the freed address: it is named, and nothing is put back."""
    name = place.foreign_nic.name if place.foreign_nic else "another interface"
    left = (f"Remove {address} from {name}, then resume.",)
    return RunResult(Outcome.FAILED, f"{name} took {address} while it was free.", problem, left, place)


def unsettled(address: str, problem: Problem | None) -> RunResult:
    """Asked, and reading did not settle what came of it."""
    why = problem.sentence() if problem else "Azure did not finish in time."
    left = ("Whether the last write will still be applied is not known. Resume reads Azure first.",)
    return RunResult(Outcome.UNKNOWN, f"{why} Reading did not settle where {address} ends up.", problem, left)


def internal_error(address: str) -> RunResult:
    """An error of our own in the middle of a run."""
    problem = Problem(
        "run-broke-off",
        "tgwizard met an error of its own in the middle of the run.",
        "The log has it.",
        f"Resume reads Azure first and brings {address} to a member.",
    )
    return RunResult(Outcome.UNKNOWN, problem.sentence(), problem, (f"Where {address} ends up was not settled.",))


def elsewhere(code: str, fact: str, why: str, wanted: Member) -> RunResult:
    """A resume was asked for one member, and the other holds the address."""
    problem = Problem(code, fact, why, f"Start a failover to {wanted.name} if it is wanted there.")
    return RunResult(Outcome.FAILED, problem.sentence(), problem)


def not_moved(losing: Member, address: str, said: str) -> RunResult:
    """Azure took the move in one call, and it ended without effect."""
    problem = Problem(
        "move-without-effect",
        "Azure took the move in one call and did not carry it out.",
        f"{losing.name} still has {address}.",
        "Start again with the strategy detach-attach.",
        said,
    )
    return RunResult(Outcome.FAILED, problem.sentence(), problem)


def stuck(address: str, problem: Problem, place: AddressLocation) -> RunResult:
    """Azure refuses the only write that would help."""
    left = (f"{address} is on no network interface.",) if place.kind is LocationKind.NO_NIC else ()
    return RunResult(Outcome.FAILED, problem.sentence(), problem, left)

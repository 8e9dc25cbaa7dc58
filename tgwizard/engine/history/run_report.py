"""One run in words, for window, command line and report; and its report as a page that prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from tgwizard import __version__
from tgwizard.engine.history.run_history import JournalledAttempt, NicComparison, RunHistory
from tgwizard.engine.history.setup_history import SetupRun
from tgwizard.engine.html_page import render_page
from tgwizard.engine.runs.records import HolderRecord, WriteAnswer
from tgwizard.model.cluster import Verb
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Step
from tgwizard.model.failover_options import Strategy
from tgwizard.model.run_origin import RunOrigin
from tgwizard.model.service_gap import times_told
from tgwizard.model.snapshot import LocationKind
from tgwizard.model.text import LOCAL_TIME, Moments, format_duration, sanitize

OUTCOMES = {
    Outcome.DONE: "Done",
    Outcome.REFUSED: "Refused",
    Outcome.FAILED: "Failed",
    Outcome.UNKNOWN: "Not known",
    Outcome.CANCELLED: "Cancelled",
    Outcome.YIELDED: "Yielded",
}
"""The outcomes as people read them."""

ANSWERS = {
    WriteAnswer.ACCEPTED: "accepted",
    WriteAnswer.REFUSED: "refused",
    WriteAnswer.NOT_SENT: "not sent",
    WriteAnswer.UNKNOWN: "answer lost",
    None: "no answer recorded",
}
"""What came back for a write, in words."""

STEPS = {
    Step.CHECK: "check",
    Step.FENCE: "stop",
    Step.DETACH: "detach",
    Step.ATTACH: "attach",
    Step.CONFIRM: "confirm",
    Step.PUT_BACK: "put back",
    Step.MOVE: "move",
    Step.GUIDE: "guide",
}
"""The steps in words, for tables."""

PLACES = {
    LocationKind.MEMBER: "held by {who}",
    LocationKind.RELEASING: "being released, {who} is updated",
    LocationKind.ATTACHING: "being attached to {who}",
    LocationKind.NO_NIC: "on no network interface",
    LocationKind.FOREIGN_NIC: "held by {who}, which is no member",
    LocationKind.BOTH: "named by both interfaces, one answer must be old",
    LocationKind.NOT_KNOWN: "not known",
}
"""Where a guided run saw the address, in words."""


def kind(verb: Verb, strategy: Strategy, *, repair: bool) -> str:
    """What a run was, in a word or two."""
    if strategy is Strategy.GUIDED:
        return "Guided failover"
    if repair:
        return "Repair in Azure"
    return "Graceful failover" if verb is Verb.GRACEFUL else "Forced failover"


def title(run: RunHistory) -> str:
    """What the run was meant to do."""
    began = run.began
    return f"{kind(began.verb, began.strategy, repair=began.repair)} of {began.address} to {began.to}"


def began_by(origin: RunOrigin, strategy: Strategy | None = None) -> str:
    """Who began it and from where, in a line: "operator@lab, from the window on ops-laptop"."""
    told = f"{origin.who}, from {origin.where}" if origin.program or origin.machine else origin.who
    return f"{told}; the members moved the address" if strategy is Strategy.GUIDED else told


def gaps(run: RunHistory) -> tuple[tuple[str, str], ...]:
    """Both gaps of a run that has ended, each with its name: what Azure's answers showed, and what traffic met."""
    if run.ended is None:
        return ()
    read = f"{run.ended.gap.words}, between our readings of Azure" if run.ended.gap.words else "no gap was read"
    return ("Gap as read", read), ("Traffic gap", run.traffic.words if run.traffic else "not measured")


def measured(run: RunHistory) -> str:
    """What was measured of a run, in a line: how long it took, and both gaps as far as there are any."""
    ended = run.ended
    told = times_told(ended.seconds, ended.gap) if ended else ()
    return ", ".join((*told, *((f"traffic gap {run.traffic.words}",) if run.traffic else ())))


def setup_outcome(run: SetupRun) -> str:
    """How a job of setting up ended, in a word or two."""
    return OUTCOMES[run.ended.outcome] if run.ended else "Not finished"


def setup_reason(run: SetupRun) -> str:
    """Why it ended so; for one without an end, what that means."""
    if run.ended:
        return sanitize(run.ended.reason)
    goes_on = " Setting up again goes on." if run.sets_up else ""
    return f"The journal holds no end of it: it was interrupted, or is still under way.{goes_on}"


def sighting(seen: HolderRecord) -> str:
    """What a guided run saw, in words."""
    return PLACES[seen.place].format(who=sanitize(seen.who, 120))


def outcome(run: RunHistory) -> str:
    """How it ended, in a word or two."""
    return OUTCOMES[run.ended.outcome] if run.ended else "Not finished"


def reason(run: RunHistory) -> str:
    """Why it ended so; for one without an end, what that means."""
    if run.ended:
        return run.ended.reason
    what = "The journal holds no end of it: it was interrupted, or is still under way."
    if not run.began.writes:
        return f"{what} tgwizard only watched, so nothing has to be resumed."
    return f"{what} tgwizard resume {run.began.cluster} goes on."


def when(at: str, moments: Moments = LOCAL_TIME) -> str:
    """A moment of the journal, as a person at this computer reads it."""
    try:
        return moments.whole(datetime.fromisoformat(at))
    except ValueError:
        return at


def run_report_page(run: RunHistory, setup: ClusterSetup) -> str:
    """The whole page. Times are UTC, and said to be."""
    began, ended = run.began, run.ended
    facts = [
        ("Outcome", f"{outcome(run)}: {reason(run)}"),
        ("Cluster", f"{setup.name}{' (lab)' if setup.is_lab else ''}"),
        ("What", kind(began.verb, began.strategy, repair=began.repair)),
        ("Begun by", run.origin.who),
        ("From where", run.origin.where),
        ("Floating IP", began.address),
        ("From, to", f"{began.other}, {began.to}" if began.configuration else f"no member, {began.to}"),
        ("Began", _when(began.at)),
        ("Ended", _when(ended.at) if ended else "no end recorded"),
        ("Holder at the end", _holder(run)),
    ]
    if ended and ended.seconds is not None:
        span = "the first write" if began.writes else "the first change that was seen"
        facts.append(("Control-plane time", f"{format_duration(ended.seconds)}, from {span} to the proof"))
    facts += gaps(run)
    if run.turned_back:
        facts.append(("Turned back", run.turned_back))
    if ended and ended.detail:
        facts.append(("Details", ended.detail))
    facts += [("Run id", run.run), ("Subscription", setup.subscription)]
    return render_page(
        "run-report.html",
        title=title(run),
        outcome=outcome(run),
        version=__version__,
        about=facts,
        steps=[(step.sentence, _when(step.at), format_duration(step.seconds)) for step in run.steps],
        watched=not began.writes,
        sightings=[(_when(seen.at), sighting(seen)) for seen in run.sightings],
        writes=[_write(attempt) for attempt in run.attempts],
        interfaces=list(_compared(run.compared)),
        ids=[(f"{member.name}, interface", member.nic.text) for member in setup.members],
    )


def _write(attempt: JournalledAttempt) -> tuple[str, ...]:
    answer = ANSWERS[attempt.answer] + (f", {attempt.problem}" if attempt.problem else "")
    return STEPS[attempt.step], attempt.member, _when(attempt.at), answer, attempt.request, attempt.arm_request


def _compared(interfaces: Iterable[NicComparison]) -> Iterator[tuple[str, ...]]:
    for seen in interfaces:
        others = "; ".join(f"{item.path} was {item.before}, is {item.after}" for item in seen.by_other)
        nothing = "nothing" if seen.known else "not known"
        yield f"{seen.nic} of {seen.member}", seen.sentence, others or nothing


def _holder(run: RunHistory) -> str:
    if run.ended is None:
        return "not known"
    return run.ended.holder or "on no network interface"


def _when(at: str) -> str:
    try:
        return f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M:%S.%f}"[:-3]
    except ValueError:
        return at

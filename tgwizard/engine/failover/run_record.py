"""The first record of a run: both interfaces as read, the intents, and what a put-back would restore."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, assert_never

from tgwizard.engine.failover.failover_plan import is_repair
from tgwizard.engine.failover.run_context import RunContext
from tgwizard.engine.files.cluster_file import keep_carried
from tgwizard.engine.runs.records import RunRecord
from tgwizard.model.cluster import Member, Verb
from tgwizard.model.failover_events import Step, WarningRaised
from tgwizard.model.failover_options import Fence, PartOfRun, RunIntent, Strategy
from tgwizard.model.nic import NicDocument, carried_of
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.repair import repair
from tgwizard.model.snapshot import STOPPED, LocationKind, Snapshot
from tgwizard.model.text import format_utc


def make_run_record(context: RunContext, snapshot: Snapshot, intent: RunIntent) -> RunRecord:
    """What is journalled before a run does anything. UserError: an interface was not read."""
    to, verb, strategy, fence = intent.to, intent.verb, intent.strategy, intent.fence
    other = snapshot.setup.other(to)
    losing, gaining = _read(snapshot, other), _read(snapshot, to)
    configuration: Mapping[str, Any] | None = losing.find(snapshot.address)
    stops = (
        fence.stops and verb is Verb.FORCED and configuration is not None and snapshot.seen(other).power not in STOPPED
    )
    return RunRecord(
        run=context.run,
        at=format_utc(context.services.clock.wall()),
        cluster=snapshot.setup.name,
        verb=verb,
        to=to.name,
        other=other.name,
        address=snapshot.address,
        nics=snapshot.setup.identity.nics,
        intends=_intended_steps(strategy, intent.part, holds=configuration is not None, stops=stops),
        configuration=configuration,
        losing_body=losing.body,
        gaining_body=gaining.body,
        first_request="" if strategy is Strategy.GUIDED else str(uuid.uuid4()),
        strategy=strategy,
        fence=_recorded(fence.choice, stops=stops),
        fence_optional=stops and fence.optional,
        repair=is_repair(snapshot.setup, strategy, verb) or (verb is Verb.FORCED and repair(snapshot) is not None),
        outage=_outage(snapshot),
        origin=context.services.origin(),
        part=intent.part,
        to_dead_machine=intent.to_dead_machine and verb is Verb.FORCED and bool(snapshot.seen(to).outage),
    )


def save_carried_configuration(context: RunContext, run_record: RunRecord) -> None:
    """Keep in the cluster file what stands on the floating configuration now, so that a resume elsewhere knows it.

    Trouble with the file stops nothing: it is told, and the journal has the whole configuration.
    """
    if run_record.configuration is None:
        return
    try:
        keep_carried(context.setup, carried_of(run_record.configuration))
    except UserError as error:
        why = f"{error.problem.what} A resume on another computer would attach the address with what the file says."
        fix = error.problem.fix or "Make the file writable; the next failover keeps it."
        problem = Problem("carried-not-kept", "What travels with the address was not kept in its file.", why, fix)
        context.report(WarningRaised(context.stamp(), context.run, problem))


def _recorded(choice: Fence, *, stops: bool) -> Fence:
    """What of the chosen fence this run does: a VM that is down already, or has no address to lose, is not stopped."""
    match choice:
        case Fence.NONE:
            return Fence.NONE
        case Fence.STOP:
            return Fence.STOP if stops else Fence.NONE
        case _:
            assert_never(choice)


def _outage(snapshot: Snapshot) -> str:
    """Why nobody is served at the address, as far as it is known."""
    place = snapshot.place
    if place.kind is LocationKind.NO_NIC:
        return f"{snapshot.address} is on no NIC"
    return snapshot.seen(place.member).outage if place.member is not None else ""


def _intended_steps(strategy: Strategy, part: PartOfRun, *, holds: bool, stops: bool) -> tuple[Step, ...]:
    if strategy is Strategy.GUIDED:
        return (Step.GUIDE,)
    if part is PartOfRun.RELEASE:
        return (Step.DETACH, Step.PUT_BACK)
    steps = (Step.DETACH, Step.ATTACH, Step.PUT_BACK) if holds else (Step.ATTACH,)
    if strategy is Strategy.ATOMIC:
        steps = (Step.MOVE, *steps)
    return (Step.FENCE, *steps) if stops else steps


def _read(snapshot: Snapshot, member: Member) -> NicDocument:
    seen = snapshot.seen(member).nic
    if seen.value is None:
        why = seen.problem.sentence() if seen.problem else ""
        raise UserError(Problem("nic-not-read", f"{member.nic.name} could not be read.", why, "Nothing was written."))
    return seen.value

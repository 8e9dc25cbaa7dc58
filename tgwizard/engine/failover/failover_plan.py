"""The plan of a failover: from what was seen, before anything is asked or written."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from tgwizard.engine.access.access_decision import RightState, ScopedAction, decide, held_here
from tgwizard.engine.access.required_rights import NIC_WRITE, SUBNET_JOIN, carried_with, write_rights
from tgwizard.engine.azure_call_error import AzureCallError
from tgwizard.engine.ports import AzurePorts
from tgwizard.engine.runs.records import RunEndRecord
from tgwizard.model.access_facts import Queried
from tgwizard.model.change import NIC_UPDATE, Change, Prediction
from tgwizard.model.cluster import Member, ResourceId, Verb
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.failover_events import Step, StepPlan
from tgwizard.model.failover_options import RunIntent, StopMethod, Strategy, resolve_strategy
from tgwizard.model.finding import Finding, Level
from tgwizard.model.nic import REFERENCES
from tgwizard.model.problem import Problem
from tgwizard.model.role import LINKED_ACTIONS
from tgwizard.model.snapshot import STOPPED, LocationKind, Snapshot
from tgwizard.model.text import join_words, sanitize

MOVE_ACTION = "Microsoft.Network/virtualNetworks/moveIpConfigurations/action"
"""The right that a move in one call needs on the virtual network; by ARM's rule, undocumented (azure/README.md 2.7)."""


def is_repair(setup: ClusterSetup, strategy: Strategy, verb: Verb) -> bool:
    """Whether the run moves the address of a live Trustgrid pair in Azure alone; it is confirmed like forced."""
    return not setup.is_lab and resolve_strategy(strategy, setup, verb) is not Strategy.GUIDED


def vnet_of(subnet: ResourceId) -> ResourceId:
    """The virtual network of a subnet."""
    return ResourceId(subnet.text.rsplit("/subnets/", 1)[0])


def move_findings(azure: AzurePorts, setup: ClusterSetup) -> tuple[Finding, ...]:
    """Whether the subscription and the signed-in user may move a configuration in one call."""
    return _feature(azure, setup), _right(azure, vnet_of(setup.subnet))


def _feature(azure: AzurePorts, setup: ClusterSetup) -> Finding:
    try:
        registered = azure.network.moves_registered(setup.subscription)
    except AzureCallError as failure:
        fact = "Whether Azure moves addresses in one call here is not known"
        return Finding(Level.NOT_KNOWN, fact, failure.problem.what, failure.problem)
    if registered:
        return Finding(Level.PASSED, "Azure moves addresses in one call here", "the preview feature is registered")
    problem = Problem(
        "move-not-registered",
        "Azure does not move addresses in one call in this subscription.",
        "Its preview feature AllowMoveIpConfigurations is not registered.",
        "Use the strategy detach-attach, or register it: "
        "az feature register --namespace Microsoft.Network --name AllowMoveIpConfigurations.",
    )
    return Finding(Level.BLOCKS, problem.what, problem.why, problem)


def _right(azure: AzurePorts, vnet: ResourceId) -> Finding:
    try:
        held = azure.access.own_permissions(vnet.text)
    except AzureCallError as failure:
        fact = f"Whether you may move addresses in {vnet.name} is not known"
        return Finding(Level.NOT_KNOWN, fact, failure.problem.what, failure.problem)
    wanted = ScopedAction(MOVE_ACTION, vnet.text)
    if decide(wanted, held_here(Queried(held), vnet.text)).state is RightState.YES:
        return Finding(Level.PASSED, f"You may move addresses in {vnet.name}", "worked out from your roles")
    problem = Problem(
        "move-not-allowed",
        f"You may not move addresses in {vnet.name}.",
        f"That needs {MOVE_ACTION}.",
        "Have that action added to your role, or use the strategy detach-attach.",
    )
    return Finding(Level.BLOCKS, problem.what, problem.why, problem)


_AT_ONCE = "one call moves it; a short gap of the traffic may remain and was not measured yet"


@dataclass(frozen=True, slots=True)
class FailoverPlan:
    """What will be sent and in which order.

    ``losing`` is None when the address is on no NIC: then nothing is detached.
    """

    cluster: str
    verb: Verb
    to: Member
    losing: Member | None
    address: str
    changes: tuple[Change, ...]
    steps: tuple[StepPlan, ...]
    gap: Prediction
    strategy: Strategy = Strategy.DETACH_ATTACH

    @property
    def predicted_s(self) -> float:
        """The usual time from the start to the proof."""
        return sum(step.predicted_s for step in self.steps)


def plan(snapshot: Snapshot, intent: RunIntent, history: tuple[RunEndRecord, ...] = ()) -> FailoverPlan:
    """The plan for moving the address. ``history``: ended runs in its subscription, for the predictions."""
    place, to, verb = snapshot.place, intent.to, intent.verb
    losing = place.member if place.kind is not LocationKind.NO_NIC and place.member != to else None
    detach, attach = _prediction([end.detach_s for end in history]), _prediction([end.attach_s for end in history])
    changes: list[Change] = []
    steps = [StepPlan(Step.CHECK, "Check rights and health", 0.5)]
    if intent.fence.stops and losing is not None and snapshot.seen(losing).power not in STOPPED:
        changes.append(_stop(losing))
        steps.append(StepPlan(Step.FENCE, f"Stop {losing.name}", StopMethod.POWER_OFF.predicted.usual_s))
    if intent.strategy is Strategy.ATOMIC and losing is not None:
        # A run that fell back from the move has measured a detach; its seconds tell nothing of the move.
        moves = [end.seconds for end in history if end.strategy is Strategy.ATOMIC and end.detach_s is None]
        move = _prediction(moves)
        steps.append(StepPlan(Step.MOVE, f"Move from {losing.name} to {to.name} in one call", move.usual_s))
        steps.append(StepPlan(Step.CONFIRM, "Confirm one holder in Azure", 0.3))
        changes.append(_move(snapshot, losing, to, move))
        return FailoverPlan(
            snapshot.setup.name,
            verb,
            to,
            losing,
            snapshot.address,
            tuple(changes),
            tuple(steps),
            _gap(snapshot, losing, changes, Prediction(0.0, 0.0, _AT_ONCE)),
            Strategy.ATOMIC,
        )
    if losing is not None:
        changes.append(_detach(snapshot, losing, verb, detach))
        steps.append(StepPlan(Step.DETACH, f"Detach from {losing.name}", detach.usual_s))
    changes.append(_attach(snapshot, to, attach))
    steps.append(StepPlan(Step.ATTACH, f"Attach to {to.name}", attach.usual_s))
    steps.append(StepPlan(Step.CONFIRM, "Confirm one holder in Azure", 0.3))
    gap = _gap(snapshot, losing, changes, attach)
    return FailoverPlan(snapshot.setup.name, verb, to, losing, snapshot.address, tuple(changes), tuple(steps), gap)


def _gap(snapshot: Snapshot, losing: Member | None, changes: list[Change], last: Prediction) -> Prediction:
    """From the last moment of service to the first. ``last``: what is left of it when the address is released.

    The stop of the losing VM ends service before that; a holder that cannot serve, or none, ended it before the run.
    """
    stops = changes[0].method == "POST" and losing is not None and changes[0].target == losing.vm
    outage = snapshot.seen(losing).outage if losing is not None else ""
    if snapshot.place.kind is LocationKind.NO_NIC:
        outage = f"{snapshot.address} is on no NIC"
    if not stops and not outage:
        return last
    basis = f"nobody is served now: {outage}" if outage else f"from the stop of {changes[0].target.name} to the end"
    whole = [change.predicted for change in changes]
    usual, slowest = sum(one.usual_s for one in whole), sum(one.slowest_s for one in whole)
    return Prediction(usual, slowest, f"{basis}; {last.basis}")


def _stop(losing: Member) -> Change:
    how = StopMethod.POWER_OFF
    return Change(
        target=losing.vm,
        method="POST",
        path=f"{losing.vm.text}/{how.value}?skipShutdown=true",
        who="You, to Azure",
        sentence=f"stops {losing.name}",
        before=f"{losing.name} as it runs",
        after=f"{losing.name} stopped; its interface keeps its addresses until they are detached",
        permissions=(how.action,),
        predicted=how.predicted,
        undo=f"start {losing.name}",
    )


def _move(snapshot: Snapshot, losing: Member, to: Member, predicted: Prediction) -> Change:
    address, vnet = snapshot.address, vnet_of(snapshot.setup.subnet)
    return Change(
        target=vnet,
        method="POST",
        path=f"{vnet.text}/moveIpConfigurations",
        who="You, to Azure",
        sentence=f"moves {address} from {losing.name} to {to.name} in one call{_carried_names(snapshot, to)}",
        before=f"{losing.nic.name} has {address}",
        after=f"{to.nic.name} has {address}",
        permissions=(
            MOVE_ACTION,
            *dict.fromkeys(_permissions(snapshot, losing) + _permissions(snapshot, to, gains=True)),
        ),
        predicted=predicted,
        undo=f"move {address} back to {losing.name}",
    )


def _detach(snapshot: Snapshot, losing: Member, verb: Verb, predicted: Prediction) -> Change:
    address = snapshot.address
    return Change(
        target=losing.nic,
        method="PUT",
        path=losing.nic.text,
        who="You, to Azure",
        sentence=f"{'gives up' if verb is Verb.GRACEFUL else 'removes'} {address} on {losing.name}",
        before=f"{losing.nic.name} has {address}",
        after=f"{losing.nic.name} without {address}, all else as read",
        permissions=_permissions(snapshot, losing),
        predicted=predicted,
        undo=f"put {address} back on {losing.name}",
    )


def _attach(snapshot: Snapshot, to: Member, predicted: Prediction) -> Change:
    address = snapshot.address
    return Change(
        target=to.nic,
        method="PUT",
        path=to.nic.text,
        who="You, to Azure",
        sentence=f"adds {address} to {to.name}{_carried_names(snapshot, to)}",
        before=f"{to.nic.name} without {address}",
        after=f"{to.nic.name} has {address} as {snapshot.setup.ip_configuration}, Static, not primary",
        permissions=_permissions(snapshot, to, gains=True),
        predicted=predicted,
        undo=f"remove {address} from {to.name}",
    )


def _carried_names(snapshot: Snapshot, to: Member) -> str:
    """What travels with the address, by name: resources by theirs, other fields as Azure spells them."""
    carried = carried_with(snapshot, to)
    other = [name for name in carried.names if name not in REFERENCES]
    names = [sanitize(name, 60) for name in (*(thing.name for thing in carried.references), *other)]
    return f", with {join_words(names)}" if names else ""


def _permissions(snapshot: Snapshot, member: Member, *, gains: bool = False) -> tuple[str, ...]:
    """The actions that the write of a member's interface needs, whatever they are needed on."""
    needed = {action for action, _ in write_rights(snapshot, member, gains=gains)} | {SUBNET_JOIN}
    return (NIC_WRITE, *(join for join in LINKED_ACTIONS.values() if join in needed))


def _prediction(measured: list[float | None]) -> Prediction:
    known = [seconds for seconds in measured if seconds is not None]
    if not known:
        return NIC_UPDATE
    many = f"median of the last {len(known)} runs in this subscription"
    basis = many if len(known) > 1 else "as in the last run in this subscription"
    return Prediction(statistics.median(known), max(known), basis)

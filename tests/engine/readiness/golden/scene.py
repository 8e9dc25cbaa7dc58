"""What the cases are made of: a healthy cluster and good answers, changed in one place each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address
from typing import Any

from tests.model.seen import ADDRESS, FREE, HOLDS, SETUP, SUBNET, A, B, Side, configuration, snapshot
from tgwizard.engine.access.required_rights import Writer, WriteSide, carried_with, write_sides
from tgwizard.engine.access.write_probe import ProbeOutcome, WriteProbe
from tgwizard.engine.azure_call_error import MissingRight
from tgwizard.engine.readiness.preflight_questions import PreflightFacts
from tgwizard.engine.runs.records import RunEndRecord
from tgwizard.model.access_facts import AccessFacts, IdentityRights, OwnRights, Queried
from tgwizard.model.cluster import Member, ResourceId, Verb
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_options import NO_FENCE, FenceRequest, Strategy
from tgwizard.model.nic import NicDocument, Provisioning
from tgwizard.model.permission import DenyAssignment, HeldRole, PermissionSet
from tgwizard.model.problem import Problem
from tgwizard.model.role import TEN_ACTIONS, LockLevel, LockSeen
from tgwizard.model.snapshot import Snapshot

ROLE_ACTIONS = tuple(needed.action for needed in TEN_ACTIONS)
GRACEFUL, FORCED = Verb.GRACEFUL, Verb.FORCED
GROUP = A.nic.text.split("/providers/")[0]
SUBSCRIPTION = GROUP.split("/resourceGroups/")[0]
NETWORK = f"{GROUP}/providers/Microsoft.Network"
VNET = SUBNET.rsplit("/subnets/", 1)[0]
NSG = f"{NETWORK}/networkSecurityGroups/nsg-inside"
ASG = f"{SUBSCRIPTION}/resourceGroups/rg-security/providers/Microsoft.Network/applicationSecurityGroups/asg-nodes"
PIP = f"{NETWORK}/publicIPAddresses/pip-floating"
POOL = f"{NETWORK}/loadBalancers/lb-edge/backendAddressPools/pool-1"
RULE = f"{NETWORK}/loadBalancers/lb-edge/inboundNatRules/rule-1"
GATEWAY = f"{NETWORK}/applicationGateways/gw-1/backendAddressPools/pool-1"
UNREAD_WORDS = Problem("not-allowed", "Azure refused to read it.", "Your role lacks the right.", "Have it added.")
SILENT_WORDS = Problem("azure-not-reached", "The request was not sent.", "Azure could not be reached.", "Check again.")
EVERYTHING = (PermissionSet(("*",)),)
READER = (PermissionSet(("*/read",)),)


def nic(
    own: str,
    *,
    floating: dict[str, Any] | None = None,
    state: Provisioning = Provisioning.SUCCEEDED,
    nsg: str = NSG,
    asgs: tuple[str, ...] = (ASG,),
    machine: str = "vm",
    forwards: bool = True,
) -> NicDocument:
    """An interface with a security group and an application security group. `floating`: more of that configuration."""
    groups: dict[str, Any] = {"applicationSecurityGroups": [{"id": item} for item in asgs]} if asgs else {}
    items = [configuration("ipconfig1", own, primary=True, **groups)]
    if floating is not None:
        items.append(configuration("tg-floating", ADDRESS, **groups, **floating))
    properties: dict[str, Any] = {"provisioningState": state.value, "ipConfigurations": items}
    properties["enableIPForwarding"] = forwards
    if machine:
        properties["virtualMachine"] = {"id": machine}
    if nsg:
        properties["networkSecurityGroup"] = {"id": nsg}
    return NicDocument.parse({"etag": "1", "properties": properties})


HOLDING = replace(HOLDS, document=nic("10.20.2.11", floating={}))
FREED = replace(FREE, document=nic("10.20.2.12"))


def carrying(**more: Any) -> Side:
    """The losing side with something that travels."""
    return replace(HOLDS, document=nic("10.20.2.11", floating=more))


def world(losing: Side = HOLDING, gaining: Side = FREED, **more: Any) -> Snapshot:
    """tg-node-a and tg-node-b; the address is to go to tg-node-b."""
    return snapshot(losing, gaining, **more)


NOBODY = world(replace(FREE, document=nic("10.20.2.11")))
"""The address is on no interface."""


def touched(seen: Snapshot) -> tuple[ResourceId, ...]:
    """All that the operator's rights may be asked for."""
    found = [SETUP.subnet, A.vm, B.vm, A.nic, B.nic]
    for member in seen.members:
        found += member.nic.value.references() if member.nic.value else ()
    return tuple(dict.fromkeys([*found, *(ResourceId(item) for item in (PIP, POOL, RULE, GATEWAY))]))


def good(seen: Snapshot, **changes: Any) -> PreflightFacts:
    """An operator who may do everything, asked thoroughly, with no lock anywhere."""
    facts = PreflightFacts(
        by=Writer.OPERATOR,
        at=seen.now,
        token_life_s=Queried(3600.0),
        prefixes=Queried(("10.20.2.0/24",)),
        probes=tuple(
            WriteProbe(
                member.nic,
                ProbeOutcome.ALLOWED,
                attach=side is WriteSide.ATTACH and not carried_with(seen, B).names,
            )
            for side, member in write_sides(seen, B)
            if seen.seen(member).nic.value is not None
        ),
        access=AccessFacts(
            own=(
                *(OwnRights(one.text, Queried(EVERYTHING)) for one in touched(seen)),
                OwnRights(SUBSCRIPTION, Queried(EVERYTHING)),
            ),
            locks=Queried(()),
        ),
    )
    return replace(facts, **changes)


def with_access(facts: PreflightFacts, **changes: Any) -> PreflightFacts:
    """The same with other answers about rights and locks."""
    return replace(facts, access=replace(facts.access, **changes))


def with_held(facts: PreflightFacts, held: Queried[tuple[PermissionSet, ...]], *scopes: str) -> PreflightFacts:
    """The same with other rights of the operator at these scopes."""
    own = tuple(replace(item, held=held) if item.scope in scopes else item for item in facts.access.own)
    return with_access(facts, own=own)


def probed(
    seen: Snapshot, nic_of: Member, outcome: ProbeOutcome, missing: MissingRight | None = None
) -> PreflightFacts:
    """One interface's probe ended otherwise; what it proved before is worked out from roles then."""
    problem = {
        ProbeOutcome.REFUSED: Problem(
            "not-allowed", f"Azure refused to change {nic_of.nic.name}.", "You may not.", "", "x"
        ),
        ProbeOutcome.LOCKED: Problem(
            "locked", f"Azure refused to change {nic_of.nic.name}.", "A lock forbids it.", "Unlock."
        ),
        ProbeOutcome.UNCLEAR: SILENT_WORDS,
    }.get(outcome)
    probes = tuple(
        replace(item, outcome=outcome, problem=problem, refused=(missing,) if missing else ())
        if item.nic == nic_of.nic
        else item
        for item in good(seen).probes
    )
    return good(seen, probes=probes)


def holding(seen: Snapshot, at: str, held: Queried[tuple[PermissionSet, ...]], **changes: Any) -> PreflightFacts:
    """The operator's rights on one resource are otherwise."""
    return with_held(good(seen, **changes), held, at)


def locked(seen: Snapshot, scope: str, level: LockLevel = LockLevel.READ_ONLY, **changes: Any) -> PreflightFacts:
    """One lock."""
    return with_access(good(seen, **changes), locks=Queried((LockSeen("keep", level, scope, "Ask the network team."),)))


def members(
    actions: tuple[str, ...] = ROLE_ACTIONS,
    *,
    scopes: tuple[str, ...] = (SUBSCRIPTION,),
    not_actions: tuple[str, ...] = (),
    denials: Queried[tuple[DenyAssignment, ...]] | None = None,
    roles: Queried[tuple[HeldRole, ...]] | None = None,
    principal: Queried[str] | None = None,
) -> Callable[[Snapshot], PreflightFacts]:
    """The members by themselves, both with the same rights."""
    held = Queried(tuple(HeldRole(scope, PermissionSet(actions, not_actions)) for scope in scopes))
    rights = tuple(
        IdentityRights(
            one.vm,
            principal if principal is not None else Queried("oid"),
            roles if roles is not None else held,
            denials if denials is not None else Queried(()),
        )
        for one in (B, A)
    )
    return lambda seen: PreflightFacts(
        Writer.MEMBERS,
        seen.now,
        prefixes=Queried(("10.20.2.0/24",)),
        access=AccessFacts(identities=rights, locks=Queried(())),
    )


@dataclass(frozen=True)
class Checked:
    """One case of the preflight's judgement."""

    seen: Snapshot
    facts: PreflightFacts
    verb: Verb = GRACEFUL
    to: Member = B


@dataclass(frozen=True)
class Planned:
    """One case of the planner."""

    seen: Snapshot
    verb: Verb = GRACEFUL
    history: tuple[RunEndRecord, ...] = ()
    strategy: Strategy = Strategy.DETACH_ATTACH
    fence: FenceRequest = NO_FENCE
    to: Member = B


@dataclass
class Table:
    """The cases of one group, by name."""

    cases: dict[str, Checked | Planned] = field(default_factory=dict)

    def add(self, name: str, case: Checked | Planned) -> None:
        """A name is used once."""
        assert name not in self.cases, name
        self.cases[name] = case

    def both(self, name: str, seen: Snapshot, facts: PreflightFacts | None = None, *, to: Member = B) -> None:
        """The same for both verbs."""
        for verb in Verb:
            self.add(f"{name}, {verb.value}", Checked(seen, facts or good(seen), verb, to))


def ended(detach_s: float | None, attach_s: float | None) -> RunEndRecord:
    """A run to learn from."""
    return RunEndRecord(
        "r", "t", Outcome.DONE, "tg-node-b", "", GRACEFUL, "tg-node-b", 9.0, detach_s, attach_s, attach_s
    )


def elsewhere(**changes: Any) -> ClusterSetup:
    """The cluster file, changed."""
    return replace(SETUP, **changes)


def at(address: str) -> ClusterSetup:
    """The cluster file with another floating IP."""
    return elsewhere(address=IPv4Address(address))

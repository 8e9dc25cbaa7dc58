"""Questions asked of Azure before the first write; each answers with a Finding. Nothing is changed (DESIGN 3d).

One's own rights are *proved* by a probe: the NIC's unchanged body with an impossible If-Match. Azure checks rights,
linked rights, locks and deny assignments before the etag, so a 412 means that the write would have been allowed, and
a 403 names the missing action. The attach side is asked before the detach side.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from tgwizard.engine.ports import Azure, CallFailed, Cause, Certainty
from tgwizard.engine.readiness import readiness
from tgwizard.model.address import check_address
from tgwizard.model.cluster import Member, ResourceId, Verb
from tgwizard.model.cluster_setup import Carried, ClusterSetup
from tgwizard.model.finding import Finding, Level, Readiness
from tgwizard.model.nic import NicDocument, Provisioning
from tgwizard.model.permission import allows
from tgwizard.model.problem import Problem
from tgwizard.model.snapshot import PlaceKind, Snapshot

IMPOSSIBLE_ETAG = 'W/"00000000-0000-0000-0000-000000000000"'
"""No resource ever has this version, so a write that carries it can never be applied."""

_BALANCERS = "Microsoft.Network/loadBalancers"
_JOINS = {
    "microsoft.network/publicipaddresses": "Microsoft.Network/publicIPAddresses/join/action",
    "microsoft.network/loadbalancers/backendaddresspools": f"{_BALANCERS}/backendAddressPools/join/action",
    "microsoft.network/loadbalancers/inboundnatrules": f"{_BALANCERS}/inboundNatRules/join/action",
}
"""The rights to what travels with the address (azure-wire.md 2.6).

The attach body names it, the probe body does not.
"""


@dataclass(frozen=True, slots=True)
class Preflight:
    """The findings and when they were made (monotonic seconds): they are good for two minutes."""

    findings: Readiness
    at: float

    def reason_against(self, verb: Verb, *, accept_unknown: bool = False) -> Problem | None:
        """What forbids the first write, or None."""
        return self.findings.reason_against(unknown_stops=verb is Verb.GRACEFUL and not accept_unknown)


def preflight(
    azure: Azure, snapshot: Snapshot, to: Member, verb: Verb, carried: Carried, *, needed_life_s: float
) -> Preflight:
    """Ask everything that the run depends on. ``needed_life_s``: how long the token must last, real seconds."""
    findings = list(readiness(snapshot, to, verb).findings)
    findings.append(_token(azure, needed_life_s))
    findings.append(_range(azure, snapshot.setup))
    sides = [to] if snapshot.place.kind is PlaceKind.NO_NIC else [to, snapshot.setup.other(to)]
    for member in sides:
        document = snapshot.seen(member).nic.value
        if document is not None:
            findings.append(_probe(azure, member.nic, document))
    findings += [_join(azure, thing) for thing in _things(carried)]
    return Preflight(Readiness.of(findings), snapshot.now)


def _range(azure: Azure, setup: ClusterSetup) -> Finding:
    """An address outside its subnet would only be refused at the attach, when it is already detached."""
    try:
        problem = check_address(setup, azure.subnet_prefixes(setup.subnet))
    except CallFailed as failure:
        unsure = f"Whether {setup.address} lies in {setup.subnet.name} is not known"
        return Finding(Level.NOT_KNOWN, unsure, failure.problem.what, failure.problem)
    if problem is not None:
        return Finding(Level.BLOCKS, problem.what, problem.why, problem)
    return Finding(Level.PASSED, f"{setup.address} lies in {setup.subnet.name}")


def _probe(azure: Azure, nic: ResourceId, document: NicDocument) -> Finding:
    fact = f"You may write {nic.name}"
    if document.provisioning is Provisioning.UPDATING:
        why = "It is being updated, and no write is sent meanwhile, not even a probe."
        return Finding(Level.NOT_KNOWN, f"Whether you may write {nic.name} is not known", why)
    try:
        azure.write_nic(nic, document, if_match=IMPOSSIBLE_ETAG, request_id=str(uuid.uuid4()))
    except CallFailed as failure:
        if failure.cause is Cause.ETAG_MOVED:
            return Finding(Level.PASSED, fact, "proved by a write that cannot be applied")
        if failure.certainty is Certainty.REFUSED and failure.cause in (Cause.NOT_ALLOWED, Cause.LOCKED, Cause.SIGN_IN):
            return Finding(Level.BLOCKS, f"You may not write {nic.name}", failure.problem.why, failure.problem)
        unsure = f"Whether you may write {nic.name} is not known"
        return Finding(Level.NOT_KNOWN, unsure, failure.problem.what, failure.problem)
    problem = Problem(
        "if-match-ignored",
        f"Azure applied a write to {nic.name} that it had to refuse.",
        "It ignored the version the write was bound to, so two programs could overwrite each other unseen.",
        "Nothing but the version of the interface changed. tgwizard does not write without that protection.",
    )
    return Finding(Level.BLOCKS, problem.what, problem.why, problem)


def _token(azure: Azure, needed_s: float) -> Finding:
    try:
        life = azure.token_life_s()
    except CallFailed as failure:
        return Finding(Level.BLOCKS, "You are not signed in", failure.problem.what, failure.problem)
    if life < needed_s:
        fact = f"Your sign-in ends in {life / 60:.0f} min"
        why = f"The run may need up to {needed_s / 60:.0f} min."
        return Finding(Level.BLOCKS, fact, why, Problem("token-too-short", f"{fact}.", why, "Sign in again."))
    return Finding(Level.PASSED, "Your sign-in outlasts the run", f"good for {life / 60:.0f} min")


def _join(azure: Azure, thing: ResourceId) -> Finding:
    action = _JOINS.get(thing.type.lower(), "")
    fact = f"You may attach {thing.name}"
    try:
        held = azure.permissions_at(thing)
    except CallFailed as failure:
        return Finding(
            Level.NOT_KNOWN, f"Whether you may attach {thing.name} is not known", failure.problem.what, failure.problem
        )
    if action and allows(held, action):
        return Finding(Level.PASSED, fact, "worked out from your roles; it travels with the address")
    problem = Problem(
        "join-not-allowed",
        f"You may not attach {thing.name}.",
        f"It travels with the floating IP, and that needs {action}.",
        "Have that action added to your role.",
    )
    return Finding(Level.BLOCKS, problem.what, problem.why, problem)


def _things(carried: Carried) -> tuple[ResourceId, ...]:
    public_ip = (carried.public_ip,) if carried.public_ip else ()
    return (*public_ip, *carried.pools, *carried.nat_rules)

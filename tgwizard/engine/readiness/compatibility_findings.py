"""Judging whether what travels fits the gaining interface and its machine, before anything is detached. Pure.

Each rule is one that Azure refuses an attach by, with its code in the detail. What the losing interface has today is
proof that Azure takes it there; where a rule is not certain, that decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tgwizard.engine.access.required_rights import LOAD_BALANCER, NIC_WRITE, PUBLIC_IP, carried_with
from tgwizard.engine.readiness.preflight_questions import PreflightFacts, ResourceSeen
from tgwizard.model.cluster import Member, ResourceId
from tgwizard.model.cluster_setup import CarriedConfiguration
from tgwizard.model.finding import Finding, Level
from tgwizard.model.inventory import BalancerSeen, PublicIpSeen
from tgwizard.model.nic import REFERENCES, NicDocument, bound_to
from tgwizard.model.problem import Fixer, Problem
from tgwizard.model.snapshot import Snapshot
from tgwizard.model.text import join_words, sanitize

_BASIC = "basic"
_GATEWAY_POOLS = "applicationGatewayBackendAddressPools"


@dataclass(frozen=True, slots=True)
class _Move:
    """What the rules look at. ``from_file``: what travels is what the cluster file says, not what is read."""

    snapshot: Snapshot
    facts: PreflightFacts
    to: Member
    carried: CarriedConfiguration
    gaining: NicDocument
    from_file: bool

    @property
    def losing(self) -> Member:
        return self.snapshot.setup.other(self.to)

    def public_ip(self, at: ResourceId | None) -> PublicIpSeen | None:
        thing = self.facts.thing(at) if at is not None else None
        return thing.seen.value if thing is not None and isinstance(thing.seen.value, PublicIpSeen) else None

    def balancer(self, at: ResourceId) -> BalancerSeen | None:
        thing = self.facts.thing(at)
        return thing.seen.value if thing is not None and isinstance(thing.seen.value, BalancerSeen) else None

    def zone(self, member: Member) -> str | None:
        vm = self.snapshot.seen(member).vm.value
        return None if vm is None else vm.zone

    def availability_set(self, member: Member) -> str:
        vm = self.snapshot.seen(member).vm.value
        return vm.availability_set.lower() if vm is not None else ""

    def balancers(self, references: tuple[ResourceId, ...]) -> dict[ResourceId, BalancerSeen]:
        """The load balancers, as far as they were read, whose pools and NAT rules these are."""
        parents = (one.parent for one in references if _kind(one) in _BEHIND)
        return {one: found for one in parents if (found := self.balancer(one)) is not None}

    def blocking_finding(self, code: str, azure: str, fact: str, why: str, advice: str = "") -> Finding:
        """A finding that stands in the way. ``azure``: the code that Azure would refuse the attach with."""
        if self.from_file:
            fix = "Correct it, or take it out of [floating.carried] in the cluster file."
        else:
            fix = f"Take it off the configuration of {self.snapshot.address} on {self.losing.nic.name}."
        problem = Problem(code, f"{fact}.", why, f"{advice} {fix}".strip(), azure, Fixer.ADMIN, NIC_WRITE)
        return Finding(Level.BLOCKS, fact, why, problem)


_BEHIND = (f"{LOAD_BALANCER}/backendaddresspools", f"{LOAD_BALANCER}/inboundnatrules")


def compatibility_findings(snapshot: Snapshot, facts: PreflightFacts, to: Member) -> Iterator[Finding]:
    """Findings about what travels; none when nothing does."""
    gaining = snapshot.seen(to).nic.value
    losing = snapshot.seen(snapshot.setup.other(to)).nic.value
    carried = carried_with(snapshot, to)
    if gaining is None or not carried.names:
        return
    on_it = losing is not None and losing.lists(snapshot.address)
    move = _Move(snapshot, facts, to, carried, gaining, from_file=not on_it)
    against = [*_bound(move), *_gone(move), *_public_ip(move), *_skus(move), *_load_balancers(move), *_gateway(move)]
    yield from against
    unread = [thing for thing in _travelling(move) if thing.seen.value is None and not thing.gone]
    for thing in unread:
        fact = f"Whether {thing.at.name} fits {to.name} is not known"
        why = thing.seen.problem.what if thing.seen.problem else "It was not read."
        fix = f"Reading it needs {thing.at.type}/read. Without it, check in the portal that its zone and SKU fit."
        yield Finding(Level.NOT_KNOWN, fact, why, Problem("carried-not-read", f"{fact}.", why, fix))
    read = [thing.at.name for thing in _travelling(move) if thing.seen.value is not None]
    if read and not unread and not any(finding.level is Level.BLOCKS for finding in against):
        one = len(read) == 1
        evidence = "zone, SKU, family, and what else is there, as read"
        yield Finding(Level.PASSED, f"{join_words(read)} {'fits' if one else 'fit'} {to.name}", evidence)
    unmet = [sanitize(name, 60) for name in carried.names if name not in REFERENCES]
    if unmet:
        verb, them = ("travels", "it") if len(unmet) == 1 else ("travel", "them")
        evidence = f"tgwizard does not know what Azure does with {them}; sent unchanged and compared at the end"
        yield Finding(Level.NOTE, f"{join_words(unmet)} {verb} with the address", evidence)


def _travelling(move: _Move) -> list[ResourceSeen]:
    wanted = [one if _kind(one) == PUBLIC_IP else one.parent for one in move.carried.references]
    return [thing for one in dict.fromkeys(wanted) if (thing := move.facts.thing(one)) is not None]


def _bound(move: _Move) -> Iterator[Finding]:
    """What names the losing interface or its machine cannot leave them."""
    losing = move.losing
    for name in bound_to(move.carried, losing.nic, losing.vm):
        field = sanitize(name, 60)
        fact = f"{field} cannot travel: it names {losing.name}'s own interface or machine"
        yield move.blocking_finding("carried-bound", "", fact, "On another interface it would point back to this one.")


def _gone(move: _Move) -> Iterator[Finding]:
    for thing in _travelling(move):
        if thing.gone:
            fact = f"{thing.at.name} does not exist"
            yield move.blocking_finding(
                "carried-gone", "InvalidResourceReference", fact, "It should travel with the address."
            )
    for one in move.carried.references:
        found = move.balancer(one.parent) if _kind(one).startswith(f"{LOAD_BALANCER}/") else None
        if found is not None and one not in found.parts:
            fact = f"{found.id.name} has no {one.name}"
            yield move.blocking_finding(
                "carried-gone", "InvalidResourceReference", fact, "It should travel with the address."
            )


def _public_ip(move: _Move) -> Iterator[Finding]:
    found = move.public_ip(move.carried.public_ip)
    if found is None:
        return
    name, user = found.id.name, found.used_by.lower()
    if user and (move.from_file or not user.startswith(f"{move.losing.nic.key}/")):
        fact = f"{name} is used by {_place(found.used_by)}"
        yield move.blocking_finding(
            "public-ip-in-use", "PublicIPAddressInUse", fact, "A public IP serves one configuration."
        )
    if found.version != "ipv4":
        fact = f"{name} is an {found.version.replace('ip', 'IP')} address, {move.snapshot.address} is IPv4"
        code = "IPVersionForPublicIpAndNicIpConfigurationMustMatch"
        yield move.blocking_finding(
            "carried-family", code, fact, "A public IP serves a configuration of its own family."
        )
    yield from _region(move, found.id, found.location)
    yield from _zone(move, found)


def _zone(move: _Move, found: PublicIpSeen) -> Iterator[Finding]:
    name, to, zone = found.id.name, move.to, move.zone(move.to)
    code = "ComputeResourceZoneConstraintDoesNotMatchPublicIPAddressZoneConstraint"
    if zone is None:
        if found.zones or found.sku == _BASIC:
            fact = f"Whether {name} fits the zone of {to.name} is not known"
            problem = Problem("carried-zone", f"{fact}.", f"{to.vm.name} was not read.", "Read again.")
            yield Finding(Level.NOT_KNOWN, fact, f"{to.vm.name} was not read", problem)
        return
    if not zone or zone in found.zones:
        return
    if found.zones:
        fact = f"{name} is in zone {join_words(found.zones)}, {to.name} in zone {sanitize(zone, 20)}"
        fix = "Give the address a public IP that is zone-redundant."
        yield move.blocking_finding(
            "carried-zone", code, fact, "Azure gives a machine a public IP of its own zone only.", fix
        )
    elif found.sku == _BASIC:
        fact = f"{name} is of the SKU Basic and in no zone, {to.name} in zone {sanitize(zone, 20)}"
        fix = "Give the address a public IP of the SKU Standard."
        yield move.blocking_finding(
            "carried-zone", code, fact, "Azure gives a machine in a zone no such public IP.", fix
        )
    elif move.from_file or not move.zone(move.losing):
        fact = f"{name} is in no zone, {to.name} in zone {sanitize(zone, 20)}"
        yield Finding(Level.WARNS, fact, "Azure takes that in some regions only; the attach will show")


def _skus(move: _Move) -> Iterator[Finding]:
    """Azure mixes no Basic with anything else on one interface."""
    travels, there = _skus_of(move, move.carried.references), _skus_of(move, move.gaining.references())
    there += travels if move.from_file else []
    for name, sku in travels:
        other = next(((one, its) for one, its in there if (its == _BASIC) != (sku == _BASIC)), None)
        if other is not None:
            fact = f"{name} is {sku.capitalize()}, {other[0]} is {other[1].capitalize()}"
            code, why = (
                "DifferentSkuLoadBalancersAndPublicIPAddressNotAllowed",
                "An interface mixes no Basic with others.",
            )
            yield move.blocking_finding("carried-sku", code, fact, why)


def _skus_of(move: _Move, references: tuple[ResourceId, ...]) -> list[tuple[str, str]]:
    publics = [found for one in references if (found := move.public_ip(one)) is not None]
    things: list[PublicIpSeen | BalancerSeen] = [*publics, *move.balancers(references).values()]
    return [(thing.id.name, thing.sku) for thing in things]


def _load_balancers(move: _Move) -> Iterator[Finding]:
    travels, there = move.balancers(move.carried.references), move.balancers(move.gaining.references())
    losing = move.snapshot.seen(move.losing).nic.value
    on_losing = move.balancers(losing.references()) if losing is not None else {}
    for found in travels.values():
        yield from _region(move, found.id, found.location)
        yield from _network(move, found)
        yield from _availability_set(move, found)
    for internal in (True, False):
        mine, together, taken = (
            [one for one, its in some.items() if bool(its.networks) is internal]
            for some in (travels, {**there, **travels}, on_losing)
        )
        if mine and len(together) > max(1, len(taken)):
            kind = "internal" if internal else "public"
            fact = f"{move.to.nic.name} would be behind {len(together)} {kind} load balancers"
            why = f"{join_words(one.name for one in together)}: Azure allows one of a kind for each interface."
            yield move.blocking_finding(
                "carried-balancers", "NetworkInterfaceUsesMultipleLoadBalancersOfSameType", fact, why
            )
    yield from _nat_rules(move)


def _network(move: _Move, found: BalancerSeen) -> Iterator[Finding]:
    mine = ResourceId(move.gaining.subnet).parent if move.gaining.subnet else None
    if mine is not None and found.networks and mine not in found.networks:
        fact = f"{found.id.name} is in {found.networks[0].name}, {move.to.nic.name} in {mine.name}"
        code = "NetworkInterfaceAndInternalLoadBalancerMustUseSameVnet"
        yield move.blocking_finding(
            "carried-network", code, fact, "An internal load balancer serves its own virtual network."
        )


def _availability_set(move: _Move, found: BalancerSeen) -> Iterator[Finding]:
    """All machines behind a Basic load balancer are in one availability set."""
    others = [user for user in found.behind if user != _floating(move) and not user.startswith(f"{move.to.nic.key}/")]
    if found.sku != _BASIC or not others:
        return
    mine, theirs = move.availability_set(move.to), move.availability_set(move.losing)
    if not mine or mine != theirs:
        fact = f"{move.to.name} is in another availability set than the machines behind {found.id.name}"
        code = "NetworkInterfaceAndLoadBalancerAreInDifferentAvailabilitySets"
        yield move.blocking_finding(
            "carried-availability-set", code, fact, "A Basic load balancer serves one availability set."
        )


def _nat_rules(move: _Move) -> Iterator[Finding]:
    for rule in move.carried.nat_rules:
        found = move.balancer(rule.parent)
        target = next((its for one, its in found.targets if one == rule), "") if found is not None else ""
        if target and target != _floating(move):
            fact = f"{rule.name} of {rule.parent_name} leads to {_place(target)}"
            yield move.blocking_finding("nat-rule-in-use", "", fact, "An inbound NAT rule has one target.")


def _gateway(move: _Move) -> Iterator[Finding]:
    if move.from_file and _GATEWAY_POOLS in move.carried.properties:
        fact = "An application gateway's pool cannot hold the floating configuration"
        code = "ApplicationGatewayLoadBalancingNotSupportedOnSecondaryIpConfigurations"
        yield move.blocking_finding("gateway-pool-on-secondary", code, fact, "It takes primary configurations only.")


def _region(move: _Move, thing: ResourceId, location: str) -> Iterator[Finding]:
    mine, theirs = (_plain(str(move.gaining.body.get("location", ""))), _plain(location))
    if mine and theirs and mine != theirs:
        fact = f"{thing.name} is in {sanitize(location, 40)}, {move.to.nic.name} in {mine}"
        yield move.blocking_finding(
            "carried-region", "InvalidResourceReference", fact, "Both have to be in one region."
        )


def _floating(move: _Move) -> str:
    """The id of the floating configuration where it is now, in lower case; empty when it is on no interface."""
    losing = move.snapshot.seen(move.losing).nic.value
    found = losing.find(move.snapshot.address) if losing is not None else None
    name = str(found.get("name", "")) if found is not None else ""
    return f"{move.losing.nic.key}/ipconfigurations/{name.lower()}" if name else ""


def _place(text: str) -> str:
    """A configuration's id in words: its own name and that of what it is on."""
    parts = [part for part in text.split("/") if part]
    return sanitize(f"{parts[-1]} of {parts[-3]}", 120) if len(parts) > 3 else sanitize(text, 120)


def _plain(location: str) -> str:
    return location.replace(" ", "").lower()


def _kind(thing: ResourceId) -> str:
    return thing.type.lower()

"""What Azure refuses of the things that a NIC's configurations name: zones, SKUs, families, load balancers.

Codes and texts as public threads show them; those that none shows are marked [?].
"""

from __future__ import annotations

from collections.abc import Iterator

from tgwizard.lab import ids
from tgwizard.lab.arm.responses import location_of
from tgwizard.lab.wire import Json, Refusal, network_refusal
from tgwizard.lab.world import NIC_TYPE, World

_BASIC = "basic"


def check_fit(world: World, nic: Json, leaving: str = "") -> None:
    """Refuse a NIC whose public addresses and load balancers do not fit it, its VM or one another.

    `leaving` is the id of a NIC that gives up what this one gets.
    """
    configurations = nic["properties"]["ipConfigurations"]
    for configuration in configurations:
        public = _public(world, configuration)
        if public is not None:
            _check_version(configuration, public)
            _check_zone(world, nic, public)
    balancers = list(_balancers(world, configurations))
    _check_region(nic, [*(item for item in (_public(world, one) for one in configurations) if item), *balancers])
    _check_skus([*(item for item in (_public(world, one) for one in configurations) if item), *balancers])
    _check_kinds(world, nic, balancers)
    for balancer in balancers:
        _check_network(nic, balancer)
        _check_availability_set(world, nic, balancer)
    _check_nat_rules(world, nic, configurations, leaving)


def _check_region(nic: Json, things: list[Json]) -> None:
    for thing in things:
        if location_of(str(thing["location"])) != location_of(str(nic["location"])):
            raise _refused(
                "InvalidResourceReference",
                f"Resource {thing['id']} referenced by resource {nic['id']} was not found. Please make sure that the "
                "referenced resource exists, and that both resources are in the same region.",
            )


def _public(world: World, configuration: Json) -> Json | None:
    reference = configuration["properties"].get("publicIPAddress")
    return world.find(reference["id"]) if reference else None


def _balancers(world: World, configurations: list[Json]) -> Iterator[Json]:
    """Yield the load balancers whose pools and NAT rules the configurations are in, each once."""
    seen = set()
    for configuration in configurations:
        inner = configuration["properties"]
        for key in ("loadBalancerBackendAddressPools", "loadBalancerInboundNatRules"):
            for item in inner.get(key, []):
                balancer = world.find(ids.parent_of(item["id"]))
                if balancer is not None and ids.key(balancer["id"]) not in seen:
                    seen.add(ids.key(balancer["id"]))
                    yield balancer


def _check_version(configuration: Json, public: Json) -> None:
    mine = str(configuration["properties"].get("privateIPAddressVersion", "IPv4"))
    theirs = str(public["properties"].get("publicIPAddressVersion", "IPv4"))
    if mine.lower() != theirs.lower():
        raise _refused(
            "IPVersionForPublicIpAndNicIpConfigurationMustMatch",
            f"IP version for publicIPAddress '{public['id']}', version '{theirs}' and network interface "
            f"ipConfiguration '{configuration['id']}', version '{mine}' must match.",
        )


def _check_zone(world: World, nic: Json, public: Json) -> None:
    """A VM in a zone takes a public address of that zone, of several with it, or, of the SKU Standard, of none."""
    vm = _vm(world, nic)
    zone = str(next(iter(vm.get("zones") or []), "")) if vm is not None else ""
    zones = [str(item) for item in public.get("zones") or []]
    regional_fits = not zones and _sku(public) != _BASIC and world.nic.regional_fits_zone
    if vm is None or not zone or zone in zones or regional_fits:
        return
    raise _refused(
        "ComputeResourceZoneConstraintDoesNotMatchPublicIPAddressZoneConstraint",
        f"Compute resource {vm['id']} has a zone constraint {zone} but the PublicIPAddress {public['id']} used by the "
        f"compute resource via NetworkInterface or LoadBalancer has a different zone constraint "
        f"{', '.join(zones) or 'Regional'}.",
    )


def _check_skus(things: list[Json]) -> None:
    basic = [item for item in things if _sku(item) == _BASIC]
    other = [item for item in things if _sku(item) != _BASIC]
    if basic and other:
        raise _refused(
            "DifferentSkuLoadBalancersAndPublicIPAddressNotAllowed",
            "Different basic sku and standard sku load balancer or public Ip resources in availability set is not "
            f"allowed {basic[0]['id']} and {other[0]['id']}.",
        )


def _check_kinds(world: World, nic: Json, balancers: list[Json]) -> None:
    """One internal and one public load balancer to a NIC; more only for subscriptions that asked for it."""
    if world.nic.several_balancers:
        return
    for internal in (True, False):
        same = [item["id"] for item in balancers if bool(_networks(item)) is internal]
        if len(same) > 1:
            raise _refused(
                "NetworkInterfaceUsesMultipleLoadBalancersOfSameType",
                f"Network interface {nic['id']} references more than one load balancer of the same type (internal or "
                f"public): {', '.join(same)}.",
            )


def _check_network(nic: Json, balancer: Json) -> None:
    networks = _networks(balancer)
    subnet = next((item["properties"].get("subnet") for item in nic["properties"]["ipConfigurations"]), None)
    mine = ids.parent_of(subnet["id"]) if subnet else ""
    if networks and mine and ids.key(mine) not in {ids.key(network) for network in networks}:
        raise _refused(
            "NetworkInterfaceAndInternalLoadBalancerMustUseSameVnet",
            f"Network interface {nic['id']} uses internal load balancer {balancer['id']} but does not use the same "
            f"VNET ({networks[0]}) as the load balancer.",  # wording [?]
        )


def _check_availability_set(world: World, nic: Json, balancer: Json) -> None:
    """All VMs behind a Basic load balancer are in one availability set."""
    if _sku(balancer) != _BASIC:
        return
    mine = _availability_set(world, nic)
    for other in world.of_type(NIC_TYPE):
        if ids.key(other["id"]) == ids.key(nic["id"]):
            continue
        behind = any(
            ids.key(found["id"]) == ids.key(balancer["id"])
            for found in _balancers(world, other["properties"]["ipConfigurations"])
        )
        theirs = _availability_set(world, other)
        if behind and (not mine or ids.key(mine) != ids.key(theirs)):
            vm = other["properties"].get("virtualMachine", {}).get("id", other["id"])
            raise _refused(
                "NetworkInterfaceAndLoadBalancerAreInDifferentAvailabilitySets",
                f"Network interface {nic['id']} uses load balancer {balancer['id']} associated with different "
                f"availability set ({theirs or vm}).",
            )


def _check_nat_rules(world: World, nic: Json, configurations: list[Json], leaving: str) -> None:
    """An inbound NAT rule has one target."""
    wanted = list(_rules(configurations))
    if not wanted:
        return
    used: dict[str, str] = {}
    for other in world.of_type(NIC_TYPE):
        if ids.key(other["id"]) not in (ids.key(nic["id"]), ids.key(leaving)):
            used |= {ids.key(rule): user for rule, user in _rules(other["properties"]["ipConfigurations"])}
    for rule, user in wanted:
        taken = used.setdefault(ids.key(rule), user)
        if taken != user:
            raise _refused(
                "InboundNatRuleReferencedByMultipleIpConfigurations",  # code and wording [?]
                f"Inbound NAT rule {rule} is referenced by {user} and by {taken}; it can have one target only.",
            )


def _rules(configurations: list[Json]) -> Iterator[tuple[str, str]]:
    for configuration in configurations:
        for item in configuration["properties"].get("loadBalancerInboundNatRules", []):
            yield item["id"], configuration["id"]


def _vm(world: World, nic: Json) -> Json | None:
    return world.find(nic["properties"].get("virtualMachine", {}).get("id", ""))


def _availability_set(world: World, nic: Json) -> str:
    vm = _vm(world, nic)
    return str((vm["properties"].get("availabilitySet") or {}).get("id", "")) if vm is not None else ""


def _networks(balancer: Json) -> list[str]:
    """Return the virtual networks of an internal load balancer's frontends; none for a public one."""
    fronts = balancer["properties"].get("frontendIPConfigurations", [])
    subnets = [item["properties"].get("subnet", {}).get("id", "") for item in fronts]
    return [ids.parent_of(subnet) for subnet in subnets if subnet]


def _sku(document: Json) -> str:
    """Return the SKU in lower case. A resource without one is of the oldest."""
    return str((document.get("sku") or {}).get("name", _BASIC)).lower()


def _refused(code: str, message: str) -> Refusal:
    return network_refusal(400, code, message)

"""Interfaces, networks, security groups and frontends as discovery sees them, out of Azure's documents."""

from __future__ import annotations

from collections.abc import Iterator

from tgwizard.azure.rest import Json, inner, objects, reference, references, resource, text, texts
from tgwizard.model.inventory import (
    BalancerSeen,
    FrontendFound,
    IpConfigurationFound,
    NetworkFound,
    NicFound,
    PublicIpSeen,
    RuleAccess,
    RuleDirection,
    SecurityGroupFound,
    SecurityRule,
    SubnetFound,
)


def nic(item: Json) -> NicFound | None:
    """An interface with everything that its configurations name; None for what has no id of a resource."""
    found = resource(item)
    if found is None:
        return None
    properties = inner(item)
    return NicFound(
        found,
        text(item, "location"),
        tuple(_configuration(entry) for entry in objects(properties, "ipConfigurations")),
        reference(properties, "virtualMachine"),
        reference(properties, "networkSecurityGroup"),
        properties.get("enableIPForwarding") is True,
    )


def network(item: Json) -> NetworkFound | None:
    """A virtual network with its subnets; None for what has no id of a resource."""
    found = resource(item)
    if found is None:
        return None
    properties = inner(item)
    subnets = tuple(parsed for entry in objects(properties, "subnets") if (parsed := _subnet(entry)) is not None)
    return NetworkFound(
        found, text(item, "location"), texts(inner(properties, "addressSpace"), "addressPrefixes"), subnets
    )


def security_group(item: Json) -> SecurityGroupFound | None:
    """A security group, its own rules and Azure's, by priority; None for what has no id of a resource."""
    found = resource(item)
    if found is None:
        return None
    properties = inner(item)
    named = (*objects(properties, "securityRules"), *objects(properties, "defaultSecurityRules"))
    rules = (_rule(entry) for entry in named)
    known = sorted((rule for rule in rules if rule is not None), key=lambda rule: rule.priority)
    return SecurityGroupFound(found, tuple(known))


def frontends(item: Json) -> Iterator[FrontendFound]:
    """The frontends of a load balancer that hold a private address."""
    balancer = resource(item)
    if balancer is None:
        return
    for entry in objects(inner(item), "frontendIPConfigurations"):
        address = text(inner(entry), "privateIPAddress")
        if address:
            yield FrontendFound(balancer, address, reference(inner(entry), "subnet"))


def public_ip(item: Json) -> PublicIpSeen | None:
    """A public IP; None for what has no id of a resource. One without a SKU is of the oldest."""
    found = resource(item)
    if found is None:
        return None
    properties = inner(item)
    user = inner(properties, "ipConfiguration") or inner(properties, "natGateway")
    return PublicIpSeen(
        found,
        text(item, "location"),
        (text(inner(item, "sku"), "name") or "basic").lower(),
        texts(item, "zones"),
        (text(properties, "publicIPAddressVersion") or "ipv4").lower(),
        text(user, "id"),
    )


def balancer(item: Json) -> BalancerSeen | None:
    """A load balancer with its parts and what is behind it; None for what has no id of a resource."""
    found = resource(item)
    if found is None:
        return None
    properties = inner(item)
    fronts, pools, rules = (
        tuple(objects(properties, name))
        for name in ("frontendIPConfigurations", "backendAddressPools", "inboundNatRules")
    )
    subnets = (reference(inner(front), "subnet") for front in fronts)
    parts = (resource(part) for part in (*fronts, *pools, *rules))
    targets = ((resource(rule), text(inner(inner(rule), "backendIPConfiguration"), "id").lower()) for rule in rules)
    behind = (text(user, "id").lower() for pool in pools for user in objects(inner(pool), "backendIPConfigurations"))
    return BalancerSeen(
        found,
        text(item, "location"),
        (text(inner(item, "sku"), "name") or "basic").lower(),
        tuple(dict.fromkeys(subnet.parent for subnet in subnets if subnet is not None)),
        tuple(part for part in parts if part is not None),
        tuple((rule, target) for rule, target in targets if rule is not None and target),
        tuple(dict.fromkeys(behind)),
    )


def _configuration(item: Json) -> IpConfigurationFound:
    properties = inner(item)
    return IpConfigurationFound(
        text(item, "name"),
        text(properties, "privateIPAddress"),
        properties.get("primary") is True,
        reference(properties, "subnet"),
        references(properties, "applicationSecurityGroups"),
        reference(properties, "publicIPAddress"),
        references(properties, "loadBalancerBackendAddressPools"),
        references(properties, "loadBalancerInboundNatRules"),
        references(properties, "applicationGatewayBackendAddressPools"),
        tuple(
            thing
            for thing in (reference(properties, "gatewayLoadBalancer"), *references(properties, "virtualNetworkTaps"))
            if thing is not None
        ),
    )


def _subnet(item: Json) -> SubnetFound | None:
    found = resource(item)
    if found is None:
        return None
    properties = inner(item)
    one = text(properties, "addressPrefix")
    services = tuple(text(inner(entry), "serviceName") for entry in objects(properties, "delegations"))
    return SubnetFound(
        found,
        (one,) if one else texts(properties, "addressPrefixes"),
        reference(properties, "networkSecurityGroup"),
        tuple(service for service in services if service),
    )


def _rule(item: Json) -> SecurityRule | None:
    """A rule; None for one whose direction or effect is neither of the two that Azure has."""
    properties = inner(item)
    access = {kind.value.lower(): kind for kind in RuleAccess}.get(text(properties, "access").lower())
    direction = {kind.value.lower(): kind for kind in RuleDirection}.get(text(properties, "direction").lower())
    priority = properties.get("priority")
    if access is None or direction is None or not isinstance(priority, int):
        return None
    return SecurityRule(
        text(item, "name"),
        priority,
        direction,
        access,
        text(properties, "protocol"),
        _either(properties, "sourceAddressPrefix", "sourceAddressPrefixes"),
        _either(properties, "destinationAddressPrefix", "destinationAddressPrefixes"),
        _either(properties, "sourcePortRange", "sourcePortRanges"),
        _either(properties, "destinationPortRange", "destinationPortRanges"),
        references(properties, "sourceApplicationSecurityGroups"),
        references(properties, "destinationApplicationSecurityGroups"),
    )


def _either(properties: Json, one: str, many: str) -> tuple[str, ...]:
    """Azure fills the field for one value or the one for several, and leaves the other empty or out."""
    single = text(properties, one)
    return (*((single,) if single else ()), *texts(properties, many))

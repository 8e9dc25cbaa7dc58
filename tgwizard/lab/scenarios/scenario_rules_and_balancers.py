"""The parts of a scenario's network that have parts of their own: security rules, load balancers."""

from __future__ import annotations

from tgwizard.lab.wire import Json
from tgwizard.lab.world import LOAD_BALANCER_TYPE, NSG_TYPE

_DEFAULTS = (
    ("AllowVnetInBound", 65000, "Inbound", "Allow", "*", "VirtualNetwork", "VirtualNetwork"),
    ("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", "*", "AzureLoadBalancer", "*"),
    ("DenyAllInBound", 65500, "Inbound", "Deny", "*", "*", "*"),
    ("AllowVnetOutBound", 65000, "Outbound", "Allow", "*", "VirtualNetwork", "VirtualNetwork"),
    ("AllowInternetOutBound", 65001, "Outbound", "Allow", "*", "*", "Internet"),
    ("DenyAllOutBound", 65500, "Outbound", "Deny", "*", "*", "*"),
)
"""The six rules that every network security group has: name, priority, direction, access, ports, from, to."""


def add_rules(nsg: Json, rules: list[Json]) -> None:
    """Add Azure's default rules to a network security group, and the scenario's own."""
    for name, priority, direction, access, ports, source, target in _DEFAULTS:
        rule = {
            "priority": priority,
            "direction": direction,
            "access": access,
            "ports": ports,
            "from": source,
            "to": target,
        }
        document = _rule(nsg, "defaultSecurityRules", {"name": name, "protocol": "*", **rule})
        nsg["properties"]["defaultSecurityRules"].append(document)
    for item in rules:
        nsg["properties"]["securityRules"].append(_rule(nsg, "securityRules", item))


def load_balancer(balancer_id: str, item: Json, subnet_id: str) -> Json:
    """Return the properties of an internal load balancer with its pools and inbound NAT rules."""
    frontend = {
        "name": "frontend",
        "id": f"{balancer_id}/frontendIPConfigurations/frontend",
        "type": f"{LOAD_BALANCER_TYPE}/frontendIPConfigurations",
        "properties": {
            "provisioningState": "Succeeded",
            "privateIPAllocationMethod": "Static",
            "privateIPAddress": item["address"],
            "subnet": {"id": subnet_id},
        },
    }
    return {
        "frontendIPConfigurations": [frontend],
        "backendAddressPools": [_child(balancer_id, "backendAddressPools", name, {}) for name in item.get("pools", [])],
        "inboundNatRules": [
            _child(
                balancer_id,
                "inboundNatRules",
                rule["name"],
                {
                    "frontendIPConfiguration": {"id": frontend["id"]},
                    "frontendPort": rule["frontend_port"],
                    "backendPort": rule["backend_port"],
                    "protocol": "Tcp",
                    "idleTimeoutInMinutes": 4,
                    "enableFloatingIP": False,
                },
            )
            for rule in item.get("nat_rule", [])
        ],
        "loadBalancingRules": [],
        "probes": [],
    }


def _child(balancer_id: str, kind: str, name: str, properties: Json) -> Json:
    return {
        "name": name,
        "id": f"{balancer_id}/{kind}/{name}",
        "type": f"{LOAD_BALANCER_TYPE}/{kind}",
        "properties": {"provisioningState": "Succeeded", **properties},
    }


def _rule(nsg: Json, kind: str, item: Json) -> Json:
    return {
        "name": item["name"],
        "id": f"{nsg['id']}/{kind}/{item['name']}",
        "etag": nsg["etag"],
        "type": f"{NSG_TYPE}/{kind}",
        "properties": {
            "provisioningState": "Succeeded",
            **({"description": item["description"]} if "description" in item else {}),
            "protocol": item.get("protocol", "*"),
            "sourcePortRange": "*",
            **_one_or_many("destinationPortRange", item.get("ports", "*")),
            **_one_or_many("sourceAddressPrefix", item.get("from", "*")),
            **_one_or_many("destinationAddressPrefix", item.get("to", "*")),
            "access": item["access"],
            "priority": item["priority"],
            "direction": item["direction"],
            "sourcePortRanges": [],
        },
    }


def _one_or_many(name: str, value: str | list[str]) -> Json:
    """Return a rule's field in the two forms Azure has: one value, or the plural with several and no singular."""
    plural = f"{name.removesuffix('Prefix')}Prefixes" if name.endswith("Prefix") else f"{name}s"
    return {name: value, plural: []} if isinstance(value, str) else {plural: value}

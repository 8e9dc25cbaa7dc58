"""Rigs on worlds that differ from scenario `ready`: other rights, locks, a public IP that travels, a short sign-in."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.rig import Rig, rig
from tgwizard.azure.arm_ports import ArmPorts
from tgwizard.azure.clients import AzureSession
from tgwizard.azure.credentials import HeldCredential, LabToken
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.fronts.in_process import lab_session
from tgwizard.lab.lab import Lab
from tgwizard.lab.latency import Latency
from tgwizard.model.cluster import ResourceId

WRITE = "Microsoft.Network/networkInterfaces/write"
SUBNET_JOIN = "Microsoft.Network/virtualNetworks/subnets/join/action"
ASG_JOIN = "Microsoft.Network/applicationSecurityGroups/joinIpConfiguration/action"
PUBLIC_IP_JOIN = "Microsoft.Network/publicIPAddresses/join/action"
LISTING = "Microsoft.Network/networkInterfaces/read"


def changed(
    edit: Callable[[dict[str, Any]], None],
    latency: Latency = Latency.FAST,
    *,
    scenario: str = "ready",
    start: Rig | None = None,
) -> Rig:
    """A rig whose saved world was edited before it was loaded: that of a scenario, or of another rig as it is now."""
    clock = VirtualClock()
    if start is not None:
        assert isinstance(start.clock, VirtualClock)
        clock = start.clock.copy()
    saved = start.lab if start else Lab.from_scenario(scenario, clock=clock, latency=latency)
    world = json.loads(saved.dump())
    edit(world)
    return rig(lab=Lab.load(json.dumps(world), clock))


def without(action: str, start: Rig | None = None) -> Rig:
    """The operator may do everything but this."""

    def edit(world: dict[str, Any]) -> None:
        rights, operator = world["authorization"], world["operator"]["oid"]
        (held,) = rights["assignments"][operator].values()
        guid = "00000000-1111-2222-3333-444444444444"
        role = {
            "guid": guid,
            "name": "all-but-one",
            "kind": "CustomRole",
            "description": "",
            "scopes": [held["scope"]],
            "created_on": held["created_on"],
            "updated_on": held["created_on"],
            "permissions": [{"actions": ["*"], "not_actions": [action]}],
        }
        rights["roles"][guid] = {"versions": [role], "deleted": None}
        held["role"] = guid

    return changed(edit, start=start)


def locked(nic: str) -> Rig:
    """The interface of that name has a ReadOnly lock."""

    def edit(world: dict[str, Any]) -> None:
        scope = next(item["id"] for item in world["resources"].values() if item["name"] == nic)
        world["locks"].append({"name": "hands-off", "scope": scope, "level": "ReadOnly", "notes": ""})

    return changed(edit)


def sign_in_for(made: Rig, life: timedelta) -> Rig:
    """The same rig with a sign-in that ends that soon."""
    token = LabToken(lambda: made.lab.issue_token(lifetime=life))
    azure = ArmPorts(AzureSession(HeldCredential(token), http=lab_session(made.lab), lab=True))
    return replace(made, services=replace(made.services, azure=azure))


def give_public_ip(made: Rig) -> ResourceId:
    """Move a public IP from an outside interface to the floating configuration, as an administrator would."""
    outside = made.a.nic.text.replace("-inside", "-outside")
    body = made.call("GET", outside).json()
    public = body["properties"]["ipConfigurations"][0]["properties"].pop("publicIPAddress")
    made.call("PUT", outside, body).raise_for_status()
    made.clock.sleep(30)

    def add(nic: dict[str, Any]) -> None:
        floating = next(
            item
            for item in nic["properties"]["ipConfigurations"]
            if item["properties"]["privateIPAddress"] == made.address
        )
        floating["properties"]["publicIPAddress"] = {"id": public["id"]}

    made.edit(made.a, add)
    made.clock.sleep(30)
    return ResourceId(public["id"])


def public_ip_of(made: Rig, address: str) -> ResourceId | None:
    """The public IP on the configuration that names the address, on whichever member has it."""
    for member in made.setup.members:
        found = made.nic(member).find(address)
        if found is not None and "publicIPAddress" in found["properties"]:
            return ResourceId(found["properties"]["publicIPAddress"]["id"])
    return None

"""Scenarios: small TOML files in `resources/lab/` from which a world is built."""

from __future__ import annotations

import pickle
import secrets
import tomllib
import uuid
from datetime import datetime
from functools import cache
from pathlib import Path

from tgwizard import paths
from tgwizard.lab import ids
from tgwizard.lab.arm import nic_put, nic_rules, nic_state
from tgwizard.lab.entra.sign_in_sessions import SignInSessions
from tgwizard.lab.faults import fault_format
from tgwizard.lab.faults.fault_rules import Fault
from tgwizard.lab.gc_pause import without_gc
from tgwizard.lab.latency import Latency
from tgwizard.lab.scenarios import scenario_compute, scenario_fleet, scenario_rights, scenario_rules_and_balancers
from tgwizard.lab.wire import Json, Refusal
from tgwizard.lab.world import (
    ASG_TYPE,
    GROUP_TYPE,
    LOAD_BALANCER_TYPE,
    NIC_TYPE,
    NSG_TYPE,
    PUBLIC_IP_TYPE,
    VM_TYPE,
    VNET_TYPE,
    ClusterMember,
    ClusterSpec,
    LabLockLevel,
    LabPower,
    Lock,
    Overlap,
    Principal,
    Subscription,
    Tenant,
    World,
)
from tgwizard.model.problem import Problem, UserError

_LABS = uuid.UUID("0b2b7c06-6d0e-4a6c-9a3d-7f6b2b1f6f11")


def names() -> tuple[str, ...]:
    """Return the names of the scenarios that are shipped."""
    return tuple(sorted(file.stem for file in (paths.resources() / "lab").glob("*.toml")))


def build(
    name: str,
    latency: Latency,
    seed: int,
    now: datetime,
    *,
    clusters: int | None = None,
    instead_of: World | None = None,
) -> World:
    """Return the world of a scenario. Raises UserError for an unknown name or an impossible number of clusters.

    Everything but the signing key follows from the scenario and the seed, so two labs of one seed compare equal. The
    world that replaces another one in a lab keeps its id and its key, and so its subscription and its operator.
    """
    source = _source(name)
    fleet_size = _fleet_size(name, source, clusters)
    builder = _Builder(source, name, latency, seed, instead_of)
    world = builder.build(now)
    if fleet_size is not None:
        with without_gc():
            scenario_fleet.multiply(world, fleet_size, now)
    return world


def faults(name: str) -> tuple[Fault, ...]:
    """Return the fault rules that a scenario begins with. Raises UserError for an unknown name."""
    return tuple(fault_format.read(item) for item in _source(name).get("fault", []))


def _source(name: str) -> Json:
    if name not in names():
        raise UserError(
            Problem(
                code="lab-scenario-unknown",
                what=f"The lab has no scenario named {name}.",
                why=f"There are: {', '.join(names())}.",
                fix="Choose one of these.",
            )
        )
    source = pickle.loads(_read(paths.resources() / "lab" / f"{name}.toml"))  # noqa: S301 - made right here
    return _extended(_source(source["like"]), source) if "like" in source else source


@cache
def _read(file: Path) -> bytes:
    """The shipped file's tables, kept in a form from which each world gets its own ten times as fast."""
    return pickle.dumps(tomllib.loads(file.read_text(encoding="utf-8")))


def _extended(base: Json, more: Json) -> Json:
    """Return a scenario with what another one adds: its tables' keys, and further entries of its lists."""
    result = dict(base)
    for key, value in more.items():
        present = result.get(key)
        if isinstance(present, dict):
            result[key] = {**present, **value}
        elif isinstance(present, list):
            result[key] = [*present, *value]
        else:
            result[key] = value
    return result


def _fleet_size(name: str, source: Json, wanted: int | None) -> int | None:
    if "fleet" not in source:
        if wanted is None:
            return None
        what = f"The scenario {name} has a fixed number of clusters."
        raise UserError(Problem("lab-clusters-fixed", what, "", "Leave the number out, or choose the scenario fleet."))
    size: int = wanted or source["fleet"]["clusters"]
    if not 1 <= size <= scenario_fleet.MOST:
        what = f"A fleet has 1 to {scenario_fleet.MOST} clusters, not {size}."
        raise UserError(Problem("lab-clusters-number", what, "Nothing was changed.", "Choose a number in between."))
    return size


class _Builder:
    """Builds one world; the documents are what Azure would answer for resources made in the usual way."""

    def __init__(self, source: Json, name: str, latency: Latency, seed: int, instead_of: World | None) -> None:
        self.source = source
        self.subscriptions: dict[str, str] = {}
        """The subscription's guid of each group that is not in the one with the clusters, by the group's name."""
        place = source["subscription"]
        lab_id = instead_of.lab_id if instead_of else uuid.uuid5(_LABS, f"{name}:{seed}").hex[:12]
        operator = source["operator"]
        self.world = World(
            lab_id=lab_id,
            scenario=name,
            seed=seed,
            signing_key=instead_of.signing_key if instead_of else secrets.token_hex(32),
            subscription=Subscription("", "", place["name"], place["location"]),
            operator=Principal("", "", operator["name"]),
            latency=latency,
            overlap=Overlap(source.get("overlap", Overlap.SUPERSEDE.value)),
            epoch=instead_of.epoch + 1 if instead_of else 1,
            page_size=source.get("page_size", 0),
            tenant_name=source.get("tenant", {}).get("name", "Lab"),
            tenant_domain=source.get("tenant", {}).get("domain", "lab.example"),
            management_groups={
                item["name"].lower(): item.get("parent", "").lower() for item in source.get("management_group", [])
            },
            unregistered=[item.lower() for item in source.get("unregistered", [])],
            sign_ins=instead_of.sign_ins if instead_of else SignInSessions(),
            certificates=instead_of.certificates if instead_of else {},
        )
        world = self.world
        world.subscription = Subscription(
            world.guid(),
            world.guid(),
            place["name"],
            place["location"],
            management_group=place.get("management_group", "").lower(),
        )
        world.operator = Principal(
            world.guid(), world.guid(), operator["name"], display=operator.get("display", "Lab Operator")
        )

    def build(self, now: datetime) -> World:
        for kind, make in (
            ("more_tenant", self._tenant),
            ("more_subscription", self._subscription),
            ("group", self._group),
            ("nsg", self._nsg),
            ("asg", self._asg),
            ("vnet", self._vnet),
            ("public_ip", self._public_ip),
            ("load_balancer", self._load_balancer),
            ("vm", self._vm),
            ("nic", self._nic),
            ("lock", self._lock),
            ("cluster", self._cluster),
        ):
            for item in self.source.get(kind, []):
                make(item)
        scenario_rights.add_accounts(self.world, self.source.get("account", []))
        scenario_rights.add_rights(self.world, self.source, now)
        for nic in self.world.of_type(NIC_TYPE):
            nic_state.take_effect(self.world, nic, now)
        return self.world

    def _id(self, kind: str, reference: str) -> str:
        """Return the id of `group/name`."""
        group, name = reference.split("/")
        return ids.resource_id(self._subscription_of(group), group, kind, name)

    def _subscription_of(self, group: str) -> str:
        return self.subscriptions.get(group, self.world.subscription.id)

    def _child_id(self, kind: str, child: str, reference: str) -> str:
        """Return the id of `group/parent/name`."""
        group, parent, name = reference.split("/")
        return f"{self._id(kind, f'{group}/{parent}')}/{child}/{name}"

    def _subnet_id(self, reference: str) -> str:
        group, vnet, subnet = reference.split("/")
        return f"{self._id(VNET_TYPE, f'{group}/{vnet}')}/subnets/{subnet}"

    def _store(self, kind: str, item: Json, properties: Json, *, etag: str | None = None) -> Json:
        document: Json = {
            "name": item["name"],
            "id": self._id(kind, f"{item['group']}/{item['name']}"),
            **({"etag": etag} if etag else {}),
            "type": kind,
            "location": self.world.subscription.location,
            **({"tags": item["tags"]} if "tags" in item else {}),
            **({"zones": item.get("zones") or [item["zone"]]} if "zone" in item or "zones" in item else {}),
            "properties": properties,
        }
        self.world.resources[ids.key(document["id"])] = document
        return document

    def _network(self, kind: str, item: Json, properties: Json) -> Json:
        base = {"provisioningState": "Succeeded", "resourceGuid": self.world.guid()}
        return self._store(kind, item, {**base, **properties}, etag=self.world.etag())

    def _tenant(self, item: Json) -> None:
        self.world.more_tenants.append(Tenant(self.world.guid(), item["name"], item["domain"]))

    def _subscription(self, item: Json) -> None:
        world = self.world
        tenant = next(found.id for found in world.tenants if found.name == item.get("tenant", world.tenant_name))
        world.more_subscriptions.append(
            Subscription(
                world.guid(),
                tenant,
                item["name"],
                item.get("location", world.subscription.location),
                item.get("enabled", True),
                item.get("management_group", "").lower(),
            )
        )

    def _group(self, item: Json) -> None:
        if "subscription" in item:
            (found,) = (place for place in self.world.subscriptions if place.name == item["subscription"])
            self.subscriptions[item["name"]] = found.id
        group_id = ids.group_id(self._subscription_of(item["name"]), item["name"])
        self.world.resources[ids.key(group_id)] = {
            "id": group_id,
            "name": item["name"],
            "type": GROUP_TYPE,
            "location": self.world.subscription.location,
            "properties": {"provisioningState": "Succeeded"},
        }

    def _nsg(self, item: Json) -> None:
        nsg = self._network(NSG_TYPE, item, {"securityRules": [], "defaultSecurityRules": []})
        scenario_rules_and_balancers.add_rules(nsg, item.get("rule", []))

    def _load_balancer(self, item: Json) -> None:
        properties = scenario_rules_and_balancers.load_balancer(
            self._id(LOAD_BALANCER_TYPE, f"{item['group']}/{item['name']}"), item, self._subnet_id(item["subnet"])
        )
        document = self._network(LOAD_BALANCER_TYPE, item, properties)
        document["sku"] = {"name": item.get("sku", "Standard"), "tier": "Regional"}

    def _asg(self, item: Json) -> None:
        self._network(ASG_TYPE, item, {})

    def _public_ip(self, item: Json) -> None:
        document = self._network(
            PUBLIC_IP_TYPE,
            item,
            {
                "ipAddress": item["address"],
                "publicIPAddressVersion": "IPv4",
                "publicIPAllocationMethod": "Static",
                "idleTimeoutInMinutes": 4,
                "ipTags": [],
            },
        )
        document["sku"] = {"name": item.get("sku", "Standard"), "tier": "Regional"}

    def _vnet(self, item: Json) -> None:
        vnet = self._network(
            VNET_TYPE,
            item,
            {
                "addressSpace": {"addressPrefixes": item["prefixes"]},
                "subnets": [],
                "virtualNetworkPeerings": [],
                "enableDdosProtection": False,
                "privateEndpointVNetPolicies": "Disabled",
            },
        )
        for subnet in item["subnet"]:
            properties: Json = {
                "provisioningState": "Succeeded",
                "addressPrefix": subnet["prefix"],
                "delegations": [],
                "privateEndpointNetworkPolicies": "Disabled",
                "privateLinkServiceNetworkPolicies": "Enabled",
            }
            if "nsg" in subnet:
                properties["networkSecurityGroup"] = {"id": self._id(NSG_TYPE, subnet["nsg"])}
            vnet["properties"]["subnets"].append(
                {
                    "name": subnet["name"],
                    "id": f"{vnet['id']}/subnets/{subnet['name']}",
                    "etag": vnet["etag"],
                    "properties": properties,
                    "type": f"{VNET_TYPE}/subnets",
                }
            )

    def _vm(self, item: Json) -> None:
        nics = [
            {"id": self._id(NIC_TYPE, f"{item['group']}/{name}"), "properties": {"primary": index == 0}}
            for index, name in enumerate(item["nics"])
        ]
        vm_id = self._id(VM_TYPE, f"{item['group']}/{item['name']}")
        document = self._store(VM_TYPE, item, scenario_compute.properties(self.world, vm_id, item, nics), etag='"1"')
        self.world.power[ids.key(vm_id)] = LabPower(item.get("power", LabPower.RUNNING.value))
        users = [
            self._id("Microsoft.ManagedIdentity/userAssignedIdentities", text)
            for text in item.get("user_identities", [])
        ]
        identity = scenario_compute.identity(self.world, vm_id, item, users)
        if identity is not None:
            document["identity"] = identity

    def _nic(self, item: Json) -> None:
        """Store a NIC by the rules that a PUT would have to obey, so that a scenario cannot lie."""
        nic_id = self._id(NIC_TYPE, f"{item['group']}/{item['name']}")
        groups = [{"id": self._id(ASG_TYPE, reference)} for reference in item.get("asgs", [])]
        configurations: list[Json] = []
        for index, entry in enumerate(item["ip"]):
            properties: Json = {
                "privateIPAddress": entry.get("address"),
                "privateIPAllocationMethod": "Static" if "address" in entry else "Dynamic",
                "subnet": {"id": self._subnet_id(item["subnet"])},
                "primary": index == 0,
            }
            if groups:
                properties["applicationSecurityGroups"] = [dict(group) for group in groups]
            for field, key in (
                ("pools", "loadBalancerBackendAddressPools"),
                ("nat_rules", "loadBalancerInboundNatRules"),
            ):
                if field in entry:
                    kind = "backendAddressPools" if field == "pools" else "inboundNatRules"
                    properties[key] = [{"id": self._child_id(LOAD_BALANCER_TYPE, kind, text)} for text in entry[field]]
            if "public_ip" in entry:
                properties["publicIPAddress"] = {"id": self._id(PUBLIC_IP_TYPE, entry["public_ip"])}
            configurations.append({"name": entry["name"], "properties": properties})
        sent: Json = {
            "location": self.world.subscription.location,
            **({"tags": item["tags"]} if "tags" in item else {}),
            "properties": {**item.get("properties", {}), "ipConfigurations": configurations},
        }
        if "nsg" in item:
            sent["properties"]["networkSecurityGroup"] = {"id": self._id(NSG_TYPE, item["nsg"])}
        nic = nic_put.replaced(self.world, nic_id, item["name"], sent, None)
        self._attach(nic, item)
        try:
            nic_rules.check_shape(self.world, nic)
            nic_rules.assign_addresses(self.world, nic, None)
        except Refusal as refusal:
            raise ValueError(f"scenario {self.world.scenario}, NIC {item['name']}: {refusal.message}") from refusal
        nic_put.stamp(nic, nic_put.SUCCEEDED, self.world.etag())
        self.world.resources[ids.key(nic_id)] = nic
        nic_state.reserve(self.world, nic)

    def _attach(self, nic: Json, item: Json) -> None:
        if "vm" not in item:
            return
        vm_id = self._id(VM_TYPE, item["vm"])
        vm = self.world.resources[ids.key(vm_id)]
        position = [
            entry["properties"]["primary"]
            for entry in vm["properties"]["networkProfile"]["networkInterfaces"]
            if ids.key(entry["id"]) == ids.key(nic["id"])
        ]
        properties = nic["properties"]
        properties["virtualMachine"] = {"id": vm_id}
        properties["primary"] = position == [True]
        properties["vnetEncryptionSupported"] = False
        digits = uuid.uuid5(_LABS, nic["id"]).hex[:6].upper()
        properties["macAddress"] = f"00-0D-3A-{digits[0:2]}-{digits[2:4]}-{digits[4:6]}"
        suffix = uuid.uuid5(_LABS, self.world.lab_id).hex[:20]
        properties["dnsSettings"]["internalDomainNameSuffix"] = f"{suffix}.bx.internal.cloudapp.net"

    def _lock(self, item: Json) -> None:
        scope = ids.group_id(self._subscription_of(item["group"]), item["group"])
        self.world.locks.append(Lock(item["name"], scope, LabLockLevel(item["level"]), item.get("notes", "")))

    def _cluster(self, item: Json) -> None:
        first, second = (
            ClusterMember(entry["name"], self._id(VM_TYPE, entry["vm"]), self._id(NIC_TYPE, entry["nic"]))
            for entry in item["member"]
        )
        self.world.clusters.append(
            ClusterSpec(
                name=item["name"],
                id=self.world.guid(),
                address=item["address"],
                subnet=self._subnet_id(item["subnet"]),
                configuration=item["configuration"],
                members=(first, second),
            )
        )

"""``ChosenMachines``: the two machines and their LAN interfaces as chosen, resolved to what was read in Azure."""

from __future__ import annotations

from dataclasses import dataclass

from tgwizard.model.access_facts import AccessFacts
from tgwizard.model.cluster import ResourceId
from tgwizard.model.inventory import Inventory, NicFound, VmFound
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.setup_answers import Answers
from tgwizard.model.text import sanitize


@dataclass(frozen=True, slots=True)
class ChosenMachines:
    """The cluster's parts. The first machine is the one meant to be active; both interfaces share ``subnet``."""

    vms: tuple[VmFound, VmFound]
    nics: tuple[NicFound, NicFound]
    subnet: ResourceId

    @property
    def network(self) -> ResourceId:
        """The virtual network of the subnet."""
        return self.subnet.parent


def chosen_machines(answers: Answers, inventory: Inventory, facts: AccessFacts | None = None) -> ChosenMachines:
    """Resolve the chosen machines and interfaces; later facts win over the inventory.

    UserError names everything that is missing or does not fit together.
    """
    if answers.machines is None or answers.nics is None:
        raise UserError(
            Problem(
                "setup-incomplete",
                "The two machines and their LAN interfaces are not chosen yet.",
                "",
                "Choose them first.",
            )
        )
    problems: list[Problem] = []
    vms = [(facts.machine(vm) if facts else None) or inventory.vm(vm) for vm in answers.machines]
    nics = [(facts.nic(nic) if facts else None) or inventory.nic(nic) for nic in answers.nics]
    for wanted, found in zip((*answers.machines, *answers.nics), (*vms, *nics), strict=True):
        if found is None:
            problems.append(not_found(wanted))
    if problems:
        raise UserError(*problems)
    first, second = (vm for vm in vms if vm is not None)
    left, right = (nic for nic in nics if nic is not None)
    problems += pairing_problems((first, second), (left, right))
    subnet = left.subnet
    if problems or subnet is None:
        raise UserError(*problems or [_no_subnet(left)])
    return ChosenMachines((first, second), (left, right), subnet)


def not_found(wanted: ResourceId) -> Problem:
    """The sentence for a chosen thing that the subscription does not show."""
    return Problem(
        "setup-not-found",
        f"{sanitize(wanted.name, 90)} was not found in the subscription.",
        "It may have been deleted or renamed, or the signed-in account may not read it.",
        "Read the subscription again, or choose another one.",
        wanted.text,
    )


def pairing_problems(vms: tuple[VmFound, VmFound], nics: tuple[NicFound, NicFound]) -> list[Problem]:
    """What keeps the four from forming a cluster whatever the rights are; empty when nothing does."""
    problems: list[Problem] = []
    if vms[0].id == vms[1].id:
        problems.append(
            Problem("same-machine", "Both members are the same machine.", "", "Choose two different machines.")
        )
        return problems
    if vms[0].id.subscription.lower() != vms[1].id.subscription.lower():
        problems.append(
            Problem(
                "two-subscriptions",
                f"{_name(vms[0].id)} and {_name(vms[1].id)} are in two subscriptions.",
                "A subnet belongs to one subscription, and the floating IP to one subnet.",
                "Choose two machines of one subscription.",
            )
        )
    if normalized_region(vms[0].location) != normalized_region(vms[1].location):
        problems.append(
            Problem(
                "two-regions",
                f"{_name(vms[0].id)} is in {sanitize(vms[0].location, 60)}, {_name(vms[1].id)} in "
                f"{sanitize(vms[1].location, 60)}.",
                "A subnet belongs to one region, and the floating IP to one subnet.",
                "Choose two machines of one region. Different zones are fine.",
            )
        )
    for vm, nic in zip(vms, nics, strict=True):
        if nic.id not in vm.nics:
            problems.append(
                Problem(
                    "nic-of-other-machine",
                    f"{_name(nic.id)} is not an interface of {_name(vm.id)}.",
                    "",
                    f"Choose one of the interfaces of {_name(vm.id)}.",
                )
            )
    if nics[0].subnet is None or nics[1].subnet is None:
        problems += [_no_subnet(nic) for nic in nics if nic.subnet is None]
    elif nics[0].subnet != nics[1].subnet:
        problems.append(
            Problem(
                "two-subnets",
                f"{_name(nics[0].id)} is in {_name(nics[0].subnet)}, {_name(nics[1].id)} in {_name(nics[1].subnet)}.",
                "The floating IP moves between two interfaces of one subnet.",
                "Choose two interfaces that share a subnet.",
            )
        )
    return problems


def normalized_region(location: str) -> str:
    """A region's name to compare: Azure spells it ``southcentralus`` and ``South Central US``."""
    return location.replace(" ", "").lower()


def _no_subnet(nic: NicFound) -> Problem:
    return Problem(
        "nic-without-subnet",
        f"{_name(nic.id)} has no primary configuration with a subnet.",
        "Azure did not name one, so where the floating IP would live is not known.",
        "Read the subscription again, or choose another interface.",
    )


def _name(thing: ResourceId) -> str:
    return sanitize(thing.name, 90)

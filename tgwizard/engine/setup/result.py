"""The cluster that a plan makes, as the cluster file keeps it."""

from __future__ import annotations

import re
from dataclasses import replace

from tgwizard.engine.errors import CallFailed
from tgwizard.engine.ports import Azure
from tgwizard.model.cluster import ClusterIdentity, Member, ResourceId
from tgwizard.model.cluster_setup import Carried, ClusterSetup, RoleKept
from tgwizard.model.nic import NicDocument, carried_of
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.role import role_id
from tgwizard.model.setup_answers import Answers
from tgwizard.model.setup_plan import SetupPlan

_LONGEST = 63


def identity_of(answers: Answers) -> ClusterIdentity:
    """What locks and journals of the set-up hang on. UserError when an answer is missing."""
    if answers.nics is None or answers.address is None:
        raise UserError(_incomplete())
    return ClusterIdentity.of(*answers.nics, str(answers.address))


def cluster_of(plan: SetupPlan, answers: Answers, subnet: ResourceId, carried: Carried | None = None) -> ClusterSetup:
    """The file's content. ``carried``: what travels with the address, when it is on an interface already."""
    if answers.machines is None or answers.nics is None or answers.address is None or answers.subscription is None:
        raise UserError(_incomplete())
    identity = identity_of(answers)
    names = _names(answers.machines)
    members = tuple(Member(name, vm, nic) for name, vm, nic in zip(names, answers.machines, answers.nics, strict=True))
    role = plan.role
    kept = RoleKept(
        role.id or role_id(f"/subscriptions/{answers.subscription.id}", role.guid),
        role.name,
        role.kind,
        tuple(reason.scope for reason in plan.scopes),
    )
    return ClusterSetup(
        name=answers.name,
        id=f"{_fit(answers.name, _LONGEST - 9)}-{identity.digest[:8]}",
        cloud=answers.cloud,
        tenant=answers.subscription.tenant or (answers.caller.tenant if answers.caller else ""),
        subscription=answers.subscription.id,
        address=answers.address,
        subnet=subnet,
        members=(members[0], members[1]),
        ip_configuration=answers.ip_configuration,
        carried=carried or Carried(),
        role=kept,
    )


def read_cluster(azure: Azure, plan: SetupPlan, answers: Answers) -> ClusterSetup:
    """The same, with subnet and what travels read from the interfaces. UserError when they cannot be read."""
    identity_of(answers)
    documents: list[NicDocument] = []
    for nic in answers.nics or ():
        try:
            documents.append(azure.read_nic(nic))
        except CallFailed as failure:
            raise UserError(failure.problem) from failure
    found = [item for document in documents if (item := document.find(str(answers.address))) is not None]
    subnet = ResourceId(documents[0].subnet)
    made = cluster_of(plan, answers, subnet, carried_of(found[0]) if found else None)
    name = str(found[0].get("name", "")) if found else ""
    return replace(made, ip_configuration=name) if name else made


def _names(machines: tuple[ResourceId, ResourceId]) -> tuple[str, str]:
    """Names for the members: the machines' own, fit for a cluster file, and two of them."""
    first, second = (_fit(vm.name, _LONGEST) for vm in machines)
    if first.lower() == second.lower():
        return first[: _LONGEST - 2] + "-1", second[: _LONGEST - 2] + "-2"
    return first, second


def _fit(text: str, longest: int) -> str:
    """Letters, digits, dots, dashes and underscores, beginning with a letter or digit."""
    clean = re.sub(r"[^A-Za-z0-9._-]+", "-", text).lstrip("._-")[:longest].rstrip("-")
    return clean or "cluster"


def _incomplete() -> Problem:
    return Problem("setup-incomplete", "Not everything is answered yet.", "", "Answer the open steps first.")

"""What all exports take from plan and answers."""

from __future__ import annotations

import json
from typing import Any

from tgwizard.engine.setup.plan_changes import restart_order
from tgwizard.model.cluster import ResourceId
from tgwizard.model.role import RoleDefinition, role_id
from tgwizard.model.setup_answers import Answers
from tgwizard.model.setup_plan import Assign, ChangeKind, PlaceAddress, PutRole, Restart, SetupPlan
from tgwizard.model.text import sanitize

ROLE_API = "2022-04-01"
"""The api-version of role definitions that the exports name."""


def title(answers: Answers) -> str:
    """The cluster's name, fit for a heading or a comment."""
    return sanitize(answers.name or "the cluster", 90)


def subscription_name(answers: Answers) -> str:
    """How people know the subscription."""
    found = answers.subscription
    return sanitize(f"{found.name} ({found.id})" if found and found.name else (found.id if found else ""), 200)


def subscription(plan: SetupPlan, answers: Answers) -> str:
    """The subscription's GUID."""
    if answers.subscription is not None:
        return answers.subscription.id
    return (*plan.role.assignable_scopes, *(reason.scope for reason in plan.scopes))[0].strip("/").split("/")[1]


def full_role_id(plan: SetupPlan, answers: Answers) -> str:
    """The id that assignments name."""
    return plan.role.id or role_id(f"/subscriptions/{subscription(plan, answers)}", plan.role.guid)


def role_put(plan: SetupPlan) -> PutRole | None:
    """The role that is to be created or updated, if any."""
    return next((change.write for change in plan.writing if isinstance(change.write, PutRole)), None)


def assigns(plan: SetupPlan) -> tuple[Assign, ...]:
    """The assignments that are to be made."""
    return tuple(change.write for change in plan.writing if isinstance(change.write, Assign))


def placement(plan: SetupPlan) -> PlaceAddress | None:
    """The first placement of the floating IP, if it is part of the plan."""
    return next((change.write for change in plan.writing if isinstance(change.write, PlaceAddress)), None)


def machines(plan: SetupPlan, answers: Answers) -> tuple[ResourceId, ...]:
    """The machines in the order in which they are restarted: the one that holds the address now comes last."""
    if answers.machines is not None:
        held = {
            change.write.nic
            for change in plan.changes
            if isinstance(change.write, PlaceAddress) and change.kind is ChangeKind.RIGHT
        }
        return restart_order(answers.machines, tuple(nic in held for nic in answers.nics or ()) or (False, False))
    named = [change.write.vm for change in plan.changes if isinstance(change.write, Restart | Assign)]
    return tuple(dict.fromkeys(named))


def role_body(role: RoleDefinition) -> dict[str, Any]:
    """The role as Azure Resource Manager takes it, and as *Start from JSON* of the portal takes it."""
    return {
        "properties": {
            "roleName": role.name,
            "description": role.description,
            "type": role.kind.value,
            "assignableScopes": list(role.assignable_scopes),
            "permissions": [
                {
                    "actions": list(block.actions),
                    "notActions": list(block.not_actions),
                    "dataActions": list(block.data_actions),
                    "notDataActions": list(block.not_data_actions),
                }
                for block in role.permissions
            ],
        }
    }


def role_json(role: RoleDefinition, indent: int | None = 4) -> str:
    """The same as text; everything but plain ASCII is escaped, so that nothing in it can hide."""
    return json.dumps(role_body(role), indent=indent)


def group_of(scope: str) -> str:
    """The resource group that a scope is or lies in; empty for a whole subscription."""
    parts = scope.strip("/").split("/")
    return parts[3] if len(parts) >= 4 and parts[2].lower() == "resourcegroups" else ""

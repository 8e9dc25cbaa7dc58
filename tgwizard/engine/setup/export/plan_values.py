"""What all exports take from plan and answers."""

from __future__ import annotations

import json
from typing import Any

from tgwizard.engine.setup.plan_changes import restart_order
from tgwizard.model.cluster import ResourceId
from tgwizard.model.role import (
    DEFAULT_ROLE_DESCRIPTION,
    DEFAULT_ROLE_NAME,
    TEN_ACTIONS,
    RoleDefinition,
    RoleKind,
    RolePermission,
    role_id,
)
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


def restarts(plan: SetupPlan, answers: Answers) -> tuple[ResourceId, ...]:
    """The machines to restart afterwards, in that order: the one that holds the address now comes last.

    None when nothing is written that a machine picks up at its start.
    """
    if not any(isinstance(change.write, Restart) for change in plan.changes):
        return ()
    if answers.machines is not None:
        held = {
            change.write.nic
            for change in plan.changes
            if isinstance(change.write, PlaceAddress) and change.kind is ChangeKind.RIGHT
        }
        return restart_order(answers.machines, tuple(nic in held for nic in answers.nics or ()) or (False, False))
    named = [change.write.vm for change in plan.changes if isinstance(change.write, Restart | Assign)]
    return tuple(dict.fromkeys(named))


ROLE_FILE = "azure-custom-role-sample.json"
"""What Trustgrid's documentation calls the file for *Start from JSON*."""


def role_body(role: RoleDefinition) -> dict[str, Any]:
    """The role as *Start from JSON* of the portal takes it, in the shape that Trustgrid documents."""
    return {
        "properties": {
            "roleName": role.name,
            "description": role.description,
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


def role_json(role: RoleDefinition) -> str:
    """The same as text; everything but plain ASCII is escaped, so that nothing in it can hide."""
    return json.dumps(role_body(role), indent=4)


def role_put_json(role: RoleDefinition) -> str:
    """The role as Azure Resource Manager takes it, in one line."""
    body = role_body(role)
    return json.dumps({"properties": {**body["properties"], "type": role.kind.value}})


def custom_role(plan: SetupPlan) -> RoleDefinition:
    """The plan's role; Trustgrid's own for the same scopes when the plan ends with a built-in one."""
    if plan.role.kind is RoleKind.CUSTOM:
        return plan.role
    actions = tuple(item.action for item in TEN_ACTIONS)
    scopes = tuple(reason.scope for reason in plan.scopes)
    blocks = (RolePermission(actions),)
    return RoleDefinition("", DEFAULT_ROLE_NAME, DEFAULT_ROLE_DESCRIPTION, RoleKind.CUSTOM, blocks, scopes)


def role_file(plan: SetupPlan, _answers: Answers) -> str:
    """The file for *Start from JSON*."""
    return role_json(custom_role(plan)) + "\n"


def group_of(scope: str) -> str:
    """The resource group that a scope is or lies in; empty for a whole subscription."""
    parts = scope.strip("/").split("/")
    return parts[3] if len(parts) >= 4 and parts[2].lower() == "resourcegroups" else ""

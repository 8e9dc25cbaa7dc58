"""Assignments whose identity is gone: what a rebuilt machine leaves behind (trustgrid.md 4.5)."""

from __future__ import annotations

from tgwizard.engine.access.required_rights import NIC_WRITE
from tgwizard.engine.setup.roles import within
from tgwizard.model.permission import allows, same_scope
from tgwizard.model.role import RoleAssignment, RoleDefinition, RoleKind
from tgwizard.model.setup_facts import SetupFacts
from tgwizard.model.setup_plan import ScopeReason


def could_be_ours(role: RoleDefinition) -> bool:
    """Whether assignments of the role may be a cluster member's: a custom role for writing interfaces, or like ours."""
    return role.kind is RoleKind.CUSTOM and (allows(role.held, NIC_WRITE) or within(role, ()))


def stale_assignments(
    role: RoleDefinition, scopes: tuple[ScopeReason, ...], facts: SetupFacts
) -> tuple[RoleAssignment, ...]:
    """Those of this role, or of one that means the same, at the plan's own scopes, to identities that are gone."""
    guids = {found.guid.lower() for found in facts.roles if could_be_ours(found)} | {role.guid.lower()}
    return tuple(
        item
        for item in facts.assignments
        if any(same_scope(item.scope, reason.scope) for reason in scopes)
        and item.role_guid.lower() in guids
        and facts.is_gone(item.principal_id)
    )

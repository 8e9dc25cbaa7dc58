"""The errors that setting up can meet: roles, assignments, identities, addresses (azure-wire.md 1.4, 3.1 and 3.2)."""

from __future__ import annotations

from tgwizard.azure.problem_row import Row
from tgwizard.engine.ports import Cause

_REPORT = "Report this with its details; nothing was changed."

ACCESS_ROWS: tuple[Row, ...] = (
    # --- roles and assignments (3.1, 3.2) ---
    Row(
        "RoleAssignmentExists",
        Cause.ALREADY_ASSIGNED,
        "assignment-exists",
        "The identity holds the role at that scope already, by an assignment of another name.",
        "Nothing has to be done.",
    ),
    Row(
        "RoleAssignmentUpdateNotPermitted",
        Cause.OTHER,
        "assignment-of-another",
        "An assignment of that name exists for another identity, role or scope. That is usual when a machine was "
        "rebuilt and an older tool named the assignment after the machine.",
        "Remove the old assignment in the Azure portal, under Access control (IAM), then try again.",
    ),
    Row(
        "PrincipalNotFound",
        Cause.PRINCIPAL_UNKNOWN,
        "principal-not-found",
        "Azure's directory does not know the identity yet. A new one takes 16 s as a rule, and up to five minutes.",
        "Wait a little, then try again.",
    ),
    Row(
        "RoleAssignmentNotFound",
        Cause.NOT_FOUND,
        "not-found",
        "There is no such assignment.",
        "Read again.",
    ),
    Row(
        "UnmatchedPrincipalType",
        Cause.OTHER,
        "principal-type",
        "The identity is of another kind than a machine's identity.",
        "Check which identity the assignment is meant for.",
    ),
    Row(
        "RoleDefinitionDoesNotExist",
        Cause.ROLE_UNKNOWN,
        "role-not-found",
        "The role does not exist, or Azure does not show it everywhere yet.",
        "Wait a little, then try again.",
    ),
    Row(
        "RoleDefinitionWithSameNameExists",
        Cause.NAME_TAKEN,
        "role-name-taken",
        "A custom role of that name exists in this directory already, perhaps in a subscription that you cannot see. "
        "Names of roles are unique in the whole directory.",
        "Choose another name for the role, or use the existing one.",
    ),
    Row(
        "RoleDefinitionHasAssignments",
        Cause.BUSY,
        "role-has-assignments",
        "Assignments still refer to the role.",
        "Remove them first, or keep the role.",
    ),
    Row(
        "RoleDefinitionLimitExceeded",
        Cause.OTHER,
        "role-limit",
        "The directory has as many custom roles as Azure allows.",
        "Use an existing role, or delete one that nobody needs.",
    ),
    Row(
        "RoleAssignmentLimitExceeded",
        Cause.OTHER,
        "assignment-limit",
        "The subscription has as many role assignments as Azure allows.",
        "Remove assignments that nobody needs.",
    ),
    Row(
        "InvalidActionOrNotAction",
        Cause.OTHER,
        "action-unknown",
        "Azure does not know one of the role's actions; the details name it.",
        "Take it out of the role.",
    ),
    # --- role definitions (3.1) ---
    Row(
        "RoleDefinitionExists",
        Cause.OTHER,
        "role-is-built-in",
        "A built-in role has that id, and built-in roles cannot be changed.",
        "Create a custom role instead.",
    ),
    Row(
        "InvalidRoleDefinitionType",
        Cause.OTHER,
        "role-is-built-in",
        "Only custom roles can be written or deleted.",
        "Create a custom role instead.",
    ),
    Row(
        "RoleDefinitionNameNullOrEmpty",
        Cause.OTHER,
        "role-without-name",
        "A role needs a name.",
        "Give the role a name.",
    ),
    Row("InvalidRoleDefinitionId", Cause.OTHER, "request-not-understood", "The id of the role is no GUID.", _REPORT),
    Row(
        "MissingAssignableScopes",
        Cause.OTHER,
        "role-without-scope",
        "A role needs at least one assignable scope.",
        "Choose a resource group or the subscription as a scope.",
    ),
    Row(
        "LinkedInvalidPropertyId",
        Cause.OTHER,
        "scope-not-understood",
        "One of the assignable scopes is no id of a subscription, a resource group or a resource.",
        "Check the scopes of the role.",
    ),
    # --- role assignments (3.2) ---
    Row(
        "RoleDefinitionNotAssignable",
        Cause.OTHER,
        "role-not-assignable",
        "The assignable scopes of the role do not include that scope.",
        "Add the scope to the role, or choose another role.",
    ),
    Row(
        "InvalidPrincipalId",
        Cause.OTHER,
        "request-not-understood",
        "The id of the identity is no GUID.",
        _REPORT,
    ),
    # --- addresses (1.4) ---
    Row(
        "PrivateIPAddressNotInAnySubnet",
        Cause.OTHER,
        "address-outside-subnet",
        "The address does not belong to the range of any subnet of that virtual network.",
        "Choose an address out of the subnet of the network interfaces.",
    ),
    # --- Microsoft Graph ---
    Row(
        "Authorization_RequestDenied",
        Cause.NOT_ALLOWED,
        "directory-not-readable",
        "The account you are signed in with may not look up identities in the directory.",
        "Go on without; assignments of deleted identities are then not recognised.",
    ),
)

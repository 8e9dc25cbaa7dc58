"""The errors that setting up can meet: roles, assignments, identities, addresses (azure-wire.md 1.4, 3.1 and 3.2)."""

from __future__ import annotations

from tgwizard.azure.problem_row import Row
from tgwizard.engine.ports import Cause

_REPORT = "Report this with its details; nothing was changed."

ACCESS_ROWS: tuple[Row, ...] = (
    # --- role definitions (3.1) ---
    Row(
        "RoleDefinitionWithSameNameExists",
        Cause.EXISTS,
        "role-name-taken",
        "Another custom role has that name. Names are unique in the whole directory, so it may be one of a "
        "subscription that you cannot see.",
        "Choose another name for the role.",
    ),
    Row(
        "RoleDefinitionExists",
        Cause.EXISTS,
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
    Row(
        "InvalidActionOrNotAction",
        Cause.OTHER,
        "action-not-known",
        "This cloud does not know one of the actions; the details name it.",
        "Take that action out of the role.",
    ),
    Row(
        "RoleDefinitionHasAssignments",
        Cause.OTHER,
        "role-in-use",
        "Someone still holds the role, possibly at a scope that you cannot see.",
        "Remove its assignments first, or keep the role.",
    ),
    Row(
        "RoleDefinitionLimitExceeded",
        Cause.OTHER,
        "too-many-roles",
        "The directory has as many custom roles as Azure allows.",
        "Use an existing role, or delete one that nobody holds.",
    ),
    Row(
        "RoleDefinitionDoesNotExist",
        Cause.NOT_FOUND,
        "role-not-found",
        "There is no such role; one that was just created is not known everywhere at once.",
        "If it was just created, wait a little and try again.",
    ),
    # --- role assignments (3.2) ---
    Row(
        "RoleAssignmentExists",
        Cause.EXISTS,
        "assignment-exists",
        "The identity holds that role at that scope already.",
        "Nothing needs to be done.",
    ),
    Row(
        "RoleAssignmentNotFound",
        Cause.NOT_FOUND,
        "assignment-not-found",
        "There is no such role assignment.",
        "Read again.",
    ),
    Row(
        "PrincipalNotFound",
        Cause.NOT_REPLICATED,
        "identity-not-known-yet",
        "The directory does not know the identity; one that was just turned on takes up to some minutes to get there.",
        "If it was just turned on, wait a little and try again.",
    ),
    Row(
        "RoleAssignmentUpdateNotPermitted",
        Cause.OTHER,
        "assignment-of-another",
        "An assignment with that id belongs to another identity, role or scope; a rebuilt machine has a new identity.",
        "Remove the stale assignment first.",
    ),
    Row(
        "RoleAssignmentLimitExceeded",
        Cause.OTHER,
        "too-many-assignments",
        "The subscription has as many role assignments as Azure allows.",
        "Remove assignments that nobody needs, for example those of deleted identities.",
    ),
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
    Row(
        "UnmatchedPrincipalType",
        Cause.OTHER,
        "identity-of-another-kind",
        "The id belongs to a user or a group, not to a machine's identity.",
        "Read the machine again.",
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

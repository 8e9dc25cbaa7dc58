"""Roles and assignments that Azure refuses: every row of azure/README.md 3.1 and 3.2 with code, status and wording."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.lab.bench import Bench, error_of
from tests.lab.rights import (
    READER_ACCOUNT,
    assign,
    define,
    deleted_while_assigned,
    edit,
    fresh_guid,
    give,
    member,
    role_path,
    sign_in,
)
from tgwizard.lab.rbac import role_store
from tgwizard.lab.rbac.builtin_roles import READER
from tgwizard.lab.wire import Response

ONE, TWO = fresh_guid("one"), fresh_guid("two")
NOBODY = "99999999-8888-7777-6666-555555555555"
JOIN_LINKED = "Microsoft.Authorization/roleDefinitions/write"


def create(**properties: object) -> Callable[[Bench], Response]:
    return lambda bench: define(bench, ONE, **properties)


def created_twice(bench: Bench) -> Response:
    assert define(bench, ONE, roleName="tg-role").status == 201
    return define(bench, TWO, roleName="TG-Role")


def as_contributor_of_roles(bench: Bench) -> Response:
    """One who may write roles in the group makes one for the whole subscription."""
    sign_in(bench, give(bench, READER_ACCOUNT, "User Access Administrator", bench.group))
    return bench.call(
        "PUT",
        role_path(bench, ONE, bench.group),
        {"properties": {"roleName": "wide", "assignableScopes": [bench.group, bench.subscription], "permissions": []}},
    )


def in_another_subscription(bench: Bench) -> Response:
    """The owner of two subscriptions puts a role in one that could be assigned in the other alone."""

    def add(world: dict[str, Any]) -> None:
        world["more_subscriptions"].append({**world["subscription"], "id": TWO, "name": "another"})
        held = world["authorization"]["assignments"][world["operator"]["oid"]]
        first = next(iter(held.values()))
        held[ONE] = {**first, "guid": ONE, "scope": f"/subscriptions/{TWO}"}

    edit(bench, add)
    return define(bench, ONE, assignableScopes=[f"/subscriptions/{TWO}"])


def one_too_many_roles(bench: Bench) -> Response:
    def fill(world: dict[str, Any]) -> None:
        roles = world["authorization"]["roles"]
        (first,) = roles.values()
        for number in range(role_store.LARGEST_ROLE_COUNT - 1):
            guid = fresh_guid("role", str(number))
            roles[guid] = {"versions": [{**first["versions"][0], "guid": guid, "name": guid}], "deleted": None}

    edit(bench, fill)
    return define(bench, ONE)


ROLE_ERRORS: list[tuple[str, Callable[[Bench], Response], int, str, str]] = [
    (
        "the same name",
        created_twice,
        409,
        "RoleDefinitionWithSameNameExists",
        "A custom role with the same name already exists in this directory. Use a different name.",
    ),
    (
        "a built-in role's guid",
        lambda bench: define(bench, READER.guid),
        409,
        "RoleDefinitionExists",
        f"A role definition already exists with the ID '{READER.guid}'.",
    ),
    (
        "the type of Azure's own",
        create(type="BuiltInRole"),
        400,
        "InvalidRoleDefinitionType",
        (
            f"The role definition '{ONE}' request is not valid. The Role definition type value 'BuiltInRole' is not "
            "supported. The supported values are 'CustomRole'."
        ),
    ),
    (
        "no name",
        create(roleName=""),
        400,
        "RoleDefinitionNameNullOrEmpty",
        "A role definition must have a non-empty, unique name.",
    ),
    (
        "no scope",
        create(assignableScopes=[]),
        400,
        "MissingAssignableScopes",
        (
            "A role definition must have at least one assignable scope and all assignable scopes must be neither "
            "null nor "
            "empty."
        ),
    ),
    (
        "an empty scope",
        create(assignableScopes=[None]),
        400,
        "MissingAssignableScopes",
        (
            "A role definition must have at least one assignable scope and all assignable scopes must be neither "
            "null nor "
            "empty."
        ),
    ),
    (
        "a scope that is no id",
        create(assignableScopes=["rg-tg-prod"]),
        400,
        "LinkedInvalidPropertyId",
        (
            "Property id 'rg-tg-prod' at path '' is invalid. Expect fully qualified resource Id that start with "
            "'/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'."
        ),
    ),
    (
        "an action that nobody has",
        create(permissions=[{"actions": ["Microsoft.Network/networkInterfaces/teleport/action"]}]),
        400,
        "InvalidActionOrNotAction",
        (
            "'Microsoft.Network/networkInterfaces/teleport/action' does not match any of the actions supported by the "
            "providers."
        ),
    ),
    (
        "a wildcard that stands for nothing",
        create(permissions=[{"actions": [], "notActions": ["Microsoft.Network/teapots/*"]}]),
        400,
        "InvalidActionOrNotAction",
        "'Microsoft.Network/teapots/*' does not match any of the actions supported by the providers.",
    ),
    (
        "a scope the creator may not write roles at",
        as_contributor_of_roles,
        403,
        "LinkedAuthorizationFailed",
        (
            f"The client '{READER_ACCOUNT}' with object id '{{reader}}' has permission to perform action "
            f"'{JOIN_LINKED}' "
            f"on scope '{{group}}/providers/Microsoft.Authorization/roleDefinitions/{ONE}'; however, it does not have "
            f"permission to perform action(s) '{JOIN_LINKED}' on the linked scope(s) '{{subscription}}' "
            f"(respectively) or "
            "the linked scope(s) are invalid."
        ),
    ),
    (
        "a scope in somebody else's subscription",
        create(assignableScopes=[f"/subscriptions/{ONE}"]),
        403,
        "LinkedAuthorizationFailed",
        (
            f"The client 'operator@lab.example' with object id '{{operator}}' has permission to perform action "
            f"'{JOIN_LINKED}' on scope '{{subscription}}/providers/Microsoft.Authorization/roleDefinitions/{ONE}'; "
            f"however, the current tenant '{{tenant}}' is not authorized to access linked subscription '{ONE}'."
        ),
    ),
    (
        "a scope in another subscription of one's own; the reference has the code and no text [?]",
        in_another_subscription,
        400,
        "AssignableScopeNotUnderSubscriptionScope",
        f"The assignable scope '/subscriptions/{TWO}' is not under the subscription scope '{{subscription}}'.",
    ),
    (
        "deleting what is assigned",
        deleted_while_assigned,
        400,
        "RoleDefinitionHasAssignments",
        "There are existing role assignments referencing role (code: RoleDefinitionHasAssignments).",
    ),
    (
        "one too many",
        one_too_many_roles,
        400,
        "RoleDefinitionLimitExceeded",
        "Role definition limit exceeded. No more role definitions can be created",
    ),
    (
        "one that is not there",
        lambda bench: bench.call("GET", role_path(bench, NOBODY)),
        404,
        "RoleDefinitionDoesNotExist",
        f"The specified role definition with ID '{NOBODY}' does not exist.",
    ),
    (
        "a body that is no object",
        lambda bench: bench.call("PUT", role_path(bench, ONE), [1]),
        400,
        "InvalidRequestContent",
        (
            "The request content was invalid and could not be deserialized: 'Error converting the value to an "
            "object. Path "
            "''.'."
        ),
    ),
]


def exists_already(bench: Bench) -> Response:
    oid = member(bench).oid
    assert assign(bench, oid, "Reader", bench.group, guid=ONE).status == 201
    return assign(bench, oid, "Reader", bench.group.lower(), guid=TWO)


def other_principal(bench: Bench) -> Response:
    assert assign(bench, member(bench).oid, "Reader", bench.group, guid=ONE).status == 201
    return assign(bench, member(bench, "tg-node-b").oid, "Reader", bench.group, guid=ONE)


def other_scope(bench: Bench) -> Response:
    assert assign(bench, member(bench).oid, "Reader", bench.group, guid=ONE).status == 201
    return assign(bench, member(bench).oid, "Reader", bench.subscription, guid=ONE)


def one_too_many_assignments(bench: Bench) -> Response:
    def fill(world: dict[str, Any]) -> None:
        held = next(iter(world["authorization"]["assignments"].values()))
        (first,) = held.values()
        for number in range(role_store.LARGEST_ASSIGNMENT_COUNT):
            guid = fresh_guid("assignment", str(number))
            held[guid] = {**first, "guid": guid}

    edit(bench, fill)
    return assign(bench, member(bench).oid, "Reader", bench.group)


ASSIGNMENT_ERRORS: list[tuple[str, Callable[[Bench], Response], int, str, str]] = [
    (
        "the same again under another guid",
        exists_already,
        409,
        "RoleAssignmentExists",
        f"The role assignment already exists. The ID of the conflicting role assignment is {ONE.replace('-', '')}.",
    ),
    (
        "somebody who is not there",
        lambda bench: assign(bench, NOBODY, "Reader", bench.group),
        400,
        "PrincipalNotFound",
        (
            f"Principal {NOBODY.replace('-', '')} does not exist in the directory {{tenant}}. Check that you have the "
            "correct principal ID. If you are creating this principal and then immediately assigning a role, this "
            "error "
            "might be related to a replication delay. In this case, set the role assignment principalType property "
            "to a "
            "value, such as ServicePrincipal, User, or Group. See https://aka.ms/docs-principaltype"
        ),
    ),
    (
        "another principal under the same guid",
        other_principal,
        400,
        "RoleAssignmentUpdateNotPermitted",
        "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
    ),
    (
        "another scope under the same guid",
        other_scope,
        400,
        "RoleAssignmentUpdateNotPermitted",
        "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
    ),
    (
        "a role that is not there",
        lambda bench: assign(bench, member(bench).oid, NOBODY, bench.group),
        400,
        "RoleDefinitionDoesNotExist",
        f"The specified role definition with ID '{NOBODY}' does not exist.",
    ),
    (
        "the wrong type",
        lambda bench: assign(bench, member(bench).oid, "Reader", bench.group, kind="User"),
        400,
        "UnmatchedPrincipalType",
        (
            "The PrincipalId '{member}' has type 'ServicePrincipal' , which is different from specified PrinciaplType "
            "'User'."
        ),
    ),
    (
        "one too many",
        one_too_many_assignments,
        400,
        "RoleAssignmentLimitExceeded",
        "The number of role assignments for this subscription has exceeded the limit of 4000.",
    ),
    (
        "a filter that is none",
        lambda bench: bench.call(
            "GET", f"{bench.group}/providers/Microsoft.Authorization/roleAssignments?$filter=roleDefinitionId eq 'x'"
        ),
        400,
        "UnsupportedQuery",
        (
            "The filter 'roleDefinitionId eq 'x'' is not supported. Supported filters are either 'atScope()' or "
            "'principalId eq '{{value}}' or assignedTo('{{value}}')'."
        ),
    ),
    (
        "a resource that is not there",
        lambda bench: assign(bench, member(bench).oid, "Reader", bench.nic_id("absent")),
        404,
        "ResourceNotFound",
        (
            "The Resource 'Microsoft.Network/networkInterfaces/absent' under resource group 'rg-tg-prod' was not "
            "found. "
            "For more details please go to https://aka.ms/ARMResourceNotFoundFix"
        ),
    ),
]


def words(bench: Bench, text: str) -> str:
    return (
        text.replace("{operator}", bench.lab.directory.accounts[0].oid)
        .replace("{reader}", bench.lab.directory.account(READER_ACCOUNT).oid)
        .replace("{group}", bench.group)
        .replace("{subscription}", bench.subscription)
        .replace("{tenant}", bench.lab.subscription.tenant)
        .replace("{member}", member(bench).oid.replace("-", ""))
        .replace("{{", "{")
        .replace("}}", "}")
    )


@pytest.mark.parametrize(
    ("ask", "status", "code", "message"),
    [pytest.param(*row[1:], id=row[0]) for row in ROLE_ERRORS],
)
def test_that_a_role_is_refused_in_azures_words(
    bench: Bench, ask: Callable[[Bench], Response], status: int, code: str, message: str
) -> None:
    expected = message if code == "LinkedInvalidPropertyId" else words(bench, message)
    assert error_of(ask(bench)) == (status, code, expected)


@pytest.mark.parametrize(
    ("ask", "status", "code", "message"),
    [pytest.param(*row[1:], id=row[0]) for row in ASSIGNMENT_ERRORS],
)
def test_that_an_assignment_is_refused_in_azures_words(
    bench: Bench, ask: Callable[[Bench], Response], status: int, code: str, message: str
) -> None:
    assert error_of(ask(bench)) == (status, code, words(bench, message))

"""Role definitions and assignments: made, read, listed, changed, removed (azure/README.md 3.1, 3.2)."""

from __future__ import annotations

import pytest

from tests.lab.bench import Bench, error_of
from tests.lab.rights import (
    READER_ACCOUNT,
    assign,
    assignment_path,
    define,
    deleted_while_assigned,
    edit,
    fresh_guid,
    give,
    member,
    role_path,
    sign_in,
)
from tgwizard.lab.rbac.builtin_roles import BY_NAME, OWNER, READER

ONE, TWO = fresh_guid("one"), fresh_guid("two")
NOBODY = "99999999-8888-7777-6666-555555555555"
JOIN_LINKED = "Microsoft.Authorization/roleDefinitions/write"


def test_that_open_points_of_the_reference_can_be_switched(bench: Bench) -> None:
    edit(
        bench,
        lambda world: world["authorization"].update(
            assigned_role_status=409, missing_role_status=404, repeated_put_status=200
        ),
    )
    assert deleted_while_assigned(bench).status == 409
    assert assign(bench, member(bench).oid, NOBODY, bench.group).status == 404
    assert assign(bench, member(bench).oid, ONE, bench.group).status == 200


def test_that_a_role_is_put_with_201_both_times_and_shows_its_true_past_afterwards(bench: Bench) -> None:
    made = define(bench, ONE, roleName="tg-role")
    assert made.status == 201
    bench.clock.advance(90)
    changed = define(bench, ONE, roleName="tg-role", description="new")
    assert changed.status == 201
    operator = bench.lab.directory.accounts[0].oid
    answer = changed.json()["properties"]
    assert answer["createdOn"] == answer["updatedOn"] != made.json()["properties"]["createdOn"]
    assert (answer["createdBy"], answer["updatedBy"], answer["type"]) == (None, operator, "CustomRole")
    read = bench.get(role_path(bench, ONE))["properties"]
    assert read["createdOn"] == made.json()["properties"]["createdOn"]
    assert (read["createdBy"], read["description"]) == (operator, "new")


def test_that_a_roles_id_is_normalised_and_its_missing_lists_come_back_empty(bench: Bench) -> None:
    body = {
        "properties": {
            "roleName": "tg-role",
            "assignableScopes": [bench.group],
            "permissions": [{"actions": ["Microsoft.Authorization/*/Read"]}],
        }
    }
    answer = bench.call("PUT", role_path(bench, ONE, bench.group), body).json()
    assert answer["id"] == role_path(bench, ONE)
    assert answer["properties"]["permissions"] == [
        {"actions": ["Microsoft.Authorization/*/Read"], "notActions": [], "dataActions": [], "notDataActions": []}
    ]
    old = bench.call("GET", role_path(bench, ONE), version="2015-07-01").json()
    assert set(old["properties"]["permissions"][0]) == {"actions", "notActions"}


def test_that_the_briefs_ten_actions_are_accepted(bench: Bench) -> None:
    (held,) = [
        item
        for item in bench.get(f"{bench.group}/providers/Microsoft.Authorization/roleDefinitions")["value"]
        if item["properties"]["type"] == "CustomRole"
    ]
    permissions = held["properties"]["permissions"]
    assert len(permissions[0]["actions"]) == 10
    assert define(bench, ONE, permissions=permissions).status == 201


def test_that_deleting_a_role_answers_what_it_was_and_then_nothing(bench: Bench) -> None:
    define(bench, ONE, roleName="tg-role")
    gone = bench.call("DELETE", role_path(bench, ONE))
    assert (gone.status, gone.json()["properties"]["roleName"]) == (200, "tg-role")
    again = bench.call("DELETE", role_path(bench, ONE))
    assert (again.status, again.body) == (204, b"")
    assert bench.call("DELETE", role_path(bench, OWNER.guid)).status == 400


@pytest.mark.parametrize(
    ("scope", "text", "expected"),
    [
        ("group", "roleName eq 'Network Contributor'", {"Network Contributor"}),
        ("group", "roleName eq 'network contributor' and type eq 'BuiltInRole'", {"Network Contributor"}),
        ("group", "type eq 'CustomRole'", {"tg-cluster-ip-failover"}),
        ("subscription", "type eq 'CustomRole'", set()),
        ("subscription", "atScopeAndBelow() and type eq 'CustomRole'", {"tg-cluster-ip-failover"}),
        ("group", "type eq 'BuiltInRole'", set(BY_NAME)),
        ("group", "roleName eq 'It''s not there'", set()),
    ],
)
def test_that_roles_are_listed_as_the_filter_says(bench: Bench, scope: str, text: str, expected: set[str]) -> None:
    place = bench.group if scope == "group" else bench.subscription
    found = bench.get(f"{place}/providers/Microsoft.Authorization/roleDefinitions?$filter={text}")["value"]
    assert {item["properties"]["roleName"] for item in found} == expected


def test_that_an_assignment_is_put_read_listed_and_removed(bench: Bench) -> None:
    oid = member(bench).oid
    made = assign(bench, oid, "Reader", bench.group, guid=ONE, description="for a test", kind="ServicePrincipal")
    assert made.status == 201
    properties = made.json()["properties"]
    assert made.json()["id"] == assignment_path(bench.group, ONE)
    assert properties["roleDefinitionId"] == role_path(bench, READER.guid)
    assert (properties["principalType"], properties["scope"]) == ("ServicePrincipal", bench.group)
    assert (properties["createdBy"], properties["description"]) == (None, "for a test")
    assert bench.get(assignment_path(bench.group, ONE))["properties"]["createdBy"] is not None
    again = assign(bench, oid, "Reader", bench.group, guid=ONE, description="for a test", kind="ServicePrincipal")
    assert again.status == 201
    gone = bench.call("DELETE", assignment_path(bench.group, ONE))
    assert (gone.status, gone.json()["name"]) == (200, ONE)
    assert bench.call("DELETE", assignment_path(bench.group, ONE)).status == 204
    assert error_of(bench.call("GET", assignment_path(bench.group, ONE)))[:2] == (404, "RoleAssignmentNotFound")


@pytest.mark.parametrize(
    ("scope", "text", "expected"),
    [
        ("{nic}", "", {"subscription", "group", "nic"}),
        ("{nic}", "atScope()", {"subscription", "group", "nic"}),
        ("{group}", "", {"subscription", "group", "nic", "outside"}),
        ("{group}", "atScope()", {"subscription", "group"}),
        ("{subscription}", "", {"subscription", "group", "nic", "outside"}),
        ("{subscription}", "atScope()", {"subscription"}),
        ("{subscription}", "atScope() and assignedTo('{reader}')", {"subscription"}),
        ("{group}", "principalId eq '{reader}'", {"subscription", "group", "nic", "outside"}),
        ("{group}", "principalId eq '{nobody}'", set()),
    ],
)
def test_that_assignments_are_listed_as_the_filter_says(
    bench: Bench, scope: str, text: str, expected: set[str]
) -> None:
    reader = bench.lab.directory.account(READER_ACCOUNT)
    scopes = {
        "subscription": bench.subscription,
        "group": bench.group,
        "nic": bench.nic_id("tg-node-a-inside"),
        "outside": bench.nic_id("tg-node-a-outside"),
    }
    for name in ("group", "nic", "outside"):
        assert assign(bench, reader.oid, "Reader", scopes[name]).status == 201
    names = {**scopes, "reader": reader.oid, "nobody": NOBODY}
    path = f"{scope.format(**names)}/providers/Microsoft.Authorization/roleAssignments?$filter={text.format(**names)}"
    found = [item["properties"] for item in bench.get(path)["value"]]
    mine = {item["scope"] for item in found if item["principalId"] == reader.oid}
    assert mine == {scopes[name] for name in expected}


def test_that_a_read_only_lock_refuses_assignments_and_a_delete_lock_their_removal(bench: Bench) -> None:
    oid = member(bench).oid
    assert assign(bench, oid, "Reader", bench.group, guid=ONE).status == 201

    def lock(level: str) -> None:
        locks = [{"name": "keep", "scope": bench.group, "level": level, "notes": ""}]
        edit(bench, lambda world: world.update(locks=locks))

    lock("CanNotDelete")
    assert assign(bench, oid, "Reader", bench.nic_id("tg-node-a-inside")).status == 201
    assert error_of(bench.call("DELETE", assignment_path(bench.group, ONE))) == (
        409,
        "ScopeLocked",
        (
            f"The scope '{assignment_path(bench.group, ONE)}' cannot perform delete operation because following "
            f"scope(s) are locked: '{bench.group}'. Please remove the lock and try again."
        ),
    )
    lock("ReadOnly")
    assert error_of(assign(bench, oid, "Owner", bench.group))[:2] == (409, "ScopeLocked")


def test_that_a_contributor_may_not_give_roles_and_an_rbac_administrator_may(bench: Bench) -> None:
    oid = member(bench).oid
    sign_in(bench, give(bench, READER_ACCOUNT, "Contributor", bench.subscription))
    assert error_of(assign(bench, oid, "Reader", bench.group))[:2] == (403, "AuthorizationFailed")
    assert error_of(define(bench, ONE))[:2] == (403, "AuthorizationFailed")
    sign_in(bench, bench.lab.directory.accounts[0])
    sign_in(bench, give(bench, READER_ACCOUNT, "Role Based Access Control Administrator", bench.subscription))
    assert assign(bench, oid, "Reader", bench.group).status == 201
    assert error_of(define(bench, ONE))[:2] == (403, "AuthorizationFailed")


def test_that_the_dead_keep_their_assignments(bench: Bench) -> None:
    oid = member(bench).oid
    bench.call("PATCH", bench.vm_id("tg-node-a"), {"identity": {"type": "None"}})
    path = f"{bench.group}/providers/Microsoft.Authorization/roleAssignments?$filter=principalId eq '{oid}'"
    assert len(bench.get(path)["value"]) == 1
    assert error_of(assign(bench, oid, "Reader", bench.group))[1] == "PrincipalNotFound"


def test_that_permissions_show_one_entry_for_each_role_and_no_data_lists_in_old_versions(bench: Bench) -> None:
    sign_in(bench, give(bench, READER_ACCOUNT, "Network Contributor", bench.group))
    path = f"{bench.nic_id('tg-node-a-inside')}/providers/Microsoft.Authorization/permissions"
    assert [item["actions"][0] for item in bench.get(path)["value"]] == ["*/read", "Microsoft.Authorization/*/read"]
    old = bench.call("GET", path, version="2015-07-01").json()
    assert old["nextLink"] is None
    assert {key for item in old["value"] for key in item} == {"actions", "notActions"}

"""Roles are found by meaning: one that is there is used or mended, a killed set-up goes on with its own, a deleted one
is made anew; and in which order machines are restarted.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.cli.bench import Answered, Shell
from tests.engine.access.test_caller_rights import edited
from tests.rig import SetupRig, setup_rig
from tgwizard.engine.access.required_rights import NOT_ASKED, AskedBy, asked_by
from tgwizard.lab.world import World
from tgwizard.model.role import NETWORK_CONTRIBUTOR, TEN_ACTIONS

TEN = tuple(item.action for item in TEN_ACTIONS)
ROLE_NAME = "tg-cluster-ip-failover"
GROUP, SUBSCRIPTION = "{sub}/resourceGroups/rg-tg-prod", "{sub}"
VM_READ = "Microsoft.Compute/virtualMachines/read"
NIC_WRITE = "Microsoft.Network/networkInterfaces/write"


def role(
    *actions: str, name: str = ROLE_NAME, scopes: tuple[str, ...] = (GROUP,), held_by: tuple[str, ...] = ()
) -> Callable[[dict[str, Any]], None]:
    """An edit: someone has made a custom role by hand. ``held_by``: machines that it is assigned to on the group."""

    def edit(world: dict[str, Any]) -> None:
        subscription = f"/subscriptions/{world['subscription']['id']}"
        guid = "00000000-aaaa-4bbb-8ccc-444444444444"
        when = {"created_on": "2026-01-31T09:00:00+00:00", "updated_on": "2026-01-31T09:00:00+00:00"}
        made: dict[str, Any] = {"guid": guid, "name": name, "kind": "CustomRole", "description": "by hand", **when}
        made["scopes"] = [scope.format(sub=subscription) for scope in scopes]
        made["permissions"] = [{"actions": list(actions or TEN), "not_actions": []}]
        rights = world["authorization"]
        rights["roles"][guid] = {"versions": [made], "deleted": None}
        (like,) = rights["assignments"][world["operator"]["oid"]].values()
        for number, machine in enumerate(held_by):
            someone_else = world["operator"]["oid"]
            oid = next((item["oid"] for item in world["principals"] if item["name"] == machine), someone_else)
            held = {"guid": f"g{number}", "role": guid, "principal": oid, "scope": GROUP.format(sub=subscription)}
            rights["assignments"].setdefault(oid, {})[f"g{number}"] = {
                **like,
                **held,
                "principal_type": "ServicePrincipal",
            }

    return edit


def called(it: SetupRig, *words: str) -> Answered:
    return Shell(it)("setup", *words)


def changes(it: SetupRig, *words: str) -> dict[str, Any]:
    """The plan's row about the role."""
    document = json.loads(called(it, "plan", *words, "--json").out)
    (found,) = [change for change in document["changes"] if change["key"].startswith("role:")]
    return dict(found)


def roles_of(it: SetupRig) -> list[str]:
    """The names of the custom roles that are there."""
    world: World = it.lab._world
    return [item.current.name for item in world.authorization.roles.values() if item.deleted is None]


@pytest.mark.parametrize("name", [ROLE_NAME, "Trustgrid failover"])
@pytest.mark.parametrize("scopes", [(GROUP,), (SUBSCRIPTION,)], ids=["group", "subscription"])
@pytest.mark.parametrize("held_by", [(), ("tg-node-a",), ("someone else",)], ids=str)
def test_that_a_role_of_the_briefs_ten_actions_is_used_whatever_its_name(
    name: str, scopes: tuple[str, ...], held_by: tuple[str, ...]
) -> None:
    it = edited(role(name=name, scopes=scopes, held_by=held_by))
    assert changes(it)["sentence"] == f"The role {name} fits"
    assert called(it, "apply", "--yes").code == 0
    assert roles_of(it) == [name]


def test_that_its_assignable_scopes_are_widened_where_needed_and_that_is_shown() -> None:
    it = edited(role(scopes=("{sub}/resourceGroups/rg-other",)))
    row = changes(it)
    assert (row["kind"], row["sentence"]) == ("change", f"Add scopes to {ROLE_NAME}")
    assert row["note"] == "what it grants and to whom stays as it is; assignable on rg-tg-prod too"
    assert called(it, "apply", "--yes").code == 0
    assert roles_of(it) == [ROLE_NAME]
    assert json.loads(called(it, "plan", "edge-dallas", "--json").out)["writes"] == 0


@pytest.mark.parametrize("lost", [VM_READ, NIC_WRITE, "Microsoft.Network/virtualNetworks/read"])
@pytest.mark.parametrize("held_by", [(), ("tg-node-a",)], ids=str)
def test_that_a_role_that_lost_an_action_is_offered_to_be_mended(lost: str, held_by: tuple[str, ...]) -> None:
    it = edited(role(*(action for action in TEN if action != lost), held_by=held_by))
    row = changes(it)
    assert row["sentence"] == f"Add one action to {ROLE_NAME}"
    assert lost.removeprefix("Microsoft.Network/") in row["note"]
    assert called(it, "apply", "--yes").code == 0
    assert roles_of(it) == [ROLE_NAME]


@pytest.mark.parametrize(
    "actions",
    [
        (*TEN, "Microsoft.Compute/virtualMachines/restart/action"),
        ("Microsoft.Network/*", VM_READ),
        tuple(action for action in TEN if action.endswith("/read")),
    ],
    ids=["grants more", "by wildcard", "reads only"],
)
def test_that_a_role_of_another_meaning_is_neither_used_nor_changed(actions: tuple[str, ...]) -> None:
    it = edited(role(*actions))
    assert changes(it)["sentence"] == f"Make the role {ROLE_NAME}-edge-dallas"


def test_that_a_role_of_others_that_lacks_an_action_is_not_changed_by_itself() -> None:
    it = edited(role(*TEN[:-1], held_by=("someone else",)))
    assert changes(it)["sentence"] == f"Make the role {ROLE_NAME}-edge-dallas"
    assert changes(it, "--role-name", ROLE_NAME, "--update-role")["sentence"] == f"Add one action to {ROLE_NAME}"


def test_that_a_set_up_that_ended_between_role_and_assignments_goes_on_with_its_role() -> None:
    it = setup_rig("fresh")
    plan = json.loads(called(it, "plan", "--json").out)
    (made,) = [change for change in plan["changes"] if change["key"].startswith("role:")]
    world = json.loads(it.lab.dump())
    guid = made["key"].removeprefix("role:")
    role(name=ROLE_NAME)(world)
    ours = world["authorization"]["roles"].pop("00000000-aaaa-4bbb-8ccc-444444444444")
    ours["versions"][0]["guid"] = guid
    world["authorization"]["roles"][guid] = ours
    again = edited(lambda fresh: fresh.update(world))
    assert changes(again)["key"] == made["key"]
    assert called(again, "apply", "--yes").code == 0
    assert roles_of(again) == [ROLE_NAME]


def set_up() -> SetupRig:
    """Scenario `fresh`, set up by the command and an hour old."""
    it = setup_rig("fresh")
    assert called(it, "apply", "--yes").code == 0
    it.clock.sleep(3600)
    return it


def spoilt(it: SetupRig, *, gone: bool = False, lost: str = "") -> None:
    """Someone deletes the cluster's role with its assignments, or takes an action out of it."""
    rights = it.lab._world.authorization
    for guid, history in rights.roles.items():
        if gone:
            history.deleted = it.clock.wall()
            for held in rights.assignments.values():
                for key in [key for key, item in held.items() if item.role == guid]:
                    del held[key]
        (block,) = history.current.permissions
        less = tuple(action for action in block.actions if action != lost)
        history.versions[-1] = replace(history.current, permissions=(replace(block, actions=less),))


def test_that_a_deleted_role_has_a_way_on_that_every_command_names_and_that_works() -> None:
    it = set_up()
    spoilt(it, gone=True)
    verify = called(it, "verify", "--no-wait")
    assert verify.code == 3
    assert f"The role {ROLE_NAME} does not exist any more" in verify.out
    assert "Apply the set-up again: the role is made again and assigned" in verify.out
    named = ("--role-name", "tg-new")
    assert changes(it)["sentence"] == changes(it, "edge-dallas")["sentence"] == f"Make the role {ROLE_NAME}"
    assert changes(it, *named)["sentence"] == changes(it, "edge-dallas", *named)["sentence"] == "Make the role tg-new"
    assert called(it, "apply", "edge-dallas", "--yes").code == 0
    it.clock.sleep(3600)
    said = ("--restarted", "tg-node-a", "--restarted", "tg-node-b")
    assert called(it, "verify", "edge-dallas", *said).code == 0


def test_that_the_role_of_a_saved_cluster_that_lost_an_action_is_offered_to_be_mended() -> None:
    it = set_up()
    spoilt(it, lost=NIC_WRITE)
    assert called(it, "verify", "--no-wait").code == 3
    assert changes(it, "edge-dallas")["sentence"] == f"Add one action to {ROLE_NAME}"
    assert called(it, "apply", "--yes").code == 0
    assert roles_of(it) == [ROLE_NAME]
    assert json.loads(called(it, "plan", "--json").out)["writes"] == 0


def test_that_a_list_that_leaves_the_new_role_out_does_not_make_it_a_deleted_one() -> None:
    it = setup_rig("fresh")
    it.lab.directory.flicker = True
    assert called(it, "apply", "--yes").code == 0
    for _ in range(6):
        assert changes(it, "edge-dallas")["sentence"] == f"The role {ROLE_NAME} fits"
        it.clock.sleep(7)


def test_that_a_saved_cluster_without_what_azure_does_not_ask_for_is_left_alone() -> None:
    it = set_up()
    spoilt(it, lost="Microsoft.Network/virtualNetworks/read")
    assert json.loads(called(it, "plan", "--json").out)["writes"] == 0


def test_that_a_role_that_is_named_by_its_id_and_is_not_there_is_told_as_such() -> None:
    it = set_up()
    at = f"{it.scope}/providers/Microsoft.Authorization/roleDefinitions"
    answer = called(it, "plan", "edge-dallas", "--role-id", f"{at}/00000000-0000-4000-8000-00000000dead")
    assert answer.code == 3
    assert "The chosen role is not there." in answer.out


def moved(it: SetupRig) -> None:
    """tg-node-b holds the address."""
    assert Shell(it)("failover", "--to", "tg-node-b", "--forced", "--yes").code == 0


def restarts(it: SetupRig) -> list[str]:
    return [
        item.path.split("/")[-2] for item in it.lab.requests if item.method == "POST" and item.path.endswith("/restart")
    ]


@pytest.mark.parametrize("holder", ["tg-node-a", "tg-node-b"])
def test_that_plan_and_checklist_restart_the_standby_first_by_who_holds_now(holder: str) -> None:
    it = setup_rig("vnet-elsewhere")
    assert called(it, "apply", "--yes").code == 0
    if holder == "tg-node-b":
        moved(it)
    standby = "tg-node-b" if holder == "tg-node-a" else "tg-node-a"
    spoilt(it, lost=NIC_WRITE)
    plan = json.loads(called(it, "plan", "--json").out)
    order = [change["key"].rsplit("/", 1)[-1] for change in plan["changes"] if change["key"].startswith("restart:")]
    assert order == [standby, holder]
    for kind in ("portal", "az"):
        text = Shell(it)("export", "--as", kind).out
        end = text[text.lower().rindex("restart") - 400 :]
        assert end.index(standby) < end.index(holder), end


@pytest.mark.parametrize("holder", ["tg-node-a", "tg-node-b"])
@pytest.mark.parametrize(
    "named",
    [("tg-node-a", "tg-node-b"), ("tg-node-b", "tg-node-a"), ("tg-node-b", "tg-node-b"), ("tg-node-a",)],
    ids=str,
)
def test_that_every_restart_is_honoured_once_the_standby_first(holder: str, named: str) -> None:
    it = set_up()
    if holder == "tg-node-b":
        moved(it)
    words = [word for letter in named for word in ("--restart", f"tg-node-{letter}")]
    called(it, "verify", *words, "--yes", "--no-wait")
    standby = "tg-node-b" if holder == "tg-node-a" else "tg-node-a"
    assert restarts(it) == [name for name in (standby, holder) if name[-1] in named]


@pytest.mark.parametrize("above", [False, True], ids=["on the group", "above it"])
def test_that_a_machines_assignment_with_a_condition_that_forbids_writing_is_not_taken_for_its_right(
    *, above: bool
) -> None:
    def edit(world: dict[str, Any]) -> None:
        role(held_by=("tg-node-a",), scopes=(SUBSCRIPTION,))(world)
        node = next(item["oid"] for item in world["principals"] if item["name"] == "tg-node-a")
        for held in world["authorization"]["assignments"][node].values():
            held |= {"condition": "(ActionMatches{'*/read'})", "condition_version": "2.0"}
            held["scope"] = held["scope"].split("/resourceGroups/")[0] if above else held["scope"]

    it = edited(edit)
    answer = called(it, "plan")
    assert "A role assignment of tg-node-a has a condition that does not let it write an interface." in answer.out
    rows = [line.split()[0] for line in answer.out.splitlines() if "Role for tg-node-a" in line]
    assert rows == ["add" if above else "in"], "Azure takes no second assignment of a role at the same scope"


@pytest.mark.parametrize("chosen", ["the six", "Network Contributor"])
def test_that_a_role_chosen_with_what_azure_asks_for_is_set_up_verified_and_left_as_it_is(chosen: str) -> None:
    six = tuple(action for action in TEN if asked_by(action) is not AskedBy.NOBODY)
    it = edited(role(*six, name="ours"))
    guid = "00000000-aaaa-4bbb-8ccc-444444444444" if chosen == "the six" else NETWORK_CONTRIBUTOR
    role_id = f"{it.scope}/providers/Microsoft.Authorization/roleDefinitions/{guid}"
    plan = called(it, "plan", "--role-id", role_id)
    assert plan.code == 0
    assert NOT_ASKED in plan.out, "what it lacks of Trustgrid's is told"
    assert called(it, "apply", "--yes", "--role-id", role_id).code == 0
    it.clock.sleep(3600)
    assert called(it, "verify", "--restarted", "tg-node-a", "--restarted", "tg-node-b").code == 0
    assert json.loads(called(it, "plan", "--json").out)["writes"] == 0

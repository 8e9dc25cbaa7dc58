from __future__ import annotations

import json

from tests.engine.setup.hand_made import (
    PRINCIPALS,
    SUBSCRIPTION,
    answers,
    asg_id,
    facts,
    nsg_id,
    pool_id,
    public_ip,
    rid,
    world,
)
from tgwizard import paths
from tgwizard.engine.access.matching_roles import (
    HeldToday,
    action_rows,
    candidates,
    check_role_name,
    missing_rights,
    network_contributor,
    suggest_role_name,
)
from tgwizard.engine.access.required_rights import (
    NOT_NEEDED,
    computed_scopes,
    extra_actions,
    needed_actions,
    required_rights,
)
from tgwizard.engine.setup.assignment_scopes import other_subscription_problems
from tgwizard.model.chosen_machines import ChosenMachines, chosen_machines
from tgwizard.model.inventory import Inventory
from tgwizard.model.role import (
    DEFAULT_ROLE_DESCRIPTION,
    DEFAULT_ROLE_NAME,
    TEN_ACTIONS,
    RoleAssignment,
    RoleDefinition,
    RoleKind,
    RolePermission,
)

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-tg-prod"
TEN = tuple(item.action for item in TEN_ACTIONS)
NINE = tuple(action for action in TEN if not action.endswith("virtualNetworks/read"))

ROLE_JSON = """{
    "properties": {
        "roleName": "tg-cluster-ip-failover",
        "description": "Manage Trustgrid Cluster IP Failover",
        "assignableScopes": [
        ],
        "permissions": [
            {
                "actions": [
                    "Microsoft.Network/networkInterfaces/read",
                    "Microsoft.Network/networkInterfaces/write",
                    "Microsoft.Network/networkInterfaces/ipconfigurations/read",
                    "Microsoft.Network/networkInterfaces/ipconfigurations/join/action",
                    "Microsoft.Network/networkSecurityGroups/join/action",
                    "Microsoft.Network/virtualNetworks/read",
                    "Microsoft.Network/virtualNetworks/subnets/read",
                    "Microsoft.Compute/virtualMachines/read",
                    "Microsoft.Network/virtualNetworks/subnets/join/action",
                    "Microsoft.Network/applicationSecurityGroups/joinIpConfiguration/action"
                ],
                "notActions": [],
                "dataActions": [],
                "notDataActions": []
            }
        ]
    }
}
"""


def chosen(inventory: Inventory) -> ChosenMachines:
    return chosen_machines(answers(inventory), inventory)


def role(
    name: str, *actions: str, not_actions: tuple[str, ...] = (), scopes: tuple[str, ...] = (GROUP,)
) -> RoleDefinition:
    return RoleDefinition(f"guid-{name}", name, "", RoleKind.CUSTOM, (RolePermission(actions, not_actions),), scopes)


def test_that_the_shipped_role_is_the_briefs_own_text() -> None:
    shipped = (paths.resources() / "roles" / "tg-cluster-ip-failover.json").read_text("utf-8")
    assert shipped == ROLE_JSON
    properties = json.loads(shipped)["properties"]
    assert (properties["roleName"], properties["description"]) == (DEFAULT_ROLE_NAME, DEFAULT_ROLE_DESCRIPTION)
    assert tuple(properties["permissions"][0]["actions"]) == TEN


def test_that_each_need_has_its_thing_and_its_reason() -> None:
    needs = required_rights(chosen(world(network_group="rg-network", nsg=nsg_id("rg-security"))))
    assert {item.action for item in needed_actions(needs)} == set(TEN)
    where = {need.action: need.on.group for need in needs}
    assert where["Microsoft.Network/virtualNetworks/subnets/join/action"] == "rg-network"
    assert where["Microsoft.Network/networkSecurityGroups/join/action"] == "rg-security"
    assert all(need.why and need.in_role for need in needs)
    writes = [need.on.name for need in needs if need.action.endswith("networkInterfaces/write")]
    assert writes == ["tg-node-a-inside", "tg-node-b-inside"]


def test_that_scopes_are_the_groups_of_everything_that_is_touched_each_with_its_reason() -> None:
    inventory = world(
        groups=("rg-a", "rg-b"), network_group="rg-network", nsg=nsg_id("rg-sec"), asgs=(asg_id("rg-asg"),)
    )
    scopes = computed_scopes(chosen(inventory))
    assert {scope.scope.rsplit("/", 1)[-1]: scope.sentence for scope in scopes} == {
        "rg-a": "Holds the machine tg-node-a and the interface tg-node-a-inside.",
        "rg-b": "Holds the machine tg-node-b and the interface tg-node-b-inside.",
        "rg-sec": "Holds the network security group nsg-tg-inside.",
        "rg-network": "Holds the network vnet-dal-prod and the subnet snet-inside.",
        "rg-asg": "Holds the application security group asg-tg-nodes.",
    }


def test_that_the_case_in_which_azure_spells_a_group_makes_no_second_scope() -> None:
    inventory = world(groups=("rg-tg-prod", "RG-TG-PROD"))
    assert len(computed_scopes(chosen(inventory))) == 1


def test_that_a_thing_of_another_subscription_is_refused_in_words() -> None:
    away = rid("rg", "Microsoft.Network/publicIPAddresses/pip").text.replace(SUBSCRIPTION, "0" * 8)
    inventory = world(public=type(nsg_id()).parse(away))
    assert [problem.code for problem in other_subscription_problems(chosen(inventory))] == ["other-subscription"]


def test_that_actions_of_this_topology_are_offered_and_those_not_needed_are_named() -> None:
    needs = required_rights(chosen(world(asgs=(), public=public_ip(), pools=(pool_id(),))))
    rows = {row.action: row for row in action_rows(needs, None)}
    assert rows["Microsoft.Network/publicIPAddresses/join/action"].today is HeldToday.OFFERED
    assert rows["Microsoft.Network/loadBalancers/backendAddressPools/join/action"].today is HeldToday.OFFERED
    assert rows["Microsoft.Network/applicationSecurityGroups/joinIpConfiguration/action"].today is HeldToday.NOT_NEEDED
    assert rows["Microsoft.Network/networkInterfaces/write"].today is HeldToday.TO_ADD
    assert {rows[item.action].today for item in NOT_NEEDED} == {HeldToday.NOT_NEEDED}
    extra = tuple(item.action for item in extra_actions(needs))
    taken = {row.action: row.today for row in action_rows(needs, None, extra=extra)}
    assert {taken[action] for action in extra} == {HeldToday.TO_ADD}


def test_that_a_role_of_nine_actions_is_found_by_meaning_and_its_difference_shown() -> None:
    inventory = world(principals=PRINCIPALS)
    needs, scopes = required_rights(chosen(inventory)), computed_scopes(chosen(inventory))
    nine = role("any name at all", *NINE)
    held = RoleAssignment("g", GROUP, nine.guid, PRINCIPALS[0])
    found = candidates(
        facts(inventory, roles=(nine, role("reader", "*/read")), assignments=(held,)), needs, scopes, PRINCIPALS
    )
    assert [item.role.name for item in found] == ["any name at all"]
    assert found[0].missing == ("Microsoft.Network/virtualNetworks/read",)
    assert found[0].refused == (), "nothing that Azure asks for"
    assert (found[0].held_by, found[0].assignments, found[0].complete) == (1, 1, False)
    rows = {row.action: row.today for row in action_rows(needs, nine)}
    assert rows["Microsoft.Network/virtualNetworks/read"] is HeldToday.NOT_ASKED
    assert rows["Microsoft.Network/networkInterfaces/read"] is HeldToday.HAS
    assert action_rows(needs, nine, update=True)[5].today is HeldToday.TO_ADD


def test_that_wildcards_count_and_what_notactions_take_away_is_missing() -> None:
    inventory = world()
    needs, scopes = required_rights(chosen(inventory)), computed_scopes(chosen(inventory))
    wide = role("wide", "Microsoft.Network/*", "Microsoft.Compute/virtualMachines/*")
    held_back = role("held back", "*", not_actions=("Microsoft.Network/networkSecurityGroups/join/action",))
    found = {item.role.name: item for item in candidates(facts(inventory, roles=(wide, held_back)), needs, scopes)}
    assert found["wide"].complete
    assert found["wide"].wider
    assert found["held back"].missing == ("Microsoft.Network/networkSecurityGroups/join/action",)
    assert found["held back"].withheld == found["held back"].missing


def test_that_a_role_that_is_complete_stands_before_one_that_is_not() -> None:
    inventory = world()
    needs, scopes = required_rights(chosen(inventory)), computed_scopes(chosen(inventory))
    elsewhere_only = role("a elsewhere", *TEN, scopes=("/subscriptions/other",))
    known = facts(inventory, roles=(role("b nine", *NINE), elsewhere_only, role("z whole", *TEN)))
    found = candidates(known, needs, scopes)
    assert [item.role.name for item in found] == ["z whole", "a elsewhere", "b nine"]
    assert found[1].uncovered == (GROUP,)


def test_that_network_contributor_cannot_read_virtual_machines() -> None:
    inventory = world()
    needs = required_rights(chosen(inventory))
    assert missing_rights(network_contributor(facts(inventory)), needs) == ("Microsoft.Compute/virtualMachines/read",)


def test_that_names_are_checked_and_a_free_one_is_suggested() -> None:
    inventory = world()
    known = facts(inventory, roles=(role("TG-Cluster-IP-Failover"), role("tg-cluster-ip-failover-edge")))
    assert check_role_name("", known) is not None
    assert check_role_name("n" * 513, known) is not None
    assert check_role_name("n" * 512, known) is None
    taken = check_role_name(" tg-cluster-ip-failover", known)
    assert taken is not None
    assert taken.code == "role-name-taken"
    assert suggest_role_name("dallas", known) == "tg-cluster-ip-failover-dallas"
    assert suggest_role_name("edge", known) == "tg-cluster-ip-failover-edge-2"
    assert suggest_role_name("edge", facts(inventory)) == "tg-cluster-ip-failover"
    assert len(suggest_role_name("e" * 600, known)) <= 512

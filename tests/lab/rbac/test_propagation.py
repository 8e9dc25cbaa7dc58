"""How long rights take to arrive: assignments, changed roles, new principals, flickering lists (azure/README.md 3)."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from tests.lab.bench import Bench, error_of
from tests.lab.rights import READER_ACCOUNT, assign, assignment_path, define, fresh_guid, member, role_path, sign_in
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.rbac.role_records import Propagation

ONE = fresh_guid("one")
TEN_MINUTES = 600.0


def waited(bench: Bench, done: Callable[[], bool], *, limit: float = 3000) -> float:
    """Let virtual time pass second by second until something is so, and return how long that took."""
    began = bench.clock.monotonic()
    while not done():
        bench.clock.advance(1)
        assert bench.clock.monotonic() - began < limit, "it never came about"
    return bench.clock.monotonic() - began


def may_write(bench: Bench) -> bool:
    reader = bench.lab.directory.account(READER_ACCOUNT)
    nic = bench.nic("tg-node-a-inside")
    token = bench.lab.issue_token_for(reader)
    answer = bench.call(
        "PUT",
        bench.nic_id("tg-node-a-inside"),
        nic,
        headers={"Authorization": f"Bearer {token}", "If-Match": 'W/"never"'},
    )
    assert answer.status in {403, 412}
    return answer.status == 412


@pytest.mark.parametrize(
    ("propagation", "least", "most"), [(Propagation.FAST, 1, 6), (Propagation.AZURE, 5, TEN_MINUTES)]
)
def test_that_a_new_assignment_counts_after_a_while_and_a_removed_one_lingers(
    bench: Bench, propagation: Propagation, least: float, most: float
) -> None:
    bench.lab.directory.propagation = propagation
    reader = bench.lab.directory.account(READER_ACCOUNT)
    assert assign(bench, reader.oid, "Network Contributor", bench.group, guid=ONE).status == 201
    listed = bench.get(f"{bench.group}/providers/Microsoft.Authorization/roleAssignments?$filter=atScope()")["value"]
    assert ONE in {item["name"] for item in listed}, "the assignment is there at once, its effect is not"
    assert least <= waited(bench, lambda: may_write(bench)) <= most
    assert bench.call("DELETE", assignment_path(bench.group, ONE)).status == 200
    assert least <= waited(bench, lambda: not may_write(bench)) <= most


def test_that_instant_means_at_once(bench: Bench) -> None:
    reader = bench.lab.directory.account(READER_ACCOUNT)
    assert not may_write(bench)
    assign(bench, reader.oid, "Network Contributor", bench.group, guid=ONE)
    assert may_write(bench)
    bench.call("DELETE", assignment_path(bench.group, ONE))
    assert not may_write(bench)


def test_that_each_identity_waits_for_itself_and_copies_of_the_lab_agree(bench: Bench) -> None:
    bench.lab.directory.propagation = Propagation.AZURE
    names = ("tg-node-a", "tg-node-b")
    for name in names:
        assert assign(bench, member(bench, name).oid, "Reader", bench.subscription).status == 201
    clock = bench.clock.copy()
    twin = Bench(clock=clock)
    twin.lab = bench.lab.copy(clock)

    path = f"{bench.subscription}/providers/Microsoft.Network/virtualNetworks"

    def arrivals(of: Bench) -> list[float]:
        times: list[float] = []
        for name in names:
            sign_in(of, member(of, name))
            began, start = of.clock.copy(), of.clock
            of.clock = began
            watch = of.lab
            of.lab = watch.copy(began)
            times.append(waited(of, lambda: of.call("GET", path).status == 200))
            of.clock, of.lab = start, watch
        return times

    first, second = arrivals(bench)
    assert first != second
    assert arrivals(twin) == [first, second]


def test_that_a_changed_role_reaches_its_holders_later_and_its_readers_at_once(bench: Bench) -> None:
    assert define(bench, ONE, roleName="tg-role").status == 201
    oid = member(bench, "tg-node-b").oid
    assign(bench, oid, ONE, bench.group)
    bench.lab.directory.propagation = Propagation.FAST
    more = [{"actions": ["Microsoft.Compute/virtualMachines/instanceView/read"]}]
    assert define(bench, ONE, roleName="tg-role", permissions=more).status == 201
    assert bench.get(role_path(bench, ONE))["properties"]["permissions"][0]["actions"] == more[0]["actions"]
    sign_in(bench, member(bench, "tg-node-b"))
    path = f"{bench.vm_id('tg-node-a')}/instanceView"
    assert bench.call("GET", path).status == 403
    assert 1 <= waited(bench, lambda: bench.call("GET", path).status == 200) <= 6


def test_that_a_new_principal_is_not_known_at_once_unless_its_type_is_sent(bench: Bench) -> None:
    bench.lab.directory.propagation = Propagation.AZURE
    answer = bench.call("PATCH", bench.vm_id("vm-app-01"), {"identity": {"type": "SystemAssigned"}})
    oid = answer.json()["identity"]["principalId"]
    assert error_of(assign(bench, oid, "Reader", bench.group))[:2] == (400, "PrincipalNotFound")
    assert assign(bench, oid, "Reader", bench.subscription, kind="ServicePrincipal").status == 201
    delay = waited(bench, lambda: assign(bench, oid, "Reader", bench.group).status == 201)
    assert 5 <= delay <= 270, "as measured: 5 to 269 s"


def test_that_the_directory_shows_a_new_principal_no_sooner(bench: Bench) -> None:
    bench.lab.directory.propagation = Propagation.FAST
    oid = bench.call("PATCH", bench.vm_id("vm-app-01"), {"identity": {"type": "SystemAssigned"}}).json()["identity"][
        "principalId"
    ]
    operator = bench.lab.directory.accounts[0]
    token = bench.lab.issue_token_for(operator, audience="https://graph.microsoft.com")

    def found() -> bool:
        answer = bench.call(
            "POST", "/v1.0/directoryObjects/getByIds", {"ids": [oid]}, headers={"Authorization": f"Bearer {token}"}
        )
        return bool(answer.json()["value"])

    assert not found()
    assert waited(bench, found) == 3


def names_listed(bench: Bench) -> set[str]:
    listed = bench.get(f"{bench.group}/providers/Microsoft.Authorization/roleDefinitions?$filter=type eq 'CustomRole'")
    return {item["properties"]["roleName"] for item in listed["value"]}


def test_that_lists_of_roles_go_back_and_forth_and_settle(bench: Bench) -> None:
    bench.lab.directory.flicker = True
    assert define(bench, ONE, roleName="tg-role").status == 201
    seen: list[bool] = []
    for _ in range(30):
        seen.append("tg-role" in names_listed(bench))
        assert bench.call("GET", role_path(bench, ONE)).status == 200, "its own read never flickers"
        bench.clock.advance(2)
    changes = sum(1 for earlier, later in itertools.pairwise(seen) if earlier != later)
    assert changes >= 3, "there, gone, and there again"
    bench.clock.advance(75)
    assert all("tg-role" in names_listed(bench) for _ in range(10))


def test_that_a_list_shows_the_old_and_the_new_form_of_a_changed_role_in_turns(bench: Bench) -> None:
    define(bench, ONE, roleName="old-name")
    bench.clock.advance(100)
    bench.lab.directory.flicker = True
    define(bench, ONE, roleName="new-name")
    seen = {name for _ in range(20) for name in names_listed(bench)}
    assert {"old-name", "new-name"} <= seen


def test_that_lists_of_assignments_flicker_as_well_when_told_to(bench: Bench) -> None:
    bench.lab.directory.flicker = True
    assign(bench, member(bench).oid, "Reader", bench.group, guid=ONE)
    path = f"{bench.group}/providers/Microsoft.Authorization/roleAssignments?$filter=atScope()"

    def listed() -> bool:
        return ONE in {item["name"] for item in bench.get(path)["value"]}

    assert {listed() for _ in range(20)} == {True, False}
    bench.clock.advance(75)
    bench.call("DELETE", assignment_path(bench.group, ONE))
    assert {listed() for _ in range(20)} == {True, False}
    bench.clock.advance(75)
    assert {listed() for _ in range(10)} == {False}


def test_that_both_settings_are_the_control_surfaces_as_well(bench: Bench) -> None:
    assert bench.call("PATCH", "/lab", {"propagation": "azure", "flicker": True}).status == 200
    state = bench.call("GET", "/lab").json()
    assert (state["propagation"], state["flicker"]) == ("azure", True)
    assert state["propagations"] == ["instant", "fast", "azure"]
    assert bench.lab.directory.propagation is Propagation.AZURE
    for wrong in ({"propagation": "soon"}, {"flicker": "yes"}):
        assert bench.call("PATCH", "/lab", wrong).status == 400
    assert bench.lab.directory.flicker is True


def test_that_lists_are_steady_unless_told_otherwise(bench: Bench) -> None:
    define(bench, ONE, roleName="tg-role")
    assert all("tg-role" in names_listed(bench) for _ in range(10))


def test_that_one_seed_flickers_alike() -> None:
    def pattern() -> list[bool]:
        bench = Bench(clock=VirtualClock(), seed=3)
        bench.lab.directory.flicker = True
        define(bench, ONE, roleName="tg-role")
        return ["tg-role" in names_listed(bench) for _ in range(20)]

    assert pattern() == pattern()

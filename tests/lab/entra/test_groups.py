"""Groups of the directory: whose assignments count, from when, and what Graph says (azure/README.md 3.2 to 3.4)."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.lab.bench import Bench, error_of
from tests.lab.rights import assign, sign_in
from tgwizard.lab.entra.access_tokens import GRAPH_AUDIENCE
from tgwizard.lab.fronts.in_process import lab_session
from tgwizard.lab.lab import Lab
from tgwizard.lab.rbac.role_records import EVERYONE, LabDenyAssignment
from tgwizard.lab.wire import Response

GRAPH = "https://graph.microsoft.com/v1.0"
TEAM, STAFF, NODES = "sg-network-team", "sg-all 'staff' <b>", "sg-trustgrid-nodes"
AUDITOR, DAY_S = "auditor@lab.example", 86_400


@pytest.fixture
def bench() -> Bench:
    found = Bench()
    found.lab = Lab.from_scenario("two-tenants", clock=found.clock)
    found.token = found.lab.issue_token()
    return found


def graph(bench: Bench, method: str, path: str, body: object = None, *, who: str = "") -> Response:
    directory = bench.lab.directory
    principal = directory.account(who) if who else directory.accounts[0]
    token = bench.lab.issue_token_for(principal, audience=GRAPH_AUDIENCE)
    return bench.send(method, f"{GRAPH}{path}", body, headers={"Authorization": f"Bearer {token}"})


def group_id(bench: Bench, name: str) -> str:
    found = graph(bench, "GET", "/groups").json()["value"]
    return str(next(item["id"] for item in found if item["displayName"] == name))


def add(bench: Bench, group: str, oid: str) -> Response:
    reference = {"@odata.id": f"{GRAPH}/directoryObjects/{oid}"}
    return graph(bench, "POST", f"/groups/{group_id(bench, group)}/members/$ref", reference)


def may_restart_nothing_but_write_networks(bench: Bench) -> None:
    nic = bench.nic("tg-node-a-inside")
    assert bench.put("tg-node-a-inside", nic).status == 200
    assert bench.call("POST", f"{bench.vm_id('tg-node-a')}/restart").status == 403


def test_that_an_assignment_to_a_group_counts_for_members_of_its_member_groups(bench: Bench) -> None:
    sign_in(bench, bench.lab.directory.account(AUDITOR))
    may_restart_nothing_but_write_networks(bench)
    permissions = bench.get(f"{bench.group}/providers/Microsoft.Authorization/permissions")["value"]
    assert any("Microsoft.Network/*" in item["actions"] for item in permissions)


def test_that_a_user_is_in_a_group_from_its_next_token_on(bench: Bench) -> None:
    operator, reader = bench.token, bench.lab.directory.account("reader@lab.example")
    old = bench.lab.issue_token_for(reader)
    assert add(bench, TEAM, reader.oid).status == 204
    nic = bench.nic("tg-node-a-inside")
    bench.token = old
    assert bench.put("tg-node-a-inside", nic).status == 403
    bench.token = fresh = bench.lab.issue_token_for(reader)
    assert bench.put("tg-node-a-inside", nic).status == 200
    bench.token = operator
    answer = graph(bench, "DELETE", f"/groups/{group_id(bench, TEAM)}/members/{reader.oid}/$ref")
    assert answer.status == 204
    bench.token = fresh
    assert bench.put("tg-node-a-inside", bench.nic("tg-node-a-inside")).status == 200, "until the token ends"
    bench.token = bench.lab.issue_token_for(reader)
    assert bench.put("tg-node-a-inside", bench.nic("tg-node-a-inside")).status == 403


def machine_token(bench: Bench, vm: str) -> str:
    place = bench.lab.directory.identity_endpoint(bench.vm_id(vm), "https://localhost:1")
    with lab_session(bench.lab) as session:
        answer: requests.Response = session.get(
            place.endpoint,
            params={"api-version": "2019-08-01", "resource": "https://management.azure.com"},
            headers={"X-IDENTITY-HEADER": place.header},
            timeout=30,
        )
    assert answer.status_code == 200
    return str(answer.json()["access_token"])


def test_that_a_machine_learns_of_its_groups_only_after_a_day(bench: Bench) -> None:
    nic, operator = bench.nic("tg-node-a-inside"), bench.token
    member = next(item for item in bench.lab.principals if item.name == "tg-node-a")
    bench.token = machine_token(bench, "tg-node-a")
    assert bench.put("tg-node-a-inside", nic).status == 403
    bench.token = operator
    assert add(bench, STAFF, member.oid).status == 204
    bench.token = machine_token(bench, "tg-node-a")
    assert bench.put("tg-node-a-inside", nic).status == 403, "the endpoint's back end remembers the first token"
    bench.lab = Lab.load(bench.lab.dump(), bench.clock)
    bench.clock.sleep(DAY_S - 60)
    bench.token = machine_token(bench, "tg-node-a")
    assert bench.put("tg-node-a-inside", nic).status == 403
    bench.clock.sleep(60)
    bench.token = machine_token(bench, "tg-node-a")
    assert bench.put("tg-node-a-inside", nic).status == 200


def test_that_a_direct_assignment_of_a_machine_needs_no_new_token(bench: Bench) -> None:
    nic, operator = bench.nic("tg-node-a-inside"), bench.token
    member = next(item for item in bench.lab.principals if item.name == "tg-node-a")
    early = machine_token(bench, "tg-node-a")
    bench.token = operator
    assert assign(bench, member.oid, "Network Contributor", bench.group, kind="ServicePrincipal").status == 201
    bench.token = early
    assert bench.put("tg-node-a-inside", nic).status == 200


@pytest.mark.parametrize(("principals", "excluded", "status"), [((STAFF,), (), 403), ((), (STAFF,), 200)])
def test_that_a_denial_counts_for_the_members_of_a_group(
    bench: Bench, principals: tuple[str, ...], excluded: tuple[str, ...], status: int
) -> None:
    write = ("Microsoft.Network/networkInterfaces/write",)
    bench.lab.directory.deny(
        LabDenyAssignment(
            "g",
            "stop",
            bench.group,
            write,
            principals=tuple(group_id(bench, name) for name in principals) or (EVERYONE,),
            excluded=tuple(group_id(bench, name) for name in excluded),
        )
    )
    nic = bench.nic("tg-node-a-inside")
    sign_in(bench, bench.lab.directory.account(AUDITOR))
    assert bench.put("tg-node-a-inside", nic).status == status


def listed(bench: Bench, wanted: str) -> list[dict[str, Any]]:
    path = f"{bench.group}/providers/Microsoft.Authorization/roleAssignments?$filter={wanted}"
    return [item["properties"] for item in bench.get(path)["value"]]


def test_that_assigned_to_follows_groups_and_principal_id_does_not(bench: Bench) -> None:
    auditor = bench.lab.directory.account(AUDITOR)
    own = {item["principalId"] for item in listed(bench, f"principalId eq '{auditor.oid}'")}
    all_of_it = {item["principalId"] for item in listed(bench, f"assignedTo('{auditor.oid}')")}
    staff = group_id(bench, STAFF)
    assert own == {auditor.oid}
    assert all_of_it == {auditor.oid, staff}
    assert {item["principalType"] for item in listed(bench, f"principalId eq '{staff}'")} == {"Group"}


def test_that_a_role_is_assigned_to_a_group_and_to_nothing_else_by_that_name(bench: Bench) -> None:
    team = group_id(bench, TEAM)
    assert error_of(assign(bench, team, "Reader", bench.group, kind="User"))[:2] == (400, "UnmatchedPrincipalType")
    answer = assign(bench, team, "Reader", bench.group)
    assert (answer.status, answer.json()["properties"]["principalType"]) == (201, "Group")


def test_that_graph_tells_groups_members_and_memberships(bench: Bench) -> None:
    auditor = bench.lab.directory.account(AUDITOR)
    team, staff, nodes = (group_id(bench, name) for name in (TEAM, STAFF, NODES))
    quoted = STAFF.replace("'", "''")
    found = graph(bench, "GET", f"/groups?$filter=displayName eq '{quoted}'").json()["value"]
    assert [item["id"] for item in found] == [staff]
    assert graph(bench, "GET", f"/groups/{team}").json()["displayName"] == TEAM
    members = graph(bench, "GET", f"/groups/{nodes}/members").json()["value"]
    assert [(item["@odata.type"], item["displayName"]) for item in members] == [
        ("#microsoft.graph.servicePrincipal", "tg-node-a")
    ]
    nested = graph(bench, "GET", f"/groups/{staff}/members").json()["value"]
    assert [item["@odata.type"] for item in nested] == ["#microsoft.graph.group"]
    direct = graph(bench, "GET", f"/users/{auditor.oid}/memberOf").json()["value"]
    through = graph(bench, "GET", f"/users/{auditor.oid}/transitiveMemberOf").json()["value"]
    assert [[item["id"] for item in some] for some in (direct, through)] == [[team], [team, staff]]
    kinds = graph(bench, "POST", "/directoryObjects/getByIds", {"ids": [staff, auditor.oid]}).json()["value"]
    assert [item["@odata.type"] for item in kinds] == ["#microsoft.graph.group", "#microsoft.graph.user"]


def test_that_graph_refuses_what_is_not_there_twice_there_or_not_allowed(bench: Bench) -> None:
    auditor, team = bench.lab.directory.account(AUDITOR), group_id(bench, TEAM)
    assert error_of(add(bench, TEAM, auditor.oid))[:2] == (400, "Request_BadRequest")
    assert error_of(add(bench, TEAM, "nobody"))[:2] == (404, "Request_ResourceNotFound")
    assert error_of(graph(bench, "GET", "/groups/nobody"))[:2] == (404, "Request_ResourceNotFound")
    gone = graph(bench, "DELETE", f"/groups/{team}/members/nobody/$ref")
    assert error_of(gone)[:2] == (404, "Request_ResourceNotFound")
    assert error_of(graph(bench, "POST", f"/groups/{team}/members/$ref", {}))[:2] == (400, "BadRequest")
    refused = graph(bench, "DELETE", f"/groups/{team}/members/{auditor.oid}/$ref", who="reader@lab.example")
    assert error_of(refused)[:2] == (403, "Authorization_RequestDenied")

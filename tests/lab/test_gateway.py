"""What ARM itself says: tokens, api-versions, scopes, rights, locks, headers (azure/README.md 1.0, 1.2, 2.6, 4.2)."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from tests.lab.bench import FLOATING, HOST, Bench, error_of
from tgwizard.lab.lab import Lab
from tgwizard.lab.wire import Response
from tgwizard.lab.world import Principal

A, B = "tg-node-a-inside", "tg-node-b-inside"


def test_that_a_request_without_a_token_is_told_so(bench: Bench) -> None:
    bench.token = None
    answer = bench.call("GET", "/subscriptions")
    assert error_of(answer) == (
        401,
        "AuthenticationFailed",
        "Authentication failed. The 'Authorization' header is missing.",
    )


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "", "é", "....", "eyJhbGciOiJub25lIn0.eyJvaWQiOiIxIn0."])
def test_that_a_foreign_token_is_invalid(bench: Bench, token: str) -> None:
    bench.token = token
    answer = bench.call("GET", "/subscriptions")
    assert error_of(answer) == (401, "InvalidAuthenticationToken", "The access token is invalid.")
    assert answer.header("WWW-Authenticate") == (
        'Bearer authorization_uri="https://login.windows.net/", error="invalid_token", '
        'error_description="The access token is invalid."'
    )


def test_that_the_token_of_another_lab_is_invalid(bench: Bench) -> None:
    bench.token = Bench().token
    assert error_of(bench.call("GET", "/subscriptions"))[1] == "InvalidAuthenticationToken"


def test_that_an_expired_token_is_told_both_times(bench: Bench) -> None:
    bench.token = bench.lab.issue_token(lifetime=timedelta(seconds=-1))
    answer = bench.call("GET", "/subscriptions")
    status, code, message = error_of(answer)
    assert (status, code) == (401, "ExpiredAuthenticationToken")
    moment = r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d\d:\d\d [AP]M"
    assert re.fullmatch(
        rf"The access token expiry UTC time '{moment}' is earlier than current UTC time '{moment}'\.", message
    )
    assert 'error_description="The access token has expired."' in (answer.header("WWW-Authenticate") or "")


@pytest.mark.parametrize(
    ("audience", "status"),
    [
        ("https://management.azure.com", 200),
        ("https://management.azure.com/", 200),
        ("https://management.core.windows.net/", 200),
        ("https://graph.microsoft.com", 401),
    ],
)
def test_that_both_arm_audiences_are_accepted_and_no_other(bench: Bench, audience: str, status: int) -> None:
    operator = operator_of(bench)
    bench.token = bench.lab.issue_token_for(operator, audience=audience)
    answer = bench.call("GET", "/subscriptions")
    assert answer.status == status
    if status == 401:
        assert error_of(answer)[1] == "InvalidAuthenticationTokenAudience"


def operator_of(bench: Bench) -> Principal:
    return Principal(**json.loads(bench.lab.dump())["operator"])


def test_that_virtual_time_does_not_age_a_token(bench: Bench) -> None:
    bench.clock.advance(10 * 24 * 3600)
    assert bench.call("GET", "/subscriptions").status == 200


ROWS: list[tuple[str, str, int, str, str]] = [
    (
        "GET",
        "{group}/providers/Microsoft.Network/networkInterfaces/absent",
        404,
        "ResourceNotFound",
        (
            "The Resource 'Microsoft.Network/networkInterfaces/absent' under resource group 'rg-tg-prod' was "
            "not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
        ),
    ),
    (
        "GET",
        "{subscription}/resourceGroups/absent/providers/Microsoft.Network/networkInterfaces/x",
        404,
        "ResourceGroupNotFound",
        "Resource group 'absent' could not be found.",
    ),
    (
        "GET",
        "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups",
        404,
        "SubscriptionNotFound",
        "The subscription '00000000-0000-0000-0000-000000000001' could not be found.",
    ),
    (
        "GET",
        "{vnet_id}/subnets/absent",
        404,
        "NotFound",
        "Resource {vnet_id}/subnets/absent not found.",
    ),
    (
        "GET",
        "{group}/providers/Microsoft.Network/teapots/x",
        404,
        "InvalidResourceType",
        (
            "The resource type 'teapots' could not be found in the namespace 'Microsoft.Network' for api version "
            "'2025-05-01'."
        ),
    ),
    (
        "GET",
        "{group}/providers/Microsoft.Teapot/pots/x",
        404,
        "InvalidResourceNamespace",
        "The resource namespace 'Microsoft.Teapot' is invalid.",
    ),
    (
        "POST",
        "{group}/providers/Microsoft.Network/networkInterfaces/tg-node-a-inside",
        405,
        "",
        "The requested resource does not support http method 'POST'.",
    ),
]


@pytest.mark.parametrize(("method", "path", "status", "code", "message"), ROWS)
def test_that_what_is_not_there_is_refused_in_azures_words(
    bench: Bench, method: str, path: str, status: int, code: str, message: str
) -> None:
    names = {"group": bench.group, "subscription": bench.subscription, "vnet_id": bench.vnet_id}
    answer = bench.call(method, path.format(**names))
    assert error_of(answer) == (status, code, message.format(**names))


def test_that_an_api_version_is_required(bench: Bench) -> None:
    answer = bench.send("GET", f"{HOST}{bench.nic_id(A)}")
    assert error_of(answer) == (
        400,
        "MissingApiVersionParameter",
        "The api-version query parameter (?api-version=) is required for all requests.",
    )
    assert answer.header("x-ms-failure-cause") == "gateway"


@pytest.mark.parametrize(("version", "status"), [("2015-06-15", 200), ("2026-03-01", 200), ("2018-01-01-preview", 200)])
def test_that_any_plausible_api_version_is_accepted(bench: Bench, version: str, status: int) -> None:
    assert bench.call("GET", bench.nic_id(A), version=version).status == status


@pytest.mark.parametrize("version", ["latest", "2025-13-01", "2025-05-01-"])
def test_that_an_implausible_api_version_is_refused(bench: Bench, version: str) -> None:
    assert error_of(bench.call("GET", bench.nic_id(A), version=version))[:2] == (400, "InvalidApiVersionParameter")


def test_that_paths_ignore_case_and_double_slashes_and_ids_keep_theirs(bench: Bench) -> None:
    answer = bench.call("GET", "/" + bench.nic_id(A).upper().replace("/PROVIDERS/", "//PROVIDERS/"))
    assert answer.status == 200
    assert answer.json()["id"] == bench.nic_id(A)


def test_that_a_put_in_another_case_changes_the_same_nic(bench: Bench) -> None:
    answer = bench.call("PUT", bench.nic_id(A).lower(), bench.nic(A))
    assert (answer.status, answer.json()["id"], answer.json()["name"]) == (200, bench.nic_id(A), A)


def test_that_every_answer_carries_arms_headers(bench: Bench) -> None:
    answer = bench.call(
        "GET",
        bench.nic_id(A),
        headers={"x-ms-client-request-id": "mine", "x-ms-return-client-request-id": "true"},
    )
    guid = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    expected = {
        "Cache-Control": "no-cache",
        "Pragma": "no-cache",
        "Expires": "-1",
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
        "X-Content-Type-Options": "nosniff",
        "Content-Type": "application/json; charset=utf-8",
        "Date": "Mon, 02 Mar 2026 09:00:00 GMT",
        "x-ms-client-request-id": "mine",
    }
    assert {name: answer.header(name) for name in expected} == expected
    correlation = answer.header("x-ms-correlation-request-id") or ""
    assert re.fullmatch(guid, correlation)
    assert re.fullmatch(guid, answer.header("x-ms-request-id") or "")
    assert answer.header("x-ms-routing-request-id") == f"SOUTHCENTRALUS:20260302T090000Z:{correlation}"
    assert [value for name, value in answer.headers if name == "Server"] == ["Microsoft-HTTPAPI/2.0"] * 2
    assert re.fullmatch(guid, answer.header("x-ms-arm-service-request-id") or "")
    assert answer.header("x-cache") == "CONFIG_NOCACHE"
    assert re.fullmatch(
        r"Ref A: [0-9A-F]{32} Ref B: LAB Ref C: 2026-03-02T09:00:00Z", answer.header("x-msedge-ref") or ""
    )
    rights = bench.call("GET", f"{bench.group}/providers/Microsoft.Authorization/permissions")
    assert (rights.header("Set-Cookie") or "").startswith("x-ms-gateway-slice=Production; path=/; secure;")
    assert rights.header("x-cache") is None
    silent = bench.call("GET", bench.nic_id(A), headers={"x-ms-client-request-id": "mine"})
    assert silent.header("x-ms-client-request-id") is None


def as_member(bench: Bench) -> Principal:
    (member,) = [item for item in bench.lab.principals if item.name == "tg-node-a"]
    bench.token = bench.lab.issue_token_for(member)
    return member


def test_that_a_member_may_move_the_address_and_not_poll(bench: Bench) -> None:
    member = as_member(bench)
    answer = bench.detach()
    polled = bench.poll(answer)
    assert error_of(polled) == (
        403,
        "AuthorizationFailed",
        (
            f"The client '{member.oid}' with object id '{member.oid}' does not have authorization to perform action "
            f"'Microsoft.Network/locations/operations/read' over scope '{bench.subscription}' or the scope is invalid. "
            "If access was recently granted, please refresh your credentials."
        ),
    )
    assert polled.header("x-ms-failure-cause") == "gateway"
    bench.clock.advance(4)
    bench.attach()
    bench.clock.advance(4)
    assert bench.lab.holder(FLOATING) == bench.nic_id(B)


def test_that_every_reference_in_the_body_needs_its_own_right(bench: Bench) -> None:
    nic = bench.nic("tg-node-a-outside")
    public = nic["properties"]["ipConfigurations"][0]["properties"]["publicIPAddress"]["id"]
    member = as_member(bench)
    assert error_of(bench.put("tg-node-a-outside", nic)) == (
        403,
        "LinkedAuthorizationFailed",
        (
            f"The client '{member.oid}' with object id '{member.oid}' has permission to perform action "
            f"'Microsoft.Network/networkInterfaces/write' on scope '{bench.nic_id('tg-node-a-outside')}'; "
            "however, it does not have permission to perform action(s) "
            "'Microsoft.Network/publicIPAddresses/join/action' "
            f"on the linked scope(s) '{public}' (respectively) or the linked scope(s) are invalid."
        ),
    )


def test_that_authorization_comes_before_existence(bench: Bench) -> None:
    as_member(bench)
    path = f"{bench.subscription}/resourceGroups/absent/providers/Microsoft.Network/networkInterfaces/x"
    assert error_of(bench.call("GET", path))[:2] == (403, "AuthorizationFailed")


def test_that_permissions_list_one_entry_for_each_role_held(bench: Bench) -> None:
    path = f"{bench.group}/providers/Microsoft.Authorization/permissions"
    assert bench.get(path)["value"] == [{"actions": ["*"], "notActions": [], "dataActions": [], "notDataActions": []}]
    as_member(bench)
    (entry,) = bench.get(path)["value"]
    assert len(entry["actions"]) == 10
    assert bench.get(f"{bench.subscription}/providers/Microsoft.Authorization/permissions")["value"] == []


def test_that_a_missing_group_still_answers_inherited_permissions(bench: Bench) -> None:
    path = f"{bench.subscription}/resourceGroups/absent/providers/Microsoft.Authorization/permissions"
    assert [item["actions"] for item in bench.get(path)["value"]] == [["*"]]


def locked(bench: Bench, level: str, scope: str) -> Lab:
    document = json.loads(bench.lab.dump())
    document["locks"] = [{"name": "keep", "scope": scope, "level": level, "notes": "audit"}]
    return Lab.load(json.dumps(document), bench.clock)


def put_on(bench: Bench, lab: Lab, etag: str) -> Response:
    return bench.call("PUT", bench.nic_id(A), bench.nic(A), headers={"If-Match": etag}, lab=lab)


def test_that_a_read_only_lock_refuses_writes_before_the_etag_is_looked_at(bench: Bench) -> None:
    lab = locked(bench, "ReadOnly", bench.group)
    assert error_of(put_on(bench, lab, 'W/"stale"')) == (
        409,
        "ScopeLocked",
        (
            f"The scope '{bench.nic_id(A)}' cannot perform write operation because following scope(s) are locked: "
            f"'{bench.group}'. Please remove the lock and try again."
        ),
    )
    assert bench.call("GET", bench.nic_id(A), lab=lab).status == 200


def test_that_a_delete_lock_and_a_lock_elsewhere_let_writes_through(bench: Bench) -> None:
    for lab in (locked(bench, "CanNotDelete", bench.group), locked(bench, "ReadOnly", bench.nic_id(B))):
        assert put_on(bench, lab, "*").status == 200


def test_that_locks_are_listed_at_below_and_above_a_scope(bench: Bench) -> None:
    lab = locked(bench, "ReadOnly", bench.group)
    for scope in (bench.subscription, bench.group, bench.nic_id(A)):
        answer = bench.call("GET", f"{scope}/providers/Microsoft.Authorization/locks", lab=lab)
        assert answer.json()["value"] == [
            {
                "id": f"{bench.group}/providers/Microsoft.Authorization/locks/keep",
                "type": "Microsoft.Authorization/locks",
                "name": "keep",
                "properties": {"level": "ReadOnly", "notes": "audit"},
            }
        ]
    assert bench.get(f"{bench.group}/providers/Microsoft.Authorization/locks") == {"value": []}


def test_that_the_token_is_nowhere_in_log_and_world(bench: Bench) -> None:
    bench.detach()
    assert bench.token is not None
    assert bench.token not in bench.lab.dump()
    assert bench.token not in repr(bench.lab.requests)
    last = bench.lab.requests[-1]
    assert (last.method, last.path, last.status) == ("PUT", bench.nic_id(A), 200)


def test_that_metadata_needs_no_token(bench: Bench) -> None:
    bench.token = None
    answer = bench.call("GET", "https://localhost:99/metadata/endpoints")
    assert (answer.status, answer.json()["resourceManager"]) == (200, "https://localhost:99")
    newest = bench.call("GET", "https://localhost:99/metadata/endpoints", version="2022-09-01").json()
    assert {"portal", "graph", "graphAudience", "microsoftGraphResourceId", "batch", "sqlManagement"} <= newest.keys()
    oldest = bench.call("GET", "https://localhost:99/metadata/endpoints", version="2015-01-01").json()
    assert oldest.keys() == {"galleryEndpoint", "graphEndpoint", "portalEndpoint", "authentication"}
    assert oldest["authentication"]["loginEndpoint"] == "https://localhost:99/"

"""A VM's own identity: giving and taking it, and the two endpoints for its tokens (azure/README.md 1.3, 4.3)."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from azure.identity import ManagedIdentityCredential
from azure.mgmt.network import NetworkManagementClient

from tests.lab.bench import HOST, Bench, JumpingTransport, error_of
from tests.lab.rights import assign, fresh_guid, member, sign_in
from tgwizard.lab.entra.identity_endpoint import IdentityEndpoint
from tgwizard.lab.wire import Response

ARM = "https://management.azure.com/"


def endpoint(bench: Bench, name: str = "tg-node-a") -> IdentityEndpoint:
    return bench.lab.directory.identity_endpoint(bench.vm_id(name), HOST)


def app_service(bench: Bench, at: IdentityEndpoint, header: str, resource: str = ARM, more: str = "") -> Response:
    bench.token = None
    url = f"{at.endpoint}?api-version=2019-08-01&resource={resource}{more}"
    return bench.send("GET", url, headers={"X-IDENTITY-HEADER": header})


def imds(bench: Bench, authority: str, **headers: str) -> Response:
    bench.token = None
    url = f"{authority}/metadata/identity/oauth2/token?api-version=2018-02-01&resource={ARM}"
    return bench.send("GET", url, headers=headers)


def claims_of(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def test_that_a_vm_gets_a_token_in_app_service_form(bench: Bench) -> None:
    at, holder = endpoint(bench), member(bench)
    answer = app_service(bench, at, at.header)
    assert answer.status == 200
    body = answer.json()
    assert (body["token_type"], body["resource"], body["client_id"]) == ("Bearer", ARM, holder.app_id)
    assert int(body["expires_on"]) > time.time() + 3600
    claims = claims_of(body["access_token"])
    assert (claims["oid"], claims["appid"], claims["xms_mirid"]) == (holder.oid, holder.app_id, holder.resource)
    assert claims["tid"] == bench.lab.subscription.tenant
    bench.token = body["access_token"]
    assert bench.nic("tg-node-a-inside")["name"] == "tg-node-a-inside"


def test_that_a_vm_gets_a_token_in_imds_form(bench: Bench) -> None:
    answer = imds(bench, endpoint(bench).authority, Metadata="true")
    body = answer.json()
    assert answer.status == 200
    assert set(body) == {
        "access_token",
        "client_id",
        "expires_in",
        "expires_on",
        "ext_expires_in",
        "not_before",
        "resource",
        "token_type",
    }
    assert claims_of(body["access_token"])["oid"] == member(bench).oid


def test_that_another_vms_secret_opens_nothing(bench: Bench) -> None:
    mine, others = endpoint(bench), endpoint(bench, "tg-node-b")
    assert mine.header != others.header
    assert app_service(bench, mine, others.header).status == 401
    assert app_service(bench, mine, "").status == 401
    assert imds(bench, others.authority.replace("tg-node-b", "tg-node-a"), Metadata="true").status == 404


def test_that_imds_wants_its_header(bench: Bench) -> None:
    answer = imds(bench, endpoint(bench).authority)
    assert (answer.status, answer.json()) == (
        400,
        {"error": "invalid_request", "error_description": "Required metadata header not specified"},
    )


def test_that_a_vm_without_an_identity_is_told_so(bench: Bench) -> None:
    at = endpoint(bench, "vm-app-01")
    expected = {"error": "invalid_request", "error_description": "Identity not found"}
    for answer in (app_service(bench, at, at.header), imds(bench, at.authority, Metadata="true")):
        assert (answer.status, answer.json()) == (400, expected)
    mine = endpoint(bench)
    assert app_service(bench, mine, mine.header, more=f"&client_id={fresh_guid('x')}").json() == expected


def test_that_only_known_resources_are_served(bench: Bench) -> None:
    at = endpoint(bench)
    answer = app_service(bench, at, at.header, "https://vault.azure.net")
    assert (answer.status, answer.json()["error"]) == (400, "invalid_resource")


def test_that_the_secrets_are_nowhere_stored(bench: Bench) -> None:
    at = endpoint(bench)
    app_service(bench, at, at.header)
    assert at.header not in bench.lab.dump()
    assert at.header not in repr(bench.lab.requests)


@pytest.mark.parametrize("form", ["app-service", "imds"])
def test_that_the_sdks_managed_identity_credential_is_content(
    bench: Bench, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = endpoint(bench)
    if form == "imds":
        monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", at.authority)
    else:
        monkeypatch.setenv("IDENTITY_ENDPOINT", at.endpoint)
        monkeypatch.setenv("IDENTITY_HEADER", at.header)
    with (
        ManagedIdentityCredential(transport=JumpingTransport(bench)) as credential,
        NetworkManagementClient(credential, bench.lab.subscription.id, transport=JumpingTransport(bench)) as client,
    ):
        assert client.network_interfaces.get("rg-tg-prod", "tg-node-a-inside").name == "tg-node-a-inside"


def patch(bench: Bench, name: str, body: object) -> Response:
    return bench.call("PATCH", bench.vm_id(name), body, version="2024-11-01")


def test_that_giving_an_identity_answers_its_principal_at_once(bench: Bench) -> None:
    answer = patch(bench, "vm-app-01", {"identity": {"type": "SystemAssigned"}})
    body = answer.json()
    assert (answer.status, body["properties"]["provisioningState"]) == (200, "Updating")
    assert answer.header("Azure-AsyncOperation") is not None
    assert answer.header("Location") is None
    assert body["identity"]["type"] == "SystemAssigned"
    assert body["identity"]["tenantId"] == bench.lab.subscription.tenant
    assert member(bench, "vm-app-01").oid == body["identity"]["principalId"]
    bench.clock.advance(4)
    assert bench.poll(answer).json()["status"] == "Succeeded"
    assert bench.get(bench.vm_id("vm-app-01"))["properties"]["provisioningState"] == "Succeeded"


def test_that_giving_it_again_keeps_the_principal(bench: Bench) -> None:
    before = member(bench).oid
    answer = patch(bench, "tg-node-a", {"identity": {"type": "SystemAssigned"}})
    assert answer.json()["identity"]["principalId"] == before


def test_that_taking_and_giving_it_makes_another_principal_and_orphans_the_rights(bench: Bench) -> None:
    before = member(bench).oid
    gone = patch(bench, "tg-node-a", {"identity": {"type": "None"}})
    assert "identity" not in gone.json()
    bench.clock.advance(5)
    again = patch(bench, "tg-node-a", {"identity": {"type": "SystemAssigned"}}).json()["identity"]["principalId"]
    assert again != before
    listed = bench.get(f"{bench.group}/providers/Microsoft.Authorization/roleAssignments?$filter=atScope()")["value"]
    holders = {item["properties"]["principalId"] for item in listed}
    assert before in holders
    assert again not in holders
    guid = fresh_guid("same")
    assert assign(bench, before, "Reader", bench.group, guid=guid, kind="ServicePrincipal").status == 201
    assert error_of(assign(bench, again, "Reader", bench.group, guid=guid))[1] == "RoleAssignmentUpdateNotPermitted"
    sign_in(bench, member(bench))
    assert bench.call("GET", bench.nic_id("tg-node-a-inside")).status == 403


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"identity": {"type": "Sometimes"}}, 400, "InvalidParameter"),
        ({"identity": {"type": "UserAssigned"}}, 400, "InvalidParameter"),
        ({"identity": "SystemAssigned"}, 400, "InvalidRequestContent"),
        ([], 400, "InvalidRequestContent"),
        ({"location": "westeurope"}, 409, "PropertyChangeNotAllowed"),
    ],
)
def test_that_an_impossible_patch_changes_nothing(bench: Bench, body: object, status: int, code: str) -> None:
    before = bench.get(bench.vm_id("tg-node-a"))
    assert error_of(patch(bench, "tg-node-a", body))[:2] == (status, code)
    assert bench.get(bench.vm_id("tg-node-a")) == before


def test_that_user_assigned_identities_are_kept_beside_the_systems(bench: Bench) -> None:
    named = f"{bench.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/shared"
    both = {"identity": {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {named: {}}}}
    assert list(patch(bench, "tg-node-a", both).json()["identity"]["userAssignedIdentities"]) == [named]
    bench.clock.advance(5)
    only = patch(bench, "tg-node-a", {"identity": {"type": "SystemAssigned"}}).json()["identity"]
    assert "userAssignedIdentities" not in only


def test_that_tags_are_patched_and_the_identity_left_alone(bench: Bench) -> None:
    before = member(bench).oid
    body = patch(bench, "tg-node-a", {"tags": {"role": "new"}}).json()
    assert (body["tags"], body["identity"]["principalId"]) == ({"role": "new"}, before)


def test_that_a_reader_may_not_give_an_identity(bench: Bench) -> None:
    sign_in(bench, bench.lab.directory.account("reader@lab.example"))
    assert error_of(patch(bench, "vm-app-01", {"identity": {"type": "SystemAssigned"}}))[:2] == (
        403,
        "AuthorizationFailed",
    )

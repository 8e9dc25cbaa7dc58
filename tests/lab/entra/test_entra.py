"""Signing in: the token endpoint, its refusals, challenges, wrong tenants; and Graph (lab/README.md 3.1, 3.2)."""

from __future__ import annotations

import base64
import json
import logging
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential
from azure.mgmt.resource.subscriptions import SubscriptionClient

from tests.lab.bench import HOST, Bench, JumpingTransport, error_of
from tests.lab.rights import READER_ACCOUNT, member
from tgwizard.lab.wire import Response

LOGIN = "https://login.microsoftonline.com"
SCOPE = "https://management.azure.com/.default"
AZ_SCOPE = "https://management.core.windows.net//.default"


def post(bench: Bench, form: dict[str, str], tenant: str = "") -> Response:
    bench.token = None
    url = f"{LOGIN}/{tenant or bench.lab.subscription.tenant}/oauth2/v2.0/token"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return bench.send("POST", url, urlencode(form).encode(), headers=headers)


def by_secret(bench: Bench, **changes: str) -> Response:
    directory = bench.lab.directory
    form = {
        "grant_type": "client_credentials",
        "client_id": directory.automation.app_id,
        "client_secret": directory.client_secret(directory.automation),
        "scope": SCOPE,
    }
    tenant = changes.pop("tenant", "")
    return post(bench, {key: value for key, value in {**form, **changes}.items() if value}, tenant)


def claims_of(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


@pytest.mark.parametrize(
    ("scope", "audience"),
    [(SCOPE, "https://management.azure.com"), (AZ_SCOPE, "https://management.core.windows.net/")],
)
def test_that_a_service_principal_gets_a_token_that_arm_accepts(bench: Bench, scope: str, audience: str) -> None:
    answer = by_secret(bench, scope=scope)
    body = answer.json()
    assert (answer.status, body["token_type"], body["expires_in"]) == (200, "Bearer", 3600)
    claims = claims_of(body["access_token"])
    assert (claims["aud"], claims["idtyp"]) == (audience, "app")
    bench.token = body["access_token"]
    assert bench.get("/subscriptions")["value"][0]["displayName"] == bench.lab.subscription.name


REFUSED = [
    ({"client_secret": "sesame-sesame"}, 401, "invalid_client", 7000215),
    ({"client_secret": ""}, 401, "invalid_client", 7000215),
    ({"client_id": "00000000-0000-0000-0000-000000000009"}, 400, "unauthorized_client", 700016),
    ({"client_id": ""}, 400, "invalid_request", 900144),
    ({"grant_type": ""}, 400, "invalid_request", 900144),
    ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
    ({"scope": ""}, 400, "invalid_request", 900144),
    ({"scope": "https://management.azure.com/user_impersonation"}, 400, "invalid_scope", 1002012),
    ({"scope": "https://vault.azure.net/.default"}, 400, "invalid_resource", 500011),
    ({"tenant": "11111111-2222-3333-4444-555555555555"}, 400, "invalid_request", 90002),
    ({"grant_type": "refresh_token", "refresh_token": "1.x.0.y"}, 400, "invalid_grant", 9002313),
]


@pytest.mark.parametrize(("changes", "status", "error", "number"), REFUSED)
def test_that_entra_refuses_with_its_numbers(
    bench: Bench, changes: dict[str, str], status: int, error: str, number: int
) -> None:
    answer = by_secret(bench, **changes)
    body = answer.json()
    assert (answer.status, body["error"], body["error_codes"]) == (status, error, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert "sesame" not in body["error_description"]


def test_that_a_user_comes_in_by_refresh_token_until_the_sessions_are_revoked(bench: Bench) -> None:
    directory = bench.lab.directory
    reader = directory.account(READER_ACCOUNT)
    form = {
        "grant_type": "refresh_token",
        "client_id": "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
        "refresh_token": directory.refresh_token(reader),
        "scope": f"{SCOPE} openid profile offline_access",
    }
    body = post(bench, form, "organizations").json()
    assert claims_of(body["access_token"])["upn"] == READER_ACCOUNT
    assert claims_of(body["id_token"])["preferred_username"] == READER_ACCOUNT
    info = json.loads(base64.urlsafe_b64decode(body["client_info"] + "=="))
    assert info == {"uid": reader.oid, "utid": bench.lab.subscription.tenant}
    directory.revoke_sessions(reader)
    refused = post(bench, form)
    assert (refused.status, refused.json()["error"], refused.json()["error_codes"]) == (400, "invalid_grant", [50173])
    assert post(bench, {**form, "refresh_token": directory.refresh_token(reader)}).status == 200


def test_that_the_openid_document_leads_to_the_host_that_was_asked(bench: Bench) -> None:
    bench.token = None
    tenant = bench.lab.subscription.tenant
    document = bench.send("GET", f"https://localhost:99/{tenant}/v2.0/.well-known/openid-configuration").json()
    assert document["issuer"] == f"https://localhost:99/{tenant}/v2.0"
    assert document["token_endpoint"] == f"https://localhost:99/{tenant}/oauth2/v2.0/token"
    assert document["authorization_endpoint"].endswith("/authorize")
    for name in ("organizations", "common"):
        assert bench.send("GET", f"{LOGIN}/{name}/v2.0/.well-known/openid-configuration").status == 200
    unknown = bench.send("GET", f"{LOGIN}/contoso.example/v2.0/.well-known/openid-configuration")
    assert (unknown.status, unknown.json()["error_codes"]) == (400, [90002])


def credential(bench: Bench, **changes: Any) -> ClientSecretCredential:
    directory = bench.lab.directory
    options = {
        "tenant_id": bench.lab.subscription.tenant,
        "client_id": directory.automation.app_id,
        "client_secret": directory.client_secret(directory.automation),
        "transport": JumpingTransport(bench),
        **changes,
    }
    return ClientSecretCredential(**options)


def subscriptions(bench: Bench, using: ClientSecretCredential) -> list[str | None]:
    with using, SubscriptionClient(using, transport=JumpingTransport(bench)) as client:
        return [item.display_name for item in client.subscriptions.list()]


def test_that_the_sdks_credential_signs_in_with_discovery_left_on(bench: Bench) -> None:
    assert subscriptions(bench, credential(bench)) == [bench.lab.subscription.name]


def test_that_the_sdk_shows_a_wrong_secret_as_entra_words_it(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "azure.identity")  # it warns, and raises the same words
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215: Invalid client secret provided"):
        subscriptions(bench, credential(bench, client_secret="sesame-sesame"))


def test_that_a_token_of_another_tenant_is_refused_by_name(bench: Bench) -> None:
    tenant, foreign = bench.lab.subscription.tenant, bench.lab.directory.foreign_tenant
    bench.token = by_secret(bench, tenant=foreign).json()["access_token"]
    answer = bench.call("GET", bench.group)
    status, code, message = error_of(answer)
    assert (status, code) == (401, "InvalidAuthenticationTokenTenant")
    assert message.startswith(
        f"The access token is from the wrong issuer 'https://sts.windows.net/{foreign}/'. It must match the tenant "
        f"'https://sts.windows.net/{tenant}/' associated with this subscription. Please use the authority (URL) "
        f"'https://login.windows.net/{tenant}' to get the token."
    )
    assert f'authorization_uri="https://login.windows.net/{tenant}"' in (answer.header("WWW-Authenticate") or "")


def test_that_a_revoked_session_is_challenged_and_the_sdk_answers_the_challenge(bench: Bench) -> None:
    directory = bench.lab.directory
    with (
        credential(bench) as using,
        SubscriptionClient(using, transport=JumpingTransport(bench), enable_cae=True) as client,
    ):
        assert len(list(client.subscriptions.list())) == 1
        directory.revoke_sessions(directory.automation)
        assert len(list(client.subscriptions.list())) == 1
    statuses = [item.status for item in bench.lab.requests if item.path == "/subscriptions"]
    assert statuses == [200, 401, 200]


def test_that_only_tokens_for_clients_that_know_challenges_end_early(bench: Bench) -> None:
    operator = bench.lab.directory.accounts[0]
    plain = bench.lab.issue_token_for(operator)
    continuous = bench.lab.issue_token_for(operator, continuous=True)
    bench.lab.directory.revoke_sessions(operator)
    bench.token = plain
    assert bench.call("GET", "/subscriptions").status == 200
    bench.token = continuous
    answer = bench.call("GET", "/subscriptions")
    challenge = answer.header("WWW-Authenticate") or ""
    assert answer.status == 401
    assert 'error="insufficient_claims"' in challenge
    claims = json.loads(base64.b64decode(challenge.split('claims="')[1].split('"')[0]))
    assert claims["access_token"]["nbf"]["essential"] is True
    bench.token = bench.lab.issue_token_for(operator, continuous=True)
    assert bench.call("GET", "/subscriptions").status == 200


def test_that_tenants_are_listed(bench: Bench) -> None:
    tenant = bench.lab.subscription.tenant
    plain = {"id": f"/tenants/{tenant}", "tenantId": tenant, "tenantCategory": "Home"}
    assert bench.call("GET", "/tenants", version="2019-11-01").json()["value"] == [plain]
    (named,) = bench.get("/tenants")["value"]
    assert plain.items() <= named.items()
    assert (named["displayName"], named["defaultDomain"]) == ("Lab", "lab.example")


def graph(bench: Bench, path: str, body: object = None, *, who: str = "operator", audience: str = "") -> Response:
    directory = bench.lab.directory
    principals = {"operator": directory.accounts[0], "automation": directory.automation, "vm": member(bench)}
    bench.token = bench.lab.issue_token_for(principals[who], audience=audience or "https://graph.microsoft.com")
    return bench.send("GET" if body is None else "POST", f"https://graph.microsoft.com/v1.0{path}", body)


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/servicePrincipals?$filter=servicePrincipalNames/any(c:c eq '{app}')", ["tgwizard-automation"]),
        ("/servicePrincipals?$filter=appId eq '{app}'", ["tgwizard-automation"]),
        ("/servicePrincipals?$filter=displayName eq 'tg-node-a'", ["tg-node-a"]),
        ("/servicePrincipals?$filter=startswith(displayName,'tg-node')", ["tg-node-a", "tg-node-b"]),
        ("/users?$filter=userPrincipalName eq 'reader@lab.example'", ["reader"]),
        ("/users?$filter=userPrincipalName eq 'nobody' or mail eq 'operator@lab.example'", ["Lab Operator"]),
    ],
)
def test_that_graph_finds_who_is_asked_for(bench: Bench, path: str, names: list[str]) -> None:
    text = path.format(app=bench.lab.directory.automation.app_id)
    answer = graph(bench, quote(text, safe="/?$=&'(),:"))
    assert answer.status == 200
    assert [item["displayName"] for item in answer.json()["value"]] == names


def test_that_graph_tells_types_by_id(bench: Bench) -> None:
    reader = bench.lab.directory.account(READER_ACCOUNT)
    answer = graph(bench, "/directoryObjects/getByIds", {"ids": [reader.oid, member(bench).oid, "nobody"]})
    assert [item["@odata.type"] for item in answer.json()["value"]] == [
        "#microsoft.graph.user",
        "#microsoft.graph.servicePrincipal",
    ]


def test_that_graph_knows_who_asks_and_who_may_not(bench: Bench) -> None:
    assert graph(bench, "/me").json()["userPrincipalName"] == "operator@lab.example"
    assert graph(bench, "/me", who="automation").status == 400
    assert graph(bench, "/users", who="automation").status == 200
    assert error_of(graph(bench, "/users", who="vm"))[:2] == (403, "Authorization_RequestDenied")
    assert error_of(graph(bench, "/users", audience=HOST))[:2] == (401, "InvalidAuthenticationToken")
    assert error_of(graph(bench, "/users/nobody@lab.example"))[:2] == (404, "Request_ResourceNotFound")
    assert error_of(graph(bench, "/users?$filter=age gt 3"))[:2] == (400, "Request_UnsupportedQuery")


def test_that_arm_refuses_a_graph_token(bench: Bench) -> None:
    graph(bench, "/me")
    assert error_of(bench.call("GET", "/subscriptions"))[:2] == (401, "InvalidAuthenticationTokenAudience")


def test_that_an_expired_token_opens_graph_no_more(bench: Bench) -> None:
    operator = bench.lab.directory.accounts[0]
    bench.token = bench.lab.issue_token_for(
        operator, audience="https://graph.microsoft.com", lifetime=timedelta(seconds=-5)
    )
    assert bench.send("GET", "https://graph.microsoft.com/v1.0/me").status == 401


def test_that_neither_secret_nor_refresh_token_is_stored_or_logged(bench: Bench) -> None:
    directory = bench.lab.directory
    by_secret(bench)
    kept = bench.lab.dump() + repr(bench.lab.requests)
    assert directory.client_secret(directory.automation) not in kept
    assert directory.refresh_token(directory.accounts[0]) not in kept


def test_that_accounts_are_the_same_in_another_scenario_of_the_lab(bench: Bench) -> None:
    directory = bench.lab.directory
    secret = directory.client_secret(directory.automation)
    bench.lab.use_scenario("fresh")
    assert directory.client_secret(directory.automation) == secret

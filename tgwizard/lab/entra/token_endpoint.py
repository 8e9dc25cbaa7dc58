"""The lab's Entra ID: the documents and the token endpoint that MSAL talks to (lab/README.md 3.1 and 3.2).

Service principals get tokens by client_credentials, with a secret or an assertion signed by their certificate; users by
authorization_code and device_code (`sign_in_flows`) and then by refresh_token. The authority is any host the request
came to, so the same documents serve the loopback server and the public names in process.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from tgwizard.lab.entra import access_tokens, client_assertions, oauth
from tgwizard.lab.entra.oauth import AZ_CLIENT, SHARED_TENANTS
from tgwizard.lab.entra.oauth_errors import NO_STORE, Denied
from tgwizard.lab.entra.sign_in_sessions import GrantedSignIn
from tgwizard.lab.routing import HandlerCall, Route
from tgwizard.lab.wire import Json, Response, json_response
from tgwizard.lab.world import LabPrincipalKind, Principal, World

LIFETIME = timedelta(hours=1)
CONTINUOUS_LIFETIME = timedelta(hours=24)
"""For clients that answer claims challenges; Entra gives those long tokens because it can end them."""
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"

_DEFAULT_SCOPE = "/.default"
_OPENID_SCOPES = frozenset({"openid", "profile", "offline_access", "email"})


def client_secret(world: World, principal: Principal) -> str:
    """Return the secret with which a service principal signs in."""
    return access_tokens.secret(world, "client-secret", principal.oid)


def refresh_token(world: World, user: Principal) -> str:
    """Return the refresh token of a user's present session."""
    session = world.sessions.get(user.oid, 0)
    return f"1.{user.oid}.{session}.{access_tokens.secret(world, 'refresh', f'{user.oid}:{session}')}"


def openid_configuration(call: HandlerCall) -> Response:
    """Answer the openid document of a tenant, or of `common` and `organizations`."""
    tenant = call.parameters["tenant"].lower()
    try:
        found = oauth.tenant_of(call)
    except Denied as denied:
        return oauth.refused(call, denied)
    shown = "{tenantid}" if tenant in SHARED_TENANTS else found
    base = f"{call.host}/{tenant if tenant in SHARED_TENANTS else found}"
    document: Json = {
        "issuer": f"{call.host}/{shown}/v2.0",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_types_supported": ["code", "id_token", "code id_token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["HS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "tenant_region_scope": "NA",
        "cloud_instance_name": call.host.partition("://")[2],
    }
    return json_response(200, document)


def instance_discovery(call: HandlerCall) -> Response:
    """Answer which authorities are one cloud; every host the lab is reached by is its own."""
    host = call.host.partition("://")[2]
    endpoint = f"{call.host}/{call.world.subscription.tenant}/v2.0/.well-known/openid-configuration"
    document: Json = {
        "tenant_discovery_endpoint": endpoint,
        "api-version": "1.1",
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    }
    return json_response(200, document)


def keys(call: HandlerCall) -> Response:  # noqa: ARG001 - the shape of a handler
    """Answer the public signing keys: none, since the lab signs with a secret of its own."""
    return json_response(200, {"keys": []})


def token(call: HandlerCall) -> Response:
    """Answer a token request. Refusals are OAuth's, with the AADSTS number in the description."""
    try:
        document = _by_grant(call, oauth.form_of(call))
    except Denied as denied:
        return oauth.refused(call, denied)
    return json_response(200, document, NO_STORE)


def _by_grant(call: HandlerCall, form: dict[str, str]) -> Json:
    tenant = oauth.tenant_of(call)
    match oauth.given(form, "grant_type"):
        case "client_credentials":
            return _by_itself(call, form, tenant)
        case "refresh_token":
            return _by_refresh_token(call, form, tenant)
        case "authorization_code":
            return _by_code(call, form)
        case grant if grant == DEVICE_GRANT:
            return _by_device_code(call, form)
        case other:
            text = f"The app requested an unsupported grant type '{other}'."
            raise Denied(400, "unsupported_grant_type", 70003, text)


def _by_itself(call: HandlerCall, form: dict[str, str], tenant: str) -> Json:
    world = call.world
    client = oauth.given(form, "client_id")
    principal = next((item for item in service_principals(world) if item.app_id == client.lower()), None)
    if principal is None:
        raise oauth.unknown_client(client, tenant)
    if form.get("client_assertion"):
        client_assertions.require(call, form, principal, tenant)
        return _granted(call, form, principal, tenant)
    if not access_tokens.same_secret(form.get("client_secret", ""), client_secret(world, principal)):
        raise Denied(
            401,
            "invalid_client",
            7000215,
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
            f"not the client secret ID, for a secret added to app '{client}'.",
        )
    return _granted(call, form, principal, tenant)


def _by_refresh_token(call: HandlerCall, form: dict[str, str], tenant: str) -> Json:
    world = call.world
    given = oauth.given(form, "refresh_token")
    oid = given.split(".")[1] if given.count(".") == 3 else ""
    user = next((item for item in users(world) if item.oid == oid), None)
    if user is None:
        raise Denied(400, "invalid_grant", 9002313, "Invalid request. Request is malformed or invalid.")
    if not access_tokens.same_secret(given, refresh_token(world, user)):
        raise Denied(
            400,
            "invalid_grant",
            50173,
            "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have "
            "changed or reset their password.",
        )
    return _for_user(call, form, user, tenant, client=form.get("client_id", AZ_CLIENT))


def _by_code(call: HandlerCall, form: dict[str, str]) -> Json:
    """Return the tokens of an authorization code, once, to whoever can prove to be the one who asked for it."""
    client = oauth.public_client(form)
    granted = call.world.sign_ins.redeem(
        oauth.given(form, "code"), client, form.get("redirect_uri", ""), form.get("code_verifier", ""), call.now
    )
    return _after_sign_in(call, form, granted)


def _by_device_code(call: HandlerCall, form: dict[str, str]) -> Json:
    """Return the tokens of a device code that the user has confirmed."""
    client = oauth.public_client(form)
    return _after_sign_in(call, form, call.world.sign_ins.poll(oauth.given(form, "device_code"), client, call.now))


def _after_sign_in(call: HandlerCall, form: dict[str, str], granted: GrantedSignIn) -> Json:
    """Return a user's tokens; the scope is that of the request for the sign-in, unless this one names its own."""
    asked = granted.asked
    user = next(item for item in users(call.world) if item.oid == granted.oid)
    scoped = {**form, "scope": form.get("scope") or asked.scope}
    return _for_user(call, scoped, user, asked.tenant, client=asked.client, nonce=asked.nonce)


def _for_user(
    call: HandlerCall, form: dict[str, str], user: Principal, tenant: str, *, client: str, nonce: str = ""
) -> Json:
    home, user_there = call.world.subscription.tenant, access_tokens.guest(call.world, user, tenant)
    claims: Json = {
        "aud": client,
        "iss": f"{call.host}/{tenant}/v2.0",
        "iat": _epoch(timedelta()),
        "exp": _epoch(LIFETIME),
        "name": user.display_name,
        "oid": user_there.oid,
        "preferred_username": user.name,
        "sub": user_there.oid,
        "tid": tenant,
        "ver": "2.0",
        **({"nonce": nonce} if nonce else {}),
    }
    return {
        **_granted(call, form, user, tenant),
        "refresh_token": refresh_token(call.world, user),
        "id_token": access_tokens.unsigned(claims),
        "client_info": access_tokens.packed({"uid": user.oid, "utid": home}),
        "foci": "1",
    }


def _granted(call: HandlerCall, form: dict[str, str], principal: Principal, tenant: str) -> Json:
    audience, scope = audience_of(call, form)
    continuous = "CP1" in form.get("claims", "")
    lifetime = CONTINUOUS_LIFETIME if continuous else LIFETIME
    seconds = int(lifetime.total_seconds())
    issued = access_tokens.issue(
        call.world, principal, lifetime=lifetime, audience=audience, tenant=tenant, continuous=continuous
    )
    return {
        "token_type": "Bearer",
        "scope": scope,
        "expires_in": seconds,
        "ext_expires_in": seconds,
        "access_token": issued,
    }


def audience_of(call: HandlerCall, form: dict[str, str]) -> tuple[str, str]:
    """Return the audience a scope asks for, and the scope. Raises Denied for none, or one that the lab has not.

    A second slash belongs to the audience: `https://x//.default`.
    """
    asked = [item for item in form.get("scope", "").split() if item.lower() not in _OPENID_SCOPES]
    resource = form.get("resource", "")
    if resource and not asked:
        asked = [resource + _DEFAULT_SCOPE]
    if not asked:
        raise oauth.missing("scope")
    (scope, *_) = asked
    client_credentials = form.get("grant_type") == "client_credentials"
    if client_credentials and not scope.endswith(_DEFAULT_SCOPE):
        raise Denied(
            400,
            "invalid_scope",
            1002012,
            f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value with "
            "/.default suffixed to the resource identifier (application ID URI).",
        )
    audience = scope.removesuffix(_DEFAULT_SCOPE) if scope.endswith(_DEFAULT_SCOPE) else scope.rsplit("/", 1)[0]
    if audience.rstrip("/") not in access_tokens.audiences_at(call.host) | {access_tokens.GRAPH_AUDIENCE}:
        raise Denied(
            400,
            "invalid_resource",
            500011,
            f"The resource principal named {audience} was not found in the tenant named {call.world.subscription.name}."
            " This can happen if the application has not been installed by the administrator of the tenant or consented"
            " to by any user in the tenant. You might have sent your authentication request to the wrong tenant.",
        )
    return audience, scope


def service_principals(world: World) -> Iterator[Principal]:
    """Yield the service principals that sign in with a secret or a certificate; managed identities have none."""
    return (item for item in world.accounts if item.kind is LabPrincipalKind.SERVICE_PRINCIPAL)


def users(world: World) -> Iterator[Principal]:
    """Yield the users."""
    yield world.operator
    yield from (item for item in world.accounts if item.kind is LabPrincipalKind.USER)


def _epoch(later: timedelta) -> int:
    return int((datetime.now(UTC) + later).timestamp())


ROUTES = (
    Route("POST", "/{tenant}/oauth2/v2.0/token", token),
    Route("POST", "/{tenant}/oauth2/token", token),
    Route("GET", "/{tenant}/v2.0/.well-known/openid-configuration", openid_configuration),
    Route("GET", "/{tenant}/.well-known/openid-configuration", openid_configuration),
    Route("GET", "/common/discovery/instance", instance_discovery),
    Route("GET", "/{tenant}/discovery/v2.0/keys", keys),
)

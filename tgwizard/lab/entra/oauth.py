"""What all of the lab's Entra shares: form fields, which tenants and which public clients there are."""

from __future__ import annotations

from urllib.parse import parse_qsl

from tgwizard.lab.entra import access_tokens
from tgwizard.lab.entra.oauth_errors import Denied
from tgwizard.lab.routing import HandlerCall
from tgwizard.lab.wire import Response

AZ_CLIENT = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
"""The public client id of az; the SDK's interactive credentials use it as well."""
PUBLIC_CLIENTS = {
    AZ_CLIENT: "Microsoft Azure CLI",
    "1950a258-227b-4e31-a9cf-717495945fc2": "Microsoft Azure PowerShell",
}
"""The applications that people sign in to without a secret, and the names under which Entra shows them."""
SHARED_TENANTS = frozenset({"common", "organizations"})


LARGEST_FORM = 64 * 1024
"""In bytes. What is asked for is remembered for a while, and anybody on the computer may ask."""
_MOST_FIELDS = 100


def form_of(call: HandlerCall) -> dict[str, str]:
    """Return the fields of a posted form; of a field sent twice the last one. Raises Denied for one that is too big."""
    too_big = Denied(413, "invalid_request", 9002313, "Invalid request. Request is malformed or invalid.")
    body = call.request.body
    if len(body) > LARGEST_FORM:
        raise too_big
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise too_big from error


def given(form: dict[str, str], name: str) -> str:
    """Return a field. Raises Denied when it is missing or empty."""
    value = form.get(name, "")
    if not value:
        raise missing(name)
    return value


def missing(name: str) -> Denied:
    """Return the refusal of a request without a field."""
    return Denied(400, "invalid_request", 900144, f"The request body must contain the following parameter: '{name}'.")


def public_client(form: dict[str, str]) -> str:
    """Return the client id of an application that people sign in to. Raises Denied for one nobody registered."""
    client = given(form, "client_id").lower()
    if client not in PUBLIC_CLIENTS:
        raise unknown_client(client, form.get("tenant", ""))
    return client


def unknown_client(client: str, tenant: str) -> Denied:
    """Return the refusal of a client id that the directory does not know."""
    return Denied(
        400,
        "unauthorized_client",
        700016,
        f"Application with identifier '{client}' was not found in the directory '{tenant}'. This can happen if the "
        "application has not been installed by the administrator of the tenant or consented to by any user in the "
        "tenant. You may have sent your authentication request to the wrong tenant.",
    )


def tenant_of(call: HandlerCall) -> str:
    """Return the tenant a path names, the home tenant for the shared names. Raises Denied for an unknown one."""
    tenant = call.parameters["tenant"].lower()
    if tenant in SHARED_TENANTS:
        return call.world.subscription.tenant
    for item in call.world.tenants:
        if tenant in {item.id, item.domain.lower()}:
            return item.id
    if tenant == access_tokens.foreign_tenant(call.world):
        return tenant
    raise unknown_tenant(tenant)


def unknown_tenant(tenant: str) -> Denied:
    """Return the refusal of a tenant that there is not."""
    return Denied(
        400,
        "invalid_request",
        90002,
        f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the "
        "correct cloud. Check with your subscription administrator, this may happen if there are no active "
        "subscriptions for the tenant.",
    )


def refused(call: HandlerCall, denied: Denied) -> Response:
    """Return a refusal as a token endpoint words it."""
    return denied.response(call.host, call.request.header("client-request-id") or "")

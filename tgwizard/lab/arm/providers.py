"""Resource providers: which the subscription is registered to use, and which api-versions their types know."""

from __future__ import annotations

from functools import partial

from tgwizard.lab.arm import not_served
from tgwizard.lab.routing import HandlerCall, Route
from tgwizard.lab.wire import Detail, Json, Refusal, Response, json_response

NAMESPACES = {
    "microsoft.network": (
        "Microsoft.Network",
        (
            "networkInterfaces",
            "virtualNetworks",
            "virtualNetworks/subnets",
            "networkSecurityGroups",
            "applicationSecurityGroups",
            "publicIPAddresses",
            "loadBalancers",
            "locations/operations",
            "locations/operationResults",
        ),
    ),
    "microsoft.compute": ("Microsoft.Compute", ("virtualMachines", "locations/operations")),
    "microsoft.authorization": (
        "Microsoft.Authorization",
        ("roleDefinitions", "roleAssignments", "permissions", "denyAssignments", "locks"),
    ),
    "microsoft.resources": ("Microsoft.Resources", ("subscriptions", "resourceGroups", "tenants")),
}
"""The providers the lab has: the name and the resource types."""

OLDEST = "2014-04-01"
"""No type of the lab knows an older api-version."""
_VERSIONS = ("2026-03-01", "2025-05-01", "2024-07-01", "2023-11-01", "2022-04-01", "2019-12-01", "2015-06-15")
_ALWAYS = ("microsoft.authorization", "microsoft.resources")
"""Namespaces that every subscription is registered to use."""


def get_provider(call: HandlerCall) -> Response:
    """Answer a provider with its registration and its types."""
    return json_response(200, _document(call, _known(call)))


def list_providers(call: HandlerCall) -> Response:
    """Answer the providers."""
    return json_response(200, {"value": [_document(call, key) for key in NAMESPACES]})


def register(call: HandlerCall, key: str) -> Response:
    """Register a provider: at once `Registering`, and `Registered` to whoever asks next (azure/README.md 1.1)."""
    document = _document(call, key)
    if key in _unregistered_in(call):
        call.world.unregistered.remove(key)
        document["registrationState"] = "Registering"
    return json_response(200, document)


def require_registered(call: HandlerCall, namespace: str) -> None:
    """Refuse with 409 what needs a provider that the subscription is not registered to use (azure/README.md 1.2)."""
    key = namespace.lower()
    if key not in _unregistered_in(call) or key in _ALWAYS:
        return
    name = NAMESPACES[key][0] if key in NAMESPACES else namespace
    code = "MissingSubscriptionRegistration"
    text = _unregistered(name)
    raise Refusal(409, code, text, details=(Detail(code, text, target=name),))


def require_version(call: HandlerCall, kind: str) -> None:
    """Refuse with 400 an api-version that is older than all that the lab's types know."""
    version, location = call.api_version, call.subscription.location
    if version >= OLDEST:
        return
    raise Refusal(
        400,
        "NoRegisteredProviderFound",
        f"No registered resource provider found for location '{location}' and API version "
        f"'{version}' for type '{kind}'. The supported api-versions are '{', '.join(_VERSIONS)}'. The supported "
        f"locations are '{location}'.",
    )


def _unregistered(name: str) -> str:
    return (
        f"The subscription is not registered to use namespace '{name}'. See https://aka.ms/rps-not-found for how to "
        "register subscriptions."
    )


def _known(call: HandlerCall) -> str:
    key = call.parameters["namespace"].lower()
    if key not in NAMESPACES:
        if not_served.is_provider_of_azure(key):
            raise not_served.refusal(f"the provider {call.parameters['namespace']}")
        name = call.parameters["namespace"]
        raise Refusal(404, "InvalidResourceNamespace", f"The resource namespace '{name}' is invalid.")
    return key


def _unregistered_in(call: HandlerCall) -> list[str]:
    """Return what the subscription of a call is not registered to use; only the one with the clusters lacks any."""
    return call.world.unregistered if call.subscription is call.world.subscription else []


def _document(call: HandlerCall, key: str) -> Json:
    name, types = NAMESPACES[key]
    return {
        "id": f"/subscriptions/{call.subscription.id}/providers/{name}",
        "namespace": name,
        "authorizations": [],
        "resourceTypes": [
            {
                "resourceType": item,
                "locations": [call.subscription.location],
                "apiVersions": list(_VERSIONS),
                "capabilities": "None",
            }
            for item in types
        ],
        "registrationState": "NotRegistered" if key in _unregistered_in(call) else "Registered",
        "registrationPolicy": "RegistrationFree" if key in _ALWAYS else "RegistrationRequired",
    }


_READ = "Microsoft.Resources/subscriptions/providers/read"

ROUTES = (
    Route("GET", "/subscriptions/{sub}/providers", list_providers, action=_READ, scope="/subscriptions/{sub}"),
    Route(
        "GET", "/subscriptions/{sub}/providers/{namespace}", get_provider, action=_READ, scope="/subscriptions/{sub}"
    ),
    *(
        Route(
            "POST",
            f"/subscriptions/{{sub}}/providers/{name}/register",
            partial(register, key=key),
            action=f"{name}/register/action",
            scope="/subscriptions/{sub}",
        )
        for key, (name, _) in NAMESPACES.items()
    ),
)

"""What the signed-in identity holds at a scope: one entry per role held (azure-wire.md 3.3)."""

from __future__ import annotations

from tgwizard.azure.failures import Doing, attempt
from tgwizard.azure.network import READ
from tgwizard.azure.session import Clients
from tgwizard.model.cluster import ResourceId
from tgwizard.model.permission import PermissionSet


def permissions_at(clients: Clients, scope: ResourceId) -> tuple[PermissionSet, ...]:
    """The permission sets that apply at the resource. Deny assignments are not part of them."""
    namespace, *types = scope.type.split("/")
    names = scope.text.split("/")[-2 * len(types) :][1::2]
    parent = "/".join(f"{kind}/{name}" for kind, name in zip(types[:-1], names[:-1], strict=True))
    operations = clients.authorization(scope.subscription).permissions
    doing = Doing("read your rights on", scope.name)
    held = attempt(
        doing,
        lambda: list(operations.list_for_resource(scope.group, namespace, parent, types[-1], scope.name, **READ)),
    )
    return tuple(PermissionSet(tuple(item.actions or ()), tuple(item.not_actions or ())) for item in held)

"""ARM resource ids: comparing, taking apart, putting together. Their case does not count (azure/README.md 1.0)."""

from __future__ import annotations

_MANAGEMENT_GROUPS = "/providers/Microsoft.Management/managementGroups/"


def key(resource_id: str) -> str:
    """Return the form under which a resource is stored and compared."""
    return resource_id.rstrip("/").lower()


def under(scope: str, resource_id: str) -> bool:
    """Return whether a resource is the scope itself or lies below it."""
    outer, inner = key(scope), key(resource_id)
    return outer in ("", inner) or inner.startswith(outer + "/")


def name_of(resource_id: str) -> str:
    """Return the last part of an id, in its own case."""
    return resource_id.rstrip("/").rsplit("/", 1)[-1]


def group_of(resource_id: str) -> str:
    """Return the resource group's name in an id. Raises ValueError for an id without one."""
    parts = resource_id.split("/")
    for index, part in enumerate(parts[:-1]):
        if part.lower() == "resourcegroups":
            return parts[index + 1]
    raise ValueError(f"no resource group in {resource_id!r}")


def subscription_of(resource_id: str) -> str:
    """Return the subscription's guid in an id, in lower case; empty for an id above subscriptions."""
    parts = key(resource_id).split("/")
    return parts[2] if len(parts) > 2 and parts[1] == "subscriptions" else ""


def management_group_id(name: str) -> str:
    """Return the scope of a management group."""
    return f"{_MANAGEMENT_GROUPS}{name}"


def management_group_of(scope: str) -> str:
    """Return the name of the management group that a scope is, in lower case; empty for another scope."""
    found, wanted = key(scope), _MANAGEMENT_GROUPS.lower()
    return found[len(wanted) :].partition("/")[0] if found.startswith(wanted) else ""


def parent_of(resource_id: str) -> str:
    """Return the id of the resource that a child (subnet, ipConfiguration) belongs to."""
    return resource_id.rstrip("/").rsplit("/", 2)[0]


def subscription_id(guid: str) -> str:
    """Return the scope of a subscription."""
    return f"/subscriptions/{guid}"


def group_id(subscription: str, group: str) -> str:
    """Return the scope of a resource group."""
    return f"/subscriptions/{subscription}/resourceGroups/{group}"


def resource_id(subscription: str, group: str, kind: str, name: str) -> str:
    """Return a resource's id; `kind` is the full type such as `Microsoft.Network/networkInterfaces`."""
    return f"{group_id(subscription, group)}/providers/{kind}/{name}"

"""What Azure serves and the lab does not, in the lab's own words: a known type never looks as if there were none.

Which types there are stands in `resources/azure/resource-types.txt`, as the public SDKs spell them: of the providers
that a cluster touches every call, of the others the types.
"""

from __future__ import annotations

import re
from functools import cache

from tgwizard import paths
from tgwizard.lab.rbac.known_operations import is_provider
from tgwizard.lab.wire import Refusal

CODE = "LabDoesNotServe"

_LIST = "azure/resource-types.txt"
_PLAIN = (
    ("GET", r"/providers(/[^/]+)?"),
    ("POST", r"/subscriptions/[^/]+/providers/[^/]+/(un)?register"),
    ("PUT DELETE", r"/subscriptions/[^/]+/tagNames/[^/]+(/tagValues/[^/]+)?"),
    ("POST", r"/subscriptions/[^/]+/resourceGroups/[^/]+/(exportTemplate|moveResources|validateMoveResources)"),
    ("GET", r"/subscriptions/[^/]+/resourceGroups/[^/]+/deployments/[^/]+/operations(/[^/]+)?"),
    ("GET", r"/subscriptions/[^/]+/providers/Microsoft\.Features/providers/[^/]+/features(/[^/]+)?"),
    ("POST", r"/subscriptions/[^/]+/providers/Microsoft\.Features/providers/[^/]+/features/[^/]+/(un)?register"),
    ("POST", r"/batch"),
)
"""Calls of ARM itself, and those in whose path the last provider's name is not that of who answers."""


def refusal(what: str) -> Refusal:
    """Return the 501 of the lab for what Azure has and the lab has not; clients do not try it again."""
    return Refusal(501, CODE, f"The lab does not serve {what}. Azure does; here nothing was read or changed.")


def is_known_path(method: str, path: str) -> bool:
    """Return whether a path without a resource type is one of ARM's calls."""
    return any(method in methods.split() and re.fullmatch(form, path, re.IGNORECASE) for methods, form in _PLAIN)


def methods_of(namespace: str, rest: str) -> frozenset[str] | None:
    """Return the methods that Azure has for what stands behind a provider's name in a path; None: it has no such type.

    An empty set: which methods there are is not listed.
    """
    entry = "/".join(part if index % 2 == 0 else "*" for index, part in enumerate(rest.split("/")))
    namespace, listed = namespace.lower(), _listed()
    methods = listed.get(f"{namespace}/{entry}".lower())
    if methods is not None:
        return methods
    # Of this provider the types alone are listed, or no more than its name is known.
    if listed.get(f"{namespace}/{rest.partition('/')[0]}".lower()) == frozenset():
        return frozenset()
    return frozenset() if is_provider(namespace) and namespace not in _providers() else None


def is_provider_of_azure(namespace: str) -> bool:
    """Return whether Azure has a provider of that name."""
    return namespace.lower() in _providers() or is_provider(namespace)


@cache
def _listed() -> dict[str, frozenset[str]]:
    text = (paths.resources() / _LIST).read_text(encoding="utf-8")
    entries = (line.split() for line in text.splitlines())
    return {entry.lower(): frozenset(methods) for entry, *methods in entries}


@cache
def _providers() -> frozenset[str]:
    return frozenset(entry.partition("/")[0] for entry in _listed())

"""The table of calls the lab serves, and what a handler is given. Paths match whatever their case."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from tgwizard.lab import ids
from tgwizard.lab.faults.fault_rules import OperationFate
from tgwizard.lab.rbac.conditions import Facts
from tgwizard.lab.wire import Request, Response
from tgwizard.lab.world import Principal, Subscription, World


@dataclass(frozen=True, slots=True)
class HandlerCall:
    """One authenticated request on its way to a handler."""

    world: World
    now: datetime
    request: Request
    principal: Principal
    host: str
    """Scheme and host that the request came to; URLs in the answer are on it."""
    path: str
    parameters: dict[str, str]
    query: dict[str, str]
    """Query items by lower-case name."""
    fate: OperationFate
    tenant: str = ""
    """The tenant that the caller's token is for; empty for the lab's own."""

    @property
    def subscription(self) -> Subscription:
        """The subscription that the path names; the one with the clusters for a path above subscriptions."""
        guid = self.parameters.get("sub") or ids.subscription_of(self.path)
        return self.world.subscription_with(guid) or self.world.subscription

    @property
    def home(self) -> str:
        """The tenant the caller works in."""
        return self.tenant or self.world.subscription.tenant

    @property
    def api_version(self) -> str:
        return self.query.get("api-version", "")


Handler: TypeAlias = Callable[[HandlerCall], Response]
LinkedChecks: TypeAlias = Callable[[HandlerCall], Iterable[tuple[str, str]]]
"""Returns (action, scope) for every resource that the body refers to."""


PAGES = frozenset({"$top", "$skiptoken"})
FILTERED = PAGES | {"$filter"}
"""What lists honour, and lists with a filter."""


@dataclass(frozen=True, slots=True)
class Route:
    """One call. `{name}` in the path is one part, `{name*}` any number of them.

    `scope` is where `action` is checked, with the same placeholders; empty means the path itself. A route without
    an action needs only a valid token.
    """

    method: str
    path: str
    handler: Handler
    action: str = ""
    scope: str = ""
    linked: LinkedChecks | None = None
    facts: Callable[[HandlerCall], Facts] | None = None
    """What conditions of role assignments can ask of the call."""
    writes: bool = False
    group_may_be_missing: bool = False
    options: frozenset[str] = PAGES
    """The query options (`$top` and so on) that the handler honours; the gateway refuses others."""
    _pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        text = re.escape(self.path)
        text = re.sub(r"\\\{(\w+)\\\*\\\}", r"(?P<\1>.*)", text)
        text = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", text)
        object.__setattr__(self, "_pattern", re.compile(text, re.IGNORECASE))

    def match(self, path: str) -> dict[str, str] | None:
        """Return the values of the placeholders if the path is this route's, else None."""
        found = self._pattern.fullmatch(path)
        return found.groupdict() if found else None

    def scope_of(self, path: str, parameters: dict[str, str]) -> str:
        """Return the scope at which the action is checked."""
        if not self.scope:
            return path
        scope = self.scope
        for name, value in parameters.items():
            scope = scope.replace("{" + name + "}", value).replace("{" + name + "*}", value)
        return scope


class RouteTable:
    """All routes of a lab; the first that matches wins."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = tuple(routes)

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """Return the route of a request with its placeholders, or None."""
        for route in self._routes:
            if route.method == method:
                parameters = route.match(path)
                if parameters is not None:
                    return route, parameters
        return None

    def knows(self, path: str) -> bool:
        """Return whether some other method is served at this path."""
        return any(route.match(path) is not None for route in self._routes)

"""Rights for tests: give an account a role, sign in as it, edit the saved world."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

from tests.lab.bench import Bench
from tgwizard.lab.lab import Lab
from tgwizard.lab.rbac.builtin_roles import BY_NAME
from tgwizard.lab.wire import Response
from tgwizard.lab.world import Principal

VERSION = "2022-04-01"
READER_ACCOUNT = "reader@lab.example"


def role_path(bench: Bench, guid: str, scope: str | None = None) -> str:
    place = bench.subscription if scope is None else scope
    return f"{place}/providers/Microsoft.Authorization/roleDefinitions/{guid}"


def assignment_path(scope: str, guid: str) -> str:
    return f"{scope}/providers/Microsoft.Authorization/roleAssignments/{guid}"


def fresh_guid(*about: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, ":".join(about)))


def assign(
    bench: Bench, oid: str, role: str, scope: str, *, guid: str = "", kind: str | None = None, **more: object
) -> Response:
    """PUT a role assignment as whoever the bench is; `role` is a built-in role's name or a guid."""
    known = BY_NAME[role].guid if role in BY_NAME else role
    properties = {"roleDefinitionId": role_path(bench, known), "principalId": oid, **more}
    if kind is not None:
        properties["principalType"] = kind
    path = assignment_path(scope, guid or fresh_guid(oid, known, scope))
    return bench.call("PUT", path, {"properties": properties}, version=VERSION)


def give(bench: Bench, name: str, role: str, scope: str) -> Principal:
    """Give an account a role as the operator would."""
    account = bench.lab.directory.account(name)
    answer = assign(bench, account.oid, role, scope)
    assert answer.status == 201, answer.body
    return account


def define(bench: Bench, guid: str, **properties: object) -> Response:
    """PUT a custom role with the first action of Trustgrid's role, unless the properties say otherwise."""
    body: dict[str, object] = {
        "roleName": f"role-{guid[:8]}",
        "type": "CustomRole",
        "description": "made by a test",
        "assignableScopes": [bench.group],
        "permissions": [{"actions": ["Microsoft.Network/networkInterfaces/read"], "notActions": []}],
    }
    return bench.call("PUT", role_path(bench, guid), {"properties": {**body, **properties}}, version=VERSION)


def sign_in(bench: Bench, principal: Principal) -> Principal:
    """Let the bench speak as a principal from now on."""
    bench.token = bench.lab.issue_token_for(principal)
    return principal


def member(bench: Bench, name: str = "tg-node-a") -> Principal:
    """Return a VM's identity."""
    (found,) = [item for item in bench.lab.principals if item.name == name]
    return found


def edit(bench: Bench, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the saved world and go on with it; tokens stay good."""
    document = json.loads(bench.lab.dump())
    change(document)
    bench.lab = Lab.load(json.dumps(document), bench.clock)


def deleted_while_assigned(bench: Bench) -> Response:
    """Define a role, assign it, and try to delete it."""
    assert define(bench, fresh_guid("one")).status == 201
    assert assign(bench, member(bench).oid, fresh_guid("one"), bench.group).status == 201
    return bench.call("DELETE", role_path(bench, fresh_guid("one")))

"""Whatever is sent to the authorization, identity and sign-in calls, the lab answers and nothing is half done."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st

from tests.lab.bench import Bench
from tests.lab.rights import assignment_path, fresh_guid, member, role_path
from tgwizard.lab.rbac.builtin_roles import READER

ONE = fresh_guid("one")
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def one_of(*values: object) -> st.SearchStrategy[object]:
    return _VALUES | st.sampled_from(values)


_ROLES = st.fixed_dictionaries(
    {},
    optional={
        "roleName": one_of("tg-role"),
        "type": one_of("CustomRole"),
        "description": _VALUES,
        "assignableScopes": one_of(["/"], ["/subscriptions/x"]) | st.lists(_VALUES, max_size=2),
        "permissions": one_of([{}], [{"actions": ["*"]}], [{"actions": "*"}]) | st.lists(_VALUES, max_size=2),
    },
)
_PATCHES = st.fixed_dictionaries(
    {},
    optional={
        "identity": _VALUES
        | st.fixed_dictionaries(
            {},
            optional={
                "type": one_of("SystemAssigned", "None", "SystemAssigned, UserAssigned"),
                "userAssignedIdentities": _VALUES,
            },
        ),
        "tags": _VALUES,
    },
)
_FILTERS = st.text("atScope()prinidlIeqR'x nmT ", max_size=40) | st.sampled_from(
    ["atScope(", "principalId eq", "principalId eq ''", "atScope() and", "type eq 'CustomRole' and atScope()"]
)


def answered(bench: Bench, method: str, path: str, body: object) -> int:
    before = bench.lab.dump()
    answer = bench.call(method, path, body)
    assert answer.status < 500
    if answer.status >= 400:
        error = answer.json()["error"]
        assert error["code"] or answer.status == 405
        assert error["message"]
        assert bench.lab.dump() == before, "a refusal changes nothing"
    return answer.status


@given(body=_VALUES | st.builds(lambda properties: {"properties": properties}, _ROLES | _VALUES))
def test_that_any_role_is_taken_or_refused(body: object) -> None:
    bench = Bench()
    if answered(bench, "PUT", role_path(bench, ONE), body) == 201:
        assert bench.call("GET", role_path(bench, ONE)).status == 200


@given(
    role=one_of(READER.guid, f"/x/{READER.guid}"),
    principal=one_of("holder"),
    kind=one_of("ServicePrincipal", "User"),
    rest=st.dictionaries(st.sampled_from(["description", "condition", "conditionVersion"]), _VALUES, max_size=2),
)
def test_that_any_assignment_is_taken_or_refused(role: object, principal: object, kind: object, rest: object) -> None:
    bench = Bench()
    holder = member(bench).oid if principal == "holder" else principal
    properties = {"roleDefinitionId": role, "principalId": holder, "principalType": kind, **dict(rest)}  # type: ignore[call-overload]
    status = answered(bench, "PUT", assignment_path(bench.group, ONE), {"properties": properties})
    assert status in {201, 400, 403}
    assert bench.call("GET", assignment_path(bench.group, ONE)).status == (200 if status == 201 else 404)


@given(body=_VALUES | _PATCHES)
def test_that_any_patch_of_a_vm_is_taken_or_refused(body: object) -> None:
    bench = Bench()
    answered(bench, "PATCH", bench.vm_id("tg-node-a"), body)
    assert json.loads(bench.lab.dump())["schema"] == 1


@given(text=_FILTERS)
def test_that_any_filter_is_taken_or_refused(text: str) -> None:
    bench = Bench()
    query = urlencode({"$filter": text})
    for kind in ("roleDefinitions", "roleAssignments", "denyAssignments"):
        status = answered(bench, "GET", f"{bench.group}/providers/Microsoft.Authorization/{kind}?{query}", None)
        assert status in {200, 400}, (kind, text)


@given(
    form=st.dictionaries(
        st.sampled_from(["grant_type", "client_id", "client_secret", "scope", "refresh_token", "claims", "resource"]),
        st.text(max_size=20) | st.sampled_from(["client_credentials", "refresh_token", "/.default", "a.b.c.d"]),
    )
)
def test_that_any_token_request_is_refused_as_oauth_does(form: dict[str, str]) -> None:
    bench = Bench()
    bench.token = None
    url = f"https://login.microsoftonline.com/{bench.lab.subscription.tenant}/oauth2/v2.0/token"
    answer = bench.send("POST", url, urlencode(form).encode())
    assert answer.status in {400, 401}
    assert answer.json()["error_description"].startswith("AADSTS")

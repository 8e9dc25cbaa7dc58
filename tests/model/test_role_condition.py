"""Conditions of role assignments: what the portal writes, what is not known, and that the lab reads them alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgwizard.lab.rbac import conditions
from tgwizard.model.role_condition import holds

WRITE = "Microsoft.Authorization/roleAssignments/write"
DELETE = "Microsoft.Authorization/roleAssignments/delete"
READER, OWNER, OURS = (f"{digit * 8}-0000-0000-0000-000000000000" for digit in "123")
ROLE = "@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId]"
OLD_ROLE = "@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId]"
KIND = "@Request[Microsoft.Authorization/roleAssignments:PrincipalType]"
OURS_GIVEN = {"request:roledefinitionid": OURS, "request:principaltype": "ServicePrincipal"}


def portal(role_part: str) -> str:
    """As the portal builds it: for writing, and the same for deleting what is there."""
    return (
        f"((!(ActionMatches{{'{WRITE}'}})) OR ({ROLE} {role_part}))\n AND \n"
        f"((!(ActionMatches{{'{DELETE}'}})) OR ({OLD_ROLE} {role_part}))"
    )


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (portal(f"ForAnyOfAnyValues:GuidEquals {{{READER}}}"), False),
        (portal(f"ForAnyOfAnyValues:GuidEquals {{{READER}, {OURS.upper()}}}"), True),
        (portal(f"ForAnyOfAllValues:GuidNotEquals {{{READER}, {OWNER}}}"), True),
        (portal(f"ForAnyOfAllValues:GuidNotEquals {{{READER}, {OURS}}}"), False),
        (f"{ROLE} GuidEquals {OURS} AND {KIND} StringEqualsIgnoreCase 'serviceprincipal'", True),
        (f"{ROLE} GuidEquals {OURS} && {KIND} ForAnyOfAnyValues:StringEquals {{'User', 'Group'}}", False),
        (f"NOT ({KIND} StringLike 'Service*') || {ROLE} GuidNotEquals {OURS}", False),
        (f"Exists {ROLE}", True),
        ("SubOperationMatches{'Blob.List'}", False),
        ("@Request[Microsoft.Authorization/roleAssignments:PrincipalId] GuidEquals 'x'", None),
        (f"@Environment[UtcNow] DateTimeGreaterThan '2026' OR {ROLE} GuidEquals {OURS}", None),
        (f"@Principal[Microsoft.Directory/x:y] StringEquals 'a' OR {ROLE} GuidEquals {OURS}", True),
        (f"@Principal[Microsoft.Directory/x:y] StringEquals 'a' AND {ROLE} GuidEquals {READER}", False),
        ("", None),
        ("((", None),
        ("(" * 5000, None),
        (f"{ROLE} GuidEquals", None),
        (f"{ROLE} GuidEquals {OURS} {OURS}", None),
    ],
)
def test_that_a_condition_is_judged_or_not_known(condition: str, expected: bool | None) -> None:
    assert holds(condition, WRITE, OURS_GIVEN) is expected


@pytest.mark.parametrize("condition", [portal(f"ForAnyOfAnyValues:GuidEquals {{{READER}}}")])
@pytest.mark.parametrize("action", ["Microsoft.Network/networkInterfaces/write", "Microsoft.Compute/x/read"])
def test_that_a_condition_about_giving_roles_leaves_everything_else_alone(condition: str, action: str) -> None:
    assert holds(condition, action, {}) is True


_LEAVES = st.sampled_from(
    [
        f"ActionMatches{{'{WRITE}'}}",
        "ActionMatches{'*/DELETE'}",
        f"{ROLE} GuidEquals {OURS}",
        f"{ROLE} ForAnyOfAnyValues:GuidEquals {{{READER}, {OWNER}}}",
        f"{ROLE} GuidNotEquals {OURS}",
        f"{KIND} StringEquals 'User'",
        f"{KIND} StringNotEqualsIgnoreCase 'SERVICEPRINCIPAL'",
        f"{KIND} StringStartsWith 'Service'",
        f"{KIND} StringNotLike 'S*l'",
        f"Exists {KIND}",
    ]
)
_CONDITIONS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["AND", "&&", "or", "||"]), inner).map(" ".join).map("({})".format),
        inner.map("!({})".format),
        inner.map("NOT {}".format),
    ),
    max_leaves=8,
)


@given(condition=_CONDITIONS, action=st.sampled_from([WRITE, DELETE]), role=st.sampled_from([READER, OWNER, OURS]))
def test_that_client_and_lab_agree_on_a_condition_when_all_is_known(condition: str, action: str, role: str) -> None:
    known = {"request:roledefinitionid": role, "request:principaltype": "ServicePrincipal"}
    assert holds(condition, action, known) is conditions.holds(condition, action, known)

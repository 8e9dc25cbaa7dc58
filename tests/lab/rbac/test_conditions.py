"""Conditions of role assignments: who may assign which roles to whom, and what Azure says about conditions."""

from __future__ import annotations

import pytest

from tests.lab.bench import Bench, error_of
from tests.lab.rights import READER_ACCOUNT, assign, assignment_path, fresh_guid, member, sign_in
from tgwizard.lab.lab import Lab
from tgwizard.lab.rbac import conditions
from tgwizard.lab.rbac.builtin_roles import BY_NAME
from tgwizard.lab.rbac.conditions import InvalidCondition

ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
ALLOWED = BY_NAME["Network Contributor"].guid
CONSTRAINED = f"""
(
 (
  !(ActionMatches{{'{ASSIGNMENTS}/write'}})
 )
 OR
 (
  @Request[{ASSIGNMENTS}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{ALLOWED}}}
  AND
  @Request[{ASSIGNMENTS}:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {{'ServicePrincipal'}}
 )
)
AND
(
 (
  !(ActionMatches{{'{ASSIGNMENTS}/delete'}})
 )
 OR
 (
  @Resource[{ASSIGNMENTS}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{ALLOWED}}}
 )
)
"""
"""What the portal writes for "may assign Network Contributor, to service principals only"."""
ADMINISTRATOR = "Role Based Access Control Administrator"


def constrained(bench: Bench, condition: str = CONSTRAINED) -> None:
    """Let the reader's account assign roles under a condition, and go on as that account."""
    who = bench.lab.directory.account(READER_ACCOUNT)
    answer = assign(bench, who.oid, ADMINISTRATOR, bench.group, condition=condition, conditionVersion="2.0")
    assert answer.status == 201, answer.body
    assert answer.json()["properties"]["condition"] == condition
    sign_in(bench, who)


def test_that_a_constrained_administrator_assigns_what_the_condition_names_and_nothing_else(bench: Bench) -> None:
    machine, person = member(bench), bench.lab.directory.accounts[0]
    constrained(bench)
    allowed = assign(bench, machine.oid, "Network Contributor", bench.group, kind="ServicePrincipal")
    assert allowed.status == 201, "allowed by role and type"
    for oid, role, kind in (
        (machine.oid, "Owner", "ServicePrincipal"),
        (person.oid, "Network Contributor", "User"),
        (person.oid, "Owner", "User"),
    ):
        status, code, message = error_of(assign(bench, oid, role, bench.group, kind=kind))
        assert (status, code) == (403, "AuthorizationFailed")
        assert f"'{ASSIGNMENTS}/write'" in message


def test_that_a_type_that_was_not_sent_is_looked_up(bench: Bench) -> None:
    machine, person = member(bench), bench.lab.directory.accounts[0]
    constrained(bench)
    assert assign(bench, machine.oid, "Network Contributor", bench.group).status == 201
    assert assign(bench, person.oid, "Network Contributor", bench.group).status == 403


def test_that_a_condition_bears_on_deletions_too(bench: Bench) -> None:
    machine = member(bench)
    owner = assign(bench, machine.oid, "Owner", bench.group, guid=fresh_guid("owner"))
    network = assign(bench, machine.oid, "Network Contributor", bench.group, guid=fresh_guid("network"))
    assert (owner.status, network.status) == (201, 201)
    constrained(bench)
    path = assignment_path(bench.group, fresh_guid("owner"))
    assert error_of(bench.call("DELETE", path, version="2022-04-01"))[:2] == (403, "AuthorizationFailed")
    path = assignment_path(bench.group, fresh_guid("network"))
    assert bench.call("DELETE", path, version="2022-04-01").status == 200


def test_that_a_condition_leaves_other_actions_alone_and_survives_saving(bench: Bench) -> None:
    constrained(bench)
    bench.lab = Lab.load(bench.lab.dump(), bench.clock)
    assert bench.call("GET", f"{bench.group}/providers/{ASSIGNMENTS}", version="2022-04-01").status == 200
    assert assign(bench, member(bench).oid, "Owner", bench.group, kind="ServicePrincipal").status == 403


@pytest.mark.parametrize(
    ("condition", "version", "code"),
    [
        (CONSTRAINED, None, "InvalidConditionVersion"),
        (CONSTRAINED, "1.0", "InvalidConditionVersion"),
        ("(", "2.0", "InvalidCondition"),
        ("@Request[x] StringEquals 'a'", "2.0", "InvalidCondition"),
        ("ActionMatches{'a'} ActionMatches{'b'}", "2.0", "InvalidCondition"),
        (f"@Request[{ASSIGNMENTS}:PrincipalId] GuidSimilar {{a}}", "2.0", "InvalidCondition"),
        ("#", "2.0", "InvalidCondition"),
        ("", "2.0", "InvalidCondition"),
    ],
)
def test_that_a_condition_nobody_can_read_is_refused(
    bench: Bench, condition: str, version: str | None, code: str
) -> None:
    more = {} if version is None else {"conditionVersion": version}
    answer = assign(bench, member(bench).oid, "Reader", bench.group, condition=condition, **more)
    assert error_of(answer)[:2] == (400, code)


WRITE = f"{ASSIGNMENTS}/write"
FACTS = {"request:principaltype": "User", "request:roledefinitionid": "ABCD"}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (f"ActionMatches{{'{WRITE}'}}", True),
        ("ActionMatches{'Microsoft.Authorization/*'}", True),
        ("NOT ActionMatches{'Microsoft.Storage/*'} && !(ActionMatches{'x'})", True),
        (f"@Request[{ASSIGNMENTS}:PrincipalType] StringEquals 'user'", False),
        (f"@Request[{ASSIGNMENTS}:PrincipalType] StringEqualsIgnoreCase 'user'", True),
        (f"@Request[{ASSIGNMENTS}:PrincipalType] StringNotEquals 'user'", True),
        (f"@Request[{ASSIGNMENTS}:PrincipalType] ForAnyOfAnyValues:StringLike {{'Gr*', 'Us*'}}", True),
        (f"@Request[{ASSIGNMENTS}:RoleDefinitionId] GuidEquals {{'x', abcd}}", True),
        (f"@Request[{ASSIGNMENTS}:RoleDefinitionId] GuidNotEquals abcd", False),
        (f"Exists @Request[{ASSIGNMENTS}:PrincipalType]", True),
        (f"Exists @Resource[{ASSIGNMENTS}:PrincipalType]", False),
        (f"@Resource[{ASSIGNMENTS}:PrincipalType] StringEquals 'User'", False),
        ("@Resource[Microsoft.Storage/storageAccounts:name] StringEquals 'x' || ActionMatches{'*'}", True),
        ("SubOperationMatches{'Blob.List'} OR ActionMatches{'none'}", False),
        ("ActionMatches{'none'} AND ActionMatches{'*'} OR ActionMatches{'*'}", True),
        ("ActionMatches{'*'} OR ActionMatches{'none'} AND ActionMatches{'none'}", True),
    ],
)
def test_that_an_expression_means_what_azure_says_it_means(condition: str, expected: bool) -> None:
    assert conditions.holds(condition, WRITE, FACTS) is expected


def test_that_an_unreadable_condition_never_lets_an_assignment_count() -> None:
    assert conditions.holds("(", WRITE, FACTS) is False


def test_that_what_is_wrong_in_an_expression_is_named() -> None:
    with pytest.raises(InvalidCondition, match=r"\) is expected, not 'the end'"):
        conditions.parse("(ActionMatches{'a'}")

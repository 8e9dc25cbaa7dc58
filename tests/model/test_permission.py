"""Azure's wildcards: ours against a naive reference and against the lab's own, written apart on purpose."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgwizard.lab.rbac import rbac_evaluation
from tgwizard.model.permission import PermissionSet, allows, matches

_PATTERN = st.text("aAb/.*+(", max_size=8)
_ACTION = st.text("aAb/.+(", max_size=8)


def _naive(pattern: str, action: str) -> bool:
    """Letter by letter, without regular expressions."""
    if not pattern:
        return not action
    if pattern[0] == "*":
        return any(_naive(pattern[1:], action[start:]) for start in range(len(action) + 1))
    return bool(action) and pattern[0].lower() == action[0].lower() and _naive(pattern[1:], action[1:])


@given(pattern=_PATTERN, action=_ACTION)
def test_that_a_wildcard_is_any_run_of_characters_and_nothing_else_is_special(pattern: str, action: str) -> None:
    assert matches(pattern, action) == _naive(pattern, action)


@given(pattern=_PATTERN, action=_ACTION)
def test_that_client_and_lab_agree_on_wildcards(pattern: str, action: str) -> None:
    assert matches(pattern, action) == rbac_evaluation.matches(pattern, action)


@given(action=_ACTION, others=st.lists(_PATTERN, max_size=3))
def test_that_every_action_matches_itself_and_everything(action: str, others: list[str]) -> None:
    assert matches(action, action.upper())
    assert allows((PermissionSet(tuple(others)), PermissionSet(("*",))), action)


@pytest.mark.parametrize(
    ("held", "allowed"),
    [
        ((), False),
        ((PermissionSet(("Microsoft.Network/networkInterfaces/*",)),), True),
        ((PermissionSet(("microsoft.network/NETWORKINTERFACES/write",)),), True),
        ((PermissionSet(("*/read",)),), False),
        ((PermissionSet(("*",), ("Microsoft.Network/*/write",)),), False),
        ((PermissionSet(("*",), ("Microsoft.Network/*/write",)), PermissionSet(("*/write",))), True),
        ((PermissionSet(("*",), ("Microsoft.Compute/*",)), PermissionSet(("*/read",))), True),
        ((PermissionSet(("Microsoft.Network/networkInterfaces",)),), False),
    ],
)
def test_that_an_exception_takes_away_from_its_own_role_only(held: tuple[PermissionSet, ...], *, allowed: bool) -> None:
    assert allows(held, "Microsoft.Network/networkInterfaces/write") is allowed

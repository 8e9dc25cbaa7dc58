"""Cures: what a problem of a step offers to do about it, as typed values that a window turns into buttons."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from ipaddress import IPv4Address

from tgwizard.engine.setup.flow import Flow, answer, go_to
from tgwizard.model.finding import Level
from tgwizard.model.problem import Problem
from tgwizard.model.setup_answers import Answers, RoleAnswer, RoleUse, SetupStep


class CureKind(Enum):
    """What a cure does. The first four are for the window: nothing in the answers changes."""

    PLANNED = "planned"
    READ_AGAIN = "read_again"
    SIGN_IN_AGAIN = "sign_in_again"
    HAND_OVER = "hand_over"
    GO_TO_STEP = "go_to_step"
    USE_ADDRESS = "use_address"
    USE_NAME = "use_name"
    USE_CONFIGURATION = "use_configuration"
    USE_ROLE_NAME = "use_role_name"
    ADD_ACTIONS = "add_actions"
    LEAVE_OUT_ACTIONS = "leave_out_actions"
    UPDATE_ROLE = "update_role"
    MAKE_ROLE = "make_role"
    PUT_SCOPE_BACK = "put_scope_back"
    REMOVE_STALE = "remove_stale"


@dataclass(frozen=True, slots=True)
class Cure:
    """One offer. ``label`` is the button's text; ``values`` what it takes over; ``step`` where it leads."""

    kind: CureKind
    label: str
    values: tuple[str, ...] = ()
    step: SetupStep | None = None

    @property
    def pure(self) -> bool:
        """Whether ``cured`` does it; the others are for who shows them."""
        return self.kind not in (
            CureKind.PLANNED,
            CureKind.READ_AGAIN,
            CureKind.SIGN_IN_AGAIN,
            CureKind.HAND_OVER,
        )


@dataclass(frozen=True, slots=True)
class StepProblem:
    """A problem of a step with its cures. Level BLOCKS keeps Continue from going on; the others are told."""

    level: Level
    problem: Problem
    cures: tuple[Cure, ...] = ()

    @property
    def blocks(self) -> bool:
        """Whether the step cannot be continued from."""
        return self.level is Level.BLOCKS


def cured(flow: Flow, proposed: Answers, cure: Cure) -> Flow:
    """The flow with the cure taken; unchanged for a cure that is not pure."""
    if cure.kind is CureKind.GO_TO_STEP:
        return go_to(flow, cure.step or flow.step)
    if not cure.pure:
        return flow
    answers, first = flow.answers, cure.values[0] if cure.values else ""
    match cure.kind:
        case CureKind.USE_ADDRESS:
            after = replace(answers, address=IPv4Address(first))
        case CureKind.USE_NAME:
            after = replace(answers, name=first)
        case CureKind.USE_CONFIGURATION:
            after = replace(answers, ip_configuration=first)
        case CureKind.PUT_SCOPE_BACK:
            after = replace(answers, narrowed=tuple(one for one in answers.narrowed if one.lower() != first.lower()))
        case CureKind.REMOVE_STALE:
            after = replace(answers, remove_stale=True)
        case _:
            after = replace(answers, role=_other_role(answers.role or proposed.role or RoleAnswer(), cure, first))
    return answer(flow, after)


def _other_role(role: RoleAnswer, cure: Cure, first: str) -> RoleAnswer:
    match cure.kind:
        case CureKind.ADD_ACTIONS:
            return _adding(role, cure.values)
        case CureKind.LEAVE_OUT_ACTIONS:
            return _leaving_out(role, cure.values)
        case CureKind.UPDATE_ROLE:
            return replace(role, use=RoleUse.UPDATE, guid=first)
        case CureKind.MAKE_ROLE | CureKind.USE_ROLE_NAME:
            return replace(role, use=RoleUse.NEW, name=first, guid="")
        case _:
            return role


def _adding(role: RoleAnswer, actions: tuple[str, ...]) -> RoleAnswer:
    added = {action.lower() for action in actions}
    extra = tuple(dict.fromkeys((*role.extra, *actions)))
    return replace(role, extra=extra, declined=tuple(one for one in role.declined if one.lower() not in added))


def _leaving_out(role: RoleAnswer, actions: tuple[str, ...]) -> RoleAnswer:
    left = {action.lower() for action in actions}
    declined = tuple(dict.fromkeys((*role.declined, *actions)))
    return replace(role, declined=declined, extra=tuple(one for one in role.extra if one.lower() not in left))

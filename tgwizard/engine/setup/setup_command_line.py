"""The set-up as a command that makes the plan the wizard shows, with every answer that is not suggested anyway.

What the command would suggest by itself is worked out with the same readings, so an option stands there only for an
answer that would else be another one. Words are quoted for a POSIX shell.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from tgwizard.engine.access.required_rights import computed_scopes, extra_actions, required_rights
from tgwizard.engine.setup.assignment_scopes import chosen_scopes
from tgwizard.engine.setup.planner import answers_of
from tgwizard.engine.setup.suggestions import chosen_machines_in, proposed_answers
from tgwizard.engine.setup.wizard_state import WizardState
from tgwizard.model import fields
from tgwizard.model.cluster import ResourceId
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.inventory import SubscriptionSeen
from tgwizard.model.role import NETWORK_CONTRIBUTOR
from tgwizard.model.setup_answers import Answers, RoleAnswer, RoleUse, SetupStep

WHOLE_SUBSCRIPTION = "--whole-subscription"
PLACEMENT = "--placement"
REMOVE_STALE = "--remove-stale"
UPDATE_ROLE = "--update-role"
ADD_ACTIONS, ADD_ACTION = "--add-actions", "--add-action"
LEAVE_OUT_ACTIONS, LEAVE_OUT_ACTION = "--leave-out-actions", "--leave-out-action"
DROP_SCOPE = "--drop-scope"


def plan_command(word: str, state: WizardState, saved: Iterable[ClusterSetup]) -> str:
    """``tgwizard setup WORD`` for the plan of `state`; ``saved``: the clusters that the command finds saved."""
    return shlex.join(("tgwizard", "setup", word, *_answered(state, tuple(saved))))


def cluster_command(word: str, name: str, *options: str) -> str:
    """``tgwizard setup WORD`` for a cluster that is known by its name."""
    return shlex.join(("tgwizard", "setup", word, name or "CLUSTER", *options))


@dataclass(frozen=True, slots=True)
class _Part:
    """One answer that an option gives; ``told``: its options, for the answers that are wanted."""

    name: str
    told: Callable[[WizardState, Answers], tuple[str, ...]]


def _answered(state: WizardState, saved: tuple[ClusterSetup, ...]) -> tuple[str, ...]:
    wanted = proposed_answers(state)
    known = next((one for one in saved if one.name.lower() == wanted.name.lower()), None)
    start = Answers(name=wanted.name) if known is None else answers_of(known)
    given = replace(start, cloud=wanted.cloud, caller=wanted.caller)
    options: dict[str, tuple[str, ...]] = {}
    while len(options) < len(_PARTS):
        part = _next_part(_found(state, given), wanted, options)
        if part is None:
            break
        options[part.name] = part.told(state, wanted)
        given = replace(given, **{part.name: getattr(wanted, part.name)})
    told = tuple(word for part in _PARTS for word in options.get(part.name, ()))
    if known is None and wanted.name.lower().endswith(".toml"):
        return (*told, fields.NAME.flag, wanted.name)  # as a bare word it would be the path of a cluster file
    return (wanted.name or "CLUSTER", *told)


def _next_part(found: Answers, wanted: Answers, told: dict[str, tuple[str, ...]]) -> _Part | None:
    """The next answer to give; None when the command comes to the same answers."""
    differing = [part for part in _PARTS if not _same(getattr(found, part.name), getattr(wanted, part.name))]
    if not differing:
        return None
    left = [part for part in _PARTS if part.name not in told]
    # One that was given and counts for nothing gives way to another that is suggested: then that is given as well.
    return next((part for part in differing if part.name not in told), left[0])


def _found(state: WizardState, given: Answers) -> Answers:
    """What the command comes to: the wizard from its beginning, with these answers and everything that was read.

    Scopes are narrowed last, as the command does it: a role is suggested for all that are computed.
    """
    wide = replace(given, narrowed=())
    afresh = replace(
        state, answers=wide, step=SetupStep.SIGN_IN, done=frozenset(), to_check=frozenset(), past=(), typing=""
    )
    return replace(proposed_answers(afresh), narrowed=given.narrowed)


def _same(found: object, wanted: object) -> bool:
    match found, wanted:
        case RoleAnswer(), RoleAnswer():
            return _role_key(found) == _role_key(wanted)
        case SubscriptionSeen(), SubscriptionSeen():
            return found.id.lower() == wanted.id.lower()
        case _:
            return found == wanted


def _role_key(role: RoleAnswer) -> tuple[object, ...]:
    chosen = role.name if role.use is RoleUse.NEW else role.guid.lower()
    if role.use is RoleUse.NETWORK_CONTRIBUTOR:
        chosen = NETWORK_CONTRIBUTOR
    writes = role.use in (RoleUse.NEW, RoleUse.UPDATE)
    actions = (role.extra, role.declined) if writes else ((), ())
    return role.use, chosen, *(frozenset(one.lower() for one in part) for part in (*actions, role.dropped))


def _subscription(_state: WizardState, answers: Answers) -> tuple[str, ...]:
    return (fields.SUBSCRIPTION.flag, answers.subscription.id) if answers.subscription is not None else ()


def _named(ids: Iterable[ResourceId], among: Iterable[ResourceId], flag: str) -> tuple[str, ...]:
    """The option twice, each with the bare name where only one thing is called so."""
    names = [one.name.lower() for one in among]
    return tuple(word for one in ids for word in (flag, one.name if names.count(one.name.lower()) == 1 else one.text))


def _machines(state: WizardState, answers: Answers) -> tuple[str, ...]:
    vms = state.inventory.vms if state.inventory is not None else ()
    return _named(answers.machines or (), (vm.id for vm in vms), fields.MEMBER_VM.flag)


def _interfaces(state: WizardState, answers: Answers) -> tuple[str, ...]:
    nics = state.inventory.nics if state.inventory is not None else ()
    return _named(answers.nics or (), (nic.id for nic in nics), fields.MEMBER_NIC.flag)


def _address(_state: WizardState, answers: Answers) -> tuple[str, ...]:
    return (fields.ADDRESS.flag, str(answers.address)) if answers.address is not None else ()


def _configuration(_state: WizardState, answers: Answers) -> tuple[str, ...]:
    return fields.IP_CONFIGURATION.flag, answers.ip_configuration


def _placement(_state: WizardState, answers: Answers) -> tuple[str, ...]:
    return PLACEMENT, answers.placement.value


def _role(state: WizardState, answers: Answers) -> tuple[str, ...]:
    role = answers.role
    if role is None:
        return ()
    if role.use is RoleUse.NEW:
        told: tuple[str, ...] = (fields.ROLE_NAME.flag, role.name)
    else:
        guid = NETWORK_CONTRIBUTOR if role.use is RoleUse.NETWORK_CONTRIBUTOR else role.guid
        at = f"/subscriptions/{answers.subscription.id}" if answers.subscription is not None else ""
        told = (fields.ROLE_ID.flag, f"{at}/providers/Microsoft.Authorization/roleDefinitions/{guid}")
    if role.use is RoleUse.UPDATE:
        told = (*told, UPDATE_ROLE)
    if role.use in (RoleUse.NEW, RoleUse.UPDATE):
        told = (*told, *_actions(state, answers, role))
    return (*told, *(word for scope in role.dropped for word in (DROP_SCOPE, scope)))


def _actions(state: WizardState, answers: Answers, role: RoleAnswer) -> tuple[str, ...]:
    """All at once where all are added or left out, else each by its name."""
    chosen = chosen_machines_in(state, answers)
    offered = {item.action.lower() for item in extra_actions(required_rights(chosen))} if chosen is not None else set()
    told: list[str] = []
    for actions, every, one in (
        (role.extra, ADD_ACTIONS, ADD_ACTION),
        (role.declined, LEAVE_OUT_ACTIONS, LEAVE_OUT_ACTION),
    ):
        if actions and {action.lower() for action in actions} == offered:
            told.append(every)
        else:
            told += [word for action in actions for word in (one, action)]
    return tuple(told)


def _whole(_state: WizardState, answers: Answers) -> tuple[str, ...]:
    return (WHOLE_SUBSCRIPTION,) if answers.whole_subscription else ()


def _scopes(state: WizardState, answers: Answers) -> tuple[str, ...]:
    chosen = chosen_machines_in(state, answers)
    if chosen is None or answers.whole_subscription or not computed_scopes(chosen):
        return ()
    return tuple(word for reason in chosen_scopes(answers, chosen) for word in (fields.SCOPE.flag, reason.scope))


def _stale(_state: WizardState, answers: Answers) -> tuple[str, ...]:
    return (REMOVE_STALE,) if answers.remove_stale else ()


_PARTS = (
    _Part("subscription", _subscription),
    _Part("machines", _machines),
    _Part("nics", _interfaces),
    _Part("address", _address),
    _Part("ip_configuration", _configuration),
    _Part("placement", _placement),
    _Part("whole_subscription", _whole),
    _Part("role", _role),
    _Part("narrowed", _scopes),
    _Part("remove_stale", _stale),
)
"""In the order in which the wizard asks, so that what an answer rests on is given before it."""

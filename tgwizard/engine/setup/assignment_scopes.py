"""Where the role is assigned: the computed scopes, widened or narrowed by the user, and what is then out of reach."""

from __future__ import annotations

from tgwizard.engine.access.required_rights import (
    NOT_ASKED,
    RequiredRight,
    computed_scopes,
    required_rights,
    scope_name,
)
from tgwizard.model.chosen_machines import ChosenMachines
from tgwizard.model.permission import reaches
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.setup_answers import Answers
from tgwizard.model.setup_plan import ScopeReason
from tgwizard.model.text import join_words, sanitize


def chosen_scopes(answers: Answers, chosen: ChosenMachines) -> tuple[ScopeReason, ...]:
    """The scopes that the plan uses: the computed ones, widened to the subscription or narrowed by the user."""
    computed = computed_scopes(chosen)
    if answers.whole_subscription:
        scope = _subscription_of(chosen)
        holds = tuple(thing for reason in computed for thing in reason.holds)
        return (ScopeReason(scope, holds, "The whole subscription: every network in it, also those made later."),)
    left_out = {scope.lower() for scope in answers.narrowed}
    return tuple(reason for reason in computed if reason.scope.lower() not in left_out)


def narrowed_to(wanted: tuple[str, ...], chosen: ChosenMachines) -> tuple[str, ...]:
    """What is left out when the role is to be assigned on these scopes alone: nothing, on the whole subscription.

    UserError: a scope that is neither one of the computed ones nor the subscription that holds the machines.
    """
    computed = [reason.scope for reason in computed_scopes(chosen)]
    named = {scope.rstrip("/").lower() for scope in wanted}
    whole = _subscription_of(chosen)
    if named == {whole.lower()}:
        return ()
    strange = [scope for scope in wanted if scope.rstrip("/").lower() not in {one.lower() for one in computed}]
    if strange:
        needed = join_words(sanitize(scope, 200) for scope in computed)
        raise UserError(
            Problem(
                "scope-not-needed",
                f"The role is not needed on {sanitize(strange[0], 200)}.",
                f"What a failover touches lies in {needed}.",
                f"Name {'it' if len(computed) == 1 else 'some of them'}, or the whole subscription: {whole}",
            )
        )
    return tuple(scope for scope in computed if scope.lower() not in named)


def uncovered_rights(scopes: tuple[ScopeReason, ...], chosen: ChosenMachines) -> tuple[RequiredRight, ...]:
    """The needs that no scope reaches: what fails when the user narrows."""
    return tuple(
        need for need in required_rights(chosen) if not any(reaches(one.scope, need.on.text) for one in scopes)
    )


def narrowing_warnings(answers: Answers, chosen: ChosenMachines) -> tuple[Problem, ...]:
    """One warning for each scope that was taken out: what a failover could then not do."""
    lost = uncovered_rights(chosen_scopes(answers, chosen), chosen)
    by_scope: dict[str, list[RequiredRight]] = {}
    for need in lost:
        by_scope.setdefault(need.on.group_scope.lower(), []).append(need)
    return tuple(_narrowed(needs) for needs in by_scope.values())


def other_subscription_problems(chosen: ChosenMachines) -> tuple[Problem, ...]:
    """Things in another subscription: tgwizard works in one (engine/README.md 4.1)."""
    home = chosen.vms[0].id.subscription.lower()
    away = [need.on for need in required_rights(chosen) if need.on.subscription.lower() != home]
    return tuple(
        Problem(
            "other-subscription",
            f"{sanitize(thing.name, 90)} is in another subscription.",
            "The interface names it, so a failover needs rights there; tgwizard sets up one subscription.",
            "Take it off the interface, or have the role made and assigned there by hand.",
            thing.text,
        )
        for thing in dict.fromkeys(away)
    )


def _subscription_of(chosen: ChosenMachines) -> str:
    return f"/subscriptions/{chosen.vms[0].id.subscription}"


def _narrowed(needs: list[RequiredRight]) -> Problem:
    things = join_words(dict.fromkeys(sanitize(need.on.name, 90) for need in needs))
    actions = join_words(dict.fromkeys(need.action for need in needs))
    group = scope_name(needs[0].on.group_scope)
    if not any(need.asked for need in needs):
        return Problem(
            "scope-left-out",
            f"Without {group}, the machines cannot read {things}.",
            f"{actions} {'is' if len({need.action for need in needs}) == 1 else 'are'} {NOT_ASKED}: a failover is not "
            "refused without.",
            f"Put {group} back to give what Trustgrid documents.",
        )
    return Problem(
        "scope-left-out",
        f"Without {group}, a failover is refused.",
        f"{things} {'is' if len({need.on for need in needs}) == 1 else 'are'} there, and the machines need {actions}.",
        f"Put {group} back, or have those rights given another way.",
    )

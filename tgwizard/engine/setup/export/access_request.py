"""A letter to someone who may do what the signed-in user may not: what, where, why, and what would allow it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from tgwizard.engine.access.access_decision import not_yours
from tgwizard.engine.setup.export import plan_values
from tgwizard.model.setup_answers import Answers
from tgwizard.model.setup_plan import Assign, Obstacle, PutRole, SetupChange, SetupPlan, WhoMay
from tgwizard.model.text import counted, join_words, sanitize


def access_request_text(plan: SetupPlan, answers: Answers, other_exports: Sequence[str]) -> str:
    """Plain text. It asks for what is others' to do; for a user who may do everything, for the whole plan.

    ``other_exports``: in which ways the plan can be had besides, as in "as Terraform".
    """
    others = tuple(change for change in plan.writing if change.right.who is WhoMay.OTHERS)
    wanted = others or plan.writing
    caller = sanitize(answers.caller.name, 120) if answers.caller else "the signed-in account"
    cluster = (
        f"the Trustgrid cluster {plan_values.title(answers)} "
        f"in the subscription {plan_values.subscription_name(answers)}"
    )
    subject = f"Subject: Rights for the floating IP of {plan_values.title(answers)}"
    if not wanted:
        nothing = f"For {cluster} nothing has to be changed: everything is there already."
        return "\n".join((subject, "", *_wrapped(nothing))) + "\n"
    may_not = f" that {caller} may not make" if others else ""
    lines = [
        subject,
        "",
        *_wrapped(f"For {cluster}, {_count(len(wanted))} to be made in Azure{may_not}."),
        "",
        *_wrapped(
            "Why: the two appliances share a floating IP. At a failover the one that takes over moves an Azure IP "
            "Configuration from the other's network interface to its own, with its machine's system-assigned identity."
        ),
    ]
    for item in not_yours(plan.writing):
        if item.obstacle is not Obstacle.ROLE:
            lines += ["", *_wrapped(f"What stands in the way: {sanitize(item.problem.sentence(), 1200)}")]
    for number, change in enumerate(wanted, 1):
        lines += ["", *_item(number, change)]
    roles = join_words(dict.fromkeys(sanitize(role, 160) for change in wanted for role in change.right.roles))
    if roles:
        lines += ["", *_wrapped(f"Whoever does this needs: {roles}.")]
    lines += [*_role(plan, wanted), *_restarts(plan, answers)]
    lines += [
        "",
        *_wrapped(
            f"tgwizard can export the same {', '.join(other_exports[:-1])}, or {other_exports[-1]}. "
            "Nothing was written yet."
        ),
    ]
    return "\n".join(lines) + "\n"


def _role(plan: SetupPlan, wanted: tuple[SetupChange, ...]) -> list[str]:
    """What the role grants and where; as a file when it has to be made or changed."""
    if not any(isinstance(change.write, PutRole | Assign) for change in wanted):
        return []
    name = sanitize(plan.role.name, 160)
    lines = ["", *_wrapped(f"The role {name} grants these actions, and nothing else:")]
    lines += [f"   {sanitize(action, 160)}" for action in plan.role.actions]
    lines += ["", *_wrapped("It is given to the machines' system-assigned identities on:")]
    lines += [f"   {sanitize(reason.scope, 400)}" for reason in plan.scopes]
    if any(isinstance(change.write, PutRole) for change in wanted):
        lines += ["", *_wrapped(f"As a file for Start from JSON in the portal ({plan_values.ROLE_FILE}):"), ""]
        lines += plan_values.role_json(plan_values.custom_role(plan)).splitlines()
    return lines


def _restarts(plan: SetupPlan, answers: Answers) -> list[str]:
    names = [sanitize(vm.name, 90) for vm in plan_values.restarts(plan, answers)]
    if not names:
        return []
    then = "".join(f", and when it is healthy again {name}" for name in names[1:])
    return [
        "",
        *_wrapped(
            f"Afterwards, when ten minutes have passed, each machine has to restart once to use its new rights: "
            f"{names[0]} first{then}. A restart interrupts what the machine carries, so plan a maintenance window "
            "for it."
        ),
    ]


def _count(number: int) -> str:
    return f"{counted(number, 'change')} {'has' if number == 1 else 'have'}"


def _item(number: int, change: SetupChange) -> list[str]:
    lines = textwrap.wrap(f"{number}. {sanitize(change.sentence, 300)}", 100, subsequent_indent="   ")
    lines.append(f"   On: {sanitize(change.target, 400)}")
    if change.note:
        lines += textwrap.wrap(sanitize(change.note, 400), 97, initial_indent="   ", subsequent_indent="   ")
    if change.right.missing:
        lines.append(f"   Needs: {join_words(sanitize(action, 160) for action in change.right.missing)}")
    elif change.permissions:
        lines.append(f"   Needs: {join_words(sanitize(action, 160) for action in change.permissions)}")
    return lines


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, 100, break_long_words=False, break_on_hyphens=False)

"""Every parameter of a set-up as a command's flag, and what such flags answer in the flow.

Names of machines, interfaces and groups are looked up in the inventory, so that nobody has to type a full id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tgwizard.model import fields, setup_fields
from tgwizard.model.cluster import ResourceId
from tgwizard.model.fields import Field, FieldError
from tgwizard.model.inventory import Inventory, SubscriptionSeen
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.setup_answers import Answers, RoleAnswer, RoleUse
from tgwizard.model.text import listed, tame


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag. ``switch``: it takes no value; ``many``: it may be given more than once."""

    word: str
    field: Field[Any]
    switch: bool = False
    many: bool = False


FLAGS = (
    Flag("--subscription", setup_fields.SUBSCRIPTION),
    Flag("--first-vm", setup_fields.FIRST_VM),
    Flag("--second-vm", setup_fields.SECOND_VM),
    Flag("--name", fields.NAME),
    Flag("--first-nic", setup_fields.FIRST_NIC),
    Flag("--second-nic", setup_fields.SECOND_NIC),
    Flag("--floating-ip", fields.ADDRESS),
    Flag("--ip-configuration", fields.IP_CONFIGURATION),
    Flag("--placement", setup_fields.PLACEMENT),
    Flag("--role", setup_fields.ROLE_USE),
    Flag("--role-name", setup_fields.ROLE_NAME),
    Flag("--role-id", setup_fields.ROLE_GUID),
    Flag("--add-action", setup_fields.ROLE_EXTRA, many=True),
    Flag("--leave-out-action", setup_fields.ROLE_DECLINED, many=True),
    Flag("--drop-scope", setup_fields.ROLE_DROPPED, many=True),
    Flag("--whole-subscription", setup_fields.WHOLE_SUBSCRIPTION, switch=True),
    Flag("--leave-out-group", setup_fields.NARROWED, many=True),
    Flag("--remove-stale", setup_fields.REMOVE_STALE, switch=True),
)
"""In the order of the steps."""

_OF_ROLE: tuple[Field[Any], ...] = (
    setup_fields.ROLE_USE,
    setup_fields.ROLE_NAME,
    setup_fields.ROLE_GUID,
    setup_fields.ROLE_EXTRA,
    setup_fields.ROLE_DECLINED,
    setup_fields.ROLE_DROPPED,
)

Values = Mapping[str, object]
"""What was given, by the field's key; a flag that was not given is left out."""


def chosen_subscription(given: Values, found: tuple[SubscriptionSeen, ...]) -> SubscriptionSeen | None:
    """The subscription of the flag, by name or GUID; None when none was given. UserError: it is not there, or twice."""
    if setup_fields.SUBSCRIPTION.key not in given:
        return None
    wanted = str(_parsed(setup_fields.SUBSCRIPTION, given)).lower()
    fitting = [one for one in found if wanted in (one.id.lower(), one.name.lower())]
    if len(fitting) == 1:
        return fitting[0]
    seen = listed(tame(one.name, 60) for one in found[:5]) or "none"
    what = f"{len(fitting)} subscriptions are" if fitting else "No subscription is"
    raise UserError(
        Problem(
            "subscription-unknown",
            f"{what} named {tame(wanted, 80)}.",
            f"This account sees {seen}.",
            "Give the subscription's GUID." if fitting else "Name one of them.",
        )
    )


def fill_in(answers: Answers, given: Values, inventory: Inventory, suggested: RoleAnswer | None = None) -> Answers:
    """The answers with the flags put in; UserError names every flag that is wrong.

    ``suggested``: the role that the flow proposes, which flags about the role change in part.
    """
    filling = _Filling(given, inventory)
    answers = filling.machines(answers)
    answers = replace(
        answers,
        name=filling.value(fields.NAME, answers.name),
        address=filling.value(fields.ADDRESS, answers.address),
        ip_configuration=filling.value(fields.IP_CONFIGURATION, answers.ip_configuration),
        placement=filling.value(setup_fields.PLACEMENT, answers.placement),
        whole_subscription=filling.value(setup_fields.WHOLE_SUBSCRIPTION, answers.whole_subscription),
        remove_stale=filling.value(setup_fields.REMOVE_STALE, answers.remove_stale),
        narrowed=filling.groups(answers.narrowed),
        role=filling.role(answers.role, suggested),
    )
    if filling.problems:
        raise UserError(*filling.problems)
    return answers


class _Filling:
    """Reads flags and keeps every fault, so that all are told at once."""

    def __init__(self, given: Values, inventory: Inventory) -> None:
        self.given, self.inventory, self.problems = given, inventory, list[Problem]()

    def value(self, field: Field[Any], otherwise: Any) -> Any:
        """The parsed value of a flag, or what was answered before."""
        if field.key not in self.given:
            return otherwise
        try:
            return _parsed(field, self.given)
        except UserError as error:
            self.problems += error.problems
            return otherwise

    def machines(self, answers: Answers) -> Answers:
        """Machines and interfaces, by name or id."""
        vms = self._two(setup_fields.FIRST_VM, setup_fields.SECOND_VM, [vm.id for vm in self.inventory.vms])
        nics = self._two(setup_fields.FIRST_NIC, setup_fields.SECOND_NIC, [nic.id for nic in self.inventory.nics])
        return replace(answers, machines=vms or answers.machines, nics=nics or answers.nics)

    def groups(self, otherwise: tuple[str, ...]) -> tuple[str, ...]:
        """Full scopes of the groups that are left out."""
        names = self.value(setup_fields.NARROWED, None)
        if names is None:
            return otherwise
        home = f"/subscriptions/{self.inventory.subscription.id}/resourceGroups"
        return tuple(name if name.startswith("/") else f"{home}/{name}" for name in names)

    def role(self, otherwise: RoleAnswer | None, suggested: RoleAnswer | None) -> RoleAnswer | None:
        """The role; what is not given stays as it was answered or suggested."""
        if not any(field.key in self.given for field in _OF_ROLE):
            return otherwise
        base = otherwise or suggested or RoleAnswer()
        guid = self.value(setup_fields.ROLE_GUID, base.guid)
        usual = RoleUse.REUSE if guid and not base.guid else base.use
        if setup_fields.ROLE_NAME.key in self.given and setup_fields.ROLE_GUID.key not in self.given:
            usual = RoleUse.NEW
        use = self.value(setup_fields.ROLE_USE, usual)
        if use in (RoleUse.REUSE, RoleUse.UPDATE) and not guid:
            self.problems.append(
                Problem("role-id-missing", f"--role {use.value} needs --role-id.", "", "Name the role by its GUID.")
            )
        return RoleAnswer(
            use,
            self.value(setup_fields.ROLE_NAME, base.name),
            guid,
            self.value(setup_fields.ROLE_EXTRA, base.extra),
            self.value(setup_fields.ROLE_DECLINED, base.declined),
            dropped=self.value(setup_fields.ROLE_DROPPED, base.dropped),
        )

    def _two(
        self, first: Field[str], second: Field[str], known: list[ResourceId]
    ) -> tuple[ResourceId, ResourceId] | None:
        one, two = (self._find(field, known) for field in (first, second))
        if (one is None) != (two is None) and not self.problems:
            missing = second if two is None else first
            words = _word(missing)
            self.problems.append(
                Problem("flag-missing", f"{words} is missing.", "The two are given together.", f"Add {words}.")
            )
        return (one, two) if one and two else None

    def _find(self, field: Field[str], known: list[ResourceId]) -> ResourceId | None:
        wanted = self.value(field, None)
        if wanted is None:
            return None
        if wanted.startswith("/"):
            return ResourceId(wanted)
        fitting = [item for item in known if item.name.lower() == wanted.lower()]
        if len(fitting) == 1:
            return fitting[0]
        groups = listed(tame(item.group, 60) for item in fitting)
        self.problems.append(
            Problem(
                "name-unknown",
                f"{_word(field)} {tame(wanted, 90)} "
                + (f"is there {len(fitting)} times." if fitting else "is not in the subscription."),
                f"In {groups}." if fitting else "",
                "Give the full resource id." if fitting else "`tgwizard discover` lists what is there.",
            )
        )
        return None


def _parsed(field: Field[Any], given: Values) -> Any:
    try:
        return field.parse(given[field.key])
    except FieldError as error:
        shown = tame(given[field.key], 80)
        cure = error.fix or f"For example: {_word(field)} {field.example}."
        raise UserError(Problem("flag-wrong", f"{_word(field)} {shown} cannot be used.", error.why, cure)) from None


def _word(field: Field[Any]) -> str:
    return next((flag.word for flag in FLAGS if flag.field is field), field.key)

"""A plan made by hand for scenario `fresh`, so that applying and exporting are tested apart from planning."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
from typing import TypeVar

from tests.rig import SetupRig
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.runs.setup_journal import SetupJournal
from tgwizard.engine.setup.apply import apply_in_context
from tgwizard.engine.setup.apply_loop import ApplyContext, ApplyTiming
from tgwizard.engine.setup.undo import undo_in_context
from tgwizard.model.change import Prediction
from tgwizard.model.cluster import ResourceId
from tgwizard.model.inventory import SubscriptionSeen
from tgwizard.model.role import (
    DEFAULT_ROLE_DESCRIPTION,
    DEFAULT_ROLE_NAME,
    TEN_ACTIONS,
    RoleDefinition,
    RoleKind,
    RolePermission,
)
from tgwizard.model.setup_answers import Answers
from tgwizard.model.setup_events import SetupEvent, SetupFinished
from tgwizard.model.setup_plan import (
    Assign,
    ChangeKind,
    EnableIdentity,
    PlaceAddress,
    PlannedWrite,
    PutRole,
    Restart,
    Right,
    ScopeReason,
    SetupChange,
    SetupPlan,
    WhoMay,
)

E = TypeVar("E")
ROLE = "5a3b0c1e-0000-4000-8000-0000000000aa"
ADDRESS = "10.20.2.50"
YOURS = Right(WhoMay.YOU)


def change(
    key: str, act: PlannedWrite, target: str, sentence: str, *, path: str = "", after: tuple[str, ...] = ()
) -> SetupChange:
    kind = ChangeKind.RESTART if isinstance(act, Restart) else ChangeKind.ADD
    return SetupChange(
        key, kind, act, target, sentence, "", "", "", "PUT", path or target, (), Prediction(1, 2), YOURS, after
    )


def role(scope: str, name: str = DEFAULT_ROLE_NAME, *more: str) -> RoleDefinition:
    actions = (*(item.action for item in TEN_ACTIONS), *more)
    return RoleDefinition(ROLE, name, DEFAULT_ROLE_DESCRIPTION, RoleKind.CUSTOM, (RolePermission(actions),), (scope,))


def plan_for(group: str, name: str = DEFAULT_ROLE_NAME, vms: tuple[str, str] = ("tg-node-a", "tg-node-b")) -> SetupPlan:
    """Identity of the second machine, role, two assignments, first placement on the first, restarts."""
    first, second = (ResourceId(f"{group}/providers/Microsoft.Compute/virtualMachines/{vm}") for vm in vms)
    nics = tuple(ResourceId(f"{group}/providers/Microsoft.Network/networkInterfaces/{vm}-inside") for vm in vms)
    wanted = role(group, name)
    at = f"{group}/providers/Microsoft.Authorization"
    return SetupPlan(
        (
            change("identity", EnableIdentity(second), second.text, f"Turn on the identity of {second.name}"),
            change("role", PutRole(wanted), group, f"Create {name}", path=f"{at}/roleDefinitions/{ROLE}"),
            change("assign-a", Assign(first, group, ROLE), group, f"Assign to {first.name}", after=("role",)),
            change(
                "assign-b", Assign(second, group, ROLE), group, f"Assign to {second.name}", after=("role", "identity")
            ),
            change("place", PlaceAddress(nics[0], ADDRESS, "tg-floating"), nics[0].text, f"Put {ADDRESS} on it"),
            change("restart", Restart(second), second.text, "Restart it"),
        ),
        (ScopeReason(group, (first, second, *nics), "Everything lives there"),),
        wanted,
    )


def answers_for(group: str, vms: tuple[str, str] = ("tg-node-a", "tg-node-b"), name: str = "edge-dallas") -> Answers:
    subscription = group.split("/")[2]
    first, second = (ResourceId(f"{group}/providers/Microsoft.Compute/virtualMachines/{vm}") for vm in vms)
    one, two = (ResourceId(f"{group}/providers/Microsoft.Network/networkInterfaces/{vm}-inside") for vm in vms)
    return Answers(
        cloud="public",
        subscription=SubscriptionSeen(subscription, "Trustgrid Production", subscription),
        machines=(first, second),
        nics=(one, two),
        name=name,
        address=IPv4Address(ADDRESS),
    )


@dataclass
class Applying:
    """A rig, a journal, and the events of what was done with them. Calls are made one after another."""

    it: SetupRig
    journal: SetupJournal
    events: list[SetupEvent] = field(default_factory=list)
    token: CancelToken = field(default_factory=CancelToken)
    timing: ApplyTiming = field(default_factory=ApplyTiming)
    workers: int = 0

    @classmethod
    def on(cls, it: SetupRig, file: Path) -> Applying:
        return cls(it, SetupJournal.open(file))

    @property
    def context(self) -> ApplyContext:
        services = self.it.services
        return ApplyContext(
            services.azure,
            services.clock,
            self.journal,
            self.events.append,
            self.token,
            self.timing,
            self.workers,
        )

    def plan(self) -> SetupPlan:
        return plan_for(self.it.group())

    def apply(self, plan: SetupPlan | None = None, *, only_mine: bool = False) -> SetupFinished:
        return apply_in_context(self.context, plan or self.plan(), only_mine=only_mine)

    def undo(self, *, identities: bool = False) -> SetupFinished:
        return undo_in_context(self.context, identities=identities)

    def told(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

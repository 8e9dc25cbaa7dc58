"""One judgement of a right: what is certain is told before what is not known."""

from __future__ import annotations

import pytest

from tgwizard.engine.access.access_decision import Decision, RightState, ScopedAction, decide, decide_for, decide_own
from tgwizard.engine.access.required_rights import NIC_WRITE
from tgwizard.model.access_facts import NOT_ASKED, AccessFacts, IdentityRights, OwnRights, Queried
from tgwizard.model.cluster import ResourceId
from tgwizard.model.permission import DenyAssignment, HeldRole, PermissionSet
from tgwizard.model.problem import Problem
from tgwizard.model.role import LockLevel, LockSeen

GROUP = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg"
NIC = f"{GROUP}/providers/Microsoft.Network/networkInterfaces/nic"
VM = ResourceId(f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm")
WANTED = ScopedAction(NIC_WRITE, NIC)
GIVES, NOTHING = HeldRole(GROUP, PermissionSet(("*",))), HeldRole(GROUP, PermissionSet(("*/read",)))
UNSURE = HeldRole(GROUP, PermissionSet(("*",)), "@Environment[isPrivateLink] BoolEquals true")
AGAINST = HeldRole(GROUP, PermissionSet(("*",)), "(ActionMatches{'*/read'})")
DENIAL = DenyAssignment("guard", GROUP, PermissionSet((NIC_WRITE,)))
LOCK = LockSeen("freeze", LockLevel.READ_ONLY, GROUP)
NO_ROLES, NO_DENIALS, NO_LOCKS = (Problem("not-allowed", f"{what} could not be read.") for what in "RDL")


def roles(*held: HeldRole, problem: Problem | None = None) -> Queried[tuple[HeldRole, ...]]:
    return Queried(held, problem)


@pytest.mark.parametrize(
    ("held", "denials", "locks", "expected"),
    [
        (roles(GIVES), NOT_ASKED, NOT_ASKED, Decision(RightState.YES)),
        (roles(GIVES), Queried(()), Queried(()), Decision(RightState.YES)),
        (roles(NOTHING), Queried(()), Queried(()), Decision(RightState.MISSING)),
        (roles(AGAINST), Queried(()), Queried(()), Decision(RightState.MISSING, refusing=AGAINST)),
        (roles(AGAINST, GIVES), Queried(()), Queried(()), Decision(RightState.YES)),
        (roles(NOTHING, UNSURE), Queried(()), Queried(()), Decision(RightState.CONDITION)),
        (roles(GIVES), Queried((DENIAL,)), Queried(()), Decision(RightState.DENIED, denial=DENIAL)),
        (roles(GIVES), Queried((DENIAL,)), Queried((LOCK,)), Decision(RightState.LOCKED, lock=LOCK)),
        (Queried(problem=NO_ROLES), Queried((DENIAL,)), NOT_ASKED, Decision(RightState.DENIED, denial=DENIAL)),
        (Queried(problem=NO_ROLES), Queried(()), NOT_ASKED, Decision(RightState.NOT_KNOWN, unread=NO_ROLES)),
        (NOT_ASKED, Queried(()), NOT_ASKED, Decision(RightState.NOT_KNOWN)),
        (roles(NOTHING, problem=NO_ROLES), Queried(()), NOT_ASKED, Decision(RightState.NOT_KNOWN, unread=NO_ROLES)),
        (roles(GIVES, problem=NO_ROLES), Queried(()), NOT_ASKED, Decision(RightState.YES)),
        (roles(GIVES), Queried(problem=NO_DENIALS), NOT_ASKED, Decision(RightState.NOT_KNOWN, unread=NO_DENIALS)),
        (roles(GIVES), Queried(()), Queried(problem=NO_LOCKS), Decision(RightState.NOT_KNOWN, unread=NO_LOCKS)),
        (roles(NOTHING), Queried(problem=NO_DENIALS), NOT_ASKED, Decision(RightState.MISSING)),
        (
            roles(GIVES),
            Queried((DENIAL,), NO_DENIALS),
            Queried(problem=NO_LOCKS),
            Decision(RightState.DENIED, denial=DENIAL),
        ),
    ],
)
def test_that_one_action_is_judged_by_what_is_certain_first(
    held: Queried[tuple[HeldRole, ...]],
    denials: Queried[tuple[DenyAssignment, ...]],
    locks: Queried[tuple[LockSeen, ...]],
    expected: Decision,
) -> None:
    assert decide(WANTED, held, denials, locks) == expected


def test_that_ones_own_right_is_judged_where_azure_was_asked_and_not_above() -> None:
    everything = Queried((PermissionSet(("*",)),))
    assert decide_own(WANTED, AccessFacts(own=(OwnRights(NIC.upper(), everything),))).state is RightState.YES
    assert decide_own(WANTED, AccessFacts(own=(OwnRights(GROUP, everything),))).state is RightState.NOT_KNOWN
    assert decide_own(WANTED, AccessFacts(own=(OwnRights(NIC, Queried(())),))).state is RightState.MISSING
    unread = AccessFacts(own=(OwnRights(NIC, everything),), own_denials=Queried(problem=NO_DENIALS))
    assert decide_own(WANTED, unread) == Decision(RightState.NOT_KNOWN, unread=NO_DENIALS)


def test_that_what_is_held_above_counts_in_a_plan_where_azure_could_not_be_asked() -> None:
    everything = Queried((PermissionSet(("*",)),))
    facts = AccessFacts(own=(OwnRights(GROUP, everything), OwnRights(NIC, Queried(problem=NO_ROLES))))
    assert facts.own_reaching(NIC) == Queried((PermissionSet(("*",)),), NO_ROLES)
    assert facts.own_at(NIC) == Queried(problem=NO_ROLES)


def test_that_a_machine_without_an_identity_holds_nothing_and_one_that_was_not_asked_is_not_known() -> None:
    assert decide_for(WANTED, None).state is RightState.NOT_KNOWN
    assert decide_for(WANTED, IdentityRights(VM, Queried(""))).state is RightState.MISSING
    silent = IdentityRights(VM, Queried(problem=NO_ROLES))
    assert decide_for(WANTED, silent) == Decision(RightState.NOT_KNOWN, unread=NO_ROLES)
    held = IdentityRights(VM, Queried("oid"), roles(GIVES), Queried(()))
    assert decide_for(WANTED, held).state is RightState.YES

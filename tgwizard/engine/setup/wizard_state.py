"""``WizardState``: the wizard as a pure state machine. The window and the command line walk the same one.

Each function takes a state and returns another; nothing is read or written here, so going back and forth has no side
effect and loses nothing. What has to be read next is said by ``needed_reads``; what was read is put in by ``with_*``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from tgwizard.engine.access.matching_roles import AccessSeen
from tgwizard.engine.discovery.pairs import PairsFound, suggest_pairs
from tgwizard.engine.discovery.subnet_addresses import occupancy, worth_asking
from tgwizard.model.access_facts import AccessFacts, AddressChecked
from tgwizard.model.chosen_machines import chosen_machines
from tgwizard.model.cluster import ResourceId
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.inventory import Caller, Inventory, SubscriptionSeen
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.setup_answers import Answers, SetupStep

STEPS = tuple(SetupStep)
_PARTS: dict[SetupStep, tuple[str, ...]] = {
    SetupStep.SIGN_IN: ("cloud", "caller"),
    SetupStep.SUBSCRIPTION: ("subscription",),
    SetupStep.MACHINES: ("machines", "name"),
    SetupStep.INTERFACE: ("nics",),
    SetupStep.FLOATING_IP: ("address", "ip_configuration", "placement"),
    SetupStep.ROLE: ("role",),
    SetupStep.SCOPE: ("whole_subscription", "narrowed", "remove_stale"),
}
"""Which answers each step asks for."""

_REST_ON: dict[str, tuple[SetupStep, ...]] = {
    "cloud": STEPS[1:],
    "caller": (SetupStep.SUBSCRIPTION, SetupStep.REVIEW),
    "subscription": STEPS[2:],
    "machines": STEPS[3:],
    "nics": STEPS[4:],
    "address": (SetupStep.REVIEW, SetupStep.APPLY, SetupStep.VERIFY),
    "role": STEPS[6:],
}
"""Which later steps an answer matters to; answers that are not named matter to the review and what follows it."""

_UNDO_DEPTH = 100
NO_PAIRS = PairsFound((), ())


class StepProgress(Enum):
    """How a step looks in the list: TO_CHECK is the triangle, set when an answer before it changed."""

    DONE = "done"
    CURRENT = "current"
    TO_CHECK = "to_check"
    OPEN = "open"


class ReadNeeded(Enum):
    """What has to be read before the wizard can go on, in this order."""

    SUBSCRIPTIONS = "subscriptions"
    INVENTORY = "inventory"
    FACTS = "facts"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class UndoEntry:
    """What one undo brings back."""

    answers: Answers
    to_check: frozenset[SetupStep]


@dataclass(frozen=True, slots=True)
class WizardState:
    """The answers, the place in the steps, and what was read so far.

    ``answers`` holds what was accepted; ``suggestions.proposed_answers`` fills its gaps. ``done``: steps that were
    continued from; ``to_check``: those of them that rest on an answer that changed since. ``typing``: the answer that
    is being typed, whose keys are one edit. ``checked``: what Azure said about the address, ``unasked`` why it did not.
    ``saved``: the cluster files here.
    """

    answers: Answers = field(default_factory=Answers)
    step: SetupStep = SetupStep.SIGN_IN
    done: frozenset[SetupStep] = frozenset()
    to_check: frozenset[SetupStep] = frozenset()
    subscriptions: tuple[SubscriptionSeen, ...] | None = None
    inventory: Inventory | None = None
    facts: AccessFacts | None = None
    facts_of: tuple[ResourceId, ...] = ()
    checked: AddressChecked | None = None
    unasked: Problem | None = None
    pairs: PairsFound = NO_PAIRS
    saved: tuple[ClusterSetup, ...] = ()
    past: tuple[UndoEntry, ...] = ()
    typing: str = ""


def begin(saved: Iterable[ClusterSetup] = (), answers: Answers | None = None) -> WizardState:
    """A new state; ``answers``: what a draft or the command line's flags said already."""
    return WizardState(answers or Answers(), saved=tuple(saved))


# --- answers ---------------------------------------------------------------------------------------------------------


def answer(state: WizardState, answers: Answers, *, typing: str = "") -> WizardState:
    """Replace the answers. Done steps that rest on a changed one are marked to be checked; no answer is cleared.

    ``typing``: what is being typed, when this is one key of it: all keys until ``typed`` are taken back together.
    """
    if answers == state.answers:
        return state if typing else typed(state)
    after = _answered(state, answers)
    if typing and typing == state.typing and state.past:
        start = state.past[-1]
        if answers == start.answers:
            # Typed back to what it was: there is nothing to be taken back.
            return replace(after, to_check=start.to_check, past=state.past[:-1], typing="")
        return after
    past = (*state.past, UndoEntry(state.answers, state.to_check))[-_UNDO_DEPTH:]
    return replace(after, past=past, typing=typing)


def typed(state: WizardState) -> WizardState:
    """The field was left, or Enter pressed: what is typed next is another edit."""
    return replace(state, typing="") if state.typing else state


def undo(state: WizardState) -> WizardState:
    """Take the last answer back; the place in the steps stays. What Continue accepted by itself is part of it."""
    if not state.past:
        return state
    last = state.past[-1]
    answers = replace(last.answers, cloud=state.answers.cloud, caller=state.answers.caller)
    restored = _forget(state, answers, _changed(state.answers, answers))
    return replace(restored, answers=answers, to_check=last.to_check, past=state.past[:-1], typing="")


# --- what was read ---------------------------------------------------------------------------------------------------


def with_caller(state: WizardState, cloud: str, caller: Caller) -> WizardState:
    """Someone signed in. Another account or cloud makes what was read before worthless; an undo does not sign out."""
    return _answered(state, replace(state.answers, cloud=cloud, caller=caller))


def without_caller(state: WizardState) -> WizardState:
    """Nobody is signed in any more: what was read is forgotten, and the answers stay for whoever signs in next."""
    return replace(_answered(state, replace(state.answers, caller=None)), step=SetupStep.SIGN_IN)


def with_subscriptions(state: WizardState, found: tuple[SubscriptionSeen, ...]) -> WizardState:
    """The subscriptions were listed."""
    return replace(state, subscriptions=found)


def with_inventory(state: WizardState, inventory: Inventory, known_pairs: PairsKnown | None = None) -> WizardState:
    """The subscription was read; facts that were read before it stay until they are read again.

    ``known_pairs``: what `pairs_known` made of it in the meantime; it is used when the rest is still what it was.
    """
    return _with_pairs(replace(state, inventory=inventory), known_pairs)


def with_access_facts(
    state: WizardState, facts: AccessFacts, read_for: Answers | None = None, known_pairs: PairsKnown | None = None
) -> WizardState:
    """Roles, identities and rights were read, for the machines and interfaces of ``read_for``.

    ``known_pairs``: what `pairs_known` made of them in the meantime; it is used when the rest is still what it was.
    """
    of = read_for or state.answers
    known = replace(state, facts=facts, facts_of=_facts_key(of), checked=facts.address or state.checked)
    return known if _same_access(state.facts, facts) else _with_pairs(known, known_pairs)


@dataclass(frozen=True, slots=True)
class PairsKnown:
    """Pairs, with what they were worked out from: with thousands of machines that takes half a second."""

    inventory: Inventory
    saved: tuple[ClusterSetup, ...]
    facts: AccessFacts | None
    pairs: PairsFound


def pairs_known(state: WizardState, inventory: Inventory, facts: AccessFacts | None) -> PairsKnown | None:
    """Work out the pairs of what was read, for `with_inventory` or `with_access_facts`; None when they are known.

    Pure, so that whoever reads on a worker can work them out there.
    """
    if inventory is state.inventory and _same_access(state.facts, facts):
        return None
    access = AccessSeen(facts.roles.known, facts.assignments.known) if facts else None
    return PairsKnown(inventory, state.saved, facts, suggest_pairs(inventory, state.saved, access))


def with_address(state: WizardState, checked: AddressChecked | None, problem: Problem | None = None) -> WizardState:
    """Azure was asked about an address."""
    return replace(state, checked=checked, unasked=problem)


def needed_reads(state: WizardState, proposed_answers: Answers) -> tuple[ReadNeeded, ...]:
    """What to read now, first things first. ``proposed_answers``: the answers with their gaps filled.

    An address that cannot be, or that floats already, is not asked about.
    """
    if state.answers.caller is None:
        return ()
    found: list[ReadNeeded] = []
    if state.subscriptions is None:
        found.append(ReadNeeded.SUBSCRIPTIONS)
    if proposed_answers.subscription is not None and not _read(state, proposed_answers):
        found.append(ReadNeeded.INVENTORY)
    elif proposed_answers.subscription is not None and (
        state.facts is None or state.facts_of != _facts_key(proposed_answers)
    ):
        found.append(ReadNeeded.FACTS)
    elif proposed_answers.address is not None and state.facts is not None:
        asked = state.checked is not None and state.checked.address == str(proposed_answers.address)
        if not asked and state.unasked is None and _askable(state, proposed_answers):
            found.append(ReadNeeded.ADDRESS)
    return tuple(found)


# --- the way through the steps ---------------------------------------------------------------------------------------


def state_of(state: WizardState, step: SetupStep) -> StepProgress:
    """How the step looks in the list."""
    if step is state.step:
        return StepProgress.CURRENT
    if step in state.to_check:
        return StepProgress.TO_CHECK
    return StepProgress.DONE if step in state.done else StepProgress.OPEN


def reachable(state: WizardState, step: SetupStep) -> bool:
    """Whether one may jump there: to every step that was done, and to the first that was not."""
    first_open = next((one for one in STEPS if one not in state.done), STEPS[-1])
    return STEPS.index(step) <= STEPS.index(first_open)


def go_to(state: WizardState, step: SetupStep) -> WizardState:
    """Jump to a reachable step; the state itself when it is not."""
    return replace(state, step=step, typing="") if reachable(state, step) else state


def go_back(state: WizardState) -> WizardState:
    """One step back."""
    index = STEPS.index(state.step)
    return replace(state, step=STEPS[max(0, index - 1)], typing="")


def go_on(state: WizardState, proposed_answers: Answers, *, blocked: bool) -> WizardState:
    """Accept what the step shows, and go to the next one unless something blocks.

    Only this step's own answers are taken from ``proposed_answers``: later steps keep their suggestions open.
    """
    step = state.step
    taken: dict[str, Any] = {name: getattr(proposed_answers, name) for name in _PARTS.get(step, ())}
    after = _answered(state, replace(state.answers, **taken))
    if blocked:
        return after
    index = STEPS.index(step)
    return replace(
        after,
        step=STEPS[min(index + 1, len(STEPS) - 1)],
        typing="",
        done=after.done | {step},
        to_check=after.to_check - {step},
    )


def _changed(one: Answers, other: Answers) -> set[str]:
    names = (name for parts in _PARTS.values() for name in parts)
    return {name for name in names if getattr(one, name) != getattr(other, name)}


def _answered(state: WizardState, answers: Answers) -> WizardState:
    changed = _changed(state.answers, answers)
    own = {step for step, parts in _PARTS.items() if changed & set(parts)}
    after = {step for name in changed for step in _REST_ON.get(name, STEPS[7:])}
    to_check = (state.to_check | (after & state.done)) - own
    return replace(_forget(state, answers, changed), answers=answers, to_check=to_check)


def _read(state: WizardState, answers: Answers) -> bool:
    """Whether the inventory is the one of the chosen subscription."""
    return (
        state.inventory is not None
        and answers.subscription is not None
        and state.inventory.subscription.id.lower() == answers.subscription.id.lower()
    )


def _askable(state: WizardState, answers: Answers) -> bool:
    if state.inventory is None or answers.address is None:
        return False
    try:
        chosen = chosen_machines(answers, state.inventory, state.facts)
    except UserError:
        return False
    subnet = state.inventory.subnet(chosen.subnet)
    return subnet is not None and worth_asking(answers.address, occupancy(subnet, state.inventory, chosen))


def _facts_key(answers: Answers) -> tuple[ResourceId, ...]:
    return (*(answers.machines or ()), *(answers.nics or ()))


def _forget(state: WizardState, answers: Answers, changed: set[str]) -> WizardState:
    """Drop what was read for answers that are no longer given; a suggestion that is accepted drops nothing."""
    if changed & {"cloud", "caller"} and state.answers.caller is not None:
        state = replace(state, subscriptions=None, inventory=None, facts=None, facts_of=(), pairs=NO_PAIRS)
    if "subscription" in changed and not _read(state, answers):
        state = replace(state, facts=None, facts_of=())
    other_subnet = "nics" in changed and state.answers.nics is not None
    other_address = state.checked is not None and state.checked.address != str(answers.address)
    if other_subnet or (other_address and "address" in changed) or changed & {"cloud", "caller"}:
        state = replace(state, checked=None)
    if changed & {"cloud", "caller", "nics", "address"}:
        state = replace(state, unasked=None)
    return state


def _same_access(old: AccessFacts | None, new: AccessFacts | None) -> bool:
    """Whether both say the same of who has which role."""
    if old is new or old is None or new is None:
        return old is new
    return (old.roles, old.assignments) == (new.roles, new.assignments)


def _with_pairs(state: WizardState, known_pairs: PairsKnown | None = None) -> WizardState:
    if state.inventory is None:
        return state
    if known_pairs is not None and known_pairs.inventory is state.inventory:
        same = known_pairs.saved == state.saved and _same_access(known_pairs.facts, state.facts)
        if same:
            return replace(state, pairs=known_pairs.pairs)
    access = AccessSeen(state.facts.roles.known, state.facts.assignments.known) if state.facts else None
    return replace(state, pairs=suggest_pairs(state.inventory, state.saved, access))

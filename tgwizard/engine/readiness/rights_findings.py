"""Judging rights: who may write what, proved by a probe or worked out from roles. Pure over the facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tgwizard.engine.access.access_decision import (
    LIFT,
    LIFT_DENIAL,
    LOOK_FOR_BOTH,
    NO_ROLE_HELPS,
    WRITE_VM,
    Decision,
    RightState,
    ScopedAction,
    decide,
    decide_for,
    decide_own,
    why_refused,
    with_denials_applied,
)
from tgwizard.engine.access.required_rights import (
    NIC_READ,
    NIC_WRITE,
    NOT_ASKED,
    READ_OPERATION,
    SUBNET_JOIN,
    VM_READ,
    FailoverRight,
    Writer,
    WriteSide,
    carried_with,
    failover_rights,
    unneeded_actions,
    write_sides,
)
from tgwizard.engine.access.write_probe import ProbeOutcome, WriteProbe
from tgwizard.engine.azure_call_error import MissingRight
from tgwizard.engine.readiness.preflight_questions import PreflightFacts
from tgwizard.model.access_facts import NOT_ASKED as NO_ROLES
from tgwizard.model.access_facts import IdentityRights
from tgwizard.model.cluster import Member, ResourceId, Verb
from tgwizard.model.finding import Finding, Level
from tgwizard.model.permission import DenyAssignment, HeldRole, scope_in_words
from tgwizard.model.problem import Fixer, Problem
from tgwizard.model.role import GIVES_A_RIGHT, WRITE_ASSIGNMENT, WRITE_ROLE
from tgwizard.model.snapshot import Snapshot
from tgwizard.model.text import are, counted, join_words, sanitize

_CONDITION = Problem(
    "right-has-condition",
    "Its role assignment has a condition.",
    "Whether the condition allows this cannot be told from here.",
    "Look at the assignment in the Azure portal, under Access control (IAM).",
)

_NOT_USED = {
    "networkinterfaces/ipconfigurations/read": "the interface is read as a whole",
    "networkinterfaces/ipconfigurations/join/action": "nothing joins a configuration of it",
    "networksecuritygroups/join/action": "no interface here has a network security group",
    "applicationsecuritygroups/joinipconfiguration/action": "no interface here is in an application security group",
    "virtualnetworks/read": "the interface names its subnet",
    "virtualnetworks/subnets/read": "an interface in the subnet holds the address",
}


_JOINED = (
    "microsoft.network/virtualnetworks/subnets",
    "microsoft.network/networksecuritygroups",
    "microsoft.network/applicationsecuritygroups",
)


@dataclass(frozen=True, slots=True)
class JudgedRight:
    """One right with its judgement. ``proved``: a probe that was taken has shown it."""

    need: FailoverRight
    decision: Decision
    proved: bool = False

    @property
    def state(self) -> RightState:
        return self.decision.state

    @property
    def is_unsure(self) -> bool:
        """Whether it is neither held nor lacking for sure."""
        return self.state in (RightState.NOT_KNOWN, RightState.CONDITION)


def rights_findings(snapshot: Snapshot, facts: PreflightFacts, to: Member, verb: Verb) -> Iterator[Finding]:
    """A finding for each interface that is written, and one for each right that is missing."""
    wanted = failover_rights(snapshot, to, verb, facts.by)
    for side, member in write_sides(snapshot, to):
        judged = tuple(_judge(snapshot, facts, need) for need in wanted if need.side is side)
        if not judged:
            continue
        if facts.by is Writer.OPERATOR:
            yield from _own_side(facts, verb, side, member, judged, snapshot)
        else:
            yield from _identity_side(facts, judged)
    yield from _reads(snapshot, facts, wanted)
    yield from _not_needed(snapshot, facts, to, wanted)
    subscription = f"/subscriptions/{snapshot.setup.subscription}"
    held = facts.access.own_at(subscription)
    if held.asked:
        judged_here = decide_own(ScopedAction(READ_OPERATION, subscription), facts.access)
        yield _operation(judged_here, "rights" if held.value is None else "deny assignments")


def _judge(snapshot: Snapshot, facts: PreflightFacts, need: FailoverRight) -> JudgedRight:
    wanted = ScopedAction(need.action, need.on.text)
    if facts.by is Writer.MEMBERS:
        return JudgedRight(need, decide_for(wanted, facts.access.identity_of(need.by.vm)))
    probe = _probe(facts, need.nic)
    if probe is not None and probe.outcome is ProbeOutcome.ALLOWED and need.on in _named(snapshot, probe, need.side):
        return JudgedRight(need, Decision(RightState.YES), proved=True)
    if probe is not None and _refused(probe, need) is not None:
        return JudgedRight(need, Decision(RightState.MISSING))
    return JudgedRight(need, decide_own(wanted, facts.access))


def _probe(facts: PreflightFacts, nic: ResourceId) -> WriteProbe | None:
    """The probe of this interface; of a right that it names as missing the denials say whether it is denied."""
    probe = facts.probe_of(nic)
    denials = facts.access.own_denials.value
    return (
        replace(probe, refused=with_denials_applied(probe.refused, denials)) if probe is not None and denials else probe
    )


# -- one's own rights -------------------------------------------------------------------------------------------------


def _own_side(
    facts: PreflightFacts,
    verb: Verb,
    side: WriteSide,
    member: Member,
    judged: tuple[JudgedRight, ...],
    snapshot: Snapshot,
) -> Iterator[Finding]:
    nic, probe = member.nic, _probe(facts, member.nic)
    fix = _fix_sentence(snapshot, verb, side, member)
    if probe is None:
        yield from _own_worked_out(nic, judged, fix)
        return
    named = _named(snapshot, probe, side)
    travels = join_words(carried_with(snapshot, member).names) if side is WriteSide.ATTACH else ""
    unread = facts.access.own_denials.problem is not None
    yield _probed(nic, probe, judged, fix, side, travels, unread=unread)
    yield from _named_too(nic, probe, judged, fix, unread=unread)
    for item in judged:
        if item.state is RightState.MISSING and _refused(probe, item.need) is None:
            yield _missing("You", item.need, fix)
        elif item.decision.denial is not None:
            yield _denied("you", item.need, item.decision.denial)
        elif item.is_unsure and item.need.on not in named:
            yield _unsure("you", item)
        elif item.state is RightState.YES and item.need.on not in named:
            evidence = "worked out from your roles, not tried; it travels with the address"
            yield Finding(Level.PASSED, f"You may attach {item.need.on.name}", evidence)


def _own_worked_out(nic: ResourceId, judged: tuple[JudgedRight, ...], fix: str) -> Iterator[Finding]:
    """Nothing was tried: what one's roles say."""
    lacking = [item for item in judged if item.state is RightState.MISSING]
    unsure = [item for item in judged if item.is_unsure]
    denied = [(item.need, denial) for item in judged if (denial := item.decision.denial) is not None]
    for item in lacking:
        yield _missing("You", item.need, fix)
    for need, denial in denied:
        yield _denied("you", need, denial)
    if unsure:
        yield _unsure("you", unsure[0])
    if not lacking and not denied and not unsure:
        yield Finding(Level.PASSED, f"You may write {nic.name}", "worked out from your roles, not tried")


def _named(snapshot: Snapshot, probe: WriteProbe, side: WriteSide) -> tuple[ResourceId, ...]:
    """What the probe's body named: the interface itself, all that it refers to, and what travels if that was in it."""
    member = next(seen for seen in snapshot.members if seen.member.nic == probe.nic)
    document = member.nic.value
    travels = carried_with(snapshot, member.member).references if probe.attach and side is WriteSide.ATTACH else ()
    return (probe.nic, *(document.references() if document else ()), *travels)


def _probed(
    nic: ResourceId,
    probe: WriteProbe,
    judged: tuple[JudgedRight, ...],
    fix: str,
    side: WriteSide,
    travels: str,
    *,
    unread: bool,
) -> Finding:
    unsure = f"Whether you may write {nic.name} is not known"
    match probe.outcome:
        case ProbeOutcome.ALLOWED:
            joined = [item.need.on.name for item in judged if item.proved and item.need.on != nic]
            with_it = f", and with it the join of {join_words(joined)}" if joined else ""
            evidence = f"proved by a write that cannot be applied{with_it}"
            if side is WriteSide.ATTACH and not probe.attach:
                evidence += "; the attach itself is worked out, not tried"
            return Finding(Level.PASSED, f"You may write {nic.name}", evidence)
        case ProbeOutcome.REFUSED | ProbeOutcome.LOCKED if probe.problem is not None:
            refusal = _refusal(nic, probe, fix, unread=unread)
            fact = f"You may not write {nic.name}"
            if probe.attach and not probe.refused and probe.outcome is ProbeOutcome.REFUSED:
                fact = f"Azure would refuse the attach to {nic.name}"
                with_it = f" With the address travels {travels}." if travels else ""
                refusal = replace(refusal, what=f"{fact}; nothing was changed.", why=f"{refusal.why}{with_it}")
            elif _travels(probe):
                fact = refusal.what.rstrip(".")
            return Finding(Level.BLOCKS, fact, refusal.why, refusal)
        case ProbeOutcome.IGNORED:
            problem = Problem(
                "if-match-ignored",
                "Azure was seen to apply an outdated write in this subscription.",
                "It ignored the version the write was bound to, so two programs could overwrite each other unseen.",
                "Nothing was tried now; tgwizard does not write without that protection. Its setup verify looks again.",
                who=Fixer.AZURE,
            )
            return Finding(Level.BLOCKS, problem.what, problem.why, problem)
        case ProbeOutcome.BUSY:
            why = "It is being updated, and no write is sent meanwhile, not even a probe."
            worked_out = judged and all(item.state is RightState.YES for item in judged)
            evidence = f"{why} Your roles would allow it." if worked_out else why
            return Finding(Level.NOT_KNOWN, unsure, evidence, Problem("not-probed", f"{unsure}.", why, "Check again."))
        case ProbeOutcome.APPLIED:
            problem = Problem(
                "if-match-ignored",
                f"Azure applied a write to {nic.name} that it had to refuse.",
                "It ignored the version the write was bound to, so two programs could overwrite each other unseen.",
                "Nothing but the version of the interface changed. tgwizard does not write without that protection.",
                who=Fixer.AZURE,
            )
            return Finding(Level.BLOCKS, problem.what, problem.why, problem)
        case _:
            return Finding(Level.NOT_KNOWN, unsure, probe.problem.what if probe.problem else "", probe.problem)


def _refused(probe: WriteProbe, need: FailoverRight) -> MissingRight | None:
    """What Azure said about this right when it refused the probe."""
    wanted = (need.action.lower(), need.on.key)
    return next((one for one in probe.refused if (one.action.lower(), one.scope.lower()) == wanted), None)


def _travels(probe: WriteProbe) -> bool:
    """Whether the right that is missing is one on something that travels, not on what an interface stands on."""
    if not probe.attach or not probe.refused:
        return False
    kind = ResourceId(probe.refused[0].scope).type.lower()
    return kind.startswith("microsoft.network/") and kind not in (*_JOINED, "microsoft.network/networkinterfaces")


def _refusal(nic: ResourceId, probe: WriteProbe, fix: str, *, unread: bool) -> Problem:
    """A missing right in words that name it and where; Azure's own words stay as the detail.

    A refusal that no role helps against (a denial, a policy, a lock) names no missing right and is told as it is.
    """
    problem = probe.problem or Problem("not-allowed", f"You may not write {nic.name}.")
    if not probe.refused:
        return problem
    first = probe.refused[0]
    if first.denied:
        why = why_refused(first)
        lift = fix.replace(_ASSIGN, LIFT, 1) if _ASSIGN in fix else f"{LIFT}. {NO_ROLE_HELPS}"
        return Problem("denied", f"You may not write {nic.name}.", why, lift, problem.detail, Fixer.ADMIN, LIFT_DENIAL)
    why = why_refused(first, unread=unread)
    what = f"You may not write {nic.name}."
    fix = f"{LOOK_FOR_BOTH} {fix}" if unread else fix
    if _travels(probe):
        what = f"You may not attach {ResourceId(first.scope).name} to {nic.name}."
    return Problem("not-allowed", what, why, fix, problem.detail, Fixer.ADMIN, GIVES_A_RIGHT)


def _named_too(
    nic: ResourceId, probe: WriteProbe, judged: tuple[JudgedRight, ...], fix: str, *, unread: bool
) -> Iterator[Finding]:
    """The other rights that one refusal names: each with its own scope, and a denial as what no role helps against."""
    for one in probe.refused[1:]:
        need = next((item.need for item in judged if _refused(probe, item.need) is one), None)
        if one.denied:
            by = f"The deny assignment {one.by}" if one.by else "A deny assignment"
            fact = f"{by} keeps you from {scope_in_words(one.scope)}"
            yield _no_role_helps(fact, one.action)
        elif need is not None and not unread:
            yield _missing("You", need, fix)
        else:
            fact = f"You may not write {nic.name}"
            why = why_refused(one, unread=unread)
            yield Finding(
                Level.BLOCKS,
                fact,
                why,
                Problem("right-missing", f"{fact}.", why, fix, who=Fixer.ADMIN, right=GIVES_A_RIGHT),
            )


_ASSIGN = "Have an administrator assign it"


def _fix_sentence(snapshot: Snapshot, verb: Verb, side: WriteSide, member: Member) -> str:
    if side is WriteSide.ATTACH or verb is Verb.GRACEFUL:
        return "Have an administrator add it to your role, or assign you a role there that has it."
    return (
        f"{_ASSIGN}, or have someone who may write {member.nic.name} remove {snapshot.address} "
        f"from it; then force the failover again. Stopping {member.name} is no cure: the interface of a stopped VM "
        "keeps its addresses."
    )


# -- the members' identities ------------------------------------------------------------------------------------------


def _identity_side(facts: PreflightFacts, judged: tuple[JudgedRight, ...]) -> Iterator[Finding]:
    writer, nic = judged[0].need.by, judged[0].need.nic
    who, identity = f"{writer.name}'s identity", facts.access.identity_of(writer.vm)
    if identity is not None and identity.principal.value == "":
        problem = Problem(
            "no-identity",
            f"{writer.vm.name} has no system-assigned identity.",
            f"So {writer.name} cannot write {nic.name} in Azure.",
            "Turn it on in the setup of this cluster, then assign the role to it.",
            who=Fixer.ADMIN,
            right=WRITE_VM,
        )
        yield Finding(Level.BLOCKS, f"{writer.name} has no identity to write with", problem.why, problem)
        return
    unsure = [item for item in judged if item.is_unsure]
    if unsure:
        yield _unsure(who, unsure[0])
    lacking = [item for item in judged if item.state in (RightState.MISSING, RightState.DENIED)]
    for item in lacking:
        if item.decision.denial is not None:
            yield _denied(who, item.need, item.decision.denial)
        else:
            yield _missing(who, item.need, *_given_by(identity, item.need, item.decision), item.decision.refusing)
    if not unsure and not lacking:
        joined = join_words(item.need.on.name for item in judged if item.need.on != nic)
        evidence = f"worked out from its roles, with the join of {joined}" if joined else "worked out from its roles"
        yield Finding(Level.PASSED, f"{who} may write {nic.name}", evidence)


def _reads(snapshot: Snapshot, facts: PreflightFacts, wanted: tuple[FailoverRight, ...]) -> Iterator[Finding]:
    """What a member reads by itself before it writes. One's own reads have answered already, or were missed."""
    for identity in facts.access.identities:
        if not identity.principal.value or identity.roles.value is None:
            continue
        member = next(seen.member for seen in snapshot.members if seen.member.vm == identity.machine)
        who = f"{member.name}'s identity"
        for need in wanted:
            if need.by == member and need.action == NIC_WRITE:
                read = FailoverRight(NIC_READ, need.on, need.side, need.nic, need.by)
                judged = decide_for(ScopedAction(NIC_READ, need.on.text), identity)
                if judged.denial is not None:
                    yield _denied(who, read, judged.denial)
                elif judged.state is RightState.MISSING:
                    yield _missing(who, read, *_given_by(identity, read, judged), judged.refusing)
        looks = decide_for(ScopedAction(VM_READ, member.vm.text), identity)
        if looks.state in (RightState.MISSING, RightState.DENIED):
            fact, evidence = f"{who} may not read {member.vm.name}", f"{NOT_ASKED}; a machine finds itself with it"
            yield Finding(Level.NOTE, fact, f"{VM_READ} is {_how_lacking(looks)}: {evidence}")


# -- what both share --------------------------------------------------------------------------------------------------


def _given_by(identity: IdentityRights | None, need: FailoverRight, decision: Decision) -> tuple[str, str]:
    """How a member gets a right that it lacks, and what an administrator needs for that."""
    if decision.refusing is not None:
        return "Change that condition, or assign the cluster's role there without one.", WRITE_ASSIGNMENT
    roles = identity.roles if identity else NO_ROLES
    counts = (decide(ScopedAction(action, need.on.text), roles) for action in (NIC_WRITE, SUBNET_JOIN))
    if any(one.state is RightState.YES for one in counts):
        return "Add the action to the role that the identity has there.", WRITE_ROLE
    return "Assign the cluster's role there.", WRITE_ASSIGNMENT


def _how_lacking(decision: Decision) -> str:
    """What keeps an action from an identity, after "is"."""
    if decision.denial is not None:
        return f"denied by {sanitize(decision.denial.name, 120) or 'a deny assignment'}"
    return "missing" if decision.refusing is None else "excluded by the condition of a role assignment"


def _missing(
    who: str, need: FailoverRight, fix: str, right: str = GIVES_A_RIGHT, refusing: HeldRole | None = None
) -> Finding:
    verb = _verb(need)
    fact = f"{who} may not {verb} {need.on.name}"
    where = f"on {need.on.name} in resource group {need.on.group}"
    lacking = f"{need.action} is missing {where}"
    if refusing is not None:
        at = scope_in_words(refusing.scope)
        lacking = f"The condition of the role assignment on {at} excludes {need.action} {where}"
    why = f"{lacking}; the write of {need.nic.name} needs it."
    code = "join-not-allowed" if verb in ("join", "attach") else "right-missing"
    problem = Problem(code, f"{fact}.", why, fix, who=Fixer.ADMIN, right=right)
    return Finding(Level.BLOCKS, fact, why, problem)


def _verb(need: FailoverRight) -> str:
    """What the right allows, in one word: an interface joins its subnet and groups; what travels is attached."""
    if need.action in (NIC_WRITE, NIC_READ):
        return "write" if need.action == NIC_WRITE else "read"
    return "join" if need.on.type.lower() in _JOINED else "attach"


def _denied(who: str, need: FailoverRight, denial: DenyAssignment) -> Finding:
    name, where = sanitize(denial.name, 120) or "without a name", scope_in_words(denial.scope)
    fact = f"The deny assignment {name} on {where} keeps {who} from {need.on.name}"
    return _no_role_helps(fact, need.action)


def _no_role_helps(fact: str, action: str) -> Finding:
    why = f"It takes away {action}, and no role helps against it."
    fix = "Have whoever made it (a deployment stack, a managed application) lift it, or exclude this identity from it."
    problem = Problem("denied", f"{fact}.", why, fix, who=Fixer.ADMIN, right=LIFT_DENIAL)
    return Finding(Level.BLOCKS, fact, why, problem)


def _unsure(who: str, item: JudgedRight) -> Finding:
    name, verb = item.need.on.name, _verb(item.need)
    fact = f"Whether {who} may {verb} {name} is not known"
    problem = _CONDITION if item.state is RightState.CONDITION else item.decision.unread
    why = problem.what if problem else "The role assignments were not read."
    fix = problem.fix if problem and problem.fix else "Check again."
    return Finding(Level.NOT_KNOWN, fact, why, Problem("right-not-known", f"{fact}.", why, fix))


def _not_needed(
    snapshot: Snapshot, facts: PreflightFacts, to: Member, wanted: tuple[FailoverRight, ...]
) -> Iterator[Finding]:
    """The role's actions that this failover does not use: a missing one of them is named, and stops nothing."""
    spare = unneeded_actions(snapshot, wanted)
    for action in spare:
        lacks = None if action == VM_READ else _lacks(snapshot, facts, to, action)
        if lacks is not None:
            evidence = _NOT_USED.get(action.lower().removeprefix("microsoft.network/"), "this failover does not use it")
            yield Finding(Level.NOT_APPLICABLE, f"{action} is {_how_lacking(lacks)}: {NOT_ASKED}", evidence)
    if spare:
        count = f"{counted(len(spare), 'action')} {are(len(spare))}"
        yield Finding(Level.NOT_APPLICABLE, f"{count} {NOT_ASKED}", join_words(_short(action) for action in spare))


def _lacks(snapshot: Snapshot, facts: PreflightFacts, to: Member, action: str) -> Decision | None:
    """The judgement where it would be used, when it is known to be lacking there."""
    of_network = action.lower().startswith("microsoft.network/virtualnetworks/")
    wanted = ScopedAction(action, (snapshot.setup.subnet if of_network else to.nic).text)
    identity = facts.access.identity_of(to.vm)
    if facts.by is Writer.OPERATOR:
        found = decide_own(wanted, facts.access)
    elif identity is not None and identity.principal.value == "":
        return None  # it holds nothing at all, which is told
    else:
        found = decide_for(wanted, identity)
    return found if found.state in (RightState.MISSING, RightState.DENIED) else None


def _short(action: str) -> str:
    return action.split("/", 1)[-1]


def _operation(decision: Decision, unread: str) -> Finding:
    if decision.state is RightState.YES:
        return Finding(Level.PASSED, "You may read how an update went", "from the operation itself")
    why = "progress is read from the interface, as always; only Azure's reason for a failed update would not be shown"
    known = f"{READ_OPERATION} is {_how_lacking(decision)} on the subscription"
    if decision.state is RightState.NOT_KNOWN:
        known = f"your {unread} were not read"
    return Finding(Level.NOTE, "An update's own message may not be readable", f"{known}; {why}")

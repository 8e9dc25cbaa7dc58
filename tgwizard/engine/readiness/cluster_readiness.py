"""``cluster_readiness``: (Snapshot, KnownRights) -> ClusterReadiness. What everybody shows, and nothing else.

Pure. It rests on the list of facts (``readiness``), on what is known of rights, and on the ages of both: what is
too old is never good, and a target that cannot serve is never advised.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tgwizard.engine.access.required_rights import Writer
from tgwizard.engine.readiness.known_rights import GOOD_FOR_S, RIGHTS_NOT_ASKED, KnownRights
from tgwizard.engine.readiness.readiness import (
    DEAD_TARGET,
    IS_REPAIR,
    consent_to_dead,
    members_move,
    readiness,
    too_old,
)
from tgwizard.model.cluster import Member, Verb
from tgwizard.model.cluster_readiness import ClusterReadiness, ClusterState, VerbReadiness
from tgwizard.model.finding import Finding, Level, Readiness, ReadinessState
from tgwizard.model.problem import Problem
from tgwizard.model.repair import repair
from tgwizard.model.snapshot import STALE_AFTER_S, Reading, Snapshot
from tgwizard.model.text import format_age
from tgwizard.model.verdict import Verdict, VerdictName, assess


def target_of(snapshot: Snapshot, preferred: Member | None = None) -> Member:
    """Where a failover would go: to the member without the address; without a holder to the preferred, else to one that
    can serve it.
    """
    holder = snapshot.place.member
    if holder is not None:
        return snapshot.setup.other(holder)
    if preferred is not None:
        return preferred
    can = [seen.member for seen in snapshot.members if seen.serves]
    return can[0] if can else snapshot.setup.members[0]


def cluster_readiness(
    snapshot: Snapshot,
    rights: KnownRights = RIGHTS_NOT_ASKED,
    *,
    to: Member | None = None,
    busy: Problem | None = None,
    interrupted: bool = False,
    stale_after_s: float = STALE_AFTER_S,
) -> ClusterReadiness:
    """What the cluster is now, by these readings as old as ``snapshot.now`` makes them.

    ``to``: whom a person has chosen while nobody has the address. ``busy``: why nothing can be begun now, such as a run
    that works on the cluster. ``interrupted``: a run waits to be resumed, which comes before all else.
    ``stale_after_s``: readings older than this are last known only; a fleet that is read slowly says more than the
    usual.
    """
    verdict = assess(snapshot, stale_after_s, interrupted=interrupted)
    stale = snapshot.is_stale(stale_after_s)
    target = target_of(snapshot, to)
    seen = _forgetting(snapshot, stale_after_s)
    asking = _Asking(seen, target, rights, busy, interrupted=interrupted, stale=stale, stale_after_s=stale_after_s)
    graceful, forced = asking.verb(Verb.GRACEFUL), asking.verb(Verb.FORCED)
    state, sentence, detail = _worse(seen, verdict, graceful, forced)
    return ClusterReadiness(verdict, state, sentence, detail, graceful, forced, snapshot.oldest_nic_age_s(), stale)


def _forgetting(snapshot: Snapshot, stale_after_s: float) -> Snapshot:
    """Without what is said of a VM that was not read for long: VMs are read more seldom than interfaces."""
    first, second = (
        replace(seen, vm=Reading(problem=seen.vm.problem, misses=seen.vm.misses))
        if seen.vm.read_at is not None and seen.vm.is_stale(snapshot.now, 2 * stale_after_s)
        else seen
        for seen in snapshot.members
    )
    return replace(snapshot, members=(first, second))


@dataclass(frozen=True, slots=True)
class _Asking:
    """One look at both verbs."""

    snapshot: Snapshot
    to: Member
    rights: KnownRights
    busy: Problem | None
    interrupted: bool
    stale: bool
    stale_after_s: float

    def verb(self, verb: Verb) -> VerbReadiness:
        live = readiness(self.snapshot, self.to, verb)
        if self.stale_after_s > STALE_AFTER_S and not self.stale:
            live = Readiness.of([item for item in live.findings if not _is(item, "readings-old")])
        findings = live.with_more(Readiness.of([*self._rights(verb)]))
        if self.stale:
            findings = self._last_known(findings)
        if self.interrupted:
            first = Finding(Level.NOTE, "An interrupted run waits", "Resume comes first: it reads Azure and ends it")
            findings = Readiness.of([first, *(item for item in findings.findings if item.fact != IS_REPAIR)])
        if self.busy is not None:
            now = Finding(Level.BLOCKS, self.busy.what.rstrip("."), self.busy.why, self.busy)
            findings = Readiness.of([now, *findings.findings])
        stops = [item for item in findings.findings if item.level is Level.BLOCKS]
        dead = bool(stops) and all(item.problem is not None and item.problem.code in DEAD_TARGET for item in stops)
        consent = verb is Verb.FORCED and dead
        return VerbReadiness(
            verb,
            self.to,
            findings,
            recommended=verb is Verb.FORCED and not stops and self._right_choice(),
            needs_consent=consent,
            consent=consent_to_dead(self.snapshot, self.to) if consent else "",
            rights_age_s=self._rights_age_s(verb),
        )

    def _rights_age_s(self, verb: Verb) -> float | None:
        by = Writer.MEMBERS if members_move(self.snapshot, verb) else Writer.OPERATOR
        found = self.rights.of(by, self.to, verb)
        return None if found is None else max(0.0, self.snapshot.now - found.at)

    def _right_choice(self) -> bool:
        """A bad holder and a good target, both by readings that are fresh."""
        found = None if self.stale or self.interrupted else repair(self.snapshot)
        return found is not None and (found.either or found.to == self.to)

    def _last_known(self, findings: Readiness) -> Readiness:
        """Of readings that are too old nothing is good and nothing is bad: all is last known."""
        if any(seen.nic.read_at is None for seen in self.snapshot.members):
            return findings
        old = [
            Finding(Level.NOT_APPLICABLE, f"Last known: {item.fact}", item.evidence)
            for item in findings.findings
            if not _is(item, "readings-old") and item.fact != "Both network interfaces read"
        ]
        return Readiness.of([too_old(self.snapshot), *old])

    def _rights(self, verb: Verb) -> Iterator[Finding]:
        """Whose rights count: the operator's for our own writes, the members' for what they do by themselves."""
        now, ours = self.snapshot.now, not members_move(self.snapshot, verb)
        found = self.rights.of(Writer.OPERATOR if ours else Writer.MEMBERS, self.to, verb)
        if found is None:
            whose = "yours" if ours else "those of the members' identities"
            yield Finding(Level.NOTE, "Rights not asked", whose)
        else:
            yield from _asked(found.findings, now - found.at)
        members = self.rights.of(Writer.MEMBERS, self.to, verb)
        if ours and verb is Verb.GRACEFUL and members is not None:
            yield from _by_themselves(members.findings)


def _asked(found: Readiness, age_s: float) -> Iterator[Finding]:
    """The answers; what was good and was asked long ago is told with its age, and is no longer called good."""
    if age_s <= GOOD_FOR_S:
        yield from found.in_short.findings
        return
    yield from (item for item in found.findings if item.level in (Level.BLOCKS, Level.NOT_KNOWN, Level.WARNS))
    yield Finding(Level.NOTE, f"Rights last asked {format_age(age_s)}", "they may have changed since")


def _by_themselves(found: Readiness) -> Iterator[Finding]:
    """What keeps the members from moving the address by themselves does not keep us from it; it is no good sign."""
    for item in found.findings:
        if item.level is Level.BLOCKS:
            yield replace(item, level=Level.WARNS, evidence=f"the members cannot move the address: {item.evidence}")
        elif item.level is Level.NOT_KNOWN:
            yield replace(item, level=Level.NOTE)


def _is(item: Finding, code: str) -> bool:
    return item.problem is not None and item.problem.code == code


def _worse(
    snapshot: Snapshot, verdict: Verdict, graceful: VerbReadiness, forced: VerbReadiness
) -> tuple[ClusterState, str, str]:
    """The worse of verdict and readiness, in one word, one sentence and its detail."""
    if verdict.name is not VerdictName.IN_SYNC:
        return ClusterState(verdict.name.value), verdict.sentence, verdict.detail
    holder = snapshot.place.member
    holds = f"{holder.name} holds {snapshot.address}." if holder is not None else ""
    if graceful.state is ReadinessState.READY:
        return ClusterState.IN_SYNC, verdict.sentence, verdict.detail
    if not forced.possible and not graceful.possible:
        return ClusterState.BLOCKED, f"{holds} No failover is possible: {_blocks(forced, graceful)}", verdict.detail
    if graceful.state is ReadinessState.BLOCKED:
        return ClusterState.AT_RISK, f"{holds} No graceful failover is possible: {graceful.why}", verdict.detail
    if graceful.state is ReadinessState.NOT_KNOWN:
        why = f"whether{graceful.why[7:]}" if graceful.why.startswith("Whether ") else graceful.why
        unsure = f"{holds} It is not known whether a failover would work: {why}"
        return ClusterState.NOT_KNOWN, unsure, verdict.detail
    return ClusterState.AT_RISK, f"{holds} A failover is at risk: {graceful.why}", verdict.detail


def _blocks(forced: VerbReadiness, graceful: VerbReadiness) -> str:
    """What stands in the way of both, by preference what stands in the way of forced."""
    return forced.why if forced.state is ReadinessState.BLOCKED else graceful.why

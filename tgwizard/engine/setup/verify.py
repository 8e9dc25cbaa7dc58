"""Verify a set-up: the propagation, the network checks and the rehearsal, with the waiting that Azure asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from tgwizard.engine.access.access_decision import denials_of
from tgwizard.engine.access.effective_rights import (
    PROPAGATION,
    HeldAssignment,
    all_of,
    find_assignment,
    proved_effective,
    rehearse_rights,
    stages_of,
    with_role,
)
from tgwizard.engine.access.read_access import read_access
from tgwizard.engine.access.required_rights import computed_scopes
from tgwizard.engine.access.write_probe import ProbeAnswer, ProbeOutcome, ProbeResult, probe_as, probe_write
from tgwizard.engine.azure_call_error import AzureCallError, Cause, Certainty
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.discovery.network_checks import HEARTBEAT_PORT, network_checks
from tgwizard.engine.discovery.read_subscription import discover
from tgwizard.engine.files.outdated_writes import OutdatedWrites, OutdatedWriteSighting
from tgwizard.engine.jobs import Report
from tgwizard.engine.ports import AzurePorts, Clock, Members
from tgwizard.engine.runs.job_services import Services
from tgwizard.engine.runs.setup_journal import SetupJournal, open_setup_journal
from tgwizard.engine.setup.planner import answers_of, identity_of
from tgwizard.model.access_facts import AccessFacts
from tgwizard.model.chosen_machines import ChosenMachines, chosen_machines
from tgwizard.model.cluster import ResourceId
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.event_base import Outcome, Stamp
from tgwizard.model.finding import Finding, Level
from tgwizard.model.inventory import Inventory
from tgwizard.model.permission import reaches
from tgwizard.model.problem import Cancelled, Problem, UserError
from tgwizard.model.role import RoleDefinition
from tgwizard.model.setup_answers import Answers
from tgwizard.model.setup_events import FindingReported, PropagationChanged, PropagationStage, SetupEvent, SetupFinished
from tgwizard.model.setup_plan import SetupPlan
from tgwizard.model.text import sanitize
from tgwizard.model.verify_result import (
    NamedFinding,
    ProofRun,
    ProvedBy,
    RehearsalCell,
    RehearsalRow,
    RehearsalState,
    StageSeen,
    VerifyResult,
    VerifyState,
)

_ASK_S = 10.0
"""Between two readings while something is awaited."""

_SPARE_S = 60.0
"""How long after the documented ten minutes the waiting still goes on, for clocks that differ."""


@dataclass(frozen=True, slots=True)
class VerifyTarget:
    """What is verified. ``role_guid`` empty: whatever role lets the identity write an interface.

    ``role_name``: what that role was named when the cluster was set up. ``restarted``: machines of which the user says
    that they restarted since their rights were given. ``wait``: until every right counts; otherwise one look.
    ``scopes`` empty: computed from what the interfaces name. ``before``: what an earlier look saw; a time that it took
    does not grow with the next one.
    """

    answers: Answers
    role_guid: str = ""
    role_name: str = ""
    scopes: tuple[str, ...] = ()
    restarted: frozenset[ResourceId] = frozenset()
    wait: bool = True
    heartbeat_port: int = HEARTBEAT_PORT
    before: tuple[StageSeen, ...] = ()


def target_of_plan(plan: SetupPlan, answers: Answers) -> VerifyTarget:
    """What a plan set up."""
    return VerifyTarget(answers, plan.role.guid, plan.role.name, tuple(reason.scope for reason in plan.scopes))


def target_of_cluster(setup: ClusterSetup) -> VerifyTarget:
    """What a cluster file describes."""
    return VerifyTarget(
        replace(answers_of(setup), role=None),
        setup.role.guid if setup.role else "",
        setup.role.name if setup.role else "",
        setup.role.scopes if setup.role else (),
    )


def verify(
    azure: AzurePorts,
    members: Members | None,
    clock: Clock,
    journal: SetupJournal,
    target: VerifyTarget,
    report: Report[SetupEvent],
    token: CancelToken,
    kept: OutdatedWrites | None = None,
) -> VerifyResult:
    """Find out how it stands. UserError: the cluster's parts are not there, or cannot form a cluster.

    ``kept``: where is kept what this cloud was seen to do with an outdated write.
    """
    return _Verify(azure, members, clock, journal, target, report, token, kept).run()


def with_proof(result: VerifyResult, runs: tuple[ProofRun, ...]) -> VerifyResult:
    """The result with what a real failover came to, which the caller made.

    Made by the members themselves, there and back, they prove the members' rights, for then each has taken its own
    configuration off and put it on; made with one's own rights it proves the way, not theirs.
    """
    moved = {run.to for run in runs if run.done and run.by is ProvedBy.MEMBERS}
    if not moved.issuperset(result.members):
        return replace(result, proof=runs)
    stages = tuple(_shown_by_failover(stage) for stage in result.stages)
    hold = {vm.name for vm in result.waiting_for_restart}
    rows = tuple(replace(row, cells=_no_wait(row.cells, result.members, hold)) for row in result.rehearsal)
    return replace(result, proof=runs, stages=stages, rehearsal=rows)


def _no_wait(
    cells: tuple[RehearsalCell, RehearsalCell], names: tuple[str, str], hold: set[str]
) -> tuple[RehearsalCell, RehearsalCell]:
    """What was waited for has shown itself; a restart that is due stays due."""
    first, second = (
        cell
        if cell.may is not RehearsalState.WAITS
        else _NOT_RESTARTED
        if name in hold
        else RehearsalCell(RehearsalState.MAY)
        for cell, name in zip(cells, names, strict=True)
    )
    return first, second


def _shown_by_failover(stage: StageSeen) -> StageSeen:
    if stage.stage is PropagationStage.PROVED:
        return replace(stage, done=True, sentence="proved by failovers there and back")
    if stage.stage is PropagationStage.EFFECTIVE and not stage.done:
        return proved_effective(stage.machine, stage.scope)
    return stage


def verify_sentence(result: VerifyResult) -> str:
    """The whole in one sentence."""
    may, of = result.counted
    waits = [sanitize(vm.name, 90) for vm in result.waiting_for_restart]
    match result.overall_state:
        case VerifyState.VERIFIED:
            return f"Verified: all {of} rehearsed steps are allowed, proved, and both machines have restarted."
        case VerifyState.READY:
            return f"Ready: all {of} rehearsed steps are allowed, and both machines have restarted."
        case VerifyState.RESTART:
            return f"Almost ready: {' and '.join(waits)} must restart."
        case VerifyState.WAITS:
            return "The rights are on their way: Azure needs up to ten minutes."
        case VerifyState.AT_RISK:
            return f"{may} of {of} rehearsed steps are allowed for sure; look at what is not known."
        case _:
            return f"Not ready: {may} of {of} rehearsed steps are allowed."


class _Verify:
    def __init__(
        self,
        azure: AzurePorts,
        members: Members | None,
        clock: Clock,
        journal: SetupJournal,
        target: VerifyTarget,
        report: Report[SetupEvent],
        token: CancelToken,
        kept: OutdatedWrites | None,
    ) -> None:
        self.azure, self.members, self.clock, self.journal = azure, members, clock, journal
        self.target, self.report, self.token, self.kept = target, report, token, kept
        self._stages: dict[tuple[str, str, PropagationStage], StageSeen] = {}
        self._asked: dict[str, ProbeResult] = {}

    def run(self) -> VerifyResult:
        try:
            return self._go()
        except UserError as error:
            self._finish(Outcome.REFUSED, error.problem)
            raise
        except Cancelled:
            self._finish(Outcome.CANCELLED, Problem("cancelled", "Cancelled: nothing was found out, nothing changed."))
            raise

    def _go(self) -> VerifyResult:
        answers = self.target.answers
        inventory, facts = self._read()
        chosen = chosen_machines(answers, inventory, facts)
        holds = {reason.scope: reason.sentence for reason in computed_scopes(chosen)}
        scopes = self.target.scopes or tuple(holds)
        facts, cancelled = self._wait_for_rights(chosen, scopes, facts)
        rows = _with_waits(rehearse_rights(chosen, facts), tuple(self._stages.values()), chosen, self._asked)
        checks = (
            *network_checks(chosen, inventory, heartbeat_port=self.target.heartbeat_port),
            NamedFinding("if-match", self._check_if_match(chosen.nics[0].id)),
        )
        if self._role_is_gone(scopes, facts):
            checks = (NamedFinding("role", _no_role(self.target.role_name, rows)), *checks)
        for item in checks:
            self.report(FindingReported(self._stamp(), item.key, item.finding))
        names = (chosen.vms[0].id.name, chosen.vms[1].id.name)
        result = VerifyResult(
            self.clock.wall(),
            answers.name,
            names,
            tuple((scope, holds.get(scope, "")) for scope in scopes),
            tuple(self._stages.values()),
            rows,
            checks,
            cancelled=cancelled,
        )
        ended = Problem("verified", verify_sentence(result))
        self._finish(Outcome.CANCELLED if cancelled else Outcome.DONE, ended)
        return result

    def _read(self) -> tuple[Inventory, AccessFacts]:
        answers = self.target.answers
        if answers.subscription is None:
            raise UserError(Problem("setup-incomplete", "The subscription is not chosen.", "", "Choose it first."))
        inventory = discover(self.azure, answers.subscription, self.clock, self.report, self.token)
        return inventory, read_access(self.azure, answers, inventory, self.clock, self.report, self.token)

    def _wait_for_rights(
        self, chosen: ChosenMachines, scopes: tuple[str, ...], facts: AccessFacts
    ) -> tuple[AccessFacts, bool]:
        """Look until every right that was written counts; the facts then hold what was read by itself."""
        give_up = self.clock.monotonic() + PROPAGATION.total_seconds() + _SPARE_S
        while True:
            held, again = self._look(chosen, scopes, facts)
            open_stages = [stage for stage in self._stages.values() if not stage.done and stage.stage in _BY_ITSELF]
            written = {(stage.machine.key, stage.scope) for stage in self._stages.values() if _is_written(stage)}
            awaited = [stage for stage in open_stages if (stage.machine.key, stage.scope) in written]
            over = self.token.is_cancelled or self.clock.monotonic() >= give_up
            if not (awaited or again) or over or not self.target.wait:
                break
            self.clock.sleep(_ASK_S, self.token)
        facts = replace(
            facts,
            assignments=replace(facts.assignments, value=tuple(with_role(facts, held))),
            roles=replace(facts.roles, value=self._roles(facts, held)),
        )
        return facts, self.token.is_cancelled

    def _look(
        self, chosen: ChosenMachines, scopes: tuple[str, ...], facts: AccessFacts
    ) -> tuple[list[HeldAssignment], bool]:
        """What is held, as far as it could be read, and whether some of it is worth asking for again."""
        restarts, ours = self.journal.restarts(), self.journal.assigned()
        self._ask_as_machines(chosen, facts)
        found, again = [], False
        for vm, scope in all_of(chosen, scopes):
            try:
                held = find_assignment(self.azure.access, vm, scope, self.target.role_guid, facts)
            except AzureCallError as failure:
                again = again or failure.certainty is not Certainty.REFUSED or failure.cause in _PASSES
                seen = self._stages.get((vm.id.key, scope, PropagationStage.WRITTEN))
                if seen is None or not seen.done:
                    # One answer that fails to come takes nothing back that was read before.
                    self._report_stage(
                        StageSeen(
                            vm.id, scope, PropagationStage.WRITTEN, done=False, sentence=failure.problem.sentence()
                        )
                    )
                continue
            found.append(held)
            asked = self._asked.get(vm.id.key)
            for stage in stages_of(held, self._now(), restarts, self.target.restarted, asked, ours):
                self._report_stage(stage)
        return found, again

    def _ask_as_machines(self, chosen: ChosenMachines, facts: AccessFacts) -> None:
        """Ask in the machines' own names, where that can be done; what was allowed is not asked again."""
        if self.members is None:
            return
        for index, vm in enumerate(chosen.vms):
            before = self._asked.get(vm.id.key)
            if vm.identity.principal_id and (before is None or before.answer is not ProbeAnswer.ALLOWED):
                denials = denials_of(vm.identity.principal_id, facts).known
                with self.members.azure_as(vm.id) as azure:
                    self._asked[vm.id.key] = probe_as(azure, index, chosen, self._now(), denials)

    def _report_stage(self, stage: StageSeen) -> None:
        key = (stage.machine.key, stage.scope, stage.stage)
        stage = self._as_first_seen(stage)
        before = self._stages.get(key)
        if before is not None and before.done and stage.stage is PropagationStage.LISTED:
            return  # A list that flickers takes nothing back: it was seen.
        if before is None or (before.done, before.sentence) != (stage.done, stage.sentence):
            self._stages[key] = stage
            self.report(
                PropagationChanged(
                    self._stamp(),
                    stage.machine.name,
                    stage.scope,
                    stage.stage,
                    stage.done,
                    stage.seconds,
                    stage.sentence,
                )
            )

    def _as_first_seen(self, stage: StageSeen) -> StageSeen:
        """The stage with the time that it took: each look measures up to now, and the first that saw it is nearest."""
        key = (stage.machine, stage.scope, stage.stage)
        earlier = [one.seconds for one in self.target.before if (one.machine, one.scope, one.stage) == key and one.done]
        times = [seconds for seconds in (stage.seconds, *earlier) if seconds is not None]
        return replace(stage, seconds=min(times)) if stage.done and times else stage

    def _roles(self, facts: AccessFacts, held: list[HeldAssignment]) -> tuple[RoleDefinition, ...]:
        """The roles, those that are held read by themselves: the list may still show an older version."""
        roles = {role.guid.lower(): role for role in facts.roles.known}
        for item in held:
            guid = item.assignment.role_guid.lower() if item.assignment else ""
            if not guid:
                continue
            try:
                found = self.azure.access.role_definition(item.scope, guid)
            except AzureCallError:
                continue  # What the list said stands.
            if found is not None:
                roles[guid] = found
        return tuple(roles.values())

    def _check_if_match(self, nic: ResourceId) -> Finding:
        """Whether this cloud refuses a write that is bound to another version; kept, so that runs know it."""
        finding, refused = _if_match(self.azure, nic)
        if self.kept is not None and refused is not None:
            self.kept.keep(nic.subscription, OutdatedWriteSighting(refused, self.clock.wall()))
        return finding

    def _role_is_gone(self, scopes: tuple[str, ...], facts: AccessFacts) -> bool:
        """Whether the role that the cluster was set up with is known not to be there."""
        guid = self.target.role_guid
        if not guid or not scopes or facts.role(guid) is not None:
            return False
        try:
            return self.azure.access.role_definition(scopes[0], guid) is None
        except AzureCallError:
            return False

    def _finish(self, outcome: Outcome, problem: Problem) -> None:
        shown = None if outcome is Outcome.DONE else problem
        self.report(SetupFinished(self._stamp(), "verify", outcome, problem.sentence(), problem=shown))

    def _now(self) -> datetime:
        return self.clock.wall()

    def _stamp(self) -> Stamp:
        return Stamp(self.clock.wall(), self.clock.monotonic())


_BY_ITSELF = (PropagationStage.LISTED, PropagationStage.EFFECTIVE)
"""The stages that come without anyone doing anything."""


_NOT_RESTARTED = RehearsalCell(RehearsalState.RESTART, "Azure allows it, but the machine was not seen to restart since")

_PASSES = frozenset({Cause.BUSY, Cause.THROTTLED})
"""Refusals that pass by themselves."""

_COUNTS = frozenset({RehearsalState.MAY, RehearsalState.RESTART})
"""What the paper says of a right that should count by now."""


def _no_role(name: str, rows: tuple[RehearsalRow, ...]) -> Finding:
    named = f"The role {sanitize(name, 128)}" if name else "The role of this cluster"
    fact = f"{named} does not exist any more"
    why = "It was deleted, and with it what it gave to the machines."
    fix = "Apply the set-up again: the role is made again and assigned, or one that means the same is used."
    refused = any(cell.may is RehearsalState.MAY_NOT for row in rows for cell in row.cells)
    return Finding(Level.BLOCKS if refused else Level.WARNS, fact, why, Problem("role-gone", f"{fact}.", why, fix))


def _is_written(stage: StageSeen) -> bool:
    return stage.stage is PropagationStage.WRITTEN and stage.done


def _with_waits(
    rows: tuple[RehearsalRow, ...],
    stages: tuple[StageSeen, ...],
    chosen: ChosenMachines,
    asked: Mapping[str, ProbeResult],
) -> tuple[RehearsalRow, ...]:
    """The rows with "waits" and "restart" in place of "may" where a right does not count or was not picked up yet.

    What the machine itself was refused although it should count by now, it may not, whatever the paper says.
    """
    judged = []
    for row in rows:
        first, second = (
            _refused(
                _cell(cell, [stage for stage in stages if stage.machine == vm.id and _concerns(stage, row)]),
                row,
                asked.get(vm.id.key),
            )
            for cell, vm in zip(row.cells, chosen.vms, strict=True)
        )
        judged.append(replace(row, cells=(first, second)))
    return tuple(judged)


def _concerns(stage: StageSeen, row: RehearsalRow) -> bool:
    return any(reaches(stage.scope, thing.text) for thing in row.things)


def _cell(cell: RehearsalCell, stages: list[StageSeen]) -> RehearsalCell:
    if cell.may is not RehearsalState.MAY:
        return cell
    if any(not stage.done and stage.stage is PropagationStage.WRITTEN for stage in stages):
        # Waiting brings nothing here, and the lists may speak of something else.
        return RehearsalCell(RehearsalState.NOT_KNOWN, "the lists say so, but the assignment itself was not read")
    if any(not stage.done and stage.stage is PropagationStage.EFFECTIVE for stage in stages):
        return RehearsalCell(RehearsalState.WAITS, "Azure allows it within ten minutes of the assignment")
    if any(not stage.done and stage.stage is PropagationStage.RESTARTED for stage in stages):
        return _NOT_RESTARTED
    return cell


def _refused(cell: RehearsalCell, row: RehearsalRow, asked: ProbeResult | None) -> RehearsalCell:
    refused = asked is not None and asked.answer is ProbeAnswer.REFUSED and asked.row == row.key
    return RehearsalCell(RehearsalState.MAY_NOT, asked.words) if refused and asked and cell.may in _COUNTS else cell


def _if_match(azure: AzurePorts, nic: ResourceId) -> tuple[Finding, bool | None]:
    """What came of an outdated write, and whether it was refused for that; None: it was not tried to its end."""
    name, fact = sanitize(nic.name, 90), "Azure keeps two writers apart here"
    unsure = "Whether Azure keeps two writers apart here is not known"
    try:
        probe = probe_write(azure, nic, azure.network.read_nic(nic))
    except AzureCallError as failure:
        return Finding(Level.NOT_KNOWN, unsure, failure.problem.what, failure.problem), None
    match probe.outcome:
        case ProbeOutcome.ALLOWED:
            evidence = f"tried on {name} with a version that never was: refused, as it must be"
            return Finding(Level.PASSED, fact, evidence), True
        case ProbeOutcome.BUSY:
            return Finding(Level.NOT_KNOWN, unsure, f"{name} is being updated, and no write is sent meanwhile."), None
        case ProbeOutcome.REFUSED:
            return Finding(Level.NOTE, unsure, f"You may not write {name} yourself, so it could not be tried."), None
        case ProbeOutcome.APPLIED:
            problem = Problem(
                "if-match-ignored",
                f"Azure applied a write to {name} that it had to refuse.",
                "It ignored the version the write was bound to, so two programs could overwrite each other unseen.",
                "Nothing but the version of the interface changed. Do not fail over with tgwizard in this cloud.",
            )
            return Finding(Level.BLOCKS, problem.what, problem.why, problem), False
        case _:
            return Finding(Level.NOT_KNOWN, unsure, probe.problem.what if probe.problem else "", probe.problem), None


def verify_job(
    services: Services, target: VerifyTarget, report: Report[SetupEvent], token: CancelToken
) -> VerifyResult:
    """Verify; it changes nothing, so it needs no lock. UserError when there is nothing to verify."""
    with open_setup_journal(services, identity_of(target.answers)) as journal:
        kept = services.outdated_writes
        return verify(services.azure, services.members, services.clock, journal, target, report, token, kept)

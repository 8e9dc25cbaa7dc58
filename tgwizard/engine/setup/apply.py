"""Carry out a plan: every write journalled before and after, in parallel where the plan allows it, resumable."""

from __future__ import annotations

import contextlib
import logging
import uuid
from dataclasses import replace

from tgwizard.engine.access.access_decision import not_yours
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.jobs import Report
from tgwizard.engine.ports import AzurePorts, Clock
from tgwizard.engine.runs.job_services import Services
from tgwizard.engine.runs.journal import JournalError
from tgwizard.engine.runs.records import SetupRunEndRecord, SetupRunRecord
from tgwizard.engine.runs.setup_journal import SetupJournal, locked_job
from tgwizard.engine.runs.task_runner import Task, TaskBody, TaskEnd, TaskOutcome, TaskRunner
from tgwizard.engine.setup.apply_actions import (
    AssignRoleAction,
    EnableIdentityAction,
    PlaceAddressAction,
    PutRoleAction,
    RemoveStaleAction,
)
from tgwizard.engine.setup.apply_loop import ApplyContext, ChangeAction, run_change
from tgwizard.engine.setup.planner import identity_of
from tgwizard.model.event_base import Outcome
from tgwizard.model.problem import Problem
from tgwizard.model.setup_answers import Answers
from tgwizard.model.setup_events import (
    ChangeDone,
    ChangeFailed,
    ChangeSkipped,
    ChangeStarted,
    SetupEvent,
    SetupFinished,
)
from tgwizard.model.setup_plan import (
    Assign,
    EnableIdentity,
    Obstacle,
    PlaceAddress,
    PutRole,
    RemoveStale,
    Restart,
    SetupChange,
    SetupPlan,
    WhoMay,
)
from tgwizard.model.text import are, counted, join_words, sanitize

_log = logging.getLogger(__name__)

_OTHERS = "It is others' to do: your roles do not allow it."
NIC_TYPE = "microsoft.network/networkinterfaces"


def apply(
    azure: AzurePorts,
    clock: Clock,
    journal: SetupJournal,
    plan: SetupPlan,
    report: Report[SetupEvent],
    token: CancelToken,
    *,
    only_mine: bool = False,
    cluster: str = "",
) -> SetupFinished:
    """Carry out the plan's writes; ``only_mine``: those that the signed-in user may, the others are left and named.

    ``cluster``: what it is called, for the journal. Every expected trouble ends in the returned ``SetupFinished``.
    """
    context = ApplyContext(azure, clock, journal, report, token, cluster=cluster)
    return apply_in_context(context, plan, only_mine=only_mine)


def apply_in_context(context: ApplyContext, plan: SetupPlan, *, only_mine: bool = False) -> SetupFinished:
    """The same in a context of the caller's, which also says how long it waits and how many calls go out at once."""
    context.run = new_run()
    others = _changes_for_others(plan)
    against = apply_refusal(plan, only_mine=only_mine)
    if against is not None:
        left = plan.writing if plan.problems else others
        return conclude(context, "apply", Outcome.REFUSED, against, left=[item.key for item in left])
    if not plan.writing:
        return conclude(
            context, "apply", Outcome.DONE, Problem("nothing-to-do", "Everything is there; nothing to write.")
        )
    wanted = plan.mine if only_mine else plan.writing
    tasks = [_task_for(context, plan, change) for change in wanted]
    for change in others:
        context.report(ChangeSkipped(context.stamp(), change.key, change.sentence, _OTHERS))
    sentences = {change.key: change.sentence for change in plan.writing}
    return run_tasks(
        context, "apply", tasks, sentences, {change.key: TaskEnd(TaskOutcome.LEFT, _OTHERS) for change in others}
    )


def apply_refusal(plan: SetupPlan, *, only_mine: bool = False) -> Problem | None:
    """Why applying the plan would be refused before its first write; None: it would begin."""
    if plan.problems:
        return plan.problems[0]
    others = _changes_for_others(plan)
    return _not_allowed_problem(plan, others) if others and (not only_mine or not plan.mine) else None


def _changes_for_others(plan: SetupPlan) -> tuple[SetupChange, ...]:
    return tuple(change for change in plan.writing if change.right.who is WhoMay.OTHERS)


def new_run() -> str:
    """A fresh run id."""
    return uuid.uuid4().hex[:12]


def run_tasks(
    context: ApplyContext, job: str, tasks: list[Task], sentences: dict[str, str], ended: dict[str, TaskEnd]
) -> SetupFinished:
    """Run the tasks and tell how each ended. ``ended``: changes whose end is known already."""

    def left(key: str, reason: str) -> None:
        context.report(ChangeSkipped(context.stamp(), key, sentences[key], reason))

    runner = TaskRunner(context.clock, context.token, context.workers, dict(ended))
    try:
        of = context.journal.identity
        nics, address = (of.nics, of.address) if of is not None else ((), "")
        keys = tuple(task.key for task in tasks)
        origin, cluster = context.journal.origin, context.cluster
        began = SetupRunRecord(context.run, context.at(), job, keys, nics, address, origin, cluster)
        context.journal.add(context.run, began)
        runner.run([_reporting(context, task, sentences[task.key]) for task in tasks], left)
    except JournalError as error:
        open_keys = [task.key for task in tasks if task.key not in runner.ends]
        for key in open_keys:
            left(key, "The journal could not be written, so nothing more was sent.")
        return conclude(context, job, Outcome.FAILED, error.problem, ends=runner.ends, left=open_keys)
    except Exception:  # noqa: BLE001 - whatever it is, the job must end with what was done and what was not
        # An error of ours must not hide what stands in Azure; it is logged, and the job can be begun again.
        _log.exception("the job %s broke off", job)
        open_keys = [task.key for task in tasks if task.key not in runner.ends]
        return conclude(context, job, Outcome.UNKNOWN, _internal_error(), ends=runner.ends, left=open_keys)
    return _concluded(context, job, runner.ends)


def conclude(
    context: ApplyContext,
    job: str,
    outcome: Outcome,
    problem: Problem,
    *,
    ends: dict[str, TaskEnd] | None = None,
    left: list[str] | None = None,
) -> SetupFinished:
    """Tell the end of a job; ``problem.sentence()`` is its reason."""
    ends = ends or {}
    finished = SetupFinished(
        context.stamp(),
        job,
        outcome,
        problem.sentence(),
        tuple(key for key, end in ends.items() if end.how is TaskOutcome.DONE),
        tuple(key for key, end in ends.items() if end.how in (TaskOutcome.FAILED, TaskOutcome.UNKNOWN)),
        tuple(dict.fromkeys([*(key for key, end in ends.items() if end.how is TaskOutcome.LEFT), *(left or [])])),
        problem if outcome is not Outcome.DONE else None,
    )
    # The end is told all the same; without its record the next run only looks once more.
    with contextlib.suppress(JournalError):
        context.journal.add(context.run, SetupRunEndRecord(context.run, context.at(), outcome, finished.reason))
    context.report(finished)
    return finished


def _concluded(context: ApplyContext, job: str, ends: dict[str, TaskEnd]) -> SetupFinished:
    unknown = [end for end in ends.values() if end.how is TaskOutcome.UNKNOWN]
    failed = [end for end in ends.values() if end.how is TaskOutcome.FAILED]
    left = [key for key, end in ends.items() if end.how is TaskOutcome.LEFT]
    done = sum(1 for end in ends.values() if end.how is TaskOutcome.DONE)
    verb = "taken back" if job == "undo" else "done"
    count = f"{done} of {counted(len(ends), 'change')} {are(len(ends))} {verb}"
    if unknown or failed:
        worst = (unknown or failed)[0]
        cause = worst.problem or Problem("not-done", worst.words)
        rest = f" {len(left)} {'was' if len(left) == 1 else 'were'} left." if left else ""
        problem = Problem(cause.code, f"{count}. {cause.what}", cause.why, f"{cause.fix}{rest}".strip(), cause.detail)
        return conclude(context, job, Outcome.UNKNOWN if unknown else Outcome.FAILED, problem, ends=ends)
    if context.token.is_cancelled and left:
        fix = "What is done stays; apply again to go on, or undo it." if job == "apply" else "Undo again to go on."
        fix = f"It {job}s all the same." if job in ("restart", "start") else fix
        fix = fix if context.wrote else "Nothing was written."
        return conclude(
            context, job, Outcome.CANCELLED, Problem("cancelled", f"Cancelled: {count}.", "", fix), ends=ends
        )
    if left and any(ends[key].words == _OTHERS for key in left):
        what = f"{count}; {len(left)} {are(len(left))} left to someone whose roles allow them."
        return conclude(context, job, Outcome.DONE, Problem("part-done", what, "", "Hand them over."), ends=ends)
    if left:
        reasons = join_words(dict.fromkeys(ends[key].words for key in left))
        return conclude(context, job, Outcome.DONE, Problem("kept", f"{count}; kept: {reasons}"), ends=ends)
    what = f"1 change is {verb}." if len(ends) == 1 else f"All {len(ends)} changes are {verb}."
    return conclude(context, job, Outcome.DONE, Problem("done", what), ends=ends)


def _internal_error() -> Problem:
    return Problem(
        "broke-off",
        "tgwizard made an error and stopped.",
        "What was under way may have come about.",
        "Begin again: what is there already is skipped. The report is in the log file.",
    )


def _reporting(context: ApplyContext, task: Task, sentence: str) -> Task:
    """The task with its beginning and end reported."""

    def work() -> TaskBody[TaskEnd]:
        begun = context.clock.monotonic()
        context.report(ChangeStarted(context.stamp(), task.key, sentence))
        end = yield from task.begin()
        match end.how:
            case TaskOutcome.DONE:
                context.report(ChangeDone(context.stamp(), task.key, end.words, context.clock.monotonic() - begun))
            case TaskOutcome.LEFT:
                context.report(ChangeSkipped(context.stamp(), task.key, sentence, end.words))
            case _:
                problem = end.problem or Problem("not-done", end.words)
                context.report(ChangeFailed(context.stamp(), task.key, sentence, problem))
        return end

    return Task(task.key, work, task.after, task.anyway)


def _task_for(context: ApplyContext, plan: SetupPlan, change: SetupChange) -> Task:
    action, uncertainty = _action_for(context, plan, change), change.right.problem
    mine = {one.key for one in plan.mine}
    after = (*change.after_keys, *(key for key in change.not_if_failed if key in mine))
    return Task(change.key, lambda: run_change(context, change.key, change.sentence, action, uncertainty), after)


def _action_for(context: ApplyContext, plan: SetupPlan, change: SetupChange) -> ChangeAction:
    match change.write:
        case EnableIdentity():
            return EnableIdentityAction(context, change.write)
        case PutRole():
            return PutRoleAction(context, change.write, _written_at(change))
        case Assign():
            return AssignRoleAction(context, change.write, plan.role)
        case RemoveStale():
            return RemoveStaleAction(context, change.write)
        case PlaceAddress():
            held = (thing for scope in plan.scopes for thing in scope.holds)
            return PlaceAddressAction(
                context, change.write, tuple(thing for thing in held if thing.type.lower() == NIC_TYPE)
            )
        case Restart():
            raise ValueError("a restart is asked for by itself, never a part of applying")


def _written_at(change: SetupChange) -> str:
    """The scope that the plan writes the role at: it was chosen among those that the user has rights at."""
    at, found, _ = change.path.partition("/providers/Microsoft.Authorization/roleDefinitions/")
    return at if found else change.target.partition("/providers/Microsoft.Authorization/")[0]


def _not_allowed_problem(plan: SetupPlan, others: tuple[SetupChange, ...]) -> Problem:
    first = not_yours(plan.writing)[0]
    if first.obstacle is not Obstacle.ROLE:
        return replace(first.problem, what=f"{first.problem.what} Nothing was written.")
    roles = join_words(dict.fromkeys(sanitize(role, 160) for change in others for role in change.right.roles))
    count = len(others)
    what = f"{count} of {counted(len(plan.writing), 'change')} {are(count)} not yours to make, so nothing was written."
    why = f"They need {roles}." if roles else "Your roles do not allow them."
    fix = (
        "Apply what you may, or export the plan for someone who may." if plan.mine else "Export it for someone who may."
    )
    return Problem("not-yours", what, why, fix)


def apply_job(
    services: Services,
    answers: Answers,
    plan: SetupPlan,
    report: Report[SetupEvent],
    token: CancelToken,
    *,
    only_mine: bool = False,
) -> SetupFinished:
    """Apply the plan; ``only_mine``: what the signed-in user may."""
    return locked_job(
        services,
        identity_of(answers),
        "apply",
        report,
        lambda journal: apply(
            services.azure, services.clock, journal, plan, report, token, only_mine=only_mine, cluster=answers.name
        ),
    )

"""The sentences of the running view: what moves, what a cancel or closing the window would do, and text to copy."""

from __future__ import annotations

from dataclasses import dataclass

from tgwizard.gui.cluster.run_model import RunModel, RunStepState
from tgwizard.model.cluster import Member, Verb
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.failover_events import CallMade, CancelMeaning, Step
from tgwizard.model.text import format_duration, format_estimate, format_utc


def step_words(step: Step, losing: Member | None, gaining: Member | None) -> str:
    """The second line of a step before there is anything to tell of it."""
    match step:
        case Step.CHECK:
            return "rights, power, both network interfaces"
        case Step.FENCE:
            return f"{losing.vm.name}, so that it cannot take the address back" if losing is not None else ""
        case Step.DETACH:
            return losing.nic.name if losing is not None else ""
        case Step.ATTACH:
            return gaining.nic.name if gaining is not None else ""
        case Step.CONFIRM:
            return "and that nothing else on either NIC changed"
        case Step.PUT_BACK:
            return losing.nic.name if losing is not None else ""
        case Step.MOVE:
            return "one operation, both interfaces"
        case Step.GUIDE:
            return "the members move the address; tgwizard watches Azure"


def cancel_words(run: RunModel, losing: Member | None) -> tuple[str, str]:
    """The words on the cancel button, and what it does or why it is off."""
    back = losing.name if losing is not None else "where it was"
    if run.cancel_asked and run.cancel is not CancelMeaning.NOT_GRANTED:
        stops = run.cancel is CancelMeaning.STOPS
        words = "Stop the failover" if stops else f"Put it back on {back}"
        return words, f"You asked for it. {'The run ends' if stops else 'It begins'} as soon as Azure has answered."
    match run.cancel:
        case CancelMeaning.STOPS:
            return "Stop the failover", run.leaves or "Nothing was written yet."
        case CancelMeaning.PUTS_BACK:
            return f"Put it back on {back}", run.leaves
        case _:
            words = "Stop the failover" if losing is None else f"Put it back on {back}"
            if run.started is None:
                return words, "The run is starting."
            return words, f"Off: {run.leaves}" if run.leaves else "Off: the run has ended."


_ENDS = {
    Step.CHECK: "the checks have not ended",
    Step.FENCE: "the machine has not stopped",
    Step.DETACH: "the address is not detached",
    Step.ATTACH: "the address is not attached",
    Step.CONFIRM: "the holder is not confirmed",
    Step.PUT_BACK: "the address is not put back",
    Step.MOVE: "the address has not moved",
    Step.GUIDE: "the address has not moved",
}
"""What has not happened when the time of a step is over."""


def deadline_words(step: RunStepState, losing: Member | None) -> tuple[str, str]:
    """The title of the deadline bar, and what happens when it is reached."""
    seconds = step.deadline_s or 0.0
    deadline = f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"
    title = f"If {_ENDS[step.plan.step]} within {deadline}"
    back = losing.name if losing is not None else "no member"
    match step.plan.step:
        case Step.CHECK:
            return title, "the run ends; nothing was written."
        case Step.FENCE:
            return title, "the run ends before anything is detached, unless you chose to go on without the stop."
        case Step.ATTACH if losing is not None:
            return title, f"tgwizard reads where the address is, then puts it back on {back} or says what is left."
        case Step.MOVE:
            return title, f"nothing is written; tgwizard asks what to do, and {back} keeps the address until then."
        case Step.GUIDE:
            return title, "watching ends; nothing was written."
        case Step.DETACH:
            return title, f"tgwizard reads whether {back} still holds it, and ends the run with what it found."
        case _:
            return title, "the run ends and says what is left to do."


def closing_words(run: RunModel, setup: ClusterSetup, losing: Member | None) -> str:
    """What closing the window, or this computer stopping, would mean now (gui/README.md 10)."""
    address = setup.address
    back = losing.name if losing is not None else "where it was"
    resume = (
        f"If this computer stops now, tgwizard offers Resume when you open {setup.name} again. "
        "Resume reads Azure first and does only what is missing."
    )
    match run.cancel:
        case CancelMeaning.STOPS:
            return f"{run.leaves} tgwizard asks whether to go on; {address} stays where it is otherwise."
        case CancelMeaning.PUTS_BACK:
            return (
                f"tgwizard asks first: finish the move, or put {address} back on {back}. It closes after that. {resume}"
            )
        case _:
            return f"tgwizard finishes the move and closes after that. {resume}"


def close_question_words(run: RunModel, setup: ClusterSetup) -> str:
    """What each way to close the window during the run would do, for the question that closing asks."""
    resume = f"If this computer stops before that, tgwizard offers Resume when you open {setup.name} again."
    if run.cancel is CancelMeaning.NOT_GRANTED:
        return f"{run.leaves or 'The run is starting.'} The window closes when it has ended. {resume}"
    leaves = run.leaves or "Nothing was written yet."
    return f"{leaves} Otherwise the move goes on. Either way the window closes when the run has ended. {resume}"


@dataclass(frozen=True, slots=True)
class CallsFolded:
    """Equal calls in a row, newest of them kept, with how many they were."""

    call: CallMade
    times: int

    @property
    def answer(self) -> str:
        """The answer, and how often it came."""
        return self.call.answer if self.times == 1 else f"{self.times} times: {self.call.answer}"


def fold_calls(calls: tuple[CallMade, ...], limit: int) -> tuple[CallsFolded, ...]:
    """The newest `limit` lines of the log: a poll that hears the same again adds no line."""
    folded: list[CallsFolded] = []
    for call in calls:
        last = folded[-1] if folded else None
        if last is not None and (last.call.method, last.call.target, last.call.answer) == (
            call.method,
            call.target,
            call.answer,
        ):
            folded[-1] = CallsFolded(last.call, last.times + 1)
        elif len(folded) == limit:
            break
        else:
            folded.append(CallsFolded(call, 1))
    return tuple(folded)


def call_time(run: RunModel, call: CallMade) -> str:
    """Seconds since the start, to 0.1 s."""
    since = run.started.stamp.clock_s if run.started is not None else call.stamp.clock_s
    return f"{max(0.0, call.stamp.clock_s - since):.1f} s"


def details_text(run: RunModel, setup: ClusterSetup) -> str:
    """The run as plain text, for a ticket."""
    started, finished = run.started, run.finished
    lines = [f"Cluster {setup.name}, floating IP {setup.address}"]
    if started is not None:
        verb = "Graceful" if started.verb is Verb.GRACEFUL else "Forced"
        lines.append(f"{verb} failover to {started.to}, run {started.run}, started {format_utc(started.stamp.at)}")
    for step in run.steps:
        took = format_duration(step.seconds) if step.seconds is not None else step.status.value
        predicted = format_estimate(step.plan.predicted_s)
        lines.append(f"- {step.plan.sentence}: {took} (predicted {predicted}) {step.detail}".rstrip())
    if finished is not None:
        lines.append(f"Outcome: {finished.outcome.value}. {finished.reason}".rstrip())
        if finished.problem is not None and finished.problem.detail:
            lines.append(f"Details: {finished.problem.detail}")
        if finished.seconds is not None:
            lines.append(f"Control-plane time: {format_duration(finished.seconds)}")
        if finished.gap.words:
            lines.append(f"Gap as read: {finished.gap.words}")
        lines += [f"Left to do: {left}" for left in finished.left]
        lines += [
            f"Changed by others: {other.nic} {found.path}: {found.before} -> {found.after}"
            for other in finished.by_other
            for found in (other.difference,)
        ]
    for note in run.notes:
        lines.append(f"Note: {note.sentence()}")
        lines += [f"  Details: {note.detail}"] if note.detail else []
    lines.append("Calls, newest first:")
    lines += [f"  {call_time(run, call)}  {call.method} {call.target}: {call.answer}" for call in run.calls]
    return "\n".join(lines) + "\n"

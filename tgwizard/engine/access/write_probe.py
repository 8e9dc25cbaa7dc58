"""Asking by a write that cannot be applied: it is bound to a version that never was.

It is sent as the signed-in identity, or in a machine's own name.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from tgwizard.engine.access.access_decision import denied_in_words, with_denials_applied
from tgwizard.engine.access.required_rights import NOT_ASKED
from tgwizard.engine.azure_call_error import AzureCallError, Cause, Certainty, MissingRight
from tgwizard.engine.ports import AzurePorts
from tgwizard.engine.retry import RetryPolicy
from tgwizard.model.chosen_machines import ChosenMachines
from tgwizard.model.cluster import ResourceId
from tgwizard.model.nic import NicDocument, Provisioning
from tgwizard.model.permission import DenyAssignment
from tgwizard.model.problem import Problem
from tgwizard.model.text import join_words, sanitize

IMPOSSIBLE_ETAG = 'W/"00000000-0000-0000-0000-000000000000"'
"""No resource ever has this version, so a write that carries it can never be applied."""

STILL_THERE = frozenset({"address-allocated", "public-ip-in-use"})
"""The problems of an attach that comes while the losing interface still has what travels."""

_BAD_REQUEST = 400


class ProbeOutcome(Enum):
    """What came of it.

    BUSY: the interface is being updated, and nothing is sent to it meanwhile, not even this. IGNORED: nothing was
    sent, because this cloud was seen to apply an outdated write.
    """

    ALLOWED = "allowed"
    REFUSED = "refused"
    LOCKED = "locked"
    UNCLEAR = "unclear"
    BUSY = "busy"
    APPLIED = "applied"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class WriteProbe:
    """The probe of one interface; ``refused`` are the rights that a refusal named, each with its scope.

    ``attach``: it was asked with the body of the attach, else with the interface's own unchanged body.
    """

    nic: ResourceId
    outcome: ProbeOutcome
    problem: Problem | None = None
    refused: tuple[MissingRight, ...] = ()
    attach: bool = False


@dataclass(frozen=True, slots=True)
class AttachProbe:
    """The very body that will be sent, and the interface that has what travels until then."""

    document: NicDocument
    holder: ResourceId


def probe_write(
    azure: AzurePorts,
    nic: ResourceId,
    document: NicDocument,
    attach: AttachProbe | None = None,
    *,
    heeded: bool = False,
    retry_policy: RetryPolicy | None = None,
) -> WriteProbe:
    """Ask whether the interface may be written; with ``attach``, whether that body would be taken.

    ``heeded``: another interface of the subscription was just refused for its version, so that need not be tried here.
    With ``retry_policy`` it is asked again when Azure was busy, and when an answer was lost and nothing was changed.
    """
    if document.provisioning is Provisioning.UPDATING:
        return WriteProbe(nic, ProbeOutcome.BUSY)
    if attach is not None and heeded:
        return _asked(azure, nic, attach.document, retry_policy, attach)
    as_read = _asked(azure, nic, document, retry_policy)
    if as_read.outcome is not ProbeOutcome.ALLOWED or attach is None:
        return as_read
    asked = _asked(azure, nic, attach.document, retry_policy, attach)
    return as_read if asked.outcome is ProbeOutcome.UNCLEAR else asked


def _asked(
    azure: AzurePorts,
    nic: ResourceId,
    document: NicDocument,
    retry_policy: RetryPolicy | None,
    attach: AttachProbe | None = None,
) -> WriteProbe:
    lost, asked = False, attach is not None

    def send() -> None:
        nonlocal lost
        if lost and azure.network.read_nic(nic).etag != document.etag:
            what = f"{nic.name} was changed while it was asked whether it may be."
            raise AzureCallError(Problem("changed-meanwhile", what, "", "Check again."), Certainty.NOT_SENT)
        try:
            azure.network.write_nic(nic, document, if_match=IMPOSSIBLE_ETAG, request_id=str(uuid.uuid4()))
        except AzureCallError as failure:
            lost = failure.certainty is Certainty.UNKNOWN
            raise

    try:
        send() if retry_policy is None else retry_policy.ask(send)
    except AzureCallError as failure:
        return WriteProbe(nic, _outcome(failure, attach), failure.problem, failure.refused, asked)
    return WriteProbe(nic, ProbeOutcome.APPLIED, attach=asked)


def _still_there(failure: AzureCallError, attach: AttachProbe) -> bool:
    """Whether the attach was only refused for what the losing interface still has: it got as far as that."""
    if failure.problem.code in STILL_THERE:
        return True
    return failure.status == _BAD_REQUEST and attach.holder.key in failure.problem.detail.lower()


def _outcome(failure: AzureCallError, attach: AttachProbe | None) -> ProbeOutcome:
    if failure.cause is Cause.ETAG_MOVED or (attach is not None and _still_there(failure, attach)):
        return ProbeOutcome.ALLOWED
    if failure.certainty is not Certainty.REFUSED:
        return ProbeOutcome.UNCLEAR
    if failure.cause is Cause.LOCKED:
        return ProbeOutcome.LOCKED
    if failure.cause in (Cause.NOT_ALLOWED, Cause.SIGN_IN):
        return ProbeOutcome.REFUSED
    # A definite no to the body that will be sent is one to the attach; a busy or throttled Azure says nothing.
    passes = failure.cause in (Cause.BUSY, Cause.THROTTLED)
    return ProbeOutcome.REFUSED if attach is not None and not passes else ProbeOutcome.UNCLEAR


class ProbeAnswer(Enum):
    """What the machine was told. Not known: something else than its rights stood in the way."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The answer that a machine got at ``at`` (UTC), in words. ``row``: the row of the rehearsal it was about."""

    vm: ResourceId
    answer: ProbeAnswer
    at: datetime
    words: str
    row: str = ""


def probe_as(
    azure: AzurePorts, place: int, chosen: ChosenMachines, now: datetime, denials: tuple[DenyAssignment, ...] = ()
) -> ProbeResult:
    """Ask everything that the machine at ``place`` of ``chosen`` does in a failover; ``azure``: as that machine.

    The first refusal ends it; a right that it names as missing although one of ``denials`` (those that concern the
    machine) takes it is told as denied. Never raises AzureCallError.
    """
    vm = chosen.vms[place].id
    own, other = chosen.nics[place].id, chosen.nics[1 - place].id
    for row, nic in (("take", other), ("add", own)):
        try:
            probe = probe_write(azure, nic, azure.network.read_nic(nic))
        except AzureCallError as failure:
            refused = failure.cause is Cause.NOT_ALLOWED
            return _answer(vm, ProbeAnswer.REFUSED if refused else ProbeAnswer.NOT_KNOWN, now, failure.problem, "read")
        match probe.outcome:
            case ProbeOutcome.ALLOWED:
                continue
            case ProbeOutcome.REFUSED | ProbeOutcome.LOCKED:
                first = next(iter(with_denials_applied(probe.refused, denials)), None)
                if first is not None and first.denied:
                    words = f"Asked in its own name, it was refused: {denied_in_words(first)} it has."
                    return ProbeResult(vm, ProbeAnswer.REFUSED, now, words, row)
                return _answer(vm, ProbeAnswer.REFUSED, now, probe.problem, row)
            case ProbeOutcome.BUSY:
                words = f"{sanitize(nic.name, 90)} is being updated, and no write is sent meanwhile."
                return ProbeResult(vm, ProbeAnswer.NOT_KNOWN, now, words, row)
            case ProbeOutcome.APPLIED:
                words = (
                    f"Azure applied a write to {sanitize(nic.name, 90)} that it had to refuse, so this shows nothing."
                )
                return ProbeResult(vm, ProbeAnswer.NOT_KNOWN, now, words, row)
            case _:
                return _answer(vm, ProbeAnswer.NOT_KNOWN, now, probe.problem, row)
    blind = [one.id.name for one in chosen.vms if not _may_read(azure, one.id)]
    beside = f"; it may not read {join_words(blind)}, which is {NOT_ASKED}" if blind else ""
    return ProbeResult(vm, ProbeAnswer.ALLOWED, now, f"asked in its own name: allowed{beside}")


def _answer(vm: ResourceId, answer: ProbeAnswer, now: datetime, problem: Problem | None, row: str) -> ProbeResult:
    why = (problem.why or problem.what) if problem is not None else "Azure did not say why."
    return ProbeResult(vm, answer, now, f"Asked in its own name, it was told: {why}", row)


def _may_read(azure: AzurePorts, vm: ResourceId) -> bool:
    """Whether a machine may be read, as far as Azure says no: an answer that fails to come says nothing."""
    try:
        azure.compute.vm(vm)
    except AzureCallError as failure:
        return failure.cause is not Cause.NOT_ALLOWED
    return True

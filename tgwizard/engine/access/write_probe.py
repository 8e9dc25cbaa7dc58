"""Asking by a write that cannot be applied: it is bound to a version that never was.

Azure checks rights, linked rights, policies, locks and deny assignments before the version, so a 412 proves that the
write would have been allowed. That rests on Azure heeding the version. So an interface's own unchanged body is sent
first, which does no harm where the version is ignored; only when that was refused for its version, moments before, is
the attach asked for with the very body that will be sent. The body of a detach is never sent.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import Enum

from tgwizard.engine.errors import CallFailed, Cause, Certainty, MissingRight
from tgwizard.engine.ports import Azure
from tgwizard.engine.retry import Patience
from tgwizard.model.cluster import ResourceId
from tgwizard.model.nic import NicDocument, Provisioning
from tgwizard.model.problem import Problem

IMPOSSIBLE_ETAG = 'W/"00000000-0000-0000-0000-000000000000"'
"""No resource ever has this version, so a write that carries it can never be applied."""

STILL_THERE = frozenset({"address-allocated", "public-ip-in-use"})
"""The problems of an attach that comes while the losing interface still has what travels."""

_BAD_REQUEST = 400


class Probed(Enum):
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
class Probe:
    """The probe of one interface; ``refused`` are the rights that a refusal named, each with its scope.

    ``attach``: it was asked with the body of the attach, else with the interface's own unchanged body.
    """

    nic: ResourceId
    outcome: Probed
    problem: Problem | None = None
    refused: tuple[MissingRight, ...] = ()
    attach: bool = False


@dataclass(frozen=True, slots=True)
class Attach:
    """The very body that will be sent, and the interface that has what travels until then."""

    document: NicDocument
    holder: ResourceId


def probe_write(
    azure: Azure,
    nic: ResourceId,
    document: NicDocument,
    attach: Attach | None = None,
    *,
    heeded: bool = False,
    patience: Patience | None = None,
) -> Probe:
    """Ask whether the interface may be written; with ``attach``, whether that body would be taken.

    ``heeded``: another interface of the subscription was just refused for its version, so that need not be tried here.
    With ``patience`` it is asked again when Azure was busy, and when an answer was lost and nothing was changed.
    """
    if document.provisioning is Provisioning.UPDATING:
        return Probe(nic, Probed.BUSY)
    if attach is not None and heeded:
        return _asked(azure, nic, attach.document, patience, attach)
    as_read = _asked(azure, nic, document, patience)
    if as_read.outcome is not Probed.ALLOWED or attach is None:
        return as_read
    asked = _asked(azure, nic, attach.document, patience, attach)
    return as_read if asked.outcome is Probed.UNCLEAR else asked


def _asked(
    azure: Azure, nic: ResourceId, document: NicDocument, patience: Patience | None, attach: Attach | None = None
) -> Probe:
    lost, asked = False, attach is not None

    def send() -> None:
        nonlocal lost
        if lost and azure.read_nic(nic).etag != document.etag:
            what = f"{nic.name} was changed while it was asked whether it may be."
            raise CallFailed(Problem("changed-meanwhile", what, "", "Check again."), Certainty.NOT_SENT)
        try:
            azure.write_nic(nic, document, if_match=IMPOSSIBLE_ETAG, request_id=str(uuid.uuid4()))
        except CallFailed as failure:
            lost = failure.certainty is Certainty.UNKNOWN
            raise

    try:
        send() if patience is None else patience.ask(send)
    except CallFailed as failure:
        return Probe(nic, _outcome(failure, attach), failure.problem, failure.refused, asked)
    return Probe(nic, Probed.APPLIED, attach=asked)


def _still_there(failure: CallFailed, attach: Attach) -> bool:
    """Whether the attach was only refused for what the losing interface still has: it got as far as that."""
    if failure.problem.code in STILL_THERE:
        return True
    return failure.status == _BAD_REQUEST and attach.holder.key in failure.problem.detail.lower()


def _outcome(failure: CallFailed, attach: Attach | None) -> Probed:
    if failure.cause is Cause.ETAG_MOVED or (attach is not None and _still_there(failure, attach)):
        return Probed.ALLOWED
    if failure.certainty is not Certainty.REFUSED:
        return Probed.UNCLEAR
    if failure.cause is Cause.LOCKED:
        return Probed.LOCKED
    if failure.cause in (Cause.NOT_ALLOWED, Cause.SIGN_IN):
        return Probed.REFUSED
    # A definite no to the body that will be sent is one to the attach; a busy or throttled Azure says nothing.
    passes = failure.cause in (Cause.BUSY, Cause.THROTTLED)
    return Probed.REFUSED if attach is not None and not passes else Probed.UNCLEAR

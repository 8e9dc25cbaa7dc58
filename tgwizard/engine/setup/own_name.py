"""Asking in a machine's own name: what a failover would write, with a version that never was (DESIGN 3d, 4f).

Azure checks rights, linked rights, denials and locks before the version, so a 412 proves that the identity may write
the whole interface, subnet and groups included, and a 403 names what is missing. Nothing can be applied. Only a lab
lets a program outside the machine have its token; on the real Azure nobody calls this.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from tgwizard.engine.access.write_probe import IMPOSSIBLE_ETAG
from tgwizard.engine.ports import Azure, CallFailed, Cause
from tgwizard.model.cluster import ResourceId
from tgwizard.model.nic import Provisioning
from tgwizard.model.text import tame
from tgwizard.model.topology import Topology


class Answered(Enum):
    """What the machine was told. Not known: something else than its rights stood in the way."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True)
class Asked:
    """The answer that a machine got at ``at`` (UTC), in words. ``row``: the row of the rehearsal it was about."""

    vm: ResourceId
    answer: Answered
    at: datetime
    words: str
    row: str = ""


def ask_as(azure: Azure, place: int, topology: Topology, now: datetime) -> Asked:
    """Ask everything that the machine at ``place`` of ``topology`` does in a failover; ``azure``: as that machine.

    The first refusal ends it. Never raises CallFailed.
    """
    vm = topology.vms[place].id
    own, other = topology.nics[place].id, topology.nics[1 - place].id
    for row, question in (
        ("machines", lambda: [azure.read_vm(one.id) for one in topology.vms]),
        ("take", lambda: _probe(azure, other)),
        ("add", lambda: _probe(azure, own)),
    ):
        try:
            question()
        except _Busy as busy:
            words = f"{tame(busy.args[0], 90)} is being updated, and no write is sent meanwhile."
            return Asked(vm, Answered.NOT_KNOWN, now, words, row)
        except CallFailed as failure:
            if failure.cause is Cause.ETAG_MOVED:
                continue
            answer = Answered.REFUSED if failure.cause is Cause.NOT_ALLOWED else Answered.NOT_KNOWN
            why = failure.problem.why or failure.problem.what
            return Asked(vm, answer, now, f"Asked in its own name, it was told: {why}", row)
    return Asked(vm, Answered.ALLOWED, now, "asked in its own name: allowed")


class _Busy(Exception):
    """An interface is being written; its name."""


def _probe(azure: Azure, nic: ResourceId) -> None:
    document = azure.read_nic(nic)
    if document.provisioning is Provisioning.UPDATING:
        raise _Busy(nic.name)
    azure.write_nic(nic, document, if_match=IMPOSSIBLE_ETAG, request_id=str(uuid.uuid4()))

"""Asking in a machine's own name: a failover's write with a version that never was (engine/README.md 1.4, 2.6).

Azure checks rights, linked rights, denials and locks before the version, so a 412 proves that the identity may write
the whole interface, subnet and groups included, and a 403 names what is missing. Nothing can be applied. Only a lab
lets a program outside the machine have its token; on the real Azure nobody calls this.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from tgwizard.engine.access.access_decision import denied_in_words, told_denied
from tgwizard.engine.access.required_rights import NOT_ASKED
from tgwizard.engine.access.write_probe import Probed, probe_write
from tgwizard.engine.errors import CallFailed, Cause
from tgwizard.engine.ports import Azure
from tgwizard.model.cluster import ResourceId
from tgwizard.model.permission import DenyAssignment
from tgwizard.model.problem import Problem
from tgwizard.model.text import listed, tame
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


def ask_as(
    azure: Azure, place: int, topology: Topology, now: datetime, denials: tuple[DenyAssignment, ...] = ()
) -> Asked:
    """Ask everything that the machine at ``place`` of ``topology`` does in a failover; ``azure``: as that machine.

    The first refusal ends it; a right that it names as missing although one of ``denials`` (those that concern the
    machine) takes it is told as denied. Never raises CallFailed.
    """
    vm = topology.vms[place].id
    own, other = topology.nics[place].id, topology.nics[1 - place].id
    for row, nic in (("take", other), ("add", own)):
        try:
            probe = probe_write(azure, nic, azure.read_nic(nic))
        except CallFailed as failure:
            refused = failure.cause is Cause.NOT_ALLOWED
            return _answer(vm, Answered.REFUSED if refused else Answered.NOT_KNOWN, now, failure.problem, "read")
        match probe.outcome:
            case Probed.ALLOWED:
                continue
            case Probed.REFUSED | Probed.LOCKED:
                first = next(iter(told_denied(probe.refused, denials)), None)
                if first is not None and first.denied:
                    words = f"Asked in its own name, it was refused: {denied_in_words(first)} it has."
                    return Asked(vm, Answered.REFUSED, now, words, row)
                return _answer(vm, Answered.REFUSED, now, probe.problem, row)
            case Probed.BUSY:
                words = f"{tame(nic.name, 90)} is being updated, and no write is sent meanwhile."
                return Asked(vm, Answered.NOT_KNOWN, now, words, row)
            case Probed.APPLIED:
                words = f"Azure applied a write to {tame(nic.name, 90)} that it had to refuse, so this shows nothing."
                return Asked(vm, Answered.NOT_KNOWN, now, words, row)
            case _:
                return _answer(vm, Answered.NOT_KNOWN, now, probe.problem, row)
    blind = [one.id.name for one in topology.vms if not _may_read(azure, one.id)]
    beside = f"; it may not read {listed(blind)}, which is {NOT_ASKED}" if blind else ""
    return Asked(vm, Answered.ALLOWED, now, f"asked in its own name: allowed{beside}")


def _answer(vm: ResourceId, answer: Answered, now: datetime, problem: Problem | None, row: str) -> Asked:
    why = (problem.why or problem.what) if problem is not None else "Azure did not say why."
    return Asked(vm, answer, now, f"Asked in its own name, it was told: {why}", row)


def _may_read(azure: Azure, vm: ResourceId) -> bool:
    """Whether a machine may be read, as far as Azure says no: an answer that fails to come says nothing."""
    try:
        azure.read_vm(vm)
    except CallFailed as failure:
        return failure.cause is not Cause.NOT_ALLOWED
    return True

"""``observe``: ports -> Snapshot. Each source is read on its own; the silence of one never stops the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from tgwizard.engine.azure_call_error import AzureCallError, Cause
from tgwizard.engine.ports import AzurePorts, Clock
from tgwizard.engine.retry import PAUSES_S, RetryPolicy, is_plausible, plausible_wait_s
from tgwizard.model.cluster import Member, ResourceId
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.nic import NicDocument, Provisioning
from tgwizard.model.problem import Problem
from tgwizard.model.snapshot import LocationKind, MemberSeen, Reading, Snapshot
from tgwizard.model.watch_events import Source

T = TypeVar("T")


@dataclass(slots=True)
class Observer:
    """Reads one cluster again and again, keeping the last good value of every source."""

    azure: AzurePorts
    clock: Clock
    setup: ClusterSetup
    _members: list[MemberSeen] = field(init=False)
    _elsewhere: Reading[tuple[ResourceId, ...]] = field(init=False, default_factory=Reading)
    _ranges: Reading[tuple[str, ...]] = field(init=False, default_factory=Reading)
    quiet_until: float = field(init=False, default=0.0)
    quiet_is_plausible: bool = field(init=False, default=True)
    """Until when Azure asked for no more reads (a 429's Retry-After), on the Clock's monotonic scale."""

    def __post_init__(self) -> None:
        self._members = [MemberSeen(member, Reading(), Reading()) for member in self.setup.members]

    def snapshot(self) -> Snapshot:
        """What is known now, without asking anyone."""
        first, second = self._members
        now, wall = self.clock.monotonic(), self.clock.wall()
        return Snapshot(self.setup, (first, second), now, wall, self._elsewhere, self._ranges)

    def look(self, *, vms: bool = True, retry_policy: RetryPolicy | None = None) -> Snapshot:
        """Read both NICs, the VMs when asked, and, only when no member lists the address, who else does.

        With ``retry_policy`` what fails for a moment is asked again, each source for itself.
        """
        for member in self.setup.members:
            self.look_at_nic(member, retry_policy)
        if vms:
            for member in self.setup.members:
                self.look_at_vm(member, retry_policy)
        self._look_elsewhere(retry_policy)
        return self.snapshot()

    def seen(self, member: Member) -> MemberSeen:
        """What is known of this member, without asking."""
        return self._members[self.setup.members.index(member)]

    def foreign_nic(self) -> ResourceId | None:
        """Ask who, apart from the members, has the address; None when nobody has, or when it cannot be read."""
        self._ask_elsewhere()
        return self._elsewhere.value[0] if self._elsewhere.value else None

    def look_at_nic(self, member: Member, retry_policy: RetryPolicy | None = None) -> MemberSeen:
        """Read one member's interface."""
        place = self.setup.members.index(member)
        seen = self._members[place]
        nic = self._read(seen.nic, lambda: self.azure.network.read_nic(member.nic), retry_policy)
        if nic.gone and (seen.nic.value is None or (seen.nic.gone and seen.nic.problem is None)):
            # It was never there as long as anybody looked: a run can count on that. One that vanishes later is missed.
            nic = replace(nic, value=NicDocument.of_nothing(), problem=None)
        document = None if nic.gone else nic.value
        listed = document is not None and document.lists(str(self.setup.address))
        settled = document is not None and document.provisioning is Provisioning.SUCCEEDED
        self._members[place] = replace(seen, nic=nic, held=listed and (seen.held or settled))
        return self._members[place]

    def look_at_vm(self, member: Member, retry_policy: RetryPolicy | None = None) -> None:
        """Read one member's VM."""
        place = self.setup.members.index(member)
        seen = self._members[place]
        vm = self._read(seen.vm, lambda: self.azure.compute.vm(member.vm).state, retry_policy)
        self._members[place] = replace(seen, vm=vm)

    def look_at_subnet(self) -> None:
        """Read the subnet's ranges. Who may not read them loses nothing but a check and a word in the picture."""
        self._ranges = self._read(self._ranges, lambda: self.azure.network.subnet_prefixes(self.setup.subnet))

    def problems(self) -> dict[Source, Problem | None]:
        """The problem of every source's latest try, None where it answered."""
        first, second = self._members
        return {
            Source.FIRST_NIC: first.nic.problem,
            Source.SECOND_NIC: second.nic.problem,
            Source.FIRST_VM: first.vm.problem,
            Source.SECOND_VM: second.vm.problem,
            Source.OTHER_NICS: self._elsewhere.problem,
        }

    def _look_elsewhere(self, retry_policy: RetryPolicy | None) -> None:
        self._elsewhere = replace(self._elsewhere, value=None, read_at=None)
        kind = self.snapshot().place.kind
        if kind is LocationKind.NO_NIC:
            self._ask_elsewhere(retry_policy)
        elif self._elsewhere.problem:
            self._elsewhere = Reading()

    def _ask_elsewhere(self, retry_policy: RetryPolicy | None = None) -> None:
        address, subnet = str(self.setup.address), self.setup.subnet
        own = {member.nic for member in self.setup.members}
        self._elsewhere = self._read(
            replace(self._elsewhere, value=None, read_at=None),
            lambda: tuple(nic for nic in self.azure.network.nics_listing(address, subnet) if nic not in own),
            retry_policy,
        )

    def _read(self, reading: Reading[T], ask: Callable[[], T], retry_policy: RetryPolicy | None = None) -> Reading[T]:
        asked = self.clock.monotonic()

        def dated() -> T:
            nonlocal asked
            asked = self.clock.monotonic()  # an answer is as old as its question
            return ask()

        try:
            return reading.good(dated() if retry_policy is None else self._twice_if_gone(dated, retry_policy), asked)
        except AzureCallError as failure:
            if failure.cause is Cause.THROTTLED and failure.retry_after_s:
                asked_s = plausible_wait_s(failure.retry_after_s) or 0.0
                self.quiet_is_plausible = is_plausible(failure.retry_after_s)
                self.quiet_until = max(self.quiet_until, self.clock.monotonic() + asked_s)
            if failure.says_gone:
                return reading.vanished(failure.problem, asked)
            return reading.missed(failure.problem)

    def _twice_if_gone(self, question: Callable[[], T], retry_policy: RetryPolicy) -> T:
        """What is asked before a run: that a thing does not exist is believed when Azure says so twice.

        A machine that is gone is not stopped, and an interface that is gone ends a run, so much follows from it.
        """
        try:
            return retry_policy.ask(question)
        except AzureCallError as failure:
            if not failure.says_gone:
                raise
        self.clock.sleep(PAUSES_S[0], retry_policy.cancel)
        return retry_policy.ask(question)

"""Two operators, an appliance, an administrator, a policy, Terraform, a foreign NIC, faults and crashes, in any order.

No history breaks a promise (engine/README.md 1.3, 1.7); and once the faults and the others have stopped, every run
settles.
"""

from __future__ import annotations

import copy
from collections import Counter
from typing import Any, ClassVar

import pytest
import requests
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tests.engine.failover.matrix import FAULTS, FOREIGN_NIC
from tests.engine.failover.operators import Operator
from tests.engine.failover.promises import overlaps, settle, truth
from tests.rig import Rig, rig
from tgwizard.lab.faults.fault_rules import Fault, ForeignNicTakesAddress
from tgwizard.lab.lab import Lab
from tgwizard.lab.latency import Latency
from tgwizard.model.cluster import Member, Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_options import Strategy
from tgwizard.model.snapshot import LocationKind

LONGEST = 3000
"""No run needs more requests than this to come to its end once everything is quiet."""

who = st.integers(0, 1)
sides = st.integers(0, 1)


class SecondActors(RuleBasedStateMachine):
    """The lab, what happens to it, and who watches."""

    ends: ClassVar[Counter[Outcome]] = Counter()
    """How the runs of all histories ended."""

    def __init__(self) -> None:
        super().__init__()
        self.world: Rig = rig(Latency.DRAWN, seed=7)
        self.lab: Lab = self.world.lab
        self.operators = [Operator(name, self.lab) for name in ("first", "second")]
        self.terraform = [copy.deepcopy(self.world.nic(member).body) for member in self.world.setup.members]
        self.removed_by_others = False
        self.tags = 0
        self.appliance: Member | None = None

    def member(self, side: int) -> Member:
        return self.world.setup.members[side]

    # -- operators ----------------------------------------------------------------------------------------------------

    @rule(
        number=who,
        side=sides,
        verb=st.sampled_from(Verb),
        strategy=st.sampled_from([Strategy.DETACH_ATTACH, Strategy.DETACH_ATTACH, Strategy.ATOMIC]),
    )
    def start(self, number: int, side: int, verb: Verb, strategy: Strategy) -> None:
        if not self.operators[number].running:
            self.operators[number].fail_over(self.member(side), verb, strategy)

    @rule(number=who, steps=st.integers(1, 12))
    def work(self, number: int, steps: int) -> None:
        for _ in range(steps):
            self.operators[number].step()
        self._judge(self.operators[number])

    @precondition(lambda self: any(operator.running for operator in self.operators))
    @rule(number=who, when=st.sampled_from(["before", "after"]))
    def kill(self, number: int, when: str) -> None:
        self.operators[number].step(when)

    @precondition(lambda self: any(operator.interrupted for operator in self.operators))
    @rule(number=who, side=st.none() | sides)
    def resume_here(self, number: int, side: int | None) -> None:
        if self.operators[number].interrupted:
            self.operators[number].resume(None if side is None else self.member(side))

    @rule(number=who, side=sides)
    def resume_elsewhere(self, number: int, side: int) -> None:
        operator = self.operators[number]
        if not operator.running and not operator.interrupted:
            operator.resume(self.member(side))

    # -- the others ---------------------------------------------------------------------------------------------------

    @rule(side=sides)
    def the_appliance_takes_over(self, side: int) -> None:
        """Trustgrid's ungraceful failover, one write at a time: remove it from the peer, then create its own."""
        taker = self.appliance or self.member(side)
        peer, address = self.world.setup.other(taker), self.world.address
        if truth(self.lab, peer).lists(address):
            accepted = self._put(peer, lambda body: _remove(body, address))
            if accepted or not truth(self.lab, peer).lists(address):  # it may be done although its answer was lost
                self.appliance, self.removed_by_others = taker, True
        elif not truth(self.lab, taker).lists(address):
            attached = self._put(taker, lambda body: _add(body, address))
            self.appliance = None if attached else taker

    @rule(side=sides)
    def an_administrator_sets_a_tag(self, side: int) -> None:
        self.tags += 1
        self._put(self.member(side), lambda body: body.setdefault("tags", {}).update({f"tag-{self.tags}": "x"}))

    @rule(side=sides)
    def a_policy_modifies(self, side: int) -> None:
        self._put(self.member(side), lambda body: body.setdefault("tags", {}).update({"cost-centre": "4711"}))

    @rule(side=sides)
    def terraform_applies_again(self, side: int) -> None:
        """A whole body of long ago, without a version: what it does not know is gone."""
        listed = truth(self.lab, self.member(side)).lists(self.world.address)
        self._ask("PUT", self.member(side).nic.text, self.terraform[side])
        if listed and not truth(self.lab, self.member(side)).lists(self.world.address):
            self.removed_by_others = True

    @rule(side=sides)
    def a_vm_restarts(self, side: int) -> None:
        self._ask("POST", f"{self.member(side).vm.text}/restart")

    @rule()
    def a_stranger_takes_what_is_free(self) -> None:
        nic = self.world.a.nic.text.replace("tg-node-a-inside", FOREIGN_NIC)
        body = copy.deepcopy(self.lab.resource(nic) or {})
        if not any(item["properties"]["privateIPAddress"] == self.world.address for item in _items(body)):
            self._ask("PUT", nic, _add(body, self.world.address))

    @rule(name=st.sampled_from(sorted(FAULTS)), nth=st.integers(1, 4))
    def something_goes_wrong(self, name: str, nth: int) -> None:
        effect = FAULTS[name][1]
        if isinstance(effect, ForeignNicTakesAddress):
            effect = ForeignNicTakesAddress(self.world.a.nic.text.replace("tg-node-a-inside", FOREIGN_NIC))
        self.lab.faults.add(Fault("", "/networkInterfaces/tg-", effect, nth))

    @rule(seconds=st.sampled_from([1.0, 5.0, 31.0, 130.0, 1000.0]))
    def time_goes_by(self, seconds: float) -> None:
        self.world.clock.sleep(seconds)

    # -- what must hold -----------------------------------------------------------------------------------------------

    @invariant()
    def no_promise_is_broken(self) -> None:
        assert not overlaps(self.lab, self.world.address)
        assert [what for operator in self.operators for what in operator.witness.broken] == []

    def _judge(self, operator: Operator) -> None:
        if not operator.running and operator.finished:
            self.ends[operator.finished[-1].outcome] += 1
            operator.witness.judge_words(operator.finished[-1])

    def teardown(self) -> None:
        try:
            self._come_to_rest()
        finally:
            for operator in self.operators:
                operator.close()

    def _come_to_rest(self) -> None:
        settle(self.world)
        self._all_work()
        settle(self.world)
        for operator in self.operators:
            self._finish(operator)
        self.no_promise_is_broken()
        address = self.world.address
        listing = [member for member in self.world.setup.members if truth(self.lab, member).lists(address)]
        holder = self.lab.holder(address)
        assert len(listing) <= 1
        if not listing and holder is None and not self.removed_by_others:
            ends = [operator.finished[-1] for operator in self.operators if operator.finished]
            raise AssertionError(f"the address is on no interface: {[end.reason for end in ends]}")

    def _all_work(self) -> None:
        for _ in range(LONGEST):
            busy = [operator for operator in self.operators if operator.running]
            if not busy:
                return
            for operator in busy:
                operator.step()
                self._judge(operator)
        raise AssertionError("a run does not come to its end although everything is quiet")

    def _finish(self, operator: Operator) -> None:
        for _ in range(4):
            if not operator.interrupted:
                return
            operator.resume(None)
            while operator.running:
                operator.step()
            self._judge(operator)
            settle(self.world)
        last = operator.finished[-1]
        named = last.outcome is Outcome.FAILED and (last.left or last.place.kind is LocationKind.FOREIGN_NIC)
        assert named, f"{operator.name} does not settle: {last.outcome.value}, {last.reason}"

    def _ask(self, method: str, path: str, body: Any = None) -> bool:
        """Whether Azure took it; the others meet the faults as well and do not try again."""
        try:
            return self.world.call(method, path, body).ok
        except requests.RequestException:
            return False

    def _put(self, member: Member, change: Any) -> bool:
        """A read and a write without a version, as other programs do; refused while Azure says so."""
        body = copy.deepcopy(self.lab.resource(member.nic.text) or {})
        change(body)
        return self._ask("PUT", member.nic.text, body)


def _items(body: Any) -> list[Any]:
    found: list[Any] = body["properties"]["ipConfigurations"]
    return found


def _remove(body: Any, address: str) -> None:
    inner = body["properties"]
    inner["ipConfigurations"] = [item for item in _items(body) if item["properties"]["privateIPAddress"] != address]


def _add(body: Any, address: str) -> Any:
    primary = next(item for item in _items(body) if item["properties"]["primary"])["properties"]
    properties = {
        "privateIPAddress": address,
        "privateIPAllocationMethod": "Static",
        "primary": False,
        "subnet": primary["subnet"],
    }
    if "applicationSecurityGroups" in primary:
        properties["applicationSecurityGroups"] = primary["applicationSecurityGroups"]
    _items(body).append({"name": f"other-{len(_items(body))}", "properties": properties})
    return body


_COMMON: dict[str, Any] = {"deadline": None, "suppress_health_check": list(HealthCheck), "print_blob": True}

TestFewHistories = SecondActors.TestCase
TestFewHistories.settings = settings(max_examples=6, stateful_step_count=25, derandomize=True, **_COMMON)


@pytest.mark.full
def test_that_no_history_of_many_breaks_a_promise_and_every_run_settles() -> None:
    SecondActors.ends.clear()
    run_state_machine_as_test(SecondActors, settings=settings(max_examples=150, stateful_step_count=50, **_COMMON))
    # Whom a run meets is drawn anew with each change of the rules; that some arrive and some are stopped is not.
    assert set(SecondActors.ends) >= {Outcome.DONE, Outcome.REFUSED}, "the histories meet nobody"

"""A target that is stopped, gone or without a VM: both verbs refuse it, forced goes on with a consent to just that."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.engine.failover.crash import Kind, crashed_run
from tests.engine.failover.test_guided import live
from tests.rig import Rig, rig
from tgwizard.engine.failover.resume import interrupted_run, resume
from tgwizard.engine.failover.run import RunOptions, fail_over
from tgwizard.engine.observe import Observer
from tgwizard.engine.readiness.cluster_readiness import cluster_readiness
from tgwizard.engine.runs.records import RunRecord
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer
from tgwizard.model.cluster import Member, Verb
from tgwizard.model.cluster_readiness import Advice, ClusterReadiness, ClusterState
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Event, Finished, RunStarted, StepWaiting, WarningRaised
from tgwizard.model.failover_options import Fence, FenceRequest
from tgwizard.model.finding import ReadinessState
from tgwizard.model.repair import repair
from tgwizard.model.snapshot import Power, Snapshot
from tgwizard.model.verdict import VerdictName, assess

FORCED, GRACEFUL = Verb.FORCED, Verb.GRACEFUL


def stop(made: Rig, member: Member) -> None:
    made.lab.switch(member.vm.text, on=False)


def deallocate(made: Rig, member: Member) -> None:
    made.call("POST", f"{member.vm.text}/deallocate").raise_for_status()
    made.clock.sleep(300)


def deallocating(made: Rig, member: Member) -> None:
    made.call("POST", f"{member.vm.text}/deallocate").raise_for_status()


def delete_vm(made: Rig, member: Member) -> None:
    made.call("DELETE", member.vm.text).raise_for_status()
    made.clock.sleep(300)


def delete_both(made: Rig, member: Member) -> None:
    delete_vm(made, member)
    made.call("DELETE", member.nic.text).raise_for_status()
    made.clock.sleep(300)


DEATHS = pytest.mark.parametrize(
    ("kill", "says"),
    [
        (stop, "tg-node-b is stopped"),
        (deallocate, "tg-node-b is deallocated"),
        (deallocating, "tg-node-b is deallocating"),
        (delete_vm, "tg-node-b's VM does not exist"),
    ],
    ids=["stopped", "deallocated", "deallocating", "deleted"],
)


def seen(made: Rig) -> Snapshot:
    return Observer(made.services.azure, made.services.clock, made.setup).look()


def told(made: Rig) -> ClusterReadiness:
    return cluster_readiness(seen(made))


@DEATHS
@pytest.mark.parametrize("verb", list(Verb), ids=lambda verb: verb.value)
def test_that_no_verb_moves_the_address_from_a_healthy_holder_to_a_dead_target(
    kill: Callable[[Rig, Member], None], says: str, verb: Verb
) -> None:
    made = rig()
    kill(made, made.b)
    written = len(made.puts())
    finished = made.fail_over(verb=verb)
    assert finished.outcome is Outcome.REFUSED
    assert says in finished.reason
    assert ("--to-dead-machine" in finished.reason) is (verb is FORCED)
    assert len(made.puts()) == written
    assert made.holders() == ["tg-node-a"]


@DEATHS
def test_that_a_dead_target_is_told_alike_for_both_verbs_and_never_advised(
    kill: Callable[[Rig, Member], None], says: str
) -> None:
    made = rig()
    kill(made, made.b)
    found = told(made)
    assert [found.of(verb).headline for verb in Verb] == [f"Blocked: {says}"] * 2
    assert (found.verdict.name, found.state) == (VerdictName.IN_SYNC, ClusterState.BLOCKED)
    assert found.sentence == f"tg-node-a holds 10.20.2.50. No failover is possible: {says}"
    assert found.recommended is None
    assert found.forced.needs_consent
    assert found.forced.consent == f"Move 10.20.2.50 to tg-node-b although {says}: nobody will answer at it."
    assert not found.graceful.needs_consent


@DEATHS
def test_that_a_consent_to_exactly_that_lets_forced_go_on_and_the_end_is_no_good_state(
    kill: Callable[[Rig, Member], None], says: str
) -> None:
    made = rig()
    kill(made, made.b)
    assert made.fail_over(verb=FORCED, to_dead_machine=True).outcome is Outcome.DONE
    verdict = assess(seen(made))
    assert verdict.name is VerdictName.MEMBER_DOWN
    assert "tg-node-b holds 10.20.2.50" in verdict.sentence
    found = told(made)
    assert (found.to.name, found.recommended) == ("tg-node-a", found.forced)


def test_that_the_consent_changes_nothing_about_graceful() -> None:
    made = rig()
    stop(made, made.b)
    assert made.fail_over(verb=GRACEFUL, to_dead_machine=True, accept_unknown=True).outcome is Outcome.REFUSED


def test_that_a_target_whose_interface_is_gone_is_refused_whatever_is_consented_to() -> None:
    made = rig()
    delete_both(made, made.b)
    finished = made.fail_over(verb=FORCED, to_dead_machine=True)
    assert finished.outcome is Outcome.REFUSED
    assert "tg-node-b-inside does not exist" in finished.reason
    found = told(made)
    assert found.sentence == "tg-node-a holds 10.20.2.50. No failover is possible: tg-node-b-inside does not exist"
    assert not found.forced.needs_consent


def test_that_a_power_that_could_not_be_read_is_not_known_and_does_not_stop_forced() -> None:
    made = rig()
    made.lab.faults.add(Fault("GET", "virtualMachines/tg-node-b", FaultAnswer(503, ""), times=99))
    found = told(made)
    assert found.graceful.advice is Advice.NOT_KNOWN
    assert found.state is ClusterState.NOT_KNOWN
    assert found.forced.possible
    assert made.fail_over(verb=FORCED).outcome is Outcome.DONE


def test_that_a_vm_that_may_not_be_read_is_not_called_gone() -> None:
    made = rig()
    made.lab.faults.add(Fault("GET", "virtualMachines/tg-node-b", FaultAnswer(403, "AuthorizationFailed"), times=99))
    assert seen(made).seen(made.b).power is Power.NOT_KNOWN


@pytest.mark.parametrize("body", ["<html>no such page</html>", '{"error": {"code": "SubscriptionNotFound"}}'])
def test_that_a_404_that_does_not_say_that_the_resource_is_missing_is_not_called_gone(body: str) -> None:
    made = rig()
    made.lab.faults.add(Fault("GET", "tg-node-b", FaultAnswer(404, body), times=99))
    missing = seen(made).seen(made.b)
    assert (missing.nic.gone, missing.power) == (False, Power.NOT_KNOWN)


@pytest.mark.parametrize("kill", [stop, deallocate, delete_vm], ids=["stopped", "deallocated", "deleted"])
def test_that_a_dead_holder_is_down_and_forced_to_a_good_target_is_the_right_choice(
    kill: Callable[[Rig, Member], None],
) -> None:
    made = rig()
    kill(made, made.a)
    found = told(made)
    assert (found.verdict.name, found.state) == (VerdictName.MEMBER_DOWN, ClusterState.MEMBER_DOWN)
    assert [found.of(verb).advice for verb in Verb] == [Advice.BLOCKED, Advice.RECOMMENDED]
    assert made.fail_over(verb=FORCED, fence=FenceRequest(Fence.STOP)).outcome is Outcome.DONE
    assert not [record for record in made.lab.requests if record.path.endswith("/powerOff")]
    assert made.holders() == ["tg-node-b"]


@pytest.mark.parametrize("kill", [stop, delete_vm], ids=["stopped", "deleted"])
def test_that_nothing_is_advised_when_both_members_are_dead(kill: Callable[[Rig, Member], None]) -> None:
    made = rig()
    kill(made, made.a)
    kill(made, made.b)
    found = told(made)
    assert found.verdict.name is VerdictName.MEMBER_DOWN
    assert found.recommended is None
    assert repair(seen(made)) is None
    assert [found.of(verb).state for verb in Verb] == [ReadinessState.BLOCKED] * 2
    assert "No failover helps: tg-node-b" in found.detail


def test_that_an_address_whose_holder_was_deleted_with_its_interface_is_attached_to_the_other() -> None:
    made = rig()
    delete_both(made, made.a)
    found = told(made)
    assert found.verdict.name is VerdictName.ON_NO_NIC
    assert [found.of(verb).advice for verb in Verb] == [Advice.BLOCKED, Advice.RECOMMENDED]
    fix = repair(seen(made))
    assert fix is not None
    assert fix.sentence.endswith("tg-node-a-inside does not exist, so only tg-node-b can be active.")
    finished = made.fail_over(verb=FORCED)
    assert finished.outcome is Outcome.DONE
    assert finished.gap.at_least
    assert made.nic(made.b).lists(made.address)
    after = told(made)
    assert (after.verdict.name, after.state) == (VerdictName.IN_SYNC, ClusterState.BLOCKED)
    assert after.sentence.endswith("No failover is possible: tg-node-a-inside does not exist")


def test_that_resume_brings_the_address_on_when_the_losing_interface_was_deleted_meanwhile(tmp_path: Path) -> None:
    for journal in (True, False):
        made = interrupted(tmp_path / str(journal), journal=journal)
        delete_both(made, made.a)
        finished, _ = go(made, made.b)
        assert finished.outcome is Outcome.DONE, finished.reason
        assert made.nic(made.b).lists(made.address)


def test_that_guided_sends_nobody_to_make_a_dead_member_active() -> None:
    made, _clock = live()
    stop(made, made.b)
    finished = made.fail_over(verb=GRACEFUL)
    assert finished.outcome is Outcome.REFUSED
    assert "tg-node-b is stopped" in finished.reason


# -- what was true at the question may not be at the run ---------------------------------------------------------------


def test_that_a_target_that_stops_while_the_run_waits_is_noticed_before_the_first_write() -> None:
    made = rig()
    body = made.nic(made.b).body
    made.call("PUT", made.b.nic.text, {**body}).raise_for_status()  # four seconds of Updating that the run waits for
    before = made.services.clock.monotonic()
    written = len(made.puts())
    switched: list[Event] = []

    def ear(event: Event) -> None:
        if not switched and isinstance(event, StepWaiting):
            switched.append(event)
            stop(made, made.b)

    finished = fail_over(made.services, made.setup, made.b, FORCED, ear, made.token, RunOptions())
    assert switched
    assert made.services.clock.monotonic() > before
    assert finished.outcome is Outcome.REFUSED
    assert "tg-node-b is stopped" in finished.reason
    assert len(made.puts()) == written


def go(made: Rig, to: Member | None = None, **options: Any) -> tuple[Finished, list[Event]]:
    events: list[Event] = []
    finished = resume(made.services, made.setup, to, events.append, made.token, RunOptions(**options))
    return finished, events


def interrupted(folder: Path, **more: Any) -> Rig:
    """A run that was killed when its detach was done: the address is on no NIC, or about to be."""
    made = crashed_run(Kind.ANSWERED, "PUT tg-node-a-inside", folder, nth=2, **more)
    made.clock.sleep(30)
    return made


def test_that_resume_takes_the_address_back_when_its_target_has_died(tmp_path: Path) -> None:
    made = interrupted(tmp_path)
    stop(made, made.b)
    finished, events = go(made)
    assert (finished.outcome, finished.rolled_back) == (Outcome.FAILED, True)
    assert made.holders() == ["tg-node-a"]
    assert any(isinstance(event, WarningRaised) and "tg-node-b is stopped" in event.problem.what for event in events)


def test_that_resume_to_a_dead_member_is_refused_and_stays_resumable(tmp_path: Path) -> None:
    made = interrupted(tmp_path)
    stop(made, made.b)
    finished, _ = go(made, made.b)
    assert finished.outcome is Outcome.REFUSED
    assert "--to-dead-machine" in finished.reason
    assert made.holders() == []
    assert interrupted_run(made.services, made.setup) is not None


def test_that_resume_back_to_a_member_that_has_died_is_refused_too(tmp_path: Path) -> None:
    made = interrupted(tmp_path)
    stop(made, made.a)
    finished, _ = go(made, made.a)
    assert finished.outcome is Outcome.REFUSED
    assert "tg-node-a is stopped" in finished.reason
    assert go(made)[0].outcome is Outcome.DONE
    assert made.holders() == ["tg-node-b"]


def test_that_resume_goes_to_a_dead_member_with_the_consent(tmp_path: Path) -> None:
    made = interrupted(tmp_path)
    stop(made, made.b)
    finished, _ = go(made, made.b, to_dead_machine=True)
    assert finished.outcome is Outcome.DONE
    assert made.holders() == ["tg-node-b"]


def test_that_resume_without_a_journal_does_not_go_to_a_dead_member(tmp_path: Path) -> None:
    made = interrupted(tmp_path, journal=False)
    stop(made, made.b)
    finished, _ = go(made, made.b)
    assert finished.outcome is Outcome.REFUSED
    assert "tg-node-b is stopped" in finished.reason
    assert made.holders() == []
    assert go(made, made.b, to_dead_machine=True)[0].outcome is Outcome.DONE


def test_that_the_consent_is_kept_with_the_run(tmp_path: Path) -> None:
    made = rig(state=tmp_path)
    stop(made, made.b)
    made.fail_over(verb=FORCED, to_dead_machine=True)
    journal = made.services.journal(made.setup)
    (run,) = [event.run for event in made.events if isinstance(event, RunStarted)]
    began = next(record for record in journal.records(run) if isinstance(record, RunRecord))
    journal.close()
    assert began.to_dead_machine

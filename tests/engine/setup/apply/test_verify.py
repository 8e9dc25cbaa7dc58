"""Verifying: the meter, the rehearsal, the probe, the restart, the report; on the lab, with a virtual clock."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.engine.setup.apply.scenarios import Scenario, fail_over_as
from tests.engine.setup.export.test_exports import HOSTILE, _Page
from tests.rig import members_of
from tests.spoil import spoilt
from tgwizard.engine.setup.restart import restart, standby_first
from tgwizard.engine.setup.verify import (
    VerifyTarget,
    target_of_cluster,
    target_of_plan,
    verify,
    verify_sentence,
    with_proof,
)
from tgwizard.engine.setup.verify_report import verify_report_page
from tgwizard.lab.clock import Cancellable, LabTime
from tgwizard.lab.faults.canned_errors import CannedError
from tgwizard.lab.faults.fault_rules import AzureAnswer, Fault, FaultAnswer, Moment, Reset
from tgwizard.lab.rbac.role_records import LabDenyAssignment, Propagation
from tgwizard.lab.world import LabLockLevel, Lock
from tgwizard.model.cluster import ResourceId
from tgwizard.model.event_base import Outcome
from tgwizard.model.finding import Level
from tgwizard.model.problem import UserError
from tgwizard.model.setup_events import (
    ChangeWaiting,
    FindingReported,
    PropagationChanged,
    PropagationStage,
    SetupFinished,
)
from tgwizard.model.text import sanitize
from tgwizard.model.verify_result import (
    ProofRun,
    ProvedBy,
    RehearsalRow,
    RehearsalState,
    StageSeen,
    VerifyResult,
    VerifyState,
)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Scenario]:
    made = Scenario.of("fresh", tmp_path)
    plan = made.plan
    assert made.on.apply(plan).outcome is Outcome.DONE
    made.on.events.clear()
    yield made
    made.on.journal.close()


def subject(made: Scenario, **changes: object) -> VerifyTarget:
    return replace(target_of_plan(made.plan, made.answers), **changes)  # type: ignore[arg-type]


def verified(made: Scenario, wanted: VerifyTarget | None = None) -> VerifyResult:
    services = made.it.services
    return verify(
        services.azure,
        services.members,
        services.clock,
        made.on.journal,
        wanted or subject(made),
        made.on.events.append,
        made.on.token,
        services.outdated_writes,
    )


def restarted(made: Scenario, name: str) -> SetupFinished:
    services = made.it.services
    return restart(
        services.azure,
        services.clock,
        made.on.journal,
        made.it.vm(name),
        made.on.events.append,
        made.on.token,
    )


def row(result: VerifyResult, key: str) -> RehearsalRow:
    return next(item for item in result.rehearsal if item.key == key)


def stages(result: VerifyResult, stage: PropagationStage) -> list[StageSeen]:
    return [item for item in result.stages if item.stage is stage]


def test_that_a_fresh_set_up_waits_for_azure_and_then_for_the_restart(fresh: Scenario) -> None:
    started = fresh.it.clock.monotonic()
    result = verified(fresh)
    assert fresh.it.clock.monotonic() - started > 500
    assert all(
        item.done for item in (*stages(result, PropagationStage.WRITTEN), *stages(result, PropagationStage.EFFECTIVE))
    )
    assert not any(item.done for item in stages(result, PropagationStage.RESTARTED))
    assert result.overall_state is VerifyState.RESTART
    assert {cell.may for item in result.rehearsal for cell in item.cells} <= {
        RehearsalState.RESTART,
        RehearsalState.NOT_USED,
    }
    assert verify_sentence(result) == "Almost ready: tg-node-a and tg-node-b must restart."
    assert fresh.on.events[-1] == fresh.on.told(SetupFinished)[-1]
    assert len(fresh.on.told(SetupFinished)) == 1


def test_that_one_look_does_not_wait_and_says_until_when_at_most(fresh: Scenario) -> None:
    result = verified(fresh, subject(fresh, wait=False))
    assert result.overall_state is VerifyState.WAITS
    waiting = stages(result, PropagationStage.EFFECTIVE)
    assert [item.done for item in waiting] == [False, False]
    assert "at the latest" in waiting[0].sentence
    assert row(result, "take").cells[0].may is RehearsalState.WAITS


def test_that_after_restarts_from_here_everything_is_ready(fresh: Scenario) -> None:
    services = fresh.it.services
    order = standby_first(services.azure, fresh.answers).machines
    assert [vm.name for vm in order] == ["tg-node-b", "tg-node-a"]
    for vm in order:
        ended = restarted(fresh, vm.name)
        assert ended.outcome is Outcome.DONE, ended.reason
    result = verified(fresh)
    assert result.overall_state is VerifyState.READY, [
        item for item in result.checks if item.finding.level is not Level.PASSED
    ]
    assert result.counted[0] == result.counted[1] > 10
    assert all(item.at is not None for item in stages(result, PropagationStage.RESTARTED))


def test_that_a_restart_waits_until_the_machine_was_away_and_is_back(fresh: Scenario) -> None:
    before = fresh.it.clock.monotonic()
    ended = restarted(fresh, "tg-node-b")
    assert ended.outcome is Outcome.DONE
    assert fresh.it.clock.monotonic() - before >= 4
    posts = [item.path for item in fresh.it.lab.requests if item.method == "POST" and item.path.endswith("/restart")]
    assert len(posts) == 1


def test_that_a_restart_with_a_lost_answer_is_not_sent_twice(fresh: Scenario) -> None:
    fresh.it.lab.faults.add(Fault("POST", "/restart", Reset(Moment.BEFORE_COMMIT)))
    ended = restarted(fresh, "tg-node-b")
    assert ended.outcome is Outcome.UNKNOWN
    assert "activity log" in ended.reason
    posts = [item.path for item in fresh.it.lab.requests if item.method == "POST" and item.path.endswith("/restart")]
    assert len(posts) == 1


def test_that_the_user_may_say_that_a_machine_restarted(fresh: Scenario) -> None:
    said = frozenset(fresh.answers.machines or ())
    result = verified(fresh, subject(fresh, restarted=said))
    assert {item.sentence for item in stages(result, PropagationStage.RESTARTED)} == {"You said so."}
    assert result.overall_state is VerifyState.READY


def test_that_list_reads_that_flicker_take_no_tick_back(tmp_path: Path) -> None:
    made = Scenario.of("fresh", tmp_path)
    directory = made.it.lab.directory
    directory.propagation, directory.flicker = Propagation.AZURE, True
    assert made.on.apply(made.plan).outcome is Outcome.DONE
    made.on.events.clear()
    result = verified(made)
    assert all(item.done for item in stages(result, PropagationStage.LISTED))
    taken_back: dict[tuple[str, str, PropagationStage], bool] = {}
    for event in made.on.told(PropagationChanged):
        key = (event.machine, event.scope, event.stage)
        assert not (taken_back.get(key) and not event.done)
        taken_back[key] = event.done
    made.on.journal.close()


def test_that_cancelling_says_what_was_seen_so_far(fresh: Scenario) -> None:
    def stop(event: object) -> None:
        fresh.on.events.append(event)  # type: ignore[arg-type]
        if isinstance(event, PropagationChanged) and event.stage is PropagationStage.EFFECTIVE:
            fresh.on.token.cancel()

    services = fresh.it.services
    result = verify(
        services.azure, services.members, services.clock, fresh.on.journal, subject(fresh), stop, fresh.on.token
    )
    assert result.cancelled
    assert result.overall_state is VerifyState.WAITS
    assert fresh.on.told(SetupFinished)[-1].outcome is Outcome.CANCELLED


def test_that_the_rehearsal_names_what_is_missing(tmp_path: Path) -> None:
    made = Scenario.of("old-role", tmp_path)
    result = verified(made)
    cells = row(result, "asgs").cells
    assert [cell.may for cell in cells] == [RehearsalState.MAY_NOT, RehearsalState.MAY_NOT]
    assert "applicationSecurityGroups/joinIpConfiguration/action on asg-tg-nodes" in cells[0].why
    assert result.overall_state is VerifyState.NOT_READY
    made.on.journal.close()


def test_that_a_lock_and_a_denial_count_as_they_do_in_azure(fresh: Scenario) -> None:
    it = fresh.it
    nic = it.network("networkInterfaces", "tg-node-a-inside")
    it.lab._world.locks.append(Lock("no-touch", nic.text, LabLockLevel.READ_ONLY))
    principal = it.services.azure.compute.vm(it.vm("tg-node-b")).identity.principal_id
    it.lab.directory.deny(
        LabDenyAssignment(str(uuid.uuid4()), "no-joins", it.group(), ("*/join/action",), principals=(principal,))
    )
    it.clock.sleep(700)
    result = verified(fresh, subject(fresh, restarted=frozenset(fresh.answers.machines or ())))
    first, second = row(result, "subnet").cells
    assert first.may is RehearsalState.MAY
    assert second.may is RehearsalState.MAY_NOT
    assert "the deny assignment no-joins forbids" in second.why
    own, others = row(result, "add").cells[0], row(result, "take").cells[1]
    assert own.may is others.may is RehearsalState.MAY_NOT
    assert "the lock no-touch" in own.why


def test_that_what_could_not_be_read_is_not_known(fresh: Scenario) -> None:
    fresh.it.clock.sleep(700)
    fresh.it.lab.faults.add(Fault("GET", "/locks", AzureAnswer(CannedError.INTERNAL_ERROR), times=None))
    result = verified(fresh, subject(fresh, restarted=frozenset(fresh.answers.machines or ())))
    assert {cell.may for item in result.rehearsal for cell in item.cells} == {RehearsalState.NOT_KNOWN}
    assert result.overall_state is VerifyState.AT_RISK


def test_that_the_probe_finds_that_two_writers_are_kept_apart_and_changes_nothing(fresh: Scenario) -> None:
    nic = fresh.it.network("networkInterfaces", "tg-node-a-inside")
    before = fresh.it.services.azure.network.read_nic(nic).etag
    result = verified(fresh, subject(fresh, wait=False))
    (probe,) = [item for item in result.checks if item.key == "if-match"]
    assert probe.finding.level is Level.PASSED
    assert fresh.it.services.azure.network.read_nic(nic).etag == before
    seen = fresh.it.services.outdated_writes.seen(fresh.it.subscription)
    assert seen is not None
    assert (seen.refused, seen.at) == (True, fresh.it.clock.wall())
    assert {event.key for event in fresh.on.told(FindingReported)} == {item.key for item in result.checks}


def test_that_nothing_but_the_probe_is_sent(fresh: Scenario) -> None:
    count = len(fresh.it.lab.requests)
    verified(fresh, subject(fresh, wait=False))
    more = [item for item in list(fresh.it.lab.requests)[count:] if item.method not in ("GET", "HEAD")]
    assert {
        (item.method, item.status) for item in more if "graph" not in item.path and "getByIds" not in item.path
    } == {("PUT", 412)}


def test_that_a_cluster_file_is_enough_to_verify(fresh: Scenario) -> None:
    fresh.it.clock.sleep(700)
    result = verified(fresh, target_of_cluster(fresh.cluster()))
    assert result.members == ("tg-node-a", "tg-node-b")
    assert result.overall_state is VerifyState.RESTART


def test_that_machines_that_are_gone_are_told_and_the_job_ends(fresh: Scenario) -> None:
    lost = ResourceId(f"{fresh.it.group()}/providers/Microsoft.Compute/virtualMachines/gone")
    answers = replace(fresh.answers, machines=(lost, fresh.it.vm("tg-node-b")))
    with pytest.raises(UserError, match="was not found"):
        verified(fresh, replace(subject(fresh), answers=answers))
    assert fresh.on.told(SetupFinished)[-1].outcome is Outcome.REFUSED


def test_that_the_report_holds_everything_and_loads_nothing(fresh: Scenario) -> None:
    proof = ProofRun("tg-node-b", ProvedBy.YOU, done=True, sentence="moved", seconds=8.2, gap_s=4.1)
    text = verify_report_page(with_proof(verified(fresh), (proof,)))
    assert not re.search(r"<script|src=|href=|https?:|url\(", text)
    for words in ("Effective yet?", "Take the address off the other interface", "worked out", "8.2 s", "4.1 s"):
        assert words in text


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_that_hostile_names_are_only_text_in_the_report(text: str, one: Callable[[], VerifyResult]) -> None:
    page = _Page()
    proof = ProofRun("tg-node-b", ProvedBy.YOU, done=False, sentence="refused", seconds=8.2, gap_s=4.1)
    page.feed(verify_report_page(spoilt(with_proof(one(), (proof,)), text, keep=frozenset({"key"}))))
    assert sanitize(text, 90)[:30] in page.text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", page.text)
    assert "onerror" not in page.attributes
    assert page.tags <= {
        "html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "bdi", "table", "thead", "tbody", "tr", "th",
        "td",
    }  # fmt: skip


@pytest.fixture
def one(fresh: Scenario) -> Callable[[], VerifyResult]:
    return lambda: verified(fresh, subject(fresh, wait=False))


# Proved: what the machines themselves are answered --------------------------------------------------------------


@pytest.fixture
def asking(fresh: Scenario) -> Scenario:
    """A set-up in a lab that lets us ask in the machines' names."""
    services = fresh.it.services
    fresh.it.services = replace(services, members=members_of(fresh.it.lab))
    return fresh


def test_that_worked_out_proved_and_restarted_together_are_verified(asking: Scenario) -> None:
    first = verified(asking, subject(asking, wait=False))
    assert all(
        item.done for item in (*stages(first, PropagationStage.EFFECTIVE), *stages(first, PropagationStage.PROVED))
    )
    assert first.overall_state is VerifyState.RESTART
    for vm in standby_first(asking.it.services.azure, asking.answers).machines:
        assert restarted(asking, vm.name).outcome is Outcome.DONE
    result = verified(asking)
    assert result.overall_state is VerifyState.VERIFIED
    assert verify_sentence(result).startswith("Verified: all ")
    page = verify_report_page(result)
    assert "Verified: all " in page
    assert page.count("asked in its own name: allowed") == len(stages(result, PropagationStage.PROVED)) == 2
    assert "Each machine's own identity was asked and allowed. No failover was made for it." in page


def test_that_asking_in_a_machines_name_changes_nothing(asking: Scenario) -> None:
    nics = [asking.it.network("networkInterfaces", f"tg-node-{one}-inside") for one in "ab"]
    before = [asking.it.services.azure.network.read_nic(nic).etag for nic in nics]
    asked = len(asking.it.lab.requests)
    assert verified(asking, subject(asking, wait=False)).proved
    assert [asking.it.services.azure.network.read_nic(nic).etag for nic in nics] == before
    sent = [item for item in list(asking.it.lab.requests)[asked:] if item.method == "PUT"]
    assert [item.status for item in sent] == [412] * 5
    assert {item.caller for item in sent} == {"operator@lab.example", "tg-node-a", "tg-node-b"}


def test_that_without_a_proof_nothing_is_called_verified(fresh: Scenario) -> None:
    fresh.it.clock.sleep(700)
    result = verified(fresh, subject(fresh, restarted=frozenset(fresh.answers.machines or ())))
    assert not any(item.done for item in stages(result, PropagationStage.PROVED))
    assert result.overall_state is VerifyState.READY
    assert "erified:" not in verify_sentence(result)
    assert "only a failover that the machines make themselves shows it" in verify_report_page(result)


@pytest.mark.parametrize("by", ProvedBy)
def test_that_only_failovers_by_the_members_themselves_prove_their_rights(fresh: Scenario, by: ProvedBy) -> None:
    said = frozenset(fresh.answers.machines or ())
    result = verified(fresh, subject(fresh, restarted=said, wait=False))
    assert result.overall_state is VerifyState.WAITS
    there, back = (ProofRun(name, by, done=True, sentence="moved") for name in ("tg-node-b", "tg-node-a"))
    assert with_proof(result, (there,)).overall_state is VerifyState.WAITS
    assert with_proof(result, (there, replace(back, done=False))).overall_state is VerifyState.WAITS
    both = with_proof(result, (there, back))
    assert both.overall_state is (VerifyState.VERIFIED if by is ProvedBy.MEMBERS else VerifyState.WAITS)
    assert both.proved is (by is ProvedBy.MEMBERS)


def test_that_flicker_replication_and_ten_minutes_end_proved_and_every_wait_is_told(tmp_path: Path) -> None:
    made = Scenario.of("fresh", tmp_path)
    lab = made.it.lab
    lab.directory.propagation, lab.directory.flicker = Propagation.AZURE, True
    body = json.dumps({"error": {"code": "PrincipalNotFound", "message": "Not yet."}})
    lab.faults.add(Fault("PUT", "roleAssignments", FaultAnswer(400, body), times=2))
    assert made.on.apply(made.plan).outcome is Outcome.DONE
    waits = " ".join(event.sentence for event in made.on.told(ChangeWaiting))
    assert "Azure's directory does not know the new identity of tg-node-" in waits
    assert "Azure attaches 10.20.2.254" in waits
    made.on.events.clear()
    services = made.it.services
    made.it.services = replace(services, members=members_of(lab))
    result = verified(made)
    assert result.proved
    assert result.overall_state is VerifyState.RESTART
    told = {
        stage: {event.sentence for event in made.on.told(PropagationChanged) if event.stage is stage and not event.done}
        for stage in PropagationStage
    }
    assert all(" UTC at the latest: Azure needs up to ten minutes." in one for one in told[PropagationStage.EFFECTIVE])
    assert told[PropagationStage.PROVED]
    assert all("it was told: Your role lacks Microsoft." in one for one in told[PropagationStage.PROVED])
    assert told[PropagationStage.LISTED] <= {"Azure's lists do not show it yet; that takes up to 75 s."}
    assert all(item.seconds is not None and item.seconds <= 600 for item in stages(result, PropagationStage.PROVED))
    for name in ("tg-node-b", "tg-node-a"):
        assert restarted(made, name).outcome is Outcome.DONE
    assert verified(made).overall_state is VerifyState.VERIFIED
    setup = made.cluster()
    for member in reversed(setup.members):
        ended = fail_over_as(made.it, setup, member, member)
        assert ended.outcome is Outcome.DONE, ended.reason
    made.on.journal.close()


def test_that_a_right_which_a_machine_is_refused_after_ten_minutes_is_not_there(asking: Scenario) -> None:
    it = asking.it
    principal = it.services.azure.compute.vm(it.vm("tg-node-b")).identity.principal_id
    it.clock.sleep(700)
    subnet = f"{it.group()}/providers/Microsoft.Network/virtualNetworks/vnet-dal-prod"
    it.lab.directory.deny(
        LabDenyAssignment(str(uuid.uuid4()), "no-joins", subnet, ("*/join/action",), principals=(principal,))
    )
    it.lab.faults.add(Fault("GET", "/denyAssignments", AzureAnswer(CannedError.INTERNAL_ERROR), times=None))
    result = verified(asking, subject(asking, restarted=frozenset(asking.answers.machines or ())))
    assert [item.done for item in stages(result, PropagationStage.PROVED)] == [True, False]
    assert "Asked in its own name, it was told: " in stages(result, PropagationStage.PROVED)[1].sentence
    assert result.overall_state is not VerifyState.VERIFIED


def test_that_one_answer_that_fails_to_come_takes_back_nothing_and_is_asked_for_again(fresh: Scenario) -> None:
    def fail_later(event: object) -> None:
        fresh.on.events.append(event)  # type: ignore[arg-type]
        if (
            isinstance(event, PropagationChanged)
            and event.stage is PropagationStage.RESTARTED
            and event.machine == "tg-node-b"
        ):
            fresh.it.lab.faults.add(Fault("GET", "roleAssignments", AzureAnswer(CannedError.INTERNAL_ERROR), times=2))

    services = fresh.it.services
    result = verify(
        services.azure, services.members, services.clock, fresh.on.journal, subject(fresh), fail_later, fresh.on.token
    )
    assert result.overall_state is VerifyState.RESTART
    written = [event.done for event in fresh.on.told(PropagationChanged) if event.stage is PropagationStage.WRITTEN]
    assert written == [True, True]


def test_that_a_right_that_is_not_there_is_not_waited_for(fresh: Scenario) -> None:
    before = fresh.it.clock.monotonic()
    result = verified(fresh, subject(fresh, role_guid=str(uuid.uuid4())))
    assert fresh.it.clock.monotonic() - before < 60
    assert not any(item.done for item in stages(result, PropagationStage.WRITTEN))
    assert result.overall_state is VerifyState.AT_RISK


class _Skewed:
    """This computer's clock, wrong by so much; the lab keeps the right time."""

    def __init__(self, right: LabTime, by: timedelta) -> None:
        self._right, self._by = right, by

    def monotonic(self) -> float:
        return self._right.monotonic()

    def sleep(self, seconds: float, cancel: Cancellable | None = None) -> None:
        self._right.sleep(seconds, cancel)

    def wall(self) -> datetime:
        return self._right.wall() + self._by


@pytest.mark.parametrize("minutes", [-6, 6])
def test_that_a_wrong_clock_here_neither_hides_a_restart_nor_shortens_the_wait(tmp_path: Path, minutes: int) -> None:
    made = Scenario.of("fresh", tmp_path)
    made.it.services = replace(made.it.services, clock=_Skewed(made.it.clock, timedelta(minutes=minutes)))
    assert made.on.apply(made.plan).outcome is Outcome.DONE
    began = made.it.clock.monotonic()
    result = verified(made)
    assert made.it.clock.monotonic() - began > 500
    assert result.overall_state is VerifyState.RESTART
    for name in ("tg-node-b", "tg-node-a"):
        assert restarted(made, name).outcome is Outcome.DONE
    assert verified(made).overall_state is VerifyState.READY
    made.on.journal.close()

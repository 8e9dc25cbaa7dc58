"""What the program makes of Azure refusing all at a VM whose interface was left `Failed` (azure/README.md 2.4)."""

from __future__ import annotations

import pytest

from tests.azure.test_arm import fails
from tests.rig import Rig, rig, setup_rig
from tgwizard.engine.azure_call_error import Cause, Certainty
from tgwizard.lab.faults.fault_rules import Fault, OperationFails
from tgwizard.lab.world import FailedNic, LabPower
from tgwizard.model.cluster import Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_options import Fence, FenceRequest, StopMethod
from tgwizard.model.nic import Provisioning


def broken() -> Rig:
    """The active's interface after somebody's edit that failed."""
    made = rig()
    made.lab.faults.add(Fault("PUT", "tg-node-a-inside", OperationFails()))
    made.call("PUT", made.a.nic.text, dict(made.nic(made.a).body)).raise_for_status()
    made.clock.sleep(10)
    assert made.nic(made.a).provisioning is Provisioning.FAILED
    return made


def test_that_a_refused_stop_names_the_state_and_its_remedy() -> None:
    made = broken()
    failure = fails(lambda: made.services.azure.compute.stop_vm(made.a.vm, StopMethod.POWER_OFF, request_id="r"))
    problem = failure.problem
    assert (failure.status, failure.certainty, failure.cause) == (400, Certainty.REFUSED, Cause.OTHER)
    assert problem.code == "parent-failed"
    assert "left in state Failed" in problem.why
    assert "the next failover does that" in problem.fix
    assert made.a.nic.text in problem.detail


def test_that_a_fence_that_azure_refuses_for_it_ends_the_run_with_the_address_where_it_was() -> None:
    made = broken()
    finished = made.fail_over(verb=Verb.FORCED, fence=FenceRequest(Fence.STOP))
    assert finished.outcome is Outcome.FAILED
    assert finished.problem is not None
    assert finished.problem.code == "fence-failed"
    assert "Force without a fence" in finished.problem.fix
    assert "portal" not in finished.problem.fix
    assert "Failed" in finished.problem.why
    assert made.lab.holder(made.address) == made.a.nic.text


def test_that_a_failover_without_a_fence_ends_the_state_and_the_vm_obeys_again() -> None:
    made = broken()
    assert made.fail_over(verb=Verb.FORCED).outcome is Outcome.DONE
    assert made.holders() == ["tg-node-b"]
    assert made.nic(made.a).provisioning is Provisioning.SUCCEEDED
    made.call("POST", f"{made.a.vm.text}/powerOff").raise_for_status()


@pytest.mark.parametrize("failed_nic", [FailedNic.STARTS, FailedNic.NOTHING])
def test_that_a_fence_works_where_azure_lets_such_a_vm_be_stopped(failed_nic: FailedNic) -> None:
    made = broken()
    made.lab.failed_nic = failed_nic
    assert made.fail_over(verb=Verb.FORCED, fence=FenceRequest(Fence.STOP)).outcome is Outcome.DONE
    assert made.holders() == ["tg-node-b"]
    assert dict(made.lab.vms())[made.a.vm.text] is LabPower.STOPPED


def test_that_an_identity_cannot_be_given_to_such_a_vm_and_the_reason_is_told() -> None:
    it = setup_rig()
    nic = it.network("networkInterfaces", "tg-node-b-inside")
    it.lab.faults.add(Fault("PUT", nic.name, OperationFails()))
    read = it.services.azure.network.read_nic(nic)
    it.services.azure.network.write_nic(nic, read, if_match=read.etag, request_id="r")
    it.clock.sleep(10)
    failure = fails(lambda: it.services.azure.compute.enable_identity(it.vm("tg-node-b"), request_id="s"))
    assert (failure.status, failure.problem.code) == (400, "parent-failed")
    assert failure.certainty is Certainty.REFUSED
    assert nic.text in failure.problem.detail

"""Rights, locks, deny assignments, identities and the address check, asked through the real SDK of the lab."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.worlds import changed, without
from tests.rig import Rig, rig
from tgwizard.engine.azure_call_error import AzureCallError, Cause, Certainty, MissingRight
from tgwizard.lab.faults.fault_rules import Fault, Moment, Reset
from tgwizard.model.failover_options import StopMethod
from tgwizard.model.permission import allows
from tgwizard.model.snapshot import Power

WRITE = "Microsoft.Network/networkInterfaces/write"
STOP = "Microsoft.Compute/virtualMachines/powerOff/action"


def identity(made: Rig, member: int = 0) -> str:
    return made.services.azure.compute.vm(made.setup.members[member].vm).identity.principal_id


def test_that_a_vm_without_an_identity_has_an_empty_one() -> None:
    def edit(world: dict[str, Any]) -> None:
        next(item for item in world["resources"].values() if item["name"] == "tg-node-b").pop("identity")

    assert identity(changed(edit), 1) == ""


def test_that_ones_own_rights_on_the_subscription_are_read() -> None:
    held = rig().services.azure.access.own_permissions(f"/subscriptions/{rig().setup.subscription}")
    assert allows(held, "Microsoft.Network/locations/operations/read")


def test_that_the_address_check_tells_free_taken_and_reserved_apart() -> None:
    made = rig()
    check = made.services.azure.network.check_address
    assert check(made.setup.subnet, "10.20.2.77").free
    taken = check(made.setup.subnet, made.address)
    assert (taken.free, taken.reserved) == (False, False)
    assert len(taken.others) == 5
    assert check(made.setup.subnet, "10.20.2.1").reserved


def test_that_a_refusal_names_the_right_that_is_missing_and_where() -> None:
    made = without(STOP)
    with pytest.raises(AzureCallError) as failed:
        made.services.azure.compute.stop_vm(made.a.vm, StopMethod.POWER_OFF, request_id="1")
    assert failed.value.cause is Cause.NOT_ALLOWED
    assert failed.value.missing == MissingRight(STOP, made.a.vm.text)


@pytest.mark.parametrize(
    ("how", "after"), [(StopMethod.POWER_OFF, Power.STOPPED), (StopMethod.DEALLOCATE, Power.DEALLOCATED)]
)
def test_that_a_vm_is_stopped_by_one_request_and_its_interface_keeps_its_addresses(
    how: StopMethod, after: Power
) -> None:
    made = rig()
    accepted = made.services.azure.compute.stop_vm(made.a.vm, how, request_id="1")
    assert "/operations/" in accepted.operation
    made.clock.sleep(120)
    assert made.services.azure.compute.vm(made.a.vm).power is after
    assert made.holders() == ["tg-node-a"]
    assert len([record for record in made.lab.requests if record.method == "POST"]) == 1


def test_that_a_lost_answer_to_a_stop_is_unknown() -> None:
    made = rig()
    made.lab.faults.add(Fault("POST", "powerOff", Reset(Moment.AFTER_COMMIT)))
    with pytest.raises(AzureCallError) as failed:
        made.services.azure.compute.stop_vm(made.a.vm, StopMethod.POWER_OFF, request_id="1")
    assert failed.value.certainty is Certainty.UNKNOWN

"""The adapter, through the real SDK, on the lab's in-process transport with the virtual clock."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
import requests

from tests.rig import Rig, rig
from tgwizard.azure.arm_ports import ArmPorts
from tgwizard.azure.clients import AzureSession
from tgwizard.azure.credentials import HeldCredential, LabToken
from tgwizard.engine.azure_call_error import AzureCallError, Cause, Certainty
from tgwizard.engine.ports import OperationState
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer, OperationFails
from tgwizard.lab.fronts.in_process import LabAdapter, lab_session
from tgwizard.lab.lab import Lab
from tgwizard.model.cluster import ResourceId
from tgwizard.model.cluster_setup import CarriedConfiguration
from tgwizard.model.nic import Provisioning
from tgwizard.model.permission import allows
from tgwizard.model.snapshot import Power


class Recorder(LabAdapter):
    """The lab's own adapter; keeps what the SDK sent."""

    def __init__(self, lab: Lab) -> None:
        super().__init__(lab)
        self.sent: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, *arguments: object, **options: object) -> requests.Response:
        self.sent.append(request)
        return super().send(request, *arguments, **options)  # type: ignore[arg-type]


def recorded() -> tuple[Rig, Recorder]:
    recorders: list[Recorder] = []

    def session(lab: Lab) -> requests.Session:
        found = lab_session(lab)
        recorders.append(Recorder(lab))
        found.mount("https://", recorders[0])
        return found

    return rig(session=session), recorders[0]


def fails(call: Callable[[], object]) -> AzureCallError:
    with pytest.raises(AzureCallError) as caught:
        call()
    return caught.value


def detach(it: Rig) -> str:
    read = it.services.azure.network.read_nic(it.a.nic)
    accepted = it.services.azure.network.write_nic(
        it.a.nic, read.without(it.address), if_match=read.etag, request_id=str(uuid.uuid4())
    )
    return accepted.operation


def test_that_unknown_fields_of_a_nic_survive_a_read_and_a_write() -> None:
    it, recorder = recorded()
    it.edit(it.a, lambda body: body["properties"].update({"futureThing": {"depth": [1, {"x": None}]}}))
    it.clock.sleep(10)
    read = it.services.azure.network.read_nic(it.a.nic)
    it.services.azure.network.write_nic(it.a.nic, read, if_match=read.etag, request_id="r-1")
    assert recorder.sent[-1].body == read.to_bytes()
    it.clock.sleep(10)
    again = it.services.azure.network.read_nic(it.a.nic)
    assert again.body["properties"]["futureThing"] == {"depth": [1, {"x": None}]}


def test_that_a_write_is_one_conditional_put_under_our_own_request_id() -> None:
    it, recorder = recorded()
    read = it.services.azure.network.read_nic(it.a.nic)
    accepted = it.services.azure.network.write_nic(it.a.nic, read, if_match=read.etag, request_id="our-own-id")
    puts = [request for request in recorder.sent if request.method == "PUT"]
    assert len(puts) == 1
    assert puts[0].headers["If-Match"] == read.etag
    assert puts[0].headers["x-ms-client-request-id"] == "our-own-id"
    assert "tgwizard/" in str(puts[0].headers["User-Agent"])
    assert accepted.provisioning is Provisioning.UPDATING
    assert accepted.etag != read.etag
    assert str(uuid.UUID(accepted.arm_request_id)) == accepted.arm_request_id
    assert accepted.operation.startswith("https://management.azure.com/")


def test_that_a_moved_version_is_refused_with_the_cause_etag_moved() -> None:
    it = rig()
    read = it.services.azure.network.read_nic(it.a.nic)
    failure = fails(lambda: it.services.azure.network.write_nic(it.a.nic, read, if_match='W/"0"', request_id="r"))
    assert (failure.cause, failure.certainty, failure.status) == (Cause.ETAG_MOVED, Certainty.REFUSED, 412)
    assert "tg-node-a-inside" in failure.problem.what


def test_that_an_allocated_address_names_the_nic_that_has_it() -> None:
    it = rig()
    read = it.services.azure.network.read_nic(it.b.nic)
    taken = read.plus(read.new_configuration("tg-floating", it.address, CarriedConfiguration()))
    failure = fails(lambda: it.services.azure.network.write_nic(it.b.nic, taken, if_match=read.etag, request_id="r"))
    assert failure.cause is Cause.ADDRESS_ALLOCATED
    assert failure.certainty is Certainty.REFUSED
    assert failure.allocated_to == it.a.nic


def test_that_an_operation_is_read_from_its_own_url_until_it_has_succeeded() -> None:
    it = rig()
    operation = detach(it)
    assert it.services.azure.read_operation(operation).state is OperationState.IN_PROGRESS
    it.clock.sleep(5)
    assert it.services.azure.read_operation(operation).state is OperationState.SUCCEEDED


def test_that_a_failed_operation_carries_its_problem() -> None:
    it = rig()
    it.lab.faults.add(Fault("PUT", "tg-node-a-inside", OperationFails("OperationNotAllowed", "The VM is going.")))
    operation = detach(it)
    it.clock.sleep(5)
    seen = it.services.azure.read_operation(operation)
    assert seen.state is OperationState.FAILED
    assert seen.problem is not None
    assert seen.problem.code == "operation-not-allowed"
    assert "The VM is going." in seen.problem.detail


def test_that_an_operation_that_was_superseded_says_so() -> None:
    it = rig()
    operation = detach(it)
    read = it.services.azure.network.read_nic(it.a.nic)
    it.services.azure.network.write_nic(it.a.nic, read, if_match=read.etag, request_id="r")
    seen = it.services.azure.read_operation(operation)
    assert seen.state is OperationState.CANCELED
    assert seen.problem is not None
    assert seen.problem.code == "superseded"


@pytest.mark.parametrize(
    "url",
    [
        "https://management.azure.com.evil.example/subscriptions/s/operations/1",
        "http://management.azure.com/subscriptions/s/operations/1",
        "https://user@evil.example/",
        "",
    ],
)
def test_that_the_token_goes_to_no_other_host_than_azures(url: str) -> None:
    it, recorder = recorded()
    failure = fails(lambda: it.services.azure.read_operation(url))
    assert failure.certainty is Certainty.NOT_SENT
    assert recorder.sent == []


def test_that_a_vm_is_read_with_power_zone_and_agent() -> None:
    it = rig()
    seen = it.services.azure.compute.vm(it.b.vm)
    assert (seen.power, seen.zone, seen.agent_ready) == (Power.RUNNING, "2", True)
    it.call("POST", f"{it.b.vm.text}/deallocate").raise_for_status()
    it.clock.sleep(60)
    assert it.services.azure.compute.vm(it.b.vm).power is Power.DEALLOCATED


def test_that_the_interface_that_names_an_address_is_found() -> None:
    it = rig()
    assert it.services.azure.network.nics_listing(it.address, it.setup.subnet) == (it.a.nic,)
    assert it.services.azure.network.nics_listing("10.20.2.99", it.setup.subnet) == ()


def test_that_the_same_address_in_another_network_is_not_found() -> None:
    it = rig()
    elsewhere = ResourceId(it.setup.subnet.text.replace("vnet-dal-prod", "vnet-other"))
    assert it.services.azure.network.nics_listing(it.address, elsewhere) == ()


def test_that_only_the_groups_are_listed_when_the_subscription_may_not_be() -> None:
    it = rig()
    refused = '{"error":{"code":"AuthorizationFailed","message":"no"}}'
    it.lab.faults.add(
        Fault(
            "GET", f"{it.setup.subscription}/providers/Microsoft.Network/networkInterfaces", FaultAnswer(403, refused)
        )
    )
    assert it.services.azure.network.nics_listing(it.address, it.setup.subnet) == (it.a.nic,)


def test_that_a_listing_refused_everywhere_is_a_failure_and_not_an_empty_answer() -> None:
    it = rig()
    refused = '{"error":{"code":"AuthorizationFailed","message":"no"}}'
    it.lab.faults.add(Fault("GET", "/networkInterfaces", FaultAnswer(403, refused), times=9))
    failure = fails(lambda: it.services.azure.network.nics_listing(it.address, it.setup.subnet))
    assert failure.cause is Cause.NOT_ALLOWED


def test_that_the_rights_at_a_nic_and_at_a_nested_resource_are_read() -> None:
    it = rig()
    for scope in (it.a.nic, it.setup.subnet):
        held = it.services.azure.access.own_permissions(scope.text)
        assert allows(held, "Microsoft.Network/networkInterfaces/write")


def test_that_the_ranges_of_the_subnet_are_read() -> None:
    it = rig()
    assert isinstance(it.services.azure, ArmPorts)
    assert it.services.azure.network.subnet_prefixes(it.setup.subnet) == ("10.20.2.0/24",)


def test_that_a_missing_nic_is_told_by_name() -> None:
    it = rig()
    failure = fails(lambda: it.services.azure.network.read_nic(ResourceId(f"{it.a.nic.text}-gone")))
    assert failure.cause is Cause.NOT_FOUND
    assert "tg-node-a-inside-gone" in failure.problem.what


def test_that_an_answer_that_is_no_nic_is_not_taken_for_one() -> None:
    it = rig()
    it.lab.faults.add(Fault("GET", "tg-node-a-inside", FaultAnswer(200, '{"value": []}')))
    assert fails(lambda: it.services.azure.network.read_nic(it.a.nic)).problem.code == "answer-not-understood"


def test_that_an_unreadable_answer_to_a_write_leaves_its_effect_unknown() -> None:
    it = rig()
    read = it.services.azure.network.read_nic(it.a.nic)
    it.lab.faults.add(Fault("PUT", "tg-node-a-inside", FaultAnswer(200, "<html>proxy</html>")))
    failure = fails(lambda: it.services.azure.network.write_nic(it.a.nic, read, if_match=read.etag, request_id="r"))
    assert failure.certainty is Certainty.UNKNOWN


def test_that_a_closed_connection_sends_nothing() -> None:
    it, recorder = recorded()
    azure = it.services.azure
    assert isinstance(azure, ArmPorts)
    azure.close()
    assert fails(lambda: azure.network.read_nic(it.a.nic)).certainty is Certainty.NOT_SENT
    assert recorder.sent == []


def test_that_a_plain_http_address_is_refused() -> None:
    credential = HeldCredential(LabToken(lambda: ""))
    with pytest.raises(ValueError, match="https only"):
        AzureSession(credential, base_url="http://localhost:1")

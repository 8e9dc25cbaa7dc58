"""The lab's control surface over HTTP: what no Azure has. Only the control token of `lab.json` opens it.

`GET`, `PATCH /lab` · `POST /lab/scenario` · `GET`, `POST`, `DELETE /lab/faults`, `DELETE /lab/faults/ID` ·
`GET /lab/requests` · `GET /lab/dataplane`, `POST /lab/dataplane/port` · `GET /lab/vms`, `POST /lab/vms/start|stop` ·
`GET /lab/clients`, `POST /lab/clients/certificate`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tgwizard.lab import ids
from tgwizard.lab.arm import request_bodies
from tgwizard.lab.faults import fault_format
from tgwizard.lab.faults.canned_errors import CannedError
from tgwizard.lab.faults.fault_rules import ForeignNicTakesAddress
from tgwizard.lab.fronts.client_access import UnknownVm
from tgwizard.lab.lab_state import LabState
from tgwizard.lab.latency import Latency
from tgwizard.lab.move_options import MoveOptions
from tgwizard.lab.nic_options import NicOptions
from tgwizard.lab.rbac.role_records import UNSETTLED, Propagation
from tgwizard.lab.request_log import RequestDecision, RequestRecord, RequestTrace
from tgwizard.lab.scenarios import scenario_builder
from tgwizard.lab.wire import Json, Refusal, Request, Response, json_response
from tgwizard.lab.world import FailedNic, Overlap
from tgwizard.model.problem import UserError
from tgwizard.model.text import format_utc

_SETTINGS = frozenset(
    {"latency", "overlap", "failed_nic", "move", "nic", "page_size", "propagation", "flicker", "statuses"}
)
LARGEST_PAGE = 1_000_000
REQUESTS_SHOWN = 200
"""How many requests are answered unless the client asks for more or fewer."""


def serves(path: str) -> bool:
    """Return whether a path belongs to the control surface. No path of ARM begins like this."""
    return path == "/lab" or path.startswith("/lab/")


def answer(lab: LabState, request: Request, path: str, trace: RequestTrace) -> Response:
    """Answer a request of the control surface; errors are in ARM's envelope."""
    try:
        trace.decision = RequestDecision.UNAUTHENTICATED
        trace.caller = lab.require_control(request.header("Authorization"))
        trace.decision = RequestDecision.CONTROL
        return _serve(lab, request, path)
    except Refusal as refusal:
        if refusal.status == 403:
            trace.decision = RequestDecision.DENIED
        return refusal.response()


def _serve(lab: LabState, request: Request, path: str) -> Response:
    handler = _CALLS.get((request.method, path))
    if handler is not None:
        return handler(lab, request)
    rule_id = path.removeprefix("/lab/faults/")
    if request.method == "DELETE" and rule_id != path:
        if lab.faults.remove(rule_id):
            return Response(204)
        raise _wrong(404, "FaultNotFound", f"The lab has no fault rule {rule_id}.")
    if any(path == known for _, known in _CALLS):
        raise _wrong(405, "MethodNotAllowed", f"{path} does not know {request.method}.")
    raise _wrong(404, "NotFound", f"The lab's control surface has no {path}.")


def _state(lab: LabState, _request: Request) -> Response:
    return json_response(200, _state_document(lab))


def _change(lab: LabState, request: Request) -> Response:
    settings = _body(request)
    unknown = set(settings) - _SETTINGS
    if unknown:
        raise _wrong(400, "BadRequest", f"The lab has no setting {', '.join(sorted(unknown))}.")
    latency = _word(settings, "latency", Latency, lab.latency)
    overlap = _word(settings, "overlap", Overlap, lab.overlap)
    failed = _word(settings, "failed_nic", FailedNic, lab.failed_nic)
    moves = replace(lab.move_rules, **_switches(settings, "move", MoveOptions.names()))
    nic = replace(lab.nic_options, **_switches(settings, "nic", NicOptions.names()))
    size = settings.get("page_size", lab.page_size)
    if type(size) is not int or not 0 <= size <= LARGEST_PAGE:
        raise _wrong(400, "BadRequest", f"page_size is not a whole number from 0 to {LARGEST_PAGE}.")
    propagation = _word(settings, "propagation", Propagation, lab.directory.propagation)
    flicker = settings.get("flicker", lab.directory.flicker)
    if not isinstance(flicker, bool):
        raise _wrong(400, "BadRequest", "flicker is neither true nor false.")
    _settle(lab, settings.get("statuses", {}))
    lab.latency, lab.overlap, lab.failed_nic = latency, overlap, failed
    lab.move_rules, lab.nic_options, lab.page_size = moves, nic, size
    lab.directory.propagation, lab.directory.flicker = propagation, flicker
    return json_response(200, _state_document(lab))


def _switches(settings: Mapping[str, Any], name: str, known: tuple[str, ...]) -> Mapping[str, bool]:
    wanted = settings.get(name, {})
    if not isinstance(wanted, Mapping) or not set(wanted) <= set(known):
        raise _wrong(400, "BadRequest", f"{name} knows the switches {', '.join(known)}.")
    if not all(isinstance(value, bool) for value in wanted.values()):
        raise _wrong(400, "BadRequest", f"A switch of {name} is neither true nor false.")
    return wanted


def _settle(lab: LabState, settings: object) -> None:
    """Choose among the statuses that the reference leaves open. Raises Refusal 400, and then nothing is chosen."""
    if isinstance(settings, Mapping) and all(type(value) is int for value in settings.values()):
        try:
            lab.directory.settle(settings)
        except ValueError as error:
            known = "; ".join(f"{name} is {' or '.join(map(str, sorted(some)))}" for name, some in UNSETTLED.items())
            raise _wrong(400, "BadRequest", f"There is no such status: {error}. {known}.") from error
        return
    raise _wrong(400, "BadRequest", "statuses is not an object of numbers.")


def _use_scenario(lab: LabState, request: Request) -> Response:
    settings = _body(request)
    name, clusters = settings.get("name"), settings.get("clusters")
    if not isinstance(name, str) or not (clusters is None or (type(clusters) is int and clusters > 0)):
        raise _wrong(400, "BadRequest", "The scenario's name is missing, or clusters is no number from 1 on.")
    try:
        lab.use_scenario(name, clusters=clusters)
    except UserError as error:
        problem = error.problem
        raise _wrong(400, problem.code, problem.sentence()) from error
    except OSError as error:
        why = f"The world was replaced; its cluster files could not be written: {error.strerror or error}."
        raise _wrong(500, "LabFolderUnusable", why) from error
    return json_response(200, _state_document(lab))


def _list_faults(lab: LabState, _request: Request) -> Response:
    value = [fault_format.write(rule) for rule in lab.faults.rules]
    words: Json = {"kinds": list(fault_format.KINDS), "answers": [item.value for item in CannedError]}
    return json_response(200, {"value": value, **words})


def _add_fault(lab: LabState, request: Request) -> Response:
    try:
        fault = fault_format.read(_body(request))
    except fault_format.InvalidFaultRule as error:
        raise _wrong(400, "FaultRuleWrong", f"The rule was not added: {error}.") from error
    effect = fault.effect
    if isinstance(effect, ForeignNicTakesAddress) and lab.resource(effect.nic) is None:
        raise _wrong(400, "FaultRuleWrong", f"The rule was not added: the lab has no network interface {effect.nic}.")
    return json_response(201, fault_format.write(lab.faults.add(fault)))


def _clear_faults(lab: LabState, _request: Request) -> Response:
    lab.faults.clear()
    return Response(204)


def _list_requests(lab: LabState, request: Request) -> Response:
    query = _query(request)
    limit = query.get("limit", str(REQUESTS_SHOWN))
    if not (limit.isascii() and limit.isdecimal()) or len(limit) > 9:
        raise _wrong(400, "BadRequest", "limit is not a whole number, or too great a one.")
    records = lab.requests
    shown = records[len(records) - min(int(limit), len(records)) :]
    return json_response(200, {"value": [_record(item) for item in shown], "total": len(records)})


def _data_plane(lab: LabState, request: Request) -> Response:
    wanted = _query(request).get("address")
    value = [
        {
            "address": item.address,
            "nic": item.nic,
            "since": format_utc(item.since),
            "until": None if item.until is None else format_utc(item.until),
        }
        for item in lab.holdings
        if wanted in (None, item.address)
    ]
    return json_response(200, {"at": format_utc(lab.clock.wall()), "value": value})


def _traffic_port(lab: LabState, request: Request) -> Response:
    settings = _body(request)
    subnet, address = settings.get("subnet"), settings.get("address")
    if not isinstance(subnet, str) or not isinstance(address, str):
        raise _wrong(400, "BadRequest", "The subnet's full id as subnet, or an address of it as address, is missing.")
    if lab.traffic_port is None:
        raise _wrong(404, "NoTraffic", "This lab has no traffic: it lives in one program only and is served nowhere.")
    if not lab.has_address(subnet, address):
        raise _wrong(404, "AddressNotFound", f"The lab has no subnet {subnet} with the address {address}.")
    try:
        port = lab.traffic_port(subnet, address)
    except OSError as error:
        raise _wrong(503, "NoPort", f"There is no free port on loopback for {address}: {error.strerror}.") from error
    return json_response(200, {"port": port})


def _list_vms(lab: LabState, _request: Request) -> Response:
    return json_response(200, {"value": _vms(lab)})


def _switch(lab: LabState, request: Request, *, on: bool) -> Response:
    wanted = _body(request).get("vm")
    if not isinstance(wanted, str):
        raise _wrong(400, "BadRequest", "The VM is missing: its name or its full id as vm.")
    found = [vm for vm, _ in lab.vms() if wanted.lower() in (vm.lower(), ids.name_of(vm).lower())]
    if not found:
        raise _wrong(404, "VmNotFound", f"The lab has no VM {wanted}.")
    if len(found) > 1:
        raise _wrong(409, "VmAmbiguous", f"The lab has {len(found)} VMs named {wanted}. Give the full id of one.")
    lab.switch(found[0], on=on)
    return json_response(200, {"value": [item for item in _vms(lab) if item["id"] == found[0]]})


def _clients(lab: LabState, request: Request) -> Response:
    parts = urlsplit(request.url)
    try:
        access = lab.client_access(f"{parts.scheme}://{parts.netloc}", _query(request).get("vm"))
    except UnknownVm as error:
        raise _wrong(404, "VmNotFound", str(error)) from error
    return json_response(200, access.document)


def _register(lab: LabState, request: Request) -> Response:
    pem = _body(request).get("pem")
    if not isinstance(pem, str):
        raise _wrong(400, "BadRequest", "The certificate is missing: its public part in PEM as pem.")
    try:
        lab.directory.register_certificate(lab.directory.automation, pem)
    except ValueError as error:
        raise _wrong(400, "CertificateWrong", f"The certificate was not registered: {error}.") from error
    return Response(204)


def _state_document(lab: LabState) -> Json:
    return {
        "lab_id": lab.lab_id,
        "epoch": lab.epoch,
        "cloud": lab.cloud,
        "scenario": lab.scenario,
        "scenarios": list(scenario_builder.names()),
        "latency": lab.latency.value,
        "latencies": [item.value for item in Latency],
        "overlap": lab.overlap.value,
        "overlaps": [item.value for item in Overlap],
        "failed_nic": lab.failed_nic.value,
        "failed_nics": [item.value for item in FailedNic],
        "move": asdict(lab.move_rules),
        "nic": asdict(lab.nic_options),
        "page_size": lab.page_size,
        "propagation": lab.directory.propagation.value,
        "propagations": [item.value for item in Propagation],
        "flicker": lab.directory.flicker,
        "statuses": lab.directory.unsettled,
        "at": format_utc(lab.clock.wall()),
        "clusters": lab.cluster_count,
        "faults": len(lab.faults.rules),
        "sign_in_code": lab.sign_in_code,
    }


def _vms(lab: LabState) -> list[Json]:
    return [{"name": ids.name_of(vm), "id": vm, "power": power.value} for vm, power in lab.vms()]


def _record(item: RequestRecord) -> Json:
    return {
        "at": format_utc(item.when),
        "method": item.method,
        "path": item.path,
        "status": item.status,
        "caller": item.caller,
        "action": item.action,
        "decision": item.decision.value,
        "rules": list(item.rules),
        "took_s": round(item.took_s, 6),
        "client_request_id": item.client_request_id,
    }


def _word(settings: Mapping[str, Any], name: str, kind: type[Any], default: Any) -> Any:
    word = settings.get(name, default.value)
    try:
        return kind(word)
    except ValueError as error:
        words = ", ".join(item.value for item in kind)
        raise _wrong(400, "BadRequest", f"There is no {name} {word!r}. There are: {words}.") from error


def _query(request: Request) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(request.url).query))


def _body(request: Request) -> Json:
    try:
        document = request_bodies.read(request.body)
    except request_bodies.BodyUnreadable as error:
        raise _wrong(400, "BadRequest", f"The body is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise _wrong(400, "BadRequest", "The body is not a JSON object.")
    return document


def _wrong(status: int, code: str, message: str) -> Refusal:
    return Refusal(status, code, message)


_CALLS: dict[tuple[str, str], Callable[[LabState, Request], Response]] = {
    ("GET", "/lab"): _state,
    ("PATCH", "/lab"): _change,
    ("POST", "/lab/scenario"): _use_scenario,
    ("GET", "/lab/faults"): _list_faults,
    ("POST", "/lab/faults"): _add_fault,
    ("DELETE", "/lab/faults"): _clear_faults,
    ("GET", "/lab/requests"): _list_requests,
    ("GET", "/lab/clients"): _clients,
    ("POST", "/lab/clients/certificate"): _register,
    ("GET", "/lab/dataplane"): _data_plane,
    ("POST", "/lab/dataplane/port"): _traffic_port,
    ("GET", "/lab/vms"): _list_vms,
    ("POST", "/lab/vms/start"): lambda lab, request: _switch(lab, request, on=True),
    ("POST", "/lab/vms/stop"): lambda lab, request: _switch(lab, request, on=False),
}

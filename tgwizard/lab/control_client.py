"""A running lab's controls over its HTTP surface, in process or over TLS: fulfils `engine.lab_control.LabControl`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

import requests

from tgwizard.engine.json_codec import from_document, parse_json
from tgwizard.engine.lab_control import FaultSeen, HoldingSeen, LabStatus, RequestSeen, VmPowerSeen
from tgwizard.engine.runs.job_services import Endpoint
from tgwizard.lab.entra.access_tokens import AUDIENCE
from tgwizard.lab.fronts.client_access import ClientAccess
from tgwizard.lab.fronts.in_process import lab_session
from tgwizard.lab.fronts.tls_server import LOOPBACK
from tgwizard.lab.storage.lab_folder import AttachedLab, HostedLab
from tgwizard.lab.wire import Json
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.text import sanitize

T = TypeVar("T")

_TIMEOUT_S = (5.0, 60.0)
"""Connect and read; a fleet of thousands takes a while to be made."""


class HttpLabControl:
    """The controls of one lab."""

    def __init__(self, session: requests.Session, url: Callable[[], str], token: Callable[[], str]) -> None:
        """``url``: where the lab is; asked before each call, after the token."""
        self._session = session
        self._url = url
        self._token = token

    def state(self) -> LabStatus:
        """Return the settings."""
        return _read(LabStatus, self._call("GET", "/lab"))

    def use_scenario(self, name: str, *, clusters: int | None = None) -> LabStatus:
        """Replace the lab's whole world."""
        request_body: Json = {"name": name} if clusters is None else {"name": name, "clusters": clusters}
        return _read(LabStatus, self._call("POST", "/lab/scenario", request_body))

    def set_latency(self, word: str) -> LabStatus:
        """Set how long operations take from now on."""
        return _read(LabStatus, self._call("PATCH", "/lab", {"latency": word}))

    def set_overlap(self, word: str) -> LabStatus:
        """Set what a second write meets while the first one is running."""
        return _read(LabStatus, self._call("PATCH", "/lab", {"overlap": word}))

    def set_propagation(self, word: str, *, flicker: bool | None = None) -> LabStatus:
        """Set how long new rights take to arrive, and whether lists flicker."""
        request_body: Json = {"propagation": word} if flicker is None else {"propagation": word, "flicker": flicker}
        return _read(LabStatus, self._call("PATCH", "/lab", request_body))

    def faults(self) -> tuple[FaultSeen, ...]:
        """Return the fault rules, oldest first."""
        return _each(FaultSeen, self._call("GET", "/lab/faults"))

    def add_fault(self, rule: Mapping[str, Any]) -> FaultSeen:
        return _read(FaultSeen, self._call("POST", "/lab/faults", dict(rule)))

    def clear_faults(self, rule: str | None = None) -> None:
        """Remove one rule by id or name, or all of them."""
        self._call("DELETE", "/lab/faults" if rule is None else f"/lab/faults/{quote(rule, safe='')}")

    def vms(self) -> tuple[VmPowerSeen, ...]:
        """Return every VM with its power state."""
        return _each(VmPowerSeen, self._call("GET", "/lab/vms"))

    def switch(self, vm: str, *, on: bool) -> VmPowerSeen:
        """Pull a VM's plug or put it in."""
        seen = _each(VmPowerSeen, self._call("POST", f"/lab/vms/{'start' if on else 'stop'}", {"vm": vm}))
        if len(seen) != 1:
            raise UserError(_senseless(f"it names {len(seen)} machines"))
        return seen[0]

    def data_plane(self, address: str | None = None) -> tuple[HoldingSeen, ...]:
        """Return who has held the address, or any address, when."""
        return _each(HoldingSeen, self._call("GET", "/lab/dataplane", query={"address": address} if address else {}))

    def endpoint(self, subnet: str, address: str) -> Endpoint:
        """Return where traffic to an address of a subnet can be tried from this computer."""
        answer = self._call("POST", "/lab/dataplane/port", {"subnet": subnet, "address": address})
        return Endpoint(LOOPBACK, _read(_Port, answer).port)

    def requests(self, limit: int = 200) -> tuple[RequestSeen, ...]:
        """Return the last requests, oldest first."""
        return _each(RequestSeen, self._call("GET", "/lab/requests", query={"limit": str(limit)}))

    def client_access(self, vm: str | None = None) -> ClientAccess:
        """Return what other clients need to reach the lab, as its service principal or as one of its VMs."""
        return _read(ClientAccess, self._call("GET", "/lab/clients", query={"vm": vm} if vm else {}))

    def identity_token(self, vm: str) -> str:
        """Return a token for ARM of a VM's own identity, by the VM's own endpoint (azure/README.md 4.3)."""
        access = self.client_access(vm)
        request_body = {"resource": AUDIENCE, "api-version": "2019-08-01"}
        headers = {"X-IDENTITY-HEADER": access.identity_header}
        try:
            answer = self._session.get(
                access.identity_endpoint, params=request_body, headers=headers, timeout=_TIMEOUT_S
            )
        except requests.RequestException as error:
            raise UserError(_silent(error)) from error
        document = _object(answer)
        if not answer.ok:
            why = f"{document.get('error_description', '')}."
            raise UserError(Problem("identity-refused", f"The lab gives no token for {access.vm}.", why))
        return _read(_Token, document).access_token

    def register_certificate(self, pem: str) -> None:
        """Let the lab's service principal sign in with this certificate too; registering it twice is once."""
        self._call("POST", "/lab/clients/certificate", {"pem": pem})

    def close(self) -> None:
        self._session.close()

    def _call(self, method: str, path: str, body: Json | None = None, query: Mapping[str, str] | None = None) -> Json:
        headers = {"Authorization": f"Bearer {self._token()}"}
        try:
            answer = self._session.request(
                method, self._url() + path, json=body, params=dict(query or {}), headers=headers, timeout=_TIMEOUT_S
            )
        except requests.RequestException as error:
            raise UserError(_silent(error)) from error
        document = _object(answer)
        if answer.ok:
            return document
        raise UserError(_refused(answer.status_code, document))


def control_of(lab: HostedLab | AttachedLab) -> HttpLabControl:
    """Return the controls of an open lab: without a socket where it runs in this process."""
    if isinstance(lab, HostedLab):
        return HttpLabControl(lab_session(lab.lab), lambda: lab.arm_url, lab.control_token)
    session = requests.Session()
    session.trust_env = False
    session.verify = str(lab.ca)
    return HttpLabControl(session, lambda: lab.arm_url, lab.control_token)


@dataclass(frozen=True, slots=True)
class _Port:
    port: int


@dataclass(frozen=True, slots=True)
class _Token:
    access_token: str


def _object(answer: requests.Response) -> Json:
    """The JSON object of an answer, empty when it has no content; UserError when it is none."""
    try:
        document = parse_json(answer.content) if answer.content else {}
    except ValueError as error:
        raise UserError(_senseless("it is no JSON")) from error
    if not isinstance(document, dict):
        raise UserError(_senseless("it is no object"))
    return document


def _read(kind: type[T], document: object) -> T:
    """The value of a document; UserError when it is none."""
    try:
        return from_document(kind, document)
    except ValueError as error:
        raise UserError(_senseless(f"{error}")) from error


def _each(kind: type[T], document: Json) -> tuple[T, ...]:
    """The values of a list; UserError when it is none."""
    found = document.get("value")
    if not isinstance(found, list):
        raise UserError(_senseless("it has no list"))
    return tuple(_read(kind, item) for item in found)


def _senseless(why: str) -> Problem:
    return Problem(
        code="lab-not-understood",
        what="The answer of the lab could not be read.",
        why=f"{sanitize(why, 200)}. Whether the lab has done what was asked is not known.",
        fix="See with tgwizard lab show what it says now. Another version of tgwizard may hold it.",
    )


def _silent(error: Exception) -> Problem:
    return Problem(
        code="lab-not-answering",
        what="The lab did not answer.",
        why=f"{type(error).__name__}. Whether the lab has done what was asked is not known.",
        fix="See with tgwizard lab run whether it still runs, and ask again.",
    )


def _refused(status: int, document: Json) -> Problem:
    error = document.get("error")
    error = error if isinstance(error, dict) else {}
    return Problem(
        code=re.sub(r"(?<=[a-z])(?=[A-Z])", "-", str(error.get("code") or f"lab-{status}")).lower(),
        what=str(error.get("message") or f"The lab answered with status {status}."),
        why="The lab turned it down. Nothing was changed.",
    )

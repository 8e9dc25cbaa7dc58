"""A running lab's controls over its HTTP surface, in process or over TLS: fulfils `engine.lab_control.LabControl`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

import requests

from tgwizard.engine.lab_control import FaultSeen, HoldingSeen, LabState, RequestSeen, VmPowerSeen
from tgwizard.engine.services import Endpoint
from tgwizard.lab.client_access import ClientAccess
from tgwizard.lab.home import AttachedLab, HostedLab
from tgwizard.lab.server import LOOPBACK
from tgwizard.lab.tokens import AUDIENCE
from tgwizard.lab.transport import lab_session
from tgwizard.lab.wire import Json
from tgwizard.model.problem import Problem, UserError

_TIMEOUT_S = (5.0, 60.0)
"""Connect and read; a fleet of thousands takes a while to be made."""


class HttpLabControl:
    """The controls of one lab."""

    def __init__(self, session: requests.Session, url: Callable[[], str], token: Callable[[], str]) -> None:
        """``url``: where the lab is; asked before each call, after the token."""
        self._session = session
        self._url = url
        self._token = token

    def state(self) -> LabState:
        """Return the settings."""
        return _state(self._call("GET", "/lab"))

    def use_scenario(self, name: str, *, clusters: int | None = None) -> LabState:
        """Replace the lab's whole world."""
        wish: Json = {"name": name} if clusters is None else {"name": name, "clusters": clusters}
        return _state(self._call("POST", "/lab/scenario", wish))

    def set_latency(self, word: str) -> LabState:
        """Set how long operations take from now on."""
        return _state(self._call("PATCH", "/lab", {"latency": word}))

    def set_overlap(self, word: str) -> LabState:
        """Set what a second write meets while the first one is running."""
        return _state(self._call("PATCH", "/lab", {"overlap": word}))

    def set_propagation(self, word: str, *, flicker: bool | None = None) -> LabState:
        """Set how long new rights take to arrive, and whether lists flicker."""
        wish: Json = {"propagation": word} if flicker is None else {"propagation": word, "flicker": flicker}
        return _state(self._call("PATCH", "/lab", wish))

    def faults(self) -> tuple[FaultSeen, ...]:
        """Return the fault rules, oldest first."""
        return tuple(_fault(item) for item in self._call("GET", "/lab/faults")["value"])

    def add_fault(self, rule: Mapping[str, Any]) -> FaultSeen:
        """Add a rule."""
        return _fault(self._call("POST", "/lab/faults", dict(rule)))

    def clear_faults(self, rule: str | None = None) -> None:
        """Remove one rule by id or name, or all of them."""
        self._call("DELETE", "/lab/faults" if rule is None else f"/lab/faults/{quote(rule, safe='')}")

    def vms(self) -> tuple[VmPowerSeen, ...]:
        """Return every VM with its power state."""
        return tuple(VmPowerSeen(**item) for item in self._call("GET", "/lab/vms")["value"])

    def switch(self, vm: str, *, on: bool) -> VmPowerSeen:
        """Pull a VM's plug or put it in."""
        (seen,) = self._call("POST", f"/lab/vms/{'start' if on else 'stop'}", {"vm": vm})["value"]
        return VmPowerSeen(**seen)

    def data_plane(self, address: str | None = None) -> tuple[HoldingSeen, ...]:
        """Return who has held the address, or any address, when."""
        found = self._call("GET", "/lab/dataplane", query={"address": address} if address else {})
        return tuple(
            HoldingSeen(item["address"], item["nic"], _moment(item["since"]), _moment_or_none(item["until"]))
            for item in found["value"]
        )

    def endpoint(self, subnet: str, address: str) -> Endpoint:
        """Return where traffic to an address of a subnet can be tried from this computer."""
        return Endpoint(
            LOOPBACK, self._call("POST", "/lab/dataplane/port", {"subnet": subnet, "address": address})["port"]
        )

    def requests(self, limit: int = 200) -> tuple[RequestSeen, ...]:
        """Return the last requests, oldest first."""
        found = self._call("GET", "/lab/requests", query={"limit": str(limit)})
        return tuple(_request(item) for item in found["value"])

    def client_access(self, vm: str | None = None) -> ClientAccess:
        """Return what other clients need to reach the lab, as its service principal or as one of its VMs."""
        return ClientAccess.read(self._call("GET", "/lab/clients", query={"vm": vm} if vm else {}))

    def identity_token(self, vm: str) -> str:
        """Return a token for ARM of a VM's own identity, by the endpoint that programs on the VM use (4.3)."""
        access = self.client_access(vm)
        wish = {"resource": AUDIENCE, "api-version": "2019-08-01"}
        headers = {"X-IDENTITY-HEADER": access.identity_header}
        try:
            answer = self._session.get(access.identity_endpoint, params=wish, headers=headers, timeout=_TIMEOUT_S)
            document = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise UserError(_silent(error)) from error
        if not answer.ok:
            why = f"{document.get('error_description', '')}."
            raise UserError(Problem("identity-refused", f"The lab gives no token for {access.vm}.", why))
        return str(document["access_token"])

    def register_certificate(self, pem: str) -> None:
        """Let the lab's service principal sign in with this certificate too; registering it twice is once."""
        self._call("POST", "/lab/clients/certificate", {"pem": pem})

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _call(self, method: str, path: str, body: Json | None = None, query: Mapping[str, str] | None = None) -> Json:
        headers = {"Authorization": f"Bearer {self._token()}"}
        try:
            answer = self._session.request(
                method, self._url() + path, json=body, params=dict(query or {}), headers=headers, timeout=_TIMEOUT_S
            )
            document = answer.json() if answer.content else {}
        except (requests.RequestException, ValueError) as error:
            raise UserError(_silent(error)) from error
        if answer.ok:
            found: Json = document
            return found
        raise UserError(_refused(answer.status_code, document))


def control_of(lab: HostedLab | AttachedLab) -> HttpLabControl:
    """Return the controls of an open lab: without a socket where it runs in this process."""
    if isinstance(lab, HostedLab):
        return HttpLabControl(lab_session(lab.lab), lambda: lab.arm_url, lab.control_token)
    session = requests.Session()
    session.trust_env = False
    session.verify = str(lab.ca)
    return HttpLabControl(session, lambda: lab.arm_url, lab.control_token)


def _state(document: Json) -> LabState:
    return LabState(
        scenario=document["scenario"],
        scenarios=tuple(document["scenarios"]),
        latency=document["latency"],
        latencies=tuple(document["latencies"]),
        overlap=document["overlap"],
        overlaps=tuple(document["overlaps"]),
        page_size=document["page_size"],
        clusters=document["clusters"],
        faults=document["faults"],
        cloud=document["cloud"],
        propagation=document.get("propagation", ""),
        propagations=tuple(document.get("propagations", ())),
        flicker=document.get("flicker", False),
        epoch=document.get("epoch", 1),  # a lab of an earlier version has none
        sign_in_code=document.get("sign_in_code", ""),
        at=_moment(document["at"]),
    )


def _fault(document: Json) -> FaultSeen:
    return FaultSeen(**{key: document[key] for key in ("id", "name", "match", "effect", "seen", "struck")})


def _request(document: Json) -> RequestSeen:
    plain = ("method", "path", "status", "caller", "action", "decision", "took_s")
    rules = tuple(document["rules"])
    return RequestSeen(at=_moment(document["at"]), rules=rules, **{key: document[key] for key in plain})


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _moment_or_none(text: str | None) -> datetime | None:
    return None if text is None else _moment(text)


def _silent(error: Exception) -> Problem:
    return Problem(
        code="lab-not-answering",
        what="The lab did not answer.",
        why=f"{type(error).__name__}. Whether the lab has done what was asked is not known.",
        fix="See with tgwizard lab run whether it still runs, and ask again.",
    )


def _refused(status: int, document: Json) -> Problem:
    error = document.get("error", {})
    return Problem(
        code=re.sub(r"(?<=[a-z])(?=[A-Z])", "-", str(error.get("code") or f"lab-{status}")).lower(),
        what=str(error.get("message") or f"The lab answered with status {status}."),
        why="The lab turned it down. Nothing was changed.",
    )

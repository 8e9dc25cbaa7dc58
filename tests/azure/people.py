"""People who sign in to a lab: a browser that answers by itself, a person with a code, and an Entra that refuses."""

from __future__ import annotations

import html
import io
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

from tests.rig import SetupRig, setup_rig
from tgwizard.azure.clients import AzureSession, Clients
from tgwizard.azure.sign_in.available_methods import SignInSurvey
from tgwizard.azure.sign_in.interactive import SignInDialog
from tgwizard.azure.sign_in.sign_in_port import ArmSignIn
from tgwizard.engine.cancel import CancelToken
from tgwizard.lab.fronts.in_process import LabAdapter, lab_session
from tgwizard.lab.lab import Lab
from tgwizard.model.cloud import PUBLIC, Cloud
from tgwizard.model.sign_in import SignInMethod, SignInPrompt, SignInRequest

LOGIN = PUBLIC.authority


def fields_of(page: str) -> dict[str, str]:
    """The hidden fields of a page's form, as a browser would send them."""
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return {html.unescape(name): html.unescape(value) for name, value in found}


def action_of(page: str) -> str:
    """Where a page's form goes."""
    return html.unescape(re.findall(r'action="([^"]*)"', page)[0])


def bring(target: str, fields: dict[str, str], **headers: str) -> requests.Response:
    """What a browser brings to the listening socket, past any proxy."""
    with requests.Session() as outside:
        outside.trust_env = False
        return outside.post(target, data=fields, headers=headers, timeout=60)


@dataclass
class Browser:
    """Opens Entra's page in the lab, answers it, and brings the result back."""

    lab: Lab
    answer: str = "sign-in"
    opened: list[str] = field(default_factory=list)
    shown: list[requests.Response] = field(default_factory=list)

    def __call__(self, url: str) -> bool:
        self.opened.append(url)
        with lab_session(self.lab) as inside:
            page = inside.get(url, timeout=30).text
            done = inside.post(f"{LOGIN}{action_of(page)}", data={**fields_of(page), "answer": self.answer}, timeout=30)
        self.shown.append(bring(action_of(done.text), fields_of(done.text)))
        return True


@dataclass
class CodeUser:
    """Types the code on the lab's page when it is asked to wait for the ``after``-th time."""

    it: SetupRig
    answer: str = "sign-in"
    after: int = 1
    prompts: list[SignInPrompt] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def prompted(self, prompt: SignInPrompt) -> None:
        self.prompts.append(prompt)

    def wait(self, cancel: CancelToken, seconds: float) -> bool:
        self.waits.append(seconds)
        self.it.clock.sleep(seconds)
        if len(self.waits) == self.after and self.answer:
            with lab_session(self.it.lab) as http:
                prompt = self.prompts[-1]
                asked = http.get(prompt.url, timeout=30).text
                page = http.post(prompt.url, data={**fields_of(asked), "otc": prompt.code}, timeout=30).text
                http.post(prompt.url, data={**fields_of(page), "answer": self.answer}, timeout=30)
        return cancel.is_cancelled


class EntraSays(LabAdapter):
    """The lab, but Entra answers every request for a token with this error."""

    def __init__(self, lab: Lab, error: str, description: str) -> None:
        super().__init__(lab)
        self.forms: list[dict[str, str]] = []
        self.body = json.dumps({"error": error, "error_description": description, "error_codes": []}).encode()

    def send(self, request: requests.PreparedRequest, *arguments: object, **options: object) -> requests.Response:
        if not str(request.url).endswith("/oauth2/v2.0/token"):
            return super().send(request, *arguments, **options)  # type: ignore[arg-type]
        self.forms.append(dict(parse_qsl(str(request.body))))
        headers = HTTPHeaderDict({"Content-Type": "application/json"})
        raw = HTTPResponse(body=io.BytesIO(self.body), headers=headers, status=400, preload_content=False)
        return HTTPAdapter().build_response(request, raw)


def public_lab(
    *,
    adapter: Callable[[Lab], LabAdapter] | None = None,
    environment: dict[str, str] | None = None,
    cloud: Cloud = PUBLIC,
    **people: object,
) -> tuple[SetupRig, ArmSignIn]:
    """A lab that plays one of Azure's clouds at its own names, and a sign-in to it; nobody is signed in by a lab."""

    def session(lab: Lab) -> requests.Session:
        found = lab_session(lab)
        if adapter is not None:
            found.mount("https://", adapter(lab))
        return found

    it = setup_rig(session=session)
    computer = SignInSurvey(environment or {})

    def desk(session: AzureSession, cloud: Cloud) -> SignInDialog:
        return SignInDialog(session, cloud, **{"page": it.lab.sign_in_url, **people})  # type: ignore[arg-type]

    clients = it.services.azure.clients  # type: ignore[attr-defined]
    return it, ArmSignIn(clients, (cloud,), computer=computer, dialog=desk)


def wish(method: SignInMethod, tenant: str | None = None) -> SignInRequest:
    """A wish to sign in to the public cloud."""
    return SignInRequest(method, PUBLIC, tenant)


def ignore(_prompt: SignInPrompt) -> None:
    """Hears of a prompt."""


def clients_of(it: SetupRig) -> Clients:
    found: Clients = it.services.azure.clients  # type: ignore[attr-defined]
    return found


def signs_in_by_browser(**options: object) -> tuple[SetupRig, ArmSignIn, Browser]:
    seats: list[Browser] = []

    def opened(url: str) -> bool:
        return seats[0](url)

    it, sign_in = public_lab(open_browser=opened, **options)  # type: ignore[arg-type]
    seats.append(Browser(it.lab))
    return it, sign_in, seats[0]


def signs_in_by_code(**options: object) -> tuple[SetupRig, ArmSignIn, CodeUser]:
    users: list[CodeUser] = []

    def waits(cancel: CancelToken, seconds: float) -> bool:
        return users[0].wait(cancel, seconds)

    it, sign_in = public_lab(wait=waits, **options)  # type: ignore[arg-type]
    users.append(CodeUser(it))
    return it, sign_in, users[0]


def application(it: SetupRig, **changes: str) -> dict[str, str]:
    automation = it.lab.directory.automation
    return {
        "AZURE_TENANT_ID": it.lab.subscription.tenant,
        "AZURE_CLIENT_ID": automation.app_id,
        "AZURE_CLIENT_SECRET": it.lab.directory.client_secret(automation),
        **changes,
    }


def signs_in_as_application(**changes: str) -> tuple[SetupRig, ArmSignIn]:
    environment: dict[str, str] = {}
    it, sign_in = public_lab(environment=environment)
    environment.update({name: value for name, value in application(it, **changes).items() if value})
    return it, ArmSignIn(clients_of(it), (PUBLIC,), computer=replace(sign_in._computer, environment=environment))


def ended(name: str) -> None:
    """Wait until the threads of that name are gone."""
    for thread in threading.enumerate():
        if thread.name == name:
            thread.join(60)
            assert not thread.is_alive()

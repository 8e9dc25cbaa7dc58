"""Signing in over TLS, as a second program on a lab does: each connection of ours trusts the lab's CA alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.azure.people import action_of, bring, fields_of
from tests.azure.test_arm import fails
from tgwizard.app.adapters import lab_sign_in, over_tls
from tgwizard.azure.arm_ports import ArmPorts
from tgwizard.azure.clients import AzureSession
from tgwizard.azure.credentials import LabToken
from tgwizard.azure.sign_in.available_methods import SignInSurvey
from tgwizard.azure.sign_in.interactive import SignInDialog
from tgwizard.azure.sign_in.sign_in_port import ArmSignIn
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.jobs import JobQueue
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.fronts.certificates import prepare
from tgwizard.lab.fronts.tls_server import LabServer
from tgwizard.lab.lab import Lab
from tgwizard.model.cloud import Cloud
from tgwizard.model.inventory import CallerKind
from tgwizard.model.sign_in import SignInMethod, SignInPrompt, SignInRequest


class Served:
    """A lab on its server, our adapter on it, and who opens pages."""

    def __init__(self, folder: Path) -> None:
        self.lab = Lab.from_scenario("fresh", clock=VirtualClock())
        files = prepare(folder / "tls", self.lab.lab_id)
        self.ca = files.ca
        self.server = LabServer(self.lab, files.server)
        self.server.start()
        self.azure: ArmPorts = over_tls(self.server.url, files.ca, self.lab.issue_token, self.lab.issue_graph_token)
        tokens = LabToken(self.lab.issue_token, self.lab.issue_graph_token)
        self.own_sign_in = lab_sign_in(self.azure, self.lab.cloud, tokens, JobQueue(), self.server.url)
        (self.cloud,) = self.own_sign_in.clouds()

    def page(self, method: str, url: str, **form: str) -> str:
        with requests.Session() as http:
            http.trust_env = False
            answer = http.request(method, url, data=form or None, verify=str(self.ca), timeout=60)
            answer.raise_for_status()
            return answer.text

    def browse(self, url: str) -> bool:
        page = self.page("GET", url)
        done = self.page("POST", f"{self.server.url}{action_of(page)}", **fields_of(page), answer="sign-in")
        return bring(action_of(done), fields_of(done)).ok

    def type_code(self, prompt: SignInPrompt) -> None:
        asked = self.page("GET", prompt.url)
        page = self.page("POST", prompt.url, **fields_of(asked), otc=prompt.code)
        self.page("POST", prompt.url, **fields_of(page), answer="sign-in")

    def sign_in(self, **environment: str) -> ArmSignIn:
        def wait(cancel: CancelToken, seconds: float) -> bool:
            self.lab.clock.sleep(seconds)
            return cancel.is_cancelled

        def desk(session: AzureSession, cloud: Cloud) -> SignInDialog:
            return SignInDialog(session, cloud, self.browse, wait, self.lab.sign_in_url)

        return ArmSignIn(self.azure.clients, (self.cloud,), computer=SignInSurvey(environment), dialog=desk)

    def wish(self, method: SignInMethod) -> SignInRequest:
        return SignInRequest(method, self.cloud)


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://proxy.invalid:1")
    found = Served(tmp_path)
    yield found
    found.azure.close()
    found.server.stop()


def test_that_a_person_signs_in_by_browser_and_asks_arm_and_the_directory(served: Served) -> None:
    prompts: list[SignInPrompt] = []
    caller = served.sign_in().sign_in(served.wish(SignInMethod.BROWSER), prompts.append, CancelToken())
    assert caller.kind is CallerKind.USER
    assert prompts[0].url.startswith(f"{served.server.url}/organizations/")
    assert served.azure.directory.subscriptions()
    member = served.lab.principals[0]
    assert served.azure.directory.known_principals((member.oid,)) == ((member.oid, member.name),)


def test_that_a_person_signs_in_by_code(served: Served) -> None:
    caller = served.sign_in().sign_in(served.wish(SignInMethod.DEVICE_CODE), served.type_code, CancelToken())
    assert caller.name == "operator@lab.example"


def test_that_an_application_and_a_machine_sign_in(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    automation = served.lab.directory.automation
    environment = {
        "AZURE_TENANT_ID": served.lab.subscription.tenant,
        "AZURE_CLIENT_ID": automation.app_id,
        "AZURE_CLIENT_SECRET": served.lab.directory.client_secret(automation),
    }
    sign_in = served.sign_in(**environment)
    caller = sign_in.sign_in(served.wish(SignInMethod.ENVIRONMENT), lambda _prompt: None, CancelToken())
    assert caller.object_id == automation.oid
    vm = next(vm for vm, _ in served.lab.vms() if vm.endswith("/tg-node-a"))
    endpoint = served.lab.directory.identity_endpoint(vm, served.server.url)
    monkeypatch.setenv("IDENTITY_ENDPOINT", endpoint.endpoint)
    monkeypatch.setenv("IDENTITY_HEADER", endpoint.header)
    wish = served.wish(SignInMethod.MANAGED_IDENTITY)
    assert served.sign_in().sign_in(wish, lambda _prompt: None, CancelToken()).name == "tg-node-a"


def test_that_an_operator_who_signed_in_as_somebody_can_come_back(served: Served) -> None:
    sign_in = served.own_sign_in
    served.sign_in().sign_in(served.wish(SignInMethod.DEVICE_CODE), served.type_code, CancelToken())
    back = sign_in.sign_in(served.wish(SignInMethod.LAB), lambda _prompt: None, CancelToken())
    assert back.name == "operator@lab.example"
    assert served.azure.directory.tenants()


def test_that_the_azure_cli_is_no_way_into_a_lab(served: Served) -> None:
    sign_in, wish = served.own_sign_in, served.wish(SignInMethod.AZURE_CLI)
    assert SignInMethod.AZURE_CLI not in {seen.method for seen in sign_in.methods(served.cloud)}
    failure = fails(lambda: sign_in.sign_in(wish, lambda _prompt: None, CancelToken()))
    assert failure.problem.code == "no-azure-cli-here"

"""The program's own sign-in to a lab: the page it opens asks for nothing more, whichever program holds the lab."""

from __future__ import annotations

import html
import re
import webbrowser
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tgwizard.app.environments import Environment, open_lab_environment
from tgwizard.engine.cancel import CancelToken
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.storage.lab_folder import HostedLab, open_lab
from tgwizard.model.sign_in import SignInMethod, SignInPrompt, SignInRequest

ASKS = "Sign-in code of this lab"


class Browser:
    """Opens the page, clicks on its one button, and brings the answer back; it types nothing."""

    def __init__(self, ca: Path) -> None:
        self.ca = ca
        self.pages: list[str] = []

    def open(self, url: str) -> bool:
        with requests.Session() as http:
            http.trust_env = False
            page = http.get(url, verify=str(self.ca), timeout=30)
            self.pages.append(page.text)
            place = f"{url.partition('/organizations')[0]}{action_of(page.text)}"
            fields = {**fields_of(page.text), "answer": "sign-in"}
            done = http.post(place, data=fields, verify=str(self.ca), timeout=30).text
            if "localhost" in action_of(done):
                http.post(action_of(done), data=fields_of(done), timeout=30)
        return True


def action_of(page: str) -> str:
    return html.unescape(re.findall(r'action="([^"]*)"', page)[0])


def fields_of(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return {html.unescape(name): html.unescape(value) for name, value in found}


@pytest.fixture
def host(tmp_path: Path) -> Iterator[HostedLab]:
    lab = open_lab(tmp_path / "lab", clock=VirtualClock())
    assert isinstance(lab, HostedLab)
    with lab:
        yield lab


@pytest.fixture
def place(host: HostedLab) -> Iterator[Environment]:
    found = open_lab_environment(host.directory)
    yield found
    found.close()


def test_that_the_page_that_the_program_opens_asks_for_nothing_more(
    host: HostedLab, place: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Browser(host.ca)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webbrowser, "open", browser.open)
    sign_in = place.services.sign_in
    prompts: list[SignInPrompt] = []
    wish = SignInRequest(SignInMethod.BROWSER, sign_in.clouds()[0])
    caller = sign_in.sign_in(wish, prompts.append, CancelToken())
    assert caller.name == "operator@lab.example"
    assert ASKS not in browser.pages[0]
    assert "lab_proof=" in prompts[0].url, "the address that is told for the case that no browser opens"
    assert host.lab.sign_in_code not in prompts[0].url
    assert host.lab.control_token not in prompts[0].url

"""What the window is given when the program opens a lab folder: its controls, and where it can be reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from tgwizard import paths
from tgwizard.app.environments import Environment, client_environment
from tgwizard.app.open_environment import open_environment
from tgwizard.app.open_window import WindowOptions, open_program, window_options_of
from tgwizard.cli.app_ports import ClientChoice, EnvironmentChoice
from tgwizard.cli.arguments import OpenWindow, parse
from tgwizard.model.cloud import KNOWN
from tgwizard.model.inventory import CallerKind
from tgwizard.model.problem import UserError
from tgwizard.model.sign_in import SignInMethod


def test_that_the_window_gets_the_controls_of_the_lab_and_its_place(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    opened = open_program(WindowOptions(folder))
    assert opened.lab is not None
    assert opened.lab_where is not None
    assert opened.lab.state().scenario == "ready"
    assert Path(opened.lab_where.folder) == folder
    assert opened.lab_where.address.startswith("https://localhost:")
    assert Path(opened.lab_where.ca).is_file()
    opened.services.jobs.close(60.0)
    opened.close()


def test_that_a_second_window_on_the_same_lab_controls_it_over_tls(tmp_path: Path) -> None:
    first = open_program(WindowOptions(tmp_path))
    second = open_program(WindowOptions(tmp_path))
    assert first.lab is not None
    assert second.lab is not None
    second.lab.set_latency("drawn")
    assert first.lab.state().latency == "drawn"
    second.close()
    first.close()
    with pytest.raises(UserError):
        second.lab.state()


def test_that_a_lab_that_dies_while_the_window_opens_is_started_in_it(tmp_path: Path) -> None:
    first = open_program(WindowOptions(tmp_path))
    tries: list[EnvironmentChoice] = []

    def connect(where: EnvironmentChoice) -> Environment:
        place = open_environment(where)
        if not tries:
            first.close()
        tries.append(where)
        return place

    opened = open_program(WindowOptions(tmp_path), connect)
    assert len(tries) == 2
    assert opened.lab is not None
    assert opened.lab.state().scenario == "ready"
    opened.services.jobs.close(60.0)
    opened.close()


def test_that_a_lab_that_dies_again_and_again_is_named(tmp_path: Path) -> None:
    def connect(where: EnvironmentChoice) -> Environment:
        host = open_program(WindowOptions(tmp_path))
        place = open_environment(where)
        host.close()
        return place

    with pytest.raises(UserError) as caught:
        open_program(WindowOptions(tmp_path), connect)
    assert caught.value.problem.code == "lab-stopped"
    assert str(tmp_path) in caught.value.problem.sentence()
    assert caught.value.problem.fix


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--lab"],
        ["--lab-dir", "here"],
        ["--lab-dir=here", "--config", "there"],
        ["--config=there"],
        ["--lab", "--lab-dir", "~/here"],
    ],
)
def test_that_plain_words_mean_to_the_window_what_they_mean_to_the_command_line(words: list[str]) -> None:
    wish = window_options_of(words)
    call = parse(words, paths.lab_dir, ("instant",))
    assert isinstance(call.command, OpenWindow)
    assert wish == WindowOptions(call.where.lab_dir, call.where.config)
    assert call.where == EnvironmentChoice(call.where.lab_dir, call.where.config)


def test_that_the_window_is_named_after_its_cloud(tmp_path: Path) -> None:
    named = {cloud.title: WindowOptions(where=EnvironmentChoice(cloud=cloud.name)).place for cloud in KNOWN}
    assert len(named) == 3
    assert all(title == place for title, place in named.items())
    assert WindowOptions().place == WindowOptions(where=EnvironmentChoice()).place == "Azure public"
    assert WindowOptions(where=EnvironmentChoice(cloud="USGovernment")).place == "Azure US Government"
    assert WindowOptions(where=EnvironmentChoice(cloud="https://arm.x")).place == "Azure at https://arm.x"
    assert WindowOptions(tmp_path).place == f"Lab in {tmp_path}"


@pytest.mark.parametrize(
    "words",
    [["status"], ["--lab", "status"], ["--help"], ["--version"], ["--json"], ["--lab-d", "x"], ["--lab-dir"], ["-x"]],
)
def test_that_every_other_word_is_left_to_the_command_line(words: list[str]) -> None:
    assert window_options_of(words) is None


def test_that_the_window_signs_in_as_the_command_line_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = open_program(WindowOptions(tmp_path))
    assert first.lab_where is not None
    for name, value in client_environment(tmp_path, ClientChoice()).items():
        if name.startswith("AZURE_"):
            monkeypatch.setenv(name, value)
    second = open_program(WindowOptions(tmp_path, where=EnvironmentChoice(tmp_path, sign_in=SignInMethod.ENVIRONMENT)))
    assert second.services.azure.directory.caller().kind is CallerKind.APPLICATION
    assert first.services.azure.directory.caller().kind is CallerKind.USER
    second.close()
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong")
    with pytest.raises(UserError) as caught:
        open_program(WindowOptions(tmp_path, where=EnvironmentChoice(tmp_path, sign_in=SignInMethod.ENVIRONMENT)))
    assert caught.value.problem.code == "secret-wrong"
    first.close()

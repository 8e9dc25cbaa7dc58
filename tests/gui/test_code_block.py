"""Commands as they are shown: wrapped at their options, and whole where they are copied."""

from __future__ import annotations

import shlex

import pytest
from pytestqt.qtbot import QtBot

from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.code_block import CodeLines, CommandBlock, wrapped_command

ID = "/subscriptions/aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee/resourceGroups/rg-tg-prod/providers/Microsoft.Network"
NIC = f"{ID}/networkInterfaces/tg-node-a-inside"
SHOW = f'az network nic show --ids {NIC} --query "{{forwarding: enableIPForwarding, on: ipConfigurations[].subnet.id}}"'
ASSIGN = (
    f'az role assignment create --assignee-object-id "$(az vm show --ids {NIC} --query identity.principalId -o tsv)" '
    f"--role 'a role - of ours' --scope {ID}"
)
RESTART = "tgwizard setup verify edge-dallas --restart tg-node-b --prove --report verify-edge-dallas.html"


@pytest.mark.parametrize("room", [20, 33, 50, 80, 400])
@pytest.mark.parametrize("command", [SHOW, ASSIGN, RESTART, f"{SHOW}\n{RESTART}"])
def test_that_no_line_of_a_command_is_longer_than_its_room(command: str, room: int) -> None:
    assert max(map(len, wrapped_command(command, room).splitlines())) <= room


@pytest.mark.parametrize("room", [40, 50, 80])
def test_that_a_command_goes_on_before_an_option_and_never_within_a_word(room: int) -> None:
    first, *following = wrapped_command(RESTART, room).splitlines()
    assert first.startswith("tgwizard setup verify edge-dallas")
    assert all(row.startswith("  --") for row in following)
    assert shlex.split(wrapped_command(RESTART, room).replace("\\\n", " ")) == shlex.split(RESTART)


def test_that_a_command_with_room_is_shown_as_it_is() -> None:
    assert wrapped_command(RESTART, len(RESTART)) == RESTART
    assert wrapped_command("", 20) == ""


def test_that_an_id_that_no_line_holds_keeps_its_name_beside_its_option() -> None:
    rows = wrapped_command(SHOW, 60).splitlines()
    assert rows[1].removesuffix(" \\") == "  --ids …/networkInterfaces/tg-node-a-inside"
    assert wrapped_command(SHOW, 36).splitlines()[1].removesuffix(" \\") == "  --ids …/tg-node-a-inside"


def test_that_what_is_quoted_is_parted_at_its_spaces_and_not_at_what_looks_like_an_option() -> None:
    rows = wrapped_command("az role assignment create --role 'a role -x of ours' --scope /s", 44).splitlines()
    assert rows[-1] == "  --role 'a role -x of ours' --scope /s"


@pytest.mark.parametrize("width", [140, 240, 312, 700])
def test_that_a_block_is_as_high_as_its_lines_and_has_a_cut_command_whole_in_its_tooltip(
    qtbot: QtBot, theme: Theme, width: int
) -> None:
    block = CommandBlock(theme)
    qtbot.addWidget(block)
    block.say(ASSIGN)
    block.resize(width, block.heightForWidth(width))
    block.show()
    block.grab()
    assert block.text == ASSIGN
    assert ASSIGN in block.accessibleName()
    assert block.toolTip() == ASSIGN
    assert block.heightForWidth(width) >= len(block.rows_at(width)) * block._line()
    block.say("az login")
    block.grab()
    assert block.toolTip() == ""


def test_that_lines_of_json_that_are_cut_are_whole_in_the_tooltip(qtbot: QtBot, theme: Theme) -> None:
    lines = CodeLines(theme, "Role as JSON")
    qtbot.addWidget(lines)
    long = f'"{ID}",'
    lines.show_lines(f"{{\n  {long}\n}}")
    lines.resize(300, lines.sizeHint().height())
    lines.grab()
    assert lines.toolTip() == long
    lines.resize(1600, lines.sizeHint().height())
    lines.grab()
    assert lines.toolTip() == ""

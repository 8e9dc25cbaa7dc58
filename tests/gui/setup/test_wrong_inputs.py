"""What cannot be used: each surface says the same sentence, nothing moves or is lost, and nobody goes on with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QRect
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.cli.bench import Shell
from tests.engine.setup.hand_made import answers, facts, world
from tests.gui.conftest import OpenSetupDesk
from tests.gui.desk import PATIENCE_MS, accessible_description, focusable
from tests.gui.setup_desk import SetupDesk
from tests.gui.setup_walk import looks_right, ready, walk_to
from tests.gui.wrong_inputs import OF_SETTINGS, OF_SETUP
from tests.rig import rig, setup_rig
from tgwizard.cli.arguments import parse
from tgwizard.engine.files.cluster_file import load_cluster
from tgwizard.engine.setup.apply import apply_refusal
from tgwizard.engine.setup.draft import load_draft, save_draft
from tgwizard.engine.setup.planner import make_plan
from tgwizard.engine.setup.typed_answers import ASKED_AT, in_field, with_typed
from tgwizard.engine.setup.wizard_state import begin
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.field_row import FieldRow
from tgwizard.lab.clock import VirtualClock
from tgwizard.model import fields
from tgwizard.model.fields import Field
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.settings import Setting

EACH = [
    pytest.param(wanted, text, sentence, id=f"{wanted.key}-{place}")
    for wanted, wrong in OF_SETUP.items()
    for place, (text, sentence) in enumerate(wrong)
]
IN_FILE = (fields.NAME, fields.ADDRESS, fields.IP_CONFIGURATION, fields.ROLE_NAME)


def places(desk: SetupDesk) -> dict[QWidget, QRect]:
    """Where everything stands that can be pressed, chosen or typed in; what complaints bring along stands apart."""
    for _ in range(3):
        QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
    window = desk.window
    rows = window.findChildren(FieldRow)
    new = {button for row in rows for button in row.note.buttons} | {desk.page.frame.footer.count}
    found = [one for one in focusable(window) if one.isVisible() and one not in new]
    return {one: QRect(one.mapTo(window, QPoint(0, 0)), one.size()) for one in found}


def texts(desk: SetupDesk, but: QLineEdit) -> dict[QLineEdit, str]:
    """What stands in every other field."""
    return {one: one.text() for one in desk.window.findChildren(QLineEdit) if one is not but}


def put(field: QLineEdit, text: str) -> None:
    """Replace what is there, as by pasting."""
    field.setFocus()
    field.selectAll()
    field.insert(text) if text else field.clear()


@pytest.mark.parametrize("wanted", OF_SETUP, ids=lambda wanted: wanted.key)
def test_that_ten_wrong_inputs_are_told_in_place_and_none_is_gone_on_with(
    setup_desk: OpenSetupDesk, qtbot: QtBot, wanted: Field[Any]
) -> None:
    desk = setup_desk(clock=VirtualClock())
    walk_to(desk, qtbot, ASKED_AT[wanted.key])
    ready(desk, qtbot)
    row = desk.page.page(desk.page.step).rows[wanted.key]
    go_on, count = desk.page.frame.footer.go_on, desk.page.frame.footer.count
    desk.page.frame.scroll_to(row)
    before, others = places(desk), texts(desk, row.field)
    right, kept = row.text, in_field(desk.wizard.session.wizard_state.answers, wanted)
    for text, sentence in OF_SETUP[wanted]:
        put(row.field, text)
        row.settle()
        qtbot.waitUntil(lambda: desk.all_there, timeout=PATIENCE_MS)
        assert row.complaint == sentence
        assert accessible_description(row.field).startswith(sentence)
        assert row.field.text() == text, "what is typed is never rewritten"
        moved = {
            one.accessibleName(): (before[one], place) for one, place in places(desk).items() if place != before[one]
        }
        assert not moved, text
        assert places(desk).keys() == before.keys(), text
        assert texts(desk, row.field) == others, text
        desk.page.page(desk.page.step).title.setFocus()
        desk.click_at(go_on)
        assert desk.page.step is ASKED_AT[wanted.key], text
        assert row.field.hasFocus(), text
        desk.page.page(desk.page.step).title.setFocus()
        qtbot.waitUntil(lambda: count.isVisible() and count.text() == "1 thing to fix", timeout=PATIENCE_MS)
        desk.click_at(count)
        assert row.field.hasFocus(), text
    looks_right(desk, qtbot)
    put(row.field, right)
    row.settle()
    qtbot.waitUntil(lambda: not row.complaint and not count.isVisible(), timeout=PATIENCE_MS)
    assert in_field(desk.wizard.session.wizard_state.answers, wanted) in (kept, right)
    ready(desk, qtbot)
    assert places(desk) == before


@pytest.mark.parametrize(("wanted", "text", "sentence"), EACH)
def test_that_the_command_line_says_the_same_sentence(wanted: Field[Any], text: str, sentence: str) -> None:
    with pytest.raises(UserError) as refused:
        parse(("setup", "plan", f"{wanted.flag}={text}"), Path.cwd, ("fast",))
    problem = refused.value.problem
    assert problem.what.startswith(f"{wanted.flag} ")
    assert sentence in both(problem)


@pytest.mark.parametrize(("wanted", "text", "sentence"), [one for one in EACH if one.values[0] in IN_FILE])
def test_that_a_cluster_file_says_the_same_sentence(
    tmp_path: Path, wanted: Field[Any], text: str, sentence: str
) -> None:
    (saved,) = cluster_files(tmp_path)
    section, _, last = wanted.key.rpartition(".")
    escaped = "".join(char if char.isprintable() and char not in '"\\' else f"\\u{ord(char):04x}" for char in text)
    line = f'{last} = "{escaped}"'
    lines = saved.read_text("utf-8").splitlines()
    if section and f"[{section}]" not in lines:
        lines += [f"[{section}]", line]
    else:
        first = lines.index(f"[{section}]") if section else 0
        at = next(at for at, one in enumerate(lines) if at >= first and one.startswith(f"{last} = "))
        lines[at] = line
    saved.write_text("\n".join(lines) + "\n", "utf-8")
    with pytest.raises(UserError) as refused:
        load_cluster(saved)
    assert any(sentence in both(problem) for problem in refused.value.problems)


def both(problem: Problem) -> tuple[str, str]:
    """What is wrong, alone and with what to do."""
    return problem.why, problem.why_and_fix


def cluster_files(folder: Path) -> Iterator[Path]:
    """The file of a cluster, as the program writes it."""
    it = rig(state=folder / "state")
    return it.services.state_dir.glob("*.toml")


@pytest.mark.parametrize(("wanted", "text", "sentence"), EACH)
def test_that_a_plan_of_a_wrong_value_is_refused_wherever_it_came_from(
    tmp_path: Path, wanted: Field[Any], text: str, sentence: str
) -> None:
    inventory = world()
    known = facts(inventory)
    typed = with_typed(answers(inventory), wanted, text)
    assert typed.mistyped
    state = replace(begin((), typed), facts=known)
    save_draft(tmp_path / "draft.json", state, VirtualClock().wall())
    draft = load_draft(tmp_path / "draft.json").draft
    assert draft is not None
    assert draft.answers.mistyped == typed.mistyped
    plan = make_plan(typed, inventory, known)
    refused = apply_refusal(plan)
    assert refused is not None
    assert sentence.split(" Take out", maxsplit=1)[0] in " ".join(problem.sentence() for problem in plan.problems)


def test_that_a_draft_of_before_there_were_wrong_texts_in_it_is_read(tmp_path: Path) -> None:
    file, given = tmp_path / "draft.json", answers(world())
    save_draft(file, begin((), given), VirtualClock().wall())
    document = json.loads(file.read_text("utf-8"))
    assert document["answers"].pop("mistyped") == []
    file.write_text(json.dumps(document), "utf-8")
    draft = load_draft(file).draft
    assert draft is not None
    assert draft.answers == replace(given, caller=None)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (
            "10.99.0.1",
            "10.99.0.1 is not in snet-inside. That subnet, which both LAN interfaces share, has 10.20.2.0/24.",
        ),
        (
            "10.20.2.1",
            "10.20.2.1 is reserved by Azure. Azure keeps the first four and the last address of 10.20.2.0/24",
        ),
        ("10.20.2.11", "A machine's own address never moves: it would cut the machine off."),
    ],
)
def test_that_what_only_the_subnet_knows_is_said_alike_too(
    setup_desk: OpenSetupDesk, qtbot: QtBot, tmp_path: Path, address: str, said: str
) -> None:
    desk = setup_desk(clock=VirtualClock())
    walk_to(desk, qtbot, ASKED_AT[fields.ADDRESS.key])
    ready(desk, qtbot)
    row = desk.page.page(desk.page.step).rows[fields.ADDRESS.key]
    before = places(desk)
    put(row.field, address)
    row.settle()
    qtbot.waitUntil(lambda: desk.idle, timeout=PATIENCE_MS)
    assert said in row.complaint
    qtbot.waitUntil(lambda: desk.idle, timeout=PATIENCE_MS)
    assert places(desk) == before
    told = Shell(setup_rig(state=tmp_path / "cli"))("setup", "plan", f"--floating-ip={address}")
    assert told.code == 3
    assert said in " ".join(told.out.split())


@pytest.mark.parametrize("setting", OF_SETTINGS, ids=lambda setting: setting.key)
def test_that_a_setting_says_the_same_on_its_page_and_on_the_command_line(
    theme: Theme, tmp_path: Path, qtbot: QtBot, setting: Setting[Any]
) -> None:
    shell = Shell(rig(state=tmp_path / "state"))
    row = FieldRow(theme, setting.label, setting)
    qtbot.addWidget(row)
    row.replace(setting.example)
    for text, sentence in OF_SETTINGS[setting]:
        put(row.field, text)
        row.settle()
        assert row.complaint.startswith(sentence), text
        answered = shell("settings", setting.key, text)
        assert answered.code == 2
        assert sentence in " ".join(answered.err.split()), text

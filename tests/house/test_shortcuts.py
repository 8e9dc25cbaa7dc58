"""A shortcut is declared once: handlers, tooltips, texts, the palette and the table of the style read it."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator

from tests.house.checkout import ROOT, in_package, name
from tgwizard.gui.widgets.shortcuts import Shortcut
from tgwizard.model.settings import READ_ONLY

REGISTRY = "tgwizard/gui/widgets/shortcuts.py"
QT_KEYS = {"QShortcut", "QKeySequence", "setShortcut", "setShortcuts", "grabShortcut"}
SPELLED = re.compile(r"\b(?:Ctrl|Alt|Shift|Meta)\+\w|\bF(?:[1-9]|1[0-2])\b")

INSIDE_A_WIDGET = {
    "tgwizard/gui/widgets/buttons.py": "Enter and Space choose what has the focus",
    "tgwizard/gui/widgets/context_menu.py": "the keys that ask for the menu of what has the focus",
    "tgwizard/gui/widgets/tabs.py": "Home and End among tabs; the arrows are Qt's own",
    "tgwizard/gui/widgets/focus_order.py": "arrows, Home and End among the items of a list that is one stop of Tab",
    "tgwizard/gui/widgets/text_inputs.py": "Esc clears what was searched for",
    "tgwizard/gui/widgets/address_map.py": "arrows, Home and End among squares",
    "tgwizard/gui/fleet/fleet_table.py": "Home and End among rows, where Qt has columns; arrows among the heads",
    "tgwizard/gui/shell/command_palette.py": "arrows and pages among commands, while the focus stays in the field",
}
"""Keys that move inside one widget or press it: gui/README.md 12 has them in four lines of their own."""

OUTSIDE = {"tgwizard/model/settings.py": "the model knows no window; the test below holds its words"}


def nodes() -> Iterator[tuple[str, ast.Module]]:
    for path in in_package():
        yield name(path), ast.parse(path.read_text("utf-8"))


def docstrings(tree: ast.Module) -> set[int]:
    return {
        id(part.value) for part in ast.walk(tree) if isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)
    }


def keys_spelled(tree: ast.Module) -> list[str]:
    told = docstrings(tree)
    return [
        part.value
        for part in ast.walk(tree)
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and id(part) not in told
        if SPELLED.search(part.value)
    ]


def names_used(tree: ast.Module) -> set[str]:
    return {part.id for part in ast.walk(tree) if isinstance(part, ast.Name)} | {
        part.attr for part in ast.walk(tree) if isinstance(part, ast.Attribute)
    }


def test_that_no_key_is_spelled_outside_the_registry() -> None:
    found = {file: keys_spelled(tree) for file, tree in nodes()}
    assert found[REGISTRY]
    assert {file for file, keys in found.items() if keys} == {REGISTRY, *OUTSIDE}
    assert f"({Shortcut.LOCK})" in READ_ONLY.help


def test_that_no_other_module_binds_keys() -> None:
    assert {file for file, tree in nodes() if names_used(tree) & QT_KEYS} == {REGISTRY}


def test_that_keys_are_handled_by_the_widgets_that_may_alone() -> None:
    found = {file for file, tree in nodes() if any(word.startswith("Key_") for word in names_used(tree))}
    assert found == set(INSIDE_A_WIDGET)


def test_that_no_two_shortcuts_have_the_same_keys() -> None:
    counted = Counter(key for shortcut in Shortcut for key in shortcut.keys)
    assert max(counted.values()) == 1


def test_that_the_style_lists_every_shortcut_with_its_words() -> None:
    text = (ROOT / "tgwizard" / "gui" / "README.md").read_text("utf-8")
    section = text.split("## 12 Keyboard", 1)[1].split("\n## ", 1)[0]
    rows = dict(re.findall(r"^\| (.+?) \| (.+?) \|$", section, re.MULTILINE))
    assert {", ".join(shortcut.keys): shortcut.words for shortcut in Shortcut}.items() <= rows.items()


def test_that_a_key_in_a_text_is_seen_and_one_in_a_docstring_is_not() -> None:
    tree = ast.parse('"""Read again (F5)."""\nbutton.setToolTip("Read again (F5)")\nbutton.setShortcut(keys)')
    assert keys_spelled(tree) == ["Read again (F5)"]
    assert names_used(tree) & QT_KEYS == {"setShortcut"}

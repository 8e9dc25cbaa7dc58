"""Every page is met by a screen reader as ever. To renew: `python -m tests.corpus --renew accessibility`."""

from __future__ import annotations

import re
from collections import Counter

from PySide6.QtWidgets import QApplication

from tests.corpus.pages import PAGES, hear_all
from tests.corpus.parts import files_of, text
from tests.gui.application import make_app, prepare_app

CONTROL = re.compile(
    r"^ *(Button|RadioButton|CheckBox|EditableText) ('.*?'|\".*?\")(, description (?:'.*?'|\".*?\"))?.*, focusable",
    re.MULTILINE,
)


def test_that_every_page_has_the_same_parts_names_and_states_in_the_same_order() -> None:
    found = QApplication.instance()
    if isinstance(found, QApplication):
        prepare_app(found)
    app = found if isinstance(found, QApplication) else make_app(["tgwizard-tests"])
    heard = {f"{PAGES}/{name}.txt": lines for name, lines in hear_all(app).items()}
    assert heard.keys() == set(files_of(PAGES))
    assert {path: lines for path, lines in heard.items() if lines != text(path)} == {
        path: text(path) for path, lines in heard.items() if lines != text(path)
    }


def twins(tree: str) -> list[str]:
    """The controls of a page that nothing tells from one another: same role, name and description."""
    found = Counter(CONTROL.findall(tree))
    return [" ".join(control).strip() for control, number in found.items() if number > 1]


def test_that_no_two_controls_of_a_page_sound_alike() -> None:
    found = {path: alike for path in files_of(PAGES) if (alike := twins(text(path)))}
    assert found == {}


def test_that_every_page_says_which_of_several_is_chosen() -> None:
    for path in files_of(PAGES):
        tree = text(path)
        assert "PageTab" not in tree, f"{path}: a role of our own has no state"
        if "RadioButton" in tree:
            assert re.search(r"RadioButton .*\bchecked\b", tree), path

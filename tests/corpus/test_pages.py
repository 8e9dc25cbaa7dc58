"""Every page is met by a screen reader as ever. To renew: `python -m tests.corpus --renew accessibility`."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from tests.corpus.pages import PAGES, hear_all
from tests.corpus.parts import files_of, text
from tests.gui.application import make_app, prepare_app


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

"""On every page and in every dialog, at every size of window and text, all text has its room."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from tests.gui.pictures import SIZES, on_a_cluster, places, questions, ready, render_all
from tests.gui.studio import LARGE, Sizes, studio
from tests.gui.walk import wrong
from tgwizard.gui.shell.main_window import MainWindow
from tgwizard.lab.latency import Latency


class Eye:
    """Looks at the window, or at the dialog that is open in it, instead of taking pictures."""

    def __init__(self) -> None:
        self.looks = 0
        self.found: list[str] = []

    def take(self, name: str, _image: QImage) -> None:
        """Note what is wrong with what is shown now."""
        (window,) = (one for one in QApplication.topLevelWidgets() if isinstance(one, MainWindow) and one.isVisible())
        root = window if window.dialog is None else window.dialog
        self.looks += 1
        self.found += [f"{name}: {what}" for what in wrong(root)]


def test_that_a_small_window_cuts_and_covers_nothing(qapp: QApplication) -> None:
    eye = Eye()
    with studio(qapp, 1.0, {"-900": (900, 600)}, eye.take, on_a_cluster(Latency.INSTANT)) as shown:
        ready(shown)
        shown.grab("monitor")
        questions(shown)
        places(shown)
    assert eye.looks
    assert eye.found == []


@pytest.mark.full
@pytest.mark.parametrize(("sizes", "scale"), [(SIZES, 1.0), (LARGE, 2.0)], ids=["usual text", "large text"])
def test_that_no_page_cuts_or_covers_anything_at_any_size(qapp: QApplication, sizes: Sizes, scale: float) -> None:
    eye = Eye()
    render_all(qapp, eye.take, ((sizes, scale),))
    assert eye.looks > 20 * len(sizes)
    assert eye.found == []

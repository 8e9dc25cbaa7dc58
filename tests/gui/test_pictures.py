"""The pictures in git show the window as it is. To renew them: `python -m tests.gui.pictures --kept`."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from tests.gui.pictures import KEPT, kept_folder, render_kept
from tests.gui.studio import USUAL

SHARE = 0.01
"""Of all pixels at a quarter of the size: the edges of letters differ from computer to computer."""

NOTABLE = 40
"""Of 255, in any of the three colours."""


def unlike(one: QImage, other: QImage) -> float:
    """The share of pixels that differ notably, at a quarter of the size."""
    size = QSize(USUAL[0] // 4, USUAL[1] // 4)
    first, second = (
        bytes(
            image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
            .convertToFormat(QImage.Format.Format_RGBX8888)
            .constBits()
        )
        for image in (one, other)
    )
    differ = sum(
        any(abs(first[at + part] - second[at + part]) > NOTABLE for part in range(3)) for at in range(0, len(first), 4)
    )
    return differ / (len(first) / 4)


@pytest.fixture(scope="module")
def rendered(qapp: QApplication) -> dict[str, QImage]:
    taken: dict[str, QImage] = {}
    render_kept(qapp, taken.__setitem__)
    return taken


@pytest.mark.parametrize("name", KEPT)
def test_that_a_picture_in_git_shows_the_window_as_it_is(rendered: dict[str, QImage], name: str) -> None:
    kept = QImage(str(kept_folder() / f"{name}.png"))
    assert kept.size() == QSize(*USUAL)
    assert unlike(kept, rendered[name]) <= SHARE


def test_that_the_comparison_sees_another_theme_and_another_page(rendered: dict[str, QImage]) -> None:
    assert unlike(rendered["monitor-light"], rendered["monitor-dark"]) > 20 * SHARE
    assert unlike(rendered["monitor-light"], rendered["settings-light"]) > 3 * SHARE


def test_that_two_renderings_are_the_same_to_the_pixel(qapp: QApplication, rendered: dict[str, QImage]) -> None:
    again: dict[str, QImage] = {}
    render_kept(qapp, again.__setitem__)
    assert again.keys() == rendered.keys()
    assert [name for name in again if again[name] != rendered[name]] == []

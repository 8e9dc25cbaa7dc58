from __future__ import annotations

import pytest
from PySide6.QtGui import QFont, QFontDatabase, QFontInfo
from PySide6.QtWidgets import QApplication

from tests.house.checkout import ROOT

FONTS = ROOT / "resources" / "fonts"
FILES = sorted(path for path in FONTS.iterdir() if path.suffix in {".otf", ".ttf"})


def test_that_every_font_lies_beside_its_licence() -> None:
    licences = [path.read_text("utf-8") for path in FONTS.glob("OFL-*.txt")]
    assert len(FILES) == 6
    assert len(licences) == 2
    assert all("SIL OPEN FONT LICENSE Version 1.1" in text for text in licences)
    assert sum(path.stat().st_size for path in FILES) < 6_000_000


@pytest.mark.parametrize(
    ("family", "weight", "style"),
    [
        ("Inter", 400, "Regular"),
        ("Inter", 500, "Medium"),
        ("Inter", 600, "Semi Bold"),
        ("Inter Display", 600, "Semi Bold"),
        ("JetBrains Mono", 400, "Regular"),
        ("JetBrains Mono", 500, "Medium"),
    ],
)
def test_that_qt_draws_the_shipped_weight(qapp: QApplication, family: str, weight: int, style: str) -> None:
    for path in FILES:
        assert QFontDatabase.addApplicationFont(str(path)) >= 0
    font = QFont(family)
    font.setWeight(QFont.Weight(weight))
    drawn = QFontInfo(font)
    assert (drawn.family(), drawn.styleName(), drawn.weight()) == (family, style, weight)

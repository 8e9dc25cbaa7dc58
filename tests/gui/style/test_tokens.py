"""Every pair of gui/README.md 2 has the contrast that the page says it has."""

from __future__ import annotations

import pytest

from tgwizard.gui.style.state_shapes import INK, TINT, Shape
from tgwizard.gui.style.tokens import DARK, LIGHT, PALETTES, Scheme, Token

PLAIN = (Token.WINDOW, Token.SIDEBAR, Token.CARD, Token.SUNKEN, Token.HOVER)
TINTS = (Token.ACCENT_TINT, Token.OK_TINT, Token.WARN_TINT, Token.BAD_TINT, Token.IDLE_TINT)
PAGE = (Token.WINDOW, Token.CARD, Token.SUNKEN)

# token, the grounds it stands on, lowest contrast in light and dark as gui/README.md 2 prints them
TABLE = [
    (Token.INPUT, (Token.CARD,), 3.4, 4.0),
    (Token.TEXT, (*PLAIN, Token.WARN_TINT), 14.9, 12.5),
    (Token.TEXT2, (*PLAIN, *TINTS), 6.8, 7.3),
    (Token.TEXT3, (*PLAIN, *TINTS), 4.7, 5.0),
    (Token.ACCENT_TEXT, (*PLAIN, Token.ACCENT_TINT), 5.1, 7.0),
    (Token.OK, (*PAGE, Token.OK_TINT), 5.7, 7.1),
    (Token.WARN, (*PAGE, Token.WARN_TINT), 6.0, 7.9),
    (Token.BAD, (*PAGE, Token.BAD_TINT), 5.6, 7.4),
    (Token.IDLE, (*PAGE, Token.IDLE_TINT), 5.8, 6.4),
    (Token.ON_FILL, (Token.ACCENT,), 6.1, 4.9),
    (Token.ON_FILL, (Token.ACCENT_HOVER,), 7.8, 5.7),
    (Token.ON_FILL, (Token.BAD_FILL,), 6.5, 5.2),
]


def luminance(colour: str) -> float:
    """WCAG 2.2 relative luminance of "#RRGGBB"."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("token", "grounds", "light", "dark"), TABLE)
def test_that_a_token_has_the_lowest_contrast_that_style_prints(
    token: Token, grounds: tuple[Token, ...], light: float, dark: float
) -> None:
    for palette, printed in ((LIGHT, light), (DARK, dark)):
        lowest = min(contrast(palette[token], palette[ground]) for ground in grounds)
        assert lowest == pytest.approx(printed, abs=0.06)


@pytest.mark.parametrize("scheme", list(Scheme))
def test_that_all_text_reaches_four_and_a_half_on_every_ground(scheme: Scheme) -> None:
    palette = PALETTES[scheme]
    for token in (Token.TEXT, Token.TEXT2, Token.TEXT3, Token.ACCENT_TEXT):
        for ground in (*PLAIN, *TINTS):
            assert contrast(palette[token], palette[ground]) >= 4.5, (token, ground)


@pytest.mark.parametrize("scheme", list(Scheme))
def test_that_the_word_of_a_state_is_readable_on_its_tint_and_its_mark_on_its_shape(scheme: Scheme) -> None:
    palette = PALETTES[scheme]
    for shape in Shape:
        assert contrast(palette[INK[shape]], palette[TINT[shape]]) >= 4.5, shape
    for token, least in ((Token.OK, 6.1), (Token.WARN, 6.1), (Token.BAD, 6.1), (Token.ACCENT_TEXT, 6.0)):
        assert contrast(palette[Token.ON_SHAPE], palette[token]) >= least


@pytest.mark.parametrize("scheme", list(Scheme))
def test_that_a_palette_names_every_token(scheme: Scheme) -> None:
    assert set(PALETTES[scheme]) == set(Token)

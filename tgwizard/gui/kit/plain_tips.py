"""Tooltips are plain text, whatever they hold: names of Azure resources are untrusted, and Qt guesses at mark-up.

A tooltip that looks like HTML to Qt would be rendered as such, images of local files included. Whoever puts foreign
text into a tooltip passes it through `plain_tip`.
"""

from __future__ import annotations

import html


def plain_tip(text: str) -> str:
    """`text` as a tooltip that Qt shows as it is; unchanged when there is nothing that Qt could take for a tag."""
    if "<" not in text and "&lt;" not in text:
        return text
    lines = "<br>".join(html.escape(line) for line in text.splitlines())
    return f"<qt>{lines}</qt>"

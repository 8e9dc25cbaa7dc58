from __future__ import annotations

import html.parser
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import UndefinedError

from tests.house.checkout import ROOT
from tests.spoil import HOSTILE
from tgwizard.engine.html_page import render_page
from tgwizard.engine.setup.export.portal_checklist import ChecklistStep, Name, Section

HIDES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
TEMPLATES = sorted((ROOT / "resources" / "templates").glob("*.html"))


class Page(html.parser.HTMLParser):
    """The structure of a page, and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.structure: list[object] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.structure.append((tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        self.structure.append(tag)

    def handle_comment(self, data: str) -> None:
        self.structure.append(("comment", data))

    def handle_decl(self, decl: str) -> None:
        self.structure.append(("declaration", decl))

    def handle_pi(self, data: str) -> None:
        self.structure.append(("instruction", data))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def run_report(text: str) -> str:
    row = (text, text, text)
    return render_page(
        "run-report.html",
        title=text,
        outcome=text,
        version=text,
        about=[(text, text)],
        steps=[row],
        watched=False,
        sightings=[],
        writes=[(*row, *row)],
        interfaces=[row],
        ids=[(text, text)],
    )


def verify_report(text: str) -> str:
    return render_page(
        "verify-report.html",
        cluster=text,
        sentence=text,
        verified=text,
        stages=[(text,) * 5],
        rehearsal_heads=(text, text),
        rehearsal=[(text, text)],
        checks=[(text,) * 3],
        proof=[(text,) * 6],
        proved=True,
    )


def checklist(text: str) -> str:
    section = Section(
        ("of ", Name(text), text),
        (ChecklistStep((text,), ((text, Name(text)),)), ChecklistStep((Name(text), "."))),
        file=text,
    )
    return render_page("portal-checklist.html", cluster=text, subscription=text, sections=(section,))


PAGES = [run_report, verify_report, checklist]
WORSE = [
    "</title></style><script>alert(1)</script>",
    "]]>--><!-- {{ 7 * 7 }} {% raw %} {# #}",
    "&lt;script&gt; &#60;b&#62; &amp;lt;",
    "\u202eleft\u202c \u2067isolated\u2069 \u200bnothing\ufeff",
    "\r\n\r\n<p>\x00\x1b[31m",
    "\ud83d\ude00 half a character \ud800",
    "ש" * 40,
    "very long " * 5000,
]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("text", [*HOSTILE, *WORSE], ids=range(len(HOSTILE) + len(WORSE)))
def test_that_no_text_changes_what_a_page_is_made_of(page: Callable[[str], str], text: str) -> None:
    made, plain = page(text), Page(page("plain"))
    found = Page(made)
    assert found.structure == plain.structure
    assert not HIDES.search(made)
    assert max(len(word) for word in found.words) < 60_000


@given(st.text(max_size=80))
@settings(max_examples=60, deadline=None)
def test_that_any_text_is_shown_as_it_would_be_on_one_line(text: str) -> None:
    for page in PAGES:
        found = Page(page(f"a{text}z"))
        assert found.structure == Page(page("plain")).structure


def test_that_a_long_text_is_cut_and_one_of_several_lines_becomes_one() -> None:
    found = Page(run_report("x" * 5000)).words
    assert "x" * 1999 + "…" in found
    assert "one two" in Page(verify_report("one\r\n\ttwo")).words


def test_that_a_file_on_a_page_keeps_its_lines_and_own_words_keep_their_spaces() -> None:
    section = Section(("Open ", Name(" vm "), " now"), (), file='{\n    "a": "<b>"\n}')
    page = render_page("portal-checklist.html", cluster="", subscription="", sections=(section,))
    assert "<h2>Open <bdi>vm</bdi> now</h2>" in page
    assert '{\n    "a": "<b>"\n}' in Page(page).words


def test_that_a_page_is_not_made_of_half_of_its_values() -> None:
    with pytest.raises(UndefinedError, match="subscription"):
        render_page("portal-checklist.html", cluster="", sections=())


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_that_no_template_trusts_a_value_runs_a_script_or_loads_anything(file: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", file.read_text(), flags=re.DOTALL)
    assert not re.search(r"\|\s*safe|autoescape|Markup|<script|src=|href=|url\(|@import|https?:", text)
    # In an attribute, escaping alone would not be enough: no value goes into one.
    assert not re.search(r"<[^>]*\{[{%]", re.sub(r"\{%.*?%\}", "", text))


BY_HAND = {
    "lab/entra/sign_in_pages.py": "forms of a server, whose policy names the hash of their style and script",
    "azure/sign_in/loopback_receiver.py": "three fixed sentences, without a value of anybody's",
    "gui/widgets/labels.py": "line breaks in a tooltip",
}


def test_that_pages_are_written_in_templates_and_nowhere_else() -> None:
    package = ROOT / "tgwizard"
    markup = re.compile(r"</?(?:html|body|table|td|th|tr|div|span|bdi|h[1-6]|p|br|ul|ol|li)\b[^\n]*>")
    found = {
        file.relative_to(package).as_posix()
        for file in package.rglob("*.py")
        if markup.search(re.sub(r"(?m)^\s*#.*$", "", file.read_text("utf-8")))
    }
    assert found == set(BY_HAND)

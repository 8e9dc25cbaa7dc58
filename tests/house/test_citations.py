"""Documents that code and documents cite lie in this repository, and their sections exist.

A citation reads ``azure/README.md 2.4``, ``azure/README.md 1.3, 2.2 and 3.1`` or ``README.md "The command line"``.
The file is looked for beside the citing file, in ``tgwizard/`` and at the top; a number or a title in double quotes is
looked for among its headings.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.house.checkout import PACKAGE, ROOT, name, project_files

FOLDERS = ["tgwizard", "tests", "packaging", "resources"]
UNREAD = {".lock", ".otf", ".ttf", ".png", ".ico", ".icns", ".sqlite"}
# Written by other programs, and what this test itself has to spell.
UNREAD_FILES = {"package-lock.json", "test_citations.py"}

NUMBER = r"\d+(?:\.\d+)*"
DOCUMENT = re.compile(r"(?<![\w./-])/?(?P<path>[\w.-][\w./-]*\.md)\b`{0,2}")
SECTIONS = re.compile(
    rf'\s+(?P<title>"[^"]+")|[\s,]+(?:sections?\s+)?(?P<numbers>{NUMBER}(?:(?:,| and| to|, and)\s+{NUMBER})*)'
)
OUTSIDE = re.compile(
    r"(?<![\w.-])(?:DESIGN|STYLE|(?:azure-wire|lab-clients|qt-and-sdk|house-plan|trustgrid|members|peers|codebases)(?:\.md\b))(?!\w)"
)
BARE = re.compile(r"\((?:section )?\d\.\d{1,2}(?:(?:,| and| to) \d\.\d{1,2})*\)|\bsection \d|\b[34][a-h]\)")
HEADING = re.compile(rf"^#+\s+(?:(?P<number>{NUMBER})\.?\s+)?(?P<title>.*\S)\s*$")


class Text(NamedTuple):
    """A stretch of text that may cite, and where it starts."""

    file: Path
    line: int
    text: str


class Citation(NamedTuple):
    """One citation as it is written, with what is wrong with it; None when it leads somewhere."""

    file: Path
    where: str
    written: str
    wrong: str | None


def texts(path: Path) -> Iterator[Text]:
    """The comments and docstrings of a module; of any other file the whole."""
    content = path.read_text("utf-8")
    if ".md" not in content and not OUTSIDE.search(content) and not BARE.search(content):
        return
    if path.suffix != ".py":
        yield Text(path, 1, content)
        return
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield Text(path, node.lineno, node.value.value)
    above: list[tokenize.TokenInfo] = []
    for token in tokenize.generate_tokens(io.StringIO(content).readline):
        if token.type == tokenize.COMMENT:
            if above and above[-1].start[0] + 1 != token.start[0]:
                yield _comment(path, above)
                above = []
            above.append(token)
    if above:
        yield _comment(path, above)


def _comment(path: Path, lines: list[tokenize.TokenInfo]) -> Text:
    return Text(path, lines[0].start[0], "\n".join(token.string.lstrip("#") for token in lines))


@cache
def headings(path: Path) -> frozenset[str]:
    """The numbers and the titles of a document's headings; the titles in lower case."""
    found = (HEADING.match(line) for line in path.read_text("utf-8").splitlines())
    return frozenset(
        part for match in found if match for part in (match["number"], match["title"].lower()) if part is not None
    )


def document(cited: str, citing: Path) -> Path | None:
    """The file that a citation means, or None."""
    places = [ROOT] if cited == "README.md" else [citing.parent, PACKAGE, ROOT]
    return next((place / cited for place in places if (place / cited).is_file()), None)


def citations(text: Text) -> Iterator[Citation]:
    """What a text cites of documents."""
    for match in DOCUMENT.finditer(text.text):
        if OUTSIDE.fullmatch(match["path"]):
            continue
        sections = SECTIONS.match(text.text, match.end())
        written = " ".join(text.text[match.start() : sections.end() if sections else match.end()].split())
        target = document(match["path"], text.file)
        if target is None:
            wrong: str | None = "no such file"
        elif sections is None:
            wrong = None
        else:
            asked = (
                [sections["title"].strip('"').lower()] if sections["title"] else re.findall(NUMBER, sections["numbers"])
            )
            lost = [one for one in asked if " ".join(one.split()) not in headings(target)]
            wrong = f"no heading {', '.join(lost)}" if lost else None
        yield Citation(text.file, _where(text, match.start()), written, wrong)


def outside(text: Text) -> Iterator[Citation]:
    """What a text cites of documents that lie somewhere else."""
    for match in OUTSIDE.finditer(text.text):
        yield Citation(text.file, _where(text, match.start()), match.group(), "not in the repository")


def bare(text: Text) -> Iterator[Citation]:
    """Numbers of sections in a module without the document they are in."""
    if text.file.suffix != ".py":
        return
    for match in BARE.finditer(text.text):
        yield Citation(text.file, _where(text, match.start()), match.group(), "without its document")


def _where(text: Text, offset: int) -> str:
    return f"{name(text.file)}:{text.line + text.text.count(chr(10), 0, offset)}"


@cache
def all_texts() -> tuple[Text, ...]:
    read = [
        path
        for path in project_files()
        if name(path).split("/", 1)[0] in {*FOLDERS, "README.md", "pyproject.toml"}
        and path.suffix not in UNREAD
        and path.name not in UNREAD_FILES
    ]
    return tuple(text for path in read for text in texts(path))


def test_that_every_citation_leads_to_a_file_and_a_heading() -> None:
    found = [citation for text in all_texts() for citation in citations(text)]
    assert found, "the search finds none at all"
    assert [f"{one.where}: {one.written}: {one.wrong}" for one in found if one.wrong] == []


def test_that_no_document_is_cited_that_is_not_in_the_repository() -> None:
    found = [citation for text in all_texts() for citation in outside(text)]
    assert [f"{one.where}: {one.written}" for one in found] == []


def test_that_a_section_is_cited_with_its_document() -> None:
    found = [citation for text in all_texts() for citation in bare(text)]
    assert [f"{one.where}: {one.written}" for one in found] == []


def test_that_a_bare_number_of_a_section_is_noticed() -> None:
    def found(text: str) -> list[str]:
        return [citation.written for citation in bare(Text(PACKAGE / "paths.py", 1, text))]

    assert found("as sent (1.3), or lost (2.1, 2.2); see section 3 (3g)") == ["(1.3)", "(2.1, 2.2)", "section 3", "3g)"]
    assert found("(azure/README.md 1.3) about 1.5 s (0.5 s at least, 12.5)") == []


def test_that_a_citation_is_read_with_its_sections(tmp_path: Path) -> None:
    def wrong(text: str) -> list[str | None]:
        return [found.wrong for found in citations(Text(PACKAGE / "model" / "nic.py", 1, text))]

    assert wrong("as README.md says") == [None]
    assert wrong('see README.md "The command line".') == [None]
    assert wrong("a name (``README.md`` 99.1).") == ["no heading 99.1"]
    assert wrong("(README.md 98,\n    99.2 and 97)") == ["no heading 98, 99.2, 97"]
    assert wrong("(README.md section 98 to 99)") == ["no heading 98, 99"]
    assert wrong('see README.md "No such heading"') == ["no heading no such heading"]
    assert wrong("(nowhere/README.md 1)") == ["no such file"]
    assert wrong("(packaging/CHANGELOG.md, notes.md 3)") == [None, "no such file"]


def test_that_a_document_outside_is_noticed() -> None:
    def found(text: str) -> list[str]:
        return [citation.written for citation in outside(Text(PACKAGE / "paths.py", 1, text))]

    assert found("(DESIGN 3g; STYLE section 6)") == ["DESIGN", "STYLE"]
    assert found("`azure-wire.md` 2.4, house-plan.md") == ["azure-wire.md", "house-plan.md"]
    assert found("tgwizard-lab-clients, the design, RESTYLE, trustgrid/") == []


def test_that_comments_and_docstrings_are_read_and_code_is_not(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text('"""First."""\nSTYLE = "a.md"\n"""Second."""\n# Third\n# goes on.\nx = 1  # Fourth.\n', "utf-8")
    assert [(found.line, found.text) for found in texts(module)] == [
        (1, "First."),
        (3, "Second."),
        (4, " Third\n goes on.\n Fourth."),
    ]

"""A name leads to one thing: modules and classes are not called alike, and what the documents name exists.

In the code map every word in backticks is held against the tree: a path, a folder, a module, or something that a module
defines. A bare ``decide.py`` needs its folder before it, in the same paragraph or in the row or head of the table.
The other documents speak of Azure's words as well; there the modules are held, and what is said to be in one. What a
docstring or a comment has in backticks occurs somewhere in the code.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.house.checkout import PACKAGE, ROOT, in_package, modules, name, project_files

CODE_MAP = PACKAGE / "README.md"
DOCUMENTS = [PACKAGE / room / "README.md" for room in ("engine", "azure", "lab", "gui")]

SHARED_STEMS: frozenset[str] = frozenset()
SHARED_CLASSES: frozenset[str] = frozenset()
"""What is still called alike. Both may only shrink."""

QUOTED = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"[\w.*-]*(?:/[\w.*-]+)*/?")
WORD = re.compile(r"[A-Za-z_]\w*")
DOTTED = re.compile(r"([A-Za-z_]\w*)\.([A-Za-z_]\w*)")
TREE_LINE = re.compile(r"^( *)([\w.]+/?)(?: {2,}|$)")
ENDINGS = (".py", ".md", ".toml", ".txt")


def own_modules() -> list[Path]:
    return [path for path in in_package() if not path.stem.startswith("__")]


@cache
def tree(text: str) -> ast.Module:
    return ast.parse(text)


def doubles(found: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    """What has more than one place, from (what, where)."""
    places = defaultdict(list)
    for what, where in found:
        places[what].append(where)
    return {what: where for what, where in places.items() if len(where) > 1}


def stems() -> Iterator[tuple[str, str]]:
    for path in own_modules():
        yield f"{path.relative_to(PACKAGE).parts[0]}: {path.stem}", name(path)


def classes(texts: dict[str, str]) -> Iterator[tuple[str, str]]:
    for file, text in texts.items():
        for node in tree(text).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield node.name, file


def test_that_no_two_modules_of_a_package_are_called_alike() -> None:
    assert {what: where for what, where in doubles(stems()).items() if what not in SHARED_STEMS} == {}


def test_that_no_two_public_classes_are_called_alike() -> None:
    found = doubles(classes({name(path): path.read_text("utf-8") for path in in_package()}))
    assert {what: where for what, where in found.items() if what not in SHARED_CLASSES} == {}


def test_that_the_list_of_shared_names_only_shrinks() -> None:
    found = doubles(classes({name(path): path.read_text("utf-8") for path in in_package()}))
    assert set(doubles(stems())) >= SHARED_STEMS
    assert set(found) >= SHARED_CLASSES


def test_that_a_class_of_a_name_that_is_there_is_noticed() -> None:
    texts = {"a.py": "class Run: ...\nclass _Own: ...", "b.py": "class Run: ...\nclass _Own: ..."}
    assert doubles(classes(texts)) == {"Run": ["a.py", "b.py"]}


def test_that_a_package_says_its_one_idea_and_exports_nothing() -> None:
    """One sentence, which may have a list behind a colon; a name is imported from its own module."""
    wrong = []
    for path in in_package():
        if path.name == "__init__.py" and path.parent != PACKAGE:
            body = tree(path.read_text("utf-8")).body
            said = ast.get_docstring(tree(path.read_text("utf-8"))) or ""
            if len(body) != 1 or not re.fullmatch(r"[A-Z](?:[^\n.]|\.(?=\S))*\.", said):
                wrong.append(name(path))
    assert wrong == []


@cache
def defined() -> dict[str, set[str]]:
    """What each module and class of the program defines, by their names; a class's under its own name as well."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in own_modules():
        for node in tree(path.read_text("utf-8")).body:
            found[path.stem] |= set(names_of(node))
            if isinstance(node, ast.ClassDef):
                found[node.name] |= {word for part in node.body for word in names_of(part)}
    return found


def names_of(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        yield node.name
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id
    elif isinstance(node, ast.Assign):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))


@cache
def words() -> frozenset[str]:
    """Every word that the code map may name: packages, modules, and what modules define at their top."""
    folders = {path.parent.name for path in own_modules()}
    tops = {word for path in own_modules() for word in defined()[path.stem]}
    return frozenset(folders | {path.stem for path in own_modules()} | tops)


class Quoted(NamedTuple):
    """A word in backticks: the line it is in, and the folders that were named before it in its paragraph or row."""

    line: int
    word: str
    folders: frozenset[Path]


def quoted(text: str) -> Iterator[Quoted]:
    """The words in backticks of a document, code blocks left out."""
    head: set[Path] = set()
    seen: set[Path] = set()
    fenced = False
    above = ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            fenced = not fenced
        row, in_table = line.startswith("|"), above.startswith("|")
        if row and not in_table:
            head = set()
        if not line.strip() or row or line.startswith("- "):
            seen = set(head) if row else set()
        for word in QUOTED.findall(line) if not fenced else ():
            yield Quoted(number, word, frozenset(seen))
            folder = place_of(word)
            if folder is not None:
                seen.add(folder)
        if row and not in_table:
            head = set(seen)
        above = line


def place_of(word: str) -> Path | None:
    """The folder that a path leads into; None for any other word, and for a module without its folder."""
    if "/" not in word or not PATH.fullmatch(word):
        return None
    for base in (PACKAGE, ROOT):
        path = base / word
        if path.is_dir():
            return path
        if path.parent.is_dir():
            return path.parent
    return None


def leads_somewhere(word: str, folders: frozenset[Path]) -> bool:
    """Whether a path, as written, is there: from the top, from the package, or in a folder that was named before."""
    bases = [PACKAGE, ROOT] if "/" in word else [PACKAGE, ROOT, *folders]
    pattern = word.rstrip("/")
    return any(any(True for _ in base.glob(pattern)) for base in bases)


def wrong_in_map(text: str) -> list[str]:
    return [f"{line}: {word}" for line, word, folders in quoted(text) if not good_in_map(word, folders)]


def good_in_map(word: str, folders: frozenset[Path]) -> bool:
    if "/" in word or word.endswith(ENDINGS):
        return bool(PATH.fullmatch(word)) and leads_somewhere(word, folders)
    if word.startswith("python -m "):
        module = ROOT.joinpath(*word.split()[2].split("."))
        return module.with_suffix(".py").is_file() or (module / "__main__.py").is_file()
    if dotted := DOTTED.fullmatch(word):
        return dotted[2] in defined().get(dotted[1], ())
    return word in words() if WORD.fullmatch(word) else word in OTHER_WORDS or "*" in word


OTHER_WORDS = {"TGWIZARD_FUZZ=journal:1234"}


def test_that_the_code_map_names_only_what_is_there() -> None:
    assert wrong_in_map(CODE_MAP.read_text("utf-8")) == []


def test_that_the_tree_of_the_code_map_is_the_tree_of_the_program() -> None:
    """Every folder, under the folder that it lies in, and the two modules at the top."""
    tree = CODE_MAP.read_text("utf-8").split("```")[1]
    found: set[str] = set()
    inside: dict[int, str] = {}
    for line in tree.strip("\n").splitlines():
        if shown := TREE_LINE.match(line):
            depth = len(shown[1]) // 2
            inside[depth] = shown[2]
            found.add("".join(inside[above] for above in range(depth + 1)))
    folders = {path.parent.relative_to(PACKAGE).as_posix() + "/" for path in in_package()} - {"./"}
    assert found == folders | {"__main__.py", "paths.py"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.parent.name)
def test_that_the_documents_name_only_modules_that_are_there(document: Path) -> None:
    assert wrong_in_document(document.read_text("utf-8"), document.parent) == []


def wrong_in_document(text: str, package: Path) -> list[str]:
    tests = {path.name for path in modules() if path.is_relative_to(ROOT / "tests")}
    own = {path.stem for path in own_modules() if path.is_relative_to(package)}

    def good(word: str) -> bool:
        if word.endswith(".py"):
            return word in tests or leads_somewhere(word, frozenset({package})) or (package / word).is_file()
        dotted = DOTTED.fullmatch(word)
        if dotted is None or word.endswith((".json", ".toml", ".changes")):
            return True
        ours = dotted[1] in own or (dotted[1][:1].isupper() and dotted[1] in defined())
        return not ours or dotted[2] in defined()[dotted[1]]

    return [f"{line}: {word}" for line, word, _ in quoted(text) if not good(word)]


def told_and_done(text: str) -> tuple[dict[str, int], set[str]]:
    """The names in backticks of a module's docstrings and comments, with their lines; and the words of its code."""
    lines = text.splitlines()
    told: dict[str, int] = {}
    for node in ast.walk(tree(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            first, last = node.lineno - 1, node.end_lineno or node.lineno
            told |= dict.fromkeys(TOLD.findall(" ".join(lines[first:last])), node.lineno)
            lines[first:last] = [""] * (last - first)
    commented = any("#" in line and "`" in line for line in lines)
    for token in tokenize.generate_tokens(io.StringIO(text).readline) if commented else ():
        if token.type == tokenize.COMMENT:
            row, column = token.start
            told |= dict.fromkeys(TOLD.findall(token.string), row)
            lines[row - 1] = lines[row - 1][:column]
    return told, set(re.findall(r"\w+", "\n".join(lines)))


TOLD = re.compile(r"`([A-Za-z]\w*(?:\.[A-Za-z]\w*)*)(?:\(\))?`")


def test_that_docstrings_and_comments_name_only_what_is_there() -> None:
    """Names of modules, classes, functions, arguments and files, and Azure's own words as the code spells them."""
    told: list[tuple[str, str]] = []
    done = {path.stem for path in modules()} | {path.parent.name for path in modules()}
    for path in modules():
        names, code = told_and_done(path.read_text("utf-8"))
        told += [(f"{name(path)}:{line}", word) for word, line in names.items()]
        done |= code
    data = [path for path in project_files() if path.suffix in {".toml", ".json", ".txt"}]
    done |= {word for path in data for word in re.findall(r"\w+", path.read_text("utf-8"))}
    assert [f"{place} {word}" for place, word in told if not set(word.split(".")) <= done | NOT_OURS] == []


NOT_OURS = frozenset({"LROPoller"})
"""Words of other programs that no code of ours spells."""


def test_that_a_name_that_is_gone_is_noticed() -> None:
    gone = [
        "`engine/failover/course.py`",
        "`decide.py`",
        "`NoSuchClass`",
        "`WizardState.no_such_part`",
        "`lab/no_such_room/`",
        "`python -m tests.no_such_module`",
    ]
    assert [len(wrong_in_map(line)) for line in gone] == [1] * len(gone)
    there = (
        "`engine/failover/run.py` then `decide.py`, `decide`, `WizardState.answers`, `lab/arm/`, `gui/setup/*_step.py`"
    )
    assert wrong_in_map(there) == []
    assert wrong_in_map("| a | `engine/failover/` |\n|---|---|\n| `decide.py` | |\n\n`decide.py`") == ["5: decide.py"]
    assert wrong_in_document("`failover/course.py`, `decide.no_such`, `vmAgent.statuses`", PACKAGE / "engine") == [
        "1: failover/course.py",
        "1: decide.no_such",
    ]

from __future__ import annotations

import ast
import re

from tests.house.checkout import PACKAGE, ROOT, in_package, modules, name, project_files

MAX_LINES = 800
TOP_LEVEL = {"pyproject.toml", "README.md", "tgwizard", "resources", "tests", "packaging"}
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "misc", "common", "tools"}
# Written apart so that this file does not name what it forbids.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]) + r")\b")
PAUSE = re.compile(r"\btime\.sleep\(|\bimport sleep\b|\bqtbot\.wait\(|\.qWait\(|\.qSleep\(")
WAITS = {"waitUntil", "waitSignal", "waitSignals", "waitExposed", "waitActive", "waitCallback"}
INDEX_HOSTS = ["pypi" + ".org", "python" + "hosted.org", "deb.debian" + ".org", "npmjs" + ".org"]
MACHINE_PATHS = ["/wo" + "rk/", "/opt/" + "pypi"]


def text_files() -> list[tuple[str, str]]:
    binary = {".otf", ".ttf", ".png", ".ico", ".icns", ".sqlite"}
    return [(name(p), p.read_text("utf-8")) for p in project_files() if p.suffix not in binary]


def test_that_the_search_for_files_finds_them() -> None:
    assert ROOT / "pyproject.toml" in project_files()
    assert PACKAGE / "paths.py" in in_package()


def test_that_no_module_is_longer_than_800_lines() -> None:
    lengths = {name(path): len(path.read_text("utf-8").splitlines()) for path in modules()}
    assert {module: length for module, length in lengths.items() if length > MAX_LINES} == {}


def test_that_no_module_has_a_name_that_says_nothing() -> None:
    assert [name(path) for path in modules() if path.stem in VAGUE_NAMES] == []


def test_that_nothing_in_the_program_is_marked_as_unfinished() -> None:
    marked = [
        f"{name(path)}:{number}"
        for path in in_package()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert marked == []


def test_that_tests_wait_for_facts_and_not_for_moments() -> None:
    """A pause is too short on a slow machine and too long on a fast one. Benches measure real time, and may."""
    bench = ROOT / "tests" / "bench"
    pausing = [
        f"{name(path)}:{number}"
        for path in modules()
        if path.is_relative_to(ROOT / "tests") and not path.is_relative_to(bench)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if PAUSE.search(line)
    ]
    assert pausing == []


def test_that_a_pause_is_noticed() -> None:
    pauses = ["    time" + ".sleep(1)", "from time import" + " sleep", "qtbot" + ".wait(60)", "QTest.q" + "Wait(5)"]
    assert all(PAUSE.search(line) for line in pauses)
    assert not PAUSE.search("made.clock.sleep(30)")
    assert not PAUSE.search("qtbot.waitUntil(there)")


def impatient(text: str) -> list[int]:
    """The lines of waits for Qt that end after the few seconds of pytest-qt, or after a number of their own."""
    waits = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WAITS
    ]
    named = {
        id(node): any(word.arg == "timeout" and not isinstance(word.value, ast.Constant) for word in node.keywords)
        for node in waits
    }
    return [node.lineno for node in waits if not named[id(node)]]


def test_that_the_windows_tests_wait_with_the_patience_that_a_busy_machine_needs() -> None:
    tests = [path for path in modules() if path.is_relative_to(ROOT / "tests")]
    found = [f"{name(path)}:{line}" for path in tests for line in impatient(path.read_text("utf-8"))]
    assert found == []
    assert impatient("q.waitUntil(f)\nq.waitSignal(s, timeout=800)\nq.waitUntil(f, timeout=PATIENCE_MS)") == [1, 2]


def test_that_the_top_level_holds_the_fixed_entries_only() -> None:
    top = {name(path).split("/", 1)[0] for path in project_files()}
    assert {entry for entry in top if not entry.startswith(".")} == TOP_LEVEL


def test_that_no_file_names_a_package_index_or_a_machine() -> None:
    banned = [*INDEX_HOSTS, *MACHINE_PATHS]
    assert [(file, word) for file, text in text_files() for word in banned if word in text] == []


def test_that_the_readme_starts_with_the_two_commands() -> None:
    start = (ROOT / "README.md").read_text("utf-8").splitlines()[:40]
    commands = [line.split("#")[0].strip() for line in start if line.startswith("packaging/dev")]
    assert commands == ["packaging/dev run", "packaging/dev test"]


def test_that_the_readme_names_every_exit_code_once() -> None:
    rows = re.findall(r"^\| (\d) \| ", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert rows == ["0", "1", "2", "3", "4", "5", "6", "7"]


def test_that_the_changelog_has_a_section_for_what_is_not_released() -> None:
    assert "## [Unreleased]" in (ROOT / "packaging" / "CHANGELOG.md").read_text("utf-8")


def test_that_the_code_map_names_every_folder_of_the_program() -> None:
    code_map = (PACKAGE / "README.md").read_text("utf-8")
    folders = {path.parent.relative_to(PACKAGE).as_posix() for path in in_package()} - {"."}
    missing = {folder for folder in folders if not re.search(rf"\b{folder.rsplit('/', 1)[-1]}/", code_map)}
    assert missing == set()


def test_that_the_links_of_the_readme_lead_somewhere() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    targets = re.findall(r"\]\(([^)#:]+)\)", text) + re.findall(r'src(?:set)?="([^"]+)"', text)
    assert targets
    assert [target for target in targets if not (ROOT / target).is_file()] == []


def test_that_the_two_commands_and_ci_can_be_started() -> None:
    scripts = [ROOT / "packaging" / "dev", ROOT / "packaging" / "lock", ROOT / ".ci" / "run"]
    assert [name(script) for script in scripts if not script.stat().st_mode & 0o100] == []
    assert "packaging/dev test --full" in (ROOT / ".ci" / "run").read_text("utf-8")


def test_that_no_wait_with_a_limit_is_left_to_a_simple_queue() -> None:
    """Before Python 3.13 its timed ``get`` waits without end when a signal's handler outlasts the time."""
    timed = re.compile(r"\.get\((?:[^()]|\([^()]*\))*timeout")
    texts = {name(path): path.read_text("utf-8") for path in in_package()}
    assert [file for file, text in texts.items() if "SimpleQueue(" in text and timed.search(text)] == []

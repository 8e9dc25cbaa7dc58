"""``completion SHELL``: each shell itself completes words, options, values and the names of saved clusters."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import select
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.bench import every_parser, fits
from tests.cli.test_arguments import LATENCIES
from tests.e2e.programs import DEADLINE_S
from tgwizard.cli.arguments import command_parser
from tgwizard.cli.completion import Completion, ShellKind, completion, table
from tgwizard.cli.console import Console

Complete = Callable[..., list[str]]
SHELLS = {ShellKind.BASH: "bash", ShellKind.ZSH: "zsh", ShellKind.FISH: "fish"}


def script(kind: ShellKind) -> str:
    out = io.StringIO()
    assert completion(Completion(kind), command_parser(LATENCIES), Console(out, out)) == 0
    return out.getvalue()


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "config"
    for name in ("edge-dallas", "edge-lyon", "it's mine"):
        file = folder / "clusters" / f"{name}.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    lab = tmp_path / "a lab" / "clusters"
    lab.mkdir(parents=True)
    (lab / "rehearsed.toml").touch()
    (tmp_path / "file.toml").touch()
    monkeypatch.setenv("TGWIZARD_CONFIG_DIR", str(folder))
    monkeypatch.setenv("TGWIZARD_LAB_DIR", str(tmp_path / "a lab"))
    monkeypatch.chdir(tmp_path)
    return folder


def in_bash(*words: str) -> list[str]:
    """The real function in the real bash; the line is split as bash splits it."""
    line = " ".join(map(shlex.quote, words))
    ask = f'COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _tgwizard; printf "%s\\n" "${{COMPREPLY[@]}}"'
    return ran("bash", "--norc", "-c", f"{script(ShellKind.BASH)}\n{ask}")


STUBS = """
compdef() { :; }
compadd() { if [[ $1 == -a ]]; then print -rl -- ${(P)2}; else shift; print -rl -- $@; fi }
_describe() { [[ $1 == -o ]] && shift; print -rl -- ${(P)2}; }
_files() { [[ $1 == -/ ]] && print -rl -- */ || print -rl -- *; }
_message() { :; }
"""


def in_zsh(*words: str) -> list[str]:
    """The real function in the real zsh, over words of zsh's own completion that only print; see the next one."""
    line = " ".join(map(shlex.quote, words))
    shown = ran("zsh", "-f", "-c", f"{STUBS}\n{script(ShellKind.ZSH)}\nwords=({line}); CURRENT={len(words)}; _tgwizard")
    return [row.split(":")[0] for row in shown if row.startswith(words[-1])]


def in_fish(*words: str) -> list[str]:
    """What fish itself would offer."""
    line = " ".join([*map(shlex.quote, words[:-1]), words[-1]])
    asked = f"{script(ShellKind.FISH)}\ncomplete -C {shlex.quote(line)}"
    return [row.split("\t")[0] for row in ran("fish", "--no-config", "-c", asked)]


def ran(*command: str) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if line]


@pytest.fixture(params=[(ShellKind.BASH, in_bash), (ShellKind.ZSH, in_zsh), (ShellKind.FISH, in_fish)])
def complete(request: pytest.FixtureRequest, config: Path) -> Complete:
    kind: ShellKind = request.param[0]
    how: Complete = request.param[1]
    if shutil.which(SHELLS[kind]) is None:
        pytest.skip(f"no {SHELLS[kind]} on this computer")
    return how


def test_that_words_and_the_words_below_them_are_completed(complete: Complete) -> None:
    assert complete("tgwizard", "fail") == ["failover"]
    assert set(complete("tgwizard", "lab", "")) >= {"run", "scenario", "faults", "dataplane"}
    assert complete("tgwizard", "--json", "lab", "faults", "c") == ["clear"]
    assert set(complete("tgwizard", "setup", "")) == {"plan", "apply", "verify", "undo"}


def test_that_options_are_those_of_the_word(complete: Complete) -> None:
    assert set(complete("tgwizard", "failover", "--f")) == {"--forced", "--fence", "--fence-optional"}
    assert set(complete("tgwizard", "status", "edge-dallas", "--w")) == {"--watch"}
    assert "--forced" not in complete("tgwizard", "status", "--")
    assert "--lab-dir" in complete("tgwizard", "--la")


def test_that_a_value_is_one_of_its_words(complete: Complete) -> None:
    assert set(complete("tgwizard", "failover", "--strategy", "")) == {"auto", "detach-attach", "atomic", "guided"}
    assert complete("tgwizard", "failover", "edge-dallas", "--fence", "st") == ["stop"]
    assert complete("tgwizard", "settings", "window.th") == ["window.theme"]
    assert complete("tgwizard", "completion", "po") == ["powershell"]
    assert complete("tgwizard", "failover", "--to", "") == []


def test_that_saved_clusters_are_looked_up_where_the_line_says(complete: Complete) -> None:
    names = [name.replace("\\", "").replace("'", "") for name in complete("tgwizard", "status", "")]
    assert sorted(names) == ["edge-dallas", "edge-lyon", "its mine"]
    assert sorted(complete("tgwizard", "failover", "--graceful", "edge")) == ["edge-dallas", "edge-lyon"]
    assert complete("tgwizard", "--lab-dir", "a lab", "status", "") == ["rehearsed"]
    assert complete("tgwizard", "history", "--lab", "") == ["rehearsed"]
    assert "status" not in complete("tgwizard", "status", "edge-dallas", "")


def test_that_a_cluster_that_was_saved_meanwhile_is_offered_too(complete: Complete, config: Path) -> None:
    (config / "clusters" / "new-one.toml").touch()
    assert complete("tgwizard", "status", "new") == ["new-one"]


def test_that_a_file_is_completed_as_a_file(complete: Complete) -> None:
    assert complete("tgwizard", "add", "fi") == ["file.toml"]


@pytest.mark.parametrize(
    ("kind", "start"),
    [
        (ShellKind.BASH, ("bash", "--norc", "--noprofile", "-i")),
        (ShellKind.ZSH, ("zsh", "-f", "-i")),
    ],
)
def test_that_tab_completes_at_a_prompt(kind: ShellKind, start: tuple[str, ...], config: Path, tmp_path: Path) -> None:
    if shutil.which(start[0]) is None:
        pytest.skip(f"no {start[0]} on this computer")
    file = tmp_path / "script"
    file.write_text(script(kind), encoding="utf-8")
    before = "autoload -Uz compinit; compinit -D -u; " if kind is ShellKind.ZSH else ""
    shown = at_a_prompt(
        start,
        f"{before}tgwizard() {{ printf '<%s>' \"$@\"; }}; source {file}; echo rea''dy\n",
        "tgwizard failo\tedge-d\t\n",
    )
    assert "<failover><edge-dallas>" in shown


def at_a_prompt(start: tuple[str, ...], first: str, typed: str) -> str:
    """What a terminal shows of a shell into which this is typed, once the first line was carried out."""
    master, slave = pty.openpty()
    with subprocess.Popen(
        start, stdin=slave, stdout=slave, stderr=slave, start_new_session=True, env={**os.environ, "TERM": "dumb"}
    ) as process:
        os.close(slave)
        shown = ""
        try:
            os.write(master, first.encode())
            for awaited, then in (("ready", typed), ("<edge-dallas>", "")):
                until = time.monotonic() + DEADLINE_S
                while awaited not in re.sub(r"rea''dy", "", shown) and time.monotonic() < until:
                    if select.select([master], [], [], 0.2)[0]:
                        shown += os.read(master, 65536).decode(errors="replace")
                os.write(master, then.encode())
        finally:
            process.kill()
            os.close(master)
    return shown


def test_that_the_table_has_every_word_and_option_of_every_command() -> None:
    parser = command_parser(LATENCIES)
    rows = [tuple(row.split("|", 3)) for row in table(parser)]
    for one in every_parser(parser):
        words = one.prog.removeprefix("tgwizard").strip()
        options = {option for action in one._actions for option in action.option_strings if option.startswith("--")}
        assert {name for of, name, _, _ in rows if of == words and name.startswith("--")} == options
    assert all(len(row) == 4 and "\n" not in "".join(row) for row in rows)
    assert all(told for _, _, _, told in rows)


@pytest.mark.parametrize("kind", list(ShellKind))
def test_that_a_script_is_whole_and_fits_its_schema_as_json(kind: ShellKind) -> None:
    text = script(kind)
    assert not re.search("@(TABLE|CONFIG|LAB)@", text)
    assert "failover" in text
    out = io.StringIO()
    completion(Completion(kind), command_parser(LATENCIES), console := Console(out, out, as_json=True))
    assert console.as_json
    (document,) = [json.loads(line) for line in out.getvalue().splitlines()]
    fits(document, "completion")
    assert document["text"].splitlines() == text.splitlines()


def test_that_powershell_gets_every_quote_doubled_and_the_table_verbatim(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No PowerShell can be installed here: what it reads is looked at, and was parsed by hand once."""
    monkeypatch.setenv("TGWIZARD_CONFIG_DIR", str(tmp_path / "it's"))
    text = script(ShellKind.POWERSHELL)
    assert f"'{tmp_path}/it''s'" in text
    opened, closed = text.index("@'\n"), text.index("\n'@")
    assert text[opened + 3 : closed].splitlines() == list(table(command_parser(LATENCIES)))
    assert not re.search(r"^'@", text[opened + 3 : closed], re.MULTILINE)

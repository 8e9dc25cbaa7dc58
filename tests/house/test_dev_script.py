"""packaging/dev tells what it cannot install, why, and what to do, and then stops with 2.

The script runs for real, in a copy of the checkout's top, on a PATH that holds real tools and a few programs
made for the case: an unprivileged `id`, an `apt-get` without a network.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.house.checkout import ROOT

REAL_TOOLS = (
    "bash",
    "dirname",
    "basename",
    "env",
    "sed",
    "grep",
    "tail",
    "sha256sum",
    "uname",
    "rm",
    "mkdir",
)
NOT_ROOT = "echo 1000"
NOTHING_INSTALLED = "exit 1"
ALL_INSTALLED = "printf installed"
FAILS = "exit 1"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the commands are for Linux")


@dataclass
class Machine:
    """A machine as the script sees it: programs on PATH, and the folder it works in."""

    folder: Path
    programs: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    def put(self, **programs: str) -> None:
        """Place shell programs on PATH; an underscore in the name stands for a dash."""
        for name, body in programs.items():
            program = self.bin / name.replace("_", "-")
            program.write_text(f"#!{shutil.which('bash')}\n{body}\n")
            program.chmod(0o755)

    def dev(self, *words: str, timeout: float = 30) -> subprocess.CompletedProcess[str]:
        environment: Mapping[str, str] = {"PATH": str(self.bin), "HOME": str(self.folder), **self.variables}
        return subprocess.run(
            [str(self.folder / "packaging" / "dev"), *words],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    made.bin.mkdir()
    (tmp_path / "packaging").mkdir()
    for file in ("packaging/dev", "packaging/requirements-dev.lock", "pyproject.toml"):
        shutil.copy(ROOT / file, tmp_path / file)
    for tool in REAL_TOOLS:
        path = shutil.which(tool)
        assert path is not None, tool
        (made.bin / tool).symlink_to(path)
    made.put(id="echo 0", dpkg_query=ALL_INSTALLED, python3='echo "${0##*/} $*" >>"$HOME/python-calls"')
    return made


def assert_stopped(result: subprocess.CompletedProcess[str], *sentences: str) -> None:
    assert result.returncode == 2, result.stderr
    for sentence in ("packaging/dev stopped: ", "Why: ", "What to do: ", *sentences):
        assert sentence in result.stderr


def test_that_run_without_a_screen_says_how_to_see_the_window_and_installs_nothing(machine: Machine) -> None:
    result = machine.dev("run")
    assert_stopped(result, "no screen", "ssh -X", "x11vnc", "packaging/dev run -- status --lab")
    assert not (machine.folder / ".venv").exists()
    assert not (machine.folder / "python-calls").exists()


def test_that_run_with_a_lab_folder_still_needs_a_screen(machine: Machine) -> None:
    assert_stopped(machine.dev("run", "--", "--lab-dir", "somewhere"), "no screen")


def test_that_missing_system_packages_without_root_and_sudo_are_named(machine: Machine) -> None:
    machine.put(id=NOT_ROOT, dpkg_query=NOTHING_INSTALLED, apt_get="exit 99")
    result = machine.dev("test")
    assert_stopped(result, "libegl1", "libglib2.0-0 ", "you are not root, and there is no sudo")
    assert "as root: apt-get install --no-install-recommends git libgl1 libegl1" in result.stderr
    assert "xvfb" not in result.stderr
    assert not (machine.folder / ".venv").exists()


def test_that_a_sudo_that_wants_a_password_nobody_can_type_is_told(machine: Machine) -> None:
    machine.put(id=NOT_ROOT, dpkg_query=NOTHING_INSTALLED, sudo=FAILS)
    assert_stopped(machine.dev("test", "--full"), "sudo asks for a password", "xvfb", "openbox")


def test_that_apt_without_a_network_is_told(machine: Machine) -> None:
    # As apt does it: the update only warns and ends with 0.
    update = "echo 'W: Temporary failure resolving'; exit 0"
    install = "echo 'E: Unable to locate package libgl1' >&2; exit 100"
    machine.put(dpkg_query=NOTHING_INSTALLED, apt_get=f"if [[ $1 == update ]]; then {update}; else {install}; fi")
    result = machine.dev("test")
    assert_stopped(
        result, "E: Unable to locate package libgl1", "there is no network", "were not installed: git libgl1"
    )


def test_that_only_missing_packages_are_installed_and_by_the_name_this_release_has(machine: Machine) -> None:
    calls = machine.folder / "apt-calls"
    machine.put(
        dpkg_query='[[ "${@: -1}" != libglib2.0-0* && "${@: -1}" != libegl1 ]] && printf installed',
        apt_cache='[[ "$2" == libglib2.0-0t64 || "$2" == libegl1 ]]',
        apt_get=f'echo "$*" >>{calls}; [[ $1 == update ]]',
    )
    assert_stopped(machine.dev("test"), "apt could not install these system packages: libegl1 libglib2.0-0t64")
    assert calls.read_text().splitlines() == [
        "update -q",
        "install -y -q -o Dpkg::Use-Pty=0 --no-install-recommends libegl1 libglib2.0-0t64",
    ]


def test_that_sudo_is_used_where_one_is_not_root(machine: Machine) -> None:
    calls = machine.folder / "sudo-calls"
    machine.put(id=NOT_ROOT, dpkg_query='[[ "${@: -1}" != git ]] && printf installed', apt_cache=FAILS)
    machine.put(sudo=f'[[ $1 == -n ]] || echo "$*" >>{calls}; [[ $1 == -n ]]')
    machine.dev("test")
    assert calls.read_text().splitlines() == [
        "apt-get update -q",
        "env DEBIAN_FRONTEND=noninteractive apt-get install -y -q -o Dpkg::Use-Pty=0 --no-install-recommends git",
    ]


def test_that_an_old_python_is_told_where_nothing_newer_can_be_installed(machine: Machine) -> None:
    machine.put(python3=FAILS)
    assert_stopped(machine.dev("test"), "no Python 3.11 or later was found", "no apt to install it with")


def test_that_a_python_without_venv_is_told_with_the_package_that_holds_it(machine: Machine) -> None:
    machine.put(python3='case $2 in *"import venv"*) exit 1 ;; *print*) echo python3.12-venv ;; esac')
    assert_stopped(machine.dev("test"), "no venv module", "install python3.12-venv")


def test_that_a_wrong_word_shows_the_usage(machine: Machine) -> None:
    result = machine.dev("tset")
    assert result.returncode == 2
    assert "packaging/dev test --full" in result.stderr
    assert "packaging/dev test --with-az" in result.stderr


def real_python(machine: Machine) -> None:
    (machine.bin / "python3").unlink()
    # The interpreter behind this environment: a link to it keeps its own standard library.
    machine.put(python3=f'exec {Path(sys.base_prefix) / "bin" / "python3"} "$@"')
    machine.variables |= {"PIP_CONFIG_FILE": os.devnull}


@pytest.mark.full
def test_that_an_unreachable_package_index_is_told(machine: Machine) -> None:
    real_python(machine)
    machine.variables |= {"PIP_INDEX_URL": "http://127.0.0.1:9/simple"}
    result = machine.dev("run", "--", "status", timeout=120)
    assert_stopped(result, "the Python packages could not be fetched", "pip reached no package index")
    assert not (machine.folder / ".venv" / ".tgwizard-installed").exists()


@pytest.mark.full
def test_that_a_package_with_another_hash_is_refused(machine: Machine) -> None:
    real_python(machine)
    wheels = machine.folder / "wheels"
    wheels.mkdir()
    with zipfile.ZipFile(wheels / "idna-3.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("idna.py", "")
        wheel.writestr("idna-3.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: idna\nVersion: 3.0\n")
        wheel.writestr("idna-3.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("idna-3.0.dist-info/RECORD", "")
    lock = machine.folder / "packaging" / "requirements-dev.lock"
    lock.write_text(f"idna==3.0 --hash=sha256:{'0' * 64}\n")
    machine.variables |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    result = machine.dev("run", "--", "status", timeout=120)
    assert_stopped(result, "not the one that was locked", "the lock is wrong")


def installed(machine: Machine) -> Path:
    """An environment whose stamp is right, with a python that notes what it was asked; returns the notes."""
    notes, python = machine.folder / "asked", machine.folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!{shutil.which("bash")}\nprintf "%s\\n" "$*" >>"{notes}"\n')
    python.chmod(0o755)
    sums = "".join(
        f"{hashlib.sha256((machine.folder / file).read_bytes()).hexdigest()}  {file}\n"
        for file in ("packaging/requirements-dev.lock", "pyproject.toml")
    )
    stamp = f"{machine.folder} {hashlib.sha256(sums.encode()).hexdigest()}  -\n"
    (machine.folder / ".venv" / ".tgwizard-installed").write_text(stamp)
    return notes


def test_that_the_program_is_compiled_before_it_is_started_and_nothing_is_installed_again(machine: Machine) -> None:
    notes = installed(machine)
    result = machine.dev("run", "--", "status", "--lab")
    assert result.returncode == 0, result.stderr
    assert notes.read_text().splitlines() == ["-c ", "-m compileall -q tgwizard", "-m tgwizard status --lab"]

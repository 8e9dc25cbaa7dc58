"""The exported script, run by bash with the real az against a lab: the same end state as `setup apply` in another."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_az_cli import AZ, NO_AZ, READY_WITHIN_S, Az, clean_environment, lab_env, tgwizard
from tests.engine.setup.apply.plans import answers_for, plan_for
from tgwizard.engine.setup.export.formats import ExportKind, export
from tgwizard.model.setup_plan import PutRole, SetupPlan

ADDRESS = "10.20.2.50"
SUBSCRIPTION = "11111111-2222-4333-8444-555555555555"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-tg-prod"
SCRIPT_WITHIN_S = 540

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(AZ is None, reason=NO_AZ),
]


@contextmanager
def fresh_lab(directory: Path) -> Iterator[Path]:
    """A lab of scenario `fresh` in a process of its own."""
    command = tgwizard("lab", "run", "--latency", "instant", "--scenario", "fresh", "--lab-dir", str(directory))
    with subprocess.Popen(
        command, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline())["ready"]
            yield directory
        finally:
            process.terminate()
            process.communicate(timeout=READY_WITHIN_S)


def call(directory: Path, *words: str) -> str:
    """A tgwizard command against that lab, which must succeed."""
    command = tgwizard(*words, "--lab-dir", str(directory))
    done = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def planned(directory: Path) -> dict[str, Any]:
    words = (
        "--floating-ip",
        ADDRESS,
        "--vm",
        "tg-node-a",
        "--vm",
        "tg-node-b",
        "--role-name",
        "tg-cluster-ip-failover",
    )
    found: dict[str, Any] = json.loads(call(directory, "setup", "plan", *words, "--json"))
    return found


def state(directory: Path) -> list[tuple[str, ...]]:
    """Every row of the plan as it stands, without the names that Azure gave."""
    rows = planned(directory)["changes"]
    return [(row["kind"], row["sentence"], row["before"], row["after"]) for row in rows]


def run_script(script: str, directory: Path) -> None:
    assert AZ is not None
    environment = lab_env(directory)
    environment["PATH"] = f"{Path(AZ).parent}:{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-s"],
        input=script,
        env=environment,
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=SCRIPT_WITHIN_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_that_the_exported_script_comes_to_the_same_as_apply(tmp_path: Path) -> None:
    answers = ("--floating-ip", ADDRESS)
    with fresh_lab(tmp_path / "applied") as applied, fresh_lab(tmp_path / "scripted") as scripted:
        call(applied, "setup", "apply", *answers, "--yes")
        script = call(scripted, "export", "--as", "az", *answers)
        assert planned(scripted)["writes"] == 5
        run_script(script, scripted)
        assert planned(applied)["writes"] == planned(scripted)["writes"] == 0
        assert state(scripted) == state(applied)
        run_script(script, scripted)
        az = Az(lab_env(scripted))
        role = planned(scripted)["role"]["guid"]
        held = [item for item in az("role", "assignment", "list", "--all") if role in item["roleDefinitionId"]]
        assert len(held) == 2
        assert {item["principalType"] for item in held} == {"ServicePrincipal"}
        roles = az("role", "definition", "list", "--custom-role-only", "true", "--scope", held[0]["scope"])
        assert [item["name"] for item in roles] == [role]
        nic = az("network", "nic", "show", "-g", "rg-tg-prod", "-n", "tg-node-a-inside")
        assert [item["privateIPAddress"] for item in nic["ipConfigurations"]] == ["10.20.2.11", ADDRESS]
        groups = [item.get("applicationSecurityGroups") for item in nic["ipConfigurations"]]
        assert groups[0] == groups[1] != None  # noqa: E711 - a chain of comparisons


ADDED = "Microsoft.Network/publicIPAddresses/join/action"


def test_that_an_action_that_somebody_added_is_still_there_after_the_script_ran_again(tmp_path: Path) -> None:
    """A public IP on the interface needs one more action; without it the next failover would be refused."""
    with fresh_lab(tmp_path / "lab") as lab:
        script = call(lab, "export", "--as", "az", "--floating-ip", ADDRESS)
        run_script(script, lab)
        az = Az(lab_env(lab))
        plan = planned(lab)
        listed = ("role", "definition", "list", "--name", plan["role"]["guid"], "--scope", plan["scopes"][0]["scope"])
        (found,) = az(*listed)
        found["permissions"][0]["actions"].append(ADDED)
        az("role", "definition", "update", "--role-definition", json.dumps(found))
        before = az(*listed)[0]["permissions"]
        assert ADDED in before[0]["actions"]
        run_script(script, lab)
        (again,) = az(*listed)
        assert again["permissions"] == before
        assert again["assignableScopes"] == found["assignableScopes"]
        # An action that was taken away comes back, and nothing goes.
        again["permissions"][0]["actions"].remove("Microsoft.Network/networkInterfaces/write")
        az("role", "definition", "update", "--role-definition", json.dumps(again))
        run_script(script, lab)
        (mended,) = az(*listed)
        assert sorted(mended["permissions"][0]["actions"]) == sorted(before[0]["actions"])


ROLE_STORE = r"""#!{bash}
# The az of a subscription that keeps one role: what it is asked for is worked out by az's own JMESPath.
exec {python} - "$@" <<'END'
import json, pathlib, sys
import jmespath
words, store = sys.argv[1:], pathlib.Path("{store}")
option = lambda name: words[words.index(name) + 1] if name in words else ""
if words[0] != "rest":
    raise SystemExit(0)
if option("--method") == "put":
    body = json.loads(option("--body"))
    assert list(body) == ["properties"]
    with store.with_suffix(".puts").open("a") as puts:
        puts.write("x")
    store.write_text(json.dumps(body))
elif not store.exists():
    sys.stderr.write("ERROR: Not Found(RoleDefinitionDoesNotExist)")
    raise SystemExit(1)
else:
    found = json.loads(store.read_text())
    found = jmespath.search(option("--query"), found) if option("--query") else found
    kind = option("--output")
    if kind == "tsv":
        print("\n".join(found))
    elif kind == "json":
        print(json.dumps(found))
END
"""


@dataclass
class RoleStore:
    """The script's role in an Azure of its own: what no lab can be brought to, such as a role of two blocks."""

    folder: Path
    python: str

    def run(self, plan: SetupPlan) -> None:
        """Only what the script does with the role: the other commands are answered with nothing."""
        done = self.attempt(plan)
        assert done.returncode == 0, done.stderr

    def attempt(self, plan: SetupPlan) -> subprocess.CompletedProcess[str]:
        """The same, whatever the end is."""
        az = self.folder / "az"
        text = ROLE_STORE.replace("{bash}", shutil.which("bash") or "").replace("{python}", self.python)
        az.write_text(text.replace("{store}", str(self.file)))
        az.chmod(0o755)
        kept = tuple(item for item in plan.changes if isinstance(item.write, PutRole))
        script = export(ExportKind.AZ, replace(plan, changes=kept), answers_for(GROUP))
        environment = {"PATH": f"{self.folder}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
        return subprocess.run(["bash"], input=script, env=environment, capture_output=True, text=True, check=False)

    @property
    def file(self) -> Path:
        return self.folder / "role.json"

    @property
    def puts(self) -> int:
        return len(self.file.with_suffix(".puts").read_text())

    @property
    def role(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.file.read_text())["properties"]
        return found

    def change(self, change: Callable[[dict[str, Any]], None]) -> None:
        """What somebody else did to the role meanwhile."""
        document = json.loads(self.file.read_text())
        change(document["properties"])
        self.file.write_text(json.dumps(document))


def python_of_az() -> str | None:
    """The Python that az runs on, when it can be reached and has the JMESPath that az works with."""
    beside = Path(AZ).parent / "python3" if AZ else None
    if beside is None or not beside.exists():
        return None
    found = subprocess.run([beside, "-c", "import jmespath"], capture_output=True, check=False)
    return str(beside) if found.returncode == 0 else None


@pytest.fixture
def store(tmp_path: Path) -> RoleStore:
    python = python_of_az()
    if python is None:
        pytest.skip("this az does not show its Python")
    return RoleStore(tmp_path, python)


def updating(plan: SetupPlan, *drop: str) -> SetupPlan:
    """The same plan for a role that is there; ``drop``: scopes that Azure no longer accepts."""
    before = replace(plan.role, assignable_scopes=(*plan.role.assignable_scopes, *drop))
    changes = tuple(
        replace(item, write=PutRole(plan.role, before)) if isinstance(item.write, PutRole) else item
        for item in plan.changes
    )
    return replace(plan, changes=changes)


def test_that_the_script_makes_the_role_and_writes_nothing_when_run_again(store: RoleStore) -> None:
    plan = plan_for(GROUP)
    store.run(plan)
    assert store.role["roleName"] == plan.role.name
    assert store.role["type"] == "CustomRole"
    assert tuple(store.role["permissions"][0]["actions"]) == plan.role.actions
    store.run(plan)
    store.run(updating(plan))
    assert store.puts == 1


def test_that_what_others_added_to_the_role_is_still_there_after_another_run(store: RoleStore) -> None:
    plan = plan_for(GROUP)
    store.run(plan)
    other = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-of-others"

    def by_others(role: dict[str, Any]) -> None:
        role["permissions"][0]["actions"].append(ADDED)
        role["permissions"][0]["actions"].remove("Microsoft.Network/networkInterfaces/write")
        role["permissions"][0]["notActions"] = ["Microsoft.Network/*/delete"]
        role["permissions"].append({"actions": ["Microsoft.Storage/*/read"], "notActions": []})
        role["assignableScopes"] = [other]
        role["description"] = 'theirs: "quoted" `ticked` \\ and $(touch pwned)'
        role["roleName"] = "renamed"

    store.change(by_others)
    before = store.role
    store.run(plan)
    after_run = store.role
    first, second = after_run["permissions"]
    assert first["actions"] == [*before["permissions"][0]["actions"], "Microsoft.Network/networkInterfaces/write"]
    assert first["notActions"] == ["Microsoft.Network/*/delete"]
    assert first["dataActions"] == first["notDataActions"] == []
    assert second == {"actions": ["Microsoft.Storage/*/read"], "notActions": []}
    assert after_run["assignableScopes"] == [other, GROUP]
    assert (after_run["roleName"], after_run["description"]) == ("renamed", before["description"])
    assert not list(store.folder.rglob("pwned"))
    store.run(plan)
    assert store.puts == 2


def test_that_a_pattern_in_the_role_covers_what_it_means_and_case_does_not_count(store: RoleStore) -> None:
    plan = plan_for(GROUP)
    store.run(plan)
    wide = ["microsoft.network/*", "MICROSOFT.COMPUTE/*/READ"]
    store.change(lambda role: role["permissions"][0].update(actions=wide))
    store.change(lambda role: role.update(assignableScopes=[GROUP.upper()]))
    store.run(plan)
    assert store.puts == 1


@pytest.mark.parametrize("wide", ["*", "*/subscriptions/*"])
def test_that_an_action_of_the_role_never_stands_for_a_scope(store: RoleStore, wide: str) -> None:
    plan = plan_for(GROUP)
    store.run(plan)
    theirs = f"{GROUP}-theirs"
    store.change(lambda role: role["permissions"].append({"actions": [wide], "notActions": [GROUP]}))
    store.change(lambda role: role.update(assignableScopes=[theirs]))
    store.run(updating(plan, f"{GROUP}-gone"))
    assert store.role["assignableScopes"] == [theirs, GROUP]
    store.run(updating(plan, f"{GROUP}-gone"))
    assert store.puts == 2


def test_that_an_action_that_the_role_takes_away_is_said_and_the_role_left_as_it_is(store: RoleStore) -> None:
    plan = plan_for(GROUP)
    store.run(plan)
    withheld = "Microsoft.Network/virtualNetworks/subnets/join/action"
    store.change(lambda role: role["permissions"][0].update(notActions=["microsoft.network/VIRTUALNETWORKS/*/action"]))
    store.change(lambda role: role.update(assignableScopes=[f"{GROUP}-theirs"]))
    before = store.role
    done = store.attempt(plan)
    assert done.returncode != 0
    first, named, *_ = done.stderr.splitlines()
    assert first == "The notActions of this role take away what it is to give the machines:"
    assert named.strip() == withheld
    assert plan.role.guid in done.stderr
    assert "Take that out of its notActions and run this again" in done.stderr
    assert store.role == before
    assert store.puts == 1
    # Another block that has it and takes nothing away gives it; what one block takes away is not taken from others.
    store.change(lambda role: role["permissions"].insert(0, {"actions": [withheld]}))
    store.run(plan)
    assert store.role["assignableScopes"] == [f"{GROUP}-theirs", GROUP]
    assert store.role["permissions"][0]["actions"] == [withheld]
    assert store.role["permissions"][1]["actions"] == list(plan.role.actions)


def test_that_what_the_planned_role_takes_away_itself_stops_nothing(store: RoleStore) -> None:
    """An action that its owner withholds and nobody here needs, as in a role that is updated."""
    plan = plan_for(GROUP)
    extra = "Microsoft.Network/networkInterfaces/delete"
    (block,) = plan.role.permissions
    blocks = (replace(block, actions=(*block.actions, extra), not_actions=(extra,)),)
    changes = tuple(
        replace(item, write=PutRole(replace(plan.role, permissions=blocks)))
        if isinstance(item.write, PutRole)
        else item
        for item in plan.changes
    )
    own = replace(plan, changes=changes)
    store.run(own)
    store.run(own)
    assert store.puts == 1
    assert store.role["permissions"][0]["notActions"] == [extra]


def test_that_only_a_scope_that_was_to_be_dropped_is_taken_out(store: RoleStore) -> None:
    plan = plan_for(GROUP)
    store.run(plan)
    gone, theirs = f"{GROUP}-gone", f"{GROUP}-theirs"
    store.change(lambda role: role["assignableScopes"].extend([gone.upper(), theirs]))
    store.run(updating(plan, gone))
    assert store.role["assignableScopes"] == [GROUP, theirs]
    store.run(updating(plan, gone))
    assert store.puts == 2

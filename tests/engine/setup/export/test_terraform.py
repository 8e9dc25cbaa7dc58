"""The Terraform export against the providers' own schemas, and against what apply leaves in Azure.

No provider can be had here, so nothing is planned by Terraform itself; its own parser is asked where it is installed.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import hcl2
import pytest

from tests.engine.setup.apply.plans import Applying, answers_for, plan_for
from tests.engine.setup.apply.scenarios import TAKEN, prepared
from tests.engine.setup.export.test_exports import GROUP, HOSTILE, hostile_plan, resources, stale_plan, unquoted
from tests.rig import SetupRig, setup_rig
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.setup.export.formats import ExportKind, export
from tgwizard.engine.setup.loading import read_needed
from tgwizard.engine.setup.suggestions import proposed_answers
from tgwizard.engine.setup.wizard_steps import answer_all, plan_of, problems_of, take_fix
from tgwizard.model.cluster import ResourceId
from tgwizard.model.event_base import Outcome
from tgwizard.model.role import RoleKind
from tgwizard.model.setup_answers import Answers, RoleAnswer, RoleUse
from tgwizard.model.setup_plan import EnableIdentity, PutRole, SetupPlan

TERRAFORM = shutil.which("terraform")
META = {"depends_on"}
"""Arguments that every resource takes, of Terraform itself."""


@cache
def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((Path(__file__).parent / "terraform_schema.json").read_text(encoding="utf-8"))
    return found


def updating(plan: SetupPlan) -> SetupPlan:
    before = replace(plan.role, permissions=())
    changes = tuple(
        replace(item, write=PutRole(plan.role, before)) if isinstance(item.write, PutRole) else item
        for item in plan.changes
    )
    return replace(plan, changes=changes)


def beside_user_assigned(plan: SetupPlan) -> SetupPlan:
    changes = tuple(
        replace(item, write=EnableIdentity(item.write.vm, ("/some/identity",)))
        if isinstance(item.write, EnableIdentity)
        else item
        for item in plan.changes
    )
    return replace(plan, changes=changes)


def keeping_the_role(plan: SetupPlan) -> SetupPlan:
    return replace(plan, changes=tuple(item for item in plan.changes if not isinstance(item.write, PutRole)))


PLAIN = plan_for(GROUP), answers_for(GROUP)
CASES: dict[str, tuple[SetupPlan, Answers]] = {
    "plain": PLAIN,
    "updated role": (updating(PLAIN[0]), PLAIN[1]),
    "user-assigned": (beside_user_assigned(PLAIN[0]), PLAIN[1]),
    "kept role": (keeping_the_role(PLAIN[0]), PLAIN[1]),
    "stale": (stale_plan(), PLAIN[1]),
    **{f"hostile {number}": hostile_plan(text) for number, text in enumerate(HOSTILE)},
}
each = pytest.mark.parametrize(("plan", "answers"), CASES.values(), ids=CASES)


# --- by the schema ---


def kind_of(value: object) -> str:
    """The schema's word for a parsed value; an expression can be any."""
    if isinstance(value, str):
        return "any" if value.startswith("${") else "string"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, list):
        return "block" if value and isinstance(value[0], dict) else "list"
    return "map" if isinstance(value, dict) else type(value).__name__


def wrong_arguments(what: str, body: dict[str, Any], known: dict[str, Any]) -> Iterator[str]:
    """What the provider would refuse: unknown, missing, or of another type."""
    given = {name: value for name, value in body.items() if name != "__is_block__" and name not in META}
    for name, value in given.items():
        if name not in known:
            yield f"{what} takes no {name}"
        elif kind_of(value) not in ("any", known[name]["type"]):
            yield f"{what}.{name} is a {kind_of(value)}, not a {known[name]['type']}"
        elif f"{what}.{name}" in schema()["block"]:
            for inner in value:
                yield from wrong_arguments(f"{what}.{name}", inner, schema()["block"][f"{what}.{name}"])
    yield from (f"{what} lacks {name}" for name, rule in known.items() if rule["required"] and name not in given)


def wrong(text: str) -> list[str]:
    found: list[str] = []
    for block in ("resource", "data"):
        for (kind, name), body in resources(text, block).items():
            known = schema()[block].get(kind)
            if known is None:
                found.append(f"there is no {block} {kind}")
                continue
            found += [f"{name}: {problem}" for problem in wrong_arguments(kind, body, known)]
    for block in hcl2.loads(text)["provider"]:
        for kind, body in block.items():
            if kind != "__is_block__":
                found += wrong_arguments(kind.strip('"'), body, schema()["provider"][kind.strip('"')])
    return found


@each
def test_that_every_argument_is_one_of_the_provider_and_none_is_missing(plan: SetupPlan, answers: Answers) -> None:
    text = export(ExportKind.TERRAFORM, plan, answers)
    assert wrong(text) == []
    assert {kind for kind in hcl2.loads(text) if kind != "__comments__"} <= {
        "terraform",
        "provider",
        "resource",
        "data",
        "import",
    }


def test_that_the_check_itself_sees_what_is_wrong() -> None:
    text = export(ExportKind.TERRAFORM, *PLAIN)
    spoilt = text.replace("principal_type", "principal_kind").replace("  scope              = ", "  place = ")
    assert any("takes no principal_kind" in problem for problem in wrong(spoilt))
    assert any("lacks scope" in problem for problem in wrong(spoilt))
    listed = text.replace('resource_group_name = "rg-tg-prod"', 'resource_group_name = ["rg-tg-prod"]')
    assert any("is a list, not a string" in problem for problem in wrong(listed))


@each
def test_that_every_reference_leads_to_something_of_the_file(plan: SetupPlan, answers: Answers) -> None:
    text = export(ExportKind.TERRAFORM, plan, answers)
    made, read = resources(text), resources(text, "data")
    bare = re.sub(r'"(?:\\.|[^"\\])*"', '""', text)
    code = "\n".join(line for line in bare.splitlines() if not line.lstrip().startswith("#"))
    references = re.findall(r"\b((?:data\.)?(?:azurerm|azapi)_\w+)\.(\w+)(?:\.(\w+))?(?:\[0\]\.(\w+))?", code)
    assert references or not made
    for kind, name, attribute, inner in references:
        place = read if kind.startswith("data.") else made
        assert (kind.removeprefix("data."), name) in place
        if attribute:
            assert attribute in schema()["read"][kind]
        if inner:
            assert inner in schema()["read"][f"{kind}.{attribute}"]


def test_that_the_schemas_are_of_versions_that_the_file_allows() -> None:
    (block,) = hcl2.loads(export(ExportKind.TERRAFORM, *PLAIN))["terraform"]
    (providers,) = block["required_providers"]
    for name, known in schema()["providers"].items():
        assert unquoted(providers[name]["source"]) == known["source"]
        allowed = unquoted(providers[name]["version"])
        assert re.fullmatch(r"~> \d+\.\d+", allowed)
        low, given = (tuple(map(int, one.split("."))) for one in (allowed.removeprefix("~> "), known["version"]))
        assert low <= given
        assert low[0] == given[0]


@pytest.mark.skipif(TERRAFORM is None, reason="terraform is not installed")
@each
def test_that_terraforms_own_parser_takes_it_and_has_nothing_to_tidy(
    plan: SetupPlan, answers: Answers, tmp_path: Path
) -> None:
    assert TERRAFORM is not None
    text = export(ExportKind.TERRAFORM, plan, answers)
    settings = tmp_path / "terraform.rc"
    settings.write_text("disable_checkpoint = true\n")
    environment = {"HOME": str(tmp_path), "TF_CLI_CONFIG_FILE": str(settings), "CHECKPOINT_DISABLE": "1"}
    done = subprocess.run(
        [TERRAFORM, "fmt", "-check", "-diff", "-no-color", "-"],
        input=text.encode(),
        env=environment,
        capture_output=True,
        timeout=240,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


# --- by what apply leaves ---


@dataclass(frozen=True)
class Left:
    """What is there in the end: role by meaning, who has it where, whose identity is on."""

    role: tuple[str, str, str, tuple[str, ...], tuple[str, ...]]
    assigned: frozenset[tuple[str, str, str, str]]
    identities: frozenset[str]


def of_the_file(text: str) -> Left:
    """What the resources of a file amount to; what the file does not make is not in it."""
    made, machines = resources(text), resources(text, "data")
    (role,) = (body for (kind, _), body in made.items() if kind == "azurerm_role_definition")
    (permissions,) = role["permissions"]
    assert permissions["not_actions"] == permissions["data_actions"] == permissions["not_data_actions"] == []
    guid = unquoted(role["role_definition_id"])
    scopes = tuple(sorted(unquoted(scope).lower() for scope in role["assignable_scopes"]))
    actions = tuple(sorted(unquoted(action) for action in permissions["actions"]))
    assigned = set()
    for (kind, _), body in made.items():
        if kind != "azurerm_role_assignment":
            continue
        name = body["principal_id"].removeprefix("${data.azurerm_virtual_machine.").partition(".")[0]
        machine = machines["azurerm_virtual_machine", name]
        vm = f"{unquoted(machine['resource_group_name'])}/{unquoted(machine['name'])}".lower()
        assert body["role_definition_id"] == "${azurerm_role_definition.failover.role_definition_resource_id}"
        assigned.add((vm, unquoted(body["scope"]).lower(), guid, unquoted(body["principal_type"])))
    on = frozenset(
        unquoted(body["resource_id"]).lower() for (kind, _), body in made.items() if kind == "azapi_update_resource"
    )
    name, description = unquoted(role["name"]), unquoted(role["description"])
    return Left((guid, name, description, actions, scopes), frozenset(assigned), on)


def of_azure(it: SetupRig, plan: SetupPlan, machines: tuple[ResourceId, ResourceId], off_before: set[str]) -> Left:
    """The same, read from the lab after apply."""
    access, guid = it.services.azure.access, plan.role.guid
    role = next(item for item in access.role_definitions(it.scope) if item.guid == guid)
    found = {it.services.azure.compute.vm(vm).identity.principal_id: vm for vm in machines}
    assigned = frozenset(
        (
            f"{found[item.principal_id].group}/{found[item.principal_id].name}".lower(),
            item.scope.lower(),
            guid,
            item.principal_kind.value,
        )
        for item in access.role_assignments(it.scope)
        if item.role_guid == guid
    )
    scopes = tuple(sorted(scope.lower() for scope in role.assignable_scopes))
    meaning = (guid, role.name, role.description, tuple(sorted(role.actions)), scopes)
    on = frozenset(vm.text.lower() for vm in machines if it.services.azure.compute.vm(vm).identity.system_assigned)
    return Left(meaning, assigned, frozenset(vm for vm in on if vm in off_before))


@pytest.mark.parametrize("scenario", ["fresh", "vnet-elsewhere", "busy-nic"])
def test_that_the_file_amounts_to_what_apply_leaves(scenario: str, tmp_path: Path) -> None:
    it = setup_rig(scenario, state=tmp_path)
    access = it.services.azure.access
    for item in access.role_assignments(it.scope):
        role = next(role for role in access.role_definitions(it.scope) if role.guid == item.role_guid)
        if role.kind is RoleKind.CUSTOM:
            access.delete_assignment(item, request_id=str(uuid.uuid4()))
    it.clock.sleep(700)
    on = Applying.on(it, tmp_path / "setup.sqlite")
    state = prepared(it)
    own = replace(proposed_answers(state), role=RoleAnswer(RoleUse.NEW, "tg-of-its-own"))
    state = prepared(it, own)
    while fixes := [fix for item in problems_of(state) for fix in item.fixes if fix.kind in TAKEN]:
        state = read_needed(it.services.azure, it.clock, take_fix(state, fixes[0]), lambda _: None, CancelToken())
        state = read_needed(it.services.azure, it.clock, answer_all(state), lambda _: None, CancelToken())
    plan = plan_of(state)
    assert plan is not None
    machines = proposed_answers(state).machines
    assert machines is not None
    off_before = {vm.text.lower() for vm in machines if not it.services.azure.compute.vm(vm).identity.system_assigned}
    text = export(ExportKind.TERRAFORM, plan, proposed_answers(state))
    assert wrong(text) == []
    assert on.apply(plan).outcome is Outcome.DONE
    on.journal.close()
    it.clock.sleep(700)
    left = of_azure(it, plan, machines, off_before)
    assert of_the_file(text) == left
    assert len(left.assigned) == 2 * len(plan.scopes)

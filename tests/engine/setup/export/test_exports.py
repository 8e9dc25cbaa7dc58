"""The exports say what the plan says, and no name can say anything else in them."""

from __future__ import annotations

import html.parser
import json
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import hcl2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.access.test_roles import ROLE_JSON
from tests.engine.setup.apply.plans import ADDRESS, ROLE, answers_for, change, plan_for
from tests.engine.setup.hand_made import facts, world
from tgwizard.engine.setup.export import terraform
from tgwizard.engine.setup.export.formats import FORMATS, ExportKind, export, file_name
from tgwizard.engine.setup.plan_changes import identity_change
from tgwizard.model.cluster import ResourceId
from tgwizard.model.inventory import Caller, IdentityKind, SubscriptionSeen, VmIdentity
from tgwizard.model.role import PrincipalKind, RoleAssignment, RoleDefinition, RoleKind
from tgwizard.model.setup_answers import Answers
from tgwizard.model.setup_plan import (
    Assign,
    ChangeKind,
    EnableIdentity,
    PutRole,
    RemoveStale,
    Right,
    SetupPlan,
    WhoMay,
)
from tgwizard.model.text import sanitize

SUBSCRIPTION = "11111111-2222-4333-8444-555555555555"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-tg-prod"
HOSTILE = [
    'it\'s "quoted" `backticked` \\ and $(touch pwned) ${HOME} !!',
    "two\nlines\r\n# and a third\tmore",
    "<b>bold</b><script>alert(1)</script>&amp;",
    "right\u202eto left\u200f and \u2066isolated",
    "${var.secret} %{ if true }x%{ endif } $${y}",
    "-rf --output EOF\nEOF\n'",
    "n" * 90,
    "an \x1b[31mescape\x1b[0m, a \x07 bell, \u202ea turn\u202c and \u2028 a line",
    "```\n# not a heading\n```",
]
BASH = shutil.which("bash")
PRINCIPAL = "99999999-0000-4000-8000-000000000001"


def hostile_plan(text: str) -> tuple[SetupPlan, Answers]:
    plan, answers = plan_for(GROUP, text), answers_for(GROUP, name=text)
    wanted = replace(plan.role, description=text)
    changes = tuple(
        replace(
            item,
            write=PutRole(wanted) if isinstance(item.write, PutRole) else item.write,
            sentence=f"{item.sentence} {text}",
            note=text,
            right=Right(WhoMay.OTHERS, GROUP, (text,), (text,)),
        )
        for item in plan.changes
    )
    seen = SubscriptionSeen(SUBSCRIPTION, text, SUBSCRIPTION)
    caller = Caller(text, PRINCIPAL, SUBSCRIPTION)
    return replace(plan, changes=changes, role=wanted), replace(answers, subscription=seen, caller=caller)


def with_put(plan: SetupPlan, put: PutRole) -> SetupPlan:
    """The plan with another write of its role."""
    changes = tuple(replace(one, write=put) if isinstance(one.write, PutRole) else one for one in plan.changes)
    return replace(plan, changes=changes, role=put.role)


def stale_plan() -> SetupPlan:
    gone = RoleAssignment(
        ROLE, GROUP, ROLE, PRINCIPAL, PrincipalKind.SERVICE_PRINCIPAL, id=f"{GROUP}/providers/x/roleAssignments/{ROLE}"
    )
    plan = plan_for(GROUP)
    return replace(
        plan, changes=(*plan.changes, change("stale", RemoveStale(gone), GROUP, "Remove a stale assignment"))
    )


@pytest.mark.parametrize("kind", list(ExportKind))
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_that_nothing_in_a_file_can_hide_or_move_in_a_terminal(kind: ExportKind, text: str) -> None:
    for written in (export(kind, *hostile_plan(text)), export(kind, stale_plan(), answers_for(GROUP))):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]", written)


# --- az ---

FAKE_AZ = r"""#!{bash}
printf '%s\0' "$@" >> "{log}"
printf '\n\0' >> "{log}"
case "$*" in
  *"--method get"*) echo 'ERROR: Not Found({"error":{"code":"RoleDefinitionDoesNotExist"}})' >&2; exit 1 ;;
  *"vm identity show"*) echo {principal} ;;
  *"subnet.id"*) echo /the/subnet ;;
  *"applicationSecurityGroups"*) printf '/asg/one\n/asg/two\n' ;;
esac
"""


def run_script(script: str, folder: Path) -> list[list[str]]:
    """Run it with an `az` that writes down what it is asked, word by word."""
    assert BASH is not None
    log, tools = folder / "log", folder / "bin"
    tools.mkdir()
    fake = tools / "az"
    fake.write_text(FAKE_AZ.replace("{bash}", BASH).replace("{log}", str(log)).replace("{principal}", PRINCIPAL))
    fake.chmod(0o755)
    file = folder / "setup.sh"
    file.write_text(script, encoding="utf-8")
    subprocess.run([BASH, "-n", str(file)], check=True)
    environment = {"PATH": f"{tools}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [BASH, str(file)], cwd=folder, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    words = log.read_bytes().decode().split("\0")
    calls: list[list[str]] = [[]]
    for word in words[:-1]:
        if word == "\n":
            calls.append([])
        else:
            calls[-1].append(word)
    return [call for call in calls if call]


def after(call: list[str], flag: str) -> str:
    return call[call.index(flag) + 1]


def check_az(plan: SetupPlan, answers: Answers, folder: Path) -> list[list[str]]:
    """Compare the recorded commands with the plan, argument by argument."""
    calls = run_script(export(ExportKind.AZ, plan, answers), folder)
    assert calls[0] == ["account", "set", "--subscription", SUBSCRIPTION]
    enabled = [after(call, "--ids") for call in calls if call[:3] == ["vm", "identity", "assign"]]
    assert enabled == [item.write.vm.text for item in plan.writing if isinstance(item.write, EnableIdentity)]
    look, put = [call for call in calls if call[0] == "rest"]
    role_id = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{ROLE}"
    assert (after(look, "--method"), after(look, "--url")) == ("get", f"{role_id}?api-version=2022-04-01")
    assert (after(put, "--method"), after(put, "--url")) == ("put", f"{role_id}?api-version=2022-04-01")
    properties = json.loads(after(put, "--body"))["properties"]
    assert properties["roleName"] == plan.role.name
    assert properties["description"] == plan.role.description
    assert tuple(properties["assignableScopes"]) == plan.role.assignable_scopes
    assert tuple(properties["permissions"][0]["actions"]) == plan.role.actions
    given = [
        (after(call, "--role"), after(call, "--scope"), after(call, "--assignee-object-id"))
        for call in calls
        if call[:3] == ["role", "assignment", "create"]
    ]
    wanted = [item.write for item in plan.writing if isinstance(item.write, Assign)]
    assert given == [(role_id, act.scope, PRINCIPAL) for act in wanted]
    looked = [after(call, "--ids") for call in calls if call[:3] == ["vm", "identity", "show"]]
    assert looked == [act.vm.text for act in wanted]
    return calls


def test_that_the_az_script_asks_for_exactly_what_the_plan_says(tmp_path: Path) -> None:
    calls = check_az(plan_for(GROUP), answers_for(GROUP), tmp_path)
    (create,) = [call for call in calls if call[:4] == ["network", "nic", "ip-config", "create"]]
    assert create[4:] == [
        "--resource-group", "rg-tg-prod", "--nic-name", "tg-node-a-inside", "--name", "tg-floating",
        "--private-ip-address", ADDRESS, "--subnet", "/the/subnet",
        "--application-security-groups", "/asg/one", "/asg/two", "--output", "none",
    ]  # fmt: skip
    assert not any("restart" in call for call in calls)


ROLE_IS_THERE = r"""#!{bash}
printf '%s\n' "$*" >> "{log}"
case "$*" in
  *"--method get"*"--output tsv"*) cat "{there}" ;;
esac
"""
TEN = tuple(f"+{action}" for action in plan_for(GROUP).role.actions)


def run_on_role(there: tuple[str, ...], folder: Path) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run the script where the role is there, as its own query tells it; what came of it, and what az was asked."""
    assert BASH is not None
    log, listed, az = folder / "log", folder / "there", folder / "az"
    listed.write_text("\n".join(there) + "\n")
    text = ROLE_IS_THERE.replace("{bash}", BASH).replace("{log}", str(log)).replace("{there}", str(listed))
    az.write_text(text)
    az.chmod(0o755)
    plan = plan_for(GROUP)
    role_alone = replace(plan, changes=tuple(item for item in plan.changes if isinstance(item.write, PutRole)))
    script = export(ExportKind.AZ, role_alone, answers_for(GROUP))
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
    done = subprocess.run([BASH], input=script, env=environment, capture_output=True, text=True, check=False)
    return done, log.read_text()


@pytest.mark.parametrize(
    ("there", "adds"),
    [
        ((GROUP, *TEN, "="), None),
        ((GROUP.upper(), "+MICROSOFT.network/*", "+*/READ", "="), None),
        ((GROUP, "+*", "="), None),
        (("/of/others", "+*", "="), f'assignableScopes: [assignableScopes, `["{GROUP}"]`][]'),
        ((f"{GROUP}-other", f"+{GROUP}", *TEN, "="), f'assignableScopes: [assignableScopes, `["{GROUP}"]`][]'),
        ((GROUP, *TEN[1:], "="), f'actions: [permissions[0].actions || `[]`, `["{TEN[0][1:]}"]`][]'),
        ((GROUP, "+*", "-*/read", "=", *TEN, "="), None),
    ],
)
def test_that_the_az_script_adds_to_a_role_just_what_it_lacks(
    there: tuple[str, ...], adds: str | None, tmp_path: Path
) -> None:
    done, asked = run_on_role(there, tmp_path)
    assert done.returncode == 0, done.stderr
    assert ("--method put" in asked) == (adds is not None)
    assert adds is None or adds in asked


def test_that_the_az_script_stops_where_the_role_takes_an_action_away_on_purpose(tmp_path: Path) -> None:
    done, asked = run_on_role(("/of/others", *TEN, f"-{TEN[1][1:].upper()}", "="), tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "The notActions of this role take away what it is to give the machines:",
        f"  {TEN[1][1:]}",
        f"The role: /subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{ROLE}",
        "Take that out of its notActions and run this again, or plan with a new role in tgwizard and export it.",
    ]
    assert "--method put" not in asked


def test_that_the_az_script_removes_stale_assignments_by_id(tmp_path: Path) -> None:
    calls = run_script(export(ExportKind.AZ, stale_plan(), answers_for(GROUP)), tmp_path)
    (gone,) = [call for call in calls if call[:3] == ["role", "assignment", "delete"]]
    assert after(gone, "--ids").endswith(f"/roleAssignments/{ROLE}")


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_that_hostile_text_reaches_az_unharmed_and_runs_nothing(text: str, tmp_path: Path) -> None:
    check_az(*hostile_plan(text), tmp_path)
    assert not (tmp_path / "pwned").exists()


def test_that_the_head_of_the_script_says_what_it_removes() -> None:
    def head(plan: SetupPlan) -> str:
        return next(line for line in export(ExportKind.AZ, plan, answers_for(GROUP)).splitlines() if "az login" in line)

    def dropping(plan: SetupPlan) -> SetupPlan:
        before = replace(plan.role, assignable_scopes=(*plan.role.assignable_scopes, f"{GROUP}-gone"))
        return with_put(plan, PutRole(plan.role, before))

    rest, stale, scopes = "also when it is run again.", "role assignments whose identity is gone", "assignable scopes"
    assert head(plan_for(GROUP)).endswith(f"It only adds: what is there already stays as it is, {rest}")
    for plan, removed in (
        (stale_plan(), stale),
        (dropping(plan_for(GROUP)), f"{scopes} of the role"),
        (dropping(stale_plan()), f"{stale} and {scopes} of the role"),
    ):
        assert head(plan).endswith(f"It adds, and removes {removed}. All else stays as it is, {rest}")


def test_that_the_script_stops_at_the_first_refusal(tmp_path: Path) -> None:
    script = export(ExportKind.AZ, plan_for(GROUP), answers_for(GROUP))
    assert script.splitlines()[0] == "#!/usr/bin/env bash"
    assert "set -euo pipefail" in script
    assert "--principal" not in script
    assert BASH is not None
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "az").write_text(f"#!{BASH}\necho no >&2\nexit 1\n")
    (tools / "az").chmod(0o755)
    done = subprocess.run(
        [BASH], input=script, env={"PATH": f"{tools}:{os.environ['PATH']}"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == "no\n"


# --- the file for Start from JSON ---


def test_that_the_role_file_is_the_documented_one_with_the_scopes_filled_in() -> None:
    wanted = json.loads(ROLE_JSON)
    wanted["properties"]["assignableScopes"] = [GROUP]
    text = export(ExportKind.ROLE, plan_for(GROUP), answers_for(GROUP))
    # Key by key and in the same order: as text.
    assert text == json.dumps(wanted, indent=4) + "\n"
    checklist = export(ExportKind.PORTAL, plan_for(GROUP), answers_for(GROUP))
    assert text in checklist
    assert "azure-custom-role-sample.json" in checklist
    assert text in export(ExportKind.REQUEST, plan_for(GROUP), answers_for(GROUP))


def test_that_the_role_file_of_a_built_in_role_is_trustgrids() -> None:
    plan = plan_for(GROUP)
    built_in = replace(plan.role, kind=RoleKind.BUILT_IN, name="Network Contributor", assignable_scopes=("/",))
    document = json.loads(export(ExportKind.ROLE, replace(plan, role=built_in), answers_for(GROUP)))
    assert document["properties"]["roleName"] == "tg-cluster-ip-failover"
    assert document["properties"]["assignableScopes"] == [GROUP]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_that_hostile_text_is_only_text_in_the_role_file(text: str) -> None:
    document = json.loads(export(ExportKind.ROLE, *hostile_plan(text)))
    assert document["properties"]["roleName"] == text


# --- a cluster that is finished ---


@pytest.mark.parametrize("kind", [kind for kind in ExportKind if kind is not ExportKind.ROLE])
def test_that_exports_of_a_finished_cluster_order_nothing(kind: ExportKind) -> None:
    plan = plan_for(GROUP)
    done = tuple(replace(item, kind=ChangeKind.RIGHT) for item in plan.changes if item.key != "restart")
    text = export(kind, replace(plan, changes=done), answers_for(GROUP))
    assert "estart" not in text.replace("restarted", "")
    assert "0 changes" not in text
    if kind is not ExportKind.TERRAFORM:
        assert re.search("everything is there already", text, re.IGNORECASE)
    assert not re.search("^(az vm|role '|give|place)", text, re.MULTILINE)


# --- Terraform ---


def unquoted(value: str) -> str:
    """What an HCL string literal without templates means."""
    assert value[0] == value[-1] == '"', value
    body = value[1:-1]
    assert not re.search(r"(?<!\$)\$\{|(?<!%)%\{", body.replace("$${", "").replace("%%{", ""))
    short = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}

    def one(match: re.Match[str]) -> str:
        code = match.group(1)
        return short[code] if code in short else chr(int(code[1:], 16))

    text = re.sub(r'\\(u[0-9a-f]{4}|U[0-9a-f]{8}|["\\nrt])', one, body)
    return text.replace("$${", "${").replace("%%{", "%{")


def resources(text: str, kind: str = "resource") -> dict[tuple[str, str], dict[str, Any]]:
    found = {}
    for block in hcl2.loads(text).get(kind, []):
        for of, named in block.items():
            if of == "__is_block__":
                continue
            for name, body in named.items():
                found[(of.strip('"'), name.strip('"'))] = body
    return found


def check_terraform(plan: SetupPlan, answers: Answers) -> None:
    text = export(ExportKind.TERRAFORM, plan, answers)
    found = resources(text)
    machines = resources(text, "data")
    role = found.pop(("azurerm_role_definition", "failover"))
    assert unquoted(role["name"]) == plan.role.name
    assert unquoted(role["description"]) == plan.role.description
    assert unquoted(role["role_definition_id"]) == plan.role.guid
    assert tuple(unquoted(scope) for scope in role["assignable_scopes"]) == plan.role.assignable_scopes
    (permissions,) = role["permissions"]
    assert tuple(unquoted(action) for action in permissions["actions"]) == plan.role.actions
    assert permissions["data_actions"] == permissions["not_actions"] == permissions["not_data_actions"] == []
    identities = [body for (kind, _), body in found.items() if kind == "azapi_update_resource"]
    assert [unquoted(body["resource_id"]) for body in identities] == [
        item.write.vm.text for item in plan.writing if isinstance(item.write, EnableIdentity)
    ]
    assigned = []
    for (kind, _), body in found.items():
        if kind == "azurerm_role_assignment":
            machine = re.fullmatch(
                r"\$\{data\.azurerm_virtual_machine\.(\w+)\.identity\[0\]\.principal_id\}", body["principal_id"]
            )
            assert machine is not None
            data = machines[("azurerm_virtual_machine", machine.group(1))]
            assert body["role_definition_id"] == "${azurerm_role_definition.failover.role_definition_resource_id}"
            assert unquoted(body["principal_type"]) == "ServicePrincipal"
            group, name = unquoted(data["resource_group_name"]), unquoted(data["name"])
            assigned.append((f"{group}/{name}", unquoted(body["scope"])))
    wanted = [item.write for item in plan.writing if isinstance(item.write, Assign)]
    assert assigned == [(f"{act.vm.group}/{act.vm.name}", act.scope) for act in wanted]


def test_that_terraform_has_exactly_the_resources_of_the_plan() -> None:
    check_terraform(plan_for(GROUP), answers_for(GROUP))


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_that_hostile_text_reaches_terraform_unharmed(text: str) -> None:
    check_terraform(*hostile_plan(text))


@given(st.text(st.characters(codec="utf-8"), max_size=60))
@settings(max_examples=100)
def test_that_any_text_survives_as_an_hcl_string(text: str) -> None:
    assert unquoted(terraform.quote(text)) == text
    assert "\n" not in terraform.quote(text)


def test_that_a_role_that_is_updated_is_imported_first() -> None:
    plan = plan_for(GROUP)
    before = replace(plan.role, permissions=())
    changes = tuple(
        replace(item, write=PutRole(plan.role, before)) if isinstance(item.write, PutRole) else item
        for item in plan.changes
    )
    text = export(ExportKind.TERRAFORM, replace(plan, changes=changes), answers_for(GROUP))
    (imported,) = hcl2.loads(text)["import"]
    assert unquoted(imported["id"]) == (
        f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{ROLE}|{GROUP}"
    )
    assert imported["to"] == "${azurerm_role_definition.failover}"


def test_that_a_role_that_stays_is_named_by_its_id() -> None:
    plan = plan_for(GROUP)
    kept = tuple(item for item in plan.changes if not isinstance(item.write, PutRole))
    text = export(ExportKind.TERRAFORM, replace(plan, changes=kept), answers_for(GROUP))
    found = [body for (kind, _), body in resources(text).items() if kind == "azurerm_role_assignment"]
    assert {unquoted(body["role_definition_id"]).rsplit("/", 1)[-1] for body in found} == {ROLE}


def test_that_two_machines_whose_names_look_alike_keep_names_of_their_own() -> None:
    plan = plan_for(GROUP, vms=("node.a", "node_a"))
    machines = resources(export(ExportKind.TERRAFORM, plan, answers_for(GROUP)), "data")
    assert {unquoted(body["name"]) for body in machines.values()} == {"node.a", "node_a"}


def test_that_user_assigned_identities_stay_beside_the_new_one() -> None:
    plan = plan_for(GROUP)
    kept = tuple(
        replace(item, write=EnableIdentity(item.write.vm, ("/some/identity",)))
        if isinstance(item.write, EnableIdentity)
        else item
        for item in plan.changes
    )
    text = export(ExportKind.TERRAFORM, replace(plan, changes=kept), answers_for(GROUP))
    assert '"SystemAssigned, UserAssigned"' in text


# --- portal ---


class _Page(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.names: list[str] = []
        self.text = ""
        self._in_name = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "bdi":
            self._in_name = True
            self.names.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "bdi":
            self._in_name = False

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._in_name:
            self.names[-1] += data


def page_of(plan: SetupPlan, answers: Answers) -> _Page:
    page = _Page()
    page.feed(export(ExportKind.PORTAL_HTML, plan, answers))
    return page


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_that_hostile_text_is_only_text_on_the_page(text: str) -> None:
    page = page_of(*hostile_plan(text))
    assert page.tags <= {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "ol", "li", "bdi", "pre"}
    assert page.attributes <= {"charset", "http-equiv", "content", "lang"}
    assert sanitize(text) in page.names


def test_that_the_page_loads_nothing() -> None:
    text = export(ExportKind.PORTAL_HTML, plan_for(GROUP), answers_for(GROUP))
    assert not re.search(r"src=|href=|url\(|@import|https?:", text)
    assert "default-src 'none'" in text


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_that_hostile_text_is_only_code_spans_in_markdown(text: str) -> None:
    markdown = export(ExportKind.PORTAL, *hostile_plan(text))
    lines, inside = [], False
    for line in markdown.splitlines():
        if line.startswith("```"):
            inside = not inside
        elif not inside:
            lines.append(line)
    assert not inside
    assert all(
        re.match(r"(# Floating|## [A-Z]|- \[ \] \d+\. |    - \[ \] \d+\.\d+ |Subscription: |$)", line) for line in lines
    ), lines
    bare = re.sub(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", "", "\n".join(lines))
    assert not re.search(r"[<>`$\u202e\u200f\\]", bare), bare


def test_that_the_checklist_has_the_single_clicks_and_the_whole_subscription() -> None:
    text = " ".join(page_of(plan_for(GROUP), answers_for(GROUP)).text.replace("\u2610", " ").split())
    for words in (
        "select Add assignable scopes: From Type select Resource group. From Subscription select Trustgrid Production",
        "In Select search for rg-tg-prod and select it. Click Select.",
        "Instead of resource groups, the whole subscription",
        "Select members: From Managed identity select Virtual machine. Select tg-node-a in rg-tg-prod. Click Select.",
        "Select members: From Managed identity select Virtual machine. Select tg-node-b in rg-tg-prod. Click Select.",
        "Select Review + assign, and Review + assign once more.",
    ):
        assert words in text
    markdown = export(ExportKind.PORTAL, plan_for(GROUP), answers_for(GROUP))
    assert re.search(r"^    - \[ \] \d+\.1 From Type select Resource group\.$", markdown, re.MULTILINE)


def test_that_a_role_for_the_whole_subscription_is_offered_no_other_instead_of_groups() -> None:
    plan, scope = plan_for(GROUP), f"/subscriptions/{SUBSCRIPTION}"
    wide = replace(plan.role, assignable_scopes=(scope,))
    text = page_of(with_put(plan, PutRole(wide)), answers_for(GROUP)).text
    assert "From Type select Subscription." in text
    assert "Instead of resource groups" not in text


def test_that_a_further_group_is_done_as_the_first_one_was() -> None:
    plan = plan_for(GROUP)
    other = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-network"
    more = tuple(
        replace(item, key=f"{item.key}-2", write=replace(item.write, scope=other))
        for item in plan.changes
        if isinstance(item.write, Assign)
    )
    text = page_of(replace(plan, changes=(*plan.changes, *more)), answers_for(GROUP)).text
    assert text.count("Add role assignment") == 1
    assert "Repeat the steps for rg-tg-prod, starting at Access control (IAM)." in text
    assert "Or once on the whole subscription" in text
    wide = replace(plan, changes=tuple(item for item in plan.changes if not isinstance(item.write, Assign)))
    assert "Or once on the whole subscription" not in page_of(wide, answers_for(GROUP)).text


def test_that_the_checklist_follows_the_brief_with_every_name_filled_in() -> None:
    page = page_of(plan_for(GROUP), answers_for(GROUP))
    wanted = ["tg-node-a", "tg-node-b", "rg-tg-prod", "tg-cluster-ip-failover", ADDRESS, "tg-floating", GROUP]
    assert set(wanted) <= set(page.names)
    for words in ("Start from JSON", "Add role assignment", "Managed identity", "Review + assign", "Restart"):
        assert words in page.text
    assert page.text.index("Turn on the identity") < page.text.index("Create the custom role")
    assert page.text.index("Create the custom role") < page.text.index("Give the role on")
    # The standby restarts first.
    assert page.text.rindex("Open tg-node-b") < page.text.rindex("Open tg-node-a")


def test_that_the_json_of_the_checklist_is_what_start_from_json_takes() -> None:
    markdown = export(ExportKind.PORTAL, plan_for(GROUP), answers_for(GROUP))
    found = re.search(r"```json\n(.*?)\n```", markdown, re.DOTALL)
    assert found is not None
    properties = json.loads(found.group(1))["properties"]
    assert properties["roleName"] == "tg-cluster-ip-failover"
    assert len(properties["permissions"][0]["actions"]) == 10


# --- request ---


def test_that_the_request_asks_only_for_what_others_must_do() -> None:
    plan = plan_for(GROUP)
    right = Right(WhoMay.OTHERS, GROUP, ("Microsoft.Authorization/roleDefinitions/write",), ("Owner",))
    changes = tuple(replace(item, right=right) if item.key == "role" else item for item in plan.changes)
    letter = export(ExportKind.REQUEST, replace(plan, changes=changes), answers_for(GROUP))
    assert "1 change has" in letter
    assert "Microsoft.Authorization/roleDefinitions/write" in letter
    assert "Whoever does this needs: Owner." in letter
    assert "Turn on the identity" not in letter
    assert "may not make" in letter
    mine = tuple(replace(change, right=Right(WhoMay.YOU)) for change in plan.changes)
    assert "may not make" not in export(ExportKind.REQUEST, replace(plan, changes=mine), answers_for(GROUP))


def test_that_somebody_can_act_on_the_request_without_asking_back() -> None:
    plan = plan_for(GROUP)
    letter = export(ExportKind.REQUEST, plan, answers_for(GROUP))
    for action in plan.role.actions:
        assert f"\n   {action}\n" in letter
    assert f"It is given to the machines' system-assigned identities on:\n   {GROUP}\n" in letter
    assert '"roleName": "tg-cluster-ip-failover"' in letter
    flat = " ".join(letter.split())
    assert "each machine has to restart once to use its new rights: tg-node-b first" in flat
    assert "and when it is healthy again tg-node-a" in flat


def test_that_the_request_offers_what_the_formats_say_of_themselves() -> None:
    flat = " ".join(export(ExportKind.REQUEST, plan_for(GROUP), answers_for(GROUP)).split())
    assert "tgwizard can export the same as an Azure CLI script, as Terraform, or as a checklist for the portal" in flat
    offered = [made.offered for made in FORMATS.values() if made.offered]
    assert len(offered) == 3
    assert all(words in flat for words in offered)


def test_that_the_request_for_assignments_alone_names_the_role_and_has_no_file() -> None:
    plan = plan_for(GROUP)
    kept = tuple(item for item in plan.changes if not isinstance(item.write, PutRole))
    letter = export(ExportKind.REQUEST, replace(plan, changes=kept), answers_for(GROUP))
    assert "The role tg-cluster-ip-failover grants these actions" in letter
    assert '"roleName"' not in letter


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_that_hostile_text_cannot_forge_a_line_of_the_request(text: str) -> None:
    letter = export(ExportKind.REQUEST, *hostile_plan(text))
    assert letter.count("Subject:") == 1
    assert not re.search("[\u202e\u200f\u2066\r\t]", letter)


# --- all ---


def test_that_each_format_has_words_and_a_safe_file_name() -> None:
    assert set(FORMATS) == set(ExportKind)
    for kind in ExportKind:
        name = file_name(kind, answers_for(GROUP, name='../<b>"$(x)\n'))
        assert re.fullmatch(r"[A-Za-z0-9._-]+", name)
        assert not name.startswith((".", "-"))
        assert FORMATS[kind].title
        assert FORMATS[kind].use


def test_that_quoting_is_shells_own() -> None:
    role: RoleDefinition = plan_for(GROUP, HOSTILE[0]).role
    script = export(ExportKind.AZ, replace(plan_for(GROUP), role=role), answers_for(GROUP))
    assert shlex.split(script.splitlines()[-1])[0] == "printf"
    assert ResourceId(GROUP).text in script


def test_that_the_planner_tells_the_export_of_user_assigned_identities() -> None:
    inventory = world(principals=("", ""))
    mine = ("/some/identity",)
    vms = tuple(replace(vm, identity=VmIdentity(IdentityKind.USER, "", mine)) for vm in inventory.vms[:2])
    caller_facts = facts(replace(inventory, vms=vms))
    rows = [identity_change(vm, caller_facts, None).write for vm in vms]
    assert [row.user_assigned for row in rows if isinstance(row, EnableIdentity)] == [mine, mine]

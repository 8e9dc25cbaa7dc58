"""The real az against a lab in a process of its own, unmodified: every call that a set-up or a failover by hand makes.

az is 733 MB and no dependency of ours. The tests skip without it: `packaging/dev test --with-az` installs and uses it;
or put `az` on the PATH, or its path into TGWIZARD_AZ.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

AZ = os.environ.get("TGWIZARD_AZ") or shutil.which("az")
NO_AZ = "no az: packaging/dev test --with-az installs one for the tests; or put az on the PATH, its path in TGWIZARD_AZ"
GROUP, VM_A, VM_B, APP = "rg-tg-prod", "tg-node-a", "tg-node-b", "vm-app-01"
NIC_A, NIC_B = f"{VM_A}-inside", f"{VM_B}-inside"
READY_WITHIN_S, AZ_WITHIN_S = 30, 120

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(AZ is None, reason=NO_AZ),
]


@dataclass
class Az:
    """az in an environment of its own."""

    environment: Mapping[str, str]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, whatever the end is."""
        return subprocess.run(
            [AZ or "az", *words],
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=AZ_WITHIN_S,
            check=False,
        )

    def __call__(self, *words: str) -> Any:
        """Run a command that must succeed and return what it printed."""
        done = self.run(*words)
        assert done.returncode == 0, f"az {' '.join(words)}\n{done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    def refused(self, *words: str) -> str:
        """Run a command that Azure must refuse and return what az says about it."""
        done = self.run(*words)
        assert done.returncode != 0
        return done.stderr

    def and_also(self, **more: str) -> Az:
        """Return az with more in its environment."""
        return Az({**self.environment, **more})


@dataclass
class RunningLab:
    """`tgwizard lab run`, and what `lab env` says about it."""

    directory: Path
    arm: str
    environment: Mapping[str, str]

    @property
    def subscription(self) -> str:
        return f"/subscriptions/{self.environment['AZURE_SUBSCRIPTION_ID']}"

    @property
    def group(self) -> str:
        return f"{self.subscription}/resourceGroups/{GROUP}"


def clean_environment() -> dict[str, str]:
    """The environment without proxies and without the user's own Azure."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(("AZURE_", "IDENTITY_", "ARM_"))
        and not name.upper().endswith("_PROXY")
        and name not in {"REQUESTS_CA_BUNDLE", "MSI_ENDPOINT"}
    }


def tgwizard(*words: str) -> list[str]:
    return [sys.executable, "-m", "tgwizard", *words]


def lab_env(directory: Path, *words: str) -> dict[str, str]:
    command = tgwizard("lab", "env", *words, "--lab-dir", str(directory), "--json")
    done = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, timeout=240, check=True)
    environment: dict[str, str] = json.loads(done.stdout)["environment"]
    return {**clean_environment(), **environment}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    directory = tmp_path_factory.mktemp("lab")
    command = tgwizard("lab", "run", "--latency", "instant", "--scenario", "ready", "--lab-dir", str(directory))
    with subprocess.Popen(
        command, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            yield RunningLab(directory, ready["arm"], lab_env(directory))
        finally:
            process.terminate()
            process.communicate(timeout=READY_WITHIN_S)


@pytest.fixture(scope="module")
def az(lab: RunningLab) -> Az:
    """The az that `eval "$(tgwizard lab env)"` leaves: signed in, without a login."""
    return Az(lab.environment)


@pytest.fixture
def member(lab: RunningLab) -> Az:
    """The az of the first VM, signed in as its identity."""
    member = Az(lab_env(lab.directory, "--vm", VM_A))
    (account,) = member("login", "--identity")
    assert account["user"]["type"] == "servicePrincipal"
    return member


def addresses(az: Az, nic: str) -> dict[str, str]:
    found = az("network", "nic", "show", "-g", GROUP, "-n", nic)
    return {item["name"]: item["privateIPAddress"] for item in found["ipConfigurations"]}


def test_that_az_registers_the_lab_as_a_cloud_and_signs_in_by_service_principal(
    lab: RunningLab, tmp_path: Path
) -> None:
    told = lab.environment
    az = Az({**told, "AZURE_CONFIG_DIR": str(tmp_path)})
    az("cloud", "register", "-n", "mylab", "--endpoint-resource-manager", lab.arm)
    az("cloud", "set", "-n", "mylab")
    login = ["login", "--service-principal", "-u", told["AZURE_CLIENT_ID"], "--tenant", told["AZURE_TENANT_ID"]]
    wrong = az.refused(*login, "--password=not-the-secret")
    assert "AADSTS7000215: Invalid client secret provided" in wrong
    (account,) = az(*login, f"--password={told['AZURE_CLIENT_SECRET']}")
    assert account["tenantId"] == told["AZURE_TENANT_ID"]
    assert [item["name"] for item in az("group", "list")] == [GROUP]


def test_that_a_shell_needs_one_line(lab: RunningLab) -> None:
    command = " ".join(shlex.quote(word) for word in tgwizard("lab", "env", "--lab-dir", str(lab.directory)))
    script = f'eval "$({command})" && {shlex.quote(AZ or "az")} group list --query "[].name" -o tsv'
    done = subprocess.run(
        ["bash", "-c", script],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=AZ_WITHIN_S,
        check=False,
    )
    assert (done.stdout.split(), done.returncode) == ([GROUP], 0), done.stderr


def test_that_az_reads_groups_vms_and_nics(az: Az) -> None:
    assert [item["name"] for item in az("group", "list")] == [GROUP]
    assert {item["name"] for item in az("vm", "list")} == {VM_A, VM_B, APP}
    assert {NIC_A, NIC_B} <= {item["name"] for item in az("network", "nic", "list", "-g", GROUP)}
    view = az("vm", "get-instance-view", "-g", GROUP, "-n", VM_A)
    assert [item["code"] for item in view["instanceView"]["statuses"]] == [
        "ProvisioningState/succeeded",
        "PowerState/running",
    ]
    assert az("lock", "list") == []
    assert az("provider", "show", "-n", "Microsoft.Network")["registrationState"] == "Registered"
    assert az("account", "show")["name"] == "Trustgrid Production"


def test_that_az_moves_the_floating_ip(az: Az) -> None:
    where = ["network", "nic", "ip-config"]
    assert addresses(az, NIC_A)["tg-floating"] == "10.20.2.50"
    az(*where, "delete", "-g", GROUP, "--nic-name", NIC_A, "-n", "tg-floating")
    assert "tg-floating" not in addresses(az, NIC_A)
    more = ["--private-ip-address", "10.20.2.50", "--application-security-groups", "asg-tg-nodes"]
    az(*where, "create", "-g", GROUP, "--nic-name", NIC_B, "-n", "tg-floating", *more)
    assert addresses(az, NIC_B)["tg-floating"] == "10.20.2.50"
    taken = az.refused(*where, "create", "-g", GROUP, "--nic-name", NIC_A, "-n", "tg-floating", *more)
    assert "(PrivateIPAddressIsAllocated)" in taken
    check = ["network", "vnet", "check-ip-address", "-g", GROUP, "-n", "vnet-dal-prod", "--ip-address"]
    assert az(*check, "10.20.2.50")["available"] is False
    assert az(*check, "10.20.2.99")["available"] is True
    assert "(PrivateIPAddressNotInAnySubnet)" in az.refused(*check, "10.99.0.4")
    az(*where, "delete", "-g", GROUP, "--nic-name", NIC_B, "-n", "tg-floating")
    az(*where, "create", "-g", GROUP, "--nic-name", NIC_A, "-n", "tg-floating", *more)


def test_that_az_makes_assigns_lists_and_removes_a_role(az: Az, lab: RunningLab, tmp_path: Path) -> None:
    name = f"role-{uuid.uuid4()}"
    file = tmp_path / "role.json"
    body = {
        "Name": name,
        "Description": "one action",
        "Actions": ["Microsoft.Network/networkInterfaces/read"],
        "AssignableScopes": [lab.group],
    }
    file.write_text(json.dumps(body))
    made = az("role", "definition", "create", "--role-definition", f"@{file}")
    assert (made["roleName"], made["roleType"]) == (name, "CustomRole")
    listed = az("role", "definition", "list", "-n", name, "--scope", lab.group)
    assert [item["name"] for item in listed] == [made["name"]]
    identity = az("vm", "identity", "show", "-g", GROUP, "-n", VM_B)["principalId"]
    by_id = ["--assignee-object-id", identity, "--assignee-principal-type", "ServicePrincipal"]
    where = ["--role", name, "--scope", lab.group]
    given = az("role", "assignment", "create", *by_id, *where)
    assert (given["principalId"], given["scope"]) == (identity, lab.group)
    shown = az("role", "assignment", "list", "--scope", lab.group, "--assignee", identity)
    assert name in {item["roleDefinitionName"] for item in shown}
    assert "(RoleDefinitionHasAssignments)" in az.refused(
        "role", "definition", "delete", "-n", name, "--scope", lab.group
    )
    az("role", "assignment", "delete", "--assignee", identity, *where)
    az("role", "definition", "delete", "-n", name, "--scope", lab.group)
    assert az("role", "definition", "list", "-n", name, "--scope", lab.group) == []
    body["Actions"] = ["Microsoft.Network/teapots/read"]
    file.write_text(json.dumps(body))
    assert "(InvalidActionOrNotAction)" in az.refused("role", "definition", "create", "--role-definition", f"@{file}")


def test_that_az_finds_the_assignee_in_the_directory(az: Az, lab: RunningLab) -> None:
    client = lab.environment["AZURE_CLIENT_ID"]
    words = ["--assignee", client, "--role", "Reader", "--scope", lab.group]
    assert az("role", "assignment", "create", *words)["principalType"] == "ServicePrincipal"
    names = {item["principalName"] for item in az("role", "assignment", "list", "--all")}
    assert {client, "operator@lab.example", "reader@lab.example"} <= names
    az("role", "assignment", "delete", *words)


def test_that_az_gives_a_vm_its_identity_and_restarts_it(az: Az) -> None:
    given = az("vm", "identity", "assign", "-g", GROUP, "-n", APP)["systemAssignedIdentity"]
    assert az("vm", "identity", "show", "-g", GROUP, "-n", APP)["principalId"] == given
    az("vm", "identity", "remove", "-g", GROUP, "-n", APP)
    assert az("vm", "identity", "assign", "-g", GROUP, "-n", APP)["systemAssignedIdentity"] != given
    az("vm", "restart", "-g", GROUP, "-n", APP)


def test_that_az_rest_reaches_everything_else(az: Az, lab: RunningLab) -> None:
    url = f"{lab.group}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01"
    assert az("rest", "--method", "get", "--url", url)["value"][0]["actions"] == ["*"]


def test_that_a_member_may_read_its_nic_and_is_refused_in_azures_own_sentence(member: Az, lab: RunningLab) -> None:
    nic = member("network", "nic", "show", "-g", GROUP, "-n", NIC_A)
    assert nic["provisioningState"] == "Succeeded"
    refused = member.refused("vm", "restart", "-g", GROUP, "-n", VM_B)
    assert "(AuthorizationFailed) The client '" in refused
    assert (
        "does not have authorization to perform action 'Microsoft.Compute/virtualMachines/restart/action' over scope "
        f"'{lab.group}/providers/Microsoft.Compute/virtualMachines/{VM_B}' or the scope is invalid. If access was "
        "recently granted, please refresh your credentials."
    ) in refused
    check = ["network", "vnet", "check-ip-address", "-g", GROUP, "-n", "vnet-dal-prod", "--ip-address", "10.20.2.60"]
    assert "Microsoft.Network/virtualNetworks/checkIpAddressAvailability/read" in member.refused(*check)


def test_that_a_member_signs_in_by_the_metadata_service_as_well(lab: RunningLab) -> None:
    told = lab_env(lab.directory, "--vm", VM_B)
    place = told.pop("IDENTITY_ENDPOINT").removesuffix("/msi/token")
    authority = f"{place}/{told.pop('IDENTITY_HEADER')}"
    member = Az({**told, "AZURE_POD_IDENTITY_AUTHORITY_HOST": authority})
    (account,) = member("login", "--identity")
    assert account["user"]["assignedIdentityInfo"] == "MSI"


def test_that_az_writes_a_security_rule(az: Az) -> None:
    where = ["-g", GROUP, "--nsg-name", "nsg-tg-inside"]
    ports = ["--priority", "300", "--destination-port-ranges", "1975", "9000", "--protocol", "Tcp"]
    made = az("network", "nsg", "rule", "create", *where, "-n", "heartbeat-wan", *ports)
    assert (made["provisioningState"], made["destinationPortRanges"]) == ("Succeeded", ["1975", "9000"])
    assert "heartbeat-wan" in {item["name"] for item in az("network", "nsg", "rule", "list", *where)}
    taken = az.refused("network", "nsg", "rule", "create", *where, "-n", "another", *ports)
    assert "(SecurityRuleConflict)" in taken
    az("network", "nsg", "rule", "delete", *where, "-n", "heartbeat-wan")
    assert "heartbeat-wan" not in {item["name"] for item in az("network", "nsg", "rule", "list", *where)}


def sign_in_code(directory: Path) -> str:
    """What the lab's page asks whoever comes with an az of his own."""
    command = tgwizard("lab", "show", "--lab-dir", str(directory), "--json")
    done = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, timeout=240, check=True)
    found: str = json.loads(done.stdout)["lab"]["sign_in_code"]
    return found


def test_that_a_person_signs_az_in_with_a_device_code(lab: RunningLab, tmp_path: Path) -> None:
    told = {name: value for name, value in lab.environment.items() if name != "AZURE_CLIENT_SECRET"}
    az = Az({**told, "AZURE_CONFIG_DIR": str(tmp_path)})
    az("cloud", "register", "-n", "mylab", "--endpoint-resource-manager", lab.arm)
    az("cloud", "set", "-n", "mylab")
    az("config", "set", "core.login_experience_v2=off", "core.instance_discovery=false")
    command = [AZ or "az", "login", "--use-device-code", "--tenant", told["AZURE_TENANT_ID"]]
    with subprocess.Popen(
        command, env=dict(az.environment), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as login:
        assert login.stderr is not None
        told_by_az = next(line for line in login.stderr if "enter the code" in line)
        code = told_by_az.split("enter the code ")[1].split()[0]
        with requests.Session() as browser:
            browser.trust_env = False
            browser.verify = lab.environment["REQUESTS_CA_BUNDLE"]
            page = browser.post(f"{lab.arm}/devicelogin", data={"otc": code}, timeout=30).text
            ticket = page.split('name="ticket" value="')[1].split('"')[0]
            answer = {"ticket": ticket, "answer": "sign-in", "lab_code": sign_in_code(lab.directory)}
            done = browser.post(f"{lab.arm}/devicelogin", data=answer, timeout=30)
            if "You have signed in" not in done.text:
                login.kill()
            assert "You have signed in" in done.text
        printed, _ = login.communicate(timeout=AZ_WITHIN_S)
    (account,) = json.loads(printed)
    assert account["user"] == {"name": "operator@lab.example", "type": "user"}
    assert az("group", "list")[0]["name"] == GROUP
    assert az("ad", "signed-in-user", "show")["userPrincipalName"] == "operator@lab.example"

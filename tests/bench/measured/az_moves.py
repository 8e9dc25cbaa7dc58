"""The real az as a contender: what an admin types to move a floating IP by hand, unmodified, in processes of its own.

az is no dependency of ours: its path is in TGWIZARD_AZ, or it is on the PATH; without it the bench says so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Any

from tests.bench.measured.stage import Stage
from tgwizard.lab.fronts import client_access
from tgwizard.model.cluster import Member

VARIABLE = "TGWIZARD_AZ"
_WITHIN_S = 180.0


def program() -> str | None:
    """Where az is; None where it is not."""
    return os.environ.get(VARIABLE) or shutil.which("az")


class Az:
    """az, signed in to the stage's lab as its service principal."""

    def __init__(self, path: str, stage: Stage) -> None:
        """Write az's folder; nothing is asked yet."""
        self._path, self._stage = path, stage
        assert stage.ca is not None
        access = stage.lab.client_access(stage.base_url)
        own = client_access.prepare(stage.ca.parent, access, stage.ca, "")
        foreign = ("AZURE_", "IDENTITY_", "ARM_", "MSI_")
        kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(foreign)}
        self._environment = {name: value for name, value in kept.items() if not name.upper().endswith("_PROXY")} | own

    def warm_up(self) -> None:
        """The first call of az compiles it; that is not what is measured."""
        self._run("account", "show")

    def delete_and_create(self, to: Member) -> None:
        """Two commands: take the configuration off one interface, put it on the other."""
        setup = self._stage.setup
        losing = setup.other(to).nic
        name = self._configuration(setup.other(to))
        primary: Any = self._items(to)[0]["properties"]
        self._run(
            *("network", "nic", "ip-config", "delete", "--resource-group", losing.group),
            *("--nic-name", losing.name, "--name", name),
        )
        groups = [item["id"] for item in primary.get("applicationSecurityGroups", [])]
        self._run(
            *("network", "nic", "ip-config", "create", "--resource-group", to.nic.group, "--nic-name", to.nic.name),
            *("--name", setup.ip_configuration, "--private-ip-address", str(setup.address)),
            *("--subnet", setup.subnet.text),
            *(("--application-security-groups", *groups) if groups else ()),
        )

    def move(self, to: Member) -> None:
        """One command, a preview of az's own."""
        setup = self._stage.setup
        losing = setup.other(to)
        source = f"{losing.nic.text}/ipConfigurations/{self._configuration(losing)}"
        target = f"{to.nic.text}/ipConfigurations/{setup.ip_configuration}"
        vnet = setup.subnet
        self._run(
            *("network", "vnet", "move-ip-configurations", "--resource-group", vnet.group),
            *("--name", vnet.parent_name, "--move-ip-configuration-items"),
            f"[0].source-ip-configuration.id={source}",
            f"[0].target-ip-configuration.id={target}",
        )

    def _configuration(self, member: Member) -> str:
        for item in self._items(member):
            if item["properties"]["privateIPAddress"] == str(self._stage.setup.address):
                return str(item["name"])
        raise LookupError(f"{member.name} does not have the address")

    def _items(self, member: Member) -> list[Any]:
        """From the lab itself: what an admin would know by heart costs az no call."""
        resource = self._stage.lab.resource(member.nic.text) or {}
        found: list[Any] = resource["properties"]["ipConfigurations"]
        return found

    def _run(self, *words: str) -> None:
        done = subprocess.run(
            [self._path, *words, "--only-show-errors"],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=_WITHIN_S,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"az {' '.join(words[:4])}: {done.stderr.strip()[-500:]}")

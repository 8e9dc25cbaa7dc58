"""What az and other clients are given: a folder of their own, an environment, secrets only the owner can read."""

from __future__ import annotations

import configparser
import json
from pathlib import Path

import pytest
from azure.identity import ClientSecretCredential

from tests.lab.bench import Bench
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.fronts.client_access import ClientAccess, UnknownVm, prepare
from tgwizard.lab.storage.lab_folder import open_lab

URL = "https://localhost:4711"


@pytest.fixture
def access(bench: Bench) -> ClientAccess:
    return bench.lab.client_access(URL)


def test_that_az_finds_cloud_profile_and_secret(access: ClientAccess, tmp_path: Path) -> None:
    environment = prepare(tmp_path, access, tmp_path / "ca.pem", "")
    folder = Path(environment["AZURE_CONFIG_DIR"])
    clouds = configparser.ConfigParser()
    clouds.read(folder / "clouds.config")
    assert clouds["lab"]["endpoint_resource_manager"] == URL
    assert clouds["lab"]["endpoint_active_directory"] == URL
    config = configparser.ConfigParser()
    config.read(folder / "config")
    assert config["cloud"]["name"] == "lab"
    assert config["core"]["instance_discovery"] == "false"
    (subscription,) = json.loads((folder / "azureProfile.json").read_text())["subscriptions"]
    assert (subscription["id"], subscription["environmentName"], subscription["isDefault"]) == (
        access.subscription,
        "lab",
        True,
    )
    (entry,) = json.loads((folder / "service_principal_entries.json").read_text())
    assert entry == {
        "client_id": access.client_id,
        "tenant": access.tenant,
        "client_secret": access.client_secret,
    }
    assert subscription["user"] == {"name": access.client_id, "type": "servicePrincipal"}


def test_that_only_the_owner_reads_the_folder(access: ClientAccess, tmp_path: Path) -> None:
    folder = Path(prepare(tmp_path, access, tmp_path / "ca.pem", "")["AZURE_CONFIG_DIR"])
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_that_a_proxy_never_gets_loopback_traffic(access: ClientAccess, tmp_path: Path) -> None:
    said = prepare(tmp_path, access, tmp_path / "ca.pem", "intranet,localhost")
    assert said["NO_PROXY"] == said["no_proxy"] == "intranet,localhost,127.0.0.1"


def test_that_a_vm_gets_its_own_endpoint_and_no_secret_of_the_service_principal(bench: Bench, tmp_path: Path) -> None:
    access = bench.lab.client_access(URL, "tg-node-a")
    said = prepare(tmp_path, access, tmp_path / "ca.pem", "")
    assert said["IDENTITY_ENDPOINT"].startswith(f"{URL}/")
    assert said["IDENTITY_HEADER"]
    assert "AZURE_CLIENT_SECRET" not in said
    folder = Path(said["AZURE_CONFIG_DIR"])
    assert sorted(path.name for path in folder.iterdir()) == ["clouds.config", "config"]
    assert folder != Path(prepare(tmp_path, bench.lab.client_access(URL), tmp_path, "")["AZURE_CONFIG_DIR"])
    with pytest.raises(UnknownVm):
        bench.lab.client_access(URL, "absent")


def test_that_the_secret_signs_the_real_sdk_in(tmp_path: Path) -> None:
    with open_lab(tmp_path, clock=VirtualClock()) as lab:
        assert lab.arm_url.startswith("https://localhost:")
        access = lab.lab.client_access(lab.arm_url)  # type: ignore[union-attr]
        said = prepare(lab.directory, access, lab.ca, "")
        credential = ClientSecretCredential(
            said["AZURE_TENANT_ID"],
            said["AZURE_CLIENT_ID"],
            said["AZURE_CLIENT_SECRET"],
            authority=said["AZURE_AUTHORITY_HOST"],
            disable_instance_discovery=True,
            connection_verify=said["REQUESTS_CA_BUNDLE"],
        )
        with credential:
            assert credential.get_token("https://management.azure.com/.default").token.count(".") == 2

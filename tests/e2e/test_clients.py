"""Unmodified Azure SDKs against a lab in a process of its own: three generations for Python, and JavaScript.

None of them is a dependency of ours. The tests skip without them: `packaging/dev test --with-clients` installs and uses
them; their folder is then in TGWIZARD_CLIENTS. What the scripts in `clients/` do is what an admin's own would do.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_az_cli import READY_WITHIN_S, clean_environment, lab_env, tgwizard

CLIENTS = os.environ.get("TGWIZARD_CLIENTS")
HERE = Path(__file__).parent / "clients"
WITHIN_S = 240

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(CLIENTS is None, reason="no Azure SDKs: packaging/dev test --with-clients installs them"),
]

GENERATIONS = ("network-25.4", "network-28.1", "network-33.1", "javascript")
NICS = ["tg-node-a-inside", "tg-node-a-outside", "tg-node-b-inside", "tg-node-b-outside", "vm-app-01-nic"]
MOVED = {
    "taken": [400, "PrivateIPAddressIsAllocated"],
    "detached": "Succeeded",
    "stale": [412, "PreconditionFailed"],
    "attached": "Succeeded",
    "holders": [False, True],
}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """What `tgwizard lab env` says about a lab that runs."""
    directory = tmp_path_factory.mktemp("lab")
    command = tgwizard("lab", "run", "--latency", "instant", "--port", "0", "--lab-dir", str(directory))
    with subprocess.Popen(
        command, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline())["ready"]
            yield lab_env(directory)
        finally:
            process.terminate()
            process.communicate(timeout=READY_WITHIN_S)


def met_by(generation: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """Run the script of a generation and return what it met."""
    folder = Path(CLIENTS or "") / generation
    if generation == "javascript":
        node = shutil.which("node")
        assert node is not None
        command, script = [node, "--input-type=module", "-"], HERE / "sdk.mjs"
    else:
        command, script = [str(folder / "bin" / "python"), "-"], HERE / "sdk.py"
    done = subprocess.run(
        command,
        input=script.read_text(encoding="utf-8"),
        cwd=folder,
        env={**environment, "NODE_EXTRA_CA_CERTS": environment["REQUESTS_CA_BUNDLE"]},
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("generation", GENERATIONS)
def test_that_an_unmodified_sdk_reads_writes_and_is_refused_as_on_azure(
    environment: Mapping[str, str], generation: str
) -> None:
    met = met_by(generation, environment)
    assert (met["nics"], met["all nics"]) == (NICS, NICS)
    assert met["vms"] == ["tg-node-a", "tg-node-b", "vm-app-01"]
    assert met["power"] == ["ProvisioningState/succeeded", "PowerState/running"]
    assert met["computer"] == "tg-node-a"
    assert met["free"] is False
    assert met["move"] == MOVED
    assert met["back"] == MOVED
    language = "javascript" if generation == "javascript" else "python"
    assert met["tags"]["nic"] == {"sdk": language}
    assert met["tags"]["group"]["owner"] == "net"
    assert met["groups"] == {"made": "Succeeded", "there": [True, False], "nics": NICS, "nics of the group": NICS}
    assert met["rights"] == {"reader": "BuiltInRole", "held": True}
    assert met["absent"] == [404, "ResourceNotFound"]
    assert met["not served"] == [501, "LabDoesNotServe"]
    assert met["not allowed"] == [400, "InUseSubnetCannotBeDeleted"]
    if language == "python":
        assert met["aio"] == NICS
        assert met["subscriptions"] == ["Trustgrid Production"]
        assert met["locations"] > 5

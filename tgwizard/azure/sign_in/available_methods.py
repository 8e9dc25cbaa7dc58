"""Which ways to sign in there are on this computer: looked up in files and the environment, without asking anyone.

Names of variables are told, never their values. Where az keeps its profile, and what it calls the clouds, is az's own
convention (lab/README.md 3.1).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tgwizard.azure.azure_cli import find_az
from tgwizard.azure.rest import Json, inner, objects, text
from tgwizard.azure.sign_in.interactive import has_screen
from tgwizard.engine.files.file_reading import read_text
from tgwizard.model.cloud import KNOWN, Cloud, is_known
from tgwizard.model.problem import Problem
from tgwizard.model.sign_in import MethodSeen, SignInMethod
from tgwizard.model.text import join_words, sanitize

TENANT, CLIENT = "AZURE_TENANT_ID", "AZURE_CLIENT_ID"
SECRET, CERTIFICATE = "AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH"
CERTIFICATE_PASSWORD = "AZURE_CLIENT_CERTIFICATE_PASSWORD"  # noqa: S105 - a name, not a value
_ENDPOINTS = ("IDENTITY_ENDPOINT", "IMDS_ENDPOINT", "MSI_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST")
_ASSET_TAG = Path("/sys/class/dmi/id/chassis_asset_tag")
_AZURE_ASSET = "7783-7084-3265-9085-8269-3286-77"
"""What Azure writes into the chassis of its machines."""


@dataclass(frozen=True, slots=True)
class SignInSurvey:
    """What is looked at: the environment, the file that tells an Azure machine, and where az is besides PATH.

    ``az_places`` None: where its installers put it on this kind of system.
    """

    environment: Mapping[str, str]
    asset_tag: Path = _ASSET_TAG
    az_places: tuple[str, ...] | None = None

    @classmethod
    def this(cls) -> SignInSurvey:
        """The computer that the program runs on."""
        return cls(os.environ)

    def azure_cli(self, cloud: Cloud) -> MethodSeen:
        """Found when az is installed and its profile holds an account in the cloud."""
        method = SignInMethod.AZURE_CLI
        if find_az(self.environment, self.az_places) is None:
            what = "The Azure CLI (az) was not found on this computer."
            return MethodSeen(method, problem=Problem("az-not-found", what, "", "Install it, then sign in: az login."))
        profile = self._profile()
        entries = [entry for entry in objects(profile, "subscriptions") if _is_of(entry, cloud)]
        entry = next((entry for entry in entries if entry.get("isDefault") is True), entries[0] if entries else None)
        if entry is not None:
            return MethodSeen(method, found=True, detail=sanitize(text(inner(entry, "user"), "name"), 120))
        if any(objects(profile, "subscriptions")):
            what = f"The Azure CLI is signed in, but not to {cloud.title}."
            fix = "Switch it there: az cloud set, then az login."
            return MethodSeen(method, problem=Problem("az-other-cloud", what, "", fix))
        what = "Nobody is signed in to the Azure CLI."
        return MethodSeen(method, problem=Problem("az-not-signed-in", what, "", "Sign in with it: az login."))

    def browser(self) -> MethodSeen:
        """Possible where a browser can show itself."""
        method = SignInMethod.BROWSER
        if has_screen():
            return MethodSeen(method)
        what = "There is no screen here on which a browser could open."
        return MethodSeen(method, problem=Problem("no-screen", what, "", "Use a device code."))

    def service_principal(self) -> MethodSeen:
        """Found when the variables of an application with a secret or a certificate are all set."""
        method = SignInMethod.ENVIRONMENT
        have = [name for name in (TENANT, CLIENT, SECRET, CERTIFICATE) if self.environment.get(name)]
        missing = [name for name in (TENANT, CLIENT) if name not in have]
        if SECRET not in have and CERTIFICATE not in have:
            missing.append(f"{SECRET} or {CERTIFICATE}")
        if not missing:
            return MethodSeen(method, found=True, detail=f"{join_words(have)} are set.")
        what = "The environment names no application to sign in as."
        if have:
            what = f"The environment names an application only in part: {join_words(have)}."
        fix = f"Set {join_words(missing)} too." if have else f"Set {join_words(missing)}."
        return MethodSeen(method, problem=Problem("environment-incomplete", what, "", fix))

    def managed_identity(self) -> MethodSeen:
        """Found on an Azure machine, and where the environment names an identity endpoint."""
        named = next((name for name in _ENDPOINTS if self.environment.get(name)), "")
        if named:
            return MethodSeen(SignInMethod.MANAGED_IDENTITY, found=True, detail=f"{named} is set.")
        try:
            on_azure = self.asset_tag.read_text("ascii", "replace").strip() == _AZURE_ASSET
        except OSError:
            # Nobody can look here. Asking would: an address that answers on Azure's machines alone.
            return MethodSeen(SignInMethod.MANAGED_IDENTITY, detail="Works on an Azure machine whose identity is on.")
        if on_azure:
            return MethodSeen(SignInMethod.MANAGED_IDENTITY, found=True, detail="This is an Azure machine.")
        what = "This computer is no Azure machine, and the environment names no identity endpoint."
        problem = Problem("no-managed-identity", what, "", "Choose another way to sign in.")
        return MethodSeen(SignInMethod.MANAGED_IDENTITY, problem=problem)

    def _profile(self) -> Json:
        """What az remembers of its accounts; empty when there is nothing readable."""
        folder = self.environment.get("AZURE_CONFIG_DIR")
        path = (Path(folder) if folder else Path.home() / ".azure") / "azureProfile.json"
        try:
            found = json.loads(read_text(path, 5_000_000))
        except (OSError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, Mapping) else {}


def _is_of(entry: Json, cloud: Cloud) -> bool:
    named = text(entry, "environmentName").lower()
    return named == cloud.az if is_known(cloud) else all(named != known.az for known in KNOWN)

"""Why a sign-in failed, in sentences: Entra's AADSTS numbers, OAuth's words, and what the credentials of the SDK say.

Numbers and meanings are those of Entra's published error list; the lab plays some of them, the real Entra none here.
The details hold Entra's own text, cut and without anything that looks like a token.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tgwizard.azure.redaction import redacted
from tgwizard.model.problem import Problem

_AGAIN = "Sign in again. With the Azure CLI: az login."
_ACCOUNT = "Check the account's name, or sign in with another account."
_SERVICE = "Check AZURE_TENANT_ID, AZURE_CLIENT_ID and the cloud."
OTHER_WAY = "Sign in another way (first step of the set-up, or --sign-in device-code)"
_NOT_SIGNED_IN = "There is no sign-in to Azure, so nothing was asked."

_NUMBER = re.compile(r"AADSTS(\d{4,8})")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a sign-in failed. ``said`` are the numbers and words by which it is recognised."""

    said: tuple[str, ...]
    problem: str
    why: str
    fix: str


REASONS: tuple[Reason, ...] = (
    # --- who ---
    Reason(
        ("50020", "90072"),
        "account-of-another-directory",
        "The account belongs to another directory and is no guest in this one.",
        "Choose the account's own directory, or have it invited as a guest.",
    ),
    Reason(("50034",), "account-not-known", "The directory does not know the account.", _ACCOUNT),
    Reason(("50126",), "password-wrong", "The name or the password is wrong.", "Type them again."),
    Reason(("50057",), "account-disabled", "The account is disabled.", "Ask the directory's administrators."),
    Reason(
        ("50053",),
        "account-locked",
        "The account is locked for a while after too many wrong passwords, or the sign-in comes from a bad address.",
        "Wait a little, then sign in again.",
    ),
    Reason(
        ("50055",),
        "password-expired",
        "The password has expired.",
        "Change it in the browser, then sign in again.",
    ),
    Reason(
        ("50105",),
        "account-not-assigned",
        "The directory lets only chosen accounts use the application that signs in, and this account is not one.",
        "Have the account added, or sign in another way.",
    ),
    # --- how ---
    Reason(
        ("50058", "16000", "50059"),
        "person-needed",
        "There is no session that could be continued without asking a person.",
        _AGAIN,
    ),
    Reason(
        ("50072", "50074", "50076", "50078", "50079"),
        "second-factor",
        "The directory wants a second factor (MFA) for this.",
        "Sign in with the browser and confirm there; with the Azure CLI name the directory: az login --tenant.",
    ),
    Reason(
        ("53003", "530033", "530034", "50131"),
        "conditional-access",
        "A conditional access policy of the directory forbids this sign-in, here or in this way.",
        "Try the browser on a managed computer, or ask the directory's administrators which policy it is.",
    ),
    Reason(
        ("53000", "53001"),
        "computer-not-managed",
        "The directory lets only managed computers in, and this one does not count as one.",
        "Sign in on a managed computer, with the browser.",
    ),
    Reason(
        ("65001", "90094", "90008"),
        "consent-missing",
        "Nobody has agreed yet that the application that signs in may use Azure in this directory.",
        "Agree when the browser asks; if it does not ask, an administrator of the directory has to.",
    ),
    Reason(
        ("65004", "70017", "access_denied", "authorization_declined"),
        "sign-in-declined",
        "The sign-in was declined on Microsoft's page.",
        "Start again if that was a mistake.",
    ),
    # --- too late ---
    Reason(
        ("70043", "700082", "50173", "700084", "50132", "50133"),
        "sign-in-expired",
        "The sign-in has expired, or was withdrawn; a changed password or a policy of the directory does that.",
        _AGAIN,
    ),
    Reason(
        ("70016", "authorization_pending", "slow_down"),
        "code-not-used",
        "The code was not used in time.",
        "Ask for a new code.",
    ),
    Reason(
        ("70018", "70019", "70020", "expired_token", "code_expired"),
        "code-expired",
        "The code has expired; one is good for some minutes only.",
        "Ask for a new code.",
    ),
    Reason(
        ("70008", "54005"),
        "answer-expired",
        "The browser's answer came too late, or twice.",
        "Start again.",
    ),
    # --- where ---
    Reason(
        ("90002", "900023", "900021"),
        "directory-not-known",
        "This cloud does not know the directory.",
        "Check the directory (tenant) and the cloud.",
    ),
    Reason(
        ("70011", "500011", "650057", "invalid_resource"),
        "service-not-known",
        "The directory does not know the service that the sign-in is for; that is usual for the wrong cloud.",
        "Check the cloud.",
    ),
    # --- applications ---
    Reason(
        ("700016", "7000229", "unauthorized_client"),
        "application-not-known",
        "The directory does not know the application that signs in.",
        _SERVICE,
    ),
    Reason(("7000112",), "application-disabled", "The application is disabled.", "Ask the directory's administrators."),
    Reason(
        ("7000215",),
        "secret-wrong",
        "The application's secret is wrong; often the secret's id was taken for its value.",
        "Set AZURE_CLIENT_SECRET to the value of a valid secret.",
    ),
    Reason(
        ("7000222",),
        "secret-expired",
        "The application's secret has expired.",
        "Make a new secret in Entra ID, and set AZURE_CLIENT_SECRET to its value.",
    ),
    Reason(
        ("700027",),
        "certificate-wrong",
        "The certificate is not one that the application knows, or it has expired.",
        "Upload its public part to the application in Entra ID, or use another certificate.",
    ),
    Reason(
        ("700024", "500133"),
        "clock-wrong",
        "Entra takes what this computer sent for too old or too new: its clock is wrong.",
        "Set the clock right, best by network time.",
    ),
    Reason(
        ("50194",),
        "directory-needed",
        "The application works in one directory only, and none was named.",
        "Name the directory (tenant).",
    ),
    Reason(
        ("7000218",),
        "application-not-public",
        "The application that signs in is not set up for people.",
        "Use another way to sign in.",
    ),
)

_BY_SAID = {said: reason for reason in REASONS for said in reason.said}

CREDENTIALS: tuple[Reason, ...] = (
    Reason(
        ("Azure CLI not found on path",),
        "az-not-found",
        "The Azure CLI (az) was not found on this computer.",
        f"{OTHER_WAY}, or install az and run: az login.",
    ),
    Reason(
        ("az login",),
        "az-not-signed-in",
        "Nobody is signed in to the Azure CLI.",
        f"Run: az login. {OTHER_WAY} if you like.",
    ),
    Reason(
        ("Failed to invoke the Azure CLI", "Timed out waiting for Azure CLI"),
        "az-not-answering",
        "The Azure CLI did not answer in time.",
        "Try again; az account get-access-token shows whether it works. If nobody is signed in: az login.",
    ),
    Reason(
        ("ManagedIdentityCredential", "IMDS", "managed identity"),
        "no-managed-identity",
        "No managed identity answers on this computer.",
        "That works only on an Azure machine whose identity is on. Use another way to sign in.",
    ),
)
"""What credentials of azure-identity say when they have no token, by pieces of their texts (azure-identity 1.27)."""


def explain(texts: Iterable[str]) -> Problem:
    """The problem behind what was said, innermost first; an honest general one when nothing of it is known."""
    said = tuple(texts)
    reason = _recognised(said)
    detail = redacted(next((text for text in said if _NUMBER.search(text)), said[0] if said else ""))
    if reason is None:
        fix = f"Sign in with the Azure CLI: az login. {OTHER_WAY} if you like."
        return Problem("not-signed-in", _NOT_SIGNED_IN, "The details say why.", fix, detail, sign_in=True)
    return Problem(reason.problem, _NOT_SIGNED_IN, reason.why, reason.fix, detail, sign_in=True)


def clock_wrong(detail: str) -> Problem:
    """A server's certificate that is not valid at this computer's time."""
    return Problem(
        "clock-wrong",
        "The request was not sent.",
        "The server's certificate is not valid at the time that this computer's clock shows.",
        "Set the clock right, best by network time. If it is right, something between you and Azure shows an old "
        "certificate.",
        detail,
    )


def _recognised(said: tuple[str, ...]) -> Reason | None:
    for text in said:
        for number in _NUMBER.findall(text):
            if number in _BY_SAID:
                return _BY_SAID[number]
    for text in said:
        for reason in CREDENTIALS:
            if any(piece.lower() in text.lower() for piece in reason.said):
                return reason
    words = (word for text in said for word in re.findall(r"\b[a-z]+_[a-z_]+\b", text))
    return next((_BY_SAID[word] for word in words if word in _BY_SAID), None)

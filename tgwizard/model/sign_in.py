"""The ways to sign in: which there are, what is asked for, and what a person is told while it goes on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from tgwizard.model.cloud import Cloud
from tgwizard.model.problem import Problem

ANOTHER_WAY = "Sign in another way (first step of the set-up, or --sign-in device-code)"
"""What stands in the fixes of a sign-in that failed, whoever reads them."""


def told_at_sign_in(problem: Problem) -> Problem:
    """The same problem for whoever stands at the sign-in: the way there is no advice."""
    return replace(problem, fix=problem.fix.replace(ANOTHER_WAY, "Choose another way to sign in"))


class SignInMethod(Enum):
    """The ways to sign in, in the order in which they are offered."""

    LAB = "lab"
    AZURE_CLI = "azure_cli"
    BROWSER = "browser"
    DEVICE_CODE = "device_code"
    ENVIRONMENT = "environment"
    MANAGED_IDENTITY = "managed_identity"


@dataclass(frozen=True, slots=True)
class MethodSeen:
    """One way to sign in here. ``found``: it needs no more than a click; ``problem``: why it cannot be used here."""

    method: SignInMethod
    found: bool = False
    detail: str = ""
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class SignInRequest:
    """How to sign in, where, and to which directory (None: the account's own).

    ``claims``: what Azure asked for when it refused an earlier sign-in, in base64 as its challenge spells it.
    """

    method: SignInMethod
    cloud: Cloud
    tenant: str | None = None
    claims: str | None = None


@dataclass(frozen=True, slots=True)
class SignInPrompt:
    """The person is asked to act: open ``url``; type ``code`` there, when there is one; until ``expires``."""

    method: SignInMethod
    url: str
    code: str = ""
    expires: datetime | None = None

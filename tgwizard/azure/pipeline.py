"""The steps that every request to Azure goes through: the SDK's own policies, less those that act by themselves.

Left out on purpose: registering resource providers (the SDK's default sends that write when a mere read meets an
unregistered one; nothing may be written that was not shown), redirects (ARM sends none, and a token must not follow
one), and logging (its records could hold what must not be logged). Imported by the job that builds the first client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure.core.pipeline import policies
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy

from tgwizard import __version__

if TYPE_CHECKING:
    from tgwizard.azure.sign_in import HeldCredential

AGENT = f"tgwizard/{__version__}"


def for_arm(credential: HeldCredential, scope: str, *, raw: bool = False) -> list[Any]:
    """For Azure Resource Manager, which may challenge for a newer token (azure-wire.md 4.1).

    ``raw``: the answers are not read by the SDK, which would take as long as reading them ourselves.
    """
    steps = _around(ARMChallengeAuthenticationPolicy(credential, scope))
    return [step for step in steps if not isinstance(step, policies.ContentDecodePolicy)] if raw else steps


def for_graph(credential: HeldCredential, scope: str) -> list[Any]:
    """For Microsoft Graph."""
    return _around(policies.BearerTokenCredentialPolicy(credential, scope))


def _around(authentication: Any) -> list[Any]:
    return [
        policies.RequestIdPolicy(),
        policies.HeadersPolicy(),
        policies.UserAgentPolicy(base_user_agent=AGENT),
        policies.ContentDecodePolicy(),
        policies.RetryPolicy(),
        authentication,
        policies.CustomHookPolicy(),
        policies.SensitiveHeaderCleanupPolicy(),
    ]

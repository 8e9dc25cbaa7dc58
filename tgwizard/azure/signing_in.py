"""``ArmSignIn``: the engine's ``SignIn`` port. Who signs in here is who all ports of the place ask as, from then on."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace

from tgwizard.azure.failures import Doing, attempt
from tgwizard.azure.session import Clients
from tgwizard.azure.sign_in import HeldCredential, TokenSource, azure_cli_source, caller_of
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.ports import CallFailed, Certainty
from tgwizard.engine.setup_ports import Cloud, MethodSeen, Prompted, SignInMethod, SignInWish
from tgwizard.model.inventory import Caller
from tgwizard.model.problem import Problem


class ArmSignIn:
    """Signs in to one of ``clouds``; ``lab``: the tokens of the lab, when the place is one."""

    def __init__(self, clients: Clients, clouds: tuple[Cloud, ...], lab: TokenSource | None = None) -> None:
        """Nothing is asked before the first call."""
        self._clients = clients
        self._clouds = clouds
        self._lab = lab

    def clouds(self) -> tuple[Cloud, ...]:
        """The clouds known here; in a lab the lab alone."""
        return self._clouds

    def methods(self, cloud: Cloud) -> tuple[MethodSeen, ...]:  # noqa: ARG002 - every cloud has the same ways
        """Which ways there are on this computer."""
        if self._lab is not None:
            return (MethodSeen(SignInMethod.LAB, found=True, detail="The lab's operator"),)
        return (MethodSeen(SignInMethod.AZURE_CLI, found=shutil.which("az") is not None),)

    def custom_cloud(self, arm: str) -> Cloud:
        """The cloud behind an ARM endpoint."""
        found = next((cloud for cloud in self._clouds if cloud.arm.rstrip("/") == arm.rstrip("/")), None)
        if found is None:
            raise CallFailed(Problem("cloud-not-known", f"There is no cloud at {arm}."), Certainty.NOT_SENT)
        return found

    def sign_in(self, wish: SignInWish, prompted: Callable[[Prompted], None], cancel: CancelToken) -> Caller:  # noqa: ARG002
        """Sign in and switch to the account."""
        source = self._source(wish)
        held = HeldCredential(source, f"{wish.cloud.audience}/.default")
        token = attempt(Doing("sign in to", wish.cloud.title), lambda: held.get_token(held.scope))
        cancel.check()
        session = replace(self._clients.session, credential=held, base_url=wish.cloud.arm, graph=wish.cloud.graph)
        self._clients.use(session)
        return caller_of(token.token)

    def caller(self) -> Caller:
        """Who is signed in now; CallFailed when nobody is."""
        held = self._clients.session.credential
        return attempt(Doing("check", "the sign-in"), lambda: caller_of(held.get_token(held.scope).token))

    def _source(self, wish: SignInWish) -> TokenSource:
        if wish.method is SignInMethod.LAB and self._lab is not None:
            return self._lab
        return azure_cli_source(wish.tenant)

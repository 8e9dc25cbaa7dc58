"""``ArmSignIn``: the engine's ``SignIn`` port. From then on all ports of the environment ask as who signed in here.

The lab, the browser, the code, the application and the machine are played by the lab in the tests, the Azure CLI by a
stand-in; none of it was run against the real Azure.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from tgwizard.azure.azure_cli import AzureCli
from tgwizard.azure.claims_challenge import claims_in
from tgwizard.azure.clients import AzureSession, Clients, silence_sdk_loggers
from tgwizard.azure.credentials import HeldCredential, LabToken, SignedOut, TokenSource, caller_of
from tgwizard.azure.error_translation import Operation, translate_errors
from tgwizard.azure.sign_in.available_methods import SignInSurvey
from tgwizard.azure.sign_in.interactive import InteractiveSignIn, SignInDialog
from tgwizard.azure.sign_in.unattended import managed_identity, service_principal
from tgwizard.engine.azure_call_error import AzureCallError, Cause, Certainty
from tgwizard.engine.cancel import CancelToken
from tgwizard.model.cloud import Cloud
from tgwizard.model.fields import DIRECTORY
from tgwizard.model.inventory import Caller
from tgwizard.model.problem import Problem
from tgwizard.model.sign_in import MethodSeen, SignInMethod, SignInPrompt, SignInRequest

T = TypeVar("T")

DialogOf = Callable[[AzureSession, Cloud], SignInDialog]
_LOOK_EVERY_S = 0.1


class ArmSignIn:
    """Signs in to the first of ``clouds``, the connected one; the others are known by name.

    ``lab``: the tokens of the lab, when the environment is one.
    ``busy``: whether a run is under way that may still write; its account is not taken from it. Usable from several
    threads; of two sign-ins at a time the one that ends last counts. ``computer`` and ``dialog`` are the program's own
    unless a test says otherwise.
    """

    def __init__(
        self,
        clients: Clients,
        clouds: tuple[Cloud, ...],
        lab: LabToken | None = None,
        *,
        busy: Callable[[], bool] = lambda: False,
        computer: SignInSurvey | None = None,
        dialog: DialogOf = SignInDialog,
    ) -> None:
        """Nothing is asked before the first call."""
        self._clients = clients
        self._clouds = clouds
        self._lab = lab
        self._busy = busy
        self._computer = computer or SignInSurvey.this()
        self._desk = dialog
        self._mutex = threading.Lock()
        self._signed_in_user: tuple[SignInMethod, Cloud, InteractiveSignIn] | None = None

    def clouds(self) -> tuple[Cloud, ...]:
        """The clouds known here, the connected one first; in a lab the lab alone."""
        return self._clouds

    def moved(self, arm: str) -> None:
        """The connected cloud, a lab, answers at another address now."""
        connected, *others = self._clouds
        moved = replace(connected, authority=arm, arm=arm, graph=arm)
        self._clouds = (moved, *others)

    def methods(self, cloud: Cloud) -> tuple[MethodSeen, ...]:
        """Which ways there are on this computer: those found first, those that cannot work last.

        Files and the environment are looked at, no one is asked.

        In a lab the Azure CLI is not one of them: it is signed in to a real Azure.
        """
        here = self._computer
        code = MethodSeen(SignInMethod.DEVICE_CODE)
        if self._lab is None:
            first = here.azure_cli(cloud)
        else:
            first = MethodSeen(SignInMethod.LAB, found=True, detail="The lab's operator")
        every = (first, here.browser(), code, here.service_principal(), here.managed_identity())
        return tuple(sorted(every, key=lambda seen: (seen.problem is not None, not seen.found)))

    def sign_in(self, request: SignInRequest, prompted: Callable[[SignInPrompt], None], cancel: CancelToken) -> Caller:
        """Sign in and switch to the account.

        One that is cancelled, or fails, leaves the account that was there before. Work that cannot be interrupted (a
        program, a request under way) is abandoned on a thread of its own.
        """
        silence_sdk_loggers()
        self._require_idle()
        connected = self._clouds[0]
        if request.cloud.name != connected.name:
            raise _of_sign_in(_other_cloud(connected, request.cloud), request.cloud)
        request = replace(request, cloud=connected)  # where it is may have changed since it was named
        wrong = None if request.tenant is None else DIRECTORY.check(request.tenant or " ")
        if wrong is not None:
            raise _of_sign_in(_refused("directory-not-known", wrong.why, wrong.fix), request.cloud)
        if request.tenant is not None:
            request = replace(request, tenant=DIRECTORY.parse(request.tenant))
        if request.claims is not None and claims_in(request.claims) is None:
            why = "The value of --claims-challenge is none that Azure sends."
            fix = "Copy it whole, from the refusal that names it, or leave it out."
            raise _of_sign_in(_refused("claims-not-understood", why, fix), request.cloud)
        cancel.check()
        try:
            source, held, token = _abandonable(lambda: self._obtained(request, prompted, cancel), cancel)
        except AzureCallError as failure:
            raise _of_sign_in(failure, request.cloud) from failure
        cancel.check()
        session = self._clients.session
        with self._mutex:
            self._require_idle()
            if isinstance(source, InteractiveSignIn):
                self._signed_in_user = (request.method, request.cloud, source)
            self._clients.use(replace(session, credential=held, base_url=request.cloud.arm, graph=request.cloud.graph))
        return caller_of(token)

    def sign_out(self) -> None:
        """Ask as nobody from now on; az, and whatever else gives sign-ins, stays as it is."""
        with self._mutex:
            self._require_idle()
            before, self._signed_in_user = self._signed_in_user, None
            session = self._clients.session
            self._clients.use(replace(session, credential=HeldCredential(SignedOut(), session.credential.scope)))
        if before is not None:
            before[2].close()

    def _require_idle(self) -> None:
        if self._busy():
            what = "The account was not changed: a run is under way, and it would go on as somebody else."
            problem = Problem("run-in-progress", what, "", "Wait until it has ended, then try again.")
            raise AzureCallError(problem, Certainty.NOT_SENT)

    def _obtained(
        self, request: SignInRequest, prompted: Callable[[SignInPrompt], None], cancel: CancelToken
    ) -> tuple[TokenSource, HeldCredential, str]:
        """A source that has given its first token: only then it is one to switch to."""
        doing = Operation("sign in to", request.cloud.title)
        known = self._known_user(request)
        if known is not None and request.tenant is not None and self._wanted(request) is None:
            tenant, dialog = request.tenant, self._desk(self._clients.session, request.cloud)
            try:
                return translate_errors(doing, lambda: _first_token(dialog.elsewhere(known, tenant), request.cloud))
            except AzureCallError as failure:
                # The directory wants to see the person again, for a second factor say.
                if failure.cause is not Cause.SIGN_IN:
                    raise
        return translate_errors(doing, lambda: _first_token(self._source(request, prompted, cancel), request.cloud))

    def _wanted(self, request: SignInRequest) -> str | None:
        """What Azure asked for beyond a plain sign-in, a second factor say: here, or of an earlier command."""
        return claims_in(request.claims) if request.claims else self._clients.session.credential.challenge

    def _known_user(self, request: SignInRequest) -> InteractiveSignIn | None:
        """The person who signed in before in the same way, who may want another directory of theirs now."""
        with self._mutex:
            before = self._signed_in_user
        return before[2] if before is not None and before[:2] == (request.method, request.cloud) else None

    def _source(
        self, request: SignInRequest, prompted: Callable[[SignInPrompt], None], cancel: CancelToken
    ) -> TokenSource:
        session = self._clients.session
        match request.method:
            case SignInMethod.LAB:
                if self._lab is None:
                    raise _refused("no-lab", "The program is not connected to a lab.", "Start it with --lab.")
                return self._lab if request.tenant is None else _in_directory(self._lab, request.tenant)
            case SignInMethod.AZURE_CLI:
                if self._lab is not None:
                    why = "The Azure CLI of this computer is signed in to a real Azure, and this is a lab."
                    raise _refused("no-azure-cli-here", why, "Sign in as the lab's operator.")
                return self._azure_cli(request)
            case SignInMethod.BROWSER:
                return self._person_at(
                    lambda dialog: dialog.by_browser(request.tenant, prompted, cancel, self._wanted(request)),
                    request.cloud,
                )
            case SignInMethod.DEVICE_CODE:
                return self._person_at(
                    lambda dialog: dialog.by_code(request.tenant, prompted, cancel, self._wanted(request)),
                    request.cloud,
                )
            case SignInMethod.ENVIRONMENT:
                seen = self._computer.service_principal()
                if seen.problem is not None:
                    raise AzureCallError(seen.problem, Certainty.NOT_SENT, Cause.SIGN_IN)
                return service_principal(session, request, self._computer.environment)
            case SignInMethod.MANAGED_IDENTITY:
                return managed_identity(session, self._computer.environment)

    def _person_at(self, sign_in: Callable[[SignInDialog], InteractiveSignIn], cloud: Cloud) -> InteractiveSignIn:
        dialog = self._desk(self._clients.session, cloud)
        try:
            return sign_in(dialog)
        except BaseException:
            dialog.close()
            raise

    def _azure_cli(self, request: SignInRequest) -> TokenSource:
        seen = self._computer.azure_cli(request.cloud)
        if seen.problem is not None and seen.problem.code == "az-other-cloud":
            raise AzureCallError(seen.problem, Certainty.NOT_SENT, Cause.SIGN_IN)
        return AzureCli(request.tenant, places=self._computer.az_places)


def _in_directory(tokens: LabToken, tenant: str) -> LabToken:
    found = tokens.of_directory(tenant)
    if found is None:
        why = "The lab's operator is not known in that directory, or the lab runs in another program."
        raise _refused("directory-not-known", why, "Choose another directory, or sign in with the browser or a code.")
    return found


def _first_token(source: TokenSource, cloud: Cloud) -> tuple[TokenSource, HeldCredential, str]:
    held = HeldCredential(source, f"{cloud.audience}/.default")
    return source, held, held.get_token(held.scope).token


def _abandonable(work: Callable[[], T], cancel: CancelToken) -> T:
    """Do the work on a daemon thread; Cancelled comes at once, whatever the work is waiting for."""
    ended: queue.Queue[T | BaseException] = queue.Queue()

    def run() -> None:
        try:
            ended.put(work())
        except BaseException as error:  # noqa: BLE001 - handed over to the thread that waits
            ended.put(error)

    threading.Thread(target=run, name="sign-in", daemon=True).start()
    while True:
        try:
            outcome = ended.get(timeout=_LOOK_EVERY_S)
        except queue.Empty:
            cancel.check()
            continue
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


def _other_cloud(connected: Cloud, wished: Cloud) -> AzureCallError:
    """Clusters watched, journals and locks are the connected cloud's: an account of another one would not fit them."""
    why = f"The program is connected to {connected.title}."
    known = wished.arm if wished.name.startswith("custom-") else wished.name
    return _refused("other-cloud", why, f"Start it in the other cloud: tgwizard --cloud {known}.")


def _of_sign_in(failure: AzureCallError, cloud: Cloud) -> AzureCallError:
    """The same failure, told as what it was: a sign-in that did not come about. Whatever it was, nothing changed."""
    problem = replace(failure.problem, what=f"You were not signed in to {cloud.title}.")
    return AzureCallError(problem, Certainty.NOT_SENT, failure.cause, status=failure.status)


def _refused(code: str, why: str, fix: str, detail: str = "") -> AzureCallError:
    return AzureCallError(Problem(code, "You were not signed in.", why, fix, detail), Certainty.NOT_SENT, Cause.SIGN_IN)

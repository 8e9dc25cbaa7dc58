"""Signing in, as the wizard's first step needs it: the ways there are, what a person has to do, who is signed in."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.errors import CallFailed
from tgwizard.engine.ports import Inventories, SignIn
from tgwizard.gui.setup.errands import Errands, Hear, Kind
from tgwizard.model.cloud import Cloud
from tgwizard.model.inventory import Caller, TenantSeen
from tgwizard.model.problem import Problem
from tgwizard.model.sign_in import MethodSeen, Prompted, SignInMethod, SignInWish

_BUSY = {
    SignInMethod.LAB: "Signing in to the lab",
    SignInMethod.AZURE_CLI: "Asking az for its account",
    SignInMethod.BROWSER: "Opening your browser",
    SignInMethod.DEVICE_CODE: "Asking for a code",
    SignInMethod.ENVIRONMENT: "Signing in with the service principal",
    SignInMethod.MANAGED_IDENTITY: "Asking this machine for its identity",
}


class Account(QObject):
    """`changed` when there is something new to show; `signed_in` when someone is."""

    changed = Signal()
    signed_in = Signal()

    def __init__(
        self, sign_in: SignIn, inventories: Inventories, errands: Errands, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._sign_in = sign_in
        self._inventories = inventories
        self._errands = errands
        self.clouds: tuple[Cloud, ...] = ()
        self.cloud = ""
        self.methods: tuple[MethodSeen, ...] = ()
        self.method: SignInMethod | None = None
        self.caller: Caller | None = None
        self.tenants: tuple[TenantSeen, ...] = ()
        self.busy = ""
        self.prompted: Prompted | None = None
        self.problem: Problem | None = None

    def begin(self) -> None:
        """Ask who is signed in, and which ways there are."""
        self.problem = None
        self.clouds = self._sign_in.clouds()
        self.cloud = self.clouds[0].name if self.clouds else ""
        self._look(self._chosen_cloud())
        self._ask_who()

    def _chosen_cloud(self) -> Cloud | None:
        return next((cloud for cloud in self.clouds if cloud.name == self.cloud), None)

    def _look(self, cloud: Cloud | None) -> None:
        self.methods = self._sign_in.methods(cloud) if cloud is not None else ()
        if self.method is None:
            self.method = next((seen.method for seen in self.methods if seen.found), None)

    def _ask_who(self) -> None:
        sign_in = self._sign_in

        def errand(_hear: Hear, _token: CancelToken) -> Caller | None:
            try:
                return sign_in.caller()
            except CallFailed:
                # Nobody is signed in yet: that is where this step begins, and no fault.
                return None

        self.busy = "Looking who is signed in"
        self._errands.begin(Kind.SIGN_IN, errand, done=self._done, failed=self._failed)
        self.changed.emit()

    def sign_in(self, method: SignInMethod, tenant: str | None = None) -> None:
        """Sign in; a sign-in under way is given up for it."""
        cloud = self._chosen_cloud()
        if cloud is None:
            return
        port, wish = self._sign_in, SignInWish(method, cloud, tenant)

        def errand(hear: Hear, token: CancelToken) -> Caller:
            return port.sign_in(wish, hear, token)

        def heard(event: object) -> None:
            if isinstance(event, Prompted):
                self.prompted = event
                self.changed.emit()

        self.method, self.prompted, self.problem = method, None, None
        self.busy = _BUSY[method]
        self._errands.begin(Kind.SIGN_IN, errand, done=self._done, failed=self._failed, heard=heard)
        self.changed.emit()

    def choose_tenant(self, tenant: str) -> None:
        """Sign in to another directory, the same way."""
        if self.method is not None and (self.caller is None or self.caller.tenant != tenant):
            self.sign_in(self.method, tenant)

    def abandon(self) -> None:
        """Give the sign-in up; who was signed in before still is."""
        self._errands.give_up(Kind.SIGN_IN)
        self.busy, self.prompted = "", None
        self.changed.emit()

    def _done(self, found: object) -> None:
        self.busy, self.prompted = "", None
        if isinstance(found, Caller):
            self.caller = found
            self._read_tenants()
            self.signed_in.emit()
        self.changed.emit()

    def _failed(self, problem: Problem) -> None:
        self.busy, self.prompted = "", None
        self.problem = problem
        self.changed.emit()

    def _read_tenants(self) -> None:
        inventories = self._inventories

        def errand(_hear: Hear, _token: CancelToken) -> tuple[TenantSeen, ...]:
            return inventories.tenants()

        def done(found: object) -> None:
            if isinstance(found, tuple):
                self.tenants = found
                self.changed.emit()

        def failed(_problem: Problem) -> None:
            # Only the choice of another directory is missing then; the account's own is in use.
            self.tenants = ()
            self.changed.emit()

        self._errands.begin(Kind.TENANTS, errand, done=done, failed=failed)

"""`LabAccounts`: what a lab's owner knows and sets about who is who: accounts, secrets, identity endpoints, delays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from tgwizard.lab.entra import access_tokens, client_assertions, identity_endpoint, token_endpoint
from tgwizard.lab.entra.identity_endpoint import IdentityEndpoint
from tgwizard.lab.rbac.role_records import UNSETTLED, Authorization, LabDenyAssignment, Propagation
from tgwizard.lab.scenarios import scenario_rights
from tgwizard.lab.world import Principal, World


class LabAccounts:
    """The directory of a running lab. Every call takes the lab's lock."""

    def __init__(self, world: Callable[[], World], lock: AbstractContextManager[object]) -> None:
        self._world = world
        self._lock = lock

    @property
    def accounts(self) -> tuple[Principal, ...]:
        """The users and service principals, the operator first; managed identities are in `Lab.principals`."""
        with self._lock:
            return self._world().operator, *self._world().accounts

    def account(self, name: str) -> Principal:
        """Return an account by name. Raises KeyError for one that is not there."""
        for item in self.accounts:
            if item.name == name:
                return item
        raise KeyError(name)

    @property
    def automation(self) -> Principal:
        """The service principal that every lab has for az and scripts, with the operator's own assignments."""
        return self.account(scenario_rights.AUTOMATION)

    def client_secret(self, principal: Principal) -> str:
        """Return the secret a service principal signs in with. It is derived from the lab's key and never stored."""
        with self._lock:
            return token_endpoint.client_secret(self._world(), principal)

    def register_certificate(self, principal: Principal, pem: str) -> None:
        """Let a service principal sign in with a certificate too; twice is once. Raises ValueError for none of RSA."""
        client_assertions.read_certificate(pem)
        with self._lock:
            known = self._world().certificates.setdefault(principal.oid, [])
            if pem not in known:
                known.append(pem)

    def refresh_token(self, user: Principal) -> str:
        """Return the refresh token of a user's present session."""
        with self._lock:
            return token_endpoint.refresh_token(self._world(), user)

    def identity_endpoint(self, vm_id: str, base_url: str) -> IdentityEndpoint:
        """Return where a program on a VM gets tokens, the lab being served at `base_url`. Raises KeyError for no VM."""
        with self._lock:
            vm = self._world().find(vm_id)
            if vm is None:
                raise KeyError(vm_id)
            return identity_endpoint.endpoint_of(self._world(), vm["id"], base_url)

    def revoke_sessions(self, principal: Principal) -> None:
        """End the sessions of a principal: claims challenge for clients that know it, invalid refresh tokens."""
        with self._lock:
            access_tokens.revoke_sessions(self._world(), principal)

    @property
    def propagation(self) -> Propagation:
        """How long new rights and principals take to arrive. It also speeds up what is on its way already."""
        return self._settings.propagation

    @propagation.setter
    def propagation(self, value: Propagation) -> None:
        with self._lock:
            self._settings.propagation = value

    @property
    def flicker(self) -> bool:
        """Whether lists of roles and assignments go back and forth for a while after a change."""
        return self._settings.flicker

    @flicker.setter
    def flicker(self, value: bool) -> None:
        with self._lock:
            self._settings.flicker = value

    @property
    def unsettled(self) -> dict[str, int]:
        """The statuses that the lab answers where the reference is not settled (`role_records.UNSETTLED`)."""
        with self._lock:
            return {name: getattr(self._settings, name) for name in UNSETTLED}

    def settle(self, statuses: Mapping[str, int]) -> None:
        """Set some of them. Raises ValueError for an unknown name or a status that none has seen; none is set then."""
        for name, value in statuses.items():
            if value not in UNSETTLED.get(name, frozenset()):
                raise ValueError(f"{name} {value}")
        with self._lock:
            for name, value in statuses.items():
                setattr(self._settings, name, value)

    def deny(self, denial: LabDenyAssignment) -> None:
        """Add a deny assignment, as only Azure itself can."""
        with self._lock:
            self._settings.deny.append(denial)
            self._world().serial += 1

    @property
    def foreign_tenant(self) -> str:
        """Another tenant, whose tokens the subscription does not accept."""
        return access_tokens.foreign_tenant(self._world())

    @property
    def _settings(self) -> Authorization:
        return self._world().authorization

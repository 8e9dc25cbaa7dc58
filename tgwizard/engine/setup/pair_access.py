"""Whether two machines already hold a role that lets the floating IP move: found by meaning, never by name."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from tgwizard.engine.access.required_rights import NIC_WRITE, SUBNET_JOIN
from tgwizard.model.inventory import NicFound, VmFound
from tgwizard.model.permission import allows, reaches
from tgwizard.model.role import RoleAssignment, RoleDefinition, RoleKind


@dataclass(frozen=True, slots=True)
class AccessSeen:
    """Roles and assignments of the subscription, indexed by whom they are given to."""

    roles: tuple[RoleDefinition, ...]
    assignments: tuple[RoleAssignment, ...]
    _held: dict[str, list[RoleAssignment]] = field(init=False, default_factory=lambda: defaultdict(list))
    _moving: dict[str, RoleDefinition] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Index once: pairs are asked for by the thousand."""
        for assignment in self.assignments:
            self._held[assignment.principal_id.lower()].append(assignment)
        for role in self.roles:
            if allows(role.held, NIC_WRITE) and allows(role.held, SUBNET_JOIN):
                self._moving[role.guid.lower()] = role

    def role_of_both(self, vms: tuple[VmFound, VmFound], nics: tuple[NicFound, NicFound]) -> RoleDefinition | None:
        """The role by which both identities may write both interfaces and join the subnet; a custom one first."""
        shared = nics[0].subnet
        if shared is None:
            return None
        targets = (nics[0].id.text, nics[1].id.text, shared.text)
        first, second = (self._reaching(vm, targets) for vm in vms)
        both = [self._moving[guid] for guid in first if guid in second]
        return min(both, key=lambda role: (role.kind is RoleKind.BUILT_IN, role.name), default=None)

    def _reaching(self, vm: VmFound, targets: tuple[str, ...]) -> set[str]:
        """The roles that an identity holds over all the targets, be it by several assignments."""
        if not vm.identity.principal_id:
            return set()
        scopes: dict[str, list[str]] = defaultdict(list)
        for assignment in self._held.get(vm.identity.principal_id.lower(), ()):
            if assignment.role_guid.lower() in self._moving:
                scopes[assignment.role_guid.lower()].append(assignment.scope)
        return {
            guid
            for guid, held in scopes.items()
            if all(any(reaches(scope, target) for scope in held) for target in targets)
        }

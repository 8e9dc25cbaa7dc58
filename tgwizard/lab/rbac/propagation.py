"""How long news about rights takes: until an assignment counts, a changed role, a new principal (azure/README.md 3.4).

Every delay is drawn from the lab's seed and from what it is about, so that copies of a lab agree and nothing has to be
remembered. Identities learn of the same change at different times.
"""

from __future__ import annotations

import math
import random
from datetime import datetime, timedelta

from tgwizard.lab.rbac.role_records import LabRoleAssignment, LabRoleDefinition, Propagation, RoleHistory
from tgwizard.lab.world import World

LONGEST = timedelta(minutes=10)
"""No assignment takes longer, as documented; at a management group it may, here `_GROUP_FACTOR` times as long [?]."""
FLICKER = timedelta(seconds=75)
"""How long after a change lists may still go back to what was before (azure/README.md 3.1, measured)."""
SETTLED = timedelta(hours=1)
"""After this nothing is on its way any more, whatever the setting."""

_FAST_RIGHTS_S = (2.0, 6.0)
_FAST_PRINCIPAL_S = 3.0
_RIGHTS_MEDIAN_S, _RIGHTS_SIGMA = 60.0, 0.8  # documented is the bound only; the middle is a choice [?]
_PRINCIPAL_MEDIAN_S, _PRINCIPAL_SIGMA, _PRINCIPAL_BOUNDS_S = 16.0, 0.9, (5.0, 269.0)
_GROUP_FACTOR = 4.0


def arrives(world: World, assignment: LabRoleAssignment) -> datetime:
    """Return when a new assignment begins to count for its principal."""
    return assignment.created_on + _rights(world, f"{assignment.principal}:{assignment.guid}", assignment.scope)


def departs(world: World, assignment: LabRoleAssignment) -> datetime | None:
    """Return when a removed assignment ceases to count, or None for one that was not removed."""
    if assignment.removed is None:
        return None
    about = f"{assignment.principal}:{assignment.guid}:removed:{assignment.removed.isoformat()}"
    return assignment.removed + _rights(world, about, assignment.scope)


def counts(world: World, assignment: LabRoleAssignment, now: datetime) -> bool:
    """Return whether an assignment is in force at this moment."""
    if assignment.removed is None and now - assignment.created_on > SETTLED:
        return True
    ends = departs(world, assignment)
    return arrives(world, assignment) <= now and (ends is None or now < ends)


def version_for(world: World, role: RoleHistory, oid: str, now: datetime) -> LabRoleDefinition:
    """Return the version of a role that is in force for a principal; a change reaches each at its own time."""
    for version in reversed(role.versions[1:]):
        about = f"{oid}:{version.guid}:{version.updated_on.isoformat()}"
        if now - version.updated_on > SETTLED or version.updated_on + _rights(world, about, "") <= now:
            return version
    return role.versions[0]


def principal_known(world: World, oid: str, created: datetime | None) -> datetime | None:
    """Return from when the directory's replicas know a new principal, or None if they always did."""
    if created is None:
        return None
    match world.authorization.propagation:
        case Propagation.INSTANT:
            return created
        case Propagation.FAST:
            return created + timedelta(seconds=_FAST_PRINCIPAL_S)
        case Propagation.AZURE:
            low, high = _PRINCIPAL_BOUNDS_S
            drawn = _draw(world, f"principal:{oid}").lognormvariate(math.log(_PRINCIPAL_MEDIAN_S), _PRINCIPAL_SIGMA)
            return created + timedelta(seconds=min(max(drawn, low), high))


def shows_old(world: World, about: str, changed: datetime, now: datetime) -> bool:
    """Return whether this list read still shows what was before a change; the next one may decide otherwise."""
    if not world.authorization.flicker or now - changed >= FLICKER:
        return False
    return _draw(world, f"list:{about}:{world.authorization.list_reads}").random() < 0.5


def _rights(world: World, about: str, scope: str) -> timedelta:
    match world.authorization.propagation:
        case Propagation.INSTANT:
            return timedelta()
        case Propagation.FAST:
            return timedelta(seconds=_draw(world, about).uniform(*_FAST_RIGHTS_S))
        case Propagation.AZURE:
            drawn = _draw(world, about).lognormvariate(math.log(_RIGHTS_MEDIAN_S), _RIGHTS_SIGMA)
            factor = _GROUP_FACTOR if "/managementgroups/" in scope.lower() else 1.0
            return timedelta(seconds=min(drawn, LONGEST.total_seconds()) * factor)


def _draw(world: World, about: str) -> random.Random:
    return random.Random(f"{world.seed}:{about}")  # noqa: S311 - a duration, no secret

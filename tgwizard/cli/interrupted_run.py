"""What is said before a command of a cluster whose last run was killed: that it was, and the command that goes on."""

from __future__ import annotations

from tgwizard.cli.program import Connection, Where
from tgwizard.cli.screen import Screen
from tgwizard.engine.failover.resume import pending
from tgwizard.engine.readiness.recommended_action import interrupted
from tgwizard.model.problem import UserError


def tell_interrupted(cluster: str | None, connection: Connection, screen: Screen, where: Where) -> None:
    """Offer to resume first; ``cluster`` as the command names it, None: the only one that is saved.

    A file or a journal that cannot be read is told by the command itself.
    """
    try:
        setup = connection.profiles.find(cluster)
        unfinished = pending(connection.services, setup)
    except UserError:
        return
    if unfinished is not None:
        screen.note(f"First: resume. {interrupted(unfinished)}")
        screen.note(f"  tgwizard resume {setup.name}{where.options}")

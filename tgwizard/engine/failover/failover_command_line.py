"""A failover as the command that plans the same: what the question of the window was answered, as options."""

from __future__ import annotations

import shlex

from tgwizard.engine.readiness.readiness import TO_DEAD_MACHINE
from tgwizard.model.cluster import Verb
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.failover_options import RunIntent, Strategy, resolve_strategy


def failover_command(setup: ClusterSetup, intent: RunIntent, *, accept_unknown: bool = False) -> str:
    """``tgwizard failover`` for this intent; what the command would choose by itself is left out."""
    words = ["tgwizard", "failover", setup.name, "--to", intent.to.name]
    words.append("--graceful" if intent.verb is Verb.GRACEFUL else "--forced")
    if intent.strategy is not resolve_strategy(Strategy.AUTO, setup, intent.verb):
        words += ["--strategy", intent.strategy.value]
    if intent.fence.stops:
        words += ["--fence", intent.fence.choice.value, *(["--fence-optional"] if intent.fence.optional else [])]
    if intent.to_dead_machine:
        words.append(TO_DEAD_MACHINE)
    if accept_unknown:
        words.append("--accept-unknown")
    return shlex.join(words)

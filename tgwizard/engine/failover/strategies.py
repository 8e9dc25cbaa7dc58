"""Which strategy a run takes, and what the move in one call needs besides the checks of every failover."""

from __future__ import annotations

from tgwizard.engine.errors import CallFailed
from tgwizard.engine.ports import Azure
from tgwizard.model.cluster import ResourceId, Verb
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.failover_options import Strategy
from tgwizard.model.finding import Finding, Level
from tgwizard.model.permission import allows
from tgwizard.model.problem import Problem

MOVE_ACTION = "Microsoft.Network/virtualNetworks/moveIpConfigurations/action"
"""The right that a move in one call needs on the virtual network; by ARM's rule, undocumented (azure/README.md 2.7)."""


def resolved(strategy: Strategy, setup: ClusterSetup, verb: Verb) -> Strategy:
    """What AUTO stands for: on a live Trustgrid pair graceful is guided, because Trustgrid decides who is active.

    ATOMIC is never chosen by AUTO: it is opt-in until it has been tried on Azure (engine/README.md 1.10).
    """
    if strategy is not Strategy.AUTO:
        return strategy
    return Strategy.GUIDED if verb is Verb.GRACEFUL and not setup.is_lab else Strategy.DETACH_ATTACH


def is_repair(setup: ClusterSetup, strategy: Strategy, verb: Verb) -> bool:
    """Whether the run moves the address of a live Trustgrid pair in Azure alone; it is confirmed like forced."""
    return not setup.is_lab and resolved(strategy, setup, verb) is not Strategy.GUIDED


def vnet_of(subnet: ResourceId) -> ResourceId:
    """The virtual network of a subnet."""
    return ResourceId(subnet.text.rsplit("/subnets/", 1)[0])


def move_findings(azure: Azure, setup: ClusterSetup) -> tuple[Finding, ...]:
    """Whether the subscription and the signed-in user may move a configuration in one call."""
    return _feature(azure, setup), _right(azure, vnet_of(setup.subnet))


def _feature(azure: Azure, setup: ClusterSetup) -> Finding:
    try:
        registered = azure.moves_registered(setup.subscription)
    except CallFailed as failure:
        fact = "Whether Azure moves addresses in one call here is not known"
        return Finding(Level.NOT_KNOWN, fact, failure.problem.what, failure.problem)
    if registered:
        return Finding(Level.PASSED, "Azure moves addresses in one call here", "the preview feature is registered")
    problem = Problem(
        "move-not-registered",
        "Azure does not move addresses in one call in this subscription.",
        "Its preview feature AllowMoveIpConfigurations is not registered.",
        "Use the strategy detach-attach, or register it: "
        "az feature register --namespace Microsoft.Network --name AllowMoveIpConfigurations.",
    )
    return Finding(Level.BLOCKS, problem.what, problem.why, problem)


def _right(azure: Azure, vnet: ResourceId) -> Finding:
    try:
        held = azure.permissions_at(vnet)
    except CallFailed as failure:
        fact = f"Whether you may move addresses in {vnet.name} is not known"
        return Finding(Level.NOT_KNOWN, fact, failure.problem.what, failure.problem)
    if allows(held, MOVE_ACTION):
        return Finding(Level.PASSED, f"You may move addresses in {vnet.name}", "worked out from your roles")
    problem = Problem(
        "move-not-allowed",
        f"You may not move addresses in {vnet.name}.",
        f"That needs {MOVE_ACTION}.",
        "Have that action added to your role, or use the strategy detach-attach.",
    )
    return Finding(Level.BLOCKS, problem.what, problem.why, problem)

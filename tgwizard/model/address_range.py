"""Where the floating IP may be: in its subnet's range, and none of the addresses that Azure keeps for itself."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem
from tgwizard.model.text import join_words


def _network(prefix: str) -> IPv4Network | None:
    """An IPv4 range; None for IPv6, and for text of Azure's that is no range at all."""
    try:
        return IPv4Network(prefix, strict=False)
    except ValueError:
        return None


def is_reserved(address: IPv4Address, home: IPv4Network) -> bool:
    """Whether Azure keeps it: the first four and the last address of the range it lies in (azure/README.md 2.5)."""
    return int(address) - int(home.network_address) < 4 or address == home.broadcast_address


def check_address(setup: ClusterSetup, prefixes: tuple[str, ...]) -> Problem | None:
    """The reason why the floating IP cannot be in the subnet, or None.

    It must lie in one of the ranges and be none of the five addresses that Azure keeps.
    """
    ranges = [network for prefix in prefixes if (network := _network(prefix)) is not None]
    home = next((network for network in ranges if setup.address in network), None)
    if home is None:
        spans = join_words(str(network) for network in ranges) or "no IPv4 range"
        return Problem(
            "address-outside-subnet",
            f"floating.address {setup.address} is not in {setup.subnet.name}.",
            f"That subnet has {spans}.",
            "Correct floating.address or floating.subnet in the cluster file. Nothing was changed.",
        )
    if is_reserved(setup.address, home):
        return Problem(
            "address-reserved",
            f"floating.address {setup.address} is reserved by Azure.",
            f"Azure keeps the first four and the last address of {home} for itself.",
            "Choose another floating.address in the cluster file. Nothing was changed.",
        )
    return None

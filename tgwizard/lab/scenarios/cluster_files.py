"""The cluster files of a lab's clusters (engine/README.md 4.2)."""

from __future__ import annotations

import json

from tgwizard.lab.world import ClusterSpec, World


def cloud_name(world: World) -> str:
    """Return the name by which cluster files name this lab, so that no other lab or cloud accepts them."""
    return f"lab-{world.lab_id}"


def cluster_toml(world: World, cluster: ClusterSpec) -> str:
    """Return the text of a cluster's file."""
    lines = [
        f"# The cluster {cluster.name} of a tgwizard lab (scenario {world.scenario}).",
        "schema = 1",
        f"name = {_quoted(cluster.name)}",
        f"id = {_quoted(cluster.id)}",
        "",
        "[azure]",
        f"cloud = {_quoted(cloud_name(world))}",
        f"tenant = {_quoted(world.subscription.tenant)}",
        f"subscription = {_quoted(world.subscription.id)}",
        "",
        "[floating]",
        f"address = {_quoted(cluster.address)}",
        f"subnet = {_quoted(cluster.subnet)}",
        f"ip_configuration = {_quoted(cluster.configuration)}",
    ]
    for member in cluster.members:
        lines += [
            "",
            "[[member]]",
            f"name = {_quoted(member.name)}",
            f"vm = {_quoted(member.vm)}",
            f"nic = {_quoted(member.nic)}",
        ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Return a TOML basic string; JSON's escapes are a subset of TOML's."""
    return json.dumps(text, ensure_ascii=False)

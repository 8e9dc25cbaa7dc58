"""The ports: every call of Azure is in one family, and the adapter of a family has its calls and no others."""

from __future__ import annotations

import inspect

import pytest

from tgwizard.azure.access import ArmAccess
from tgwizard.azure.arm_ports import ArmPorts
from tgwizard.azure.compute import ArmCompute
from tgwizard.azure.directory import ArmDirectory
from tgwizard.azure.network import ArmNetwork
from tgwizard.engine.ports import Access, AzurePorts, Compute, Directory, Network

FAMILIES: tuple[tuple[type, type], ...] = (
    (Network, ArmNetwork),
    (Compute, ArmCompute),
    (Access, ArmAccess),
    (Directory, ArmDirectory),
)


def calls(family: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(family, inspect.isfunction) if not name.startswith("_")}


def test_that_no_call_is_in_two_families() -> None:
    named = [name for family, _ in FAMILIES for name in calls(family)] + sorted(calls(AzurePorts))
    assert len(named) > 40
    assert sorted(named) == sorted(set(named))


@pytest.mark.parametrize(("family", "adapter"), FAMILIES)
def test_that_an_adapter_has_the_calls_of_its_family_and_no_others(family: type, adapter: type) -> None:
    assert calls(adapter) == calls(family)


def test_that_the_ports_of_an_identity_have_every_family() -> None:
    families = {name for name, kind in inspect.getmembers(AzurePorts) if isinstance(kind, property)}
    assert families == {"network", "compute", "access", "directory"}
    assert calls(ArmPorts) == calls(AzurePorts) | {"close"}

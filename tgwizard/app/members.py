"""A lab's machines as callers: their tokens come from where the appliance in the machine gets them.

The real Azure gives a machine's token to nobody outside it, so there is nothing like this there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from tgwizard.azure.arm_ports import ArmAzure
from tgwizard.lab.control import HttpLabControl
from tgwizard.model.cluster import ResourceId

Token = Callable[[], str]


class LabMembers:
    """``control`` opens the controls of the lab, ``connect`` makes the adapter that uses the token it fetches."""

    def __init__(self, control: Callable[[], HttpLabControl], connect: Callable[[Token], ArmAzure]) -> None:
        """Nothing is asked before a machine is named."""
        self._control = control
        self._connect = connect

    @contextlib.contextmanager
    def azure_as(self, vm: ResourceId) -> Iterator[ArmAzure]:
        """Azure as the machine's system-assigned identity sees it now; a new token every time."""
        with contextlib.closing(self._control()) as control:
            azure = self._connect(lambda: control.identity_token(vm.text))
            with contextlib.closing(azure):
                yield azure

"""The errors of the compute service: what a machine does not allow now (azure/README.md 1.3, 2.4)."""

from __future__ import annotations

from tgwizard.azure.error_row import ErrorRow
from tgwizard.engine.errors import Cause
from tgwizard.model.problem import Fixer

COMPUTE_ROWS: tuple[ErrorRow, ...] = (
    ErrorRow(
        "OperationNotAllowed",
        Cause.OTHER,
        "operation-not-allowed",
        "The virtual machine does not allow it now, for example because it is being deleted.",
        "Look at the virtual machine in the Azure portal.",
        who=Fixer.ADMIN,
        right="Microsoft.Compute/virtualMachines/write",
    ),
    ErrorRow(
        "OperationPreempted",
        Cause.BUSY,
        "superseded",
        "A later operation on the machine took its place.",
        "Look at the machine in the Azure portal, then try again.",
        who=Fixer.ADMIN,
        right="Microsoft.Compute/virtualMachines/write",
    ),
    ErrorRow(
        "AllocationFailed",
        Cause.OTHER,
        "no-capacity",
        "Azure has no room for a machine of that size there now.",
        "Try again later, or choose another size or zone.",
        who=Fixer.AZURE,
    ),
    ErrorRow(
        "SkuNotAvailable",
        Cause.OTHER,
        "no-capacity",
        "That size of machine is not offered in that region or zone.",
        "Choose another size or zone.",
        who=Fixer.ADMIN,
        right="Microsoft.Compute/virtualMachines/write",
    ),
    ErrorRow(
        "VMAgentStatusCommunicationError",
        Cause.OTHER,
        "agent-silent",
        "The agent inside the machine does not report.",
        "Look at the appliance itself; Azure can still stop the machine.",
        who=Fixer.TRUSTGRID,
    ),
)

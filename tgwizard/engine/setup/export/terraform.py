"""The plan as Terraform for the azurerm provider. Foreign text passes ``quote`` alone.

The floating configuration is not among the resources, on purpose: a failover moves it, so Terraform would take every
failover for drift and put the address back (engine/README.md 5.7).

Every argument is checked in the tests against the schemas of azurerm 4.55.0 and azapi 2.13.0, and what the resources
amount to against what apply leaves. Terraform itself only parsed it: no provider was ever there to plan or apply it.
"""

from __future__ import annotations

import re
import unicodedata

from tgwizard.engine.setup.export import plan_values
from tgwizard.model.cluster import ResourceId
from tgwizard.model.role import RoleDefinition
from tgwizard.model.setup_answers import Answers
from tgwizard.model.setup_plan import Assign, EnableIdentity, PutRole, RemoveStale, SetupPlan
from tgwizard.model.text import sanitize

_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_VM_API = "2024-11-01"
_AZURERM, _AZAPI = "4.55", "2.13"
"""The providers whose schemas the resources follow; the file allows the whole major version."""


def quote(text: str) -> str:
    """A text as an HCL string that means exactly it: no template starts in it, nothing in it is invisible."""
    shown = "".join(_SHORT.get(char) or (char if _plain(char) else _escaped(char)) for char in text)
    return '"' + shown.replace("${", "$${").replace("%{", "%%{") + '"'


def configuration(plan: SetupPlan, answers: Answers) -> str:
    """One file, complete with provider blocks."""
    identities = [change.write for change in plan.writing if isinstance(change.write, EnableIdentity)]
    names = _MachineNames()
    blocks = [_head(plan, answers, azapi=bool(identities))]
    blocks += [_identity(write, names) for write in identities]
    put = plan_values.role_put(plan)
    if put is not None:
        blocks.append(_role(put, plan, answers))
    role = "azurerm_role_definition.failover.role_definition_resource_id" if put else None
    role = role or quote(plan_values.full_role_id(plan, answers))
    assigns = plan_values.assigns(plan)
    enabled = {write.vm for write in identities}
    blocks += [_machine(vm, names, enabled=vm in enabled) for vm in dict.fromkeys(write.vm for write in assigns)]
    blocks += [_assignment(number, write, role, names) for number, write in enumerate(assigns, 1)]
    blocks += [_by_hand(plan)]
    return "\n\n".join(block for block in blocks if block) + "\n"


class _MachineNames:
    """The names of the machines inside the file: readable, valid, each used once."""

    def __init__(self) -> None:
        self._names: dict[ResourceId, str] = {}

    def of(self, vm: ResourceId) -> str:
        if vm not in self._names:
            stem = re.sub(r"[^a-z0-9_]+", "_", vm.name.lower()).strip("_")
            stem = stem if stem[:1].isalpha() else f"vm_{stem}"
            name, number = stem[:60], 1
            while name in self._names.values():
                number += 1
                name = f"{stem[:60]}_{number}"
            self._names[vm] = name
        return self._names[vm]


def _head(plan: SetupPlan, answers: Answers, *, azapi: bool) -> str:
    extra = '\n    azapi = {\n      source  = "Azure/azapi"\n      version = "~> 2.0"\n    }' if azapi else ""
    return f"""# The rights that the appliances of {plan_values.title(answers)} need to move the floating IP.
# Subscription: {plan_values.subscription_name(answers)}
# Written for azurerm {_AZURERM} and azapi {_AZAPI}. Read what terraform plan says before you apply it.
terraform {{
  required_version = ">= 1.5"
  required_providers {{
    azurerm = {{
      source  = "hashicorp/azurerm"
      version = "~> 4.0"
    }}{extra}
  }}
}}

provider "azurerm" {{
  features {{}}
  subscription_id = {quote(plan_values.subscription(plan, answers))}
}}"""


def _identity(write: EnableIdentity, names: _MachineNames) -> str:
    kind = "SystemAssigned, UserAssigned" if write.user_assigned else "SystemAssigned"
    return f"""# The machine itself is not managed here; only its system-assigned identity is turned on.
resource "azapi_update_resource" "{names.of(write.vm)}_identity" {{
  type        = "Microsoft.Compute/virtualMachines@{_VM_API}"
  resource_id = {quote(write.vm.text)}
  body = {{
    identity = {{
      type = {quote(kind)}
    }}
  }}
}}"""


def _role(put: PutRole, plan: SetupPlan, answers: Answers) -> str:
    role, scope = put.role, put.role.assignable_scopes[0]
    blocks = "\n".join(_permissions(role))
    scopes = _list("assignable_scopes", role.assignable_scopes, 2)
    text = f"""resource "azurerm_role_definition" "failover" {{
  role_definition_id = {quote(role.guid)}
  name               = {quote(role.name)}
  description        = {quote(role.description)}
  scope              = {quote(scope)}
{scopes}

{blocks}
}}"""
    if put.before is None:
        return text
    full = f"{plan_values.full_role_id(plan, answers)}|{scope}"
    return f"""# The role exists already and is updated in place.
import {{
  to = azurerm_role_definition.failover
  id = {quote(full)}
}}

{text}"""


def _permissions(role: RoleDefinition) -> list[str]:
    found = []
    for block in role.permissions:
        lists = [
            _list("actions", block.actions, 4),
            _list("not_actions", block.not_actions, 4),
            _list("data_actions", block.data_actions, 4),
            _list("not_data_actions", block.not_data_actions, 4),
        ]
        found.append("  permissions {\n" + "\n".join(lists) + "\n  }")
    return found


def _list(name: str, values: tuple[str, ...], indent: int) -> str:
    space = " " * indent
    if not values:
        return f"{space}{name:<16} = []"
    items = "".join(f"\n{space}  {quote(value)}," for value in values)
    return f"{space}{name} = [{items}\n{space}]"


def _machine(vm: ResourceId, names: _MachineNames, *, enabled: bool) -> str:
    after = f"\n  depends_on          = [azapi_update_resource.{names.of(vm)}_identity]" if enabled else ""
    return f"""data "azurerm_virtual_machine" "{names.of(vm)}" {{
  name                = {quote(vm.name)}
  resource_group_name = {quote(vm.group)}{after}
}}"""


def _assignment(number: int, write: Assign, role: str, names: _MachineNames) -> str:
    return f"""resource "azurerm_role_assignment" "{names.of(write.vm)}_{number}" {{
  scope              = {quote(write.scope)}
  role_definition_id = {role}
  principal_id       = data.azurerm_virtual_machine.{names.of(write.vm)}.identity[0].principal_id
  principal_type     = "ServicePrincipal"
}}"""


def _by_hand(plan: SetupPlan) -> str:
    lines = [
        "# If Terraform manages the network interfaces, give them lifecycle { ignore_changes = [ip_configuration] }:",
        "# without it the next apply takes the floating IP off the active member.",
    ]
    placed = plan_values.placement(plan)
    if placed is not None:
        lines += [
            "# The floating IP itself is not a resource here, because failovers move it. The appliance creates it, or:",
            (
                f"# add {sanitize(placed.address)} as {sanitize(placed.configuration)} "
                f"to {sanitize(placed.nic.name)}, once."
            ),
        ]
    for change in plan.writing:
        if isinstance(change.write, RemoveStale):
            lines.append(
                f"# Remove by hand, its identity no longer exists: {sanitize(change.write.assignment.id, 400)}"
            )
    return "\n".join(lines)


def _plain(char: str) -> bool:
    return unicodedata.category(char)[0] not in "CZ" or char == " "


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"

"""Which exports there are. Another one is a row here and a module beside."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from tgwizard.engine.setup.export import access_request, az_script, plan_values, portal_checklist, terraform
from tgwizard.model.setup_answers import Answers
from tgwizard.model.setup_plan import SetupPlan
from tgwizard.model.text import printable


class ExportKind(Enum):
    """The values are the words of the command line."""

    AZ = "az"
    TERRAFORM = "terraform"
    PORTAL = "portal"
    PORTAL_HTML = "portal-html"
    REQUEST = "request"
    ROLE = "role"


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """One format: what people call it, what it is good for, the end of its file name, and who writes it.

    ``offered``: how the request to an admin offers it, empty when it does not.
    """

    title: str
    use: str
    ending: str
    render: Callable[[SetupPlan, Answers], str]
    offered: str = ""


def _request(plan: SetupPlan, answers: Answers) -> str:
    others = tuple(made.offered for made in FORMATS.values() if made.offered)
    return access_request.access_request_text(plan, answers, others)


FORMATS = {
    ExportKind.AZ: ExportFormat(
        "Azure CLI script",
        "for a shell with az, the Cloud Shell for example; can be run again",
        ".sh",
        az_script.script,
        "as an Azure CLI script",
    ),
    ExportKind.TERRAFORM: ExportFormat(
        "Terraform",
        "for the azurerm provider, when roles are kept as code",
        ".tf",
        terraform.configuration,
        "as Terraform",
    ),
    ExportKind.PORTAL: ExportFormat(
        "Portal checklist (Markdown)",
        "every click in the Azure portal, names filled in",
        ".md",
        portal_checklist.markdown,
        "as a checklist for the portal with all names filled in",
    ),
    ExportKind.PORTAL_HTML: ExportFormat(
        "Portal checklist (printable)", "the same as a page to print", ".html", portal_checklist.html
    ),
    ExportKind.REQUEST: ExportFormat(
        "Request to an admin",
        "a letter that says who needs what, where and why",
        ".txt",
        _request,
    ),
    ExportKind.ROLE: ExportFormat(
        "Custom role (JSON)", "the file for Start from JSON in the portal", ".json", plan_values.role_file
    ),
}
"""Every format, in the order in which they are offered."""


def export(kind: ExportKind, plan: SetupPlan, answers: Answers) -> str:
    """The plan in that format. Nothing in it can hide, or move in a terminal, whatever names were given."""
    return printable(FORMATS[kind].render(plan, answers))


def file_name(kind: ExportKind, answers: Answers) -> str:
    """A name for the file, safe on every system."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", answers.name or "cluster").strip("-.") or "cluster"
    return f"{stem}-{kind.value}{FORMATS[kind].ending}"

"""What the portal panel says beside a step, from the engine's guide."""

from __future__ import annotations

from tgwizard.engine.setup.portal_help import guide, portal_url
from tgwizard.gui.setup.session import SetupSession
from tgwizard.gui.widgets.portal_panel import PortalShown


def portal_shown(session: SetupSession) -> PortalShown:
    """The panel for the step shown."""
    found = guide(session.flow)
    cloud = next((one for one in session.account.clouds if one.name == session.account.cloud), None)
    tenant = session.account.caller.tenant if session.account.caller is not None else ""
    url = portal_url(cloud.portal, tenant, found.at) if cloud is not None else ""
    steps = tuple((step.words, step.note) for step in found.steps)
    return PortalShown(found.intro, steps, url, found.command, found.why_title, found.why)

"""``ArmPorts``: the engine's ``AzurePorts``, fulfilled by Azure Resource Manager or by a lab that speaks like it."""

from __future__ import annotations

from collections.abc import Mapping

from azure.core.rest import HttpRequest

from tgwizard.azure.access import ArmAccess
from tgwizard.azure.clients import AzureSession, Clients
from tgwizard.azure.compute import ArmCompute
from tgwizard.azure.directory import ArmDirectory
from tgwizard.azure.error_document import ArmError
from tgwizard.azure.error_translation import Operation, from_document, unreadable
from tgwizard.azure.http_pipeline import elsewhere, same_place
from tgwizard.azure.network import ArmNetwork
from tgwizard.azure.rest import send
from tgwizard.engine.ports import OperationSeen, OperationState

_SETTLED_WORDS = {state.value.lower(): state for state in OperationState}


class ArmPorts:
    """What one signed-in connection brings; usable from several threads. Each call raises AzureCallError alone.

    ``clients`` is shared by all: who signs in there is who asks here.
    """

    def __init__(self, session: AzureSession) -> None:
        """Nothing is connected before the first call."""
        self.clients = Clients(session)
        self.network = ArmNetwork(self.clients)
        self.compute = ArmCompute(self.clients)
        self.access = ArmAccess(self.clients)
        self.directory = ArmDirectory(self.clients)

    def read_operation(self, url: str) -> OperationSeen:
        """GET of the operation's URL as given; that of another host is refused, so that no token goes astray."""
        doing = Operation("read the progress of", "the update")
        if not same_place(url, self.clients.session.base_url):
            raise elsewhere(url, self.clients.session.base_url)
        body, status = send(self.clients.arm(), doing, HttpRequest("GET", url), self.clients.limits.read())
        word = str(body.get("status", "")).lower() if isinstance(body, Mapping) else ""
        state = _SETTLED_WORDS.get(word)
        if state is None:
            # 202 with an empty body is what a Location URL answers while it runs; an unknown word is no end either.
            if word or status == 202:
                return OperationSeen(OperationState.IN_PROGRESS)
            raise unreadable(doing, "It holds no status.")
        if state in (OperationState.FAILED, OperationState.CANCELED):
            error = ArmError.parse(body)
            return OperationSeen(state, from_document(Operation("finish", "the update"), None, error))
        return OperationSeen(state)

    def close(self) -> None:
        """Close the connections; calls made afterwards fail."""
        self.clients.close()

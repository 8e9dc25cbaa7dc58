"""The last act of a plan: the first Azure IP Configuration, written as a failover attaches it (engine/README.md 1.5).

One conditional PUT of the whole interface, after the address was found free; done is what the interface itself says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tgwizard.engine.errors import CallFailed, Cause, Certainty
from tgwizard.engine.runs.records import Deed
from tgwizard.engine.runs.task_runner import Work, ask
from tgwizard.engine.setup.driving import Against, Desk, Missing, NotYet, Seen, There
from tgwizard.model.cluster import ResourceId
from tgwizard.model.cluster_setup import Carried
from tgwizard.model.nic import NicDocument, NicDocumentError, Provisioning
from tgwizard.model.problem import Problem
from tgwizard.model.setup_plan import PlaceAddress
from tgwizard.model.text import tame


@dataclass(slots=True)
class PlaceAct:
    """Create the configuration. ``nics``: the cluster's own interfaces, on either of which the address is at home."""

    desk: Desk
    act: PlaceAddress
    nics: tuple[ResourceId, ...]
    deed: Deed = Deed.PLACE_ADDRESS
    done: str = ""
    showing: str = ""
    _read: NicDocument | None = field(default=None, init=False)
    _asked_twice: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.done = f"{self.act.nic.name} holds {self.act.address}"
        self.showing = (
            f"Azure attaches {self.act.address} to {self.act.nic.name}, which takes half a minute as "
            "a rule, minutes at its slowest."
        )

    def target(self) -> str:
        """The interface's id."""
        return self.act.nic.text

    def look(self) -> Work[Seen]:
        """The interface itself; before a write also whether anyone else has the address."""
        act = self.act
        document = yield from ask(lambda: self.desk.azure.read_nic(act.nic))
        self._read = document
        if document.lists(act.address):
            return self._listed(document)
        if document.provisioning is Provisioning.UPDATING:
            return NotYet(f"Azure still updates {act.nic.name}.")
        subnet = ResourceId(document.subnet)
        holders = yield from ask(lambda: self.desk.azure.nics_listing(act.address, subnet))
        for holder in holders:
            if holder == act.nic:
                continue
            if holder in self.nics:
                return There(f"{holder.name} holds {act.address} already")
            return Against(self._taken(f"{holder.name} has it."))
        return (yield from self._free(subnet))

    def sent(self) -> Mapping[str, Any]:
        """The configuration; the rest of the interface goes back as it was read."""
        return {"configuration": dict(self._configuration()), "address": self.act.address}

    def send(self, request: str) -> None:
        """One conditional PUT of the whole interface."""
        document = self._document()
        wanted = document.plus(self._configuration())
        self.desk.azure.write_nic(self.act.nic, wanted, if_match=document.etag, request_id=request)

    def refused(self, failure: CallFailed) -> Seen | None:
        """A moved version is read again; an address that another has is named."""
        if failure.cause is Cause.ETAG_MOVED:
            return NotYet(f"{self.act.nic.name} changed meanwhile; it is read again.")
        holder = failure.allocated_to
        if failure.cause is Cause.ADDRESS_ALLOCATED and holder is not None and holder != self.act.nic:
            return Against(self._taken(f"{tame(holder.name, 90)} has it."))
        return None

    def _free(self, subnet: ResourceId) -> Work[Seen]:
        try:
            answer = yield from ask(lambda: self.desk.ports.inventories.address_free(subnet, self.act.address))
        except CallFailed as failure:
            if failure.cause is Cause.NOT_ALLOWED:
                return Missing()  # No right to ask; the write itself is refused when the address is taken.
            raise
        if answer.free:
            return self._writable()
        if answer.reserved:
            return Against(self._taken("Azure keeps it for itself."))
        if not self._asked_twice:
            # A write of an earlier run may have arrived between our reading of the interface and this answer.
            self._asked_twice = True
            return NotYet(f"{self.act.address} is not free; {self.act.nic.name} is looked at again.")
        return Against(self._taken("Something in the virtual network that is no network interface has it."))

    def _writable(self) -> Seen:
        try:
            self._configuration()
        except NicDocumentError as error:
            what = f"{self.act.nic.name} cannot take the floating IP."
            return Against(Problem("nic-not-usable", what, f"{error}.", "Look at the interface in the Azure portal."))
        return Missing()

    def _listed(self, document: NicDocument) -> Seen:
        match document.provisioning:
            case Provisioning.SUCCEEDED:
                return There()
            case Provisioning.FAILED:
                return Against(self._failed())
            case _:
                return NotYet(self.showing)

    def _failed(self) -> Problem:
        why = "The details of the interface in the Azure portal say why."
        fix = "Write the interface again in the Azure portal, or apply again once it says Succeeded."
        return Problem("attach-failed", f"Azure could not finish attaching {self.act.address}.", why, fix)

    def _taken(self, why: str) -> Problem:
        what = f"{self.act.address} is not free."
        return Problem("address-taken", what, why, "Choose another floating IP. Nothing was written for it.")

    def _document(self) -> NicDocument:
        if self._read is None:
            raise CallFailed(Problem("not-read", f"{self.act.nic.name} was not read."), Certainty.NOT_SENT)
        return self._read

    def _configuration(self) -> Mapping[str, Any]:
        return self._document().new_configuration(self.act.configuration, self.act.address, Carried())

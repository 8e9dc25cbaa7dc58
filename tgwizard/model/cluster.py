"""What a cluster is made of: resource ids, its two members, and the identity that locks and journals hang on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

_ID = re.compile(
    r"^/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)"
    r"/providers/(?P<namespace>[^/]+)/(?P<rest>[^/]+/[^/]+(?:/[^/]+/[^/]+)*)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ResourceId:
    """A full Azure resource id. Azure changes the case of ids freely, so equality ignores it (azure/README.md 1.0)."""

    text: str

    @classmethod
    def parse(cls, text: str) -> ResourceId:
        """Parse a full id; ValueError names what is wrong."""
        text = text.strip().rstrip("/")
        if not _ID.match(text):
            raise ValueError("a full resource id is needed: /subscriptions/…/resourceGroups/…/providers/Type/name")
        return cls(text)

    @property
    def key(self) -> str:
        """The form to compare and to index by."""
        return self.text.lower()

    @property
    def subscription(self) -> str:
        """The subscription's GUID, as spelled in the id."""
        return self._part("subscription")

    @property
    def group(self) -> str:
        """The resource group's name."""
        return self._part("group")

    @property
    def type(self) -> str:
        """Namespace and types, for example ``Microsoft.Network/virtualNetworks/subnets``."""
        pieces = self._part("rest").split("/")
        return "/".join([self._part("namespace"), *pieces[0::2]])

    @property
    def name(self) -> str:
        """The last name in the id."""
        return self.text.rsplit("/", 1)[-1]

    @property
    def parent_name(self) -> str:
        """The name of the parent (a subnet's virtual network), or the resource's own when it has no parent."""
        pieces = self._part("rest").split("/")
        return pieces[-3] if len(pieces) > 2 else pieces[-1]

    @property
    def parent(self) -> ResourceId:
        """The resource this one is part of (a subnet's virtual network), or itself when it has no parent."""
        pieces = self._part("rest").split("/")
        return ResourceId("/".join(self.text.split("/")[:-2])) if len(pieces) > 2 else self

    @property
    def whole(self) -> ResourceId:
        """The resource that this one is a part of at any depth (a frontend's load balancer), or itself."""
        pieces = self._part("rest").split("/")
        return ResourceId("/".join(self.text.split("/")[: 2 - len(pieces)])) if len(pieces) > 2 else self

    @property
    def group_scope(self) -> str:
        """The full id of its resource group: the scope that roles are assigned at."""
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"

    @property
    def short(self) -> str:
        """For people: …/networkInterfaces/name. Copy gives the whole id."""
        pieces = self._part("rest").split("/")
        return f"…/{pieces[-2]}/{pieces[-1]}"

    def _part(self, name: str) -> str:
        match = _ID.match(self.text)
        return match.group(name) if match else ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ResourceId) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Member:
    """One of the two appliances: its Trustgrid name, its VM and its LAN interface.

    ``heartbeat``: the address and port that it listens on for its peer, empty when the file does not say.
    """

    name: str
    vm: ResourceId
    nic: ResourceId
    heartbeat: str = field(default="", compare=False)


class Verb(Enum):
    """The two ways to fail over (Trustgrid's: graceful, and ungraceful, which our buttons call forced)."""

    GRACEFUL = "graceful"
    FORCED = "forced"


@dataclass(frozen=True, slots=True)
class ClusterIdentity:
    """Both NIC ids and the address: what locks and journals belong to, whatever the file is called."""

    nics: tuple[str, str]
    address: str

    @classmethod
    def of(cls, first: ResourceId, second: ResourceId, address: str) -> ClusterIdentity:
        """The identity does not depend on the order of the members in the file."""
        low, high = sorted((first.key, second.key))
        return cls((low, high), address)

    @property
    def digest(self) -> str:
        """A short, file-name safe form."""
        import hashlib  # only where journals and locks are named; the first paint waits for the rest of this module

        return hashlib.sha256("\n".join((*self.nics, self.address)).encode()).hexdigest()[:20]

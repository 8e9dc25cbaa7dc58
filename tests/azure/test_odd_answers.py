"""The places of each answer replaced by what does not belong there: a value or an explained failure, nothing else.

Where tests/fuzz draws at random, this goes through the places one by one, each with kinds of odd values by turns;
``every`` says how many of all are left out between two that are tried.
"""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse

from tests.azure.test_arm import fails
from tests.engine.worlds import give_public_ip
from tests.rig import Rig, rig
from tgwizard.engine.access.read_access import read_roles_of
from tgwizard.engine.azure_call_error import AzureCallError, Certainty
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.run import rehearse
from tgwizard.engine.readiness.preflight_questions import EVERYTHING, PreflightScope
from tgwizard.lab.fronts.in_process import LabAdapter
from tgwizard.lab.lab import Lab
from tgwizard.model.cluster import Verb
from tgwizard.model.failover_options import StopMethod

ODD: tuple[Any, ...] = (
    None,
    True,
    7,
    10**400,
    float("inf"),
    "",
    "\ud800",
    "x/y",
    [],
    [None],
    [[{}]],
    {},
    {"id": None},
    {"properties": 1},
)


class Odd(BaseAdapter):
    """Answers with ``body`` wherever ``wanted`` says so, else as the lab does."""

    def __init__(self, lab: Lab) -> None:
        super().__init__()
        self._inner = LabAdapter(lab)
        self.wanted: Callable[[requests.PreparedRequest], bool] = lambda _request: False
        self.body: bytes | None = None
        self.seen: dict[str, Any] = {}

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        answer = self._inner.send(request, **options)
        if not self.wanted(request):
            return answer
        content = answer.raw.read()
        self.seen = json.loads(content) if content else {}
        raw = HTTPResponse(io.BytesIO(self.body or content), status=answer.status_code, preload_content=False)
        found = HTTPAdapter().build_response(request, raw)
        found.headers.update({key: value for key, value in answer.headers.items() if key.lower() != "content-length"})
        return found

    def close(self) -> None:
        """Nothing is open."""


def odd_rig() -> tuple[Rig, Odd]:
    made: list[Odd] = []

    def session(lab: Lab) -> requests.Session:
        found = requests.Session()
        found.trust_env = False
        made.append(Odd(lab))
        found.mount("https://", made[0])
        return found

    return rig(session=session), made[0]


def spoilt(document: Any) -> Iterator[tuple[str, bytes]]:
    """The document with each of its places replaced, then removed."""
    places: list[tuple[Any, ...]] = [()]
    for place in places:
        inner = document
        for key in place:
            inner = inner[key]
        keys = inner if isinstance(inner, dict) else range(len(inner)) if isinstance(inner, list) else ()
        places += [(*place, key) for key in keys]
    for place in places:
        for value in ODD:
            yield f"{place} = {str(value)[:20]}", json.dumps(_with(document, place, value)).encode()


def _with(document: Any, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    changed = copy.deepcopy(document)
    inner = changed
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return changed


Ask = Callable[[Rig], object]

READS: dict[str, tuple[str, Ask]] = {
    "interface": ("/networkinterfaces/tg-node-a-inside", lambda it: it.services.azure.network.read_nic(it.a.nic)),
    "machine": ("/virtualmachines/tg-node-a", lambda it: it.services.azure.compute.vm(it.a.vm)),
    "subnet": ("/subnets/snet-inside", lambda it: it.services.azure.network.subnet_prefixes(it.setup.subnet)),
    "interfaces": (
        "/networkinterfaces",
        lambda it: it.services.azure.network.nics_listing(it.address, it.setup.subnet),
    ),
    "locks": ("/locks", lambda it: it.services.azure.access.locks(f"/subscriptions/{it.setup.subscription}")),
    "rights": ("/permissions", lambda it: it.services.azure.access.own_permissions(it.a.nic.text)),
    "rights everywhere": (
        "/permissions",
        lambda it: it.services.azure.access.own_permissions(f"/subscriptions/{it.setup.subscription}"),
    ),
    "roles": ("/roleassignments", lambda it: read_roles_of(it.services.azure.access, _oid(it), it.setup.subscription)),
    "role": ("/roledefinitions/", lambda it: read_roles_of(it.services.azure.access, _oid(it), it.setup.subscription)),
    "address": (
        "/checkipaddressavailability",
        lambda it: it.services.azure.network.check_address(it.setup.subnet, it.address),
    ),
    "inventory of machines": (
        "/virtualmachines",
        lambda it: it.services.azure.compute.vms(it.setup.subscription, lambda _count: None),
    ),
    "inventory of interfaces": (
        "/networkinterfaces",
        lambda it: it.services.azure.network.nics(it.setup.subscription, lambda _count: None),
    ),
    "inventory of networks": (
        "/virtualnetworks",
        lambda it: it.services.azure.network.networks(it.setup.subscription, lambda _count: None),
    ),
    "subscriptions": ("/subscriptions", lambda it: it.services.azure.directory.subscriptions()),
}


def _oid(it: Rig) -> str:
    return str(it.call("GET", it.a.vm.text).json()["identity"]["principalId"])


def _part(cases: list[tuple[str, bytes]], every: int) -> list[tuple[str, bytes]]:
    return cases[:: max(1, every)]


def breaks(it: Rig, odd: Odd, path: str, ask: Ask, every: int) -> list[str]:
    """What raised anything but AzureCallError."""
    odd.wanted = lambda request: path in str(request.url).split("?")[0].lower() and request.method == "GET"
    ask(it)
    document = odd.seen
    assert document
    found = []
    for name, body in _part(list(spoilt(document)), every):
        odd.body = body
        try:
            ask(it)
        except AzureCallError:
            continue
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            found.append(f"{name}: {type(error).__name__}: {error}")
    return found


@pytest.mark.parametrize(("path", "ask"), READS.values(), ids=READS)
def test_that_an_odd_answer_is_a_value_or_an_explained_failure(path: str, ask: Ask) -> None:
    assert breaks(*odd_rig(), path, ask, every=41) == []


@pytest.mark.full
@pytest.mark.parametrize(("path", "ask"), READS.values(), ids=READS)
def test_that_no_odd_answer_breaks_a_read(path: str, ask: Ask) -> None:
    assert breaks(*odd_rig(), path, ask, every=4) == []


JUDGED = {
    "losing interface": "/networkinterfaces/tg-node-a-inside",
    "gaining interface": "/networkinterfaces/tg-node-b-inside",
    "machine": "/virtualmachines/tg-node-b",
}


def _judge(it: Rig, verb: Verb, extent: PreflightScope) -> None:
    rehearse(it.services, it.setup, it.b, verb, lambda _event: None, CancelToken(), extent=extent)


@pytest.mark.full
@pytest.mark.parametrize("verb", Verb)
@pytest.mark.parametrize("path", JUDGED.values(), ids=JUDGED)
def test_that_what_is_made_of_an_odd_answer_breaks_nothing_either(path: str, verb: Verb) -> None:
    it, odd = odd_rig()
    give_public_ip(it)
    assert breaks(it, odd, path, lambda it: _judge(it, verb, EVERYTHING), every=17) == []


WRITES: dict[str, Ask] = {
    "interface": lambda it: it.services.azure.network.write_nic(
        it.a.nic, it.nic(it.a), if_match=it.nic(it.a).etag, request_id="r"
    ),
    "stop": lambda it: it.services.azure.compute.stop_vm(it.a.vm, StopMethod.POWER_OFF, request_id="r"),
}


def test_that_a_name_that_is_no_text_breaks_no_look_up() -> None:
    it, odd = odd_rig()
    odd.wanted = lambda request: "/roleassignments" in str(request.url).lower()
    assert len(read_roles_of(it.services.azure.access, _oid(it), it.setup.subscription)) == 1
    odd.seen["value"][0]["properties"]["roleDefinitionId"] = "\ud800"
    odd.body = json.dumps(odd.seen).encode()
    after = read_roles_of(it.services.azure.access, _oid(it), it.setup.subscription)
    assert after == (), "an assignment whose role has no name grants nothing"


@pytest.mark.parametrize("body", ["{", "[1]", "[" * 20_000, "NaN", '{"properties": {}}', b"\xff\xfe\x00\xd8"])
@pytest.mark.parametrize("ask", WRITES.values(), ids=WRITES)
def test_that_an_unreadable_answer_to_a_write_leaves_it_unknown(ask: Ask, body: str | bytes) -> None:
    it, odd = odd_rig()
    odd.wanted = lambda request: request.method in ("PUT", "POST")
    odd.body = body if isinstance(body, bytes) else body.encode()
    if ask is WRITES["stop"] and body in ("[1]", '{"properties": {}}'):
        ask(it)  # what a readable answer says of a stop is not read: the machine is
        return
    assert fails(lambda: ask(it)).certainty is Certainty.UNKNOWN

"""Whether an address can float: every condition as a finding of its own, so that each is seen to hold."""

from __future__ import annotations

from ipaddress import IPv4Address

from tgwizard.engine.setup.addresses import APPLIANCE_BRIDGE, Occupancy, Use
from tgwizard.model.finding import Finding, Level
from tgwizard.model.inventory import AddressAnswer
from tgwizard.model.problem import Problem
from tgwizard.model.text import listed, tame

_OTHER = "Choose a free address of the subnet."


def judge_address(
    address: IPv4Address, taken: Occupancy, answer: AddressAnswer | None, asked: Problem | None = None
) -> tuple[Finding, ...]:
    """The findings, in the order in which they are shown.

    ``answer``: what Azure said about this very address; None: not asked, or ``asked`` says why it did not answer.
    An address that one of the two LAN interfaces has beside its own is the cluster's already: that is fine.
    """
    findings = [*_service_owned(taken), _inside(address, taken)]
    if findings[-1].level is Level.BLOCKS:
        return (*findings, _bridge(address))
    square = taken.square(address)
    findings += [_not_reserved(address, taken), _on_no_nic(address, taken), _free(address, square.use, answer, asked)]
    return (*findings, _bridge(address))


def worth_asking(address: IPv4Address, taken: Occupancy) -> bool:
    """Whether Azure is to be asked: not outside every subnet, where it answers 400, and not what floats already."""
    if taken.home(address) is None or taken.is_reserved(address):
        return False
    return taken.square(address).use is not Use.FLOATING


def _service_owned(taken: Occupancy) -> tuple[Finding, ...]:
    if not taken.subnet.delegations:
        return ()
    owner = listed(tame(name, 120) for name in taken.subnet.delegations)
    name = tame(taken.subnet.id.name, 90)
    problem = Problem(
        "subnet-delegated",
        f"{name} belongs to a service: {owner}.",
        "Azure lets that service alone put addresses into a delegated subnet.",
        "Choose machines whose LAN interfaces are in another subnet.",
    )
    return (Finding(Level.BLOCKS, f"{name} is delegated", owner, problem),)


def _inside(address: IPv4Address, taken: Occupancy) -> Finding:
    name = tame(taken.subnet.id.name, 90)
    home = taken.home(address)
    if home is not None:
        return Finding(Level.PASSED, f"Inside {name}", str(home))
    spans = listed(str(network) for network in taken.ranges) or "no IPv4 range"
    problem = Problem(
        "address-outside-subnet",
        f"{address} is not in {name}.",
        f"That subnet, which both LAN interfaces share, has {spans}.",
        _OTHER,
    )
    return Finding(Level.BLOCKS, f"Not inside {name}", spans, problem)


def _not_reserved(address: IPv4Address, taken: Occupancy) -> Finding:
    home = taken.home(address)
    kept = f"{home[0]} to {home[3]} and {home[-1]}" if home and home.num_addresses > 4 else "all of it"
    if not taken.is_reserved(address):
        return Finding(Level.PASSED, "Not reserved by Azure", kept)
    problem = Problem(
        "address-reserved",
        f"{address} is reserved by Azure.",
        f"Azure keeps the first four and the last address of {home} for itself.",
        _OTHER,
    )
    return Finding(Level.BLOCKS, "Reserved by Azure", kept, problem)


def _on_no_nic(address: IPv4Address, taken: Occupancy) -> Finding:
    square = taken.square(address)
    if square.use is Use.FLOATING:
        return Finding(Level.PASSED, "Already the cluster's own", square.words)
    if square.use in (Use.FREE, Use.RESERVED):
        return Finding(Level.PASSED, "On no interface here", f"{taken.in_use} addresses in use")
    if square.use is Use.OWN:
        problem = Problem(
            "address-of-member",
            f"{address} is {square.words}.",
            "A machine's own address never moves: it would cut the machine off.",
            _OTHER,
        )
        return Finding(Level.BLOCKS, "A machine's own address", square.words, problem)
    problem = Problem("address-in-use", f"{address} is {square.words}.", "Azure gives an address out once.", _OTHER)
    return Finding(Level.BLOCKS, "In use", square.words, problem)


def _free(address: IPv4Address, use: Use, answer: AddressAnswer | None, asked: Problem | None) -> Finding:
    if use is Use.FLOATING:
        return Finding(Level.PASSED, "Azure holds it for this cluster", "so it need not be free")
    if answer is None:
        why = asked.what if asked else "It was not asked yet."
        return Finding(Level.NOT_KNOWN, "Whether Azure says it is free is not known", why, asked)
    if answer.free:
        return Finding(Level.PASSED, "Azure says it is free")
    others = listed(tame(one, 60) for one in answer.others[:3])
    problem = Problem(
        "address-not-free",
        f"Azure says that {address} is {'reserved' if answer.reserved else 'not free'}.",
        "Something that your account cannot read may have it, for example a private endpoint or a gateway.",
        f"Choose another address, for example {others}." if others else _OTHER,
    )
    return Finding(Level.BLOCKS, "Azure says it is not free", others, problem)


def _bridge(address: IPv4Address) -> Finding:
    if address not in APPLIANCE_BRIDGE:
        return Finding(Level.PASSED, f"Outside {APPLIANCE_BRIDGE}", "the appliance uses it")
    problem = Problem(
        "address-in-appliance-bridge",
        f"{address} is in {APPLIANCE_BRIDGE}.",
        "The appliance uses that range inside itself, so the address would never be reached.",
        "Choose a subnet and an address outside it.",
    )
    return Finding(Level.BLOCKS, f"Inside {APPLIANCE_BRIDGE}", "the appliance uses it", problem)

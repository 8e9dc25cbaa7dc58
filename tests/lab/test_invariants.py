"""Random histories: whatever clients do, the lab's ledger stays right."""

from __future__ import annotations

import itertools
import json
import threading

from hypothesis import given
from hypothesis import strategies as st

from tests.lab.bench import FLOATING, Bench
from tgwizard.lab.faults.fault_rules import Fault, OperationFails, OperationNeverEnds
from tgwizard.lab.world import Overlap

A, B, C = NICS = ("tg-node-a-inside", "tg-node-b-inside", "vm-app-01-nic")

steps = st.lists(
    st.one_of(
        st.tuples(st.just("attach"), st.sampled_from(NICS)),
        st.tuples(st.just("detach"), st.sampled_from(NICS)),
        st.tuples(st.just("again"), st.sampled_from(NICS)),
        st.tuples(st.just("fail"), st.sampled_from(NICS)),
        st.tuples(st.just("hang"), st.sampled_from(NICS)),
        st.tuples(st.just("wait"), st.sampled_from(["1", "3", "4", "9"])),
        st.tuples(st.just("reload"), st.just("")),
    ),
    max_size=14,
)


def take(bench: Bench, step: str, what: str) -> None:
    match step:
        case "attach":
            bench.put(what, bench.with_floating(what))
        case "detach":
            bench.put(what, bench.without_floating(what))
        case "again":
            bench.put(what, bench.nic(what))
        case "fail":
            bench.lab.faults.add(Fault("PUT", what, OperationFails()))
        case "hang":
            bench.lab.faults.add(Fault("PUT", what, OperationNeverEnds()))
        case "wait":
            bench.clock.advance(float(what))
        case _:
            bench.lab = bench.lab.copy(bench.clock)


def check_books(bench: Bench) -> None:
    world = json.loads(bench.lab.dump())
    allocated = {(item["address"], item["nic"]) for item in world["allocations"]}
    assert len({address for address, _ in allocated}) == len(world["allocations"]), "an address is allocated once"
    for name in (*NICS, "tg-node-a-outside", "tg-node-b-outside"):
        nic = bench.nic(name)
        listed = {(item["properties"]["privateIPAddress"], nic["id"]) for item in nic["properties"]["ipConfigurations"]}
        assert listed <= allocated
        if nic["properties"]["provisioningState"] == "Succeeded":
            held = {(item.address, item.nic) for item in bench.lab.holdings if item.until is None}
            assert listed == {pair for pair in allocated if pair[1] == nic["id"]}
            assert listed == {pair for pair in held if pair[1] == nic["id"]}, "who lists and is Succeeded, holds"


def check_holdings(bench: Bench) -> None:
    floating = sorted(
        (item for item in bench.lab.holdings if item.address == FLOATING),
        key=lambda item: (item.since, item.until is None),
    )
    for earlier, later in itertools.pairwise(floating):
        assert earlier.until is not None
        assert earlier.until <= later.since, "never two holders"


@given(history=steps, overlap=st.sampled_from(Overlap))
def test_that_no_history_breaks_the_books(history: list[tuple[str, str]], overlap: Overlap) -> None:
    bench = Bench()
    bench.lab.overlap = overlap
    for step, what in history:
        take(bench, step, what)
        check_books(bench)
        check_holdings(bench)


def test_that_of_many_writers_with_one_etag_exactly_one_wins(bench: Bench) -> None:
    nic = bench.without_floating(A)
    etag = bench.nic(A)["etag"]
    statuses: list[int] = []
    gate = threading.Barrier(8)

    def write() -> None:
        gate.wait()
        statuses.append(bench.put(A, nic, If_Match=etag).status)

    writers = [threading.Thread(target=write) for _ in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(statuses) == [200] + [412] * 7

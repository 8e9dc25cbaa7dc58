"""Real kill -9: of a failover at every stage against a lab in another process, and of the lab itself."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.e2e.programs import DEADLINE_S, LabProcess, Program, code_of, is_event, settled, tgwizard, wait_for

pytestmark = pytest.mark.full

WRITES = 40
"""How many writes of one client go before the kill: more than a second's worth is not needed, none may be lost."""


def at(name: str, **values: object) -> Callable[[Program], None]:
    def reach(program: Program) -> None:
        program.until(is_event(name, **values))

    return reach


def while_releasing(program: Program) -> None:
    """Some polls into the detach."""
    program.until(is_event("located", place="releasing"))
    for _ in range(5):
        program.until(is_event("call_made", method="GET"))


def while_attaching(program: Program) -> None:
    """Some polls into the attach."""
    program.until(is_event("located", place="attaching"))
    for _ in range(5):
        program.until(is_event("call_made", method="GET"))


MOMENTS = {
    "before the detach was answered": at("step_started", step="detach"),
    "right after the detach was accepted": at("call_made", method="PUT", target="tg-node-a-inside"),
    "while releasing": while_releasing,
    "when on no NIC, as the attach starts": at("step_started", step="attach"),
    "while attaching": while_attaching,
}


@pytest.mark.parametrize(
    ("reach", "verb"),
    list(zip(MOMENTS.values(), itertools.cycle(("--graceful", "--forced")), strict=False)),
    ids=MOMENTS.keys(),
)
def test_that_a_killed_failover_is_resumed_to_exactly_one_holder(
    reach: Callable[[Program], None], verb: str, tmp_path: Path
) -> None:
    with LabProcess(tmp_path / "lab") as lab:
        with lab.failover(verb=verb) as failover:
            reach(failover)
            failover.kill()
            assert failover.process.returncode == -9
            assert not any('"finished"' in line for line in failover.printed)
        resumed = lab.resume()
        finished = resumed.finished
        assert resumed.code == code_of(finished["outcome"]), resumed
        assert (resumed.code, finished["outcome"], finished["address"]) == (0, "done", "tg-node-b"), resumed
        assert finished["run"] in failover.printed[0], "it is the run that was interrupted"
        seen = settled(lab.folder)
        assert (seen["holder"], seen["verdict"]) == ("tg-node-b", "in_sync")
        again = lab.resume()
        assert (again.code, again.finished["outcome"]) == (3, "refused"), "nothing is left to resume"


def put_at_the_lab(program: Program) -> None:
    program.until(is_event("call_made", method="POST"))


def while_moving(program: Program) -> None:
    """Some polls into the move."""
    program.until(is_event("call_made", method="POST"))
    for _ in range(5):
        program.until(is_event("call_made", method="GET"))


@pytest.mark.parametrize(
    ("reach", "verb"),
    [(at("step_started", step="move"), "--graceful"), (put_at_the_lab, "--graceful"), (while_moving, "--forced")],
    ids=["as the move starts", "right after the move was accepted", "while moving"],
)
def test_that_a_killed_move_in_one_call_is_resumed_to_exactly_one_holder(
    reach: Callable[[Program], None], verb: str, tmp_path: Path
) -> None:
    with LabProcess(tmp_path / "lab") as lab:
        with lab.failover("tg-node-b", verb, "--strategy", "atomic") as failover:
            reach(failover)
            failover.kill()
        resumed = lab.resume()
        finished = resumed.finished
        assert resumed.code == code_of(finished["outcome"]), resumed
        seen = settled(lab.folder)
        # Killed before the request left, nothing moved, and only time tells that nothing is on its way.
        assert (finished["outcome"], seen["holder"]) in (("done", "tg-node-b"), ("unknown", "tg-node-a")), resumed


def test_that_a_put_back_that_was_killed_is_resumed_to_where_the_address_came_from(tmp_path: Path) -> None:
    with LabProcess(tmp_path / "lab") as lab:
        with lab.failover() as failover:
            failover.until(is_event("located", place="releasing"))
            failover.interrupt()
            failover.until(is_event("step_started", step="put_back"))
            failover.kill()
        resumed = lab.resume()
        assert resumed.finished["address"] in ("tg-node-a", "tg-node-b"), resumed
        assert settled(lab.folder)["holder"] == resumed.finished["address"]


def test_that_a_resume_that_was_killed_itself_is_resumed(tmp_path: Path) -> None:
    with LabProcess(tmp_path / "lab") as lab:
        with lab.failover() as failover:
            failover.until(is_event("call_made", method="PUT", target="tg-node-a-inside"))
            failover.kill()
        with tgwizard("resume", "--lab-dir", lab.folder, "--json") as second:
            second.until(is_event("call_made", method="PUT", target="tg-node-b-inside"))
            second.kill()
        resumed = lab.resume()
        assert (resumed.code, resumed.finished["address"]) == (0, "tg-node-b"), resumed
        assert settled(lab.folder)["holder"] == "tg-node-b"


def test_that_a_failover_killed_before_it_wrote_anything_leaves_nothing_to_resume(tmp_path: Path) -> None:
    with LabProcess(tmp_path / "lab") as lab:
        with lab.failover() as failover:
            failover.until(is_event("started"))
            failover.kill()
        resumed = lab.resume()
        finished = resumed.finished
        assert resumed.code == code_of(finished["outcome"])
        # The kill may come after the intents were journalled; then the run is resumed to its end.
        assert (finished["outcome"], finished["address"]) in (("refused", "tg-node-a"), ("done", "tg-node-b"))
        assert settled(lab.folder)["holder"] == finished["address"]


def test_that_a_killed_lab_comes_back_with_the_address_where_it_was(tmp_path: Path) -> None:
    with LabProcess(tmp_path / "lab") as lab:
        with lab.failover() as failover:
            assert failover.end() == 0
        old = lab.ready
        lab.program.kill()
        assert (lab.folder / "lab.json").exists(), "a killed lab takes nothing back"
        lab.start()
        assert lab.ready["clusters"] == old["clusters"]
        seen = lab.status()
        assert (seen["holder"], seen["verdict"]) == ("tg-node-b", "in_sync")
        with lab.failover("tg-node-a") as failover:
            assert failover.end() == 0
        assert lab.status()["holder"] == "tg-node-a"


@pytest.mark.parametrize("place", ["releasing", "attaching"])
def test_that_a_lab_and_a_failover_killed_together_end_with_the_address_on_one_member(
    place: str, tmp_path: Path
) -> None:
    with LabProcess(tmp_path / "lab") as lab:
        with lab.failover() as failover:
            failover.until(is_event("call_made", method="PUT", target="tg-node-a-inside"))
            if place == "attaching":
                failover.until(is_event("call_made", method="PUT", target="tg-node-b-inside"))
            lab.program.kill()
            failover.kill()
        lab.start()
        resumed = lab.resume()
        assert (resumed.code, resumed.finished["outcome"]) == (0, "done"), resumed
        seen = settled(lab.folder)
        assert (seen["holder"], seen["verdict"]) == ("tg-node-b", "in_sync")


@pytest.mark.parametrize("scenario", [(), ("--scenario", "fleet", "--clusters", "60")], ids=["small", "big"])
def test_that_a_killed_lab_has_forgotten_no_write_that_it_answered(scenario: tuple[str, ...], tmp_path: Path) -> None:
    """Four clients tag a machine each until the kill -9 comes; what was answered with 2xx is there afterwards."""
    with LabProcess(tmp_path / "lab", scenario) as lab:
        vms = some_vms(lab)
        answered: dict[str, int] = {}

        def write(vm: str) -> None:
            with contextlib.suppress(requests.ConnectionError), arm(lab) as session:
                for number in itertools.count(1):
                    reply = session.patch(url(lab, vm), json={"tags": {"number": str(number)}}, timeout=DEADLINE_S)
                    assert reply.status_code == 200
                    answered[vm] = number

        with ThreadPoolExecutor(len(vms)) as pool:
            writers = [pool.submit(write, vm) for vm in vms]
            wait_for(lambda: len(answered) == len(vms) and max(answered.values()) >= WRITES, "the writes went through")
            lab.program.kill()
            for writer in writers:
                writer.result(DEADLINE_S)
        lab.start()
        with arm(lab) as session:
            kept = {vm: int(session.get(url(lab, vm), timeout=DEADLINE_S).json()["tags"]["number"]) for vm in vms}
    for vm in vms:
        # The last one may have been written down and killed before its answer.
        assert answered[vm] <= kept[vm] <= answered[vm] + 1, (answered, kept)


def arm(lab: LabProcess) -> requests.Session:
    published = json.loads((lab.folder / "lab.json").read_text(encoding="utf-8"))
    session = requests.Session()
    session.trust_env = False
    session.verify = published["ca"]
    session.headers["Authorization"] = f"Bearer {published['token']}"
    return session


def url(lab: LabProcess, path: str) -> str:
    published = json.loads((lab.folder / "lab.json").read_text(encoding="utf-8"))
    return f"{published['arm']}{path}?api-version=2024-07-01"


def some_vms(lab: LabProcess) -> list[str]:
    with arm(lab) as session:
        (subscription,) = session.get(url(lab, "/subscriptions"), timeout=DEADLINE_S).json()["value"]
        found = session.get(url(lab, f"{subscription['id']}/providers/Microsoft.Compute/virtualMachines"), timeout=60)
        return [item["id"] for item in found.json()["value"]][:4]

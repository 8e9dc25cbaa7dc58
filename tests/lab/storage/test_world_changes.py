"""Saving a big world by its changes: what a folder holds after any of them is what the lab has (saver's promise)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.lab.bench import Bench
from tests.lab.rights import assign, define, fresh_guid
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.lab import Lab
from tgwizard.lab.latency import Latency
from tgwizard.lab.storage import world_document
from tgwizard.lab.storage.folder_problems import LabFolderDamaged
from tgwizard.lab.storage.world_store import WorldFile

A, B = "tg-node-a-inside", "tg-node-b-inside"


def toggle_identity(bench: Bench) -> None:
    vm = bench.vm_id("vm-app-01")
    kind = "None" if "identity" in bench.get(vm) else "SystemAssigned"
    assert bench.call("PATCH", vm, {"identity": {"type": kind}}).status == 200


def toggle_assignment(bench: Bench) -> None:
    oid, guid = bench.lab.directory.automation.oid, fresh_guid("toggled")
    path = f"{bench.group}/providers/Microsoft.Authorization/roleAssignments/{guid}"
    if bench.call("GET", path, version="2022-04-01").status == 200:
        assert bench.call("DELETE", path, version="2022-04-01").status in {200, 409}
    else:
        assert assign(bench, oid, "Reader", bench.group, guid=guid).status == 201


def delete_or_make_nic(bench: Bench) -> None:
    path = bench.nic_id("spare")
    if bench.call("GET", path).status == 200:
        assert bench.call("DELETE", path).status in {202, 409}
    else:
        subnet = {"id": f"{bench.vnet_id}/subnets/snet-inside"}
        properties = {"ipConfigurations": [{"name": "one", "properties": {"subnet": subnet}}]}
        assert bench.call("PUT", path, {"location": "southcentralus", "properties": properties}).status == 201


def move(bench: Bench) -> None:
    if any(item["name"] == "tg-floating" for item in bench.nic(A)["properties"]["ipConfigurations"]):
        bench.detach(A)
    elif not any(item["name"] == "tg-floating" for item in bench.nic(B)["properties"]["ipConfigurations"]):
        bench.put(B, bench.with_floating(B))
    else:
        bench.put(B, bench.without_floating(B))


def put_role(bench: Bench) -> None:
    assert define(bench, fresh_guid("role"), description=str(bench.clock.monotonic())).status == 201


def put_lock(bench: Bench) -> None:
    path = f"{bench.group}/providers/Microsoft.Authorization/locks/keep"
    answer = bench.call("PUT", path, {"properties": {"level": "CanNotDelete"}}, version="2016-09-01")
    assert answer.status in {200, 201}


def delete_vm(bench: Bench) -> None:
    assert bench.call("DELETE", bench.vm_id("vm-app-01")).status in {202, 204, 409}


def tag(bench: Bench) -> None:
    value = str(bench.clock.monotonic())
    for url in (bench.nic_id(B), bench.vnet_id):
        assert bench.call("PATCH", url, {"tags": {"at": value}}).status in {200, 404, 409}
    for scope in (bench.subscription, bench.vm_id("tg-node-a")):
        url = f"{scope}/providers/Microsoft.Resources/tags/default"
        assert bench.call("PUT", url, {"properties": {"tags": {"at": value}}}).status == 200


def make_or_delete_group(bench: Bench) -> None:
    group = f"{bench.subscription}/resourceGroups/rg-passing"
    nic = f"{group}/providers/Microsoft.Network/networkInterfaces/passing"
    if bench.call("HEAD", group).status == 204:
        assert bench.call("DELETE", group).status in {202, 409}
        return
    assert bench.call("PUT", group, {"location": "southcentralus"}).status == 201
    subnet = {"id": f"{bench.vnet_id}/subnets/snet-inside"}
    properties = {"ipConfigurations": [{"name": "one", "properties": {"subnet": subnet}}]}
    assert bench.call("PUT", nic, {"location": "southcentralus", "properties": properties}).status == 201


def make_or_delete_subnet(bench: Bench) -> None:
    path = f"{bench.vnet_id}/subnets/passing"
    if bench.call("GET", path).status == 200:
        assert bench.call("DELETE", path).status in {202, 409}
    else:
        answer = bench.call("PUT", path, {"properties": {"addressPrefix": "10.20.77.0/24"}})
        assert answer.status in {200, 201}


DEEDS: tuple[Callable[[Bench], Any], ...] = (
    toggle_assignment,
    delete_or_make_nic,
    move,
    put_role,
    put_lock,
    toggle_identity,
    tag,
    make_or_delete_group,
    make_or_delete_subnet,
    lambda bench: bench.call("POST", f"{bench.vm_id('tg-node-a')}/restart"),
    lambda bench: bench.lab.switch(bench.vm_id("tg-node-b"), on=False),
    lambda bench: bench.lab.switch(bench.vm_id("tg-node-b"), on=True),
    lambda bench: bench.clock.advance(3),
    lambda bench: bench.clock.advance(60),
    lambda bench: bench.clock.advance(700),
    lambda bench: setattr(bench.lab, "latency", Latency.DRAWN),
    lambda bench: setattr(bench.lab.directory, "flicker", True),
    lambda bench: bench.lab.directory.revoke_sessions(bench.lab.directory.automation),
    lambda bench: bench.get(f"{bench.group}/providers/Microsoft.Network/networkInterfaces"),
    lambda bench: bench.nic(A),
    lambda bench: bench.lab.use_scenario("ready"),
)


def plain(lab: Lab) -> Any:
    """Return a world as it is, the order of its ledger aside."""
    found = json.loads(lab.dump())
    found["allocations"].sort(key=lambda item: (item["nic"], item["address"]))
    return found


def big(folder: Path) -> WorldFile:
    """Return the file of a folder whose world is treated as a big one, whatever its size."""
    return WorldFile(folder, whole_below=0, changes_share=10)


def loaded(folder: Path, bench: Bench) -> Lab:
    lab = WorldFile(folder).load(bench.clock)
    assert lab is not None
    return lab


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    deeds=st.lists(
        st.tuples(st.sampled_from(range(len(DEEDS))), st.sampled_from([None, WorldFile.note, WorldFile.save])),
        min_size=1,
        max_size=12,
    ),
    last=st.sampled_from([WorldFile.note, WorldFile.save]),
)
def test_that_a_folder_holds_what_the_lab_has_after_any_changes(
    tmp_path_factory: pytest.TempPathFactory,
    deeds: list[tuple[int, Callable[[WorldFile, Lab], None] | None]],
    last: Callable[[WorldFile, Lab], None],
) -> None:
    bench, folder = Bench(), tmp_path_factory.mktemp("lab")
    file = big(folder)
    file.save(bench.lab)
    for number, keep in deeds:
        DEEDS[number](bench)
        bench.token = bench.lab.issue_token()
        if keep is not None:
            keep(file, bench.lab)
    last(file, bench.lab)
    assert plain(loaded(folder, bench)) == plain(bench.lab)


def test_that_a_note_of_a_small_world_is_a_line_and_its_save_gathers_the_lines(bench: Bench, tmp_path: Path) -> None:
    file = WorldFile(tmp_path)
    file.save(bench.lab)
    for number in (1, 2, 3):
        move(bench)
        bench.clock.advance(10)
        file.note(bench.lab)
        assert len(file.changes_path.read_text().splitlines()) == number
        assert plain(loaded(tmp_path, bench)) == plain(bench.lab)
    file.save(bench.lab)
    assert not file.changes_path.exists()
    assert plain(loaded(tmp_path, bench)) == plain(bench.lab)


def test_that_the_line_of_a_write_tells_that_write_and_not_all_operations(bench: Bench, tmp_path: Path) -> None:
    file = big(tmp_path)
    file.save(bench.lab)
    sizes = []
    for _ in range(30):
        move(bench)
        bench.clock.advance(10)
        before = file.changes_path.stat().st_size if file.changes_path.exists() else 0
        file.note(bench.lab)
        sizes.append(file.changes_path.stat().st_size - before)
    assert max(sizes[15:]) < 1.2 * max(sizes[:15])


def test_that_one_write_adds_a_line_and_leaves_the_world_alone(bench: Bench, tmp_path: Path) -> None:
    file = big(tmp_path)
    file.save(bench.lab)
    before = file.path.stat()
    assert not file.changes_path.exists()
    bench.detach(A)
    file.save(bench.lab)
    bench.nic(B)
    file.save(bench.lab)
    assert (file.path.stat().st_mtime_ns, file.path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    (line,) = file.changes_path.read_text().splitlines()
    changed = json.loads(line)
    names = {name.rsplit("/", 1)[-1] for name, value in changed["keyed"]["resources"].items() if value}
    assert "tg-node-a-inside" in names
    assert not names & {"tg-node-b-inside", "tg-node-b", "vm-app-01", "vm-app-01-nic"}


def test_that_a_move_in_one_operation_is_saved_by_its_changes(bench: Bench, tmp_path: Path) -> None:
    file = big(tmp_path)
    file.save(bench.lab)
    item = {
        "sourceIpConfiguration": {"id": f"{bench.nic_id(A)}/ipConfigurations/tg-floating"},
        "targetIpConfiguration": {"id": f"{bench.nic_id(B)}/ipConfigurations/tg-floating-1"},
    }
    answer = bench.call("POST", f"{bench.vnet_id}/moveIpConfigurations", {"moveIpConfigurationItems": [item]})
    assert answer.status == 202
    file.save(bench.lab)
    assert plain(loaded(tmp_path, bench)) == plain(bench.lab)
    bench.clock.advance(4)
    bench.nic(A)
    file.save(bench.lab)
    assert file.changes_path.exists()
    assert plain(loaded(tmp_path, bench)) == plain(bench.lab)
    assert loaded(tmp_path, bench).holder("10.20.2.50") == bench.nic_id(B)


def test_that_a_small_world_is_written_whole(bench: Bench, tmp_path: Path) -> None:
    file = WorldFile(tmp_path)
    file.save(bench.lab)
    bench.detach(A)
    file.save(bench.lab)
    assert not file.changes_path.exists()
    assert plain(loaded(tmp_path, bench)) == plain(bench.lab)


def test_that_many_changes_lead_to_a_whole_world_again(bench: Bench, tmp_path: Path) -> None:
    file = WorldFile(tmp_path, whole_below=0, changes_share=0.8)
    file.save(bench.lab)
    sizes = set()
    for _ in range(12):
        move(bench)
        bench.clock.advance(10)
        file.save(bench.lab)
        sizes.add(file.changes_path.exists())
    assert sizes == {True, False}
    assert plain(loaded(tmp_path, bench)) == plain(bench.lab)


def test_that_a_torn_last_line_is_as_if_it_had_not_been_written(bench: Bench, tmp_path: Path) -> None:
    file = big(tmp_path)
    file.save(bench.lab)
    bench.detach(A)
    file.save(bench.lab)
    before = plain(loaded(tmp_path, bench))
    size = file.changes_path.stat().st_size
    put_role(bench)
    file.save(bench.lab)
    text = file.changes_path.read_bytes()
    for cut in (size + 1, (size + len(text)) // 2, len(text) - 1):
        file.changes_path.write_bytes(text[:cut])
        assert plain(loaded(tmp_path, bench)) == before


def test_that_changes_of_another_world_are_left_out(bench: Bench, tmp_path: Path) -> None:
    file = big(tmp_path)
    file.save(bench.lab)
    bench.detach(A)
    file.save(bench.lab)
    left = file.changes_path.read_bytes()
    big(tmp_path).save(bench.lab)
    assert not file.changes_path.exists()
    file.changes_path.write_bytes(left)  # as after a kill between the two steps
    put_role(bench)
    with_role = plain(bench.lab)
    assert plain(loaded(tmp_path, bench)) != with_role
    assert "networkinterfaces" in json.dumps(plain(loaded(tmp_path, bench)))


def test_that_a_damaged_line_in_the_middle_is_named(bench: Bench, tmp_path: Path) -> None:
    file = big(tmp_path)
    file.save(bench.lab)
    bench.detach(A)
    file.save(bench.lab)
    file.changes_path.write_text("{}\n" + file.changes_path.read_text())
    with pytest.raises(LabFolderDamaged, match=r"world\.changes"):
        loaded(tmp_path, bench)


def test_that_a_save_that_failed_is_made_up_for_by_a_whole_one(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = big(tmp_path)
    file.save(bench.lab)
    bench.detach(A)
    file.note(bench.lab)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            file.save(bench.lab)
    put_role(bench)
    file.save(bench.lab)
    assert not file.changes_path.exists()
    assert plain(loaded(tmp_path, bench)) == plain(bench.lab)


def test_that_a_world_somebody_has_formatted_is_read_all_the_same(bench: Bench, tmp_path: Path) -> None:
    file = WorldFile(tmp_path)
    file.save(bench.lab)
    file.path.write_text(json.dumps(json.loads(file.path.read_text()), indent=2))
    assert plain(loaded(tmp_path, bench)) == plain(bench.lab)


def test_that_reading_by_lines_gives_what_reading_at_once_gives() -> None:
    text = Lab.from_scenario("fleet", clock=VirtualClock(), clusters=300).dump()
    assert world_document.read(text.splitlines(keepends=True)) == json.loads(text)
    for broken in ("", "{}", text[:-3], text[: len(text) // 2], "[\n]\n"):
        with pytest.raises(ValueError, match=r"."):
            world_document.read(broken.splitlines(keepends=True))


def test_that_a_group_that_went_with_all_that_was_in_it_is_gone_from_the_folder_too(
    bench: Bench, tmp_path: Path
) -> None:
    file = big(tmp_path)
    file.save(bench.lab)
    assert bench.call("DELETE", bench.group).status == 202
    file.note(bench.lab)
    bench.clock.advance(700)
    assert bench.call("HEAD", bench.group).status == 404
    file.note(bench.lab)
    assert file.changes_path.exists()
    assert plain(loaded(tmp_path, bench)) == plain(bench.lab)

"""Cluster files: every fault named with file, line or key, and fix, all at once; comments survive writing."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from tgwizard.engine.files.cluster_file import load_cluster, save_cluster
from tgwizard.engine.files.cluster_folder import ClusterFolder
from tgwizard.model.address_range import check_address
from tgwizard.model.cluster import ResourceId
from tgwizard.model.cluster_setup import CarriedConfiguration, SavedRole
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.role import RoleKind

SUB = "11111111-2222-3333-4444-555555555555"
GROUP = f"/subscriptions/{SUB}/resourceGroups/rg/providers"

GOOD = f"""\
# Our cluster in Dallas.
schema = 1
name = "edge-dallas"
id = "edge-1"

[azure]
cloud = "public"  # the real one
tenant = "{SUB}"
subscription = "{SUB}"

[floating]
address = "10.20.2.50"
subnet = "{GROUP}/Microsoft.Network/virtualNetworks/vnet/subnets/inside"

[[member]]
name = "tg-node-a"
vm = "{GROUP}/Microsoft.Compute/virtualMachines/tg-node-a"
nic = "{GROUP}/Microsoft.Network/networkInterfaces/tg-node-a-inside"

[[member]]
name = "tg-node-b"
vm = "{GROUP}/Microsoft.Compute/virtualMachines/tg-node-b"
nic = "{GROUP}/Microsoft.Network/networkInterfaces/tg-node-b-inside"
"""


def written(folder: Path, text: str = GOOD, name: str = "edge-dallas") -> Path:
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(path: Path, cloud: str | None = None) -> tuple[Problem, ...]:
    with pytest.raises(UserError) as caught:
        load_cluster(path, cloud)
    return caught.value.problems


def fault_of(folder: Path, old: str, new: str) -> Problem:
    """The one fault of the good file with one place changed."""
    assert old in GOOD
    found = faults(written(folder, GOOD.replace(old, new, 1)))
    assert len(found) == 1, [problem.sentence() for problem in found]
    return found[0]


def test_that_a_good_file_is_read(tmp_path: Path) -> None:
    setup = load_cluster(written(tmp_path), "public")
    assert setup.name == "edge-dallas"
    assert setup.address == IPv4Address("10.20.2.50")
    assert [member.name for member in setup.members] == ["tg-node-a", "tg-node-b"]
    assert setup.ip_configuration == "tg-floating"
    assert setup.cluster_timeout_s == 30


SECOND = GOOD[GOOD.rindex("[[member]]") :]
TABLE = {
    "wrong type": ('address = "10.20.2.50"', "address = 10", "file-value-wrong", "line 12", "address = "),
    "IPv6": ("10.20.2.50", "fd00::50", "file-value-wrong", "line 12", "For example"),
    "not an address": ("10.20.2.50", "10.20.2.500", "file-value-wrong", "line 12", "For example"),
    "bad resource id": (f"{GROUP}/Microsoft.Compute/virtualMachines/tg-node-a", "tg-node-a",
        "file-value-wrong", "line 17", "Copy"),
    "id of another type": ("virtualMachines/tg-node-a", "disks/tg-node-a", "file-value-wrong", "line 17", "Copy"),
    "third member": (SECOND, SECOND + SECOND.replace("node-b", "node-c"), "file-members", "line 24", "Keep the two"),
    "missing member": (SECOND, "", "file-members", "edge-dallas.toml", "Add the missing one"),
    "both the same NIC": ("tg-node-b-inside", "TG-NODE-A-inside", "file-members-alike", "line 23", "its own"),
    "both the same name": ('name = "tg-node-b"', 'name = "TG-node-a"', "file-members-alike", "line 21", "its own"),
    "missing key": ('id = "edge-1"\n', "", "file-key-missing", "id is missing", "Add it"),
    "no schema": ("schema = 1\n", "", "file-key-missing", "schema is missing", "schema = 1"),
    "another schema": ("schema = 1", "schema = 2", "file-schema", "line 2", "Use that version"),
    "schema as text": ("schema = 1", 'schema = "1"', "file-schema", "line 2", "Use that version"),
    "another subscription": (f'subnet = "/subscriptions/{SUB}', f'subnet = "/subscriptions/{SUB[:-1]}6',
        "file-other-subscription", "line 13", "Correct the id"),
    "no GUID": (f'tenant = "{SUB}"', 'tenant = "contoso"', "file-value-wrong", "line 8", "For example"),
    "not TOML": ('name = "edge-dallas"', "name = edge dallas", "file-not-toml", "line 3, column", "Correct the line"),
    "a key twice": ('id = "edge-1"', 'id = "edge-1"\nid = "edge-2"', "file-not-toml", "line 5", "Cannot overwrite"),
    "timeout of no sense": ("[[member]]", "[timing]\ncluster_timeout_s = -1\n\n[[member]]",
        "file-value-wrong", "line 16", "For example"),
    "key in the wrong section": ("[floating]", "role = 3\n\n[floating]",
        "file-key-unknown", "azure.role", "Known here"),
}  # fmt: skip


@pytest.mark.parametrize("case", TABLE)
def test_that_one_fault_is_named_with_its_place_and_cure(tmp_path: Path, case: str) -> None:
    old, new, code, place, fix = TABLE[case]
    problem = fault_of(tmp_path, old, new)
    assert problem.code == code
    assert problem.what.startswith("edge-dallas.toml")
    assert place in problem.what
    assert fix in f"{problem.why} {problem.fix}"


def test_that_a_misspelt_key_is_told_with_the_key_that_was_meant(tmp_path: Path) -> None:
    found = faults(written(tmp_path, GOOD.replace("address =", "adress =")))
    assert [problem.code for problem in found] == ["file-key-unknown", "file-key-missing"]
    assert "line 12: floating.adress is not a known key" in found[0].what
    assert found[0].fix == "Did you mean address?"


def test_that_all_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("10.20.2.50", "x").replace('id = "edge-1"', "id = 4").replace("[azure]", "[azur]")
    codes = [problem.code for problem in faults(written(tmp_path, text))]
    assert codes.count("file-value-wrong") == 2
    assert "file-key-unknown" in codes
    assert "file-key-missing" in codes


def test_that_a_file_of_another_cloud_or_lab_is_refused_with_the_way_out(tmp_path: Path) -> None:
    (problem,) = faults(written(tmp_path), "lab-1")
    assert problem.code == "file-of-another-cloud"
    assert "line 7" in problem.what
    assert "--lab" in problem.fix
    lab = written(tmp_path, GOOD.replace('"public"', '"lab-2"'))
    assert "--lab-dir" in faults(lab, "lab-1")[0].fix
    assert "--lab" in faults(lab, "public")[0].fix


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"x" * 1_000_001], ids=["no text", "too long"])
def test_that_what_is_no_cluster_file_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(content)
    assert faults(path)[0].code == "file-not-read"
    assert path.read_bytes() == content


def test_that_a_missing_file_and_a_folder_are_told_by_path(tmp_path: Path) -> None:
    assert str(tmp_path / "no.toml") in faults(tmp_path / "no.toml")[0].what
    assert faults(tmp_path)[0].code == "file-not-read"


def test_that_writing_keeps_comments_order_and_other_tables(tmp_path: Path) -> None:
    extra = '\n[role]\nname = "tg-role"  # ours\n\n[trustgrid]\ncluster = "c"\n'
    path = written(tmp_path, GOOD + extra)
    setup = load_cluster(path)
    changed = replace(setup, address=IPv4Address("10.20.2.60"), cluster_timeout_s=45.0)
    save_cluster(path, changed)
    text = path.read_text()
    assert text.startswith("# Our cluster in Dallas.\nschema = 1\n")
    assert 'cloud = "public"  # the real one' in text
    assert 'name = "tg-role"  # ours' in text
    assert load_cluster(path) == changed
    assert [entry.name for entry in tmp_path.iterdir() if entry.is_file()] == ["edge-dallas.toml"]


def test_that_an_unchanged_setup_leaves_the_bytes_of_a_full_file_alone(tmp_path: Path) -> None:
    path = written(tmp_path)
    save_cluster(path, load_cluster(path))
    before = path.read_bytes()
    save_cluster(path, load_cluster(path))
    assert path.read_bytes() == before


def test_that_what_travels_is_written_and_read_back(tmp_path: Path) -> None:
    path = written(tmp_path)
    network = f"{GROUP}/Microsoft.Network"
    carried = CarriedConfiguration.of(
        ResourceId(f"{network}/publicIPAddresses/pip"),
        (ResourceId(f"{network}/loadBalancers/lb/backendAddressPools/p"),),
        (ResourceId(f"{network}/loadBalancers/lb/inboundNatRules/r"),),
    )
    setup = replace(load_cluster(path), carried=carried)
    save_cluster(path, setup)
    assert load_cluster(path) == setup
    bare = replace(setup, carried=CarriedConfiguration())
    save_cluster(path, bare)
    assert load_cluster(path) == bare


def test_that_the_role_of_a_set_up_cluster_is_written_and_read_back(tmp_path: Path) -> None:
    at = f"/subscriptions/{SUB}"
    guid = "5a3b0c1e-0000-4000-8000-0000000000aa"
    role = SavedRole(
        f"{at}/providers/Microsoft.Authorization/roleDefinitions/{guid}", "tg-role", RoleKind.CUSTOM, (at,)
    )
    setup = replace(load_cluster(written(tmp_path)), role=role)
    save_cluster(tmp_path / "new.toml", setup)
    assert load_cluster(tmp_path / "new.toml").role == role


def test_that_a_new_file_is_whole(tmp_path: Path) -> None:
    setup = load_cluster(written(tmp_path))
    fresh = tmp_path / "deep" / "fresh.toml"
    save_cluster(fresh, setup)
    assert load_cluster(fresh) == setup


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("10.20.2.50", None),
        ("10.20.3.50", "address-outside-subnet"),
        ("10.20.2.0", "address-reserved"),
        ("10.20.2.3", "address-reserved"),
        ("10.20.2.4", None),
        ("10.20.2.255", "address-reserved"),
    ],
)
def test_that_the_address_is_compared_with_the_ranges_of_the_subnet(
    tmp_path: Path, address: str, code: str | None
) -> None:
    setup = replace(load_cluster(written(tmp_path)), address=IPv4Address(address))
    problem = check_address(setup, ("fd00::/64", "10.20.2.0/24"))
    assert (problem.code if problem else None) == code


def test_that_a_cluster_is_found_by_name_by_path_and_alone(tmp_path: Path) -> None:
    path = written(tmp_path)
    profiles = ClusterFolder(tmp_path, "public")
    wanted = load_cluster(path)
    for name in (None, "edge-dallas", "EDGE-dallas", str(path)):
        assert profiles.find(name) == wanted


def test_that_an_unknown_or_unnamed_cluster_is_answered_with_the_saved_ones(tmp_path: Path) -> None:
    profiles = ClusterFolder(tmp_path, "public")
    with pytest.raises(UserError, match="No cluster is saved"):
        profiles.find(None)
    written(tmp_path)
    written(tmp_path, GOOD.replace("edge-dallas", "edge-austin"), "edge-austin")
    for name in (None, "edge-boston", "../edge-dallas"):
        with pytest.raises(UserError) as caught:
            profiles.find(name)
        assert "edge-austin and edge-dallas" in caught.value.problem.why


def test_that_the_faults_of_all_saved_files_are_told_together(tmp_path: Path) -> None:
    written(tmp_path, GOOD.replace("10.20.2.50", "x"))
    written(tmp_path, GOOD.replace("schema = 1", "schema = 9"), "edge-austin")
    written(tmp_path, name="good")
    read = ClusterFolder(tmp_path, "public").read_all()
    assert [problem.code for problem in read.problems] == ["file-schema", "file-value-wrong"]
    assert [setup.name for setup in read.clusters] == ["edge-dallas"]


def test_that_of_two_files_of_one_name_or_of_one_cluster_the_second_is_left_out_and_told(tmp_path: Path) -> None:
    written(tmp_path, name="a")
    written(tmp_path, GOOD.replace("10.20.2.50", "10.20.2.51"), "b")
    written(tmp_path, GOOD.replace('"edge-dallas"', '"edge-austin"'), "c")
    read = ClusterFolder(tmp_path, "public").read_all()
    assert [(setup.name, str(setup.address)) for setup in read.clusters] == [("edge-dallas", "10.20.2.50")]
    other, same = read.problems
    assert "b.toml is left out. a.toml is named edge-dallas too." in other.sentence()
    assert "c.toml is left out. Its two interfaces and 10.20.2.50 are those of a.toml." in same.sentence()

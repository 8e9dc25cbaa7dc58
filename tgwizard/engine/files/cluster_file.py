"""The cluster file: TOML in, ``ClusterSetup`` out, and back with comments kept (engine/README.md 4.2).

Every fault of a file is told at once, each with the line or key and the fix, so that nobody has to fix it in rounds.
Reading never changes the file; writing replaces it whole and atomically.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tgwizard.engine.files.carried_toml import read_carried, write_carried
from tgwizard.engine.files.file_reading import LARGEST_BYTES, read_text
from tgwizard.engine.files.file_writing import write_atomically
from tgwizard.engine.files.toml_reader import TomlFault, editable_toml, line_numbers, parse_toml, section_of
from tgwizard.model import fields
from tgwizard.model.cluster import Member, ResourceId
from tgwizard.model.cluster_setup import CarriedConfiguration, ClusterMode, ClusterSetup, SavedRole
from tgwizard.model.fields import Field, FieldError
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.role import RoleKind
from tgwizard.model.text import join_words, nearest, sanitize

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

T = TypeVar("T")

SCHEMA = 1

_OTHER_KEYS: Mapping[str, frozenset[str]] = {
    "role": frozenset({"id", "name", "kind", "scopes"}),
    "trustgrid": frozenset({"cluster", "nodes"}),
    "agent": frozenset({"enabled", "mode"}),
}
"""Tables that later parts of the program use; they are kept as they are."""

_SECTIONS = ("azure", "floating", "member", "role", "trustgrid", "timing", "agent")


@dataclass(slots=True)
class _Reader:
    """Collects the faults of one file while its values are read."""

    path: Path
    lines: Mapping[str, int]
    problems: list[Problem] = field(default_factory=list)

    def fault(self, code: str, key: str, what: str, why: str = "", fix: str = "") -> None:
        """Note one fault. ``key`` is the dotted key, with [1] or [2] for the members."""
        line = self.lines.get(key)
        place = f"{self.path.name}, line {line}" if line else self.path.name
        self.problems.append(Problem(code, f"{place}: {what}", why, fix, str(self.path)))

    def value(self, table: Mapping[str, Any], wanted: Field[T], prefix: str = "") -> T | None:
        """The parsed value of a field, or None after noting what is wrong with it."""
        last = wanted.key.rsplit(".", 1)[-1]
        key = f"{prefix}{last}" if prefix else wanted.key
        if last not in table:
            if wanted.required:
                what = f"{key} is missing."
                self.fault(
                    "file-key-missing", key, what, wanted.help, f'Add it, for example {last} = "{wanted.example}".'
                )
            return None
        try:
            return wanted.parse(table[last])
        except FieldError as error:
            shown = sanitize(table[last], 80)
            fix = error.fix or f'For example: {last} = "{wanted.example}".'
            self.fault("file-value-wrong", key, f"{key} is {shown!r}.", error.why, fix)
            return None

    def table(self, document: Mapping[str, Any], name: str, *, required: bool = True) -> Mapping[str, Any]:
        """A sub-table; empty, and noted when it is missing or no table."""
        found = document.get(name)
        if isinstance(found, Mapping):
            return found
        if found is not None:
            self.fault("file-value-wrong", name, f"{name} is not a table.", "", f"Write it as a section: [{name}].")
        elif required:
            self.fault(
                "file-key-missing", name, f"The section [{name}] is missing.", "", f"Add [{name}] with its keys."
            )
        return {}

    def keys(self, table: Mapping[str, Any], known: set[str] | frozenset[str], prefix: str = "") -> None:
        """Note every key that is not known, with the nearest one that is."""
        for key in table:
            if key in known:
                continue
            near = nearest(key, known)
            fix = f"Did you mean {near}?" if near else f"Known here: {join_words(sorted(known))}."
            self.fault(
                "file-key-unknown", f"{prefix}{key}", f"{sanitize(prefix + key, 80)} is not a known key.", "", fix
            )


def load_cluster(path: Path, cloud: str | None = None) -> ClusterSetup:
    """Read a cluster file. ``cloud``: the connected one, of which the file must be.

    UserError with one problem for each fault of the file.
    """
    try:
        text = read_text(path)
        document = parse_toml(text)
    except TomlFault as fault:
        raise UserError(_not_toml(path, fault)) from fault
    except FileNotFoundError as error:
        raise UserError(Problem("file-not-found", f"There is no file {path}.", "", "Check the path.")) from error
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise UserError(Problem("file-not-read", f"{path} could not be read.", f"{why}.", "Check the path.")) from error
    reader = _Reader(path, line_numbers(text))
    _check_schema(reader, document)
    setup = _read(reader, document)
    if setup is None or reader.problems:
        raise UserError(*reader.problems)
    if cloud is not None and setup.cloud != cloud:
        raise UserError(_of_another_cloud(reader, setup.cloud, cloud))
    return setup


def save_cluster(path: Path, setup: ClusterSetup) -> None:
    """Write the answers into the file, keeping its comments, order and other keys.

    Atomically. UserError when it cannot.
    """
    _rewrite(path, setup.carried, lambda document: _fill(document, setup))


def _rewrite(path: Path, carried: CarriedConfiguration, change: Callable[[TOMLDocument], None]) -> None:
    try:
        document = editable_toml(path)
        change(document)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, _proved(document, carried))
    except TomlFault as fault:
        raise UserError(_not_written(path, fault.why)) from fault
    except OSError as error:
        raise UserError(_not_written(path, error.strerror or type(error).__name__)) from error


def keep_carried(setup: ClusterSetup, carried: CarriedConfiguration) -> bool:
    """Bring the cluster's file in line with what was seen to travel, and nothing else of it; whether it was written.

    A file that is gone, or says another cluster by now, is left alone. UserError: it cannot be read or written.
    """
    if setup.file is None or not setup.file.exists():
        return False
    kept = load_cluster(setup.file)
    if kept.identity != setup.identity or kept.carried == carried:
        return False
    _rewrite(setup.file, carried, lambda document: write_carried(document["floating"], carried))
    return True


def with_kept_carried(setup: ClusterSetup) -> ClusterSetup:
    """The cluster with what its file says now travels: another program, or a run of this one, may have kept more."""
    if setup.file is None:
        return setup
    try:
        kept = load_cluster(setup.file)
    except UserError:
        return setup
    return replace(setup, carried=kept.carried) if kept.identity == setup.identity else setup


def _proved(document: TOMLDocument, carried: CarriedConfiguration) -> str:
    """The text, read back before it replaces anything. TomlFault: it would not say what travels."""
    text = document.as_string()
    if not _says(text, carried):  # laid out by hand in a way that could not be edited: written from nothing
        floating: Any = document["floating"]
        for name in ("carried", "carried_json"):
            floating.pop(name, None)
        write_carried(floating, carried)
        text = document.as_string()
        if not _says(text, carried):
            raise TomlFault("What travels with the address cannot be told in it")
    if len(text.encode()) > LARGEST_BYTES:
        raise TomlFault(f"It would be larger than {LARGEST_BYTES:,} bytes, and could not be read again")
    return text


def _says(text: str, carried: CarriedConfiguration) -> bool:
    faults: list[str] = []
    try:
        found = read_carried(parse_toml(text)["floating"], lambda *fault: faults.append(fault[2]))
    except TomlFault:
        return False
    return found == carried and not faults


def _not_written(path: Path, why: str) -> Problem:
    return Problem("file-not-written", f"{path} was not written.", f"{why}.", "The old file, if any, is unchanged.")


def _not_toml(path: Path, fault: TomlFault) -> Problem:
    what = f"{path.name}{fault.place}: this is not TOML."
    fix = "Correct the line." if fault.line else "Correct the file."
    return Problem("file-not-toml", what, f"{fault.why}.", fix, str(path))


def _check_schema(reader: _Reader, document: Mapping[str, Any]) -> None:
    found = document.get("schema")
    if found == SCHEMA and not isinstance(found, bool):
        return
    if found is None:
        reader.fault(
            "file-key-missing", "schema", "schema is missing.", "", f"Add schema = {SCHEMA} as the first line."
        )
        return
    what = f"schema is {sanitize(found, 40)!r}; this tgwizard reads schema {SCHEMA}."
    reader.fault("file-schema", "schema", what, "Another version of tgwizard wrote the file.", "Use that version.")
    raise UserError(*reader.problems)


def _read(reader: _Reader, document: Mapping[str, Any]) -> ClusterSetup | None:
    reader.keys(document, {"schema", "name", "id", *_SECTIONS})
    azure = reader.table(document, "azure")
    floating = reader.table(document, "floating")
    timing = reader.table(document, "timing", required=False)
    reader.keys(azure, {"cloud", "tenant", "subscription"}, "azure.")
    reader.keys(floating, {"address", "subnet", "ip_configuration", "carried", "carried_json"}, "floating.")
    reader.keys(timing, {"cluster_timeout_s"}, "timing.")
    for section, known in _OTHER_KEYS.items():
        reader.keys(reader.table(document, section, required=False), known, f"{section}.")
    name, cluster_id = reader.value(document, fields.NAME), reader.value(document, fields.ID)
    cloud, tenant = reader.value(azure, fields.CLOUD), reader.value(azure, fields.TENANT)
    subscription = reader.value(azure, fields.SUBSCRIPTION)
    address, subnet = reader.value(floating, fields.ADDRESS), reader.value(floating, fields.SUBNET)
    configuration = reader.value(floating, fields.IP_CONFIGURATION) or "tg-floating"
    travels = read_carried(floating, reader.fault)
    timeout = reader.value(timing, fields.CLUSTER_TIMEOUT) or 30.0
    members, role = _members(reader, document), _role(reader, document)
    agent = reader.table(document, "agent", required=False)
    mode = reader.value(agent, fields.AGENT_MODE)
    _one_subscription(reader, subscription, subnet, members)
    if not (name and cluster_id and cloud and tenant and subscription and address and subnet) or len(members) != 2:
        return None
    first, second = members
    return ClusterSetup(
        name,
        cluster_id,
        cloud,
        tenant,
        subscription,
        address,
        subnet,
        (first, second),
        configuration,
        travels,
        timeout,
        role,
        reader.path,
        agent_enabled=reader.value(agent, fields.AGENT_ENABLED) or False,
        cluster_mode=ClusterMode(mode) if mode else ClusterMode.AUTOMATIC_FAILBACK,
        is_trustgrid="trustgrid" in document,
    )


def _role(reader: _Reader, document: Mapping[str, Any]) -> SavedRole | None:
    """The role, when the file names one; a table without its id is kept as it is and means nothing."""
    table = reader.table(document, "role", required=False)
    role_id, name = reader.value(table, fields.ROLE_ID), reader.value(table, fields.ROLE_NAME)
    kind, scopes = reader.value(table, fields.ROLE_KIND), reader.value(table, fields.ROLE_SCOPES)
    return SavedRole(role_id, name or "", kind or RoleKind.CUSTOM, scopes or ()) if role_id else None


def _members(reader: _Reader, document: Mapping[str, Any]) -> list[Member]:
    tables = document.get("member", [])
    if not isinstance(tables, list) or not all(isinstance(item, Mapping) for item in tables):
        reader.fault("file-value-wrong", "member", "member is not a list of tables.", "", "Write each as [[member]].")
        return []
    if len(tables) != 2:
        what = f"There {'is 1 [[member]]' if len(tables) == 1 else f'are {len(tables)} [[member]] sections'}."
        fix = "Add the missing one." if len(tables) < 2 else "Keep the two that form the cluster."
        reader.fault("file-members", "member[3]", what, "A cluster has exactly two members.", fix)
    members = []
    for number, table in enumerate(tables, 1):
        prefix = f"member[{number}]."
        reader.keys(table, {"name", "vm", "nic", "heartbeat", "status_url"}, prefix)
        name = reader.value(table, fields.MEMBER_NAME, prefix)
        vm, nic = reader.value(table, fields.MEMBER_VM, prefix), reader.value(table, fields.MEMBER_NIC, prefix)
        heartbeat = reader.value(table, fields.HEARTBEAT, prefix)
        reader.value(table, fields.STATUS_URL, prefix)
        if name and vm and nic:
            members.append(Member(name, vm, nic, heartbeat or ""))
    _no_twins(reader, members)
    return members


def _no_twins(reader: _Reader, members: list[Member]) -> None:
    parts: tuple[tuple[str, Callable[[Member], str], str], ...] = (
        ("name", lambda member: member.name.lower(), "name"),
        ("vm", lambda member: member.vm.key, "virtual machine"),
        ("nic", lambda member: member.nic.key, "network interface"),
    )
    for key, of, words in parts:
        if len(members) == 2 and of(members[0]) == of(members[1]):
            what = f"Both members have the same {words}."
            fix = "Give each member its own."
            reader.fault("file-members-alike", f"member[2].{key}", what, "A failover moves between two.", fix)


def _one_subscription(
    reader: _Reader, subscription: str | None, subnet: ResourceId | None, members: list[Member]
) -> None:
    if subscription is None:
        return
    named = [("floating.subnet", subnet)] if subnet else []
    for number, member in enumerate(members, 1):
        named += [(f"member[{number}].vm", member.vm), (f"member[{number}].nic", member.nic)]
    for key, found in named:
        if found.subscription.lower() != subscription.lower():
            what = f"{key} is in subscription {found.subscription}."
            why = f"azure.subscription is {subscription}, and a cluster lives in one subscription."
            reader.fault("file-other-subscription", key, what, why, "Correct the id or azure.subscription.")


def _of_another_cloud(reader: _Reader, found: str, connected: str) -> Problem:
    line = reader.lines.get("azure.cloud")
    place = f"{reader.path.name}, line {line}" if line else reader.path.name
    lab = found.startswith("lab")
    if lab and connected.startswith("lab"):
        why = f"It belongs to the lab {found}, and the lab connected is {connected}."
        fix = "Name the folder of that lab with --lab-dir."
    elif lab:
        why, fix = f"It belongs to the lab {found}, and the real Azure is connected.", "Add --lab or --lab-dir DIR."
    else:
        why = f"It belongs to the cloud {found}, and {connected} is connected."
        fix = (
            "Leave out --lab and --lab-dir to use the real Azure."
            if connected.startswith("lab")
            else "Check azure.cloud."
        )
    what = f"{place}: this cluster is not of the connected cloud. Nothing was asked or changed."
    return Problem("file-of-another-cloud", what, sanitize(why, 200), fix, str(reader.path))


def _fill(document: TOMLDocument, setup: ClusterSetup) -> None:
    import tomlkit

    document["schema"] = SCHEMA
    document["name"], document["id"] = setup.name, setup.id
    _put(document, "azure", cloud=setup.cloud, tenant=setup.tenant, subscription=setup.subscription)
    _put(
        document,
        "floating",
        address=str(setup.address),
        subnet=setup.subnet.text,
        ip_configuration=setup.ip_configuration,
    )
    write_carried(document["floating"], setup.carried)
    tables: Any = document.get("member")
    if not isinstance(tables, list) or len(tables) != 2 or not all(isinstance(table, Mapping) for table in tables):
        tables = tomlkit.aot()
        for _ in setup.members:
            tables.append(tomlkit.table())
        document["member"] = tables
    for table, member in zip(tables, setup.members, strict=True):
        _set(table, {"name": member.name, "vm": member.vm.text, "nic": member.nic.text})
    if setup.role is not None:
        kept = setup.role
        values = {"id": kept.id, "name": kept.name, "kind": kept.kind.value, "scopes": list(kept.scopes)}
        _put(document, "role", **values)
    _put(document, "timing", cluster_timeout_s=setup.cluster_timeout_s)


def _put(parent: Any, section: str, /, **values: Any) -> None:
    _set(section_of(parent, section), values)


def _set(table: Any, values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        # An equal value is left alone: assigning it anew would drop the comment behind it.
        if table.get(key) != value:
            table[key] = value

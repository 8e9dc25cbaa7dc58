"""What a member keeps on its disk beside the journal: one small file, replaced whole whenever it changes."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from tgwizard.engine.files.file_reading import read_text
from tgwizard.engine.files.file_writing import PRIVATE, make_private_folder, write_atomically
from tgwizard.engine.json_codec import from_document, parse_json, to_document
from tgwizard.engine.members.member_report import Preference
from tgwizard.engine.members.member_view import MemberMemory
from tgwizard.model.cluster import Member
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem, UserError


@dataclass(frozen=True, slots=True)
class KeptMember:
    """What outlives a restart. ``rests``: failback waits for a person's word. ``stopped``: why the agent stopped."""

    memory: MemberMemory = field(default_factory=MemberMemory)
    preference: Preference = field(default_factory=Preference)
    rests: bool = False
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class MemberWish:
    """What a person asks of the agent by a command: who is to be active, to pause, to go on. None: no word on it."""

    active: str | None = None
    paused: bool | None = None
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class MemberTold:
    """What the agent last said of itself, for ``member status``; ``at``: when, in UTC."""

    at: str
    member: str
    role: str
    reason: str
    holder: str
    active: bool
    cover: bool
    heard: bool
    preferred: str
    mode: str
    conditions: tuple[str, ...] = ()
    paused: bool = False
    stopped: str = ""
    last_run: str = ""


def member_folder(state_dir: Path, setup: ClusterSetup, member: Member) -> Path:
    """The state of one member on this computer: never an operator's, so that they share no lock and no journal."""
    return state_dir / "members" / setup.identity.digest[:16] / member.name


@dataclass(frozen=True, slots=True)
class MemberStore:
    """The files of one member, in its state folder. A member without them has spent nothing and prefers nobody."""

    folder: Path

    @property
    def path(self) -> Path:
        """What it remembers."""
        return self.folder / "member.json"

    @property
    def lock(self) -> Path:
        """Held by the agent while it runs."""
        return self.folder / "member.lock"

    def load(self) -> KeptMember:
        """What was kept. UserError: it is damaged, so that what this member may do is not known."""
        if not self.path.exists():
            return KeptMember()
        try:
            return from_document(KeptMember, parse_json(read_text(self.path)))
        except (OSError, ValueError) as error:
            raise UserError(_unusable(self.path, error)) from error

    def wish(self, wish: MemberWish) -> None:
        """Leave a wish for the agent, which takes it at its next turn. UserError: it cannot be written."""
        try:
            make_private_folder(self.folder)
            write_atomically(self._wish_file, json.dumps(to_document(wish)) + "\n", PRIVATE)
        except OSError as error:
            raise UserError(_unusable(self._wish_file, error)) from error

    def take_wish(self) -> MemberWish | None:
        """The wish that was left, once; one that cannot be read is thrown away, one that stays is none."""
        try:
            text = read_text(self._wish_file)
            self._wish_file.unlink()
        except OSError:
            return None
        try:
            return from_document(MemberWish, parse_json(text))
        except ValueError:
            return None

    def tell(self, told: MemberTold) -> None:
        """Write what the agent says of itself. Not being able to is nothing that stops an agent."""
        with contextlib.suppress(OSError):
            write_atomically(self._told_file, json.dumps(to_document(told)) + "\n", PRIVATE, durable=False)

    def told(self) -> MemberTold | None:
        """What the agent last said; None when it said nothing yet, or not readably."""
        try:
            return from_document(MemberTold, parse_json(read_text(self._told_file)))
        except (OSError, ValueError):
            return None

    @property
    def _wish_file(self) -> Path:
        return self.folder / "member-wish.json"

    @property
    def _told_file(self) -> Path:
        return self.folder / "member-status.json"

    def save(self, kept: KeptMember) -> None:
        """On the disk before anything is done on it. UserError: it cannot be written."""
        try:
            make_private_folder(self.folder)
            write_atomically(self.path, json.dumps(to_document(kept), indent=1) + "\n", PRIVATE)
        except OSError as error:
            raise UserError(_unusable(self.path, error)) from error


def _unusable(path: Path, error: Exception) -> Problem:
    return Problem(
        "member-state-unusable",
        f"What this member remembers, {path}, cannot be used.",
        f"{error}.",
        "Repair the file or its folder. Deleting it gives the member a new right to take the address over: do that "
        "only while both members hear each other.",
        file=True,
    )

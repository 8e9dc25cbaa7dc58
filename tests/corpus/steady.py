"""What differs from run to run, made the same: drawn ids, keys, tokens, folders and ports."""

from __future__ import annotations

import itertools
import random
import re
import threading
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest.mock import patch

# Eight digits that begin so are no hash of anything else here; a run's id is the first twelve of a UUID, and a name
# made from it the first eight.
_DRAWN = re.compile(r"c0de[0-9a-f]{4}(?=0000\b|00004000|-0000-|\b)")
_SECRET = re.compile(r'((?:AZURE_CLIENT_SECRET|IDENTITY_HEADER)(?:=|": "))[\w-]+')
_KEY = re.compile(r'(?<="signing_key": ")[0-9a-f]{64}(?=")')


@contextmanager
def drawn_in_order() -> Iterator[None]:
    """Every UUID that is drawn says the how-manieth it is, so that it is found again in what was written.

    The seed of a lab that is made for a folder is always the same.
    """
    numbers, lock = itertools.count(1), threading.Lock()

    def draw() -> uuid.UUID:
        with lock:
            return uuid.UUID(f"c0de{next(numbers):04x}-0000-4000-8000-000000000000")

    with patch("uuid.uuid4", draw), patch("secrets.randbelow", lambda _below: 7):
        yield


@contextmanager
def drawn_by_thread() -> Iterator[None]:
    """Every UUID that is drawn is made of the thread's name and the how-manieth of that name it is.

    So what one job draws is the same every time, whatever others draw meanwhile; and so are pauses that are spread.
    """
    numbers: defaultdict[str, itertools.count[int]] = defaultdict(itertools.count)
    lock = threading.Lock()

    def draw() -> uuid.UUID:
        name = threading.current_thread().name
        with lock:
            return uuid.uuid5(uuid.NAMESPACE_OID, f"{name} {next(numbers[name])}")

    state = random.getstate()
    random.seed(7)
    try:
        with patch("uuid.uuid4", draw):
            yield
    finally:
        random.setstate(state)


@dataclass
class Renamer:
    """Numbers drawn ids in the order in which they appear: how many others were drawn between them does not show.

    One serves all texts of one story, so that an id is the same in each of them. ``others``: texts to be replaced.
    """

    others: dict[str, str] = field(default_factory=dict)
    _known: dict[str, str] = field(default_factory=dict)

    def __call__(self, text: str) -> str:
        """The text with steady ids."""
        for found, steady in self.others.items():
            text = text.replace(found, steady)
        text = _SECRET.sub(r"\1...", _KEY.sub("5e" * 32, text))
        return _DRAWN.sub(lambda found: self._known.setdefault(found[0], f"c0de{len(self._known) + 1:04x}"), text)

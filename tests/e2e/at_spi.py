"""What a screen reader is told, as JSON lines: run by the system's Python, which has the bindings of AT-SPI.

It prints each part that gets the focus and each announcement as they come. A line on standard input is the beginning
of a name: the answer are the parts of all programs that are called so and can be seen, each with its role and states.
Nothing of tgwizard is imported and nothing is pressed: it only listens.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Any

import gi  # type: ignore[import-not-found]

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # type: ignore[import-not-found]  # noqa: E402 - the version comes first

STATES = ("ENABLED", "FOCUSED", "CHECKED", "SHOWING")


def tell(event: str, **values: Any) -> None:
    """One line."""
    sys.stdout.write(json.dumps({"event": event, **values}) + "\n")
    sys.stdout.flush()


def described(part: Any) -> dict[str, Any]:
    """What is known of one part."""
    found = part.get_state_set()
    return {
        "name": part.get_name() or "",
        "role": part.get_role_name(),
        "description": part.get_description() or "",
        "states": [name.lower() for name in STATES if found.contains(getattr(Atspi.StateType, name))],
    }


def parts(root: Any, start: str) -> Iterator[dict[str, Any]]:
    """What is called so, from `root` down."""
    with suppress(GLib.Error):  # it went while it was asked
        if (root.get_name() or "").startswith(start):
            yield described(root)
        for index in range(root.get_child_count()):
            child = root.get_child_at_index(index)
            if child is not None:
                yield from parts(child, start)


def on_focus(event: Any) -> None:
    """Something gets or loses the focus."""
    if event.detail1:
        with suppress(GLib.Error):
            tell("focus", **described(event.source))


def on_announcement(event: Any) -> None:
    """A program has something said."""
    tell("said", words=str(event.any_data))


def main() -> None:
    """Listen until standard input ends."""
    loop = GLib.MainLoop()

    def on_line(source: IO[str], _condition: object) -> bool:
        line = source.readline()
        if not line:
            loop.quit()
            return False
        found = [one for one in parts(Atspi.get_desktop(0), line.strip()) if "showing" in one["states"]]
        tell("found", parts=found)
        return True

    Atspi.init()
    listeners = [Atspi.EventListener.new(on_focus), Atspi.EventListener.new(on_announcement)]
    listeners[0].register("object:state-changed:focused")
    listeners[1].register("object:announcement")
    tell("ready")
    GLib.io_add_watch(sys.stdin, GLib.IO_IN | GLib.IO_HUP, on_line)
    loop.run()


if __name__ == "__main__":
    main()

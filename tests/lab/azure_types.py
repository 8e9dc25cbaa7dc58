"""Makes the list of Azure's resource types anew from the paths that installed SDK packages spell:

    python -m tests.lab.azure_types SITE_PACKAGES...

The lab tells by it which types Azure knows. Of the four providers whose resources a cluster touches every call is
listed, with its methods; of the others the types alone. `*` stands for a name.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tgwizard import paths

WHOLE = frozenset({"microsoft.network", "microsoft.compute", "microsoft.authorization", "microsoft.resources"})
FILE = "azure/resource-types.txt"

_TEMPLATE = re.compile(r"""["'](/(?:[^"'\s]*?/)?providers/microsoft[^"'\s]*)["']""", re.IGNORECASE)
_METHOD = re.compile(r"""HttpRequest\(method=["'](\w+)["']""")
_SPLIT = re.compile(r'"\s*\n\s*(?:#[^\n]*\n\s*)?f?"')
_NAME = re.compile(r"[A-Za-z][\w.-]*", re.ASCII)


def found_in(root: Path) -> Iterator[tuple[str, str]]:
    """Yield (path below the provider, method or nothing) of every call in the packages below a folder."""
    for file in sorted((*root.glob("azure/mgmt/**/*.py"), *root.glob("azure/cli/command_modules/**/*.py"))):
        text = _SPLIT.sub("", file.read_text(encoding="utf-8", errors="replace"))
        for function in re.split(r"\ndef ", text):
            methods = _METHOD.findall(function)
            for template in _TEMPLATE.findall(function):
                place = template[template.lower().rindex("providers/") + len("providers/") :]
                yield place.partition("?")[0].strip("/"), methods[0] if len(methods) == 1 else ""


def listed(roots: list[Path]) -> list[str]:
    """Return the lines of the list."""
    methods: dict[str, set[str]] = defaultdict(set)
    spelled: dict[str, str] = {}
    for root in roots:
        for place, method in found_in(root):
            namespace, *parts = place.split("/")
            kinds = parts[::2]
            if not kinds or not all(_NAME.fullmatch(item) for item in (namespace, *kinds)):
                continue
            whole = namespace.lower() in WHOLE
            if whole and not method:
                continue
            shown = (part if index % 2 == 0 else "*" for index, part in enumerate(parts if whole else kinds[:1]))
            entry = "/".join((namespace, *shown))
            methods[entry.lower()] |= {method} if whole else set()
            if spelled.get(entry.lower(), "").lower() == spelled.get(entry.lower(), ""):
                spelled[entry.lower()] = entry  # of two spellings the one with capitals
    return [" ".join((spelled[key], *sorted(methods[key]))) for key in sorted(methods)]


if __name__ == "__main__":
    target = paths.resources() / FILE
    target.write_text("".join(f"{line}\n" for line in listed([Path(item) for item in sys.argv[1:]])), encoding="utf-8")
    sys.stdout.write(f"{target}: {len(target.read_text(encoding='utf-8').splitlines())} entries\n")

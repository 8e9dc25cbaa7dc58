"""`python -m tests.corpus --renew [PART ...]`: write anew what is kept, all of it or the parts named so.

Whoever renews it looks at the difference: what changes here changes for people who have such files.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.corpus.parts import KEPT, PARTS


def main(arguments: list[str]) -> int:
    """Nothing is written without the switch."""
    if "--renew" not in arguments:
        sys.stderr.write("python -m tests.corpus --renew [PART ...]\n")
        return 2
    from tests.corpus.pages import PAGES, write_pages

    parts = PARTS | {PAGES: write_pages}
    named = [word for word in arguments if word != "--renew"] or list(parts)
    if named == list(parts):
        shutil.rmtree(KEPT, ignore_errors=True)
    for name in named:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["HOME"] = folder  # no setting of one's own may be written down
            written = parts[name](Path(folder) / "part")
        for path, content in written.items():
            file = KEPT / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        sys.stdout.write(f"{name}: {len(written)} files\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

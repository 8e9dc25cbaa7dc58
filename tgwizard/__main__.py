"""``python -m tgwizard`` and the ``tgwizard`` command. No word: the window; a command word: the command line."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run the program; the result is its exit code."""
    _streams()
    from tgwizard.app.open_window import open_window, window_options_of
    from tgwizard.paths import NoSuchUser

    try:
        options = window_options_of(sys.argv[1:])
        if options is not None:
            return open_window(options)
    except NoSuchUser as error:
        sys.stderr.write(f"{error}.\n  Name the folder with its whole path, in the option or the TGWIZARD_ variable.\n")
        return 2
    from tgwizard.app.main import main as run

    return run()


def _streams() -> None:
    """Give the program streams that lead nowhere in the place of those it was started without.

    Otherwise the next file that is opened becomes standard output, a journal for instance.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            # The lowest free number: where several are missing, each gets its own.
            nowhere = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(nowhere, "w" if number else "r", encoding="utf-8"))


if __name__ == "__main__":
    sys.exit(main())

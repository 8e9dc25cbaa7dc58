"""``python -m tgwizard`` and the ``tgwizard`` command. No word: the window; a command word: the command line."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the program; the result is its exit code."""
    from tgwizard.app.window import open_window, wish_of
    from tgwizard.paths import NoSuchUser

    try:
        wish = wish_of(sys.argv[1:])
        if wish is not None:
            return open_window(wish)
    except NoSuchUser as error:
        sys.stderr.write(f"{error}.\n  Name the folder with its whole path, in the option or the TGWIZARD_ variable.\n")
        return 2
    from tgwizard.app.main import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())

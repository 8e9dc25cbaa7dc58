"""Ten texts for each field that it cannot take, with the sentence that window, command line and file say of each."""

from __future__ import annotations

from typing import Any

from tgwizard.model import fields, settings
from tgwizard.model.fields import Field
from tgwizard.model.settings import Setting

_PLAIN = "letters without accents, digits, dots, dashes and underscores only."
_HERE, _AZURE = f"It may have {_PLAIN}", f"Azure takes {_PLAIN}"
_EMPTY = "It is empty."
_BEGIN = "It must begin with a letter or a digit."
_END = "It must end with a letter, a digit or an underscore."
_UNSEEN = "It has a character that cannot be seen. Type it again."
_DOTTED = "It must be one IPv4 address: four numbers from 0 to 255 with dots between them."
_NO_HOST = "It is not an address that an interface in a virtual network can have."
_NICS, _VMS = "It must be a number from 1 to 300.", "It must be a number from 5 to 3600."
_ABSOLUTE = "It must be an absolute path."

Wrong = tuple[tuple[str, str], ...]

OF_SETUP: dict[Field[Any], Wrong] = {
    fields.NAME: (
        ("", _EMPTY),
        ("   ", _EMPTY),
        ("edge dallas", f"{_HERE} Take out the space."),
        ("-edge", f'{_BEGIN} Take out the "-" at its beginning.'),
        (".edge", f'{_BEGIN} Take out the "." at its beginning.'),
        ("edge/dallas", f'{_HERE} Take out "/".'),
        ("édge", f'{_HERE} Take out "é".'),
        ("e" * 64, "It has 64 characters. It may have 63 at most. Shorten it."),
        ("<b>x</b>", f'{_HERE} Take out "<", ">" and "/".'),
        ("edge\u202edallas", f"{_HERE} Take out what cannot be seen."),
    ),
    fields.ADDRESS: (
        ("", _EMPTY),
        ("999.1.1.1", "Each of its four numbers goes from 0 to 255; 999 does not."),
        ("10.20.2.2o", _DOTTED),
        ("10.20.2", _DOTTED),
        ("10.20.2.50/24", 'It must be one IPv4 address, without a prefix length. Take out "/24".'),
        ("fd00::50", "It is an IPv6 address; tgwizard moves one IPv4 address."),
        ("224.0.0.1", _NO_HOST),
        ("127.0.0.1", _NO_HOST),
        ("10.020.2.5", "Its numbers must not begin with a zero. Write 10.20.2.5."),
        ("10.20.2.50 10.20.2.51", _DOTTED),
    ),
    fields.IP_CONFIGURATION: (
        ("", _EMPTY),
        ("<b>bad name/..;", f'{_AZURE} Take out "<", ">", the space and the others.'),
        ("bad/name?", f'{_AZURE} Take out "/" and "?".'),
        ("-tg", f'{_BEGIN} Take out the "-" at its beginning.'),
        ("_tg", f'{_BEGIN} Take out the "_" at its beginning.'),
        ("tg-", f'{_END} Take out the "-" at its end.'),
        ("tg.", f'{_END} Take out the "." at its end.'),
        ("a" * 81, "It has 81 characters. Azure takes 80 at most. Shorten it."),
        ("tg floating", f"{_AZURE} Take out the space."),
        ("tg\u2013floating", f'{_AZURE} Take out "\u2013".'),
    ),
    fields.ROLE_NAME: (
        ("", _EMPTY),
        (" ", _EMPTY),
        ("\u00a0", _EMPTY),
        ("r" * 513, "It has 513 characters. Azure takes 512 at most. Shorten it."),
        ("r" * 2000, "It has 2000 characters. Azure takes 512 at most. Shorten it."),
        ("tg\u200bfailover", _UNSEEN),
        ("tg\u202efailover", _UNSEEN),
        ("tg\u00adfailover", _UNSEEN),
        ("tg\x07failover", _UNSEEN),
        ("tg\ufefffailover", _UNSEEN),
    ),
}
"""Those of the wizard."""

OF_SETTINGS: dict[Setting[Any], Wrong] = {
    settings.NICS_S: tuple(
        (text, _NICS) for text in ("", "0", "0.5", "301", "-2", "often", "2 s", "1,5", "1e9", "nan")
    ),
    settings.VMS_S: tuple(
        (text, _VMS) for text in ("", "4", "4.9", "3601", "-9", "rarely", "9 s", "7,5", "inf", "nan")
    ),
    settings.DATA_FOLDER: tuple(
        (word, _ABSOLUTE)
        for word in ("data", "./data", "../data", "var/lib", ".", "data/", "C:data", "a b", "\u00e9", "file:///srv")
    ),
}

"""The table from Azure's error codes to sentences, causes and who can fix it (azure/README.md 1 to 5).

Its rows are the entries of ``resources/azure/errors.toml``, read and checked at the first error. A row is chosen by
code, the codes in ``details`` first because they tell apart what one status or one general code lumps together (a 429
can be a busy interface or a throttle), and where one code has several causes by Azure's words; case is ignored. A code
that is not there gets an honest general sentence by its status. ``error_translation`` puts the two together with what
the call was about.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from tgwizard.azure.error_file import ErrorFile, shipped, usable
from tgwizard.engine.azure_call_error import Cause
from tgwizard.model.problem import Fixer
from tgwizard.model.role import GIVES_A_RIGHT

FIELDS = frozenset({"name", "rights", "limited", "locks", "holder", "said", "policy", "reasons", "wrong_id"})
"""What the sentences of a row may name of an error; ``error_translation`` fills them in."""

FILE = "errors.toml"

SIGN_IN_AGAIN = "Sign in again. With the Azure CLI: az login."
_READ_AGAIN = "Read again and check who changed it before you start again."


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One error that a user can meet, with its cause and its sentences; the keys are told in the head of the file.

    ``said``: a pattern that Azure's words have to hold for this row. ``what`` may be left empty: then it is "Azure
    refused to ...". ``who`` can fix it; an administrator needs ``right`` for that.
    """

    problem: str
    why: str
    fix: str = ""
    cause: Cause = Cause.OTHER
    what: str = ""
    who: Fixer = Fixer.YOU
    right: str = ""
    said: str = ""
    codes: tuple[str, ...] = ()
    statuses: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ErrorTable:
    """All rows, by code in small letters and by status, those of one code in the order in which they are tried."""

    rows: tuple[ErrorRow, ...] = ()
    by_code: Mapping[str, tuple[ErrorRow, ...]] = field(default_factory=dict)
    by_status: Mapping[int, tuple[ErrorRow, ...]] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> ErrorTable:
        """TomlFault for whatever is not right in the file, an entry that is never reached too."""
        given = {"sign_in": SIGN_IN_AGAIN, "read_again": _READ_AGAIN, "gives_a_right": GIVES_A_RIGHT}
        file = ErrorFile(text, given, FIELDS)
        rows: list[ErrorRow] = []
        by_code: dict[str, tuple[ErrorRow, ...]] = {}
        by_status: dict[int, tuple[ErrorRow, ...]] = {}
        places: dict[str, str] = {}
        for place, row in file.rows("error", ErrorRow):
            if not row.codes or not row.fix:
                raise file.fault(place, f"has no {'fix' if row.codes else 'codes'}")
            if not _is_pattern(row.said):
                raise file.fault(f"{place}.said", "is no pattern")
            if (row.who is Fixer.ADMIN) != bool(row.right):
                raise file.fault(place, "has to name a right for an administrator, and for nobody else")
            for code in (code.lower() for code in row.codes):
                above = by_code.get(code, ())
                if any(other.said in ("", row.said) for other in above):
                    raise file.fault(place, f"is never reached for {code}: an entry above it answers already")
                by_code[code] = (*above, row)
                places[code] = place
            for status in row.statuses:
                by_status[status] = (*by_status.get(status, ()), row)
            rows.append(row)
        for code, known in by_code.items():
            if known[-1].said:
                raise file.fault(places[code], f"is the last one for {code}, so it may ask for no words")
        file.done()
        return cls(tuple(rows), by_code, by_status)

    def row_for(self, status: int | None, codes: tuple[str, ...], text: str) -> ErrorRow:
        """The first row of the first known code, then of the status, whose words are said; then a general one."""
        known = [row for code in codes for row in self.by_code.get(code.lower(), ())]
        if status is not None:
            known += self.by_status.get(status, ())
        for row in known:
            if re.search(row.said, text, re.IGNORECASE):
                return row
        if status is not None and status in _BY_STATUS:
            return _BY_STATUS[status]
        return _TROUBLE if status is not None and status >= 500 else _GENERAL


_BY_STATUS: Mapping[int, ErrorRow] = {
    401: ErrorRow("not-signed-in", "Azure did not accept the sign-in. {said}", SIGN_IN_AGAIN, Cause.SIGN_IN),
    403: ErrorRow(
        "not-allowed",
        "You are not allowed to. {said}",
        "Have your rights on it checked.",
        Cause.NOT_ALLOWED,
        who=Fixer.ADMIN,
        right=GIVES_A_RIGHT,
    ),
    404: ErrorRow(
        "not-found-unexplained",
        "It is not there. {said}",
        "Check the resource id in the cluster file.",
        Cause.NOT_FOUND,
    ),
    408: ErrorRow("azure-trouble", "Azure did not get or finish the request in time.", "Read again.", who=Fixer.AZURE),
    412: ErrorRow("changed-meanwhile", "It changed after it was read.", _READ_AGAIN, Cause.ETAG_MOVED),
    429: ErrorRow(
        "throttled",
        "Too many requests were made.",
        "Wait a minute, then try again.",
        Cause.THROTTLED,
        who=Fixer.AZURE,
    ),
}
"""Not in the file: whether a write was refused, and for what, has to be known when the file cannot be used."""

_TROUBLE = ErrorRow("azure-trouble", "Azure had an internal error.", "Read again.", who=Fixer.AZURE)
_GENERAL = ErrorRow("azure-refused", "{said}")


@cache
def error_table() -> ErrorTable:
    """The table of the file, read when it is first asked for. OSError or TomlFault when it cannot be used."""
    return ErrorTable.parse(shipped(FILE))


def row_for(status: int | None, codes: tuple[str, ...], text: str = "") -> ErrorRow:
    """The row for an answer. ``codes``: those of the details first; ``text``: all that Azure says.

    Without the file the status alone decides.
    """
    return (usable(FILE, error_table) or ErrorTable()).row_for(status, codes, text)


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True

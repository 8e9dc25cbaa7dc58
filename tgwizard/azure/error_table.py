"""The table from Azure's error codes to sentences, causes and who can fix it (azure/README.md 1 to 5).

A row is chosen by code, the codes in ``details`` first because they tell apart what one status or one general code
lumps together (a 429 can be a busy interface or a throttle), and where one code has several causes by Azure's words;
case is ignored. A code that is not here gets an honest general sentence by its status. ``error_translation`` puts
the two together with what the call was about.
"""

from __future__ import annotations

import re

from tgwizard.azure.error_row import SECOND_FACTOR, ErrorRow
from tgwizard.azure.error_rows_access import ACCESS_ROWS
from tgwizard.azure.error_rows_arm import ARM_ROWS
from tgwizard.azure.error_rows_compute import COMPUTE_ROWS
from tgwizard.azure.error_rows_network import NETWORK_ROWS
from tgwizard.engine.errors import Cause
from tgwizard.model.problem import Fixer
from tgwizard.model.role import GIVES_A_RIGHT

_SIGN_IN = "Sign in again. With the Azure CLI: az login."
_READ_AGAIN = "Read again and check who changed it before you start anew."

TABLE: tuple[ErrorRow, ...] = (*NETWORK_ROWS, *COMPUTE_ROWS, *ARM_ROWS, *ACCESS_ROWS)

BY_CODE: dict[str, tuple[ErrorRow, ...]] = {}
for _row in TABLE:
    BY_CODE[_row.code.lower()] = (*BY_CODE.get(_row.code.lower(), ()), _row)

_BY_STATUS: dict[int, ErrorRow] = {
    401: ErrorRow(
        "", Cause.SIGN_IN, "not-signed-in", "Azure did not accept the sign-in. {said}", _SIGN_IN, who=Fixer.YOU
    ),
    403: ErrorRow(
        "",
        Cause.NOT_ALLOWED,
        "not-allowed",
        "You are not allowed to. {said}",
        "Have your rights on it checked.",
        who=Fixer.ADMIN,
        right=GIVES_A_RIGHT,
    ),
    404: ErrorRow(
        "",
        Cause.NOT_FOUND,
        "not-found-unexplained",
        "It is not there. {said}",
        "Check the resource id in the cluster file.",
        who=Fixer.YOU,
    ),
    408: ErrorRow(
        "",
        Cause.OTHER,
        "azure-trouble",
        "Azure did not get or finish the request in time.",
        "Read again.",
        who=Fixer.AZURE,
    ),
    412: ErrorRow(
        "", Cause.ETAG_MOVED, "changed-meanwhile", "It changed after it was read.", _READ_AGAIN, who=Fixer.YOU
    ),
    429: ErrorRow(
        "",
        Cause.THROTTLED,
        "throttled",
        "Too many requests were made.",
        "Wait a minute, then try again.",
        who=Fixer.AZURE,
    ),
}

_SECOND_FACTOR = next(row for row in ARM_ROWS if row.said == SECOND_FACTOR)
_TROUBLE = ErrorRow("", Cause.OTHER, "azure-trouble", "Azure had an internal error.", "Read again.", who=Fixer.AZURE)
_GENERAL = ErrorRow("", Cause.OTHER, "azure-refused", "{said}", "", who=Fixer.YOU)


def row_for(status: int | None, codes: tuple[str, ...], text: str = "") -> ErrorRow:
    """The row for an answer: the first known code decides, then the status. ``codes``: those of the details first.

    ``text``: all that Azure says, for the codes whose cause stands in the words alone.
    """
    for code in codes:
        for row in BY_CODE.get(code.lower(), ()):
            if not row.said or re.search(row.said, text, re.IGNORECASE):
                return row
    if status in (401, 403) and re.search(SECOND_FACTOR, text, re.IGNORECASE):
        return _SECOND_FACTOR
    if status is not None and status in _BY_STATUS:
        return _BY_STATUS[status]
    return _TROUBLE if status is not None and status >= 500 else _GENERAL

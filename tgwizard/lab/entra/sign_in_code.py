"""The lab's sign-in code: what somebody must know, beside the port, to sign in as a person.

Every process of this computer reaches the lab's pages, those of other users too. So a page signs in only whoever shows
that he may read `lab.json` (0600): by typing the code that stands there, or by coming from a program that has read it.
Such a program adds a proof to the page's address. It is good for that one sign-in alone, whose result only its program
can redeem, because a browser's command line is open to everybody on the computer.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from tgwizard.lab.entra import access_tokens
from tgwizard.lab.entra.sign_in_sessions import LETTERS, typed
from tgwizard.lab.world import World

PROOF = "lab_proof"
"""The query item that carries a proof, and the form field that takes it on."""
USER_CODE = "otc"
"""The form field of a device code's user code, as Entra names it."""

_GROUPS, _GROUP_LENGTH = 4, 4
_PROOF_LENGTH = 22


def code_of(world: World) -> str:
    """Return the lab's sign-in code, such as `K7QF-2MZP-XW3A-9BCD`: 80 bits, the same as long as the lab exists."""
    digest = hashlib.sha256(access_tokens.secret(world, "sign-in-code", world.lab_id).encode()).digest()
    letters = "".join(LETTERS[byte % len(LETTERS)] for byte in digest[: _GROUPS * _GROUP_LENGTH])
    return "-".join(letters[start : start + _GROUP_LENGTH] for start in range(0, len(letters), _GROUP_LENGTH))


def is_code(world: World, text: str) -> bool:
    """Return whether somebody typed the sign-in code; spaces, dashes and case are free."""
    return access_tokens.same_secret(typed(text), typed(code_of(world)))


def vouched_url(code: str, url: str, user_code: str = "") -> str:
    """Return the address of a sign-in page with the proof that whoever opens it knows the sign-in code.

    `user_code` is that of a device code, whose page is the same for all of them. No code, as of a lab that asks for
    none: the address stays as it is.
    """
    if not code:
        return url
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    if user_code:
        query.append((USER_CODE, user_code))
    query.append((PROOF, _proof(code, dict(query))))
    return urlunsplit(parts._replace(query=urlencode(query)))


def is_vouched(world: World, query: Mapping[str, str]) -> bool:
    """Return whether the query of a sign-in page carries the proof for just this sign-in.

    Only a program with a code verifier of its own (PKCE), or with a device code, can use what comes of it.
    """
    challenged = query.get("code_challenge_method") == "S256" and bool(query.get("code_challenge"))
    given = query.get(PROOF, "")
    return (challenged or bool(query.get(USER_CODE))) and access_tokens.same_secret(
        given, _proof(code_of(world), query)
    )


def _proof(code: str, query: Mapping[str, str]) -> str:
    asked = {key: typed(value) if key == USER_CODE else value for key, value in query.items() if key != PROOF}
    message = urlencode(sorted(asked.items())).encode()
    digest = hmac.new(typed(code).encode(), message, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode()[:_PROOF_LENGTH]

"""References by which a gift that comes to a bank is known: one for each donor who asks, and none of them is stored.

A part of a reference is random, the rest is what only this site can have made of it for one campaign. So a bank line
that carries one is known to be such a gift, whoever sent it, and asking for many of them fills no table.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator

from ledger.core.creditor_reference import OWN_BODY, compact, is_reference, own_length_in, reference_with
from ledger.recording.address_requests import form_secret
from ledger.rules.campaigns import campaign_slugs
from ledger.store.transaction import Reading

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Those of Crockford's base 32: no I, L, O and U, which are read as others."""
_RANDOM = 10
"""Characters of five bits each; the other six are the signature's."""


def fresh_reference(secret: bytes, campaign: str) -> str:
    """A reference for one donor of a campaign."""
    drawn = "".join(secrets.choice(_LETTERS) for _ in range(_RANDOM))
    return reference_with(drawn + _signed(secret, campaign, drawn))


def _signed(secret: bytes, campaign: str, drawn: str) -> str:
    digest = hmac.digest(secret, f"bank {campaign} {drawn}".encode(), "sha256")
    return "".join(_LETTERS[byte % 32] for byte in digest[: OWN_BODY - _RANDOM])


def campaign_of_reference(tx: Reading, text: str) -> str | None:
    """The campaign that a reference was given out for; None where it is none of ours."""
    reference, secret = compact(text), form_secret(tx)
    if secret is None or not is_reference(reference):
        return None
    return next((slug for slug in campaign_slugs(tx.session) if _is_of(secret, slug, reference)), None)


def references_in(tx: Reading, campaign: str, said: str) -> Iterator[str]:
    """The references that were given out for a campaign and stand in the words of a bank line."""
    references = dict.fromkeys(own_length_in(said))
    secret = form_secret(tx) if references else None
    if secret is not None:
        yield from (reference for reference in references if _is_of(secret, campaign, reference))


def _is_of(secret: bytes, campaign: str, reference: str) -> bool:
    drawn, sign = reference[4 : 4 + _RANDOM], reference[4 + _RANDOM :]
    return hmac.compare_digest(sign, _signed(secret, campaign, drawn))

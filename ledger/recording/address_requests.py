"""What a donor may ask for before giving, and the address that a claim code stands for. It gives none out.

Nothing of the donor is known here: a code is found by its hash.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass

from ledger.core.errors import Refused
from ledger.recording.desk import Intention, bip21_of, claim_hash
from ledger.rules.campaigns import campaign_of, need_title, need_words, standing_needs
from ledger.rules.rates import Priced, last_prices
from ledger.store.transaction import Reading, Writing

_SECRET = "form_secret"  # noqa: S105 - the name under which it is kept


@dataclass(frozen=True, slots=True)
class Choice:
    """What a donor chooses from: the campaign's standing needs, each as (number, what it asks for and who).

    `shared`: the address that all donors share, and the link that opens it in a wallet; None where there is none.
    `own`: are there addresses for one donor each? `prices`: what one bitcoin was last worth, a currency each.
    """

    slug: str
    title: str
    end: str
    needs: tuple[tuple[str, str], ...]
    shared: tuple[str, str] | None = None
    own: bool = True
    prices: tuple[Priced, ...] = ()


@dataclass(frozen=True, slots=True)
class Awaited:
    """An address that was given to a donor, with its campaign; `restricted_to` says its need in words."""

    slug: str
    title: str
    intention: Intention
    restricted_to: str


def choice_of(tx: Reading, slug: str, today: str) -> Choice:
    """Raises NotFound for an unknown campaign."""
    campaign = campaign_of(tx.session, slug)
    needs = tuple(
        (need.number, str(need_words(product.name, need.recipient)))
        for need, product in standing_needs(tx.session, slug)
    )
    fixed = tx.addresses.fixed_of(slug)
    shared = None if fixed is None else (fixed.address, bip21_of(fixed.address, campaign.title))
    own = fixed is not None or tx.addresses.highest_index(slug, "receive") is not None
    prices = last_prices(tx.session, campaign, today)
    return Choice(slug, campaign.title, campaign.end, needs, shared, own, prices)


def form_secret(tx: Reading) -> bytes | None:
    """The secret by which forms are known to be ours; None before `make_form_secret`."""
    kept = tx.progress.load(_SECRET)
    return None if kept is None else bytes.fromhex(kept)


def make_form_secret(tx: Writing) -> bytes:
    """That secret, made once for all processes that serve this ledger."""
    there = form_secret(tx)
    if there is not None:
        return there
    tx.progress.save(_SECRET, secrets.token_hex(32))
    return make_form_secret(tx)


def signed_code(secret: bytes, slug: str, code: str) -> str:
    """A claim code as a form of ours carries it: with what only this site can have made of it."""
    return f"{code}.{_sign(secret, slug, code)}"


def code_signed(secret: bytes, slug: str, signed_code: str) -> str:
    """The claim code that a form carries; raises Refused for one that no form of this campaign had."""
    code, _, sign = signed_code.partition(".")
    if not hmac.compare_digest(sign.encode(), _sign(secret, slug, code).encode()):
        raise Refused.field("code", "is no claim code of ours; open the form again, which has a fresh one")
    return code


def _sign(secret: bytes, slug: str, code: str) -> str:
    return hmac.digest(secret, f"{slug} {code}".encode(), "sha256").hex()[:32]


def awaited_by(tx: Reading, code: str) -> Awaited | None:
    """The address that was given out under a claim code, paid or not; None where there is none."""
    row = tx.addresses.by_claim(claim_hash(code))
    if row is None:
        return None
    title = campaign_of(tx.session, row.campaign).title
    given = Intention(row.address, bip21_of(row.address, title), code, True, row.restriction)
    return Awaited(row.campaign, title, given, need_title(tx.session, row.campaign, row.restriction))

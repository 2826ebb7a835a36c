"""Commitments to private values: what an entry may publish of a value that lies beside the journal, or nowhere here.

The salt comes from a secret of the ledger and the value: the same value gives the same, and nobody guesses it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from ledger.store.transaction import Writing


def secret_named(tx: Writing, name: str) -> bytes:
    """A secret of this ledger by which salts are made; made once, never published."""
    kept = tx.progress.load(name)
    if kept is None:
        kept = secrets.token_hex(32)
        tx.progress.save(name, kept)
    return bytes.fromhex(kept)


def commitment(secret: bytes, label: str, value: bytes) -> tuple[str, bytes]:
    """(sha256 of salt and value in hex, the salt): the same value gives the same, and nobody can guess it."""
    salt = hmac.digest(secret, label.encode() + b"\0" + value, "sha256")
    return hashlib.sha256(salt + value).hexdigest(), salt

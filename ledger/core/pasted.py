"""What people paste where a donation or an address is asked for: payment requests and links of explorers, as well.

Nothing here judges a key or an address; whoever asked for it does.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote, urlsplit

from ledger.core.creditor_reference import compact, is_reference

_REQUEST = re.compile(r"bitcoin:(?://)?([^?#]*)(?:\?([^#]*))?(?:#.*)?", re.IGNORECASE | re.DOTALL)
"""A payment request of BIP 21; in capitals in QR codes."""
_TRANSACTION = re.compile(r"(?:(\d{1,10}):)?([0-9A-Fa-f]{64})(?:[:/#-](\d{1,10}))?")
"""An output stands behind a colon, or behind a hyphen, a stroke or a number sign, as some programs write it."""
_OUTPUT = re.compile(r"(?:vout|output)[=:](\d{1,10})")
_ADDRESS = re.compile(r"(?i:bc|tb|bcrt)1[0-9A-Za-z]{6,87}|[13mn2][1-9A-HJ-NP-Za-km-z]{25,34}")
_AROUND = "\"'`<>()[]{},;.\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb"
"""What stands around a word in a text, and in no key."""
_LABEL = re.compile(r"(?:txid|transaction|tx|address)\s*[:=]\s*", re.IGNORECASE)
_HOST = re.compile(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}(?::\d+)?/.+")
"""A link as browsers show it, without its scheme."""
_PARAMETER = re.compile(r"(?:^|&)(?:bc|tb|bcrt)=([^&]+)", re.IGNORECASE)
"""Where a payment request has its address when it has none before the question mark (BIP 321)."""
_UPPER_BECH32 = re.compile(r"(BC|TB|BCRT)1[0-9A-Z]{30,}")
"""Longer than any claim code."""
_OWN_PAGE = "/d/"


def pasted_key(text: str) -> str:
    """A txid, an outpoint, an address or a claim code, as the ledger spells it, out of what somebody pasted.

    A `bitcoin:` request gives its address, a link of an explorer the transaction, the output or the address that it
    shows, a link of a donation's page its key; each also within the marks that a text has around it. A txid and a
    bech32 address are the same in any case (BIP 173); a claim code and a base58 address are not. Any other text comes
    back as it is, without spaces around it.

    A reference on a bank transfer (ISO 11649) comes back in capitals and in one piece.

    What nobody sees (zero-width spaces, marks of direction, soft hyphens) is dropped; so are spaces in a txid or an
    address, which are shown and copied in groups.
    """
    key = "".join(c for c in text if unicodedata.category(c) != "Cf").strip()
    if is_reference(reference := compact(key)):
        return reference
    key = _LABEL.sub("", key.strip(_AROUND + " "), count=1) if _names_one(key) else key
    whole = "".join(key.split())
    if whole != key and (_TRANSACTION.fullmatch(whole) or _ADDRESS.fullmatch(whole)):
        key = whole
    bare = key.strip(_AROUND + " ")
    request = _REQUEST.fullmatch(bare)
    if request is not None:
        key = unquote(request.group(1)).strip("/ ") or _of_request(request.group(2) or "")
    elif bare.lower().startswith(("https://", "http://")):
        key = _linked(bare) or key
    elif _HOST.fullmatch(bare):
        key = _linked(f"https://{bare}") or key
    shown = _TRANSACTION.fullmatch(key)
    if shown is not None:
        before, txid, after = shown.groups()
        vout = after or before
        return txid.lower() + (f":{int(vout)}" if vout else "")
    return key.lower() if _UPPER_BECH32.fullmatch(key) else key


def _names_one(key: str) -> bool:
    """Is it a txid or an address within the marks or behind the word that a text has around one?"""
    bare = _LABEL.sub("", key.strip(_AROUND + " "), count=1)
    return bare != key and (_TRANSACTION.fullmatch(bare) or _ADDRESS.fullmatch(bare)) is not None


def _of_request(parameters: str) -> str:
    match = _PARAMETER.search(parameters)
    return unquote(match.group(1)) if match is not None else ""


def _linked(link: str) -> str:
    """What the page behind a link is about; empty where that is nothing of ours."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return ""
    path = unquote(parts.path)
    if _OWN_PAGE in path:
        return path.partition(_OWN_PAGE)[2].strip("/")
    # Of some explorers the path stands behind the #.
    for part in reversed([*path.split("/"), *unquote(parts.fragment).split("/")]):
        match = _TRANSACTION.fullmatch(part)
        if match is not None:
            output = _OUTPUT.search(f"{parts.query}#{parts.fragment}")
            return f"{match.group(2)}:{output.group(1)}" if output is not None else part
        if _ADDRESS.fullmatch(part):
            return part
    return ""

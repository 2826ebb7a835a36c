"""A creditor reference (ISO 11649) that a donor writes on a bank transfer, and the check that it shares with an IBAN.

`RF`, two check digits and up to 21 letters and digits. The check digits are those of ISO 7064, MOD 97-10: the text with
its first four characters at its end, each letter as its number from 10 (A) to 35 (Z), leaves 1 when divided by 97.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

OWN_BODY = 16
"""Characters of a reference of ours behind its check digits: five groups of four in all, as a bank's form has them."""
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_REFERENCE = re.compile(r"RF[0-9]{2}[A-Z0-9]{1,21}")
_OWN = re.compile(rf"(?=(RF[0-9]{{2}}[A-Z0-9]{{{OWN_BODY}}}))")
"""Wherever it begins: what a bank writes beside it stands against it once spaces are gone."""


def _rest(rotated: str) -> int:
    return int("".join(str(int(c, 36)) for c in rotated)) % 97


def _checks(text: str) -> bool:
    return _rest(text[4:] + text[:4]) == 1


def together(text: str) -> str:
    """Without the spaces and hyphens between groups, in capitals."""
    return "".join(c for c in text if not c.isspace() and c != "-").upper()


def is_iban(text: str) -> bool:
    """Is it an IBAN (ISO 13616) whose check digits are right? `text`: as `together` gives it."""
    return _IBAN.fullmatch(text) is not None and _checks(text)


def looks_like_iban(text: str) -> bool:
    return _IBAN.fullmatch(text) is not None


def is_reference(text: str) -> bool:
    """Is it a reference whose check digits are right? `text`: as `together` gives it."""
    return _REFERENCE.fullmatch(text) is not None and _checks(text)


def reference_with(body: str) -> str:
    """The reference of up to 21 letters and digits, its check digits made."""
    return f"RF{98 - _rest(f'{body}RF00'):02d}{body}"


def own_length_in(text: str) -> Iterator[str]:
    """Each reference as long as ours that a text has, whatever stands beside it."""
    for found in _OWN.finditer(together(text)):
        if _checks(found.group(1)):
            yield found.group(1)

"""A creditor reference (ISO 11649) that a donor writes on a bank transfer, and the IBAN that it is written to.

`RF`, two check digits (ISO 7064, MOD 97-10) and up to 21 letters and digits. The numbers are judged and made by
python-stdnum; what stands here is which of them are ours and how they are found in the words of a bank.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stdnum import iban, iso11649
from stdnum.iso7064 import mod_97_10

OWN_BODY = 16
"""Characters of a reference of ours behind its check digits: five groups of four in all, as a bank's form has them."""
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_REFERENCE = re.compile(r"RF[0-9]{2}[A-Z0-9]{1,21}")
_OWN = re.compile(rf"(?=(RF[0-9]{{2}}[A-Z0-9]{{{OWN_BODY}}}))")
"""Wherever it begins: what a bank writes beside it stands against it once spaces are gone."""


def compact(text: str) -> str:
    """Without the spaces and hyphens between groups, in capitals."""
    return "".join(c for c in text if not c.isspace() and c != "-").upper()


def is_iban(text: str) -> bool:
    """Is it an IBAN (ISO 13616), of its country's form and with right check digits? `text`: as `compact` gives it."""
    return _IBAN.fullmatch(text) is not None and bool(iban.is_valid(text))


def looks_like_iban(text: str) -> bool:
    return _IBAN.fullmatch(text) is not None


def is_reference(text: str) -> bool:
    """Is it a reference whose check digits are right? `text`: as `compact` gives it."""
    return _REFERENCE.fullmatch(text) is not None and iso11649.is_valid(text)


def reference_with(body: str) -> str:
    """The reference of up to 21 letters and digits, its check digits made."""
    return f"RF{mod_97_10.calc_check_digits(f'{body}RF')}{body}"


def own_length_in(text: str) -> Iterator[str]:
    """Each reference as long as ours that a text has, whatever stands beside it."""
    for match in _OWN.finditer(compact(text)):
        if is_reference(match.group(1)):
            yield match.group(1)

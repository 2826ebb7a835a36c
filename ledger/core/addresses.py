"""Bitcoin addresses of other people: what script an address stands for, whatever its network.

For lists that are recorded; which addresses are ours `watchers` reads, network by network.
"""

from __future__ import annotations

from typing import Annotated, Any

import wallycore as wally
from pydantic import AfterValidator, Field

from ledger.core.chain import Script
from ledger.core.wording import WrongValue

_P2PKH, _P2SH = frozenset({0x00, 0x6F}), frozenset({0x05, 0xC4})
"""First bytes of base58 addresses, of mainnet and of test networks."""
_SEGWIT = ("bc", "tb", "bcrt")


def script_of(address: str) -> Script:
    """The script that an address stands for; raises WrongValue with a text that does not repeat it.

    Base58check, and bech32 or bech32m of any version, in lower case.
    """
    wrong = WrongValue(
        "is no Bitcoin address in its usual spelling; copy it again in full, a segwit one in lower case"
    )
    if not address.isascii() or not address.isalnum() or len(address) > 90:
        raise wrong
    family = address.rpartition("1")[0]
    try:
        if family in _SEGWIT:
            return Script(bytes(wally.addr_segwit_to_bytes(address, family, 0)))
        raw: bytes = bytes(wally.base58check_to_bytes(address))
    except ValueError:
        raise wrong from None
    if len(raw) == 21 and raw[0] in _P2PKH:
        return Script(b"\x76\xa9\x14" + raw[1:] + b"\x88\xac")
    if len(raw) == 21 and raw[0] in _P2SH:
        return Script(b"\xa9\x14" + raw[1:] + b"\x87")
    raise wrong


def _address(text: str) -> str:
    script_of(text)
    return text


Address: Any = Annotated[str, Field(max_length=90), AfterValidator(_address)]

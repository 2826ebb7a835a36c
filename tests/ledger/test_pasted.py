"""A donation and an address are found by whatever somebody copied: a payment request, an explorer's link, capitals."""

from __future__ import annotations

import pytest

from ledger.core.pasted import pasted_key

TXID = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
SEGWIT = "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"
LEGACY = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"


@pytest.mark.parametrize(
    ("pasted", "key"),
    [
        (f"  {TXID.upper()} ", TXID),
        (f"{TXID.upper()}:1", f"{TXID}:1"),
        (f"bitcoin:{SEGWIT}?amount=0.01&label=Masks%20for%20all", SEGWIT),
        (f"BITCOIN:{SEGWIT.upper()}?AMOUNT=0.01", SEGWIT),
        (f"bitcoin:{LEGACY}", LEGACY),
        (SEGWIT.upper(), SEGWIT),
        (f"https://mempool.space/tx/{TXID}", TXID),
        (f"https://mempool.space/tx/{TXID}#vout=1", f"{TXID}:1"),
        (f"https://mempool.space/testnet4/tx/1:{TXID}", f"{TXID}:1"),
        (f"https://blockstream.info/tx/{TXID}?expand&output:2", f"{TXID}:2"),
        (f"https://www.blockchain.com/explorer/transactions/btc/{TXID.upper()}", TXID),
        (f"https://mempool.space/address/{SEGWIT}", SEGWIT),
        (f"https://blockchair.com/bitcoin/address/{LEGACY}?from=donors", LEGACY),
        (f"http://explorer.onion/#/tx/{TXID}", TXID),
        ("https://fund.example/d/Some-Claim-Code", "Some-Claim-Code"),
        (f"https://fund.example/d/{TXID}:0", f"{TXID}:0"),
        (f"{TXID}-1", f"{TXID}:1"),
        (f"https://explorer.example/tx/{TXID}-1", f"{TXID}:1"),
        (f"{TXID}/0", f"{TXID}:0"),
        (f"{TXID}#2", f"{TXID}:2"),
        (f"\u201c{TXID.upper()}\u201d", TXID),
        (f"<{SEGWIT}>,", SEGWIT),
        (f'"bitcoin:{SEGWIT}?label=Masks"', SEGWIT),
        (f"<https://mempool.space/tx/{TXID}>", TXID),
        (f"https://mempool.space/tx/{TXID}#vout=1.", f"{TXID}:1"),
        (f"(mempool.space/address/{LEGACY})", LEGACY),
        ("https://fund.example/d/Some-Claim-Code.", "Some-Claim-Code"),
        ("(https://fund.example/about)", "(https://fund.example/about)"),
        (f"TXID: {TXID}", TXID),
        (f"mempool.space/tx/{TXID}#vout=1", f"{TXID}:1"),
        (f"explorer.example:8080/signet/address/{LEGACY}", LEGACY),
        (f"bitcoin:?bc={SEGWIT}&lno=lno1abc", SEGWIT),
        (f"BITCOIN:?BC={SEGWIT.upper()}", SEGWIT),
        ("fund.example/about", "fund.example/about"),
        ("(two words)", "(two words)"),
        (f"\u200b{SEGWIT[:20]}\u200b{SEGWIT[20:]}\ufeff", SEGWIT),
        (f"\u2066{TXID}\u2069", TXID),
        (" ".join(SEGWIT[n : n + 4] for n in range(0, len(SEGWIT), 4)), SEGWIT),
        ("bc1qcr8te4kr\n609gcawutmrza0j4xv80jy8z306fyu", SEGWIT),
        ("Some-\u200bClaim-Code", "Some-Claim-Code"),
        ("two words", "two words"),
        ("Some-Claim-Code", "Some-Claim-Code"),
        (LEGACY, LEGACY),
        ("https://fund.example/about", "https://fund.example/about"),
        ("https://[bad", "https://[bad"),
    ],
)
def test_what_is_pasted_is_read_as_the_key_that_it_shows(pasted: str, key: str) -> None:
    assert pasted_key(pasted) == key

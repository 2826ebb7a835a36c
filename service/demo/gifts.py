"""What moves on the recorded chain: gifts, their oddities, and the coins that leave. Invented, to the sat.
Never says what the money is for: that is in `service.demo.plan`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class AddressKind(StrEnum):
    """The five script types of the campaign's wallets, one output descriptor each."""

    PKH = "pkh"
    SH_WPKH = "sh-wpkh"
    WPKH = "wpkh"
    WSH = "wsh"
    TR = "tr"


PKH, SH_WPKH, WPKH, WSH, TR = AddressKind


@dataclass(frozen=True, slots=True)
class Gift:
    """One output that pays the campaign. `tx` names its transaction: gifts that share it are one payment.

    `at` is when its transaction reaches the mempool, in seconds since 1970; `index` is the place of the
    address on the receive branch of the descriptor of its kind (index 0 is the fixed address, printed).
    """

    label: str
    tx: str
    at: int
    sats: int
    kind: AddressKind
    index: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One transaction of the campaign: `sats` to an outsider, `fee` to the miner, the rest back as change.

    Its inputs are the oldest settled coins that suffice; change goes to the change branch of `wpkh`.
    """

    label: str
    at: int
    sats: int
    fee: int
    payee: str


def moment(text: str) -> int:
    """Seconds since 1970 of a UTC time written as 2020-05-18T09:30 (or a day, taken at its start)."""
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp())


def _gift(label: str, tx: str, at: str, sats: int, kind: AddressKind, index: int) -> Gift:
    return Gift(label, tx, moment(at), sats, kind, index)


GIFTS = (
    _gift("g01", "g01", "2020-05-18T08:01", 15_000_000, WPKH, 1),
    _gift("g02", "g02", "2020-05-18T19:05", 154_032, TR, 1),
    _gift("g03", "g03", "2020-05-18T22:13", 20_000, PKH, 1),
    _gift("g04", "g04", "2020-05-18T22:18", 20_000_000, WPKH, 2),
    _gift("g05", "g05", "2020-05-19T01:43", 28_000_000, WPKH, 3),
    _gift("g06", "g06", "2020-05-19T02:29", 120_000_000, SH_WPKH, 1),
    _gift("g07", "g07", "2020-05-19T05:08", 65_000_000, WPKH, 0),
    _gift("g08", "g08", "2020-05-19T05:20", 12_000_000, WPKH, 4),
    _gift("g09", "g09", "2020-05-19T09:29", 200_000, WSH, 1),
    _gift("g10", "g10", "2020-05-19T09:53", 10_000_000, WPKH, 5),
    _gift("g11", "g11", "2020-05-19T13:30", 125_000, SH_WPKH, 2),
    _gift("g12", "g12", "2020-05-20T03:12", 75_000, WPKH, 6),
    _gift("g13", "g13", "2020-05-20T07:11", 605_918, PKH, 2),
    _gift("g14", "twice", "2020-05-20T11:25", 5_004_198, SH_WPKH, 3),
    _gift("g15", "twice", "2020-05-20T11:25", 1_500_000, SH_WPKH, 3),
    _gift("g16", "g16", "2020-05-20T13:08", 16_000_000, WPKH, 7),
    _gift("g17", "g17", "2020-05-20T13:27", 50_000_000, WPKH, 8),
    _gift("g18", "g18", "2020-05-20T14:08", 22_000_000, PKH, 3),
    _gift("g19", "g19", "2020-05-20T14:16", 405_823, WSH, 2),
    _gift("g20", "g20", "2020-05-20T23:53", 20_000_000, WPKH, 9),
    _gift("g21", "g21", "2020-05-21T01:00", 8_000_000, SH_WPKH, 4),
    _gift("g22", "g22", "2020-05-21T04:57", 100_088, WPKH, 10),
    _gift("g23", "g23", "2020-05-21T08:48", 25_000_000, PKH, 4),
    _gift("g24", "g24", "2020-05-21T08:49", 10_000_000, WSH, 3),
    _gift("g25", "raised", "2020-05-21T12:48", 2_500_000, TR, 2),
    _gift("g26", "g26", "2020-05-21T17:52", 752_388, SH_WPKH, 5),
    _gift("g27", "g27", "2020-05-21T20:35", 25_000_000, WPKH, 11),
    _gift("g28", "g28", "2020-05-22T05:17", 1_005_813, PKH, 5),
    _gift("g29", "g29", "2020-05-22T06:35", 150_000, WSH, 4),
    _gift("g30", "g30", "2020-05-22T20:41", 96_252_100, WPKH, 12),
    _gift("g31", "g31", "2020-05-23T02:07", 72_000_000, SH_WPKH, 6),
    _gift("g32", "g32", "2020-05-23T05:00", 200_000, TR, 3),
    _gift("g33", "g33", "2020-05-23T06:10", 150_000_000, PKH, 6),
    _gift("g34", "g34", "2020-05-23T07:16", 36_000_000, WSH, 5),
    _gift("g35", "g35", "2020-05-23T14:54", 254_938, WPKH, 0),
    _gift("g36", "g36", "2020-05-24T01:02", 10_000_000, SH_WPKH, 7),
    _gift("g37", "g37", "2020-05-24T03:15", 756_381, TR, 4),
    _gift("g38", "g38", "2020-05-24T09:44", 116_000_000, WPKH, 13),
    _gift("g39", "moved", "2020-05-24T11:52", 12_500_000, WPKH, 14),
    _gift("g40", "g40", "2020-05-25T21:08", 1_002_965, WPKH, 15),
    _gift("g41", "g41", "2020-05-26T06:40", 303_259, SH_WPKH, 8),
    _gift("g42", "g42", "2020-05-26T14:17", 132_686, TR, 5),
    _gift("g43", "g43", "2020-05-27T01:58", 60_000_000, PKH, 7),
    _gift("g44", "g44", "2020-05-27T07:08", 40_000_000, WSH, 6),
    _gift("g45", "g45", "2020-05-27T07:55", 18_000_000, WPKH, 16),
    _gift("g46", "three", "2020-05-28T16:40", 3_003_226, PKH, 8),
    _gift("g47", "three", "2020-05-28T16:40", 2_505_875, TR, 6),
    _gift("g48", "three", "2020-05-28T16:40", 3_000_000, WSH, 7),
    _gift("g49", "g49", "2020-05-28T21:31", 7_500_000, WSH, 8),
    _gift("g50", "g50", "2020-05-29T08:53", 55_000_000, WPKH, 17),
    _gift("g51", "g51", "2020-05-29T15:18", 20_000, SH_WPKH, 9),
    _gift("g52", "g52", "2020-05-29T17:51", 125_000, TR, 7),
    _gift("g53", "g53", "2020-05-30T02:01", 57_289, WPKH, 18),
    _gift("g54", "g54", "2020-05-30T04:51", 5_000_000, WPKH, 19),
    _gift("g55", "g55", "2020-05-31T00:06", 2_500_000, WPKH, 20),
    _gift("g56", "g56", "2020-05-31T00:26", 2_500_000, SH_WPKH, 10),
    _gift("g57", "g57", "2020-05-31T03:37", 33_000_000, TR, 8),
    _gift("g58", "g58", "2020-05-31T17:24", 30_000_000, PKH, 9),
    _gift("g59", "g59", "2020-06-01T04:58", 20_000, WSH, 9),
    _gift("g60", "g60", "2020-06-02T02:57", 407_743, WPKH, 21),
    _gift("g61", "g61", "2020-06-02T05:45", 20_000, WPKH, 22),
    _gift("g62", "g62", "2020-06-02T08:56", 1_207_584, TR, 9),
    _gift("g63", "g63", "2020-06-02T13:19", 750_000, WPKH, 0),
    _gift("g64", "g64", "2020-06-02T17:29", 500_000, WSH, 10),
    _gift("g65", "g65", "2020-06-04T16:20", 2_000_000, WPKH, 23),
    _gift("g66", "g66", "2020-06-06T11:05", 300_000, SH_WPKH, 11),
)
"""Every gift that settles, in order of time; the last two came after the campaign's end and count."""

DUST_LINE = 1_000
DUST = _gift("dust", "dust", "2020-05-26T12:05", 700, WPKH, 24)
"""Below the campaign's dust line, above what nodes relay."""

WAITING = _gift("waiting", "waiting", "2020-08-30T19:12", 1_500_000, TR, 10)
"""In the mempool when the recording ends; never in a block."""

TWICE = "twice"
"""The transaction whose two outputs pay one address."""

THREE = "three"
"""The transaction that pays three addresses."""

RAISED = "raised"
"""The transaction that replaces `raised-before` at a higher fee (BIP 125); only it is ever in a block."""
RAISED_BEFORE = "raised-before"
RAISED_BEFORE_AT = moment("2020-05-21T10:37")

MOVED = "moved"
"""The transaction whose block is reorganised away and which is in another block afterwards."""
MOVED_SWITCH_AT = moment("2020-05-24T15:30")

OUTGOING = (
    Outgoing("C-1", moment("2020-06-04T09:30"), 425_000_000, 150_000, "exchange"),
    Outgoing("C-2", moment("2020-06-09T09:20"), 445_000_000, 160_000, "exchange"),
    Outgoing("P-3", moment("2020-07-06T08:40"), 313_600_000, 90_000, "maker B"),
)
"""Two sales of coins, and one payment to a maker in coins."""

FIRST_BLOCK = moment("2020-05-10T00:10")
LAST_BLOCK = moment("2020-08-30T18:30")
END = moment("2020-08-31T09:00")
"""Where the recording rests, just after its last event."""

RECEIVED = sum(gift.sats for gift in GIFTS)
SPENT = sum(out.sats + out.fee for out in OUTGOING)
LEFT = RECEIVED - SPENT
"""Sats left in the wallet at the end, dust apart."""

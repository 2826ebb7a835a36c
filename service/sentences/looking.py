"""English: `look`: what a source knows of an address or transaction, and what watching costs a day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from api.pages.figures import exact
from api.pages.messages import Message, listed, worded
from ledger.core.frozen import Amount
from service.sentences.layout import row

_PLACE = "where a transaction is"
_IN_BLOCK = Message(
    "in block {height}, pinned by {ground}", _PLACE, "{height}: of the block", "{ground}: by what"
)
_WORK = "{work}: how much proof of work, a number"
_CLAIMS = Message(
    "in block {block}, which claims height {height}; proof of work {work}; place in the chain not shown",
    _PLACE,
    "{block}: its hash",
    "{height}: what it says of itself",
    _WORK,
)
_NO_CLAIM = Message(
    "in block {block}; proof of work {work}; place in the chain not shown", _PLACE, "{block}: its hash", _WORK
)
IN_NO_BLOCK = Message("in no block, as the source says; nothing is proven", _PLACE)
RECOMPUTED = Message("its bytes hash to the txid, and its block was recomputed whole", "how it was proven")
BY_BRANCH = Message(
    "its bytes hash to the txid, and its Merkle branch leads to the header", "how it was proven"
)
BY_TXID = Message("its bytes hash to the txid", "how it was proven")


def in_block(height: int, ground: str) -> str:
    return worded(_IN_BLOCK, height=str(height), ground=ground)


def in_some_block(block: str, claimed: int | None, work: int) -> str:
    """A block whose place in the chain nobody shows."""
    if claimed is None:
        return worded(_NO_CLAIM, block=block, work=work)
    return worded(_CLAIMS, block=block, height=str(claimed), work=work)


_TRANSACTION = Message("transaction {txid}: {place}.", "{txid}: it", "{place}: where it is")
_PAYS = Message(
    "{vout}: {coins} to {address}", "{vout}: number of an output", "{coins}: a sum", "{address}: it"
)
_ASKED = Message("asked: {source}; {how}.", "{source}: name of a server", "{how}: how it was proven")
_COINS = Message("{coins} BTC", "{coins}: how many")
_PAYMENTS = Message(
    "{address}: {n} payment, {coins} proven.",
    "{address}: it",
    "{coins}: a sum of coins",
    many="{address}: {n} payments, {coins} of them proven.",
)
_NO_PAYMENT = Message(
    "{address}: no payment, as {source} says. Nothing expires.", "{address}: it", "{source}: a server"
)
_SPENT = Message(
    "spent by {txid} input {vin}", "an output", "{txid}: by which transaction", "{vin}: a number"
)
_MORE = Message(
    "and {n} more transaction, not looked at here", many="and {n} more transactions, not looked at here"
)
_COMPLETE = Message(
    "complete according to {source}, which now knows that somebody asked for this address.",
    "{source}: name of a server",
)
_CUT = Message(
    "complete according to {source} but for payments that are in no block, of which it shows some only; it now knows "
    "that somebody asked for this address.",
    "{source}: name of a server",
)
_SECOND = Message(
    "a second opinion (bit's services): {said}; it decides nothing.",
    "bit is the name of a library",
    "{said}: what they list, or why they say nothing",
)
_LISTS = Message(
    "{n} transaction, {unknown} of them not listed above",
    "{unknown}: how many",
    many="{n} transactions, {unknown} of them not listed above",
)
_ONLY_SECOND = Message("only in the second opinion; look at it alone", "a transaction")


def transaction(txid: str, place: str) -> str:
    return worded(_TRANSACTION, txid=txid, place=place)


def coins(sats: int) -> str:
    """All digits, with the unit."""
    return worded(_COINS, coins=exact(Amount.of("BTC", sats)))


def pays(vout: int, sats: int, address: str) -> str:
    """An output of a transaction."""
    return worded(_PAYS, vout=str(vout), coins=coins(sats), address=address)


def asked(source: str, how: str) -> str:
    return worded(_ASKED, source=source, how=how)


def payment(outpoint: str, sats: int, place: str) -> str:
    """A row of what was paid to an address."""
    return row(outpoint, coins(sats), place)


def payments(address: str, number: int, sats: int) -> str:
    """How many were paid to an address, and how much of it is proven."""
    return worded(_PAYMENTS, n=number, address=address, coins=coins(sats))


def no_payment(address: str, source: str) -> str:
    return worded(_NO_PAYMENT, address=address, source=source)


def spent(outpoint: str, txid: str, vin: int, place: str) -> str:
    """A row of what was spent of an address."""
    return row(outpoint, worded(_SPENT, txid=txid, vin=str(vin)), place)


def more(number: int) -> str:
    return worded(_MORE, n=number)


def complete(source: str, *, cut: bool) -> str:
    """According to whom a list is complete; `cut` where not all that waits is shown."""
    return worded(_CUT if cut else _COMPLETE, source=source)


def second_opinion(listed_there: int, unknown: Sequence[str], trouble: str | None) -> Iterator[str]:
    """What other services list, and what of it the source does not."""
    said = trouble or worded(_LISTS, n=listed_there, unknown=len(unknown))
    yield worded(_SECOND, said=said)
    for txid in unknown:
        yield f"  {row(txid, worded(_ONLY_SECOND))}"


_LOOKS = Message(
    "a look every {seconds} seconds: {looks} looks a day in {mode} mode for {n} address:",
    "{seconds}, {looks}: how many",
    "{mode}: blocks or addresses, a word that stays as it is",
    many="a look every {seconds} seconds: {looks} looks a day in {mode} mode for {n} addresses:",
)
_HOST = Message(
    "{host}: about {requests} requests and {megabytes} MB a day; it learns {learns}.",
    "{host}: name of a server",
    "{requests}, {megabytes}: how many",
    "{learns}: a list of what it learns about who asks",
)
_CAPS = Message(
    "caps: {requests} requests and {megabytes} MB of blocks a day; catching up stays within them.",
    "{requests}, {megabytes}: how many",
)
_LEARNS = "what a server learns about who asks"
LEARNS_MINUTES = Message("the minutes of gifts, and neither addresses nor amounts", _LEARNS)
LEARNS_OWN = Message("which blocks are read; it is a server of yours", _LEARNS)
_LEARNS_ALL = Message(
    "the {n} address, and that one party asks for it",
    _LEARNS,
    many="all addresses ({n}), and that one party asks for them",
)
LEARNS_CHAIN = Message("that somebody follows the chain", _LEARNS)
LEARNS_BLOCKS = Message("which blocks are read", _LEARNS)
LEARNS_GIVEN_OUT = Message("addresses given out in the last 24 hours (at most 20)", _LEARNS)
LEARNS_LATER = Message("those that you add later, once", _LEARNS, "addresses")
_CAP = ("{cap}: how many the configuration allows", "words with an underscore are settings")
_TOO_MANY = Message(
    "that is {requests} requests, more than watch.requests_a_day ({cap}) allows: looks will stop before midnight UTC; "
    "raise it, or look_seconds.",
    "{requests}: how many",
    *_CAP,
)
_TOO_MUCH = Message(
    "that is {megabytes} MB, more than watch.megabytes_a_day ({cap}) allows: blocks will be read late; raise it.",
    "{megabytes}: how many",
    *_CAP,
)
_TOO_FAST = Message(
    "{host} would be asked {n} time a minute, more than http.requests_a_minute ({cap}): looks will take longer than "
    "look_seconds.",
    "{host}: name of a server",
    *_CAP,
    many="{host} would be asked {n} times a minute, more than http.requests_a_minute ({cap}): looks will take longer "
    "than look_seconds.",
)


def looks(seconds: int, number: int, mode: str, addresses: int) -> str:
    """How often is looked, at how many addresses."""
    return worded(_LOOKS, n=addresses, seconds=seconds, looks=number, mode=mode)


def host(name: str, requests: int, megabytes: int, learns: str) -> str:
    """What a server is asked a day, and what it learns."""
    return worded(_HOST, host=name, requests=requests, megabytes=megabytes, learns=learns)


def caps(requests: int, megabytes: int) -> str:
    return worded(_CAPS, requests=requests, megabytes=megabytes)


def learns_all(addresses: int) -> str:
    return worded(_LEARNS_ALL, n=addresses)


def learns(*what: Message) -> str:
    """Several things that a server learns."""
    return listed([str(each) for each in what])


def too_many_requests(requests: int, cap: int) -> str:
    return worded(_TOO_MANY, requests=requests, cap=cap)


def too_many_megabytes(megabytes: int, cap: int) -> str:
    return worded(_TOO_MUCH, megabytes=megabytes, cap=cap)


def asked_too_fast(name: str, times: int, cap: int) -> str:
    return worded(_TOO_FAST, n=times, host=name, cap=cap)

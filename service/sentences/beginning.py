"""English: `init`: what was written, what the first look will ask for, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from api.pages.messages import COMMAS, Message, listed, worded

_WROTE = Message("wrote {config} and {database}.", "{config}, {database}: names of files")
_WROTE_ON_SERVER = Message(
    "wrote {config} and a ledger in the database {database}.",
    "{config}: name of a file",
    "{database}: address of a database",
)
KEPT_OUT = Message(
    "the folder lies in a git repository: .gitignore in it keeps all of its files out of that.",
    ".gitignore is a file",
)
_COST = ("{requests}, {minutes}: how many",)
_FROM_CHECKPOINT = Message(
    "headers are read from block {height} on, checked against your checkpoint: about {requests} requests, {minutes} "
    "minutes; then each block after it, a request of about 1.7 MB each.",
    "{height}: of a block",
    *_COST,
)
FROM_FIRST_BLOCK = Message("headers and blocks are read from the first block on.")
_FIRST_USE = Message(
    "without --checkpoint the first look pins the first block of the present period that all sources agree on (trust "
    "on first use) and reads from there: up to {requests} requests, {minutes} minutes and {gigabytes} GB, once.",
    "{gigabytes}: how many",
    *_COST,
)
HEADERS_FROM_FIRST = Message(
    "headers are read from the first block on; each address costs a request a look at each source."
)
_HEADERS_ONLY = Message(
    "headers of the present period are read once: up to {requests} requests, {minutes} minutes at an explorer (one "
    "request at an Electrum server); then each address costs a request a look at each source.",
    *_COST,
)
_HOSTS = ("{hosts}: names of servers, with commas", "words in backquotes are a command")
_SEE_ADDRESSES = Message(
    "asked: {hosts}; they see all your addresses and that one party asks for them; `aidtrail look --plan` has the "
    "figures.",
    *_HOSTS,
)
_SEE_BLOCKS = Message(
    "asked: {hosts}; they see which blocks are read and, for 24 hours, each address that is given out ({setting} keeps "
    "that from them); `aidtrail look --plan` has the figures.",
    *_HOSTS,
    "{setting}: what is written in the configuration",
)
_NEXT = Message("next:", "above commands to type")


_WATCHED = ("what addresses a wallet has", "{script}: kind of script, a code")
_KINDS = {
    "pkh": Message("watched: legacy addresses ({script}).", *_WATCHED),
    "sh(wpkh)": Message("watched: nested segwit addresses ({script}).", *_WATCHED),
    "wpkh": Message("watched: native segwit addresses ({script}).", *_WATCHED),
    "tr": Message("watched: taproot addresses ({script}).", *_WATCHED),
}
"""As wallets call the kinds of script of one signer."""
_SEVERAL = Message("watched: addresses of several signers ({script}).", *_WATCHED)
_ADDRESS = ("{index}: its number, from 0", "{address}: it")
_RECEIVING = Message("receiving address {index}: {address}", *_ADDRESS)
_CHANGE = Message("change address {index}: {address}", *_ADDRESS)
COMPARE = Message(
    "compare these with the wallet's own before any address is published: if they differ, this is another account or "
    "kind of script, and the wallet would not see the gifts."
)
_GIVEN_BEFORE = Message(
    "this wallet gave out {n} address before: it is watched as well, and donors get those from index {n} on, {address} "
    "first.",
    "{n}: how many addresses, and the index of the next",
    "{address}: it",
    many="this wallet gave out {n} addresses before: they are watched as well, and donors get those from index {n} on, "
    "{address} first.",
)
_NO_CHANGE = Message(
    "no change is watched, so what comes back to the wallet is taken for spent; write {both} where the descriptor has "
    "{one}, unless the wallet keeps its change elsewhere.",
    "{both}, {one}: parts of a descriptor",
)


def no_change() -> str:
    """Of a descriptor of receiving addresses alone."""
    return worded(_NO_CHANGE, both="/<0;1>/*", one="/0/*")


def watched(script: str) -> str:
    """What kind of addresses."""
    return worded(_KINDS.get(script, _SEVERAL), script=script)


def receiving(index: int, address: str) -> str:
    return worded(_RECEIVING, index=str(index), address=address)


def change(index: int, address: str) -> str:
    return worded(_CHANGE, index=str(index), address=address)


def wrote(config: str, database: str, *, on_server: bool) -> str:
    return worded(_WROTE_ON_SERVER if on_server else _WROTE, config=config, database=database)


def from_checkpoint(height: int, requests: int, minutes: int) -> str:
    return worded(_FROM_CHECKPOINT, height=height, requests=requests, minutes=minutes)


def on_first_use(requests: int, minutes: int, gigabytes: int) -> str:
    return worded(_FIRST_USE, requests=requests, minutes=minutes, gigabytes=gigabytes)


def headers_only(requests: int, minutes: int) -> str:
    return worded(_HEADERS_ONLY, requests=requests, minutes=minutes)


def asked_for_addresses(hosts: Sequence[str]) -> str:
    """Who is asked, and that they see all addresses."""
    return worded(_SEE_ADDRESSES, hosts=listed(hosts, COMMAS))


def asked_for_blocks(hosts: Sequence[str], setting: str) -> str:
    """Who is asked, what they see, and the setting that keeps a part of it from them."""
    return worded(_SEE_BLOCKS, hosts=listed(hosts, COMMAS), setting=setting)


def given_before(count: int, address: str) -> str:
    """That a wallet is not new, and with which address its donors begin."""
    return worded(_GIVEN_BEFORE, n=count, address=address)


def then(commands: Sequence[str]) -> Iterator[str]:
    """What to type next."""
    yield worded(_NEXT)
    for command in commands:
        yield f"  {command}"

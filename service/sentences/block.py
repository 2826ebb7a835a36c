"""English: `scan`: what a block pays and spends, and where in the chain it lies."""

from __future__ import annotations

from api.pages.messages import Message, worded
from ledger.core.wording import Wording
from service.sentences.layout import row
from watchers.proof.place import BesideChain, OnChain, Place

_WORK = "{work}: how much proof of work, a number"
_ON_CHAIN = Message(
    "height {height}: connected by hash to {ground}; proof of work {work}.",
    "a block",
    "{height}: in the chain",
    "{ground}: to what",
    _WORK,
)
_BESIDE = Message(
    "height {height}: known, but on a branch that lost to {best}; proof of work {work}.",
    "a block",
    "{height}: in its branch",
    "{best}: hash of a block",
    _WORK,
)
_BOUND = "{bound}: against what its target was held"
_NO_CLAIM = Message(
    "proof of work {work}; place in the chain not shown (its coinbase claims no height, which is a claim; its target "
    "was held against {bound}).",
    "a block",
    _WORK,
    _BOUND,
)
_CLAIMS = Message(
    "proof of work {work}; place in the chain not shown (its coinbase claims height {height}, which is a claim; its "
    "target was held against {bound}).",
    "a block",
    "{height}: what it says of itself",
    _WORK,
    _BOUND,
)


def place(position: Place, claimed: int | None) -> str:
    """What may honestly be said of the block's place; a claimed height is called a claim."""
    if isinstance(position, OnChain):
        return worded(
            _ON_CHAIN,
            height=str(position.height),
            ground=str(Wording(position.by.value)),
            work=str(position.work),
        )
    if isinstance(position, BesideChain):
        return worded(_BESIDE, height=str(position.height), best=position.best_hash, work=str(position.work))
    if claimed is None:
        return worded(_NO_CLAIM, work=str(position.work), bound=str(Wording(position.bound.value)))
    return worded(
        _CLAIMS, height=str(claimed), work=str(position.work), bound=str(Wording(position.bound.value))
    )


_BLOCK = Message(
    "block {block} of {network}: {n} transaction, Merkle root and witness commitment recomputed.",
    "{block}: its hash",
    "{network}: name of a chain",
    many="block {block} of {network}: {n} transactions, Merkle root and witness commitment recomputed.",
)
_SATS = Message("{n} sat", "the hundred millionth part of a bitcoin", many="{n} sats")
_UNKNOWN = Message("value not known here", "a coin")
_POSITION = Message(
    "position {position} of {n}", "{position}: of a transaction in a block", many="position {position} of {n}"
)
_COINBASE = Message("coinbase", "the transaction by which a miner is paid")
_SCRIPT = Message("script {script}", "what a coin is paid to that has no address", "{script}: hexadecimal")
_PAYS = Message("pays", "a row about a coin that is paid")
_SPENDS = Message("spends", "a row about a coin that is spent")
_BY = Message("by {txid} input {vin}", "a coin is spent", "{txid}: transaction", "{vin}: a number")
_PROOF = Message("proof: {hashes}", "{hashes}: hashes with spaces between them")
_ONLY = Message("proof: the block's only transaction; its txid is the Merkle root")
NOTHING = Message("nothing in this block pays or spends from these; the whole block was read.")
_PAID = Message(
    "{outputs}; {inputs}.", "{outputs}: as: 2 outputs pay 500 sats", "{inputs}: as: 1 input spends"
)
_OUTPUTS = Message("{n} output pays {sats}", "{sats}: as: 500 sats", many="{n} outputs pay {sats}")
_INPUTS = Message("{n} input spends", many="{n} inputs spend")


def block(name: str, network: str, transactions: int) -> str:
    """What was read."""
    return worded(_BLOCK, n=transactions, block=name, network=network)


def script(hexadecimal: str) -> str:
    return worded(_SCRIPT, script=hexadecimal)


def pays(to: str, sats: int, outpoint: str, position: int, of: int, *, coinbase: bool) -> str:
    """A row about a coin that is paid."""
    at = worded(_POSITION, n=of, position=str(position))
    return row(worded(_PAYS), to, worded(_SATS, n=sats), outpoint, at, str(_COINBASE) if coinbase else "")


def spends(outpoint: str, sats: int | None, txid: str, vin: int, position: int, of: int) -> str:
    """A row about a coin that is spent."""
    worth = worded(_UNKNOWN) if sats is None else worded(_SATS, n=sats)
    at = worded(_POSITION, n=of, position=str(position))
    return row(worded(_SPENDS), outpoint, worth, worded(_BY, txid=txid, vin=str(vin)), at)


def proof(hashes: tuple[str, ...]) -> str:
    """The Merkle branch of a transaction."""
    sentence = worded(_PROOF, hashes=" ".join(hashes)) if hashes else worded(_ONLY)
    return f"{'':<7}{sentence}"


def whole(outputs: int, sats: int, inputs: int) -> str:
    """How much was found."""
    paid = worded(_OUTPUTS, n=outputs, sats=worded(_SATS, n=sats))
    return worded(_PAID, outputs=paid, inputs=worded(_INPUTS, n=inputs))

"""Steps of the machine that no person tells: what the chain does, late gifts, values, and counts of deliveries."""

from __future__ import annotations

from collections.abc import Callable

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from ledger.core.chain import BlockRef, Outpoint
from ledger.core.look import JoinedBlock, SeenTx, TxFacts
from ledger.model.deliveries import DeliveryPaper
from ledger.model.gifts import GiftRow, GiftState
from ledger.model.spends import SpendRow
from ledger.rules.confirmations import sent_on
from tests.tools import machine_things
from tests.tools.machine_chain import Unspent
from tests.tools.machine_scene import Scene
from tests.tools.machine_world import DEPTH, Needs, World

DEEPEST = 9


def bury(world: World, blocks: int = DEPTH) -> None:
    world.look([world.chain.mine() for _ in range(blocks)])


def _amount(world: World) -> int:
    return world.rnd.choice((400, 999, 1000, 7_777, 50_000, 1_234_567, 100_000_000))


def _gift(world: World, *, least: int = 0) -> TxFacts:
    pays = []
    for _ in range(world.rnd.choice((1, 1, 2))):
        slug = world.some_slug()
        branch = "change" if not least and world.rnd.randrange(12) == 0 else "receive"
        pays.append((world.rnd.choice(world.chain.scripts(slug, branch)), max(least, _amount(world))))
    return world.chain.transaction(pays, coinbase=not least and world.rnd.randrange(20) == 0)


def give(world: World) -> None:
    """Gifts in a block, sometimes seen before; deep enough more often than not."""
    txs = [_gift(world) for _ in range(world.rnd.choice((1, 1, 2)))]
    coinbases = [tx for tx in txs if tx.coinbase]
    txs = [tx for tx in txs if not tx.coinbase or tx is coinbases[0]]
    if world.rnd.randrange(3) == 0:
        seen = [SeenTx(tx.txid, tx.inputs, tx.outputs, "test") for tx in txs if not tx.coinbase]
        world.seen += seen
        world.look([], seen=tuple(seen), mempool=("test",))
    if world.rnd.randrange(8):
        world.look([world.chain.mine(*txs)])
    if world.rnd.randrange(3):
        bury(world, world.rnd.randint(1, DEPTH))


def settle_gift(world: World) -> None:
    world.look([world.chain.mine(_gift(world, least=200_000))])
    bury(world)


def ripen(world: World) -> None:
    """A hundred blocks, so that coins of a coinbase settle."""
    bury(world, 100)


def _spending(world: World, coins: list[Unspent]) -> TxFacts:
    """A transaction of these coins: some comes back, perhaps more than was put in by others with us."""
    chain = world.chain
    total = sum(coin.sats for coin in coins)
    owner = coins[0].owner
    pays, inputs = [], tuple(coin.outpoint for coin in coins)
    if world.rnd.randrange(2) and total > 2:
        branch = world.rnd.choice(("change", "change", "receive"))
        back = world.rnd.randint(1, total - 1)
        pays.append((world.rnd.choice(chain.scripts(owner.slug, branch)), back))
    if world.rnd.randrange(6) == 0:
        inputs += (Outpoint(world.chain.transaction([]).txid, 0),)
        pays.append((world.rnd.choice(chain.scripts(owner.slug, "change")), total + 5000))
    if world.rnd.randrange(8) == 0:
        slug = world.rnd.choice(world.slugs())
        pays.append((world.rnd.choice(chain.scripts(slug, "receive")), 2000))
    return chain.transaction(pays, inputs)


def spend(world: World) -> None:
    coins = world.chain.spendable()
    if not coins:
        raise Needs("donation")
    chosen = {world.rnd.randrange(len(coins)) for _ in range(world.rnd.choice((1, 1, 2)))}
    tx = _spending(world, [coins[index] for index in sorted(chosen)])
    if world.rnd.randrange(4) == 0:
        world.look([], seen=(SeenTx(tx.txid, tx.inputs, tx.outputs, "test"),), mempool=("test",))
    world.look([world.chain.mine(tx)])
    if world.rnd.randrange(3):
        bury(world, world.rnd.randint(1, DEPTH))


def settle_spend(world: World) -> None:
    """All of one large coin leaves, and settles."""
    coins = [coin for coin in world.chain.spendable() if coin.sats >= 100_000]
    if not coins:
        raise Needs("donation")
    coin = world.rnd.choice(coins)
    pays = []
    if world.rnd.randrange(2):
        pays = [(world.chain.scripts(coin.owner.slug, "change")[0], coin.sats // 2)]
    world.look([world.chain.mine(world.chain.transaction(pays, (coin.outpoint,)))])
    bury(world)


def leave_before(world: World) -> None:
    """Coins leave, and an opening of that day or a later one says that they had left before."""
    settle_spend(world)
    with world.store.read() as tx:
        explained = any(row.kind == "spend.before" for row in tx.journal.rows())
    if not explained:
        raise Needs("opening.approved")


def bring_in_order(world: World) -> None:
    """An opening brings in an order."""
    with world.store.read() as tx:
        if not any(row.kind == "purchase.opened" for row in tx.journal.rows()):
            raise Needs("opening.approved")
    world.look([world.chain.mine()])


def consolidate(world: World) -> None:
    """Large coins of one campaign go to an address of its own, less a network fee."""
    coins = [c for c in world.chain.spendable() if c.sats >= 100_000 and c.owner.branch == "receive"]
    if not coins:
        raise Needs("donation")
    slug = world.rnd.choice(coins).owner.slug
    chosen = [coin for coin in coins if coin.owner.slug == slug][: world.rnd.randint(1, 4)]
    back = sum(coin.sats for coin in chosen) - world.rnd.randint(1, 1500)
    pays = [(world.chain.scripts(slug, "change")[0], back)]
    world.look([world.chain.mine(world.chain.transaction(pays, tuple(coin.outpoint for coin in chosen)))])
    bury(world)


def reorganise(world: World, depth: int, kept: Callable[[TxFacts], bool]) -> None:
    """The newest blocks leave; what is kept and still fits stands in the new ones, the rest is lost."""
    depth = min(depth, len(world.chain.blocks) - 1)
    if depth < 1:
        raise Needs("donation")
    undone, txs = world.chain.undo(depth)
    pool = [tx for tx in txs if not tx.coinbase and kept(tx)]
    world.chain.lost += [tx for tx in txs if not tx.coinbase]  # what is mined again leaves it
    joined = []
    for index in range(depth + 1):
        taken: list[TxFacts] = []
        for tx in list(pool):
            first = not {spent.txid for spent in tx.inputs} & {other.txid for other in taken}
            if first and world.chain.fits(tx) and (index == depth or world.rnd.randrange(2)):
                taken.append(tx)
                pool.remove(tx)
        joined.append(world.chain.mine(*taken))
    world.look(joined, undone)


def reorganise_somehow(world: World) -> None:
    share = world.rnd.choice((0, 50, 100))
    reorganise(world, world.rnd.randint(1, DEEPEST), lambda _tx: world.rnd.randrange(100) < share)


def mine_lost(world: World) -> None:
    """What fell out comes back."""
    fitting = [tx for tx in world.chain.lost if world.chain.fits(tx)]
    if not fitting:
        raise Needs(world.rnd.choice(("void", "void.spend")))
    world.look([world.chain.mine(world.rnd.choice(fitting))])
    bury(world)


_VOIDED = select(GiftRow.txid).where(GiftRow.state == GiftState.VOIDED)
_UNDONE = select(SpendRow.txid).where(col(SpendRow.live) == 0)


def _bring_back(voided_ones: SelectOfScalar[str], needs: str) -> Callable[[World], None]:
    """What was voided settles again."""

    def bring(world: World) -> None:
        with world.books() as books:
            voided = set(books.session.exec(voided_ones))
        for tx in list(world.chain.lost):
            if tx.txid in voided and world.chain.fits(tx):
                world.look([world.chain.mine(tx)])
                bury(world)
                return
        raise Needs(needs)

    return bring


def _lose(spends: bool) -> Callable[[World], None]:
    """A settled transaction falls out: one that spends coins of ours, or one that only gives."""

    def lose(world: World) -> None:
        ours = {
            f"{tx.txid}:{n}" for b in world.chain.blocks for tx in b.txs for n, _ in enumerate(tx.outputs)
        }
        for block in reversed(world.chain.blocks[-40:]):
            for tx in block.txs:
                is_spend = any(str(spent) in ours for spent in tx.inputs)
                if is_spend is spends and not tx.coinbase and block.ref.height > 1:
                    depth = world.chain.tip.height - block.ref.height + 1
                    reorganise(world, depth, lambda other, gone=tx: other.txid != gone.txid)  # type: ignore[misc]
                    return
        raise Needs("spend" if spends else "donation")

    return lose


def move_gift(world: World) -> None:
    """A reorganisation that keeps every transaction, in other blocks."""
    if len(world.chain.blocks) <= 8:
        bury(world)  # the first block of a chain never leaves, and what is in it never moves
        raise Needs("donation")
    if not any(block.txs for block in world.chain.blocks[-8:-DEPTH]):
        raise Needs("donation")
    reorganise(world, 8, lambda _tx: True)
    bury(world)


def hide(world: World) -> None:
    """A block pays a script that nobody watches yet; perhaps a later one spends it."""
    script = world.chain.script(world.rnd.choice(world.slugs()), "receive")
    owner = world.chain.owners.pop(script)
    gift = world.chain.transaction([(script, 70_000)])
    world.look([world.chain.mine()])
    world.chain.hidden.append((world.chain.tip.height, gift))
    if world.rnd.randrange(2):
        spender = world.chain.transaction([], (Outpoint(gift.txid, 0),))
        bury(world, 2)
        world.chain.hidden.append((world.chain.tip.height, spender))
    bury(world, world.rnd.randint(1, DEPTH))
    reveal(world, script, owner.slug)


def reveal(world: World, script: bytes, slug: str) -> None:
    """The script is watched now, and what older blocks hold of it is told late."""
    index = len(world.chain.scripts(slug, "receive"))
    world.chain.owners[script] = type(next(iter(world.chain.owners.values())))(slug, "receive")
    world.watch(script, slug, index)
    late = []
    for height, hidden in sorted(world.chain.hidden, key=lambda row: row[0]):
        block = world.chain.blocks[height - world.chain.blocks[0].ref.height]
        tx = TxFacts(hidden.txid, 9, False, hidden.inputs, hidden.outputs, ())
        block.txs = (*block.txs, tx)
        late.append(JoinedBlock(BlockRef(height, block.ref.hash, block.ref.time), "test", (tx,)))
    world.chain.hidden.clear()
    world.look([world.chain.mine()], late=tuple(late))


def ask_for_an_address(world: World) -> None:
    """One more address of a campaign: for one of its needs, where it has any."""
    slug = world.some_slug()
    world.watch(world.chain.script(slug, "receive"), slug, 100 + world.number())


def value(world: World) -> None:
    """The program values what waits for a rate or a conversion."""
    world.value_waiting()
    world.audit()


def count_delivery(world: World) -> None:
    """The other side of a delivery counts, by a link."""
    for slug in world.slugs():
        with world.store.read() as tx:
            scene = Scene(world, tx, slug)
            papers = machine_things.papers_to_count(scene)
        if papers:
            about, paper = world.rnd.choice(papers)
            actor = world.actors[1]
            world.now += 60
            with world.books() as books:
                sent = sent_on(books.session, slug, DeliveryPaper(about), paper)
            counts = {
                (lot.product, lot.lot): (
                    max(0, lot.quantity + world.rnd.choice((-2, -1, 0, 1))),
                    world.rnd.choice((0, 0, 1)),
                )
                for lot in sent.lots
            }
            world.count(actor, slug, about, paper, counts)
            world.audit()
            return
    raise Needs(world.rnd.choice(("shipment", "handover")))


CHAIN_STEPS: dict[str, Callable[[World], None]] = {
    "donation": settle_gift,
    "spend": settle_spend,
    "spend.before": leave_before,
    "purchase.opened": bring_in_order,
    "own-move": consolidate,
    "void": _lose(spends=False),
    "void.spend": _lose(spends=True),
    "restore": _bring_back(_VOIDED, "void"),
    "restore.spend": _bring_back(_UNDONE, "void.spend"),
    "moved": move_gift,
    "confirmation": count_delivery,
}
"""How kinds come about that no person tells."""
MORE_STEPS: tuple[Callable[[World], None], ...] = (
    give,
    give,
    spend,
    reorganise_somehow,
    mine_lost,
    ripen,
    hide,
    ask_for_an_address,
    value,
)

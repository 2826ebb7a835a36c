"""Tells the stories to the ledger of today and writes them down: `python -m tests.tools.kept.record`.

What stands in the files is replaced: only for a difference that is wanted. Chance comes from the names of journals.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ledger.core.entry import OutOfOrder
from ledger.core.errors import LedgerError
from ledger.core.facts import facts_json
from ledger.core.look import ChainLook, JoinedBlock, SeenTx, TxFacts
from ledger.core.times import rfc3339
from ledger.recording.actors import Actor
from ledger.recording.any_kind import AnyKind
from ledger.recording.desk import Outcome
from ledger.recording.kinds import BY_NAME
from ledger.recording.settling import LookOutcome
from ledger.rules.confirmations import Confirmation
from ledger.store.addresses import Address
from ledger.store.database import Store
from service.demo.act import Act
from service.demo.gifts import moment
from service.demo.plan import SLUG
from service.demo.replay import Replay
from tests.tools.demo_story import Story
from tests.tools.kept.figures import figures
from tests.tools.kept.house import entries_after, head_of
from tests.tools.kept.journal import (
    FOLDER,
    SUFFIX,
    Addresses,
    BlockTold,
    Counted,
    EntryRow,
    Looked,
    Moment,
    Step,
    Told,
    TxTold,
    User,
    Valued,
    save,
    txids,
)
from tests.tools.kept.journal import Outcome as Word
from tests.tools.machine_chain import Chain
from tests.tools.machine_steps import MORE_STEPS, bury
from tests.tools.machine_telling import names, reach, spoil, spoilt, tell
from tests.tools.machine_world import Counts, Needs, World

T = TypeVar("T")
RANDOM_JOURNALS = 60
SPECIAL = ("draft-1", "draft-2", "draft-3", "late-1", "late-2", "late-3")
"""Stories of explanations that came before their spend settled, and of facts that were told late."""
DAY = 86_400
SHORTEST, LONGEST = 60, 200
"""Steps of a random journal; each may tell a dozen facts that have to come first."""

DEMO_MOMENTS = (
    ("called", "2020-05-19T00:00"),
    ("a block left", "2020-05-24T16:00"),
    ("campaign over", "2020-06-03T00:00"),
    ("coins sold", "2020-06-10T12:00"),
    ("first order paid", "2020-06-23T00:00"),
    ("all received in Beijing", "2020-07-08T00:00"),
    ("handed over", "2020-08-15T00:00"),
    ("told to the end", "2020-08-31T09:00"),
)
"""Eight moments of the demonstration, each before what happens from then on."""


@dataclass
class Tape:
    """Writes down each step with what it led to."""

    store: Store
    steps: list[Step] = field(default_factory=list)

    def watch(
        self, work: Callable[[], T], note: Callable[[str, list[EntryRow]], Step], word: Callable[[T], str]
    ) -> T:
        """Do a piece of work; its step is noted with its outcome and its entries, a refusal as well."""
        before = head_of(self.store)
        try:
            done = work()
        except LedgerError as refusal:
            self.steps.append(note(type(refusal).__name__, []))
            raise
        self.steps.append(note(word(done), list(entries_after(self.store, before))))
        return done

    def moment(self, name: str, at: int) -> None:
        with self.store.read() as tx:
            self.steps.append(Moment(name=name, at=at, rows=figures(tx, txids(self.steps), now=at)))

    def look(self, look: ChainLook, at: int, work: Callable[[], T]) -> T:
        def note(_outcome: str, entries: list[EntryRow]) -> Step:
            return Looked(
                at=at,
                tip=(look.tip.height, look.tip.hash, look.tip.time),
                undone=list(look.undone),
                joined=[_block(block) for block in look.joined],
                late=[_block(block) for block in look.late],
                seen=[(tx.txid, list(map(str, tx.inputs)), _outputs(tx)) for tx in look.seen],
                mempool=list(look.mempool_complete),
                entries=entries,
            )

        return self.watch(work, note, _recorded)

    def addresses(self, rows: Sequence[Address]) -> None:
        self.steps.append(
            Addresses(
                rows=[
                    (
                        row.script.hex(),
                        row.address,
                        row.campaign,
                        row.branch,
                        row.index,
                        row.source,
                        row.restriction,
                    )
                    for row in rows
                ]
            )
        )


def _recorded(_done: object) -> str:
    return Word.RECORDED


def _word(outcome: Outcome) -> str:
    if outcome.waiting_for is not None:
        return Word.WAITS
    if outcome.seq is None:
        return Word.WITHDRAWN
    return Word.ALREADY if outcome.already else Word.RECORDED


def _outputs(tx: TxFacts | SeenTx) -> list[tuple[str, int]]:
    return [(script.hex(), sats) for script, sats in tx.outputs]


def _block(block: JoinedBlock) -> BlockTold:
    txs: list[TxTold] = [
        (
            tx.txid,
            tx.position,
            tx.coinbase,
            list(map(str, tx.inputs)),
            _outputs(tx),
            [node.hex() for node in tx.branch],
        )
        for tx in block.txs
    ]
    return block.ref.height, block.ref.hash, block.ref.time, txs


class ShortNames(Chain):
    """A chain whose txids and block hashes are twelve digits and zeros: a thousand empty blocks weigh little."""

    def name(self, label: str) -> str:
        return hashlib.sha256(label.encode()).hexdigest()[:12].ljust(64, "0")


class TapedWorld(World):
    """The machine's world; all that is written to the ledger is written down. Nothing is audited."""

    def __post_init__(self) -> None:
        self.tape: Tape | None = None
        self.chain = ShortNames()
        super().__post_init__()

    @property
    def taped(self) -> Tape:
        if self.tape is None:
            self.tape = Tape(self.store)
        return self.tape

    def digest(self) -> str:
        return ""

    def audit(self, *, whole: bool = False) -> None:
        self.steps += 1

    def add_user(self, name: str, role: str) -> Actor:
        self.taped.steps.append(User(name=name, role=role))
        return super().add_user(name, role)

    def add_addresses(self, rows: list[Address]) -> None:
        super().add_addresses(rows)
        self.taped.addresses(rows)

    def act(self, actor: Actor, slug: str, kind: AnyKind, facts: dict[str, Any], now: int) -> Outcome:
        def note(outcome: str, entries: list[EntryRow]) -> Step:
            return Told(
                at=now,
                by=actor.name,
                campaign=slug,
                kind=kind.name,
                facts=facts,
                outcome=outcome,
                entries=entries,
            )

        return self.taped.watch(
            lambda: super(TapedWorld, self).act(actor, slug, kind, facts, now), note, _word
        )

    def record_look(self, look: ChainLook) -> LookOutcome:
        return self.taped.look(look, self.now, lambda: super(TapedWorld, self).record_look(look))

    def value_waiting(self) -> None:
        def note(_outcome: str, entries: list[EntryRow]) -> Step:
            return Valued(at=self.now, entries=entries)

        self.taped.watch(lambda: super(TapedWorld, self).value_waiting(), note, _recorded)

    def count(self, actor: Actor, slug: str, about: str, paper: str, counts: Counts) -> None:
        note = _counting(self.now, actor.name, slug, about, paper, counts)
        self.taped.watch(
            lambda: super(TapedWorld, self).count(actor, slug, about, paper, counts), note, _recorded
        )


class LateWorld(TapedWorld):
    """Much is told late: beside its accounting date stands the day that it happened, and why that is out of order."""

    def tell(self, kind: AnyKind, slug: str, facts: dict[str, Any], actor: Actor) -> Outcome:
        if "date" in facts and self.rnd.randrange(3) == 0:
            day = rfc3339(self.now - DAY * self.rnd.choice((-1, 0, 1, 3, 40)))[:10]
            facts = facts | {"happened": day}
            if self.rnd.randrange(2) == 0:
                facts = facts | {"out_of_order": self.rnd.choice([*OutOfOrder])}
        return super().tell(kind, slug, facts, actor)


def _counting(
    at: int, by: str, slug: str, about: str, paper: str, counts: Counts
) -> Callable[[str, list[EntryRow]], Step]:
    def note(outcome: str, entries: list[EntryRow]) -> Step:
        return Counted(
            at=at,
            by=by,
            campaign=slug,
            about=about,
            paper=paper,
            counts=[(product, lot, good, damaged) for (product, lot), (good, damaged) in counts.items()],
            outcome=outcome,
            entries=entries,
        )

    return note


@dataclass
class TapedStory(Story):
    """The demonstration's story; all that is written to the ledger is written down."""

    def __post_init__(self) -> None:
        self.tape = Tape(self.store)

    def add_user(self, role: str, now: int) -> None:
        self.tape.steps.append(User(name=role, role=role))
        super().add_user(role, now)

    def add_addresses(self, rows: list[Address]) -> None:
        super().add_addresses(rows)
        self.tape.addresses(rows)

    def tell(self, told: Act, now: int) -> None:
        kind = next(k for k in BY_NAME.values() if (k.noun, k.verb) == (told.noun, told.verb))

        def note(outcome: str, entries: list[EntryRow]) -> Step:
            return Told(
                at=now,
                by=told.by.value,
                campaign=SLUG,
                kind=kind.name,
                facts=facts_json(told.facts),
                outcome=outcome,
                entries=entries,
            )

        self.tape.watch(lambda: super(TapedStory, self).tell(told, now), note, _recorded)

    def confirm(self, told: Confirmation, now: int) -> None:
        counts = {(lot.product, lot.lot): (lot.good, lot.damaged) for lot in told.lots}
        note = _counting(now, "recorder", SLUG, told.about, told.paper, counts)
        self.tape.watch(lambda: super(TapedStory, self).confirm(told, now), note, _recorded)

    def record_look(self, look: ChainLook, now: int) -> None:
        self.tape.look(look, now, lambda: super(TapedStory, self).record_look(look, now))


def demonstration(folder: Path) -> list[Step]:
    """The whole story of the demonstration, with its figures at eight moments."""
    story = TapedStory(Store.create(f"sqlite:///{folder / 'demo.db'}"), Replay.load())
    try:
        story.begin()
        waiting = [(name, moment(at)) for name, at in DEMO_MOMENTS]
        for at in story.moments():
            while waiting[0][1] <= at:
                story.tape.moment(*waiting.pop(0))
            story.advance(at)
        story.look(story.replay.end)
        for name, at in waiting:
            story.tape.moment(name, at)
        return story.tape.steps
    finally:
        story.store.close()


def random_journal(name: str, folder: Path) -> list[Step]:
    """A random story that its name alone decides, with its figures half way and at the end."""
    rnd = random.Random(name)
    url = f"sqlite:///{folder / name}.db"
    sort = name.partition("-")[0]
    world = LateWorld(url) if sort == "late" else TapedWorld(url)
    drafts = sort == "draft"
    more = (draft,) if drafts else (*MORE_STEPS, sight, sight)
    ways = 14 if drafts else 10  # of the last four each is one of `more`, as the ninth is
    try:
        world.rnd = random.Random(rnd.random())
        tell(world, "campaign")
        steps = rnd.choices(names(), k=rnd.randint(SHORTEST, LONGEST))
        for count, kind in enumerate(steps):
            world.rnd = random.Random(rnd.random())
            _wait(world)
            _one_step(world, kind, rnd.randrange(ways), more)
            if count == len(steps) // 2:
                world.taped.moment("half way", world.now)
        world.taped.moment("end", world.now)
        return world.taped.steps
    finally:
        world.close()


def _wait(world: World) -> None:
    """Days pass, more often than not none."""
    world.now += DAY * world.rnd.choice((0, 0, 0, 0, 0, 1, 2, 7))


def sight(world: World) -> None:
    """A gift shows in a mempool; it stays there, is seen no more, or another transaction takes its coins."""
    slug = world.some_slug()
    gift = world.chain.transaction([(world.rnd.choice(world.chain.scripts(slug, "receive")), 90_000)])
    world.look([], seen=(SeenTx(gift.txid, gift.inputs, gift.outputs, "test"),), mempool=("test",))
    fate = world.rnd.randrange(3)
    if fate == 1:
        for _ in range(3):
            world.look([], mempool=("test",), seconds=1_900)
    elif fate == 2:
        other = world.chain.transaction(list(gift.outputs), gift.inputs)
        world.look([world.chain.mine(other)])


def draft(world: TapedWorld) -> None:
    """Coins leave and are explained before that settles; some explanations are told again, some taken back."""
    coins = [coin for coin in world.chain.spendable() if coin.sats >= 10_000]
    if not coins:
        raise Needs("donation")
    world.look([world.chain.mine(world.chain.transaction([], (world.rnd.choice(coins).outpoint,)))])
    for name in ("conversion", "payment", "move", "conversion"):
        with suppress(Needs, LedgerError):
            tell(world, name)
    waiting = [step for step in world.taped.steps if isinstance(step, Told) and step.outcome == Word.WAITS]
    for step in waiting[-3:]:
        kind = BY_NAME[step.kind]
        actors = {actor.name: actor for actor in world.actors}
        other = world.rnd.choice((step.by, "bob", "cid"))
        with suppress(LedgerError):
            match world.rnd.randrange(4):
                case 0:
                    decision = {"number": step.facts["number"], "date": world.today}
                    world.tell(BY_NAME[f"{step.kind}.rejected"], step.campaign, decision, actors[other])
                case 1:
                    world.tell(kind, step.campaign, step.facts, actors[other])
                case 2:
                    world.tell(kind, step.campaign, spoilt(world, step.facts), actors[step.by])
    if world.rnd.randrange(3):
        bury(world)


def _one_step(world: TapedWorld, kind: str, way: int, more: Sequence[Callable[[TapedWorld], None]]) -> None:
    try:
        if way < 6:
            reach(world, kind, 24)
        elif way == 6:
            spoil(world, kind)
        elif way == 7:
            tell(world, "reversal")
        elif way == 9 and world.told:
            world.again(world.rnd.choice(world.told))
        else:
            world.rnd.choice(more)(world)
    except (Needs, LedgerError):
        return


def main(arguments: Sequence[str]) -> int:
    """Record all journals, or those named; print what they hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.kept.record", description=__doc__)
    parser.add_argument(
        "names", nargs="*", help="journals to record; a new name is a new story; else all of them"
    )
    given = parser.parse_args(arguments).names
    every = ["demo", *(f"{count:02d}" for count in range(1, RANDOM_JOURNALS + 1)), *SPECIAL]
    kinds: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="aidtrail-kept-") as kept:
        for name in given or every:
            steps = demonstration(Path(kept)) if name == "demo" else random_journal(name, Path(kept))
            path = FOLDER / f"{name}{SUFFIX}"
            save(path, steps)
            rows = sum(len(step.rows) for step in steps if isinstance(step, Moment))
            entries = [e for s in steps if not isinstance(s, User | Addresses | Moment) for e in s.entries]
            kinds.update(kind for _, kind, *_ in entries)
            outcomes.update(step.outcome for step in steps if isinstance(step, Told | Counted))
            print(
                f"{name}: {len(steps)} steps, {len(entries)} entries, {rows} figures, {path.stat().st_size} bytes"
            )
    print("entries:", ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())))
    print("answers:", ", ".join(f"{word} {count}" for word, count in sorted(outcomes.items())))
    print("kinds that no journal has:", ", ".join(sorted(set(BY_NAME) - set(kinds))) or "none")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

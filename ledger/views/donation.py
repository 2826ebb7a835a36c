"""One donation followed from its outpoint to the ends of its units: status, steps, places, shares.

Everything is computed from lines, documents and observations; nothing is stored per donor.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sqlmodel import Session

from ledger.core.accounts import AccountClass
from ledger.core.chain import Outpoint
from ledger.core.frozen import Amount
from ledger.core.lines import PartKind, Piece, UnitState, common, joined, units_in
from ledger.core.names import (
    EndedLine,
    ExchangeLine,
    GoodsLine,
    LineKind,
    MoneyLine,
    UseCause,
    line_named,
    use_named,
)
from ledger.core.observation import ObservationKind, WatchedOutput, observation_of, transactions_of
from ledger.core.times import rfc3339
from ledger.model.campaigns import Nature
from ledger.model.corrections import Corrected
from ledger.model.evidence import About
from ledger.model.gifts import Coins
from ledger.model.observed import TxState
from ledger.model.orders import OrderRow
from ledger.recording.dating import OUT_OF_ORDER
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of, need_of, need_title, products_of
from ledger.rules.covered import covered_of, uncovered_spends
from ledger.rules.deposits import DEPOSITS
from ledger.rules.gift_records import SettledGift, find_gift, value_sources
from ledger.rules.gift_returns import returns_of
from ledger.rules.observing import Observed, WatchedTx
from ledger.rules.payments import PAYMENTS
from ledger.rules.rests_on import out_of_order
from ledger.rules.settled import MATURITY, depth_of, tip_height
from ledger.rules.sold import fetched_by
from ledger.store.transaction import Reading
from ledger.tracing.follow import Arrival, Ending, Passage, Stay, follow, follow_runs
from ledger.views.bars import BarsOfLines
from ledger.views.changes import GivenUnits, LaterChanges, left_block
from ledger.views.donation_status import confirmations_of, is_late, outcome_of, restriction_in, status_of
from ledger.views.flow import ExitKind, Thread
from ledger.views.given_value import GivenValue
from ledger.views.paper_steps import (
    Figures,
    PaperStep,
    corrected_facts,
    in_packs,
    packs_billed,
    paper_step,
    return_detail,
)
from ledger.views.papers import papers_about
from ledger.views.people import reached_by_sex
from ledger.views.places import PlaceNames
from ledger.views.step_units import StepUnits, UnitsByStep
from ledger.views.thread import ThreadOfGift
from ledger.views.trail import (
    Block,
    DonationTrail,
    LineShare,
    Paper,
    Place,
    Restriction,
    Step,
    StepKind,
    TrailChange,
)

_STEPS = {
    "reclassification": StepKind.RECLASSIFIED,
    "deposit": StepKind.DEPOSITED,
    "withdrawal": StepKind.WITHDRAWN,
    "conversion": StepKind.CONVERTED,
    "exchange": StepKind.CONVERTED,
    "payment": StepKind.ORDERED,
    "receipt": StepKind.RECEIVED,
    "bought": StepKind.RECEIVED,
    "find": StepKind.FOUND,
    "shipment": StepKind.SHIPPED,
    "arrival": StepKind.ARRIVED,
    "handover": StepKind.HANDED,
    "distribution": StepKind.DISTRIBUTED,
    "return": StepKind.GIVEN_BACK,
    "refund": StepKind.REFUNDED,
    "gift-return": StepKind.RETURNED,
    "charge-back": StepKind.CHARGED_BACK,
    "loan": StepKind.LENT,
    "repayment": StepKind.REPAID,
    "repaid": StepKind.REPAID,
}
_CHANGES = frozenset({UseCause.FIND.value, UseCause.RETURN.value})
"""Steps that a change tells too: the donor had read otherwise."""
_EVIDENCE = {about.value: about for about in About}
"""What papers are attached to, by the noun of the fact."""
_ORDER = list(StepKind)


class _Brought:
    """Which deposits brought units to exchanges, and which papers money, of which some lies there still."""

    def __init__(self, given_on: str) -> None:
        self._given_on = given_on
        self._came: list[Arrival] = []
        self.days: dict[str, str] = {}
        """Since when money is held, by its asset, where it is as it was given."""
        self.papers: set[tuple[str, str, str]] = set()
        """(asset, noun, number) of what brought money that is held."""
        self.unsold: set[tuple[str, str]] = set()
        """(exchange, number of the deposit)."""

    def add(self, visit: Arrival) -> None:
        if line_named(visit.line).kind in {LineKind.EXCHANGE, LineKind.MONEY}:
            self._came.append(visit)

    def leave(self, visit: Stay) -> None:
        """Units that lie there still; what brought them was told before."""
        name = line_named(visit.line)
        if not isinstance(name, ExchangeLine | MoneyLine):
            return
        brought = [
            use_named(came.use.id)
            for came in self._came
            if came.line == visit.line and came.start < visit.end and visit.start < came.end
        ]
        if isinstance(name, ExchangeLine):
            self.unsold |= {(name.exchange, use.number) for use in brought}
            return
        papers = [
            (name.asset, use.cause.value, use.number)
            for use in brought
            if use.cause in _STEPS and use.cause is not UseCause.RECLASSIFICATION
        ]
        self.papers |= set(papers)
        if not papers and self._given_on:
            self.days[name.asset] = self._given_on


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of an interval of a line."""

    steps: tuple[Step, ...] = ()
    places: tuple[Place, ...] = ()
    shares: tuple[LineShare, ...] = ()
    thread: Thread = ()
    services: frozenset[str] = frozenset()
    undone: int = 0
    """Sats that left with spends which a reorganisation undid, and that nothing covers."""


def restriction_to(session: Session, campaign: str, need: str | None) -> Restriction | None:
    """The need that a gift is for, with what it asks for; None for any end."""
    if not need:
        return None
    place = need_of(session, campaign, need).place
    return Restriction(need=need, title=need_title(session, campaign, need), place=place)


def _split_by_place(step: Step, handed: Mapping[tuple[str, str, str], int]) -> tuple[Step, ...]:
    """A distribution's step for a gift restricted to a place: what of it came there, and the rest apart.

    `handed`: how many of the gift's pieces that came there it handed out, by (number, product, place).
    """
    if step.kind is not StepKind.DISTRIBUTED:
        return (step,)
    units, here = step.amount.minor, handed.get((step.reference, step.amount.asset, step.place), 0)
    if here == units:
        return (step,)
    rest = {"amount": Amount.of(step.amount.asset, units - here), "place": "", "elsewhere": True}
    apart = step.model_copy(update=rest)
    return (
        (step.model_copy(update={"amount": Amount.of(step.amount.asset, here)}), apart) if here else (apart,)
    )


class DonationFollower:
    """Makes trails of donations of one campaign; what their lines were asked once is kept for the next one."""

    def __init__(self, tx: Reading, campaign: str) -> None:
        self._tx = tx
        self._books = Books(tx)
        self._lines = self._books.lines
        self._observed = Observed(tx.session)
        self._campaign = campaign
        self._times: dict[int, int | None] = {}
        self._undone = uncovered_spends(tx.session, campaign)
        self.campaign = campaign_of(tx.session, campaign)
        self._bars = BarsOfLines(self._books, campaign)
        self.products = products_of(tx.session, campaign)
        self._names = PlaceNames(self._bars, self.products)
        self.later = LaterChanges(tx, self._lines, campaign, self._names, frozenset(_STEPS) - _CHANGES)

    def trail(self, watched: WatchedTx, output: WatchedOutput) -> DonationTrail:
        """The trail of one payment to one of the campaign's scripts."""
        books, outpoint = self._books, Outpoint(watched.txid, output.vout)
        gift = find_gift(books.session, self._campaign, str(outpoint))
        status = status_of(watched, gift)
        sources = value_sources(books.session, gift)
        steps = self._chain_steps(watched, output, gift, sources)
        followed, stands = Followed(), Followed()
        if gift is not None and gift.units is not None and (gift.live or gift.shortfall):
            meant_for = self.place_of(gift.restriction)
            day = self._settled_at(gift, watched)[:10]
            gift_followed = self.followed(*gift.units, value=gift.value, meant_for=meant_for, given_on=day)
            followed, stands = (gift_followed, stands) if gift.live else (followed, gift_followed)
        elif gift is not None and gift.live and gift.counted_in is Coins.BLOCKED:
            followed = self._set_apart(gift.sats - gift.returned)
        used, covered = self._used_of(gift)
        if gift is not None and gift.blocked_at is not None:
            followed = replace(followed, places=blocked_since(followed.places, gift.blocked_at[:10]))
        block = None
        if watched.height is not None and watched.block is not None:
            block = Block(
                height=watched.height,
                hash=watched.block,
                time=rfc3339(watched.block_time or 0),
                position=watched.position,
                branch=self._branch_of(watched.txid, watched.block),
            )
        restriction = restriction_in(self._tx, gift, output)
        rival = self._replacement(watched)
        return DonationTrail(
            key=str(outpoint),
            campaign=self._campaign,
            campaign_title=self.campaign.title,
            outpoint=str(outpoint),
            txid=outpoint.txid,
            vout=outpoint.vout,
            address=output.address or None,
            amount=Amount.of("BTC", output.sats),
            status=status,
            confirmations=confirmations_of(tip_height(self._tx), watched),
            needed=self._needed(watched),
            block=block,
            seen_at=watched.first_at,
            settled_at=None if gift is None or not gift.live else self._settled_at(gift, watched),
            recorded_at=gift.at if gift is not None and gift.live else None,
            value=Amount.known(self.campaign.currency, None if gift is None else gift.value),
            rate_sources=sources,
            replaced_by=watched.by if rival is None else rival.txid,
            went_elsewhere=rival is not None
            and all(output.campaign != self._campaign for output in rival.outputs),
            replaces=self._observed.replaced_by(watched.txid),
            steps=(*steps, *followed.steps),
            places=followed.places,
            shares=followed.shares,
            thread=followed.thread,
            sources=watched.sources,
            late=is_late(self.campaign.end, watched.block_time),
            changes=self._changes_of(watched, gift),
            outcome=outcome_of(gift),
            returned=Amount.of("BTC", 0 if gift is None else gift.returned),
            restriction=restriction_to(self._tx.session, self._campaign, restriction),
            people=reached_by_sex(self._tx.session, self._campaign, followed.services),
            used=used,
            covered=covered,
            undone=Amount.known("BTC", followed.undone + stands.undone or None),
            stands=stands.places,
        )

    def _branch_of(self, txid: str, block: str) -> tuple[str, ...]:
        """The Merkle path of a transaction in a block, as it was checked when the block was read."""
        for seen in self._tx.observations.about(block):
            body = observation_of(ObservationKind(seen.kind), seen.subject, seen.data)
            for transaction in transactions_of(body):
                if transaction.txid == txid and transaction.branch:
                    return transaction.branch
        return ()

    def _set_apart(self, sats: int) -> Followed:
        """What of a gift lies on no line, since it was blocked before it settled: all that did not go back."""
        place = Place(kind=ExitKind.BLOCKED, amount=Amount.of("BTC", sats), unit="", place="", since="")
        return Followed(places=(place,) if sats else ())

    def _used_of(self, gift: SettledGift | None) -> tuple[Amount | None, Amount | None]:
        """What of a gift that lost its block had been used, and what of that is covered."""
        if gift is None or gift.live or not gift.shortfall:
            return None, None
        covered = covered_of(self._tx.session, gift)
        return Amount.of("BTC", gift.shortfall), Amount.of("BTC", covered)

    def place_of(self, need: str | None) -> str:
        """Where the need of a restricted gift wants its pieces; empty for any end."""
        return need_of(self._tx.session, self._campaign, need).place if need else ""

    def _replacement(self, watched: WatchedTx) -> WatchedTx | None:
        """What took the inputs of a payment in the end: a replacement may have been replaced itself, any number of
        times. None where nothing did, or it is not known."""
        rival, seen = None if watched.by is None else self._observed.tx(watched.by), {watched.txid}
        own = set(watched.inputs)
        while rival is not None and rival.state is TxState.REPLACED and rival.by and rival.txid not in seen:
            seen.add(rival.txid)
            later = self._observed.tx(rival.by)
            if later is None or (own & set(rival.inputs) and not own & set(later.inputs)):
                break  # it took other inputs of the replacement than those of this payment
            rival = later
        return rival

    def _needed(self, watched: WatchedTx) -> int:
        """Confirmations after which a payment is settled."""
        depth = depth_of(self._tx)
        return max(depth, MATURITY) if watched.coinbase else depth

    def _settled_at(self, gift: SettledGift, watched: WatchedTx) -> str:
        """When the chain buried a gift deep enough: the time of that block; of one that was not read, when we looked.

        A gift in a block that was read late is recorded late, and settled when it settled all the same.
        """
        height = gift.height + self._needed(watched) - 1
        if height not in self._times:
            self._times[height] = self._observed.time_of(height)
        time = self._times[height]
        return gift.at if time is None else rfc3339(time)

    def _changes_of(self, watched: WatchedTx, gift: SettledGift | None) -> tuple[TrailChange, ...]:
        """What the chain changed before the payment was in the books, then what entries changed."""
        left = tuple(
            left_block(departure)
            for departure in watched.departures
            if gift is None or departure.left_at <= gift.at
        )
        if gift is None:
            return left
        return left + self.later.of(gift.outpoint, GivenUnits(gift.entry, gift.units, gift.first_height))

    def _chain_steps(
        self,
        watched: WatchedTx,
        output: WatchedOutput,
        gift: SettledGift | None,
        sources: tuple[str, ...],
    ) -> list[Step]:
        def step(
            kind: StepKind,
            at: str,
            detail: tuple[tuple[str, str], ...],
            entry: int | None,
            figures: Mapping[str, Amount] | None = None,
        ) -> Step:
            return Step(
                kind=kind,
                at=at,
                booked=None,
                amount=Amount.of("BTC", output.sats),
                unit="",
                place="",
                reference="",
                figures=figures or {},
                detail=dict(detail),
                evidence=(),
                entry=entry,
                over=True,
            )

        steps: list[Step] = []
        if gift is None:
            in_block = watched.height is not None and watched.block_time is not None
            if not in_block or watched.first_at != watched.confirmed_at:
                seen = (("source", ", ".join(watched.sources)),)
                steps.append(step(StepKind.SEEN, watched.first_at, seen, None))
            if in_block:
                # The block that holds it now, and that one's own time: it may have been in another before.
                at = rfc3339(watched.block_time or 0)
                steps.append(step(StepKind.CONFIRMED, at, (("block", str(watched.height)),), None))
        else:
            detail = [("block", str(gift.height)), ("block_time", rfc3339(gift.time))]
            figures = {}
            if gift.value is not None and gift.currency is not None:
                figures["value"] = Amount.of(gift.currency, gift.value)
                detail.append(("rate_sources", str(len(sources))))
            steps.append(
                step(StepKind.SETTLED, self._settled_at(gift, watched), tuple(detail), gift.entry, figures)
            )
            later = [(StepKind.BLOCKED, gift.blocked_at), (StepKind.RELEASED, gift.released_at)]
            later.append(
                (StepKind.RESTORED, gift.restored_at) if gift.live else (StepKind.VOIDED, gift.voided_at)
            )
            steps += [step(kind, at, (), None) for kind, at in later if at is not None]
            if gift.units is None and gift.returned:
                # It lay apart on no line, so no use of its units tells of it.
                for back in returns_of(self._tx.session, self._campaign, gift.outpoint):
                    day, fee = back.happened or back.date, {"fee": Amount.of("BTC", back.fee)}
                    returned = step(StepKind.RETURNED, day, return_detail(back), back.decided_by, fee)
                    steps.append(returned.model_copy(update={"amount": Amount.of("BTC", back.amount)}))
        return steps

    def followed(
        self,
        line: str,
        start: int,
        end: int,
        *,
        value: int | None = None,
        meant_for: str = "",
        given_on: str = "",
    ) -> Followed:
        """What became of `start..end` of a line: its steps, where all of it is, and its thread.

        `value`: what coins were worth when they were given. `meant_for`: the place that a gift is restricted to.
        `given_on`: the day on which it was there.
        """
        given = GivenValue(line, start, end, value)
        shares: list[LineShare] = []
        thread = ThreadOfGift(self._bars, self._names)
        by_step = UnitsByStep()
        held: dict[tuple[str, ExitKind | None], int] = defaultdict(int)
        lost: dict[tuple[ExitKind, str, str], int] = defaultdict(int)
        spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
        spans[line].append((start, end))
        paid: dict[tuple[str, str], int] = defaultdict(int)
        currency, undone = "", 0
        brought = _Brought(given_on)
        visits = list(follow(self._lines, line, start, end))
        self._bars.measure(visit.line for visit in visits if isinstance(visit, Stay | Passage))
        for visit in visits:
            given.see(visit)
            thread.see(visit)
            if isinstance(visit, Passage) and use_named(visit.use.id).number in self._undone:
                undone += visit.high - visit.low if use_named(visit.use.id).cause is UseCause.SPEND else 0
            if isinstance(visit, Passage) and use_named(visit.use.id).cause is UseCause.CONVERSION:
                by_step.row(UseCause.CONVERSION, use_named(visit.use.id).number).sell(visit, given.of(visit))
            if isinstance(visit, Passage):
                self._add_given(visit, by_step)
            if isinstance(visit, Passage) and (service := self._bars.service_of(visit.use)):
                _, item = self._bars.order_item(visit.line)
                paid[service] += item.value_of(visit.start, visit.end)
                currency = line_named(visit.line).asset
            if isinstance(visit, Passage) and (failed := self._bars.failed_in(visit.use)):
                # What is bad stays told as bad, whatever is paid back for it (docs/rules.md, 23).
                ended = Ending(*failed, visit.start, visit.end)
                self._add_ending(ended, by_step, lost)
                thread.end(ended)
            match visit:
                case Arrival():
                    spans[visit.line].append((visit.start, visit.end))
                    self._add_arrival(visit, by_step)
                    brought.add(visit)
                case Ending():
                    self._add_ending(visit, by_step, lost)
                case Stay():
                    if visit.state is not UnitState.VOID:
                        kind = self._bars.ending_of(visit.line, visit.held_by)
                        units = self._bars.units_waiting(visit.line, kind, visit.start, visit.end)
                        held[visit.line, kind] += units
                        brought.leave(visit)
        by_step.charge(fetched_by(self._books.session, by_step.sales()))
        steps = self._steps(by_step)
        for name, pieces in spans.items():
            of = line_named(name)
            fineness = self._bars.order_item(name)[1].fineness if of.kind is LineKind.ORDER else 1
            shares.extend(
                LineShare(line=name, start=a, end=b, asset=of.asset, fineness=fineness)
                for a, b in joined(pieces)
            )
        since = self._deposited_on(brought)
        days = self._held_since(brought)
        last = self._waiting(held, since)
        if last is not None:
            steps.append(last)
        spent = {service: Amount.of(currency, units) for service, units in paid.items()}
        places = [
            place.model_copy(update={"since": since[place.place]})
            if place.kind is ExitKind.AT_EXCHANGE and place.place in since
            else place.model_copy(update={"since": days.get(place.amount.asset, "")})
            if place.kind is ExitKind.HELD
            else place
            for place in self._names.of_sums(held, lost, spent)
        ]
        lines = [line_named(line) for line, _ in held]
        delivered = {
            name.product
            for name in lines
            if isinstance(name, GoodsLine) and name.at is AccountClass.DELIVERED
        }
        services = frozenset({*delivered, *(product for product, _ in paid)})
        followed = Followed(tuple(steps), tuple(places), tuple(shares), thread.thread(), services, undone)
        return self._meant_for(meant_for, spans, followed) if meant_for else followed

    def _meant_for(self, place: str, spans: Mapping[str, Iterable[Piece]], followed: Followed) -> Followed:
        """A gift that is restricted to a place is told only of pieces that came there (rule 27).

        What was handed out elsewhere and never passed that place is in the same lot, and no more is said of it.
        """
        at_place = [
            (line, a, b)
            for line, pieces in spans.items()
            if isinstance(name := line_named(line), GoodsLine) and name.place.casefold() == place.casefold()
            for a, b in pieces
        ]
        # The same pieces lie at the place more than once, in stock there and then handed out: each counts once.
        reached: defaultdict[str, list[Piece]] = defaultdict(list)
        came: defaultdict[str, list[Piece]] = defaultdict(list)
        for line, start, end in at_place:
            came[line].append((start, end))
        for visit in follow_runs(self._lines, at_place):
            if isinstance(visit, Stay) and self._bars.ending_of(visit.line) is None:
                reached[visit.line].append((visit.start, visit.end))
            elif isinstance(visit, Arrival):
                came[visit.line].append((visit.start, visit.end))
        passed: Counter[tuple[str, str]] = Counter()
        for line, pieces in reached.items():
            name = line_named(line)
            if isinstance(name, GoodsLine) and name.at is AccountClass.DISTRIBUTED:
                passed[name.product, name.place] += units_in(joined(pieces))
        places: list[Place] = []
        apart: dict[str, Place] = {}
        for row in followed.places:
            here = passed[row.amount.asset, row.place]
            if not row.is_distributed or row.service or here == row.amount.minor:
                places.append(row)
                continue
            if here:
                amount = Amount.of(row.amount.asset, here)
                places.append(row.model_copy(update={"amount": amount}))
            before = apart.get(row.amount.asset)
            units = row.amount.minor - here + (before.amount.minor if before else 0)
            amount = Amount.of(row.amount.asset, units)
            apart[amount.asset] = row.model_copy(update={"amount": amount, "place": "", "elsewhere": True})
        distributed_to = {row.place for row in places if row.is_distributed}
        handed = self._handed_out(came)
        steps = tuple(part for step in followed.steps for part in _split_by_place(step, handed))
        thread = tuple(point for point in followed.thread if self._bars.may_show(point.node, distributed_to))
        return replace(followed, places=(*places, *apart.values()), steps=steps, thread=thread)

    def _handed_out(self, came: Mapping[str, Iterable[Piece]]) -> Counter[tuple[str, str, str]]:
        """How many of some pieces each distribution handed out, by (its number, product, place)."""
        handed: Counter[tuple[str, str, str]] = Counter()
        lines = {line: name for line in came if isinstance(name := line_named(line), GoodsLine)}
        out = [line for line, name in lines.items() if name.at is AccountClass.DISTRIBUTED]
        for line, runs in self._lines.brought_by_uses(out).items():
            pieces = joined(came[line])
            for start, end, use in runs:
                if (by := use_named(use)).cause is UseCause.DISTRIBUTION:
                    here = units_in(common(pieces, ((start, end),)))
                    handed[by.number, lines[line].product, lines[line].place] += here
        return handed

    def _add_arrival(self, visit: Arrival, by_step: UnitsByStep) -> None:
        name, line = use_named(visit.use.id), line_named(visit.line)
        kind, number = name.cause, name.number
        if kind not in _STEPS or visit.part.kind is PartKind.STAYS:
            return
        units = visit.end - visit.start
        if kind == "payment":
            _, item = self._bars.order_item(visit.line)
            row = by_step.row(kind, number, item.product)
            row.value += item.value_of(visit.start, visit.end)
            row.asset = item.product
            units = item.pieces_in(visit.start, visit.end)
        elif isinstance(line, GoodsLine):
            row = by_step.row(kind, number, line.product, line.place)
            row.place, row.asset = line.place, line.product
            row.lots.add(line.lot.number)
            behind = line_named(visit.use.line)
            if isinstance(behind, EndedLine):
                self._add_ended_until(behind, units, by_step)
                if kind == UseCause.RECEIPT:
                    row.replaced[self._lines.use(behind.use).parts[behind.part].kind] += units
        else:
            row = by_step.row(kind, number)
            row.asset = line.asset
        row.units += units

    def _add_ended_until(self, behind: EndedLine, units: int, by_step: UnitsByStep) -> None:
        """What was found or replaced was bad, short or lost on the day of the paper that says so, and its step too."""
        use = self._lines.use(behind.use)
        name = use_named(use.id)
        if name.cause in _STEPS and name.cause is not UseCause.RETURN:
            ending, asset, _ = self._names.end_of(use, use.parts[behind.part].kind)
            row = by_step.row(name.cause, name.number, asset if asset in self.products else "")
            row.asset = row.asset or asset
            row.lost[ending, asset] += units

    def _add_given(self, visit: Passage, by_step: UnitsByStep) -> None:
        """What was given, without the fee, for what an order was paid, or for other money."""
        name, use = use_named(visit.use.id), visit.use
        if name.cause not in {UseCause.PAYMENT, UseCause.EXCHANGE}:
            return
        shares = zip(use.parts, use.shares_at(visit.low), use.shares_at(visit.high), strict=True)
        for part, below, upto in shares:
            if part.line is None or below == upto:
                continue
            paid = name.cause is UseCause.PAYMENT
            product = self._bars.order_item(part.line)[1].product if paid else ""
            row = by_step.row(name.cause, name.number, product)
            row.given += upto - below
            row.given_asset = line_named(visit.line).asset

    def _add_ending(
        self,
        visit: Ending,
        by_step: UnitsByStep,
        lost: dict[tuple[ExitKind, str, str], int],
    ) -> None:
        name = use_named(visit.use.id)
        kind, number = name.cause, name.number
        ending, asset, place = self._names.end_of(visit.use, visit.kind)
        units = self._bars.ended_units(visit.use, visit.kind, visit.start, visit.end)
        lost[ending, asset, place] += units
        if (
            kind not in _STEPS or kind == UseCause.RETURN.value
        ):  # what the supplier has back is told by where it is
            return
        row = by_step.row(kind, number, asset if asset in self.products else "")
        row.asset = row.asset or asset
        if kind == "gift-return" and ending is ExitKind.RETURNED:
            row.units += units
        else:
            row.lost[ending, asset] += units

    def _papers_about(self, noun: str, number: str) -> tuple[Paper, ...]:
        """The papers of a fact, by its noun; of some nouns nothing can be evidence."""
        about = _EVIDENCE.get(noun)
        return () if about is None else papers_about(self._tx.session, self._campaign, about, number)

    def _steps(self, by_step: UnitsByStep) -> list[Step]:
        made: list[Step] = []
        for noun, number, row in by_step.all():
            if noun == "payment":
                made.append(self._payment_step(number, row))
            else:
                paper = paper_step(self._books.session, self._campaign, noun, number, row.lots)
                made.append(self._paper_step(noun, number, row, paper))
        return sorted(made, key=lambda step: (step.at, _ORDER.index(step.kind), step.entry or 0))

    def _paper_step(self, noun: str, number: str, row: StepUnits, paper: PaperStep) -> Step:
        product = self.products.get(row.asset)
        kind = _STEPS[noun]
        if noun == "receipt" and product is not None and product.nature is Nature.SERVICE:
            kind = StepKind.CARRIED
            if product.verb is not None:
                paper = replace(paper, detail=(*paper.detail, ("verb", product.verb)))
            paper = replace(paper, detail=(*paper.detail, ("service", product.name)))
        written_off = any(ending is ExitKind.WRITTEN_OFF for ending, _ in row.lost)
        if noun == "refund" and not row.units and written_off:  # nothing came back
            kind, row = StepKind.WRITTEN_OFF, replace(row, units=row.ended, lost={})
        if noun == UseCause.CONVERSION:
            paper = replace(paper, figures={**paper.figures, **self._sold(row)})
        if noun == UseCause.EXCHANGE and row.given:
            paper = replace(paper, figures={"sold": Amount.of(row.given_asset, row.given)})
        return self._step(kind, row, paper, number, self._papers_about(noun, number))

    def _sold(self, row: StepUnits) -> Figures:
        """What the donation's coins fetched, from their worth when given to what reached the bank (rule 10)."""
        gross = Amount.of(row.asset, row.units + row.exchange_fee)
        figures = {"sold": Amount.of("BTC", row.sold)}
        if row.worth is not None and row.asset == self.campaign.currency:
            gain = gross.minor - row.worth
            figures["carrying_value"] = Amount.of(row.asset, row.worth)
            figures["gain" if gain >= 0 else "loss"] = Amount.of(row.asset, abs(gain))
        return {**figures, "gross": gross, "exchange_fee": Amount.of(row.asset, row.exchange_fee)}

    def _payment_step(self, number: str, row: StepUnits) -> Step:
        session = self._books.session
        payment = PAYMENTS.require_row(session, self._campaign, number)
        order = session.get_one(OrderRow, payment.order_entry)
        product = self.products.get(row.asset)
        service = product is not None and product.nature is Nature.SERVICE
        kind = StepKind.PAID if service else StepKind.ORDERED
        figures: Figures = {}
        if row.value:
            figures = {"paid": Amount.of(order.currency, row.value)}
            if row.given and row.given_asset != order.currency:
                figures["paid_with"] = Amount.of(row.given_asset, row.given)
        else:  # all of it went as the fee
            kind, row = StepKind.FEE, replace(row, units=row.ended, lost={})
        supplier = corrected_facts(session, order.entry, only=Corrected.SUPPLIER)
        towards: tuple[tuple[str, str], ...] = ()
        if (
            row.value and not row.units and product is not None
        ):  # less than a whole piece, or than one of a service
            kind, figures = (
                StepKind.PAID,
                {name: figure for name, figure in figures.items() if name != "paid"},
            )
            row, towards = replace(row, asset=order.currency, units=row.value), (("towards", product.name),)
        packs = in_packs(self._bars.packs_ordered(order.number, row.asset))
        billed = packs_billed(session, payment, row.asset)
        named = (("service", product.name),) if service and product is not None and not towards else ()
        ordered = (("ordered", order.happened or order.date),)
        detail = (*towards, *named, *ordered, ("payment", number), *supplier, *packs, *billed)
        paper = PaperStep(payment.entry, payment.date, payment.happened, order.supplier, detail, figures)
        papers = self._papers_about(About.PURCHASE, order.number) + self._papers_about("payment", number)
        return self._step(kind, row, paper, order.number, papers)

    def _step(
        self, kind: StepKind, row: StepUnits, paper: PaperStep, reference: str, papers: tuple[Paper, ...]
    ) -> Step:
        lost = {ending.value: Amount.of(asset, n) for (ending, asset), n in row.lost.items() if n}
        replaced = {
            f"replaces_{kind.value}": Amount.of(row.asset, n) for kind, n in row.replaced.items() if n
        }
        detail = dict(paper.detail)
        if paper.happened is not None:
            reason = out_of_order(self._books.session, paper.entry)
            detail |= {} if reason is None else {OUT_OF_ORDER: reason.value}
        return Step(
            kind=kind,
            at=paper.happened or paper.date,
            booked=None if paper.happened is None else paper.date,
            amount=Amount.of(row.asset, row.units),
            unit=self._names.unit(row.asset),
            place=paper.place or row.place,
            reference=reference,
            figures={**paper.figures, **lost, **replaced},
            detail=detail,
            evidence=papers,
            entry=paper.entry,
            over=True,
        )

    def _deposited_on(self, brought: _Brought) -> dict[str, str]:
        """Since when units lie at each exchange: the day of the first deposit of which some are there still."""
        days: dict[str, str] = {}
        for exchange, number in brought.unsold:
            row = DEPOSITS.require_row(self._books.session, self._campaign, number)
            days[exchange] = min(days.get(exchange, row.document_date), row.document_date)
        return days

    def _held_since(self, brought: _Brought) -> dict[str, str]:
        """Since when money is held, by its asset: the first day of those on which some of what is there came."""
        days = dict(brought.days)
        for asset, noun, number in brought.papers:
            paper = paper_step(self._books.session, self._campaign, noun, number)
            day = paper.happened or paper.date
            days[asset] = min(days.get(asset, day), day)
        return days

    def _waiting(self, held: dict[tuple[str, ExitKind | None], int], since: Mapping[str, str]) -> Step | None:
        """What comes next: units that are under way or wait; `since`: from which day on at which exchange."""
        waiting = [
            (line, kind, units)
            for (line, kind), units in held.items()
            if kind
            in {
                *(ExitKind.IN_TRANSIT, ExitKind.IN_STOCK, ExitKind.WAITING, ExitKind.HELD, ExitKind.OPEN),
                ExitKind.AT_EXCHANGE,
            }
            and units
        ]
        goods = [row for row in waiting if line_named(row[0]).kind is LineKind.GOODS] or waiting
        if not goods:
            return None
        first, kind, _ = goods[0]
        what = self._what(first)
        units = sum(units for line, k, units in goods if k is kind and self._what(line) == what)
        asset, place = what
        if line_named(first).kind is LineKind.ORDER:
            number, item = self._bars.order_item(first)
            asset, place = item.product, number
        detail = [("waits", kind.value if kind else "")]
        if kind is ExitKind.IN_TRANSIT:
            detail.append(("to", self._bars.destination_of(place)))
        if kind is ExitKind.AT_EXCHANGE and place in since:
            detail.append(("since", since[place]))
        return Step(
            kind=StepKind.HELD,
            at="",
            booked=None,
            amount=Amount.of(asset, units),
            unit=self._names.unit(asset),
            place=place,
            reference="",
            figures={},
            detail=dict(detail),
            evidence=(),
            entry=None,
            over=False,
        )

    def _what(self, line: str) -> tuple[str, str]:
        """What lies on a line, and where: only units of the same are added together."""
        name = line_named(line)
        if isinstance(name, GoodsLine):
            return name.product, name.place
        if isinstance(name, ExchangeLine):
            return name.asset, name.exchange
        return (line, "") if name.kind is LineKind.ORDER else (name.asset, "")


def blocked_since(places: tuple[Place, ...], day: str) -> tuple[Place, ...]:
    """What a block holds is there since it was blocked, not since it came."""
    return tuple(
        place.model_copy(update={"since": day}) if place.kind is ExitKind.BLOCKED else place
        for place in places
    )

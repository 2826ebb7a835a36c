"""English: every word that a public page says, in one place, so that a translation has one thing to replace.

It never decides what is true; it is given plain facts and says them, figure first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from api.pages.figures import brief, count, exact_with_asset, moment, short_hash, with_asset
from ledger.flow import ExitKind, Matter, Stage, StageKind
from ledger.money import is_money
from ledger.report import Books, CampaignCard, CampaignReport
from ledger.trail import DonationStatus, DonationTrail, Place, Step, StepKind

DEMONSTRATION = "A demonstration. Donors, amounts and papers are invented."


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a sentence. `mark`: "" words; "figure" bold; "coin", "money", "goods", "bad" underlined too."""

    text: str
    mark: str = ""


Sentence = tuple[Piece, ...]


def plain(sentence: Sentence) -> str:
    return "".join(piece.text for piece in sentence)


# --- units, days -----------------------------------------------------------------------------------------

_IRREGULAR = {"person": "people", "child": "children", "man": "men", "woman": "women", "foot": "feet"}


def _many(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"


def unit_of(unit: str, number: int) -> str:
    """The unit's name for a number: "kit", "kits"; "pairs of gloves"; "students trained"."""
    unit = unit or "unit"
    if number == 1:
        return unit
    words = unit.split(" ")
    at = len(words) - 1
    if "of" in words[1:]:
        at = words.index("of") - 1
    elif len(words) > 1 and words[-1].endswith(("ed", "en")):
        at = 0
    words[at] = _many(words[at])
    return " ".join(words)


def number_of(number: int, noun: str) -> str:
    return f"{count(number)} {unit_of(noun, number)}"


def amount(asset: str, minor: int, unit: str) -> str:
    """`0.01 BTC` or `37 kits`."""
    if is_money(asset):
        return with_asset(asset, minor)
    return number_of(minor, unit) if unit else count(minor)


_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def day(text: str) -> str:
    """`5 June 2020`; what is no date comes back as it is."""
    at = moment(text)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}" if at else text


def time(text: str) -> str:
    """`29 May 2020, 14:02 UTC`, or the day where only a day is known."""
    at = moment(text)
    return f"{day(text)}, {at:%H:%M} UTC" if at is not None and at.tzinfo is not None else day(text)


def period(start: str, end: str) -> str:
    a, b = moment(start), moment(end)
    if a is None or b is None:
        return " to ".join(day(part) for part in (start, end) if part)
    first = f"{a.day}" if (a.year, a.month) == (b.year, b.month) else f"{a.day} {_MONTHS[a.month - 1]}"
    return f"{first if a.year == b.year else day(start)} to {day(end)}"


def listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1] if parts else ""


# --- the campaign's sentence -----------------------------------------------------------------------------


def campaign_sentence(report: CampaignReport) -> Sentence:
    """What came in, what it became, where that is. Its goods figures add up, or it names the rest."""
    if report.donations == 0:
        return (Piece("No donation has settled yet"), Piece(_waiting(report.donors_waiting)), Piece("."))
    coins = Piece(with_asset("BTC", report.received), "coin")
    gifts = number_of(report.donations, "donation")
    if report.bought == 0:
        verb = " have" if report.donations != 1 else " has"
        return (coins, Piece(f" from {gifts}{verb} arrived. Nothing is bought with it yet."))
    parts: list[Sentence] = []
    if report.distributed:
        where = f" in {number_of(report.receivers, 'place')}" if report.receivers else ""
        parts.append(
            (
                Piece(count(report.distributed), "figure"),
                Piece(_be(report.distributed) + f" distributed{where}"),
            )
        )
    if report.under_way:
        parts.append(
            (
                Piece(count(report.under_way), "figure"),
                Piece(_be(report.under_way) + " on the way or waiting"),
            )
        )
    if report.lost:
        were = " was" if report.lost == 1 else " were"
        parts.append((Piece(count(report.lost), "bad"), Piece(f"{were} damaged, short or lost")))
    rest = report.bought - report.distributed - report.under_way - report.lost
    if rest > 0:
        parts.append((Piece(count(rest), "bad"), Piece(" are not accounted for")))
    head = (coins, Piece(f" from {gifts} bought "), Piece(number_of(report.bought, report.unit), "goods"))
    return (*head, Piece(": "), *_joined(parts), Piece("."))


def _be(number: int) -> str:
    return " is" if number == 1 else " are"


def _waiting(number: int) -> str:
    return (
        f"; {number_of(number, 'payment')} {'waits' if number == 1 else 'wait'} for blocks" if number else ""
    )


def _joined(parts: Sequence[Sentence]) -> Sentence:
    pieces: list[Piece] = []
    for index, part in enumerate(parts):
        if index:
            pieces.append(Piece(", "))
        pieces.extend(part)
    return tuple(pieces)


def campaign_next(report: CampaignReport) -> str:
    if report.donors_waiting:
        waits = "payment is" if report.donors_waiting == 1 else "payments are"
        more = f"{count(report.donors_waiting)} more {waits} seen or in a block"
        return f"{more} and will count after {report.depth} blocks."
    return ""


def call_state(report: CampaignReport) -> str:
    if report.closed:
        return "The call has ended. Late donations count."
    return f"Open until {day(report.end)}. Nothing expires."


def card_sentence(card: CampaignCard) -> Sentence:
    if not card.donations:
        return (Piece("No donation has settled yet."),)
    head = (
        Piece(with_asset("BTC", card.received), "coin"),
        Piece(f" from {number_of(card.donations, 'donation')}"),
    )
    if not card.distributed:
        return (*head, Piece(". Nothing is distributed yet."))
    return (
        *head,
        Piece(", "),
        Piece(number_of(card.distributed, card.unit), "goods"),
        Piece(" distributed."),
    )


# --- a donation's sentence -------------------------------------------------------------------------------

_PLACE = {
    ExitKind.OPEN: "ordered and not yet received",
    ExitKind.SHORT: "short",
    ExitKind.DAMAGED: "damaged",
    ExitKind.REJECTED: "rejected",
    ExitKind.CANCELLED: "cancelled",
    ExitKind.LOST: "lost on the way",
    ExitKind.RETURNED: "returned",
    ExitKind.UNEXPLAINED: "unexplained",
    ExitKind.SHORTFALL: "in the shortfall",
    ExitKind.FEE: "network fees",
    ExitKind.CHARGES: "charges",
    ExitKind.SPENT: "spent on services",
    ExitKind.HELD: "held",
}


def where(place: Place) -> str:
    """`handed out in Ghana`, `in stock at Abuja`, `lost on the way`."""
    at = place.place
    if place.service:
        return f"delivered{f' at {at}' if at else ''}" if place.kind is None else _PLACE.get(place.kind, "")
    if place.kind is None:
        return f"handed out in {at}" if at else "handed out"
    if place.kind is ExitKind.IN_TRANSIT:
        return f"on the way, {at}" if at else "on the way"
    if place.kind is ExitKind.IN_STOCK:
        return f"in stock at {at}" if at else "in stock"
    if place.kind is ExitKind.WAITING:
        return f"waiting at {at}" if at else "waiting"
    if place.kind is ExitKind.SPENT and at:
        return f"spent on {at}"
    return _PLACE[place.kind] + (f", {at}" if at and place.kind is not ExitKind.FEE else "")


_SHOWN = 4


def donation_sentence(trail: DonationTrail) -> Sentence:
    """What the gift is now, in its own units; money that only waits or was a fee is said after it."""
    coins = Piece(with_asset("BTC", trail.sats), "coin")
    if trail.status is not DonationStatus.SETTLED:
        return (
            Piece("Your "),
            coins,
            Piece(
                _STATUS_SENTENCE[trail.status].format(
                    n=trail.confirmations,
                    needed=trail.needed,
                    left=number_of(max(0, trail.needed - trail.confirmations), "more block"),
                )
            ),
        )
    goods = [
        place for place in trail.places if not is_money(place.asset) and place.units and not place.service
    ]
    if not goods:
        held = [place for place in trail.places if is_money(place.asset) and place.units]
        if not held:
            return (
                Piece("Your "),
                coins,
                Piece(" is settled. Too small for a whole piece, it shares one with its neighbours."),
            )
        said = [
            (Piece(with_asset(p.asset, p.units), "figure"), Piece(f" {where(p)}")) for p in _largest(held)
        ]
        return (
            Piece("Your "),
            coins,
            Piece(" is settled and bought nothing yet: "),
            *_joined(said),
            Piece("."),
        )
    by_unit: dict[str, int] = {}
    for place in goods:
        by_unit[place.unit] = by_unit.get(place.unit, 0) + place.units
    bought: list[Sentence] = [(Piece(number_of(units, unit), "goods"),) for unit, units in by_unit.items()]
    many = len(by_unit) > 1
    parts: list[Sentence] = []
    for place in _largest(goods):
        bad = place.kind is not None and place.kind.is_bad
        said_units = number_of(place.units, place.unit) if many else count(place.units)
        parts.append((Piece(said_units, "bad" if bad else "figure"), Piece(f" {where(place)}")))
    rest = goods_rest(goods)
    if rest:
        parts.append((Piece(count(rest[1]), "figure"), Piece(f" in {number_of(rest[0], 'other place')}")))
    return (
        Piece("Your "),
        coins,
        Piece(" bought "),
        *_joined(bought),
        Piece(": "),
        *_joined(parts),
        Piece("."),
    )


_PLACED = {None, ExitKind.WAITING, ExitKind.IN_STOCK, ExitKind.IN_TRANSIT}


def _said_together(places: Sequence[Place]) -> list[Place]:
    """Losses of one kind are one figure in the sentence; the table below it keeps them apart."""
    merged: dict[tuple[ExitKind | None, str, str], Place] = {}
    for place in places:
        kept = place if place.kind in _PLACED else replace(place, place="")
        key = (kept.kind, kept.asset, kept.place)
        before = merged.get(key)
        merged[key] = kept if before is None else replace(before, units=before.units + kept.units)
    return list(merged.values())


def _largest(places: Sequence[Place]) -> list[Place]:
    """Distributed first, then the largest; at most four, since the table below has all."""
    ordered = sorted(places, key=lambda place: (place.kind is not None, -place.units))
    return ordered[:_SHOWN]


def goods_rest(places: Sequence[Place]) -> tuple[int, int] | None:
    shown = _largest(places)
    left = len(places) - len(shown)
    return (left, sum(p.units for p in places) - sum(p.units for p in shown)) if left else None


_STATUS_SENTENCE = {
    DonationStatus.SEEN: " is seen in a mempool and not yet in a block.",
    DonationStatus.CONFIRMED: " is in a block, {n} of {needed} deep.",
    DonationStatus.REPLACED: " was replaced by another transaction. It counts once, where it is confirmed.",
    DonationStatus.EVICTED: " left the mempools before a block took it. Nothing was taken from you.",
    DonationStatus.REORGED: " lost its block to a longer chain and waits for another.",
    DonationStatus.BELOW_DUST: " is below the dust line: recorded, and not counted as a gift.",
    DonationStatus.BLOCKED: " is set apart until two people release it.",
    DonationStatus.SETTLED: " is settled.",
}


def donation_next(trail: DonationTrail) -> str:
    """Who or what must act next."""
    left = trail.needed - trail.confirmations
    if trail.status is DonationStatus.SEEN:
        return f"Next: a block takes it; after {number_of(trail.needed, 'block')} it is settled. Nothing expires."
    if trail.status is DonationStatus.CONFIRMED:
        return f"Next: {number_of(max(1, left), 'more block')}, then it is settled and goes into the books."
    if trail.status is DonationStatus.REORGED:
        return "Next: a block of the longest chain takes it again. Its place on the line is kept."
    if trail.status is DonationStatus.EVICTED:
        return "Next: your wallet can send it again, to the same address."
    if trail.status is not DonationStatus.SETTLED:
        return ""
    waits = [p for p in trail.places if p.kind in _WAITS and p.units]
    if not waits:
        return ""
    said = [f"the {amount(p.asset, p.units, p.unit)} {where(p)}" for p in _largest(waits)]
    return f"Still to go on: {listed(said)}."


_WAITS = {ExitKind.IN_TRANSIT, ExitKind.IN_STOCK, ExitKind.WAITING, ExitKind.OPEN, ExitKind.HELD}

_STATUS_WORDS = {
    DonationStatus.SETTLED: "Settled",
    DonationStatus.CONFIRMED: "Confirmed",
    DonationStatus.SEEN: "Seen",
    DonationStatus.REPLACED: "Replaced",
    DonationStatus.REORGED: "Reorged",
    DonationStatus.EVICTED: "Evicted",
    DonationStatus.BELOW_DUST: "Below dust",
    DonationStatus.BLOCKED: "Blocked",
}


def status_word(status: DonationStatus) -> str:
    return _STATUS_WORDS[status]


def status_detail(trail: DonationTrail) -> str:
    """What stands beside the chip."""
    if trail.status is DonationStatus.SETTLED and trail.settled_at:
        return f"since {day(trail.settled_at)}"
    if trail.status is DonationStatus.CONFIRMED and trail.block:
        return f"in block {count(trail.block.height)}, {trail.confirmations} of {trail.needed}"
    if trail.status is DonationStatus.SEEN and trail.seen_at:
        return f"at {time(trail.seen_at)}"
    if trail.status is DonationStatus.REPLACED and trail.replaced_by:
        return f"by {short_hash(trail.replaced_by)}"
    return ""


# --- steps -----------------------------------------------------------------------------------------------

_STEPS = {
    StepKind.SEEN: "seen in a mempool",
    StepKind.CONFIRMED: "in a block",
    StepKind.SETTLED: "settled",
    StepKind.VOIDED: "voided: its block is gone",
    StepKind.RESTORED: "settled again, on its old place",
    StepKind.CONVERTED: "by conversion",
    StepKind.PAID: "paid",
    StepKind.ORDERED: "ordered",
    StepKind.FEE: "went as a fee",
    StepKind.RECEIVED: "received good",
    StepKind.LOST: "lost",
    StepKind.SHIPPED: "shipped",
    StepKind.ARRIVED: "received",
    StepKind.HANDED: "handed over",
    StepKind.DISTRIBUTED: "distributed",
    StepKind.CARRIED: "carried",
    StepKind.HELD: "held",
    StepKind.UNEXPLAINED: "left, and no entry says why",
}
_TO = {StepKind.HANDED: "to", StepKind.PAID: "to", StepKind.CARRIED: "to", StepKind.SHIPPED: "to"}
_IN = {StepKind.RECEIVED, StepKind.ARRIVED, StepKind.DISTRIBUTED}
_LABELS = {
    "rate": "Rate",
    "of": "Of",
    "value": "Worth",
    "block": "Block",
    "price": "Price",
    "sources": "Sources",
}


def step_phrase(step: Step) -> str:
    """What happened, after the figure: `received good in Beijing`."""
    words = _STEPS[step.kind]
    if step.kind is StepKind.HELD and not is_money(step.asset):
        return f"{'wait' if step.units != 1 else 'waits'}{f' at {step.place}' if step.place else ''}"
    if not step.place or step.place == step.reference:
        return words
    if step.kind in _TO:
        return f"{words} {_TO[step.kind]} {step.place}"
    return f"{words} in {step.place}" if step.kind in _IN else f"{words}, {step.place}"


def fact_label(name: str) -> str:
    """A named fact's name, as a label."""
    return _LABELS.get(name) or name.replace("_", " ").capitalize()


# --- the books -------------------------------------------------------------------------------------------


def books_facts(books: Books) -> tuple[tuple[str, str], ...]:
    """Four facts, label and value; the first says whether it ties."""
    sources = f"{books.sources_agreeing} of {books.sources}"
    look = f"{time(books.looked_at)}, {sources}" if books.looked_at else f"None yet, {sources}"
    if books.block is None:
        return (
            ("Not reconciled yet", "No block looked at"),
            ("Wallets", f"{with_asset('BTC', books.in_wallets)} in the books"),
            ("Outgoing coins", _outgoing(books)),
            ("Last look, sources", look),
        )
    if books.reconciled:
        return (
            ("Reconciled", f"Books = chain at block {count(books.block)}"),
            ("Wallets", f"{with_asset('BTC', books.in_wallets)}, difference {_zero(books.difference)}"),
            ("Outgoing coins", _outgoing(books)),
            ("Last look, sources", look),
        )
    since = f", since {time(books.unexplained_since)}" if books.unexplained_since else ""
    return (
        (f"Does not reconcile{since}", _wrong(books)),
        ("In the books", with_asset("BTC", books.in_wallets)),
        (f"On the chain, block {count(books.block)}", with_asset("BTC", books.in_wallets + books.difference)),
        ("Last look, sources", look),
    )


def _zero(difference: int) -> str:
    return "0" if difference == 0 else with_asset("BTC", difference)


def _outgoing(books: Books) -> str:
    return (
        f"{with_asset('BTC', books.unexplained)} unexplained" if books.unexplained else "Every one explained"
    )


def _wrong(books: Books) -> str:
    if books.unexplained:
        return f"{with_asset('BTC', books.unexplained)} unexplained"
    if books.shortfall:
        return f"{with_asset('BTC', books.shortfall)} shortfall"
    if books.difference:
        side = "more" if books.difference > 0 else "missing"
        return f"{with_asset('BTC', abs(books.difference))} {side} on the chain"
    return "Not every order is matched"


def books_notes(books: Books) -> tuple[str, ...]:
    """What a reader must know of how old the figures are."""
    notes = []
    if not books.agreed:
        since = f" since {time(books.no_chain_since)}" if books.no_chain_since else ""
        kept = f" These figures are of block {count(books.block)}." if books.block is not None else ""
        notes.append(f"No agreed chain{since}.{kept} They will not change until the sources agree again.")
    if books.behind > 0:
        hours = f", about {number_of(books.behind_hours, 'hour')}" if books.behind_hours else ""
        notes.append(
            f"{number_of(books.behind, 'block')} behind the chain{hours}. Nothing is called reconciled until then."
        )
    if books.shortfall:
        notes.append(
            f"{with_asset('BTC', books.shortfall)} was undone by the chain after it was used, and must be covered."
        )
    return tuple(notes)


# --- the flow --------------------------------------------------------------------------------------------

FLOW_CAPTION = (
    "Widths are quantities. A band ends where the thing is. Red is what was damaged, short or lost."
)
THREAD_CAPTION = "The line with dots is your donation, drawn wider than it is. The bands are everyone’s."
FLOW_TITLE = "The way of the money and the goods"
THREAD_TITLE = "The way of your donation among all"
FLOW_TABLE = "The same as a table"
FLOW_TABLE_HEAD = ("Stage", "Arrived", "Stays or spent", "Lost")


def stage_label(stage: Stage) -> str:
    if stage.kind in (StageKind.STOCK, StageKind.HANDED):
        return stage.place or ("In stock" if stage.kind is StageKind.STOCK else "Handed over")
    if stage.kind is StageKind.DISTRIBUTED:
        return number_of(stage.count, "place")
    return {StageKind.DONATED: "Donations", StageKind.CONVERTED: "Converted"}.get(stage.kind, "Ordered")


def stage_detail(stage: Stage) -> str:
    if stage.kind is StageKind.DONATED:
        return number_of(stage.count, "donation")
    if stage.kind is StageKind.CONVERTED:
        return number_of(stage.count, "conversion")
    if stage.kind is StageKind.ORDERED:
        return number_of(stage.count, "order")
    return {StageKind.STOCK: "received good", StageKind.HANDED: "handed over"}.get(stage.kind, "distributed")


def stage_figure(stage: Stage, unit: str) -> str:
    return amount(stage.asset, stage.units, unit if stage.kind is StageKind.ORDERED else "")


def yours_label(stage: Stage, places: Sequence[str]) -> str:
    if stage.kind is StageKind.DONATED:
        return "Your donation"
    if stage.kind is StageKind.DISTRIBUTED and len(places) == 1:
        return f"In {places[0]}"
    return stage_label(stage)


def of_total(figure: str) -> str:
    return f"of {figure}"


def exit_word(kind: ExitKind, matter: Matter, label: str, place: str) -> str:
    """What the foot row says under an exit's figure."""
    if kind is ExitKind.HELD:
        words = {Matter.COIN: "held in the wallet", Matter.MONEY: "held at the bank"}.get(matter, "held")
    elif kind is ExitKind.FEE:
        words = "network fees" if matter is Matter.COIN else "fees"
    elif kind is ExitKind.SPENT:
        return label or "services"
    elif kind is ExitKind.WAITING:
        words = f"waiting at {place}" if place else "waiting"
    else:
        words = {
            ExitKind.CHARGES: "bank charges",
            ExitKind.OPEN: "not yet received",
            ExitKind.SHORT: "short at receipt",
            ExitKind.DAMAGED: "damaged at receipt",
            ExitKind.REJECTED: "rejected at receipt",
            ExitKind.CANCELLED: "cancelled",
            ExitKind.IN_TRANSIT: "in transit",
            ExitKind.LOST: "lost on the way",
            ExitKind.IN_STOCK: "in stock",
            ExitKind.RETURNED: "returned",
            ExitKind.UNEXPLAINED: "unexplained",
            ExitKind.SHORTFALL: "shortfall",
        }[kind]
    return f"{words}, {label}" if label else words


def others(number: int) -> str:
    return f"{count(number)} others"


def more_exits(number: int) -> str:
    return f"{count(number)} more in the table"


def flow_desc(heads: Sequence[tuple[str, str, str]], exits: Sequence[tuple[str, str]]) -> str:
    """The picture in one paragraph, for a reader who does not see it."""
    said = "; ".join(f"{label}: {figure}, {detail}" for label, figure, detail in heads)
    left = "; ".join(f"{figure} {word}" for figure, word in exits)
    return f"{said}. Left on the way: {left}." if left else f"{said}."


# --- sums and other tables -------------------------------------------------------------------------------

_SUM_WORDS = {
    "converted": "Converted",
    "paid": "Paid to makers in this asset",
    "network_fees": "Network fees",
    "fees": "Fees",
    "held": "Held",
    "unexplained": "Unexplained",
    "spent": "Spent",
    "charges": "Bank charges",
    "in_stock": "In stock",
    "in_transit": "In transit",
    "handed": "Handed over, waiting",
    "waiting": "Handed over, waiting",
    "distributed": "Distributed",
    "lost": "Lost",
    "received": "Received",
    "received_from_conversion": "Received from conversion",
    "received_good": "Received good",
}


def sum_word(key: str, label: str) -> str:
    words = _SUM_WORDS.get(key) or key.replace("_", " ").capitalize()
    return f"{words}, {label}" if label else words


_MONEY_NAMES = {"BTC": "Bitcoin (BTC)", "USD": "US dollars (USD)", "EUR": "Euros (EUR)", "CNY": "Yuan (CNY)"}


def sum_heading(asset: str, unit: str) -> str:
    if is_money(asset):
        return _MONEY_NAMES.get(asset, asset)
    return unit_of(unit or asset, 2).capitalize()


def service_figures(report: CampaignReport) -> tuple[tuple[str, str], ...]:
    """How long it takes, and how much arrives whole; absent figures say so."""
    good = report.good_permille
    return (
        ("From donation to order, median", _days(report.days_gift_to_order)),
        ("From order to receipt, median", _days(report.days_order_to_receipt)),
        ("Received in good condition", "not known yet" if good is None else f"{good // 10}.{good % 10} %"),
        ("Last look at the chain", time(report.books.looked_at) if report.books.looked_at else "none yet"),
        ("Sources that agree", f"{report.books.sources_agreeing} of {report.books.sources}"),
    )


def _days(number: int | None) -> str:
    return "not known yet" if number is None else number_of(number, "day")


SHARES = (
    "All settled donations lie end to end on one line, in the order in which they settled. Each conversion, "
    "order and delivery takes the next piece of its line. So each donation has exact, whole numbers that never "
    "shrink when others give later. This is attribution by rule: it says whose money paid for what, not which "
    "hand touched which piece."
)
UNEXPLAINED_NONE = "None now."


def unexplained_note(explained: int, last: str) -> str:
    return (
        f"None now; {count(explained)} explained, the last on {day(last)}." if explained else UNEXPLAINED_NONE
    )


def line_name(line: str) -> str:
    return line.replace("_", " ").replace("/", " / ")


def interval(asset: str, minor: int) -> str:
    return exact_with_asset(asset, minor)


# --- errors ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ErrorWords:
    title: str
    detail: str


ERRORS = {
    400: ErrorWords("This request cannot be read", "Write it again, as the form or the documentation says."),
    401: ErrorWords("A token is needed", "Send it as: Authorization: Bearer TOKEN."),
    403: ErrorWords("Not allowed", "Your role does not allow this."),
    404: ErrorWords(
        "Nothing is at this address", "The page may have moved. Start from the list of campaigns."
    ),
    405: ErrorWords("This address answers another method", "Reading pages use GET."),
    413: ErrorWords("That is too large", "Send less at once."),
    500: ErrorWords("Something broke on our side", "The ledger is as it was. Try again in a minute."),
    503: ErrorWords("Not ready yet", "Try again in a minute."),
}
FIND_HINT = "Transaction, address or claim code"
FIND_EMPTY = (
    "Write a transaction id (64 characters), an outpoint (id:number), an address, or your claim code."
)
NOT_FOUND_DONATION = "No donation has this key"


def brief_amount(asset: str, minor: int) -> str:
    return brief(asset, minor)

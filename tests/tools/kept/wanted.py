"""Differences from the kept figures that are wanted, named beforehand. Any other is a fault of one of the two.

A difference has no effect until the change that brings it about comes; that change says here, as narrowly as it can,
of which answers and figures it is. Where one leads to many others, the journals that it touches are kept anew
(`python -m tests.tools.kept.compare NAME --accept`) once all of them were looked at, and nothing stands here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ledger.core.money import is_money
from tests.tools.kept.journal import Looked, Outcome, Step, Told, Value

FigureKey = tuple[str, str, str, str]
"""(noun, its name, field, asset or product)."""
Values = list[Value] | None
"""What the rows of a key said; None where there was none."""


def _no_figure(_journal: str, _key: FigureKey, _kept: Values, _today: Values) -> bool:
    return False


def _no_answer(_journal: str, _kept: Step, _today: Step) -> bool:
    return False


def _accepted_again(journal: str, kept: Step, today: Step) -> bool:
    """Told again after the acceptance before it had become moot, it was taken for that one."""
    return (
        journal == "26"
        and isinstance(kept, Told)
        and isinstance(today, Told)
        and kept.kind == "invoice.accepted"
        and (kept.outcome, today.outcome) == (Outcome.ALREADY, Outcome.RECORDED)
    )


def _accepted_again_figure(journal: str, key: FigureKey, kept: Values, today: Values) -> bool:
    """The exception of that invoice waits for nobody since."""
    noun, name, field, _ = key
    if journal != "26" or (noun, name) not in {
        ("match", "call-1/PO-48 1 IV-50"),
        ("open item", "call-1"),
        ("open item", "call-1/open_match"),
    }:
        return False
    if field == "open_match, count":
        return kept is not None and today == [int(value) - 1 for value in kept]
    return field in {"verdict", "PO-48/1 invoice IV-50"}


def _found_again(_journal: str, key: FigureKey, kept: Values, made: Values) -> bool:
    """Pieces of a gift in kind, or of surplus that came too much, that were lost and found: told twice before."""
    noun, _, field, _ = key
    if noun != "lot" or not field.startswith("gift "):
        return False
    return made is None or (kept is not None and _total(made) < _total(kept))


def _total(values: list[Value]) -> int:
    return sum(value for value in values if isinstance(value, int))


def _goods_by_product(_journal: str, key: FigureKey, _kept: Values, _today: Values) -> bool:
    """What came good stood in one table of sums for all products, under the first of them."""
    noun, name, _, _ = key
    return noun == "sum" and name.endswith("/received_good")


def _places_once(_journal: str, key: FigureKey, kept: Values, today: Values) -> bool:
    """A place that got two products was two places; it never becomes more."""
    noun, _, field, _ = key
    return (noun, field) == ("campaign", "receivers") and (
        kept is not None and today is not None and int(today[0]) < int(kept[0])
    )


def _notified(_journal: str, key: FigureKey, _kept: Values, _today: Values) -> bool:
    """Lines that no statement covers were a gap between statements."""
    noun, name, field, _ = key
    if noun == "open item":
        return "bank_gap" in field or name.endswith("/bank_gap")
    if noun == "tie":
        return name.startswith("bank ") and field in {"part notified only", "difference"}
    return noun == "bank" and field in {"difference", "missing between statements"}


_OF_BANKS = {"bank_entry", "bank_opening", "bank_silent", "bank_overdrawn", "outstanding"}


def _bank_both_ways(_journal: str, key: FigureKey, kept: Values, today: Values) -> bool:
    """What statements should show and do not, which nobody asked; and that two people set a line aside."""
    noun, name, field, _ = key
    if noun == "open item":
        return kept is None and (
            field.removesuffix(", count") in _OF_BANKS or name.partition("/")[2] in _OF_BANKS
        )
    if noun == "status":
        return kept is None and name.partition("/")[2].startswith("aside ")
    return (noun, field, kept, today) == ("reconciliation", "reconciled", ["yes"], ["no"])


def _run_by_run(_journal: str, key: FigureKey, kept: Values, today: Values) -> bool:
    """What is to come, is claimed or was written off, in pieces: never fewer than what lengths of runs came to."""
    noun, _, field, _ = key
    told = field.startswith(("at open ", "at claim ", "at written_off ", "step written_off ", "step held"))
    return noun == "gift" and told and _total(today or []) > _total(kept or [])


def _still_under_way(journal: str, key: FigureKey, _kept: Values, _today: Values) -> bool:
    """A gift's units of a waybill, and of what did not arrive with its first count.

    In two journals the first count found pieces short or damaged, which the first gifts bore alone.
    """
    noun, _, field, _ = key
    if noun != "gift":
        return False
    return journal in {"27", "31"} or (field.startswith("share of goods/") and "/transit:" in field)


def _payable_once(_journal: str, key: FigureKey, kept: Values, today: Values) -> bool:
    """Of invoices, credits and exceptions of the match less is told than before, and never more."""
    noun, name, field, _ = key
    less = kept is not None and today is not None and 0 <= _total(today) < _total(kept)
    if noun == "open item":
        return name.endswith("/open_match") and less
    return (noun, field) in {("invoice", "payable"), ("order", "credited")} and less


_HANDED_ON = {"shipment", "handover", "distribution", "arrival"}


def _counted_off_already(_journal: str, kept: Step, today: Step) -> bool:
    """A gap was explained by what the books had counted off, or more went on than was counted, without a word."""
    return (
        isinstance(kept, Told)
        and isinstance(today, Told)
        and kept.kind in {"confirmation.explained", *_HANDED_ON}
        and kept.outcome in {Outcome.RECORDED, Outcome.ALREADY}
        and today.outcome == "Refused"
    )


def _gaps_stay_open(_journal: str, key: FigureKey, kept: Values, today: Values) -> bool:
    """What such an explanation had closed is open; and no gap is smaller than it was kept."""
    noun, name, field, _ = key
    if noun == "open item":
        found = name.endswith("/count_gap") or field == "count_gap, count"
    else:
        found = noun == "two counts" and field in {"gap", "explained"}
    return found and (
        field == "explained" or sum(abs(int(n)) for n in today or []) >= sum(abs(int(n)) for n in kept or [])
    )


def _recalled_in_other_hands(_journal: str, key: FigureKey, kept: Values, _today: Values) -> bool:
    """Recalled pieces that organisations and people have wait for somebody, which nobody asked."""
    noun, name, field, _ = key
    waits = name.endswith("/recalled_out") or field == "recalled_out, count"
    return noun == "open item" and kept is None and waits


_MONEY_SUMS = ("/received", "/received_with_others", "/received_from_conversion", "/fetched", "/came")


def _by_how_it_came(_journal: str, key: FigureKey, _kept: Values, _today: Values) -> bool:
    """Tables of money say how it came: gross, fee and net of conversions, refunds and loans apart; their sums tie."""
    noun, name, _, _ = key
    return noun == "sum" and name.endswith(_MONEY_SUMS)


def _whole_pieces(_journal: str, key: FigureKey, kept: Values, today: Values) -> bool:
    """What is open or cancelled of an order is what its account says: floors of its price told a piece more or less."""
    noun, name, field, _ = key
    told = (noun, field) == ("campaign", "bought") or (
        noun == "flow" and name.endswith("/left") and field.split()[0] in {"open", "cancelled", "claim"}
    )
    return told and abs(_total(today or []) - _total(kept or [])) <= _ORDERS


_ORDERS = 12
"""A piece for each item of an order that a kept journal has at most."""


def _no_gift_in_kind(_journal: str, key: FigureKey, _kept: Values, _today: Values) -> bool:
    """A gift in kind was counted among what makers delivered in good condition."""
    noun, _, field, _ = key
    return (noun, field) == ("campaign", "received good, permille")


def _no_empty_bar(_journal: str, key: FigureKey, kept: Values, today: Values) -> bool:
    """A line on which nothing lies any more was a bar of nothing."""
    return key[0] == "flow" and today is None and _total(kept or []) == 0


def _paid_for_services(_journal: str, key: FigureKey, kept: Values, _today: Values) -> bool:
    """Who paid for less than one of a service reads what went to it."""
    noun, _, field, asset = key
    return noun == "gift" and field.endswith("(service)") and kept is None and is_money(asset)


_OWED = {"open_claim", "claim_overdue", "payable", "payable_overdue", "pledge_overdue"}
_BAD = {"short", "damaged", "rejected", "returned", "refunded", "written_off", "claim"}


def _surplus_given(_journal: str, key: FigureKey, kept: Values, today: Values) -> bool:
    """A gift in kind by the number of its acceptance, and no gift that is called otherwise."""
    noun, name, field, _ = key
    told = field if noun == "lot" else name
    if "in-kind" in told and "OV-" in told:
        return kept is None
    return "over:OV-" in told and today is None


def _claims(_journal: str, key: FigureKey, kept: Values, today: Values) -> bool:
    """What is owed waits with its amount; what came bad stays so, and what a refund left of it is told in money."""
    noun, name, field, _ = key
    if noun == "open item":
        return field.removesuffix(", count") in _OWED or name.partition("/")[2] in _OWED
    if noun == "flow":
        return name.endswith("/left") and field.split()[0] in _BAD
    if noun == "gift":
        how, _, rest = field.partition(" ")
        return (how == "at" and rest.split()[0] in _BAD) or (
            how == "step" and rest.split()[0] in {"carried", "received", "refunded", "written_off"}
        )
    return (noun, field) == ("campaign", "lost") and _total(today or []) > _total(kept or [])


def _not_arrived(_journal: str, key: FigureKey, kept: Values, _today: Values) -> bool:
    """A shipment whose day has passed and that nobody counted waited for nobody."""
    noun, name, field, _ = key
    late = "late_shipment" in {field.removesuffix(", count"), name.partition("/")[2]}
    return noun == "open item" and kept is None and late


_HOW = {"lost", "missing", "expired", "stolen", "spoiled", "customs", "recalled", "damaged"}


def _lost_says_how(_journal: str, key: FigureKey, _kept: Values, _today: Values) -> bool:
    """Pieces lost where they lay, stolen, expired and so on were all told as lost on the way."""
    noun, name, field, _ = key
    if noun == "flow":
        return name.endswith("/left") and field.split()[0] in _HOW
    return noun == "gift" and field.startswith("at ") and field.split()[1] in _HOW


def _gone_with_its_block(_journal: str, key: FigureKey, kept: Values, today: Values) -> bool:
    """A payment that a reorganisation undid, and that no mempool had since: evicted, and no gift of the list."""
    noun, _, field, _ = key
    if noun != "gift":
        return False
    if field in {"status", "trail, status"}:
        return kept == ["reorged"] and today in (None, ["evicted"])
    return field in {"given", "restriction"} and kept is not None and today is None


def _step_of_its_own(_journal: str, key: FigureKey, kept: Values, _today: Values) -> bool:
    """What was found or given back went on without a step."""
    noun, _, field, _ = key
    return noun == "gift" and kept is None and field.startswith(("step found ", "step given_back "))


def _came_back(_journal: str, key: FigureKey, _kept: Values, _today: Values) -> bool:
    """What was given back to stock was received good once more."""
    noun, name, field, _ = key
    return noun == "flow" and "stock" in f"{name} {field}"


def _paid_nothing(_journal: str, key: FigureKey, kept: Values, today: Values) -> bool:
    """An order that was paid nothing of this money."""
    noun, _, field, _ = key
    return noun == "sum" and field.startswith("paid ") and kept == [0] and today is None


def _paid_back_once(_journal: str, key: FigureKey, kept: Values, today: Values) -> bool:
    """What came back in money in which less was paid stood twice on both sides."""
    noun, _, field, _ = key
    return (
        noun == "conservation"
        and field in {"from_suppliers", "spent"}
        and _total(today or []) < _total(kept or [])
    )


def _less_than_a_piece(_journal: str, key: FigureKey, kept: Values, today: Values) -> bool:
    """A step of no pieces, and the same step in money."""
    noun, _, field, asset = key
    if noun != "gift" or not field.startswith(("step ordered ", "step paid ")):
        return False
    if is_money(asset):
        return _total(today or []) > _total(kept or [])
    return 0 in (kept or []) and _total(today or []) == _total(kept or [])


def _noted(_journal: str, key: FigureKey, kept: Values, today: Values) -> bool:
    """Pieces on delivery notes stand as noted where they stood as received."""
    noun, side, field, _ = key
    if (noun, side) != ("conservation", "went"):
        return False
    return (field == "received" and today is None) or (field == "noted" and kept is None)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One fault that is mended, in a sentence, and which figures and answers differ by it."""

    fault: str
    says: str
    of_figure: Callable[[str, FigureKey, Values, Values], bool] = _no_figure
    of_answer: Callable[[str, Step, Step], bool] = _no_answer


def _blocked_by_name(_journal: str, key: FigureKey, _kept: Values, _today: Values) -> bool:
    """Of money: less is held, or nothing of it waits, and so much more is called blocked."""
    _, name, field, asset = key
    if not (asset and is_money(asset)):
        return False
    return (name.endswith("/left") and field in {"held", "blocked"}) or field in {
        *("at held", "at blocked"),
        "step held",
    }


def _booked_later(_journal: str, kept: Step, today: Step) -> bool:
    """What the chain says is booked on or after all that it rests on: the same entries, some of a later day."""
    if not isinstance(kept, Looked) or not isinstance(today, Looked):
        return False
    pairs = list(zip(kept.entries, today.entries, strict=False))
    same = len(kept.entries) == len(today.entries) and all(was[1:3] == now[1:3] for was, now in pairs)
    return same and all(was[3] <= now[3] for was, now in pairs) and kept.entries != today.entries


def _steps_by_block(_journal: str, key: FigureKey, kept: Values, today: Values) -> bool:
    """A payment that no block holds now was told as confirmed, and what was seen first was forgotten in a block."""
    noun, _, field, _ = key
    return noun == "gift" and (
        (field == "step seen" and kept is None) or (field == "step confirmed" and today is None)
    )


def _left_before_the_books(_journal: str, key: FigureKey, kept: Values, _today: Values) -> bool:
    """A block that left before its payment was in the books was told nowhere."""
    noun, _, field, _ = key
    return (noun, field, kept) == ("gift", "change left", None)


def _review_overdue(_journal: str, key: FigureKey, kept: Values, _today: Values) -> bool:
    """The item of a review that is past, and how many there are: new ones only."""
    noun, name, field, _ = key
    about = field == "review_overdue, count" or name.endswith("/review_overdue")
    return noun == "open item" and about and kept is None


def _review_of_the_past(_journal: str, kept: Step, today: Step) -> bool:
    """A paper whose review was due before the paper was there."""
    return (
        isinstance(kept, Told)
        and isinstance(today, Told)
        and kept.kind == "evidence"
        and today.outcome == "Refused"
        and str(kept.facts.get("review", "9")) < str(kept.facts.get("date", ""))
    )


def _without_its_paper(journal: str, key: FigureKey, _kept: Values, _today: Values) -> bool:
    noun, name, field, _ = key
    return journal in {"23", "late-3"} and (
        (noun, field) == ("campaign", "papers")
        or noun == "withheld"
        or (noun == "status" and "/evidence " in name)
    )


def _sealed_by_two(_journal: str, key: FigureKey, kept: Values, _today: Values) -> bool:
    """That two people withheld a paper, which one did."""
    noun, name, _, _ = key
    return noun == "status" and kept is None and name.partition("/")[2].startswith("sealing ")


def _undone_for_good(_journal: str, key: FigureKey, kept: Values, today: Values) -> bool:
    """A spend that lost its block and that no mempool had any more: fewer are unexplained, and none is new."""
    noun, name, field, _ = key
    if kept is None:
        return False
    if noun == "unexplained spend" or (noun == "open item" and name.endswith("/unexplained_spend")):
        return today is None
    fewer = (noun, field) in {("open item", "unexplained_spend, count"), ("reconciliation", "unexplained")}
    return fewer and (today is None or _total(today) < _total(kept))


WANTED: tuple[Wanted, ...] = (
    Wanted(
        "a block that was never told",
        "What changed names a block that left the chain before its payment was in the books.",
        of_figure=_left_before_the_books,
    ),
    Wanted(
        "days out of order",
        "A spend is booked on or after the day on which the units that it takes came to their line.",
        of_answer=_booked_later,
    ),
    Wanted(
        "products added up",
        "Bought, distributed, under way and lost are a list of (product, unit, quantity), in no sum of products.",
        of_figure=_goods_by_product,
    ),
    Wanted(
        "places counted twice",
        "A place that got two products, or one of them twice, is one place reached.",
        of_figure=_places_once,
    ),
    Wanted(
        "acceptance known by its day",
        "An invoice is accepted again on the day of an acceptance that does not cover what came since.",
        of_figure=_accepted_again_figure,
        of_answer=_accepted_again,
    ),
    Wanted(
        "payable twice",
        "Payable is billed, less credits, less paid; a credit of what was billed too much leaves the order alone.",
        of_figure=_payable_once,
    ),
    Wanted(
        "lot of the whole database",
        "A maker's lot belongs to its campaign, and comes in as many deliveries as it likes.",
    ),
    Wanted(
        "found pieces",
        "What was given in kind or came too much, was lost and was found, is counted once in a gift's part of its lot.",
        of_figure=_found_again,
    ),
    Wanted(
        "notified lines as gaps",
        "Lines of days that no statement covers are notified, and no gap between statements.",
        of_figure=_notified,
    ),
    Wanted(
        "banks one way",
        "Entries that a statement should show, first balances and silent banks are open; two people set lines aside.",
        of_figure=_bank_both_ways,
    ),
    Wanted(
        "floored by length",
        "Shares of what was ordered are floored at both ends of each run on the line, and sum to the whole.",
        of_figure=_run_by_run,
    ),
    Wanted(
        "the last bears what is lost",
        "A count of a part of a waybill takes all of it in proportion; what is still under way is at the line's end.",
        of_figure=_still_under_way,
    ),
    Wanted(
        "converted is whatever lies on a line",
        "Given by bank, converted and paid back are three rows; gross, fee and net are in view.",
        of_figure=_by_how_it_came,
    ),
    Wanted(
        "pieces by the floors of their price",
        "What is not received of an order is told in whole pieces, as its account has them.",
        of_figure=_whole_pieces,
    ),
    Wanted(
        "gifts in kind in the service figures",
        "What was given in kind stands apart; the share received in good condition is of what makers delivered.",
        of_figure=_no_gift_in_kind,
    ),
    Wanted("bars of nothing", "A line on which nothing lies is no bar.", of_figure=_no_empty_bar),
    Wanted(
        "a share of a service that is no whole one",
        "Who paid for less than one of a service reads what of the gift went to it.",
        of_figure=_paid_for_services,
    ),
    Wanted(
        "gaps closed by what was counted off",
        "A gap is explained by pieces that came by its paper; more than was counted goes on with a reason only.",
        of_figure=_gaps_stay_open,
        of_answer=_counted_off_already,
    ),
    Wanted(
        "recalls without an end",
        "Recalled pieces in other hands wait until somebody tells what became of them.",
        of_figure=_recalled_in_other_hands,
    ),
    Wanted(
        "orders that were paid nothing",
        "What a supplier pays back in money in which nothing was paid makes no row of what was paid.",
        of_figure=_paid_nothing,
    ),
    Wanted(
        "refunds in other money, told twice",
        "Money that only a refund brought came once, and was not spent.",
        of_figure=_paid_back_once,
    ),
    Wanted(
        "steps of no pieces",
        "Who paid for less than a piece reads the money of that step.",
        of_figure=_less_than_a_piece,
    ),
    Wanted(
        "claims that nobody owns",
        "What suppliers owe is a claim from the fact that makes it; a refund of less leaves the rest one.",
        of_figure=_claims,
    ),
    Wanted(
        "found and given back without a step",
        "Pieces that were found, or given back by people, are a step of their givers' trail.",
        of_figure=_step_of_its_own,
    ),
    Wanted(
        "given back, received again",
        "Pieces that were given back were on the picture before: they are in no total of what came.",
        of_figure=_came_back,
    ),
    Wanted(
        "all that is lost, lost on the way",
        "Lost pieces are told by their cause, and by where they were: on the way or in stock.",
        of_figure=_lost_says_how,
    ),
    Wanted(
        "surplus that was accepted and was no gift",
        "What a supplier leaves is a gift in kind of it, with a status, a trail and shares under its number.",
        of_figure=_surplus_given,
    ),
    Wanted(
        "spends on their way for good",
        "A spend that a reorganisation undid is evicted like a sighting, once complete mempools do not have it.",
        of_figure=_undone_for_good,
    ),
    Wanted(
        "steps of blocks that were left",
        "Each step on the chain has the block and the time of its own, and what was seen stays until it is settled.",
        of_figure=_steps_by_block,
    ),
    Wanted(
        "reviews before their papers",
        "A paper's review is due on its own day or later.",
        of_figure=_without_its_paper,
        of_answer=_review_of_the_past,
    ),
    Wanted(
        "reviews that are overdue",
        "A sealed paper whose review is past waits for a person.",
        of_figure=_review_overdue,
    ),
    Wanted(
        "papers that two people withhold",
        "A paper is withheld once a second person approved it, and that is a row of its own.",
        of_figure=_sealed_by_two,
    ),
    Wanted(
        "shipments that have not arrived",
        "A shipment that has not arrived is an open item once the day of its arrival has passed.",
        of_figure=_not_arrived,
    ),
    Wanted(
        "payments on their way for good",
        "A payment that a reorganisation undid is evicted like a sighting, once complete mempools do not have it.",
        of_figure=_gone_with_its_block,
    ),
    Wanted(
        "blocked money called held",
        "What a block holds of a gift is called blocked wherever it is told, and is no step that waits for its turn.",
        of_figure=_blocked_by_name,
    ),
    Wanted(
        "short pieces called received",
        "What delivery notes say is noted in the conservation table, and received is what came.",
        of_figure=_noted,
    ),
)

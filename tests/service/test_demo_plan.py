"""The story's plan ties to the cent, to the sat and to the mask, and every act has the shape of its kind."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

import pytest

from ledger.core.facts import facts_from, facts_json
from ledger.core.roles import Role
from ledger.recording.kinds import ALL
from ledger.rules.conversions import Conversion
from ledger.rules.deliveries import Distribution, Handover
from ledger.rules.evidence import Evidence
from ledger.rules.invoices import Invoice
from ledger.rules.orders import Purchase
from ledger.rules.payments import Payment
from ledger.rules.pledges import Match, Pledge, Step
from ledger.rules.receipts import Receipt, ReceivedLot
from ledger.rules.sealings import Sealing
from ledger.rules.shipments import Arrival, Shipment
from service.demo import gifts, plan, promises
from service.demo.act import Act
from service.demo.recording import Recording

F = TypeVar("F")


@pytest.fixture(scope="module")
def acts() -> tuple[Act, ...]:
    return plan.acts(Recording.load().transactions)


def facts_of(acts: Sequence[Act], shape: type[F]) -> list[F]:
    return [act.facts for act in acts if isinstance(act.facts, shape)]


def mask_lots(acts: Sequence[Act]) -> list[ReceivedLot]:
    receipts = facts_of(acts, Receipt)
    return [lot for receipt in receipts if receipt.order != "PO-4" for lot in receipt.lots]


def test_every_act_is_a_known_noun_and_verb_with_facts_that_survive_json(acts: tuple[Act, ...]) -> None:
    kinds = {(kind.noun, kind.verb): kind for kind in ALL}
    for act in acts:
        kind = kinds[act.noun, act.verb]
        assert type(act.facts) is kind.facts
        assert act.by in kind.roles
        assert facts_from(kind.facts, facts_json(act.facts)) == act.facts


def test_acts_come_in_order_of_time_and_within_the_recording(acts: tuple[Act, ...]) -> None:
    times = [act.at for act in acts]
    assert times == sorted(times)
    assert gifts.FIRST_BLOCK < times[0] < gifts.moment("2020-05-18")
    assert times[-1] < gifts.END


def test_what_one_role_records_another_approves_later(acts: tuple[Act, ...]) -> None:
    recorded = {
        (a.noun, getattr(a.facts, "number", "")): a.at
        for a in acts
        if a.verb == "add" and a.by is Role.RECORDER
    }
    recorded |= {("sealing", a.facts.number): a.at for a in acts if isinstance(a.facts, Sealing)}
    approvals = [act for act in acts if act.verb == "approve"]
    assert {a.by for a in approvals} == {Role.APPROVER}
    assert all(recorded[a.noun, getattr(a.facts, "number")] < a.at for a in approvals)  # noqa: B009
    wanting = [key for key in recorded if key[0] in {"purchase", "conversion", "payment", "sealing"}]
    assert len(approvals) == len(wanting) == 12


def test_every_coin_received_is_sold_paid_spent_on_fees_or_left() -> None:
    sold = sum(out.sats for out in gifts.OUTGOING)
    fees = sum(out.fee for out in gifts.OUTGOING)
    assert sold + fees + gifts.LEFT == gifts.RECEIVED
    assert (gifts.RECEIVED, gifts.LEFT) == (1_221_417_306, 37_417_306)


def test_a_conversion_is_the_sum_of_its_fills_and_of_the_coins_that_left(acts: tuple[Act, ...]) -> None:
    out = {each.label: each for each in gifts.OUTGOING}
    for conversion in facts_of(acts, Conversion):
        fills = plan.FILLS[conversion.number]
        assert sum(fill.sats for fill in fills) == conversion.sold == out[conversion.number].sats
        assert all(fill.sats * fill.price % 10**8 == 0 for fill in fills)
        assert conversion.proceeds + conversion.exchange_fee == sum(fill.gross for fill in fills)
        assert conversion.network_fee == out[conversion.number].fee


def test_every_dollar_from_conversions_is_paid_charged_or_left(acts: tuple[Act, ...]) -> None:
    proceeds = sum(conversion.proceeds for conversion in facts_of(acts, Conversion))
    wires = [payment for payment in facts_of(acts, Payment) if payment.asset == "USD"]
    paid, charges = sum(w.amount for w in wires), sum(w.fee for w in wires)
    assert (proceeds, paid, charges) == (82_959_25, 82_500_00, 68_00)
    assert proceeds - paid - charges == 391_25


def test_money_is_never_bound_or_spent_before_it_is_there(acts: tuple[Act, ...]) -> None:
    free = 0
    for act in acts:
        if isinstance(act.facts, Conversion):
            free += act.facts.proceeds
        elif isinstance(act.facts, Purchase) and act.facts.currency == "USD":
            free -= sum(item.value for item in act.facts.items)
        elif isinstance(act.facts, Payment) and act.facts.asset == "USD":
            free -= act.facts.fee
        assert free >= 0


def test_order_invoice_delivery_note_and_payment_agree(acts: tuple[Act, ...]) -> None:
    orders = {order.number: order for order in facts_of(acts, Purchase)}
    invoices = {invoice.order: invoice for invoice in facts_of(acts, Invoice)}
    payments = {payment.order: payment for payment in facts_of(acts, Payment)}
    receipts = {receipt.order: receipt for receipt in facts_of(acts, Receipt)}
    assert orders.keys() == invoices.keys() == payments.keys() == receipts.keys()
    for number, order in orders.items():
        (item,) = order.items
        noted = sum(lot.pieces for lot in receipts[number].lots)
        assert item.pieces == invoices[number].quantity == noted
        assert item.value == invoices[number].amount == payments[number].discharges


def test_three_lots_make_exactly_250000_good_masks(acts: tuple[Act, ...]) -> None:
    lots = mask_lots(acts)
    assert len(lots) == 3
    assert sum(lot.good for lot in lots) == 250_000
    assert (sum(lot.damaged for lot in lots), sum(lot.short for lot in lots)) == (1_200, 800)
    assert all(lot.noted == lot.good + lot.damaged + lot.short for lot in lots)
    assert all(lot.expiry is not None for lot in lots)


def test_each_lot_is_at_every_place_only_as_often_as_it_got_there(acts: tuple[Act, ...]) -> None:
    there: Counter[tuple[str, str]] = Counter()
    waybills: dict[str, str] = {}
    for lot in mask_lots(acts):
        there[plan.BEIJING, lot.lot] += lot.good
    for act in acts:
        moves: list[tuple[str, str, str, int]] = []
        match act.facts:
            case Shipment() as s:
                waybills[s.waybill] = s.destination
                moves = [(s.origin, s.waybill, lot.lot, lot.quantity) for lot in s.lots]
            case Arrival() as a:
                place = waybills[a.waybill]
                moves = [(a.waybill, place, lot.lot, lot.good) for lot in a.lots]
                moves += [(a.waybill, "damaged", lot.lot, lot.damaged) for lot in a.lots]
            case Handover() as h:
                moves = [(h.place, h.organisation, lot.lot, lot.quantity) for lot in h.lots]
            case Distribution() as d:
                moves = [(d.organisation, d.place or "", lot.lot, lot.quantity) for lot in d.lots or ()]
        for origin, target, lot_name, quantity in moves:
            there[origin, lot_name] -= quantity
            there[target, lot_name] += quantity
            assert there[origin, lot_name] >= 0
    at: Counter[str] = Counter()
    for (place, _), quantity in there.items():
        at[place] += quantity
    assert (at["damaged"], at[plan.WAHO], at[plan.ABUJA], at["W-005"]) == (600, 33_400, 12_000, 6_000)
    assert sum(at[state] for _, _, state, _, _ in plan.STATES) == 198_000
    assert sum(masks for _, masks, _ in plan.UNDER_WAY) == 33_400 + 12_000 + 6_000
    assert sum(at.values()) == 250_000


def test_the_fifteen_member_states_are_all_in_the_plan() -> None:
    reached = {state for _, _, state, _, _ in plan.STATES}
    assert len(reached | {state for state, _, _ in plan.UNDER_WAY}) == 15


def test_prices_are_those_that_the_story_allows(acts: tuple[Act, ...]) -> None:
    assert all(8_800 <= price <= 9_900 for pair in plan.PRICES.values() for price in pair)
    assert all(8_800_00 <= fill.price <= 9_900_00 for fills in plan.FILLS.values() for fill in fills)
    for order in facts_of(acts, Purchase):
        if order.number != "PO-4":
            (item,) = order.items
            price = plan.PRICES["2020-06-10"][0] * 100 if order.currency == "BTC" else 10**8
            assert 38 * item.pieces <= item.value * price // 10**8 <= 45 * item.pieces


def test_every_day_of_a_gift_has_a_price() -> None:
    recording = Recording.load()
    mined = [
        b
        for b in recording.blocks.values()
        if any(c.txid in b.txids for c in recording.coins if not c.change)
    ]
    assert mined
    for block in mined:
        assert any(0 <= block.header.time - gifts.moment(day) < 86_400 for day in plan.PRICES)


def test_papers_have_the_hash_of_their_bytes_and_sealed_ones_no_bytes(acts: tuple[Act, ...]) -> None:
    papers = [act for act in acts if isinstance(act.facts, Evidence)]
    assert len(papers) > 20
    for act in papers:
        assert isinstance(act.facts, Evidence)
        assert act.paper is not None
        assert hashlib.sha256(act.paper).hexdigest() == act.facts.sha256
        assert plan.NOTICE in act.paper.decode()
    assert [act.paper for act in acts if isinstance(act.facts, Sealing)] == [None, None]


def test_what_was_promised_came_or_lapsed_and_each_gift_is_the_recorded_one(acts: tuple[Act, ...]) -> None:
    """Nothing is still to come when the story ends; a gift keeps no more than it is."""
    coins = {(coin.tx, coin.vout): coin for coin in Recording.load().coins}
    matched = facts_of(acts, Match)
    lapsed = {step.number for step in facts_of(acts, Step)}
    assert [(m.pledge, m.gift, m.amount) for m in matched] == [
        (promise.number, coins[kept.tx, kept.vout].outpoint, kept.sats)
        for promise in promises.PROMISES
        for kept in promise.kept
    ]
    assert all(m.amount <= next(c.sats for c in coins.values() if c.outpoint == m.gift) for m in matched)
    for pledge in facts_of(acts, Pledge):
        kept = sum(m.amount for m in matched if m.pledge == pledge.number)
        assert kept == pledge.amount or (0 < kept < pledge.amount and pledge.number in lapsed)

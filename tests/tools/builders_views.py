"""Hand-made views for pages and JSON: a campaign in full, a donor's trail, and small or odd ones."""
# ruff: noqa: E501

from __future__ import annotations

from dataclasses import replace

from ledger.core.chain import BlockRef, Outpoint
from ledger.model.evidence import Access
from ledger.rules.confirmations import TwoCounts
from ledger.views.campaign import (
    Books,
    CampaignCard,
    CampaignReport,
    DonationRow,
    NeedRow,
    SumRow,
    SumTable,
    UnexplainedSpend,
    Withheld,
)
from ledger.views.controls import LimitRow, PeriodRow
from ledger.views.flow import Band, Bar, Exit, ExitKind, Flow, Matter, Stage, StageKind, Thread, ThreadPoint
from ledger.views.losses import LossRow
from ledger.views.trail import DonationStatus, DonationTrail, LineShare, Paper, Place, Step, StepKind
from ledger.views.two_keys import Deliveries, Unconfirmed

COIN = 100_000_000
TXID = "3f9a" + "7c" * 28 + "c21e"
SLUG = "bithelp"
COUNTRIES = (
    ("Nigeria", 48_000), ("Benin", 11_000), ("Togo", 9_000), ("Niger", 16_000), ("Burkina Faso", 15_000),
    ("Mali", 15_000), ("Senegal", 14_000), ("The Gambia", 6_000), ("Guinea-Bissau", 6_000), ("Guinea", 12_000),
    ("Sierra Leone", 10_000), ("Liberia", 9_000), ("Cabo Verde", 5_000), ("Côte d’Ivoire", 19_000),
    ("Ghana", 22_000),
)  # fmt: skip


def coins(text: str) -> int:
    whole, _, part = text.partition(".")
    return int(whole) * COIN + int(part.ljust(8, "0") or 0)


def story_flow(unit: str = "mask") -> Flow:
    """71.84 BTC to 217,000 pieces in 15 places, as in the pictures of the visual language."""
    c1, c2, direct = coins("39.20"), coins("19.60"), coins("9.80")
    fee, held = coins("0.014"), coins("3.226")
    total = c1 + c2 + direct + fee + held
    usd1, usd2 = 36_912_000, 18_556_000
    stages = [
        Stage(StageKind.DONATED, "", "BTC", total, 412, (Bar("btc", "Donations", Matter.COIN, "BTC", total),)),
        Stage(
            StageKind.CONVERTED, "", "USD", usd1 + usd2, 2,
            (Bar("C-1", "C-1", Matter.MONEY, "USD", usd1), Bar("C-2", "C-2", Matter.MONEY, "USD", usd2)),
        ),
        Stage(
            StageKind.ORDERED, "", unit, 252_000, 3,
            (
                Bar("PO-1", "PO-1", Matter.GOODS, unit, 140_000),
                Bar("PO-2", "PO-2", Matter.GOODS, unit, 40_000),
                Bar("PO-3", "PO-3", Matter.GOODS, unit, 72_000),
            ),
        ),
        Stage(StageKind.STOCK, "Beijing", unit, 250_000, 3, (Bar("beijing", "Beijing", Matter.GOODS, unit, 250_000),)),
        Stage(StageKind.STOCK, "Abuja", unit, 237_400, 2, (Bar("abuja", "Abuja", Matter.GOODS, unit, 237_400),)),
        Stage(StageKind.HANDED, "WAHO", unit, 231_000, 2, (Bar("waho", "WAHO", Matter.GOODS, unit, 231_000),)),
        Stage(
            StageKind.DISTRIBUTED, "", unit, 217_000, 15,
            tuple(Bar(f"to:{name}", name, Matter.GOODS, unit, n) for name, n in COUNTRIES),
        ),
    ]  # fmt: skip
    good1, good2 = 139_300, 38_700
    bands = [
        Band("btc", 0, c1, "C-1", 0, usd1),
        Band("btc", c1, c1 + direct, "PO-2", 0, 40_000),
        Band("btc", c1 + direct, c1 + direct + c2, "C-2", 0, usd2),
        Band("C-1", 0, usd1 - 1_002_000, "PO-1", 0, 140_000),
        Band("C-2", 0, usd2 - 194_000, "PO-3", 0, 72_000),
        Band("PO-1", 0, good1, "beijing", 0, good1),
        Band("PO-2", 0, good2, "beijing", good1, good1 + good2),
        Band("PO-3", 0, 72_000, "beijing", good1 + good2, 250_000),
        Band("beijing", 0, 237_400, "abuja", 0, 237_400),
        Band("abuja", 0, 231_000, "waho", 0, 231_000),
    ]
    at = 0
    for name, number in COUNTRIES:
        bands.append(Band("waho", at, at + number, f"to:{name}", 0, number))
        at += number
    exits = (
        Exit("btc", total - held, total, ExitKind.HELD, "BTC", held, ""),
        Exit("btc", total - held - fee, total - held, ExitKind.FEE, "BTC", fee, ""),
        Exit("C-1", usd1 - 1_002_000, usd1, ExitKind.SPENT, "USD", 1_002_000, "air freight"),
        Exit("C-2", usd2 - 194_000, usd2 - 16_000, ExitKind.HELD, "USD", 178_000, ""),
        Exit("C-2", usd2 - 16_000, usd2, ExitKind.CHARGES, "USD", 16_000, ""),
        Exit("PO-1", good1, 140_000, ExitKind.DAMAGED, unit, 700, ""),
        Exit("PO-2", good2, good2 + 500, ExitKind.DAMAGED, unit, 500, ""),
        Exit("PO-2", good2 + 500, 40_000, ExitKind.SHORT, unit, 800, ""),
        Exit("beijing", 237_400, 249_400, ExitKind.IN_TRANSIT, unit, 12_000, "W-003"),
        Exit("beijing", 150_000, 150_600, ExitKind.LOST, unit, 600, ""),
        Exit("abuja", 231_000, 237_400, ExitKind.IN_STOCK, unit, 6_400, ""),
        Exit("waho", 217_000, 231_000, ExitKind.WAITING, unit, 14_000, ""),
    )
    return Flow(unit, tuple(stages), tuple(bands), exits)


def story_thread() -> Thread:
    start = coins("59.6632")
    return Thread(
        (
            ThreadPoint("btc", start, start + COIN // 100, None),
            ThreadPoint("C-2", 10_061_040, 10_070_540, None),
            ThreadPoint("PO-3", 39_570, 39_607, None),
            ThreadPoint("beijing", 217_570, 217_607, None),
            ThreadPoint("abuja", 216_970, 217_007, None),
            ThreadPoint("waho", 216_970, 217_007, None),
            ThreadPoint("waho", 217_000, 217_007, ExitKind.WAITING),
            ThreadPoint("to:Ghana", 21_970, 22_000, None),
        )
    )


def papers() -> tuple[Paper, ...]:
    rows = (
        ("Purchase order PO-3", "purchase order", "2020-06-05", "72,000 pieces, 184,320.00 USD", Access.PUBLIC),
        ("Goods received note GRN-3", "goods received note", "2020-06-24", "72,000 good", Access.PUBLIC),
        ("Goods received note GRN-2", "goods received note", "2020-06-22", "38,700 good, 500 damaged, 800 short", Access.REDACTED),
        ("Loss report LR-2", "loss report", "2020-08-04", "600 lost, wet cartons at Abuja", Access.PUBLIC),
        ("Handover H-2, signed", "handover", "2020-08-06", "81,000 to WAHO", Access.PUBLIC),
        ("Maker’s bank details", "bank details", "2020-06-05", "", Access.SEALED),
    )  # fmt: skip
    return tuple(
        Paper(f"{i + 1:x}" * 64, title, kind, date, shows, access, 100 + i)
        for i, (title, kind, date, shows, access) in enumerate(rows)
    )


def tied_books() -> Books:
    return Books(
        block=650_412, reconciled=True, difference=0, in_wallets=coins("3.226"), unexplained=0,
        unexplained_since=None, shortfall=0, tip=650_417, behind=0, behind_hours=0,
        looked_at="2020-09-28T14:16:00Z", agreed=True, no_chain_since=None, sources_agreeing=3, sources=3,
    )  # fmt: skip


def broken_books() -> Books:
    return replace(
        tied_books(), block=636_104, reconciled=False, difference=-500_000, unexplained=500_000,
        unexplained_since="2020-06-24T11:20:00Z", sources_agreeing=2,
    )  # fmt: skip


def story_sums(unit: str = "mask") -> tuple[SumTable, ...]:
    return (
        SumTable(
            "BTC", "", "received",
            (
                SumRow("converted", "", coins("58.8")), SumRow("paid", "", coins("9.8")),
                SumRow("network_fees", "", coins("0.014")), SumRow("held", "", coins("3.226")),
                SumRow("unexplained", "", 0),
            ),
            coins("71.84"),
        ),
        SumTable(
            "USD", "", "received_from_conversion",
            (
                SumRow("spent", "PO-1 and PO-3", 54_272_000), SumRow("spent", "air freight", 1_002_000),
                SumRow("charges", "", 16_000), SumRow("held", "", 178_000), SumRow("unexplained", "", 0),
            ),
            55_468_000,
        ),
        SumTable(
            unit, unit, "received_good",
            (
                SumRow("distributed", "", 217_000), SumRow("waiting", "WAHO", 14_000),
                SumRow("in_stock", "Abuja", 6_400), SumRow("in_transit", "W-003", 12_000), SumRow("lost", "", 600),
            ),
            250_000,
        ),
    )  # fmt: skip


def story_report(unit: str = "mask") -> CampaignReport:
    return CampaignReport(
        slug=SLUG, title="Bithelp: masks for West Africa", purpose="Masks for 15 countries.",
        start="2020-05-18", end="2020-06-02", currency="USD", valuation_clock="block time", depth=6,
        partners=("FCSSC", "UNOSSC"), unit=unit, donations=412, donors_waiting=1, received=coins("71.84"),
        value=68_000_000, dust=1_200, dust_count=2, bought=252_000, distributed=217_000, receivers=15,
        under_way=32_400, lost=2_600,
        needs=(NeedRow("N-1", "WAHO", "three-ply", 250_000, unit, "Abuja", "2020-08-31"),), achievements=(),
        books=tied_books(), flow=story_flow(unit), sums=story_sums(unit),
        withheld=(
            Withheld("Name of the maker of PO-2", "BTC", coins("9.8"), "Maker’s safety in its country",
                     "Finance officer, with a second approver", "2020-11-30"),
        ),
        unexplained=(UnexplainedSpend("ab" * 32, 500_000, "2020-06-24T11:20:00Z", "2020-06-24T14:20:00Z"),),
        papers=papers(), papers_count=94, days_gift_to_order=9, days_order_to_receipt=19, good_permille=992,
        closed=True, journal_seq=3_118, journal_hash="7c1e" + "0" * 56 + "b904",
        fixed_address="bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", demonstration=True,
        sources_of_facts=(("The call, 18 May to 2 June 2020", "South-South Galaxy, June 2020"),
                          ("250,000 pieces reached Beijing", "UNOSSC, 17 May 2021")),
        deliveries=story_deliveries(), losses=story_losses(), expired=6_400,
        periods=tuple(
            PeriodRow(f"2020-{m:02}", f"2020-{m:02}-01", f"2020-{m:02}-{last}", f"2020-{m + 1:02}-10", 400 * m, None)
            for m, last in ((9, 30), (8, 31), (7, 31), (6, 15), (5, 31))
        ),
        limits=(LimitRow("admin", "", None, ""), LimitRow("approver", "USD", 5_000_000, "2020-05-14")),
    )  # fmt: skip


def story_deliveries() -> Deliveries:
    """Thirty waybills that were counted, one of them with a gap, and a handover that nobody counted."""
    counts = tuple(
        TwoCounts("shipment", f"W-{i:03}", "ITEM-3", f"A{i}-2005", 9_000 + i, 9_000 + (i if i else -40), 0, 0, "2020-08-02")
        for i in range(30)
    )  # fmt: skip
    waits = Unconfirmed("handover", "H-7", "West African Health Organization", 81_000, "2020-08-10")
    return Deliveries(counts, (waits,), frozenset({"H-1"}))


def story_losses() -> tuple[LossRow, ...]:
    return tuple(
        LossRow(
            "2020-08-02",
            f"arrival AR-{i}",
            "Abuja",
            "ITEM-3",
            f"A{i}-2005",
            600 + i,
            "damage",
            f"SR-{i}",
            "rain",
        )
        for i in range(30)
    )


def empty_report() -> CampaignReport:
    """A campaign of the first hour: no gift, no look at the chain yet."""
    return replace(
        story_report("kit"), slug="new", title="New call", donations=0, donors_waiting=0, received=0, value=0,
        dust=0, dust_count=0, bought=0, distributed=0, receivers=0, under_way=0, lost=0, needs=(), achievements=(),
        books=replace(tied_books(), block=None, reconciled=False, in_wallets=0, tip=None, looked_at=None,
                      sources_agreeing=0),
        flow=Flow("kit", (), (), ()), sums=(), withheld=(), unexplained=(), papers=(), papers_count=0,
        days_gift_to_order=None, days_order_to_receipt=None, good_permille=None, closed=False, journal_seq=1,
        fixed_address=None, deliveries=Deliveries((), ()), losses=(), expired=0,
    )  # fmt: skip


def held_flow() -> Flow:
    """Everything still lies in the wallet: one stage, one exit."""
    bar = Bar("btc", "Donations", Matter.COIN, "BTC", COIN)
    return Flow("kit", (Stage(StageKind.DONATED, "", "BTC", COIN, 3, (bar,)),), (),
                (Exit("btc", 0, COIN, ExitKind.HELD, "BTC", COIN, ""),))  # fmt: skip


def story_trail(unit: str = "mask") -> DonationTrail:
    sheets = papers()

    def step(kind: StepKind, at: str, asset: str, units: int, place: str, reference: str,
             detail: tuple[tuple[str, str], ...] = (), paper: tuple[Paper, ...] = (), over: bool = True) -> Step:  # fmt: skip
        named = "" if asset in ("BTC", "USD") else unit
        return Step(kind, at, asset, units, named, place, reference, detail, paper, 40, over)

    return DonationTrail(
        campaign=SLUG, campaign_title="Bithelp: masks for West Africa", outpoint=Outpoint(TXID, 1),
        address="bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", minor=1_000_000, status=DonationStatus.SETTLED,
        confirmations=18_198, needed=6, block=BlockRef(632_214, "00" * 32, 1_590_760_800),
        seen_at="2020-05-29T13:10:00Z", settled_at="2020-05-29T14:02:00Z", value=9_512, currency="USD",
        rate_sources=("kraken", "bitstamp"), replaced_by=None,
        steps=(
            step(StepKind.SETTLED, "2020-05-29T14:02:00Z", "BTC", 1_000_000, "", "", (("block", "632214"), ("value", "95.12 USD"))),
            step(StepKind.CONVERTED, "2020-06-03", "USD", 9_500, "C-2", "C-2", (("rate", "9500.00 USD"),), sheets[2:3]),
            step(StepKind.ORDERED, "2020-06-05", unit, 37, "PO-3", "PO-3", (("price", "2.56 USD"),), sheets[:1]),
            step(StepKind.RECEIVED, "2020-06-24", unit, 37, "Beijing", "GRN-3", (("of", "72000"),), sheets[1:2]),
            step(StepKind.ARRIVED, "2020-08-03", unit, 37, "Abuja", "W-002", (), sheets[3:4]),
            step(StepKind.HANDED, "2020-08-06", unit, 37, "WAHO", "H-2", (), sheets[4:5]),
            step(StepKind.DISTRIBUTED, "2020-09-21", unit, 30, "Ghana", "D-15"),
            step(StepKind.HELD, "2020-09-21", unit, 7, "WAHO", "", (), (), False),
        ),
        places=(
            Place(None, unit, 30, unit, "Ghana", "2020-09-21"),
            Place(ExitKind.WAITING, unit, 7, unit, "WAHO", "2020-08-06"),
        ),
        shares=(
            LineShare("money/bithelp/free/BTC", coins("59.6632"), coins("59.6732"), "BTC"),
            LineShare("money/bithelp/free/USD", 46_978_040, 46_987_540, "USD"),
            LineShare("order/bithelp/PO-3/1/USD", 219_570, 219_607, unit),
            LineShare("goods/bithelp/stock:Beijing/MASK#L-1", 217_570, 217_607, unit),
        ),
        flow=story_flow(unit), thread=story_thread(), sources=("a", "b", "c"),
    )  # fmt: skip


def waiting_trail(status: DonationStatus = DonationStatus.SEEN) -> DonationTrail:
    return replace(
        story_trail(), status=status, outpoint=Outpoint("ab" * 32, 0), confirmations=2, settled_at=None,
        block=None, steps=(), places=(), shares=(), thread=Thread(()), flow=held_flow(), value=None,
    )  # fmt: skip


def donation_rows() -> list[DonationRow]:
    return [
        DonationRow(
            at=f"2020-05-{18 + i % 12:02d}T10:00:00Z", outpoint=f"{i:064x}:{i % 3}", address=f"bc1q{i:038x}",
            minor=1_000_000 + i, status=DonationStatus.SETTLED, confirmations=100, block_height=631_000 + i,
            value=9_500 + i, currency="USD",
        )
        for i in range(60)
    ]  # fmt: skip


def card() -> CampaignCard:
    return CampaignCard(
        SLUG,
        "Bithelp: masks for West Africa",
        "2020-05-18",
        "2020-06-02",
        coins("71.84"),
        412,
        "mask",
        217_000,
    )

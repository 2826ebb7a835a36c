"""Hand-made views for pages and JSON: a campaign in full, a donor's trail, and small or odd ones."""
# ruff: noqa: E501

from __future__ import annotations

from typing import TypeVar

from ledger.core.frozen import Amount, Frozen, Quantity
from ledger.core.look import SourceStatus
from ledger.core.roles import Role
from ledger.core.telling import Telling
from ledger.core.wording import Wording
from ledger.model.deliveries import DeliveryPaper
from ledger.model.evidence import Access
from ledger.model.looks import Completeness
from ledger.views.campaign import (
    Books,
    CampaignCard,
    CampaignHead,
    CampaignPage,
    CampaignReport,
    DeliveryCheck,
    DonationPage,
    DonationRow,
    Dust,
    GiftSum,
    JournalHead,
    NeedRow,
    ReceivedGood,
    Service,
    SourceOfFact,
    UnexplainedSpend,
    Unvalued,
    Withheld,
)
from ledger.views.chain_status import ChainStatus
from ledger.views.controls import LimitRow, PeriodRow
from ledger.views.flow import (
    Band,
    Bar,
    Exit,
    ExitKind,
    Flow,
    Stage,
    StageKind,
    Substance,
    Thread,
    ThreadPoint,
)
from ledger.views.losses import LossRow
from ledger.views.sum_tables import SumKey, SumRow, SumTable, SumTotal
from ledger.views.totals import ApartTotals, GoodsTotals
from ledger.views.trail import (
    Block,
    DonationStatus,
    DonationTrail,
    LineShare,
    Paper,
    Place,
    Step,
    StepKind,
)
from ledger.views.two_keys import Deliveries, DeliveryCount, Unconfirmed

A = TypeVar("A", bound=Frozen)
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
        Stage(kind=StageKind.DONATED, place="", count=412, bars=(Bar(key="btc", label="Donations", substance=Substance.COIN, amount=Amount.of("BTC", total)),), totals=(Amount.of("BTC", total),)),
        Stage(kind=StageKind.MONEY, place="", count=2, bars=(Bar(key="C-1", label="C-1", substance=Substance.MONEY, amount=Amount.of("USD", usd1)), Bar(key="C-2", label="C-2", substance=Substance.MONEY, amount=Amount.of("USD", usd2))), totals=(Amount.of("USD", usd1 + usd2),)),
        Stage(kind=StageKind.ORDERED, place="", count=3, bars=(
                Bar(key="PO-1", label="PO-1", substance=Substance.GOODS, amount=Amount.of(unit, 140_000)),
                Bar(key="PO-2", label="PO-2", substance=Substance.GOODS, amount=Amount.of(unit, 40_000)),
                Bar(key="PO-3", label="PO-3", substance=Substance.GOODS, amount=Amount.of(unit, 72_000)),
            ), totals=(Amount.of(unit, 252_000),)),
        Stage(kind=StageKind.STOCK, place="Beijing", count=3, bars=(Bar(key="beijing", label="Beijing", substance=Substance.GOODS, amount=Amount.of(unit, 250_000)),), totals=(Amount.of(unit, 250_000),)),
        Stage(kind=StageKind.STOCK, place="Abuja", count=2, bars=(Bar(key="abuja", label="Abuja", substance=Substance.GOODS, amount=Amount.of(unit, 237_400)),), totals=(Amount.of(unit, 237_400),)),
        Stage(kind=StageKind.HANDED, place="WAHO", count=2, bars=(Bar(key="waho", label="WAHO", substance=Substance.GOODS, amount=Amount.of(unit, 231_000)),), totals=(Amount.of(unit, 231_000),)),
        Stage(kind=StageKind.DISTRIBUTED, place="", count=15, bars=tuple(Bar(key=f"to:{name}", label=name, substance=Substance.GOODS, amount=Amount.of(unit, n)) for name, n in COUNTRIES), totals=(Amount.of(unit, 217_000),)),
    ]  # fmt: skip
    good1, good2 = 139_300, 38_700
    bands = [
        Band(source="btc", target="C-1", taken=(0, c1), joined=(0, usd1)),
        Band(source="btc", target="PO-2", taken=(c1, c1 + direct), joined=(0, 40_000)),
        Band(source="btc", target="C-2", taken=(c1 + direct, c1 + direct + c2), joined=(0, usd2)),
        Band(source="C-1", target="PO-1", taken=(0, usd1 - 1_002_000), joined=(0, 140_000)),
        Band(source="C-2", target="PO-3", taken=(0, usd2 - 194_000), joined=(0, 72_000)),
        Band(source="PO-1", target="beijing", taken=(0, good1), joined=(0, good1)),
        Band(source="PO-2", target="beijing", taken=(0, good2), joined=(good1, good1 + good2)),
        Band(source="PO-3", target="beijing", taken=(0, 72_000), joined=(good1 + good2, 250_000)),
        Band(source="beijing", target="abuja", taken=(0, 237_400), joined=(0, 237_400)),
        Band(source="abuja", target="waho", taken=(0, 231_000), joined=(0, 231_000)),
    ]
    at = 0
    for name, number in COUNTRIES:
        bands.append(Band(source="waho", target=f"to:{name}", taken=(at, at + number), joined=(0, number)))
        at += number
    exits = (
        Exit(
            source="btc",
            kind=ExitKind.HELD,
            label="",
            taken=(total - held, total),
            amount=Amount.of("BTC", held),
        ),
        Exit(
            source="btc",
            kind=ExitKind.FEE,
            label="",
            taken=(total - held - fee, total - held),
            amount=Amount.of("BTC", fee),
        ),
        Exit(
            source="C-1",
            kind=ExitKind.SPENT,
            label="air freight",
            taken=(usd1 - 1_002_000, usd1),
            amount=Amount.of("USD", 1_002_000),
        ),
        Exit(
            source="C-2",
            kind=ExitKind.HELD,
            label="",
            taken=(usd2 - 194_000, usd2 - 16_000),
            amount=Amount.of("USD", 178_000),
        ),
        Exit(
            source="C-2",
            kind=ExitKind.CHARGES,
            label="",
            taken=(usd2 - 16_000, usd2),
            amount=Amount.of("USD", 16_000),
        ),
        Exit(
            source="PO-1",
            kind=ExitKind.DAMAGED,
            label="",
            taken=(good1, 140_000),
            amount=Amount.of(unit, 700),
        ),
        Exit(
            source="PO-2",
            kind=ExitKind.DAMAGED,
            label="",
            taken=(good2, good2 + 500),
            amount=Amount.of(unit, 500),
        ),
        Exit(
            source="PO-2",
            kind=ExitKind.SHORT,
            label="",
            taken=(good2 + 500, 40_000),
            amount=Amount.of(unit, 800),
        ),
        Exit(
            source="beijing",
            kind=ExitKind.IN_TRANSIT,
            label="W-003",
            taken=(237_400, 249_400),
            amount=Amount.of(unit, 12_000),
        ),
        Exit(
            source="beijing",
            kind=ExitKind.LOST,
            label="",
            taken=(150_000, 150_600),
            amount=Amount.of(unit, 600),
        ),
        Exit(
            source="abuja",
            kind=ExitKind.IN_STOCK,
            label="",
            taken=(231_000, 237_400),
            amount=Amount.of(unit, 6_400),
        ),
        Exit(
            source="waho",
            kind=ExitKind.WAITING,
            label="",
            taken=(217_000, 231_000),
            amount=Amount.of(unit, 14_000),
        ),
    )
    return Flow(units={unit: unit}, stages=tuple(stages), bands=tuple(bands), exits=exits)


def story_thread() -> Thread:
    start = coins("59.6632")
    return (
        ThreadPoint(left=None, node="btc", at=(start, start + COIN // 100)),
        ThreadPoint(left=None, node="C-2", at=(10_061_040, 10_070_540)),
        ThreadPoint(left=None, node="PO-3", at=(39_570, 39_607)),
        ThreadPoint(left=None, node="beijing", at=(217_570, 217_607)),
        ThreadPoint(left=None, node="abuja", at=(216_970, 217_007)),
        ThreadPoint(left=None, node="waho", at=(216_970, 217_007)),
        ThreadPoint(left=ExitKind.WAITING, node="waho", at=(217_000, 217_007), amount=Amount.of("mask", 7)),
        ThreadPoint(left=None, node="to:Ghana", at=(21_970, 22_000)),
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
        Paper(
            sha256=f"{i + 1:x}" * 64,
            original=None if access is Access.SEALED else f"{i + 1:x}" * 64,
            done=(),
            title=title,
            kind=kind,
            date=date,
            shows=shows,
            access=access,
            entry=100 + i,
            waits=False,
            kept=access is not Access.SEALED,
        )
        for i, (title, kind, date, shows, access) in enumerate(rows)
    )


def sats(minor: int) -> Amount:
    return Amount.of("BTC", minor)


def tied_books() -> Books:
    return Books(
        block=650_412, reconciled=True, difference=sats(0), in_books=sats(coins("3.226")), unexplained=sats(0),
        unexplained_since=None, shortfall=sats(0), tip=650_417, behind_blocks=0, behind_hours=0,
        unvalued=Unvalued(asset="BTC", minor=0, count=0, since=None),
        looked_at="2020-09-28T14:16:00Z", agreed=True, stale=None, tip_time=1_601_302_000, no_chain_since=None,
        sources_agreeing=3, sources=3,
    )  # fmt: skip


def changed(answer: A, **fields: object) -> A:
    """The same answer with other fields."""
    return answer.model_copy(update=fields)


def broken_books() -> Books:
    return changed(
        tied_books(), block=636_104, reconciled=False, difference=sats(-500_000), unexplained=sats(500_000),
        unexplained_since="2020-06-24T11:20:00Z", sources_agreeing=2,
    )  # fmt: skip


def table(asset: str, unit: str, key: str, total: int, *rows: tuple[str, str, int]) -> SumTable:
    return SumTable(
        asset=asset,
        unit=unit,
        rows=tuple(
            SumRow(asset=asset, key=SumKey(name), label=label, minor=minor) for name, label, minor in rows
        ),
        total=SumTotal(asset=asset, key=SumKey(key), minor=total),
    )


def story_sums(unit: str = "mask") -> tuple[SumTable, ...]:
    return (
        table(
            "BTC", "", "received", coins("71.84"),
            ("converted", "", coins("58.8")), ("paid", "", coins("9.8")), ("network_fees", "", coins("0.014")),
            ("held", "", coins("3.226")), ("unexplained", "", 0),
        ),
        table(
            "USD", "", "received", 55_468_000,
            ("paid", "PO-1 and PO-3", 54_272_000), ("paid", "air freight", 1_002_000),
            ("charges", "", 16_000), ("held", "", 178_000), ("unexplained", "", 0),
        ),
        table(
            unit, unit, "received_good", 250_000,
            ("distributed", "", 217_000), ("waiting", "WAHO", 14_000), ("in_stock", "Abuja", 6_400),
            ("in_transit", "W-003", 12_000), ("lost", "", 600),
        ),
    )  # fmt: skip


def pieces(unit: str, number: int) -> tuple[Quantity, ...]:
    return (Quantity(product=unit, unit=unit, quantity=number),)


def gifts(number: int, bitcoins: str) -> GiftSum:
    return GiftSum(asset="BTC", minor=coins(bitcoins), count=number)


def story_goods(unit: str = "mask") -> GoodsTotals:
    """All that was ordered is paid; 200 of it were short."""
    return GoodsTotals(
        before=(),
        ordered=pieces(unit, 252_000), paid=pieces(unit, 252_000), received=pieces(unit, 251_800),
        not_received=(), not_coming=(), sent_back=(), under_way=pieces(unit, 32_400),
        distributed=pieces(unit, 217_000), places=15, lost=pieces(unit, 2_600),
    )  # fmt: skip


NO_GOODS = GoodsTotals(
    before=(),
    ordered=(), paid=(), received=(), not_received=(), not_coming=(), sent_back=(), under_way=(), distributed=(),
    places=0, lost=(),
)  # fmt: skip
NOTHING_APART = ApartTotals(came=(), sent_back=(), under_way=(), distributed=(), places=0, lost=())


def story_report(unit: str = "mask") -> CampaignReport:
    return CampaignReport(
        slug=SLUG, title="Bithelp: masks for West Africa", purpose="Masks for 15 countries.",
        start="2020-05-18", end="2020-06-02", valuation_clock="block time", depth=6, closed=True,
        demonstration=True, partners=("FCSSC", "UNOSSC"), donations=412, waiting=1,
        received=(gifts(412, "71.84"),), value=Amount.of("USD", 68_000_000),
        dust=Dust(asset="BTC", minor=1_200, count=2), goods=story_goods(unit), given_in_kind=NOTHING_APART,
        brought_in=NOTHING_APART, opening=None,
        services=(), receivers=15,
        needs=(
            NeedRow(key="N-1", recipient="WAHO", item="three-ply", quantity=250_000, unit=unit, place="Abuja",
                    by="2020-08-31"),
        ),
        results=(), books=tied_books(), sums=story_sums(unit), pledges=(), payables=(), small_claims=(), in_kind=(), gives_addresses=False,
        withheld=(
            Withheld(
                what="Maker’s bank details", reason="Maker’s safety in its country", decided_by="approver",
                review="2020-11-30",
            ),
        ),
        unexplained=(
            UnexplainedSpend(txid="ab" * 32, amount=sats(500_000), seen_at="2020-06-24T11:20:00Z",
                             explained_at="2020-06-24T14:20:00Z"),
        ),
        deliveries=DeliveryCheck(
            open_gaps=1, unconfirmed=story_deliveries(unit).unconfirmed, handovers_signed=("H-1",)
        ),
        service=Service(days_gift_to_order=9, days_order_to_receipt=19, received_good=(ReceivedGood(product="MASK-3PLY", item="Mask", permille=992),)),
        fixed_address="bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", evidence_count=94,
        journal=JournalHead(seq=3_118, hash="7c1e" + "0" * 56 + "b904"),
        sources_of_facts=(
            SourceOfFact(fact="The call, 18 May to 2 June 2020", source="South-South Galaxy, June 2020"),
            SourceOfFact(fact="250,000 pieces reached Beijing", source="UNOSSC, 17 May 2021"),
        ),
        periods=tuple(
            PeriodRow(campaign=SLUG, number=f"2020-{m:02}", first=f"2020-{m:02}-01", last=f"2020-{m:02}-{last}",
                      closed_on=f"2020-{m + 1:02}-10", seq=400 * m, through=400 * m - 1, reopened=None)
            for m, last in ((9, 30), (8, 31), (7, 31), (6, 15), (5, 31))
        ),
        limits=(
            LimitRow(role=Role.ADMIN, most=None, date=None),
            LimitRow(role=Role.APPROVER, most=Amount.of("USD", 5_000_000), date="2020-05-14"),
        ),
    )  # fmt: skip


def head(slug: str = "bithelp") -> CampaignHead:
    """What stands on every page of the story's campaign."""
    report = story_report()
    return CampaignHead(
        slug=slug,
        title=report.title,
        purpose=report.purpose,
        demonstration=report.demonstration,
        journal=report.journal,
        sources_of_facts=report.sources_of_facts,
    )


def story_page(unit: str = "mask") -> CampaignPage:
    """What the campaign's page shows beside its report."""
    return CampaignPage(
        report=story_report(unit), flow=story_flow(unit), papers=papers(), waiting=(),
        deliveries=story_deliveries(unit), losses=story_losses(), expired=pieces(unit, 6_400), others=(),
    )  # fmt: skip


def story_deliveries(unit: str = "mask") -> Deliveries:
    """Thirty waybills that were counted, one of them with a gap, and a handover that nobody counted."""
    counts = tuple(
        DeliveryCount(
            about=DeliveryPaper.SHIPMENT, paper=f"W-{i:03}", product="ITEM-3", lot=f"A{i}-2005", sent=9_000 + i,
            good=9_000 + (i if i else -40), damaged=0, books_good=9_000 + i, explained=0, gap=0 if i else 40,
            date="2020-08-02",
        )
        for i in range(30)
    )  # fmt: skip
    waits = Unconfirmed(
        about=DeliveryPaper.HANDOVER,
        paper="H-7",
        place="West African Health Organization",
        sent=pieces(unit, 81_000),
        date="2020-08-10",
    )
    return Deliveries(counts=counts, unconfirmed=(waits,), signed=frozenset({"H-1"}))


def story_losses() -> tuple[LossRow, ...]:
    return tuple(
        LossRow(
            date="2020-08-02",
            document=Wording("arrival {number}", {"number": f"AR-{i}"}),
            place="Abuja",
            product="ITEM-3",
            lot=f"A{i}-2005",
            pieces=600 + i,
            cause="damage",
            report=f"SR-{i}",
            reason="rain",
        )
        for i in range(30)
    )


def empty_report() -> CampaignReport:
    """A campaign of the first hour: no gift, no look at the chain yet."""
    return changed(
        story_report("kit"), slug="new", title="New call", donations=0, waiting=0, received=(),
        value=Amount.of("USD", 0), dust=Dust(asset="BTC", minor=0, count=0), goods=NO_GOODS, receivers=0,
        needs=(), results=(), sums=(), withheld=(), unexplained=(), evidence_count=0,
        books=changed(tied_books(), block=None, reconciled=False, in_books=sats(0), tip=None, looked_at=None,
                      sources_agreeing=0),
        service=Service(days_gift_to_order=None, days_order_to_receipt=None, received_good=()),
        closed=False, fixed_address=None,
    )  # fmt: skip


def empty_page() -> CampaignPage:
    return changed(
        story_page("kit"), report=empty_report(), flow=Flow(units={}, stages=(), bands=(), exits=()), papers=(),
        deliveries=Deliveries(counts=(), unconfirmed=()), losses=(), expired=(),
    )  # fmt: skip


def held_flow() -> Flow:
    """Everything still lies in the wallet: one stage, one exit."""
    bar = Bar(key="btc", label="Donations", substance=Substance.COIN, amount=Amount.of("BTC", COIN))
    return Flow(units={}, stages=(Stage(kind=StageKind.DONATED, place="", count=3, bars=(bar,), totals=(Amount.of("BTC", COIN),)),), bands=(),
                exits=(Exit(source="btc", kind=ExitKind.HELD, label="", taken=(0, COIN), amount=Amount.of("BTC", COIN)),))  # fmt: skip


def story_trail(unit: str = "mask") -> DonationTrail:
    sheets = papers()

    def step(kind: StepKind, at: str, asset: str, units: int, place: str, reference: str,
             figures: dict[str, Amount] | None = None, paper: tuple[Paper, ...] = (), over: bool = True,
             detail: tuple[tuple[str, str], ...] = ()) -> Step:  # fmt: skip
        named = "" if asset in ("BTC", "USD") else unit
        return Step(
            kind=kind,
            at=at,
            unit=named,
            place=place,
            reference=reference,
            booked=None,
            figures=figures or {},
            detail=dict(detail),
            entry=40,
            over=over,
            amount=Amount.of(asset, units),
            evidence=paper,
        )

    return DonationTrail(
        key=f"{TXID}:1", campaign=SLUG, campaign_title="Bithelp: masks for West Africa", outpoint=f"{TXID}:1",
        txid=TXID, vout=1, address="bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", amount=sats(1_000_000),
        status=DonationStatus.SETTLED, confirmations=18_198, needed=6, returned=sats(0),
        block=Block(height=632_214, hash="00" * 32, time="2020-05-29T14:00:00Z"),
        seen_at="2020-05-29T13:10:00Z", settled_at="2020-05-29T14:02:00Z", recorded_at="2020-05-29T14:05:00Z", value=Amount.of("USD", 9_512),
        rate_sources=("kraken", "bitstamp"), replaced_by=None,
        steps=(
            step(StepKind.SETTLED, "2020-05-29T14:02:00Z", "BTC", 1_000_000, "", "", {"value": Amount.of("USD", 9_512)}, detail=(("block", "632214"),)),
            step(StepKind.CONVERTED, "2020-06-03", "USD", 9_500, "C-2", "C-2", {"rate": Amount.of("USD", 950_000)}, sheets[2:3]),
            step(StepKind.ORDERED, "2020-06-05", unit, 37, "PO-3", "PO-3", {"price": Amount.of("USD", 256)}, sheets[:1]),
            step(StepKind.RECEIVED, "2020-06-24", unit, 37, "Beijing", "GRN-3", {"of": Amount.of(unit, 72_000)}, sheets[1:2]),
            step(StepKind.ARRIVED, "2020-08-03", unit, 37, "Abuja", "W-002", {}, sheets[3:4]),
            step(StepKind.HANDED, "2020-08-06", unit, 37, "WAHO", "H-2", {}, sheets[4:5]),
            step(StepKind.DISTRIBUTED, "2020-09-21", unit, 30, "Ghana", "D-15"),
            step(StepKind.HELD, "2020-09-21", unit, 7, "WAHO", "", {}, (), False),
        ),
        places=(
            Place(kind=ExitKind.DISTRIBUTED, unit=unit, place="Ghana", since="2020-09-21", amount=Amount.of(unit, 30)),
            Place(kind=ExitKind.WAITING, unit=unit, place="WAHO", since="2020-08-06", amount=Amount.of(unit, 7)),
        ),
        shares=(
            LineShare(line="money/bithelp/free/BTC", start=coins("59.6632"), end=coins("59.6732"), asset="BTC", fineness=1),
            LineShare(line="money/bithelp/free/USD", start=46_978_040, end=46_987_540, asset="USD", fineness=1),
            LineShare(line="order/bithelp/PO-3/1/USD", start=219_570, end=219_607, asset=unit, fineness=1), LineShare(line="goods/bithelp/stock:Beijing/MASK#L-1", start=217_570, end=217_607, asset=unit, fineness=1),
        ),
        thread=story_thread(), sources=("a", "b", "c"),
    )  # fmt: skip


def waiting_trail(status: DonationStatus = DonationStatus.SEEN) -> DonationTrail:
    outpoint = f"{'ab' * 32}:0"
    return changed(
        story_trail(), status=status, key=outpoint, outpoint=outpoint, txid="ab" * 32, vout=0, confirmations=2,
        settled_at=None, recorded_at=None, block=None, steps=(), places=(), shares=(), thread=(), value=None,
    )  # fmt: skip


def donation_rows() -> list[DonationRow]:
    return [
        DonationRow(
            at=f"2020-05-{18 + i % 12:02d}T10:00:00Z", key=f"{i:064x}:{i % 3}", outpoint=f"{i:064x}:{i % 3}",
            address=f"bc1q{i:038x}", amount=sats(1_000_000 + i), status=DonationStatus.SETTLED, confirmations=100,
            block_height=631_000 + i, value=Amount.of("USD", 9_500 + i),
        )
        for i in range(60)
    ]  # fmt: skip


def card() -> CampaignCard:
    return CampaignCard(
        slug=SLUG,
        title="Bithelp: masks for West Africa",
        start="2020-05-18",
        end="2020-06-02",
        received=(gifts(412, "71.84"),),
        donations=412,
        distributed=pieces("mask", 217_000),
    )


def donation_page(trail: DonationTrail) -> DonationPage:
    """What the page of a donation shows beside its trail."""
    report = story_report()
    return DonationPage(
        trail=trail, instead=(), recorded_by={}, network="mainnet", books=report.books, flow=story_flow() if trail.thread else held_flow(), demonstration=True,
        journal=report.journal, sources_of_facts=report.sources_of_facts,
    )  # fmt: skip


def chain_status() -> ChainStatus:
    return ChainStatus(
        network="regtest", tip_height=650_417, tip_hash="0" * 64, tip_time=1_601_302_000, settled_height=650_412,
        best_height=650_417, behind=0, looked_at="2020-09-28T14:16:00Z", agreed=True, stale=None, no_chain_since=None,
        completeness=Telling(Completeness.SCANNED_WHOLE),
        sources=tuple(
            SourceStatus(name=name, ok=True, tip_height=650_417, error=None, lied=None, set_aside_until=None,
                         requests=1, bytes=80)
            for name in "abc"
        ),
    )  # fmt: skip

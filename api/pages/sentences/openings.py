"""English: what stood when the books of a campaign began, as it was brought in."""

from __future__ import annotations

from api.pages.figures import exact_with_asset
from api.pages.sentences.units import day, number_of
from ledger.views.openings import BroughtIn, BroughtRow, RowKind


def opening_note(opening: BroughtIn) -> str:
    """What an opening is, and where the books begin."""
    return (
        f"The books follow this campaign from the end of {day(opening.day)} on. What was there then was said by two "
        "people. Whose gift it was is not known here, and no donation is told as a part of it."
    )


def brought_what(row: BroughtRow) -> str:
    """`First Bank`, `Lot KIT, L1, last day 30 June 2025`, `7 gifts`."""
    match row.kind:
        case RowKind.COINS:
            return f"Coins at {row.what}"
        case RowKind.MONEY if row.detail:
            return f"{row.what}, for {row.detail} only"
        case RowKind.STOCK if row.detail:
            return f"{row.what.replace('#', ', lot ')}, last day {day(row.detail)}"
        case RowKind.STOCK:
            return row.what.replace("#", ", lot ")
        case RowKind.ORDERS:
            return f"Order {row.what}, {row.detail}"
        case RowKind.PAYABLES:
            return f"Invoice {row.what} for order {row.detail}"
        case RowKind.PLEDGES:
            return f"Pledge {row.what}"
        case RowKind.GIVEN if row.what:
            return f"Given before by {row.what}"
        case RowKind.GIVEN:
            return "Given before"
        case RowKind.DELIVERED:
            return f"Handed out before: {row.what}"
    return row.what


def brought_amount(row: BroughtRow) -> str:
    return number_of(row.amount.minor, row.unit) if row.unit else exact_with_asset(row.amount)


def brought_counts(row: BroughtRow) -> str:
    return "yes" if row.counts else "no, told only"

"""People and events reached: nobody twice, every breakdown the same people, small groups never shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.pages.sentences import groups, reached, reached_by_sex, target
from api.pages.sentences.plurals import unit_of
from ledger.core.errors import Conflict, Refused
from ledger.views.people import Achievement, achievements, hidden_groups
from ledger.views.queries import donation_trails
from tests.tools.ledgers import SLUG, Ledger, made_once

INDICATOR = {
    "number": "I-1",
    "title": "Students trained",
    "unit": "student",
    "target": 2_700,
    "date": "2023-11-02",
}


@pytest.fixture
@made_once
def ledger(tmp_path: Path) -> Ledger:
    made = Ledger.new(tmp_path)
    made.do("recorder", "indicator", "add", **INDICATOR)
    return made


def cells(**groups: int) -> list[dict[str, Any]]:
    return [{"group": group, "count": count} for group, count in groups.items()]


def report(ledger: Ledger, number: str, **facts: Any) -> Any:
    given = {"number": number, "indicator": "I-1", "date": facts["end"], **facts}
    return ledger.do("recorder", "result", "add", **given)


def achieved(ledger: Ledger) -> Achievement:
    with ledger.store.read() as tx:
        (found,) = achievements(tx.session, SLUG)
    return found


def test_periods_add_up_and_a_report_to_date_adds_only_what_is_new(ledger: Ledger) -> None:
    report(
        ledger, "R-1", counts="period", start="2023-11-01", end="2023-11-10", total=100,
        sex=cells(female=60, male=40),
    )  # fmt: skip
    report(
        ledger, "R-2", counts="period", start="2023-11-11", end="2023-11-20", total=50,
        sex=cells(female=30, male=20),
    )  # fmt: skip
    report(ledger, "R-3", counts="to_date", end="2023-11-30", total=2_000, sex=cells(female=1_200, male=800))
    found = achieved(ledger)
    assert (found.actual, found.permille) == (2_000, 740)
    (sex,) = found.breakdowns
    assert {row.group: (row.count, row.permille) for row in sex.rows} == {
        "male": (800, 400),
        "female": (1_200, 600),
    }


def test_the_same_days_are_not_reported_twice(ledger: Ledger) -> None:
    report(ledger, "R-1", counts="period", start="2023-11-01", end="2023-11-10", total=100)
    with pytest.raises(Conflict, match="counted twice"):
        report(ledger, "R-2", counts="period", start="2023-11-10", end="2023-11-20", total=50)
    with pytest.raises(Conflict, match="is before"):
        report(ledger, "R-3", counts="to_date", end="2023-11-05", total=500)


def test_fewer_to_date_than_before_is_refused(ledger: Ledger) -> None:
    report(ledger, "R-1", counts="to_date", end="2023-11-10", total=100, sex=cells(female=60, male=40))
    with pytest.raises(Refused, match="below the 100"):
        report(ledger, "R-2", counts="to_date", end="2023-11-20", total=99)
    with pytest.raises(Refused, match="female has fewer"):
        report(ledger, "R-3", counts="to_date", end="2023-11-20", total=110, sex=cells(female=50, male=60))


@pytest.mark.parametrize("dimension", ["sex", "age", "place"])
def test_a_breakdown_that_does_not_sum_to_the_total_is_refused(ledger: Ledger, dimension: str) -> None:
    with pytest.raises(Refused, match="sums to 99, and the total is 100"):
        report(
            ledger,
            "R-1",
            counts="to_date",
            end="2023-11-10",
            total=100,
            **{dimension: cells(female=60, male=39)},
        )


def test_a_reversal_brings_back_what_was_reported_before_and_the_newest_goes_first(ledger: Ledger) -> None:
    first = report(ledger, "R-1", counts="to_date", end="2023-11-10", total=100, place=cells(Dili=100))
    second = report(ledger, "R-2", counts="to_date", end="2023-11-20", total=150, place=cells(Dili=150))
    with pytest.raises(Conflict, match="R-2 was reported after it"):
        ledger.do("approver", "reversal", "add", entry=first.seq, reason="Counted twice", date="2023-11-21")
    ledger.do("approver", "reversal", "add", entry=second.seq, reason="Counted twice", date="2023-11-21")
    assert achieved(ledger).actual == 100
    report(ledger, "R-4", counts="to_date", end="2023-11-15", total=120, place=cells(Dili=120))
    assert achieved(ledger).actual == 120


def test_a_period_after_a_report_to_date_says_that_its_people_are_new(ledger: Ledger) -> None:
    """Else ten people who were counted to date are counted again by their period."""
    report(ledger, "R-1", counts="to_date", end="2023-11-10", total=10)
    period = {"counts": "period", "start": "2023-11-11", "end": "2023-11-20", "total": 10}
    with pytest.raises(Refused, match="follows: result R-1 counts all to 2023-11-10"):
        report(ledger, "R-2", **period)
    with pytest.raises(Refused, match="follows"):
        report(ledger, "R-2", **period, follows="R-0")
    report(ledger, "R-2", **period, follows="R-1")
    assert achieved(ledger).actual == 20
    with pytest.raises(Refused, match="leave it out"):
        report(ledger, "R-3", counts="to_date", end="2023-11-30", total=30, follows="R-1")


def test_places_report_apart_and_late(ledger: Ledger) -> None:
    """Ghana has reported June; Togo reports June afterwards, and its May later still, and nobody has to be undone."""
    june = {"counts": "period", "start": "2020-06-01", "end": "2020-06-30", "date": "2023-11-20"}
    may = {"counts": "period", "start": "2020-05-01", "end": "2020-05-31", "date": "2023-11-20"}
    report(ledger, "R-1", at="Ghana", total=40, sex=cells(female=25, male=15), **june)
    report(ledger, "R-2", at="Togo", total=30, sex=cells(female=20, male=10), **june)
    late = report(ledger, "R-3", at="Togo", total=5, sex=cells(female=0, male=5), **may)
    found = achieved(ledger)
    assert (found.actual, found.until) == (75, "2020-06-30")
    assert {row.group: row.count for row in found.breakdowns[0].rows} == {"female": 45, "male": 30}
    assert {row.group: row.count for row in found.breakdowns[1].rows} == {"Ghana": 40, "Togo": 35}
    with pytest.raises(Conflict, match="R-2 counts 2020-06-01 to 2020-06-30 already"):
        report(ledger, "R-4", at="Togo", total=1, **june)
    with pytest.raises(Refused, match="at: result R-1 reports by place"):
        report(ledger, "R-4", total=1, **june)
    with pytest.raises(Refused, match="place: the report is of Mali alone"):
        report(ledger, "R-4", at="Mali", total=1, place=cells(Mali=1), **june)
    ledger.do("approver", "reversal", "add", entry=late.seq, reason="Counted twice", date="2023-11-21")
    assert achieved(ledger).actual == 70


def test_all_places_together_are_not_reported_again_place_by_place(ledger: Ledger) -> None:
    report(ledger, "R-1", counts="to_date", end="2023-11-10", total=100)
    with pytest.raises(Refused, match="at: result R-1 reports all places together"):
        report(ledger, "R-2", at="Togo", counts="to_date", end="2023-11-20", total=10)


GROUPS = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.integers(0, 30), min_size=1)


@given(GROUPS, st.integers(1, 10))
def test_a_hidden_group_cannot_be_computed_from_the_others(groups: dict[str, int], least: int) -> None:
    """Every small group is hidden, and never one alone while another could hide with it."""
    hidden = hidden_groups(groups, least)
    assert {group for group, count in groups.items() if 0 < count < least} <= hidden
    others = [group for group, count in groups.items() if count > 0]
    assert len(hidden) != 1 or len(others) == 1


REPORTS = st.lists(
    st.tuples(st.sampled_from(["period", "to_date"]), st.integers(0, 40), st.integers(0, 40)), max_size=8
)


@given(REPORTS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_reported_the_actual_is_what_is_new_in_each(
    tmp_path_factory: pytest.TempPathFactory, reports: list[tuple[str, int, int]]
) -> None:
    """The whole state is audited after each step, refused or not."""
    ledger = Ledger.new(tmp_path_factory.mktemp("results"))
    ledger.do("recorder", "indicator", "add", **INDICATOR)
    actual, sexes, to_date = 0, {"w": 0, "m": 0}, ""
    for number, (counts, women, men) in enumerate(reports, 1):
        day = f"2023-11-{number + 2:02d}"
        facts: dict[str, Any] = {"counts": counts, "end": day, "total": women + men}
        facts["sex"] = cells(female=women, male=men)
        if counts == "period":
            facts["start"] = day
            facts |= {"follows": to_date} if to_date else {}
        fewer = women < sexes["w"] or men < sexes["m"]
        if counts == "to_date" and fewer:
            with pytest.raises(Refused):
                report(ledger, f"R-{number}", **facts)
            continue
        report(ledger, f"R-{number}", **facts)
        to_date = to_date if counts == "period" else f"R-{number}"
        before = sexes if counts == "period" else {"w": 0, "m": 0}
        sexes = {"w": before["w"] + women, "m": before["m"] + men}
        actual = sum(sexes.values())
        assert achieved(ledger).actual == actual


def test_the_page_says_target_and_actual_and_keeps_small_groups_in_words(ledger: Ledger) -> None:
    """Sixty in a hundred are girls; two groups of age are too small to be shown, one of them only beside the other."""
    report(
        ledger, "R-1", counts="to_date", end="2023-11-10", total=100, sex=cells(female=60, male=40),
        age=[{"group": "to 17", "count": 91}, {"group": "18 to 59", "count": 6}, {"group": "60 and over", "count": 3}],
    )  # fmt: skip
    item = achieved(ledger)
    assert (item.title, target(item)) == ("Students trained", "2,700 students")
    assert reached(item) == "100, to 10 November 2023 (3\u00a0% of the way)"
    assert "women and girls 60 (60\u00a0%)" in groups(item)
    assert "60 and over fewer than 5" in groups(item)
    assert "18 to 59 not shown" in groups(item)
    assert " 3" not in groups(item).partition("age:")[2]


def test_what_has_not_been_yet_is_not_reported(ledger: Ledger) -> None:
    with pytest.raises(Refused, match="end: 2023-12-31 is after the day of the report, 2023-12-01"):
        report(ledger, "R-9", counts="to_date", end="2023-12-31", total=1, date="2023-12-01")


def test_a_unit_that_was_told_in_the_plural_stays_as_it_is() -> None:
    assert [unit_of(unit, 2) for unit in ("students", "student", "box", "bus", "glass")] == [
        "students", "students", "boxes", "buses", "glasses",
    ]  # fmt: skip


def test_a_donor_whose_gift_went_to_a_service_reads_whom_it_reached_by_sex_and_never_a_small_group(
    tmp_path: Path,
) -> None:
    made = Ledger.new(tmp_path)
    made.do(
        "recorder", "product", "add", code="SEAT", name="Training", unit="seat", plural="seats", service=True
    )
    gift = {"number": "G-1", "bank": "B", "currency": "USD", "amount": 50_000, "date": "2023-11-02"}
    made.do("recorder", "contribution", "add", **gift)
    kind = {"number": "K-1", "product": "SEAT", "place": "Clinic", "quantity": 40, "date": "2023-11-03"}
    made.do("recorder", "in-kind", "add", **kind)
    made.do("recorder", "indicator", "add", **INDICATOR | {"product": "SEAT", "least_cell": 5})
    days = {"counts": "period", "start": "2023-11-03", "end": "2023-11-20"}
    report(made, "R-1", total=40, sex=cells(female=25, male=12, other=3), **days)

    def people(key: str) -> list[tuple[str, list[tuple[str, int | None]]]]:
        with made.store.read() as tx:
            (trail,) = donation_trails(tx, key)
        return [
            (row.service, [(group.group, group.permille) for group in row.shares]) for row in trail.people
        ]

    assert people(f"in-kind:{SLUG}:K-1") == [
        ("Training", [("female", 625)])
    ]  # 3 others, and so the men, are hidden
    assert people(f"contribution:{SLUG}:G-1") == []
    with made.store.read() as tx:
        (trail,) = donation_trails(tx, f"in-kind:{SLUG}:K-1")
    assert "62\u00a0% women and girls" in reached_by_sex(trail.people[0])

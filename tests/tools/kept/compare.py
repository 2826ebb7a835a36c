"""Kept journals beside the ledger of today: every answer, entry and figure; the first that differs is named."""

from __future__ import annotations

from collections.abc import Iterator

from tests.tools.kept.house import Done, House
from tests.tools.kept.journal import Addresses, Journal, Moment, Row, Step, User
from tests.tools.kept.wanted import WANTED


def differences(journal: Journal, house: House) -> Iterator[str]:
    """Tell a journal to a ledger that holds nothing, and say what differs that nobody wants, in order."""
    for count, step in enumerate(journal.steps, start=1):
        where = f"{journal.name}, step {count}"
        if isinstance(step, Moment):
            now = house.figures(step.at)
            yield from (f"{where}, {step.name}: {line}" for line in rows_differ(journal.name, step, now))
        else:
            done = house.do(step)
            yield from (
                f"{where}, {_words(step)}: {line}" for line in _answers_differ(journal.name, step, done)
            )
            if not isinstance(step, User | Addresses):
                for kept, made in zip(step.entries, done.entries, strict=False):
                    house.numbers[kept[0]] = made[0]


def _words(step: Step) -> str:
    kind = getattr(step, "kind", step.do)
    return f"{kind} of {getattr(step, 'by', 'the program')}"


def _answers_differ(journal: str, step: Step, done: Done) -> Iterator[str]:
    outcome = getattr(step, "outcome", done.outcome)
    if outcome != done.outcome and not any(w.of_answer(journal, step, done) for w in WANTED):
        yield f"the answer was {outcome}, and is {done.outcome}"
    if isinstance(step, User | Addresses | Moment):
        return
    kept = [entry[1:] for entry in step.entries]
    made = [entry[1:] for entry in done.entries]
    if outcome == done.outcome and kept != made and not any(w.of_answer(journal, step, done) for w in WANTED):
        yield f"its entries (kind, campaign, day) were {kept}, and are {made}"


def rows_differ(journal: str, moment: Moment, now: list[Row]) -> Iterator[str]:
    """Each figure that is another, is missing or is new, but for those that are wanted so."""
    kept_values, made_values = _by_key(moment.rows), _by_key(now)
    for key in sorted(kept_values.keys() | made_values.keys()):
        kept, made = kept_values.get(key), made_values.get(key)
        if kept != made and not any(w.of_figure(journal, key, kept, made) for w in WANTED):
            yield f"{' | '.join(key)}: was {_told(kept)}, and is {_told(made)}"


def _by_key(rows: list[Row]) -> dict[tuple[str, str, str, str], list[int | str]]:
    found: dict[tuple[str, str, str, str], list[int | str]] = {}
    for *key, value in rows:
        noun, name, field, asset = key
        found.setdefault((noun, name, field, asset), []).append(value)
    return found


def _told(values: list[int | str] | None) -> str:
    return "nothing" if values is None else " and ".join(map(str, values))

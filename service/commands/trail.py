"""`trail`: a donation's way in words, the same that its page says."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

from api.pages import sentences as say
from api.pages.sentences import fixed
from ledger.core.errors import NotFound
from ledger.core.secret import secret_in_prose
from ledger.views.queries import donation_trails
from ledger.views.trail import DonationTrail, Step
from service.command import Answer, BadUse, Command, Exit, Outside, add_data_option
from service.folding import open_ledger
from service.sentences import trail as words

_WIDTH = 12


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", metavar="TXID[:VOUT]|ADDRESS|CLAIM")
    add_data_option(parser)


def _run(options: argparse.Namespace, outside: Outside) -> Answer:
    with open_ledger(options.data, outside) as store, store.read() as tx:
        try:
            trails = donation_trails(tx, options.key)
        except NotFound:
            secret = secret_in_prose(options.key)
            if secret is None:
                raise
            raise BadUse(
                "this looks like {found}; nothing of it was kept, but treat that key as seen and move its coins.",
                found=secret.value,
            ) from None
        demonstration = tx.progress.load("demonstration") == "yes"
    lines: list[str] = []
    if demonstration:
        lines += [str(say.DEMONSTRATION), ""]
    for index, trail in enumerate(trails):
        if index:
            lines.append("")
        lines += trail_lines(trail)
    data: list[Any] = [trail.data() for trail in trails]
    return Answer(tuple(lines), {"trails": data})


def trail_lines(trail: DonationTrail) -> list[str]:
    """Sentence, status, steps with their papers, where all of it is, and its place on each line."""
    lines = [
        words.donation(trail),
        say.plain(say.donation_sentence(trail)),
        words.status(trail),
    ]
    if trail.restriction:
        lines.append(say.restricted(trail))
    lines += say.donation_taken_back(trail)
    following = say.donation_next(trail)
    if following:
        lines.append(following)
    lines += ["", str(fixed.STEPS)]
    for step in trail.steps:
        lines += _step_lines(step)
    if trail.changes:
        lines += ["", str(fixed.CHANGES)]
        lines += _change_lines(trail)
    if trail.places:
        lines += ["", str(fixed.PLACES)]
        for place in trail.places:
            lines.append(f"  {say.gift_amount(place.amount, place.unit)}  {say.where(place)}")
    lines += [f"  {say.reached_by_sex(row)}" for row in trail.people]
    if trail.shares:
        lines += ["", str(words.SHARES)]
        lines += [f"  {share.line}  {share.start} {share.end}" for share in trail.shares]
    return lines


def _change_lines(trail: DonationTrail) -> Iterator[str]:
    for change in trail.changes:
        yield f"  {change.date:<{_WIDTH}}{say.changed_why(say.change_what(change), change.why)}"
        for sentence in say.said_before_and_since(say.change_said(change), say.change_says(change)):
            yield f"  {'':<{_WIDTH}}{sentence}"


def _step_lines(step: Step) -> list[str]:
    facts = [fact for fact in (step.reference, *say.step_facts(step)) if fact]
    lines = words.step(say.plain(say.step_said(step)), facts)
    papers = [f"  {'':<{_WIDTH}}{words.paper(paper)}" for paper in step.evidence]
    return [f"  {words.day(step.at):<{_WIDTH}}{lines}", *papers]


COMMANDS: Mapping[str, Command] = {
    "trail": Command(_run, _options, (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE)),
}

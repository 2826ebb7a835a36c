"""How the machine tells each kind of entry, and facts that are spoilt.

`reach` tells what has to come first until a kind is told; nothing here says what the ledger should answer.
"""

from __future__ import annotations

import copy
from contextlib import suppress
from typing import Any

from ledger.core.errors import LedgerError
from ledger.recording.kinds import BY_NAME
from tests.tools import machine_bank, machine_funds, machine_money, machine_orders, machine_things
from tests.tools.machine_scene import RECIPES, Scene
from tests.tools.machine_steps import CHAIN_STEPS
from tests.tools.machine_world import Needs, World

# The files of recipes are imported for what they register.
__all__ = [
    "machine_bank",
    "machine_funds",
    "machine_money",
    "machine_orders",
    "machine_things",
    "names",
    "reach",
    "spoil",
    "tell",
]

MOST_WANTED = 12
_FIRST = {"question": "question.answered", "screening": "screening"}
"""What refuses an approval until it is told, by how the refusal begins."""


def names() -> list[str]:
    """The kinds that the machine knows how to bring about."""
    return sorted(set(RECIPES) | set(CHAIN_STEPS))


def facts_of(world: World, kind: str, only: str = "") -> tuple[str, dict[str, Any]]:
    """(campaign, facts that could be told): of the first campaign that is ready, or of that `only`; raises Needs."""
    slugs = [slug for slug in world.slugs() if kind == "campaign" or only in {"", slug}]
    if kind == "campaign" or not slugs:
        if kind != "campaign":
            raise Needs("campaign")
        slugs = [""]
    first = only or (world.some_slug() if slugs != [""] else "")
    wanted: Needs | None = None
    for slug in (first, *(slug for slug in slugs if slug != first)):
        try:
            with world.store.read() as tx:
                facts = RECIPES[kind](Scene(world, tx, slug))
        except Needs as needs:
            wanted = wanted or needs
            continue
        return (facts["slug"] if kind == "campaign" else slug), facts
    raise wanted or Needs("campaign")


def tell(world: World, kind: str, only: str = "") -> int | None:
    """Bring a kind about once, in one campaign where `only` names it; the number of its entry where a person told it.

    Raises Needs or LedgerError.
    """
    if kind in CHAIN_STEPS:
        if not world.slugs():
            raise Needs("campaign")
        CHAIN_STEPS[kind](world)
        return None
    slug, facts = facts_of(world, kind, only)
    told = BY_NAME[kind]
    outcome = world.tell(told, slug, facts, world.actor_for(told, slug, facts))
    return outcome.seq


def reach(world: World, kind: str, tries: int = 40) -> int | None:
    """Tell what has to come first, then the kind; the number of its entry where a person told it.

    Raises the Needs or the LedgerError that was in the way last, where all tries are spent.
    """
    wanted = [(kind, "")]
    in_the_way: Needs | LedgerError = Needs(kind)
    for _ in range(tries):
        try:
            seq = tell(world, *wanted[-1])
        except Needs as first:
            in_the_way = first
            if len(wanted) > MOST_WANTED:
                wanted = wanted[:1]
            wanted.append((first.kind, first.slug or wanted[-1][1]))
        except LedgerError as refusal:
            # What it stands on may be what is refused: begin anew.
            in_the_way = refusal
            first_of_all = _FIRST.get(str(refusal).partition(":")[0])
            few = len(wanted) <= MOST_WANTED
            wanted = [*wanted, (first_of_all, "")] if first_of_all is not None and few else wanted[:1]
        else:
            wanted.pop()
            if not wanted:
                return seq
    raise in_the_way


WRONG: tuple[Any, ...] = (
    None,
    0,
    -1,
    1,
    True,
    1.5,
    2**53,
    2**53 - 1,
    "",
    " ",
    "nope",
    "x" * 700,
    [],
    {},
    "2023-13-01",
    "\u202e",
)


def _paths(facts: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where in facts something could be changed."""
    rows: list[tuple[Any, Any]] = []
    if isinstance(facts, dict):
        rows = list(facts.items())
    elif isinstance(facts, list):
        rows = list(enumerate(facts))
    return [path for key, inner in rows for path in ((*at, key), *_paths(inner, (*at, key)))]


def spoilt(world: World, facts: dict[str, Any]) -> dict[str, Any]:
    """The same facts with one thing changed, anywhere in them."""
    made = copy.deepcopy(facts)
    path = world.rnd.choice(_paths(made))
    holder: Any = made
    for step in path[:-1]:
        holder = holder[step]
    before = holder[path[-1]]
    way = world.rnd.randrange(6)
    if way == 0:
        del holder[path[-1]]
    elif way == 1 and isinstance(before, list) and before:
        before.append(copy.deepcopy(before[0]))
    elif way <= 3 and isinstance(before, int):
        holder[path[-1]] = before + world.rnd.choice((-before, -1, 1, before, before * 1000))
    elif way == 4 and isinstance(holder, dict):
        holder["surprise"] = 1
    elif way == 5 and isinstance(before, str) and world.told:
        others = [v for v in world.rnd.choice(world.told).facts.values() if isinstance(v, str)]
        holder[path[-1]] = world.rnd.choice(others or ["nope"])
    else:
        holder[path[-1]] = world.rnd.choice(WRONG)
    return made


def spoil(world: World, kind: str) -> None:
    """Tell something wrong: spoilt facts, a wrong role, another campaign, or one's own approval of one's own."""
    if kind in CHAIN_STEPS:
        return
    try:
        slug, facts = facts_of(world, kind)
    except Needs as wanted:
        with suppress(Needs, LedgerError):
            reach(world, wanted.kind, 6)
        return
    told = BY_NAME[kind]
    actor = world.actor_for(told, slug, facts)
    way = world.rnd.randrange(8)
    try:
        if way == 0:
            world.tell(told, slug, facts, world.actors[-1])
            raise AssertionError(f"an auditor told a {kind}")
        if way == 1:
            world.tell(told, world.rnd.choice(["nowhere", *world.slugs()]), facts, actor)
        elif way == 2 and world.told:
            earlier = world.rnd.choice(world.told)
            changed = spoilt(world, earlier.facts)
            world.tell(earlier.kind, earlier.slug, changed, earlier.actor)
        elif way == 3 and (author := world.author_of_approved(told, slug, facts)) is not None:
            world.tell(told, slug, facts, next(a for a in world.actors if a.id == author))
            raise AssertionError(f"its own author told a {kind}")
        else:
            world.tell(told, slug, spoilt(world, facts), actor)
    except LedgerError:
        return

"""Random sequences of all kinds of entry, valid and not; the whole state is audited after each step.

The default run takes the same sequences each time; `AIDTRAIL_MACHINE=thorough` takes new and longer ones.
"""

from __future__ import annotations

import os
import random
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from sqlmodel import select

from ledger.core.entry import entry_from_bytes
from ledger.core.errors import LedgerError
from ledger.model.corrections import Corrected, CorrectionRow
from ledger.recording.kinds import ALL, BY_NAME
from tests.tools.drawn import drawn
from tests.tools.ledgers import REVERSIBLE
from tests.tools.machine_scene import RECIPES
from tests.tools.machine_steps import CHAIN_STEPS, MORE_STEPS
from tests.tools.machine_telling import names, reach, spoil, tell
from tests.tools.machine_world import Needs, World
from tests.tools.store_places import fresh_url

THOROUGH = os.environ.get("AIDTRAIL_MACHINE") == "thorough"
KINDS = st.sampled_from(names())
CHANCE = st.integers(0, 2**32 - 1)


class LedgerMachine(RuleBasedStateMachine):
    """One ledger with at least one campaign, told whatever chance says."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(prefix="aidtrail-machine-")
        self.world = World(f"sqlite:///{self._folder.name}/ledger.db", every=3 if THOROUGH else 6)
        tell(self.world, "campaign")

    def _chance(self, seed: int) -> None:
        self.world.rnd = random.Random(seed)

    @rule(kind=KINDS, seed=CHANCE)
    def tell_something(self, kind: str, seed: int) -> None:
        self._chance(seed)
        with suppress(Needs, LedgerError):
            reach(self.world, kind, 12)

    @rule(kind=KINDS, seed=CHANCE)
    def tell_at_once(self, kind: str, seed: int) -> None:
        self._chance(seed)
        try:
            tell(self.world, kind)
        except (Needs, LedgerError):
            return

    @rule(kind=KINDS, seed=CHANCE)
    def tell_something_wrong(self, kind: str, seed: int) -> None:
        self._chance(seed)
        spoil(self.world, kind)

    @rule(step=st.sampled_from(MORE_STEPS), seed=CHANCE)
    def let_the_chain_move(self, step: object, seed: int) -> None:
        self._chance(seed)
        try:
            step(self.world)  # type: ignore[operator]
        except Needs:
            return

    @rule(seed=CHANCE)
    def take_something_back(self, seed: int) -> None:
        self._chance(seed)
        try:
            tell(self.world, "reversal")
        except (Needs, LedgerError):
            return

    @precondition(lambda self: self.world.told)
    @rule(seed=CHANCE)
    def tell_the_same_again(self, seed: int) -> None:
        self._chance(seed)
        self.world.again(self.world.rnd.choice(self.world.told))

    def teardown(self) -> None:
        try:
            self.world.audit(whole=True)
        finally:
            self.world.close()
            self._folder.cleanup()


def test_random_sequences_of_all_kinds_keep_every_invariant() -> None:
    """After each step no check finds anything, a rebuild gives the same, and a refusal left no trace."""
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=2000 if THOROUGH else 8,
            stateful_step_count=60 if THOROUGH else 15,
            derandomize=not THOROUGH,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink) if THOROUGH else (Phase.generate,),
        ),
    )


def test_the_machine_knows_every_kind_of_entry() -> None:
    """A new kind needs a recipe in `tests/machine_*.py`, else nothing random ever tells it."""
    assert set(names()) == {kind.name for kind in ALL}
    told = {kind.name for kind in ALL if "system" not in {role.value for role in kind.roles}}
    assert told == set(RECIPES)
    assert set(CHAIN_STEPS) == set(BY_NAME) - told


def _is_of_a_place(world: World, seq: int | None) -> bool:
    """Does an entry approve a correction of a place?"""
    with world.store.read() as tx:
        of = select(CorrectionRow.field).where(CorrectionRow.decided_by == seq)
        return tx.session.exec(of).first() is Corrected.PLACE


@pytest.mark.parametrize("name", drawn("what is reversed", sorted(REVERSIBLE), 24))
def test_an_entry_is_reversed_as_long_as_nothing_stands_on_it(name: str, tmp_path: Path) -> None:
    """Each reversible kind, right after it was told; what it did is gone and the whole state ties."""
    world = World(fresh_url("sqlite", tmp_path), every=10)
    world.rnd = random.Random(3)
    try:
        seq = reach(world, name)
        while _is_of_a_place(world, seq):  # which another correction puts right, whatever stands on it
            seq = reach(world, name)
        with world.store.read() as tx:
            seq = seq or max(row.seq for row in tx.journal.rows() if row.kind == name)
            brought = [row for row in tx.journal.rows(after=seq - 1) if row.kind in REVERSIBLE]
        assert brought
        reversal = BY_NAME["reversal"]
        for row in reversed(brought):  # what it brought in by itself goes first
            # An opening is booked on the day after it.
            day = max(world.today, entry_from_bytes(row.data).date)
            facts = {"entry": row.seq, "reason": "Told in error", "date": day}
            world.tell(reversal, row.campaign, facts, world.actor_for(reversal, row.campaign, facts))
        world.audit(whole=True)
    finally:
        world.close()

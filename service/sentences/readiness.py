"""English: what keeps the service from being of use, a sentence each."""

from __future__ import annotations

from collections.abc import Sequence

from api.pages.messages import SEMICOLONS, Message, listed, worded

_TRIGGER = Message("The database lacks the trigger {trigger}.", "{trigger}: its name")
_STRANGE = Message(
    "The database has {what}, which this program did not make.", "{what}: a table, rule or trigger"
)
_UNWRITABLE = Message("The last look could not be written: {why}.", "{why}: what went wrong")
_BROKEN = Message(
    "{n} invariant is broken; run `aidtrail check`.",
    "words in backquotes are a command",
    many="{n} invariants are broken; run `aidtrail check`.",
)
_NO_LOOK = Message("The chain has not been looked at yet.")
_NO_LOOK_WHY = Message("The chain has not been looked at yet: {why}", "{why}: what went wrong, a sentence")
_OLD_LOOK = Message(
    "The last look at the chain was at {time}: {why}.",
    "{time}: when",
    "{why}: what went wrong with the next ones",
)
_NONE_MADE = Message("no look was made; compare the clock, and see the log", "why there is no newer look")
_OLD_TIP = Message(
    "The newest block that the sources know is of {time}; they may be cut off. Name another source, or let "
    "the node catch up.",
    "{time}: when",
)
_NO_BLOCK = Message(
    "{n} block waits to be read since {time}, and no source gives it. {why}",
    "{time}: when",
    "{why}: a list of sources and of what each says",
    many="{n} blocks wait to be read since {time}, and no source gives the next. {why}",
)
_FAILS = Message("{source}: {trouble}", "{source}: its name", "{trouble}: what went wrong with it")
_NO_CHAIN = Message("There is no agreed chain since {time}.", "{time}: when")
_NO_CHAIN_WHY = Message(
    "There is no agreed chain since {time}. {why}",
    "{time}: when",
    "{why}: a list of sources and of what each says",
)


def missing_trigger(name: str) -> str:
    return worded(_TRIGGER, trigger=name)


def stranger(what: str) -> str:
    return worded(_STRANGE, what=what)


def unwritable(why: str) -> str:
    return worded(_UNWRITABLE, why=why)


def broken(number: int) -> str:
    return worded(_BROKEN, n=number)


def old_look(looked_at: str, trouble: str | None) -> str:
    """When the chain was last looked at, and why not since."""
    return worded(_OLD_LOOK, time=looked_at, why=trouble or worded(_NONE_MADE))


def old_tip(time: str) -> str:
    return worded(_OLD_TIP, time=time)


def no_block(count: int, since: str, failing: Sequence[tuple[str, str]]) -> str:
    """Since when no block comes; `failing` are sources, and what went wrong with each."""
    return worded(_NO_BLOCK, n=count, time=since, why=_failing(failing))


def _failing(failing: Sequence[tuple[str, str]]) -> str:
    return listed([worded(_FAILS, source=name, trouble=trouble) for name, trouble in failing], SEMICOLONS)


def no_look(trouble: str | None) -> str:
    return worded(_NO_LOOK_WHY, why=trouble) if trouble else worded(_NO_LOOK)


def no_chain(since: str, failing: Sequence[tuple[str, str]]) -> str:
    """Since when sources agree on no chain; `failing` as in `no_block`."""
    return (
        worded(_NO_CHAIN_WHY, time=since, why=_failing(failing)) if failing else worded(_NO_CHAIN, time=since)
    )

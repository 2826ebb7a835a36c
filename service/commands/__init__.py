"""All commands of the program, in the order in which `aidtrail --help` lists them."""

from __future__ import annotations

from service.command import Command
from service.commands import (
    block,
    books,
    copies,
    deliveries,
    demo,
    desk,
    forgetting,
    giving,
    importing,
    init,
    look,
    people,
    periods,
    reconciling,
    serve,
    things,
    trail,
)

COMMANDS: tuple[Command, ...] = (
    *demo.COMMANDS,
    *init.COMMANDS,
    *serve.COMMANDS,
    *block.COMMANDS,
    *look.COMMANDS,
    *trail.COMMANDS,
    *books.COMMANDS,
    *reconciling.COMMANDS,
    *importing.COMMANDS,
    *forgetting.COMMANDS,
    *copies.COMMANDS,
    *people.COMMANDS,
    *periods.COMMANDS,
    *giving.COMMANDS,
    *things.COMMANDS,
    *deliveries.COMMANDS,
    *desk.COMMANDS,
)

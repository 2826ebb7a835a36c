"""All commands of the program, in the order in which `aidtrail --help` lists them."""

from __future__ import annotations

from service.command import Command
from service.commands import (
    backup,
    bank,
    block,
    check,
    deliveries,
    demo,
    desk,
    init,
    intentions,
    look,
    people,
    periods,
    reconciliation,
    serve,
    stock,
    trail,
)

COMMANDS: tuple[Command, ...] = (
    *demo.COMMANDS,
    *init.COMMANDS,
    *serve.COMMANDS,
    *block.COMMANDS,
    *look.COMMANDS,
    *trail.COMMANDS,
    *check.COMMANDS,
    *reconciliation.COMMANDS,
    *bank.COMMANDS,
    *backup.COMMANDS,
    *people.COMMANDS,
    *periods.COMMANDS,
    *intentions.COMMANDS,
    *stock.COMMANDS,
    *deliveries.COMMANDS,
    *desk.COMMANDS,
)

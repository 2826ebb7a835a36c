"""All commands of the program, in the order in which `aidtrail --help` lists them."""

from __future__ import annotations

from service.command import Command
from service.commands import block, demo, desk, people, serve

COMMANDS: tuple[Command, ...] = (
    *demo.COMMANDS,
    *serve.COMMANDS,
    *block.COMMANDS,
    *people.COMMANDS,
    *desk.COMMANDS,
)

"""Kinds of entry of whatever facts: the one place where the type of a kind's facts is given up.

A fact comes from a door by the name of its kind, and an entry from the journal likewise; the kind reads it, and from
there on its rules are typed.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from ledger.rules.spec import Kind, Undoing

AnyKind: TypeAlias = Kind[Any, Any]
AnyUndoing: TypeAlias = Undoing[Any, Any]

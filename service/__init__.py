"""The program: commands, configuration, wiring, schedule, intake, demonstration."""

VERSION = "0.1.0"
"""As `pyproject.toml` has it."""

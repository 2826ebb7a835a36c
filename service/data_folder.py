"""Where a command finds its data: `--data`, else `./aidtrail.toml`, else the last demo; and it says which.

Never makes a folder or a database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ledger.core.wording import Wording
from service.command import BadUse, Outside
from service.config import FILE_NAME, Config, Database, load_config, secret

LAST_DEMO = "last-demo"
DATABASE_NAME = "aidtrail.db"


@dataclass(frozen=True, slots=True)
class DataFolder:
    """A folder with its configuration; `said` tells the person how it was found."""

    path: Path
    config: Config
    said: str | Wording

    def database_url(self, environment: Mapping[str, str]) -> str:
        return database_url(self.config.database, self.path, environment)


def database_url(database: Database, folder: Path, environment: Mapping[str, str]) -> str:
    """The URL of the store: given, from a secret, or the SQLite file of the folder."""
    if database.url:
        return database.url
    kept = secret("database.url", database.url_env, database.url_file, environment, folder)
    return kept or f"sqlite:///{(folder / DATABASE_NAME).resolve()}"


def state_folder(environment: Mapping[str, str]) -> Path:
    """The user's state folder of aidtrail (XDG base directories)."""
    base = environment.get("XDG_STATE_HOME") or ""
    root = Path(base) if base.startswith("/") else Path(environment.get("HOME", "/tmp")) / ".local" / "state"  # noqa: S108
    return root / "aidtrail"


def demo_folder(environment: Mapping[str, str]) -> Path:
    return state_folder(environment) / "demo"


def last_demo(environment: Mapping[str, str]) -> Path | None:
    try:
        text = (state_folder(environment) / LAST_DEMO).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    folder = Path(text)
    return folder if text and folder.is_dir() else None


def remember_demo(folder: Path, environment: Mapping[str, str]) -> None:
    """Write down which demo was the last, for the commands that come after it."""
    state = state_folder(environment)
    state.mkdir(parents=True, exist_ok=True)
    (state / LAST_DEMO).write_text(f"{folder.resolve()}\n", encoding="utf-8")


def find_data_folder(data: str | None, outside: Outside, config_file: str | None = None) -> DataFolder:
    """Find the data and say where; raises BadUse when there is none."""
    folder = _found(data, outside, config_file)
    outside.say(
        str(Wording("using the data in {folder} ({how}).", {"folder": str(folder.path), "how": folder.said}))
    )
    return folder


def _found(data: str | None, outside: Outside, config_file: str | None) -> DataFolder:
    if config_file is not None:
        path = outside.folder / config_file
        config = load_config(path)
        folder = outside.folder / data if data is not None else path.parent
        return DataFolder(folder, config, f"--config {config_file}")
    if data is not None:
        folder = outside.folder / data
        if not folder.is_dir():
            raise BadUse(
                "--data: {data} is not a folder; make one with `aidtrail init --data {data} …`.",
                data=str(data),
            )
        return DataFolder(folder, _config_in(folder), "--data")
    if (outside.folder / FILE_NAME).is_file():
        return DataFolder(outside.folder, load_config(outside.folder / FILE_NAME), f"./{FILE_NAME}")
    demo = last_demo(outside.environment)
    if demo is not None:
        return DataFolder(demo, _config_in(demo), Wording("the last demo"))
    raise BadUse(
        "no data found: give --data DIR, go to a folder with {file}, or run `aidtrail demo` first.",
        file=FILE_NAME,
    )


def _config_in(folder: Path) -> Config:
    path = folder / FILE_NAME
    return load_config(path) if path.is_file() else Config()

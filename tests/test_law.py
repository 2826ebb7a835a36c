"""The import law and the house rules of the source, read from the syntax tree of every file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pytest

from tests.tools.first_migration import statements

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("ledger", "watchers", "api", "service")
MAY_IMPORT = {
    "ledger": {"ledger"},
    "watchers": {"watchers", "ledger"},
    "api": {"api", "ledger"},
    "service": {"service", "api", "watchers", "ledger"},
}
SHARED_WITH_WATCHERS = (
    "ledger.core.chain", "ledger.core.secret", "ledger.core.strict_json", "ledger.core.wording",
)  # fmt: skip
"""What of the ledger watchers may know: words of the chain, what looks like a private key, how bytes are JSON, and in
which form whatever goes wrong is said."""

FLOORS = ("core", "model", "store", "tracing", "rules", "recording", "views", "checks")
"""From the ground up: each imports what lies below it (docs/architecture.md, The floors of the ledger)."""

SELECTS = tuple(f"ledger/{floor}/" for floor in FLOORS if floor != "core")

FENCES = {
    "requests": ("watchers/net/",),
    "urllib3": ("watchers/net/",),
    "socks": ("watchers/net/",),
    "httpx": (),
    "aiohttp": (),
    "urllib.request": (),
    "sqlite3": ("ledger/store/",),
    "sqlalchemy": SELECTS,
    "sqlmodel": SELECTS,
    "alembic": ("ledger/store/",),
    "psycopg": ("ledger/store/",),
    "fastapi": ("api/",),
    "starlette": ("api/",),
    "jinja2": ("api/",),
    "babel": ("api/languages/",),
    "markdown_it": ("api/pages/documents.py",),
    "apscheduler": ("service/scheduler.py",),
    "uvicorn": ("service/",),
    "bit": ("watchers/sources/bit_network.py",),
    "tomllib": ("service/config.py",),
    "lxml": ("service/bank_files/camt.py",),
    "mt940": ("service/bank_files/mt940.py",),
    "ofxtools": ("service/bank_files/ofx.py",),
    "PIL": ("service/paper_files/pictures.py",),
    "pikepdf": ("service/paper_files/pdf.py",),
    "python_calamine": ("service/bank_files/sheets.py",),
    "configparser": (),
    "dotenv": (),
}
"""Who alone may import a library: whole folders end with a slash."""

LOADING = {
    "ledger/store/versions.py",
    "service/commands/__init__.py",
    "service/paper_files/treating.py",
    "watchers/sources/bit_network.py",
}
"""Who may load a module when it is called: what most people never need, and what costs them time."""

NAMED_ONLY = (
    "ledger/rules/",
    "ledger/tracing/",
    "ledger/recording/",
    "ledger/views/",
    "ledger/checks/",
)
"""Who is given names of the ledger as types, and takes none apart."""

OF_OTHERS = {
    "ledger/recording/address_requests.py",
    "ledger/recording/papers.py",
    "ledger/recording/users.py",
}
"""Who takes apart what is no name of the ledger: a form's word of itself, the words of a note, the sort of a token."""

TYPED = ("ledger/rules/", "ledger/tracing/", "ledger/views/")

JSON_ITSELF = {"ledger/views/preview.py": "a body, as it was sent"}
"""Where `object` stands in rules, tracing or views, because JSON itself is meant."""

CLOCK_READERS = {
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "monotonic"),
    ("time", "monotonic_ns"),
    ("time", "perf_counter"),
    ("time", "process_time"),
    ("time", "localtime"),
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
}
MOST_LINES = 800
FORBIDDEN_REMARK = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


@dataclass(frozen=True)
class Source:
    path: Path
    name: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """Read when it is asked for: each process of a run collects these tests, and one runs them."""
        return ast.parse(self.text)

    @property
    def module(self) -> str:
        parts = list(Path(self.name).with_suffix("").parts)
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def sources() -> tuple[Source, ...]:
    found = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            found.append(Source(path, path.relative_to(ROOT).as_posix(), text))
    return tuple(found)


def imports_of(tree: ast.AST, module: str, is_package: bool) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """Line, module and imported names of each import statement; relative ones made absolute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, ()
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.split(".") if is_package else module.split(".")[:-1]
                parts = parts[: len(parts) - (node.level - 1)]
                base = ".".join([*parts, base] if base else parts)
            yield node.lineno, base, tuple(alias.name for alias in node.names)


def all_imports() -> Iterator[tuple[Source, int, str, tuple[str, ...]]]:
    for source in sources():
        for line, name, names in imports_of(source.tree, source.module, source.path.name == "__init__.py"):
            yield source, line, name, names


def test_packages_import_only_what_the_law_allows() -> None:
    """service -> all; api -> ledger; watchers -> three modules of ledger.core; ledger -> nothing of ours."""
    wrong = []
    for source, line, name, _ in all_imports():
        top = name.split(".")[0]
        package = source.name.split("/")[0]
        if top not in PACKAGES:
            continue
        if top not in MAY_IMPORT[package]:
            wrong.append(f"{source.name}:{line} imports {name}")
        if package == "watchers" and top == "ledger" and name not in SHARED_WITH_WATCHERS:
            wrong.append(f"{source.name}:{line} imports {name}; only {SHARED_WITH_WATCHERS} are shared")
    assert wrong == []


def test_each_floor_of_the_watchers_imports_only_what_lies_below_it() -> None:
    """Proofs ask nobody, the network knows no dialect, a source knows no look."""
    rooms = ("proof", "net", "sources")

    def floor(module: str) -> int:
        room = module.split(".")[1] if module.count(".") > 1 else ""
        return rooms.index(room) if room in rooms else len(rooms)

    modules = module_graph()
    upward = [
        f"{source.name}:{line} imports {name}"
        for source, line, name, _ in all_imports()
        if source.name.startswith("watchers/") and name.startswith("watchers.") and name in modules
        if floor(name) > floor(source.module)
    ]
    assert upward == []


def test_each_floor_of_the_ledger_imports_only_what_lies_below_it() -> None:
    """Types included: an arrow hidden behind TYPE_CHECKING is an arrow."""
    upward = set()
    for source, _line, name, names in all_imports():
        here = source.module.split(".")
        if here[0] != "ledger" or len(here) < 3:
            continue
        for module in {name, *(f"{name}.{one}" for one in names)}:
            there = module.split(".")
            if there[0] != "ledger" or len(there) < 2 or there[1] not in FLOORS:
                continue
            if FLOORS.index(there[1]) > FLOORS.index(here[1]) and module in module_graph():
                upward.add(f"{source.module} -> {module}")
    assert upward == set()


def test_every_file_of_the_ledger_is_on_a_floor() -> None:
    """No room beside the floors, and no file on the stairs."""
    rooms = {source.name.split("/")[1] for source in sources() if source.name.startswith("ledger/")}
    assert rooms - {"__init__.py"} == set(FLOORS)


def test_no_rule_and_no_answer_takes_a_name_apart() -> None:
    """Names of lines, uses, spends and gifts are made and parsed in `ledger/core` alone, and are types elsewhere."""
    parts = {
        "split",
        "rsplit",
        "partition",
        "rpartition",
        "startswith",
        "endswith",
        "removeprefix",
        "removesuffix",
    }
    apart = {
        source.name
        for source in sources()
        if source.name.startswith(NAMED_ONLY)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in parts
    }
    assert apart == OF_OTHERS


def test_json_is_made_and_read_where_it_is_published_told_or_shown() -> None:
    """What the program keeps for itself are rows: of the ledger, only facts that wait are kept as JSON."""
    uses = {source.name for source, _, name, _ in all_imports() if name == "json"}
    shown = ("ledger/core/", "api/", "watchers/", "service/demo/", "service/commands/")
    assert {name for name in uses if not name.startswith(shown)} == {
        "ledger/recording/drafts.py",
        "service/cli.py",
        "service/logs.py",
    }


def test_rules_tracing_and_views_are_typed() -> None:
    """No cast, no `Any`, no type that is switched off; `object` only where JSON itself is meant."""
    untyped, switched_off = set(), []
    for source in sources():
        if not source.name.startswith(TYPED):
            continue
        switched_off += [
            f"{source.name}:{number}"
            for number, line in enumerate(source.text.splitlines(), 1)
            if "type: ignore" in line
        ]
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Name) and node.id in {"Any", "object"}:
                untyped.add(source.name)
            if isinstance(node, ast.Name) and node.id == "cast":
                switched_off.append(f"{source.name}:{node.lineno}")
    assert switched_off == []
    assert untyped == set(JSON_ITSELF)


def test_no_function_takes_what_it_does_not_read() -> None:
    """A parameter that nobody reads goes; where a caller's shape asks for it, its name begins with an underscore."""
    wrong = []
    for source in sources():
        if source.name.startswith(("tests/", "bench/", "api/ports.py")):  # protocols have callers' names
            continue
        for function in source.tree.body:
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            read = {
                node.id
                for node in ast.walk(function)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
            }
            taken = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
            wrong += [
                f"{source.name}:{function.lineno} {function.name}({one.arg})"
                for one in taken
                if one.arg not in read and not one.arg.startswith("_")
            ]
    assert wrong == []


def test_libraries_stay_behind_their_fences() -> None:
    """SQL in the store, requests in watchers/net/http.py, FastAPI and Jinja2 in api, the scheduler apart."""
    wrong = []
    for source, line, name, names in all_imports():
        for module in {name, *(f"{name}.{one}" for one in names)}:
            for library, places in FENCES.items():
                if module != library and not module.startswith(f"{library}."):
                    continue
                if not any(
                    source.name == p or (p.endswith("/") and source.name.startswith(p)) for p in places
                ):
                    wrong.append(f"{source.name}:{line} imports {module}")
    assert wrong == []


def test_the_network_is_reached_by_public_interfaces() -> None:
    """No private part of requests, urllib3 or PySocks is called or overridden: they change without notice."""
    wrong = []
    for source in sources():
        if not source.name.startswith("watchers/net/"):
            continue
        for node in ast.walk(source.tree):
            if (
                isinstance(node, ast.Attribute)
                and re.match("_[a-z]", node.attr)
                and _dotted(node.value) not in (("self",), ("cls",))
            ):
                wrong.append(f"{source.name}:{node.lineno} {node.attr}")
            if isinstance(node, ast.ClassDef) and any(
                "HTTP" in part or "ocket" in part for part in map(ast.unparse, node.bases)
            ):
                wrong += [
                    f"{source.name}:{inner.lineno} {inner.name}"
                    for inner in node.body
                    if isinstance(inner, ast.FunctionDef) and re.match("_[a-z]", inner.name)
                ]
    assert wrong == []


def test_only_the_clock_module_reads_the_clock() -> None:
    """Everything else is told the time, so that every moment of a ledger can be tested."""
    wrong = []
    for source in sources():
        if source.name == "service/clock.py":
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Attribute) and _dotted(node)[-2:] in CLOCK_READERS:
                wrong.append(f"{source.name}:{node.lineno} reads {'.'.join(_dotted(node))}")
            if isinstance(node, ast.ImportFrom) and node.module == "time":
                bad = {alias.name for alias in node.names} & {name for top, name in CLOCK_READERS}
                if bad:
                    wrong.append(f"{source.name}:{node.lineno} imports {sorted(bad)} from time")
    assert wrong == []


def _dotted(node: ast.AST) -> tuple[str, ...]:
    if isinstance(node, ast.Attribute):
        return (*_dotted(node.value), node.attr)
    if isinstance(node, ast.Name):
        return ({"dt": "datetime"}.get(node.id, node.id),)
    return ()


def test_no_test_sleeps() -> None:
    """A pause long enough on one machine is too short on another; only real programs are waited for, in one place."""
    wrong = []
    for path in sorted((ROOT / "tests").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name == "tests/node/waiting.py" or "/." in name:  # real programs' own files lie in hidden folders
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and _dotted(node) == ("time", "sleep"):
                wrong.append(f"{name}:{node.lineno}")
            if isinstance(node, ast.ImportFrom) and node.module == "time":
                wrong += [f"{name}:{node.lineno}" for alias in node.names if alias.name == "sleep"]
    assert wrong == []


def test_only_service_reads_the_environment() -> None:
    """Ledger, watchers and api are told everything; nothing of theirs depends on the machine."""
    wrong = [
        f"{source.name}:{node.lineno}"
        for source in sources()
        if not source.name.startswith("service/")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and _dotted(node) in {("os", "environ"), ("os", "getenv")}
    ]
    assert wrong == []


def test_nothing_is_imported_inside_a_function() -> None:
    """An import in a function hides a dependency, most often a cycle.

    But a command is loaded when it is called, and a second opinion when it is asked for.
    """
    wrong = [
        f"{source.name}:{inner.lineno}"
        for source in sources()
        if source.name not in LOADING
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
        or (isinstance(inner, ast.Call) and _dotted(inner.func)[-1:] in {("import_module",), ("__import__",)})
    ]
    assert wrong == []


def module_graph() -> dict[str, set[str]]:
    """Which module imports which, those for the type checker included."""
    modules = {source.module for source in sources()}
    graph: dict[str, set[str]] = {module: set() for module in modules}
    for source in sources():
        for _, name, names in imports_of(source.tree, source.module, source.path.name == "__init__.py"):
            for target in (name, *(f"{name}.{one}" for one in names)):
                if target in modules and target != source.module:
                    graph[source.module].add(target)
            inside = [one for one in names if f"{name}.{one}" in modules]
            if inside and len(inside) == len(names):
                graph[source.module].discard(name)
    return graph


def test_no_module_imports_itself_by_a_detour() -> None:
    """The graph of imports has no cycle."""
    graph = module_graph()
    state: dict[str, int] = {}
    path: list[str] = []

    def walk(module: str) -> list[str] | None:
        state[module] = 1
        path.append(module)
        for target in sorted(graph[module]):
            if state.get(target) == 1:
                return [*path[path.index(target) :], target]
            if target not in state and (cycle := walk(target)) is not None:
                return cycle
        path.pop()
        state[module] = 2
        return None

    for module in sorted(graph):
        if module not in state:
            assert walk(module) is None


@pytest.mark.parametrize("source", sources(), ids=lambda source: source.name)
def test_each_file_is_short_and_says_what_it_is(source: Source) -> None:
    """One concept, opened by a docstring, without remarks of work left over."""
    length = len(source.text.splitlines())
    assert length < MOST_LINES
    assert not source.text.strip() or ast.get_docstring(source.tree), "no docstring says what this file is"
    assert FORBIDDEN_REMARK.search(source.text) is None


def test_the_core_knows_no_single_campaign() -> None:
    """Goods are declared by a campaign: no code of ledger or watchers holds the word for one of them."""
    wrong = []
    for source in sources():
        if source.name.split("/")[0] not in {"ledger", "watchers"}:
            continue
        prose = {
            id(node.body[0].value)
            for node in ast.walk(source.tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        wrong += [
            f"{source.name}:{node.lineno}"
            for node in ast.walk(source.tree)
            if isinstance(node, ast.Constant)
            and id(node) not in prose
            and isinstance(node.value, str)
            and re.search(r"\bmasks?\b", node.value, re.IGNORECASE)
        ]
    assert wrong == []


BREACHES = {
    "from watchers import look\n": ("api/x.py", "law"),
    "from ledger.core.money import decimal_text\n": ("watchers/x.py", "law"),
    "import requests\n": ("service/x.py", "fence"),
    "import sqlite3\n": ("service/x.py", "fence"),
}


@pytest.mark.parametrize("text", BREACHES)
def test_the_law_notices_a_breach(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A planted breach is named, so these tests can fail."""
    name, rule = BREACHES[text]
    planted = Source(ROOT / name, name, text)
    monkeypatch.setitem(globals(), "sources", lambda: (planted,))
    check = {
        "law": test_packages_import_only_what_the_law_allows,
        "fence": test_libraries_stay_behind_their_fences,
    }[rule]
    with pytest.raises(AssertionError, match=name):
        check()


def test_the_first_migration_is_written_as_the_tables_are_declared() -> None:
    """Until the first release, whoever changes a table or a guard writes its statements anew."""
    stale = [
        file.name
        for file, text in statements().items()
        if not file.exists() or file.read_text(encoding="utf-8") != text
    ]
    assert stale == [], "run .venv/bin/python -m tests.tools.first_migration"

"""Imports run downward only; the house stays small, pure where it says so, and free of machine paths."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "hmgeo"

FLOORS = (
    {"errors", "vocabulary"},
    {"records"},
    {"geodesy", "datum", "reference"},
    {"rules"},
    {"findings"},
    {"layers", "analysis", "outputs"},
    {"project"},
    {"web"},
    {"hmgeo"},
    {"commands"},
    {"cli"},
    {"__main__"},
)
"""Rooms, lowest first; rooms on one floor are strangers. `hmgeo` is the package's own `__init__`."""

HEIGHT = {room: height for height, floor in enumerate(FLOORS) for room in floor}
MAX_MODULE_LINES = 350
MAX_FUNCTION_LINES = 60


class Import(NamedTuple):
    """One import statement, or a string that names a module of ours."""

    module: str
    line: int
    target: str
    for_types: bool


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> dict[str, Path]:
    return {module_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def room_of(module: str) -> str:
    """Return the room of a module of ours: the part after `hmgeo.`."""
    return module.split(".")[1] if "." in module else module


def is_types_only(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def nodes_with_flag(node: ast.AST, *, for_types: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    """Walk the tree; the flag says whether a node stands under `if TYPE_CHECKING`."""
    yield node, for_types
    if isinstance(node, ast.If) and is_types_only(node.test):
        for child in node.body:
            yield from nodes_with_flag(child, for_types=True)
        for child in node.orelse:
            yield from nodes_with_flag(child, for_types=for_types)
        return
    for child in ast.iter_child_nodes(node):
        yield from nodes_with_flag(child, for_types=for_types)


def from_targets(module: str, path: Path, node: ast.ImportFrom) -> list[str]:
    """Return what a `from … import …` reaches: submodules where the names are modules, else the module itself."""
    base = node.module or ""
    if node.level:
        package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
        base = ".".join([*package[: len(package) - node.level + 1], *filter(None, [base])])
    named = [f"{base}.{alias.name}" for alias in node.names]
    return [name if name in modules() or name == "hmgeo.__version__" else base for name in named]


def bare_target(path: Path) -> str:
    """Return what a bare `import hmgeo` reaches: the version alone, or the public API."""
    taken = {
        node.attr
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "hmgeo"
    }
    return "hmgeo.__version__" if taken <= {"__version__"} else "hmgeo"


def targets_of(module: str, path: Path, node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [bare_target(path) if alias.name == "hmgeo" else alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return from_targets(module, path, node)
    names_module = isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value
    if module != "hmgeo" and names_module and node.value in modules():
        return [node.value]
    return []


@cache
def all_imports() -> tuple[Import, ...]:
    """Return every import of every module: at the top, inside functions, under TYPE_CHECKING, and by name."""
    return tuple(
        Import(module, getattr(node, "lineno", 0), target, for_types)
        for module, path in modules().items()
        for node, for_types in nodes_with_flag(tree_of(path))
        for target in targets_of(module, path, node)
    )


def inner_imports() -> list[Import]:
    """Return imports of our own modules; the version string is nobody's room."""
    ours = [found for found in all_imports() if found.target == "hmgeo" or found.target.startswith("hmgeo.")]
    return [found for found in ours if found.target != "hmgeo.__version__"]


def reachable(rooms_of: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for room in rooms_of.get(waiting.pop(), set()) - seen:
            seen.add(room)
            waiting.append(room)
    return seen


def room_graph() -> dict[str, set[str]]:
    graph: dict[str, set[str]] = {}
    for found in inner_imports():
        graph.setdefault(room_of(found.module), set()).add(room_of(found.target))
    return graph


def test_every_module_lives_in_a_room() -> None:
    assert {room_of(module) for module in modules()} - HEIGHT.keys() == set()


def test_imports_run_downward_only() -> None:
    wrong = [
        f"{found.module}:{found.line} imports {found.target}"
        for found in inner_imports()
        if room_of(found.module) != room_of(found.target)
        and HEIGHT[room_of(found.target)] >= HEIGHT[room_of(found.module)]
    ]
    assert wrong == []


def test_layers_analysis_and_outputs_are_strangers_however_long_the_way() -> None:
    graph = room_graph()
    strangers = {"layers", "analysis", "outputs"}
    assert {room: reachable(graph, room) & (strangers - {room}) for room in strangers} == {
        "layers": set(),
        "analysis": set(),
        "outputs": set(),
    }


def test_findings_may_import_rules_never_the_reverse() -> None:
    assert HEIGHT["findings"] > HEIGHT["rules"]
    assert "findings" not in reachable(room_graph(), "rules")


def test_no_module_reaches_itself() -> None:
    graph: dict[str, set[str]] = {}
    for found in inner_imports():
        if not found.for_types and found.module != found.target:
            graph.setdefault(found.module, set()).add(found.target)
    assert [module for module in modules() if module in reachable(graph, module)] == []


def test_typer_is_known_to_the_command_line_alone() -> None:
    assert {room_of(found.module) for found in all_imports() if found.target.split(".")[0] == "typer"} <= {
        "cli",
        "commands",
    }


def test_measuring_and_judging_know_no_files() -> None:
    pure = {"errors", "vocabulary", "records", "geodesy", "datum", "findings", "analysis"}
    of_files = {"pathlib", "os", "io", "shutil", "tempfile", "subprocess", "pyogrio", "fiona", "openpyxl", "xlsxwriter"}
    wrong = [
        f"{found.module}:{found.line} imports {found.target}"
        for found in all_imports()
        if room_of(found.module) in pure and found.target.split(".")[0] in of_files and not found.for_types
    ]
    assert wrong == []


def test_inner_package_files_are_empty() -> None:
    inner = [path for path in PACKAGE.rglob("__init__.py") if path.parent != PACKAGE]
    assert [module_of(path) for path in inner if path.read_text(encoding="utf-8").strip()] == []


def heavy_packages_after(statement: str, heavy: set[str]) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603  (own code)
    return heavy & set(done.stdout.split())


def test_import_hmgeo_is_light() -> None:
    heavy = {"geopandas", "pandas", "rasterio", "folium", "numba", "pyogrio", "pyarrow", "shapely", "typer"}
    assert heavy_packages_after("import hmgeo", heavy) == set()


@pytest.mark.skipif(
    importlib.util.find_spec("hmgeo.analysis.proximity") is None, reason="the distance engine is not there"
)
def test_the_distance_engine_needs_no_geopandas() -> None:
    heavy = {"geopandas", "pandas", "rasterio", "folium", "pyogrio"}
    assert heavy_packages_after("import hmgeo.analysis.proximity", heavy) == set()


def test_modules_stay_small() -> None:
    lines = {module: len(path.read_text(encoding="utf-8").splitlines()) for module, path in modules().items()}
    assert {module: count for module, count in lines.items() if count > MAX_MODULE_LINES} == {}


def test_functions_stay_small() -> None:
    lengths = {
        f"{module}:{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for module, path in modules().items()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: count for name, count in lengths.items() if count > MAX_FUNCTION_LINES} == {}


MACHINE_PATH = re.compile(r"(?<![\w.\-/])/(?:work|root|tmp|home|Users|mnt)/|[A-Z]:\\\\?Users\\")
TEXT_SUFFIXES = {".py", ".yml", ".yaml", ".md", ".toml", ".cfg", ".json", ".j2", ".sh", ".ipynb", ".geojson", ".csv"}
FOLDERS = ("src", "tools", "examples", "docs", "layers", "maps", "notebooks", "benchmarks", "tests", ".ci")
VENDORED = "assets"


def shipped_texts() -> Iterator[Path]:
    yield from (
        path
        for path in ROOT.iterdir()
        if path.is_file() and path.name != ".git" and path.suffix in TEXT_SUFFIXES | {""}
    )
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in TEXT_SUFFIXES and VENDORED not in path.parts and path.is_file():
                yield path


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in shipped_texts()
        if path != Path(__file__).resolve()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if MACHINE_PATH.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("line", "is_machine_path"),
    [
        ("open('/home/me/a.csv')", True),
        ("see /tmp/x", True),
        (r"C:\Users\me", True),
        ("https://example.org/home/page", False),
        ("runs/tmp/x", False),
    ],
)
def test_the_pattern_tells_paths_from_addresses(line: str, *, is_machine_path: bool) -> None:
    assert bool(MACHINE_PATH.search(line)) is is_machine_path


def test_the_reader_sees_imports_wherever_they_hide() -> None:
    text = (
        "if TYPE_CHECKING:\n    from hmgeo.records import Layer\n"
        "def f():\n    from . import results\n    from ..rules import load\n    import_module('hmgeo.geodesy')\n"
    )
    path = PACKAGE / "findings" / "columns.py"
    seen = [
        (target, for_types)
        for node, for_types in nodes_with_flag(ast.parse(text))
        for target in targets_of("hmgeo.findings.columns", path, node)
    ]
    known = [("hmgeo.records", True), ("hmgeo.findings.results", False)]
    assert seen[:2] == known
    assert seen[2][0].startswith("hmgeo.rules")
    assert [target for target, _ in seen[3:]] == (["hmgeo.geodesy"] if "hmgeo.geodesy" in modules() else [])

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

BELOW: dict[str, set[str]] = {
    "cli": {"commands"},
    "commands": {"hmgeo", "compare"},
    "compare": {"project"},
    "hmgeo": {"project"},
    "project": {"screening", "siting", "register", "outputs", "intake"},
    "screening": {"terrain", "proximity"},
    "siting": {"terrain", "proximity"},
    "register": {"results", "rules", "geo"},
    "terrain": {"water"},
    "water": {"judging"},
    "judging": {"results", "rules", "geo"},
    "outputs": {"results", "rules", "geo"},
    "intake": {"results", "rules", "geo"},
    "proximity": {"results", "rules", "geo"},
    "results": {"reference"},
    "rules": {"reference"},
    "geo": {"reference"},
    "reference": {"records"},
    "records": {"words", "errors"},
    "words": {"vocabulary"},
    "errors": {"vocabulary"},
    "vocabulary": set(),
}
"""Rooms, and those right below each; imports run down these ways only. `hmgeo` is the package's own `__init__`."""

STRANGERS = (
    {"intake", "outputs", "register", "screening", "siting"},
    {"terrain", "proximity"},
    {"judging", "proximity"},
    {"results", "rules", "geo"},
)
"""Rooms that never reach one another, however long the way."""

MAX_MODULE_LINES = 800
MAX_FUNCTION_LINES = 60
MAX_MODULES_IN_A_FOLDER = 12

ONE_IMPORTER = {
    "hmgeo.siting.candidates": "choosing places is siting; reading and writing them is the project's",
    "hmgeo.commands.books": "one group of commands",
    "hmgeo.commands.projects": "one group of commands",
    "hmgeo.commands.sites": "one group of commands",
    "hmgeo.compare.archive": "one command",
    "hmgeo.compare.diff": "one command",
    "hmgeo.compare.ledger": "one command",
    "hmgeo.geo.land_area": "a geometric measure of its own; benchmarks and tests call it bare",
    "hmgeo.intake.formats.bulk": "when GDAL's bulk reading gives the same",
    "hmgeo.intake.formats.packed": "what happens only to layers larger than memory",
    "hmgeo.reference.compiling": "numba is loaded only to compile",
    "hmgeo.judging.cases": "worked cases answer from their own words, without layers",
    "hmgeo.outputs.map.click": "the page's own siting check",
    "hmgeo.outputs.map.shell": "imports folium, loaded where no frame of a page is kept",
    "hmgeo.outputs.sheets.cards": "a print job in millimetres and in black",
    "hmgeo.outputs.sheets.siting": "a workbook of its own",
    "hmgeo.project.flow": "one command",
    "hmgeo.project.registers": "one command",
    "hmgeo.project.sites.choosing": "four commands",
    "hmgeo.proximity.pair_runs": "compiled, loaded where pairs are written",
    "hmgeo.proximity.run": "imports numba, which the interface must not",
    "hmgeo.register.sheets": "what a register shows",
    "hmgeo.rules.read": "the grammar of rule files, apart from the book",
    "hmgeo.siting.kept": "remembers what any function concludes from facts; knows no clause",
    "hmgeo.siting.key_areas": "fills a column of any table",
    "hmgeo.siting.page_rules": "speaks to the page, not to a person",
    "hmgeo.siting.targets": "one kind of clause with arithmetic of its own",
    "hmgeo.terrain.barrier": "one subject of terrain",
    "hmgeo.terrain.radius": "one subject of terrain",
    "hmgeo.water.sampling": "proposals, where the rest of the room answers",
}
"""Modules that a single other one imports, and why each is a file of its own."""


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
    assert {room_of(module) for module in modules()} - BELOW.keys() == set()


def test_imports_run_downward_only() -> None:
    wrong = [
        f"{found.module}:{found.line} imports {found.target}"
        for found in inner_imports()
        if room_of(found.module) != room_of(found.target)
        and room_of(found.target) not in reachable(BELOW, room_of(found.module))
    ]
    assert wrong == []


def test_strangers_stay_strangers_however_long_the_way() -> None:
    graph = room_graph()
    met = {room: reachable(graph, room) & (rooms - {room}) for rooms in STRANGERS for room in rooms}
    assert {room: others for room, others in met.items() if others} == {}


def test_no_module_reaches_itself_types_counted() -> None:
    graph: dict[str, set[str]] = {}
    for found in inner_imports():
        if found.module != found.target:
            graph.setdefault(found.module, set()).add(found.target)
    assert [module for module in modules() if module in reachable(graph, module)] == []


def test_a_module_that_one_other_imports_says_why_it_is_a_file() -> None:
    public = {node.value for node in ast.walk(tree_of(PACKAGE / "__init__.py")) if isinstance(node, ast.Constant)}
    importers: dict[str, set[str]] = {}
    for found in inner_imports():
        is_module = modules().get(found.target, PACKAGE).name != "__init__.py"
        if is_module and found.module != found.target and found.target not in public:
            importers.setdefault(found.target, set()).add(found.module)
    alone = {module for module, by in importers.items() if len(by) == 1}
    assert alone - ONE_IMPORTER.keys() == set()
    assert ONE_IMPORTER.keys() - alone == set()


def test_typer_is_known_to_the_command_line_alone() -> None:
    assert {room_of(found.module) for found in all_imports() if found.target.split(".")[0] == "typer"} <= {
        "cli",
        "commands",
    }


def test_measuring_and_judging_know_no_files() -> None:
    measuring = {"proximity", "judging", "water", "terrain", "screening", "siting", "register"}
    pure = {"errors", "vocabulary", "records", "geo", "results", *measuring}
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


def test_the_distance_engine_needs_no_geopandas() -> None:
    heavy = {"geopandas", "pandas", "rasterio", "folium", "pyogrio"}
    assert heavy_packages_after("import hmgeo.proximity.measure", heavy) == set()


def test_a_run_that_is_kept_loads_nothing_that_judges_draws_or_reads_maps() -> None:
    own = {"hmgeo.project.run", "hmgeo.judging.bench", "hmgeo.outputs.wording", "hmgeo.proximity.run"}
    heavy = {"geopandas", "pandas", "rasterio", "folium", "numba", "pyogrio", "reportlab", "xlsxwriter", "scipy"}
    assert heavy_packages_after("from hmgeo.project.folder import Asked, kept_run", heavy | own) == set()


def test_modules_stay_small() -> None:
    lines = {module: len(path.read_text(encoding="utf-8").splitlines()) for module, path in modules().items()}
    assert {module: count for module, count in lines.items() if count > MAX_MODULE_LINES} == {}


def test_folders_hold_a_dozen_modules_at_most() -> None:
    held: dict[str, int] = {}
    for path in modules().values():
        if path.name != "__init__.py" and path.parent != PACKAGE:
            folder = path.parent.relative_to(PACKAGE).as_posix()
            held[folder] = held.get(folder, 0) + 1
    assert {folder: count for folder, count in held.items() if count > MAX_MODULES_IN_A_FOLDER} == {}


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
        "def f():\n    from . import results\n    from ..rules import read\n    import_module('hmgeo.geo.datum')\n"
    )
    path = PACKAGE / "results" / "columns.py"
    seen = [
        (target, for_types)
        for node, for_types in nodes_with_flag(ast.parse(text))
        for target in targets_of("hmgeo.results.columns", path, node)
    ]
    assert seen == [
        ("hmgeo.records", True),
        ("hmgeo.results.results", False),
        ("hmgeo.rules.read", False),
        ("hmgeo.geo.datum", False),
    ]


def test_the_picture_of_the_house_is_drawn_from_its_imports() -> None:
    spec = importlib.util.spec_from_file_location("architecture", ROOT / "tools" / "architecture.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    shown = tool.PAGE.read_text(encoding="utf-8")
    assert tool.page(shown) == shown, "python tools/architecture.py"

"""Plants small mistakes in what decides, one at a time, and sees whether the tests notice.

``python tools/mutants.py cover`` runs the quick tests once and keeps which lines each one reaches;
``python tools/mutants.py run --count 300 --seed 24`` plants a seeded sample of mistakes, runs the tests that reach the
changed line, cheapest first, until one fails, and lists the mistakes that no test noticed. What is known of those, and
the last score, stands in docs/reliability.md. A run that was ended goes on where it was when it is asked for again;
``run --again mutants.json --out again.json --only test_x`` plants those again that nobody noticed, before new tests.

A mistake is planted in the running process: the code of a function is exchanged, so that every module that holds the
function has it, and each run is a process of its own, forked where everything is loaded already. Compiled functions and
what runs when a module is loaded are left out: the first are held against plain ones by tests of their own.
"""

from __future__ import annotations

import argparse
import ast
import copy
import gc
import importlib
import json
import os
import random
import signal
import sys
import threading
import time
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "hmgeo"
TARGETS = {
    "judging": ("applies", "choices", "clause_tests", "crosscheck", "facts", "judge", "layers", "places"),
    "proximity": ("elsewhere", "measure", "run", "tally", "units"),
    "screening": ("evidence", "land", "screen", "somewhere"),
    "results": ("text",),
    "geo": ("distance", "land_area"),
}
"""The modules that judge, decide what is near, screen, hold a search against a coverage, and round."""
NOT_QUICK = ("shipped_results", "own_run", "browser", "slow")
"""Fixtures and marks: whole shipped projects, pages in a browser."""
QUIET = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts=", "-W", "ignore"]
NO_DECISION = ("strict", "use_threads", "zero_copy_only", "cancel_futures")
"""Named arguments that guard or hasten, and never change a value: `zip(…, strict=True)` over columns of one table."""
SAME_ANSWER: dict[tuple[str, str], str] = {
    ("in_order", "threads == 1"): "a pool of one thread does the same, one after the other",
    ("in_order", "pool.shutdown("): "whether it waits changes when it ends, not what came out",
    ("Sources.split", "HALF_TURN_DEG / 2"): "a source on a pole gets no grid either",
    ("_cells", " or 1) + 0.5"): "cells that miss the place are left out",
    ("Search.rows_at_once", ""): "how many rows make a unit",
    ("Search._room", "len(room[0]) >= size"): "room that isn't kept is had anew",
    ("Search._add_general", "if len(odd):"): "a box without bounds meets every source, and all that meet are measured",
    ("_GeneralSearch._meet", "moved = "): "a larger box meets more, and all that meet are measured",
    ("_number_outcome", "inner = "): "a limit that is an end of the range is asked as that end already",
    ("named_place", "tables = "): "an empty cell names no county of any table",
    ("_bounded_pass", "far.best_m[:, :1]"): "only the first column is asked",
    ("_balls", "usable = "): "a box has all of its four numbers, or none",
    ("_balls", "half = "): "a larger ball leaves more to be measured",
    ("_counts", "near = "): "a receptor too many lies outside every radius",
    ("_meeting", "turns = "): "a parcel too many lies outside every radius",
    ("_directions", "width += "): "a wider fan cuts the same parcel out of the circle",
    ("_directions", "turn = "): "what seems wider than it is is cut by the whole circle",
    ("Tally.add", "_SPARE_ROWS"): "when rows that are nobody's nearest any more are let go",
    ("_directions", "return np.floor("): "a side of the circle more or less lies within that margin",
    ("ClippedAreas.clipped_m2", "arc_m = "): "a parcel held to cross the circle is cut by it, and stays whole inside",
    ("chord_tolerance_m", "bound: "): "a wider tolerance has more geodesics measured",
    ("box_around", ""): "a larger box holds more to be measured",
    ("pair_distances", "cuts = "): "all pairs at once, in one piece of memory",
    ("_cut_long_edges", "if pieces.max("): "edges that needn't be cut are cut into one",
}
"""Function and part of a line: a survivor there changes cost, never an answer; larger, wider or more is what it makes.

That so much more changes nothing is held by `…change_no…` of tests/test_geo_limits.py and tests/test_engine_limits.py.
What makes a box smaller than it must be is no such mistake: tests notice it.
"""
MODULE_LIMIT_S = 400

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}  # fmt: skip
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any", "minimum": "maximum", "maximum": "minimum",
         "floor": "ceil", "ceil": "floor"}  # fmt: skip
Change = tuple[str, "Callable[[], None]"]


def changes(node: ast.AST) -> Iterator[Change]:
    """Yield what could be mistaken at a node: words, and what plants it there."""
    if isinstance(node, ast.Compare):
        for at, found in enumerate(node.ops):
            other = COMPARISONS[type(found)]
            yield f"{type(found).__name__} → {other.__name__}", partial(_set, node.ops, at, other())
    elif isinstance(node, ast.If | ast.IfExp):
        value = node.lineno % 2 == 0  # one of both, so that limits aren't a rarity among the mistakes
        yield f"if … → if {value}", partial(setattr, node, "test", ast.Constant(value))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not dropped", partial(setattr, node, "operand", ast.UnaryOp(ast.Not(), node.operand))
    else:
        name, old, new = _exchanged(node)
        if old != new or isinstance(new, bool | ast.AST):
            words = [type(one).__name__ if isinstance(one, ast.AST) else str(one) for one in (old, new)]
            yield " → ".join(words), partial(setattr, node, name, new)


def _exchanged(node: ast.AST) -> tuple[str, Any, Any]:
    """Return which field of a node may be another, what it is, and what it becomes; twice the same where none may."""
    found: tuple[str, Any, Any] = "", None, None
    match node:
        case ast.BoolOp():
            found = "op", node.op, ast.Or() if isinstance(node.op, ast.And) else ast.And()
        case ast.BinOp() if type(node.op) in OPERATORS:
            found = "op", node.op, OPERATORS[type(node.op)]()
        case ast.UnaryOp(op=ast.Invert() | ast.USub()):
            found = "op", node.op, ast.UAdd()
        case ast.Constant(value=bool()):
            found = "value", node.value, not node.value
        case ast.Constant(value=int() | float()):
            found = "value", node.value, node.value + 1  # type: ignore[operator]  # numbers by the line above
        case ast.Name():
            found = "id", node.id, NAMES.get(node.id, node.id)
        case ast.Attribute():
            found = "attr", node.attr, NAMES.get(node.attr, node.attr)
    return found


def _set(held: list[ast.cmpop], at: int, value: ast.cmpop) -> None:
    held[at] = value


def _runs(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a function that run and decide: no annotation, no default, no decorator, no `NO_DECISION`."""
    skipped: set[int] = set()
    for one in ast.walk(node):
        if isinstance(one, ast.FunctionDef):
            skipped |= {id(part) for part in (one.args, one.returns, *one.decorator_list)}
        elif isinstance(one, ast.AnnAssign):
            skipped.add(id(one.annotation))
        elif isinstance(one, ast.keyword) and one.arg in NO_DECISION:
            skipped.add(id(one))
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += [inner for inner in ast.iter_child_nodes(one) if id(inner) not in skipped]


@dataclass(frozen=True)
class Mutant:
    """One mistake: which of the function's possible ones, and where it lies."""

    path: str
    function: str
    function_line: int
    number: int
    line: int
    words: str

    def told(self) -> str:
        """Return where it lies, what it is, and the line."""
        text = _lines(ROOT / self.path)[self.line - 1].strip()
        return f"{self.path}:{self.line} {self.function}: {self.words}: `{text}`"


@cache
def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield outermost functions with their qualified names; compiled ones are left out."""
    waiting: list[tuple[str, ast.stmt]] = [("", node) for node in tree.body]
    while waiting:
        above, node = waiting.pop(0)
        if isinstance(node, ast.ClassDef):
            waiting += [(f"{above}{node.name}.", inner) for inner in node.body]
        elif isinstance(node, ast.FunctionDef) and not {"compiled", "inner"} & {
            one.id for one in node.decorator_list if isinstance(one, ast.Name)
        }:
            yield f"{above}{node.name}", node


def mutants() -> Iterator[Mutant]:
    """Yield every mistake that could be planted."""
    for room, modules in TARGETS.items():
        for module in modules:
            path = PACKAGE / room / f"{module}.py"
            for name, function in _functions(ast.parse(path.read_text(encoding="utf-8"))):
                number = 0
                for node in _runs(function):
                    for words, _ in changes(node):
                        line = getattr(node, "lineno", function.lineno)
                        yield Mutant(path.relative_to(ROOT).as_posix(), name, function.lineno, number, line, words)
                        number += 1


def _code(mutant: Mutant) -> CodeType:
    path = ROOT / mutant.path
    tree = copy.deepcopy(ast.parse(path.read_text(encoding="utf-8")))
    function = next(
        one for name, one in _functions(tree) if (name, one.lineno) == (mutant.function, mutant.function_line)
    )
    possible = [plant for node in _runs(function) for _, plant in changes(node)]
    possible[mutant.number]()
    ast.fix_missing_locations(tree)
    waiting = [compile(tree, str(path), "exec", dont_inherit=True)]
    while waiting:
        code = waiting.pop()
        if code.co_qualname == mutant.function and _first_line(function) == code.co_firstlineno:
            return code
        waiting += [one for one in code.co_consts if isinstance(one, CodeType)]
    raise LookupError(mutant)


def _first_line(function: ast.FunctionDef) -> int:
    return min([function.lineno, *(one.lineno for one in function.decorator_list)])


def plant(mutant: Mutant) -> int:
    """Exchange the code of a function wherever it is held; return how many hold it."""
    code, count = _code(mutant), 0
    importlib.import_module(".".join(Path(mutant.path).with_suffix("").parts[1:]))
    for one in gc.get_objects():
        if isinstance(one, FunctionType):
            old = one.__code__
            if (old.co_filename, old.co_qualname, old.co_firstlineno) == (
                code.co_filename,
                code.co_qualname,
                code.co_firstlineno,
            ):
                one.__code__ = code
                count += 1
    return count


class Watch:
    """A plugin that notes which lines of the targets each test reaches, in all threads, its time, whether it passes.

    What a fixture of a whole module reaches is reached by every test that asks for it.
    """

    def __init__(self) -> None:
        self.files = {str(PACKAGE / room / f"{one}.py") for room, modules in TARGETS.items() for one in modules}
        self.lines: set[tuple[str, int]] = set()
        self.shared_s = 0.0
        self.shared: dict[str, tuple[set[tuple[str, int]], float]] = {}
        self.tests: dict[str, dict[str, Any]] = {}

    def _trace(self, frame: FrameType, _event: str, _: object) -> Any:  # noqa: ANN401 -- what sys.settrace asks for
        if frame.f_code.co_filename not in self.files:
            return None
        self.lines.add((frame.f_code.co_filename, frame.f_lineno))
        return self._trace

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Iterator[None]:
        """Note a fixture that several tests share."""
        if fixturedef.scope == "function":
            return (yield)
        before, before_s, began = self.lines, self.shared_s, time.perf_counter()
        self.lines = set()
        try:
            return (yield)
        finally:
            took_s = time.perf_counter() - began
            known, known_s = self.shared.get(fixturedef.argname, (set(), 0.0))
            self.shared[fixturedef.argname] = known | self.lines, max(known_s, took_s)
            self.lines |= before
            self.shared_s = before_s + took_s

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Note one test."""
        self.lines, self.shared_s, began = set(), 0.0, time.perf_counter()
        threading.settrace(self._trace)
        sys.settrace(self._trace)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            threading.settrace(None)
            asked = {name: self.shared[name] for name in getattr(item, "fixturenames", ()) if name in self.shared}
            lines = self.lines.union(*(reached for reached, _ in asked.values()))
            reached = sorted(f"{Path(path).relative_to(ROOT).as_posix()}:{line}" for path, line in lines)
            took_s = time.perf_counter() - began - self.shared_s
            shared_s = {name: seconds for name, (_, seconds) in asked.items()}
            known = self.tests.setdefault(item.nodeid, {"passed": False})
            self.tests[item.nodeid] = {**known, "took": took_s, "shared": shared_s, "lines": reached}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note whether a test passed."""
        if report.when == "call":
            self.tests.setdefault(report.nodeid, {})["passed"] = report.passed


class Quick:
    """A plugin that leaves out what isn't quick."""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out tests by their fixtures and marks."""
        items[:] = [
            one
            for one in items
            if not {*getattr(one, "fixturenames", ()), *(mark.name for mark in one.iter_markers())} & {*NOT_QUICK}
        ]


class Trial:
    """A plugin that runs no test itself: for each mistake it runs those that reach it in a process of their own.

    A mistake counts as noticed only by a test that passes, in such a process, without it.
    """

    def __init__(
        self,
        sample: Sequence[Mutant],
        held: dict[str, dict[str, Any]],
        out: Path,
        longest_s: float,
        earlier: Mapping[Mutant, dict[str, Any]],
    ) -> None:
        self.sample, self.held, self.out, self.longest_s, self.earlier = sample, held, out, longest_s, earlier
        self.reaching = _reaching(held)
        self.sound: dict[str, bool] = {}
        self.running = ""
        self.known = told_in(out) if out.is_file() else {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Plant one mistake after the other; those whose end is known already aren't planted again."""
        items = {one.nodeid: one for one in session.items}
        for number, mutant in enumerate(self.sample, 1):
            if mutant in self.known:
                continue
            names = [one for one in self.reaching.get(f"{mutant.path}:{mutant.line}", []) if one in items]
            ended, by = self._ended(mutant, [items[one] for one in names])
            self.known[mutant] = {"mutant": asdict(mutant), "ended": ended, "by": by}
            told = list(self.known.values())
            self.out.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
            if not ended.startswith("noticed"):
                print(f"{number} {ended} ({by}): {mutant.told()}", flush=True)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """End at the first test that notices."""
        if report.failed:
            Path(self.running).write_text(report.nodeid, encoding="utf-8")
            os._exit(1)

    def _ended(self, mutant: Mutant, reaching: Sequence[pytest.Item]) -> tuple[str, str]:
        """Return how it ended, and the test that noticed or how many were asked."""
        chosen, total_s, made = list[pytest.Item](), 0.0, set[str]()
        for item in reaching:
            if not self.sound.get(item.nodeid, True):
                continue
            module = item.nodeid.partition("::")[0]
            known = self.held[item.nodeid]
            fresh = {name: seconds for name, seconds in known["shared"].items() if f"{module} {name}" not in made}
            if total_s + known["took"] + sum(fresh.values()) > self.longest_s and chosen:
                continue
            total_s += known["took"] + sum(fresh.values())
            made |= {f"{module} {name}" for name in fresh}
            chosen.append(item)
        if not chosen:
            before = self.earlier.get(mutant, {"ended": "not reached", "by": ""})
            return before["ended"], before["by"]
        ended, by = self._planted(mutant, chosen, 20 + 3 * total_s)
        if by and not self._is_sound(next(one for one in chosen if one.nodeid == by)):
            return self._ended(mutant, reaching)
        words = {0: "survived", 1: "noticed", None: "noticed by taking too long"}.get(ended, f"ended {ended}")
        words = "noticed by a crash" if ended is not None and ended < 0 else words
        return words, by or f"{len(chosen)} tests, {total_s:.0f} s"

    def _is_sound(self, item: pytest.Item) -> bool:
        if item.nodeid not in self.sound:
            self.sound[item.nodeid] = self._planted(None, [item], 300)[0] == 0
            if not self.sound[item.nodeid]:
                print(f"fails without a mistake: {item.nodeid}", flush=True)
        return self.sound[item.nodeid]

    def _planted(self, mutant: Mutant | None, chosen: Sequence[pytest.Item], limit_s: float) -> tuple[int | None, str]:
        """Run tests with a mistake; return the exit code and the test that failed."""
        self.running = f"{self.out}.failed"
        Path(self.running).unlink(missing_ok=True)

        def work() -> int:
            if mutant is not None and not plant(mutant):
                return 71
            for item, following in zip(chosen, [*chosen[1:], None], strict=True):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            return 0

        ended = _apart(work, limit_s)
        return ended, Path(self.running).read_text(encoding="utf-8") if Path(self.running).is_file() else ""


def _apart(work: Callable[[], int], limit_s: float) -> int | None:
    """Run work in a forked process with silent streams; None where it took too long."""
    child = os.fork()
    if child == 0:
        os.setsid()
        void = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(void, stream)
        code = 70
        try:
            code = work()
        finally:
            os._exit(code)
    ends = time.monotonic() + limit_s
    while time.monotonic() < ends:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _collect(modules: Iterable[Path]) -> None:
    """Load the tests and all that they import."""
    pytest.main([*QUIET, "--collect-only", "-qqq", *map(str, modules)])


def cover(out: Path, only: Sequence[str]) -> None:
    """Run the quick tests, a module at a time, and keep what each reaches."""
    every = sorted((ROOT / "tests").glob("test_*.py"))
    quick = [one for one in every if not only or one.stem in only]
    _collect(quick)
    held = json.loads(out.read_text(encoding="utf-8")) if out.is_file() else {}
    for module in quick:
        part = out.with_suffix(f".{module.stem}")

        def work(module: Path = module, part: Path = part) -> int:
            watch = Watch()
            pytest.main([*QUIET, str(module)], plugins=[watch, Quick()])
            part.write_text(json.dumps(watch.tests), encoding="utf-8")
            return 0

        began = time.monotonic()
        ended = _apart(work, MODULE_LIMIT_S)
        if ended == 0 and part.is_file():
            held = {name: one for name, one in held.items() if not name.startswith(f"tests/{module.name}::")}
            held |= {name: one for name, one in json.loads(part.read_text(encoding="utf-8")).items() if one["lines"]}
            part.unlink()
            out.write_text(json.dumps(held), encoding="utf-8")
        print(f"{module.stem}: {'too long' if ended is None else ended} {time.monotonic() - began:.0f} s", flush=True)


def _reaching(held: dict[str, dict[str, Any]]) -> dict[str, list[str]]:
    """Return which tests reach a line, those of a module together, cheapest modules first."""
    tests: dict[str, list[str]] = defaultdict(list)
    for name, one in held.items():
        if one["passed"]:
            for line in one["lines"]:
                tests[line].append(name)
    for names in tests.values():
        spent: dict[str, float] = defaultdict(float)
        shared: dict[str, dict[str, float]] = defaultdict(dict)
        for name in names:
            spent[name.partition("::")[0]] += held[name]["took"]
            shared[name.partition("::")[0]] |= held[name]["shared"]
        cost = {module: seconds + sum(shared[module].values()) for module, seconds in spent.items()}
        names.sort(key=lambda one: (cost[one.partition("::")[0]], one.partition("::")[0], held[one]["took"]))
    return tests


def told_in(file: Path) -> dict[Mutant, dict[str, Any]]:
    """Return what an earlier run kept."""
    return {Mutant(**one["mutant"]): one for one in json.loads(file.read_text(encoding="utf-8"))}


def sample_of(count: int, seed: int, among: str) -> list[Mutant]:
    """Return a sample of the mistakes that could be planted."""
    every = [one for one in mutants() if among in one.path]
    sample = random.Random(seed).sample(every, min(count, len(every)))  # noqa: S311 -- repeatable, not secret
    print(f"{len(every)} mistakes possible, {len(sample)} planted", flush=True)
    return sample


def run(
    covered: Path, out: Path, sample: Sequence[Mutant], earlier: Mapping[Mutant, dict[str, Any]], asked: Asked
) -> None:
    """Plant mistakes and tell what became of each, and of those of an earlier run that aren't planted again."""
    held = json.loads(covered.read_text(encoding="utf-8"))
    held = {name: one for name, one in held.items() if not asked.only or _module(name) in asked.only}
    trial = Trial(sample, held, out, asked.longest_s, earlier)
    modules = sorted({str(ROOT / name.partition("::")[0]) for name in held})
    pytest.main([*QUIET, "-s", *modules], plugins=[trial, Quick()])
    tell({**earlier, **trial.known})


def _module(test: str) -> str:
    return Path(test.partition("::")[0]).stem


@dataclass(frozen=True)
class Asked:
    """Which test modules are asked, all where none is named, and for how long for each mistake."""

    only: tuple[str, ...]
    longest_s: float


def same_answer(mutant: Mutant) -> str:
    """Return why a mistake can't change any answer; empty where it may."""
    return next(
        (
            why
            for (name, part), why in SAME_ANSWER.items()
            if mutant.function == name and part in mutant.told().partition(": `")[2]
        ),
        "",
    )


def tell(found: Mapping[Mutant, Mapping[str, Any]]) -> None:
    """Print by room what became of the mistakes."""
    rooms: dict[str, Counter[str]] = defaultdict(Counter)
    for mutant, one in found.items():
        ended = one["ended"].split()[0]
        ended = "same answer" if ended == "survived" and same_answer(mutant) else ended
        for room in (mutant.path.split("/")[2], "together"):
            rooms[room][ended] += 1
    for room, counts in sorted(rooms.items(), key=lambda one: (one[0] == "together", one[0])):
        print(f"{room}: {counts.total()} planted, {dict(counts)}")


def main() -> None:
    """Do what is asked."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("what", choices=("cover", "run", "tell"))
    asked.add_argument("--covered", type=Path, default=Path("covered.json"))
    asked.add_argument("--out", type=Path, default=Path("mutants.json"))
    asked.add_argument("--count", type=int, default=300)
    asked.add_argument("--seed", type=int, default=24)
    asked.add_argument("--again", type=Path, help="an earlier result: plant only what wasn't noticed then")
    asked.add_argument("--among", default="", help="a part of a path, such as screening/land.py")
    asked.add_argument("--longest", type=float, default=60.0, help="seconds of tests for each mistake")
    asked.add_argument("--only", nargs="*", default=(), help="names of test modules, all where left out")
    told = asked.parse_args()
    os.chdir(ROOT)
    sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]
    if told.what == "cover":
        cover(told.covered, told.only)
        return
    if told.what == "tell":
        tell(told_in(told.out))
        return
    earlier = told_in(told.again) if told.again else {}
    again = [one for one, what in earlier.items() if not what["ended"].startswith("noticed")]
    sample = again if told.again else sample_of(told.count, told.seed, told.among)
    run(told.covered, told.out, sample, earlier, Asked(tuple(told.only), told.longest))


if __name__ == "__main__":
    main()

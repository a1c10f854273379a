"""Plants small mistakes in what decides, one at a time, and sees whether the tests notice.

``python tools/mutants.py cover`` runs the quick tests once and keeps which lines each one reaches;
``python tools/mutants.py run --count 300 --seed 24`` plants a seeded sample of mistakes, runs the tests that reach the
changed line, cheapest first, until one fails, and lists the mistakes that no test noticed. What is known of those, and
the last score, stands in docs/reliability.md.

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
import time
from collections import defaultdict
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "hmgeo"
TARGETS = {
    "judging": ("applies", "choices", "clause_tests", "crosscheck", "facts", "judge", "layers", "places"),
    "proximity": ("elsewhere", "measure", "places", "run", "tally", "units"),
    "screening": ("evidence", "land", "land_area", "screen", "somewhere"),
    "results": ("text",),
    "geo": ("distance", "land_area"),
}
"""The modules that judge, decide what is near, screen, hold a search against a coverage, and round."""
NOT_QUICK = ("shipped_results", "demo_runs", "bare_qingcheng", "pytest.mark.browser")
QUIET = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts=", "-W", "ignore"]
MODULE_LIMIT_S = 300
LONGEST_TEST_S, LONGEST_MUTANT_S = 5.0, 60.0

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
    """Yield the nodes of a function that run: no annotation, no default, no decorator."""
    skipped: set[int] = set()
    for one in ast.walk(node):
        if isinstance(one, ast.FunctionDef):
            skipped |= {id(part) for part in (one.args, one.returns, *one.decorator_list)}
        elif isinstance(one, ast.AnnAssign):
            skipped.add(id(one.annotation))
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
        text = (ROOT / self.path).read_text(encoding="utf-8").splitlines()[self.line - 1].strip()
        return f"{self.path}:{self.line} {self.function}: {self.words}: `{text}`"


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
    """A plugin that notes which lines of the targets each test reaches, what it takes, and whether it passes."""

    def __init__(self) -> None:
        self.files = {str(PACKAGE / room / f"{one}.py") for room, modules in TARGETS.items() for one in modules}
        self.lines: set[tuple[str, int]] = set()
        self.tests: dict[str, dict[str, Any]] = {}

    def _trace(self, frame: FrameType, _event: str, _: object) -> Any:  # noqa: ANN401 -- what sys.settrace asks for
        if frame.f_code.co_filename not in self.files:
            return None
        self.lines.add((frame.f_code.co_filename, frame.f_lineno))
        return self._trace

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Note one test."""
        self.lines, began = set(), time.perf_counter()
        sys.settrace(self._trace)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            reached = sorted(f"{Path(path).relative_to(ROOT).as_posix()}:{line}" for path, line in self.lines)
            known = self.tests.setdefault(item.nodeid, {"passed": False})
            self.tests[item.nodeid] = {**known, "took": time.perf_counter() - began, "lines": reached}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note whether a test passed."""
        if report.when == "call":
            self.tests.setdefault(report.nodeid, {})["passed"] = report.passed


class Trial:
    """A plugin that runs no test itself: for each mistake it runs those that reach it in a process of their own."""

    def __init__(self, sample: Sequence[Mutant], held: dict[str, dict[str, Any]], out: Path) -> None:
        self.sample, self.held, self.out = sample, held, out
        self.reaching = _reaching(held)
        self.found: list[dict[str, Any]] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Plant one mistake after the other."""
        items = {one.nodeid: one for one in session.items}
        for number, mutant in enumerate(self.sample, 1):
            names = [one for one in self.reaching.get(f"{mutant.path}:{mutant.line}", []) if one in items]
            ended = self._ended(mutant, [items[one] for one in names])
            self.found.append({"mutant": asdict(mutant), "ended": ended})
            self.out.write_text(json.dumps(self.found, ensure_ascii=False, indent=1), encoding="utf-8")
            if not ended.startswith("noticed"):
                print(f"{number} {ended}: {mutant.told()}", flush=True)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """End at the first test that notices."""
        if report.failed:
            os._exit(1)

    def _ended(self, mutant: Mutant, reaching: Sequence[pytest.Item]) -> str:
        chosen, total = list[pytest.Item](), 0.0
        for item in reaching:
            total += self.held[item.nodeid]["took"]
            if total > LONGEST_MUTANT_S and chosen:
                break
            chosen.append(item)
        if not chosen:
            return "not reached"

        def work() -> int:
            if not plant(mutant):
                return 71
            for item, following in zip(chosen, [*chosen[1:], None], strict=True):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            return 0

        ended = _apart(work, 20 + 3 * total)
        return {0: "survived", 1: "noticed", None: "noticed by taking too long"}.get(ended, f"ended {ended}")


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
    quick = [one for one in every if not any(word in one.read_text(encoding="utf-8") for word in NOT_QUICK)]
    quick = [one for one in quick if not only or one.stem in only]
    _collect(quick)
    held = json.loads(out.read_text(encoding="utf-8")) if out.is_file() else {}
    for module in quick:
        part = out.with_suffix(f".{module.stem}")

        def work(module: Path = module, part: Path = part) -> int:
            watch = Watch()
            pytest.main([*QUIET, "-m", "not slow", str(module)], plugins=[watch])
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
    """Return which tests reach a line, cheapest modules first."""
    tests: dict[str, list[str]] = defaultdict(list)
    spent: dict[str, float] = defaultdict(float)
    for name, one in held.items():
        if one["passed"] and one["took"] < LONGEST_TEST_S:
            spent[name.partition("::")[0]] += one["took"]
            for line in one["lines"]:
                tests[line].append(name)
    return {line: sorted(names, key=lambda one: spent[one.partition("::")[0]]) for line, names in tests.items()}


def run(covered: Path, out: Path, count: int, seed: int, again: Path | None) -> None:
    """Plant a sample and tell what became of each mistake."""
    held = json.loads(covered.read_text(encoding="utf-8"))
    if again is None:
        every = list(mutants())
        sample = random.Random(seed).sample(every, min(count, len(every)))  # noqa: S311 -- repeatable, not secret
        print(f"{len(every)} mistakes possible, {len(sample)} planted", flush=True)
    else:
        told = json.loads(again.read_text(encoding="utf-8"))
        sample = [Mutant(**one["mutant"]) for one in told if not one["ended"].startswith("noticed")]
    trial = Trial(sample, held, out)
    pytest.main([*QUIET, "-s", *sorted({str(ROOT / name.partition("::")[0]) for name in held})], plugins=[trial])
    noticed = sum(one["ended"].startswith("noticed") for one in trial.found)
    print(f"{noticed} of {len(trial.found)} noticed, {100 * (1 - noticed / max(1, len(trial.found))):.1f} % not")


def main() -> None:
    """Do what is asked."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("what", choices=("cover", "run"))
    asked.add_argument("--covered", type=Path, default=Path("covered.json"))
    asked.add_argument("--out", type=Path, default=Path("mutants.json"))
    asked.add_argument("--count", type=int, default=300)
    asked.add_argument("--seed", type=int, default=24)
    asked.add_argument("--again", type=Path, help="an earlier result: plant only what wasn't noticed then")
    asked.add_argument("--only", nargs="*", default=(), help="names of test modules, for cover")
    told = asked.parse_args()
    os.chdir(ROOT)
    sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]
    if told.what == "cover":
        cover(told.covered, told.only)
    else:
        run(told.covered, told.out, told.count, told.seed, told.again)


if __name__ == "__main__":
    main()

"""What hmgeo says and writes, kept and compared byte by byte, for changes that must change nothing.

``python tools/net.py keep before.json`` runs the work below and keeps a SHA-256 of every file and every stream, with
the bytes themselves beside it (``before.zip``); ``python tools/net.py compare before.json`` runs it again, names all
that changed and shows the first cells that differ; exit code 1 where anything did. ``--cases DIR`` adds a folder of
files and projects to check, ``--only WORD`` leaves out work whose name lacks the word.

The commands run as a user types them, so the net holds while the modules behind them move. Two processes share the
work. The part ``run`` of a manifest, which tells the time of day, is left out.
"""

from __future__ import annotations

import argparse
import csv
import gc
import hashlib
import importlib
import io
import json
import multiprocessing
import os
import sqlite3
import sys
import tempfile
import time
import traceback
import zipfile
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))
os.environ["PYTHONPATH"] = str(
    ROOT / "src"
)  # for the processes that hmgeo starts: this checkout, not the installed one
DEMOS = {"qingcheng": (113.07, 23.60), "nandan": (107.54, 24.98)}
"""Shipped projects and the middle of their ground, lon and lat."""

STEP_DEG = 0.05
TRADES = ("3212", "3360", "2614", "1340", "3841")
ACTIONS = ("new", "expand", "reconstruct", "technical_upgrade")
DAYS = ("2019-06-30", "2023-01-01", "2026-11-21")
FIRST_USE = ("首次使用", "First use")
"""What is said on a machine where the engine was never compiled; nothing that a change of the code may change."""

NOT_READ = {".cpg", ".dbf", ".json", ".md", ".prj", ".qpj", ".shx", ".sbn", ".sbx", ".txt", ".yml"}
"""Files of a case folder that are no layer of their own; a boundary's txt is read, a README isn't."""

CASE = "case "
SHOWN_CELLS = 5
SHOWN_LENGTH = 160
PROCESSES = 2
DIFFERENT = 1


@dataclass(frozen=True)
class Work:
    """One command.

    Parameters
    ----------
    name
        Also the folder that it may write into.
    arguments
        As typed; `{root}` is this repository, `{out}` the folder.
    weight
        About how many seconds it takes; the longest starts first.
    """

    name: str
    arguments: tuple[str, ...]
    weight: float = 0.1


@dataclass
class Kept:
    """What was said and written, by name."""

    said: dict[str, bytes] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def hashes(self) -> dict[str, str]:
        """Return the SHA-256 of everything."""
        return {name: hashlib.sha256(data).hexdigest() for name, data in sorted(self.said.items())}


def works(corpus: Path, cases: Path | None) -> list[Work]:
    """Return all that is run, in a fixed order."""
    listed = [
        Work("rules coverage", ("rules", "coverage", "--json")),
        Work("rules coverage dated", ("rules", "coverage", "--json", "--as-of", "2024-06-30", "--area", "451221")),
        Work("layers list", ("layers", "list")),
    ]
    for name in DEMOS:
        project = f"{{root}}/layers/projects/{name}"
        listed += [
            Work(f"run {name}", ("run", project, "--out", "{out}"), 20),
            Work(f"check {name}", ("check", project), 1),
            Work(f"flow {name}", ("flow", project, "--json", "--from", "tailings_ponds", "--limit", "20km"), 3),
        ]
        listed += [*places(name, project), site_list(name, project, corpus)]
    listed.append(
        Work("run qingcheng en", ("run", "{root}/layers/projects/qingcheng", "--out", "{out}", "--lang", "en"), 20)
    )
    listed += [
        Work(f"map {path.stem}", ("map", f"{{root}}/maps/{path.name}", "--out", "{out}"), 15)
        for path in sorted((ROOT / "maps").glob("*.yml"))
    ]
    return [*listed, *intake(corpus), *(given(cases) if cases else ())]


def places(name: str, project: str) -> list[Work]:
    """Return fifteen places around a project: three rows of five, over trades, actions and days."""
    lon, lat = DEMOS[name]
    made = []
    for number in range(15):
        row, column = divmod(number, 5)
        at = f"{lon + (column - 2) * STEP_DEG + 0.0012:.4f},{lat + (row - 1) * STEP_DEG + 0.0034:.4f}"
        trade, action = TRADES[column], ACTIONS[(row + column) % len(ACTIONS)]
        asked = ("--trade", trade, "--edition", "2017", "--action", action, "--as-of", DAYS[row])
        more = ("--metal", "Pb=12.5", "--set", "may_pollute_soil=yes") if row == 1 else ()
        language = ("--lang", "en") if column == len(TRADES) - 1 else ()
        arguments = ("site", "--project", project, "--at", at, *asked, *more, *language, "--json")
        made.append(Work(f"site {name} {number + 1:02d}", arguments, 1))
    return made


def site_list(name: str, project: str, corpus: Path) -> Work:
    """Write three sites as a list, one of them without a point, and return the work on it."""
    lon, lat = DEMOS[name]
    path = corpus / f"sites_{name}.csv"
    path.parent.mkdir(exist_ok=True)
    rows = (
        f"X1,示例项目一,{lon:.4f},{lat:.4f},3212,2017,新建",
        f"X2,示例项目二,{lon + STEP_DEG:.4f},{lat:.4f},3360,2017,技术改造",
        "X3,示例项目三,,,2614,2017,扩建",
    )
    header = "项目编号,项目名称,经度,纬度,行业代码,行业分类版本,建设性质"
    path.write_text("\n".join((header, *rows, "")), encoding="utf-8")
    arguments = ("site", "--project", project, "--sites", str(path), "--sites-basis", "synthetic", "--out", "{out}")
    return Work(f"sites {name}", arguments, 10)


def intake(corpus: Path) -> list[Work]:
    """Write the tests' files, whole and broken ones, and return a check of each."""
    sys.path.insert(0, str(ROOT / "tests"))
    ways, broken_files = importlib.import_module("intake"), importlib.import_module("broken_files")
    made = []
    for number, (name, way) in enumerate(ways.WAYS.items()):
        folder = corpus / f"way{number:02d}"
        folder.mkdir(parents=True)
        told = {
            "--datum": way.options.datum,
            "--axis-order": way.options.axis_order,
            "--central-meridian": way.options.central_meridian,
        }
        options = [text for flag, value in told.items() if value for text in (flag, str(value))]
        made.append(Work(f"intake {name}", ("layers", "check", str(way.write(folder)), *options)))
    folder = corpus / "broken"
    folder.mkdir()
    for path in broken_files.write_broken(folder):
        for kind in ("enterprises", "farmland"):
            arguments = ("layers", "check", str(path), "--kind", kind)
            made.append(Work(f"broken {kind} {path.name}", arguments))
    return made


def given(cases: Path) -> list[Work]:
    """Return a check of each project and file in a folder."""
    made = []
    for path in sorted(cases.rglob("*")):
        name = f"{CASE}{' '.join(path.relative_to(cases).parts)}"
        if path.name == "project.yml":
            made.append(Work(name, ("check", str(path)), 1))
        elif path.is_file() and path.suffix.lower() not in NOT_READ - {".txt"} and path.parent != cases:
            made.append(Work(name, ("layers", "check", str(path))))
    return made


def do(work: Work, folder: Path, hidden: tuple[str, ...]) -> Kept:
    """Run one command here; keep what it says and writes."""
    from hmgeo.cli import main  # noqa: PLC0415 -- slow to load, and only the worker needs it

    out = folder / work.name.replace(" ", "_").replace("/", "_")
    said, told = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    sys.argv = ["hmgeo", *(text.format(root=ROOT, out=out.name) for text in work.arguments)]
    os.chdir(folder)
    started = time.perf_counter()
    code: object = 0
    with redirect_stdout(said), redirect_stderr(told):
        try:
            main()
        except SystemExit as left:
            code = left.code
        except Exception:  # noqa: BLE001 -- a traceback is a result to compare, too
            code = traceback.format_exc().splitlines()[-1]
    kept = Kept(seconds={work.name: time.perf_counter() - started})
    for stream, buffer in (("stdout", said), ("stderr", told)):
        text = buffer.buffer.getvalue().decode("utf-8", "replace")
        for prefix in hidden:
            text = text.replace(prefix, "")
        lines = [line for line in text.splitlines(keepends=True) if not line.startswith(FIRST_USE)]
        kept.said[f"{work.name}/{stream}.txt"] = "".join(lines).encode()
    kept.said[f"{work.name}/exit.txt"] = f"{code}\n".encode()
    for path in sorted(out.rglob("*")) if out.is_dir() else ():
        if path.is_file():
            kept.said[f"{work.name}/{path.relative_to(out).as_posix()}"] = _timeless(path)
    gc.collect()
    return kept


def _timeless(path: Path) -> bytes:
    if path.name != "manifest.json":
        return path.read_bytes()
    manifest = json.loads(path.read_bytes())
    manifest.pop("run", None)
    return json.dumps(manifest, ensure_ascii=False, indent=1).encode()


def _source() -> dict[str, int]:
    """Return when each file of the code was last written."""
    return {str(path): path.stat().st_mtime_ns for path in (ROOT / "src").rglob("*.py")}


def run_all(cases: Path | None, only: str) -> Kept:
    """Run everything in two processes; refuse what came out of code that was changed meanwhile, or of none at all."""
    source = _source()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        listed = [work for work in works(folder / "corpus", cases) if only in work.name]
        listed.sort(key=lambda work: -work.weight)
        hidden = (f"{folder}/", str(folder), f"{ROOT}/", *((f"{cases}/",) if cases else ()))
        context = multiprocessing.get_context("spawn")
        kept = Kept()
        with context.Pool(PROCESSES) as pool:
            for one in pool.starmap(do, [(work, folder, hidden) for work in listed], chunksize=1):
                kept.said |= one.said
                kept.seconds |= one.seconds
            pool.close()
            pool.join()  # a worker that is terminated instead would tell of it: hmgeo turns SIGTERM into an exit
    if _source() != source:
        sys.exit("src was changed while this ran: nothing kept, nothing compared")
    for name, data in kept.said.items():
        if name.endswith("/exit.txt") and not data.strip().isdigit():
            print(f"a bug: {name.split('/')[0]}: {data.decode().strip()}", file=sys.stderr)
    return kept


def cells(name: str, data: bytes) -> dict[str, str]:
    """Return what a file holds, by place: cells of tables, leaves of JSON, lines of anything else."""
    suffix = Path(name).suffix
    if suffix == ".csv":
        header, *rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
        return {
            f"row {n}, {key}": cell for n, row in enumerate(rows, 2) for key, cell in zip(header, row, strict=False)
        }
    if suffix == ".parquet":
        rows = pq.read_table(io.BytesIO(data)).to_pylist()
        return {f"row {n}, {key}": repr(cell) for n, row in enumerate(rows, 1) for key, cell in row.items()}
    if suffix == ".xlsx":
        book = openpyxl.load_workbook(io.BytesIO(data))
        return {f"{page.title}!{at.coordinate}": repr(at.value) for page in book for line in page for at in line}
    if suffix == ".gpkg":
        return _database(data)
    text = data.decode("utf-8", "replace")
    if suffix == ".json" or text.startswith(("{", "[")):
        try:
            return dict(_leaves("", json.loads(text)))
        except ValueError:
            pass
    return {f"line {n}": line for n, line in enumerate(text.splitlines(), 1)}


def _leaves(at: str, value: object) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in _leaves(f"{at}/{key}", inner)]
    if isinstance(value, list):
        return [leaf for number, inner in enumerate(value) for leaf in _leaves(f"{at}/{number}", inner)]
    return [(at, json.dumps(value, ensure_ascii=False))]


def _database(data: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    with sqlite3.connect(":memory:") as base:
        base.deserialize(data)
        names = [name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]
        for name in names:
            try:
                rows: Any = base.execute(f'SELECT * FROM "{name}"')  # noqa: S608 -- the name is the file's own
            except sqlite3.Error:
                continue
            header = [column[0] for column in rows.description]
            for number, row in enumerate(rows, 1):
                found |= {f"{name} {number}, {key}": repr(cell) for key, cell in zip(header, row, strict=True)}
    return found


def differences(name: str, before: bytes, after: bytes) -> list[str]:
    """Return the first cells that differ, and how many do."""
    old, new = cells(name, before), cells(name, after)
    places = [at for at in old | new if old.get(at) != new.get(at)]
    if not places:
        return ["same cells, other bytes"]
    told = [f"{at}: {_short(old.get(at))} → {_short(new.get(at))}" for at in islice(places, SHOWN_CELLS)]
    return [*told, f"{len(places)} of {len(old | new)} places differ"]


def _short(text: str | None) -> str:
    if text is None:
        return "(nothing)"
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}…"


def keep(file: Path, cases: Path | None, only: str) -> int:
    """Write the hashes, and the bytes beside them."""
    kept = run_all(cases, only)
    file.write_text(json.dumps(kept.hashes(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    with zipfile.ZipFile(file.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in kept.said.items():
            archive.writestr(name, data)
    _print_times(kept)
    print(f"{len(kept.said)} files and streams kept in {file}")
    return 0


def compare(file: Path, cases: Path | None, only: str) -> int:
    """Name what changed since; return the exit code."""
    before: dict[str, str] = json.loads(file.read_bytes())
    kept = run_all(cases, only)
    after = kept.hashes()
    _print_times(kept)
    before = {
        name: value
        for name, value in before.items()
        if only in name.split("/")[0] and (cases or not name.startswith(CASE))
    }
    changed = [name for name in before if name in after and before[name] != after[name]]
    archive_file = file.with_suffix(".zip")
    for name in changed:
        print(f"changed: {name}")
        if archive_file.is_file():
            with zipfile.ZipFile(archive_file) as archive:
                for line in differences(name, archive.read(name), kept.said[name]):
                    print(f"    {line}")
    gone, come = sorted(before.keys() - after.keys()), sorted(after.keys() - before.keys())
    for word, names in (("gone", gone), ("new", come)):
        for name in names:
            print(f"{word}: {name}")
    print(f"{len(after)} files and streams: {len(changed)} changed, {len(gone)} gone, {len(come)} new")
    return DIFFERENT if changed or gone or come else 0


def _print_times(kept: Kept) -> None:
    slowest = sorted(kept.seconds.items(), key=lambda item: -item[1])[:SHOWN_CELLS]
    print("longest: " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in slowest), file=sys.stderr)


def main() -> int:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("keep", "compare"))
    parser.add_argument("file", type=Path, help="the JSON of hashes")
    parser.add_argument("--cases", type=Path, help="a folder of files and projects to check as well")
    parser.add_argument("--only", default="", help="only work whose name holds this word")
    asked = parser.parse_args()
    cases = asked.cases.resolve() if asked.cases else None
    return (keep if asked.what == "keep" else compare)(asked.file.resolve(), cases, asked.only)


if __name__ == "__main__":
    sys.exit(main())

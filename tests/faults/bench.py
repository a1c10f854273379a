"""What the tests of faults share: every command that writes, and what lies in a folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COMMANDS = {
    "run": "run p{n} --fresh --out out",
    "screen": "screen --sources {n}.csv --farmland {n}.geojson --out out",
    "site": "site --project p1 --at 113.0{n},23.60 --trade 3360 --action new --out out",
    "overlay": "overlay --project p{n} --out out",
    "map": "map maps{n} --out out",
    "site, docx": "site --project p1 --at 113.0{n},23.60 --trade 3360 --action new --extract out.docx",
    "site, pdf": "site --project p1 --at 113.0{n},23.60 --trade 3360 --action new --extract out.pdf",
    "pairs, parquet": "pairs --sources {n}.csv --receptors {n}.geojson --out out.parquet",
    "key-areas, csv": "key-areas {n}.csv --area 441802 --as-of 2019-06-30 --out out.csv",
    "candidates, xlsx": "candidates --project p1 --sites {n}.csv --out out.xlsx",
    "layers check, xlsx": "layers check {n}.csv --fixme out.xlsx",
    "layers pack, parquet and ledger": "layers pack {n}.geojson --out out.parquet",
    "report, docx": "report p{n}/runs/2019-06-30 --out out.docx",
    "archive, zip": "archive p{n}/runs/2019-06-30 --out out.zip",
}
MANIFEST, TEMPORARY = "manifest.json", ".hmgeo-tmp"
SOUND = Path(__file__).resolve().parents[1] / "broken_projects"
MAP = "schema: 1\ntitle: 底图{n}\narea: [HA-JY]\n"


def started(
    command: str,
    number: int,
    folder: Path,
    *,
    into: str = "",
    heard: bool = False,
    before: Sequence[str] = (),
    around: Mapping[str, str] = MappingProxyType({}),
) -> subprocess.Popen[bytes]:
    """Start a command in a folder.

    Parameters
    ----------
    into
        Put before the name of what it writes.
    before
        Words of a program that starts it.
    around
        Variables that are other than here; gone where empty.
    """
    env = {name: text for name, text in {**os.environ, **around}.items() if text}
    words = COMMANDS.get(command, command).format(n=number)
    words = re.sub(r" (?=out\b)", f" {into}", words)
    typed = [*before, sys.executable, "-c", "from hmgeo.cli import command; command()", *words.split()]
    to = subprocess.PIPE if heard else subprocess.DEVNULL
    return subprocess.Popen(typed, cwd=folder, env=env, stdout=to, stderr=to)  # noqa: S603 - own words


def held(folder: Path) -> dict[str, bytes]:
    """Return every file that is no temporary one; of manifests, which tell the time of day, that they are there."""
    names = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {
        name: b"" if path.name == MANIFEST else path.read_bytes()
        for name, path in names.items()
        if TEMPORARY not in name
    }


def make_world(folder: Path) -> None:
    """Write two of each input, a run of each project, and a folder of the user's own."""
    for n in (1, 2):
        rows = "".join(f"厂{k},{113.05 + k / 500},23.{600 + k % 90}\n" for k in range(300 - n))
        (folder / f"{n}.csv").write_text(f"企业名称,经度,纬度\n{rows},,\n", encoding="utf-8")
        ring = f"[[113.06,23.60],[113.07,23.60],[113.07,23.6{n}],[113.06,23.60]]"
        shape = f'{{"type":"Polygon","coordinates":[{ring}]}}'
        (folder / f"{n}.geojson").write_text(
            f'{{"type":"Feature","properties":{{"id":"p{n}"}},"geometry":{shape}}}', encoding="utf-8"
        )
        project = folder / f"p{n}"
        shutil.copytree(SOUND / "data", project / "data")
        text = (SOUND / "good.yml").read_text(encoding="utf-8").replace("错误示例", f"示例{n}")
        (project / "project.yml").write_text(text, encoding="utf-8")
        (folder / f"maps{n}").mkdir()
        (folder / f"maps{n}" / "m.yml").write_text(MAP.format(n=n), encoding="utf-8")
        if started("run p{n}", n, folder).wait() != 0:
            raise OSError
    (folder / "out.old-2023").mkdir()
    (folder / "out.old-2023" / "notes.txt").write_text("a year's work", encoding="utf-8")

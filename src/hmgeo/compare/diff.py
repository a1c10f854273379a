"""Two runs held against each other: what is new, gone and changed, and which one change made it so.

A cause isn't guessed: the older run's project is run again with one thing of the newer one at a time (a layer, a
parameter, the day, what is adopted …). What none of them explains is told apart: several together, or the version of
the program, which is left over. Enterprises are known again by credit code, permit, id, or name and place; never by
their row.
"""

from __future__ import annotations

import csv
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow.parquet as pq
import yaml

from hmgeo.compare.verify import DIFFERS, home_of, inputs_checked, project_name, read_manifest
from hmgeo.errors import HmgeoError, Place, Problem, UsageError
from hmgeo.intake.columns import LIST_ALIASES, plain_name
from hmgeo.outputs.tables import OWN_PREFIX
from hmgeo.outputs.wording import badge
from hmgeo.project.inputs import silent
from hmgeo.project.run import project_results
from hmgeo.project.spec import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hmgeo.project.inputs import Progress


_ROW_ID = re.compile(r"row-\d+(#\d+)?")
_SAID = (
    "verdict",
    "verdict_other",
    "certainty",
    "measured",
    "measured_low",
    "measured_high",
    "limit_value",
    "standing",
)
_PATH_KEYS = frozenset({"path", "coverage"})
_CODES = ("统一社会信用代码", "信用代码", "社会信用代码")
_MOST_CELLS = 5

Key = tuple[str, str]
"""An enterprise and a rule."""


class Change(NamedTuple):
    """One finding that isn't the same in both runs.

    Parameters
    ----------
    kind
        新增, 不再有 or 改变.
    cause
        In words; empty where nobody looked.
    """

    kind: str
    source: str
    rule_id: str
    before: str
    after: str
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two runs."""

    folder: Path
    manifest: Mapping[str, Any]
    home: Path | None
    findings: Mapping[Key, Mapping[str, Any]]
    cells: Mapping[str, Mapping[str, str]]


def diff_runs(
    first: Path, second: Path, projects: Sequence[Path | None] = (None, None), *, causes: bool = True,
    progress: Progress = silent,
) -> tuple[tuple[Change, ...], tuple[str, ...]]:  # fmt: skip
    """Return what changed from the first run to the second, and remarks on how the causes were found.

    Parameters
    ----------
    projects
        The projects of both, looked for above the runs where nothing is said.
    causes
        Find causes by running again; else changes alone.
    """
    if first.resolve() == second.resolve():
        raise UsageError(Problem("两次运行是同一个文件夹", Place(file=first.name), remedy="写两个结果文件夹"))
    one, other = (_side(folder, project) for folder, project in zip((first, second), projects, strict=True))
    changed = [key for key in dict.fromkeys((*one.findings, *other.findings)) if _said(one, key) != _said(other, key)]
    if not changed or not causes:
        return tuple(_change(one, other, key, "") for key in changed), ()
    refusal = _cannot_rerun(one) or _cannot_rerun(other)
    if refusal:
        return tuple(_change(one, other, key, "") for key in changed), (refusal,)
    told, remarks = _causes(one, other, changed, progress)
    return tuple(_change(one, other, key, told[key]) for key in changed), remarks


def _side(folder: Path, project: Path | None) -> Side:
    manifest, record = read_manifest(folder)
    with (record.parent / "sources.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    names = _names_of(rows)
    findings = pq.read_table(record.parent / "findings.parquet").drop_columns("geometry").to_pylist()
    return Side(
        folder,
        manifest,
        home_of(folder, project, manifest),
        {(names[one["source_id"]], one["rule_id"]): one for one in findings},
        {names[row["source_id"]]: row for row in rows},
    )


def _names_of(rows: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return what each source is known again by; where two share it, their place in the list tells them apart."""
    made: dict[str, str] = {}
    used: dict[str, int] = {}
    for row in rows:
        name = _name_of(row)
        used[name] = used.get(name, 0) + 1
        made[row["source_id"]] = name if used[name] == 1 else f"{name}#{used[name]}"
    return made


def _name_of(row: Mapping[str, str]) -> str:
    own = {plain_name(name.removeprefix(OWN_PREFIX)): text for name, text in row.items() if name.startswith(OWN_PREFIX)}
    for names in (_CODES, LIST_ALIASES["permit"].split()):
        found = next((own[name] for name in names if own.get(name)), "")
        if found:
            return found
    if not _ROW_ID.fullmatch(row["source_id"]):
        return row["source_id"]
    place = row.get("township") or row.get("county") or f"{row['lon']},{row['lat']}"
    return f"{row['name']}（{place}）"


def _said(side: Side, key: Key) -> tuple[Any, ...] | None:
    found = side.findings.get(key)
    return None if found is None else tuple(found.get(name) for name in _SAID)


def _words(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return ""
    measured = found.get("measured_text") or ""
    certainty = "（临界）" if found["certainty"] == "ambiguous" else ""
    return f"{badge(found)}{certainty}{'，' if measured else ''}{measured}"


def _change(one: Side, other: Side, key: Key, cause: str) -> Change:
    before, after = one.findings.get(key), other.findings.get(key)
    kind = "新增" if before is None else ("不再有" if after is None else "改变")
    name = (other.cells.get(key[0]) or one.cells.get(key[0]) or {}).get("name", "")
    shown = f"{key[0]} {name}" if name and name not in key[0] else key[0]
    return Change(kind, shown, key[1], _words(before), _words(after), cause)


def _cannot_rerun(side: Side) -> str:
    """Return why a run's project can't be run again as it was; empty where it can."""
    if side.home is None or not (side.home / project_name(side.manifest)).is_file():
        return f"{side.folder.name} 的 project.yml 没有找到，只列变化，没有查原因；用 --project-a、--project-b 写明"
    if any(one.sign == DIFFERS for one in inputs_checked(side.home, side.manifest)):
        return f"{side.folder.name} 的输入与运行时不同，只列变化，没有查原因；找回原来的文件再比较"
    return ""


def _causes(
    one: Side, other: Side, changed: Sequence[Key], progress: Progress
) -> tuple[dict[Key, str], tuple[str, ...]]:
    before, after = _settings(one), _settings(other)
    pieces = [name for name in dict.fromkeys((*before, *after)) if _is_other(name, one, other, before, after)]
    with tempfile.TemporaryDirectory() as temporary:
        trials = [("", before), *((name, _with(before, after, [name])) for name in pieces), ("*", after)]
        found: dict[str, Mapping[Key, Any] | None] = {}
        for number, (name, settings) in enumerate(trials):
            progress("逐项重跑", number, len(trials))
            found[name] = _findings_of(settings, Path(temporary))
    base = found[""] or {}
    told = {key: _cause(key, one, other, found, base, pieces) for key in changed}
    failed = [name for name in pieces if found[name] is None]
    remarks = [f"不同之处 {len(pieces)} 项：{'、'.join(pieces) or '无'}；重跑 {len(trials)} 次"]
    if failed:
        remarks.append(f"单独换上后项目不成立，没有查：{'、'.join(failed)}")
    return told, tuple(remarks)


def _cause(
    key: Key,
    one: Side,
    other: Side,
    found: Mapping[str, Mapping[Key, Any] | None],
    base: Mapping[Key, Any],
    pieces: Sequence[str],
) -> str:
    """Return which single change makes the first run's finding the second's."""
    wanted = _said(other, key)
    alone = [name for name in pieces if (held := found[name]) is not None and held.get(key) != base.get(key)]
    whole = [name for name in alone if (found[name] or {}).get(key) == wanted]
    if whole:
        return "；".join(
            f"{name}{_cells(key, one, other) if name.startswith('图层 enterprises') else ''}" for name in whole
        )
    if base.get(key) != _said(one, key):
        return f"程序或库的版本：{_versions(one, other)}" + (f"；又：{'、'.join(alone)}" if alone else "")
    if (found["*"] or {}).get(key) == wanted:
        return f"几项共同作用：{'、'.join(alone or pieces)}"
    return f"程序或库的版本（逐项排除）：{_versions(one, other)}"


def _versions(one: Side, other: Side) -> str:
    pair = one.manifest["versions"], other.manifest["versions"]
    names = [name for name in sorted({*pair[0], *pair[1]}) if pair[0].get(name) != pair[1].get(name)]
    return (
        "、".join(f"{name} {pair[0].get(name, '无')}→{pair[1].get(name, '无')}" for name in names) or "两次版本号相同"
    )


def _cells(key: Key, one: Side, other: Side) -> str:
    """Return which cells of the enterprise's row are others."""
    before, after = one.cells.get(key[0]), other.cells.get(key[0])
    if before is None or after is None:
        return f"（{'前一次' if before is None else '后一次'}没有这一行）"
    names = [name for name in dict.fromkeys((*before, *after)) if name.startswith(OWN_PREFIX)]
    told = [
        f"{name.removeprefix(OWN_PREFIX)} {before.get(name) or '空'}→{after.get(name) or '空'}"
        for name in names
        if before.get(name) != after.get(name)
    ]
    return f"（{'，'.join(told[:_MOST_CELLS])}）" if told else ""


class Piece(NamedTuple):
    """One thing that a project says: where it stands, its YAML as read, and its text without the paths of files."""

    where: tuple[str, ...]
    node: yaml.Node
    text: str


def _settings(side: Side) -> dict[str, Piece]:
    """Return what a project says, piece by piece, paths made absolute."""
    home = side.home or side.folder
    root = yaml.compose((home / project_name(side.manifest)).read_text(encoding="utf-8-sig"))
    made: dict[str, Piece] = {}
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        name = str(key.value)
        if name in _PARTED and isinstance(value, yaml.MappingNode):
            made |= {f"{_PARTED[name]} {one.value}": _piece((name, one.value), held, home) for one, held in value.value}
        else:
            made[name] = _piece((name,), value, home)
    return made


_PARTED = {"layers": "图层", "parameters": "参数"}


def _piece(where: tuple[str, ...], node: yaml.Node, home: Path) -> Piece:
    files = []
    if isinstance(node, yaml.MappingNode):
        files = [value for key, value in node.value if key.value in _PATH_KEYS and isinstance(value, yaml.ScalarNode)]
    if where == ("rule_packs",) and isinstance(node, yaml.SequenceNode):
        files = list(node.value)
    told = {id(file): file.value for file in files if (home / file.value).exists()}
    for file in files:
        file.value = "" if id(file) in told else file.value
    text = str(yaml.serialize(node, allow_unicode=True))
    for file in files:
        file.value = str((home / told[id(file)]).resolve()) if id(file) in told else file.value
    return Piece(where, node, text)


def _is_other(name: str, one: Side, other: Side, before: Mapping[str, Piece], after: Mapping[str, Piece]) -> bool:
    """Tell whether a piece differs: what is said of it, or the file that it names."""
    if name in {"title", "schema"}:
        return False
    texts = [held[name].text if name in held else None for held in (before, after)]
    return texts[0] != texts[1] or _sums(one, name) != _sums(other, name)


def _sums(side: Side, name: str) -> set[str]:
    kind = name.partition(" ")[2]
    if name == "rule_packs":
        return set(list(side.manifest.get("settings", {}).values())[1:])
    return {one["sha256"] for one in side.manifest["inputs"] if kind and one["kind"] == kind}


def _with(before: Mapping[str, Piece], after: Mapping[str, Piece], names: Sequence[str]) -> dict[str, Piece]:
    """Return the older settings with some pieces of the newer."""
    kept = {name: piece for name, piece in before.items() if name not in names}
    return kept | {name: after[name] for name in names if name in after}


def _findings_of(settings: Mapping[str, Piece], folder: Path) -> Mapping[Key, Any] | None:
    """Return what a project of these settings finds; None where it isn't a project that can be run."""
    root = yaml.MappingNode("tag:yaml.org,2002:map", [])
    groups: dict[str, yaml.MappingNode] = {}
    for piece in settings.values():
        into = root
        if len(piece.where) > 1:
            if piece.where[0] not in groups:
                groups[piece.where[0]] = yaml.MappingNode(root.tag, [])
                root.value.append((_scalar(piece.where[0]), groups[piece.where[0]]))
            into = groups[piece.where[0]]
        into.value.append((_scalar(piece.where[-1]), piece.node))
    file = folder / FILE_NAME
    file.write_text(yaml.serialize(root, allow_unicode=True), encoding="utf-8")
    try:
        results = project_results(file)
    except HmgeoError:
        return None
    own = results.bureau.attributes if results.bureau is not None else None
    rows = results.sources.to_pylist()
    if own is not None:
        texts = own.to_pylist()
        rows = [
            row | {f"{OWN_PREFIX}{name}": text for name, text in told.items()}
            for row, told in zip(rows, texts, strict=True)
        ]
    names = _names_of(rows)
    return {
        (names[one["source_id"]], one["rule_id"]): tuple(one.get(name) for name in _SAID)
        for one in results.findings.drop_columns("geometry").to_pylist()
    }


def _scalar(text: str) -> yaml.ScalarNode:
    return yaml.ScalarNode("tag:yaml.org,2002:str", text)


def change_rows(changes: Sequence[Change]) -> Iterator[tuple[str, ...]]:
    """Yield changes as rows of a table, those with a cause together."""
    for one in sorted(changes, key=lambda change: (change.kind, change.cause)):
        yield tuple(one)


CHANGE_HEADER = ("变化", "企业", "规则", "前一次", "后一次", "原因")

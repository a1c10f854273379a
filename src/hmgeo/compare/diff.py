"""Two runs held against each other: what is new, gone and changed, and which one change made it so.

A cause isn't guessed: the older run's project is run again with one thing of the newer one at a time (a layer, a
parameter, the day, what is adopted …). What none of them explains is told apart: several together, or the version of
the program, which is left over. Enterprises are known again by credit code, permit, id, or name and place; never by
their row.
"""

from __future__ import annotations

import re
import tempfile
import unicodedata
from collections import Counter
from pathlib import Path
from shutil import copyfile
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml
from msgspec import Struct

from hmgeo.compare import verify
from hmgeo.compare.explain import PICTURES, shapes_of
from hmgeo.errors import HmgeoError, Place, Problem, UsageError
from hmgeo.intake.catalog import file_sha256
from hmgeo.intake.columns import recognise_list
from hmgeo.outputs.english import in_english, in_language
from hmgeo.outputs.tables import OWN_PREFIX
from hmgeo.outputs.wording import badge, basis_banner, disclaimer
from hmgeo.project.bare import Progress, silent
from hmgeo.project.folder import ending_of, said_words, whole_file
from hmgeo.project.run import project_results
from hmgeo.project.spec import FILE_NAME, VALIDITY_FILE, allowing_outside, pack_files_of, read_spec
from hmgeo.register.entry import is_credit_code, is_national, plain_code, read_name
from hmgeo.vocabulary import Basis, Verdict
from hmgeo.words import render, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hmgeo.outputs.figure.finding import State, Words


_ROW_ID = re.compile(r"row-\d+(#\d+)?")
_WHO = frozenset({"by", "on", "reason"})
_MOST_CELLS = 5
_PERMIT = re.compile(r"[0-9A-Z][0-9A-Z \-]{6,}[0-9A-Z]")
_SIGNS = re.compile(r"[0-9A-Za-z\u3400-\u9fff]")
_NO_ID = frozenset({"无", "没有", "不详", "未知", "待定", "暂无", "null", "none", "nan", "n/a", "na"})

Key = tuple[str, str]
"""An enterprise and a rule."""


class Change(NamedTuple):
    """One finding that isn't the same in both runs.

    `kind`: 新增, 不再有 or 改变. `cause`: in words; empty where nobody looked.
    """

    kind: str
    source: str
    rule_id: str
    before: str
    after: str
    cause: str = ""

    def row(self, language: str = "zh") -> tuple[str, ...]:
        """Return its parts in `language`; what is the enterprise's own stays as it is."""
        findings = (render(text, language, in_english) for text in (self.before, self.after))
        return render(self.kind, language), self.source, self.rule_id, *findings, render(self.cause, language)


class Side(Struct, frozen=True):
    """One of the two runs.

    `names`: what each source is known again by, by `source_id`. `findings`, `cells`: by that name.
    """

    folder: Path
    manifest: Mapping[str, Any]
    home: Path | None
    names: Mapping[str, str]
    findings: Mapping[Key, Mapping[str, Any]]
    cells: Mapping[str, Mapping[str, str]]


def diff_runs(
    first: Path, second: Path, projects: Sequence[Path | None] = (None, None), *, causes: bool = True,
    progress: Progress = silent,
) -> tuple[tuple[Change, ...], tuple[str, ...]]:  # fmt: skip
    """Return what changed from run folder `first` to `second`, and remarks on how the causes were found.

    `progress` hears of each run made again. UsageError where both are one folder, InputError where one is no run.

    `projects`: the projects of both, looked for above the runs where nothing is said.
    `causes`: find causes by running again; else changes alone.
    """
    if first.resolve() == second.resolve():
        raise UsageError(Problem("两次运行是同一个文件夹", Place(file=first.name), remedy="写两个结果文件夹"))
    before, after = _sides((first, second), projects)
    changed = _changed(before, after)
    if not changed or not causes:
        return tuple(_change(before, after, key, "") for key in changed), ()
    refusal = _cannot_rerun(before) or _cannot_rerun(after)
    if refusal:
        return tuple(_change(before, after, key, "") for key in changed), (refusal,)
    explained, remarks = _causes(before, after, changed, progress)
    return tuple(_change(before, after, key, explained[key]) for key in changed), remarks


def draw_changes(
    first: Path,
    second: Path,
    projects: Sequence[Path | None],
    changes: Sequence[Change],
    out: Path,
    language: str = "zh",
) -> int:
    """Draw both states of what changed in `language`; return how many changes are of sources without coordinates.

    `changes`: as `diff_runs` returned them.
    `out`: a png, pdf or svg.
    `UsageError`: another kind of file, or neither run has a place to draw.
    """
    from hmgeo.outputs.figure.finding import Mark, write_changes  # noqa: PLC0415 -- what draws loads slowly

    suffix = ending_of(out, PICTURES, "--map")
    before, after = _sides((first, second), projects)
    by_source: dict[str, list[tuple[Key, Change]]] = {}
    for key, change in zip(_changed(before, after), changes, strict=True):
        by_source.setdefault(key[0], []).append((key, change))
    marks, lines, undrawn = [], list[tuple[str, str]](), 0
    for name in dict.fromkeys((*before.cells, *after.cells)):
        of = sorted(by_source.get(name, []), key=lambda pair: _gravity(pair[0], before, after))
        states = [_state(side, name, of[0][0] if of else None) for side in (before, after)]
        if not any(states):
            undrawn += len(of)
            continue
        marks.append(Mark(len(lines) + 1 if of else 0, *states))
        if of:
            _, source, rule_id, was, is_now, cause = of[0][1].row(language)
            more = render(say("diff.of_many", count=str(len(of))), language) if len(of) > 1 else ""
            nothing = in_language("无", language)
            told = f"{source} {rule_id}{more} {was or nothing} → {is_now or nothing}　{cause}"
            lines.append((str(len(lines) + 1), told.strip()))
    if not marks:
        raise UsageError(Problem("两次运行都没有带坐标的污染源，画不出", Place(file=out.name)))
    words = _words_around(before, after, lines, (len(changes), undrawn), language)
    book = verify.read_manifest(after.folder)[1].with_name("findings.gpkg")
    around = [shape for role, shape in shapes_of(book) if role in {"county", "township", "key_area"}]
    with whole_file(out, []) as made:
        write_changes(marks, around, words, made, suffix)
    return undrawn


def _words_around(
    before: Side, after: Side, lines: list[tuple[str, str]], counts: tuple[int, int], language: str
) -> Words:
    """Return what stands around the drawing in `language`; `counts` are the changes and those not drawn."""
    from hmgeo.outputs.figure.finding import Words  # noqa: PLC0415 -- what draws loads slowly

    changed, undrawn = counts
    basis = Basis.worst(*(Basis.of(side.manifest["basis"]) for side in (before, after)))
    unset = in_language("未设", language)
    sides = say(
        "diff.map_sides",
        before=before.folder.name,
        after=after.folder.name,
        day_before=before.manifest["as_of"] or unset,
        day_after=after.manifest["as_of"] or unset,
        undrawn=str(undrawn),
    )
    title = say("diff.map_title", title=before.manifest["project"]["title"], count=str(changed))
    return Words(
        render(title, language),
        render(sides, language),
        [text for text in (basis_banner(basis, language),) if text],
        lines,
        f"{in_language(after.manifest['caption'], language)}　{disclaimer(language)}",
        language,
    )


def _gravity(key: Key, before: Side, after: Side) -> int:
    verdicts = [side.findings[key]["verdict"] for side in (before, after) if key in side.findings]
    return min(Verdict.of(verdict).gravity if verdict else len(Verdict) for verdict in verdicts)


def _state(side: Side, name: str, key: Key | None) -> State | None:
    """Return where a source stands in a run and what its finding says; None where it, or what changed, isn't there."""
    from hmgeo.outputs.figure.finding import State  # noqa: PLC0415 -- what draws loads slowly

    row = side.cells.get(name)
    if row is None or not row["lon"] or not row["lat"] or (key is not None and key not in side.findings):
        return None
    return State(float(row["lon"]), float(row["lat"]), side.findings[key]["verdict"] if key is not None else "")


def _sides(folders: tuple[Path, Path], projects: Sequence[Path | None]) -> tuple[Side, Side]:
    read = [(*verify.read_manifest(folder), folder) for folder in folders]
    tables = [verify.read_tables(folder, record) for _, record, folder in read]
    names = known_again(*(run.sources for run in tables))
    first, second = (
        Side(
            folder,
            manifest,
            verify.home_of(folder, project, manifest),
            own,
            {
                (own.get(finding["source_id"], finding["source_id"]), finding["rule_id"]): finding
                for finding in table.findings
            },
            {own[row["source_id"]]: row for row in table.sources},
        )
        for (manifest, _, folder), table, own, project in zip(read, tables, names, projects, strict=True)
    )
    return first, second


class Marks(NamedTuple):
    """What an enterprise may be known again by, surest first; empty where its row doesn't tell it."""

    code: str
    permit: str
    id: str
    name: str


def known_again(
    first: Sequence[Mapping[str, str]], second: Sequence[Mapping[str, str]]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return one name by `source_id` for each source of `first` and `second`, rows of two sources.csv.

    The same name where it is the same enterprise: credit code (with the right check digit), permit number, id, name and
    place, in this order; only what stands once in each list joins. An id doesn't join two whose names differ where one
    of these names, or another credit code, says that it is given to somebody else, and nothing joins two whose credit
    codes differ. Rows alike in all of it are joined in their order; where in a list a row stands decides nothing else.
    """
    lists = [_marked(rows) for rows in (first, second)]
    pairs: dict[str, str] = {}
    for level in range(len(Marks._fields)):
        rest = [
            {name: marks for name, marks in marked.items() if name not in done}
            for marked, done in zip(lists, (pairs.keys(), set(pairs.values())), strict=True)
        ]
        single = [_single(marked, level) for marked in rest]
        plain = [{marks.name.partition("（")[0] for marks in marked.values()} - {""} for marked in rest]
        for text, name in single[0].items():
            if text not in single[1]:
                continue
            marks = rest[0][name], rest[1][single[1][text]]
            is_id = level == Marks._fields.index("id")
            are_two_persons = all(one.code for one in marks) and marks[0].code != marks[1].code
            if not are_two_persons and not (is_id and _is_another(*marks, plain)):
                pairs[name] = single[1][text]
    pairs |= _alike(*({k: v for k, v in marked.items() if k not in done} for marked, done in
                      zip(lists, (pairs.keys(), set(pairs.values())), strict=True)))  # fmt: skip
    return _named(lists, pairs)


def _marked(rows: Sequence[Mapping[str, str]]) -> dict[str, Marks]:
    """Return the marks of each row; an id that several rows had is nobody's, though the first kept it as written."""
    repeated = {row["source_id"].rpartition("#")[0] for row in rows}
    marks = {row["source_id"]: _marks(row) for row in rows}
    return {name: mark._replace(id="") if name in repeated else mark for name, mark in marks.items()}


def _marks(row: Mapping[str, str]) -> Marks:
    own = {name.removeprefix(OWN_PREFIX): text for name, text in row.items() if name.startswith(OWN_PREFIX) and text}
    roles = recognise_list(list(own))
    code = plain_code(own.get(roles.get("credit_code", ""), ""))
    code = code if is_credit_code(code) else ""
    permit_text = own.get(roles.get("permit", ""), "")
    permit, written = plain_code(permit_text), unicodedata.normalize("NFKC", permit_text).strip().upper()
    permit = permit if is_national(permit) or _PERMIT.fullmatch(written) else ""
    source_id = row["source_id"]
    is_id = bool(_SIGNS.search(source_id)) and source_id.lower() not in _NO_ID
    is_id = is_id and not _ROW_ID.fullmatch(source_id) and "#" not in source_id
    place = row.get("township") or row.get("county") or f"{row['lon']},{row['lat']}"
    full = read_name(row["name"])[0]
    return Marks(code, permit, source_id if is_id else "", f"{full}（{place}）" if _SIGNS.search(full) else "")


def _single(rows: Mapping[str, Marks], level: int) -> dict[str, str]:
    """Return the row of each mark of a level that one row alone holds."""
    counted = Counter(marks[level] for marks in rows.values())
    return {marks[level]: name for name, marks in rows.items() if marks[level] and counted[marks[level]] == 1}


def _is_another(first: Marks, second: Marks, names: Sequence[set[str]]) -> bool:
    """Tell whether an id went to another enterprise."""
    former, latter = (marks.name.partition("（")[0] for marks in (first, second))
    is_told = bool(first.code and second.code) or former in names[1] or latter in names[0]
    return bool(former and latter) and former != latter and is_told


def _alike(first: Mapping[str, Marks], second: Mapping[str, Marks]) -> dict[str, str]:
    """Join rows that are alike in all they are known by, in their order."""
    waiting: dict[Marks, list[str]] = {}
    for name, marks in second.items():
        waiting.setdefault(marks, []).append(name)
    return {
        name: waiting[marks].pop(0) for name, marks in first.items() if any(marks) and waiting.get(marks)
    }  # fmt: skip


def _named(lists: Sequence[Mapping[str, Marks]], pairs: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Give each enterprise its name: what it is surest known by, and its id where that isn't one enterprise's alone."""
    joined = {second: first for first, second in pairs.items()}
    firsts = [(0, name, marks) for name, marks in lists[0].items()]
    everyone = [*firsts, *((1, name, marks) for name, marks in lists[1].items() if name not in joined)]
    shown = [next(filter(None, marks), name) for _, name, marks in everyone]
    counted, used = Counter(shown), Counter[str]()
    made: tuple[dict[str, str], dict[str, str]] = {}, {}
    for (side, name, _), text in zip(everyone, shown, strict=True):
        label = text if counted[text] == 1 else f"{text}/{name}"
        used[label] += 1
        made[side][name] = label if used[label] == 1 else f"{label}（{('前', '后')[side]}一次）"
    made[1].update({second: made[0][first] for second, first in joined.items()})
    return made


def _changed(before: Side, after: Side) -> list[Key]:
    keys = dict.fromkeys((*before.findings, *after.findings))
    return [key for key in keys if _said(before, key) != _said(after, key)]


def _said(side: Side, key: Key) -> tuple[object, ...] | None:
    finding = side.findings.get(key)
    return None if finding is None else tuple(finding[name] for name in verify.JUDGED)


def _words(finding: Mapping[str, Any] | None) -> str:
    if finding is None:
        return ""
    text = finding.get("measured_text") or ""
    certainty = say("diff.on_the_line") if finding["certainty"] == "ambiguous" else ""
    measured = say("diff.measured", text=text) if text else ""
    return say("diff.finding", badge=badge(finding), certainty=certainty, measured=measured)


def _change(older: Side, newer: Side, key: Key, cause: str) -> Change:
    before, after = older.findings.get(key), newer.findings.get(key)
    kind = say("diff.new") if before is None else say("diff.gone") if after is None else say("diff.other")
    name = (newer.cells.get(key[0]) or older.cells.get(key[0]) or {}).get("name", "")
    shown = f"{key[0]} {name}" if name and name not in key[0] else key[0]
    return Change(kind, shown, key[1], _words(before), _words(after), cause)


def _cannot_rerun(side: Side) -> str:
    """Return why a run's project can't be run again as it was; empty where it can."""
    if side.home is None or not (side.home / verify.project_name(side.manifest)).is_file():
        return say("diff.no_project", run=side.folder.name)
    try:
        read_spec(side.home / verify.project_name(side.manifest))  # what it may read, before any of it is read
    except HmgeoError as error:
        return say("diff.unreadable", run=side.folder.name, problems=tuple(map(str, error.problems)))
    checks = tuple(verify.inputs_checked(side.home, side.manifest))
    if any(
        check.sign == verify.DIFFERS and check.what.code != verify.ADDED.code for check in checks
    ):  # nor what came since
        return say("diff.inputs_changed", run=side.folder.name)
    lost = next((check for check in checks if check.sign == verify.OPEN and check.is_of_inputs), None)
    return "" if lost is None else say("diff.input_lost", run=side.folder.name, why=lost.answer)


def _causes(
    older: Side, newer: Side, changed: Sequence[Key], progress: Progress
) -> tuple[dict[Key, str], tuple[str, ...]]:
    before, after = _settings(older), _settings(newer)
    pieces = [name for name in dict.fromkeys((*before, *after)) if _text(before, name) != _text(after, name)]
    with tempfile.TemporaryDirectory() as temporary:
        trials = [("", before), *((name, _with(before, after, [name])) for name in pieces)]
        trials += [("*", after)] if len(pieces) > 1 else []
        outcomes: dict[str, Mapping[Key, object] | None] = {}
        for number, (name, settings) in enumerate(trials):
            progress("逐项重跑", number, len(trials))
            outcomes[name] = _findings_of(settings, Path(temporary))
    outcomes.setdefault("*", outcomes[trials[-1][0]])  # all that differs is what was changed last, or nothing
    by_trial = {
        name: None if findings is None else _renamed(findings, (newer if name in {"*", _ENTERPRISES} else older).names)
        for name, findings in outcomes.items()
    }
    shown = tuple(pieces) or (say("verify.absent"),)
    remarks = [say("diff.trials", count=len(pieces), pieces=shown, runs=len(trials))]
    base = by_trial[""]
    if base is None:
        return dict.fromkeys(changed, ""), (say("diff.cannot_run", run=older.folder.name),)
    failed = [name for name in pieces if by_trial[name] is None]
    if failed:
        remarks.append(say("diff.failed", pieces=tuple(failed)))
    pieces_told = {name: _told(before.get(name), after.get(name)) for name in pieces}
    return {key: _cause(key, older, newer, by_trial, base, pieces_told) for key in changed}, tuple(remarks)


def _cause(
    key: Key,
    older: Side,
    newer: Side,
    by_trial: Mapping[str, Mapping[Key, object] | None],
    base: Mapping[Key, object],
    texts: Mapping[str, str],
) -> str:
    """Return which single change makes the first run's finding the second's."""
    wanted = _said(newer, key)
    alone = [name for name in texts if (findings := by_trial[name]) is not None and findings.get(key) != base.get(key)]
    whole = [name for name in alone if (by_trial[name] or {}).get(key) == wanted]
    versions = tuple(verify.other_versions(older.manifest, newer.manifest)) or (say("diff.same_versions"),)
    by_version = say("diff.version", versions=versions)
    is_another = base.get(key) != _said(older, key)  # of the older project, today's program says something else
    if whole:
        causes = tuple(
            say(
                "diff.cause",
                name=name,
                cells=_cells(key, older, newer) if name == _ENTERPRISES else "",
                how=texts[name],
            )
            for name in whole
        )
        every = say("diff.causes", causes=causes)
        return say("diff.and", first=every, second=by_version) if is_another else every
    if is_another:
        return say("diff.and", first=by_version, second=say("diff.names", names=tuple(alone))) if alone else by_version
    if (by_trial["*"] or {}).get(key) == wanted:
        return say("diff.together", names=tuple(alone or texts))
    return say("diff.version_left", versions=versions)


def _cells(key: Key, older: Side, newer: Side) -> str:
    """Return which cells of the enterprise's row are others."""
    before, after = older.cells.get(key[0]), newer.cells.get(key[0])
    if before is None or after is None:
        return say("diff.no_row_before") if before is None else say("diff.no_row_after")
    names = [name for name in dict.fromkeys((*before, *after)) if name.startswith(OWN_PREFIX)]
    empty = say("diff.empty")
    changed = [
        say(
            "verify.version",
            name=name.removeprefix(OWN_PREFIX),
            old=before.get(name) or empty,
            new=after.get(name) or empty,
        )
        for name in names
        if before.get(name) != after.get(name)
    ]
    return say("diff.bracketed", parts=tuple(changed[:_MOST_CELLS])) if changed else ""


class Piece(NamedTuple):
    """One thing that a run was told: its place in project.yml (or option), its YAML, what it says (files: sums)."""

    where: tuple[str, ...]
    node: yaml.Node
    text: Mapping[str, str]


_NO_CAUSE = frozenset({"title", "schema", "overrides"})
"""Keys that no finding hangs on."""
_PARTED = {"layers": "diff.layer", "parameters": "diff.parameter"}
_ENTERPRISES, _PACKS = say("diff.layer", name="enterprises"), "rule_packs"
_WORDS, _ACCEPTS = say("diff.words"), say("diff.accepts")
_CHECKS = say("diff.validity", file=VALIDITY_FILE)
_FILE = say("diff.file")


def _settings(side: Side) -> dict[str, Piece]:
    """Return what a run was told, piece by piece, paths made absolute."""
    home = side.home or side.folder
    added = verify.added_settings(home, side.manifest)
    root = yaml.compose((home / verify.project_name(side.manifest)).read_text(encoding="utf-8-sig"))
    made: dict[str, Piece] = {}
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        name = str(key.value)
        if name in _PARTED and isinstance(value, yaml.MappingNode):
            made |= {
                say(_PARTED[name], name=part.value): _piece((name, part.value), node, home)
                for part, node in value.value
            }
        elif name == _PACKS:
            made[name] = _piece((name,), _files_of(value, home, added), home)
        elif name not in _NO_CAUSE:
            made[name] = _piece((name,), value, home)
        else:
            made[name] = Piece((name,), value, {})
    checks = home / VALIDITY_FILE if (home / VALIDITY_FILE).is_file() and VALIDITY_FILE not in added else None
    for name, file in ((_CHECKS, checks), (_WORDS, verify.file_told(side.manifest, home))):
        if file is not None:
            made[name] = Piece((name,), _scalar(str(file.resolve())), {_FILE: file_sha256(file)})
    if verify.ACCEPT in said_words(side.manifest):
        made[_ACCEPTS] = Piece((_ACCEPTS,), _scalar("true"), {"": "true"})
    return made


def _files_of(packs: yaml.Node, home: Path, added: Sequence[str]) -> yaml.Node:
    """Return packs of rules with the files of each folder in its place, but for those that came after the run."""
    files: list[yaml.Node] = []
    for scalar in _scalars(packs):
        named, inside = pack_files_of(home, [str(scalar.value)]), (home / str(scalar.value)).is_dir()
        files += [_scalar(name) for name in named if name not in added] if inside else [scalar]
    return yaml.SequenceNode("tag:yaml.org,2002:seq", files)


def _piece(where: tuple[str, ...], node: yaml.Node, home: Path) -> Piece:
    """Return a piece; files that it names are made absolute, and count by what is in them, not by their name."""
    parts = {key.value: value for key, value in node.value} if isinstance(node, yaml.MappingNode) else {"": node}
    text: dict[str, str] = {}
    for name, part in parts.items():
        sums = []
        for scalar in _scalars(part):
            path = home / str(scalar.value)
            if scalar.value and path.is_file():
                scalar.value = str(path.resolve())
                sums.append(file_sha256(path))
        title = _FILE if name in {"", "path"} else f"{name} {_FILE}"
        text[title if sums else name] = "".join(sums) or _plain(part)
    return Piece(where, node, text)


def _scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.SequenceNode):
        for member in node.value:
            yield from _scalars(member)
    elif isinstance(node, yaml.MappingNode):
        for _, member in node.value:
            yield from _scalars(member)


def _plain(node: yaml.Node) -> str:
    """Return a value in a line."""
    if isinstance(node, yaml.ScalarNode):
        return str(node.value)
    if isinstance(node, yaml.MappingNode):
        return "{" + "，".join(f"{key.value}: {_plain(member)}" for key, member in node.value) + "}"
    return "、".join(map(_plain, node.value))


def _text(settings: Mapping[str, Piece], name: str) -> Mapping[str, str] | None:
    return settings[name].text if name in settings else None


def _told(before: Piece | None, after: Piece | None) -> str:
    """Return what of a piece is other, in brackets; who chose it and why changes no finding."""
    if before is None or after is None:
        return say("diff.none_before") if before is None else say("diff.none_after")
    names = [
        name
        for name in dict.fromkeys((*before.text, *after.text))
        if name not in _WHO and before.text.get(name) != after.text.get(name)
    ]
    absent = say("verify.absent")
    parts = [
        say("diff.differs", name=name)
        if name == _FILE
        else say("verify.version", name=name, old=before.text.get(name) or absent, new=after.text.get(name) or absent)
        if name
        else say("diff.step", old=before.text.get(name) or absent, new=after.text.get(name) or absent)
        for name in names
    ]
    is_row = before.where == ("layers", "enterprises") and names == [_FILE]  # its cells tell it
    return "" if is_row or not parts else say("diff.bracketed", parts=tuple(parts))


def _with(before: Mapping[str, Piece], after: Mapping[str, Piece], names: Sequence[str]) -> dict[str, Piece]:
    """Return the older settings with some pieces of the newer."""
    kept = {name: piece for name, piece in before.items() if name not in names}
    return kept | {name: after[name] for name in names if name in after}


def _renamed(findings: Mapping[Key, object], names: Mapping[str, str]) -> dict[Key, object]:
    """Return findings by what a side knows their sources by."""
    return {(names.get(source, source), rule): judged for (source, rule), judged in findings.items()}


def _findings_of(settings: Mapping[str, Piece], folder: Path) -> Mapping[Key, object] | None:
    """Return what a project of these settings finds, by source and rule; None where it can't be run."""
    root = yaml.MappingNode("tag:yaml.org,2002:map", [])
    groups: dict[str, yaml.MappingNode] = {}
    for name, piece in settings.items():
        if name in {_WORDS, _ACCEPTS, _CHECKS}:
            continue
        into = root
        if len(piece.where) > 1:
            if piece.where[0] not in groups:
                groups[piece.where[0]] = yaml.MappingNode(root.tag, [])
                root.value.append((_scalar(piece.where[0]), groups[piece.where[0]]))
            into = groups[piece.where[0]]
        into.value.append((_scalar(piece.where[-1]), piece.node))
    file = folder / FILE_NAME
    file.write_text(yaml.serialize(root, allow_unicode=True), encoding="utf-8")
    (folder / VALIDITY_FILE).unlink(missing_ok=True)
    if _CHECKS in settings:
        copyfile(str(settings[_CHECKS].node.value), folder / VALIDITY_FILE)
    words = settings.get(_WORDS)
    try:
        meanings = None if words is None else Path(str(words.node.value))
        with allowing_outside():  # each side's own files, by their full paths
            results = project_results(file, accept_suggestions=_ACCEPTS in settings, words=meanings, page=False)
    except HmgeoError:
        return None
    return {
        (finding["source_id"], finding["rule_id"]): tuple(finding[name] for name in verify.JUDGED)
        for finding in verify.findings_rows(results.findings)
    }


def _scalar(text: str) -> yaml.ScalarNode:
    return yaml.ScalarNode("tag:yaml.org,2002:str", text)


def change_rows(changes: Sequence[Change], language: str = "zh") -> Iterator[tuple[str, ...]]:
    """Yield `changes` as rows of a table in `language`, those with a cause together."""
    for change in sorted(changes, key=lambda change: (change.kind, change.cause)):
        yield change.row(language)

"""project.yml: what it may hold, read with every fault at once, each with its line; the files that it names."""

from __future__ import annotations

import glob
import itertools
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import date
from pathlib import Path
from types import MappingProxyType

import yaml
from msgspec import Struct
from msgspec.structs import replace

from hmgeo.errors import InputError, Place, Problem, ProjectError, raise_problems
from hmgeo.intake.catalog import file_sha256, shipped_folder
from hmgeo.intake.columns import ROLE_WORDS, Accepted, ReadOptions, read_mapping
from hmgeo.intake.formats.sheets import sheet_rows
from hmgeo.judging.choices import USER_DECIDER, ChosenParameter, ChosenValue
from hmgeo.records import WordMeaning
from hmgeo.reference.cells import lists_of_words, official_words
from hmgeo.reference.tables import bare_header
from hmgeo.results.used import DEFAULT_ORDER, VISIT_ORDERS, DecisionUsed, VisitOrder
from hmgeo.rules.book import pack_files
from hmgeo.rules.model import Validity
from hmgeo.rules.nodes import Reader, compose, line_of
from hmgeo.rules.parameters import ParameterDeclaration, ParameterType, declared
from hmgeo.rules.words import EDITIONS
from hmgeo.vocabulary import Basis, Classification, Completeness, LayerKind, ValidityState, Verdict

_may_leave: ContextVar[bool] = ContextVar("may_leave", default=False)
ALLOW_OUTSIDE = "--allow-outside"
FILE_NAME = "project.yml"
VALIDITY_FILE = "validity.yml"
SCHEMA = 1
NO_SCREENING = "none"
_NOUN = "项目文件"
_REQUIRED = ("schema", "title", "as_of", "area", "layers", "screening_rule")
_KEYS = (
    *_REQUIRED,
    "layer_defaults",
    "parameters",
    "settings",
    "adopt",
    "rule_packs",
    "mix_basis",
    "clipped_area",
    "visit_order",
    "words",
    "overrides",
)
_LAYER_KEYS = (
    "path", "layer", "id_field", "crs", "datum", "central_meridian", "basis", "classification", "vintage", "coverage",
    "completeness", "source", "licence", "credit", "axis_order", "accept_suggestions", "columns", "accept_set_aside",
    "edition",
)  # fmt: skip
_DEFAULT_KEYS = (
    "basis", "classification", "vintage", "coverage", "completeness", "source", "licence", "credit", "crs", "datum",
    "central_meridian", "axis_order", "accept_suggestions",
)  # fmt: skip
_PARAMETER_KEYS = ("value", "unit", "edition", "by", "on", "reason")
_CHOSEN_BY = ("value", "by", "on", "reason")


class LayerSpec(Struct, frozen=True):
    """A layer as project.yml declares it; empty text where it says nothing.

    Parameters
    ----------
    path
        Relative to the project's folder.
    coverage
        An area code, a key-area id or a polygon file.
    options
        What the project says of the file where the file doesn't.
    """

    kind: LayerKind
    path: str
    basis: Basis
    options: ReadOptions
    classification: Classification = Classification.UNMARKED
    vintage: str = ""
    coverage: str = ""
    completeness: Completeness = Completeness.UNKNOWN
    source: str = ""
    licence: str = ""
    credit: str = ""
    line: int = 0


class Adoption(Struct, frozen=True):
    """A rule used as a method where it has no force, with who chose it, when and why."""

    rule: str
    by: str
    on: str
    reason: str
    line: int = 0


class ProjectSpec(Struct, frozen=True):
    """A project.yml.

    Parameters
    ----------
    area_ids
        Key-area ids and area codes of the project's own area.
    screening_rule
        Empty where the project sets none.
    mix_basis
        The reason for judging real sources on invented data; empty where nobody gave one.
    clipped_area
        Whether land under overlapping parcels and inside the circle is measured too; takes its time.
    visit_order
        By what the order of visits is made; the default where the project says nothing.
    overrides
        The file of people's decisions on findings, from the project's folder; empty where there is none.
    validity
        What the office itself found of the standing of clauses and texts: `validity.yml` beside the project file.
    misplaced
        What was read all the same though it belongs elsewhere in the file.
    """

    file: Path
    title: str
    as_of: date
    area_ids: tuple[str, ...]
    layers: Mapping[LayerKind, LayerSpec]
    screening_rule: str
    parameters: Mapping[str, ChosenParameter]
    adopt: tuple[Adoption, ...]
    rule_packs: tuple[str, ...] = ()
    mix_basis: str = ""
    clipped_area: bool = False
    visit_order: VisitOrder = DEFAULT_ORDER
    words: tuple[WordMeaning, ...] = ()
    validity: tuple[Validity, ...] = ()
    overrides: str = ""
    misplaced: tuple[Problem, ...] = ()

    @property
    def folder(self) -> Path:
        """The folder that paths are relative to."""
        return self.file.parent

    @property
    def files(self) -> tuple[Path, ...]:
        """The project's own file and those that its layers name; nothing is ever written over them."""
        checks = (self.folder / VALIDITY_FILE,) if (self.folder / VALIDITY_FILE).is_file() else ()
        overrides = (self.folder / self.overrides,) if self.overrides else ()
        return (self.file, *checks, *overrides, *(self.folder / layer.path for layer in self.layers.values()))

    def accepting(self) -> ProjectSpec:
        """Return the project with the suggestions of the checks accepted for every layer."""
        accepting = {
            kind: replace(layer, options=replace(layer.options, accept_suggestions=True))
            for kind, layer in self.layers.items()
        }
        return replace(self, layers=MappingProxyType(accepting))

    def with_words(self, path: Path | None) -> ProjectSpec:
        """Return the project with the meanings in file `path` added, which go before its own; None: none."""
        return self if path is None else replace(self, words=(*self.words, *read_words(path)))

    def with_overrides(self, path: Path | None) -> ProjectSpec:
        """Return the project with `path` as its file of decisions; None: its own stays."""
        return self if path is None else replace(self, overrides=str(path.resolve()))

    def decisions(self) -> tuple[DecisionUsed, ...]:
        """Return what people decided on findings.

        `InputError` with every fault of their file.
        """
        return read_decisions(self.folder / self.overrides) if self.overrides else ()

    def place(self, key: str, line: int = 0) -> Place:
        """Return where `key` stands in this file, at `line` from 1 (0: nowhere), for a problem."""
        return Place(file=self.file.name, key=key, line=line)


def read_spec(path: Path, *, needs_screening: bool = True) -> ProjectSpec:
    """Read a project.yml at `path` or the one in that folder.

    `needs_screening`: whether it must say by which rule it screens; a question on sites needs none.

    `ProjectError` with every fault found: unknown or missing keys (with the nearest known one), wrong words, missing
    basis, ..., and every file outside the project's folder that it names, unless `allowing_outside`.
    """
    file = path / FILE_NAME if path.is_dir() else path
    if not file.is_file():
        remedy = "核对路径；随软件示例用 hmgeo demo，新项目从示例的 project.yml 改起"
        raise ProjectError(Problem("找不到项目文件", Place(file=str(path)), remedy=remedy))
    homes = file.parent.resolve(), shipped_folder().resolve()
    own = [] if _may_leave.get() else [file, file.parent / VALIDITY_FILE]
    outside = [Problem(_NOT_READ, Place(file=mine.name), remedy=_TRUST) for mine in own if not _stays(mine, homes)]
    raise_problems(ProjectError, outside)
    reader = Reader(file.name, takes_quoted_days=True)
    root = compose(file.read_bytes(), file.name, _NOUN, ProjectError)
    required = _REQUIRED if needs_screening else tuple(key for key in _REQUIRED if key != "screening_rule")
    entries = reader.mapping(root, _KEYS, required, _NOUN)
    schema = reader.integer(entries, "schema")
    if schema not in {None, SCHEMA}:
        reader.fault(entries["schema"], "不认识的 schema 版本", found=str(schema), allowed=str(SCHEMA))
    as_of = reader.day(entries, "as_of")
    rule = reader.text(entries, "screening_rule")
    fields = (
        reader.text(entries, "title"),
        _area(reader, entries.get("area")),
        _layers(reader, entries.get("layers"), entries.get("layer_defaults")),
        "" if rule == NO_SCREENING else rule,
        _parameters(reader, entries.get("parameters"), entries.get("settings")),
        tuple(_adoption(reader, node) for node in reader.items(entries, "adopt")),
        reader.texts(entries, "rule_packs"),
        reader.text(entries, "mix_basis"),
        _yes(reader, entries.get("clipped_area"), "clipped_area"),
        _visit_order(reader, entries.get("visit_order")),
        _words(reader, entries.get("words")),
    )
    raise_problems(ProjectError, reader.problems)
    if as_of is None:  # already among the problems; told to the type checker
        raise ProjectError(Problem("缺少 as_of", Place(file=file.name, key="as_of")))
    overrides = reader.text(entries, "overrides")
    validity = read_validity(file.parent / VALIDITY_FILE)
    misplaced = _misplaced(file.name, entries.get("parameters"))
    spec = ProjectSpec(file, fields[0], as_of, *fields[1:], validity=validity, overrides=overrides, misplaced=misplaced)
    if not _may_leave.get():
        raise_problems(ProjectError, outside_of(spec))
    return spec


@contextmanager
def allowing_outside() -> Iterator[None]:
    """Let projects name files outside their own folder: whoever says so trusts where they come from."""
    before = _may_leave.set(True)
    try:
        yield
    finally:
        _may_leave.reset(before)


def outside_of(spec: ProjectSpec) -> list[Problem]:
    """Return what `spec` names that lies, links followed, neither in its folder nor among the shipped layers.

    A project from elsewhere would else read whatever its user may read, and show it. Where a link leads isn't told.
    """
    named = [("path", layer.path, layer.line) for layer in spec.layers.values()]
    named += [("coverage", layer.coverage, layer.line) for layer in spec.layers.values() if layer.coverage]
    named += [("area", name, 0) for name in spec.area_ids] + [("rule_packs", name, 0) for name in spec.rule_packs]
    named += [("overrides", spec.overrides, 0)] if spec.overrides else []
    home = spec.folder.resolve()
    return [
        Problem(_NOT_READ, spec.place(key, line), name, remedy=_TRUST)
        for key, name, line in (*named, ("", VALIDITY_FILE, 0))
        if _leaves(spec.folder / name, (home, shipped_folder().resolve()))
    ]


_NOT_READ = "文件在项目文件夹之外，未读取"
_TRUST = f"确认项目来源可靠后，在命令后加 {ALLOW_OUTSIDE}，或把文件放进项目文件夹"


def _leaves(path: Path, homes: Sequence[Path]) -> bool:
    """Tell whether a path, or a link beside or below it that is read with it, leads out of all of some folders."""
    near: list[Path] = []
    with suppress(OSError, RuntimeError, ValueError):  # no path at all: whoever reads it says so
        near = list(path.rglob("*") if path.is_dir() else path.parent.glob(f"{glob.escape(path.stem)}.*"))
    return not all(_stays(place, homes) for place in (path, *(place for place in near if place.is_symlink())))


def _stays(path: Path, homes: Sequence[Path]) -> bool:
    """Tell whether a path, links followed, lies in one of some folders; links in a ring lead nowhere."""
    try:
        resolved = path.resolve()
    except (OSError, RuntimeError, ValueError):
        return True
    return any(resolved.is_relative_to(home) for home in homes)


_DECIDED = {
    "finding_id": ("结论编号", "finding_id", "finding"),
    "decision": ("人工决定", "决定", "decision"),
    "by": ("决定人", "认定人", "by"),
    "on": ("日期", "决定日期", "on"),
    "document": ("文件", "文号", "依据文件", "document"),
    "reason": ("理由", "reason"),
    "then": ("当时结论", "verdict"),
}


def read_decisions(path: Path) -> tuple[DecisionUsed, ...]:
    """Read what people decided on findings, from all sheets of `path`; all cells but the name's must be filled.

    `InputError` with every fault found; a sheet that holds something and has no such header is one.
    """
    allowed = "、".join(words[0] for words in _DECIDED.values())
    decisions: dict[str, DecisionUsed] = {}
    problems: list[Problem] = []
    sheets, lost = sheet_rows(path)
    for sheet, rows in sheets.items():
        header = next(filter(None, map(_decided_columns, rows[:_HEADER_ROWS], itertools.count())), None)
        if header is not None:
            at, columns = header
            for cell in (cell for cell in lost if cell.sheet == sheet and cell.column in columns.values()):
                if cell.row > at and any(rows[cell.row][column] for column in columns.values()):
                    place = Place(file=path.name, sheet=sheet, field=cell.name)
                    problems.append(Problem(cell.what, place, cell.written, remedy=cell.remedy))
            problems += _decisions(Place(file=path.name, sheet=sheet), rows, at, columns, decisions)
        elif any(text.strip() for row in rows for text in row):
            remedy = "补齐各列；与决定无关的工作表另存他处"
            problems.append(Problem("没有认出人工决定的表头", Place(file=path.name, sheet=sheet), "", allowed, remedy))
    if not decisions and not problems:
        problems.append(Problem("没有人工决定", Place(file=path.name), allowed=allowed, remedy="一行填一条"))
    raise_problems(InputError, problems)
    return tuple(decisions.values())


_HEADER_ROWS = 20
_DECIDED_NAME = ("名称", "企业名称", "单位名称", "name")
_PLACE_IN_LIST = re.compile(r"row-\d+|.*#\d+")
"""Ids that hmgeo made where the list has none, or has one twice: another firm's as soon as the list changes."""


def _decided_columns(row: Sequence[str], at: int) -> tuple[int, dict[str, int]] | None:
    """Return where a header stands and its columns; None where the row is none."""
    place = {bare_header(text): column for column, text in enumerate(row) if text.strip()}
    words = {**_DECIDED, "name": _DECIDED_NAME}
    columns = {name: next((place[word] for word in known if word in place), None) for name, known in words.items()}
    present = {name: column for name, column in columns.items() if column is not None}
    return (at, present) if _DECIDED.keys() <= present.keys() else None


def _decisions(
    whole: Place,
    rows: Sequence[Sequence[str]],
    header: int,
    columns: Mapping[str, int],
    decisions: dict[str, DecisionUsed],
) -> list[Problem]:
    """Add what a sheet holds to what was found, and return its faults."""
    verdicts = {word: verdict.value for verdict in Verdict for word in (verdict.value, verdict.zh)}
    titles = {name: words[0] for name, words in _DECIDED.items()} | {"name": _DECIDED_NAME[0]}
    problems: list[Problem] = []
    for line, row in enumerate(rows[header + 1 :], start=header + 2):
        cells = {name: row[column].strip() if column < len(row) else "" for name, column in columns.items()}
        if not any(cells.values()):
            continue
        place = {name: replace(whole, line=line, field=titles[name]) for name in titles}
        problems += [Problem("没有填", place[name], remedy="补填") for name in _DECIDED if not cells[name]]
        if not cells.get("name") and _PLACE_IN_LIST.fullmatch(cells["finding_id"].rpartition("|")[0]):
            remedy = "加一列「名称」写企业名称，或给名单编号"
            what = "编号只是行次，清单一变就是另一家"
            problems.append(Problem(what, place["finding_id"], cells["finding_id"], remedy=remedy))
        if cells["finding_id"] in decisions:
            problems.append(
                Problem("同一条结论有两个决定", place["finding_id"], cells["finding_id"], remedy="只留一个")
            )
        try:
            cells["on"] = date.fromisoformat(cells["on"].removesuffix("T00:00:00")).isoformat()
        except ValueError:
            problems.append(Problem("日期读不出", place["on"], cells["on"], remedy="写成 2026-06-30"))
        then = cells["then"].removeprefix("示例判定：")
        if then and then not in verdicts:
            allowed = "、".join(verdict.zh for verdict in Verdict)
            problems.append(Problem("当时结论不是结论用语", place["then"], cells["then"], allowed, "照当时的结果填"))
        decisions[cells["finding_id"]] = DecisionUsed(**cells | {"then": verdicts.get(then, then)})
    return problems


def read_words(path: Path) -> tuple[WordMeaning, ...]:
    """Read what words outside the closed lists mean, from `path`: the entries of `words`, or `words` itself.

    `ProjectError` with every fault found.
    """
    if not path.is_file():
        raise ProjectError(Problem("找不到用语文件", Place(file=path.name, key="--words"), remedy="核对路径"))
    reader = Reader(path.name, takes_quoted_days=True)
    root = compose(path.read_bytes(), path.name, "用语文件", ProjectError)
    entries = reader.free_mapping(root, "words")
    words = _words(reader, entries["words"][1] if list(entries) == ["words"] else root)
    raise_problems(ProjectError, reader.problems)
    return words


_VALIDITY_KEYS = ("clause", "text", "state", "followed_by", "since", "by", "on", "document")
_FOLLOWED = re.compile(r"已接续于《?(.+?)》?")


def read_validity(path: Path) -> tuple[Validity, ...]:
    """Read an office's own checks of clauses and texts (效力核实) from `path`; none without such a file.

    `ProjectError` with every fault found: a missing field, a word that isn't 仍执行, 已接续 or 失效, ...
    """
    if not path.is_file():
        return ()
    reader = Reader(path.name, takes_quoted_days=True)
    root = compose(path.read_bytes(), path.name, "效力核实文件", ProjectError)
    checks = tuple(_validity(reader, node) for node in reader.items(root, "效力核实"))
    raise_problems(ProjectError, reader.problems)
    return checks


def _validity(reader: Reader, node: yaml.Node) -> Validity:
    entries = reader.mapping(node, _VALIDITY_KEYS, ("state", "by", "on", "document"), "效力核实")
    names = ("clause", "text", "state", "followed_by", "by", "document")
    clause, title, word, successor, by, document = (reader.text(entries, name) for name in names)
    on, since = (reader.day(entries, name) for name in ("on", "since"))
    if bool(clause) is bool(title):
        reader.fault(node, "效力核实须写明一条条款或一份文件", allowed="clause（规则编号）或 text（文件名）之一")
    if (match := _FOLLOWED.fullmatch(word)) is not None:
        word, successor = ValidityState.FOLLOWED.zh, successor or match[1]
    state = next((candidate for candidate in ValidityState if candidate.zh == word), ValidityState.STILL)
    if word and state.zh != word:
        reader.fault(entries["state"], "效力核实的结果看不懂", found=word, allowed="仍执行、已接续、失效")
    if state is ValidityState.FOLLOWED and not successor:
        reader.fault(node, "已接续的须写明接续文件", remedy="补写 followed_by，或写成 state: 已接续于《文件名》")
    if state is ValidityState.STILL and (successor or since):
        reader.fault(node, "仍执行的没有接续文件和失效日期", remedy="删去 followed_by、since，或改 state")
    if state is not ValidityState.STILL and since is None and "since" not in entries:
        reader.fault(node, f"{state.zh}的须写明自何日起", remedy="补写 since: YYYY-MM-DD")
    subject = (clause or title).strip("《》")
    return Validity(subject, state, by, on or date.min, document, since, successor.strip("《》"), line=line_of(node))


def told_columns(texts: Sequence[str], flag: str = "--columns") -> tuple[tuple[str, str], ...]:
    """Read what `flag` says, each of `texts`: `lon=列名,lat=列名`, or a file with a layer's `columns`.

    `UsageError` or `ProjectError`: what can't be read.
    """
    pairs: list[tuple[str, str]] = []
    for text in texts:
        path = Path(text)
        if "=" in text or path.suffix not in {".yml", ".yaml"}:
            pairs += read_mapping(text, flag)
            continue
        if not path.is_file():
            raise ProjectError(Problem("找不到列对应文件", Place(file=path.name, key=flag), remedy="核对路径"))
        reader = Reader(path.name, takes_quoted_days=True)
        root = compose(path.read_bytes(), path.name, "列对应文件", ProjectError)
        pairs += _columns(reader, reader.mapping(root, ("columns",), ("columns",), "列对应文件").get("columns"))
        raise_problems(ProjectError, reader.problems)
    return tuple(pairs)


def _words(reader: Reader, node: yaml.Node | None) -> tuple[WordMeaning, ...]:
    if node is None:
        return ()
    allowed = tuple(dict.fromkeys(("是", "否", *(word for name in lists_of_words() for word in official_words(name)))))
    keys = ("means", "by", "on", "reason")
    words = []
    for word, (_, value) in reader.free_mapping(node, "words").items():
        entries = reader.mapping(value, keys, keys, f"用语 {word} ")
        means, (by, on, reason) = reader.text(entries, "means"), _signed(reader, entries)
        if means and means not in allowed:
            reader.fault(entries["means"], f"用语 {word} 的含义不是清单中的词", found=means, allowed="、".join(allowed))
        words.append(WordMeaning(word, means, by, on, reason))
    return tuple(words)


def _area(reader: Reader, node: yaml.Node | None) -> tuple[str, ...]:
    if node is None:
        return ()
    entries = reader.mapping(node, ("key_areas", "codes"), (), "area")
    ids = reader.texts(entries, "key_areas") + reader.texts(entries, "codes")
    if not ids:
        reader.fault(node, "area 为空", allowed="key_areas 或 codes", remedy="写重点区域编号或行政区划代码")
    return ids


def _layers(reader: Reader, node: yaml.Node | None, defaults_node: yaml.Node | None) -> Mapping[LayerKind, LayerSpec]:
    """Return the layers; what one doesn't say itself is as `layer_defaults` say."""
    defaults = reader.mapping(defaults_node, _DEFAULT_KEYS, (), "layer_defaults")
    entries = reader.mapping(node, [kind.value for kind in LayerKind], (), "layers")
    return MappingProxyType(
        {LayerKind.of(kind): _layer(reader, LayerKind.of(kind), entry, defaults) for kind, entry in entries.items()}
    )


def _layer(reader: Reader, kind: LayerKind, node: yaml.Node, defaults: Mapping[str, yaml.Node]) -> LayerSpec:
    known = _LAYER_KEYS if kind is LayerKind.ENTERPRISES else _LAYER_KEYS[:-1]  # others state no trade
    required = [key for key in ("path", "basis") if key not in defaults]
    entries = {**defaults, **reader.mapping(node, known, required, f"图层 {kind.value}")}
    vintage = entries.get("vintage")
    options = ReadOptions(
        layer=reader.text(entries, "layer"),
        id_field=reader.text(entries, "id_field"),
        crs=reader.text(entries, "crs"),
        datum=reader.text(entries, "datum"),
        central_meridian=reader.number(entries, "central_meridian"),
        axis_order=reader.text(entries, "axis_order"),
        accept_suggestions=_yes(reader, entries.get("accept_suggestions"), "accept_suggestions"),
        columns=_columns(reader, entries.get("columns")),
        accept_set_aside=_accepted(reader, entries.get("accept_set_aside")),
        edition=reader.word(entries.get("edition"), "行业分类版本 edition ", tuple(map(str, EDITIONS))),
    )
    return LayerSpec(
        kind,
        basis=reader.member(entries, "basis", Basis, Basis.UNDECLARED),
        options=options,
        classification=reader.member(entries, "classification", Classification, Classification.UNMARKED),
        vintage=str(vintage.value) if isinstance(vintage, yaml.ScalarNode) else "",  # 2019 and "2019-06" alike
        coverage=_coverage(reader, entries.get("coverage")),
        completeness=reader.member(entries, "completeness", Completeness, Completeness.UNKNOWN),
        line=line_of(node),
        **{key: reader.text(entries, key) for key in ("path", "source", "licence", "credit")},
    )


def _accepted(reader: Reader, node: yaml.Node | None) -> Accepted | None:
    """Return how many features set aside somebody takes for absent, and who, when and why."""
    if node is None:
        return None
    keys = ("count", "by", "on", "reason")
    entries = reader.mapping(node, keys, keys, "accept_set_aside")
    return Accepted(reader.integer(entries, "count") or 0, *_signed(reader, entries))


def _signed(reader: Reader, entries: Mapping[str, yaml.Node]) -> tuple[str, str, str]:
    """Return who chose something, when and why."""
    on = reader.day(entries, "on")
    by, reason = (reader.text(entries, key) for key in ("by", "reason"))
    return by, on.isoformat() if on else "", reason


def _yes(reader: Reader, node: yaml.Node | None, key: str) -> bool:
    """Return whether a key says true; anything but true and false is a fault."""
    word = node.value if isinstance(node, yaml.ScalarNode) else ""
    if node is not None and word not in {"true", "false"}:
        reader.fault(node, f"{key} 须为 true 或 false", found=str(word), allowed="true、false")
    return word == "true"


def _columns(reader: Reader, node: yaml.Node | None) -> tuple[tuple[str, str], ...]:
    """Return what the project says of a layer's columns: role, column name."""
    entries = reader.mapping(node, tuple(ROLE_WORDS), (), "columns")
    return tuple((role, reader.text(value, role)) for role, value in entries.items())


def _coverage(reader: Reader, node: yaml.Node | None) -> str:
    """Return the area code, key-area id or file that a coverage names."""
    if node is None:
        return ""
    known = ("area", "key_area", "file")
    entries = reader.mapping(node, known, (), "coverage")
    if len(entries) != 1:
        reader.fault(node, "coverage 须恰有一项", allowed="、".join(known), remedy='如 {area: "441802"}')
        return ""
    ((key, value),) = entries.items()
    return reader.text(value, key)


def _adoption(reader: Reader, node: yaml.Node) -> Adoption:
    keys = ("rule", "by", "on", "reason")
    entries = reader.mapping(node, keys, keys, "adopt")
    return Adoption(reader.text(entries, "rule"), *_signed(reader, entries), line_of(node))


def _visit_order(reader: Reader, node: yaml.Node | None) -> VisitOrder:
    keys = ("value", "by", "on", "reason")
    entries = reader.mapping(node, keys, keys, "visit_order")
    value = reader.word(entries.get("value"), "visit_order ", list(VISIT_ORDERS))
    return VisitOrder(value or DEFAULT_ORDER.value, *_signed(reader, entries))


def _parameters(
    reader: Reader, node: yaml.Node | None, settings_node: yaml.Node | None
) -> Mapping[str, ChosenParameter]:
    """Return what texts leave open, chosen with who, when and why; and how things are worked out, which needs none."""
    known = {parameter.name: parameter for parameter in declared()}
    entries = reader.mapping(node, tuple(known), (), "parameters")
    chosen = {name: _parameter(reader, known[name], entry) for name, entry in entries.items()}
    settings = reader.mapping(settings_node, tuple(known), (), "settings")
    for name, setting in settings.items():
        if not known[name].is_setting:
            reader.fault(
                setting, f"{name} 是条文留待确定的，不是计算设置", remedy="移到 parameters 下，写明决定人、日期和理由"
            )
        elif name in entries:
            reader.fault(setting, f"{name} 在 parameters 和 settings 下各写了一次", remedy="只留 settings 下的")
        else:
            chosen[name] = _setting(reader, known[name], setting)
    return MappingProxyType(chosen)


def _misplaced(file: str, node: yaml.Node | None) -> tuple[Problem, ...]:
    """Return a line on settings that stand among what the texts leave open."""
    settings = {parameter.name for parameter in declared() if parameter.is_setting}
    keys = [key for key, _ in node.value if key.value in settings] if isinstance(node, yaml.MappingNode) else []
    if not keys:
        return ()
    names = "、".join(str(key.value) for key in keys)
    what, remedy = "计算设置写在了 parameters 下，已照用", "移到 settings 下，可只写值，如 snap_distance_m: 300"
    return (
        Problem(what, Place(file=file, key="parameters", line=line_of(keys[0])), names, remedy=remedy, is_warning=True),
    )


def _setting(reader: Reader, declaration: ParameterDeclaration, node: yaml.Node) -> ChosenParameter:
    """Return a setting: its value alone, in the unit that its name carries, or with who, when and why."""
    if isinstance(node, yaml.MappingNode):
        return _parameter(reader, declaration, node, required=("value",))
    value = _value(reader, declaration, node)
    return ChosenParameter(declaration.name, value, declaration.unit, by=USER_DECIDER, reason=_SETTING)


_SETTING = "计算设置"


def _parameter(
    reader: Reader, declaration: ParameterDeclaration, node: yaml.Node, *, required: Sequence[str] = _CHOSEN_BY
) -> ChosenParameter:
    name = declaration.name
    entries = reader.mapping(node, _PARAMETER_KEYS, required, f"参数 {name}")
    edition = reader.integer(entries, "edition")
    unit = reader.text(entries, "unit") or (declaration.unit if declaration.is_setting else "")
    value = _value(reader, declaration, entries.get("value"))
    if declaration.type is ParameterType.CODES and edition not in EDITIONS:
        allowed = "、".join(map(str, EDITIONS))
        reader.fault(node, f"参数 {name} 须注明行业分类版本 edition", found=str(edition or ""), allowed=allowed)
    if declaration.type is ParameterType.NUMBER and unit != declaration.unit:
        reader.fault(node, f"参数 {name} 的单位不符", found=unit, allowed=declaration.unit, remedy="写明 unit 并换算")
    by, on, reason = _signed(reader, entries)
    if declaration.is_setting:
        by, reason = by or USER_DECIDER, reason or _SETTING
    return ChosenParameter(name, value, unit, edition, by, on, reason)


def listed_words(text: str) -> tuple[str, ...]:
    """Return the words of a list that stands in one text; full-width letters and digits as plain ones.

    >>> listed_words("３２１２、3360; 0912")
    ('3212', '3360', '0912')
    """
    return tuple(filter(None, re.split("[,、;\\s]+", unicodedata.normalize("NFKC", text))))


def is_trade_code(word: str) -> bool:
    """Tell whether a word may be a code of GB/T 4754: two to four digits, in a division that there is."""
    return re.fullmatch("[0-9]{2,4}", word) is not None and 0 < int(word[:2]) <= _LAST_DIVISION


_LAST_DIVISION = 97


def _value(reader: Reader, declaration: ParameterDeclaration, node: yaml.Node | None) -> ChosenValue:
    name = declaration.name
    if declaration.type is ParameterType.NUMBER:
        number = reader.number(node, name)
        if node is None or number is None or math.isnan(number):  # told already
            return 0.0
        may_be_nothing = declaration.is_setting or name == _TOLERANCE
        if not math.isfinite(number) or number < 0 or (number == 0 and not may_be_nothing):
            allowed = "不小于 0 的有限数" if may_be_nothing else "大于 0 的有限数"
            reader.fault(node, f"参数 {name} 的取值不成立", found=f"{number:g}", allowed=allowed, remedy="更正取值")
        return number
    if declaration.type in {ParameterType.CODES, ParameterType.WORDS}:
        return _listed(reader, declaration, node)
    if declaration.type is ParameterType.CHOICE:
        return reader.word(node, f"参数 {name} ", [choice.code for choice in declaration.choices])
    return reader.text(node, name)


_TOLERANCE = "touch_tolerance_m"
"""What may be 0: nothing but touching counts then. A reach of 0 or less would touch nothing at all."""


def _listed(reader: Reader, declaration: ParameterDeclaration, node: yaml.Node | None) -> tuple[str, ...]:
    """Return codes or words, a list or one text; what is none of them is refused, or it would stand for no firm."""
    if isinstance(node, yaml.ScalarNode):
        words = listed_words(reader.text(node, declaration.name))
    else:
        words = tuple(unicodedata.normalize("NFKC", text) for text in reader.texts(node, declaration.name))
    are_codes = declaration.type is ParameterType.CODES
    strange = [word for word in words if word == TO_FILL or (are_codes and not is_trade_code(word))]
    if node is not None and (strange or not words):
        allowed = "2 至 4 位行业代码，如 3212、3360" if are_codes else ""
        remedy = "改写；行业分类版本写在 edition" if are_codes else "写明取值"
        reader.fault(
            node, f"参数 {declaration.name} 的取值看不懂", found="、".join(strange), allowed=allowed, remedy=remedy
        )
    return words


TO_FILL = "取值"
"""Stands where a person has to write a value."""


def beside(path: Path) -> list[Path]:
    """Return `path` and all that lies beside it under its name, or all below a folder: a reader may look at any."""
    if path.is_dir():
        return [near for near in path.rglob("*") if near.is_file()]
    names = f"{path.stem}.".casefold(), f"{path.name}-".casefold()
    return [near for near in path.parent.iterdir() if near.name.casefold().startswith(names) and near.is_file()]


def extents_of(spec: ProjectSpec) -> Iterator[str]:
    """Yield the names of areas and coverages in `spec`, which may be files."""
    yield from filter(None, (*spec.area_ids, *(layer.coverage for layer in spec.layers.values())))


OUTSIDE = "<outside>"
"""Stands before the name of a file that lies outside its project: where, is nobody's business."""


def option_files(spec: ProjectSpec, words: Path | None) -> dict[str, Path]:
    """Return the files of decisions of `spec` and of `words` by path from its folder; elsewhere name and number."""
    files, home = dict[str, Path](), spec.folder.resolve()
    for path in filter(None, (spec.folder / spec.overrides if spec.overrides else None, words)):
        full = path.resolve()
        name = full.relative_to(home).as_posix() if full.is_relative_to(home) else f"{OUTSIDE}/{path.name}"
        files[name if files.get(name, full) == full else f"{OUTSIDE}/2/{path.name}"] = full
    return files


def settings_of(spec: ProjectSpec, words: Path | None = None) -> dict[str, str]:
    """Return the SHA-256 of each file that says how `spec` runs, that of `words` too, by path from its folder."""
    sums = {spec.file.name: file_sha256(spec.file)}
    named = {name: spec.folder / name for name in (VALIDITY_FILE, *extents_of(spec))}
    files = {name: path for name, path in named.items() if path.is_file()}
    files |= pack_files_of(spec.folder, spec.rule_packs) | option_files(spec, words)
    return sums | {name: file_sha256(path) for name, path in files.items()}


def pack_files_of(home: Path, packs: Iterable[str]) -> dict[str, Path]:
    """Return the files of a project's own rules, by path from its folder `home`; all those in a folder of `packs`."""
    files = [(name, home / name, path) for name in packs for path in pack_files(home / name)]
    return {name if path == pack else f"{name}/{path.name}": path for name, pack, path in files}

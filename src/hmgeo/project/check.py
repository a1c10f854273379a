"""What a project or one file holds and what is wrong with it, read whole; nothing is computed."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

from hmgeo.errors import HmgeoError, Place, Problem
from hmgeo.intake.catalog import shipped_layers
from hmgeo.intake.formats.raster import RASTER_SUFFIXES, load_elevation
from hmgeo.intake.layers import ASIDE_EVENT
from hmgeo.intake.load import OTHER_LAND, Inspection, ReadOptions, guess_kind, inspect_file
from hmgeo.intake.rows import name_rows
from hmgeo.intake.side_tables import WIND_EVENT, load_side_table
from hmgeo.judging.choices import Choices, unset_text
from hmgeo.judging.crosscheck import cross_check
from hmgeo.outputs.templates import TO_FIX, FixRow, PlainTable, fix_title, problem_of, write_fixme
from hmgeo.outputs.wording import gaps_of, settled_by, verdict_header
from hmgeo.project.bare import Progress, kind_of, silent
from hmgeo.project.folder import ending_of, whole_file
from hmgeo.project.inputs import SIDE_KINDS, SOURCES_KIND, WARNED_EVENTS, Inputs, layers_used, load_inputs, warning_of
from hmgeo.project.run import cross_warnings, judge_inputs
from hmgeo.project.spec import ProjectSpec, read_spec
from hmgeo.records import Ledger, LedgerEntry
from hmgeo.results.results import counts_of, rows_of
from hmgeo.results.used import LayerUsed
from hmgeo.rules.kinds import layers_of
from hmgeo.rules.parameters import declaration
from hmgeo.rules.words import BOTH, NETWORK
from hmgeo.vocabulary import Basis, Classification, Completeness, LayerKind, Status, Verdict
from hmgeo.water.by_rivers import NO_NETWORK, rivers_of
from hmgeo.words import bared

_SHOWN_EVENTS = 20
UPSTREAM_MODE = "upstream_mode"


class CheckReport(Struct, frozen=True):
    """What a check found: errors and warnings together, errors first, and tables about the data.

    `forecast`, `verdicts`: what a run would answer and what is missing; its counts by verdict, in the words of the run.
    """

    problems: tuple[Problem, ...]
    tables: tuple[PlainTable, ...] = ()
    forecast: tuple[PlainTable, ...] = ()
    verdicts: str = ""

    @property
    def is_usable(self) -> bool:
        """Whether nothing stands in the way of a run."""
        return all(problem.is_warning for problem in self.problems)


def check_project(path: str | Path, *, foresee: bool = False, progress: Progress = silent) -> CheckReport:
    """Read a project with all its layers and report every problem at once.

    Parameters
    ----------
    path
        A project.yml or its folder.
    foresee
        Also judge, as a run does, and say of each rule how many sources it decides and what keeps it from the others;
        nothing is drawn or written.
    progress
        Hears each stage in words, and how much of it is done.

    Returns
    -------
    CheckReport
        Errors stop a run; warnings cap what it may say. Nothing is raised for faults in the user's files.
    """
    try:
        spec = read_spec(Path(path))
        inputs = load_inputs(spec)
    except HmgeoError as error:
        return CheckReport(error.problems)
    layers = inputs.positions, inputs.farmland, inputs.others
    crossed = cross_check(*layers, inputs.sides, spec.as_of, Choices(spec.parameters))
    remedy = "核对编号和所填，更正原表后重新读取"
    contradictions = cross_warnings(crossed.joins, len(crossed.disputes))
    told = (_warning(text.rstrip("。"), spec, "layers", remedy) for text in contradictions)
    warnings = (*_warnings(spec, inputs), *told)
    tables = (
        _suitability(inputs),
        _rows(inputs.positions.table["status"].to_pylist()),
        _events(inputs.ledger + crossed.ledger),
    )
    if not foresee:
        return CheckReport(warnings, tables)
    screened = judge_inputs(spec, inputs, None, progress).screened
    findings, rows = screened.findings, rows_of(screened.findings)
    tables = (tables[0], _rows(screened.sources["status"].to_pylist()), tables[2])
    gaps = gaps_of(rows)
    most = tuple((what, *map(str, counts)) for what, *counts in gaps[:_SHOWN_GAPS])
    return CheckReport(
        (*_unanswered(spec, rows, gaps), *warnings),
        tables,
        (_by_rule(spec, inputs, rows), _by_layer(inputs, rows), PlainTable("补什么最管用", _GAP_HEADER, most)),
        verdict_header(*counts_of(findings)),
    )


_OPEN = Verdict.NOT_ASSESSED.value
_DECIDED = frozenset(verdict.value for verdict in Verdict) - frozenset({_OPEN, Verdict.NOT_APPLICABLE.value})
_SHOWN_RULES, _SHOWN_GAPS = 8, 8
_GAP_HEADER = ("缺什么", "只缺这一项的污染源", "污染源", "结论")


def _unanswered(
    spec: ProjectSpec, findings: Sequence[Mapping[str, Any]], gaps: Sequence[tuple[str, int, int, int]]
) -> Iterator[Problem]:
    """Yield the problem of a project that answers nothing, and the hint that it screens by no rule."""
    choose = "选定一条排查规则，写明 screening_rule；可选的规则和原文列在 project.yml 里，全部见 hmgeo rules list"
    if not any(finding["verdict"] in _DECIDED for finding in findings):
        what = f"照此运行什么也答不出：{len(findings)} 条结论全部未评估或不适用"
        screened = (finding for finding in findings if finding["rule_id"] == spec.screening_rule)
        own = Counter(what for finding in screened if finding["verdict"] == _OPEN for what in settled_by(finding))
        settles = f"先补最管用的一项：{gaps[0][0]}" if gaps else "核对项目区域、评估基准日和污染源图层"
        settles = f"先补排查规则所缺：{'；'.join(what for what, _ in own.most_common(2))}" if own else settles
        first = settles if spec.screening_rule or SOURCES_KIND not in spec.layers else f"先{choose}；{settles}"
        yield Problem(what, spec.place("layers"), remedy=first)
    if not spec.screening_rule:
        yield _warning("没有选定排查规则，污染源不会有排查结论", spec, "screening_rule", choose)


def _by_rule(spec: ProjectSpec, inputs: Inputs, findings: Sequence[Mapping[str, Any]]) -> PlainTable:
    """Return of each rule how many sources it decides; the screening rule first, then where most is open."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    lacking: dict[str, Counter[str]] = defaultdict(Counter)
    for finding in findings:
        counted[finding["rule_id"]][finding["verdict"]] += 1
        if finding["verdict"] == _OPEN:
            lacking[finding["rule_id"]].update(settled_by(finding))
    rows = []
    for rule_id, by_verdict in counted.items():
        decided = sum(count for verdict, count in by_verdict.items() if verdict in _DECIDED)
        open_ = by_verdict[_OPEN]
        elsewhere = by_verdict.total() - decided - open_
        if decided or open_ or rule_id == spec.screening_rule:
            most = "；".join(f"{what}（{count}）" for what, count in lacking[rule_id].most_common(2))
            title = inputs.book.get(rule_id).title.zh
            rows.append((rule_id != spec.screening_rule, -open_, rule_id, title, decided, elsewhere, open_, most))
    rows.sort(key=lambda row: row[:3])
    shown = [(f"{row[2]} {row[3]}", *map(str, row[4:7]), row[7]) for row in rows[:_SHOWN_RULES]]
    if rest := rows[_SHOWN_RULES:]:
        sums = (str(sum(int(row[at]) for row in rest)) for at in (4, 5, 6))
        shown.append((f"其余 {len(rest)} 条", *sums, ""))
    return PlainTable("各条款能判多少", ("条款", "能判", "不适用", "未评估", "还缺（条）"), tuple(shown))


def _by_layer(inputs: Inputs, findings: Sequence[Mapping[str, Any]]) -> PlainTable:
    """Return how often each layer is asked where a clause applies, how often that is answered, and its own state."""
    asked: dict[LayerKind, Counter[bool]] = defaultdict(Counter)
    known = {kind.value: kind for kind in LayerKind}  # key areas are a list of the texts, no layer
    kinds = {
        rule.id: [known[code] for code in (layers_of(rule.test) if rule.test else ()) if code in known]
        for rule in inputs.book.rules
    }
    for finding in findings:
        if finding["verdict"] in _DECIDED or finding["verdict"] == _OPEN:
            for kind in kinds[finding["rule_id"]]:
                asked[kind][finding["verdict"] in _DECIDED] += 1
    used = {layer.kind: layer for layer in layers_used(inputs.layers[1:])}
    rows = [
        (kind.zh, _state(used.get(kind)), str(by[True] + by[False]), str(by[True]))
        for kind, by in sorted(asked.items(), key=lambda item: (-item[1][False], item[0].value))
    ]
    return PlainTable("各图层问到多少、答出多少", ("图层", "状况", "问到", "答出"), tuple(rows))


def _state(layer: LayerUsed | None) -> str:
    """Return whether a layer is there, holds anything, and how much of the ground and of the file it answers for."""
    if layer is None:
        return "未提供"
    if not layer.feature_count:
        return "空"
    aside = (layer.row_count or layer.feature_count) - layer.feature_count
    lacks = (
        "范围未申明" if layer.gates.coverage is None else "",
        "未申明完整" if layer.gates.completeness is not Completeness.COMPLETE else "",
        f"搁置 {aside} 行" if aside > 0 else "",
    )
    return "、".join(filter(None, lacks)) or "完整"


def _warnings(spec: ProjectSpec, inputs: Inputs) -> Iterator[Problem]:
    """Yield what caps the answers without standing in their way."""
    yield from spec.misplaced
    gap = _farmland_gap(inputs)
    if gap:
        yield _warning(gap, spec, "layers", "补充耕地图层，或核实后写明 coverage 和 completeness: complete")
    for kind, layer in spec.layers.items():
        if layer.classification is Classification.UNMARKED:
            yield _warning(f"「{kind.zh}」密级未标注，结果仅限内部使用", spec, "classification", "写明密级")
    rule = inputs.book.get(spec.screening_rule) if spec.screening_rule else None
    choices = Choices(spec.parameters)
    for name in rule.parameters if rule else ():
        if choices.get(name) is None:
            declared = declaration(name)
            is_setting = declared is not None and declared.is_setting
            remedy = f"在 settings 下写明 {name}" if is_setting else "在 parameters 下写明取值、决定人、日期和理由"
            yield _warning(unset_text(name), spec, name, remedy)
    gap = _network_gap(inputs, choices)
    if gap:
        remedy = "提供「河流」图层，并在 settings 下写明 river_direction 和 snap_distance_m"
        yield _warning(gap, spec, UPSTREAM_MODE, remedy)
    for entry in inputs.ledger.entries:
        if entry.event in WARNED_EVENTS:
            key, remedy = (
                ("layers", "更正后重新读取") if entry.event in {ASIDE_EVENT, WIND_EVENT} else ("datum", "写明 datum")
            )
            yield _warning(warning_of(entry).rstrip("。"), spec, key, remedy)


def _farmland_gap(inputs: Inputs) -> str:
    if inputs.farmland is None:
        return "未提供「耕地」，相关条款将未评估"
    if inputs.farmland.gates.coverage is None:
        return "「耕地」未申明数据范围，计数只是下限，不能据以认定未触及"
    if inputs.farmland.gates.completeness is not Completeness.COMPLETE:
        return "「耕地」未申明完整，计数只是下限，不能据以认定未触及"
    return ""


def _network_gap(inputs: Inputs, choices: Choices) -> str:
    """Return why clauses that the project wants answered along drawn rivers can't be; empty where they can.

    Where no way is chosen and there are no heights, the rivers are all that could answer.
    """
    mode, rivers = choices.code(UPSTREAM_MODE), rivers_of(inputs.others, choices)
    has_rivers_alone = inputs.elevation is None and rivers is not None
    if mode not in {NETWORK, BOTH} and (mode or not has_rivers_alone):
        return ""
    return NO_NETWORK if rivers is None else rivers.why_not()


def _warning(what: str, spec: ProjectSpec, key: str, remedy: str) -> Problem:
    return Problem(what, spec.place(key), remedy=remedy, is_warning=True)


def _suitability(inputs: Inputs) -> PlainTable:
    """Return the table of what each layer may be used for (数据适用性表)."""
    rows = tuple(
        (
            layer.kind.zh,
            layer.provenance.path,
            "栅格" if layer.kind is LayerKind.ELEVATION else str(layer.feature_count),
            layer.basis.zh,
            layer.gates.coverage_name or "未申明",
            layer.gates.completeness.zh,
            layer.gates.vintage or "未申明",
            layer.gates.classification.value,
            layer.provenance.source or "未申明",
            _fitness(layer),
        )
        for layer in layers_used(inputs.layers)
    )
    header = ("图层", "文件", "记录数", "数据性质", "数据范围", "完整性", "时点", "密级", "提供单位", "适用性")
    return PlainTable("数据适用性表", header, rows)


def _fitness(layer: LayerUsed) -> str:
    """Return what a layer may be used for, by its gates and its basis."""
    lines = []
    if layer.basis in {Basis.SYNTHETIC, Basis.APPROXIMATE}:
        lines.append("仅供演示，不得用于真实判断" if layer.basis is Basis.SYNTHETIC else "示意，不作判断依据")
    if layer.kind is SOURCES_KIND or layer.kind in SIDE_KINDS:
        return "；".join(lines) or "可用"
    if layer.gates.coverage is None or layer.gates.completeness is not Completeness.COMPLETE:
        lines.append("命中有效，不能据以认定未触及")
    if not layer.gates.vintage:
        lines.append("时点不明")
    return "；".join(lines) or "可用于命中和未触及"


def _rows(statuses: Sequence[str]) -> PlainTable:
    counted = Counter(statuses)
    rows = tuple((status.zh, str(counted[status.value])) for status in Status)
    return PlainTable("污染源记录", ("状态", "行数"), (*rows, ("合计", str(len(statuses)))))


def _events(ledger: Ledger) -> PlainTable:
    """Return the ledger, summed by file and event."""
    counted = Counter((entry.file, entry.event) for entry in ledger.entries)
    rows = tuple((file, event, str(count)) for (file, event), count in counted.most_common(_SHOWN_EVENTS))
    return PlainTable("处理台账摘要", ("文件", "事项", "条数"), rows)


NOTHING_SAID = ReadOptions()
_SHOWN_EVENTS_OF_FILE = 40
_TOLD_ON_TOP = {"坐标系未声明": "用 datum 声明坐标系", "坐标系疑误": "向提供单位确认坐标系，用 datum 声明"}


def layer_kind(word: str, path: Path, options: ReadOptions) -> LayerKind:
    """Return the kind `word` means; where empty, heights for a raster, else by the fields of `path`, read by `options`.

    `UsageError`: an unknown word.
    """
    if word:
        return kind_of(word)
    return LayerKind.ELEVATION if path.suffix.lower() in RASTER_SUFFIXES else guess_kind(path, options)


def unused_by(word: str, path: Path, options: Mapping[str, object]) -> dict[str, object]:
    """Return the `options` of `layers check` idle for kind `word`, file `path`: all of heights, of side tables most."""
    kinds = {spelled for kind in LayerKind for spelled in (kind.value, kind.zh) if kind in SIDE_KINDS}
    if word in kinds:
        return {name: value for name, value in options.items() if name != "--layer"}
    is_raster = word in {LayerKind.ELEVATION.value, LayerKind.ELEVATION.zh}
    return dict(options) if is_raster or (not word and path.suffix.lower() in RASTER_SUFFIXES) else {}


def check_layer(
    path: str | Path,
    kind: str = "",
    *,
    options: ReadOptions = NOTHING_SAID,
    fixme: str | Path | None = None,
    write_columns: str | Path | None = None,
    page: str | Path | None = None,
) -> CheckReport:
    """Read `path` by `options` as a layer and report what it holds and everything wrong with it; compute nothing.

    It has errors where the file can't be used; rows to correct are warnings, since every row is kept.

    Parameters
    ----------
    kind
        Code or Chinese word of a kind; empty to tell by the file's own fields.
    fixme
        Where to write the workbook of rows to correct; None for none.
    write_columns
        Where to write which column is what, as project.yml has it; None for nowhere.
    page
        Where to draw the rows, an offline page; None for nowhere.
    """
    file = Path(path)
    for made, allowed, key in (
        (fixme, (".xlsx",), "--fixme"),
        (write_columns, (".yml", ".yaml"), "--write-columns"),
        (page, (".html",), "--map"),
    ):
        if made is not None:
            ending_of(Path(made), allowed, key)
    try:
        is_raster = file.suffix.lower() in RASTER_SUFFIXES
        known = layer_kind(kind, file, options) if kind or is_raster else None
        if known is LayerKind.ELEVATION:
            _, ledger = load_elevation(file, basis=Basis.UNDECLARED)
            return CheckReport((), (_events_of(ledger.entries),))
        if known is not None and known in SIDE_KINDS:
            _, ledger = load_side_table(file, kind=known, basis=Basis.UNDECLARED, options=options)
            return CheckReport((), (_events_of(ledger.entries),))
        inspection = inspect_file(file, known, options, file.name)
        if fixme is not None:
            with whole_file(Path(fixme), [file]) as temporary:
                rows = list(_fix_rows(inspection))
                write_fixme(rows, inspection.headers, temporary, title=fix_title(inspection.file, len(rows)))
        if write_columns is not None:
            with whole_file(Path(write_columns), [file]) as temporary:
                temporary.write_text(_columns_text(inspection), encoding="utf-8")
        if page is not None:
            from hmgeo.project.maps import draw_file  # noqa: PLC0415 -- loads what draws

            with whole_file(Path(page), [file]) as temporary:
                draw_file(inspection, temporary)
    except HmgeoError as error:
        return CheckReport(error.problems)
    return CheckReport(tuple(_problems(inspection)), (_picture(inspection), _events_of(inspection.ledger.entries)))


def _columns_text(inspection: Inspection) -> str:
    """Return which column is what as the `columns` of a layer in project.yml."""
    lines = yaml.safe_dump({"columns": dict(inspection.columns)}, allow_unicode=True, sort_keys=False, width=1000)
    return f"# {inspection.file}：每行一个用途，右边是列名；度、分、秒分列以 + 相连，一格两值写 lonlat\n{lines}"


def shipped_table() -> PlainTable:
    """Return the layers that ship with the software, for `layers list`."""
    rows = tuple(
        (layer.path, layer.title or layer.kind, layer.basis.zh, layer.vintage, layer.credit or layer.licence)
        for layer in shipped_layers().values()
    )
    return PlainTable("随软件提供的图层", ("文件", "内容", "数据性质", "时点", "署名或许可"), rows)


def _fix_rows(inspection: Inspection) -> Iterator[FixRow]:
    """Yield the rows that the sender should correct, in the order of the file."""
    by_row: dict[int, list[tuple[str, str, str]]] = defaultdict(list)
    for entry in inspection.ledger.entries:
        if entry.row and entry.event in TO_FIX:
            by_row[entry.row].append((problem_of(entry), entry.field, entry.value))
    for row in sorted(by_row):
        problems, fields, values = zip(*by_row[row], strict=True)
        named = dict.fromkeys(name for text in fields for name in text.split("、") if name)
        yield FixRow(
            line=inspection.lines[row - 1] if inspection.lines else row,
            id=inspection.ids[row - 1],
            problems=tuple(dict.fromkeys(problems)),
            fields=tuple(named),
            values=tuple(dict.fromkeys(filter(None, values))),
            cells={name: inspection.cells[name][row - 1] for name in inspection.headers},
        )


def _problems(inspection: Inspection) -> Iterator[Problem]:
    place = Place(file=inspection.file, sheet=inspection.sheet)
    for entry in inspection.ledger.entries:
        if entry.event in _TOLD_ON_TOP:
            what = f"{entry.event}：{bared(entry.reason)}；{entry.action}"
            yield Problem(what, place, remedy=_TOLD_ON_TOP[entry.event], is_warning=True)
    if inspection.missing:
        names = "、".join(inspection.missing)
        yield Problem(
            "缺少必填列", place, found=names, remedy="补充这些列；缺什么，相关条款就不能判断", is_warning=True
        )
    for header, blank in inspection.blanks:
        where = Place(file=inspection.file, sheet=inspection.sheet, field=header)
        yield Problem(f"必填列有空白：{blank}", where, remedy="请补充", is_warning=True)
    for status, remedy in ((Status.REJECTED, "请更正"), (Status.NOT_LOCATED, "请补充坐标或坐标系")):
        rows = [row for row, word in enumerate(inspection.statuses, start=1) if word == status.value]
        if rows:
            what = f"{status.zh} {name_rows(rows)}，不参与测算但仍列入结果"
            yield Problem(what, place, remedy=f"{remedy}；用 --fixme 写出更正表", is_warning=True)


def _picture(inspection: Inspection) -> PlainTable:
    """Return in ten lines what a file is, what of it was understood and what waits for a person."""
    counted = {status.zh: inspection.statuses.count(status.value) for status in Status}
    counted |= {"其他地类": other} if (other := inspection.statuses.count(OTHER_LAND)) else {}
    datum = [
        entry.value for entry in inspection.ledger.entries if entry.event in {"坐标系", "坐标系转换", "坐标系未声明"}
    ]
    taken = {name for _, names in inspection.columns for name in (names, *names.split("+"))}
    waiting = Counter(entry.event for entry in inspection.ledger.entries if entry.row and entry.event in TO_FIX)
    rows = [
        (
            "是什么",
            f"{inspection.kind.zh}（{inspection.kind.value}）"
            + (f"，{inspection.standard}" if inspection.standard else ""),
        ),
        ("工作表/图层", inspection.sheet or "—"),
        ("数据行", f"{len(inspection.ids)}：" + "，".join(f"{word} {count}" for word, count in counted.items())),
        ("几何", "、".join(f"{word} {count}" for word, count in inspection.shapes) or "—"),
        ("读懂的列", "；".join(f"{word} ← {name}" for word, name in inspection.mapping) or "—"),
        ("未用到的列", "、".join(name for name in inspection.headers if name not in taken) or "—"),
        ("坐标系", "、".join(dict.fromkeys(filter(None, datum))) or "—"),
        ("位置误差", " 至 ".join(dict.fromkeys(f"{m:.1f} 米" for m in inspection.margin_m)) or "—"),
        ("范围", _extent_words(inspection)),
        ("等人处理", "；".join(f"{event} {count} 处" for event, count in waiting.most_common()) or "无"),
    ]
    return PlainTable(inspection.file, ("项目", "内容"), tuple(rows))


_COUNTIES_NAMED = 5


def _extent_words(inspection: Inspection) -> str:
    if not inspection.extent:
        return "—"
    west, south, east, north = inspection.extent
    named = "、".join(f"{name} {count}" for name, count in inspection.counties[:_COUNTIES_NAMED])
    lying = f"；位于 {named} 行" if named else "；不在随软件提供的各县内"
    return f"经度 {west:.5f}–{east:.5f}，纬度 {south:.5f}–{north:.5f}{lying}"


def _events_of(entries: Iterable[LedgerEntry]) -> PlainTable:
    """Return a ledger by event, with the first reason and the rows."""
    grouped: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for entry in entries:
        grouped[entry.event].append((entry.row, entry.reason, entry.action))
    rows = []
    for event, listed in list(grouped.items())[:_SHOWN_EVENTS_OF_FILE]:
        numbers = [row for row, *_ in listed if row]
        _, reason, action = listed[0]
        rows.append((event, name_rows(numbers) if numbers else "整个文件", reason, action))
    return PlainTable("处理台账摘要", ("事项", "行", "说明（首条）", "处理"), tuple(rows))

"""Where a project starts: a new folder to fill, those that ship with hmgeo, and what the rule book holds."""

from __future__ import annotations

import glob
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from msgspec import Struct, field
from msgspec.structs import replace

from hmgeo.errors import OutputError, Place, Problem, RuleError, UsageError, raise_problems
from hmgeo.intake.areas import Area, area_named, resolve_area
from hmgeo.intake.catalog import shipped_folder
from hmgeo.intake.formats.read import SUFFIXES
from hmgeo.judging.applies import Subject, reach
from hmgeo.judging.cases import case_faults
from hmgeo.judging.choices import Choices, ChosenParameter, ChosenValue
from hmgeo.judging.facts import Side
from hmgeo.judging.own_columns import ACTIONS
from hmgeo.outputs.templates import write_templates
from hmgeo.outputs.wording import standing_word
from hmgeo.project.bare import Progress, silent
from hmgeo.project.folder import Wish, whole_folder
from hmgeo.project.spec import TO_FILL, is_trade_code, listed_words
from hmgeo.reference.cells import read_trade
from hmgeo.reference.tables import key_areas, means_the_same, provinces
from hmgeo.rules.book import changed_lines, held_against, load_book, read_apart, read_into_book
from hmgeo.rules.nodes import near
from hmgeo.rules.parameters import ParameterDeclaration, ParameterType, declaration, declared
from hmgeo.rules.standing import codes_of_place, standing_of, stem_of
from hmgeo.rules.words import EDITIONS, LAYERS, SOURCE_KINDS
from hmgeo.vocabulary import COUNTRY, Action, Effect, LayerKind, LegalRank, Standing, Unknown, Verdict

if TYPE_CHECKING:
    from hmgeo.project.run import Run
    from hmgeo.rules.model import Rule


PROJECT_NAME, TEMPLATES_NAME, NEEDED_NAME = "project.yml", "templates", "需要取得的资料.md"
_ASKED_FOR = (
    (LayerKind.ENTERPRISES, "企业清单.xlsx", "按模板填写；没有坐标的也列入，写明县、乡镇"),
    (LayerKind.FARMLAND, "farmland.gpkg", "面状；含 TBDLMJ、土壤环境质量类别；须说明覆盖范围和是否完整"),
    (LayerKind.SENSITIVE_SITES, "sensitive_sites.gpkg", "居民区、学校、医院等"),
    (LayerKind.WATER_SOURCE_ZONES, "water_source_zones.gpkg", "批复的一级、二级、准保护区范围"),
    (LayerKind.INDUSTRIAL_PARKS, "industrial_parks.gpkg", "批准的园区范围"),
    (LayerKind.TAILINGS_PONDS, "tailings_ponds.gpkg", "库区范围和初期坝坝脚"),
    (LayerKind.BUILT_UP_AREA, "built_up_area.gpkg", "城市建成区范围"),
    (LayerKind.SURVEY_AREAS, "survey_areas.gpkg", "当地划定的排查重点区域；没有划定的可不提供"),
    (LayerKind.ELEVATION, "dem.tif", "30 m 或更细，外扩 12 km"),
    (LayerKind.WIND, f"{TEMPLATES_NAME}/风频表.xlsx", "离项目区最近的气象站，8 或 16 方位多年平均，含静风"),
    (LayerKind.OUTLETS, f"{TEMPLATES_NAME}/企业清单.xlsx", "企业清单的「排放口」工作表，填写后自动读取"),
)


class NewProject(Struct, frozen=True):
    """What was written: the folder and its files, relative to it; what of it waits for a person to fill it in."""

    folder: Path
    files: tuple[str, ...]
    waiting: tuple[str, ...] = ()


class Begin(Struct, frozen=True):
    """What a new project begins with; what isn't said is asked, or written down as a list to fill.

    Parameters
    ----------
    layers
        A file for each kind; copied into the folder, or only named where `copies` is False.
    farmland_covers
        The area that the farmland covers completely: a code, a key-area id or a polygon file.
    rule
        The screening rule; one without force here is adopted.
    values
        What texts leave open, by parameter; codes of trades as `3212,3360@2017`.
    """

    layers: Mapping[LayerKind, Path] = field(default_factory=dict)
    farmland_covers: str = ""
    rule: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    by: str = ""
    reason: str = ""
    copies: bool = True


class Asked(Struct, frozen=True):
    """A question to a person; an empty answer leaves it open.

    `lines`: what the text says, the choices, who uses the answer; a fault of the last answer first.
    """

    title: str
    lines: tuple[str, ...] = ()
    default: str = ""


Ask = Callable[[Asked], str]


def init_project(
    folder: str | Path, area: str, as_of: date, begin: Begin | None = None, ask: Ask | None = None
) -> NewProject:
    """Write a new project folder.

    `OutputError` where the folder holds something or can't be written.
    `ProjectError`, `UsageError` where there is no such area, rule, parameter or file; the near ones are named.

    Parameters
    ----------
    folder
        Must be absent or empty.
    area
        Names or codes of counties, townships or key areas, with commas between several; or a polygon file.
    ask
        Asks a person what is still open; None writes it into project.yml as a list to fill.
    """
    begin = begin or Begin()
    ids = _area_ids(area)
    areas = [resolve_area(word, base=Path()) for word in ids]
    _refuse(begin)
    chosen = _choose(begin, areas, as_of, ask)
    target = Path(folder)
    with whole_folder(target, list(begin.layers.values()), record="") as new:
        (new / TEMPLATES_NAME).mkdir()
        paths = {kind: _taken(file, new, target, begin) for kind, file in begin.layers.items()}
        ids = [_taken(Path(text_), new, target, begin) if text_.endswith(SUFFIXES) else text_ for text_ in ids]
        covers = chosen.covers
        if covers.endswith(SUFFIXES):
            covers = ids[0] if covers == area.strip() else _taken(Path(covers), new, target, begin)
        name = "、".join(area.name for area in areas)
        text = _project_text(name, ids, as_of, paths, replace(chosen, covers=covers))
        (new / PROJECT_NAME).write_text(text, encoding="utf-8", newline="\n")
        (new / NEEDED_NAME).write_text(_needed_text(name), encoding="utf-8", newline="\n")
        written = write_templates(new / TEMPLATES_NAME)
    files = (PROJECT_NAME, NEEDED_NAME, *paths.values(), *(f"{TEMPLATES_NAME}/{template}" for template in written))
    return NewProject(target, files, chosen.waiting)


DATA_NAME = "资料"


def _area_ids(area: str) -> list[str]:
    """Return the ids and codes that a user's words for an area mean; a polygon file stays as it is."""
    words = [area.strip()] if area.strip().endswith(SUFFIXES) else re.split("[,，、]", area)
    named = [area_named(word) for word in words if word.strip()]
    ids = {area.id.casefold(): area.id for area in key_areas()}
    return [ids.get(area_id.casefold(), area_id) for area_id in named]


def _refuse(begin: Begin) -> None:
    """Refuse files that aren't there, and choices that no text leaves open."""
    known = [parameter.name for parameter in declared()]
    problems = [
        Problem("文件不存在", Place(file=str(file)), kind.zh, remedy="核对路径和文件名")
        for kind, file in begin.layers.items()
        if not file.exists()
    ]
    problems += [
        Problem("没有这个参数", Place(key="--set"), name, remedy=_perhaps(name, known))
        for name in begin.values
        if name not in known
    ]
    raise_problems(UsageError, problems)


def _perhaps(word: str, known: Collection[str]) -> str:
    nearest = near(word, known)
    return f"是否为「{nearest}」" if nearest else "改用其中之一"


def _taken(file: Path, new: Path, target: Path, begin: Begin) -> str:
    """Return a file's path from the project's folder, after copying it there with what belongs to it."""
    if not begin.copies:
        return Path(os.path.relpath(file, target)).as_posix()
    (new / DATA_NAME).mkdir(exist_ok=True)
    beside = file.parent.glob(f"{glob.escape(file.stem)}.*") if file.suffix.lower() == ".shp" else [file]
    for sibling in beside:
        if (new / DATA_NAME / sibling.name).exists():
            raise UsageError(Problem("两个文件同名", Place(file=sibling.name), remedy="改名后重试，或加 --no-copy"))
        copy = shutil.copytree if sibling.is_dir() else shutil.copyfile
        copy(sibling, new / DATA_NAME / sibling.name)
    return f"{DATA_NAME}/{file.name}"


class ScreeningRule(Struct, frozen=True):
    """A rule to screen by, and how it stands here; `adopted` where it is only a method here."""

    rule: Rule
    standing: str
    adopted: bool

    @property
    def measures(self) -> bool:
        """Whether it screens by distance."""
        return self.rule.latest.value is not None

    @property
    def lines(self) -> tuple[str, ...]:
        """What it is, how it stands, and its quote."""
        cited, rule = self.rule.latest, self.rule
        stands = f"{self.standing}，只能参照采用，须写理由" if self.adopted else self.standing
        asks = "按距离" if self.measures else "按填报"
        return (
            f"{rule.id}　{rule.title.zh}",
            f"{asks}；{stands}",
            f"《{cited.document}》{cited.clause}：「{cited.quote}」",
        )


_SCREENING = "SCR-"
_UNUSABLE = (Standing.REPEALED, Standing.TEXT_NOT_HELD)


def screening_rules(as_of: date, counties: Iterable[str]) -> tuple[ScreeningRule, ...]:
    """Return the rules that can screen enterprises in `counties` (none: anywhere) on day `as_of`, in force first."""
    codes = frozenset().union(*map(codes_of_place, counties)) or codes_of_place(COUNTRY)
    rules = []
    for rule in load_book().rules:
        if not rule.id.startswith(_SCREENING) or LayerKind.ENTERPRISES.value not in rule.applies_to.source_kinds:
            continue
        stands = standing_of(rule, as_of=as_of, place_codes=codes, adopted=False)
        if stands.standing not in _UNUSABLE:
            word = standing_word(stands.standing.value, verified=stands.verified)
            rules.append(ScreeningRule(rule, word, stands.standing is not Standing.IN_FORCE))
    return tuple(sorted(rules, key=lambda rule: (rule.adopted, not rule.measures, rule.rule.id)))


class Chosen(Struct, frozen=True):
    """What was chosen for a new project, and what waits."""

    rules: tuple[ScreeningRule, ...]
    rule: ScreeningRule | None
    parameters: Mapping[str, ChosenParameter]
    adopt_reason: str
    by: str
    covers: str
    open: tuple[ParameterDeclaration, ...]

    @property
    def waiting(self) -> tuple[str, ...]:
        """What a person has still to fill in, in words."""
        rule = () if self.rule is not None else ("screening_rule：选定一条排查规则",)
        return (*rule, *(f"{parameter.name}：{parameter.title_zh}" for parameter in self.open))


def _choose(begin: Begin, areas: Sequence[Area], as_of: date, ask: Ask | None) -> Chosen:
    """Take what was said, ask for the rest where somebody can be asked."""
    counties = sorted(frozenset().union(*(area.counties for area in areas)))
    rules = screening_rules(as_of, counties)
    covers = begin.farmland_covers
    if not covers and ask is not None and LayerKind.FARMLAND in begin.layers and len(areas) == 1:
        lines = ("写「是」即声明：该范围内没有画出的地方不是耕地，据此可以判「未触及」。不清楚就直接回车。",)
        covers = areas[0].id if ask(Asked(f"耕地图层是否完整覆盖{areas[0].name}？（是/回车）", lines)) in _YES else ""
    rule = _chosen_rule(begin.rule, rules, ask)
    if rule is None and not begin.values:
        return Chosen(rules, None, {}, "", begin.by, covers, ())
    by, why = begin.by, begin.reason
    if ask is not None:
        by = by or _insisted(ask, "由谁决定（单位或姓名）")
        if rule is not None and rule.adopted:
            why = why or _insisted(ask, f"为什么在这里参照采用 {rule.rule.id}")
    if rule is not None and rule.adopted and not (by and why):
        what = f"{rule.rule.id} 在这里没有效力，只能参照采用，须写明谁决定、为什么"
        raise UsageError(Problem(what, Place(key="--rule"), rule.standing, remedy="加 --by 和 --reason"))
    parameters, left = _chosen_parameters(begin, () if rule is None else rule.rule.parameters, (by, why), as_of, ask)
    return Chosen(rules, rule, parameters, why if rule is not None and rule.adopted else "", by, covers, left)


def _insisted(ask: Ask, title: str) -> str:
    """Ask for what must be said, and once more where nothing was typed: all answers before would be lost."""
    return ask(Asked(title)) or ask(Asked(title, ("× 须写明，不能空着",)))


def _chosen_parameters(
    begin: Begin, names: Iterable[str], who: tuple[str, str], as_of: date, ask: Ask | None
) -> tuple[dict[str, ChosenParameter], tuple[ParameterDeclaration, ...]]:
    """Return what was said or is answered, and what stays open; `who` chooses, and why where nothing else is said."""
    by, why = who
    parameters: dict[str, ChosenParameter] = {}
    left: list[ParameterDeclaration] = []
    for known in filter(None, map(declaration, dict.fromkeys((*names, *begin.values)))):
        text = begin.values.get(known.name, "")
        if not text and not Choices(parameters).is_open(known.name):
            continue
        value = _value_of(known, text) if text else None if ask is None else _asked_value(known, ask)
        reason = begin.reason
        if value is not None and not known.is_setting and ask is not None:
            reason = reason or ask(Asked(f"{known.title_zh}这样取的理由", default=why))
        if value is not None and (known.is_setting or (by and reason)):
            parameters[known.name] = replace(value, by=by, on=as_of.isoformat(), reason=reason)
        elif text:
            what = f"「{known.title_zh}」条文没有写明，取值须写明谁决定、为什么"
            raise UsageError(Problem(what, Place(key="--set"), text, remedy="加 --by 和 --reason"))
        else:
            left.append(known)
    return parameters, tuple(left)


_YES = frozenset({"是", "y", "Y", "yes"})


def _chosen_rule(text: str, rules: Sequence[ScreeningRule], ask: Ask | None) -> ScreeningRule | None:
    """Return the rule that was named or picked; None where nobody chose."""
    by_word = {rule.rule.id: rule for rule in rules} | {str(number): rule for number, rule in enumerate(rules, 1)}
    ids = [rule.rule.id for rule in rules]
    listed = [
        f"{'' if at else number}　{line}" for number, rule in enumerate(rules, 1) for at, line in enumerate(rule.lines)
    ]
    fault: tuple[str, ...] = ()
    while True:
        answer = text or ("" if ask is None else ask(Asked("选一条排查规则：编号或序号，回车不选", (*listed, *fault))))
        if not answer or answer in by_word:
            return by_word.get(answer)
        problem = Problem("不是可用的排查规则", Place(key="--rule"), answer, "、".join(ids), _perhaps(answer, ids))
        if text:
            raise UsageError(problem)
        fault = (f"× {problem}",)


def _asked_value(known: ParameterDeclaration, ask: Ask) -> ChosenParameter | None:
    """Ask until an answer is understood or left out."""
    lines, fault = _question_lines(known), tuple[str, ...]()
    while True:
        text = ask(Asked(f"{known.title_zh}（{known.name}），回车暂不定", (*lines, *fault)))
        if not text:
            return None
        try:
            return _value_of(known, text)
        except UsageError as error:
            fault = tuple(f"× {problem}" for problem in error.problems)


def _question_lines(known: ParameterDeclaration) -> tuple[str, ...]:
    """Return what texts say of an open point, the choices, what is known elsewhere, and which clauses ask it."""
    lines = [
        f"《{clause.document}》{clause.clause}" + (f"：「{clause.quote}」" if clause.quote else "")
        for clause in known.left_open_by
    ]
    choices = [f"{number} {choice.code}：{choice.zh}" for number, choice in enumerate(known.choices, 1)]
    form = {
        ParameterType.NUMBER: f"填数字，单位 {known.unit}",
        ParameterType.CODES: "填行业代码，逗号分隔；两版含义不同的写明版本（edition；在终端回答时如 3849@2011）",
        ParameterType.WORDS: "填词，逗号分隔",
    }.get(known.type, "")
    hints = [f"参考：{hint.value}（{hint.source}，{hint.label}）" for hint in known.hints]
    users = [rule.id for rule in load_book().rules if known.name in rule.parameters]
    asks = f"用到它的条款：{'、'.join(users[:_USERS_TOLD])}{f' 等 {len(users)} 条' if len(users) > _USERS_TOLD else ''}"
    return tuple(filter(None, (f"条文没有写明：{'；'.join(lines)}", *choices, form, *hints, asks)))


_USERS_TOLD = 4


def _value_of(known: ParameterDeclaration, text: str) -> ChosenParameter:
    """Return what a typed answer to an open point means; raise where it isn't understood."""
    plain, _, year = text.strip().partition("@")
    words = listed_words(plain)
    value: ChosenValue | None = None
    edition, allowed = None, ""
    if known.type is ParameterType.CHOICE:
        by_word = {choice.code: choice.code for choice in known.choices}
        by_word |= {str(number): choice.code for number, choice in enumerate(known.choices, 1)}
        value, allowed = by_word.get(plain), "、".join(by_word)
    elif known.type is ParameterType.NUMBER:
        number = re.fullmatch(r"(\d+(?:\.\d+)?)\s*" + f"(?:{re.escape(known.unit)})?", plain)
        value, allowed = float(number[1]) if number else None, f"数字（{known.unit}）"
    elif known.type is ParameterType.CODES:
        edition = int(year) if year in map(str, EDITIONS) else EDITIONS[-1] if all(map(means_the_same, words)) else None
        allowed = "2 至 4 位代码，如 3212,3360；两版含义不同的加 @2011 或 @2017"
        value = words if words and edition and all(map(is_trade_code, words)) else None
    else:
        value = words if known.type is ParameterType.WORDS else plain
    if not value and value != 0.0:
        what = f"「{known.title_zh}」的取值看不懂"
        raise UsageError(Problem(what, Place(key=known.name), text, allowed, "改写后重试"))
    return ChosenParameter(known.name, value, known.unit, edition)


def _flow(cells: Mapping[str, Any]) -> str:
    """Return a mapping as YAML on one line, empty cells left out."""
    return "{" + ", ".join(f"{key}: {_written(value)}" for key, value in cells.items() if value not in ("", None)) + "}"


def _written(value: Any) -> str:  # noqa: ANN401 - whatever YAML holds
    """Return a value as people write it in YAML; texts in quotes only where they would be read as something else."""
    if isinstance(value, dict):
        return _flow(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_written, value))}]"
    if not isinstance(value, str):
        return f"{value:.15g}" if isinstance(value, float) else str(value)
    is_plain = value[:1].isalpha() and not _NOT_PLAIN.search(value) and yaml.safe_load(value) == value
    return value if is_plain else json.dumps(value, ensure_ascii=False)


_NOT_PLAIN = re.compile(r"[,\[\]{}:#'\"\\\s]")


def _project_text(name: str, ids: Sequence[str], as_of: date, paths: Mapping[LayerKind, str], chosen: Chosen) -> str:
    known = {area.id for area in key_areas()}
    where = {"key_areas": [id_ for id_ in ids if id_ in known], "codes": [id_ for id_ in ids if id_ not in known]}
    keys = {kind: {"path": path} for kind, path in paths.items()}
    keys.setdefault(LayerKind.ENTERPRISES, {"path": f"{TEMPLATES_NAME}/企业清单.xlsx", "layer": "企业清单"})
    lines = [f"  {kind.value}: {_flow(cells | _covering(kind, chosen.covers, known))}" for kind, cells in keys.items()]
    lines += [
        f"  # {kind.value}: {_flow({'path': file} | _covering(kind, '' if len(ids) > 1 else ids[0], known))}"
        for kind, file, _ in _ASKED_FOR
        if kind not in keys and kind is not LayerKind.OUTLETS
    ]
    rule = "none" if chosen.rule is None else chosen.rule.rule.id
    head = [f"#   {line}" for offered in chosen.rules for line in offered.lines] if chosen.rule is None else []
    adopted = {"rule": rule, "by": chosen.by, "on": as_of, "reason": chosen.adopt_reason}
    adopt = f"\n  - {_flow(adopted)}" if chosen.adopt_reason else " []"
    values = {parameter.name: parameter.value for parameter in chosen.parameters.values()}
    settings = {name: value for name, value in values.items() if (one := declaration(name)) and one.is_setting}
    choices = [parameter for parameter in chosen.parameters.values() if parameter.name not in settings]
    parts = (
        f"# {name}：由 hmgeo init 写出，按实际情况改写；还缺什么见 {NEEDED_NAME}。取得图层后去掉行首的 #。",
        "schema: 1",
        f"title: {name}涉镉等重金属污染源排查",
        f"as_of: {as_of.isoformat()}",
        f"area: {_flow({key: value for key, value in where.items() if value})}",
        "# basis：real 实测或官方 · undeclared 未申明 · approximate 示意 · synthetic 合成，须如实填写；各图层可另写",
        "layer_defaults: {basis: undeclared, classification: 内部}",
        "layers:",
        *lines,
        *(["# 排查规则：选一条写在下面；不是本地有效的，同时写进 adopt（by、on、reason）"] if head else []),
        *head,
        f"screening_rule: {rule}",
        "# 条文没有写明、须由使用单位确定的",
        "parameters:" if choices or chosen.open else "parameters: {}",
        *(f"  {choice.name}: {_flow(_cells(choice))}" for choice in choices),
        *(line for question in chosen.open for line in _to_fill(question, as_of)),
        "# 怎样推算，条文不涉及，可只写值，如 snap_distance_m: 300",
        f"settings: {_flow(settings)}",
        f"adopt:{adopt}",
        "rule_packs: []",
    )
    return "\n".join(parts) + "\n"


def _covering(kind: LayerKind, covers: str, key_area_ids: Collection[str]) -> dict[str, Any]:
    if kind is not LayerKind.FARMLAND or not covers:
        return {}
    key = "file" if covers.endswith(SUFFIXES) else "key_area" if covers in key_area_ids else "area"
    return {"coverage": {key: covers}, "completeness": "complete"}


def _cells(parameter: ChosenParameter) -> dict[str, Any]:
    value = list(parameter.value) if isinstance(parameter.value, tuple) else parameter.value
    told = {name: getattr(parameter, name) for name in ("unit", "edition", "by", "on", "reason")}
    return {"value": value, **told, "on": date.fromisoformat(parameter.on)}


def _to_fill(known: ParameterDeclaration, as_of: date) -> list[str]:
    """Return the question as comments, and the line to fill."""
    rest = {"unit": known.unit, "edition": 2017 if known.type is ParameterType.CODES else ""}
    line = _flow({"value": TO_FILL, **rest, "by": "决定单位", "on": as_of, "reason": "理由"})
    return [
        f"  # {known.title_zh}",
        *(f"  #   {question}" for question in _question_lines(known)),
        f"  # {known.name}: {line}",
    ]


def _needed_text(name: str) -> str:
    lines = [f"# {name}：需要取得的资料", "", "| 资料 | 文件 | 向谁取得 | 要求 |", "|---|---|---|---|"]
    for kind, file, need in _ASKED_FOR:
        lines.append(f"| {kind.zh} | {file} | {LAYERS[kind.value].department} | {need} |")
    lines += [
        "| 乡镇界线 | townships.gpkg | 民政部门 | 随软件的乡镇范围为示意，不作判断依据 |",
        "",
        "每份资料须写明：数据来源、提供单位、资料时点、密级、坐标系。没有坐标系的数据先申明再使用。",
        "没有取得的图层，相关条款为「未评估」，不得视为符合要求。",
    ]
    return "\n".join(lines) + "\n"


DEMO_PROJECTS = ("qingcheng", "nandan")


def demo_projects() -> tuple[Path, ...]:
    """Return the shipped project files; their enterprises and parcels are invented."""
    return tuple(shipped_folder() / "projects" / name / "project.yml" for name in DEMO_PROJECTS)


def run_demo(out: str | Path = "hmgeo-demo", *, language: str = "zh", progress: Progress = silent) -> tuple[Run, ...]:
    """Run the shipped projects, each into its own folder below `out`, in `language`; `progress` hears how far.

    `OutputError` where a folder can't be written; it names those that were written before, which are whole and stay.
    """
    from hmgeo.project.run import run_project  # noqa: PLC0415 -- maps and figures load slowly

    wish = Wish(language=language)
    runs: list[Run] = []
    for path in demo_projects():
        try:
            runs.append(run_project(path, Path(out) / path.parent.name, wish=wish, progress=progress))
        except OutputError as error:
            whole = "、".join(str(run.folder) for run in runs)
            kept = [Problem(f"未写出；先写出的结果完整，保留：{whole}", Place(file=path.parent.name))] if runs else []
            raise OutputError([*error.problems, *kept]) from error
    return tuple(runs)


class Relevant(Struct, frozen=True):
    """A clause that can matter to a trade in a place; `open` says what keeps it from being known, in words."""

    effect: str
    standing: str
    document: str
    clause: str
    id: str
    title: str
    open: str


def relevant_clauses(
    packs: Sequence[Path], *, trade: str, area: str, as_of: date, kind: str = "project_sites", edition: str = "",
    action: str = "",
) -> tuple[tuple[Relevant, ...], dict[str, int]]:  # fmt: skip
    """Return the clauses that can bind a trade in a place, and counts of the others by why they can't.

    Gravest effect and highest rank first. `packs` are an office's own rules, `as_of` the day asked about.

    `trade`, `edition`, `action`, `kind`: as a list of sites states them; empty where nobody said.
    `area`: administrative code of the place, six digits or more.
    `UsageError` where one of them isn't understood.
    """
    subject = _asked_subject(kind, trade, edition, action)
    if not (area.isdigit() and len(area) in _AREA_DIGITS and f"{area[:2]}0000" in provinces()):
        raise UsageError(Problem("行政区划代码看不懂", Place(key="--in"), area, "6、9 或 12 位数字", "如 451221"))
    if stem_of(area) != area:
        remedy = "写到县（市、区），如 451221：省、市的各县条款不同"
        raise UsageError(Problem("不是一个县（市、区）的代码", Place(key="--in"), area, "县级或乡级代码", remedy))
    codes, choices = codes_of_place(area), Choices()
    relevant: list[tuple[tuple[int, int, str], Relevant]] = []
    others: Counter[str] = Counter()
    for rule in load_book(packs).rules:
        if not rule.gives_findings:
            continue
        stands = standing_of(rule, as_of=as_of, place_codes=codes, adopted=False)
        reached = reach(rule, subject, choices, stands.doubt)
        if stands.standing in _NEVER or reached.side is Side.NOT_MET:
            outside = _STATED if reach(rule, _with_all_stated(rule, subject), choices).side is Side.MET else _OUTSIDE
            others[stands.standing.zh if stands.standing in _NEVER else outside] += 1
            continue
        cited = stands.value or rule.latest
        word = standing_word(stands.standing.value, verified=stands.verified)
        clause = Relevant(
            rule.effect.zh, word, cited.document, cited.clause, rule.id, rule.title.zh, reached.why or reached.wide
        )
        relevant.append(((list(Effect).index(rule.effect), list(LegalRank).index(rule.legal_rank), rule.id), clause))
    return tuple(clause for _, clause in sorted(relevant, key=lambda pair: pair[0])), dict(others)


_NEVER = (Standing.NOT_YET, Standing.REPEALED, Standing.OUTSIDE_TERRITORY)
_AREA_DIGITS = (6, 9, 12)
_OUTSIDE, _STATED = "对象、行业、行为或情形不在条款适用范围", "填报另有情形（如采矿、堆渣）才适用"


def _with_all_stated(rule: Rule, subject: Subject) -> Subject:
    """Return the subject with all that a rule asks for stated: what its trade doesn't imply may still be so."""
    asked = {condition.attribute: condition.expected for condition in rule.applies_to.conditions}
    return replace(subject, attributes={**asked, **dict.fromkeys(rule.applies_to.trades.parts, True)})


def _asked_subject(kind: str, trade: str, edition: str, action: str) -> Subject:
    """Return what is asked about; words that aren't understood are refused."""
    problems = []
    if kind not in SOURCE_KINDS:
        problems.append(Problem("对象看不懂", Place(key="--kind"), kind, "、".join(SOURCE_KINDS), "改为其中之一"))
    if trade and isinstance(read_trade(trade), Unknown):
        problems.append(Problem("行业代码看不懂", Place(key="--for"), trade, "GB/T 4754 代码或名称", "如 3360"))
    if edition and edition not in map(str, EDITIONS):
        problems.append(Problem("行业分类版本看不懂", Place(key="--edition"), edition, "2011、2017", "改为其中之一"))
    if action and action not in ACTIONS:
        allowed = "、".join(f"{known.value}（{known.zh}）" for known in Action)
        problems.append(Problem("建设性质看不懂", Place(key="--action"), action, allowed, "改为其中之一"))
    raise_problems(UsageError, problems)
    return Subject(kind, trade, edition, ACTIONS.get(action))


def check_rules(path: Path, texts: Path | None = None) -> str:
    """Read rules at `path`, file or folder, into the book, run their worked cases, say in words that all is well.

    `texts`: a folder of the texts, each under the name that `text` gives it, against which the quotes are held.
    `RuleError` with every fault of the files; where there is none, with every case that comes out otherwise than
    worked, every quote that its text doesn't hold, and every file whose rules changed without its version.
    """
    book, files = read_into_book(path)
    own = [rule for file in files for rule in file.rules]
    problems, quotes = [problem for file in files for problem in file.problems()], "引文未与原文核对（用 --texts 给出）"
    first = {file.pack: file for file in reversed(files)}
    problems += [
        Problem(
            f"规则包 {file.pack} 的文件版本不同",
            Place(file=file.file, key="version"),
            file.version,
            remedy=f"{first[file.pack].file} 为 {first[file.pack].version}，改成同一版本",
        )
        for file in files
        if file.version != first[file.pack].version
    ]
    if texts is not None:
        wrong, held, missing = held_against(own, texts)
        problems += wrong
        names = "、".join(f"{name or '未写 text'} {count} 处" for name, count in sorted(missing.items()))
        quotes = f"引文 {held} 处与原文逐字相符" + (f"，没有原文可核对的：{names}" if missing else "")
    problems += [
        Problem(
            f"{rule.id} 的算例 {case.id} 与判定不符：{word} 写的是「{worked or '（未写）'}」，判定另有结果",
            Place(file=rule.file, line=case.line),
            found=judged or "（无）",
            remedy="核对规则，或重新推算这一算例",
        )
        for rule in own
        for case in rule.cases
        for word, worked, judged in case_faults(rule, case)
    ]
    raise_problems(RuleError, problems)
    cases = sum(len(rule.cases) for rule in own)
    return f"没有发现错误：{len(own)} 条规则，{cases} 个算例均与判定相符；{quotes}；规则库共 {len(book.rules)} 条。"


def rules_diff(old: Path, new: Path | None = None) -> tuple[str, ...]:
    """Return what a newer rule book would judge otherwise: a line a rule, with what of it changed.

    `old`, `new`: rule files or folders; without a newer one the packaged book is meant. The worked cases of the older
    book are run by the newer rule of the same id.

    `RuleError` with every fault of the files.
    """
    before = {rule.id: rule for rule in read_apart(old)}
    after = {rule.id: rule for rule in (load_book().rules if new is None else read_apart(new))}
    lines = [f"新增　{rule.id}　{rule.title.zh}" for key, rule in after.items() if key not in before]
    lines += [f"删去　{rule.id}　{rule.title.zh}" for key, rule in before.items() if key not in after]
    for key, rule in before.items():
        changed = changed_lines(rule, after[key]) if key in after else ()
        turned = [
            f"{case.id} {_verdict_zh(worked)}→{_verdict_zh(judged)}"
            for case in (rule.cases if key in after else ())
            for word, worked, judged in case_faults(after[key], case)
            if word == "verdict"
        ]
        if changed or turned:
            cases = "；".join(turned[:_CASES_TOLD]) + (f" 等 {len(turned)} 个" if len(turned) > _CASES_TOLD else "")
            what = f"改动：{'、'.join(changed) or '无'}；旧算例结论改变：{cases or '无'}"
            lines.append(f"改变　{key}　{rule.title.zh}　{what}")
    return tuple(lines)


_CASES_TOLD = 3


def _verdict_zh(code: str) -> str:
    return Verdict.of(code).zh if code else "无结论"

"""Where a project starts: a new folder to fill, those that ship with hmgeo, and what the rule book holds."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hmgeo.errors import Place, Problem, RuleError, UsageError, raise_problems
from hmgeo.intake.areas import resolve_area
from hmgeo.intake.catalog import shipped_folder
from hmgeo.judging.applies import Subject, reach
from hmgeo.judging.cases import case_faults
from hmgeo.judging.choices import Choices
from hmgeo.judging.facts import Side
from hmgeo.judging.own_columns import ACTIONS
from hmgeo.outputs.templates import write_templates
from hmgeo.outputs.wording import standing_word
from hmgeo.project.folder import whole_folder
from hmgeo.project.inputs import silent
from hmgeo.reference.cells import read_trade
from hmgeo.reference.tables import key_areas, provinces
from hmgeo.rules.book import changed_lines, load_book, read_apart, read_into_book
from hmgeo.rules.kinds import layers_of, parameters_of
from hmgeo.rules.standing import codes_of_place, standing_of, stem_of
from hmgeo.rules.words import EDITIONS, LAYERS, SOURCE_KINDS
from hmgeo.vocabulary import COUNTY_DIGITS, Action, Effect, LayerKind, LegalRank, Standing, Unknown, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from hmgeo.project.inputs import Progress
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


@dataclass(frozen=True, slots=True)
class NewProject:
    """What was written: the folder and its files, relative to it."""

    folder: Path
    files: tuple[str, ...]


def init_project(folder: str | Path, area: str, as_of: date) -> NewProject:
    """Write a new project folder.

    Parameters
    ----------
    folder
        Must be absent or empty.
    area
        Key-area id, six-digit county code or nine-digit township code.
    as_of
        The day to ask about.

    Raises
    ------
    OutputError
        Where the folder holds something or can't be written.
    ProjectError
        Where there is no such area; the near ones are named.
    """
    found = resolve_area(area, base=Path())
    target = Path(folder)
    with whole_folder(target, [], record="") as new:
        (new / TEMPLATES_NAME).mkdir()
        texts = {PROJECT_NAME: _project_text(found.name, area.strip(), as_of), NEEDED_NAME: _needed_text(found.name)}
        for name, text in texts.items():
            (new / name).write_text(text, encoding="utf-8", newline="\n")
        written = write_templates(new / TEMPLATES_NAME)
    return NewProject(target, (PROJECT_NAME, NEEDED_NAME, *(f"{TEMPLATES_NAME}/{name}" for name in written)))


def _project_text(name: str, area: str, as_of: date) -> str:
    ids = {one.id.casefold(): one.id for one in key_areas()}
    where = f"key_areas: [{ids[area.casefold()]}]" if area.casefold() in ids else f'codes: ["{area}"]'
    codes = {one.id: one.admin_code for one in key_areas()}
    code = codes.get(ids.get(area.casefold(), ""), area)[:COUNTY_DIGITS]
    others = "\n".join(
        f"  # {kind.value}: {{path: {file}, basis: real, classification: 内部, vintage: {as_of.year}}}"
        for kind, file, _ in _ASKED_FOR[1:]
        if kind not in {LayerKind.FARMLAND, LayerKind.OUTLETS}
    )
    rest = f"classification: 内部, vintage: {as_of.year}"
    whole = f'coverage: {{area: "{code}"}}, completeness: complete'
    return f"""# {name}：按实际情况改写；说明见 需要取得的资料.md。取得图层后去掉行首的 #。
schema: 1
title: {name}涉镉等重金属污染源排查
as_of: {as_of.isoformat()}
area: {{{where}}}
layers:
  # basis：real 实测或官方 · undeclared 未申明 · approximate 示意 · synthetic 合成；须如实填写
  enterprises: {{path: {TEMPLATES_NAME}/企业清单.xlsx, layer: 企业清单, basis: undeclared, {rest}}}
  # farmland: {{path: farmland.gpkg, {whole}, basis: real, {rest}}}
{others}
# 没有当地规则时写 none；参照其他地方的做法须在 adopt 中说明理由
screening_rule: none
parameters: {{}}
  # cadmium_trades: {{value: ["3212"], edition: 2017, by: 决定单位, on: {as_of.isoformat()}, reason: 理由}}
  # farmland_extent: {{value: all, by: 决定单位, on: {as_of.isoformat()}, reason: 理由}}
  # terrain: {{value: not_considered, by: 决定单位, on: {as_of.isoformat()}, reason: 理由}}
adopt: []
rule_packs: []
"""


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
    """Run the shipped projects, each into its own folder below `out`.

    Raises
    ------
    OutputError
        Where a folder can't be written.
    """
    from hmgeo.project.run import Wish, run_project  # noqa: PLC0415 -- maps and figures load slowly

    wish = Wish(language=language)
    return tuple(
        run_project(path, Path(out) / path.parent.name, wish=wish, progress=progress) for path in demo_projects()
    )


@dataclass(frozen=True, slots=True)
class Coverage:
    """One rule of the book, as `hmgeo rules coverage --json` prints it.

    Parameters
    ----------
    standing
        On the day and place asked about; empty where none was asked.
    runs
        yes, inform, not_spatial or text_not_held; `why_not` says why where it isn't yes.
    verified
        State, text and day of the last check of the quote.
    """

    id: str
    effect: str
    standing: str
    runs: str
    why_not: str
    layers: tuple[str, ...]
    parameters: tuple[str, ...]
    cases: int
    verified: str


def rules_coverage(packs: Sequence[Path] = (), *, as_of: date | None = None, area: str = "") -> tuple[Coverage, ...]:
    """Return every rule of the book in order of id, with what it needs.

    Parameters
    ----------
    packs
        User packs beside the packaged rules.
    as_of, area
        Day and administrative code to give the standing for; both or none.

    Raises
    ------
    RuleError
        With every fault of every rule file.
    """
    return tuple(_coverage(rule, as_of, area) for rule in load_book(packs).rules)


@dataclass(frozen=True, slots=True)
class Relevant:
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
    """Return the clauses that can bind a trade in a place, gravest effect and highest rank first, and counts of others.

    Parameters
    ----------
    trade, edition, action, kind
        As a list of sites states them; empty where nobody said.
    area
        Administrative code of the place, six digits or more.

    Raises
    ------
    UsageError
        Where one of them isn't understood.
    """
    subject = _asked_subject(kind, trade, edition, action)
    if not (area.isdigit() and len(area) in _AREA_DIGITS and f"{area[:2]}0000" in provinces()):
        raise UsageError(Problem("行政区划代码看不懂", Place(key="--in"), area, "6、9 或 12 位数字", "如 451221"))
    if stem_of(area) != area:
        remedy = "写到县（市、区），如 451221：省、市的各县条款不同"
        raise UsageError(Problem("不是一个县（市、区）的代码", Place(key="--in"), area, "县级或乡级代码", remedy))
    codes, choices = codes_of_place(area), Choices()
    found: list[tuple[tuple[int, int, str], Relevant]] = []
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
        found.append(((list(Effect).index(rule.effect), list(LegalRank).index(rule.legal_rank), rule.id), clause))
    return tuple(clause for _, clause in sorted(found, key=lambda one: one[0])), dict(others)


_NEVER = (Standing.NOT_YET, Standing.REPEALED, Standing.OUTSIDE_TERRITORY)
_AREA_DIGITS = (6, 9, 12)
_OUTSIDE, _STATED = "对象、行业、行为或情形不在条款适用范围", "填报另有情形（如采矿、堆渣）才适用"


def _with_all_stated(rule: Rule, subject: Subject) -> Subject:
    """Return the subject with all that a rule asks for stated: what its trade doesn't imply may still be so."""
    asked = {one.attribute: one.expected for one in rule.applies_to.conditions}
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
        allowed = "、".join(f"{one.value}（{one.zh}）" for one in Action)
        problems.append(Problem("建设性质看不懂", Place(key="--action"), action, allowed, "改为其中之一"))
    raise_problems(UsageError, problems)
    return Subject(kind, trade, edition, ACTIONS.get(action))


def check_rules(path: Path) -> str:
    """Read a file or folder of rules into the book, run their worked cases, and say in words that all is well.

    Raises
    ------
    RuleError
        With every fault of the files; where there is none, with every case that comes out otherwise than worked.
    """
    book, own = read_into_book(path)
    problems = [
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
    return f"没有发现错误：{len(own)} 条规则，{cases} 个算例均与判定相符；规则库共 {len(book.rules)} 条。"


def rules_diff(old: Path, new: Path | None = None) -> tuple[str, ...]:
    """Return what a newer rule book would judge otherwise: a line a rule, with what of it changed.

    Parameters
    ----------
    old, new
        Rule files or folders; without a newer one the packaged book is meant. The worked cases of the older book are
        run by the newer rule of the same id.

    Raises
    ------
    RuleError
        With every fault of the files.
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
            told = "；".join(turned[:_CASES_TOLD]) + (f" 等 {len(turned)} 个" if len(turned) > _CASES_TOLD else "")
            what = f"改动：{'、'.join(changed) or '无'}；旧算例结论改变：{told or '无'}"
            lines.append(f"改变　{key}　{rule.title.zh}　{what}")
    return tuple(lines)


_CASES_TOLD = 3


def _verdict_zh(code: str) -> str:
    return Verdict.of(code).zh if code else "无结论"


def coverage_rows(rows: Sequence[Coverage]) -> list[dict[str, Any]]:
    """Return coverage as plain data for JSON."""
    return [asdict(row) for row in rows]


def _coverage(rule: Rule, as_of: date | None, area: str) -> Coverage:
    layers = layers_of(rule.test) if rule.test else ()
    read = dict.fromkeys((*rule.parameters, *(parameters_of(rule.test) if rule.test else ())))
    standing = ""
    if as_of is not None:
        found = standing_of(rule, as_of=as_of, place_codes=codes_of_place(area), adopted=False)
        standing = found.standing.value
    verified = " ".join(filter(None, (rule.verified.state.value, rule.verified.against, str(rule.verified.on or ""))))
    return Coverage(
        rule.id,
        rule.effect.value,
        standing,
        rule.runs.state.value,
        rule.runs.why,
        layers,
        tuple(read),
        len(rule.cases),
        verified,
    )


def rule_card(rule: Rule) -> tuple[tuple[str, str], ...]:
    """Return what `hmgeo rules show` prints: name and value, in reading order."""
    cards = [
        ("编号", rule.id),
        ("名称", rule.title.zh),
        ("效力层级", rule.legal_rank.zh),
        ("制定机关", rule.authority),
        ("适用地域", "、".join(rule.territory)),
        ("作用", rule.effect.zh),
        ("可否判定", f"{rule.runs.state.zh}{'：' + rule.runs.why if rule.runs.why else ''}"),
        ("参数", "、".join(rule.parameters)),
        ("决定部门", f"{rule.decider}（{rule.matter}）"),
        ("核对", f"{rule.verified.state.zh}（{rule.verified.against}，{rule.verified.on or '未注明日期'}）"),
        ("文本截至", str(rule.verified.held_until or "")),
        ("说明", rule.note),
    ]
    for value in rule.history:
        limit = "" if value.value is None else f"，数值 {value.value:g} {value.unit}"
        cards.append((f"自 {value.in_force_from or '不详'}", f"《{value.document}》{value.clause}{limit}"))
        cards.append(("原文", f"“{value.quote}”" if value.quote else "未收录"))
    return tuple((name, text) for name, text in cards if text)

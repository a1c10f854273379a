"""The words of a siting answer, the same in the terminal, in JSON and in the workbook, Chinese and English."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa

from hmgeo.outputs import wording
from hmgeo.outputs.english import in_english, in_language
from hmgeo.outputs.wording import Text, unmet_sentence
from hmgeo.reference.tables import key_areas
from hmgeo.results.results import Presentation, Results
from hmgeo.results.text import bearing_text, distance_text
from hmgeo.rules.parameters import title_of
from hmgeo.vocabulary import PositionKind, Standing, Verdict
from hmgeo.words import codes_of, parts_of, render, say_with, sentences

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmgeo.results.siting import (
        Citation,
        Clause,
        SiteAnswer,
        SitingResults,
        TargetTable,
    )
    from hmgeo.vocabulary import Word
    from hmgeo.words import Value


SHORT_DISCLAIMER = "仅供初步筛查，不是审批或选址意见；未评估不得视为符合要求；以现行有效原文和主管部门认定为准。"
_EN: Mapping[str, str] = {
    "选址条款研判表": "Siting, clause by clause",
    "选址条款研判表：{name}": "Siting, clause by clause: {name}",
    "研判表{number}": "Site {number}",
    "汇总": "Summary",
    "点位与条款对照": "Sites and clauses",
    "逐点摘要": "Site by site",
    "条款": "Clause",
    "效果": "Effect",
    "　± 位置误差内可能改变；距离为到最近对象的距离": (
        "  ± could flip within the position's uncertainty; distances to the nearest object"
    ),
    "在所列点位均不适用、未列出的条款 {count} 条": "Clauses that apply at none of these sites, not listed: {count}",
    "另有 {count} 个点位未列，见汇总": "{count} more sites stand in the summary",
    "全部条款": "All clauses",
    "评估基准日：{day}": "As of {day}",
    "一、项目概况": "1. The project",
    "二、环境管控单元及准入清单": "2. Environmental control unit and access list",
    "三、三区三线": "3. Zones and redlines",
    "四、法律、法规、规章和强制性标准": "4. Laws, regulations, rules and mandatory standards",
    "五、规范性文件、规划计划和技术指南": "5. Normative documents, plans and technical guides",
    "六、环境保护目标（按要素）": "6. Protected objects by element",
    "七、重点重金属总量替代": "7. Replacement of heavy-metal emissions",
    "八、未评估事项（{count} 条，不得视为符合要求）": "8. Not assessed ({count}; no requirement counts as met)",
    "九、不适用条款（{count} 条）": "9. Not applicable ({count})",
    "十、提示性条款（{count} 条，只引原文，不作结论）": "10. Clauses that inform ({count}; quoted, not judged)",
    "十一、所用数据与参数": "11. Data and parameters",
    "{title}（{count} 条有结论）": "{title} ({count} judged)",
    "没有得出结论的条款；未评估和不适用的条款见后。": "No clause was judged here; the others follow below.",
    "没有触及总量替代条款的结论；未评估的见后。": "No replacement clause was touched; those not assessed follow.",
    "未评估": "not assessed",
    "没有可用的位置。": "No usable position.",
    "编号／名称": "Id / name",
    "位置": "Position",
    "所在行政区": "Administrative area",
    "所在重点区域": "Key area",
    "建设性质": "Action",
    "行业": "Trade",
    "新增重点重金属排放": "New heavy-metal emission",
    "填报的事实": "Stated facts",
    "坐标位数": "Decimals",
    "备注": "Notes",
    "未知": "unknown",
    "未说明": "not stated",
    "未填报": "not stated",
    "未提供": "not given",
    "序号": "No.",
    "结论": "Verdict",
    "位阶／机关": "Rank / authority",
    "文件、条款": "Document, clause",
    "原文": "Quote",
    "量测": "Measured",
    "判断与原因": "Judgement and reasons",
    "可改变结论的因素": "What would change it",
    "所用数据（时点）": "Data (vintage)",
    "认定部门／效力": "Decider / standing",
    "编号": "Id",
    "名称": "Name",
    "类别": "Class",
    "距离": "Distance",
    "方位": "Bearing",
    "人口（人）": "Persons",
    "未载明": "not given",
    "规则": "Rule",
    "金属": "Metal",
    "新增（kg/a）": "New (kg/a)",
    "比例": "Ratio",
    "须替代（kg/a）": "To replace (kg/a)",
    "填报替代量（kg/a）": "Stated replacement (kg/a)",
    "原因": "Reason",
    "作出判断还需要": "Needed to judge",
    "效力": "Standing",
    "图层": "Layer",
    "性质／完整性": "Basis / completeness",
    "时点／密级": "Vintage / 密级",
    "覆盖范围": "Coverage",
    "文件、sha256": "File, sha256",
    "参数": "Parameter",
    "取值": "Value",
    "确定单位、日期": "Chosen by, on",
    "理由": "Reason",
    "状态": "Status",
    "确定性": "Certainty",
    "位阶": "Rank",
    "所用数据": "Data",
    "说明": "Note",
    "认定部门": "Decider",
    "\n另一可能：{other}": "\nor else: {other}",
    "（另一可能：{other}）": " (or else: {other})",
    "量测：{text}": "Measured: {text}",
    "判断：{text}": "Judgement: {text}",
    "可改变：{text}": "Would change it: {text}",
    "认定：{decider}｜{standing}｜数据：{data}": "Decides: {decider} | {standing} | data: {data}",
    "填报内容": "what was stated",
    "重点区域名录": "list of key areas",
    "{list}（按行政区划代码、名称）": "{list} (by administrative code and name)",
    "{kind}（{vintage}，{basis}，完整性：{complete}）": "{kind} ({vintage}, {basis}, completeness: {complete})",
    "时点未申明": "vintage undeclared",
    "基准日 {day}": "as of {day}",
    "原则上（例外须有书面依据）": "in principle (exceptions need written grounds)",
    "效力待核实": "standing to be verified",
    "原文未收录": "text not held",
    "未定位": "not located",
    "{kind} {lon}, {lat}（±{error} m，2000国家大地坐标系）": "{kind} {lon}, {lat} (±{error} m, CGCS2000)",
    "现有名录中未见": "not in the lists at hand",
    "不知所在县级行政区，未作判断": "the county isn't known: not judged",
    "未提供「{layer}」，相关 {count} 条未评估。请向{department}获取。": (
        "{layer} not given: {count} clauses not assessed. To be had from {department}."
    ),
    "条文未规定「{title}」，须由使用单位确定并说明理由，相关 {count} 条。": (
        "The text leaves {title} open; the user must choose and give the reason: {count} clauses."
    ),
    "未填报{word}，相关 {count} 条。": "Not stated: {word}; {count} clauses.",
    "另有 {rest} 个项目未在此列出，见结果文件。": "{rest} more sites are in the files.",
    "……另有 {count} 行，见 --all": "… {count} more lines: --all",
    "？ 还不能排除的禁止 {count} 条": "? Bans that can't be excluded yet: {count}",
    "？ 其余未评估 {count} 条": "? Not assessed otherwise: {count}",
    "○ 已查、未触及 {count} 条": "○ Searched, not touched: {count}",
    "－ 不适用 {count} 条": "- Not applicable: {count}",
    "重点区域 {names}": "key area {names}",
    "缺{names}，向{whom}取得": "no {names}: obtain from {whom}",
    "由使用单位选定{names}": "the user chooses {names}",
    "说明{names}": "state {names}",
    "申明{names}的范围和完整性": "declare extent and completeness of {names}",
    "周边最近（{count} 个图层，不论条文是否要求）": "Nearest around ({count} layers, asked by a clause or not)",
    "；＊范围或完整性未申明，可能还有更近的": "; ＊extent or completeness undeclared: there may be nearer ones",
    "按行业推定，可改：{words}": "Taken from the trade, to be corrected by stating it: {words}",
    "{layer} 所载数据无记录": "{layer}: nothing on record",
    "坐标给到四位小数（约 ±7 m）最有用：可定上列临界 {count} 条": (
        "Four decimals (about ±7 m) help most: they settle the {count} above that are on the line"
    ),
    "全部条文和条文说明 --all": "every clause with its remarks --all",
    "清单 --sites 文件 --out 文件夹": "a list --sites FILE --out FOLDER",
    "代码较宽，从严，请核对：{words}": "Code wider than the clause, graver side taken, please check: {words}",
    "示例判定": "example only",
    "（非法定）": " (chosen, not by law)",
    "「{name}」{text} {way}{unsure}，限 {limit}{chosen}": '"{name}" {text} {way}{unsure}, limit {limit}{chosen}',
    "拟建点位": "proposed site",
    "向{whom}取得": "to obtain from {whom}",
    "等 {count} 个图层": " and others ({count} layers)",
    "认定：{decider}": "decides: {decider}",
    "{name} 在其内或相接": "{name}: inside or touching",
    "对象": "subject",
    "行为": "action",
    "情形": "situation",
    "地域": "place",
    "涉镉情况": "cadmium",
    "条文除外": "exception",
    SHORT_DISCLAIMER: (
        "First screening only, no approval or advice on siting; what isn't assessed meets no requirement; texts in "
        "force and authorities decide."
    ),
    "结果：{folder}（siting.xlsx、siting.json、findings.parquet）": (
        "Written: {folder} (siting.xlsx, siting.json, findings.parquet)"
    ),
}


def say(zh: str, language: str = "zh", **parts: str) -> str:
    """Return a label in a language with its parts filled in; one without English stays as it is.

    Examples
    --------
    >>> say("评估基准日：{day}", "en", day="2024-06-30"), say("量测", "zh")
    ('As of 2024-06-30', '量测')
    """
    return Text(zh, _EN.get(zh, zh)).say(language, **parts) if parts or zh in _EN else zh


def word(one: Word, language: str = "zh") -> str:
    """Return a word of the vocabulary in a language."""
    return one.en if language == "en" else one.zh


KEY_AREAS = "key_areas"
STATED_ONLY = "填报内容"
KEY_AREA_LIST = "重点区域名录"
TOUCHED = frozenset({Verdict.PROHIBITED, Verdict.CONDITIONAL, Verdict.LISTED})
IN_PRINCIPLE = "原则上（例外须有书面依据）"
DECIMALS = "坐标位数"
"""Name of the fact of a typed site that tells how exact its digits are."""
NO_BAN = Text("触及禁止性规定 0；还不能排除的禁止 {count} 条", "touches a prohibition 0; bans not excluded yet {count}")


def header(answer: SiteAnswer, language: str = "zh") -> str:
    """Return the counts by verdict, gravest first; there is no overall verdict.

    An unmet requirement is counted apart from the bans, and no 0 of bans stands without those that can't be excluded.
    """
    return (" | " if language == "en" else "｜").join(header_parts(answer, language))


def header_parts(answer: SiteAnswer, language: str = "zh", *, has_groups: bool = True) -> list[str]:
    """Return the counts of `header` one by one, why the unassessed are with them or not."""
    unmet = sum(one.is_unmet for one in answer.clauses)
    counts = answer.counts() | {Verdict.PROHIBITED: answer.counts()[Verdict.PROHIBITED] - unmet}
    parts = wording.verdict_parts(counts, answer.unassessed() if has_groups else None, language)
    if not counts[Verdict.PROHIBITED]:
        parts[0] = NO_BAN.say(language, count=str(len(answer.open_bans())))
    told = wording.UNMET_WORD.say(language)
    return [parts[0], *([f"{told} {unmet}{'' if language == 'en' else ' 条'}"] if unmet else []), *parts[1:]]


def badge(clause: Clause, language: str = "zh") -> str:
    """Return a clause's badge."""
    finding = {"verdict": clause.verdict.value, "reason_codes": clause.reason_codes}
    return wording.badge(finding, example=clause.is_example, is_unmet=clause.is_unmet, language=language)


def sentence(clause: Clause, results: SitingResults, language: str = "zh") -> str:
    """Return what a clause says, in the words of the screen."""
    cited = clause.citation
    finding = {
        "verdict": clause.verdict.value,
        "document": cited.document,
        "clause": cited.clause,
        "quote": cited.condition or cited.quote,
        "decider": cited.decider,
        "note": clause.note,
        "reason_codes": clause.reason_codes,
        "limit_value": clause.measured.limit,
        "unit": clause.measured.unit,
        "measured_text": clause.measured.text,
    }
    unmet = unmet_sentence(finding, cited.effect, cited.title, language)
    if unmet:
        return unmet
    words, vintages = _data(clause, results, language)
    return wording.verdict_sentence(
        finding, data=words, vintage=vintages, receptor=words, language=language, speak=in_english
    )


def saying(clause: Clause, results: SitingResults, language: str = "zh") -> list[str]:
    """Return what a clause says and why, each thing once; where touched, what the book remarks on it (Chinese)."""
    said = sentence(clause, results, language)
    bare = said.rstrip("。")
    reasons = [one for reason in clause.reasons for one in parts_of(reason)]
    rest = [one for one in reasons if render(one, language, in_english, bare=True).rstrip("。") not in bare]
    is_told = clause.citation.note and language == "zh" and clause.verdict in TOUCHED
    remark = [f"条文说明：{clause.citation.note}"] if is_told else []
    if clause.verdict is Verdict.CONDITIONAL and "condition_to_meet" in codes_of(rest):
        said = ""
    return [*filter(None, [said]), *(in_language(one, language) for one in rest), *remark]


def said_text(clause: Clause, results: SitingResults, language: str = "zh") -> str:
    """Return `saying` as one text."""
    return (" " if language == "en" else "").join(saying(clause, results, language))


def key_area_text(answer: SiteAnswer, language: str = "zh") -> str:
    """Return the key areas that hold a site, by name and id."""
    names = {area.id: area.name for area in key_areas()}
    held = [one for one in answer.key_area_ids.split(";") if one]
    if not held and not answer.place:
        return say("不知所在县级行政区，未作判断", language)
    return "、".join(f"{names.get(one, one)}（{one}）" for one in held) or say("现有名录中未见", language)


def _data(clause: Clause, results: SitingResults, language: str) -> tuple[str, str]:
    named = [results.layers[code] for code in clause.layers if code in results.layers]
    words = [f"「{word(layer.kind, language)}」" for layer in named]
    words += [say(KEY_AREA_LIST, language)] if KEY_AREAS in clause.layers else []
    vintages = [layer.gates.vintage or say("时点未申明", language) for layer in named]
    day = say("基准日 {day}", language, day=results.as_of)
    return "、".join(words) or say(STATED_ONLY, language), "、".join(dict.fromkeys(vintages)) or day


def data_text(clause: Clause, results: SitingResults, language: str = "zh") -> str:
    """Return the data that a clause's answer rests on, each with its date and how real it is."""
    parts = []
    for code in clause.layers:
        if code == KEY_AREAS:
            parts.append(say("{list}（按行政区划代码、名称）", language, list=say(KEY_AREA_LIST, language)))
        elif code in results.layers:
            layer = results.layers[code]
            vintage = layer.gates.vintage or say("时点未申明", language)
            parts.append(
                say(
                    "{kind}（{vintage}，{basis}，完整性：{complete}）",
                    language,
                    kind=word(layer.kind, language),
                    vintage=vintage,
                    basis=word(layer.basis, language) if language == "en" else wording.layer_basis_word(layer),
                    complete=word(layer.gates.completeness, language),
                )
            )
    return "；".join(parts) or say(STATED_ONLY, language)


def limit_text(clause: Clause) -> str:
    """Return what was held against, as people read it."""
    measured = clause.measured
    if measured.limit is None:
        return ""
    return distance_text(measured.limit) if measured.unit == "m" else f"{measured.limit:g} {measured.unit}".strip()


def standing_text(clause: Clause, language: str = "zh") -> str:
    """Return how a clause stands, with its flags."""
    flags = [IN_PRINCIPLE] if clause.citation.in_principle else []
    stands = wording.standing_word(clause.standing.value, language, clause.citation.verified)
    return "；".join((stands, *(say(flag, language) for flag in flags)))


def citation_text(cited: Citation, language: str = "zh") -> str:
    """Return document, number and clause."""
    number = f"（{cited.document_number}）" if cited.document_number else ""
    place = cited.clause or word(Standing.TEXT_NOT_HELD, language)
    return f"《{cited.document}》{number}{place}"


def position_text(answer: SiteAnswer, language: str = "zh") -> str:
    """Return where a site is, as people read it."""
    if answer.lon is None or answer.lat is None:
        return say("未定位", language)
    kind = word(PositionKind.of(answer.position_kind), language)
    numbers = {"lon": f"{answer.lon:.6f}", "lat": f"{answer.lat:.6f}", "error": f"{answer.uncertainty_m or 0:.0f}"}
    return say("{kind} {lon}, {lat}（±{error} m，2000国家大地坐标系）", language, kind=kind, **numbers)


def missing_sentences(answer: SiteAnswer, results: SitingResults, language: str = "zh") -> list[str]:
    """Return for each missing layer how many clauses wait for it, and whom to ask."""
    return [
        say(
            "未提供「{layer}」，相关 {count} 条未评估。请向{department}获取。",
            language,
            layer=results.departments[code][0],
            count=str(count),
            department=results.departments[code][1],
        )
        for code, count in answer.missing().items()
    ]


def open_sentences(answer: SiteAnswer, language: str = "zh") -> list[str]:
    """Return the points and facts that unjudged clauses wait for, each with how many clauses."""
    parameters: dict[str, int] = {}
    unsaid: dict[str, int] = {}
    for clause in answer.clauses:
        if clause.verdict is not Verdict.NOT_ASSESSED or clause.standing is Standing.PERIOD_OVER:
            continue
        for name in clause.open_parameters:
            parameters[name] = parameters.get(name, 0) + 1
        for fact in clause.unsaid:
            unsaid[fact] = unsaid.get(fact, 0) + 1
    said = []
    for name, count in parameters.items():
        title = title_of(name)
        text = "条文未规定「{title}」，须由使用单位确定并说明理由，相关 {count} 条。"
        said.append(say(text, language, title=title, count=str(count)))
    for fact, count in unsaid.items():
        said.append(say("未填报{word}，相关 {count} 条。", language, word=fact, count=str(count)))
    return said


def target_note(table: TargetTable) -> str:
    """Return what goes with a table of protected objects: range, standard, people, gaps."""
    if table.range_m is None:
        return sentences(say_with("targets_by", {"standard": table.standard}), table.note)
    people = ""
    if table.population is not None:
        told = {"people": table.population, "unknown": table.unknown_population}
        people = say_with("people_counted_of_some" if table.unknown_population else "people_counted", told)
    reach: dict[str, Value] = {
        "standard": table.standard,
        "range": distance_text(table.range_m),
        "count": len(table.targets),
    }
    return sentences(say_with("targets_found", reach), people, table.note)


def direction_text(bearing_deg: float | None) -> str:
    """Return a bearing in words with its degrees; shapes that touch have none."""
    return "相接" if bearing_deg is None else f"{bearing_text(bearing_deg)}（{bearing_deg:.0f}°）"


def caption(results: SitingResults, presentation: Presentation) -> str:
    """Return the line under every sheet."""
    return wording.caption(shell(results), presentation)


def shell(results: SitingResults) -> Results:
    """Return the run's frame without tables, for words that captions and classification share."""
    empty = pa.table({})
    return Results(
        results.title,
        date.fromisoformat(results.as_of),
        "",
        0.0,
        (),
        empty,
        empty,
        empty,
        empty,
        empty,
        results.ledger,
        layers=tuple(results.layers.values()),
    )

"""The words of a siting answer, the same in the terminal, in JSON and in the workbook."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa

from hmgeo.findings.results import Presentation, Results
from hmgeo.findings.text import bearing_text, distance_text
from hmgeo.outputs import wording
from hmgeo.outputs.citing import unmet_sentence
from hmgeo.outputs.siting_labels import say, word
from hmgeo.reference.tables import key_areas
from hmgeo.rules.parameters import declaration
from hmgeo.vocabulary import PositionKind, Standing, Verdict

if TYPE_CHECKING:
    from hmgeo.findings.siting import Citation, Clause, SiteAnswer, SitingResults, TargetTable

KEY_AREAS = "key_areas"
STATED_ONLY = "填报内容"
KEY_AREA_LIST = "重点区域名录"
IN_PRINCIPLE = "原则上（例外须有书面依据）"


def header(answer: SiteAnswer, language: str = "zh") -> str:
    """Return the counts by verdict, gravest first; there is no overall verdict."""
    return wording.verdict_header(answer.counts(), language)


def badge(clause: Clause, language: str = "zh") -> str:
    """Return a clause's badge."""
    finding = {"verdict": clause.verdict.value, "note": clause.note}
    return wording.badge(finding, example=clause.is_example, language=language)


def sentence(clause: Clause, results: SitingResults, language: str = "zh") -> str:
    """Return what a clause says, in the words of the screen."""
    cited = clause.citation
    finding = {
        "verdict": clause.verdict.value,
        "document": cited.document,
        "clause": cited.clause,
        "quote": cited.condition or cited.quote,
        "decider": cited.decider,
        "note": clause.note.removeprefix("原因："),
    }
    unmet = unmet_sentence(finding, cited.effect, cited.title, language)
    if unmet:
        return unmet
    words, vintages = _data(clause, results, language)
    return wording.verdict_sentence(finding, data=words, vintage=vintages, language=language)


def saying(clause: Clause, results: SitingResults, language: str = "zh") -> list[str]:
    """Return what a clause says and why, each thing once."""
    said = sentence(clause, results, language)
    bare = said.rstrip("。")
    rest = [reason for reason in clause.reasons if reason.rstrip("。").removesuffix("，本条未作判断") not in bare]
    if clause.verdict is Verdict.CONDITIONAL and any(reason.startswith("须满足：") for reason in rest):
        return rest
    return [said, *rest]


def key_area_text(answer: SiteAnswer, language: str = "zh") -> str:
    """Return the key areas that hold a site, by name and id."""
    names = {area.id: area.name for area in key_areas()}
    held = [one for one in answer.key_area_ids.split(";") if one]
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
    unverified = clause.citation.verified.startswith("效力待核实")
    flags += ["效力待核实"] if unverified and clause.standing is not Standing.TEXT_NOT_HELD else []
    return "；".join((word(clause.standing, language), *(say(flag, language) for flag in flags)))


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
        declared = declaration(name)
        title = name if declared is None else declared.title_zh
        text = "条文未规定「{title}」，须由使用单位确定并说明理由，相关 {count} 条。"
        said.append(say(text, language, title=title, count=str(count)))
    for fact, count in unsaid.items():
        said.append(say("未填报{word}，相关 {count} 条。", language, word=fact, count=str(count)))
    return said


def target_note(table: TargetTable) -> str:
    """Return what goes with a table of protected objects: range, standard, people, gaps."""
    if table.range_m is None:
        return f"依据 {table.standard}。{table.note}"
    people = ""
    if table.population is not None:
        unknown = f"（另有 {table.unknown_population} 个对象人口未载明）" if table.unknown_population else ""
        people = f"人口合计 {table.population} 人{unknown}。"
    return f"依据 {table.standard}，{distance_text(table.range_m)} 内 {len(table.targets)} 个。{people}{table.note}"


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

"""The words of a siting answer, the same in the terminal, in JSON and in the workbook, Chinese and English."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa

from hmgeo.outputs import wording
from hmgeo.outputs.english import in_english, in_language, phrases
from hmgeo.outputs.wording import Text, unmet_sentence
from hmgeo.reference.tables import key_areas
from hmgeo.results.results import Presentation, Results
from hmgeo.results.text import bearing_text, distance_text
from hmgeo.rules.parameters import title_of
from hmgeo.vocabulary import PositionKind, Standing, Verdict
from hmgeo.words import ENGLISH, codes_of, parts_of, render, say_with, sentences

if TYPE_CHECKING:
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


def say(text: str, /, language: str = "zh", **parts: str) -> str:
    """Return a label in a language, or what a code of the catalogue tells of its parts.

    Parameters
    ----------
    text
        A label in Chinese; with parts a code. A label without English stays as it is.

    Examples
    --------
    >>> say("site.as_of", "en", day="2024-06-30"), say("量测", "zh")
    ('As of 2024-06-30', '量测')
    """
    if parts:
        return render(say_with(text, parts), language)
    return phrases().get(text, text) if language == ENGLISH else text


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
    day = say("site.day", language, day=results.as_of)
    return "、".join(words) or say(STATED_ONLY, language), "、".join(dict.fromkeys(vintages)) or day


def data_text(clause: Clause, results: SitingResults, language: str = "zh") -> str:
    """Return the data that a clause's answer rests on, each with its date and how real it is."""
    parts = []
    for code in clause.layers:
        if code == KEY_AREAS:
            parts.append(say("site.by_code_and_name", language, list=say(KEY_AREA_LIST, language)))
        elif code in results.layers:
            layer = results.layers[code]
            vintage = layer.gates.vintage or say("时点未申明", language)
            parts.append(
                say(
                    "site.layer",
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
    return say("site.position", language, kind=kind, **numbers)


def missing_sentences(answer: SiteAnswer, results: SitingResults, language: str = "zh") -> list[str]:
    """Return for each missing layer how many clauses wait for it, and whom to ask."""
    return [
        say(
            "site.layer_missing",
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
        said.append(say("site.parameter_open", language, title=title_of(name), count=str(count)))
    for fact, count in unsaid.items():
        said.append(say("site.fact_unsaid", language, word=fact, count=str(count)))
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

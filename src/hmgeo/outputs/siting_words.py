"""The words of a siting answer, the same in the terminal, in JSON and in the workbook, Chinese and English.

For JSON they stand beside the codes, in reading order.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from msgspec.structs import asdict

from hmgeo.outputs import wording
from hmgeo.outputs.english import in_english, in_language, phrases
from hmgeo.outputs.wording import Text, unmet_sentence
from hmgeo.outputs.wording import worded as word
from hmgeo.reference.tables import key_areas
from hmgeo.results.columns import nothing_found
from hmgeo.results.results import Presentation, Results
from hmgeo.results.siting import Citation, Clause, Dossier, SiteAnswer, SitingResults, Target, TargetTable
from hmgeo.results.text import bearing_text, distance_text
from hmgeo.rules.parameters import title_of
from hmgeo.vocabulary import Basis, Completeness, Effect, LayerKind, PositionKind, Standing, Verdict
from hmgeo.words import ENGLISH, Value, codes_of, encoded, parts_of, render, say_with, sentences

SHORT_DISCLAIMER = "仅供初步筛查，不是审批或选址意见；未评估不得视为符合要求；以现行有效原文和主管部门认定为准。"


def say(text: str, /, language: str = "zh", **parts: str) -> str:
    """Return label `text` in `language`, or what a code of the catalogue tells of its `parts`.

    `text`: a label in Chinese; with parts a code. A label without English stays as it is.

    >>> say("site.as_of", "en", day="2024-06-30"), say("量测", "zh")
    ('As of 2024-06-30', '量测')
    """
    if parts:
        return render(say_with(text, parts), language)
    return phrases().get(text, text) if language == ENGLISH else text


KEY_AREAS = "key_areas"
STATED_ONLY = "填报内容"
KEY_AREA_LIST = "重点区域名录"
TOUCHED = frozenset({Verdict.PROHIBITED, Verdict.CONDITIONAL, Verdict.LISTED})
IN_PRINCIPLE = "原则上（例外须有书面依据）"
DECIMALS = "坐标位数"
"""Name of the fact of a typed site that tells how exact its digits are."""
NO_BAN = Text("触及禁止性规定 0；还不能排除的禁止 {count} 条", "touches a prohibition 0; bans not excluded yet {count}")


def header(answer: SiteAnswer, language: str = "zh") -> str:
    """Return the counts of `answer` by verdict in `language`, gravest first; there is no overall verdict.

    An unmet requirement is counted apart from the bans, and no 0 of bans stands without those that can't be excluded.
    """
    return (" | " if language == "en" else "｜").join(header_parts(answer, language))


def header_parts(answer: SiteAnswer, language: str = "zh", *, has_groups: bool = True) -> list[str]:
    """Return the counts of `header` of `answer` in `language` one by one, with why unassessed if `has_groups`."""
    unmet = sum(clause.is_unmet for clause in answer.clauses)
    counts = answer.counts() | {Verdict.PROHIBITED: answer.counts()[Verdict.PROHIBITED] - unmet}
    parts = wording.verdict_parts(counts, answer.unassessed() if has_groups else None, language)
    if not counts[Verdict.PROHIBITED]:
        parts[0] = NO_BAN.say(language, count=str(len(answer.open_bans())))
    unmet_word = wording.TEXTS["unmet_word"].say(language)
    return [parts[0], *([f"{unmet_word} {unmet}{'' if language == 'en' else ' 条'}"] if unmet else []), *parts[1:]]


def badge(clause: Clause, language: str = "zh") -> str:
    """Return the badge of `clause` in `language`."""
    finding = {"verdict": clause.verdict.value, "reason_codes": clause.reason_codes}
    return wording.badge(finding, example=clause.is_example, is_unmet=clause.is_unmet, language=language)


def sentence(clause: Clause, results: SitingResults, language: str = "zh") -> str:
    """Return what `clause` of `results` says, in the words of the screen in `language`."""
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
    """Return what `clause` of `results` says and why in `language`, each once; where touched with the book's remark."""
    spoken = sentence(clause, results, language)
    bare = spoken.rstrip("。")
    reasons = [part for reason in clause.reasons for part in parts_of(reason)]
    rest = [part for part in reasons if render(part, language, in_english, bare=True).rstrip("。") not in bare]
    is_told = clause.citation.note and language == "zh" and clause.verdict in TOUCHED
    remark = [f"条文说明：{clause.citation.note}"] if is_told else []
    if clause.verdict is Verdict.CONDITIONAL and "condition_to_meet" in codes_of(rest):
        spoken = ""
    return [*filter(None, [spoken]), *(in_language(part, language) for part in rest), *remark]


def said_text(clause: Clause, results: SitingResults, language: str = "zh") -> str:
    """Return `saying` of `clause`, `results` and `language` as one text."""
    return (" " if language == "en" else "").join(saying(clause, results, language))


def joined(parts: Sequence[str], language: str = "zh") -> str:
    """Return `parts`, sentences of ours, one after the other in `language`."""
    return (" " if language == ENGLISH else "").join(in_language(part, language) for part in parts)


def key_area_text(answer: SiteAnswer, language: str = "zh") -> str:
    """Return the key areas that hold the site of `answer`, by name and id; in `language` where there is none."""
    names = {area.id: area.name for area in key_areas()}
    ids = [id_ for id_ in answer.key_area_ids.split(";") if id_]
    if not ids and not answer.place:
        return say("不知所在县级行政区，未作判断", language)
    return "、".join(f"{names.get(id_, id_)}（{id_}）" for id_ in ids) or say("现有名录中未见", language)


def _data(clause: Clause, results: SitingResults, language: str) -> tuple[str, str]:
    named = [results.layers[code] for code in clause.layers if code in results.layers]
    words = [f"「{word(layer.kind, language)}」" for layer in named]
    words += [say(KEY_AREA_LIST, language)] if KEY_AREAS in clause.layers else []
    vintages = [layer.gates.vintage or say("时点未申明", language) for layer in named]
    day = say("site.day", language, day=results.as_of)
    return "、".join(words) or say(STATED_ONLY, language), "、".join(dict.fromkeys(vintages)) or day


def data_text(clause: Clause, results: SitingResults, language: str = "zh") -> str:
    """Return the data of `results` that `clause` rests on in `language`, each with its date and how real it is."""
    parts = []
    for code in clause.layers:
        if code == KEY_AREAS:
            parts.append(say("site.by_code_and_name", language, list=say(KEY_AREA_LIST, language)))
        elif code in results.layers:
            layer = results.layers[code]
            parts.append(_layer_text(layer.kind, layer.gates.vintage, layer.basis, layer.gates.completeness, language))
    return "；".join(parts) or say(STATED_ONLY, language)


@lru_cache(maxsize=1024)
def _layer_text(kind: LayerKind, vintage: str, basis: Basis, completeness: Completeness, language: str) -> str:
    told = {"kind": kind, "basis": basis, "complete": completeness}
    words = {name: word(value, language) for name, value in told.items()}
    return say("site.layer", language, vintage=vintage or say("时点未申明", language), **words)


def limit_text(clause: Clause) -> str:
    """Return what `clause` was held against, as people read it; empty where it has no limit."""
    measured = clause.measured
    if measured.limit is None:
        return ""
    return distance_text(measured.limit) if measured.unit == "m" else f"{measured.limit:g} {measured.unit}".strip()


def standing_text(clause: Clause, language: str = "zh") -> str:
    """Return how `clause` stands in `language`, with its flags."""
    flags = [IN_PRINCIPLE] if clause.citation.in_principle else []
    stands = wording.standing_word(clause.standing.value, language, clause.citation.verified)
    return "；".join((stands, *(say(flag, language) for flag in flags)))


def citation_text(cited: Citation, language: str = "zh") -> str:
    """Return document, number and clause of `cited`; a text that isn't held is told in `language`."""
    number = f"（{cited.document_number}）" if cited.document_number else ""
    place = cited.clause or word(Standing.TEXT_NOT_HELD, language)
    return f"《{cited.document}》{number}{place}"


def position_text(answer: SiteAnswer, language: str = "zh") -> str:
    """Return where the site of `answer` is, as people read it in `language`."""
    if answer.lon is None or answer.lat is None:
        return say("未定位", language)
    kind = word(PositionKind.of(answer.position_kind), language)
    numbers = {"lon": f"{answer.lon:.6f}", "lat": f"{answer.lat:.6f}", "error": f"{answer.uncertainty_m or 0:.0f}"}
    return say("site.position", language, kind=kind, **numbers)


def missing_sentences(answer: SiteAnswer, results: SitingResults, language: str = "zh") -> list[str]:
    """Return in `language` for each layer that `answer` misses how many clauses wait, whom of `results` to ask."""
    return [
        say(
            "site.layer_missing",
            language,
            layer=in_language(results.departments[code][0], language),
            count=str(count),
            department=in_language(results.departments[code][1], language),
        )
        for code, count in answer.missing().items()
    ]


def open_sentences(answer: SiteAnswer, language: str = "zh") -> list[str]:
    """Return in `language` the points and facts that unjudged clauses of `answer` wait for, with how many each."""
    waiting = [clause for clause in answer.having(Verdict.NOT_ASSESSED) if clause.standing is not Standing.PERIOD_OVER]
    parameters = Counter(name for clause in waiting for name in clause.open_parameters)
    unsaid = Counter(fact for clause in waiting for fact in clause.unsaid)
    return [
        *(
            say("site.parameter_open", language, title=in_language(title_of(name), language), count=str(count))
            for name, count in parameters.items()
        ),
        *(
            say("site.fact_unsaid", language, word=in_language(fact, language), count=str(count))
            for fact, count in unsaid.items()
        ),
    ]


def target_note(table: TargetTable) -> str:
    """Return what goes with a table of protected objects: range, standard, people, gaps."""
    if table.range_m is None:
        return sentences(say_with("targets_by", {"standard": table.standard}), table.note)
    people = ""
    if table.population is not None:
        counts = {"people": table.population, "unknown": table.unknown_population}
        people = say_with("people_counted_of_some" if table.unknown_population else "people_counted", counts)
    reach: dict[str, Value] = {
        "standard": table.standard,
        "range": distance_text(table.range_m),
        "count": len(table.targets),
    }
    return sentences(say_with("targets_found", reach), people, table.note)


def direction_text(bearing_deg: float | None) -> str:
    """Return `bearing_deg` in words with its degrees; None where shapes touch."""
    return "相接" if bearing_deg is None else f"{bearing_text(bearing_deg)}（{bearing_deg:.0f}°）"


def caption(results: SitingResults, presentation: Presentation) -> str:
    """Return the line under every sheet of `results` by `presentation`, in its language."""
    return in_language(wording.caption(shell(results), presentation), presentation.language)


def shell(results: SitingResults) -> Results:
    """Return the frame of `results` without tables, for words that captions and classification share."""
    day, layers = date.fromisoformat(results.as_of), tuple(results.layers.values())
    fields = {**nothing_found(), "title": results.title, "as_of": day, "area_name": "", "ledger": results.ledger}
    return Results(**fields, layers=layers)


SCHEMA = 1


def certainty_text(clause: Clause, language: str = "zh") -> str:
    """Return in `language` how sure `clause` is, and whether its position or what nobody stated may flip it."""
    measured, certainty = clause.measured, clause.certainty.value if clause.certainty else None
    ends = {"measured_low": measured.low, "limit_value": measured.limit, "measured_high": measured.high}
    return wording.certainty_word({"certainty": certainty, "reason_codes": clause.reason_codes, **ends}, language)


def clause_document(clause: Clause, results: SitingResults, language: str = "zh") -> dict[str, Any]:
    """Return `clause` of `results` as plain values: codes beside the words of `language`."""
    cited, measured = clause.citation, clause.measured
    return {
        "rule_id": cited.rule_id,
        "title": cited.title,
        "verdict": clause.verdict.value,
        "badge": badge(clause, language),
        "verdict_other": clause.other.value if clause.other else "",
        "certainty": clause.certainty.value if clause.certainty else "",
        "certainty_text": certainty_text(clause, language),
        "standing": clause.standing.value,
        "standing_text": standing_text(clause, language),
        "sentence": said_text(clause, results, language),
        "measured_text": joined(clause.evidence, language),
        "measured": measured.value,
        "measured_low": measured.low,
        "measured_high": measured.high,
        "limit_value": measured.limit,
        "limit_text": limit_text(clause),
        "unit": measured.unit,
        "receptor_id": measured.receptor_id,
        "receptor_name": measured.receptor_name,
        "bearing_deg": measured.bearing_deg,
        "legal_rank": cited.legal_rank.value,
        "legal_rank_text": word(cited.legal_rank, language),
        "authority": cited.authority,
        "effect": word(Effect.of(cited.effect), language),
        "document": cited.document,
        "document_number": cited.document_number,
        "clause": cited.clause,
        "quote": cited.quote,
        "value_from": cited.value_from,
        "verified": cited.verified,
        "decider": cited.decider,
        "data": data_text(clause, results, language),
        "basis": clause.basis.value,
        "reasons": [in_language(reason, language) for reason in clause.reasons],
        "note": in_language(clause.note, language),
        "rule_note": cited.note,
        "reason_codes": [code for code in clause.reason_codes.split(";") if code],
        "reason_values": [{**reason, "values": json.loads(reason["values"])} for reason in encoded(clause.note)],
        "changes": [in_language(change, language) for change in clause.changes],
        "missing_layers": list(clause.missing_layers),
        "open_parameters": list(clause.open_parameters),
        "unsaid": list(clause.unsaid),
    }


def dossier_document(dossier: Dossier, results: SitingResults, language: str = "zh") -> dict[str, Any]:
    """Return the answer of `dossier` in `results` as plain values, in reading order and `language`."""
    answer = dossier.answer
    return {
        "site_id": answer.site_id,
        "name": answer.name,
        "status": answer.status,
        "position": position_text(answer, language),
        "lon": answer.lon,
        "lat": answer.lat,
        "position_uncertainty_m": answer.uncertainty_m,
        "place": answer.place,
        "key_area_id": answer.key_area_ids,
        "key_areas": key_area_text(answer, language),
        "facts": {say(fact.name, language): in_language(say(fact.value, language), language) for fact in answer.facts},
        "notes": [in_language(note, language) for note in answer.notes],
        "header": header(answer, language),
        "counts": {verdict.value: count for verdict, count in answer.counts().items()},
        "not_assessed": {group.value: count for group, count in answer.unassessed().items()},
        "clauses": [clause_document(clause, results, language) for clause in answer.clauses],
        "missing": missing_sentences(answer, results, language),
        "open": open_sentences(answer, language),
        "zoning": [
            {
                "title": zone.title,
                "state": in_language(zone.state, language),
                "details": dict(zone.details),
                "note": in_language(zone.note, language),
            }
            for zone in dossier.zoning
        ],
        "targets": [_target_document(table, language) for table in dossier.targets],
        "offsets": [{key: value for key, value in asdict(line).items() if key != "note"} for line in dossier.offsets],
        "offset_notes": [in_language(note, language) for note in dossier.offset_notes],
        "informs": [
            {"rule_id": cited.rule_id, "citation": citation_text(cited, language), "quote": cited.quote}
            for cited in answer.informs
        ],
    }


def _target_document(table: TargetTable, language: str) -> dict[str, Any]:
    return {
        "element": in_language(table.element, language),
        "standard": table.standard,
        "range_m": table.range_m,
        "population": table.population,
        "unknown_population": table.unknown_population,
        "note": in_language(target_note(table), language),
        "targets": [{name: getattr(target, name) for name in _TARGET_FIELDS} for target in table.targets],
    }


_TARGET_FIELDS = tuple(name for name in Target.__struct_fields__ if name != "township")


def document(results: SitingResults, sites: Sequence[Mapping[str, Any]], language: str = "zh") -> dict[str, Any]:
    """Return the whole answer of `results` around its `sites`, as plain values, in `language` (zh or en)."""
    return {
        "schema": SCHEMA,
        "title": in_language(results.title, language),
        "as_of": results.as_of,
        "warnings": [in_language(warning, language) for warning in results.warnings],
        "sites": list(sites),
        "parameters": [asdict(parameter) for parameter in results.parameters],
        "layers": [
            {
                "kind": code,
                "name": word(layer.kind, language),
                "basis": layer.basis.value,
                "vintage": layer.gates.vintage,
                "coverage": layer.gates.coverage_name,
                "completeness": layer.gates.completeness.value,
                "classification": layer.gates.classification.value,
                "path": layer.provenance.path,
                "sha256": layer.provenance.sha256,
            }
            for code, layer in results.layers.items()
        ],
        "caption": caption(results, Presentation(language=language)),
        "disclaimer": wording.disclaimer(language),
    }

"""A siting answer in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmgeo.outputs.siting_labels import say, word
from hmgeo.outputs.siting_words import (
    badge,
    citation_text,
    data_text,
    header,
    missing_sentences,
    open_sentences,
    position_text,
    saying,
    standing_text,
)
from hmgeo.vocabulary import Verdict

if TYPE_CHECKING:
    from hmgeo.findings.siting import Dossier, SitingResults


def printed_lines(dossier: Dossier, results: SitingResults, language: str = "zh") -> list[str]:
    """Return a site's answer for the terminal: counts on top, each clause with what was measured, then what is missing.

    Clauses that don't apply are counted, not listed.
    """
    answer = dossier.answer
    lines = [
        f"{answer.site_id}　{answer.name}　{answer.place}　{position_text(answer, language)}",
        header(answer, language),
        "",
    ]
    for clause in answer.clauses:
        if clause.verdict is Verdict.NOT_APPLICABLE:
            continue
        cited = clause.citation
        other = say("（另一可能：{other}）", language, other=word(clause.other, language)) if clause.other else ""
        rank, clause_text = word(cited.legal_rank, language), citation_text(cited, language)
        lines.append(f"【{badge(clause, language)}】{other}{rank} {clause_text} {cited.rule_id}")
        said = [
            ("量测：{text}", "".join(clause.evidence)),
            ("判断：{text}", "".join(saying(clause, results, language))),
        ]
        lines += [f"    {say(label, language, text=text)}" for label, text in said if text]
        lines += [f"    {word(clause.certainty, language)}"] if clause.certainty else []
        changes = "".join(clause.changes)
        lines += [f"    {say('可改变：{text}', language, text=changes)}"] if changes else []
        parts = {
            "decider": cited.decider,
            "standing": standing_text(clause, language),
            "data": data_text(clause, results, language),
        }
        lines.append(f"    {say('认定：{decider}｜{standing}｜数据：{data}', language, **parts)}")
    lines += ["", *results.warnings, *missing_sentences(answer, results, language)]
    lines += [*open_sentences(answer, language), *answer.notes]
    return lines

"""A siting answer in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def printed_lines(dossier: Dossier, results: SitingResults) -> list[str]:
    """Return a site's answer for the terminal: counts on top, each clause with what was measured, then what is missing.

    Clauses that don't apply are counted, not listed.
    """
    answer = dossier.answer
    lines = [f"{answer.site_id}　{answer.name}　{answer.place}　{position_text(answer)}", header(answer), ""]
    for clause in answer.clauses:
        if clause.verdict is Verdict.NOT_APPLICABLE:
            continue
        cited = clause.citation
        other = f"（另一可能：{clause.other.zh}）" if clause.other else ""
        lines.append(f"【{badge(clause)}】{other}{cited.legal_rank.zh} {citation_text(cited)} {cited.rule_id}")
        lines += [f"    量测：{''.join(clause.evidence)}"] if clause.evidence else []
        lines.append(f"    判断：{''.join(saying(clause, results))}")
        lines += [f"    {clause.certainty.zh}"] if clause.certainty else []
        lines += [f"    可改变：{''.join(clause.changes)}"] if clause.changes else []
        lines.append(f"    认定：{cited.decider}｜{standing_text(clause)}｜数据：{data_text(clause, results)}")
    lines += ["", *results.warnings, *missing_sentences(answer, results), *open_sentences(answer), *answer.notes]
    return lines

"""Findings as the popups show them; what many sources share is held once, so that the page stays small."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from hmgeo.outputs import wording
from hmgeo.vocabulary import LayerKind, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hmgeo.findings.results import Results

Row = dict[str, Any]
Fact = list[str]
"""Key of a label, its text, and the English text where there is one."""


class Judgements:
    """All findings as texts.

    Attributes
    ----------
    findings
        Distinct findings: verdict, badge, sentence, facts, and `law`, an index into `laws`.
    laws
        Distinct clauses: title, facts, quote.
    """

    def __init__(self, results: Results) -> None:
        self._findings, self._laws = _Pool(), _Pool()
        self._titles = {rule.rule_id: rule.title for rule in results.rules}
        self._example = wording.is_example(results)
        self._rests_on = _rests_on(results)
        self._screening_rule_id = results.screening_rule_id
        self._rows = by_source(results.findings.to_pylist())

    @property
    def findings(self) -> list[Row]:
        """Distinct findings, in the order they were first asked for."""
        return self._findings.records

    @property
    def laws(self) -> list[Row]:
        """Distinct clauses, in the order they were first asked for."""
        return self._laws.records

    def of(self, source_id: str) -> list[int]:
        """Return a source's findings as indices: the screening rule first, then gravest first."""
        rows = sorted(self._rows.get(source_id, []), key=self._reading_order)
        return [self._findings.index(self._finding(row)) for row in rows]

    def notes(self, source_id: str) -> set[str]:
        """Return the notes of a source's findings, so that a row needn't repeat them."""
        return {row["note"] for row in self._rows.get(source_id, []) if row["note"]}

    def _reading_order(self, finding: Row) -> tuple[bool, int]:
        verdict = finding["verdict"]
        gravity = Verdict[verdict.upper()].gravity if verdict else len(Verdict)
        return finding["rule_id"] != self._screening_rule_id, gravity

    def _finding(self, finding: Row) -> Row:
        is_screening = finding["rule_id"] == self._screening_rule_id
        data, vintage = self._rests_on if is_screening else ("所载数据", "")
        return {
            "verdict": finding["verdict"] or "",
            "badge": wording.badge(finding, example=self._example),
            "badge_en": wording.badge(finding, example=self._example, language="en"),
            "sentence": wording.verdict_sentence(finding, data=data, vintage=vintage),
            "sentence_en": wording.verdict_sentence(finding, data=data, vintage=vintage, language="en"),
            "facts": facts(
                ("certainty_fact", *_both(wording.certainty_word, finding["certainty"])),
                ("measured", finding["measured_text"]),
                ("limit", _limit(finding)),
            ),
            "more": facts(("note", finding["note"]), ("basis", *_both(wording.basis_word, finding["basis"]))),
            "law": self._laws.index(self._law(finding)),
        }

    def _law(self, finding: Row) -> Row:
        return {
            "title": self._titles.get(finding["rule_id"]) or finding["rule_id"],
            "rule": finding["rule_id"],
            "facts": facts(
                ("clause", wording.citation(finding)),
                ("standing", *_both(wording.standing_word, finding["standing"])),
                ("decider", finding["decider"]),
            ),
            "quote": finding["quote"] or "",
        }


class _Pool:
    """Records without repeats."""

    def __init__(self) -> None:
        self.records: list[Row] = []
        self._places: dict[str, int] = {}

    def index(self, record: Row) -> int:
        key = json.dumps(record, ensure_ascii=False)
        if key not in self._places:
            self._places[key] = len(self.records)
            self.records.append(record)
        return self._places[key]


def facts(*pairs: tuple[str | None, ...]) -> list[Fact]:
    """Return (key of a label, text, English text if any), empty texts left out.

    Examples
    --------
    >>> facts(("clause", "第十八条"), ("note", ""), ("basis", "示意", "approximate"))
    [['clause', '第十八条'], ['basis', '示意', 'approximate']]
    """
    return [[part for part in pair if part] for pair in pairs if pair[1]]


def _both(word: Callable[[str | None, str], str], code: str | None) -> tuple[str, str]:
    return word(code, "zh"), word(code, "en")


def by_source(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Return rows grouped by source, in order."""
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row["source_id"]].append(row)
    return grouped


def radius_text(radius_m: float) -> str:
    """Return a radius in whole or decimal kilometres, or metres below one.

    Examples
    --------
    >>> radius_text(10000.0), radius_text(2500.0), radius_text(500.0)
    ('10 km', '2.5 km', '500 m')
    """
    return f"{radius_m / 1000:g} km" if radius_m >= 1000 else f"{radius_m:g} m"  # noqa: PLR2004 - metres per km


def _rests_on(results: Results) -> tuple[str, str]:
    """Return name and vintage of the layer that a `clear` of the screening rule rests on."""
    farmland = [layer for layer in results.layers if layer.kind is LayerKind.FARMLAND]
    return (f"「{farmland[0].kind.zh}」图层", farmland[0].gates.vintage) if farmland else ("所载数据", "")


def _limit(finding: Mapping[str, Any]) -> str:
    limit, unit = finding["limit_value"], finding["unit"] or ""
    if limit is None:
        return ""
    return radius_text(limit) if unit == "m" else f"{limit:g} {unit}".strip()

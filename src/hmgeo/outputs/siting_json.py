"""The siting answer as plain values for JSON: codes beside the words that people read, in reading order."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hmgeo.outputs import wording
from hmgeo.outputs.english import in_language
from hmgeo.outputs.siting_words import (
    badge,
    caption,
    citation_text,
    data_text,
    header,
    key_area_text,
    limit_text,
    missing_sentences,
    open_sentences,
    position_text,
    said_text,
    say,
    standing_text,
    target_note,
    word,
)
from hmgeo.results.results import Presentation
from hmgeo.vocabulary import Effect
from hmgeo.words import encoded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hmgeo.results.siting import Clause, Dossier, SitingResults, TargetTable


SCHEMA = 1


def clause_document(clause: Clause, results: SitingResults, language: str = "zh") -> dict[str, Any]:
    """Return a clause as plain values: codes beside the words that people read."""
    cited, measured = clause.citation, clause.measured
    return {
        "rule_id": cited.rule_id,
        "title": cited.title,
        "verdict": clause.verdict.value,
        "badge": badge(clause, language),
        "verdict_other": clause.other.value if clause.other else "",
        "certainty": clause.certainty.value if clause.certainty else "",
        "certainty_text": word(clause.certainty, language) if clause.certainty else "",
        "standing": clause.standing.value,
        "standing_text": standing_text(clause, language),
        "sentence": said_text(clause, results, language),
        "measured_text": "".join(clause.evidence),
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
        "reasons": [in_language(one, language) for one in clause.reasons],
        "note": in_language(clause.note, language),
        "rule_note": cited.note,
        "reason_codes": [code for code in clause.reason_codes.split(";") if code],
        "reason_values": [{**one, "values": json.loads(one["values"])} for one in encoded(clause.note)],
        "changes": list(clause.changes),
        "missing_layers": list(clause.missing_layers),
        "open_parameters": list(clause.open_parameters),
        "unsaid": list(clause.unsaid),
    }


def dossier_document(dossier: Dossier, results: SitingResults, language: str = "zh") -> dict[str, Any]:
    """Return a site's answer as plain values, in reading order."""
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
        "notes": list(answer.notes),
        "header": header(answer, language),
        "counts": {verdict.value: count for verdict, count in answer.counts().items()},
        "not_assessed": {group.value: count for group, count in answer.unassessed().items()},
        "clauses": [clause_document(clause, results, language) for clause in answer.clauses],
        "missing": missing_sentences(answer, results, language),
        "open": open_sentences(answer, language),
        "zoning": [
            {
                "title": one.title,
                "state": in_language(one.state, language),
                "details": dict(one.details),
                "note": in_language(one.note, language),
            }
            for one in dossier.zoning
        ],
        "targets": [_target_document(table) for table in dossier.targets],
        "offsets": [
            {
                "rule_id": line.rule_id,
                "metal": line.metal,
                "added_kg": line.added_kg,
                "ratio": line.ratio,
                "required_kg": line.required_kg,
                "named_kg": line.named_kg,
            }
            for line in dossier.offsets
        ],
        "offset_notes": list(dossier.offset_notes),
        "informs": [
            {"rule_id": one.rule_id, "citation": citation_text(one, language), "quote": one.quote}
            for one in answer.informs
        ],
    }


def _target_document(table: TargetTable) -> dict[str, Any]:
    return {
        "element": table.element,
        "standard": table.standard,
        "range_m": table.range_m,
        "population": table.population,
        "unknown_population": table.unknown_population,
        "note": target_note(table),
        "targets": [
            {
                "receptor_id": target.receptor_id,
                "name": target.name,
                "kind": target.kind,
                "distance_m": target.distance_m,
                "bearing_deg": target.bearing_deg,
                "population": target.population,
            }
            for target in table.targets
        ],
    }


def document(results: SitingResults, sites: Sequence[Mapping[str, Any]], language: str = "zh") -> dict[str, Any]:
    """Return the whole answer around its sites, as plain values."""
    return {
        "schema": SCHEMA,
        "title": results.title,
        "as_of": results.as_of,
        "warnings": list(results.warnings),
        "sites": list(sites),
        "parameters": [
            {"name": one.name, "value": one.value, "unit": one.unit, "by": one.by, "on": one.on, "reason": one.reason}
            for one in results.parameters
        ],
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
        "caption": caption(results, Presentation()),
        "disclaimer": wording.disclaimer(language),
    }

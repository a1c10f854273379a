"""Rows of the tables of sources and findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import shapely

from hmgeo.analysis.user_rule import USER_RADIUS_ID
from hmgeo.findings.columns import SEARCH_AREAS_SCHEMA
from hmgeo.geodesy import geodesic_buffer
from hmgeo.vocabulary import ALL_CLASSES, MEASURE_DECIMALS, Standing, Status

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from hmgeo.analysis.judge import Judgement
    from hmgeo.analysis.measures import Measures
    from hmgeo.analysis.places import Place
    from hmgeo.records import Positions
    from hmgeo.rules.model import Rule, RuleStanding
    from hmgeo.vocabulary import Basis

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Judged:
    """A rule, how it stood for the source, and what it said."""

    rule: Rule
    standing: RuleStanding
    judgement: Judgement


def source_row(
    row: Mapping[str, Any],
    place: Place,
    key_area_ids: str,
    deciding: Judged | None,
    measures: Measures,
    *,
    radius_m: float,
    basis: Basis,
    note: str,
) -> Row:
    """Return a row of `SOURCES_SCHEMA`; measures are empty where the source has no usable position."""
    source_id = row["source_id"]
    nearest = measures.nearest.get((source_id, ALL_CLASSES))
    is_assessed = row["status"] == Status.ASSESSED.value
    verdict = certainty = ""
    if deciding is not None:
        verdict = deciding.judgement.verdict.value
        certainty = deciding.judgement.certainty.value if deciding.judgement.certainty else ""
    carried = ("source_id", "name", "status", "position_kind", "lon", "lat", "position_uncertainty_m", "geometry")
    return {name: row[name] for name in (*carried, "trade_code", "trade_edition")} | {
        "nearest_farmland_id": nearest.receptor_id if nearest else "",
        "nearest_farmland_m": nearest.distance_m if nearest else None,
        "nearest_farmland_max_m": (
            round(nearest.distance_m + row["position_uncertainty_m"], MEASURE_DECIMALS) if nearest else None
        ),
        "farmland_count": measures.count.get(source_id),
        "farmland_count_max": measures.count_max.get(source_id),
        "farmland_area_ha": measures.area_ha.get(source_id),
        "radius_m": radius_m,
        "verdict": verdict,
        "certainty": certainty,
        "basis": basis.value,
        "note": note,
        "nearest_farmland_class": nearest.receptor_class if nearest else "",
        "nearest_farmland_bearing_deg": nearest.bearing_deg if nearest else None,
        "counts_are_lower_bounds": measures.are_lower_bounds(source_id, radius_m) if is_assessed else None,
        "key_area_id": key_area_ids,
        "county": place.county,
        "township": place.township,
    }


def finding_row(row: Mapping[str, Any], judged: Judged, key_area_ids: str, as_of: date | None, basis: Basis) -> Row:
    """Return a row of `FINDINGS_SCHEMA`, with the citation of the dated value that was judged."""
    judgement, rule = judged.judgement, judged.rule
    measurement = judgement.measurement
    is_user_rule = rule.id == USER_RADIUS_ID
    cited = judged.standing.value or rule.latest
    measured: Row = {}
    if measurement is not None:
        value, limit = measurement.value, measurement.limit
        measured = {
            "measured": value,
            "measured_low": measurement.low,
            "measured_high": measurement.high,
            "limit_value": limit,
            "unit": measurement.unit,
            "margin": None if value is None or limit is None else round(value - limit, MEASURE_DECIMALS),
            "measured_text": measurement.text,
            "bearing_deg": measurement.bearing_deg,
        }
    return measured | {
        "finding_id": f"{row['source_id']}|{rule.id}",
        "source_id": row["source_id"],
        "rule_id": rule.id,
        "verdict": judgement.verdict.value,
        "verdict_other": judgement.other.value if judgement.other else "",
        "certainty": judgement.certainty.value if judgement.certainty else "",
        "standing": "" if is_user_rule else judgement.standing.value,
        "basis": basis.value,
        "receptor_id": measurement.receptor_id if measurement else "",
        "receptor_name": measurement.receptor_name if measurement else "",
        "key_area_id": key_area_ids,
        "as_of": as_of.isoformat() if as_of else "",
        "legal_rank": "" if is_user_rule else rule.legal_rank.value,
        "document": cited.document,
        "clause": "" if is_user_rule else cited.clause or Standing.TEXT_NOT_HELD.zh,
        "quote": "" if is_user_rule else cited.quote or Standing.TEXT_NOT_HELD.zh,
        "decider": rule.decider,
        "note": judgement.note,
        "geometry": row["geometry"],
    }


def search_areas(positions: Positions, radius_m: float) -> pa.Table:
    """Return what was searched around each located source, as drawn on maps."""
    located = positions.table.filter(pc.equal(positions.table["status"], Status.ASSESSED.value))
    shapes = shapely.from_wkb(located["geometry"].to_pylist())
    drawn = [shapely.to_wkb(geodesic_buffer(shape, radius_m)) for shape in shapes]
    return pa.Table.from_pydict({"source_id": located["source_id"].to_pylist(), "geometry": drawn}, SEARCH_AREAS_SCHEMA)

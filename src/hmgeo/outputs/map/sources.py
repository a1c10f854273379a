"""Sources as the page shows them: popups, findings, the way water takes from each."""

import json
import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import pyarrow as pa
import shapely
from msgspec.structs import asdict

from hmgeo.outputs import wording
from hmgeo.outputs.english import in_english
from hmgeo.outputs.map import shapes
from hmgeo.outputs.wording import LABELS, compass
from hmgeo.results.columns import DataColumn, popup_columns
from hmgeo.results.results import Results
from hmgeo.results.text import distance_text, radius_text
from hmgeo.rules.book import load_book
from hmgeo.vocabulary import (
    ALL_CLASSES,
    GARDEN_BESIDE,
    MEASURE_DECIMALS,
    ClassKind,
    LandClass,
    LayerKind,
    PositionKind,
    Status,
    Verdict,
    classes_in_order,
)
from hmgeo.words import Reason, catalogue, one_by_one, say, template

Row = dict[str, Any]
Fact = list[str]
"""Key of a label, its text, and the English text where there is one."""


class Judgements:
    """All findings as texts.

    `findings`: distinct findings: verdict, badge, sentence, facts, `law`, an index into `laws`, and `why`: what was
    measured and what would flip it, as numbers of `STEP_WORDS` with what is filled in.
    `laws`: distinct clauses: title, facts, quote, parameters.
    """

    def __init__(self, results: Results) -> None:
        self._findings, self._laws = _Pool(), _Pool()
        self._verified_of = results.verified_of
        self._titles = {rule.rule_id: rule.title for rule in results.rules}
        self._example = wording.is_example(results)
        self._rests_on = _rests_on(results)
        self._screening_rule_id = results.screening_rule_id
        self._rows = by_source(results.finding_rows())
        self._parameters = [asdict(parameter) for parameter in results.parameters]
        rules = load_book().rules if results.as_of else ()  # without a day no clause was asked
        self._asked_by = {rule.id: rule.parameters for rule in rules}

    @property
    def findings(self) -> list[Row]:
        """Distinct findings, in the order they were first asked for."""
        return self._findings.records

    @property
    def laws(self) -> list[Row]:
        """Distinct clauses, in the order they were first asked for."""
        return self._laws.records

    def of(self, source_id: str) -> list[int]:
        """Return the findings of `source_id` as indices: the screening rule first, then gravest first."""
        rows = sorted(self._rows.get(source_id, []), key=self._reading_order)
        return [self._findings.index(self._finding(row)) for row in rows]

    def notes(self, source_id: str) -> set[str]:
        """Return the notes of the findings of `source_id`, so that a row needn't repeat them."""
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
            "sentence_en": wording.verdict_sentence(
                finding, data=data, vintage=vintage, language="en", speak=in_english
            ),
            "facts": facts(
                ("certainty_fact", *_both(wording.certainty_word, finding)),
                ("measured", finding["measured_text"]),
                ("limit", _limit(finding)),
            ),
            "more": facts(("note", finding["note"]), ("basis", *_both(wording.basis_word, finding["basis"]))),
            "law": self._laws.index(self._law(finding)),
            "why": [
                _coded(steps_of(finding), finding["note"]) for steps_of in (wording.measured_steps, wording.flip_steps)
            ],
        }

    def _standing(self, finding: Row) -> tuple[str, str]:
        word, verified = wording.standing_word, self._verified_of(finding["rule_id"])
        return word(finding["standing"], "zh", verified), word(finding["standing"], "en", verified)

    def _law(self, finding: Row) -> Row:
        return {
            "title": self._titles.get(finding["rule_id"]) or finding["rule_id"],
            "rule": finding["rule_id"],
            "facts": facts(
                ("clause", wording.citation(finding)),
                ("standing", *self._standing(finding)),
                ("decider", finding["decider"]),
            ),
            "quote": finding["quote"] or "",
            "parameters": wording.parameter_lines(self._parameters, self._asked_by.get(finding["rule_id"])),
        }


_STEPS = [code for code in catalogue() if code.startswith("step_")]
STEP_WORDS = [[template(code, language) for language in ("zh", "en")] for code in _STEPS]
"""Chinese and English of each step of an explanation, by number."""
_NUMBERS = {code: number for number, code in enumerate(_STEPS)}


def _coded(steps: Iterable[wording.Step], note: str = "") -> list[list[int | str]]:
    """Return each step as the number of its name and a sentence's with its values, or a text, or nothing: the note."""
    coded: list[list[int | str]] = []
    for step in steps:
        code, own = step.code, [] if step.text == note else [str(step.text)]
        coded.append([_NUMBERS[step.name], *([_NUMBERS[code], *step.filled] if code in _NUMBERS else own)])
    return coded


RERUN = _coded([wording.RERUN])


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
    """Return `pairs` of (key of a label, text, English text if any), empty texts left out; a reason brings its English.

    >>> facts(("clause", "第十八条"), ("note", ""), ("basis", "示意", "approximate"))
    [['clause', '第十八条'], ['basis', '示意', 'approximate']]
    """
    both = ((*pair, in_english(pair[1])) if pair[2:] == () and isinstance(pair[1], Reason) else pair for pair in pairs)
    return [[part for part in pair if part] for pair in both if pair[1]]


def _both(word: Callable[[Any, str], str], value: Any) -> tuple[str, str]:  # noqa: ANN401 -- a code or a row
    return word(value, "zh"), word(value, "en")


def by_source(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Return rows grouped by source, in order."""
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row["source_id"]].append(row)
    return grouped


def _rests_on(results: Results) -> tuple[str, str]:
    """Return name and vintage of the layer that a `clear` of the screening rule rests on."""
    farmland = [layer for layer in results.layers if layer.kind is LayerKind.FARMLAND]
    return (f"「{farmland[0].kind.zh}」图层", farmland[0].gates.vintage) if farmland else ("所载数据", "")


def _limit(finding: Mapping[str, Any]) -> str:
    limit, unit = finding["limit_value"], finding["unit"] or ""
    if limit is None:
        return ""
    return radius_text(limit) if unit == "m" else f"{limit:g} {unit}".strip()


_KINDS = {kind.value: kind for kind in LayerKind if kind not in {LayerKind.TOWNSHIPS, LayerKind.COUNTIES}}
_MOST_MET = 8
_TOLERANCE_DEG = 1e-4


def _ways_by_source(results: Results) -> dict[str, dict[str, Any]]:
    """Return line ([lat, lon] downstream) and text by source id; sources without a way are left out."""
    water = results.water
    if water is None:
        return {}
    met: dict[str, list[str]] = {}
    land: dict[str, int] = {}
    for row in water.met.to_pylist():
        if row["layer"] == LayerKind.FARMLAND.value:
            land[row["source_id"]] = land.get(row["source_id"], 0) + 1
            continue
        name = row["receptor_name"] or row["receptor_id"]
        way = f"{row['flow_distance_m'] / 1000:.1f} km"
        kind = _KINDS.get(row["layer"])
        thing = name if kind is None else say("kind_and_name", kind=kind, name=name)
        met.setdefault(row["source_id"], []).append(say("bracketed", thing=thing, more=way))
    ways = {}
    for row in water.paths.to_pylist():
        shape = None if row["geometry"] is None else shapely.from_wkb(row["geometry"])
        if shape is None or shape.geom_type != "LineString":
            continue
        named = met.get(row["source_id"], [])
        parts = (
            say("way_down", length_m=row["length_m"], note=row["note"]),
            say("farmland_on_way", count=land[row["source_id"]]) if row["source_id"] in land else "现有数据未遇耕地",
            *named[:_MOST_MET],
            say("in_all", count=len(named)) if len(named) > _MOST_MET else "",
        )
        thin = shapely.simplify(shape, _TOLERANCE_DEG)
        line = [shapes.lat_lon(x, y) for x, y in thin.coords]
        ways[row["source_id"]] = {"line": line, "text": one_by_one(parts)}
    return ways


TERRAIN_WORDS = {"plain": "平原", "hill": "丘陵", "mountain": "山区", "": ""}
USCC = "统一社会信用代码"


def mapped(results: Results, judged: Judgements) -> list[Row]:
    """Return every source of `results` with a place on the map, in input order; findings are indices into `judged`."""
    counts = by_source(results.counts.to_pylist())
    nearest = _anchors_of_nearest(results)
    flows = _ways_by_source(results)
    drawn = []
    floors = results.lower_bounds()
    for row in rows_of(results):
        place = place_of(row)
        if place is not None:
            floors_m = {radius_m for radius_m in results.radii_m if (row["source_id"], radius_m) in floors}
            drawn.append(_summary(results, row, judged) | place)
            drawn[-1]["lower"] = bool(floors_m)
            drawn[-1]["counts"] = count_table(counts.get(row["source_id"], []), floors_m)
            drawn[-1]["reach"] = reach(counts.get(row["source_id"], []), results.radii_m, floors_m)
            if row["source_id"] in flows:
                drawn[-1]["flow"] = flows[row["source_id"]]["line"]
                drawn[-1]["facts"] += facts(("flow", flows[row["source_id"]]["text"]))
            drawn[-1]["nearest_at"] = nearest.get(row["nearest_farmland_id"])
    return drawn


def unmapped(results: Results, judged: Judgements | None = None) -> list[Row]:
    """Return every row of `results` that is listed, not drawn, in input order; `judged` adds findings by index."""
    return [
        {
            "row": row["row"],
            "number": row.get("list_number"),
            "id": row["source_id"],
            "name": row["name"] or row["source_id"],
            "status": wording.status_word(row["status"]),
            "status_code": row["status"],
            "township": row["township"] or "",
            "county": row["county"] or "",
            "trade": row["trade_code"] or "",
            "verdict": row["verdict"] or "",
            "certainty": row["certainty"] or "",
            "uscc": row.get("uscc", ""),
            "kind": row["position_kind"],
            "note": row["note"] or "",
            "findings": judged.of(row["source_id"]) if judged else [],
            "visit": visit(row),
        }
        for row in rows_of(results)
        if place_of(row) is None
    ]


def rows_of(results: Results) -> list[Row]:
    """Return the rows of the source table of `results`, with `uscc` where the input had 统一社会信用代码."""
    rows: list[Row] = [row | {"row": place} for place, row in enumerate(results.sources.to_pylist())]
    attributes = results.bureau.attributes if results.bureau else None
    if attributes is not None and USCC in attributes.column_names and len(attributes) == len(rows):
        for row, code in zip(rows, attributes[USCC].to_pylist(), strict=True):
            row["uscc"] = code or ""
    return rows


def count_table(rows: Iterable[Mapping[str, Any]], floors_m: Collection[float] = ()) -> Row:
    """Return parcels within each radius by class: head (radii) and rows (class word, then one cell per radius).

    Classes of soil come first, then the sum, then what the land is used as, where the layer says it.

    `rows`: of the count table, one source's.
    `floors_m`: radii at which the search left the data: ≥ then stands before every count and speaks for the area too.
    """
    cells = {(row["class"], row["radius_m"]): row for row in rows}
    radii_m = sorted({radius_m for _, radius_m in cells})
    lands = classes_in_order(word for (word, _), row in cells.items() if row.get("class_kind") == ClassKind.LAND)
    words = classes_in_order({word for word, _ in cells}.difference([ALL_CLASSES], lands))
    marks = [LABELS["at_least"] if radius_m in floors_m else "" for radius_m in radii_m]
    return {
        "head": [LABELS["within"].format(radius=radius_text(radius_m)) for radius_m in radii_m],
        "rows": [
            [{ALL_CLASSES: LABELS["all"], LandClass.GARDEN.value: GARDEN_BESIDE}.get(word, word)]
            + [_cell(cells.get((word, radius_m)), mark) for radius_m, mark in zip(radii_m, marks, strict=True)]
            for word in [*words, ALL_CLASSES, *lands]
            if any((word, radius_m) in cells for radius_m in radii_m)
        ],
    }


def reach(
    rows: Iterable[Mapping[str, Any]], radii_m: Iterable[float], floors_m: Collection[float] = ()
) -> list[list[float | None]]:
    """Return [count, ha, 1 for a lower bound] of all classes for each of `radii_m`, null where `rows` have none.

    `floors_m` are the radii whose search left the data.

    >>> reach([{"class": "all", "radius_m": 1000.0, "count": 3, "area_ha": 1.25}], [1000.0, 2000.0], [1000.0])
    [[3, 1.25, 1], [None, None, 0]]
    """
    known = {row["radius_m"]: row for row in rows if row["class"] == ALL_CLASSES}
    return [
        [
            *([known[radius_m]["count"], _rounded(known[radius_m]["area_ha"])] if radius_m in known else [None, None]),
            int(radius_m in floors_m),
        ]
        for radius_m in radii_m
    ]


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, MEASURE_DECIMALS)


def _cell(row: Mapping[str, Any] | None, mark: str) -> str:
    if row is None or row["count"] is None:
        return "—"
    area = "—" if row["area_ha"] is None else f"{row['area_ha']:,.1f}"
    return f"{mark}{row['count']:,} · {area}"


def place_of(row: Mapping[str, Any]) -> Row | None:
    """Return where source `row` is drawn: `at` ([lat, lon]), and its outline unless a point; None if nowhere."""
    geometry = shapes.read([row["geometry"]])[0] if row["status"] == Status.ASSESSED else None
    if geometry is None or geometry.is_empty:
        return None
    has_point = row["lon"] is not None and row["lat"] is not None
    at = shapes.lat_lon(row["lon"], row["lat"]) if has_point else shapes.anchor(geometry)
    is_point = row["position_kind"] == PositionKind.POINT
    return {"at": at, "outline": None if is_point else shapes.geojson(geometry)}


def _summary(results: Results, row: Mapping[str, Any], judged: Judgements) -> Row:
    example = wording.is_example(results)
    return {
        "row": row["row"],
        "number": row.get("list_number"),
        "id": row["source_id"],
        "name": row["name"] or row["source_id"],
        "township": row["township"] or "",
        "county": row["county"] or "",
        "trade": row["trade_code"] or "",
        "uscc": row.get("uscc", ""),
        "status_code": row["status"],
        "verdict": row["verdict"] or "",
        "badge": wording.badge(row, example=example) if row["verdict"] else LABELS["unjudged"],
        "certainty": row["certainty"] or "",
        "kind": row["position_kind"] or "",
        "nearest": _nearest_facts(row),
        "nearest_m": row["nearest_farmland_m"],
        "facts": _source_facts(row, judged.notes(row["source_id"])),
        "findings": judged.of(row["source_id"]),
        "nearest_id": row["nearest_farmland_id"] or "",
        "visit": visit(row),
    }


def visit(row: Mapping[str, Any]) -> list[str]:
    """Return group of visits, class of distance and why of source `row`, as the list of visits shows them."""
    return [row.get(name) or "" for name in ("visit_group", "distance_class", "visit_reason")]


def _nearest_facts(row: Mapping[str, Any]) -> list[Fact]:
    parts = [
        row["nearest_farmland_id"],
        row["nearest_farmland_class"],
        distance_text(row["nearest_farmland_m"], row["position_uncertainty_m"], limit_m=row["radius_m"]),
        _bearing(row["nearest_farmland_bearing_deg"], row["nearest_farmland_m"]),
    ]
    return facts(("nearest", "，".join(part for part in parts if part)))


def _source_facts(row: Mapping[str, Any], codes: set[str]) -> list[Fact]:
    position = [
        wording.position_word(row["position_kind"]),
        f"{row['lon']:.6f}, {row['lat']:.6f}" if row["lon"] is not None and row["lat"] is not None else "",
        f"±{row['position_uncertainty_m']:.1f} m" if row["position_uncertainty_m"] is not None else "",
    ]
    note = row["note"] or ""
    return facts(
        ("list_number", str(row.get("list_number") or "")),
        ("visit", "，".join(filter(None, visit(row))), ", ".join(map(in_english, filter(None, visit(row))))),
        ("row_status", wording.status_word(row["status"]), wording.status_word(row["status"], "en")),
        ("position", "，".join(part for part in position if part)),
        ("uscc", row.get("uscc")),
        ("township", "".join(part for part in (row["county"], row["township"]) if part)),
        (
            "trade",
            f"{row['trade_code']}（{row['trade_edition']} 版）" if row["trade_edition"] else row["trade_code"] or "",
        ),
        ("basis", wording.basis_word(row["basis"]), wording.basis_word(row["basis"], "en")),
        ("terrain", TERRAIN_WORDS[row.get("terrain") or ""]),
        *((column.name, _told(row.get(column.name), column)) for column in popup_columns()),
        ("row_note", "" if any(longer.startswith(note.rstrip("。")) for longer in codes) else note),
    )


def _told(value: str | float | None, column: DataColumn) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return f"{value:,.1f} {column.measured_in}".strip()


def _bearing(bearing_deg: float | None, distance_m: float | None) -> str:
    if bearing_deg is None or math.isnan(bearing_deg) or not distance_m:
        return ""
    return compass(bearing_deg)


def searched(results: Results) -> shapes.Packed | None:
    """Return the searched areas of `results`, packed, with the source's id as id; None where nothing was searched."""
    geometries = shapes.read(results.search_areas["geometry"].to_pylist())
    has_shape = ~(shapely.is_missing(geometries) | shapely.is_empty(geometries))
    if not has_shape.any() or not shapes.can_pack(geometries[has_shape]):
        return None
    names = ("name", "class", "township", "nearest_source_id", "class_year")
    rows = pa.table(
        {"receptor_id": results.search_areas["source_id"]} | dict.fromkeys(names, pa.repeat("", len(has_shape)))
    )
    return shapes.pack(rows.filter(pa.array(has_shape)), geometries[has_shape])


def _anchors_of_nearest(results: Results) -> dict[str, list[float] | None]:
    wanted = {farmland_id for farmland_id in results.sources["nearest_farmland_id"].to_pylist() if farmland_id}
    ids = results.receptors["receptor_id"].to_pylist()
    rows = [index for index, receptor_id in enumerate(ids) if receptor_id in wanted]
    geometries = shapes.read(results.receptors["geometry"].take(pa.array(rows, pa.int64())).to_pylist())
    return {ids[row]: shapes.anchor(geometry) for row, geometry in zip(rows, geometries, strict=True)}

"""The words around the map: title, legend with counts, rows that aren't drawn, rules, parameters, data, caption."""

from __future__ import annotations

import marshal
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template
from jinja2 import __file__ as jinja_file
from markupsafe import Markup
from msgspec.structs import asdict

from hmgeo.outputs import style, wording
from hmgeo.outputs.english import in_language
from hmgeo.outputs.map import assets, audience, layers, parcels, shapes, sources
from hmgeo.outputs.map.audience import Shown
from hmgeo.outputs.wording import LABELS, LABELS_EN, labels
from hmgeo.reference.machine import kept
from hmgeo.results.results import Presentation, Results
from hmgeo.results.text import area_text, radius_text
from hmgeo.vocabulary import Basis, Certainty, Classification, LayerKind, PositionKind, Status, Verdict
from hmgeo.words import ENGLISH

SHAPES: Mapping[str, str] = {
    "circle": "M-1,0A1,1,0,1,0,1,0A1,1,0,1,0,-1,0Z",
    "ring": "M-1,0A1,1,0,1,0,1,0A1,1,0,1,0,-1,0Z",
    "square": "M-.9,-.9H.9V.9H-.9Z",
    "diamond": "M0,-1.25L1.25,0L0,1.25L-1.25,0Z",
    "triangle": "M0,-1.2L1.15,.85H-1.15Z",
    "cross": "M-.9,-.9L.9,.9M-.9,.9L.9,-.9",
}
"""SVG paths of unit radius, the same for legend and markers."""

SHEETS: Mapping[str, Mapping[str, int]] = {
    "A4": {"width_mm": 297, "height_mm": 210},
    "A3": {"width_mm": 420, "height_mm": 297},
}
"""Paper for printing, landscape; other papers print as A4."""

_FRAME_KINDS = frozenset({LayerKind.COUNTIES, LayerKind.TOWNSHIPS, LayerKind.RIVERS, LayerKind.ENTERPRISES})
_WATERMARK_HALF, _WATERMARK_EM = 210, 16
_WATERMARKS = {Basis.SYNTHETIC: wording.WATERMARK, Basis.APPROXIMATE: Basis.APPROXIMATE.zh}


def render(
    shown: Shown,
    presentation: Presentation,
    pictures: Sequence[parcels.ReceptorPicture],
    data: str,
    chunks: Sequence[tuple[str, str]] = (),
) -> str:
    """Return the HTML of all panels around what is `shown`; every value is escaped by the template.

    `data`: JSON that is safe inside a script element. `chunks`: id and base64 text of every packed chunk.
    """
    results = shown.results
    return _template().render(
        t=LABELS,
        title=results.title,
        subtitle=list(zip(subtitle(results), subtitle(results, ENGLISH), strict=True)),
        header=_header(results),
        header_en=_header(results, "en"),
        banner=wording.basis_banner(results.basis),
        banner_en=wording.basis_banner(results.basis, "en"),
        marks=[*audience_marks(shown, presentation), *_tile_marks(presentation)],
        years=sorted({year for picture in pictures for *_, year in picture.by_township if year}),
        watermark=watermark_tile(watermarks(results, presentation, presentation.language)),
        warnings=[(warning, in_language(warning, ENGLISH)) for warning in results.warnings],
        missing=missing_layers(results),
        legend=legend(results, pictures),
        unmapped=sources.unmapped(results),
        rules=results.rules,
        standing_word=wording.standing_word,
        parameters=results.parameters,
        layers=results.layers,
        context=results.context,
        caption=wording.caption(results, presentation),
        caption_en=in_language(wording.caption(results, presentation), ENGLISH),
        disclaimer=wording.DISCLAIMER,
        disclaimer_en=wording.DISCLAIMER_EN,
        shapes=SHAPES,
        sheet=SHEETS.get(presentation.paper, SHEETS["A4"]),
        paper=presentation.paper if presentation.paper in SHEETS else "A4",
        radii=[(radius_m, radius_text(radius_m)) for radius_m in results.radii_m] if results.counts.num_rows else [],
        radius_m=results.radius_m,
        has_visits=wording.is_ordered(results),
        has_table=bool(results.sources.num_rows or shown.statistics),
        has_parcels=any(picture.count for picture in pictures) and bool(results.sources.num_rows),
        has_zones=any(layer.role.startswith(("zone_", "candidate_")) for layer in results.context),
        has_click=results.compiled_rules is not None,
        click_facts=len(results.compiled_rules.attributes) if results.compiled_rules else 0,
        chunks=chunks,
        data=Markup(data),  # noqa: S704 - escaped by page.script_safe_json
    )


def watermarks(results: Results, presentation: Presentation, language: str = "zh") -> list[str]:
    """Return what lies over the map: what the data of `results` ask for, in `language`, then `presentation`'s own."""
    asked = in_language(_WATERMARKS.get(results.basis, ""), language)
    return [text for text in (asked, presentation.watermark) if text]


def watermark_tile(texts: Sequence[str]) -> dict[str, Any] | None:
    """Return a tile for a pattern, wide enough for its texts: width, and two of (x, y, text); None without texts."""
    if not texts:
        return None
    half = max(_WATERMARK_HALF, *((9 if text.isascii() else _WATERMARK_EM) * len(text) + 34 for text in texts))
    return {"width": 2 * half, "texts": [(10, 60, texts[0]), (10 + half, 145, texts[-1])]}


def audience_marks(shown: Shown, presentation: Presentation) -> list[tuple[str, dict[str, str]]]:
    """Return (label, parts) of what the page for `presentation` says about who may see what is `shown`."""
    if presentation.audience == audience.PUBLIC:
        hidden = "、".join(shown.hidden)
        return [("public_page", {}), *([("hidden_layers", {"names": hidden})] if hidden else [])]
    unmarked = any(layer.gates.classification is Classification.UNMARKED for layer in shown.results.layers)
    return [("internal_only", {})] if unmarked else []


def _tile_marks(presentation: Presentation) -> list[tuple[str, dict[str, str]]]:
    """Return (label, parts) of what the page says of its online tiles: network, host, datum, whose borders."""
    return [
        ("online_tiles", {"title": tile.title, "host": tile.host, "datum": tile.datum}) for tile in presentation.tiles
    ]


def missing_layers(results: Results) -> list[LayerKind]:
    """Return the kinds of layers that a judged page would draw and `results` lack: not checked, not absent."""
    if not results.findings.num_rows:
        return []
    present = {layer.kind for layer in results.layers} | {layer.role for layer in results.context}
    return [kind for kind in LayerKind if kind not in present and kind not in _FRAME_KINDS]


def legend(results: Results, pictures: Sequence[parcels.ReceptorPicture]) -> dict[str, Any]:
    """Return what the legend lists; every number counts rows of a table of `results`, drawn as `pictures` say."""
    rows = results.sources.select(["verdict", "certainty", "status", "position_kind"]).to_pylist()
    not_drawn = sources.unmapped(results)
    left_open = shapes.open_stretch(results.context)
    off_map = Counter(row["verdict"] for row in not_drawn)
    kinds = Counter(row["position_kind"] for row in rows) - Counter(row["kind"] for row in not_drawn)
    verdicts = Counter(row["verdict"] or "" for row in rows)
    certainties = Counter(row["certainty"] or "" for row in rows)
    statuses = results.status_counts()
    farmland = next((picture for picture in pictures if picture.kind == LayerKind.FARMLAND), None)
    return {
        "source_count": len(rows),
        "verdicts": [_verdict_line(code, verdicts, off_map) for code in [*map(str, Verdict), ""] if verdicts[code]],
        "certainties": [(c.value, c.zh, certainties[c.value]) for c in Certainty if certainties[c.value]],
        "statuses": [(s.value, s.zh, statuses[s.value]) for s in Status if statuses.get(s.value)],
        "parcel_count": farmland.count if farmland else 0,
        "classes": [_class_line(*total) for total in layers.ordered_totals(farmland)] if farmland else [],
        "steep": parcels.steep_lines(results) if farmland else [],
        "parcel_notes": parcel_notes(farmland) if farmland else [],
        "township_sums": bool(farmland and farmland.townships),
        "others": [
            (layers.kind_word(p.kind), asdict(style.context_style(p.kind)), p.count)
            for p in pictures
            if p.kind != LayerKind.FARMLAND
        ],
        "context": [layers.context_layer(layer, left_open) for layer in results.context],
        "place": asdict(style.UNCERTAINTY) if PositionKind.PLACE in kinds else None,
        "search": asdict(style.SEARCH_AREA) if results.search_areas.num_rows else None,
    }


def parcel_notes(picture: parcels.ReceptorPicture) -> list[str]:
    """Return in words which parcels of `picture` aren't drawn; nothing where all of them are."""
    return [LABELS["shapeless"].format(n=f"{picture.shapeless:,}")] if picture.shapeless else []


def _verdict_line(code: str, verdicts: Counter[str], off_map: Counter[str]) -> dict[str, Any]:
    return {
        "code": code,
        "word": wording.verdict_word(code) or LABELS["unjudged"],
        "look": style.verdict_style(code),
        "count": verdicts[code],
        "unmapped": off_map[code],
    }


def _class_line(word: str, count: int, area_ha: float) -> dict[str, Any]:
    return {
        "code": word,
        "word": word or LABELS["no_class"],
        "word_en": in_language(word, ENGLISH) if word else LABELS_EN["no_class"],
        "look": style.class_style(word),
        "count": count,
        "area": "" if math.isnan(area_ha) else area_text(area_ha),
    }


def _header(results: Results, language: str = "zh") -> str:
    if not results.findings.num_rows:
        return ""
    return wording.verdict_header(results.verdict_counts(), results.unassessed_counts(), language)


def subtitle(results: Results, language: str = "zh") -> list[str]:
    """Return the facts under the title of `results` in `language`: day asked about, area, radius, screening rule."""
    words = labels(language)
    day = f"{words['as_of']} {results.as_of.isoformat()}" if results.as_of else words["no_as_of"]
    parts = [day, f"{words['area']} {results.area_name}" if results.area_name else ""]
    if results.search_areas.num_rows:
        parts.append(f"{words['radius']} {radius_text(results.radius_m)}")
    rule = _screening_rule(results, language)
    return [part for part in (*parts, f"{words['rule']} {rule}" if rule else "") if part]


def _screening_rule(results: Results, language: str) -> str:
    """Return title and standing (in `language`) of the screening rule of `results`; empty where there is none."""
    rule = next((rule for rule in results.rules if rule.rule_id == results.screening_rule_id), None)
    if rule is None:
        return results.screening_rule_id
    stands = wording.standing_word(rule.standing, language, rule.verified)
    return (", " if language == ENGLISH else "，").join(filter(None, (rule.title, stands)))


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    room = Path(__file__).parent
    decides = [Path(__file__), room / "assets" / "panels.html", Path(jinja_file)]  # it holds the version

    def made() -> bytes:
        text = environment.compile(assets.read_text("panels.html"), raw=True)
        return marshal.dumps(compile(text, "panels.html", "exec"))

    code = marshal.loads(kept("panels", room, decides, made))  # noqa: S302 -- as `kept` found it, which nobody else wrote
    return Template.from_code(environment, code, environment.make_globals(None))

"""Results as the layers of the page: feature collections, styles and bounds, ready for JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from msgspec.structs import asdict
from shapely.geometry.base import BaseGeometry

from hmgeo.outputs import style, wording
from hmgeo.outputs.english import in_english
from hmgeo.outputs.map import parcels, shapes, sources
from hmgeo.outputs.map.sources import Fact, Judgements
from hmgeo.outputs.wording import LABELS, LABELS_EN
from hmgeo.results.results import ContextLayer, Results, shapes_of
from hmgeo.vocabulary import Basis, LayerKind, SoilQualityClass, Status, Verdict

EVERYWHERE = [[20.0, 105.0], [36.0, 120.0]]
"""Bounds of a page on which nothing has a place."""

_VERDICT_CODES = (*(verdict.value for verdict in Verdict), "")
_LABELLED = ("key_area", "county", "township", "river")
_SHOWN_ON_WISH = frozenset({"catchment", "sampling_point", "source_place"})
"""Layers that would cover the map (a source known by its county hatches all of it), or draw the eye from the sources;
they wait in the tree."""

_FRAMING = ("file", "key_area", "county", "township")


def page_data(
    results: Results, pictures: Sequence[parcels.ReceptorPicture], searched: shapes.Packed | None
) -> dict[str, Any]:
    """Return everything the page's scripts draw and show of `results`.

    `pictures`: one per kind of receptor, as `parcels.picture` gives them.
    `searched`: the searched areas, as `sources.searched` gives them.
    """
    judged = Judgements(results)
    drawn = sources.mapped(results, judged)
    left_open = shapes.open_stretch(results.context)
    return {
        "words": {"zh": dict(LABELS), "en": dict(LABELS_EN)},
        "bounds": page_bounds(results),
        "credits": _credits_of(results),
        "styles": _styles_used(pictures),
        "verdict_words": verdict_words(),
        "class_words": _class_words(pictures),
        "status_words": {status.value: {"zh": status.zh, "en": status.en} for status in Status},
        "radii_m": list(results.radii_m),
        "radius_m": results.radius_m,
        "context": [
            context_layer(layer, left_open, parcels.facts_of(results, layer.role)) for layer in results.context
        ],
        "receptors": [_receptor_layer(picture, parcels.steep_lines(results)) for picture in pictures],
        "steep": list(parcels.STEEP_KEYS),
        "searched": _packed_meta(searched),
        "towns": towns(results),
        "sources": drawn,
        "findings": judged.findings,
        "laws": judged.laws,
        "steps": sources.STEP_WORDS,
        "rerun": sources.RERUN,
        "unmapped": sources.unmapped(results, judged),
    }


def towns(results: Results) -> list[dict[str, Any]]:
    """Return what the township table of `results` says at the screening radius: parcels, those reached, by which."""
    if results.bureau is None or not results.sources.num_rows:
        return []
    return [
        {
            "name": row["township"] or row["county"] or "",
            "parcels": row["farmland_count"],
            "reached": row["reached_count"],
            "sources": [[source_id, round(distance_m)] for source_id, distance_m in near],
        }
        for row, near in zip(results.bureau.townships.to_pylist(), results.bureau.reaching, strict=True)
        if row["radius_m"] == results.radius_m
    ]


def verdict_words() -> dict[str, dict[str, str]]:
    """Return the word of each verdict's code in both languages; the empty code is a source that no rule judged."""
    words = {code: {lang: wording.verdict_word(code, lang) for lang in ("zh", "en")} for code in _VERDICT_CODES}
    return words | {"": {"zh": LABELS["unjudged"], "en": LABELS_EN["unjudged"]}}


def _class_words(pictures: Sequence[parcels.ReceptorPicture]) -> dict[str, str]:
    """Return the English of each class in the pictures that has a word of its own there."""
    words = {word for picture in pictures for word, _, _ in picture.totals if word}
    return {word: english for word in sorted(words) if (english := in_english(word)) != word}


def _packed_meta(kind: shapes.Packed | None) -> dict[str, Any] | None:
    """Return what the page needs to know before it reads the chunks."""
    if kind is None:
        return None
    meta = {name: list(getattr(kind, name)) for name in ("classes", "townships", "sources", "names", "years")}
    return meta | {"count": kind.count, "chunks": len(kind.chunks)}


def receptor_kinds(results: Results) -> list[str]:
    """Return the kinds of receptors in the table of `results`, farmland first."""
    kinds = results.receptors["receptor_kind"].unique().to_pylist()
    return sorted(kinds, key=lambda kind: kind != LayerKind.FARMLAND)


def kind_word(kind: str) -> str:
    """Return the Chinese word of a layer kind or of a context layer's role; the code itself where there is none."""
    return next((known.zh for known in LayerKind if known == kind), kind)


def context_layer(
    layer: ContextLayer, left_open: BaseGeometry | None = None, facts: Mapping[str, list[Fact]] | None = None
) -> dict[str, Any]:
    """Return one layer drawn for orientation; approximate geometry is dashed and says so in its labels.

    `left_open`: where no line may be stroked (`borders.open_stretch`). Areas without fill, and areas that meet this
    stretch, get their outlines as `borders`; the former's features then carry names and places only.
    `facts`: of a popup by feature id, where tables know more of a feature than its name.
    """
    look = asdict(style.context_style(layer.role))
    mark = LABELS["approximate"] if layer.basis is Basis.APPROXIMATE else ""
    if mark and not look["dash"]:
        look["dash"] = "4 3"
    geometries = shapes.read(layer.table["geometry"].to_pylist())
    names = [name or "" for name in layer.table["name"].to_pylist()]
    areas = shapes.are_areas(geometries)
    is_outline = areas and not look["fill_opacity"]
    as_borders = is_outline or (areas and shapes.touches(geometries, left_open))
    title, title_en = layer.title, in_english(layer.title)
    if mark and Basis.APPROXIMATE.zh not in title:
        title, title_en = f"{title}{mark}", f"{title_en} {LABELS_EN['approximate'].strip()}"
    made: list[dict[str, Any]] = [
        {
            "type": "Feature",
            "geometry": None if is_outline else shapes.geojson(shape),
            "properties": {
                "name": name,
                "at": shapes.anchor(shape),
                "bounds": shapes.bounds([np.array([shape], dtype=object)]),
            }
            | ({"facts": facts[place]} if facts and place in facts else {}),
        }
        for place, name, shape in zip(layer.table["id"].to_pylist(), names, geometries, strict=True)
    ]
    most = int(shapely.get_dimensions(geometries).max(initial=-1))
    return {
        "role": layer.role,
        "title": title,
        "title_en": title_en,
        "remark": parcels.overhead_remark() if facts else [],
        "labelled": layer.role in _LABELLED,
        "shown": layer.role not in _SHOWN_ON_WISH,
        "approximate": bool(mark),
        "basis": wording.basis_word(layer.basis),
        "swatch": "area" if most == shapes.AREAS else "dot" if most == 0 else "line",
        "style": look,
        "borders": shapes.stroked(geometries, left_open) if as_borders else None,
        "is_filled": not is_outline,
        "left_open": as_borders and shapes.touches(geometries, left_open),
        "features": [feature for feature in made if feature["properties"]["at"]],
    }


def township_names(results: Results) -> dict[str, str]:
    """Return names by nine-digit code of the townships drawn in `results`, for tables that hold codes."""
    return {
        code: name
        for layer in results.context
        if layer.role == "township"
        for code, name in zip(layer.table["id"].to_pylist(), layer.table["name"].to_pylist(), strict=True)
        if code and name
    }


def _receptor_layer(picture: parcels.ReceptorPicture, steep: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """Return one kind of receptor: drawn features and township sums, by class in official order, and steep lists."""
    return {
        "kind": picture.kind,
        "title": kind_word(picture.kind),
        "title_en": in_english(kind_word(picture.kind)),
        "classes": [word for word, _, _ in ordered_totals(picture)],
        "features": picture.drawn,
        "packed": _packed_meta(picture.packed),
        "townships": picture.townships,
        "by_township": picture.by_township,
        "steep": steep if picture.kind == LayerKind.FARMLAND else [],
        "steep_by_township": picture.steep_by_township,
    }


def ordered_totals(picture: parcels.ReceptorPicture) -> list[tuple[str, int, float]]:
    """Return the class totals of `picture`, official classes in official order, other words after them."""
    official = [word.value for word in SoilQualityClass]
    return sorted(picture.totals, key=lambda total: official.index(total[0]) if total[0] in official else len(official))


def _styles_used(pictures: Sequence[parcels.ReceptorPicture]) -> dict[str, Any]:
    """Return colours and forms by code: verdicts, receptor classes by kind, and the drawn lines."""
    classes = {
        picture.kind: {word: asdict(receptor_style(picture.kind, word)) for word, _, _ in picture.totals}
        for picture in pictures
    }
    verdicts = {code: asdict(style.verdict_style(code)) for code in _VERDICT_CODES}
    return {
        "verdicts": verdicts,
        "classes": classes,
        "search": asdict(style.SEARCH_AREA),
        "place": asdict(style.UNCERTAINTY),
    }


def receptor_style(kind: str, word: str) -> style.Style:
    """Return how a receptor is drawn: farmland by the class `word`, others by `kind`."""
    return style.class_style(word) if kind == LayerKind.FARMLAND else style.context_style(kind)


def _credits_of(results: Results) -> list[str]:
    """Return the lines that must be shown with the data, each once, in order."""
    lines = [layer.provenance.credit for layer in results.layers] + [layer.credit for layer in results.context]
    return [line for line in dict.fromkeys(lines) if line]


def page_bounds(results: Results, *, on_paper: bool = False) -> list[list[float]]:
    """Return what the page of `results` opens on: the marks of the sources, else receptors, else areas around.

    [[south, west], [north, east]] in degrees.

    `on_paper`: receptors are held with the sources: nobody moves a sheet.
    """
    marks = [place["at"] for row in results.sources.to_pylist() if (place := sources.place_of(row))]
    points = np.array([shapely.Point(lon, lat) for lat, lon in marks], dtype=object)
    content = [points, shapes_of(results.receptors)] if on_paper or not marks else [points]
    frames = [
        shapes.read(layer.table["geometry"].to_pylist())
        for role in _FRAMING
        for layer in results.context
        if layer.role == role
    ]
    rest = [shapes.read(layer.table["geometry"].to_pylist()) for layer in results.context]
    first = next((box for frame in frames if (box := shapes.bounds([frame]))), None)
    return shapes.bounds(content) or first or shapes.bounds(rest) or EVERYWHERE

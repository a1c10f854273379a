"""Results as the layers of the page: feature collections, styles and bounds, ready for JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from hmgeo.outputs import style, wording
from hmgeo.outputs.map import parcels, shapes, sources
from hmgeo.outputs.map.judgements import Judgements
from hmgeo.outputs.map.labels import LABELS
from hmgeo.vocabulary import Basis, LayerKind, SoilQualityClass, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmgeo.findings.results import ContextLayer, Results

EVERYWHERE = [[20.0, 105.0], [36.0, 120.0]]
"""Bounds of a page on which nothing has a place."""

_VERDICT_CODES = (*(verdict.value for verdict in Verdict), "")
POLYGON_DIMENSIONS = 2
_LABELLED = ("key_area", "county", "township", "river")
_FRAMING = ("key_area", "county", "township")


def page_data(results: Results, pictures: Sequence[parcels.ReceptorPicture]) -> dict[str, Any]:
    """Return everything the page's scripts draw and show.

    Parameters
    ----------
    pictures
        One per kind of receptor, as `parcels.picture` gives them.
    """
    judged = Judgements(results)
    drawn = sources.mapped(results, judged)
    return {
        "labels": dict(LABELS),
        "bounds": page_bounds(results),
        "credits": credits_of(results),
        "styles": styles_used(pictures),
        "verdict_words": {code: wording.verdict_word(code) or LABELS["unjudged"] for code in _VERDICT_CODES},
        "context": [context_layer(layer) for layer in results.context],
        "receptors": [receptor_layer(picture) for picture in pictures],
        "sources": drawn,
        "findings": judged.findings,
        "laws": judged.laws,
        "unmapped": sources.unmapped(results),
    }


def receptor_kinds(results: Results) -> list[str]:
    """Return the kinds of receptors in the table, farmland first."""
    kinds = dict.fromkeys(results.receptors["receptor_kind"].to_pylist())
    return sorted(kinds, key=lambda kind: kind != LayerKind.FARMLAND)


def kind_word(kind: str) -> str:
    """Return the Chinese word of a layer kind or of a context layer's role; the code itself where there is none."""
    return next((known.zh for known in LayerKind if known == kind), kind)


def context_layer(layer: ContextLayer) -> dict[str, Any]:
    """Return one layer drawn for orientation; approximate geometry is dashed and says so in its labels.

    Areas without fill are drawn as `borders`; their features then carry names and places only.
    """
    look = asdict(style.context_style(layer.role))
    mark = LABELS["approximate"] if layer.basis is Basis.APPROXIMATE else ""
    if mark and not look["dash"]:
        look["dash"] = "4 3"
    geometries = shapes.read(layer.table["geometry"].to_pylist())
    names = [name or "" for name in layer.table["name"].to_pylist()]
    are_areas = bool(len(geometries)) and bool((shapely.get_dimensions(geometries) == POLYGON_DIMENSIONS).all())
    as_borders = are_areas and not look["fill_opacity"]
    made: list[dict[str, Any]] = [
        {
            "type": "Feature",
            "geometry": None if as_borders else shapes.geojson(shape),
            "properties": {
                "name": name,
                "label": f"{name}{mark}" if name else "",
                "at": shapes.anchor(shape),
                "bounds": shapes.bounds([np.array([shape], dtype=object)]),
            },
        }
        for name, shape in zip(names, geometries, strict=True)
    ]
    return {
        "role": layer.role,
        "title": layer.title if Basis.APPROXIMATE.zh in layer.title else f"{layer.title}{mark}",
        "labelled": layer.role in _LABELLED,
        "basis": wording.basis_word(layer.basis),
        "is_line": not are_areas,
        "style": look,
        "borders": shapes.borders(geometries) if as_borders else None,
        "features": [feature for feature in made if feature["properties"]["at"]],
    }


def receptor_layer(picture: parcels.ReceptorPicture) -> dict[str, Any]:
    """Return one kind of receptor: drawn features and township sums, by class in official order."""
    return {
        "kind": picture.kind,
        "title": kind_word(picture.kind),
        "classes": [word for word, _, _ in ordered_totals(picture)],
        "features": picture.drawn,
        "townships": picture.townships,
    }


def ordered_totals(picture: parcels.ReceptorPicture) -> list[tuple[str, int, float]]:
    """Return the class totals, official classes in official order, other words after them."""
    official = [word.value for word in SoilQualityClass]
    return sorted(picture.totals, key=lambda total: official.index(total[0]) if total[0] in official else len(official))


def styles_used(pictures: Sequence[parcels.ReceptorPicture]) -> dict[str, Any]:
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
    """Return how a receptor is drawn: farmland by class, other kinds by kind."""
    return style.class_style(word) if kind == LayerKind.FARMLAND else style.context_style(kind)


def credits_of(results: Results) -> list[str]:
    """Return the lines that must be shown with the data, each once, in order."""
    lines = [layer.provenance.credit for layer in results.layers] + [layer.credit for layer in results.context]
    return [line for line in dict.fromkeys(lines) if line]


def page_bounds(results: Results) -> list[list[float]]:
    """Return what the page opens on: sources and receptors, else the areas around them."""
    content = [
        shapes.read(results.sources["geometry"].to_pylist()),
        shapes.read(results.receptors["geometry"].to_pylist()),
    ]
    frames = [
        shapes.read(layer.table["geometry"].to_pylist())
        for role in _FRAMING
        for layer in results.context
        if layer.role == role
    ]
    rest = [shapes.read(layer.table["geometry"].to_pylist()) for layer in results.context]
    return shapes.bounds(content) or shapes.bounds(frames) or shapes.bounds(rest) or EVERYWHERE

"""What lies on the ground of a static figure, drawn like the page: same layers, same order, same colours."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.image import AxesImage
from matplotlib.path import Path as Outline
from PIL import Image

from hmgeo.outputs import style
from hmgeo.outputs.figure.sheet import mercator
from hmgeo.outputs.map import layers, shapes, sources
from hmgeo.vocabulary import Certainty, PositionKind, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from hmgeo.outputs.map.parcels import ReceptorPicture
    from hmgeo.results.results import Backdrop, Results


MOST_AS_LINES = 3000
"""More parcels than this are one picture of dots inside the PDF instead of a shape each."""

BATCH = 400
"""Polygons in one path: few enough for the renderer, many enough to be fast."""

MARKS = {"circle": "o", "ring": "o", "square": "s", "diamond": "D", "triangle": "^", "cross": "x"}
_PT_PER_PX = 0.75
_HOLLOW = frozenset({"ring"})
_POLYGON, _LINE = 2, 1
_PARCELS, _AREAS, _LINES, _OUTLINES, _SUMS, _SOURCES = range(2, 8)


def draw_backdrop(axes: Axes, backdrop: Backdrop) -> None:
    """Lay a picture under everything; within a county its own Mercator and ours differ by a stretch."""
    west, south, east, north = backdrop.bounds
    (left, bottom), (right, top) = mercator(np.array([[west, south], [east, north]]))
    picture = AxesImage(axes, interpolation="none", extent=(left, right, bottom, top), alpha=0.55, zorder=0)
    with Image.open(io.BytesIO(backdrop.png)) as opened:
        picture.set_data(np.asarray(opened.convert("RGBA")))
    picture.set_clip_path(axes.patch)
    axes.add_image(picture)


def draw_context(axes: Axes, drawn: Sequence[Mapping[str, Any]]) -> None:
    """Draw the layers for orientation as `layers.context_layer` gives them: what the page leaves open stays open."""
    for layer in drawn:
        look = layer["style"]
        features = [shapely.geometry.shape(one["geometry"]) for one in layer["features"] if one["geometry"]]
        if layer["borders"]:
            _draw(axes, [shapely.geometry.shape(layer["borders"])], look, _LINES, is_filled=False)
        if not layer["borders"] or layer["is_filled"]:
            _draw(axes, features, look, _AREAS, is_stroked=not layer["borders"])


def draw_receptors(axes: Axes, results: Results, pictures: Iterable[ReceptorPicture]) -> None:
    """Draw receptors by class, or their sums by township where single ones must not be shown."""
    table = results.receptors.select(["receptor_kind", "class", "geometry"]).to_pandas()
    for picture in pictures:
        if picture.townships:
            _draw_sums(axes, picture)
            continue
        frame = table[table["receptor_kind"] == picture.kind]
        many = len(frame) > MOST_AS_LINES
        for word, group in frame.groupby(frame["class"].fillna(""), sort=False):
            look = layers.receptor_style(picture.kind, str(word))
            drawn = shapes.read(group["geometry"])
            line_pt = 0.15 if many else 0.3
            _draw(axes, drawn, style_of(look), _PARCELS, width_pt=line_pt, is_picture=many)


def draw_sources(axes: Axes, results: Results) -> list[tuple[float, float, str]]:
    """Draw the sources, the gravest on top; return Mercator place and name of each that has a place."""
    rows = [row | {"place": place} for row in sources.rows_of(results) if (place := sources.place_of(row))]
    for row in rows:
        if row["place"]["outline"] is not None:
            shape = shapely.geometry.shape(row["place"]["outline"])
            _draw(axes, [shape], _outline_style(row), _OUTLINES)
    size_pt = 5.5 if len(rows) <= 120 else 3.6 if len(rows) <= 600 else 2.2  # noqa: PLR2004 - many marks get smaller
    at = mercator(np.array([row["place"]["at"][::-1] for row in rows])) if rows else np.empty((0, 2))
    codes = ["", *(verdict.value for verdict in sorted(Verdict, key=lambda one: -one.gravity))]
    for order, code in enumerate(codes):
        for certainty in (False, True):
            chosen = [
                index
                for index, row in enumerate(rows)
                if (row["verdict"] or "") == code and (row["certainty"] == Certainty.AMBIGUOUS) == certainty
            ]
            if chosen:
                _scatter(axes, at[chosen], code, size_pt, _SOURCES + order / 10, is_ambiguous=certainty)
    grave = sorted(
        range(len(rows)),
        key=lambda index: (rows[index].get("list_number") or len(rows), -codes.index(rows[index]["verdict"] or "")),
    )
    return [(float(at[index, 0]), float(at[index, 1]), _numbered(rows[index])) for index in grave]


def _numbered(row: Mapping[str, Any]) -> str:
    """Return a source's name after its number on the list."""
    return f"{row.get('list_number') or ''} {row['name'] or ''}".strip()


def labels(drawn: Sequence[Mapping[str, Any]]) -> list[tuple[float, float, str, str]]:
    """Return Mercator place, text and role of every label for orientation, the larger areas first."""
    order = {"key_area": 0, "county": 1, "township": 2, "river": 3}
    found = [
        (*mercator(np.array([feature["properties"]["at"][::-1]]))[0], feature["properties"]["label"], layer["role"])
        for layer in sorted(drawn, key=lambda layer: order.get(layer["role"], len(order)))
        if layer["labelled"]
        for feature in layer["features"]
        if feature["properties"]["label"]
    ]
    return [(float(x), float(y), text, role) for x, y, text, role in found]


def style_of(look: style.Style) -> dict[str, Any]:
    """Return a style as the page's layers carry it."""
    return {
        "stroke": look.stroke,
        "fill": look.fill,
        "fill_opacity": look.fill_opacity,
        "width_px": look.width_px,
        "dash": look.dash,
    }


def dashes(look: Mapping[str, Any]) -> Any:  # noqa: ANN401 - what matplotlib takes
    """Return a dash array in points; a solid line where there is none."""
    return (0, [float(part) * _PT_PER_PX for part in look["dash"].split()]) if look["dash"] else "solid"


def _outline_style(row: Mapping[str, Any]) -> dict[str, Any]:
    look = style_of(style.UNCERTAINTY)
    if row["position_kind"] == PositionKind.PLACE:
        return look
    colour = style.verdict_style(row["verdict"]).colour
    return look | {"stroke": colour, "fill": colour, "fill_opacity": 0.25, "dash": ""}


def _scatter(axes: Axes, at: NDArray[Any], code: str, size_pt: float, order: float, *, is_ambiguous: bool) -> None:
    look = style.verdict_style(code)
    hollow = look.shape in _HOLLOW or is_ambiguous
    is_cross = look.shape == "cross"
    edge: dict[str, Any] = {} if is_cross else {"edgecolors": look.colour if hollow else "white"}
    axes.scatter(
        at[:, 0],
        at[:, 1],
        s=size_pt**2,
        marker=MARKS[look.shape],
        facecolors="white" if hollow and not is_cross else look.colour,
        linewidths=1.1 if hollow or is_cross else 0.5,
        zorder=order,
        linestyle=(0, (1.6, 1.1)) if is_ambiguous else "solid",
        **edge,
    )


def _draw_sums(axes: Axes, picture: ReceptorPicture) -> None:
    from hmgeo.outputs.figure.lettering import fitted, font  # noqa: PLC0415 - most figures have none

    for town in picture.townships:
        (x, y), size = mercator(np.array([town["at"][::-1]]))[0], 16 + 4 * np.log10(1 + town["count"])
        axes.scatter([x], [y], s=size**2, facecolors="#ffffffe6", edgecolors="#009E73", linewidths=2.5, zorder=_SUMS)
        words: dict[str, Any] = {"ha": "center", "va": "center", "zorder": _SUMS, "fontproperties": font(7)}
        axes.text(x, y, fitted(f"{town['count']:,}"), **words)


def _draw(
    axes: Axes,
    geometries: Sequence[Any] | NDArray[Any],
    look: Mapping[str, Any],
    order: int,
    *,
    is_filled: bool = True,
    is_stroked: bool = True,
    width_pt: float | None = None,
    is_picture: bool = False,
) -> None:
    """Draw polygons, lines and points of one style."""
    shown = np.array([one for one in geometries if one is not None and not one.is_empty], dtype=object)
    parts = shapely.get_parts(shown)
    kinds = shapely.get_dimensions(parts)
    line_pt = look["width_px"] * _PT_PER_PX if width_pt is None else width_pt
    stroke: dict[str, Any] = {
        "edgecolor": look["stroke"] if is_stroked else "none",
        "linewidth": line_pt if is_stroked else 0.0,
    }
    common: dict[str, Any] = {"zorder": order, "rasterized": is_picture}
    if (kinds == _POLYGON).any():
        fill = (look["fill"], look["fill_opacity"]) if is_filled and look["fill_opacity"] else "none"
        paths = _paths(parts[kinds == _POLYGON])
        axes.add_collection(
            PathCollection(paths, facecolor=fill, linestyle=dashes(look), **stroke, **common), autolim=False
        )
    if (kinds == _LINE).any():
        runs = _runs(parts[kinds == _LINE])
        axes.add_collection(
            LineCollection(runs, colors=look["stroke"], linewidths=line_pt, linestyles=[dashes(look)], **common),
            autolim=False,
        )
    if (kinds == 0).any():
        at = mercator(shapely.get_coordinates(parts[kinds == 0]))
        face = (look["fill"], max(0.5, look["fill_opacity"]))
        axes.scatter(at[:, 0], at[:, 1], s=12, facecolors=[face], edgecolors=look["stroke"], linewidths=0.6, **common)


def _paths(polygons: NDArray[Any]) -> list[Outline]:
    """Return polygons as compound paths of `BATCH` each; rings turn so that holes stay empty."""
    turned = shapely.normalize(polygons)
    rings, owner = shapely.get_rings(turned, return_index=True)
    coordinates, ring_of = shapely.get_coordinates(rings, return_index=True)
    xy = mercator(coordinates)
    codes = np.full(len(xy), Outline.LINETO, dtype=Outline.code_type)
    codes[np.flatnonzero(np.diff(ring_of, prepend=-1))] = Outline.MOVETO
    codes[np.append(np.flatnonzero(np.diff(ring_of)), len(xy) - 1)] = Outline.CLOSEPOLY
    cuts = np.flatnonzero(np.diff(owner[ring_of] // BATCH)) + 1
    return [Outline(part, code) for part, code in zip(np.split(xy, cuts), np.split(codes, cuts), strict=True)]


def _runs(lines: NDArray[Any]) -> list[NDArray[Any]]:
    coordinates, line_of = shapely.get_coordinates(lines, return_index=True)
    return np.split(mercator(coordinates), np.flatnonzero(np.diff(line_of)) + 1)

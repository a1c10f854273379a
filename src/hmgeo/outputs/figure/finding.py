"""Findings as pictures: one with its distance and limit, and what changed between two runs with both states.

Distances around the source are laid out as they are on the ground: azimuth and length of the geodesic from its middle.
What is printed was judged; what is drawn is held against it, and where both don't agree no line is drawn.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib as mpl
import numpy as np
import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Polygon
from matplotlib.path import Path as Outline
from pyproj import Geod

from hmgeo.outputs import style, wording
from hmgeo.outputs.english import in_language
from hmgeo.outputs.figure.figure import ALERT, GREY, INK, bar_m, line_mm, say, watermark
from hmgeo.outputs.figure.scene import MARKS, Box, fitted, font, width_mm, wrapped
from hmgeo.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from numpy.typing import NDArray


_WIDE_MM, _HIGH_MM, _MM_PER_INCH, _DPI = 297.0, 210.0, 25.4, 150
_PANEL_MM, _PANEL_TOP_MM, _PANELS_LEFT_MM = (133.0, 112.0), 30.0, (12.0, 152.0)
_ELLIPSOID = Geod(ellps="GRS80")
_AGREES_M, _AGREES_SHARE = 1.0, 0.001
_NEARER = 0.7
_TOO_SHORT = 0.12
"""Part of the panel's width below which a line bears no number."""
_LAND, _NEAR, _SOURCE, _LIMIT = "#C9D6B4", "#E3B341", "#B3261E", "#2D5DA1"


@dataclass(frozen=True, slots=True)
class Ground:
    """What a finding speaks of, in lon/lat.

    Parameters
    ----------
    source
        Where the source lies, or may lie.
    uncertainty_m
        Its margin.
    nearest
        The shape that was found nearest, or in which it lies; None where none was.
    others
        Further shapes of that kind.
    paths
        Ways that water takes from the source.
    measured_m, limit_m
        What was measured and the clause's limit, in metres; None where it isn't a distance.
    """

    source: shapely.Geometry
    uncertainty_m: float = 0.0
    nearest: shapely.Geometry | None = None
    others: Sequence[shapely.Geometry] = field(default=(), repr=False)
    paths: Sequence[shapely.Geometry] = field(default=(), repr=False)
    measured_m: float | None = None
    limit_m: float | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """What stands around the drawing: title, a line below it, what must not be overlooked, what is told in full."""

    title: str
    subtitle: str
    marks: Sequence[str]
    lines: Sequence[tuple[str, str]]
    foot: str
    language: str = "zh"


def agrees(ground: Ground) -> bool:
    """Tell whether the shapes of `ground` lie as far apart as was measured: within 1 m or a thousandth."""
    drawn = _Drawn(ground)
    if ground.measured_m is None or drawn.line is None:
        return False
    return bool(abs(drawn.line.length - ground.measured_m) <= max(_AGREES_M, _AGREES_SHARE * ground.measured_m))


def write_finding(ground: Ground, words: Words, path: Path, suffix: str) -> None:
    """Draw `ground` on A4 at `path`, whole on the left, the nearest piece on the right, `words` around it.

    `suffix`: `.png`, `.pdf` or `.svg`.
    """
    figure, page = _sheet(words)
    drawn = _Drawn(ground)
    boxes = list(drawn.boxes())
    places = _PANELS_LEFT_MM if len(boxes) > 1 else (_WIDE_MM / 2 - _PANEL_MM[0] / 2,)
    for left, title, box in zip(places, ("全图", "近处"), boxes, strict=False):
        axes = _panel(figure, page, drawn, box, left, title)
        watermark(page, axes, Box(left, _PANEL_TOP_MM, *_PANEL_MM), words.marks)
    key = (
        "红点或红面：污染源；红色点线：位置误差；黄：最近的对象，粗边为最近的一段；绿：其他同类对象；"
        "蓝色虚线：限值；蓝色实线：推算的径流"
    )
    _told(page, words, key)
    _save(figure, path, suffix)


def _sheet(words: Words) -> tuple[Figure, Axes]:
    """Return an empty sheet with its head, and axes in mm over all of it."""
    figure = Figure(figsize=(_WIDE_MM / _MM_PER_INCH, _HIGH_MM / _MM_PER_INCH), facecolor="white")
    FigureCanvasAgg(figure)
    page = figure.add_axes((0, 0, 1, 1))
    page.set_xlim(0, _WIDE_MM)
    page.set_ylim(_HIGH_MM, 0)
    page.set_axis_off()
    page.set_zorder(10)  # its scale bars and arrows stand over the panels
    say(page, 12, 8, words.title, 13.0)
    for number, line in enumerate(wrapped(words.subtitle, 8.0, 190)[:2]):
        say(page, 12, 15.5 + number * line_mm(8.0), line, 8.0, color=GREY)
    for number, mark in enumerate(words.marks):
        say(page, _WIDE_MM - 12, 8 + 5 * number, mark, 8.0, color=ALERT, ha="right")
    return figure, page


def _save(figure: Figure, path: Path, suffix: str) -> None:
    still: dict[str, dict[str, Any]] = {
        ".png": {"Software": None},
        ".pdf": {"Creator": "hmgeo", "Producer": None, "CreationDate": None},
        ".svg": {"Creator": "hmgeo", "Date": None},
    }
    with mpl.rc_context({"pdf.fonttype": 42, "svg.hashsalt": "hmgeo"}):
        figure.savefig(path, format=suffix.removeprefix("."), dpi=_DPI, metadata=still[suffix])


class _Drawn:
    """A finding's shapes in metres east and north of the source's middle."""

    def __init__(self, ground: Ground) -> None:
        middle = ground.source.centroid
        self.ground = ground
        self.source = _around(ground.source, middle)
        self.nearest = None if ground.nearest is None else _around(ground.nearest, middle)
        self.others = [_around(shape, middle) for shape in ground.others]
        self.paths = [_around(path, middle) for path in ground.paths]
        line = None if self.nearest is None else shapely.shortest_line(self.source, self.nearest)
        self.line = line if line is not None and not line.is_empty else None

    def segment(self) -> shapely.Geometry | None:
        """Return the piece of the nearest shape's edge that the distance ends at; None where the source lies in it."""
        if self.nearest is None or self.line is None or self.line.length == 0:
            return None
        end = shapely.Point(self.line.coords[-1])
        pieces = [
            shapely.LineString(pair)
            for part in shapely.get_parts(shapely.boundary(self.nearest) if self.nearest.area else self.nearest)
            if len(coords := part.coords) > 1
            for pair in itertools.pairwise(coords)
        ]
        return min(pieces, key=lambda piece: float(piece.distance(end))) if pieces else None

    def boxes(self) -> Iterator[tuple[float, float, float]]:
        """Yield middle and half height in metres of what the panels show; the second only where it shows more."""
        reach = [self.source]
        if self.ground.limit_m is not None:
            reach.append(self.source.buffer(self.ground.limit_m))
        if self.line is not None:
            reach.append(self.line)
        if self.ground.measured_m is None and self.nearest is not None:
            reach += [self.nearest, *self.paths]
        whole = _box(shapely.GeometryCollection(reach).bounds, self.ground.uncertainty_m)
        yield whole
        if self.ground.measured_m is None:
            return
        close = [self.source, *(shape for shape in (self.line, self.segment()) if shape is not None)]
        near = _box(shapely.GeometryCollection(close).bounds, self.ground.uncertainty_m)
        if near[2] < whole[2] * _NEARER:
            yield near


def _box(bounds: Sequence[float], margin_m: float) -> tuple[float, float, float]:
    west, south, east, north = bounds
    high = max((east - west) * _PANEL_MM[1] / _PANEL_MM[0], north - south) / 2 * 1.3 + margin_m * 1.3
    return (west + east) / 2, (south + north) / 2, max(high, 60.0)


def _around(shape: shapely.Geometry, middle: shapely.Point) -> shapely.Geometry:
    def placed(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        count = len(lonlat)
        start = np.full(count, middle.x), np.full(count, middle.y)
        azimuth, _, length = _ELLIPSOID.inv(*start, lonlat[:, 0], lonlat[:, 1])
        angle = np.radians(azimuth)
        return np.column_stack((length * np.sin(angle), length * np.cos(angle)))

    return shapely.transform(shapely.force_2d(shape), placed)


def _frame(
    figure: Figure, page: Axes, box: tuple[float, float, float], left: float, title: str, north_word: str = "北"
) -> tuple[Axes, shapely.Geometry]:
    """Return an empty panel with its own scale and north, and what of the ground it shows."""
    wide, high = _PANEL_MM
    bottom = _HIGH_MM - _PANEL_TOP_MM - high
    axes = figure.add_axes((left / _WIDE_MM, bottom / _HIGH_MM, wide / _WIDE_MM, high / _HIGH_MM))
    east, north, half = box
    axes.set_xlim(east - half * wide / high, east + half * wide / high)
    axes.set_ylim(north - half, north + half)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_facecolor("#FBFBF8")
    say(page, left, _PANEL_TOP_MM - 4.6, title, 8.0)
    _scale_and_north(page, left, half * 2 / high * 1000, north_word)
    return axes, shapely.box(axes.get_xlim()[0], axes.get_ylim()[0], axes.get_xlim()[1], axes.get_ylim()[1])


def _panel(figure: Figure, page: Axes, drawn: _Drawn, box: tuple[float, float, float], left: float, title: str) -> Axes:
    """Draw one panel of a finding, and return it."""
    axes, seen = _frame(figure, page, box, left, title)
    for shape in drawn.others:
        if shape.intersects(seen):
            _draw(axes, shape, facecolor=_LAND, edgecolor="#8FA36B", lw=0.4, zorder=2)
    if drawn.nearest is not None:
        _draw(axes, drawn.nearest, facecolor=_NEAR, edgecolor="#8A6A12", lw=0.8, zorder=3)
    for path in drawn.paths:
        _draw(axes, path, edgecolor="#3B82B5", zorder=4)
    _rings(axes, drawn)
    is_point = drawn.source.area == 0
    if is_point:
        parts = shapely.get_coordinates(drawn.source)
        axes.plot(parts[:, 0], parts[:, 1], "o", color=_SOURCE, ms=5, mec="white", mew=0.8, zorder=9)
    else:
        _draw(axes, drawn.source, facecolor="#F2C7C3", edgecolor=_SOURCE, lw=1.0, zorder=5, alpha=0.6)
    _distance(axes, drawn)
    return axes


class State(NamedTuple):
    """Where a source stood in one of two runs, and what its finding said."""

    lon: float
    lat: float
    verdict: str


class Mark(NamedTuple):
    """One source in two runs; number 0 where nothing changed."""

    number: int
    before: State | None
    after: State | None


def write_changes(
    marks: Sequence[Mark], outlines: Sequence[shapely.Geometry], words: Words, path: Path, suffix: str
) -> None:
    """Draw two runs side by side at `path`: `marks` in the colours of their verdicts, numbered, the rest grey.

    `words` stand around them, `suffix` is `.png`, `.pdf` or `.svg`.

    `outlines`: boundaries for orientation.
    """
    figure, page = _sheet(words)
    points = shapely.MultiPoint([state[:2] for mark in marks for state in mark[1:] if state is not None])
    middle = points.centroid
    box = _box(_around(points, middle).bounds, 0.0)
    lines = [_around(shapely.boundary(outline), middle) for outline in outlines]
    used: set[str] = set()
    speak = partial(in_language, language=words.language)
    for left, title, side in zip(_PANELS_LEFT_MM, ("前一次", "后一次"), (1, 2), strict=True):
        axes, seen = _frame(figure, page, box, left, speak(title), speak("北"))
        for line in lines:
            if line.intersects(seen):
                _draw(axes, line, edgecolor="#B9B9B0", lw=0.7, zorder=1)
        for mark in sorted(marks, key=lambda mark: mark.number > 0):
            used |= _state(axes, mark, side, middle)
        watermark(page, axes, Box(left, _PANEL_TOP_MM, *_PANEL_MM), words.marks)
    _verdict_key(page, [verdict.value for verdict in Verdict if verdict.value in used], words.language)
    _told(
        page,
        words,
        speak("有变化的按结论着色、编号；灰点：没有变化；十字：这一次没有这一处或这一条；细线：由前一次的位置移来"),
    )
    _save(figure, path, suffix)


def _verdict_key(page: Axes, verdicts: Sequence[str], language: str) -> None:
    """Set the verdicts that are shown, each with its mark and its word in `language`, above the second panel."""
    x, y = _PANELS_LEFT_MM[1] + 18, _PANEL_TOP_MM - 3.0
    for code in verdicts:
        look, word = style.verdict_style(code), wording.verdict_word(code, language)
        page.plot(x, y, color=look.colour, ms=5, zorder=19, **_marker(look))
        say(page, x + 2.2, y, word, 7.0, va="center")
        x += width_mm(word, 7.0) + 7


def _marker(look: style.VerdictStyle) -> dict[str, Any]:
    """Return the form of a verdict's mark; a cross is all edge."""
    if look.shape == "cross":
        return {"marker": MARKS[look.shape], "mec": look.colour, "mew": 1.6}
    return {"marker": MARKS[look.shape], "mec": "white", "mew": 0.6}


def _state(axes: Axes, mark: Mark, side: int, middle: shapely.Point) -> set[str]:
    """Draw a source as one run has it; return the verdict that is shown."""
    now, other = (mark.before, mark.after) if side == 1 else (mark.after, mark.before)
    state = now or other
    if state is None:
        return set()
    (x, y), *_ = shapely.get_coordinates(_around(shapely.Point(state.lon, state.lat), middle))
    if not mark.number:
        axes.plot(x, y, "o", color="#A9A9A4", ms=3, zorder=3)
        return set()
    if now is None:
        axes.plot(x, y, "+", color=GREY, ms=9, mew=1.2, zorder=5)
    else:
        look = style.verdict_style(now.verdict)
        axes.plot(x, y, color=look.colour, ms=7, zorder=6, **_marker(look))
    if side == 2 and now is not None and other is not None and now[:2] != other[:2]:  # noqa: PLR2004 -- the second run
        (from_x, from_y), *_ = shapely.get_coordinates(_around(shapely.Point(other.lon, other.lat), middle))
        axes.plot([from_x, x], [from_y, y], color=INK, lw=0.8, zorder=4)
    text: dict[str, Any] = {"fontproperties": font(7.0), "color": INK, "zorder": 8}
    axes.annotate(str(mark.number), (x, y), xytext=(4, 3), textcoords="offset points", **text)
    return set() if now is None else {now.verdict}


def _rings(axes: Axes, drawn: _Drawn) -> None:
    ground = drawn.ground
    if ground.limit_m is not None:
        ring = drawn.source.buffer(ground.limit_m, quad_segs=64)
        _draw(axes, ring, facecolor="none", edgecolor=_LIMIT, lw=1.2, ls=(0, (5, 3)), zorder=6)
    if ground.uncertainty_m > 0:
        ring = drawn.source.buffer(ground.uncertainty_m, quad_segs=64)
        _draw(axes, ring, facecolor="none", edgecolor=_SOURCE, lw=0.9, ls=(0, (1.5, 1.5)), zorder=8)


def _distance(axes: Axes, drawn: _Drawn) -> None:
    """Draw the line of the distance and the segment it ends at, where it is the distance that was judged."""
    if drawn.line is None or not agrees(drawn.ground) or drawn.ground.measured_m is None:
        return
    piece = drawn.segment()
    if piece is not None:
        axes.plot(*np.array(piece.coords).T, color="#6B4E00", lw=2.6, solid_capstyle="round", zorder=7)
    ends = np.array(drawn.line.coords)
    axes.plot(*ends.T, color=INK, lw=1.1, zorder=8)
    if drawn.line.length < (axes.get_xlim()[1] - axes.get_xlim()[0]) * _TOO_SHORT:
        return
    text = f"{drawn.ground.measured_m:,.1f} m"
    back = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.2}
    look: dict[str, Any] = {
        "fontproperties": font(8.0),
        "color": INK,
        "ha": "center",
        "va": "center",
        "bbox": back,
        "zorder": 10,
    }
    axes.text(float(ends[:, 0].mean()), float(ends[:, 1].mean()), fitted(text), **look)


def _draw(axes: Axes, shape: shapely.Geometry, **look: Any) -> None:  # noqa: ANN401 -- of matplotlib
    """Draw any shape: areas with their holes, lines, points."""
    for part in shapely.get_parts(shape):
        kind = part.geom_type
        if kind == "Polygon" and not part.is_empty:
            rings = [part.exterior, *part.interiors]
            outline = Outline.make_compound_path(*(Outline(np.array(ring.coords), closed=True) for ring in rings))
            axes.add_patch(PathPatch(outline, **look))
        elif kind in {"LineString", "LinearRing"}:
            axes.plot(*np.array(part.coords).T, color=look["edgecolor"], lw=look.get("lw", 1.4), zorder=look["zorder"])
        elif kind == "Point":
            axes.plot(part.x, part.y, "s", color=look["edgecolor"], ms=5, zorder=look["zorder"])


def _scale_and_north(page: Axes, left: float, scale: float, north_word: str) -> None:
    wide, high = _PANEL_MM
    length_m = bar_m(round(scale), wide)
    long_mm = length_m * 1000 / scale
    x, y = left + 5, _PANEL_TOP_MM + high - 5
    back = Polygon([(x - 2, y - 5.5), (x + long_mm + 4, y - 5.5), (x + long_mm + 4, y + 2.5), (x - 2, y + 2.5)],
                   facecolor="white", edgecolor="none", alpha=0.85, zorder=18)  # fmt: skip
    page.add_patch(back)
    page.plot([x, x, x + long_mm, x + long_mm], [y - 1.4, y, y, y - 1.4], color=INK, lw=1.0, zorder=19)
    text = f"{length_m / 1000:g} km" if length_m >= 1000 else f"{length_m:g} m"  # noqa: PLR2004 -- the prefix kilo
    say(page, x + long_mm / 2, y - 4.6, text, 7.0, ha="center")
    tip, mid = _PANEL_TOP_MM + 6.5, left + wide - 7
    page.add_patch(Polygon([(mid, tip), (mid + 2.2, tip + 7.5), (mid, tip + 6), (mid - 2.2, tip + 7.5)],
                           facecolor=INK, edgecolor="white", lw=0.5, zorder=19))  # fmt: skip
    say(page, mid, tip - 4.2, north_word, 8.0, ha="center")


def _told(page: Axes, words: Words, key: str) -> None:
    """Set what is told below the panels in two columns, the key of the drawing and the disclaimer last."""
    top, room = _PANEL_TOP_MM + _PANEL_MM[1] + 4, 133.0
    lines = [line for name, text in words.lines for line in wrapped(f"{name}：{text}" if name else text, 7.5, room)]
    most = 11
    for number, line in enumerate(lines[: most * 2]):
        column, row = divmod(number, most)
        is_cut = number == most * 2 - 1 and len(lines) > most * 2
        say(page, _PANELS_LEFT_MM[column], top + row * line_mm(7.5), f"{line[:-1]}…" if is_cut else line, 7.5)
    say(page, 12, top + 11 * line_mm(7.5) + 2, key, 7.0, color=GREY)
    for number, line in enumerate(wrapped(words.foot, 6.2, 273)):
        say(page, 12, top + 11 * line_mm(7.5) + 6 + number * line_mm(6.2), line, 6.2, color=GREY)

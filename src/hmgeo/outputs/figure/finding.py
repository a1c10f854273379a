"""Findings as pictures: one with its distance and limit, and what changed between two runs with both states.

Distances around the source are laid out as they are on the ground: azimuth and length of the geodesic from its middle.
What is printed was judged; what is drawn is held against it, and where both don't agree no line is drawn.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import shapely
from msgspec import Struct
from numpy.typing import NDArray
from pyproj import Geod

from hmgeo.outputs import style, wording
from hmgeo.outputs.english import in_language
from hmgeo.outputs.figure.figure import ALERT, GREY, INK, bar_m, watermark
from hmgeo.outputs.figure.paper import Box, Look, Paper, line_mm, width_mm, wrapped
from hmgeo.outputs.figure.scene import mark_look
from hmgeo.vocabulary import Verdict

_WIDE_MM, _HIGH_MM = 297.0, 210.0
_PANEL_MM, _PANEL_TOP_MM, _PANELS_LEFT_MM = (133.0, 112.0), 30.0, (12.0, 152.0)
_ELLIPSOID = Geod(ellps="GRS80")
_AGREES_M, _AGREES_SHARE = 1.0, 0.001
_NEARER = 0.7
_TOO_SHORT = 0.12
"""Part of the panel's width below which a line bears no number."""
_LAND, _NEAR, _SOURCE, _LIMIT = "#C9D6B4", "#E3B341", "#B3261E", "#2D5DA1"


class Ground(Struct, frozen=True):
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
    others: Sequence[shapely.Geometry] = ()
    paths: Sequence[shapely.Geometry] = ()
    measured_m: float | None = None
    limit_m: float | None = None


class Words(Struct, frozen=True):
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
    paper = _sheet(words)
    drawn = _Drawn(ground)
    boxes = list(drawn.boxes())
    places = _PANELS_LEFT_MM if len(boxes) > 1 else (_WIDE_MM / 2 - _PANEL_MM[0] / 2,)
    for left, title, box in zip(places, ("全图", "近处"), boxes, strict=False):
        with _panel(paper, box, left, title, words.marks) as panel:
            _draw_finding(panel, drawn)
    key = (
        "红点或红面：污染源；红色点线：位置误差；黄：最近的对象，粗边为最近的一段；绿：其他同类对象；"
        "蓝色虚线：限值；蓝色实线：推算的径流"
    )
    _told(paper, words, key)
    paper.write(path, suffix)


def _sheet(words: Words) -> Paper:
    """Return a sheet with nothing but its head."""
    paper = Paper(_WIDE_MM, _HIGH_MM, words.title)
    room = _WIDE_MM - 30 - max((width_mm(mark, 8.0) for mark in words.marks), default=0.0)
    size_pt = min(13.0, 13.0 * room / max(width_mm(words.title, 13.0), 1.0))
    paper.text(12, 8, words.title, size_pt, colour=INK)
    for number, line in enumerate(wrapped(words.subtitle, 8.0, 190)[:2]):
        paper.text(12, 15.5 + number * line_mm(8.0), line, 8.0, colour=GREY)
    for number, mark in enumerate(words.marks):
        paper.text(_WIDE_MM - 12, 8 + 5 * number, mark, 8.0, colour=ALERT, align="right")
    return paper


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


class _Panel(Struct, frozen=True):
    """A frame on paper; `draw` and `at` take metres, as `box` has them."""

    paper: Paper
    frame: Box
    box: tuple[float, float, float]

    @property
    def metres_per_mm(self) -> float:
        return 2 * self.box[2] / self.frame.height

    @property
    def seen(self) -> shapely.Geometry:
        """What of the ground it shows."""
        (east, north, high), wide = self.box, self.box[2] * self.frame.width / self.frame.height
        return shapely.box(east - wide, north - high, east + wide, north + high)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return a place in mm of the sheet."""
        ((x_mm, y_mm),) = self._placed(np.array([[x, y]])).tolist()
        return x_mm, y_mm

    def draw(self, shape: Any, look: Look) -> None:  # noqa: ANN401 -- one or an array
        """Draw shapes."""
        self.paper.draw(shapely.transform(shape, self._placed), look)

    def _placed(self, metres: NDArray[np.float64]) -> NDArray[np.float64]:
        middle = self.frame.left + self.frame.width / 2, self.frame.top + self.frame.height / 2
        return np.array(middle) + (metres - self.box[:2]) * (1, -1) / self.metres_per_mm


@contextmanager
def _panel(
    paper: Paper, box: tuple[float, float, float], left: float, title: str, marks: Sequence[str], north_word: str = "北"
) -> Iterator[_Panel]:
    """Give a panel to draw in; watermark, edge, scale and north come after what was drawn."""
    panel = _Panel(paper, Box(left, _PANEL_TOP_MM, *_PANEL_MM), box)
    paper.text(left, _PANEL_TOP_MM - 4.6, title, 8.0, colour=INK)
    with paper.within(panel.frame):
        paper.box(panel.frame, Look(fill="#FBFBF8"))
        yield panel
        watermark(paper, panel.frame, marks)
    paper.box(panel.frame, Look(INK, 0.8))
    _scale_and_north(paper, panel.frame, panel.metres_per_mm * 1000, north_word)


def _draw_finding(panel: _Panel, drawn: _Drawn) -> None:
    """Draw in one panel what a finding speaks of."""
    others = np.array(drawn.others, dtype=object)
    panel.draw(others[shapely.intersects(others, panel.seen)], Look("#8FA36B", 0.4, fill=_LAND))
    if drawn.nearest is not None:
        panel.draw(drawn.nearest, Look("#8A6A12", 0.8, fill=_NEAR))
    for path in drawn.paths:
        panel.draw(path, Look("#3B82B5", 1.4))
    is_point = drawn.source.area == 0
    if not is_point:
        panel.draw(drawn.source, Look(_SOURCE, 1.0, fill="#F2C7C3", fill_opacity=0.6))
    ground = drawn.ground
    if ground.limit_m is not None:
        panel.draw(drawn.source.buffer(ground.limit_m, quad_segs=64), Look(_LIMIT, 1.2, (6, 3.6)))
    if ground.uncertainty_m > 0:
        panel.draw(drawn.source.buffer(ground.uncertainty_m, quad_segs=64), Look(_SOURCE, 0.9, (1.4, 1.4)))
    _distance(panel, drawn)
    for x, y in shapely.get_coordinates(drawn.source).tolist() if is_point else ():
        panel.paper.mark("circle", panel.at(x, y), 5, Look("#ffffff", 0.8, fill=_SOURCE))


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
    paper = _sheet(words)
    points = shapely.MultiPoint([state[:2] for mark in marks for state in mark[1:] if state is not None])
    middle = points.centroid
    box = _box(_around(points, middle).bounds, 0.0)
    lines = [_around(shapely.boundary(outline), middle) for outline in outlines]
    used: set[str] = set()
    speak = partial(in_language, language=words.language)
    for left, title, side in zip(_PANELS_LEFT_MM, ("前一次", "后一次"), (1, 2), strict=True):
        with _panel(paper, box, left, speak(title), words.marks, speak("北")) as panel:
            for line in lines:
                panel.draw(line, Look("#B9B9B0", 0.7))
            for mark in sorted(marks, key=lambda mark: mark.number > 0):
                used |= _state(panel, mark, side, middle)
    _verdict_key(paper, [verdict.value for verdict in Verdict if verdict.value in used], words.language)
    _told(
        paper,
        words,
        speak("有变化的按结论着色、编号；灰点：没有变化；十字：这一次没有这一处或这一条；细线：由前一次的位置移来"),
    )
    paper.write(path, suffix)


def _verdict_key(paper: Paper, verdicts: Sequence[str], language: str) -> None:
    """Set the verdicts that are shown, each with its mark and its word in `language`, above the second panel."""
    x, y = _PANELS_LEFT_MM[1] + 18, _PANEL_TOP_MM - 3.0
    for code in verdicts:
        word = wording.verdict_word(code, language)
        form, look = mark_look(style.verdict_style(code))
        paper.mark(form, (x, y), 5, look)
        paper.text(x + 2.2, y, word, 7.0, colour=INK, at="middle")
        x += width_mm(word, 7.0) + 7


def _state(panel: _Panel, mark: Mark, side: int, middle: shapely.Point) -> set[str]:
    """Draw a source as one run has it; return the verdict that is shown."""
    now, other = (mark.before, mark.after) if side == 1 else (mark.after, mark.before)
    state = now or other
    if state is None:
        return set()
    paper, at = panel.paper, _place(panel, state, middle)
    if not mark.number:
        paper.mark("circle", at, 3, Look(fill="#A9A9A4"))
        return set()
    if side == 2 and now is not None and other is not None and now[:2] != other[:2]:  # noqa: PLR2004 -- the second run
        paper.line([_place(panel, other, middle), at], INK, 0.8)
    if now is None:
        paper.mark("plus", at, 9, Look(GREY, 1.2))
    else:
        form, look = mark_look(style.verdict_style(now.verdict))
        paper.mark(form, at, 7, look)
    paper.text(at[0] + 1.4, at[1] - 1.1, str(mark.number), 7.0, colour=INK, at="line")
    return set() if now is None else {now.verdict}


def _place(panel: _Panel, state: State, middle: shapely.Point) -> tuple[float, float]:
    ((x, y),) = shapely.get_coordinates(_around(shapely.Point(state.lon, state.lat), middle)).tolist()
    return panel.at(x, y)


def _distance(panel: _Panel, drawn: _Drawn) -> None:
    """Draw the line of the distance and the segment it ends at, where it is the distance that was judged."""
    if drawn.line is None or not agrees(drawn.ground) or drawn.ground.measured_m is None:
        return
    piece = drawn.segment()
    if piece is not None:
        panel.draw(piece, Look("#6B4E00", 2.6))
    panel.draw(drawn.line, Look(INK, 1.1))
    if drawn.line.length < _PANEL_MM[0] * panel.metres_per_mm * _TOO_SHORT:
        return
    x, y = shapely.get_coordinates(drawn.line).mean(axis=0).tolist()
    panel.paper.label(*panel.at(x, y), f"{drawn.ground.measured_m:,.1f} m", 8.0, INK)


def _scale_and_north(paper: Paper, frame: Box, scale: float, north_word: str) -> None:
    length_m = bar_m(round(scale), frame.width)
    long_mm = length_m * 1000 / scale
    x, y = frame.left + 5, frame.bottom - 5
    paper.box(Box(x - 2, y - 5.5, long_mm + 6, 8.0), Look(fill="#ffffff", fill_opacity=0.85))
    paper.line([(x, y - 1.4), (x, y), (x + long_mm, y), (x + long_mm, y - 1.4)], INK, 1.0)
    text = f"{length_m / 1000:g} km" if length_m >= 1000 else f"{length_m:g} m"  # noqa: PLR2004 -- the prefix kilo
    paper.text(x + long_mm / 2, y - 4.6, text, 7.0, colour=INK, align="centre")
    tip, mid = frame.top + 6.5, frame.right - 7
    arrow = shapely.Polygon([(mid, tip), (mid + 2.2, tip + 7.5), (mid, tip + 6), (mid - 2.2, tip + 7.5)])
    paper.draw(arrow, Look("#ffffff", 0.5, fill=INK))
    paper.text(mid, tip - 4.2, north_word, 8.0, colour=INK, align="centre")


def _told(paper: Paper, words: Words, key: str) -> None:
    """Set what is told below the panels in two columns, the key of the drawing and the disclaimer last."""
    top, room = _PANEL_TOP_MM + _PANEL_MM[1] + 4, 133.0
    lines = [line for name, text in words.lines for line in wrapped(f"{name}：{text}" if name else text, 7.5, room)]
    most = 11
    for number, line in enumerate(lines[: most * 2]):
        column, row = divmod(number, most)
        is_cut = number == most * 2 - 1 and len(lines) > most * 2
        text = f"{line[:-1]}…" if is_cut else line
        paper.text(_PANELS_LEFT_MM[column], top + row * line_mm(7.5), text, 7.5, colour=INK)
    paper.text(12, top + 11 * line_mm(7.5) + 2, key, 7.0, colour=GREY)
    for number, line in enumerate(wrapped(words.foot, 6.2, 273)):
        paper.text(12, top + 11 * line_mm(7.5) + 6 + number * line_mm(6.2), line, 6.2, colour=GREY)

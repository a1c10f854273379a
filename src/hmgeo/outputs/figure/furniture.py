"""What stands around the ground of a static figure: title, frame, north, scale bar, legend, caption, watermark."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.patches import Ellipse, Polygon, Rectangle

from hmgeo.outputs import style, wording
from hmgeo.outputs.figure.scene import (
    MARKS,
    MM_PER_POINT,
    dashes,
    degrees_at,
    fitted,
    font,
    mercator,
    width_mm,
    wrapped,
)
from hmgeo.outputs.map import panels
from hmgeo.vocabulary import Certainty

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from hmgeo.outputs.figure.scene import Box, Sheet, View
    from hmgeo.outputs.map.parcels import ReceptorPicture
    from hmgeo.results.results import Presentation, Results


INK, GREY, ALERT = "#1f2a36", "#45505b", "#6B1414"
TITLE_PT, SMALL_PT, FOOT_PT = 13.0, 7.0, 6.8
LEADING = 1.38
_TICKS_DEG = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 5.0)
_BAR_STEPS = (1, 2, 5)
_WATERMARK_PT, _WATERMARK_DEG = 15.0, 24.0


def say(page: Axes, x: float, y: float, text: str, size_pt: float, **more: Any) -> None:  # noqa: ANN401 - of matplotlib
    """Set one line of `text` on `page` with its baseline's top at `x`, `y` in mm of the sheet.

    `size_pt` in points, `more` as matplotlib's text takes it.
    """
    options: dict[str, Any] = {"color": INK, "va": "top", "zorder": 20} | more
    page.text(x, y, fitted(text), fontproperties=font(size_pt), **options)


def line_mm(size_pt: float) -> float:
    """Return how far lines of `size_pt` points stand apart, in mm."""
    return size_pt * LEADING * MM_PER_POINT


def head(page: Axes, box: Box, title: str, facts: Sequence[str], marks: Sequence[str]) -> None:
    """Set `title` and `facts` on the left of `box` (mm of `page`), `marks`, not to be overlooked, on the right."""
    room = box.width - max((width_mm(mark, 8.0) + 8 for mark in marks), default=0.0)
    size_pt = min(TITLE_PT, TITLE_PT * room / max(width_mm(title, TITLE_PT), 1.0))
    say(page, box.left, box.top, title, size_pt)
    below = box.top + line_mm(TITLE_PT)
    for number, line in enumerate(line for fact in facts for line in wrapped(fact, SMALL_PT, room)):
        say(page, box.left, below + number * line_mm(SMALL_PT), line, SMALL_PT, color=GREY)
    for number, mark in enumerate(marks):
        top, wide = box.top + 5.0 * number, width_mm(mark, 8.0) + 5
        page.add_patch(Rectangle((box.right - wide, top), wide, 4.4, facecolor="#FBE6E0", edgecolor=ALERT, lw=0.4))
        say(page, box.right - wide / 2, top + 2.2, mark, 8.0, color=ALERT, ha="center", va="center")


def foot(page: Axes, box: Box, results: Results, presentation: Presentation) -> None:
    """Set caption and disclaimer of `results` and `presentation` into `box` of `page`, small enough to be whole."""
    language = presentation.language
    ordered = (wording.visit_order(results, language),) if wording.is_ordered(results) else ()
    texts = (wording.caption(results, presentation), *ordered, wording.disclaimer(language))
    size_pt = FOOT_PT
    lines: list[str] = []
    while size_pt > 3:  # noqa: PLR2004 - smaller can't be read
        lines = [line for text in texts for line in wrapped(text, size_pt, box.width)]
        if len(lines) * line_mm(size_pt) <= box.height:
            break
        size_pt -= 0.2
    for number, line in enumerate(lines):
        say(page, box.left, box.top + number * line_mm(size_pt), line, size_pt, color=GREY)


def frame(page: Axes, sheet: Sheet, view: View) -> None:
    """Draw the neat line of `sheet` on `page`, with lon/lat at its edges as `view` has them."""
    box = sheet.frame
    page.add_patch(Rectangle((box.left, box.top), box.width, box.height, fill=False, edgecolor=INK, lw=0.8, zorder=19))
    west, east, south, north = view.limits(box)
    lons = [float(np.degrees(x / 6378137.0)) for x in (west, east)]
    lats = [degrees_at(y, view.middle_lat) for y in (south, north)]
    step = next((degrees for degrees in _TICKS_DEG if (lons[1] - lons[0]) / degrees <= 5), _TICKS_DEG[-1])  # noqa: PLR2004 -- ticks a side
    digits = 2 if step < 0.1 or step == 0.25 else 1 if step < 1 else 0  # noqa: PLR2004 - digits that the step needs
    for lon in _multiples(lons, step):
        x = box.left + (mercator(np.array([[lon, 0.0]]))[0, 0] - west) / view.metres_per_mm
        page.plot([x, x], [box.bottom, box.bottom + 1], color=INK, lw=0.5, zorder=19)
        say(page, x, box.bottom + 1.2, f"{lon:.{digits}f}°E", 5.5, color=GREY, ha="center")
    for lat in _multiples(lats, step):
        y = box.bottom - (mercator(np.array([[0.0, lat]]))[0, 1] - south) / view.metres_per_mm
        page.plot([box.left - 1, box.left], [y, y], color=INK, lw=0.5, zorder=19)
        turned = {"ha": "right", "va": "center", "rotation": 90, "color": GREY}
        say(page, box.left - 1.2, y, f"{lat:.{digits}f}°N", 5.5, **turned)


def north(page: Axes, box: Box, word: str) -> None:
    """Draw an arrow north and its `word` on `page`, in the upper right of `box`: in Mercator up is north everywhere."""
    x, y = box.right - 8, box.top + 5
    arrow = Polygon(
        [(x, y), (x + 2.6, y + 9), (x, y + 7.2), (x - 2.6, y + 9)], facecolor=INK, edgecolor="white", lw=0.6
    )
    page.add_patch(arrow)
    arrow.set_zorder(19)
    say(page, x, y - 0.6, word, 8.0, ha="center", va="bottom")


def scale_bar(page: Axes, box: Box, view: View, note: str) -> float:
    """Draw a bar of round metres by `view` in the lower left of `box`, with `note`; return its length in metres.

    `page` is drawn on in mm.
    """
    length_m = bar_m(view.scale, box.width)
    wide = length_m * 1000 / view.scale
    left, top = box.left + 6, box.bottom - 7
    words = f"1:{view.scale:,}".replace(",", " ") + f"　{note}"
    back = max(wide, width_mm(words, SMALL_PT)) + 12
    page.add_patch(
        Rectangle((left - 3, top - 7.5), back, 11.5, facecolor="white", edgecolor="none", alpha=0.8, zorder=18)
    )
    for part in range(4):
        face = INK if part % 2 == 0 else "white"
        piece = Rectangle(
            (left + part * wide / 4, top), wide / 4, 1.3, facecolor=face, edgecolor=INK, lw=0.5, zorder=19
        )
        page.add_patch(piece)
    for part in (0, 2, 4):
        text = f"{length_m * part / 4:,.0f}" + (" m" if part == 4 else "")  # noqa: PLR2004 - the last
        say(page, left + part * wide / 4, top + 1.6, text, 5.8, ha="center")
    say(page, left, top - 5.2, words, SMALL_PT)
    return length_m


def bar_m(scale: int, room_mm: float) -> float:
    """Return a round length in metres that is 25 to 65 mm on paper at 1:`scale`, at most a third of `room_mm`.

    Examples
    --------
    >>> bar_m(100_000, 216.0)
    5000.0
    """
    longest = min(65.0, room_mm / 3) * scale / 1000
    power = 10.0 ** np.floor(np.log10(longest))
    return float(max(step * power for step in _BAR_STEPS if step * power <= longest))


def watermark(page: Axes, axes: Axes, box: Box, texts: Sequence[str]) -> None:
    """Lay `texts` over `box` of `page` in rows that alternate, cut at the edges of `axes`."""
    if not texts:
        return
    stride = max(90.0, max(width_mm(text, _WATERMARK_PT) for text in texts) + 14)
    number = 0
    for row, y in enumerate(np.arange(box.top - 10, box.bottom + 60, 34.0)):
        for x in np.arange(box.left - 30 + (row % 2) * stride / 2, box.right, stride):
            drawn = page.text(
                x,
                y,
                fitted(texts[number % len(texts)]),
                fontproperties=font(_WATERMARK_PT),
                color="#7a2e1e",
                alpha=0.15,
                rotation=_WATERMARK_DEG,
                zorder=17,
            )
            drawn.set_clip_box(axes.bbox)
            drawn.set_clip_on(True)
            number += 1
        number += 1


def _multiples(ends: Sequence[float], step: float) -> list[float]:
    first, last = int(np.ceil(ends[0] / step + 0.2)), int(np.floor(ends[1] / step - 0.2))
    return [number * step for number in range(first, last + 1)]


_SWATCH_MM, _NOTE_PT, _LEAST_PT = 5.0, 6.0, 4.6
_AMBIGUOUS = style.VerdictStyle("#5a5a5a", "", "", "circle")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the legend.

    Parameters
    ----------
    kind
        `head`, `mark`, `dashed` (a mark that could flip), `area`, `line`, `ring`, `plain` or `note`.
    look
        Style of the swatch.
    """

    kind: str
    text: str
    count: str = ""
    look: Any = None


def lines_of(
    results: Results, pictures: Sequence[ReceptorPicture], words: Mapping[str, str], language: str
) -> list[Line]:
    """Return everything the legend says, in `words` of `language`; each number counts rows of `results`.

    `pictures` are the kinds of receptors as drawn.
    """
    legend = panels.legend(results, pictures)
    made = _sources(legend, words, language) + _receptors(legend, words) + _ground(legend, words)
    missing = panels.missing_layers(results)
    if missing:
        made += [Line("head", words["not_checked_layers"].format(n=len(missing))), Line("note", "、".join(missing))]
    if results.warnings:
        made += [Line("head", words["warnings"]), *(Line("note", f"· {text}") for text in results.warnings)]
    return made


def draw_legend(page: Axes, box: Box, lines: Sequence[Line], words: Mapping[str, str]) -> int:
    """Set `lines` into `box` of `page`, smaller where there are many; return how many had no room.

    `words` say so there.
    """
    size_pt = SMALL_PT
    while size_pt > _LEAST_PT and _height(lines, box, size_pt) > box.height:
        size_pt -= 0.2
    y, bottom = box.top, box.bottom - line_mm(size_pt)
    for number, line in enumerate(lines):
        tall = _height([line], box, size_pt)
        if y + tall > bottom and number < len(lines):
            left = len(lines) - number
            say(page, box.left, bottom, words["legend_left_out"].format(n=left), _note_pt(size_pt), color=GREY)
            return left
        _set(page, box, y, line, size_pt)
        y += tall
    return 0


def _sources(legend: Mapping[str, Any], words: Mapping[str, str], language: str) -> list[Line]:
    if not legend["source_count"]:
        return []
    judged = legend["verdicts"] and legend["verdicts"][0]["code"]
    made = [Line("head", words["sources" if judged else "sources_plain"], _n(legend["source_count"]))]
    for entry in legend["verdicts"]:
        aside = f"（{words['of_which_unmapped'].format(n=entry['unmapped'])}）" if entry["unmapped"] else ""
        word = wording.verdict_word(entry["code"], language) if entry["code"] else words["unjudged"]
        made.append(Line("mark", word + aside, _n(entry["count"]), entry["look"]))
    for code, _, count in legend["certainties"]:
        kind = "dashed" if code == Certainty.AMBIGUOUS else "mark"
        made.append(Line(kind, words[f"certainty_{code}"], _n(count), _AMBIGUOUS))
    statuses = "，".join(f"{wording.status_word(code, language)} {_n(n)}" for code, _, n in legend["statuses"])
    return [*made, Line("note", f"{words['status']}：{statuses}")] if len(legend["statuses"]) > 1 else made


def _receptors(legend: Mapping[str, Any], words: Mapping[str, str]) -> list[Line]:
    made = []
    if legend["parcel_count"]:
        made.append(Line("head", words["parcels"], words["parcel_count"].format(n=_n(legend["parcel_count"]))))
        for entry in legend["classes"]:
            aside = f"　{entry['area'].split('（')[0]}" if entry["area"] else ""
            made.append(
                Line("area", (entry["code"] or words["no_class"]) + aside, _n(entry["count"]), asdict(entry["look"]))
            )
        if legend["township_sums"]:
            made.append(Line("ring", words["summary_circle"]))
    return made + [Line("note", note) for note in legend["parcel_notes"]]


def _ground(legend: Mapping[str, Any], words: Mapping[str, str]) -> list[Line]:
    made = [Line("area", word, _n(count), look) for word, look, count in legend["others"]]
    for layer in legend["context"]:
        title = layer["title"] + (words["open_border"] if layer["left_open"] else "")
        made.append(Line(layer["swatch"], title, "", layer["style"]))
    if legend["place"]:
        made.append(Line("area", words["place_area"], "", legend["place"]))
    return [Line("head", words["borders"]), *made] if made else []


def _n(count: int) -> str:
    return f"{count:,}"


def _note_pt(size_pt: float) -> float:
    return size_pt * _NOTE_PT / SMALL_PT


def _text_lines(line: Line, box: Box, size_pt: float) -> list[str]:
    if line.kind == "note":
        return wrapped(line.text, _note_pt(size_pt), box.width)
    indent = 0.0 if line.kind == "head" else _SWATCH_MM + 1.5
    return wrapped(line.text, size_pt, box.width - indent - width_mm(line.count, size_pt) - 1.5)


def _height(lines: Sequence[Line], box: Box, size_pt: float) -> float:
    heads = sum(line_mm(size_pt) * 0.5 for line in lines if line.kind == "head")
    steps = (
        len(_text_lines(line, box, size_pt)) * line_mm(_note_pt(size_pt) if line.kind == "note" else size_pt)
        for line in lines
    )
    return heads + sum(steps)


def _set(page: Axes, box: Box, y: float, line: Line, size_pt: float) -> None:
    texts = _text_lines(line, box, size_pt)
    if line.kind == "head":
        y += line_mm(size_pt) * 0.35
        page.plot([box.left, box.right], [y + line_mm(size_pt) * 1.02] * 2, color="#c3cad2", lw=0.5)
    is_small = line.kind == "note"
    indent = 0.0 if line.kind in {"head", "note"} else _SWATCH_MM + 1.5
    step = line_mm(_note_pt(size_pt) if is_small else size_pt)
    for number, text in enumerate(texts):
        colour = GREY if is_small else INK
        say(page, box.left + indent, y + number * step, text, _note_pt(size_pt) if is_small else size_pt, color=colour)
    if line.count:
        say(page, box.right, y, line.count, size_pt, ha="right")
    _swatch(page, box.left + _SWATCH_MM / 2, y + line_mm(size_pt) * 0.42, line)


def _swatch(page: Axes, x: float, y: float, line: Line) -> None:
    half = _SWATCH_MM / 2
    if line.kind in {"mark", "dashed"}:
        look, dashed = line.look, line.kind == "dashed"
        hollow, is_cross = dashed or look.shape == "ring", look.shape == "cross"
        colours: dict[str, Any] = {"markerfacecolor": "white" if hollow else look.colour}
        colours["markeredgecolor"] = look.colour if hollow or is_cross else "white"
        page.plot([x], [y], marker=MARKS[look.shape], markersize=5, markeredgewidth=1.0 if hollow else 0.5, **colours)
    elif line.kind == "area":
        look = line.look
        face = (look["fill"], look["fill_opacity"]) if look["fill_opacity"] else "none"
        edge: dict[str, Any] = {"edgecolor": look["stroke"], "lw": look["width_px"] * 0.6, "linestyle": dashes(look)}
        page.add_patch(Rectangle((x - half, y - 1.1), 2 * half, 2.2, facecolor=face, **edge))
    elif line.kind == "line":
        look = line.look
        stroke: dict[str, Any] = {"color": look["stroke"], "lw": look["width_px"] * 0.75, "linestyle": dashes(look)}
        page.plot([x - half, x + half], [y, y], **stroke)
    elif line.kind == "dot":
        look = line.look
        face = (look["fill"], max(0.5, look["fill_opacity"]))
        page.add_patch(Ellipse((x, y), 1.8, 1.8, facecolor=face, edgecolor=look["stroke"], lw=look["width_px"] * 0.6))
    elif line.kind == "ring":
        page.add_patch(Ellipse((x, y), 2.6, 2.6, facecolor="white", edgecolor="#009E73", lw=1.4))

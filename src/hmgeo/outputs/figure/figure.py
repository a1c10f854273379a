"""Static figures for reports, notebooks and mail: one sheet as PDF or PNG, the same layers and words as the page.

What stands around the ground comes after it: title, frame, north, scale bar, legend, caption, watermark.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from msgspec import Struct

from hmgeo.errors import OutputError, Place, Problem
from hmgeo.outputs import style, wording
from hmgeo.outputs.english import in_language
from hmgeo.outputs.figure.paper import Box, Look, Paper, line_mm, width_mm, wrapped
from hmgeo.outputs.figure.scene import Scene, Sheet, View, degrees_at, look_of, mark_look, sheet, view
from hmgeo.outputs.map import audience, layers, panels, parcels, shapes
from hmgeo.outputs.map.parcels import ReceptorPicture
from hmgeo.outputs.wording import labels
from hmgeo.results.results import Presentation, Results
from hmgeo.vocabulary import Certainty
from hmgeo.words import in_number, one_by_one

MOST_NAMED = 60
"""Sources that are named on the map where there is room."""

_LONGEST_NAME = 18
_LABEL_PT = {"key_area": 9.0, "county": 8.5, "township": 7.0, "river": 7.0}
_LABEL_COLOUR = {"key_area": "#8a3f6c", "county": "#333333", "township": "#555555", "river": "#0b5a8c"}


def map_figure(
    results: Results, presentation: Presentation, *, bounds: Sequence[Sequence[float]] | None = None
) -> Paper:
    """Draw results as one sheet.

    `OutputError` where a public sheet is asked of layers that forbid it.

    Parameters
    ----------
    results
        A finished run; without findings the sheet is an overview map.
    presentation
        Paper (A4 or A3, landscape), language, audience, who signs the caption, hillshade, watermark.
    bounds
        [[south, west], [north, east]] in degrees; what the page opens on where nothing is said.
    """
    is_public = presentation.audience == audience.PUBLIC
    shown = audience.shown_to(results, audience.PUBLIC) if is_public else audience.Shown(results)
    words = labels(presentation.language)
    places = sheet(presentation.paper)
    seen = view(bounds or layers.page_bounds(shown.results, on_paper=True), places.frame)
    paper = Paper(places.width_mm, places.height_mm, results.title)
    names = layers.township_names(shown.results)
    pictures = [
        parcels.picture(
            shown.results,
            kind,
            sums_only=kind in shown.sums_only,
            counts_only=kind not in shown.sums_only,
            township_names=names,
        )
        for kind in layers.receptor_kinds(shown.results)
    ]
    with paper.within(places.frame):
        paper.box(places.frame, Look(fill="#f7f5f0"))
        _draw_ground(Scene(paper, places.frame, seen, shown.results), presentation, pictures)
        watermark(paper, places.frame, panels.watermarks(results, presentation, presentation.language))
    frame(paper, places, seen)
    north(paper, places.frame, words["north"])
    scale_bar(paper, places.frame, seen, words["scale_middle"])
    head(paper, places.head, results.title, _facts(shown.results, presentation), _marks(shown, presentation))
    foot(paper, places.foot, results, presentation)
    draw_legend(paper, places.legend, lines_of(shown.results, pictures, words, presentation.language), words)
    return paper


def write_figures(results: Results, presentation: Presentation, paths: Iterable[Path]) -> None:
    """Write one drawing of `results` to `paths`; the suffix (.pdf, .png) says which. Two writes: the same bytes.

    `presentation` says who may see it, on which paper, in which language.

    `OutputError` where a file can't be written, or as `map_figure`.
    """
    paper = map_figure(results, presentation)
    for path in paths:
        try:
            paper.write(path, path.suffix)
        except OSError as error:
            found = error.strerror or str(error)
            remedy = "核对目录权限与磁盘空间"
            raise OutputError(Problem("图件不能写入", Place(file=path.name), found=found, remedy=remedy)) from error


def _draw_ground(scene: Scene, presentation: Presentation, pictures: Sequence[parcels.ReceptorPicture]) -> None:
    around = scene.results.context
    left_open = shapes.open_stretch(around)
    drawn = [layers.context_layer(layer, left_open) for layer in around]
    if presentation.backdrop is not None:
        scene.backdrop(presentation.backdrop)
    scene.receptors(pictures)
    scene.context(drawn)
    scene.sums(pictures)
    named = scene.sources()
    mark = labels(presentation.language)["approximate"]
    grounds = scene.labels(drawn, mark if mark.startswith("（") else f" {mark}")
    _name(scene.paper, scene.frame, grounds, named if len(named) <= MOST_NAMED else [])


def _name(
    paper: Paper,
    box: Box,
    grounds: Sequence[tuple[float, float, str, str]],
    named: Sequence[tuple[float, float, str]],
) -> None:
    """Set labels where they lie on no other and in the frame; names of sources after those of the ground."""
    taken = [(box.left, box.bottom - 16, box.left + 80, box.bottom), (box.right - 14, box.top, box.right, box.top + 16)]
    taken += [(x - 0.8, y - 0.8, x + 0.8, y + 0.8) for x, y, _ in named]
    names = set()
    wanted = [(x, y, text, _LABEL_PT[role], _LABEL_COLOUR[role], 0.0) for x, y, text, role in grounds]
    wanted += [(x, y, _short(text), 5.2, INK, 1.7) for x, y, text in named]
    for x, y, text, size_pt, colour, aside in wanted:
        half, tall = width_mm(text, size_pt) / 2, line_mm(size_pt)
        at_x = x + (half + aside if aside else 0.0)
        area = (at_x - half, y - tall / 2, at_x + half, y + tall / 2)
        inside = area[0] > box.left and area[2] < box.right and area[1] > box.top and area[3] < box.bottom
        if not inside or text in names or any(_meet(area, other) for other in taken):
            continue
        taken.append(area)
        names.add(text)
        paper.label(at_x, y, text, size_pt, colour)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _meet(first: tuple[float, ...], second: tuple[float, ...]) -> bool:
    return first[0] < second[2] and second[0] < first[2] and first[1] < second[3] and second[1] < first[3]


def _facts(results: Results, presentation: Presentation) -> list[str]:
    """Return the lines under the title: day, area, radius, rule; then the findings by verdict."""
    language = presentation.language
    words = labels(language)
    first = "　".join(panels.subtitle(results, language))
    if not results.findings.num_rows:
        return [first, words["no_findings"]]
    header = wording.verdict_header(results.verdict_counts(), results.unassessed_counts(), language)
    return [first, f"{words['findings_by_verdict']}　{header}"]


def _marks(shown: audience.Shown, presentation: Presentation) -> list[str]:
    words = labels(presentation.language)
    banner = wording.basis_banner(shown.results.basis, presentation.language)
    marks = [words[key].format(**parts) for key, parts in panels.audience_marks(shown, presentation)]
    return [*([banner] if banner else []), *marks]


INK, GREY, ALERT = "#1f2a36", "#45505b", "#6B1414"
TITLE_PT, SMALL_PT, FOOT_PT = 13.0, 7.0, 6.8
_TICKS_DEG = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 5.0)
_BAR_STEPS = (1, 2, 5)
_WATERMARK_PT, _WATERMARK_DEG = 15.0, 24.0


def head(paper: Paper, box: Box, title: str, facts: Sequence[str], marks: Sequence[str]) -> None:
    """Set `title` and `facts` on the left of `box` of `paper`, `marks`, not to be overlooked, on the right."""
    room = box.width - max((width_mm(mark, 8.0) + 8 for mark in marks), default=0.0)
    size_pt = min(TITLE_PT, TITLE_PT * room / max(width_mm(title, TITLE_PT), 1.0))
    paper.text(box.left, box.top, title, size_pt, colour=INK)
    below = box.top + line_mm(TITLE_PT)
    for number, line in enumerate(line for fact in facts for line in wrapped(fact, SMALL_PT, room)):
        paper.text(box.left, below + number * line_mm(SMALL_PT), line, SMALL_PT, colour=GREY)
    for number, mark in enumerate(marks):
        top, wide = box.top + 5.0 * number, width_mm(mark, 8.0) + 5
        paper.box(Box(box.right - wide, top, wide, 4.4), Look(ALERT, 0.4, fill="#FBE6E0"))
        paper.text(box.right - wide / 2, top + 2.2, mark, 8.0, colour=ALERT, at="middle", align="centre")


def foot(paper: Paper, box: Box, results: Results, presentation: Presentation) -> None:
    """Set caption and disclaimer of `results` and `presentation` into `box` of `paper`, small enough to be whole."""
    language = presentation.language
    ordered = (wording.visit_order(results, language),) if wording.is_ordered(results) else ()
    texts = (in_language(wording.caption(results, presentation), language), *ordered, wording.disclaimer(language))
    size_pt = FOOT_PT
    lines: list[str] = []
    while size_pt > 3:  # noqa: PLR2004 - smaller can't be read
        lines = [line for text in texts for line in wrapped(text, size_pt, box.width)]
        if len(lines) * line_mm(size_pt) <= box.height:
            break
        size_pt -= 0.2
    for number, line in enumerate(lines):
        paper.text(box.left, box.top + number * line_mm(size_pt), line, size_pt, colour=GREY)


def frame(paper: Paper, places: Sheet, seen: View) -> None:
    """Draw the neat line of `places` on `paper`, with lon/lat at its edges as `seen` has them."""
    box = places.frame
    paper.box(box, Look(INK, 0.8))
    west, east, south, north = seen.limits(box)
    lons = [float(np.degrees(x / 6378137.0)) for x in (west, east)]
    lats = [degrees_at(y, seen.middle_lat) for y in (south, north)]
    step = next((degrees for degrees in _TICKS_DEG if (lons[1] - lons[0]) / degrees <= 5), _TICKS_DEG[-1])  # noqa: PLR2004 -- ticks a side
    digits = 2 if step < 0.1 or step == 0.25 else 1 if step < 1 else 0  # noqa: PLR2004 - digits that the step needs
    for lon in _multiples(lons, step):
        x = float(seen.place(box, [[lon, lats[0]]])[0, 0])
        paper.line([(x, box.bottom), (x, box.bottom + 1)], INK, 0.5)
        paper.text(x, box.bottom + 1.2, f"{lon:.{digits}f}°E", 5.5, colour=GREY, align="centre")
    for lat in _multiples(lats, step):
        y = float(seen.place(box, [[lons[0], lat]])[0, 1])
        paper.line([(box.left - 1, y), (box.left, y)], INK, 0.5)
        turned: dict[str, Any] = {"at": "line", "align": "centre", "turned_deg": 90.0}
        paper.text(box.left - 1.4, y, f"{lat:.{digits}f}°N", 5.5, colour=GREY, **turned)


def north(paper: Paper, box: Box, word: str) -> None:
    """Draw an arrow north and its `word` in the upper right of `box`: in Mercator up is north everywhere."""
    x, y = box.right - 8, box.top + 5
    arrow = shapely.Polygon([(x, y), (x + 2.6, y + 9), (x, y + 7.2), (x - 2.6, y + 9)])
    paper.draw(arrow, Look("#ffffff", 0.6, fill=INK))
    paper.text(x, y - 3.6, word, 8.0, colour=INK, align="centre")


def scale_bar(paper: Paper, box: Box, seen: View, note: str) -> float:
    """Draw a bar of round metres as `seen` in the lower left of `box` of `paper`, with `note`; return metres."""
    length_m = bar_m(seen.scale, box.width)
    wide = length_m * 1000 / seen.scale
    left, top = box.left + 6, box.bottom - 7
    words = f"1:{seen.scale:,}".replace(",", " ") + f"　{note}"
    back = max(wide, width_mm(words, SMALL_PT)) + 12
    paper.box(Box(left - 3, top - 7.5, back, 11.5), Look(fill="#ffffff", fill_opacity=0.8))
    for part in range(4):
        piece = Box(left + part * wide / 4, top, wide / 4, 1.3)
        paper.box(piece, Look(INK, 0.5, fill="#ffffff" if part % 2 else INK))
    for part in (0, 2, 4):
        text = f"{length_m * part / 4:,.0f}" + (" m" if part == 4 else "")  # noqa: PLR2004 - the last
        paper.text(left + part * wide / 4, top + 1.6, text, 5.8, colour=INK, align="centre")
    paper.text(left, top - 5.2, words, SMALL_PT, colour=INK)
    return length_m


def bar_m(scale: int, room_mm: float) -> float:
    """Return a round length in metres that is 25 to 65 mm on paper at 1:`scale`, at most a third of `room_mm`.

    >>> bar_m(100_000, 216.0)
    5000.0
    """
    longest = min(65.0, room_mm / 3) * scale / 1000
    power = 10.0 ** np.floor(np.log10(longest))
    return float(max(step * power for step in _BAR_STEPS if step * power <= longest))


def watermark(paper: Paper, box: Box, texts: Sequence[str]) -> None:
    """Lay `texts` over `box` of `paper` in rows that alternate."""
    if not texts:
        return
    stride = max(90.0, max(width_mm(text, _WATERMARK_PT) for text in texts) + 14)
    look: dict[str, Any] = {"colour": "#7a2e1e", "opacity": 0.15, "turned_deg": _WATERMARK_DEG, "at": "line"}
    number = 0
    for row, y in enumerate(np.arange(box.top - 10, box.bottom + 60, 34.0).tolist()):
        for x in np.arange(box.left - 30 + (row % 2) * stride / 2, box.right, stride).tolist():
            paper.text(x, y, texts[number % len(texts)], _WATERMARK_PT, **look)
            number += 1
        number += 1


def _multiples(ends: Sequence[float], step: float) -> list[float]:
    first, last = int(np.ceil(ends[0] / step + 0.2)), int(np.floor(ends[1] / step - 0.2))
    return [number * step for number in range(first, last + 1)]


_SWATCH_MM, _NOTE_PT, _LEAST_PT = 5.0, 6.0, 4.6
_AMBIGUOUS = style.VerdictStyle("#5a5a5a", "", "", "circle")


class Line(Struct, frozen=True):
    """One line of the legend.

    `kind`: `head`, `mark`, `dashed` (a mark that could flip), `area`, `line`, `ring`, `plain` or `note`.
    `look`: style of the swatch: a `VerdictStyle` for marks, else a style as the layers of the page carry it.
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
    made = _legend_sources(legend, words, language) + _legend_receptors(legend, words, language)
    made += _legend_ground(legend, words, language)
    missing = panels.missing_layers(results)
    if missing:
        made += [
            Line("head", words["not_checked_layers"].format(n=len(missing))),
            Line("note", in_language(one_by_one(missing), language)),
        ]
    if results.warnings:
        made.append(Line("head", words["warnings"]))
        made += [Line("note", f"· {in_language(text, language)}") for text in results.warnings]
    return made


def draw_legend(paper: Paper, box: Box, lines: Sequence[Line], words: Mapping[str, str]) -> int:
    """Set `lines` into `box` of `paper`, smaller where many; return how many had no room, told by `words`."""
    size_pt = SMALL_PT
    while size_pt > _LEAST_PT and _height(lines, box, size_pt) > box.height:
        size_pt -= 0.2
    y, bottom = box.top, box.bottom - line_mm(size_pt)
    for number, line in enumerate(lines):
        tall = _height([line], box, size_pt)
        if y + tall > bottom and number < len(lines):
            left = len(lines) - number
            told = in_number(words["legend_left_out"], {"n": left}).format(n=left)
            paper.text(box.left, bottom, told, _note_pt(size_pt), colour=GREY)
            return left
        _set(paper, box, y, line, size_pt)
        y += tall
    return 0


def _legend_sources(legend: Mapping[str, Any], words: Mapping[str, str], language: str) -> list[Line]:
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


def _legend_receptors(legend: Mapping[str, Any], words: Mapping[str, str], language: str) -> list[Line]:
    made = []
    if legend["parcel_count"]:
        count = _n(legend["parcel_count"])
        made.append(Line("head", words["parcels"], in_number(words["parcel_count"], {"n": count}).format(n=count)))
        for entry in legend["classes"]:
            aside = f"　{entry['area'].split('（')[0]}" if entry["area"] else ""
            named = in_language(entry["code"] or words["no_class"], language)
            made.append(Line("area", named + aside, _n(entry["count"]), entry["look"]))
        if legend["township_sums"]:
            made.append(Line("ring", words["summary_circle"]))
    return made + [Line("note", note) for note in legend["parcel_notes"]]


def _legend_ground(legend: Mapping[str, Any], words: Mapping[str, str], language: str) -> list[Line]:
    made = [Line("area", in_language(word, language), _n(count), look) for word, look, count in legend["others"]]
    for layer in legend["context"]:
        title = in_language(layer["title"], language) + (words["open_border"] if layer["left_open"] else "")
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


def _set(paper: Paper, box: Box, y: float, line: Line, size_pt: float) -> None:
    texts = _text_lines(line, box, size_pt)
    if line.kind == "head":
        y += line_mm(size_pt) * 0.35
        under = y + line_mm(size_pt) * 1.02
        paper.line([(box.left, under), (box.right, under)], "#c3cad2", 0.5)
    is_small = line.kind == "note"
    indent = 0.0 if line.kind in {"head", "note"} else _SWATCH_MM + 1.5
    set_pt, colour = (_note_pt(size_pt), GREY) if is_small else (size_pt, INK)
    for number, text in enumerate(texts):
        paper.text(box.left + indent, y + number * line_mm(set_pt), text, set_pt, colour=colour)
    if line.count:
        paper.text(box.right, y, line.count, size_pt, colour=INK, align="right")
    _swatch(paper, box.left + _SWATCH_MM / 2, y + line_mm(size_pt) * 0.36, line)


def _swatch(paper: Paper, x: float, y: float, line: Line) -> None:
    half = _SWATCH_MM / 2
    if line.kind in {"mark", "dashed"}:
        form, look = mark_look(line.look, is_ambiguous=line.kind == "dashed")
        paper.mark(form, (x, y), 5.0, look)
    elif line.kind == "ring":
        paper.mark("circle", (x, y), 7.4, Look("#009E73", 1.4, fill="#ffffff"))
    elif line.kind == "line":
        paper.draw(shapely.linestrings([(x - half, y), (x + half, y)]), look_of(line.look))
    elif line.kind == "area":
        paper.box(Box(x - half, y - 1.1, 2 * half, 2.2), look_of(line.look))
    elif line.kind == "dot":
        paper.mark("circle", (x, y), 5.1, look_of(line.look))

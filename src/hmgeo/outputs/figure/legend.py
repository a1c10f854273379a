"""The legend of a static figure: the page's lines and counts, then what was not on the map or not checked."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.patches import Ellipse, Rectangle

from hmgeo.outputs import style, wording
from hmgeo.outputs.figure.furniture import GREY, INK, SMALL_PT, line_mm, say
from hmgeo.outputs.figure.lettering import width_mm, wrapped
from hmgeo.outputs.figure.scene import MARKS, dashes
from hmgeo.outputs.map import panels
from hmgeo.vocabulary import Certainty

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from hmgeo.findings.results import Results
    from hmgeo.outputs.figure.sheet import Box
    from hmgeo.outputs.map.parcels import ReceptorPicture

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
    """Return everything the legend says; each number is a count of rows of a table of the results."""
    told = panels.legend(results, pictures)
    made = _sources(told, words, language) + _receptors(told, words) + _ground(told, words)
    missing = panels.missing_layers(results)
    if missing:
        made += [Line("head", words["not_checked_layers"].format(n=len(missing))), Line("note", "、".join(missing))]
    if results.warnings:
        made += [Line("head", words["warnings"]), *(Line("note", f"· {text}") for text in results.warnings)]
    return made


def draw_legend(page: Axes, box: Box, lines: Sequence[Line], words: Mapping[str, str]) -> int:
    """Set the lines into a box, smaller where there are many; return how many notes had no room, which it says."""
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


def _sources(told: Mapping[str, Any], words: Mapping[str, str], language: str) -> list[Line]:
    if not told["source_count"]:
        return []
    judged = told["verdicts"] and told["verdicts"][0]["code"]
    made = [Line("head", words["sources" if judged else "sources_plain"], _n(told["source_count"]))]
    for one in told["verdicts"]:
        aside = f"（{words['of_which_unmapped'].format(n=one['unmapped'])}）" if one["unmapped"] else ""
        word = wording.verdict_word(one["code"], language) if one["code"] else words["unjudged"]
        made.append(Line("mark", word + aside, _n(one["count"]), one["look"]))
    for code, _, count in told["certainties"]:
        kind = "dashed" if code == Certainty.AMBIGUOUS else "mark"
        made.append(Line(kind, words[f"certainty_{code}"], _n(count), _AMBIGUOUS))
    statuses = "，".join(f"{wording.status_word(code, language)} {_n(n)}" for code, _, n in told["statuses"])
    return [*made, Line("note", f"{words['status']}：{statuses}")] if len(told["statuses"]) > 1 else made


def _receptors(told: Mapping[str, Any], words: Mapping[str, str]) -> list[Line]:
    made = []
    if told["parcel_count"]:
        made.append(Line("head", words["parcels"], words["parcel_count"].format(n=_n(told["parcel_count"]))))
        for one in told["classes"]:
            aside = f"　{one['area'].split('（')[0]}" if one["area"] else ""
            made.append(Line("area", (one["code"] or words["no_class"]) + aside, _n(one["count"]), asdict(one["look"])))
        if told["township_sums"]:
            made.append(Line("ring", words["summary_circle"]))
    return made + [Line("note", note) for note in told["parcel_notes"]]


def _ground(told: Mapping[str, Any], words: Mapping[str, str]) -> list[Line]:
    made = [Line("area", word, _n(count), look) for word, look, count in told["others"]]
    for layer in told["context"]:
        title = layer["title"] + (words["open_border"] if layer["left_open"] else "")
        made.append(Line(layer["swatch"], title, "", layer["style"]))
    if told["place"]:
        made.append(Line("area", words["place_area"], "", told["place"]))
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

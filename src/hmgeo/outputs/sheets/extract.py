"""The extract of a site: themes touched, not touched, without data, without text; as plain values, Word and PDF.

A file of its own, since one set of plain values is what is signed with an id, checked again, and laid out as pages.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any, Literal, NamedTuple
from xml.sax.saxutils import escape

import docx
import numpy as np
import shapely
from docx.enum.text import WD_BREAK
from docx.shared import Mm, Pt
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Image, PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table

from hmgeo.outputs.figure.paper import FONT_NAME, Box, Look, Paper, UndatedCanvas, fitted, register_font, width_mm
from hmgeo.outputs.figure.scene import View, mercator
from hmgeo.outputs.sheets.answer import nearest_text
from hmgeo.outputs.sheets.report import finish_page, fitting, set_styles, still, word_table
from hmgeo.outputs.siting_words import SCHEMA, clause_document, document, dossier_document
from hmgeo.outputs.wording import Text
from hmgeo.outputs.wording import worded as word
from hmgeo.results.siting import Clause, Dossier, SitingResults
from hmgeo.vocabulary import LayerKind, Settling, Verdict
from hmgeo.words import table_rows

KIND = "hmgeo-site-extract"
TOUCHED, OPEN, NO_TEXT, UNTOUCHED, OUT = "touched", "without_data", "text_not_held", "not_touched", "not_applicable"
_STATES = (TOUCHED, OPEN, NO_TEXT, UNTOUCHED, OUT)
_HITS = frozenset({Verdict.PROHIBITED, Verdict.CONDITIONAL, Verdict.LISTED})
_WORDS = {key: Text(zh, en) for key, zh, en in table_rows("hmgeo.outputs.sheets", "extract.tsv")}
_KINDS = frozenset(kind.value for kind in LayerKind)
_MOST_SHAPES, _PAIR = 400, 2


def state_of(clauses: Sequence[Clause]) -> str:
    """Return how a theme stands by its `clauses`: touched by any; untouched only where all that apply are clear."""
    verdicts = {clause.verdict for clause in clauses}
    if verdicts & _HITS:
        return TOUCHED
    waiting = [clause for clause in clauses if clause.verdict is Verdict.NOT_ASSESSED]
    if waiting:
        return NO_TEXT if all(clause.settling[0] is Settling.TEXT for clause in waiting) else OPEN
    return UNTOUCHED if Verdict.CLEAR in verdicts else OUT


def extract_document(
    dossier: Dossier, results: SitingResults, asked: Mapping[str, Any], language: str = "zh"
) -> dict[str, Any]:
    """Return the extract of `dossier` of `results` as plain values in `language`; its id is the digest of the others.

    `asked`: the question in the words of the command line, by which `hmgeo verify` asks it again.
    """
    themes: dict[str, list[Clause]] = {}
    for clause in dossier.answer.clauses:
        theme = next((code for code in (*clause.layers, *clause.missing_layers) if code in _KINDS), "")
        themes.setdefault(theme, []).append(clause)
    near = {nearest.layer: nearest for nearest in dossier.nearest}
    whole = document(results, [], language)
    del whole["sites"]
    made: dict[str, Any] = {"kind": KIND, "asked": dict(asked), "language": language} | whole | {"schema": SCHEMA}
    site = dossier_document(dossier, results, language)
    made["site"] = {name: site[name] for name in site if name not in {"clauses", "missing", "open", "informs"}}
    made["themes"] = [
        {
            "theme": code,
            "title": word(LayerKind.of(code), language) if code else _WORDS["no_theme"].say(language),
            "state": state_of(clauses),
            "department": results.departments.get(code, ("", ""))[1],
            "nearest": nearest_text(near[code], language) if code in near else "",
            "nearest_m": near[code].distance_m if code in near else None,
            "nearest_low_m": near[code].low_m if code in near else None,
            "nearest_high_m": near[code].high_m if code in near and np.isfinite(near[code].high_m) else None,
            "clauses": [clause_document(clause, results, language) for clause in clauses],
        }
        for code, clauses in sorted(themes.items(), key=lambda item: _STATES.index(state_of(item[1])))
    ]
    made["next_steps"] = [*site["missing"], *site["open"]]
    made["glossary"] = {word(verdict, language): _WORDS[f"means_{verdict.value}"].say(language) for verdict in Verdict}
    return {"extract_id": extract_id(made)} | made


def extract_id(values: Mapping[str, Any]) -> str:
    """Return the id of an extract: sixteen digits of the SHA-256 of all its values but the id.

    >>> extract_id({"extract_id": "x", "a": 1}) == extract_id({"a": 1})
    True
    """
    rest = {name: value for name, value in values.items() if name != "extract_id"}
    text = json.dumps(rest, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()[:16].upper()
    return "-".join(digest[at : at + 4] for at in range(0, 16, 4))


class Block(NamedTuple):
    """A piece of a page: a heading, a paragraph, small print, or a table with its header first."""

    kind: Literal["title", "head", "sub", "text", "small", "table", "sketch"]
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    widths_mm: tuple[float, ...] = ()


def _blocks_of(made: Mapping[str, Any]) -> list[Block]:
    """Return an extract as pieces of a page: what is touched, with its clauses, comes before the sketch."""
    language, site = made["language"], made["site"]

    def say(name: str, **parts: str) -> str:
        return _WORDS[name].say(language, **parts)

    named = [
        (say("id"), made["extract_id"]),
        (say("as_of"), made["as_of"]),
        (say("site"), site["name"] or site["site_id"]),
    ]
    named += [(say("position"), site["position"]), (say("place"), site["place"]), (say("key_areas"), site["key_areas"])]
    named += list(site["facts"].items())
    pages = [Block("title", say("title")), *(Block("small", warning) for warning in made["warnings"])]
    pages += [Block("table", rows=tuple(named), widths_mm=(40, 130)), Block("text", site["header"])]
    for state in _STATES:
        themes = [theme for theme in made["themes"] if theme["state"] == state]
        title = say(f"state_{state}")
        pages.append(Block("head", f"{title}（{len(themes)}）"))
        if state == TOUCHED:
            pages += [*_touched(themes, say), Block("sketch", say("sketch"))]
        elif themes:
            pages.append(_listed(themes, say, state))
    touched = [
        clause
        for theme in made["themes"]
        for clause in theme["clauses"]
        if clause["verdict"] in {hit.value for hit in _HITS}
    ]
    pages.append(Block("head", say("next")))
    asked = [(clause["title"], clause["decider"]) for clause in touched]
    pages += [
        Block("text", say("ask", clause=title, decider=decider, id=made["extract_id"]))
        for title, decider in dict.fromkeys(asked)
    ]
    pages += [Block("text", step) for step in made["next_steps"]]
    pages += [
        Block("head", say("glossary")),
        *(Block("small", f"{name}：{text}") for name, text in made["glossary"].items()),
        Block("small", say("open_extent")),
    ]
    return [*pages, Block("small", say("checked")), Block("small", made["caption"]), Block("small", made["disclaimer"])]


def _touched(themes: Sequence[Mapping[str, Any]], say: Any) -> list[Block]:  # noqa: ANN401 -- a function of names
    pages = []
    for theme in themes:
        named = theme["nearest"].startswith(theme["title"])
        pages.append(Block("sub", "　".join(filter(None, ("" if named else theme["title"], theme["nearest"])))))
        hits = [clause for clause in theme["clauses"] if clause["verdict"] in {hit.value for hit in _HITS}]
        head = (say("clauses"), say("measured"), say("verdict"), say("rank"), say("decider"))
        rows = [
            (
                _cited(clause),
                _measured(clause),
                _answer(clause),
                f"{clause['legal_rank_text']}；{clause['standing_text']}",
                clause["decider"],
            )
            for clause in hits
        ]
        pages.append(Block("table", rows=(head, *rows), widths_mm=(48, 40, 28, 28, 26)))
        for clause in hits:
            pages.append(Block("small", f"{clause['title']}　{say('quote')}：「{clause['quote']}」"))
            pages += [Block("small", f"{say('changes')}：{''.join(clause['changes'])}")] if clause["changes"] else []
        others = [clause for clause in theme["clauses"] if clause not in hits and clause["verdict"] != OUT]
        out = len(theme["clauses"]) - len(hits) - len(others)
        rest = [
            *(f"{clause['title']}：{clause['badge']}" for clause in others),
            *([say("out", n=str(out))] if out else []),
        ]
        pages += [Block("small", "；".join(rest))] if rest else []
    return pages


def _listed(themes: Sequence[Mapping[str, Any]], say: Any, state: str) -> Block:  # noqa: ANN401 -- as above
    column = "data" if state == UNTOUCHED else "lacks"
    rows = []
    for theme in themes:
        clauses = theme["clauses"]
        why = [
            text
            for clause in clauses
            if clause["verdict"] != OUT or state == OUT
            for text in ([clause["data"]] if column == "data" else clause["reasons"] or [clause["sentence"]])
        ]
        rows.append(
            (
                theme["title"],
                theme["nearest"],
                "；".join(
                    dict.fromkeys(_cited(clause) for clause in clauses if clause["verdict"] != OUT or state == OUT)
                ),
                "".join(dict.fromkeys(why)),
            )
        )
    head = (say("theme"), say("nearest"), say("clauses"), say(column))
    return Block("table", rows=(head, *rows), widths_mm=(24, 40, 50, 56))


def _cited(clause: Mapping[str, Any]) -> str:
    return f"{clause['document']} {clause['clause']}".strip() or str(clause["title"])


def _measured(clause: Mapping[str, Any]) -> str:
    text, limit = clause["measured_text"].rstrip("。"), clause["limit_text"]
    return text if text.endswith(limit) else f"{text}｜{limit}"


def _answer(clause: Mapping[str, Any]) -> str:
    return "；".join(filter(None, (clause["badge"], clause["certainty_text"])))


def write_extract(made: Sequence[Mapping[str, Any]], sketches: Sequence[bytes], path: Path, *, title: str) -> None:
    """Write extracts (`made`) to `path`; the suffix (.json, .docx, .pdf) says how. Two writes: the same bytes."""
    if path.suffix == ".json":
        written = made[0] if len(made) == 1 else {"kind": f"{KIND}s", "extracts": list(made)}
        path.write_text(json.dumps(written, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")
    elif path.suffix == ".docx":
        path.write_bytes(_word_file(made, sketches, title))
    else:
        _write_pdf(made, sketches, path, title)


def _word_file(made: Sequence[Mapping[str, Any]], sketches: Sequence[bytes], title: str) -> bytes:
    page = docx.Document()
    set_styles(page)
    for number, (extract, picture) in enumerate(zip(made, sketches, strict=True)):
        if number:
            page.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
        for block in _blocks_of(extract):
            if block.kind == "sketch":
                if picture:
                    page.add_picture(io.BytesIO(picture), width=Mm(105))
                    page.paragraphs[-1].paragraph_format.keep_with_next = True
                    page.add_paragraph(block.text, style="Caption").paragraph_format.keep_with_next = False
            elif block.kind == "table":
                word_table(page, block.rows, block.widths_mm, has_header=len(block.widths_mm) > _PAIR)
            else:
                style = {"title": "Title", "head": "Heading 1", "sub": "Caption"}.get(block.kind, "Normal")
                run = page.add_paragraph(style=style).add_run(block.text)
                run.font.size = Pt(8) if block.kind == "small" else None
    page.core_properties.identifier = fitting("；".join(extract["extract_id"] for extract in made))
    written = io.BytesIO()
    finish_page(page, title, written)
    return still(written.getvalue())


def _write_pdf(made: Sequence[Mapping[str, Any]], sketches: Sequence[bytes], path: Path, title: str) -> None:
    register_font()
    looks = {
        kind: ParagraphStyle(
            kind,
            fontName=FONT_NAME,
            fontSize=size,
            leading=1.4 * size,
            wordWrap="CJK",
            spaceBefore=before,
            spaceAfter=2,
        )
        for kind, size, before in (
            ("title", 17, 0),
            ("head", 12, 8),
            ("sub", 10, 5),
            ("text", 9, 2),
            ("small", 7, 3),
            ("cell", 7.5, 0),
        )
    }

    def set_in(text: str, kind: str) -> Paragraph:
        return Paragraph(escape(fitted(text)), looks[kind])

    flow: list[Any] = []
    for number, (extract, picture) in enumerate(zip(made, sketches, strict=True)):
        flow += [PageBreak()] if number else []
        for block in _blocks_of(extract):
            if block.kind == "sketch":
                drawing = Image(io.BytesIO(picture), 105 * mm, 105 * mm) if picture else None
                flow += [Spacer(1, 4), drawing, set_in(block.text, "small")] if drawing else []
            elif block.kind == "table":
                cells = [[set_in(text, "cell") for text in row] for row in block.rows]
                has_header = len(block.widths_mm) > _PAIR
                style = [*_GRID, ("BACKGROUND", (0, 0), (-1, 0) if has_header else (0, -1), "#e6e6e6")]
                widths = [width * mm for width in block.widths_mm]
                flow.append(Table(cells, widths, repeatRows=int(has_header), style=style, splitInRow=1))
            else:
                flow += [CondPageBreak(_HEADED)] if block.kind in {"head", "sub"} else []
                flow.append(set_in(block.text, block.kind))

    def number_page(canvas: Any, _: Any) -> None:  # noqa: ANN401 -- of reportlab
        canvas.setFont(FONT_NAME, 7)
        canvas.drawCentredString(
            105 * mm,
            10 * mm,
            f"{'；'.join(extract['extract_id'] for extract in made[:3])}　- {canvas.getPageNumber()} -",
        )

    margins = {"leftMargin": 20 * mm, "rightMargin": 20 * mm, "topMargin": 18 * mm, "bottomMargin": 18 * mm}
    file = SimpleDocTemplate(str(path), pagesize=A4, title=title, creator="hmgeo", invariant=1, **margins)
    file.build(flow, onFirstPage=number_page, onLaterPages=number_page, canvasmaker=UndatedCanvas)


_HEADED = 30 * mm
"""No heading stands lower on a page: the head of its table and a row have room below it."""


_GRID = [("GRID", (0, 0), (-1, -1), 0.4, "#555555"), ("VALIGN", (0, 0), (-1, -1), "TOP")]
_BLACK = "#000000"
_LOOKS: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...] = (
    ((), ()), ((), (45,)), ((4, 2), ()), ((), (135,)), ((1, 1.6), ()), ((6, 2, 1, 2), (45, 135)), ((), (0,)),
    ((), (90,)),
)  # fmt: skip
"""Dashes in points and angles of hatching, by which layers are told apart in black."""


def sketch(
    site: shapely.Geometry, around: Mapping[str, Sequence[shapely.Geometry]], reach_m: float, ring: shapely.Geometry
) -> bytes:
    """Return a small black map, `reach_m` metres to each side, as PNG: `site`, its `ring` of 1 km, what is near.

    `around`: shapes by the title of their layer.
    """
    side = 105.0
    paper, frame = Paper(side, side), Box(1, 1, side - 2, side - 2)
    middle = shapely.get_coordinates(site.representative_point())
    stretch, (centre,) = 1 / np.cos(np.radians(middle[0, 1])), mercator(middle).tolist()
    place = partial(View(0, centre, 2 * reach_m * stretch / frame.width, middle[0, 1]).place, frame)
    shown = [(title, shapes) for title, shapes in around.items() if shapes]
    with paper.within(frame):
        for (_, shapes), look in zip(shown, cycle(_LOOKS), strict=False):
            _draw(paper, shapely.transform(np.array(shapes[:_MOST_SHAPES], dtype=object), place), *look)
        paper.draw(shapely.transform(shapely.boundary(ring), place), Look(_BLACK, 1.1))
        _draw(paper, shapely.transform(site, place), (), ())
    paper.mark("plus", tuple(place(middle)[0].tolist()), 16, Look(_BLACK, 1.6))
    bar_m = 10 ** np.floor(np.log10(reach_m / 2))
    left, low, north = frame.left + 4, frame.bottom - 4, frame.right - 6
    paper.line([(left, low), (left + bar_m / reach_m * frame.width / 2, low)], _BLACK, 3)
    paper.text(left, low - 4, f"{bar_m:,.0f} m", 7, colour=_BLACK)
    paper.draw(shapely.Polygon([(north, 4), (north + 1.5, 11), (north, 9.6), (north - 1.5, 11)]), Look(fill=_BLACK))
    paper.text(north, 11.4, "N", 8, colour=_BLACK, align="centre")
    if shown:
        _key(paper, frame, [(title, shapely.get_dimensions(shapes[0])) for title, shapes in shown])
    paper.box(frame, Look(_BLACK, 0.8))
    written = io.BytesIO()
    paper.seen(200).save(written, "PNG")
    return written.getvalue()


def _key(paper: Paper, frame: Box, layers: Sequence[tuple[str, int]]) -> None:
    """Set the titles of `layers`, each with its look as points, lines or areas, into the lower right corner."""
    wide, step = max(width_mm(title, 6.5) for title, _ in layers) + 12, 3.6
    key = Box(frame.right - wide - 2, frame.bottom - step * len(layers) - 4, wide, step * len(layers) + 2)
    paper.box(key, Look("#aaaaaa", 0.5, (), "#ffffff", 0.9))
    for number, ((title, dimensions), look) in enumerate(zip(layers, cycle(_LOOKS), strict=False)):
        left, y = key.left + 2, key.top + 2.8 + step * number
        line = shapely.LineString([(left, y), (left + 6, y)])
        area = shapely.box(left, y - 1.2, left + 6, y + 1.2)
        _draw(paper, (line.centroid, line, area)[dimensions], *look)
        paper.text(left + 7.5, y, title, 6.5, colour=_BLACK, at="middle")


def _draw(paper: Paper, shapes: Any, dash: Sequence[float], angles_deg: Sequence[float]) -> None:  # noqa: ANN401 -- one or an array
    parts = shapely.get_parts(shapes)
    is_point = shapely.get_dimensions(parts) == 0
    for x, y in shapely.get_coordinates(parts[is_point]).tolist():
        paper.mark("square", (x, y), 4, Look(fill=_BLACK))
    paper.draw(parts[~is_point], Look(_BLACK, 0.8, dash, _BLACK, 0.08))
    paper.hatch(parts[~is_point], angles_deg, _BLACK)

"""The map page: a folium map that needs no network, says so in its policy, and comes out the same every time."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hmgeo.errors import OutputError, Place, Problem
from hmgeo.outputs import wording
from hmgeo.outputs.english import in_english
from hmgeo.outputs.map import audience, layers, panels, parcels, shapes, sources
from hmgeo.outputs.map.click import ClickPage
from hmgeo.reference.machine import hidden, kept
from hmgeo.results.results import Presentation, Results

POLICY = (
    "default-src 'none'; script-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; require-trusted-types-for 'script'; trusted-types default"
)
"""What the page may do: style what stands in it, show pictures that stand in it, run the scripts named, no more."""


def policy(hosts: Iterable[str] = ()) -> str:
    """Return the policy of a page that may also show pictures of some hosts, and ask nothing else of them.

    >>> policy(["t0.tianditu.gov.cn"]).split("; ")[3]
    'img-src data: https://t0.tianditu.gov.cn'
    """
    opened = "".join(f" https://{host}" for host in dict.fromkeys(hosts))
    return POLICY.replace("img-src data:", f"img-src data:{opened}")


def _scripts(page: str) -> Iterator[str]:
    """Yield what stands in the script elements of a page; an expression takes each letter of them one by one."""
    end = 0
    while (begin := page.find("<script>", end)) >= 0 and (end := page.find("</script>", begin)) >= 0:
        yield page[begin + len("<script>") : end]


def naming_scripts(page: str) -> str:
    """Return a page whose policy names the scripts that stand in it by their sums, so that no other ever runs.

    >>> naming_scripts("script-src 'none' <script>1</script>")
    "script-src 'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s=' <script>1</script>"
    """
    page_lines = page.replace("\r\n", "\n").replace("\r", "\n")  # as browsers read them
    sums = (hashlib.sha256(script.encode()).digest() for script in _scripts(page_lines))
    named = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in dict.fromkeys(sums))
    return page.replace("script-src 'none'", f"script-src {named}", 1)


_LINKING = frozenset({"src", "srcset", "href", "data", "action", "formaction", "poster", "xlink:href", "background"})


class _LinkFinder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in _LINKING and value and not value.startswith(("#", "data:")):
                self.outside.append(f"<{tag} {name}={value}>")


def refuse_outside_links(page: str) -> None:
    """Check that no element of a page refers to anything outside it.

    `OutputError`, naming every such element.

    >>> refuse_outside_links('<a href="#top">top</a>')
    """
    finder = _LinkFinder()
    finder.feed(page)
    finder.close()
    if finder.outside:
        raise OutputError(
            [
                Problem("地图页面引用了页面以外的内容", Place(key="map.html"), found=link, allowed="页面内的内容")
                for link in finder.outside
            ]
        )


def write_map(results: Results, presentation: Presentation, path: Path) -> None:
    """Write the map page.

    `OutputError` where the file can't be written, or the page would need the network.

    Parameters
    ----------
    results
        A finished run; without findings the page is an overview map.
    presentation
        Who signs the caption.
    path
        File to write; two writes of the same results give the same bytes.
    """
    text = map_page(results, presentation)
    try:
        path.write_bytes(text.encode("utf-8"))
    except OSError as error:
        raise OutputError(
            Problem(
                "地图写不出", Place(file=path.name), found=error.strerror or str(error), remedy="核对目录权限与磁盘空间"
            )
        ) from error


def map_page(results: Results, presentation: Presentation) -> str:
    """Return the whole page of `results`, as `presentation` shows them, as text.

    `OutputError` where a layer's 密级 forbids the page, or the page would need the network.
    """
    shown = audience.shown_to(results, presentation.audience)
    names = layers.township_names(results)
    pictures = [
        parcels.picture(shown.results, kind, sums_only=kind in shown.sums_only, township_names=names)
        for kind in layers.receptor_kinds(shown.results)
    ]
    searched = sources.searched(shown.results)
    asked = None if results.compiled_rules is None else ClickPage(results.compiled_rules, presentation)
    data = layers.page_data(shown.results, pictures, searched) | {
        "shapes": dict(panels.SHAPES),
        "language": presentation.language,
        "backdrop": _backdrop_data(presentation),
        "tiles": [
            {"title": tile.title, "url": tile.url, "attribution": tile.attribution, "max_zoom": tile.max_zoom}
            for tile in presentation.tiles
        ],
        "statistics": shown.statistics,
        "visits": _visits(shown.results),
        "click": asked.data if asked else None,
    }
    chunks = list(shapes.scripts([*(picture.packed for picture in pictures), searched]))
    chunks += asked.scripts() if asked else ()
    body = panels.render(shown, presentation, pictures, script_safe_json(data), chunks)
    opened, titled, allowed, closed = _frame()
    opened = opened.replace("<html>", f'<html lang="{presentation.language}">', 1)
    hosts = policy(tile.host for tile in presentation.tiles)
    text = "".join((opened, escape(results.title), titled, hosts, allowed, body, closed))
    refuse_outside_links(text)
    return naming_scripts(text)


@cache
def _frame() -> tuple[str, ...]:
    """Return the frame of every page, cut at its slots, as an earlier process kept it."""

    def made() -> tuple[str, ...]:
        with hidden("pandas"):  # folium would load it just to see whether it is there
            from hmgeo.outputs.map.shell import SLOTS, frame  # noqa: PLC0415 -- folium loads slowly

        return tuple(re.split("|".join(SLOTS), frame()))

    room = Path(__file__).parent
    libraries = (find_spec(name) for name in ("folium", "branca"))
    decides = [Path(found.origin).with_name("_version.py") for found in libraries if found and found.origin]
    decides += [*sorted(room.glob("*.py")), *sorted(path for path in (room / "assets").rglob("*") if path.is_file())]
    return kept("frame", room, decides, made)


def _visits(results: Results) -> dict[str, Any] | None:
    """Return what the order of visits means and its words in English; None where no source has a number."""
    if not wording.is_ordered(results):
        return None
    words = {word for name in ("visit_group", "distance_class") for word in results.sources[name].to_pylist() if word}
    order = {"text": wording.visit_order(results), "text_en": wording.visit_order(results, "en")}
    return order | {"words": {word: in_english(word) for word in sorted(words)}}


def _backdrop_data(presentation: Presentation) -> dict[str, Any] | None:
    """Return the picture under the map as a data URI with its bounds; None where there is none."""
    backdrop = presentation.backdrop
    if backdrop is None:
        return None
    uri = "data:image/png;base64," + base64.b64encode(backdrop.png).decode("ascii")
    west, south, east, north = backdrop.bounds
    return {"uri": uri, "bounds": [[south, west], [north, east]], "title": backdrop.title, "credit": backdrop.credit}


def script_safe_json(value: object) -> str:
    r"""Return `value` as JSON that can't end the script element it stands in; numbers not finite are null.

    >>> script_safe_json({"name": "</script>", "area_ha": math.nan})
    '{"name":"\\u003c/script>","area_ha":null}'
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:  # a number that isn't finite
        text = json.dumps(_finite(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _finite(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

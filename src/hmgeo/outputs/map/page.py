"""The map page: a folium map that needs no network, says so in its policy, and comes out the same every time."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from html import escape
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, cast

import folium
from branca.element import CssLink, Element, JavascriptLink

from hmgeo.errors import OutputError, Place, Problem
from hmgeo.outputs import wording
from hmgeo.outputs.english import in_english
from hmgeo.outputs.map import assets, audience, layers, panels, parcels, shapes, sources
from hmgeo.outputs.map.click import ClickPage

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from branca.element import Figure

    from hmgeo.results.results import Presentation, Results


POLICY = (
    "default-src 'none'; script-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; require-trusted-types-for 'script'; trusted-types default"
)
"""What the page may do: style what stands in it, show pictures that stand in it, run the scripts named, no more."""

MARKUP_POLICY = (
    '<script>window.trustedTypes && trustedTypes.createPolicy("default", {createHTML: text => '
    r"/<(script|iframe|object|embed|base|meta|link|form)\b|<[^>]*[\s\"'\/]on\w+\s*=|<[^>]*javascript:/i.test(text) "
    '? text.replace(/</g, "&lt;") : text});</script>'
)
"""Where browsers know Trusted Types: text becomes markup only where nothing in it would run, and never a script.

It stands before all other scripts; what it refuses is shown as the text that it is.
"""
_SCRIPT = re.compile("<script>(.*?)</script>", re.DOTALL)


def policy(hosts: Iterable[str] = ()) -> str:
    """Return the policy of a page that may also show pictures of some hosts, and ask nothing else of them.

    Examples
    --------
    >>> policy(["t0.tianditu.gov.cn"]).split("; ")[3]
    'img-src data: https://t0.tianditu.gov.cn'
    """
    opened = "".join(f" https://{host}" for host in dict.fromkeys(hosts))
    return POLICY.replace("img-src data:", f"img-src data:{opened}")


def naming_scripts(page: str) -> str:
    """Return a page whose policy names the scripts that stand in it by their sums, so that no other ever runs.

    Examples
    --------
    >>> naming_scripts("script-src 'none' <script>1</script>")
    "script-src 'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s=' <script>1</script>"
    """
    scripts = _SCRIPT.findall(page.replace("\r\n", "\n").replace("\r", "\n"))  # as browsers read lines
    sums = (hashlib.sha256(script.encode()).digest() for script in scripts)
    named = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in dict.fromkeys(sums))
    return page.replace("script-src 'none'", f"script-src {named}", 1)


_LINKING = frozenset({"src", "srcset", "href", "data", "action", "formaction", "poster", "xlink:href", "background"})


class OfflineHeader(Element):
    """Head of a page in which every linked script and style is replaced by its vendored content as it is added."""

    def add_child(self, child: Element, name: str | None = None, index: int | None = None) -> Element:
        """Add `child`, inlined where it is a link; `name` and `index` as branca has them.

        Raises
        ------
        OutputError
            Where a link isn't vendored.
        """
        if isinstance(child, JavascriptLink):
            child = Literal(assets.inline_script(child.url))
        elif isinstance(child, CssLink):
            child = Literal(assets.inline_style(child.url))
        return super().add_child(child, name=name, index=index)


class Literal(Element):
    """A text that is rendered as it is, never read as a template."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def render(self, **_: object) -> str:
        """Return the text."""
        return self.text


class Start(Element):
    """The call that hands a map to the page's own scripts, placed after the call that makes the map."""

    def __init__(self, map_name: str) -> None:
        super().__init__()
        self.call = f"hmgeo.start({map_name});"

    def render(self, **_: object) -> str:
        """Put the call among the page's scripts; folium renders its elements for what they add."""
        cast("Figure", self.get_root()).script.add_child(Literal(self.call), name="start")
        return ""


class OfflineMap(folium.Map):
    """A folium map with only the libraries that are used and with an element id that is always the same."""

    def __init__(self, hosts: Iterable[str] = ()) -> None:
        super().__init__(
            location=[35.0, 105.0],
            zoom_start=4,
            tiles=None,
            prefer_canvas=True,
            zoom_control=False,
            font_size="13px",
            attributionControl=False,
            minZoom=3,
            maxZoom=18,
            zoomSnap=0.5,
        )
        self.default_js = assets.page_links("js")
        self.default_css = assets.page_links("css")
        self.figure = cast("Figure", self.get_root())
        self.figure.header = OfflineHeader()
        self.add_child(Start(self.get_name()), name="start")
        for name, tag in (
            ("charset", '<meta charset="utf-8">'),
            ("policy", f'<meta http-equiv="Content-Security-Policy" content="{policy(hosts)}">'),
            ("markup", MARKUP_POLICY),
        ):
            self.figure.header.add_child(Literal(tag), name=name)

    @classmethod
    def _generate_id(cls) -> str:
        return "hmgeo"  # branca draws random ids, and a rerun must give the same bytes

    def page(self, *, language: str, title: str, body: str) -> str:
        """Render the whole page.

        Parameters
        ----------
        language
            Of the words on the page, for the html element.
        title, body
            Escaped already; `body` stands before the map.

        Raises
        ------
        OutputError
            Where something would be asked of the network.
        """
        self.figure.title = title
        self.figure.html.add_child(Literal(body), name="panels", index=0)
        text = self.figure.render().replace("<html>", f'<html lang="{language}">', 1)
        refuse_outside_links(text)
        return naming_scripts(text)


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

    Raises
    ------
    OutputError
        Naming every such element.

    Examples
    --------
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

    Parameters
    ----------
    results
        A finished run; without findings the page is an overview map.
    presentation
        Who signs the caption.
    path
        File to write; two writes of the same results give the same bytes.

    Raises
    ------
    OutputError
        Where the file can't be written, or the page would need the network.
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

    Raises
    ------
    OutputError
        Where a layer's 密级 forbids the page, or the page would need the network.
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
    return OfflineMap([tile.host for tile in presentation.tiles]).page(
        language=presentation.language, title=escape(results.title), body=body
    )


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

    Examples
    --------
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

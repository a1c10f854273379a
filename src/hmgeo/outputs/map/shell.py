"""The frame of every page as folium renders it: head, libraries, the map, with slots for what a page adds.

A file of its own, since folium is loaded only where no frame is kept from an earlier page.
"""

from typing import cast

import folium
from branca.element import CssLink, Element, Figure, JavascriptLink

from hmgeo.outputs.map import assets

SLOTS = TITLE, POLICY, BODY = "@hmgeo-title@", "@hmgeo-policy@", "@hmgeo-body@"
"""In the order in which they stand in the frame."""


MARKUP_POLICY = (
    '<script>window.trustedTypes && trustedTypes.createPolicy("default", {createHTML: text => '
    r"/<(script|iframe|object|embed|base|meta|link|form)\b|<[^>]*[\s\"'\/]on\w+\s*=|<[^>]*javascript:/i.test(text) "
    '? text.replace(/</g, "&lt;") : text});</script>'
)
"""Where browsers know Trusted Types: text becomes markup only where nothing in it would run, and never a script.

It stands before all other scripts; what it refuses is shown as the text that it is.
"""


class OfflineHeader(Element):
    """Head of a page in which every linked script and style is replaced by its vendored content as it is added."""

    def add_child(self, child: Element, name: str | None = None, index: int | None = None) -> Element:
        """Add `child`, inlined where it is a link; `name` and `index` as branca has them.

        `OutputError` where a link isn't vendored.
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

    def __init__(self) -> None:
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
            ("policy", f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'),
            ("markup", MARKUP_POLICY),
        ):
            self.figure.header.add_child(Literal(tag), name=name)
        self.figure.title = TITLE
        self.figure.html.add_child(Literal(BODY), name="panels", index=0)

    @classmethod
    def _generate_id(cls) -> str:
        return "hmgeo"  # branca draws random ids, and a rerun must give the same bytes


def frame() -> str:
    """Return the page with its slots.

    `OutputError` where a library isn't vendored.
    """
    return str(OfflineMap().figure.render())

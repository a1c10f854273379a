"""Scripts and styles of the page, read from the package and made fit to stand inside one HTML file."""

from __future__ import annotations

import base64
import json
import re
from functools import cache
from importlib.resources import files

from hmgeo.errors import OutputError, Place, Problem

OWN_STYLES = ("hmgeo.css",)
OWN_SCRIPTS = (
    "hmgeo-dom.js",
    "hmgeo-geodesy.js",
    "hmgeo-packed.js",
    "hmgeo-ground.js",
    "hmgeo-clauses.js",
    "hmgeo-layers.js",
    "hmgeo-popup.js",
    "hmgeo-search.js",
    "hmgeo-export.js",
    "hmgeo-table.js",
    "hmgeo-receptors.js",
    "hmgeo.js",
    "hmgeo-steep.js",
    "hmgeo-filter.js",
    "hmgeo-tools.js",
    "hmgeo-zones.js",
    "hmgeo-ask.js",
    "hmgeo-paper.js",
)

_URL = re.compile(r"url\(\s*(['\"]?)([^)'\"]*)\1\s*\)")
_COMMENTS = re.compile(r"^[ \t]*/\*.*\*/\n|/\*\*.*?\*/ ?", re.MULTILINE)
"""Comments of our scripts that stand on a line of their own, and the types that they note for `tsc`."""

_SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)
_MEDIA_TYPES = {"png": "image/png", "svg": "image/svg+xml", "gif": "image/gif"}


def read_bytes(path: str) -> bytes:
    """Return one asset by its path below the assets folder."""
    return files(__package__).joinpath("assets", *path.split("/")).read_bytes()


def read_text(path: str) -> str:
    """Return the asset at `path`, below the assets folder, as text."""
    return read_bytes(path).decode("utf-8")


@cache
def links() -> dict[str, str]:
    """Return asset paths by the address that a page links them by: vendored files of the lock, then our own.

    >>> links()["https://cdn.jsdelivr.net/npm/leaflet@1.9.4/dist/leaflet.js"]
    'vendor/leaflet/leaflet.js'
    """
    lock = json.loads(read_text("lock.json"))
    vendored = {entry["url"]: entry["path"] for package in lock["packages"] for entry in package["files"]}
    return vendored | {name: name for name in (*OWN_STYLES, *OWN_SCRIPTS)}


def page_links(suffix: str) -> list[tuple[str, str]]:
    """Return (name, address) of all scripts (`suffix` js) or styles (css), libraries first."""
    return [(url, url) for url in links() if url.endswith(f".{suffix}")]


def path_of(url: str) -> str:
    """Return the asset that stands for address `url`.

    `OutputError` where the address isn't vendored: the page would need the network.
    """
    if url not in links():
        what = "地图页面引用了未随软件提供的外部文件，离线时无法打开"
        remedy = "用 tools/vendor_assets.py 收录该文件，或去掉引用"
        raise OutputError(Problem(what, Place(key="map.html"), found=url, allowed="随软件提供的文件", remedy=remedy))
    return links()[url]


def inline_script(url: str) -> str:
    """Return a script element that holds the script at `url`: vendored under its licence, ours bare of comments."""
    path = path_of(url)
    text = (_COMMENTS if path in OWN_SCRIPTS else _SOURCE_MAP).sub("", read_text(path))
    return f"<script>{_closed_off(_licence(path) + text, 'script')}</script>"


def inline_style(url: str) -> str:
    """Return a style element that holds the vendored style sheet at `url`, its pictures as data URIs."""
    path = path_of(url)
    folder = path.rpartition("/")[0]

    def embed(match: re.Match[str]) -> str:
        target = match[2].strip()
        if target.startswith(("data:", "#")):
            return match[0]
        uri = _data_uri(f"{folder}/{target}" if folder else target)
        return f'url("{uri}")'

    return f"<style>{_closed_off(_licence(path) + _URL.sub(embed, read_text(path)), 'style')}</style>"


def _closed_off(text: str, tag: str) -> str:
    """Keep a text from ending the element that holds it."""
    return re.sub(f"</(?={tag})", r"<\\/", text, flags=re.IGNORECASE)


def _licence(path: str) -> str:
    """Return the licence of a vendored file as a comment: the page passes the file on, so the notice goes along."""
    package = "/".join(path.split("/")[:2]) if path.startswith("vendor/") else ""
    text = read_text(f"{package}/LICENSE").replace("*/", "* /") if package else ""
    return f"/*!\n{text}*/\n" if text else ""


def _data_uri(path: str) -> str:
    if path not in links().values():
        path_of(path)  # raises: names what is missing
    media_type = _MEDIA_TYPES[path.rpartition(".")[2]]
    return f"data:{media_type};base64,{base64.b64encode(read_bytes(path)).decode('ascii')}"

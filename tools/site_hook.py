"""What mkdocs is told beyond mkdocs.yml: pages from outside docs/, links that leave it, the picture of the house.

Links among files are written so that they work in the repository; here they are turned into those of the site. What has
no page (scripts, data) keeps its name and loses its link. The picture is drawn as SVG: a library would be asked of the
network.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parent.parent
OUTSIDE = {
    "CHANGELOG.md": "outside/changelog.md",
    "CONTRIBUTING.md": "outside/contributing.md",
    "SECURITY.md": "outside/security.md",
    "layers/PROVENANCE.md": "outside/provenance.md",
    "benchmarks/README.md": "outside/benchmarks.md",
    "conformance/README.md": "outside/conformance-suite.md",
}
"""Pages taken from the repository, by path from its top, with their place on the site."""

_HOMES = {page: home for home, page in OUTSIDE.items()}
_LINK = re.compile(r"(!?)\[([^\]\n]*)\]\(([^)\s]+)\)")
_EXAMPLE = re.compile(r"^\[[\w.]+\]\((\w+\.py)\)$", re.MULTILINE)
_PICTURE = re.compile(r"```mermaid\nflowchart TD\n(.*?)```", re.DOTALL)
_WIDE, _HIGH, _ACROSS, _DOWN = 96, 30, 112, 74


def on_files(files: Any, config: Any) -> Any:  # noqa: ANN401 - mkdocs has its own types
    """Add the pages from outside docs/."""
    for home, page in OUTSIDE.items():
        files.append(File.generated(config, page, content=(ROOT / home).read_text(encoding="utf-8")))
    files.append(File.generated(config, "outside/scaling.svg", abs_src_path=str(ROOT / "benchmarks" / "scaling.svg")))
    return files


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Any) -> str:  # noqa: ANN401, ARG001 - as above
    """Turn links among files of the repository into links among pages."""
    here = page.file.src_uri
    home = _HOMES.get(here, f"docs/{here}")
    turned = _LINK.sub(lambda link: _turned(link, home, here), markdown)
    turned = _EXAMPLE.sub(lambda link: f"{link[0]}\n\n```python\n{_text_of(here, link[1])}```", turned)
    return _PICTURE.sub(lambda drawn: _drawn(re.findall(r"(\w+) --> (\w+)", drawn[1])), turned)


def _text_of(here: str, name: str) -> str:
    return (ROOT / "docs" / posixpath.dirname(here) / name).read_text(encoding="utf-8")


def _turned(link: re.Match[str], home: str, here: str) -> str:
    picture, words, target = link.groups()
    path, mark, anchor = target.partition("#")
    if not path or "://" in path or path.startswith("mailto:"):
        return link[0]
    meant = posixpath.normpath(posixpath.join(posixpath.dirname(home), path))
    if not (ROOT / meant).exists():
        return link[0]  # left as it is: --strict names it
    site = OUTSIDE.get(meant, meant.removeprefix("docs/"))
    if meant == "benchmarks/scaling.svg":
        site = "outside/scaling.svg"
    elif not meant.startswith("docs/") and meant not in OUTSIDE:
        return words
    return f"{picture}[{words}]({posixpath.relpath(site, posixpath.dirname(here) or '.')}{mark}{anchor})"


def _drawn(arrows: list[tuple[str, str]]) -> str:
    """Return the arrows as SVG: each room below all that import it, in rows."""
    rooms = list(dict.fromkeys(name for arrow in arrows for name in arrow))
    row = dict.fromkeys(rooms, 0)
    for _ in rooms:  # the longest way down
        for above, below in arrows:
            row[below] = max(row[below], row[above] + 1)
    place: dict[str, tuple[float, float]] = {}
    widest = max(list(row.values()).count(level) for level in row.values())
    for level in range(max(row.values()) + 1):
        here = [name for name in rooms if row[name] == level]
        over = {name: [place[a][0] for a, b in arrows if b == name] for name in here}
        middle = {name: sum(over[name]) / max(1, len(over[name])) for name in here}
        here.sort(key=middle.__getitem__)
        start = (widest - len(here)) * _ACROSS / 2
        place |= {name: (start + nth * _ACROSS + _ACROSS / 2, level * _DOWN + 24) for nth, name in enumerate(here)}
    lines = [
        f'<line x1="{place[a][0]:g}" y1="{place[a][1] + _HIGH / 2:g}" x2="{place[b][0]:g}" '
        f'y2="{place[b][1] - _HIGH / 2 - 3:g}" marker-end="url(#to)"/>'
        for a, b in arrows
    ]
    boxes = [
        f'<rect x="{x - _WIDE / 2:g}" y="{y - _HIGH / 2:g}" width="{_WIDE}" height="{_HIGH}" rx="4"/>'
        f'<text x="{x:g}" y="{y + 5:g}">{name}</text>'
        for name, (x, y) in place.items()
    ]
    size = f"{widest * _ACROSS} {(max(row.values()) + 1) * _DOWN - 20}"
    head = '<marker id="to" markerWidth="7" markerHeight="6" refX="5" refY="3" orient="auto"><path d="M0,0 L6,3 L0,6"/>'
    style = "line{stroke:#7a8a8a} rect{fill:#e6f2f1;stroke:#00796b} text{font:13px sans-serif;text-anchor:middle}"
    inner = f"<style>{style}</style>{head}</marker>{''.join(lines + boxes)}"
    return f'<svg viewBox="0 0 {size}" style="max-width:100%">{inner}</svg>'

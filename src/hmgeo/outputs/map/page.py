"""The map: one HTML file that opens from a folder, without network, in an old browser."""

from __future__ import annotations

import base64
import json
import math
from html import escape
from typing import TYPE_CHECKING, Any

from hmgeo.errors import OutputError, Place, Problem
from hmgeo.outputs.map import audience, layers, packed, panels, parcels, sources
from hmgeo.outputs.map.click import ClickPage
from hmgeo.outputs.map.offline import OfflineMap

if TYPE_CHECKING:
    from pathlib import Path

    from hmgeo.findings.results import Presentation, Results


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
                "地图不能写入",
                Place(file=path.name),
                found=error.strerror or str(error),
                remedy="核对目录权限与磁盘空间",
            )
        ) from error


def map_page(results: Results, presentation: Presentation) -> str:
    """Return the whole page as text.

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
        "backdrop": backdrop_data(presentation),
        "tiles": [
            {"title": one.title, "url": one.url, "attribution": one.attribution, "max_zoom": one.max_zoom}
            for one in presentation.tiles
        ],
        "statistics": shown.statistics,
        "click": asked.data if asked else None,
    }
    chunks = list(packed.scripts([*(picture.packed for picture in pictures), searched]))
    chunks += asked.scripts() if asked else ()
    body = panels.render(shown, presentation, pictures, script_safe_json(data), chunks)
    return OfflineMap([one.host for one in presentation.tiles]).page(
        language=presentation.language, title=escape(results.title), body=body
    )


def backdrop_data(presentation: Presentation) -> dict[str, Any] | None:
    """Return the picture under the map as a data URI with its bounds; None where there is none."""
    backdrop = presentation.backdrop
    if backdrop is None:
        return None
    uri = "data:image/png;base64," + base64.b64encode(backdrop.png).decode("ascii")
    west, south, east, north = backdrop.bounds
    return {"uri": uri, "bounds": [[south, west], [north, east]], "title": backdrop.title, "credit": backdrop.credit}


def script_safe_json(value: object) -> str:
    r"""Return JSON that can't end the script element it stands in; numbers that aren't finite become null.

    Examples
    --------
    >>> script_safe_json({"name": "</script>", "area_ha": math.nan})
    '{"name":"\\u003c/script>","area_ha":null}'
    """
    text = json.dumps(_finite(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _finite(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

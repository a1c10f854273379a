"""Online tiles that a map definition asks for: whose, in which datum, under which key; shifted ones are refused."""

from __future__ import annotations

import os
import re
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import xyzservices.providers

from hmgeo.findings.results import Tiles

if TYPE_CHECKING:
    from collections.abc import Mapping

    import yaml
    from xyzservices import TileProvider

    from hmgeo.rules.nodes import Reader

KEY_VARIABLE = "HMGEO_TIANDITU_KEY"
TIANDITU = "tianditu"
TIANDITU_LAYERS: Mapping[str, str] = MappingProxyType(
    {
        "vec": "天地图矢量",
        "cva": "天地图矢量注记",
        "img": "天地图影像",
        "cia": "天地图影像注记",
        "ter": "天地图地形",
        "cta": "天地图地形注记",
    }
)
_TIANDITU_URL = (
    "https://t0.tianditu.gov.cn/{layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={layer}&STYLE=default"
    "&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&tk={key}"
)
_DATUMS: Mapping[str, str] = MappingProxyType({"cgcs2000": "CGCS2000", "wgs84": "WGS84（与 CGCS2000 相差不到 1 m）"})
_SHIFTED_DATUMS = ("gcj02", "bd09")
_SHIFTED = re.compile(r"gaode|autonavi|amap|baidu|bdimg|qq\.com|gtimg|google\.cn|geoq", re.IGNORECASE)
_KEY = re.compile(r"[0-9A-Za-z]{8,64}")
_SHIFT_WORDS = "为互联网加密坐标，与 CGCS2000 数据相差约 500 m，不得垫在其下"
_MAX_ZOOM = 18


def read_tiles(reader: Reader, node: yaml.Node | None) -> tuple[Tiles, ...]:
    """Return the tiles of a definition's `tiles` list, the lowest first; faults go to the reader."""
    return tuple(made for item in reader.items(node, "tiles") if (made := _tiles(reader, item)) is not None)


def _tiles(reader: Reader, node: yaml.Node) -> Tiles | None:
    entries = reader.mapping(node, ("provider", "layer", "datum"), ("provider",), "tiles")
    name = reader.text(entries.get("provider"), "provider")
    if name.casefold() == TIANDITU:
        return _tianditu(reader, node, entries)
    datum = reader.word(entries.get("datum"), "datum", (*_DATUMS, *_SHIFTED_DATUMS)) if "datum" in entries else ""
    if datum in _SHIFTED_DATUMS or _SHIFTED.search(name):
        reader.fault(node, f"在线底图 {name} {_SHIFT_WORDS}", found=datum or "gcj02", allowed="、".join(_DATUMS))
        return None
    provider = _provider(name)
    if provider is None:
        remedy = "写 tianditu，或 xyzservices 收录的名称，如 OpenStreetMap.Mapnik"
        reader.fault(node, "不认识的在线底图", found=name, remedy=remedy)
        return None
    if not datum:
        reader.fault(
            node, f"在线底图 {name} 须写明坐标系 datum", allowed="、".join(_DATUMS), remedy="向提供方核实后写明"
        )
        return None
    return _of_provider(reader, node, provider, datum)


def _of_provider(reader: Reader, node: yaml.Node, provider: TileProvider, datum: str) -> Tiles | None:
    name = str(provider.name)
    if provider.requires_token():
        reader.fault(node, f"在线底图 {name} 需要密钥，只支持天地图的密钥", found=name, remedy="改用 tianditu")
        return None
    url = provider.build_url(scale_factor="")
    if _SHIFTED.search(url):
        reader.fault(node, f"在线底图 {name} {_SHIFT_WORDS}", found=url, allowed="、".join(_DATUMS))
        return None
    if not url.startswith("https://"):
        reader.fault(node, f"在线底图 {name} 的地址不是 https", found=url)
        return None
    attribution, zoom = str(provider.get("attribution", name)), int(provider.get("max_zoom", _MAX_ZOOM))
    return Tiles(name, url, urlsplit(url).netloc, attribution, _DATUMS[datum], min(zoom, _MAX_ZOOM))


def _tianditu(reader: Reader, node: yaml.Node, entries: Mapping[str, yaml.Node]) -> Tiles | None:
    layer = reader.word(entries["layer"], "layer", tuple(TIANDITU_LAYERS)) if "layer" in entries else "vec"
    if "datum" in entries and reader.word(entries["datum"], "datum", ("cgcs2000",)) != "cgcs2000":
        return None
    key = os.environ.get(KEY_VARIABLE, "")
    if not _KEY.fullmatch(key):
        remedy = f"向天地图申请浏览器端密钥，写入环境变量 {KEY_VARIABLE}"
        reader.fault(
            node, "天地图需要使用单位自己的密钥", found="未设置" if not key else "不是密钥的形式", remedy=remedy
        )
        return None
    if layer not in TIANDITU_LAYERS:
        return None
    url = _TIANDITU_URL.format(layer=layer, key=key)
    return Tiles(TIANDITU_LAYERS[layer], url, urlsplit(url).netloc, "天地图", _DATUMS["cgcs2000"], _MAX_ZOOM)


def _provider(name: str) -> TileProvider | None:
    try:
        return xyzservices.providers.query_name(name)
    except ValueError:
        return None

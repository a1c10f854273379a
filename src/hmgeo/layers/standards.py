"""The layers that offices export from their own systems, known by the names of their fields or of the layer.

Field codes are those that such exports carry in practice; they were not held against the standards' full text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hmgeo.layers.schema import plain_name
from hmgeo.vocabulary import LayerKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hmgeo.layers.journal import Journal


@dataclass(frozen=True, slots=True)
class StandardLayer:
    """A kind of export.

    Parameters
    ----------
    title
        What offices call it.
    kind
        The kind of layer it is here.
    fields
        Names of which all must be there; alternatives stand in one entry, parted by a bar.
    layers
        Beginnings of layer names that tell it, too.
    remark
        What to know about its coordinates or content.
    """

    title: str
    kind: LayerKind
    fields: tuple[str, ...]
    layers: tuple[str, ...] = ()
    remark: str = ""


STANDARD_LAYERS = (
    StandardLayer("永久基本农田图斑", LayerKind.PERMANENT_BASIC_FARMLAND, ("yjjbnttbbh|yjjbnttbmj",), ("yjjbnt",)),
    StandardLayer(
        "国土调查地类图斑（DLTB）",
        LayerKind.FARMLAND,
        ("dlbm", "tbmj|tbdlmj", "zldwdm|qsdwdm"),
        ("dltb",),
        "含全部地类，只有耕地（0101 水田、0102 水浇地、0103 旱地）作耕地",
    ),
    StandardLayer("生态保护红线", LayerKind.ECOLOGICAL_REDLINE, ("hxmc|hxbm", "hxlx|hxlb|hxmj"), ("stbhhx", "sthx")),
    StandardLayer("城镇开发边界", LayerKind.URBAN_DEVELOPMENT_BOUNDARY, ("kfbjlx|bjlx|czkfbjlx",), ("czkfbj",)),
    StandardLayer(
        "耕地土壤环境质量类别划分",
        LayerKind.FARMLAND,
        ("土壤环境质量类别|耕地土壤环境质量类别|环境质量类别|trhjzllb|hjzllb",),
        ("gdtrhjzl", "耕地土壤环境质量"),
    ),
    StandardLayer(
        "饮用水水源保护区", LayerKind.WATER_SOURCE_ZONES, ("保护区级别|保护区等级|bhqjb",), ("yyssybhq", "饮用水水源")
    ),
    StandardLayer(
        "高德 POI 导出",
        LayerKind.SENSITIVE_SITES,
        ("typecode", "adname|adcode", "pname|cityname|location"),
        (),
        "坐标一般为 GCJ-02，请用 datum 声明",
    ),
    StandardLayer(
        "百度 POI 导出",
        LayerKind.SENSITIVE_SITES,
        ("uid", "street_id|detail_info|detail", "lat|location"),
        (),
        "坐标一般为 BD-09，请用 datum 声明",
    ),
)


def recognise_standard(headers: Iterable[str], layer: str = "") -> StandardLayer | None:
    """Return which export a file is, by its layer's name or its fields; None where it is none of them.

    Examples
    --------
    >>> recognise_standard(["BSM", "DLBM", "TBMJ", "QSDWDM"]).title
    '国土调查地类图斑（DLTB）'
    >>> recognise_standard(["BSM", "YSDM"], "STBHHX").kind.value
    'ecological_redline'
    """
    known = {plain_name(header) for header in headers}
    known |= {name[len(stem) :] for name in known for stem in _STEMS if name.startswith(stem)}
    for one in STANDARD_LAYERS:
        if any(plain_name(layer).startswith(start) for start in one.layers):
            return one
        if all(known & set(names.split("|")) for names in one.fields):
            return one
    return None


_STEMS = ("地类编码", "图斑面积", "图斑地类面积", "坐落单位代码", "权属单位代码")


def note_standard(headers: Iterable[str], layer: str, kind: LayerKind, journal: Journal) -> None:
    """Write down which export a file is, and that it isn't of the kind it is used for."""
    found = recognise_standard(headers, layer)
    if found is None:
        return
    action = "按其标准字段读取" if found.kind is kind else f"照所申明的「{kind.zh}」读取，请确认"
    journal.note("标准图层", f"识别为{found.title}" + (f"；{found.remark}" if found.remark else ""), action)

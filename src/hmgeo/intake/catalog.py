"""Layers known beforehand: where the shipped ones lie and what the catalog says of them, and the offices' exports.

Also what a file's bytes add up to.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING

import yaml

from hmgeo.errors import InputError, Problem
from hmgeo.intake.formats.archive import RemoteFile
from hmgeo.intake.places.headers import plain_name
from hmgeo.rules.nodes import LOADER
from hmgeo.vocabulary import Basis, LayerKind
from hmgeo.words import one_by_one, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hmgeo.intake.rows import Journal

_SHAPEFILE_MEMBERS = frozenset({".shp", ".shx", ".dbf", ".prj", ".cpg"})
_BASES = {member.value: member for member in Basis}
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class ShippedLayer:
    """A layer of `catalog.yml`; `path` is relative to the shipped folder."""

    path: str
    kind: str
    title: str
    basis: Basis
    credit: str
    source: str
    licence: str
    vintage: str


def shipped_folder() -> Path:
    """Return the folder of the shipped layers: inside the installed package, else the checkout's `layers/`.

    Raises
    ------
    InputError
        Neither is there.
    """
    package = Path(__file__).resolve().parents[1]
    candidates = (package / "_shipped", package.parents[1] / "layers")
    for folder in candidates:
        if (folder / "catalog.yml").is_file():
            return folder
    raise InputError(
        Problem("找不到随软件提供的图层", remedy="重新安装 hmgeo，或在含有 layers 文件夹的源码目录中以可编辑方式安装")
    )


@lru_cache(maxsize=1)
def shipped_layers() -> dict[str, ShippedLayer]:
    """Return what `catalog.yml` lists, by path."""
    listed = yaml.load((shipped_folder() / "catalog.yml").read_text(encoding="utf-8"), LOADER)["layers"]  # noqa: S506 -- a safe one
    return {
        entry["path"]: ShippedLayer(
            path=entry["path"],
            kind=str(entry.get("kind", "")),
            title=str(entry.get("title", "")),
            basis=_BASES[entry.get("basis", Basis.UNDECLARED.value)],
            credit=str(entry.get("credit", "")),
            source=str(entry.get("source", "")),
            licence=str(entry.get("licence", "")),
            vintage=str(entry.get("vintage", "")),
        )
        for entry in listed
    }


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file; of the members of a shapefile or a .gdb folder, one after the other by name.

    An ASCII grid's .prj belongs to it: nothing else says where it lies.
    """
    digest = hashlib.sha256()
    for member in file_members(path):
        with member.open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                digest.update(chunk)
    return digest.hexdigest()


def file_members(path: Path) -> list[Path]:
    """Return the files that a file is made of: itself, or the members of a shapefile, a .gdb folder, a grid."""
    if path.is_dir():
        return sorted(near for near in path.iterdir() if near.is_file() and near.suffix.lower() != ".lock")
    if path.suffix.lower() == ".shp":
        near = (member for member in path.parent.iterdir() if member.stem == path.stem and _is_member(member))
        return sorted(near, key=lambda member: member.suffix.lower())
    return grid_members(path)


def grid_members(path: Path) -> list[Path]:
    """Return the files that make up a raster: itself, and for an ASCII grid its .prj."""
    if path.suffix.lower() != ".asc":
        return [path]
    return [path, *sorted(near for near in path.parent.glob("*.[pP][rR][jJ]") if near.stem == path.stem)]


def stream_sha256(stream: IO[bytes]) -> str:
    """Return the SHA-256 of what a stream still holds."""
    digest = hashlib.sha256()
    while chunk := stream.read(_CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()


def shown_path(path: Path | RemoteFile, shown_as: str) -> str:
    """Return the path as it may be printed: what the user wrote, never an absolute machine path."""
    if shown_as:
        return shown_as
    if isinstance(path, RemoteFile):
        return repr(path)
    return path.name if path.is_absolute() else path.as_posix()


def _is_member(path: Path) -> bool:
    return path.suffix.lower() in _SHAPEFILE_MEMBERS


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
    StandardLayer(
        "永久基本农田图斑",
        LayerKind.PERMANENT_BASIC_FARMLAND,
        ("yjjbnttbbh|yjjbnttbmj|yjjbntmj|jbnttbbh|jbntmj",),
        ("yjjbnt",),
    ),
    StandardLayer("环境管控单元（三线一单）", LayerKind.CONTROL_UNITS, ("hjzhgkdybm|hjzhgkdymc",), ("hjzhgkdy",)),
    StandardLayer(
        "国土调查地类图斑（DLTB）",
        LayerKind.FARMLAND,
        ("dlbm|dlmc", "tbmj|tbdlmj", "zldwdm|qsdwdm"),
        ("dltb",),
        "含全部地类，只有耕地（0101 水田、0102 水浇地、0103 旱地）作耕地",
    ),
    StandardLayer("行政区（XZQ）", LayerKind.TOWNSHIPS, ("xzqdm",), ("xzq",), "编码六位的是县级，请写 --kind counties"),
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
    for standard in STANDARD_LAYERS:
        if any(plain_name(layer).startswith(start) for start in standard.layers):
            return standard
        if all(known & set(names.split("|")) for names in standard.fields):
            return standard
    return None


_STEMS = ("地类编码", "图斑面积", "图斑地类面积", "坐落单位代码", "权属单位代码")


def note_standard(headers: Iterable[str], layer: str, kind: LayerKind, journal: Journal) -> None:
    """Write down which export a file is, and that it isn't of the kind it is used for."""
    standard = recognise_standard(headers, layer)
    if standard is None:
        return
    action = "按其标准字段读取" if standard.kind is kind else f"照所申明的「{kind.zh}」读取，请确认"
    journal.note("标准图层", one_by_one((say("standard_layer", title=standard.title), standard.remark)), action)

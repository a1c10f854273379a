"""Where the shipped layers lie and what the catalog says of them; what a file's bytes add up to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO

import yaml

from hmgeo.errors import InputError, Problem
from hmgeo.intake.formats.archive import RemoteFile
from hmgeo.vocabulary import Basis

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
    listed = yaml.safe_load((shipped_folder() / "catalog.yml").read_text(encoding="utf-8"))["layers"]
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
        near = (one for one in path.parent.iterdir() if one.stem == path.stem and _is_member(one))
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

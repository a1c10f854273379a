"""Archives: looked at before they are opened, unpacked only into a temporary folder and under names of our own."""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from hmgeo.errors import InputError, Place, Problem
from hmgeo.layers.rawtable import choose_layer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmgeo.layers.journal import Journal

MAX_MEMBERS = 10_000
MAX_TOTAL_BYTES = 8 << 30
MAX_RATIO = 300
_SMALL_BYTES = 64 << 20
_DEFLATE_AT_BEST = 1032
_CHUNK_BYTES = 1 << 20
_UTF8_FLAG = 0x800
_ENCRYPTED_FLAG = 0x1
_TAKEN = (".shp", ".gpkg", ".geojson", ".json", ".csv", ".xlsx", ".xls", ".kml", ".parquet")
_FOLDER = ".gdb"
_BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, EOFError, ValueError)


def check_zip(path: Path, place: Place, noun: str = "压缩包（zip）") -> None:
    """Refuse an archive that is damaged, locked, or would unpack to far more than it seems.

    Parameters
    ----------
    noun
        What the file is called in words; a workbook is an archive, too.

    Raises
    ------
    InputError
        With what was found and the cap.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_odd(archive.infolist(), place)
            _refuse_liars(archive)
    except _BROKEN as problem:
        raise _damaged(place, noun) from problem


@contextmanager
def unpacked(path: Path, layer: str, journal: Journal) -> Iterator[tuple[Path, str]]:
    """Unpack the one layer of a zip into a temporary folder that is gone afterwards.

    Yields
    ------
    path, layer
        The unpacked file or .gdb folder; what is left of the layer's name, for files that hold several.
    """
    place = Place(file=journal.file)
    check_zip(path, place)
    with tempfile.TemporaryDirectory(prefix="hmgeo-", ignore_cleanup_errors=True) as name:
        try:
            with zipfile.ZipFile(path) as archive:
                members = {_true_name(info): info for info in archive.infolist() if not info.is_dir()}
                chosen, rest = _choose(list(members), layer, place)
                journal.note("压缩包", f"共 {len(members)} 个文件", "解压到临时文件夹后读取，读后删除", value=chosen)
                inner = _extract(archive, members, chosen, Path(name))
        except _BROKEN as problem:
            raise _damaged(place) from problem
        yield inner, rest


def _refuse_odd(members: list[zipfile.ZipInfo], place: Place) -> None:
    if len(members) > MAX_MEMBERS:
        raise InputError(
            Problem("压缩包内文件过多", place, f"{len(members)} 个", f"不超过 {MAX_MEMBERS} 个", "只保留需要的图层")
        )
    total = sum(info.file_size for info in members)
    packed = max(sum(info.compress_size for info in members), 1)
    if total > MAX_TOTAL_BYTES or (total > _SMALL_BYTES and total / packed > MAX_RATIO):
        found = f"解压后 {total / 2**20:.0f} MB，压缩比 {total / packed:.0f}"
        allowed = f"解压后不超过 {MAX_TOTAL_BYTES >> 30} GB，超过 {_SMALL_BYTES >> 20} MB 的压缩比不超过 {MAX_RATIO}"
        raise InputError(Problem("压缩包解压后过大，已拒绝读取", place, found, allowed, "解压核对内容后直接指定文件"))
    for info in members:
        name = PurePosixPath(_true_name(info).replace("\\", "/"))
        if info.flag_bits & _ENCRYPTED_FLAG:
            raise InputError(Problem("压缩包加了密码", place, found=name.name, remedy="解压后直接指定其中的文件"))
        if name.is_absolute() or ".." in name.parts or ":" in name.parts[0]:
            raise InputError(
                Problem(
                    "压缩包内有指向文件夹之外的路径，已拒绝读取",
                    place,
                    found=str(name),
                    remedy="重新打包，只含相对路径",
                )
            )


def _refuse_liars(archive: zipfile.ZipFile) -> None:
    """Read members whose packed size could hide a bomb; zipfile checks size and checksum on the way."""
    for info in archive.infolist():
        if info.compress_size * _DEFLATE_AT_BEST > _SMALL_BYTES and info.compress_size != info.file_size:
            with archive.open(info) as stream:
                while stream.read(_CHUNK_BYTES):
                    pass


def _true_name(info: zipfile.ZipInfo) -> str:
    """Return a member's name; Chinese Windows writes GBK where the format says cp437."""
    if info.flag_bits & _UTF8_FLAG:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("gb18030")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return info.filename


def _choose(names: list[str], layer: str, place: Place) -> tuple[str, str]:
    """Return the member to read and what is left of the layer's name."""
    folders = {part for name in names for part in _folders(name)}
    files = [name for name in names if PurePosixPath(name).suffix.lower() in _TAKEN and not _folders(name)]
    listed = sorted({*files, *folders})
    if not listed:
        raise InputError(
            Problem(
                what="压缩包里没有可读取的图层",
                where=place,
                found="、".join(sorted(names)[:10]) or "空压缩包",
                allowed="、".join([*_TAKEN, _FOLDER]),
                remedy="把 shp 与同名的 dbf、prj、cpg、shx 一起打包",
            )
        )
    if len(listed) == 1:
        return listed[0], layer
    stems = {PurePosixPath(name).stem: name for name in listed}
    if layer in listed:
        return layer, ""
    return stems[choose_layer(list(stems), layer, place, "图层")], ""


def _folders(name: str) -> list[str]:
    """Return the .gdb folder that a member lies in, if it does."""
    return [str(parent) for parent in PurePosixPath(name).parents if parent.suffix.lower() == _FOLDER][:1]


def _extract(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], chosen: str, folder: Path) -> Path:
    """Write a layer's members under names of our own; return the main one."""
    path = PurePosixPath(chosen)
    if path.suffix.lower() == _FOLDER:
        target = folder / "layer.gdb"
        target.mkdir()
        for name, info in members.items():
            if str(PurePosixPath(name).parent) == chosen:
                _write(archive, info, target / PurePosixPath(name).name)
        return target
    for name, info in members.items():
        member = PurePosixPath(name)
        if member.parent == path.parent and member.stem.casefold() == path.stem.casefold():
            _write(archive, info, folder / f"layer{member.suffix.lower()}")
    return folder / f"layer{path.suffix.lower()}"


def _write(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    with archive.open(info) as stream, target.open("wb") as out:
        while chunk := stream.read(_CHUNK_BYTES):
            out.write(chunk)


def _damaged(place: Place, noun: str = "压缩包（zip）") -> InputError:
    return InputError(Problem(f"不是有效的{noun}", place, remedy="重新下载或重新导出；压缩包也可解压后直接指定文件"))

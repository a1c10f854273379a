"""Files that come packed or from an address (s3://, hdfs://, https:// …).

Accounts and endpoints come from where fsspec looks for them, its environment variables and configuration files; hmgeo
has no options of its own for them.
"""

from __future__ import annotations

import re
import tempfile
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import IO, Any, TypeAlias, TypeVar
from urllib.parse import unquote

import pyarrow.parquet as pq
from msgspec import Struct

from hmgeo.errors import HmgeoError, InputError, OutputError, Place, Problem, UsageError, without_passwords
from hmgeo.intake.rows import Journal, choose_layer
from hmgeo.vocabulary import expression

MAX_MEMBERS = 10_000
MAX_TOTAL_BYTES = 8 << 30
MAX_RATIO = 300
_SMALL_BYTES = 64 << 20
_DEFLATE_AT_BEST = 1032
_CHUNK_BYTES = 1 << 20
_UTF8_FLAG = 0x800
_ENCRYPTED_FLAG = 0x1
_TAKEN = (
    *(".shp", ".gpkg", ".geojson", ".json", ".csv", ".xlsx", ".xls", ".et", ".kml", ".kmz", ".gml", ".dxf"),
    *(".parquet", ".geoparquet"),
)
_FOLDER = ".gdb"
_BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, EOFError, ValueError)


def check_zip(path: Path, place: Place, noun: str = "压缩包（zip）") -> None:
    """Refuse the archive `path` if it is damaged, locked, or would unpack to far more than it seems; told at `place`.

    `noun`: what the file is called in words; a workbook is an archive, too. `InputError` with what was found and the
    cap.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_odd(archive.infolist(), place)
            for info in archive.infolist():  # what could hide a bomb is read: zipfile checks size and sum on the way
                if info.compress_size * _DEFLATE_AT_BEST > _SMALL_BYTES and info.compress_size != info.file_size:
                    with archive.open(info) as stream:
                        while stream.read(_CHUNK_BYTES):
                            pass
    except _BROKEN as problem:
        raise _damaged(place, noun) from problem


@contextmanager
def unpacked(path: Path, layer: str, journal: Journal) -> Iterator[tuple[Path, str]]:
    """Unpack the one `layer` of the zip `path` into a temporary folder that is gone afterwards; `journal` is told.

    The unpacked file or .gdb folder; what is left of the layer's name, for files that hold several.
    """
    place = Place(file=journal.file)
    check_zip(path, place)
    with tempfile.TemporaryDirectory(prefix="hmgeo-", ignore_cleanup_errors=True) as name:
        try:
            with zipfile.ZipFile(path) as archive:
                members = {_true_name(info): info for info in archive.infolist() if not info.is_dir()}
                members = {name: info for name, info in members.items() if not _NO_LAYER.search(name)}
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
        sizes = f"解压后 {total / 2**20:.0f} MB，压缩比 {total / packed:.0f}"
        allowed = f"解压后不超过 {MAX_TOTAL_BYTES >> 30} GB，超过 {_SMALL_BYTES >> 20} MB 的压缩比不超过 {MAX_RATIO}"
        raise InputError(Problem("压缩包解压后过大，已拒绝读取", place, sizes, allowed, "解压核对内容后直接指定文件"))
    for info in members:
        name = PurePosixPath(_true_name(info).replace("\\", "/"))
        if info.flag_bits & _ENCRYPTED_FLAG:
            raise InputError(Problem("压缩包加了密码", place, found=name.name, remedy="解压后直接指定其中的文件"))
        if name.is_absolute() or ".." in name.parts or ":" in name.parts[0]:
            what = "压缩包内有指向文件夹之外的路径，已拒绝读取"
            raise InputError(Problem(what, place, found=str(name), remedy="重新打包，只含相对路径"))


_NO_LAYER = expression(r"(?:^|/)(?:__MACOSX/|\._|\.DS_Store$|~\$|\.~)")
"""What macOS adds to archives beside each file, and what Excel and WPS leave beside an open one."""


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
        found = "、".join(sorted(names)[:10]) or "空压缩包"
        allowed = "、".join([*_TAKEN, _FOLDER])
        remedy = "把 shp 与同名的 dbf、prj、cpg、shx 一起打包"
        raise InputError(Problem("压缩包里没有可读取的图层", place, found=found, allowed=allowed, remedy=remedy))
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


_ADDRESS = expression(r"[A-Za-z][A-Za-z0-9+.-]+(?:://|::)")
_MANGLED = expression(r"[A-Za-z][A-Za-z0-9+.-]+:/{1,2}")
_OWN_DISK = expression(r"(?:file|local)://(?:localhost)?(?=/)", re.IGNORECASE)
_QUERY = expression(r"(://[^\s?#'\"]*)[?#][^\s'\"]*")
_BARE_QUERY = expression(r"\?[\w.%-]+=[^\s'\"]*")
_READ_AHEAD_BYTES = 1 << 16
_REFUSED = frozenset({401, 403})
_ACCOUNT = "用 fsspec 的环境变量或配置文件给出账号（如 AWS_ACCESS_KEY_ID、FSSPEC_S3_KEY），每台工作机都要有"


class RemoteFile(Struct, frozen=True):
    """A file that fsspec opens; travels to workers, shows no secret.

    `address`: as fsspec takes it, chained ones (`zip://a.parquet::s3://b/c.zip`) too; may hold accounts and
    signatures.
    """

    address: str

    def __repr__(self) -> str:
        """Return the address without accounts, passwords and signatures; schedulers print it in their logs."""
        return without_secrets(self.address)

    @property
    def name(self) -> str:
        """The last part of its path."""
        named = [part.partition("://")[2] for part in repr(self).split("::")]
        return PurePosixPath(next(filter(None, named), "")).name

    @property
    def stem(self) -> str:
        """The name without its suffix."""
        return PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        """The name's suffix, its dot included."""
        return PurePosixPath(self.name).suffix

    @contextmanager
    def reading(self) -> Iterator[IO[bytes]]:
        """Open it for reading here and there.

        `InputError`: it isn't there, isn't ours to read, or stops coming.
        `UsageError`: the address's protocol is unknown, or what it needs isn't installed.
        """
        with self.telling():
            system, path = _system(self.address)
            stream = system.open(path, "rb", block_size=_READ_AHEAD_BYTES)
        try:
            yield _Told(stream, self)  # type: ignore[misc]  # what pyarrow needs of a file
        finally:
            stream.close()

    def must_be_known(self) -> None:
        """Find out before hours of work whether the address's protocol is known and installed.

        `OutputError` or `UsageError` as `reading`.
        """
        with self.telling(OutputError):
            _system(self.address)

    def put(self, file: Path) -> None:
        """Write a local file to this address; it appears when it is whole, where the storage knows how.

        `OutputError` or `UsageError` as `reading`.
        """
        with self.telling(OutputError):
            system, path = _system(self.address)
            with system.transaction, system.open(path, "wb") as target, file.open("rb") as source:
                while chunk := source.read(1 << 22):
                    target.write(chunk)

    @contextmanager
    def telling(self, kind: type[HmgeoError] = InputError) -> Iterator[None]:
        """Say in words, as an error of a `kind`, what goes wrong with the address; many libraries stand behind it."""
        try:
            yield
        except HmgeoError:
            raise
        except Exception as error:
            raise _in_words(_cause(error), self, kind) from error


Stored: TypeAlias = Path | RemoteFile
"""A file on this machine's disks, or by address."""


class _Told:
    """A stream whose failures are told in words."""

    def __init__(self, stream: IO[bytes], file: RemoteFile) -> None:
        self._stream, self._file = stream, file

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- whatever else a stream has
        return getattr(self._stream, name)

    def read(self, size: int = -1) -> bytes:
        with self._file.telling():
            return self._stream.read(size)

    def seek(self, place: int, whence: int = 0) -> int:
        with self._file.telling():
            return self._stream.seek(place, whence)


def stored_at(text: str | Path) -> Stored:
    """Return what a text names: a path, or a file by address; `file:///…` is a path.

    >>> stored_at("s3://key:secret@bucket/a/parcels.parquet?sign=1")
    s3://bucket/a/parcels.parquet
    >>> stored_at("file:///data/parcels.parquet").as_posix()
    '/data/parcels.parquet'
    """
    if isinstance(text, Path):
        return text
    own = _OWN_DISK.match(text)
    if own and "::" not in text:
        path = Path(text[own.end() :])
        return path if path.exists() else Path(unquote(str(path)))
    return RemoteFile(text) if _ADDRESS.match(text) else Path(text)


def without_secrets(text: str) -> str:
    """Return a text with the accounts, queries and fragments of all addresses in it left out.

    >>> without_secrets("403 for https://me:word@host:8080/a.parquet?X-Amz-Signature=f00, retry")
    '403 for https://host:8080/a.parquet retry'
    """
    return _BARE_QUERY.sub("", _QUERY.sub(r"\1", without_passwords(text)))


def refuse_address(path: Path, shown: str) -> None:
    """Refuse `path`, or `shown`, what the user wrote, if it is an address; a `Path` made of one has lost a slash.

    `InputError`: it is one.
    """
    written = next((text for text in (shown, path.as_posix()) if _MANGLED.match(text)), "")
    if written:
        where = Place(file=without_secrets(_MANGLED.sub(lambda match: f"{match[0].rstrip('/')}//", written)))
        remedy = "下载到本机再用；hmgeo pairs 的 --receptors 可以写 parquet 文件的地址"
        raise InputError(Problem("这里只读本机文件，不读网络地址", where, remedy=remedy))


def refuse_format(file: RemoteFile) -> None:
    """Refuse what can't be read in parts over a network.

    `InputError`: it is no Parquet file.
    """
    if file.suffix.lower() != ".parquet":
        place, suffix = Place(file=repr(file)), file.suffix or file.name
        remedy = "下载到本机再用，或用 hmgeo layers pack 打包成 parquet 再放上去"
        raise InputError(Problem("按地址只能读 parquet 文件", place, found=suffix, allowed=".parquet", remedy=remedy))


@contextmanager
def opened_parquet(stored: Stored, coded: tuple[str, ...] = ()) -> Iterator[pq.ParquetFile]:
    """Open `stored` wherever it is; of a file by address only footer and asked-for row groups travel.

    Columns in `coded` are read as numbers into a dictionary.

    `InputError` or `UsageError` as `RemoteFile.reading`; pyarrow's own errors for what is no Parquet.
    """
    if isinstance(stored, RemoteFile):
        with stored.reading() as stream, pq.ParquetFile(stream, read_dictionary=list(coded), pre_buffer=True) as file:
            yield file
    else:
        with pq.ParquetFile(stored, read_dictionary=list(coded), pre_buffer=False, buffer_size=_PIECE_BYTES) as file:
            yield file


_PIECE_BYTES = 1 << 20
"""Of a column read at once: else a row group of a million rows is held whole, and the one before it, too."""


def _system(address: str) -> tuple[Any, str]:
    try:
        core = import_module("fsspec.core")
    except ImportError as problem:
        place = Place(file=without_secrets(address))
        raise UsageError(Problem("按地址读写文件需要 fsspec", place, remedy='pip install "hmgeo[dask]"')) from problem
    system, path = core.url_to_fs(address)
    return system, path


def _cause(error: Exception) -> BaseException:
    """Return what lies behind a file that is said to be missing: servers that refuse or don't answer count as that."""
    behind = error.__cause__
    if not isinstance(error, FileNotFoundError) or behind is None:
        return error
    is_network = isinstance(behind, OSError) and type(behind).__module__ != "builtins"
    return behind if is_network or getattr(behind, "status", 0) in _REFUSED else error


def _in_words(error: BaseException, file: RemoteFile, kind: type[HmgeoError]) -> HmgeoError:
    place = Place(file=repr(file))
    lines = without_secrets(str(error).replace(file.address, repr(file))).splitlines() or [""]
    shown = f"{type(error).__name__} {lines[0]}".strip()[:200]
    names = " ".join(base.__name__ for base in type(error).__mro__)
    if isinstance(error, ImportError):
        needed = getattr(error.__cause__, "name", None) or error.name
        remedy = f"pip install {needed.partition('.')[0]}" if needed else "安装括号中所说的 Python 包"
        return UsageError(Problem("没有安装这种地址所需的包", place, found=lines[0], remedy=remedy))
    if isinstance(error, ValueError) and "Protocol not known" in lines[0]:
        remedy = "核对地址；本机文件不写协议"
        allowed = "fsspec 认识的协议，如 s3、hdfs、https、oss、sftp"
        return UsageError(Problem("不认识地址开头的协议", place, found=lines[0], allowed=allowed, remedy=remedy))
    if isinstance(error, FileNotFoundError):
        return kind(Problem("文件不存在", place, remedy="核对地址"))
    if "Credential" in names or "Auth" in names:
        return kind(Problem("没有账号，或账号无效", place, found=shown, remedy=_ACCOUNT))
    if isinstance(error, PermissionError) or getattr(error, "status", 0) in _REFUSED:
        return kind(Problem("没有权限", place, found=shown, remedy=f"核对账号的权限；{_ACCOUNT}"))
    remedy = "核对地址和网络；服务器须能按字节范围读取，否则下载到本机再用"
    return kind(Problem("按地址读写失败", place, found=shown, remedy=remedy))


Made = TypeVar("Made")


def made_aside(make: Callable[[], Made]) -> Made:
    """Return what `make` makes, a call that hears no Ctrl-C for many seconds; this thread waits for it and hears."""
    made: list[Made] = []
    faults: list[BaseException] = []

    def work() -> None:
        try:
            made.append(make())
        except BaseException as fault:  # noqa: BLE001 -- raised where it was asked for
            faults.append(fault)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    while worker.is_alive():
        worker.join(0.1)  # without an end it hears nothing on Windows
    if faults:
        raise faults[0]
    return made[0]


_SURVEYED_BYTES = 4 << 20
_MOST_CELLS = 40_000_000
_MARKS = (b"<f>", b"<f ", b't="e"')
_SHEET_NAME = expression(r"/?xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_LETTERS = expression(rb' r="([A-Z]{1,10})\d')
_NUMBERS = expression(rb' r="[A-Z]{1,10}(\d{1,12})"')
_LONGEST_REFERENCE = 30


def survey_workbook(path: Path, place: Place) -> set[bytes]:
    """Return which of the marks of formulas and errors stand in the sheets of an xlsx; refuse sheets spread too far.

    The fast reader lays every sheet out as one full rectangle, and ends the whole process where that doesn't fit.
    """
    marks: set[bytes] = set()
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if _SHEET_NAME.fullmatch(info.filename):
                with archive.open(info) as stream:
                    marks |= _survey_sheet(stream, place)
    return marks


def _survey_sheet(stream: IO[bytes], place: Place) -> set[bytes]:
    marks: set[bytes] = set()
    columns: set[bytes] = set()
    last_row, tail = 0, b""
    while chunk := stream.read(_SURVEYED_BYTES):
        text = tail + chunk
        marks |= {mark for mark in _MARKS if mark in text}
        columns.update(_LETTERS.findall(text))
        last_row = max(last_row, *map(int, set(_NUMBERS.findall(text))), 0)
        tail = text[-_LONGEST_REFERENCE:]
    width = max(map(_column_number, columns), default=0)
    if last_row * width > _MOST_CELLS:
        what = "工作表的单元格散布过远，已拒绝读取"
        found = f"用到第 {last_row} 行、第 {width} 列"
        remedy = "删除表格之外的单元格（选中后清除内容和格式），或把表格复制到新工作簿"
        raise InputError(Problem(what, place, found=found, allowed=f"行数乘列数不超过 {_MOST_CELLS}", remedy=remedy))
    return marks


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number

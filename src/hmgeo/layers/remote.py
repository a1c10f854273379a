"""Files by address (s3://, hdfs://, https:// …), opened by fsspec; their secrets are never shown.

Accounts and endpoints come from where fsspec looks for them, its environment variables and configuration files; hmgeo
has no options of its own for them.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, TypeAlias
from urllib.parse import unquote

import pyarrow.parquet as pq

from hmgeo.errors import HmgeoError, InputError, OutputError, Place, Problem, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+(?:://|::)")
_MANGLED = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/{1,2}")
_OWN_DISK = re.compile(r"(?:file|local)://(?:localhost)?(?=/)", re.IGNORECASE)
_USER = re.compile(r"(://)(?:(?:(?!::)[^/\s])*@|[^/@:\s]*:(?!:|\d{1,5}/)(?:(?!::)[^\s])*@)")
_QUERY = re.compile(r"(://[^\s?#'\"]*)[?#][^\s'\"]*")
_BARE_QUERY = re.compile(r"\?[\w.%-]+=[^\s'\"]*")
_READ_AHEAD_BYTES = 1 << 16
_REFUSED = frozenset({401, 403})
_ACCOUNT = "用 fsspec 的环境变量或配置文件给出账号（如 AWS_ACCESS_KEY_ID、FSSPEC_S3_KEY），每台工作机都要有"


@dataclass(frozen=True, slots=True, repr=False)
class RemoteFile:
    """A file that fsspec opens; travels to workers, shows no secret.

    Parameters
    ----------
    address
        As fsspec takes it, chained ones (`zip://a.parquet::s3://b/c.zip`) too; may hold accounts and signatures.
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

        Raises
        ------
        InputError
            It isn't there, isn't ours to read, or stops coming.
        UsageError
            The address's protocol is unknown, or what it needs isn't installed.
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

        Raises
        ------
        OutputError, UsageError
            As `reading`.
        """
        with self.telling(OutputError):
            _system(self.address)

    def put(self, file: Path) -> None:
        """Write a local file to this address; it appears when it is whole, where the storage knows how.

        Raises
        ------
        OutputError, UsageError
            As `reading`.
        """
        with self.telling(OutputError):
            system, path = _system(self.address)
            with system.transaction, system.open(path, "wb") as target, file.open("rb") as source:
                while chunk := source.read(1 << 22):
                    target.write(chunk)

    @contextmanager
    def telling(self, kind: type[HmgeoError] = InputError) -> Iterator[None]:
        """Say in words what goes wrong with the address; libraries of all kinds stand behind it."""
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

    @property
    def closed(self) -> bool:
        return self._stream.closed

    def read(self, size: int = -1) -> bytes:
        with self._file.telling():
            return self._stream.read(size)

    def seek(self, place: int, whence: int = 0) -> int:
        with self._file.telling():
            return self._stream.seek(place, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._stream.seekable()

    def close(self) -> None:
        self._stream.close()


def stored_at(text: str | Path) -> Stored:
    """Return what a text names: a path, or a file by address; `file:///…` is a path.

    Examples
    --------
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

    Examples
    --------
    >>> without_secrets("403 for https://me:word@host:8080/a.parquet?X-Amz-Signature=f00, retry")
    '403 for https://host:8080/a.parquet retry'
    """
    return _BARE_QUERY.sub("", _QUERY.sub(r"\1", _USER.sub(r"\1", text)))


def refuse_address(path: Path, shown: str) -> None:
    """Refuse an address where only a path will do; a `Path` made of one has lost a slash.

    Raises
    ------
    InputError
        It is one.
    """
    written = next((text for text in (shown, path.as_posix()) if _MANGLED.match(text)), "")
    if written:
        where = Place(file=without_secrets(_MANGLED.sub(lambda found: f"{found[0].rstrip('/')}//", written)))
        remedy = "下载到本机再用；hmgeo pairs 的 --receptors 可以写 parquet 文件的地址"
        raise InputError(Problem("这里只读本机文件，不读网络地址", where, remedy=remedy))


def refuse_format(file: RemoteFile) -> None:
    """Refuse what can't be read in parts over a network.

    Raises
    ------
    InputError
        It is no Parquet file.
    """
    if file.suffix.lower() != ".parquet":
        place, found = Place(file=repr(file)), file.suffix or file.name
        remedy = "下载到本机再用，或用 hmgeo layers pack 打包成 parquet 再放上去"
        raise InputError(Problem("按地址只能读 parquet 文件", place, found=found, allowed=".parquet", remedy=remedy))


@contextmanager
def opened_parquet(stored: Stored, coded: tuple[str, ...] = ()) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file wherever it is; of one by address only footer and asked-for row groups travel.

    Columns in `coded` are read as numbers into a dictionary.

    Raises
    ------
    InputError, UsageError
        As `RemoteFile.reading`; pyarrow's own errors for what is no Parquet.
    """
    if isinstance(stored, RemoteFile):
        with stored.reading() as stream, pq.ParquetFile(stream, read_dictionary=list(coded), pre_buffer=True) as file:
            yield file
    else:
        with pq.ParquetFile(stored, read_dictionary=list(coded)) as file:
            yield file


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
    said = without_secrets(str(error).replace(file.address, repr(file))).splitlines() or [""]
    found = f"{type(error).__name__} {said[0]}".strip()[:200]
    names = " ".join(one.__name__ for one in type(error).__mro__)
    if isinstance(error, ImportError):
        needed = getattr(error.__cause__, "name", None) or error.name
        remedy = f"pip install {needed.partition('.')[0]}" if needed else "安装括号中所说的 Python 包"
        return UsageError(Problem("没有安装这种地址所需的包", place, found=said[0], remedy=remedy))
    if isinstance(error, ValueError) and "Protocol not known" in said[0]:
        remedy = "核对地址；本机文件不写协议"
        allowed = "fsspec 认识的协议，如 s3、hdfs、https、oss、sftp"
        return UsageError(Problem("不认识地址开头的协议", place, found=said[0], allowed=allowed, remedy=remedy))
    if isinstance(error, FileNotFoundError):
        return kind(Problem("文件不存在", place, remedy="核对地址"))
    if "Credential" in names or "Auth" in names:
        return kind(Problem("没有账号，或账号无效", place, found=found, remedy=_ACCOUNT))
    if isinstance(error, PermissionError) or getattr(error, "status", 0) in _REFUSED:
        return kind(Problem("没有权限", place, found=found, remedy=f"核对账号的权限；{_ACCOUNT}"))
    remedy = "核对地址和网络；服务器须能按字节范围读取，否则下载到本机再用"
    return kind(Problem("按地址读写失败", place, found=found, remedy=remedy))

"""A file or folder appears whole or not at all, beside others' files, which never give way.

Files are made in `NAME.hmgeo-tmp/new` beside their place, a folder that is ours alone: it carries a marker, and a lock
that ends with the process. The marker says who writes (schema, run, host, process, start). Whoever gets the lock knows
that the writer is gone, however it ended, and its process id need not be asked for, which another process may bear by
now. What lies at the place gives way only where our own record (a manifest with sizes and sums) lists it and it is
still what we wrote. All else stays where it is and is never moved. A run that would come out as it lies there is kept.
"""

from __future__ import annotations

import datetime as dt
import errno
import hashlib
import json
import os
import platform
import shlex
import shutil
import sys
import tempfile
import time
import uuid
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from msgspec import Struct

import hmgeo
from hmgeo.errors import HmgeoError, OutputError, Place, Problem, UsageError, raise_problems
from hmgeo.intake.catalog import shipped_folder
from hmgeo.reference.machine import cache_folder, noted_run, program_sum, sum_of, surroundings_sum
from hmgeo.words import unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from io import FileIO

    from hmgeo.intake.formats.archive import Stored
    from hmgeo.project.spec import ProjectSpec


if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


SUFFIX = ".hmgeo-tmp"
MARKER_NAME = "hmgeo.json"
SWAP_NAME = "swap.json"
"""Lies in the folder while files are being put in place; a folder that holds it isn't dropped."""
SCHEMA = 1
_BESIDE_THE_TEXT = 1 << 20
"""Byte of the marker that is locked on Windows, where nobody reads what is locked."""
_TRIES = 100


@contextmanager
def own_folder(temporary: Path, out: Path, go_on: Callable[[], None]) -> Iterator[None]:
    """Make folder `temporary` (parents made), for `out` in words, this process's own and empty; drop it afterwards.

    `go_on` finishes a swap that a killed process left there. OutputError where another writes there or may, or the name
    is taken.
    """
    missing = [parent for parent in temporary.parents if not parent.exists()]
    temporary.parent.mkdir(parents=True, exist_ok=True)
    try:
        marker = _take(temporary, out, go_on)
        try:
            yield
        finally:
            _release(marker, temporary)
    except BaseException:
        with suppress(OSError):  # holds something else meanwhile
            for parent in missing:
                parent.rmdir()
        raise


def _take(temporary: Path, out: Path, go_on: Callable[[], None]) -> FileIO:
    """Return the marker of a folder that is ours alone, open and locked."""
    marker = temporary / MARKER_NAME
    for _ in range(_TRIES):
        if temporary.is_symlink() or _is_strange(temporary):
            remedy = "把它移走或改名，或换一个输出位置"
            raise OutputError(Problem("临时文件夹的名称被占用，未作改动", Place(file=str(temporary)), remedy=remedy))
        try:
            temporary.mkdir(exist_ok=True)
            stream = marker.open("a+b", buffering=0)
        except FileNotFoundError:  # dropped by its owner in this moment
            continue
        try:
            if _take_over(stream, temporary, out, go_on):
                return stream
        except BaseException:
            stream.close()
            raise
        stream.close()
    raise OutputError(Problem("另一次运行正在写这里", Place(file=str(out)), remedy="等它结束，或换一个输出位置"))


def _take_over(stream: FileIO, temporary: Path, out: Path, go_on: Callable[[], None]) -> bool:
    """Sign a marker once it is known that nobody else works there; False where it was dropped in this moment."""
    is_free = _lock(stream)
    stream.seek(0)
    text = stream.read()
    owner = _owner(text)
    if is_free is False:
        remedy = "等它结束，或换一个输出位置"
        _refuse("另一次运行正在写这里", out, owner, remedy)
    if not _is_still(stream, temporary / MARKER_NAME):
        return False
    if text and (owner is None or is_free is None or owner["host"] != platform.node()):
        remedy = f"确认没有运行后删除文件夹 {temporary.name} 再试，或换一个输出位置"
        _refuse("另一台机器正在写这里，或写到一半中断", out, owner, remedy)
    try:
        if (temporary / SWAP_NAME).is_file():
            go_on()
        _clear(temporary)
        stream.truncate(0)
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        signed = {"program": "hmgeo", "schema": SCHEMA, "run": uuid.uuid4().hex, "host": platform.node()}
        stream.write(json.dumps({**signed, "pid": os.getpid(), "started": now}).encode())
    except OSError:
        _release(stream, temporary)
        raise
    return True


def _refuse(what: str, out: Path, owner: Mapping[str, Any] | None, remedy: str) -> NoReturn:
    who = "" if owner is None else f"主机 {owner['host']}，进程 {owner['pid']}，{owner['started']} 开始"
    raise OutputError(Problem(what, Place(file=str(out)), who, remedy=remedy))


def _owner(text: bytes) -> dict[str, Any] | None:
    """Return what a marker says; None where it isn't ours, or not written yet."""
    try:
        lock = json.loads(text)
        is_ours = lock["program"] == "hmgeo" and {"host", "pid", "started"} <= set(lock)
    except (ValueError, KeyError, TypeError):
        return None
    return lock if is_ours else None


def _is_strange(temporary: Path) -> bool:
    """Tell whether a folder with our temporary name holds something without our marker, which is dropped last."""
    if not temporary.is_dir():
        return temporary.exists()
    return not (temporary / MARKER_NAME).exists() and any(temporary.iterdir())


def _lock(stream: FileIO) -> bool | None:
    """Lock a marker until this process ends; False where another one holds it, None where the disk knows no locks."""
    try:
        if sys.platform == "win32":
            stream.seek(_BESIDE_THE_TEXT)
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno in {errno.EACCES, errno.EAGAIN, errno.EDEADLK} else None
    return True


def _is_still(stream: FileIO, marker: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(stream.fileno()), marker.stat())
    except FileNotFoundError:
        return False


def _clear(temporary: Path) -> None:
    for path in temporary.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != MARKER_NAME:
            path.unlink()


def _release(marker: FileIO, temporary: Path) -> None:
    """Drop the temporary folder, its marker last, unless a swap in it isn't finished; never raise over an error."""
    with suppress(OSError), marker:
        if (temporary / SWAP_NAME).exists():
            return
        _clear(temporary)
        if sys.platform == "win32":  # nothing open is dropped there
            marker.close()
        (temporary / MARKER_NAME).unlink()
        temporary.rmdir()


MANIFEST_NAME = "manifest.json"
DATA, PRINT = "data", "print"
"""What programs read, and what goes to the printer; what people open lies on top."""
RUN_SCHEMA = 2
"""Of run folders. In one of schema 1 everything lay on top, the manifest among it."""
RUN_MANIFEST = f"{DATA}/{MANIFEST_NAME}"
_NEW, _OLD = "new", "old"
_WRITTEN = "hmgeo-written.txt"
_WRITTEN_BYTES, _WRITTEN_KEPT = 200_000, 1_000
_WRITERS = frozenset({"sqlite3", "xlsxwriter"})
"""Libraries that only write here, and whose errors are no `OSError`."""


class _Ground(Struct, frozen=True):
    """A place to write to: `record` lists what gives way (empty: nothing), `names` what goes among others' files."""

    folder: Path
    record: str = ""
    names: tuple[str, ...] = ()

    def earlier(self) -> dict[str, dict[str, Any] | None]:
        """Return what gives way, the record first: name, and what it must still be."""
        known = (self.record,) if self.names or not self.record else (RUN_MANIFEST, MANIFEST_NAME)
        records = {name: listed for name in known if (listed := _listed(self.folder / name)) is not None}
        listed_ = {name: entry for listed in records.values() for name, entry in listed.items()}
        chosen = {name: listed_[name] for name in self.names if name in listed_} if self.names else listed_
        return {**dict.fromkeys(records), **chosen}

    def check(self, written: Iterable[str]) -> None:
        """Refuse where something of somebody else's would have to give way."""
        earlier = self.earlier()
        others = self.folder.iterdir() if self.folder.is_dir() else ()
        if not (self.names or earlier) and any(path.name != SUFFIX for path in others):
            what = f"{MANIFEST_NAME} 不是 hmgeo 写出的" if (self.folder / MANIFEST_NAME).is_file() else ""
            where, remedy = Place(file=str(self.folder)), "换一个空文件夹或新名称"
            raise OutputError(Problem("输出文件夹里有别的内容，未作改动", where, what, remedy=remedy))
        raise_problems(OutputError, _in_the_way(self.folder, earlier, written, None))


@contextmanager
def whole_folder(out: Path, inputs: Sequence[Path], *, record: str = MANIFEST_NAME) -> Iterator[Path]:
    """Give a temporary folder to fill; put its files at `out` if all went well, drop them otherwise.

    `OutputError` where `out` holds something else, an input, or a file of ours that was changed since; where another
    run is writing there; or where it can't be written (full, locked, no permission).

    Parameters
    ----------
    out
        Must be absent, empty, or hold a manifest of ours, of this or the older layout. Files there that it doesn't
        list stay untouched.
    inputs
        Files that were read; none may lie inside `out`.
    record
        The manifest that is written with the files; empty where `out` must be absent or empty.
    """
    out = _resolved(out)
    place = Place(file=str(out))
    if out.exists() and not out.is_dir():
        raise OutputError(Problem("输出位置是一个文件", place, remedy="改用一个文件夹"))
    inside = [path for path in inputs if path.resolve().is_relative_to(out)]
    if inside:
        raise OutputError(
            Problem("输出文件夹里有本次的输入文件，未作改动", place, found=inside[0].name, remedy="换一个输出文件夹")
        )
    with _staged(out, _Ground(out, record)) as new:
        yield new


@contextmanager
def files_among_others(out: Path, names: Sequence[str], *, record: str) -> Iterator[Path]:
    """Do as `whole_folder` in a folder `out` that others use: `names` go there, listed in our `record`.

    `OutputError` before anything is made, where one of the names is taken by a file that isn't ours; else as
    `whole_folder`.
    """
    out = _resolved(out)
    if out.exists() and not out.is_dir():
        raise OutputError(Problem("输出位置是一个文件", Place(file=str(out)), remedy="改用一个文件夹"))
    with _staged(out, _Ground(out, record, (*names, record))) as new:
        yield new
        listed = {name: entry for name, entry in (_listed(out / record) or {}).items() if (out / name).exists()}
        write_record(new, {"schema": SCHEMA, "versions": {}, "outputs": listed | entries(new)}, record)


def ending_of(out: Path, allowed: Sequence[str], key: str = "--out") -> str:
    """Return the ending of `out`, told by `key`, in small letters: the kind of file that it becomes.

    `UsageError`: none of the `allowed`, so that the file wouldn't be what its name says. `OutputError`: a device.
    """
    ending = out.suffix.lower()
    if ending not in allowed and not _resolved(out).is_dir():  # a folder is told by `whole_file`
        remedy = f"如 {out.stem}{allowed[0]}"
        raise UsageError(Problem("写不成这种文件", Place(key=key), out.name, "、".join(allowed), remedy))
    return ending


@contextmanager
def whole_file(out: Path, inputs: Sequence[Path], *besides: str) -> Iterator[Path]:
    """Give a temporary name for a file; put it at `out` if all goes well, else drop it; never over `inputs`.

    `besides`: names of files that are written beside the temporary one and go where it goes.

    `OutputError` where `out` is a folder, an input, or a file that we didn't write or that was changed since; where
    it is being written, or can't be written.
    """
    out = _resolved(out)
    place = Place(file=out.name)
    names = (*besides, out.name)
    if out.is_dir():
        raise OutputError(Problem("输出位置是一个文件夹", place, remedy="写明文件名"))
    read = {path.resolve() for path in inputs}
    if any(out.with_name(name) in read for name in names):
        raise OutputError(Problem("输出文件就是本次的输入文件，未作改动", place, remedy="换一个文件名"))
    with _staged(out, None) as new:
        _refuse_unknown(out.with_name(name) for name in names)
        yield new / out.name
        _refuse_unknown(out.with_name(name) for name in names)
        for name in names:
            remember(new / name)
            (new / name).replace(out.with_name(name))


def _resolved(out: Path) -> Path:
    """Return where a path leads, so that links and .. hide no input; refuse devices, pipes and open streams."""
    stream = str(Path(os.path.abspath(out)))  # noqa: PTH100 -- where a link like /dev/stdout leads depends on the shell
    is_stream = stream.startswith(("/dev/", "/proc/")) and not stream.startswith("/dev/shm/")  # noqa: S108 -- a disk
    if is_stream or (out.exists() and not (out.is_file() or out.is_dir())):
        remedy = "结果要写成完整的文件，写明一个文件名"
        raise OutputError(Problem("输出位置是设备或管道，未写出", Place(file=str(out)), remedy=remedy))
    return out.resolve()


def _refuse_unknown(paths: Iterable[Path]) -> None:
    """Refuse names taken by what this user's hmgeo didn't write, or what was changed since."""
    taken = [path for path in paths if os.path.lexists(path)]
    known = _written() if taken else frozenset()
    remedy = "移走或改名后重试，或换一个文件名"
    raise_problems(
        OutputError,
        [
            Problem("已有同名文件，不是 hmgeo 写出的，或写出后改动过，未作改动", Place(file=str(path)), remedy=remedy)
            for path in taken
            if not (path.is_file() and not path.is_symlink() and entry_of(path)["sha256"] in known)
        ],
    )


def remember(path: Path) -> None:
    """Note the sum of `path`, which is about to lie under a name of the user's, so that it may give way later."""
    notes = cache_folder() / _WRITTEN
    with suppress(OSError):
        notes.parent.mkdir(parents=True, exist_ok=True)
        if notes.is_file() and notes.stat().st_size > _WRITTEN_BYTES:
            kept = notes.read_text(encoding="ascii").splitlines()[-_WRITTEN_KEPT:]
            shorter = notes.with_name(f"{_WRITTEN}.{os.getpid()}")
            shorter.write_text("".join(f"{line}\n" for line in kept), encoding="ascii")
            shorter.replace(notes)
        with notes.open("a", encoding="ascii") as stream:
            stream.write(f"{entry_of(path)['sha256']}\n")


def _written() -> frozenset[str]:
    try:
        return frozenset((cache_folder() / _WRITTEN).read_text(encoding="ascii").splitlines())
    except (OSError, UnicodeError):
        return frozenset()


@contextmanager
def whole_files(outs: Iterable[Path], inputs: Sequence[Path]) -> Iterator[list[Path]]:
    """Do as `whole_file` for files that belong together: all are there in the end, or none."""
    with ExitStack() as stack:
        yield [stack.enter_context(whole_file(out, inputs)) for out in dict.fromkeys(map(_resolved, outs))]


@contextmanager
def whole_stored(out: Stored, inputs: Sequence[Stored]) -> Iterator[Path]:
    """Do as `whole_file`, also with addresses for `out` and `inputs`; what goes to one is sent when it is whole.

    `OutputError` or `UsageError` as `whole_file` and `RemoteFile.put`.
    """
    if isinstance(out, Path):
        with whole_file(out, [path for path in inputs if isinstance(path, Path)]) as temporary:
            yield temporary
        return
    if out in inputs:
        raise OutputError(Problem("输出文件就是本次的输入文件，未作改动", Place(file=repr(out)), remedy="换一个文件名"))
    out.must_be_known()
    with _telling(Path(out.name)), tempfile.TemporaryDirectory(prefix="hmgeo-", ignore_cleanup_errors=True) as folder:
        temporary = Path(folder) / "out"
        yield temporary
        out.put(temporary)


def entries(folder: Path, but: str = MANIFEST_NAME) -> dict[str, dict[str, Any]]:
    """Return size and sum of each file of `folder` as a manifest lists them; `but`, the record, left out."""
    return {name: entry_of(folder / name) for name in folder_files(folder) if name != but}


def write_record(folder: Path, facts: Mapping[str, Any], name: str = MANIFEST_NAME) -> None:
    """Write `facts` as manifest `name` of `folder`: `schema`, `versions` and `outputs` make it ours."""
    versions = {"hmgeo": hmgeo.__version__, **facts.get("versions", {})}
    text = json.dumps({**facts, "versions": versions}, ensure_ascii=False, indent=1)
    (folder / name).write_text(f"{text}\n", encoding="utf-8", newline="\n")


def folder_files(folder: Path) -> list[str]:
    """Return the files of a folder by their names relative to it, in order."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@contextmanager
def _staged(out: Path, ground: _Ground | None) -> Iterator[Path]:
    """Give an empty folder that this process alone writes to; with a ground its files are swapped in at the end."""
    with _telling(out):
        temporary = _temporary(out)
        with own_folder(temporary, out, lambda: _swap(temporary, out)):
            if ground is not None:
                ground.check(ground.names)
            new = temporary / _NEW
            new.mkdir()
            yield new
            if ground is not None:
                ground.check(folder_files(new))
                _put(temporary, ground)


def _temporary(out: Path) -> Path:
    """Return the folder to write in: beside `out`, or in it where it is a disk of its own or nothing may lie beside."""
    beside = out.with_name(out.name + SUFFIX) if out.name else out / SUFFIX
    if not out.is_dir():
        return beside
    is_own_disk = out.stat().st_dev != out.parent.stat().st_dev
    return out / SUFFIX if is_own_disk or not os.access(out.parent, os.W_OK) else beside


@contextmanager
def _telling(out: Path) -> Iterator[None]:
    """Say in words why writing failed."""
    try:
        yield
    except HmgeoError:
        raise
    except Exception as error:
        is_writer = type(error).__module__.partition(".")[0] in _WRITERS
        if not (isinstance(error, OSError) or is_writer):
            raise
        lines = (getattr(error, "strerror", "") or str(error)).strip().splitlines()
        place = Place(file=Path(getattr(error, "filename", None) or out).name)
        remedy = "检查磁盘空间、权限，关闭正在打开结果文件的程序后重试"
        raise OutputError(Problem("结果写不出", place, "".join(lines[:1]), remedy=remedy)) from error


def _listed(record: Path) -> dict[str, dict[str, Any]] | None:
    """Return what a manifest of ours lists, by name; None where it isn't ours."""
    try:
        manifest = json.loads(record.read_bytes())
        is_ours = isinstance(manifest["schema"], int) and isinstance(manifest["versions"]["hmgeo"], str)
        outputs = {
            name: {"sha256": str(entry["sha256"]), "bytes": int(entry["bytes"])}
            for name, entry in manifest["outputs"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return outputs if is_ours and all(map(_stays_inside, outputs)) else None


def _stays_inside(name: str) -> bool:
    """Tell whether a name of a manifest, which may come from elsewhere, leads to a file below its folder."""
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and not {"..", "\\", ":"} & {*path.parts, *name}


def entry_of(path: Path) -> dict[str, Any]:
    """Return sum and size of a file that was written, as a manifest lists them."""
    with path.open("rb") as stream:
        return {"sha256": hashlib.file_digest(stream, "sha256").hexdigest(), "bytes": path.stat().st_size}


def _is_as(path: Path, entry: Mapping[str, Any]) -> bool:
    """Tell whether a file is still what we wrote."""
    is_file = path.is_file() and not path.is_symlink()
    return is_file and path.stat().st_size == entry["bytes"] and entry_of(path) == entry


def _in_the_way(
    folder: Path, earlier: Mapping[str, dict[str, Any] | None], written: Iterable[str], moved: Path | None
) -> Iterator[Problem]:
    """Yield what keeps files from being put in place; `moved` holds what has given way already."""
    gone = {name for name in earlier if moved is not None and os.path.lexists(moved / name)}
    for name, entry in earlier.items():
        path = folder / name
        if name not in gone and entry is not None and os.path.lexists(path) and not _is_as(path, entry):
            remedy = "把它另存到别处（或删除）后重试，或换一个输出文件夹"
            yield Problem("上次写出的文件后来改动过，未作改动", Place(file=str(path)), remedy=remedy)
    for name in written:
        if os.path.lexists(folder / name) and (name not in earlier or name in gone):
            remedy = "移走或改名后重试，或换一个输出文件夹"
            yield Problem("已有同名文件，不是 hmgeo 写出的，未作改动", Place(file=str(folder / name)), remedy=remedy)


def _put(temporary: Path, ground: _Ground) -> None:
    """Put finished files in place: at once where nothing is there yet, else one by one, told by a file until done."""
    if not ground.folder.exists():
        (temporary / _NEW).rename(ground.folder)
        return
    note = temporary / f"{SWAP_NAME}.part"
    note.write_text(json.dumps({"record": ground.record, "earlier": ground.earlier()}), encoding="utf-8")
    note.rename(temporary / SWAP_NAME)
    _swap(temporary, ground.folder)


def _swap(temporary: Path, folder: Path) -> None:
    """Move what gives way out, then the new files in, the record first and last; undo all where one can't be moved.

    Killed in between, the folder holds a part of one version without a record, never a mix; whoever writes there next
    goes on from here.
    """
    swap = json.loads((temporary / SWAP_NAME).read_bytes())
    earlier = {name: entry for name, entry in swap["earlier"].items() if _stays_inside(name)}
    new, old = temporary / _NEW, temporary / _OLD
    written = sorted(folder_files(new), key=lambda name: (name == swap["record"], name))
    if old.is_dir():  # some time has passed
        raise_problems(OutputError, _in_the_way(folder, earlier, written, old))
    leaving = [name for name in earlier if (folder / name).exists() and not (old / name).exists()]
    moves = [(folder / name, old / name) for name in leaving] + [(new / name, folder / name) for name in written]
    done: list[tuple[Path, Path]] = []
    try:
        for start, end in moves:
            end.parent.mkdir(parents=True, exist_ok=True)
            start.rename(end)
            done.append((start, end))
    except BaseException:
        with suppress(OSError):  # what can't be undone now is gone on with by the next run
            for start, end in reversed(done):
                end.rename(start)
            (temporary / SWAP_NAME).unlink()
        raise
    (temporary / SWAP_NAME).unlink()
    for name in earlier:
        with suppress(OSError):  # holds something else
            for parent in (folder / name).relative_to(folder).parents[:-1]:
                (folder / parent).rmdir()


def as_written(out: Path) -> tuple[str, list[str]] | None:
    """Return the sum of the record of run `out` and those of its files that aren't what was written.

    None without a whole run, where another process writes there, or one was killed.
    """
    out = out.resolve()
    listed = _listed(out / RUN_MANIFEST)
    if listed is None or os.path.lexists(_temporary(out)):
        return None
    return entry_of(out / RUN_MANIFEST)["sha256"], [
        name for name, entry in listed.items() if not _is_as(out / name, entry)
    ]


def is_older(out: Path) -> bool:
    """Tell whether `out` holds a run of schema 1, which a new one replaces whole."""
    return _listed(out / RUN_MANIFEST) is None and _listed(out / MANIFEST_NAME) is not None


def clock() -> tuple[str, float]:
    """Return the time of day for the manifest, and a clock to measure by."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds"), time.monotonic()


def versions(libraries: Iterable[str]) -> dict[str, str]:
    """Return the versions of Python and of the libraries that wrote."""
    return {"python": platform.python_version()} | {name: _version(name) for name in libraries}


_version = cache(metadata.version)
"""Of a library; finding it takes longer than a page of a report."""


class Wish(Struct, frozen=True):
    """What a user asks of the maps.

    Parameters
    ----------
    public
        Maps by the whitelist.
    watermark
        单位·姓名·时间·运行编号, as the user writes it: the same text gives the same bytes.
    language
        zh or en: tables are written so, and the page opens so.
    evidence
        Also what only a specialist reads and neither a clause nor a parameter asks for.
    also
        Words of `hmgeo.outputs.gis.ALSO`.
    """

    public: bool = False
    watermark: str = ""
    language: str = "zh"
    evidence: bool = False
    also: tuple[str, ...] = ()

    def options(self) -> str:
        """Return the options of the command line that say this."""
        flags = (
            " --public" if self.public else "",
            f" --watermark {as_word(self.watermark)}" if self.watermark else "",
            f" --lang {self.language}" if self.language != "zh" else "",
            " --evidence" if self.evidence else "",
            f" --also {','.join(self.also)}" if self.also else "",
        )
        return "".join(flags)


def said_words(manifest: Mapping[str, Any]) -> list[str]:
    """Return the words of the command that made the run of `manifest`."""
    command = str(manifest.get("command", ""))
    try:
        return shlex.split(command)
    except ValueError:  # a quote that never ends
        return command.split()


def as_word(text: str) -> str:
    """Return a text as one word of a command: bare, or in double quotes, which cmd, PowerShell and sh all take."""
    if text and not set(text) & set(" \t\r\n\"'\\&|;()<>$`*?#!~[]{}"):
        return text
    is_read_in_quotes = bool(set(text) & set('"$`')) or "\\\\" in text or text.endswith("\\")
    return shlex.quote(text) if is_read_in_quotes else f'"{text}"'


PLAIN = Wish()


WARNINGS = "warnings"
"""Stands beside what a run was made of: its warnings as codes and values, to be told again in any language."""


class Kept(NamedTuple):
    """A run that lies there already: what isn't as it was then, in words, what it found by verdict, its warnings."""

    folder: Path
    changed: tuple[str, ...]
    verdicts: Mapping[str, int]
    warnings: tuple[str, ...]


def kept_run(asked: Asked) -> Kept | None:
    """Return the run that `run_project` would make, where it lies there; None where that can't be known.

    Nothing in `changed` means: every byte that it was made of is the same (inputs and what lies beside them under
    their names, settings, rule book, shipped layers, code, libraries, surroundings), asked for by the same words, and
    every file is as it was written. Dates of files count for nothing. In doubt there is no such run.
    """
    written = as_written(asked.folder)
    before = None if written is None else noted_run(written[0])
    now = None if before is None else asked.made_of()
    kept = None if before is None else before.pop(WARNINGS, None)
    if written is None or before is None or now is None or kept is None:
        return None
    changed = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    manifest = json.loads((asked.folder / RUN_MANIFEST).read_bytes())
    warnings = tuple(map(unpacked, json.loads(kept)))
    return Kept(asked.folder, (*changed, *written[1]), manifest["counts"]["findings_by_verdict"], warnings)


class Asked(NamedTuple):
    """What one run is asked for: see `run_project`."""

    spec: ProjectSpec
    folder: Path
    command: str
    words: Path | None

    @classmethod
    def of(
        cls,
        path: str | Path,
        out: str | Path | None,
        *,
        accepts: bool,
        words: Path | None,
        overrides: Path | None,
        wish: Wish,
    ) -> Asked:
        """Read what is asked for: `path`, `out`, `accepts`, `words`, `overrides` and `wish` as `run_project` has them.

        `ProjectError` with every fault of the project's own file.
        """
        from hmgeo.project.spec import ALLOW_OUTSIDE, option_files, outside_of, read_spec  # noqa: PLC0415 -- below

        spec = read_spec(Path(path)).with_words(words).with_overrides(overrides)
        folder = Path(out) if out is not None else spec.folder / "runs" / spec.as_of.isoformat()
        flags = (" --accept-suggestions" if accepts else "") + wish.options()
        names = {file: name for name, file in option_files(spec, words).items()}
        files = {"--words": words, "--with": overrides}
        flags += "".join(f" {option} {as_word(names[file.resolve()])}" for option, file in files.items() if file)
        flags += f" {ALLOW_OUTSIDE}" if outside_of(spec) else ""
        command = f"hmgeo run {as_word(spec.folder.name)}{flags}"
        return cls(spec.accepting() if accepts else spec, folder, command, words)

    def made_of(self) -> dict[str, str] | None:
        """Return a sum of each thing that decides what comes out, by what it is; None where that can't be told."""
        # What a project says is judged as it is read, and loads all rules; files written alone do without.
        from hmgeo.project.spec import VALIDITY_FILE, beside, extents_of, option_files, pack_files_of  # noqa: PLC0415

        spec, layers = self.spec, {layer.path for layer in self.spec.layers.values()}
        folder, paths = self.folder.resolve(), [spec.folder / name for name in layers]
        if not all(path.exists() and not path.resolve().is_relative_to(folder) for path in paths):
            return None
        files = {name: spec.folder / name for name in (spec.file.name, VALIDITY_FILE, *layers, *extents_of(spec))}
        files |= pack_files_of(spec.folder, spec.rule_packs)
        files |= option_files(spec, self.words)
        try:
            sums = {name: sum_of(path.parent, beside(path)) for name, path in files.items() if path.exists()}
            program, surroundings = program_sum(shipped_folder()), surroundings_sum()
        except OSError:  # gone meanwhile, or locked
            return None
        return {**sums, _COMMAND: self.command, _PROGRAM: program, _SURROUNDINGS: surroundings} if program else None


_COMMAND, _PROGRAM, _SURROUNDINGS = "命令", "程序、规则库或随附图层", "系统、库或环境变量"

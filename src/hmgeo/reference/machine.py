"""What the machine offers: cores, a folder for compiled code, other processes that do something ahead of time."""

from __future__ import annotations

import atexit
import copyreg
import hashlib
import io
import json
import os
import pickle
import platform
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile
from contextlib import contextmanager, suppress
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

Made = TypeVar("Made")

_ENGINE = Path(__file__).parents[1] / "proximity"
"""The modules of the distance engine, whose functions call each other."""
_CHOSEN = "NUMBA_CACHE_DIR"
"""Variable that holds a user's own folder for compiled code."""


class CacheFolderWarning(UserWarning):
    """Compiled code could not be kept where it is found again."""


def _can_write(folder: Path) -> bool:
    """Try to write a file; permission bits alone don't tell (read-only mounts, root)."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _is_private(folder: Path) -> bool:
    """Tell whether nobody else can put code there: it is a folder, this user's or root's, and not open to everybody.

    Loading compiled code runs it. Systems without owners rely on the user's own folder.
    """
    if not hasattr(os, "getuid"):
        return True
    status = folder.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid in {os.getuid(), 0} and not status.st_mode & stat.S_IWOTH


def cache_folder() -> Path:
    """Return where this user's programs keep what they can make again; it need not exist, nor be writable."""
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or "~/.cache"
    return Path(os.path.expanduser(home))  # noqa: PTH111 -- Path raises without a home


def choose_folder(package: Path, digest: str) -> Path:
    """Return the first folder that can be written: the user's choice, the package's, the cache's, a temporary one.

    What is made there bears `digest`, of all that decides what code becomes.

    `CacheFolderWarning` if it is a temporary one.
    """
    chosen = os.environ.get(_CHOSEN)
    if chosen:
        folder = Path(chosen) / f"hmgeo-engine-{digest}"
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
        return folder
    for base in (package / "__pycache__", cache_folder()):
        folder = base / f"hmgeo-engine-{digest}"
        if _can_write(folder) and _is_private(folder):
            return folder
    user = os.getuid() if hasattr(os, "getuid") else "user"
    folder = Path(tempfile.gettempdir()) / f"hmgeo-engine-{user}-{digest}"
    with suppress(OSError):
        folder.mkdir(mode=0o700)
    if not (_can_write(folder) and _is_private(folder)):
        folder = Path(tempfile.mkdtemp(prefix="hmgeo-engine-"))
    warnings.warn(f"编译结果不能保存在程序目录或用户目录，改存临时目录：{folder}", CacheFolderWarning, stacklevel=3)
    return folder


@cache
def code_folder() -> Path:
    """Return the folder for compiled code, named after the modules, the compiler and the processor it is made for."""
    from llvmlite import binding  # noqa: PLC0415 -- LLVM takes its time

    modules = [*sorted(_ENGINE.glob("*.py")), *sorted(Path(__file__).parent.glob("compil*.py"))]
    modules += [_ENGINE.parent / "geo" / "ellipsoid.py", _ENGINE.parent / "intake" / "places" / "sound.py"]
    code = b"".join(path.read_bytes() for path in modules)
    host = binding.get_process_triple(), binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()
    switches = sorted(item for item in os.environ.items() if item[0].startswith("NUMBA_") and item[0] != _CHOSEN)
    compiler = version("numba"), version("llvmlite"), *host, *switches
    return choose_folder(_ENGINE, hashlib.sha256(code + repr(compiler).encode()).hexdigest()[:12])


def kept(name: str, package: Path, sources: Sequence[Path], make: Callable[[], Made]) -> Made:
    """Return what `make` makes of files, as an earlier process kept it where the files are still the same.

    `name`: the file's name without suffix, in the package's own folder for what Python keeps, else in the user's
    cache.
    `sources`: whatever decides what is made: data and code. One byte changed, and it is made anew.
    """
    digest = hashlib.sha256(sys.version.encode())
    for path in sources:
        digest.update(f"{path.name}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    folders = [base / "hmgeo-kept" for base in (package / "__pycache__", cache_folder())]
    folder = next((candidate for candidate in folders if _can_write(candidate) and _is_private(candidate)), None)
    if folder is None:
        return make()
    path, key = folder / f"{name}.pickle", digest.digest()
    with suppress(Exception):  # missing, cut or foreign: it is made again
        data = path.read_bytes()
        seal, body = data[: digest.digest_size], data[digest.digest_size :]
        if seal == hashlib.sha256(key + body).digest():
            return pickle.loads(body)  # type: ignore[no-any-return]  # noqa: S301 -- nobody else can write there
    made = make()
    body = _pickled(made)
    with suppress(OSError), tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as room:
        written = Path(room) / path.name
        written.write_bytes(hashlib.sha256(key + body).digest() + body)
        written.replace(path)
    return made


HEIGHTS = "hmgeo-heights"
"""Folder in the user's cache where grids of heights, once made to drain, are kept."""
MOST_KEPT_BYTES = 1 << 30
"""What that folder may hold; what was used longest ago goes first."""
MOST_NOTED_BYTES = 1 << 22
"""What the notes of runs may hold."""


def kept_arrays(
    key: Sequence[bytes | memoryview], code: Sequence[str], make: Callable[[], dict[str, NDArray[Any]]]
) -> dict[str, NDArray[Any]]:
    """Return the arrays that `make` makes, as an earlier process kept them for the same key and code.

    Where nothing can be kept, or what was kept is damaged, they are made again.

    `code`: the modules that decide what is made, from the package's folder.
    """
    import numpy as np  # noqa: PLC0415 -- what only reads the rule book does without

    folder = cache_folder() / HEIGHTS
    if not (_can_write(folder) and _is_private(folder)):
        return make()
    digest = hashlib.sha256(np.__version__.encode())
    for part in key:
        digest.update(part)
    for module in code:
        digest.update((_ENGINE.parent / module).read_bytes())
    path = folder / f"{digest.hexdigest()}.npz"
    with suppress(OSError, ValueError, zipfile.BadZipFile):
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        path.touch()
        return arrays
    made = make()
    with suppress(OSError):
        with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as room:
            np.savez(Path(room) / path.name, **cast("dict[str, Any]", made))
            (Path(room) / path.name).replace(path)
        drop_oldest(folder)
    return made


_SWAYS = ("CPL_", "GDAL_", "HMGEO_", "LANG", "LC_", "NUMBA_", "OGR_", "PROJ_", "PYTHON", "TZ")
"""Beginnings of the variables by which a user's surroundings can change what comes out."""
_OF_THE_NET = "_CURL_CA_BUNDLE"
"""End of variables that pyogrio sets when it is imported; no layer of a project comes over the net."""
_STARTED = time.time()
_PROJECTS = "projects"
"""Of the shipped folder: inputs like any others, and runs may lie among them."""


def sum_of(base: Path, files: Iterable[Path]) -> str:
    """Return the SHA-256 of `files`, each with its name below the folder `base` and its size, in order of name."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path.relative_to(base).as_posix()}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


@cache
def program_sum(shipped: Path) -> str:
    """Return the SHA-256 of this program: its code, its rule book and the layers that lie in `shipped`.

    Of what this process runs: worked out once. Empty where a file was changed since it started, so that nobody knows.
    """
    sums = []
    for base, left in ((_ENGINE.parent, "__pycache__"), (shipped, _PROJECTS)):
        files = [file for file in base.rglob("*") if file.is_file() and left not in file.relative_to(base).parts]
        if any(file.stat().st_mtime > _STARTED for file in files):
            return ""
        sums.append(sum_of(base, files))
    return hashlib.sha256("".join(sums).encode()).hexdigest()


def surroundings_sum() -> str:
    """Return the SHA-256 of what else decides what comes out: system, Python, libraries, variables, users' settings."""
    installed = {info.name for entry in sys.path for info in Path(entry or ".").glob("*.*-info")}
    swaying = (name for name in os.environ if name.startswith(_SWAYS) and not name.endswith(_OF_THE_NET))
    variables = {f"{name}={os.environ[name]}" for name in swaying}
    digest = hashlib.sha256(repr((sys.version, platform.platform(), sorted(installed), sorted(variables))).encode())
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 -- Path raises without a home
    for base, pattern in ((Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share") / "proj", "*"),):
        with suppress(OSError):
            digest.update(sum_of(base, (path for path in base.glob(pattern) if path.is_file())).encode())
    return digest.hexdigest()


RUNS = "hmgeo-runs"


def note_run(record: str, made_of: object) -> None:
    """Note what a run was `made_of` under `record`, the sum of its record; without a note it is made anew."""
    folder = cache_folder() / RUNS
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as room:
            (Path(room) / record).write_text(json.dumps(made_of), encoding="utf-8")
            (Path(room) / record).replace(folder / record)
        drop_oldest(folder, MOST_NOTED_BYTES)


def noted_run(record: str) -> dict[str, str] | None:
    """Return what the run with `record`, the sum of its record, was made of; None where nobody noted it here."""
    folder = cache_folder() / RUNS
    with suppress(OSError, ValueError):
        if _is_private(folder):
            note = json.loads((folder / record).read_text(encoding="utf-8"))
            return note if isinstance(note, dict) else None
    return None


def drop_oldest(folder: Path, most_bytes: int = MOST_KEPT_BYTES) -> int:
    """Drop the files of `folder` used longest ago until no more than `most_bytes` are left; return how many are."""
    kept_bytes = 0
    with suppress(OSError):
        files = sorted(((file.stat().st_mtime_ns, file) for file in folder.iterdir() if file.is_file()), reverse=True)
        for _, path in files:
            size = path.stat().st_size
            if kept_bytes + size > most_bytes:
                path.unlink()
            else:
                kept_bytes += size
    return kept_bytes


def kept_here() -> tuple[tuple[str, Path, int], ...]:
    """Return what is kept on this machine: code word, folder and bytes."""
    folders = {"code": code_folder(), "heights": cache_folder() / HEIGHTS}
    return tuple((word, folder, sum(map(_size, folder.rglob("*")))) for word, folder in folders.items())


def _size(path: Path) -> int:
    with suppress(OSError):  # another process may have dropped it
        return path.stat().st_size if path.is_file() else 0
    return 0


def forget_heights() -> int:
    """Drop all grids that drain; return how many bytes that frees."""
    folder = cache_folder() / HEIGHTS
    before = sum(map(_size, folder.rglob("*")))
    shutil.rmtree(folder, ignore_errors=True)
    return before - sum(map(_size, folder.rglob("*")))


def _pickled(made: object) -> bytes:
    stream = io.BytesIO()
    pickler = pickle.Pickler(stream, protocol=pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = copyreg.dispatch_table | {MappingProxyType: _unproxied}
    pickler.dump(made)
    return stream.getvalue()


def _unproxied(proxy: MappingProxyType[Any, Any]) -> tuple[Callable[..., Any], tuple[dict[Any, Any]]]:
    return _proxied, (dict(proxy),)


def _proxied(mapping: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    """Return a read-only mapping; the type itself has no name that a pickle could call it by."""
    return MappingProxyType(mapping)


@contextmanager
def hidden(*names: str) -> Iterator[None]:
    """Have packages seem not to be installed, unless they are loaded already."""
    hide = _Hide(names)
    sys.meta_path.insert(0, hide)
    try:
        yield
    finally:
        sys.meta_path.remove(hide)


class _Hide(MetaPathFinder):
    """Stands before the finders of packages and denies some."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names

    def find_spec(self, fullname: str, _path: object, _target: object = None) -> None:
        """Say that the package isn't there; nothing of any other."""
        if fullname.split(".", maxsplit=1)[0] in self._names:
            raise ModuleNotFoundError(fullname, name=fullname)


def core_count() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_started: list[subprocess.Popen[bytes]] = []


def start(statements: Sequence[str]) -> None:
    """Have statements of Python run by a process each, in silence; nothing while some are under way."""
    if _started or not sys.executable or getattr(sys, "frozen", False):
        return
    atexit.register(_stop)
    quiet = subprocess.DEVNULL
    for statement in statements:
        command = [sys.executable, "-P", "-c", statement]  # -P: no module may come from the folder where a user stands
        with suppress(OSError):  # no room for another process
            _started.append(subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet))  # noqa: S603 -- own code


def wait() -> None:
    """Wait for all that was started."""
    for process in tuple(_started):
        process.wait()  # still known to `_stop` if a signal ends the waiting
        with suppress(ValueError):  # another thread waited, too
            _started.remove(process)


def _stop() -> None:
    for process in _started:
        process.terminate()
    wait()

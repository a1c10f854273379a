"""One 案卷 zip of a run: all that somebody without internet needs to run it again, years later, and to verify it.

It is a file of its own because it alone writes: what a run was made of is asked of `verify`, nothing is run here.
"""

import hashlib
import os
import platform
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, NamedTuple

import hmgeo
from hmgeo.compare.verify import (
    NOTE,
    SAME,
    home_of,
    inputs_checked,
    other_versions,
    outputs_checked,
    read_manifest,
    recorded_files,
)
from hmgeo.errors import InputError, Place, Problem, raise_problems
from hmgeo.intake.catalog import file_members
from hmgeo.project.folder import as_word, ending_of, folder_files, said_words, versions, whole_file
from hmgeo.project.spec import ALLOW_OUTSIDE
from hmgeo.rules.book import load_book, shipped_rule_files
from hmgeo.vocabulary import Classification

_CASE, _RULES, _WHEELS = "case", "rules", "wheels"
_LOCK, _SUMS, _GUIDE = "lock.txt", "校验和.txt", "说明.txt"
_PACKED = frozenset({".xlsx", ".docx", ".zip", ".kmz", ".whl", ".gz", ".parquet", ".png", ".pdf", ".tif"})
"""Kinds of files that no second packing makes smaller."""
_WHOLE_SECOND = (1980, 1, 1, 0, 0, 0)
_CHUNK_BYTES = 1 << 20
_NAMED = 8
_RASTERS, _ENDS = frozenset({".tif", ".tiff", ".img", ".asc"}), (".tfw", ".tifw", ".tiffw", ".wld", ".prj")
_NEEDED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Content(NamedTuple):
    """One part of an archive: what it is, how many files, how many bytes before packing."""

    title: str
    files: int
    size_bytes: int


class Archived(NamedTuple):
    """What was packed, how large the zip is, and what its reader should know."""

    contents: tuple[Content, ...]
    size_bytes: int
    remarks: tuple[str, ...]


def archive_run(folder: Path, out: Path, project: Path | None = None, wheels: Path | None = None) -> Archived:
    """Pack a run with its inputs, settings, rule book and versions into one zip that can be run again offline.

    `project`: the project.yml or its folder; looked for above the run where nothing is said.
    `wheels`: a folder with a wheel of every package that the run needs, hmgeo's own among them; without it their
    versions are listed. Nothing is downloaded.

    `InputError` with every reason why the run couldn't be run again from the zip, or mustn't leave the house: a layer
    marked 涉密, inputs or outputs changed, files named by a machine's path, other versions, wheels that are missing.
    `OutputError`, `UsageError` where the zip can't be written, or isn't called .zip.
    """
    ending_of(out, (".zip",))
    manifest, record = read_manifest(folder)
    home = home_of(folder, project, manifest)
    raise_problems(InputError, [*_barred(manifest), *_changed(folder, manifest, record, home), *_foreign(manifest)])
    home = (home or folder).resolve()
    lock = _locked()
    kept = [] if wheels is None else _wheels(lock, wheels)
    run = f"runs/{folder.resolve().name}"
    parts = {
        "输入和设置": _inputs(home, manifest),
        "结果文件夹": {home / run / name: folder / name for name in (*manifest["outputs"], _relative(record, folder))},
    }
    root = Path(os.path.commonpath([home.parent, *(place for members in parts.values() for place in members)]))
    files = {
        title: {f"{_CASE}/{place.relative_to(root).as_posix()}": path for place, path in members.items()}
        for title, members in parts.items()
    }
    files["规则库"] = {f"{_RULES}/{name}": path for name, path in shipped_rule_files().items()}
    files["安装包（wheels）"] = {f"{_WHEELS}/{wheel.name}": wheel for wheel in kept}
    contents = tuple(
        Content(title, len(members), sum(path.stat().st_size for path in members.values()))
        for title, members in files.items()
    )
    at = f"{_CASE}/{(home / run).relative_to(root).as_posix()}"
    remarks = tuple(_remarks(folder, manifest, record, kept))
    texts = {_LOCK: _lock_text(lock), _GUIDE: _guide(manifest, contents, at, remarks)}
    with whole_file(out, [path for members in files.values() for path in members.values()]) as made:
        _write(made, out.stem, {name: path for members in files.values() for name, path in members.items()}, texts)
        size_bytes = made.stat().st_size
    return Archived(contents, size_bytes, remarks)


def _relative(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _barred(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    secret = [
        layer["path"] for layer in manifest["inputs"] if layer.get("classification") == Classification.CLASSIFIED.value
    ]
    if secret:
        remedy = "涉密资料及由它得出的结果按保密规定保管，不打包"
        yield Problem("有标注涉密的图层，不归档", found=_few(secret), remedy=remedy)


def _changed(folder: Path, manifest: Mapping[str, Any], record: Path, home: Path | None) -> Iterator[Problem]:
    """Yield why a run couldn't come out again: what differs, and what can't be asked."""
    if said_words(manifest)[1:2] != ["run"]:
        remedy = "hmgeo screen 没有记下全部选项，不能重跑；用 hmgeo init 建项目运行后归档"
        yield Problem("不是项目的运行", Place(file=folder.name), remedy=remedy)
        return
    for check in (*outputs_checked(folder, manifest, record), *inputs_checked(home, manifest)):
        if check.sign not in {SAME, NOTE}:
            remedy = check.remedy if home is None else "恢复原样，或重新运行后归档；项目用到的文件都放进项目文件夹"
            yield Problem(f"{check.what}：{check.answer}", Place(file=folder.name), remedy=remedy)
    libraries = [name for name in manifest["versions"] if name not in {"hmgeo", "python"}]
    now = {"versions": {"hmgeo": hmgeo.__version__, **versions(libraries)}, "rule_book": load_book().packs}
    differ = other_versions(manifest, {**now, "rule_book": dict(load_book().packs) if manifest["rule_book"] else {}})
    if differ:
        remedy = "用当时的版本归档，或用现在的版本重新运行后归档"
        yield Problem("程序或规则库的版本与运行时不同", Place(file=folder.name), _few(differ), remedy=remedy)


def _foreign(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield files that the project names by a path of this machine."""
    names = [layer["path"] for layer in manifest["inputs"]] + list(manifest.get("settings", {}))
    absolute = [name for name in names if PurePosixPath(name).is_absolute() or PureWindowsPath(name).is_absolute()]
    if absolute:
        remedy = "改成从 project.yml 起的相对路径，重新运行后归档"
        named = _few([PureWindowsPath(name).name for name in absolute])
        yield Problem("项目用绝对路径指到文件，换一台机器找不到", found=named, remedy=remedy)


def _inputs(home: Path, manifest: Mapping[str, Any]) -> dict[Path, Path]:
    """Return the files of all inputs and settings: where each lies, seen from the project, links not followed."""
    places = (Path(os.path.normpath(home / name)) for name in recorded_files(manifest))
    return {path: path for place in places for path in (*file_members(place), *_beside(place))}


def _beside(path: Path) -> list[Path]:
    """Return what lies beside a raster and says where it lies or what stands in it."""
    if path.suffix.lower() not in _RASTERS:
        return []
    return sorted(sibling for sibling in path.parent.iterdir() if sibling.name.lower() in
                  {path.with_suffix(end).name.lower() for end in _ENDS} | {f"{path.name}.aux.xml".lower()})  # fmt: skip


def _locked() -> dict[str, str]:
    """Return hmgeo and every package that it needs, with the versions that are installed."""
    pinned, waiting = dict[str, str](), ["hmgeo"]
    while waiting:
        name = _plain(waiting.pop())
        if name in pinned:
            continue
        try:
            package = metadata.distribution(name)
        except metadata.PackageNotFoundError:  # asked for on other systems alone
            continue
        pinned[name] = package.version
        for text in package.requires or ():
            needed = _NEEDED.match(text)
            if needed is not None and "extra ==" not in text:
                waiting.append(needed[0])
    return dict(sorted(pinned.items()))


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _wheels(lock: Mapping[str, str], wheels: Path) -> list[Path]:
    """Return the packages of a folder; raise where one that is needed isn't there."""
    if not wheels.is_dir():
        raise InputError(Problem("找不到安装包文件夹", Place(file=wheels.name), remedy="核对 --wheels 的路径"))
    kept = sorted(path for path in wheels.iterdir() if path.suffix in {".whl", ".gz"})
    present = {tuple(path.name.split("-")[:2]) for path in kept if path.suffix == ".whl"}
    sources = [path.name.removesuffix(".tar.gz").rpartition("-") for path in kept if path.suffix == ".gz"]
    known = {(_plain(name), version) for name, version in (*present, *((path[0], path[2]) for path in sources))}
    missing = [f"{name} {version}" for name, version in lock.items() if (name, version) not in known]
    if missing:
        remedy = f"先不带 --wheels 归档，用其中的 {_LOCK} 执行 pip download，hmgeo 自己的用 pip wheel"
        raise InputError(Problem("安装包不齐", Place(file=wheels.name), _few(missing), remedy=remedy))
    return kept


def _few(names: Sequence[str]) -> str:
    return "、".join(names[:_NAMED]) + (f" 等 {len(names)} 个" if len(names) > _NAMED else "")


def _lock_text(lock: Mapping[str, str]) -> str:
    lines = "".join(f"{name}=={version}\n" for name, version in lock.items())
    return f"# Python {platform.python_version()}，{platform.system()} {platform.machine()}\n{lines}"


def _remarks(folder: Path, manifest: Mapping[str, Any], record: Path, kept: Sequence[Path]) -> Iterator[str]:
    unmarked = [
        layer["path"] for layer in manifest["inputs"] if layer["classification"] == Classification.UNMARKED.value
    ]
    if unmarked:
        yield f"没有标注密级的图层 {len(unmarked)} 个（{_few(unmarked)}），按内部资料保管。"
    inner = [layer["path"] for layer in manifest["inputs"]
             if layer["classification"] in {Classification.INTERNAL.value, Classification.SENSITIVE.value}]  # fmt: skip
    if inner:
        yield f"标注内部或敏感的图层 {len(inner)} 个（{_few(inner)}），不得对外。"
    known = {*manifest["outputs"], _relative(record, folder)}
    more = [name for name in folder_files(folder) if name not in known]
    if more:
        yield f"结果文件夹里另有 {len(more)} 个文件不是 hmgeo 写出的，没有收入：{_few(more)}。"
    if not kept:
        yield f"没有收入安装包，只在 {_LOCK} 列出版本；断网重跑前另备这些安装包（--wheels）。"


def _guide(manifest: Mapping[str, Any], contents: Sequence[Content], at: str, remarks: Sequence[str]) -> str:
    packed = any(content.title.startswith("安装包") and content.files for content in contents)
    install = f"pip install --no-index --find-links {_WHEELS} -r {_LOCK}" if packed else f"pip install -r {_LOCK}"
    outside = f" {ALLOW_OUTSIDE}" if ALLOW_OUTSIDE in said_words(manifest) else ""
    lines = [
        f"案卷：{manifest['project']['title']}",
        f"评估基准日 {manifest['as_of']}；hmgeo {manifest['versions']['hmgeo']}，规则库 "
        + "、".join(f"{name} {version}" for name, version in manifest["rule_book"].items()),
        "",
        "内有（打包前）：",
        *(f"  {content.title}：{content.files} 个文件，{size_text(content.size_bytes)}" for content in contents),
        "",
        "重跑核对，不联网：",
        f"  1. 装好 Python {platform.python_version()}（{platform.system()} {platform.machine()}），在这个文件夹里：",
        f"     python -m venv 环境，再用其中的 {install}",
        f"  2. hmgeo verify {as_word(at)}{outside}",
        "     输入未变、输出未动、重跑字节相同，以 0 退出；有一项不符或没能核对，以 3 退出。",
        f"  3. 只核对文件有没有动过：sha256sum -c {_SUMS}",
        "",
        f"project.yml 和输入在 {_CASE}/，相对位置与归档时相同；{_RULES}/ 是规则库的原文，供查阅，运行时用安装包里的。",
        "初步筛查，结论由人作出。",
        *(["", *remarks] if remarks else []),
    ]
    return "".join(f"{line}\n" for line in lines)


def size_text(size_bytes: int) -> str:
    """Return `size_bytes` as people read it.

    >>> size_text(512), size_text(12_300), size_text(45_600_000)
    ('512 B', '12.3 kB', '45.6 MB')
    """
    if size_bytes < _KB:
        return f"{size_bytes} B"
    return f"{size_bytes / _KB:.1f} kB" if size_bytes < _MB else f"{size_bytes / _MB:.1f} MB"


_KB, _MB = 1_000, 1_000_000


def _write(path: Path, top: str, files: Mapping[str, Path], texts: Mapping[str, str]) -> None:
    """Write a zip with the same bytes for the same files: no clock, no rights, names in order."""
    sums: dict[str, str] = {}
    with zipfile.ZipFile(path, "w") as book:
        for name, source in sorted(files.items()):
            digest = hashlib.sha256()
            with source.open("rb") as stream, book.open(_entry(top, name), "w", force_zip64=True) as target:
                while chunk := stream.read(_CHUNK_BYTES):
                    digest.update(chunk)
                    target.write(chunk)
            sums[name] = digest.hexdigest()
        for name, text in texts.items():
            sums[name] = hashlib.sha256(text.encode()).hexdigest()
            book.writestr(_entry(top, name), text)
        listed = "".join(f"{sum_}  {name}\n" for name, sum_ in sorted(sums.items()))
        book.writestr(_entry(top, _SUMS), listed)


def _entry(top: str, name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(f"{top}/{name}", _WHOLE_SECOND)
    entry.compress_type = zipfile.ZIP_STORED if Path(name).suffix.lower() in _PACKED else zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry

"""Build a package for a PC of an office: unpack, drag two files on 启动.bat; no admin rights, no pip, no network.

    python tools/bureau_package.py --platform windows --list                        # what would be in it
    python tools/bureau_package.py --platform windows --wheel dist/hmgeo-1.0.0-py3-none-any.whl \
        --python python-3.12.10-embed-amd64.zip --out hmgeo-windows.zip
    python tools/bureau_package.py --relock --wheel dist/hmgeo-1.0.0-py3-none-any.whl

Packages are those of tools/bureau_lock.txt, in the wheels that the index has for the platform: Python 3.12, Windows
x64 or Linux with glibc 2.28 (麒麟 V10, 统信 20). The official Python comes as a file: the embeddable zip, or an
`install_only` archive of python-build-standalone for Linux. Nothing of this machine goes in.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
LOCK = HERE / "bureau_lock.txt"
PYTHON_VERSION = "3.12"
GLIBC = range(28, 16, -1)
PLATFORMS = {
    "windows": ("win_amd64",),
    "linux-x64": tuple(f"manylinux_2_{minor}_x86_64" for minor in GLIBC),
    "linux-aarch64": tuple(f"manylinux_2_{minor}_aarch64" for minor in GLIBC),
}

START_PY = '''"""Screen the two files given: the one that sounds like farmland against the other."""
import os
import sys
from pathlib import Path

FARMLAND = ("耕地", "图斑", "农用地", "dltb", "farmland", "parcel")
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "packages"))
os.environ.setdefault("NUMBA_CACHE_DIR", str(HERE / "compiled"))


def main():
    files = [Path(one) for one in sys.argv[1:]]
    ground = [one for one in files if any(word in one.name.lower() for word in FARMLAND)]
    lists = [one for one in files if one not in ground]
    if len(ground) != 1 or len(lists) != 1:
        print("请把两个文件一起拖上来：企业清单，和文件名里有「耕地」「图斑」或「DLTB」的耕地文件。")
        return 2
    number = 1
    while (out := lists[0].parent / f"筛查结果{number}").exists():
        number += 1
    from hmgeo import cli
    sys.argv = ["hmgeo", "screen", "--sources", str(lists[0]), "--farmland", str(ground[0]), "--out", str(out)]
    try:
        cli.main()
    except SystemExit as ended:
        if ended.code:
            return ended.code
    print(f"结果在：{out}")
    if hasattr(os, "startfile"):
        os.startfile(out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
'''
HMGEO_PY = '''"""The command line: all that hmgeo does."""
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "packages"))
os.environ.setdefault("NUMBA_CACHE_DIR", str(HERE / "compiled"))
from hmgeo.cli import command

command()
'''
BAT = '@echo off\r\nset PYTHONUTF8=1\r\n"%~dp0python\\python.exe" "%~dp0{script}" %*\r\n{after}'
SHELL = """#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
PYTHONUTF8=1 exec "$here/python/bin/python3" "$here/{script}" "$@"
"""
GUIDE = """hmgeo 免安装包（{platform}，Python {python}）

一、解压到自己的文件夹（路径里最好没有空格和「!」），不用管理员权限，不用联网。
二、选中两个文件，一起拖到 {start} 上：
      企业清单：xlsx 或 csv，有名称和坐标；
      耕地：gpkg、shp、geojson，文件名里要有「耕地」「图斑」或「DLTB」。
三、算完打开「筛查结果1」：先看 阅读说明.txt，再看 map.html、survey_list.xlsx。
    第一次要多等半分钟（编译测算程序，以后不再编译）。
四、别的命令：在本文件夹里开命令行，写 {command} --help。

这一步只按 10 公里距离，不依据条款；没有申明耕地数据完整覆盖哪里，所以没有「未触及」。
要按条款判断，用 {command} init。

试过的：{tried}
没有试过的：{untried}

里面是什么：python 是官方的 Python；packages 是 {count} 个安装包，名称和版本见 packages.txt；
许可证在各包的 *.dist-info 里。
本软件只作初步筛查，结论由人作出。
"""
SEEN = {
    "windows": ("每个安装包都有 Windows x64 版", "在 Windows 上双击、拖放和运行"),
    "linux-x64": ("断网、没有别的 Python 时运行：启动.sh 筛查示例的两个文件，hmgeo.sh 的 doctor", "桌面上的拖放"),
    "linux-aarch64": ("每个安装包都有 aarch64 版", "在麒麟、统信上运行；桌面上的拖放"),
}


def _pip(*arguments: str) -> str:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603 - ours


def _target(platform: str) -> list[str]:
    """Return how pip is told of a platform."""
    tags = [part for tag in PLATFORMS[platform] for part in ("--platform", tag)]
    asked = os.environ.get("BUREAU_PYTHON", PYTHON_VERSION)  # another one only to try the layout out
    abis = [part for abi in (f"cp{asked.replace('.', '')}", "abi3", "none") for part in ("--abi", abi)]
    return [*tags, "--python-version", asked, "--implementation", "cp", *abis, "--only-binary", ":all:"]


def resolved(platform: str, *asked: str) -> list[dict[str, Any]]:
    """Return what pip would install for a platform, one entry a package; nothing is downloaded but metadata."""
    with tempfile.TemporaryDirectory() as nowhere:
        report = _pip("install", "--dry-run", "--ignore-installed", "--report", "-", "--target", nowhere,
                      *_target(platform), *asked)  # fmt: skip
    installs: list[dict[str, Any]] = json.loads(report)["install"]
    return sorted(installs, key=lambda one: one["metadata"]["name"].lower())


def relock(wheel: Path) -> None:
    """Write the lock: the versions that hold for all platforms."""
    found = {one["metadata"]["name"]: one["metadata"]["version"] for one in resolved("windows", str(wheel))}
    found.pop("hmgeo")
    lines = [f"{name}=={version}" for name, version in sorted(found.items(), key=lambda one: one[0].lower())]
    LOCK.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _unpack_wheels(folder: Path, into: Path) -> None:
    """Unpack wheels as pip would, scripts left out."""
    for wheel in sorted(folder.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                first, _, rest = name.partition("/")
                if first.endswith(".data"):
                    scheme, _, rest = rest.partition("/")
                    if scheme not in {"purelib", "platlib"} or not rest:
                        continue
                    place = into / rest
                else:
                    place = into / name
                if name.endswith("/"):
                    continue
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(archive.read(name))


def _unpack_python(python: Path, top: Path) -> None:
    """Put the official Python into `python/`; the embeddable one learns where packages are from start.py."""
    if python.suffix == ".zip":
        with zipfile.ZipFile(python) as archive:
            archive.extractall(top / "python")  # noqa: S202 - zipfile itself lets no path leave the folder
    else:
        with tarfile.open(python) as archive:  # holds one folder, python/
            archive.extractall(top, filter="data")


def _texts(platform: str, count: int) -> dict[str, str]:
    is_windows = platform == "windows"
    tried, untried = SEEN[platform]
    start, command = ("启动.bat", "hmgeo.bat") if is_windows else ("启动.sh", "./hmgeo.sh")
    guide = GUIDE.format(platform=platform, python=PYTHON_VERSION, start=start, command=command, tried=tried,
                         untried=untried, count=count)  # fmt: skip
    texts = {"start.py": START_PY, "hmgeo_command.py": HMGEO_PY, "使用说明.txt": guide}
    if is_windows:
        return texts | {start: BAT.format(script="start.py", after="pause\r\n"),
                        "hmgeo.bat": BAT.format(script="hmgeo_command.py", after="")}  # fmt: skip
    return texts | {start: SHELL.format(script="start.py"), "hmgeo.sh": SHELL.format(script="hmgeo_command.py")}


def build(platform: str, wheel: Path, python: Path, out: Path) -> None:
    """Write the package."""
    with tempfile.TemporaryDirectory() as scratch:
        wheels, top = Path(scratch) / "wheels", Path(scratch) / f"hmgeo-{platform}"
        _pip("download", "--no-deps", "-r", str(LOCK), "-d", str(wheels), *_target(platform))
        (wheels / wheel.name).write_bytes(wheel.read_bytes())
        _unpack_wheels(wheels, top / "packages")
        _unpack_python(python, top)
        names = sorted(path.name for path in wheels.glob("*.whl"))
        for name, text in (_texts(platform, len(names)) | {"packages.txt": "\n".join(names) + "\n"}).items():
            (top / name).write_bytes(text.encode("utf-8"))
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(top.rglob("*")):
                if path.is_file():
                    entry = zipfile.ZipInfo(path.relative_to(top.parent).as_posix())
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    runs = path.suffix == ".sh" or os.access(path, os.X_OK)
                    entry.external_attr = (0o755 if runs else 0o644) << 16
                    archive.writestr(entry, path.read_bytes())


def main() -> None:
    """Lock, list or build."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--platform", choices=sorted(PLATFORMS), default="windows")
    parser.add_argument("--wheel", type=Path, help="the wheel of hmgeo")
    parser.add_argument("--python", type=Path, help="the official Python, as a file")
    parser.add_argument("--out", type=Path, help="the zip")
    parser.add_argument("--list", action="store_true", help="name every package, download none")
    parser.add_argument("--relock", action="store_true", help="write tools/bureau_lock.txt anew")
    chosen = parser.parse_args()
    if chosen.relock and chosen.wheel:
        relock(chosen.wheel)
    elif chosen.list:
        for one in resolved(chosen.platform, "--no-deps", "-r", str(LOCK)):
            held = one["download_info"]
            name = held["url"].rpartition("/")[2]
            print(f"{one['metadata']['name']}\t{one['metadata']['version']}\t{name}\t{held['archive_info']['hash']}")
    elif chosen.wheel and chosen.python and chosen.out:
        build(chosen.platform, chosen.wheel, chosen.python, chosen.out)
    else:
        parser.error("say --list, or --wheel, --python and --out, or --relock and --wheel")


if __name__ == "__main__":
    main()

"""The package for a bureau's PC: every wheel is there for both platforms, and the layout is what its page says."""

from __future__ import annotations

import importlib.util
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

TOOL = Path(__file__).resolve().parent.parent / "tools" / "bureau_package.py"


@pytest.fixture(scope="module")
def tool() -> Any:  # noqa: ANN401 - a module
    found = importlib.util.spec_from_file_location("bureau_package", TOOL)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize(("platform", "tag"), [("windows", "win_amd64"), ("linux-aarch64", "aarch64")])
def test_every_wheel_is_there_for_the_platform(tool: Any, platform: str, tag: str) -> None:  # noqa: ANN401 - a module
    """Asks the index for names and versions; nothing is downloaded."""
    locked = dict(line.split("==") for line in tool.LOCK.read_text(encoding="utf-8").split())
    found = tool.resolved(platform, "--no-deps", "-r", str(tool.LOCK))
    assert {one["metadata"]["name"]: one["metadata"]["version"] for one in found} == locked
    names = [one["download_info"]["url"].rpartition("/")[2] for one in found]
    assert [name for name in names if not name.endswith(".whl")] == []
    assert [name for name in names if not name.endswith(("-none-any.whl", f"{tag}.whl")) and tag not in name] == []
    assert any(name.startswith("numba-") and tag in name for name in names)


def test_every_requirement_is_locked(tool: Any) -> None:  # noqa: ANN401 - a module
    import re  # noqa: PLC0415
    import tomllib  # noqa: PLC0415

    project = tomllib.loads((TOOL.parent.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {re.split(r"[><=~]", one)[0].lower() for one in project["dependencies"]}
    locked = {line.partition("==")[0].lower().replace("_", "-") for line in tool.LOCK.read_text().split()}
    assert wanted - locked == set()


def wheel(folder: Path) -> Path:
    made = folder / "a-1-py3-none-any.whl"
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a/__init__.py", "")
        archive.writestr("a-1.data/purelib/b.py", "")
        archive.writestr("a-1.data/scripts/a", "")
        archive.writestr("a-1.dist-info/METADATA", "")
    return made


def test_the_layout_of_a_package(tool: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401
    monkeypatch.setattr(tool, "_pip", lambda *said: Path(said[said.index("-d") + 1]).mkdir())
    python = tmp_path / "embed.zip"
    with zipfile.ZipFile(python, "w") as archive:
        archive.writestr("python.exe", "")
    tool.build("windows", wheel(tmp_path), python, tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert sorted(name.removeprefix("hmgeo-windows/") for name in archive.namelist()) == [
            "hmgeo.bat", "hmgeo_command.py", "packages.txt", "packages/a-1.dist-info/METADATA",
            "packages/a/__init__.py", "packages/b.py", "python/python.exe", "start.py", "使用说明.txt", "启动.bat",
        ]  # fmt: skip
        start = archive.read("hmgeo-windows/启动.bat")
        assert start == b'@echo off\r\nset PYTHONUTF8=1\r\n"%~dp0python\\python.exe" "%~dp0start.py" %*\r\npause\r\n'
        assert "没有试过的：在 Windows 上双击、拖放和运行" in archive.read("hmgeo-windows/使用说明.txt").decode()


def test_the_layout_for_linux_can_be_run(tool: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401
    monkeypatch.setattr(tool, "_pip", lambda *said: Path(said[said.index("-d") + 1]).mkdir())
    home = tmp_path / "python" / "bin"
    home.mkdir(parents=True)
    (home / "python3").write_text("#!/bin/sh\n", encoding="utf-8")
    (home / "python3").chmod(0o755)
    with tarfile.open(tmp_path / "python.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "python", "python")
    tool.build("linux-aarch64", wheel(tmp_path), tmp_path / "python.tar.gz", tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as packed:
        rights = {one.filename: one.external_attr >> 16 & 0o777 for one in packed.infolist()}
    assert rights["hmgeo-linux-aarch64/启动.sh"] == rights["hmgeo-linux-aarch64/python/bin/python3"] == 0o755


@pytest.mark.parametrize("given", [[], ["企业.xlsx"], ["企业.xlsx", "另一张.xlsx"], ["耕地.gpkg", "图斑.shp"]])
def test_two_files_are_asked_for(
    tool: Any, given: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch  # noqa: ANN401
) -> None:  # fmt: skip
    monkeypatch.setattr(sys, "argv", ["start.py", *given])
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(TOOL.parent))  # set, so left alone
    scope = {"__file__": str(TOOL), "__name__": "start"}
    exec(tool.START_PY, scope)  # noqa: S102 - ours
    assert scope["main"]() == 2  # type: ignore[operator]
    assert "请把两个文件一起拖上来" in capsys.readouterr().out

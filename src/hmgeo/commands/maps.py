"""Commands on maps: map."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hmgeo.commands.options import PublicOption, WatermarkOption
from hmgeo.commands.shown import OUT


def draw(
    definitions: Annotated[Path, typer.Argument(help="地图定义（.yml）或存放它们的文件夹。")] = Path("maps"),
    out: Annotated[Path | None, typer.Option("--out", help="写出网页的文件夹；默认与定义同处。")] = None,
    language: Annotated[str, typer.Option("--language", help="页面打开时的语言：zh 或 en。")] = "",
    *,
    public: PublicOption = False,
    watermark: WatermarkOption = "",
) -> None:
    """按定义画地图：每幅一个离线网页；给出文件夹时另写目录 index.html。"""
    from hmgeo.project.maps import build_maps
    from hmgeo.project.shown import Wish

    if language not in {"", "zh", "en"}:
        msg = f"「{language}」不可用，写 zh 或 en"
        raise typer.BadParameter(msg, param_hint="--language")
    folder = out or (definitions if definitions.is_dir() else definitions.parent)
    wish = Wish(public=public, watermark=watermark)
    for built in build_maps(definitions, folder, wish=wish, language=language):
        OUT.print(f"{built.spec.title}：{built.path}", markup=False)

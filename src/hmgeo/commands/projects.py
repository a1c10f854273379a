"""Commands on projects, files and runs: demo, run, init, check, screen, pairs, map, flow, and all that compares."""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from hmgeo.commands import options as common
from hmgeo.vocabulary import Basis
from hmgeo.words import render, say


def demo(out: common.OutOption = Path("hmgeo-demo"), *, lang: common.LangOption = "zh") -> None:
    """运行随软件提供的两个示例项目（合成数据）。"""
    common.ready_engine(common.language_of(lang))
    common.keep_lean(is_read_by_gdal=True)
    from hmgeo.project.start import run_demo

    with common.Reporter(common.language_of(lang)) as report:
        runs = run_demo(out, language=lang, progress=report)
    for run in runs:
        common.summarise(run, lang)


def run(
    project: common.ProjectArgument,
    out: Annotated[Path | None, typer.Option("--out", help="结果文件夹；默认 runs/<评估基准日>。")] = None,
    fail_on: common.FailOption = "",
    words: common.WordsOption = None,
    overrides: Annotated[
        Path | None, typer.Option("--with", help="人工决定（xlsx、csv）：印在筛查结果旁，不代替结果。")
    ] = None,
    also: common.AlsoOption = None,
    *,
    accept_suggestions: common.AcceptOption = False,
    public: common.PublicOption = False,
    watermark: common.WatermarkOption = "",
    evidence: common.EvidenceOption = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="什么都没有变也重新运行。")] = False,
    lang: common.LangOption = "zh",
) -> None:
    """运行一个项目：读入、测算、按条款判断、写出结果文件夹；什么都没有变时原样保留上次的结果。"""
    from hmgeo.outputs.english import in_language
    from hmgeo.project.folder import Asked, Wish, kept_run

    failing = common.verdict_of(fail_on)
    wish = Wish(public, watermark, common.language_of(lang), evidence, common.also_of(also))
    asked = Asked.of(project, out, accepts=accept_suggestions, words=words, overrides=overrides, wish=wish)
    kept = None if fresh else kept_run(asked)
    if kept is not None and not kept.changed:
        common.warn(kept.warnings, lang)
        common.OUT.print(render(say("cli.unchanged", folder=str(kept.folder)), lang), markup=False)
        if failing is not None and kept.verdicts.get(failing.value):
            raise typer.Exit(common.EXIT_FAIL_ON)
        return
    common.ready_engine(lang)
    common.keep_lean(is_read_by_gdal=True)
    from hmgeo.project.run import run_project

    if kept is not None:
        common.LOG.print(in_language(say("cli.changed", names=tuple(kept.changed)), lang), markup=False)
    with common.Reporter(lang) as report:
        finished = run_project(
            project,
            out,
            accept_suggestions=accept_suggestions,
            words=words,
            overrides=overrides,
            wish=wish,
            progress=report,
        )
    common.summarise(finished, lang)
    common.fail_on_verdict(finished, failing)


def report(
    run: Annotated[Path | None, typer.Argument(help="hmgeo run 或 hmgeo screen 写出的结果文件夹。")] = None,
    out: Annotated[Path, typer.Option("--out", help="报告文件。")] = Path("report.docx"),
    template: Annotated[Path | None, typer.Option("--template", help="自己的 Word 模板。")] = None,
    new_template: Annotated[Path | None, typer.Option("--new-template", help="写出默认模板，供修改。")] = None,
    letters: Annotated[Path | None, typer.Option("--letters", help="查询函的文件夹：每个部门一封，不写报告。")] = None,
) -> None:
    """由结果文件夹写出 Word 报告，或每个部门一封查询函；报告的模板可自行修改。"""
    from hmgeo.project.run_files import letters_of_run, report_of_run

    if letters is not None:
        common.refuse_unused(
            {"--template": template, "--new-template": new_template}, "查询函没有模板", "去掉它，或去掉 --letters"
        )
        for path in letters_of_run(run, letters):
            common.OUT.print(str(path), markup=False)
        return
    common.OUT.print(str(report_of_run(run, out, template, new_template)), markup=False)


def init(
    folder: Annotated[Path, typer.Argument(help="新项目文件夹，须不存在或为空。")],
    area: Annotated[str, typer.Option("--area", help="县、乡镇、重点区域的名称或代码，几个用逗号隔开；或面文件。")],
    sources: Annotated[Path | None, typer.Option("--sources", help="企业清单文件。")] = None,
    farmland: Annotated[Path | None, typer.Option("--farmland", help="耕地图斑文件。")] = None,
    layer: Annotated[list[str] | None, typer.Option("--layer", help="其他图层：种类=文件，可多次。")] = None,
    farmland_covers: Annotated[str, typer.Option(help="耕地数据完整覆盖的区域：代码或面文件。")] = "",
    rule: Annotated[str, typer.Option("--rule", help="排查规则的编号；不写则列出来请你选。")] = "",
    choices: Annotated[list[str] | None, typer.Option("--set", help="条文没有写明的：参数=取值，可多次。")] = None,
    by: Annotated[str, typer.Option("--by", help="由谁决定：单位或姓名。")] = "",
    reason: Annotated[str, typer.Option("--reason", help="理由。")] = "",
    as_of: Annotated[str, typer.Option("--as-of", help="评估基准日，YYYY-MM-DD；默认今天。")] = "",
    *,
    copies: Annotated[bool, typer.Option("--copy/--no-copy", help="把文件复制进项目文件夹，还是只写路径。")] = True,
) -> None:
    """新建自己的项目：写 project.yml，选规则、定参数，当即检查。"""
    from hmgeo.project.folder import as_word
    from hmgeo.project.start import Begin, init_project

    layers = common.layers_of_words(sources, farmland, layer or ())
    values = dict(common.pair_of(text, "--set") for text in choices or ())
    begin = Begin(layers, farmland_covers, rule, values, by, reason, copies)
    made = init_project(
        folder,
        area,
        common.day_of(as_of) or dt.datetime.now(tz=dt.UTC).date(),
        begin,
        common.asker() if common.is_terminal() else None,
    )
    for name in made.files:
        common.OUT.print(name, markup=False)
    for line in made.waiting:
        common.LOG.print(f"待填（在 project.yml 里，有条文和可选值）：{line}", markup=False)
    if sources is None:
        common.LOG.print(
            f"已建立 {made.folder}：填写清单模板后运行 hmgeo check {as_word(str(made.folder))}", markup=False
        )
        return
    _check_new(made.folder)


def _check_new(folder: Path) -> None:
    """Check a new project at once, and say what to type next."""
    from hmgeo.project.check import check_project
    from hmgeo.project.folder import as_word

    common.ready_engine()
    with common.Reporter() as progress:
        checked = check_project(folder, foresee=True, progress=progress)
    try:
        common.show_check(checked)
    finally:
        name = as_word(str(folder))
        following = f"hmgeo run {name}" if checked.is_usable else f"改好上面的问题，再运行 hmgeo check {name}"
        common.OUT.print(f"下一步：{following}", markup=False)


def check(
    project: common.ProjectArgument,
    *,
    foresee: Annotated[
        bool, typer.Option("--foresee/--no-foresee", help="照 run 的办法判一遍，预报各条款能判多少；不画图、不写文件。")
    ] = True,
) -> None:
    """读入全部数据，一次列出所有问题，并预报运行能答出什么、还缺什么。"""
    from hmgeo.project.check import check_project

    if foresee:
        common.ready_engine()
    with common.Reporter() as progress:
        checked = check_project(project, foresee=foresee, progress=progress)
    common.show_check(checked)


def screen(  # one option for each thing that a bare file doesn't say
    sources: Annotated[Path, typer.Option("--sources", help="污染源文件：csv、xlsx、gpkg、geojson、parquet、shp。")],
    farmland: Annotated[Path, typer.Option("--farmland", help="耕地图斑文件。")],
    out: common.OutOption,
    radius: common.RadiusOption = "10km",
    sources_layer: Annotated[str, typer.Option(help="污染源的工作表或图层名。")] = "",
    sources_id: Annotated[str, typer.Option(help="污染源编号所在的列。")] = "",
    sources_crs: Annotated[str, typer.Option(help="污染源坐标系，如 EPSG:4547。")] = "",
    sources_datum: Annotated[str, typer.Option(help="污染源大地基准，如 gcj02。")] = "",
    sources_basis: Annotated[Basis, typer.Option(help="污染源数据性质。")] = Basis.UNDECLARED,
    farmland_layer: Annotated[str, typer.Option(help="耕地的图层名。")] = "",
    farmland_id: Annotated[str, typer.Option(help="图斑编号所在的列。")] = "",
    farmland_crs: Annotated[str, typer.Option(help="耕地坐标系。")] = "",
    farmland_datum: Annotated[str, typer.Option(help="耕地大地基准。")] = "",
    farmland_basis: Annotated[Basis, typer.Option(help="耕地数据性质。")] = Basis.UNDECLARED,
    farmland_covers: Annotated[str, typer.Option(help="耕地数据完整覆盖的区域：代码或面文件。")] = "",
    sources_credit: Annotated[str, typer.Option(help="污染源数据须随图注明的署名。")] = "",
    farmland_credit: Annotated[str, typer.Option(help="耕地数据须随图注明的署名。")] = "",
    central_meridian: Annotated[float | None, typer.Option(help="无带号米制坐标的中央子午线，度，如 114。")] = None,
    sources_axis_order: Annotated[str, typer.Option(help="污染源坐标列的顺序：lon_lat 或 lat_lon（两列颠倒）。")] = "",
    columns: common.ColumnsOption = None,
    farmland_columns: common.SecondColumnsOption = None,
    fail_on: common.FailOption = "",
    words: common.WordsOption = None,
    also: common.AlsoOption = None,
    *,
    accept_suggestions: common.AcceptOption = False,
    clipped_area: Annotated[
        bool, typer.Option("--clipped-area", help="另列圆内面积和去重面积：重叠处只计一次。")
    ] = False,
    lang: common.LangOption = "zh",
) -> None:
    """对两个文件按距离排查，不依据条款。"""
    kinds = common.also_of(also)
    common.ready_engine(common.language_of(lang))
    common.keep_lean(is_read_by_gdal=True)
    from hmgeo.intake.load import ReadOptions
    from hmgeo.project.bare import BareFile, parse_radius_m
    from hmgeo.project.folder import Wish
    from hmgeo.project.screening import screen_files
    from hmgeo.project.spec import read_words, told_columns

    failing = common.verdict_of(fail_on)
    wish = Wish(language=common.language_of(lang), also=kinds)
    radius_m = parse_radius_m(radius)
    details = (central_meridian, sources_axis_order, accept_suggestions, told_columns(columns or ()))
    meanings = () if words is None else read_words(words)
    options = ReadOptions(sources_layer, sources_id, sources_crs, sources_datum, *details, words=meanings)
    first = BareFile(sources, options, sources_basis, credit=sources_credit)
    of_land = farmland_layer, farmland_id, farmland_crs, farmland_datum, central_meridian
    land_options = common.options_of("--farmland-columns", farmland_columns, *of_land)
    second = BareFile(farmland, replace(land_options, words=meanings), farmland_basis, farmland_covers, farmland_credit)
    with common.Reporter(lang) as report:
        finished = screen_files(
            first, second, out, radius_m=radius_m, clipped_area=clipped_area, wish=wish, progress=report
        )
    common.summarise(finished, lang)
    common.fail_on_verdict(finished, failing)


def pairs(
    sources: Annotated[Path, typer.Option("--sources", help="污染源文件。")],
    receptors: Annotated[str, typer.Option("--receptors", help="受体文件；parquet 也可写地址，如 s3://桶/文件。")],
    out: Annotated[str, typer.Option("--out", help="写出的 parquet 文件，也可写地址。")],
    kind: Annotated[str, typer.Option("--kind", help="受体是哪种图层，如 sensitive_sites；默认耕地。")] = "farmland",
    radius: Annotated[
        str, typer.Option("--radius", help="半径，如 10km；几个写 1km,5km,10km：只在这几个半径计数。")
    ] = "10km",
    sources_layer: Annotated[str, typer.Option(help="污染源的工作表或图层名。")] = "",
    sources_id: Annotated[str, typer.Option(help="污染源编号所在的列。")] = "",
    sources_crs: Annotated[str, typer.Option(help="污染源坐标系，如 EPSG:4547。")] = "",
    sources_datum: Annotated[str, typer.Option(help="污染源大地基准，如 gcj02。")] = "",
    receptors_layer: Annotated[str, typer.Option(help="受体的工作表或图层名。")] = "",
    receptors_id: Annotated[str, typer.Option(help="受体编号所在的列。")] = "",
    receptors_crs: Annotated[str, typer.Option(help="受体坐标系。")] = "",
    receptors_datum: Annotated[str, typer.Option(help="受体大地基准。")] = "",
    central_meridian: Annotated[float | None, typer.Option(help="无带号米制坐标的中央子午线，度，如 114。")] = None,
    scheduler: Annotated[str, typer.Option("--scheduler", help="Dask 调度程序：tcp://主机:端口，或 local。")] = "",
    columns: common.ColumnsOption = None,
    receptors_columns: common.SecondColumnsOption = None,
    *,
    aggregate: Annotated[bool, typer.Option("--aggregate", help="只写各污染源的计数和面积。")] = False,
    clipped_area: Annotated[
        bool, typer.Option("--clipped-area", help="另列圆内面积和去重面积：重叠处只计一次；与 --aggregate 同用。")
    ] = False,
) -> None:
    """只测算距离：写出半径内的全部点对，或各污染源的计数。"""
    common.ready_engine()
    common.keep_lean(is_read_by_gdal=common.may_need_gdal(receptors))
    from hmgeo.intake.formats.archive import stored_at
    from hmgeo.project.bare import BareFile, kind_of, parse_radii_m
    from hmgeo.project.pairs.measure import pairs_files

    radii_m = parse_radii_m(radius)
    target = stored_at(out)
    of_sources = sources_layer, sources_id, sources_crs, sources_datum, central_meridian
    of_receptors = receptors_layer, receptors_id, receptors_crs, receptors_datum, central_meridian
    with common.Reporter() as report:
        measured = pairs_files(
            BareFile(sources, common.options_of("--columns", columns, *of_sources)),
            BareFile(stored_at(receptors), common.options_of("--receptors-columns", receptors_columns, *of_receptors)),
            target,
            kind=kind_of(kind),
            radius_m=radii_m,
            aggregate=aggregate,
            clipped_area=clipped_area,
            scheduler=scheduler,
            nearest=False,
            progress=report,
            tell=lambda line: common.LOG.print(line, markup=False),
        )
    common.LOG.print(f"已写出 {target.name}：受体 {measured.receptor_count} 个。")


def draw(
    definitions: Annotated[Path, typer.Argument(help="地图定义（.yml）或存放它们的文件夹。")] = Path("maps"),
    out: Annotated[Path | None, typer.Option("--out", help="写出网页的文件夹；默认与定义同处。")] = None,
    language: Annotated[str, typer.Option("--language", help="页面打开时的语言：zh 或 en。")] = "",
    *,
    public: common.PublicOption = False,
    watermark: common.WatermarkOption = "",
) -> None:
    """按定义画地图：每幅一个离线网页；给出文件夹时另写目录 index.html。"""
    from hmgeo.project.folder import Wish
    from hmgeo.project.maps import build_maps

    if language not in {"", "zh", "en"}:
        msg = f"「{language}」不可用，写 zh 或 en"
        raise typer.BadParameter(msg, param_hint="--language")
    folder = out or (definitions if definitions.is_dir() else definitions.parent)
    wish = Wish(public=public, watermark=watermark)
    for built in build_maps(definitions, folder, wish=wish, language=language):
        common.OUT.print(f"{built.spec.title}：{built.path}", markup=False)


def flow(
    project: common.ProjectArgument,
    limit: Annotated[
        str, typer.Option("--limit", help="追踪距离，如 20km；不写则用项目参数 flow_limit_m 或 max_downstream_m。")
    ] = "",
    source: Annotated[list[str] | None, typer.Option("--source", help="只查这些污染源编号，可多次。")] = None,
    sources_kind: Annotated[str, typer.Option("--from", help="以哪个图层为源，如 tailings_ponds。")] = "enterprises",
    closed_basins: Annotated[
        str, typer.Option(help="封闭洼地：breach 填平，keep 保留；不写则用项目参数 closed_basins。")
    ] = "",
    beside: Annotated[
        str, typer.Option("--beside", help="距路径多近视为遇到，如 100m；不写则用项目参数 path_beside_m。")
    ] = "",
    snap: Annotated[
        str, typer.Option("--snap", help="取水口落到水流上的容差，如 300m；不写则用项目参数 snap_distance_m。")
    ] = "",
    stream_ha: Annotated[
        str, typer.Option("--stream-ha", help="集水多少公顷视为水流，如 100；不写则用项目参数 stream_min_area_ha。")
    ] = "",
    geojson: Annotated[Path | None, typer.Option("--geojson", help="把路径写成 GeoJSON。")] = None,
    *,
    as_json: common.JsonOption = False,
) -> None:
    """沿高程推算的水流：下游遇到什么，水源地集水范围内有哪些污染源。"""
    from hmgeo.project.flow import OPTIONS, flow_project, report_rows, shown_tables, write_paths
    from hmgeo.project.folder import ending_of

    words = dict(zip(OPTIONS, (limit, beside, closed_basins, snap, stream_ha), strict=True))
    if geojson is not None:
        ending_of(geojson, (".geojson", ".json"), "--geojson")
    report = flow_project(project, words, sources_kind, source or ())
    if geojson is not None:
        write_paths(report, geojson)
    if as_json:
        common.show_json(report_rows(report))
        return
    for title, header, rows in shown_tables(report):
        common.show_table(title, header, rows)
    for note in report.notes:
        common.LOG.print(note, markup=False)


def verify(
    folder: Annotated[
        Path, typer.Argument(help="hmgeo run 或 hmgeo screen 的结果文件夹，或 hmgeo site --extract 的 json。")
    ],
    project: common.ProjectAboveOption = None,
    words: Annotated[Path | None, typer.Option("--words", help="当时的用语文件；不在项目文件夹里时才要写。")] = None,
    *,
    rerun: Annotated[bool, typer.Option("--rerun/--no-rerun", help="在临时文件夹里重跑一遍，比较后删去。")] = True,
    as_json: common.JsonOption = False,
) -> None:
    """核对一次运行：输入变没变，输出动没动，重跑是否得到同样的结果；有一项不符或没能核对，以 3 退出。"""
    common.ready_engine()
    from hmgeo.compare.verify import holds, language_of, verify_extract, verify_run

    language = language_of(folder)
    with common.Reporter(language) as report:
        if folder.is_file() and folder.suffix == ".json":
            checks = verify_extract(folder, project, progress=report)
        else:
            checks = verify_run(folder, project, words, rerun=rerun, progress=report)
    if as_json:
        common.show_json([check.in_language(language) for check in checks])
    else:
        for check in checks:
            common.OUT.print(check.line(language), markup=False)
    if not holds(checks):
        raise typer.Exit(common.EXIT_FAIL_ON)


def archive(
    folder: Annotated[Path, typer.Argument(help="hmgeo run 的结果文件夹。")],
    out: Annotated[Path, typer.Option("--out", help="写出的 zip。")] = Path("案卷.zip"),
    project: common.ProjectAboveOption = None,
    wheels: Annotated[
        Path | None, typer.Option("--wheels", help="存放全部安装包的文件夹，一并收入；不下载。不写则只列版本。")
    ] = None,
    *,
    as_json: common.JsonOption = False,
) -> None:
    """把一次运行装成一个案卷：输入、设置、结果、规则库、版本（和安装包），日后断网也能重跑核对；涉密的不装。"""
    from hmgeo.compare.archive import archive_run, size_text

    made = archive_run(folder, out, project, wheels)
    if as_json:
        contents = {
            "contents": [content._asdict() for content in made.contents],
            "bytes": made.size_bytes,
            "remarks": made.remarks,
        }
        common.show_json(contents)
        return
    rows = tuple((part.title, str(part.files), size_text(part.size_bytes)) for part in made.contents)
    common.show_table(f"{out.name} {size_text(made.size_bytes)}", ("内容", "文件", "大小"), rows)
    for remark in made.remarks:
        common.LOG.print(remark, markup=False)


def explain(
    folder: Annotated[Path, typer.Argument(help="hmgeo run 或 hmgeo screen 的结果文件夹。")],
    finding: Annotated[str, typer.Argument(help="哪一条：污染源编号；或结论编号，加双引号。")],
    rule: Annotated[str, typer.Argument(help="规则编号；写了结论编号的不写。")] = "",
    project: common.ProjectAboveOption = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", help="另画一张图（.png、.pdf、.svg）：位置、误差、最近处、距离、限值。")
    ] = None,
    *,
    as_json: common.JsonOption = False,
) -> None:
    """一条结论从原表的单元格到条款是怎样得出的，什么会使它改变；文字、JSON、图。"""
    from hmgeo.compare.explain import PICTURES, as_plain, draw_finding, explain_finding
    from hmgeo.project.folder import ending_of

    if picture is not None:
        ending_of(picture, PICTURES, "--picture")
    finding = f"{finding}|{rule}" if rule else finding
    parts = explain_finding(folder, finding, project)
    if picture is not None:
        remark = draw_finding(folder, finding, picture, parts)
        if remark:
            common.LOG.print(remark, markup=False)
    if as_json:
        common.show_json(as_plain(parts))
        return
    for part in parts:
        common.OUT.print(part.title, style="bold", markup=False)
        for name, text in part.lines:
            common.OUT.print(f"  {name}：{text}", markup=False)


def diff(
    first: Annotated[Path, typer.Argument(help="前一次的结果文件夹。")],
    second: Annotated[Path, typer.Argument(help="后一次的结果文件夹。")],
    project_a: Annotated[Path | None, typer.Option("--project-a", help="前一次的项目；不写则在其上找。")] = None,
    project_b: Annotated[Path | None, typer.Option("--project-b", help="后一次的项目；不写则在其上找。")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="把变化写成 xlsx 或 csv。")] = None,
    picture: Annotated[
        Path | None, typer.Option("--map", help="把两次的状态并排画成图（.png、.pdf、.svg），有变化的编号。")
    ] = None,
    *,
    causes: Annotated[bool, typer.Option("--causes/--no-causes", help="逐项重跑，找出每一处变化的原因。")] = True,
    as_json: common.JsonOption = False,
) -> None:
    """两次运行有何不同、因何不同：新增、不再有、改变的结论；有不同以 3 退出。"""
    common.ready_engine()
    from hmgeo.compare.diff import Change, change_rows, diff_runs, draw_changes
    from hmgeo.compare.explain import PICTURES
    from hmgeo.compare.verify import language_of
    from hmgeo.outputs.templates import TABLES, PlainTable, write_plain
    from hmgeo.project.folder import ending_of, whole_file

    if out is not None:
        ending_of(out, TABLES)
    if picture is not None:
        ending_of(picture, PICTURES, "--map")
    language = language_of(second)
    with common.Reporter(language) as report:
        changes, remarks = diff_runs(first, second, (project_a, project_b), causes=causes, progress=report)
    rows, header = tuple(change_rows(changes, language)), tuple(render(say("diff.head"), language).split("｜"))
    if out is not None:
        with whole_file(out, []) as temporary:
            write_plain([PlainTable(header[0], header, rows)], temporary, suffix=out.suffix)
    if picture is not None:
        draw_changes(first, second, (project_a, project_b), changes, picture, language)
    if as_json:
        parts = [dict(zip(Change._fields, change.row(language), strict=True)) for change in changes]
        common.show_json(parts)
    else:
        common.show_table(render(say("diff.title", count=len(rows)), language), header, rows)
    for remark in remarks:
        common.LOG.print(render(remark, language), markup=False)
    if changes:
        raise typer.Exit(common.EXIT_FAIL_ON)

"""Commands on the books: rules list, coverage, show, check; layers list, check, pack; register merge; ledger check."""

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import asdict

from hmgeo.commands import options as common


def show_book(
    pack: common.PacksOption = None,
    as_of: common.AsOfOption = "",
    area: common.AreaOption = "CN",
    trade: Annotated[str, typer.Option("--for", help="只列可能约束这一行业的条款：GB/T 4754 代码，如 3360。")] = "",
    place: Annotated[str, typer.Option("--in", help="只列可能约束这一地点的条款：行政区划代码，如 451221。")] = "",
    kind: common.KindOption = "",
    edition: common.EditionOption = "",
    action: common.ActionOption = "",
    *,
    as_json: common.JsonOption = False,
) -> None:
    """列出规则；给出日期和地点时列出效力；给出 --for、--in 时只列可能有关的条款，一行一条。"""
    if not place:
        of_place = {"--for": trade, "--kind": kind, "--edition": edition, "--action": action}
        common.refuse_unused(of_place, "这一选项须与 --in 同用", "加上 --in 行政区划代码，如 --in 451221")
        coverage(pack, as_of, area, as_json=as_json)
        return
    common.refuse_unused(
        {"--area": "" if area == "CN" else area}, "--area 与 --in 不能同用", "去掉 --area，地点写在 --in"
    )
    from hmgeo.project.start import relevant_clauses
    from hmgeo.rules.words import SOURCE_KINDS

    day = common.day_of(as_of) or dt.datetime.now(tz=dt.UTC).date()
    source = kind or "project_sites"
    clauses, others = relevant_clauses(
        pack or (), trade=trade, area=place, as_of=day, kind=source, edition=edition, action=action
    )
    if as_json:
        common.show_json([asdict(clause) for clause in clauses])
        return
    counts = "｜".join(f"{effect} {count}" for effect, count in Counter(clause.effect for clause in clauses).items())
    asked = f"{place}，{trade or '行业未说明'}，{SOURCE_KINDS[source]}，评估日 {day}"
    common.OUT.print(f"{asked}：可能有关 {len(clauses)} 条（{counts}）", markup=False)
    for clause in clauses:
        common.OUT.print(
            f"{clause.effect}　{clause.standing}　{clause.title}　《{clause.document}》{clause.clause}　{clause.id}",
            markup=False,
        )
    for why, count in others.items():
        common.OUT.print(f"不列：{why} {count} 条", markup=False)


def coverage(
    pack: common.PacksOption = None,
    as_of: common.AsOfOption = "",
    area: common.AreaOption = "CN",
    *,
    as_json: common.JsonOption = False,
) -> None:
    """逐条列出能否判定、为何不能、需要哪些图层和参数。"""
    from hmgeo.rules.book import load_book, rules_coverage

    rows = rules_coverage(pack or (), as_of=common.day_of(as_of), area=area)
    if as_json:
        common.show_json([asdict(row) for row in rows])
        return
    packs = "、".join(f"{name} {version}" for name, version in load_book(pack or ()).packs)
    shown = tuple(
        (row.id, row.effect, row.standing, row.runs, "、".join(row.layers), "、".join(row.parameters), str(row.cases))
        for row in rows
    )
    header = ("编号", "作用", "效力", "判定", "图层", "参数", "案例")
    common.show_table(f"规则 {len(rows)} 条，规则包 {packs}", header, shown)


def show(
    rule_id: Annotated[str, typer.Argument(help="规则编号，如 SCR-JY-10KM。")], pack: common.PacksOption = None
) -> None:
    """显示一条规则的全部内容和原文。"""
    from hmgeo.rules.book import load_book, rule_card

    for name, text in rule_card(load_book(pack or ()).get(rule_id)):
        common.OUT.print(f"{name}：{text}", markup=False)


def check_rules(
    file: Annotated[Path, typer.Argument(help="规则文件或文件夹。")],
    texts: Annotated[
        Path | None, typer.Option("--texts", help="原文的文件夹（txt、md，以 text 所写为名），逐字核对引文。")
    ] = None,
) -> None:
    """检查规则文件，一次列出全部错误；没有错误时逐个运行算例、核对版本指纹和引文，列出不符的。"""
    from hmgeo.project.start import check_rules

    common.OUT.print(check_rules(file, texts), markup=False)


def diff_rules(
    old: Annotated[Path, typer.Argument(help="旧的规则文件或文件夹。")],
    new: Annotated[Path | None, typer.Argument(help="新的；不写则为随软件的规则库。")] = None,
) -> None:
    """两版规则库比较：新增、删去、改动了什么，旧算例按新规则结论有何改变。"""
    from hmgeo.project.start import rules_diff

    lines = rules_diff(old, new)
    for line in lines:
        common.OUT.print(line, markup=False)
    common.OUT.print(f"不同 {len(lines)} 条。" if lines else "两版没有不同。", markup=False)


def show_shipped() -> None:
    """列出随软件提供的图层、数据性质和署名。"""
    from hmgeo.project.check import shipped_table

    table = shipped_table()
    common.show_table(table.title, table.header, table.rows)


def check_layer(
    file: Annotated[Path, typer.Argument(help="表格或矢量文件，可以是 zip。")],
    kind: Annotated[str, typer.Option("--kind", help="图层种类，如 enterprises、farmland；不写则按字段判断。")] = "",
    layer: Annotated[str, typer.Option("--layer", help="工作表或图层名。")] = "",
    crs: Annotated[str, typer.Option("--crs", help="坐标系，如 EPSG:4547。")] = "",
    datum: Annotated[str, typer.Option("--datum", help="大地基准，如 gcj02。")] = "",
    axis_order: Annotated[str, typer.Option("--axis-order", help="lon_lat 或 lat_lon。")] = "",
    central_meridian: Annotated[float | None, typer.Option("--central-meridian", help="度，如 114。")] = None,
    columns: common.ColumnsOption = None,
    fixme: Annotated[Path | None, typer.Option("--fixme", help="写出请提供单位更正的表（xlsx）。")] = None,
    write_columns: Annotated[
        Path | None, typer.Option("--write-columns", help="把列的对应写成 yml，可改，可作 --columns。")
    ] = None,
    page: Annotated[Path | None, typer.Option("--map", help="把各行画在离线网页上（html），不作判断。")] = None,
    *,
    accept_suggestions: common.AcceptOption = False,
) -> None:
    """读入一个文件，列出内容、范围、坐标系、可疑行和全部问题，不作测算。"""
    from hmgeo.intake.load import ReadOptions
    from hmgeo.project.check import check_layer, unused_by
    from hmgeo.project.spec import told_columns

    mapping = told_columns(columns or ())
    options = ReadOptions(layer, "", crs, datum, central_meridian, axis_order, accept_suggestions, mapping)
    typed: dict[str, object] = {
        "--layer": layer,
        "--crs": crs,
        "--datum": datum,
        "--axis-order": axis_order,
        "--fixme": fixme,
        "--columns": columns,
        "--write-columns": write_columns,
        "--map": page,
    }
    typed |= {"--central-meridian": central_meridian, "--accept-suggestions": accept_suggestions}
    common.refuse_unused(unused_by(kind, file, typed), "这类文件用不到这一选项", "去掉它；栅格的坐标系写在文件里")
    common.show_check(check_layer(file, kind, options=options, fixme=fixme, write_columns=write_columns, page=page))


def pack(
    file: Annotated[str, typer.Argument(help="受体文件：gpkg、parquet、geojson、shp 等；parquet 也可写地址。")],
    out: Annotated[Path | None, typer.Option("--out", help="写出的文件；默认在原文件旁，原名.packed.parquet。")] = None,
    kind: Annotated[str, typer.Option("--kind", help="图层种类。")] = "farmland",
    layer: Annotated[str, typer.Option("--layer", help="图层名。")] = "",
    id_field: Annotated[str, typer.Option("--id", help="编号所在的列。")] = "",
    crs: Annotated[str, typer.Option("--crs", help="坐标系，如 EPSG:4547。")] = "",
    datum: Annotated[str, typer.Option("--datum", help="大地基准，如 gcj02。")] = "",
    central_meridian: Annotated[float | None, typer.Option("--central-meridian", help="度，如 114。")] = None,
    columns: common.ColumnsOption = None,
) -> None:
    """整理一个受体图层并写成工作格式：按空间排序的 GeoParquet，以后测算只读用得着的部分。"""
    from hmgeo.intake.formats.archive import stored_at
    from hmgeo.intake.load import ReadOptions
    from hmgeo.project.check import layer_kind
    from hmgeo.project.pairs.measure import pack_file
    from hmgeo.project.spec import told_columns

    options = ReadOptions(layer, id_field, crs, datum, central_meridian, columns=told_columns(columns or ()))
    source = stored_at(file)
    known = layer_kind(kind, source if isinstance(source, Path) else Path(source.name), options)
    with common.Reporter() as report:
        made = pack_file(source, out, options=options, kind=known, progress=report)
    for event, count in made.packed.ledger.events().items():
        common.LOG.print(f"{event} {count} 行", markup=False)
    common.LOG.print(
        f"共 {made.packed.rows} 个要素，{made.packed.row_groups} 个行组；台账 {made.ledger_path.name}", markup=False
    )
    common.OUT.print(str(made.path), markup=False)


def merge_register(
    files: Annotated[list[Path], typer.Argument(help="各张企业清单：csv、xlsx、gpkg 等，先后即取值的先后。")],
    out: Annotated[Path, typer.Option("--out", help="写出的底册，xlsx。")],
    previous: Annotated[Path | None, typer.Option("--previous", help="上年底册：编号沿用，列出年度变化。")] = None,
    decisions: Annotated[
        list[Path] | None, typer.Option("--decisions", help="填好的「待人工确认」（底册或 csv），可多次。")
    ] = None,
    sheet: Annotated[list[str] | None, typer.Option("--sheet", help="读哪个工作表：文件名=工作表，可多次。")] = None,
    datum: Annotated[list[str] | None, typer.Option("--datum", help="坐标的大地基准：文件名=gcj02，可多次。")] = None,
    date: Annotated[list[str] | None, typer.Option("--date", help="清单的日期：文件名=2025-06-30，可多次。")] = None,
) -> None:
    """把几张企业清单并成一本底册：有把握的合并，存疑的列出请人确认，一行不漏。"""
    from hmgeo.project.registers import merge_lists
    from hmgeo.register.merge import balance, used_decisions

    by_list = {
        "sheet": _by_file(sheet, "--sheet"),
        "datum": _by_file(datum, "--datum"),
        "date": _by_file(date, "--date"),
    }
    made = merge_lists(files, out, previous=previous, decisions=decisions or (), stated=by_list)
    common.OUT.print(balance(made.counts), markup=False)
    common.OUT.print(f"底册 {len(made.ids)} 家；待人工确认 {len(made.matched.proposals)} 对：{out}", markup=False)
    if made.decisions:
        common.OUT.print(used_decisions(made), markup=False)


def check_ledger(
    file: Annotated[
        Path, typer.Argument(help="填好的 survey_list.xlsx（表2、表3、核查表），或任务台账（xlsx、csv）。")
    ],
    previous: Annotated[Path | None, typer.Option("--previous", help="上期的同一本台账，比较有无丢失和后退。")] = None,
    as_of: Annotated[str, typer.Option("--as-of", help="已办的日期不能晚于这一天，YYYY-MM-DD；默认今天。")] = "",
    *,
    as_json: common.JsonOption = False,
) -> None:
    """核对填好的表2、表3、核查表和任务台账：只读不改，逐格列出问题；有问题以 2 退出。"""
    from hmgeo.compare.ledger import check_ledgers, summary
    from hmgeo.outputs.templates import PlainTable
    from hmgeo.project.check import CheckReport

    day = common.day_of(as_of) or dt.datetime.now(tz=dt.UTC).date()
    report = check_ledgers(file, previous, day)
    problems = tuple(fault.problem(file.name) for fault in report.faults)
    tables = [PlainTable("各表", ("工作表", "种类", "行数", "已填"), tuple(summary(report.ledgers)))]
    if previous is not None:
        tables.append(PlainTable("与上期相比", ("工作表", "行", "列", "上期", "本期"), report.changes))
    if as_json:
        shown: dict[str, list[object]] = {
            table.title: [dict(zip(table.header, row, strict=True)) for row in table.rows] for table in tables
        }
        shown |= {"问题": [fault._asdict() for fault in report.faults], "没有认出": list(report.strangers)}
        common.show_json(shown)
        if problems:
            raise typer.Exit(common.EXIT_INPUT)
        return
    if report.strangers:
        common.LOG.print(f"未核对的工作表：{'、'.join(report.strangers)}", markup=False)
    common.show_check(CheckReport(problems, tuple(tables)))


def doctor(
    *,
    clear: Annotated[bool, typer.Option("--clear", help="清掉留存的填洼结果；下次用到时重算。")] = False,
    as_json: common.JsonOption = False,
) -> None:
    """本机有什么、留存了什么（在哪里、多大）、缺什么会少哪一项；--clear 清掉留存的填洼结果。"""
    from importlib import metadata

    from hmgeo.reference import machine

    freed = machine.forget_heights() if clear else 0
    folders = machine.kept_here()
    kept = {word: {"folder": str(folder), "bytes": size} for word, folder, size in folders}
    versions: dict[str, str] = {}
    for name in (*_LIBRARIES, *_EXTRAS):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = ""
    if as_json:
        shown = {
            "cores": machine.core_count(),
            "kept": kept,
            "most_kept_bytes": machine.MOST_KEPT_BYTES,
            "freed": freed,
        }
        common.show_json({**shown, "versions": versions})
        return
    if clear:
        common.OUT.print(f"已清掉填洼结果 {freed / 2**20:.1f} MB", markup=False)
    common.OUT.print(f"处理器 {machine.core_count()} 个", markup=False)
    titles = {"code": "编译结果", "heights": f"填洼结果（至多 {machine.MOST_KEPT_BYTES / 2**20:.0f} MB，先删久未用的）"}
    for word, folder, size in folders:
        common.OUT.print(f"{titles[word]}：{size / 2**20:.1f} MB，{folder}", markup=False)
    common.OUT.print("　".join(f"{name} {versions[name] or '未安装'}" for name in _LIBRARIES), markup=False)
    for name, what in _EXTRAS.items():
        common.OUT.print(f"{name} {versions[name] or f'未安装：{what}'}", markup=False)


_LIBRARIES = ("hmgeo", "numpy", "pyarrow", "shapely", "pyproj", "numba", "rasterio", "pyogrio")
_EXTRAS = {"dask": '不能用 --scheduler；pip install "hmgeo[dask]"'}


def _by_file(options: list[str] | None, option: str) -> dict[str, str]:
    """Return what options of the form 文件名=值 say, by the name of the file."""
    made = {}
    for text in options or ():
        name, sign, value = text.partition("=")
        if not (name and sign and value):
            msg = f"「{text}」看不懂，写成 文件名=值"
            raise typer.BadParameter(msg, param_hint=option)
        made[Path(name).name] = value
    return made

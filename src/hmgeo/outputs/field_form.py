"""核查表: one A4 page for the visit to one source, prefilled with what is known, blank where a person writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hmgeo.outputs import wording
from hmgeo.outputs.cells import LINE_HEIGHT_PT, AtLeast, cut, height_pt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xlsxwriter.worksheet import Worksheet

    from hmgeo.outputs.workbook import Book

WIDTHS = (13, 30, 13, 30)
WHOLE = sum(WIDTHS[1:])
PAIRS = (
    ("企业编号", "名称"),
    ("统一社会信用代码", "行业"),
    ("县", "乡镇"),
    ("经度", "纬度"),
    ("生产状态", "涉镉情况"),
    ("距最近耕地(m)", "最近图斑号"),
    ("严格管控类", "安全利用类"),
)
LINES = (
    ("地址", "地址"),
    ("列入依据", "列入依据(条款)"),
    ("所在排查重点区域", "所在排查重点区域"),
    ("证据层级", "证据"),
    ("灌溉途径", "灌溉途径"),
    ("固废径流途径", "固废径流途径"),
    ("位置可靠性", "位置可靠性"),
    ("跨界情况", "跨界情况"),
    ("建议核查重点", "建议核查重点"),
)
TO_FILL = (
    ("现场位置", "经度：　　　　　　　纬度：　　　　　　　（坐标系：CGCS2000；厂区中心 □　大门 □　主排口 □）", 1),
    ("生产状态", "在产 □　停产 □　关闭 □　搬迁 □　在建 □　历史遗留 □", 1),
    ("是否涉镉", "已认定 □　不涉及 □　依据：", 1),
    ("原料、工艺、产品", "", 2),
    ("废气及排气筒", "排气筒高度：　　　m；重金属排放量：", 1),
    ("废水去向", "受纳水体：　　　　　　　　　　是否进入灌溉水系：是 □　否 □　不清 □", 1),
    ("固废及堆存", "", 2),
    ("周边耕地及作物", "", 2),
    ("监测采样", "点位及报告编号：", 1),
    ("存在问题", "", 3),
    ("污染途径认定", "大气 □　灌溉 □　固废径流 □　其他 □　未发现 □　说明：", 2),
    ("核查意见", "无需整治 □　列入整治 □　需进一步调查 □　理由：", 2),
)
TITLES = {"严格管控类": "严格管控类耕地(亩)", "安全利用类": "安全利用类耕地(亩)"}


def write_form(book: Book, number: int, cells: Mapping[str, Any]) -> None:
    """Write one form as a sheet of its own that prints on one A4 page.

    Parameters
    ----------
    number
        On the list.
    cells
        The list's row by header.
    """
    page = book.file.add_worksheet(book.say(f"核查表-{number:03d}"))
    for index, width in enumerate(WIDTHS):
        page.set_column(index, index, width)
    title = book.style(bold=True, font_size=16, align="center")
    page.merge_range(0, 0, 0, 3, "", title)
    page.write_string(0, 0, book.say("涉镉等重金属污染源现场核查表"), title)
    page.set_row(0, 28)
    notice = "｜".join(
        filter(None, (f"清单序号 {number}", book.results.title, wording.basis_banner(book.results.basis)))
    )
    _across(book, page, 1, notice, bold=True)
    row = _section(book, page, 2, "一、筛查资料（软件预填，待现场核实）")
    for left, right in PAIRS:
        _pair(book, page, row, (left, cells[left]), (right, cells[right]))
        row += 1
    for label, key in LINES:
        row = _line(book, page, row, label, str(cells.get(key) or "—"), 1)
    row = _section(book, page, row, "二、现场核查（核查人填写）")
    for label, hint, lines in TO_FILL:
        row = _line(book, page, row, label, hint, lines)
    _pair(book, page, row, ("核查人", ""), ("核查日期", "　　　　年　　月　　日"))
    _pair(book, page, row + 1, ("企业陪同人", ""), ("复核人", ""))
    _across(book, page, row + 2, wording.disclaimer(book.presentation.language), font_size=8, font_color="#444444")
    page.set_portrait()
    page.set_paper(9)
    page.set_margins(left=0.5, right=0.5, top=0.5, bottom=0.5)
    page.fit_to_pages(1, 1)
    page.center_horizontally()
    page.hide_gridlines(2)
    classification = book.say(f"密级：{wording.classification_word(book.results)}")
    page.set_footer(f"&L&9{classification}&R&9{book.say(f'核查表-{number:03d}')}")


def _section(book: Book, page: Worksheet, row: int, text: str) -> int:
    style = book.style(bold=True, bg_color="#E4E9EE", border=1, border_color="#9AA5B1")
    page.merge_range(row, 0, row, 3, "", style)
    page.write_string(row, 0, book.say(text), style)
    page.set_row(row, LINE_HEIGHT_PT + 4)
    return row + 1


def _pair(book: Book, page: Worksheet, row: int, left: tuple[str, Any], right: tuple[str, Any]) -> None:
    label = book.style(bold=True, text_wrap=True, border=1, border_color="#C9D0D6", bg_color="#F5F7F9")
    value = book.style(text_wrap=True, border=1, border_color="#C9D0D6", align="left")
    texts = []
    for column, (name, cell) in ((0, left), (2, right)):
        text, title = book.say(_text(name, cell)), book.say(TITLES.get(name, name))
        page.write_string(row, column, title, label)
        page.write_string(row, column + 1, cut(text), value)
        texts += [(title, WIDTHS[column]), (text, WIDTHS[column + 1])]
    page.set_row(row, height_pt(texts) + 2)


def _line(book: Book, page: Worksheet, row: int, label: str, text: str, lines: int) -> int:
    name = book.style(bold=True, text_wrap=True, border=1, border_color="#C9D0D6", bg_color="#F5F7F9")
    value = book.style(text_wrap=True, border=1, border_color="#C9D0D6", align="left")
    label, text = book.say(label), book.say(text)
    page.write_string(row, 0, label, name)
    page.merge_range(row, 1, row, 3, "", value)
    page.write_string(row, 1, cut(text), value)
    page.set_row(row, max(height_pt([(text, WHOLE), (label, WIDTHS[0])]), LINE_HEIGHT_PT * (lines + 0.4)))
    return row + 1


def _across(book: Book, page: Worksheet, row: int, text: str, **properties: str | float | bool) -> None:
    style, text = book.style(text_wrap=True, **properties), book.say(text)
    page.merge_range(row, 0, row, 3, "", style)
    page.write_string(row, 0, cut(text), style)
    page.set_row(row, height_pt([(text, sum(WIDTHS) * 1.1)]))


def _text(name: str, cell: Any) -> str:  # noqa: ANN401 -- a cell is text, number or nothing
    """Return a cell of the list as the form prints it."""
    if cell is None or cell == "":
        return "" if name in {"核查人", "企业陪同人", "复核人"} else "—"
    if isinstance(cell, AtLeast):
        return f"≥ {cell.value:,.1f}"
    if isinstance(cell, float):
        return f"{cell:.6f}" if name in {"经度", "纬度"} else f"{cell:,.1f}"
    return str(cell)

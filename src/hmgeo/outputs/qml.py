"""QGIS styles (QML) made from the palette, so that a GeoPackage opens with colours, Chinese words and column aliases.

Only what QGIS reads from a `layer_styles` table: symbology, column aliases and labels.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from xml.etree import ElementTree as ET

from msgspec import Struct

from hmgeo.outputs.style import FONTS, Style, VerdictStyle
from hmgeo.records import LON_LAT_CRS
from hmgeo.results.columns import column_of

DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>"
QML_VERSION = "3.22.0"
GEOMETRY_CODES = {"marker": "0", "line": "1", "fill": "2"}
MARKER_SHAPES = {
    "diamond": "diamond",
    "triangle": "triangle",
    "circle": "circle",
    "square": "square",
    "ring": "circle",
    "cross": "cross2",
}
NO_FILL = ("ring", "cross")


class Symbol(Struct, frozen=True):
    """A QGIS symbol: marker, line or fill, with the properties of its one layer."""

    kind: str
    layer_class: str
    properties: Mapping[str, str]
    alpha: float = 1.0


class Category(Struct, frozen=True):
    """One value of the styled column, the word shown for it and its symbol."""

    value: str
    label: str
    symbol: Symbol


class Drawn(Struct, frozen=True):
    """A layer of a QGIS project: its id, title, where it lies from the project, style (QML), and if it is shown.

    QGIS gives another id to a layer whose own has ten signs or fewer, and then finds it nowhere in the tree.
    """

    id: str
    title: str
    source: str
    style: str
    is_shown: bool


def marker(style: VerdictStyle, size_mm: float = 3.4) -> Symbol:
    """Return a point symbol of `size_mm` whose form, by `style`, tells verdicts apart without colour."""
    hollow = style.shape in NO_FILL
    return Symbol(
        "marker",
        "SimpleMarker",
        {
            "name": MARKER_SHAPES[style.shape],
            "color": _rgba("#FFFFFF" if hollow else style.colour, 1.0),
            "outline_color": _rgba(style.colour if hollow else "#333333", 1.0),
            "outline_width": "0.6" if hollow else "0.2",
            "outline_width_unit": "MM",
            "size": f"{size_mm:g}",
            "size_unit": "MM",
        },
    )


def fill(style: Style) -> Symbol:
    """Return a polygon symbol of `style`; an opacity of 0 leaves the outline alone."""
    return Symbol(
        "fill",
        "SimpleFill",
        {
            "color": _rgba(style.fill, style.fill_opacity),
            "style": "solid" if style.fill_opacity > 0 else "no",
            "outline_color": _rgba(style.stroke, 1.0),
            "outline_style": "dash" if style.dash else "solid",
            "outline_width": f"{style.width_mm:g}",
            "outline_width_unit": "MM",
        },
    )


def hatched(style: Style) -> Symbol:
    """Return a polygon symbol of slanting lines in `style`: ground on which nothing is known."""
    look = fill(style)
    pattern = {"style": "b_diagonal", "color": _rgba(style.stroke, 1.0)}
    return Symbol(look.kind, look.layer_class, {**look.properties, **pattern})


def line(style: Style) -> Symbol:
    """Return a line symbol of `style`."""
    return Symbol(
        "line",
        "SimpleLine",
        {
            "line_color": _rgba(style.stroke, 1.0),
            "line_style": "dash" if style.dash else "solid",
            "line_width": f"{style.width_mm:g}",
            "line_width_unit": "MM",
        },
    )


def categorized(
    column: str, categories: Sequence[Category], headers: Mapping[str, str], *, label_column: str = ""
) -> str:
    """Return a style that draws each value of `column` with the symbol of its own among `categories`.

    `headers`: Chinese header of each column. `label_column`: the column written beside each feature; empty for none.
    """
    renderer = ET.Element("renderer-v2", {"type": "categorizedSymbol", "attr": column, "symbollevels": "0"})
    listed = ET.SubElement(renderer, "categories")
    symbols = ET.SubElement(renderer, "symbols")
    for index, category in enumerate(categories):
        attributes = {"symbol": str(index), "value": category.value, "label": category.label, "render": "true"}
        ET.SubElement(listed, "category", {**attributes, "type": "string"})
        symbols.append(_symbol(str(index), category.symbol))
    return _document(renderer, categories[0].symbol.kind, headers, label_column)


def single(symbol: Symbol, headers: Mapping[str, str], *, label_column: str = "") -> str:
    """Return a style that draws every feature by `symbol`; `headers` and `label_column` as in `categorized`."""
    renderer = ET.Element("renderer-v2", {"type": "singleSymbol", "symbollevels": "0"})
    ET.SubElement(renderer, "symbols").append(_symbol("0", symbol))
    return _document(renderer, symbol.kind, headers, label_column)


def looks(style: str) -> tuple[str, dict[str, tuple[str, dict[str, str]]]]:
    """Return the column by which a style draws, and kind and properties of the symbol of each of its values."""
    renderer = _read(style).find("renderer-v2")
    if renderer is None:  # no style of ours
        return "", {}
    symbols = [
        (symbol.attrib["type"], {prop.attrib["k"]: prop.attrib["v"] for prop in symbol.iter("prop")})
        for symbol in renderer.iter("symbol")
    ]
    values = [category.attrib["value"] for category in renderer.iter("category")] or [""]
    return renderer.get("attr", ""), dict(zip(values, symbols, strict=True))


def _read(style: str) -> ET.Element:
    return ET.fromstring(style.partition("\n")[2])  # noqa: S314 -- made by `_document`


def aliases(columns: Iterable[str], table: str, language: str = "zh") -> dict[str, str]:
    """Return the header in `language` of each of `columns` of `table` in the GeoPackage, the geometry's aside.

    >>> aliases(["source_id", "lon"], "sources")
    {'source_id': '编号', 'lon': '经度'}
    """
    return {name: column_of(table, name).alias_in(language) for name in columns if name != "geometry"}


def renamed(style: str, headers: Mapping[str, str], label: Callable[[str], str]) -> str:
    """Return `style` with other `headers`, and with the name that `label` gives what it draws; values stay."""
    root = _read(style)
    for category in root.iter("category"):
        category.set("label", label(category.attrib["label"]))
    for alias in root.iter("alias"):
        alias.set("name", headers[alias.attrib["field"]])
    return f"{DOCTYPE}\n{ET.tostring(root, encoding='unicode')}\n"


def project_document(layers: Sequence[Drawn], title: str, extent: Sequence[float]) -> str:
    """Return the XML of QGIS project `title`: layers from top to bottom, which are shown, where it opens.

    `extent`: least and greatest longitude and latitude: west, south, east, north.
    """
    root = ET.Element("qgis", {"projectname": title, "version": QML_VERSION})
    ET.SubElement(root, "title").text = title
    _crs(ET.SubElement(root, "projectCrs"))
    tree = ET.SubElement(root, "layer-tree-group")
    canvas = ET.SubElement(root, "mapcanvas", {"name": "theMapCanvas", "annotationsVisible": "1"})
    ET.SubElement(canvas, "units").text = "degrees"
    box = ET.SubElement(canvas, "extent")
    for name, value in zip(("xmin", "ymin", "xmax", "ymax"), extent, strict=True):
        ET.SubElement(box, name).text = f"{value:.6f}"
    _crs(ET.SubElement(canvas, "destinationsrs"))
    in_project = ET.SubElement(root, "projectlayers")
    order = ET.SubElement(root, "layerorder")
    for layer in layers:
        ET.SubElement(
            tree,
            "layer-tree-layer",
            {"id": layer.id, "name": layer.title, "checked": "Qt::Checked" if layer.is_shown else "Qt::Unchecked",
             "expanded": "0", "providerKey": "ogr", "source": layer.source},
        )  # fmt: skip
        ET.SubElement(order, "layer", {"id": layer.id})
        made = ET.SubElement(in_project, "maplayer", {"type": "vector", "autoRefreshEnabled": "0"})
        for tag, text in (("id", layer.id), ("datasource", layer.source), ("layername", layer.title)):
            ET.SubElement(made, tag).text = text
        _crs(ET.SubElement(made, "srs"))
        ET.SubElement(made, "provider", {"encoding": "UTF-8"}).text = "ogr"
        style = _read(layer.style)
        made.attrib |= {"labelsEnabled": style.attrib["labelsEnabled"]}
        made.extend(style)
    paths = ET.SubElement(ET.SubElement(root, "properties"), "Paths")
    ET.SubElement(paths, "Absolute", {"type": "bool"}).text = "false"
    ET.indent(root, " ")
    return f"{DOCTYPE}\n{ET.tostring(root, encoding='unicode')}\n"


def _crs(element: ET.Element) -> None:
    ET.SubElement(ET.SubElement(element, "spatialrefsys"), "authid").text = LON_LAT_CRS


def _document(renderer: ET.Element, kind: str, headers: Mapping[str, str], label_column: str) -> str:
    labels = "1" if label_column else "0"
    categories = "Symbology|Labeling|Fields"
    root = ET.Element("qgis", {"version": QML_VERSION, "styleCategories": categories, "labelsEnabled": labels})
    root.append(renderer)
    if label_column:
        root.append(_labeling(label_column))
    named = ET.SubElement(root, "aliases")
    for index, (column, alias) in enumerate(headers.items()):
        ET.SubElement(named, "alias", {"field": column, "index": str(index), "name": alias})
    ET.SubElement(root, "layerGeometryType").text = GEOMETRY_CODES[kind]
    ET.indent(root, " ")
    return f"{DOCTYPE}\n{ET.tostring(root, encoding='unicode')}\n"


def _symbol(name: str, symbol: Symbol) -> ET.Element:
    """Return the XML of a symbol; properties stand twice, as QGIS before and after 3.26 reads them."""
    element = ET.Element("symbol", {"name": name, "type": symbol.kind, "alpha": f"{symbol.alpha:g}"})
    layer = ET.SubElement(element, "layer", {"class": symbol.layer_class, "enabled": "1", "pass": "0", "locked": "0"})
    options = ET.SubElement(layer, "Option", {"type": "Map"})
    for key, value in symbol.properties.items():
        ET.SubElement(options, "Option", {"name": key, "type": "QString", "value": value})
    for key, value in symbol.properties.items():
        ET.SubElement(layer, "prop", {"k": key, "v": value})
    return element


def _labeling(column: str) -> ET.Element:
    labeling = ET.Element("labeling", {"type": "simple"})
    settings = ET.SubElement(labeling, "settings")
    style = ET.SubElement(
        settings,
        "text-style",
        {
            "fieldName": column,
            "isExpression": "0",
            "fontFamily": FONTS[0],
            "fontSize": "8",
            "fontSizeUnit": "Point",
            "textColor": _rgba("#222222", 1.0),
        },
    )
    families = ET.SubElement(style, "families")
    for font in FONTS:
        ET.SubElement(families, "family", {"name": font})
    ET.SubElement(
        style,
        "text-buffer",
        {"bufferDraw": "1", "bufferSize": "0.8", "bufferSizeUnits": "MM", "bufferColor": _rgba("#FFFFFF", 0.85)},
    )
    ET.SubElement(settings, "placement", {"placement": "0", "dist": "1.5", "distUnits": "MM"})
    return labeling


def _rgba(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"{red},{green},{blue},{round(255 * opacity)}"

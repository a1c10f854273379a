"""A small world around 113.0 E, 23.0 N for tests of siting: a county of two townships, schools, zones, a park."""

from __future__ import annotations

from datetime import date
from types import MappingProxyType

import pyarrow as pa
import shapely

from hmgeo.judging.bench import Question
from hmgeo.judging.choices import Choices, ChosenParameter
from hmgeo.judging.places import Areas
from hmgeo.records import RECEPTOR_SCHEMA, Gates, Layer, Provenance
from hmgeo.rules.book import load_book
from hmgeo.siting.bench import SitingBench
from hmgeo.siting.site import Site
from hmgeo.vocabulary import Action, Basis, Completeness, LayerKind

COUNTY = shapely.box(112.8, 22.8, 113.4, 23.4)
LONGTANG, SHIJIAO = shapely.box(112.8, 22.8, 113.1, 23.4), shapely.box(113.1, 22.8, 113.4, 23.4)
NEIGHBOUR = shapely.box(113.4, 22.8, 113.6, 23.4)
SCHOOL = shapely.Point(113.0, 23.1)
HOUSES = shapely.Polygon([(113.2, 23.2), (113.21, 23.2), (113.21, 23.21), (113.205, 23.203), (113.2, 23.21)])
FIRST_ZONE = shapely.box(113.0, 22.9, 113.02, 22.92)
SECOND_ZONE = shapely.box(112.98, 22.88, 113.04, 22.94)
SITE = Site(
    "S1",
    "示例项目",
    shapely.Point(113.0, 23.101),
    0.0,
    "3212",
    "2017",
    Action.NEW,
    basis=Basis.SYNTHETIC,
    attributes=MappingProxyType(
        {"may_pollute_soil": True, "discharges_pollutants": True, "serves_water_supply": False}
    ),
)


def layer(
    kind: LayerKind,
    rows: list[tuple[str, str, str, shapely.Geometry]],
    *,
    coverage: shapely.Geometry | None = COUNTY,
    completeness: Completeness = Completeness.COMPLETE,
    basis: Basis = Basis.SYNTHETIC,
) -> Layer:
    table = pa.Table.from_pylist(
        [
            {"receptor_id": one, "name": name, "class": word, "township": "", "geometry": shapely.to_wkb(shape)}
            for one, name, word, shape in rows
        ],
        RECEPTOR_SCHEMA,
    )
    gates = Gates(coverage, "示例县", completeness, "2019")
    return Layer(kind.value, kind, basis, Provenance(f"{kind.value}.gpkg"), table.to_batches, gates, table.num_rows)


def layers(**said: object) -> list[Layer]:
    sensitive = [("A1", "示例小学", "学校", SCHOOL), ("A2", "示例村", "居民区", HOUSES)]
    water = [("W1", "示例水源", "一级", FIRST_ZONE), ("W2", "示例水源", "二级", SECOND_ZONE)]
    return [
        layer(LayerKind.SENSITIVE_SITES, sensitive, **said),
        layer(LayerKind.WATER_SOURCE_ZONES, water, **said),
    ]


def areas() -> Areas:
    def table(rows: list[tuple[str, str, shapely.Geometry]]) -> pa.Table:
        return pa.Table.from_pylist([{"id": i, "name": n, "geometry": shapely.to_wkb(g)} for i, n, g in rows])

    return Areas(
        table([("441802", "清城区", COUNTY), ("441803", "清新区", NEIGHBOUR)]),
        table([("441802105", "龙塘镇", LONGTANG), ("441802106", "石角镇", SHIJIAO)]),
    )


def bench(found: list[Layer] | None = None, *, as_of: str = "2019-06-30", **chosen: str | float) -> SitingBench:
    choices = {"surroundings_m": 500.0, "key_area_extent": "district"} | chosen
    parameters = {
        name: ChosenParameter(name, value, "m" if isinstance(value, float) else "", by="示例")
        for name, value in choices.items()
        if value != ""
    }
    question = Question(
        date.fromisoformat(as_of),
        rules=load_book().rules,
        choices=Choices(MappingProxyType(parameters)),
        areas=areas(),
    )
    return SitingBench(layers() if found is None else found, question)

"""hmgeo: GIS screening for heavy-metal pollution control areas (重金属污染防控重点区域).

Everything public is listed in `__all__` and loaded when first used.

Examples
--------
Files or GeoDataFrames in, GeoDataFrames out; each reading hands over its ledger:

>>> import geopandas, shapely, tempfile
>>> import hmgeo
>>> from hmgeo.vocabulary import Basis, LayerKind
>>> shapes = [shapely.box(113.0, 23.70, 113.01, 23.71), shapely.box(113.0, 23.72, 113.01, 23.73)]
>>> land = geopandas.GeoDataFrame({"地块编号": ["P1", "P2"], "DLBM": ["0103", "0201"]}, geometry=shapes, crs=4490)
>>> firms = geopandas.GeoDataFrame({"编号": ["A1"]}, geometry=[shapely.Point(113.02, 23.705)], crs=4490)
>>> sources, ledger = hmgeo.load_positions(firms, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC)
>>> columns = hmgeo.ReadOptions(id_field="编号")  # what a file doesn't say itself: its ids, layer, CRS, datum
>>> sources.table == hmgeo.load_positions(
...     firms, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC, options=columns)[0].table
True
>>> farmland, ledger = hmgeo.load_receptors(land, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC)
>>> farmland.to_geopandas()[["receptor_id", "land_class"]].values.tolist()
[['P1', '旱地'], ['P2', '园地']]
>>> hmgeo.measure_proximity(sources, farmland, radii_m=[2000.0]).nearest["distance_m"][0].as_py()
1019.8238

By distance alone, without a project; of `BareFile` the user says basis, credit and what it covers:

>>> folder = tempfile.mkdtemp()
>>> pairs = hmgeo.pairs_files(hmgeo.BareFile(firms), hmgeo.BareFile(land), f"{folder}/pairs.parquet", radius_m=2000.0)
>>> run = hmgeo.screen_files(hmgeo.BareFile(firms), hmgeo.BareFile(land), f"{folder}/screened", radius_m=2000.0)
>>> isinstance(run.results, hmgeo.Results), run.results.to_geopandas("sources")["verdict"].tolist()
(True, ['listed'])

A project, clause by clause: what stands in its way, what it finds (`run_project` also writes it), one planned site:

>>> qingcheng, nandan = hmgeo.demo_projects()
>>> [problem for problem in hmgeo.check_project(qingcheng).problems if not problem.is_warning]
[]
>>> hmgeo.open_desk(nandan).spec.title
'南丹县示例'
>>> settings = '''
... {schema: 1, title: 例, as_of: 2019-06-30, area: {codes: ["441802"]}, screening_rule: none, layers: {
... enterprises: {path: firms.parquet, basis: synthetic}, farmland: {path: land.parquet, basis: synthetic}}}'''
>>> with open(f"{folder}/project.yml", "w", encoding="utf-8") as file:
...     written = file.write(settings)
>>> firms.to_parquet(f"{folder}/firms.parquet"), land.to_parquet(f"{folder}/land.parquet")
(None, None)
>>> set(hmgeo.project_results(folder, page=False).findings["verdict"].to_pylist()) <= {"not_assessed", "not_applicable"}
True
>>> try:
...     hmgeo.run_project(f"{folder}/nowhere")
... except hmgeo.HmgeoError as error:
...     print(error.problems[0].what)
找不到项目文件
"""

from importlib import import_module

__version__ = "1.0.0"

_HOMES = {
    "BareFile": "hmgeo.project.bare",
    "HmgeoError": "hmgeo.errors",
    "ReadOptions": "hmgeo.intake.load",
    "Results": "hmgeo.results.results",
    "check_project": "hmgeo.project.check",
    "demo_projects": "hmgeo.project.start",
    "load_positions": "hmgeo.intake.load",
    "load_receptors": "hmgeo.intake.load",
    "measure_proximity": "hmgeo.proximity.measure",
    "open_desk": "hmgeo.project.sites.desk",
    "pairs_files": "hmgeo.project.pairs.measure",
    "project_results": "hmgeo.project.run",
    "run_project": "hmgeo.project.run",
    "screen_files": "hmgeo.project.screening",
}

__all__ = sorted([*_HOMES, "__version__"])  # noqa: PLE0605 - a list, told from the table above


def __getattr__(name: str) -> object:
    """Load a public name from its home."""
    if name not in _HOMES:
        message = f"module 'hmgeo' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """List the public names."""
    return sorted([*globals(), *_HOMES])

"""两个文件，一次筛查，结果是一张 DataFrame：自己的数据从这里开始。"""

import json
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
from shapely.geometry import box, mapping

import hmgeo
from hmgeo.vocabulary import Basis, LayerKind

plt.rcParams["font.sans-serif"] = ["Noto Sans CJK SC", "Microsoft YaHei", "SimHei", "PingFang SC", "sans-serif"]
with tempfile.TemporaryDirectory() as folder:
    table, ground = Path(folder) / "企业.csv", Path(folder) / "耕地.geojson"
    rows = [f"A{n},厂{n},{113.40 + 0.01 * n:.6f},24.190000" for n in range(12)]
    table.write_text("\n".join(["企业编号,企业名称,经度,纬度", *rows]), encoding="utf-8")
    field = {"type": "Feature", "properties": {"BSM": "P1"}, "geometry": mapping(box(113.30, 24.17, 113.401, 24.20))}
    ground.write_text(json.dumps({"type": "FeatureCollection", "features": [field]}), encoding="utf-8")
    sources, _ = hmgeo.load_positions(table, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC)
    farmland, _ = hmgeo.load_receptors(ground, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC)
near = hmgeo.measure_proximity(sources, farmland, radii_m=[5_000]).nearest.to_pandas()
near = near[near["class"] == "all"]
points = sources.to_geopandas()

figure, axes = plt.subplots(figsize=(7.4, 2.2), layout="constrained")
farmland.to_geopandas().plot(ax=axes, color="#cfe0b0", edgecolor="#7a9a3f")
colours = ["#c0392b" if metres <= 5_000 else "#7f7f7f" for metres in near["distance_m"]]
points.plot(ax=axes, color=colours, edgecolor="k", zorder=3)
for point, metres in zip(points.geometry, near["distance_m"], strict=True):
    axes.annotate(f"{metres / 1000:.1f}", (point.x, point.y), textcoords="offset points", xytext=(-8, 8), fontsize=7)
axes.set_xlabel("")
axes.set_ylabel("")
axes.set_title("到耕地的距离（km）：红色在 5 km 以内")
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "08_screen_table.png", dpi=80)

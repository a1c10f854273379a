"""半径改一改，各类耕地各有多少（示例数据，虚构）。"""

import sys

import matplotlib.pyplot as plt

import hmgeo
from hmgeo.vocabulary import Basis, LayerKind

plt.rcParams["font.sans-serif"] = ["Noto Sans CJK SC", "Microsoft YaHei", "SimHei", "PingFang SC", "sans-serif"]
data = hmgeo.demo_projects()[0].parents[2] / "synthetic" / "qingcheng"
datum, parcels = hmgeo.ReadOptions(datum="cgcs2000"), hmgeo.ReadOptions(layer="parcels")
sources, _ = hmgeo.load_positions(
    data / "enterprises.xlsx", kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC, options=datum
)
farmland, _ = hmgeo.load_receptors(
    data / "farmland.gpkg", kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC, options=parcels
)
counts = hmgeo.measure_proximity(sources, farmland, radii_m=[1_000, 2_000, 3_000, 5_000, 10_000]).counts.to_pandas()

one = counts[(counts["source_id"] == counts["source_id"].iloc[0]) & (counts["class"] != "all")]
table = one.pivot_table(index="radius_m", columns="class", values="area_ha", sort=False)
table.index = [f"{radius / 1000:g} km" for radius in table.index]

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
table.plot.bar(stacked=True, ax=axes, rot=0, color=["#2f7d32", "#e0a030", "#c0392b", "#bdbdbd"])
axes.set_ylabel("耕地面积（ha，整块计）")
axes.set_title(f"{one['source_id'].iloc[0]}：各半径内的耕地")
axes.legend(title="")
axes.text(0.03, 0.62, "合成数据，仅供软件演示", transform=axes.transAxes, color="#888")
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "03_classes.png", dpi=80)

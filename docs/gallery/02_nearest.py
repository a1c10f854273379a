"""每家企业离最近的耕地多远（示例数据，虚构）。"""

import sys

import matplotlib.pyplot as plt

import hmgeo
from hmgeo.vocabulary import Basis, LayerKind

plt.rcParams["font.sans-serif"] = ["Noto Sans CJK SC", "Microsoft YaHei", "SimHei", "PingFang SC", "sans-serif"]
data = hmgeo.demo_projects()[0].parents[2] / "synthetic" / "qingcheng"
made_up = {"basis": Basis.SYNTHETIC}
datum, parcels = hmgeo.ReadOptions(datum="cgcs2000"), hmgeo.ReadOptions(layer="parcels")
sources, _ = hmgeo.load_positions(data / "enterprises.xlsx", kind=LayerKind.ENTERPRISES, options=datum, **made_up)
farmland, _ = hmgeo.load_receptors(data / "farmland.gpkg", kind=LayerKind.FARMLAND, options=parcels, **made_up)

near = hmgeo.measure_proximity(sources, farmland, radii_m=[10_000]).nearest.to_pandas()
near = near[near["class"] == "all"].sort_values("distance_m")

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
axes.barh(range(len(near)), near["distance_m"], color="#7a9a3f")
axes.set_yticks([])
axes.set_xlabel("到最近耕地的距离（m）")
axes.set_title(f"{len(near)} 家，最近 {near['distance_m'].min():.0f} m，最远 {near['distance_m'].max():.0f} m")
axes.text(0.97, 0.05, "合成数据，仅供软件演示", transform=axes.transAxes, ha="right", color="#888")
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "02_nearest.png", dpi=80)

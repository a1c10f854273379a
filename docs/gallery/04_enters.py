"""谁在哪一档半径才进来（示例数据，虚构）。"""

import sys

import matplotlib.pyplot as plt

import hmgeo
from hmgeo.vocabulary import Basis, LayerKind

plt.rcParams["font.sans-serif"] = ["Noto Sans CJK SC", "Microsoft YaHei", "SimHei", "PingFang SC", "sans-serif"]
RADII_M = [200, 500, 1_000, 2_000, 3_000, 5_000, 10_000]
data = hmgeo.demo_projects()[0].parents[2] / "synthetic" / "qingcheng"
datum, parcels = hmgeo.ReadOptions(datum="cgcs2000"), hmgeo.ReadOptions(layer="parcels")
sources, _ = hmgeo.load_positions(
    data / "enterprises.xlsx", kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC, options=datum
)
farmland, _ = hmgeo.load_receptors(
    data / "farmland.gpkg", kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC, options=parcels
)
counts = hmgeo.measure_proximity(sources, farmland, radii_m=RADII_M).counts.to_pandas()
within = counts[(counts["class"] == "all") & (counts["count"] > 0)].groupby("radius_m")["source_id"].nunique()
within = within.reindex(RADII_M, fill_value=0)

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
axes.step(RADII_M, within, where="post", color="#c0392b")
axes.plot(RADII_M, within, "o", color="#c0392b")
for radius, count in within.items():
    axes.annotate(str(count), (radius, count), textcoords="offset points", xytext=(4, -12))
axes.set_xscale("log")
axes.set_xticks(RADII_M, [f"{radius / 1000:g}" for radius in RADII_M])
axes.set_xlabel("半径（km）")
axes.set_ylabel("半径内有耕地的企业（家）")
axes.set_title("合成数据：半径每改一档，名单变多少")
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "04_enters.png", dpi=80)

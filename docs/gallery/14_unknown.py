"""为什么“没有查到”不等于“没有”：同一个企业，覆盖范围申明到哪里，结论就到哪里。"""

import sys

import matplotlib.pyplot as plt
import shapely
from matplotlib.patches import Polygon
from pyproj import Geod

plt.rcParams["font.sans-serif"] = ["Noto Sans CJK SC", "Microsoft YaHei", "SimHei", "PingFang SC", "sans-serif"]
LON, LAT, RADIUS_M = 113.05, 23.60, 10_000
cgcs2000 = Geod(a=6_378_137.0, rf=298.257222101)
around = [cgcs2000.fwd(LON, LAT, turn, RADIUS_M)[:2] for turn in range(0, 360, 2)]
circle = shapely.Polygon(around)
covers = {"没有申明": None, "申明到一部分": shapely.box(112.90, 23.45, 113.09, 23.75),
          "整个圆都在里面": shapely.box(112.90, 23.45, 113.20, 23.75)}  # fmt: skip

figure, panels = plt.subplots(1, 3, figsize=(8.4, 3.9), layout="constrained", sharey=True)
for axes, (words, area) in zip(panels, covers.items(), strict=True):
    if area is not None:
        axes.add_patch(Polygon(area.exterior.coords, facecolor="#dcedc8", edgecolor="#7a9a3f"))
    is_covered = area is not None and area.covers(circle)
    axes.add_patch(Polygon(around, fill=False, linestyle="--", edgecolor="#c0392b"))
    axes.plot(LON, LAT, "k^")
    axes.set_title(f"{words}\n{'未触及' if is_covered else '未评估'}", fontsize=10)
    axes.set_xlim(112.88, 113.22)
    axes.set_ylim(23.43, 23.77)
    axes.set_aspect(1 / 0.916)
    axes.tick_params(labelsize=7)
figure.suptitle("10 km 圆内没有查到耕地（绿色：耕地数据申明完整覆盖的范围）", fontsize=10)
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "14_unknown.png", dpi=80)

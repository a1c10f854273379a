"""十公里在经纬度上不是圆：同样的度数，南北和东西差多少米。"""

import sys

import matplotlib.pyplot as plt
import numpy as np
from pyproj import Geod

plt.rcParams["font.sans-serif"] = ["Noto Sans CJK SC", "Microsoft YaHei", "SimHei", "PingFang SC", "sans-serif"]
LON, LAT, RADIUS_M = 113.05, 23.60, 10_000
cgcs2000 = Geod(a=6_378_137.0, rf=298.257222101)

azimuths = np.linspace(0, 360, 361)
east, north, _ = cgcs2000.fwd(np.full(361, LON), np.full(361, LAT), azimuths, np.full(361, RADIUS_M))
degrees = RADIUS_M / 111_320
turn = np.radians(azimuths)

figure, axes = plt.subplots(figsize=(5, 4.6), layout="constrained")
axes.plot(east, north, label="椭球面上 10 km")
axes.plot(LON + degrees * np.sin(turn), LAT + degrees * np.cos(turn), "--", label="按 1° = 111.32 km 画的圆")
axes.plot(LON, LAT, "k+")
missed_m = cgcs2000.inv(LON, LAT, LON + degrees, LAT)[2]
axes.set_title(f"按度数画的圆，东西只有 {missed_m / 1000:.2f} km")
axes.set_xticks([112.95, 113.05, 113.15])
axes.set_aspect("equal")
axes.legend(loc="lower left", fontsize=8)
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "01_degrees.png", dpi=80)

"""坡度级：一片高程，按三调五级上色（高程由公式造出）。"""

import sys

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import BoundaryNorm, ListedColormap

from hmgeo.terrain.slope import slope_deg, slope_grade

plt.rcParams["font.sans-serif"] = ["Noto Sans CJK SC", "Microsoft YaHei", "SimHei", "PingFang SC", "sans-serif"]
CELL_M = 30.0
x, y = np.meshgrid(np.arange(200) * CELL_M, np.arange(150) * CELL_M)
heights = np.ma.masked_invalid(400 + 300 * np.sin(x / 900) * np.cos(y / 700) + 60 * np.sin((x + y) / 400))
degrees = slope_deg(heights.astype(np.float64), (CELL_M, CELL_M))
grades = slope_grade(degrees).astype(float)
grades[np.isnan(degrees)] = np.nan

figure, axes = plt.subplots(figsize=(6.6, 4.4), layout="constrained")
colours = ListedColormap(["#e8f5e9", "#a5d6a7", "#ffe082", "#ffb74d", "#d84315"])
shown = axes.imshow(grades, cmap=colours, norm=BoundaryNorm(np.arange(0.5, 6), 5), extent=(0, 6, 4.5, 0))
axes.contour(np.linspace(0, 6, 200), np.linspace(0, 4.5, 150), heights, 8, colors="#555", linewidths=0.4)
bar = figure.colorbar(shown, ticks=range(1, 6), shrink=0.8)
bar.ax.set_yticklabels(["≤2°", "2–6°", "6–15°", "15–25°", ">25°"])
axes.set_xlabel("km")
axes.set_title(f"25° 以上占 {np.nanmean(grades == 5):.1%}")
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "13_slope.png", dpi=80)

"""位置有误差时，哪些结论靠得住：误差条碰到界限的是“临界”。"""

import sys

import matplotlib.pyplot as plt

plt.rcParams["font.sans-serif"] = ["Noto Sans CJK SC", "Microsoft YaHei", "SimHei", "PingFang SC", "sans-serif"]
LIMIT_M = 1_000
MEASURED = {"甲（测量，±5 m）": (940, 5), "乙（高德，±10 m）": (993, 10), "丙（末位两位小数，±560 m）": (700, 560),
            "丁（现场，±20 m）": (1_010, 20), "戊（测量，±5 m）": (1_120, 5)}  # fmt: skip
COLOURS = {"符合排查条件": "#c0392b", "临界，待核实": "#e0a030", "未触及（图层完整时）": "#2c6e9b"}

figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
for row, (distance_m, error_m) in enumerate(MEASURED.values()):
    low_m, high_m = max(0, distance_m - error_m), distance_m + error_m
    if high_m <= LIMIT_M:
        verdict = "符合排查条件"
    elif low_m > LIMIT_M:
        verdict = "未触及（图层完整时）"
    else:
        verdict = "临界，待核实"
    axes.plot([low_m, high_m], [row, row], color=COLOURS[verdict], linewidth=6, solid_capstyle="butt")
    axes.plot(distance_m, row, "k|")
    axes.text(1_320, row, verdict, va="center", color=COLOURS[verdict])
axes.axvline(LIMIT_M, color="k", linewidth=1)
axes.set_yticks(range(len(MEASURED)), list(MEASURED))
axes.set_xlim(0, 2_100)
axes.invert_yaxis()
axes.set_xlabel("到耕地的距离（m）；竖线为界限，算在内")
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "05_uncertain.png", dpi=80)

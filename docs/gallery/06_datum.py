"""同一张表按三种坐标系读，点落在哪里：高德、百度的坐标不申明，偏几百米。"""

import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

import hmgeo
from hmgeo.vocabulary import Basis, LayerKind

plt.rcParams["font.sans-serif"] = ["Noto Sans CJK SC", "Microsoft YaHei", "SimHei", "PingFang SC", "sans-serif"]
figure, axes = plt.subplots(figsize=(5.4, 4.6), layout="constrained")
with tempfile.TemporaryDirectory() as folder:
    table = Path(folder) / "企业.csv"
    table.write_text("企业编号,企业名称,经度,纬度\nA1,甲厂,113.056000,23.597500\n", encoding="utf-8")
    for datum, words in {"cgcs2000": "CGCS2000", "gcj02": "GCJ-02（高德）", "bd09": "BD-09（百度）"}.items():
        options = hmgeo.ReadOptions(datum=datum)
        read, _ = hmgeo.load_positions(table, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC, options=options)
        row = read.table.to_pylist()[0]
        (mark,) = axes.plot(row["lon"], row["lat"], "o", markersize=9)
        label = f"读作 {words}\n{row['lon']:.6f}, {row['lat']:.6f}"
        axes.annotate(label, (row["lon"], row["lat"]), textcoords="offset points", xytext=(8, 8), fontsize=8)
metre = 1 / 111_000
axes.plot([113.0445, 113.0445 + 500 * metre / 0.916], [23.5905, 23.5905], "k", linewidth=3)
axes.text(113.0445, 23.5908, "500 m", fontsize=8)
axes.set_xlim(113.0435, 113.0615)
axes.set_ylim(23.590, 23.602)
axes.ticklabel_format(useOffset=False)
axes.set_aspect(1 / 0.916)
axes.set_title("表里写的是 113.056000, 23.597500")
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "06_datum.png", dpi=80)

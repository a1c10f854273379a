"""半径内的全部点对，写成 parquet 再读回来（示例数据，虚构）。"""

import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

import hmgeo
from hmgeo.vocabulary import Basis

plt.rcParams["font.sans-serif"] = ["Noto Sans CJK SC", "Microsoft YaHei", "SimHei", "PingFang SC", "sans-serif"]
data = hmgeo.demo_projects()[0].parents[2] / "synthetic" / "qingcheng"
sources = hmgeo.BareFile(data / "enterprises.xlsx", hmgeo.ReadOptions(datum="cgcs2000"), Basis.SYNTHETIC)
farmland = hmgeo.BareFile(data / "farmland.gpkg", hmgeo.ReadOptions(layer="parcels"), Basis.SYNTHETIC)
with tempfile.TemporaryDirectory() as folder:
    out = Path(folder) / "pairs.parquet"
    hmgeo.pairs_files(sources, farmland, out, radius_m=10_000)
    pairs = pd.read_parquet(out)

figure, axes = plt.subplots(figsize=(6, 3.6), layout="constrained")
axes.hist(pairs["distance_m"] / 1000, bins=50, color="#00796b")
axes.set_xlabel("距离（km）")
axes.set_ylabel("点对数")
axes.set_title(
    f"{pairs['source_id'].nunique()} 家企业 × {pairs['receptor_id'].nunique()} 块耕地：{len(pairs):,} 对（合成数据）"
)
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "15_pairs.png", dpi=80)

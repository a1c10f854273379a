"""沿一条线每隔 500 米问一次：哪里触及、哪里没有评估（示例项目，虚构数据）。"""

import sys

import matplotlib.pyplot as plt
import numpy as np
import shapely

import hmgeo
from hmgeo.siting.site import Site
from hmgeo.vocabulary import Action

plt.rcParams["font.sans-serif"] = ["Noto Sans CJK SC", "Microsoft YaHei", "SimHei", "PingFang SC", "sans-serif"]
desk = hmgeo.open_desk(hmgeo.demo_projects()[1])
asked = {"trade_code": "3212", "trade_edition": "2017", "action": Action.of("new")}
lons = np.linspace(107.45, 107.65, 41)
kinds = {"prohibited": "触及禁止性规定", "conditional": "有附加条件", "not_assessed": "未评估"}
counts = {code: [] for code in kinds}
for number, lon in enumerate(lons):
    answer = desk.check(Site(f"P{number}", "", shapely.Point(lon, 24.98), uncertainty_m=5.0, **asked))
    verdicts = [clause.verdict.value for clause in answer.clauses]
    for code in kinds:
        counts[code].append(verdicts.count(code))

figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
for code, words in kinds.items():
    axes.step(lons, counts[code], where="mid", label=words)
axes.set_ylim(0, None)
axes.set_xlabel("经度（纬度 24.98°）")
axes.set_ylabel("条款数")
axes.set_title("沿线各点的条款结论；未评估的不是没有问题（合成数据）", fontsize=10)
axes.legend(fontsize=8)
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "12_transect.png", dpi=80)

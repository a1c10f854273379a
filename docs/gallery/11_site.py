"""一个拟建点：条款的结论各几条，重者在前（示例项目，虚构数据）。"""

import sys
from collections import Counter

import matplotlib.pyplot as plt
import shapely

import hmgeo
from hmgeo.siting.site import Site
from hmgeo.vocabulary import Action

plt.rcParams["font.sans-serif"] = ["Noto Sans CJK SC", "Microsoft YaHei", "SimHei", "PingFang SC", "sans-serif"]
desk = hmgeo.open_desk(hmgeo.demo_projects()[1])
asked = {"trade_code": "3212", "trade_edition": "2017", "action": Action.of("new")}
site = Site("P1", "示例拟建点", shapely.Point(107.5512, 24.9812), uncertainty_m=5.0, **asked)
answer = desk.check(site)
counts = Counter(clause.verdict.zh for clause in answer.clauses)

figure, axes = plt.subplots(figsize=(6, 3.4), layout="constrained")
bars = axes.barh(list(counts), list(counts.values()), color="#00796b")
axes.bar_label(bars, padding=4)
axes.invert_yaxis()
axes.set_title(f"{answer.place or '南丹县'}，铅锌冶炼，新建：没有总的结论，只有条数", fontsize=10)
axes.text(0.97, 0.55, "示例判定：合成数据", transform=axes.transAxes, ha="right", color="#888")
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "11_site.png", dpi=80)

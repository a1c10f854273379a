"""同一本规则库，逐年问：当日有效的、还没施行的、规划期已过的各多少。"""

import sys
from collections import Counter
from datetime import date

import matplotlib.pyplot as plt

from hmgeo.rules.book import load_book
from hmgeo.rules.standing import standing_of

plt.rcParams["font.sans-serif"] = ["Noto Sans CJK SC", "Microsoft YaHei", "SimHei", "PingFang SC", "sans-serif"]
YEARS = range(2014, 2028)
PLACE = ["CN", "450000", "451200", "451221"]  # 南丹县，由大到小
book = load_book()
counts = []
for year in YEARS:
    asked = {"as_of": date(year, 6, 30), "place_codes": PLACE, "adopted": False}
    counts.append(Counter(standing_of(rule, **asked).standing.zh for rule in book.rules))
words = [word for word, _ in sum(counts, Counter()).most_common() if word != "不在适用地域"]

figure, axes = plt.subplots(figsize=(8.6, 4), layout="constrained")
axes.stackplot(YEARS, [[one[word] for one in counts] for word in words], labels=words, step="mid", alpha=0.85)
axes.set_xticks(YEARS, [str(year)[2:] for year in YEARS])
axes.set_xlabel("评估基准日：各年 6 月 30 日")
axes.set_ylabel("条款数")
axes.set_title("南丹县：规则库各条款的效力，不在适用地域的不画")
axes.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=8)
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "10_standing.png", dpi=80)

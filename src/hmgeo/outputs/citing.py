"""How a clause is cited, and what is said of a requirement that the data don't show to be met."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hmgeo.vocabulary import Effect, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hmgeo.findings.used import RuleUsed

UNMET = {
    "zh": "现有数据中未见满足{citation}所列要求（{requirement}），是否适用由{decider}认定。",
    "en": "The data at hand do not show that a requirement of {citation} is met ({requirement}); whether it applies "
    "is for {decider}.",
}


def citation(finding: Mapping[str, Any]) -> str:
    """Return 《document》clause; a limit set by the user is called so.

    Examples
    --------
    >>> citation({"document": "土壤污染防治法", "clause": "第十八条"})
    '《土壤污染防治法》第十八条'
    """
    document = finding.get("document") or ""
    if not document:
        return "使用者设定的条件"
    quoted = document if "《" in document else f"《{document}》"
    return f"{quoted}{finding.get('clause') or ''}"


def unmet_sentence(finding: Mapping[str, Any], effect: str, requirement: str, language: str = "zh") -> str:
    """Return what is said of a requirement that isn't met in the data; empty for anything else.

    Parameters
    ----------
    finding
        verdict, document, clause, decider.
    effect
        Of the rule, by its code.
    requirement
        What must be so, in the rule's own title.

    Examples
    --------
    >>> finding = {"verdict": "prohibited", "document": "示例意见", "clause": "二", "decider": "审批部门"}
    >>> unmet_sentence(finding, "require", "应当入园")
    '现有数据中未见满足《示例意见》二所列要求（应当入园），是否适用由审批部门认定。'
    """
    if effect != Effect.REQUIRE.value or finding["verdict"] != Verdict.PROHIBITED.value:
        return ""
    decider = finding.get("decider") or "主管部门"
    return UNMET[language].format(citation=citation(finding), requirement=requirement.rstrip("。"), decider=decider)


def unmet_of_run(rules: Iterable[RuleUsed], finding: Mapping[str, Any], language: str = "zh") -> str:
    """Return `unmet_sentence` with effect and title looked up among the rules that a run used."""
    rule = next((one for one in rules if one.rule_id == finding["rule_id"]), None)
    return "" if rule is None else unmet_sentence(finding, rule.effect, rule.title, language)

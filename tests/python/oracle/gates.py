"""Colours, gates and recommendations of prompt templates from their numbers, and which rule decided (O-01 .. O-08)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from oracle.plan import setting

Numbers = dict[str, Any]


def usage_bar(executions: list[int]) -> int:
    """The whole number of executions that reaches the percentile of the plan."""
    return math.ceil(round(float(np.percentile(executions, 100 * setting("gate_pass_usage_percentile"))), 6))


def decisions(row: Numbers, bar: int) -> Numbers:
    """What a template and day is told, by the names of the mart's columns."""
    rule = _ltv_rule(row)
    colour = _colour(rule)
    score = _score(row)
    gate_rule = _gate_rule(row, score)
    parts = _parts(row, bar)
    lifecycle = _lifecycle(row, score)
    recommendation = {"kill": "HARD_KILL", "freeze": "FREEZE"}.get(lifecycle.split("_")[0], lifecycle.upper())
    return {
        "ltv_gate_rule": rule,
        "ltv_gate_color": colour,
        "ltv_gate_color_origin": _colour(_ltv_rule(_as_origin(row))),
        **_missing(row, colour),
        "gate_score_7d": score,
        "gate_rule_7d": gate_rule,
        "gate_color_7d": _colour(gate_rule),
        **_missing_score(row, score, _colour(gate_rule)),
        "gate_pass_executions_7d": bar,
        **parts,
        **_passed(parts),
        "lifecycle_rule": lifecycle,
        "lifecycle_recommendation": recommendation,
        "should_unpublish": recommendation in ("HARD_KILL", "FREEZE"),
    }


def _colour(rule: str) -> str:
    said = {"red": "RED", "yellow": "YELLOW", "green": "GREEN", "no": "NO_DATA"}
    return said[rule.split("_")[0]]


def _ltv_rule(row: Numbers) -> str:
    completion, reuse = row["completion_rate_30d"], row["reuse_rate_30d"]
    seconds, delta = row["t_first_success_median_sec_30d"], row["delta_cr_30d"]
    if completion is not None and completion < setting("ltv_red_completion_rate"):
        return "red_completion_rate"
    if row["people_30d"] and seconds is None:
        return "red_no_first_success"
    if seconds is not None and seconds > setting("ltv_red_first_success_sec"):
        return "red_first_success"
    if reuse is not None and reuse < setting("ltv_red_reuse_rate"):
        return "red_reuse_rate"
    if delta is not None and delta < setting("ltv_red_delta_cr"):
        return "red_delta_cr"
    for value, rule in ((completion, "no_executions"), (reuse, "no_people"), (delta, "no_baseline")):
        if value is None:
            return rule
    if completion < setting("ltv_green_completion_rate"):
        return "yellow_completion_rate"
    if seconds > setting("ltv_green_first_success_sec"):
        return "yellow_first_success"
    if reuse < setting("ltv_green_reuse_rate"):
        return "yellow_reuse_rate"
    return "green" if delta > setting("ltv_green_delta_cr") else "yellow_delta_cr"


def _as_origin(row: Numbers) -> Numbers:
    """The same numbers with 0 for what is not known; a success that never came is too slow."""
    rates = ("completion_rate_30d", "reuse_rate_30d", "delta_cr_30d")
    return row | {key: row[key] or 0.0 for key in rates} | {"people_30d": 1}


def _missing(row: Numbers, colour: str) -> Numbers:
    bars = "red" if colour == "RED" else "green"
    found = {}
    for column, metric, key in (
        ("completion_rate", "completion_rate_30d", "completion_rate"),
        ("t_first_success_sec", "t_first_success_median_sec_30d", "first_success_sec"),
        ("reuse_rate", "reuse_rate_30d", "reuse_rate"),
        ("delta_cr", "delta_cr_30d", "delta_cr"),
    ):
        lacks = None
        if colour != "NO_DATA" and row[metric] is not None:
            lacks = setting(f"ltv_{bars}_{key}") - row[metric]
            lacks = max(-lacks if column == "t_first_success_sec" else lacks, 0.0)
        found[f"{column}_to_next_color"] = lacks
    return found


def _score(row: Numbers) -> float | None:
    if row["success_rate_7d"] is None:
        return None
    weight, cap = setting("gate_score_success_weight"), setting("gate_score_usage_cap")
    usage = min(1.0, math.log(row["executions_7d"] + 1) / math.log(cap + 1))
    return round(weight * row["success_rate_7d"] + (1 - weight) * usage, 9)


def _gate_rule(row: Numbers, score: float | None) -> str:
    if score is None:
        return "no_executions"
    if score >= setting("gate_green_score"):
        return "green" if row["executions_7d"] >= setting("gate_green_executions") else "yellow_executions"
    return "yellow_score" if score >= setting("gate_yellow_score") else "red_score"


def _missing_score(row: Numbers, score: float | None, colour: str) -> Numbers:
    bar = setting("gate_yellow_score" if colour == "RED" else "gate_green_score")
    executions = max(setting("gate_green_executions") - row["executions_7d"], 0)
    return {
        "gate_score_to_next_color": None if score is None else max(bar - score, 0.0),
        "executions_to_next_color": None if score is None else 0 if colour == "RED" else executions,
    }


def _parts(row: Numbers, bar: int) -> Numbers:
    """The five parts of the gate, in order; None when one cannot be told."""
    rate, delta, colour = row["success_rate_7d"], row["delta_cr_7d"], row["site_gate_color"]
    return {
        "is_usage_passed": row["executions_7d"] >= bar,
        "is_success_rate_passed": None if rate is None else rate >= setting("gate_pass_success_rate"),
        "is_delta_cr_passed": None if delta is None else delta > setting("gate_pass_delta_cr"),
        "is_failures_passed": row["failures_7d"] <= setting("gate_pass_failures"),
        "is_site_gate_passed": None if colour is None else colour == "GREEN",
    }


def _passed(parts: Numbers) -> Numbers:
    unknown = {
        "is_success_rate_passed": "no_executions",
        "is_delta_cr_passed": "no_baseline",
        "is_site_gate_passed": "no_site_gate",
    }
    for part, passed in parts.items():
        if passed is False:
            rule = f"failed_{part.removeprefix('is_').removesuffix('_passed')}"
            return {"gate_pass": False, "gate_pass_rule": rule}
    for part, passed in parts.items():
        if passed is None:
            return {"gate_pass": None, "gate_pass_rule": unknown[part]}
    return {"gate_pass": True, "gate_pass_rule": "passed"}


def _lifecycle(row: Numbers, score: float | None) -> str:
    executions, rate, idle = row["executions_7d"], row["success_rate_7d"], row["days_since_execution"]
    if executions >= setting("kill_executions_7d") and rate < setting("kill_success_rate_7d"):
        return "kill_success_rate"
    if row["failures_7d"] >= setting("kill_failures_7d") and row["successes_7d"] == 0:
        return "kill_failures"
    if executions >= setting("freeze_executions_7d") and rate < setting("freeze_success_rate_7d"):
        return "freeze_success_rate"
    if idle is None:
        return "freeze_never_executed"
    if idle >= setting("freeze_idle_days"):
        return "freeze_idle"
    is_good = (
        row["executions_30d"] >= setting("promote_executions_30d")
        and row["completion_rate_30d"] >= setting("promote_completion_rate_30d")
        and score is not None
        and score >= setting("promote_score_7d")
    )
    return "promote" if is_good else "keep"

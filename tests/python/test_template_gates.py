"""Both sides of every threshold of a prompt template's gates (O-01 .. O-08) and experiments (O-09): one template a case, one build for all.

Everything happens on one day unless a case says otherwise, so the 7 and the 30 days see the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

import duckdb
import numpy as np
import pytest
from drops import Built, Drop, workshop

from plumbline.paths import DataPaths

DAY = date(2026, 3, 5)
BASELINE = {"active_users": 20, "nonprompt_users": 20, "nonprompt_paid_users": 2, "ltv_cents": 1000}


@dataclass(frozen=True)
class Template:
    """What happened to a template: green in every respect unless said otherwise; the baseline converts 2 of 20."""

    executions: int = 40
    successes: int = 32  # completion 0.8
    failures: int = 0
    seconds: float = 60
    people: int = 20
    repeat: int = 6  # people with a second execution: reuse 0.3
    paid: int = 3  # 3 of 20 against 2 of 20
    days_ago: int = 0
    before: int = 0  # executions, each with a success, 10 days earlier
    expected: dict[str, Any] | None = None

    def lines(self, name: str) -> list[dict[str, Any]]:
        """Its events. A person executes once, whoever repeats takes the rest; successes go to first executions first."""
        number, found = count(), []
        start = datetime.combine(DAY - timedelta(days=self.days_ago), datetime.min.time()) + timedelta(
            hours=1
        )
        people = min(self.people, self.executions)
        users = [*range(people), *(n % max(self.repeat, 1) for n in range(self.executions - people))]

        def event(kind: str, user: int, at: datetime, request: str, **more: Any) -> None:
            found.append(
                {
                    "event_type": kind, "prompt_template_id": name, "user_id": f"{name}-{user}",
                    "request_id": f"{name}-{request}", "occurred_at": f"{at.isoformat()}Z", "session_id": "s",
                    "props": {}, **more,
                }
            )  # fmt: skip

        for place, user in enumerate(users):
            at = start + timedelta(seconds=place)
            event("execute", user, at, f"{place}")
            if place < self.successes:
                event("success", user, at + timedelta(seconds=self.seconds), f"{place}")
        for _ in range(self.failures):
            event("failure", 0, start + timedelta(hours=1), f"f{next(number)}")
        for user in range(min(self.paid, people)):
            event("paid", user, start + timedelta(hours=2), f"p{user}", revenue_cents=100)
        for place in range(self.before):
            for kind in ("execute", "success"):
                event(kind, 0, start - timedelta(days=10), f"b{place}")
        return found


def red(rule: str) -> dict[str, Any]:
    return {"ltv_gate_color": "RED", "ltv_gate_rule": f"red_{rule}", "ltv_gate_color_origin": "RED"}


def yellow(rule: str) -> dict[str, Any]:
    return {"ltv_gate_color": "YELLOW", "ltv_gate_rule": f"yellow_{rule}", "ltv_gate_color_origin": "YELLOW"}


def score(colour: str, rule: str, **more: Any) -> dict[str, Any]:
    return {"gate_color_7d": colour, "gate_rule_7d": rule, **more}


def gate(passed: bool | None, rule: str) -> dict[str, Any]:
    return {"gate_pass": passed, "gate_pass_rule": rule}


def life(recommendation: str, rule: str) -> dict[str, Any]:
    return {
        "lifecycle_recommendation": recommendation,
        "lifecycle_rule": rule,
        "should_unpublish": recommendation in ("HARD_KILL", "FREEZE"),
    }


GREEN = {"ltv_gate_color": "GREEN", "ltv_gate_rule": "green", "ltv_gate_color_origin": "GREEN"}
BUSY = {"executions": 160, "successes": 160}

CASES = {
    # O-02: green on every threshold, and one step short of each
    "green": Template(expected=GREEN | {f"{rate}_to_next_color": 0 for rate in ("completion_rate", "reuse_rate")}),
    "green_completion": Template(successes=31, expected=yellow("completion_rate") | {"completion_rate_to_next_color": 0.025}),
    "green_seconds": Template(seconds=60.001, expected=yellow("first_success") | {"t_first_success_sec_to_next_color": 0.001}),
    "green_reuse": Template(repeat=5, expected=yellow("reuse_rate") | {"reuse_rate_to_next_color": 0.05}),
    "green_delta": Template(paid=2, expected=yellow("delta_cr") | {"delta_cr_30d": 0, "delta_cr_to_next_color": 0}),
    # O-01: not red on every threshold, and red one step below each
    "red_completion": Template(successes=26, expected=yellow("completion_rate") | {"completion_rate_30d": 0.65}),
    "red_completion_below": Template(successes=25, expected=red("completion_rate") | {"completion_rate_to_next_color": 0.025}),
    "red_seconds": Template(seconds=180, expected=yellow("first_success") | {"t_first_success_sec_to_next_color": 120}),
    "red_seconds_above": Template(seconds=180.001, expected=red("first_success") | {"t_first_success_sec_to_next_color": 0.001}),
    "red_reuse": Template(repeat=3, expected=yellow("reuse_rate") | {"reuse_rate_30d": 0.15}),
    "red_reuse_below": Template(repeat=2, expected=red("reuse_rate") | {"reuse_rate_to_next_color": 0.05}),
    "red_delta_below": Template(paid=1, expected=red("delta_cr") | {"delta_cr_to_next_color": 0.05}),
    "red_nothing": Template(successes=0, expected=red("completion_rate") | {"t_first_success_sec_to_next_color": None}),
    "no_events": Template(
        executions=0, successes=0, paid=0,
        expected={"ltv_gate_color": "NO_DATA", "ltv_gate_rule": "no_executions", "ltv_gate_color_origin": "RED",
                  "completion_rate_to_next_color": None, "executions_7d": 0}
        | score("NO_DATA", "no_executions", gate_score_7d=None, executions_to_next_color=None)
        | life("FREEZE", "freeze_never_executed"),
    ),
    # O-03, O-04: usage is capped at 100; a high score needs 20 executions
    "score_19": Template(executions=19, successes=13, expected=score("YELLOW", "yellow_executions", executions_to_next_color=1)),
    "score_20": Template(executions=20, successes=13, expected=score("GREEN", "green", gate_score_to_next_color=0)),
    "score_100": Template(executions=100, successes=0, expected=score("YELLOW", "yellow_score", gate_score_7d=0.4)),
    "score_120": Template(executions=120, successes=50, expected=score("GREEN", "green", gate_score_7d=0.65)),
    "score_120_below": Template(executions=120, successes=49, expected=score("YELLOW", "yellow_score", gate_score_to_next_color=0.005)),
    "score_56": Template(executions=56, successes=0, expected=score("YELLOW", "yellow_score")),
    "score_55": Template(executions=55, successes=0, expected=score("RED", "red_score", executions_to_next_color=0)),
    # O-05: each part of the gate, met and missed
    "gate_pass": Template(**BUSY, expected=gate(True, "passed") | {"is_usage_passed": True, "is_site_gate_passed": True}),
    "gate_usage": Template(executions=159, successes=159, expected=gate(False, "failed_usage")),
    "gate_rate": Template(executions=160, successes=104, expected=gate(True, "passed") | {"success_rate_7d": 0.65}),
    "gate_rate_below": Template(executions=160, successes=103, expected=gate(False, "failed_success_rate")),
    "gate_delta": Template(**BUSY, paid=2, expected=gate(False, "failed_delta_cr") | {"delta_cr_7d": 0}),
    "gate_failures": Template(**BUSY, failures=1, expected=gate(False, "failed_failures")),
    # O-06: 20 executions below 0.15, or 10 failures without a success
    "kill_rate": Template(executions=20, successes=2, expected=life("HARD_KILL", "kill_success_rate")),
    "kill_rate_at": Template(executions=20, successes=3, expected=life("FREEZE", "freeze_success_rate")),
    "kill_rate_few": Template(executions=19, successes=2, expected=life("FREEZE", "freeze_success_rate")),
    "kill_failures": Template(executions=9, successes=0, failures=10, expected=life("HARD_KILL", "kill_failures")),
    "kill_failures_few": Template(executions=9, successes=0, failures=9, expected=life("KEEP", "keep")),
    "kill_failures_success": Template(executions=9, successes=1, failures=10, expected=life("KEEP", "keep")),
    # O-07: 10 executions below 0.30, or nothing for 7 days
    "freeze_rate": Template(executions=10, successes=2, expected=life("FREEZE", "freeze_success_rate")),
    "freeze_rate_at": Template(executions=10, successes=3, expected=life("KEEP", "keep")),
    "freeze_rate_few": Template(executions=9, successes=2, expected=life("KEEP", "keep")),
    "idle_6": Template(days_ago=6, expected=life("KEEP", "keep") | {"days_since_execution": 6, "executions_7d": 40}),
    "idle_7": Template(days_ago=7, expected=life("FREEZE", "freeze_idle") | {"days_since_execution": 7, "executions_7d": 0}),
    # O-08: 50 executions, completion 0.65, score 0.70
    "promote": Template(executions=50, successes=40, expected=life("PROMOTE", "promote")),
    "promote_few": Template(executions=49, successes=40, expected=life("KEEP", "keep")),
    "promote_rate": Template(executions=60, successes=39, expected=life("PROMOTE", "promote") | {"completion_rate_30d": 0.65}),
    "promote_rate_below": Template(executions=60, successes=38, expected=life("KEEP", "keep")),
    "promote_score": Template(executions=3, successes=3, before=60, expected=life("PROMOTE", "promote")),
    "promote_score_below": Template(executions=2, successes=2, before=60, expected=life("KEEP", "keep")),
}  # fmt: skip


# O-09: a variant at 100 executions and 20 payers, and one below each; (any variant, every variant) is sufficient.
ENOUGH = Template(executions=100, successes=0, paid=20)
FEW_EXECUTIONS, FEW_PAYERS = replace(ENOUGH, executions=99), replace(ENOUGH, paid=19)
EXPERIMENTS: dict[str, tuple[dict[str, Template], tuple[bool, bool]]] = {
    "enough": ({"A": ENOUGH, "B": ENOUGH}, (True, True)),
    "few_executions": ({"A": ENOUGH, "B": FEW_EXECUTIONS}, (True, False)),
    "few_payers": ({"A": FEW_PAYERS, "B": ENOUGH}, (True, False)),
    "few": ({"A": FEW_PAYERS, "B": FEW_EXECUTIONS}, (False, False)),
}


def variant_lines(template: str) -> list[dict[str, Any]]:
    """The events of an experiment's variants, each with people of its own."""
    return [
        line | {"prompt_template_id": template, "variant_label": label}
        for label, variant in EXPERIMENTS[template][0].items()
        for line in variant.lines(f"{template}_{label}")
    ]


@pytest.fixture(scope="module")
def built() -> Built:
    drop = Drop()
    events = [line for name, case in CASES.items() for line in case.lines(name)]
    # The day before, one template has all that a gate asks for but a colour of the site gate.
    events += Template(**BUSY, days_ago=1).lines("gate_unknown")
    events += [line for template in EXPERIMENTS for line in variant_lines(template)]
    drop.add("prompts/events", *events)
    drop.add("prompts/templates", *({"id": name, "created_at": "2026-01-01T00:00:00Z"} for name in CASES))
    days = [DAY - timedelta(days=ago) for ago in range(2)]
    drop.add("prompts/app_metrics_daily", *({"date": day.isoformat(), **BASELINE} for day in days))
    moments = {"GREEN": f"{DAY}T02:00:00Z", "RED": f"{DAY + timedelta(days=1)}T15:00:00Z"}
    drop.add("prompts/site_gate_status", *({"status": s, "updated_at": at} for s, at in moments.items()))
    # The days up to the next one have ended.
    drop.add("app/users", {"user_id": "last", "registration_date": f"{DAY + timedelta(days=2)}T00:00:00Z"})
    return workshop().build(drop, select=("+prompt_template_daily", "+prompt_experiments"))


def row(built: Built, name: str, columns: list[str], day: date) -> dict[str, Any]:
    [values] = built.rows(
        f"select {', '.join(columns)} from marts.prompt_template_daily"
        f" where prompt_template_id = '{name}' and date_day = '{day}'"
    )
    return dict(zip(columns, values, strict=True))


@pytest.mark.parametrize("name", CASES)
def test_threshold(name: str, built: Built) -> None:
    expected = CASES[name].expected
    assert expected
    found = row(built, name, list(expected), DAY)
    assert found == {
        key: pytest.approx(value, abs=1e-9) if isinstance(value, (int, float)) else value
        for key, value in expected.items()
    }


@pytest.mark.parametrize("template", EXPERIMENTS)
def test_an_experiment_is_sufficient_with_enough_of_each(template: str, built: Built) -> None:
    variants, (is_any, is_every) = EXPERIMENTS[template]
    assert built.rows(
        "select variant_label, executions, paid_people, is_variant_sufficient, is_experiment_sufficient,"
        f" is_experiment_sufficient_all from marts.prompt_experiments where prompt_template_id = '{template}'"
        f" and date_day = '{DAY}' order by 1"
    ) == [
        (label, variant.executions, variant.paid, variant == ENOUGH, is_any, is_every)
        for label, variant in variants.items()
    ]


def test_usage_is_compared_with_a_percentile_of_all_templates(built: Built) -> None:
    used = [count for (count,) in built.rows(
        f"select executions_7d from marts.prompt_template_daily where date_day = '{DAY}'"
    )]  # fmt: skip
    assert np.percentile(used, 90) == 160
    assert built.rows(
        "select distinct gate_pass_executions_7d, is_usage_passed = (executions_7d >= 160)"
        f" from marts.prompt_template_daily where date_day = '{DAY}'"
    ) == [(160, True)]


def test_the_site_gate_decides_by_its_colour_at_the_end_of_the_day(built: Built) -> None:
    columns = ["gate_pass", "gate_pass_rule", "site_gate_color"]
    assert row(built, "gate_pass", columns, DAY + timedelta(days=1)) == {
        "gate_pass": False, "gate_pass_rule": "failed_site_gate", "site_gate_color": "RED",
    }  # fmt: skip
    assert row(built, "gate_unknown", columns, DAY - timedelta(days=1)) == {
        "gate_pass": None, "gate_pass_rule": "no_site_gate", "site_gate_color": None,
    }  # fmt: skip


def test_a_template_has_a_row_on_every_day(built: Built) -> None:
    """S0-47: also before its first event and without any."""
    days = built.rows("select count(*) from normalized.product_days where product = 'prompts'")[0][0]
    assert days > 10
    assert (
        built.rows(
            "select prompt_template_id from marts.prompt_template_daily"
            f" group by 1 having count(*) <> {days} or sum(is_latest::integer) <> 1"
        )
        == []
    )


def test_the_demo_drop_reaches_every_colour_and_recommendation(built_demo: DataPaths) -> None:
    with duckdb.connect(str(built_demo.warehouse / "build.duckdb"), read_only=True) as connection:
        found = {
            column: {
                value
                for (value,) in connection.execute(
                    f"select distinct {column} from marts.prompt_template_daily"
                ).fetchall()
            }
            for column in ("ltv_gate_color", "gate_color_7d", "lifecycle_recommendation")
        }
    colours = {"GREEN", "YELLOW", "RED", "NO_DATA"}
    assert found == {
        "ltv_gate_color": colours,
        "gate_color_7d": colours,
        "lifecycle_recommendation": {"HARD_KILL", "FREEZE", "PROMOTE", "KEEP"},
    }

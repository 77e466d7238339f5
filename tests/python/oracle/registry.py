"""Every metric of `metrics_daily`, as tidy rows from the raw drop."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from oracle import plan
from oracle.events import days_of
from oracle.experiments import experiments
from oracle.funnels import funnel_rates
from oracle.jobs import job_rates
from oracle.lapses import activity_churn, credit_pack_churn, event_ratios
from oracle.milestones import activation_daily
from oracle.money import conversion_rates, new_paying_users
from oracle.people import active_by_channel, active_users
from oracle.registrations import acquisition
from oracle.retention import retention_cohorts, retention_daily
from oracle.states import transition_rates
from oracle.subscriptions import MOVEMENTS, churn_monthly, movements_daily
from oracle.templates import anonymous_share, template_metrics
from oracle.value import product_value, task_failures

KEYS = ["metric_key", "product", "date_day", "segment", "segment_value"]
COLUMNS = [*KEYS, "numerator", "denominator", "value", "is_mature"]

#: Metric of a template → the columns of its numerator and denominator.
TEMPLATE_RATES = {
    "completion_rate_30d": ("successes_30d", "executions_30d"),
    "completion_rate_matched_30d": ("matched_executions_30d", "executions_with_request_30d"),
    "reuse_rate_30d": ("repeat_people_30d", "people_30d"),
    "delta_cr_30d": ("paid_people_30d", "people_30d"),
    "delta_cr_30d_distinct": ("paid_people_30d", "people_30d"),
    "delta_cr_30d_distinct_low": (None, "people_30d"),
    "delta_cr_30d_distinct_high": (None, "people_30d"),
    "delta_cr_30d_after": ("paid_people_after_30d", "people_30d"),
    "delta_cr_7d": ("paid_people_7d", "people_7d"),
    "reuse_rate_days_30d": ("repeat_day_people_30d", "people_30d"),
    "no_outcome_share_30d": ("no_outcome_executions_30d", "settled_executions_30d"),
    "success_rate_7d": ("successes_7d", "executions_7d"),
    "gate_score_7d": (None, "executions_7d"),
    "roi_value_cents_7d": (None, "people_7d"),
    "t_first_success_first_ever_median_sec_30d": (None, "new_people_with_success_30d"),
    "t_first_success_matched_median_sec_30d": (None, "people_with_matched_success_30d"),
    "t_first_success_median_sec_30d": (None, "people_with_success_30d"),
    "t_first_success_mean_sec_30d": (None, "people_with_success_30d"),
    "t_first_success_p90_sec_30d": (None, "people_with_success_30d"),
}

#: Churn → the columns of its numerator and denominator.
CHURN_RATES = {
    "churn_rate_30d": ("lapsed_people", "ever_active_people"),
    "churn_rate_30d_active_base": ("base_lapsed_people", "base_people"),
}
HORIZONS = ("30d", "60d", "90d")
PACK_CHURN_RATES = {
    f"credit_pack_churn_{horizon}{suffix}": (f"{gone}_{horizon}", f"buyers_{horizon}")
    for horizon in HORIZONS
    for suffix, gone in (("", "away_buyers"), ("_or_idle", "away_or_idle_buyers"))
}


#: Retention metric → the column of its denominator.
RETENTION = {
    "retention_day_1": "registered_day_before",
    "retention_day_1_visit": "registered_day_before",
    "retention_day_1_generate": "registered_day_before",
    "retention_day_1_rolling_24h": "registered_day_before",
    "retention_day_7": "registered_seven_days_before",
    "retention_day_7_rolling_24h": "registered_seven_days_before",
    "retention_week_1": "registered_one_week_before",
    "retention_week_1_rolling": "registered_same_day",
    "retention_week_4": "registered_four_weeks_before",
    "retention_week_4_rolling": "registered_same_day",
}

#: Metric of generations → the columns of its numerator and denominator; its own column is its value.
VALUE_METRICS = {
    "total_generations": ("total_generations", None),
    "adoption_rate": ("adoption_actions", "total_generations"),
    "adoption_rate_tasks": ("adopted_generations", "total_generations"),
    "avg_tasks_per_user": ("identified_generations", "active_users"),
    "task_error_rate": ("failed_generations", "terminal_generations"),
    "no_outcome_generations": ("no_outcome_generations", None),
    "cost_per_user_token": ("identified_tokens", "task_users"),
    "cost_per_user_token_p50": (None, "task_users"),
    "cost_per_user_token_p95": (None, "task_users"),
    "cost_per_user_token_max": (None, "task_users"),
    "cost_per_user_money": ("token_cost", "task_users"),
    "token_cost": ("token_cost", None),
    "token_coverage": ("tasks_with_tokens", "tasks"),
    "token_price_coverage": ("tasks_with_cost", "tasks"),
}
VALUE_MATURITY = {
    "adoption_rate_tasks": "is_adoption_mature",
    "no_outcome_generations": "is_outcome_mature",
}
VALUE_BY_TYPE = ("total_generations", "adoption_rate", "adoption_rate_tasks")


def tidy_metrics(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per metric, product, day and segment value up to the as-of day."""
    people, templates = active_users(events, as_of), template_metrics(events, as_of)
    found = []
    for metric_key in ("active_users_daily", "active_users_weekly", "active_users_monthly"):
        found.append(_counts(metric_key, people.rename(columns={metric_key: "value"})))
    payers = new_paying_users(events, as_of)
    payers = payers[payers["product"].isin(_products("new_paying_users"))]
    found.append(_counts("new_paying_users", payers))
    soon = timedelta(days=plan.setting("net_payer_refund_days"))
    is_mature = [day + soon <= as_of for day in payers.date_day]
    found.append(_counts("new_paying_users_net", payers.assign(value=payers.net, is_mature=is_mature)))
    rates = conversion_rates(events, as_of, _products("payment_conversion_rate"))
    rates["value"] = _ratio(rates.numerator, rates.denominator)
    found += [
        _counts(key, rows, rows).assign(segment=rows.segment) for key, rows in rates.groupby("metric_key")
    ]
    share = anonymous_share(events, as_of).assign(product="prompts")
    share["value"] = _ratio(share.numerator, share.denominator)
    found.append(_counts("anon_execution_share", share, share))
    for metric_key, (numerator, denominator) in TEMPLATE_RATES.items():
        rows = templates.assign(
            product="prompts",
            segment_value=templates.prompt_template_id,
            numerator=templates[numerator] if numerator else None,
            denominator=templates[denominator],
            value=templates[metric_key],
        )
        found.append(_counts(metric_key, rows, rows).assign(segment="prompt_template_id"))
    variants = experiments(events, as_of)
    rows = variants.assign(
        product="prompts",
        segment_value=variants.prompt_template_id + "/" + variants.variant_label,
        numerator=variants.successes,
        denominator=variants.executions,
        value=variants.success_rate,
    )
    found.append(_counts("variant_success_rate_14d", rows, rows).assign(segment="variant"))
    lacking = templates.people_30d - templates.people_with_success_30d
    rows = templates.assign(
        product="prompts",
        segment_value=templates.prompt_template_id,
        numerator=lacking,
        denominator=templates.people_30d,
        value=templates.share_without_success_30d,
    )
    found.append(_counts("share_without_success_30d", rows, rows).assign(segment="prompt_template_id"))
    found += _registrations(events, as_of)
    found += _value(events, as_of)
    found += _channels_and_ratio(events, people, as_of)
    found += _retention(events, as_of)
    found.append(_subscription_churn(events, as_of))
    churn = activity_churn(events, as_of)
    churn = churn[churn["product"].isin(_products("churn_rate_30d"))]
    for daily, parts in ((churn, CHURN_RATES), (credit_pack_churn(events, as_of), PACK_CHURN_RATES)):
        for metric_key, (numerator, denominator) in parts.items():
            rows = daily.assign(
                numerator=daily[numerator], denominator=daily[denominator], value=daily[metric_key]
            )
            found.append(_counts(metric_key, rows, rows))
    ratios = event_ratios(events, as_of).rename(columns={"event_ratio": "value"})
    for metric_key, rows in ratios.groupby("metric_key"):
        found.append(_counts(str(metric_key), rows, rows))
    found.append(job_rates(events, as_of))
    found += [transition_rates(events, as_of), funnel_rates(events, as_of)]
    activation = activation_daily(events, as_of)
    rows = activation.assign(
        numerator=activation.cohort_activations_7d,
        denominator=activation.sign_ups,
        value=activation.activation_rate_cohort_7d,
        is_mature=activation.is_mature.astype(bool),
    )
    found.append(_counts("activation_rate_cohort_7d", rows, rows))
    found += _revenue(movements_daily(events, as_of))
    tidy = pd.concat([frame.astype(object) for frame in found], ignore_index=True)
    return tidy.assign(is_mature=tidy.is_mature.where(tidy.is_mature.notna(), True))


def _subscription_churn(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Every day says the latest month that has ended by it; nothing before the first one."""
    months = churn_monthly(events, as_of)
    months = months[months["product"].isin(_products("subscription_churn_rate"))]
    found = []
    for product, mine in months.groupby("product"):
        by_month = mine.set_index("month").to_dict("index")
        for day in days_of(events, str(product), as_of):
            tomorrow = day + timedelta(days=1)
            ended = by_month.get((tomorrow.replace(day=1) - timedelta(days=1)).replace(day=1))
            gone = ended["churned_customers"] if ended else None
            forced = ended["involuntary_customers"] if ended else None
            for metric_key, segment, value, numerator in (
                ("subscription_churn_rate", "all", "all", gone),
                ("subscription_churn_rate", "voluntary", "voluntary", gone - forced if ended else None),
                ("subscription_churn_rate", "voluntary", "involuntary", forced),
                (
                    "subscription_cancel_ratio", "all", "all",
                    ended["canceled_subscriptions"] if ended else None,
                ),
            ):  # fmt: skip
                there = ended["active_at_start"] if ended else None
                found.append(
                    {
                        "metric_key": metric_key, "product": product, "date_day": day, "segment": segment,
                        "segment_value": value, "numerator": numerator, "denominator": there,
                        "value": numerator / there if there else None, "is_mature": True,
                    }
                )  # fmt: skip
    return pd.DataFrame(found)


def _registrations(events: pd.DataFrame, as_of: date) -> list[pd.DataFrame]:
    came = acquisition(events, as_of)
    by_day = came.groupby(["product", "date_day"]).registrations.sum()
    days = [
        (product, day) for product in _products("registrations") for day in days_of(events, product, as_of)
    ]
    totals = pd.DataFrame(days, columns=["product", "date_day"])
    totals["value"] = [int(by_day.get(key, 0)) for key in days]
    shares = totals.assign(numerator=totals.value, denominator=totals.value)
    shares["value"] = _ratio(shares.numerator, shares.denominator)
    came = came.assign(segment_value=came.channel, value=came.registrations)
    parts = came.assign(value=came.share, numerator=came.registrations, denominator=came.all_registrations)
    return [
        _counts("registrations", totals),
        _counts("user_source_channel", shares, shares),
        _counts("registrations", came).assign(segment="channel"),
        _counts("user_source_channel", parts, parts).assign(segment="channel"),
    ]


def _channels_and_ratio(events: pd.DataFrame, people: pd.DataFrame, as_of: date) -> list[pd.DataFrame]:
    channels = active_by_channel(events, as_of)
    channels = channels.assign(segment_value=channels.channel)
    found = [
        _counts(metric_key, channels.assign(value=channels[metric_key])).assign(segment="channel")
        for metric_key in ("active_users_daily", "active_users_weekly")
    ]
    ratio = people.assign(
        numerator=people.active_user_days_28d / people.observed_days_28d,
        denominator=people.active_users_28d,
        value=people.dau_mau_ratio,
    )
    return [*found, _counts("dau_mau_ratio", ratio, ratio)]


def _retention(events: pd.DataFrame, as_of: date) -> list[pd.DataFrame]:
    daily, found = retention_daily(events, as_of), []
    for metric_key, denominator in RETENTION.items():
        rows = daily[daily["product"].isin(_products(metric_key))]
        rows = rows.assign(
            segment_value=rows.channel,
            numerator=rows[metric_key.replace("retention_", "retained_")],
            denominator=rows[denominator],
            value=rows[metric_key],
            is_mature=rows.get(metric_key.replace("retention_", "is_mature_"), True),
        )
        total, channels = rows[rows.channel == "all"], rows[rows.channel != "all"]
        found += [_counts(metric_key, total, total)]
        found += [_counts(metric_key, channels, channels).assign(segment="channel")]
    cells = retention_cohorts(events, as_of)
    cells = cells[cells["product"].isin(_products("retention_by_day"))]
    cells = cells.assign(
        date_day=cells.cohort_date,
        segment_value=cells.day_number.astype(str),
        numerator=cells.retained_users,
        denominator=cells.cohort_size,
        value=cells.retention_rate,
    )
    return [*found, _counts("retention_by_day", cells, cells).assign(segment="day_number")]


def _value(events: pd.DataFrame, as_of: date) -> list[pd.DataFrame]:
    value, found = product_value(events, as_of), []
    for metric_key, (numerator, denominator) in VALUE_METRICS.items():
        rows = value[value["product"].isin(_products(metric_key))]
        rows = rows.assign(
            segment_value=rows.task_type,
            numerator=rows[numerator] if numerator else None,
            denominator=rows[denominator] if denominator else None,
            value=rows[metric_key],
            is_mature=rows[VALUE_MATURITY[metric_key]] if metric_key in VALUE_MATURITY else True,
        )
        total, types = rows[rows.task_type == "all"], rows[rows.task_type != "all"]
        found.append(_counts(metric_key, total, total))
        if metric_key in VALUE_BY_TYPE:
            found.append(_counts(metric_key, types, types).assign(segment="task_type"))
    classes = task_failures(events, as_of)
    classes = classes.assign(
        segment_value=classes.failure_class,
        numerator=classes.failed_generations,
        denominator=classes.terminal_generations,
        value=_ratio(classes.failed_generations, classes.terminal_generations),
    )
    return [*found, _counts("task_error_rate", classes, classes).assign(segment="failure_class")]


def _revenue(days: pd.DataFrame) -> list[pd.DataFrame]:
    """Recurring revenue in major units of the reporting currency, by segment."""
    units = days["product"].map(lambda name: plan.minor_units()[plan.products()[name].reporting])
    money = {name: days[name] / units for name in days if name.endswith("_minor")}
    start = money["month_start_constant_minor"]
    parts: dict[str, tuple] = {
        "revenue_mrr": (money["end_minor"],),
        "revenue_mrr_constant_currency": (money["end_constant_minor"],),
        **{f"mrr_{name}": (money[f"{name}_minor"],) for name in MOVEMENTS},
        "net_revenue_retention": (money["net_retained_minor"], start),
        "gross_revenue_retention": (money["gross_retained_minor"], start),
        "mrr_quick_ratio": (money["month_gained_minor"], money["month_lost_minor"]),
        "arpa": (money["end_minor"], days.paying_customers),
    }
    found = []
    for metric_key, (numerator, *denominator) in parts.items():
        value = _ratio(numerator, denominator[0]) if denominator else numerator
        rows = days.assign(
            numerator=numerator, denominator=denominator[0] if denominator else None, value=value
        )
        found.append(_counts(metric_key, rows, rows).assign(segment=days.segment))
    return found


def _counts(metric_key: str, rows: pd.DataFrame, ratio: pd.DataFrame | None = None) -> pd.DataFrame:
    """Rows of one metric; a count stands in numerator and value."""
    return pd.DataFrame(
        {
            "metric_key": metric_key,
            "product": rows["product"],
            "date_day": rows.date_day,
            "segment": "all",
            "segment_value": rows.get("segment_value", "all"),
            "numerator": rows.value if ratio is None else ratio.numerator,
            "denominator": None if ratio is None else ratio.denominator,
            "value": rows.value,
            "is_mature": rows.get("is_mature", True),
        }
    )


def _ratio(numerator: pd.Series, denominator: pd.Series) -> pd.Series:
    return (numerator / denominator).where(denominator > 0)


def _products(metric_key: str) -> set[str]:
    return {row["product"] for row in plan.rows("plan_metrics") if row["metric_key"] == metric_key}

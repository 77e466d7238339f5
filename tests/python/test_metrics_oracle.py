"""Every built metric twice: the marts against the oracle, on random drops and on the demo drop.

S0-08, S0-11, S0-14, S0-17, S0-19, S0-40 .. S0-43, S0-48, S0-49, O-01 .. O-12,
S2-03, S2-05, S2-06, S3-08, S3-18, S4-06, S4-17 .. S4-19, S4-21, S4-22, S4-43 .. S4-46, S4-52;
S0-08, S0-17, S0-19, S0-40 .. S0-43, S2-01 .. S2-05, S2-06, S3-08, S3-18, S4-06, S4-43 .. S4-46, S4-52;
X-02, X-03, X-05, X-09 .. X-12, X-21 .. X-23.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from math import prod
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from adversary import Adversary, as_drop
from drops import workshop
from lifelines import KaplanMeierFitter
from oracle import plan
from oracle.events import accepted_events, as_of_day
from oracle.experiments import experiments
from oracle.funnels import funnel_conversions
from oracle.hazard import churn_hazard, person_weeks
from oracle.identity import identity_daily, with_people
from oracle.jobs import DIMENSIONS, jobs_daily
from oracle.lapses import activity_churn, credit_pack_churn, event_ratios, first_lapses
from oracle.milestones import activation_daily, milestones, milestones_daily
from oracle.money import payments_by
from oracle.people import active_by_channel, active_users
from oracle.registrations import acquisition, registrations
from oracle.registry import KEYS, tidy_metrics
from oracle.retention import retention_cohorts, retention_daily
from oracle.sessions import attribution_daily, sessions, sessions_daily, touches
from oracle.states import PAIR, funnel_matrix, funnel_states, funnel_transitions, retention_intervals
from oracle.subscriptions import (
    churn_monthly,
    customer_movements,
    movements_daily,
    movements_monthly,
    mrr_daily,
)
from oracle.templates import template_metrics
from oracle.value import product_value, task_failures

MARTS = ("path:models",)


@dataclass
class Case:
    """A drop as the oracle sees it, and a reader of the marts built from it."""

    events: pd.DataFrame
    as_of: date
    read: Callable[[str], pd.DataFrame]
    is_adversarial: bool = False


@pytest.fixture(scope="module", params=["adversary 1", "adversary 2", "demo"])
def case(request: pytest.FixtureRequest) -> Case:
    if request.param == "demo":
        paths = request.getfixturevalue("built_demo")

        def read(sql: str) -> pd.DataFrame:
            with duckdb.connect(str(paths.warehouse / "build.duckdb"), read_only=True) as connection:
                return connection.execute(sql).df()

        return case_of(paths.raw, read)
    seed = int(request.param.split()[1])
    built = workshop().build(as_drop(Adversary(seed).sent, seed), select=MARTS)
    return replace(case_of(workshop().paths.raw, built.frame), is_adversarial=True)


def case_of(raw: Path, read: Callable[[str], pd.DataFrame]) -> Case:
    events = accepted_events(raw)
    as_of = as_of_day(events)
    return Case(with_people(events, as_of), as_of, read)


def numbers(column: pd.Series) -> pd.Series:
    """A column of numbers or of true and false as floats."""
    return column.map(lambda value: float("nan") if pd.isna(value) else float(value)).astype(float)


def differences(mine: pd.DataFrame, theirs: pd.DataFrame, keys: list[str]) -> str:
    """What oracle and mart say differently, as text; empty when they agree on the oracle's columns."""
    theirs = theirs.assign(
        **{
            key: pd.to_datetime(theirs[key]).dt.date
            for key in keys
            if key in ("date_day", "month", "cohort_date")
        }
    )
    columns = [column for column in mine.columns if column not in keys]
    both = mine.merge(theirs[keys + columns], on=keys, how="outer", suffixes=("", "_sql"), indicator=True)
    found = []
    if (both._merge != "both").any():
        found.append(f"rows of one side only:\n{both[both._merge != 'both'][[*keys, '_merge']].head()}")
    for column in columns:
        ours, sql = both[column], both[f"{column}_sql"]
        if ours.map(type).eq(str).any():
            is_same = ours.eq(sql) | (ours.isna() & sql.isna())
        else:
            ours, sql = numbers(ours), numbers(sql)
            is_same = ((ours - sql).abs() <= 1e-9 * (1 + ours.abs())) | (ours.isna() & sql.isna())
        if not is_same.all():
            wrong = both[~is_same]
            found.append(f"{column}, {len(wrong)} rows:\n{wrong[[*keys, column, f'{column}_sql']].head()}")
    return "\n".join(found)


def test_the_same_events_are_accepted(case: Case) -> None:
    theirs = case.read(
        "select product, event_name, event_date as date_day, count(*) as events, count(user_id) as users,"
        " count(*) filter (where is_analyzable) as analyzable from normalized.events group by all"
    )
    by = case.events.assign(date_day=case.events.day).groupby(["product", "event_name", "date_day"])
    mine = by.agg(
        events=("product", "size"), users=("sent_user", "count"), analyzable=("is_analyzable", "sum")
    )
    assert differences(mine.reset_index(), theirs, ["product", "event_name", "date_day"]) == ""
    as_of = case.read("select distinct as_of_date from normalized.reporting_clock").as_of_date
    assert [day.date() for day in as_of] == [case.as_of]


def test_events_have_the_same_people(case: Case) -> None:
    theirs = case.read(
        "select product, event_name, event_date as date_day, person_key, known_user_id,"
        " count(*) as events from normalized.events group by all"
    )
    in_all = with_people(case.events.assign(user=case.events.sent_user))
    told = case.events.assign(
        person_key=in_all.person, known_user_id=case.events.user, date_day=case.events.day
    )
    keys = ["product", "event_name", "date_day", "person_key", "known_user_id"]
    mine = told.groupby(keys, dropna=False).size().rename("events").reset_index()
    assert differences(mine, theirs, keys) == ""


def test_identity_daily(case: Case) -> None:
    mine = identity_daily(case.events, case.as_of)
    assert mine.merged_actors.sum() > 0 and mine.linked_people.sum() > 0 and mine.linked_events.sum() > 0
    theirs = case.read("select * from marts.identity_daily")
    assert differences(mine, theirs, KEYS[1:3]) == ""


def test_sessions(case: Case) -> None:
    mine = sessions(case.events, case.as_of)
    assert mine.is_return.sum() > 5 and (mine.is_return & mine.is_sent_return).sum() > 0
    assert 0 < mine.is_as_sent.sum() < len(mine)
    theirs = case.read("select * from normalized.sessions")
    flags = {flag: mine[flag].astype(int) for flag in ("is_return", "is_sent_return", "is_as_sent")}
    keys = ["product", "person_key", "started_at"]
    assert (
        differences(
            mine.drop(columns=["channel", "date_day", "ended_at", "touch"]).assign(**flags), theirs, keys
        )
        == ""
    )


def test_sessions_daily(case: Case) -> None:
    mine = sessions_daily(case.events, case.as_of)
    theirs = case.read("select * from marts.sessions_daily")
    assert differences(mine, theirs, ["product", "date_day", "channel"]) == ""


def test_attribution_daily(case: Case) -> None:
    mine = attribution_daily(case.events, case.as_of)
    assert (
        mine.groupby("dimension").first_touch_registrations.sum() > 0
    ).all() and mine.dimension.nunique() == 7
    theirs = case.read("select * from marts.attribution_daily")
    assert differences(mine, theirs, ["product", "date_day", "dimension", "dimension_value"]) == ""


def test_funnel_conversions(case: Case) -> None:
    mine = funnel_conversions(case.events, case.as_of)
    assert (mine.people[mine.step > 1] > 0).sum() > 20 and (mine.is_mature == 0).any()
    theirs = case.read("select * from marts.funnel_conversions")
    theirs["cohort_date"] = pd.to_datetime(theirs.cohort_date).dt.date
    keys = ["funnel_key", "cohort_grain", "cohort_date", "channel", "campaign_id", "step"]
    assert differences(mine, theirs, keys) == ""


def test_a_funnel_is_the_product_of_its_steps(case: Case) -> None:
    """S4-22: step by step, in exact fractions, of every cohort, with the click and without."""
    theirs = case.read("select * from marts.funnel_conversions order by step")
    cohorts = theirs.groupby(["funnel_key", "cohort_grain", "cohort_date", "channel", "campaign_id"])
    for _, steps in cohorts:
        rates = zip(steps.people.iloc[1:], steps.previous_people.iloc[1:], strict=True)
        product = prod(
            Fraction(int(people), int(before)) if before else Fraction(0) for people, before in rates
        )
        assert product == Fraction(int(steps.people.iloc[-1]), int(steps.entrants.iloc[-1]))
    through = theirs[theirs.people > 0].groupby("funnel_key").step.max()
    assert through["acquisition_to_purchase"] == 6 and through["click_to_purchase"] == 7


def test_funnel_states(case: Case) -> None:
    mine = funnel_states(case.events, case.as_of)
    if case.is_adversarial:
        ways = {row["entered_by"] for row in plan.rows("plan_funnel_states")}
        assert set(mine.entered_by) == ways - {"attempt"} and mine.attempted_at.notna().any()
    theirs = case.read(
        "select * replace (cast(is_imputed as int) as is_imputed), first_reached_date as date_day"
        " from marts_sensitive.funnel_states"
    )
    keys = ["product", "person_key", "state", "first_reached_at", "attempted_at", "date_day"]
    assert differences(mine, theirs, keys) == ""


def test_retention_intervals(case: Case) -> None:
    mine = retention_intervals(case.events, case.as_of)
    # Somebody is retained, churns and is won back.
    won_back = mine[mine.state.eq("S10_Retained") & (mine.place > 2)]
    if case.is_adversarial:
        assert set(won_back.entered_by) == {"renewal", "later_job"}
    theirs = case.read(
        "select *, row_number() over (partition by product, person_key order by from_at, event_number) - 1 as place"
        " from normalized.retention_intervals"
    )
    assert differences(mine, theirs, ["product", "person_key", "place", "from_at", "to_at"]) == ""


def test_funnel_transitions(case: Case) -> None:
    mine = funnel_transitions(case.events, case.as_of)
    assert mine[["from_state", "to_state"]].drop_duplicates().shape[0] == 132
    assert (mine.to_people < mine.to_people_any_order).any() and (mine.is_mature == 0).any()
    theirs = case.read("select * from marts.funnel_transitions")
    assert differences(mine, theirs, PAIR) == ""


def test_funnel_matrix(case: Case) -> None:
    mine = funnel_matrix(case.events, case.as_of)
    went = mine[mine.people > 0].groupby("from_state").to_state.unique()
    if case.is_adversarial:
        assert set(went["S11_Churned"]) >= {"S10_Retained", "stay", "censored"}
    theirs = case.read("select * from marts.funnel_matrix")
    assert differences(mine, theirs, ["product", "cohort_date", "from_state", "to_state"]) == ""


def test_person_milestones(case: Case) -> None:
    mine = milestones(case.events, case.as_of)
    assert set(mine.milestone) == {row["milestone"] for row in plan.rows("plan_milestones")}
    theirs = case.read("select * from marts_sensitive.person_milestones")
    assert (
        differences(mine.drop(columns="day"), theirs, ["product", "person_key", "milestone", "reached_at"])
        == ""
    )


def test_milestones_daily(case: Case) -> None:
    mine = milestones_daily(case.events, case.as_of)
    assert mine.since_first_median_sec.notna().any() and (mine.people == 0).any()
    theirs = case.read("select * from marts.milestones_daily")
    assert differences(mine, theirs, ["product", "milestone", "date_day"]) == ""


def test_activation_daily(case: Case) -> None:
    mine = activation_daily(case.events, case.as_of)
    assert mine.agreed_people.sum() > 0 and mine.cohort_activations_7d.sum() > 0
    theirs = case.read("select * from marts.activation_daily")
    assert differences(mine, theirs, ["product", "date_day"]) == ""


def test_active_users_daily(case: Case) -> None:
    mine = active_users(case.events, case.as_of)
    assert mine.active_users_daily.sum() > 0 and mine.resurrected_users.sum() > 0
    theirs = case.read("select * from marts.active_users_daily")
    assert differences(mine, theirs, ["product", "date_day"]) == ""


def test_registrations(case: Case) -> None:
    mine = registrations(case.events, case.as_of).rename(columns={"day": "date_day"})
    theirs = case.read(
        "select product, person_key as person, registered_at, event_date as date_day, channel"
        " from normalized.registrations"
    )
    assert differences(mine, theirs, list(mine.columns)) == ""


def test_acquisition_daily(case: Case) -> None:
    mine = acquisition(case.events, case.as_of)
    assert mine.share.between(0, 1, inclusive="neither").sum() > 10
    theirs = case.read("select * from marts.acquisition_daily")
    assert differences(mine, theirs, ["product", "date_day", "channel"]) == ""


def test_product_value_daily(case: Case) -> None:
    mine = product_value(case.events, case.as_of)
    assert mine.adopted_generations.sum() > 0 and mine.token_cost.sum() > 0
    theirs = case.read("select * from marts.product_value_daily")
    assert differences(mine, theirs, ["product", "date_day", "task_type"]) == ""


def test_task_failures_daily(case: Case) -> None:
    mine = task_failures(case.events, case.as_of)
    assert (mine.groupby("failure_class").failed_generations.sum() > 0).all()
    theirs = case.read("select * from marts.task_failures_daily")
    assert differences(mine, theirs, ["product", "date_day", "failure_class"]) == ""


def test_active_users_by_channel_daily(case: Case) -> None:
    mine = active_by_channel(case.events, case.as_of)
    assert mine.channel.nunique() > 4
    theirs = case.read("select * from marts.active_users_by_channel_daily")
    assert differences(mine, theirs, ["product", "date_day", "channel"]) == ""


def test_retention_cohorts(case: Case) -> None:
    mine = retention_cohorts(case.events, case.as_of)
    assert mine.day_number.max() > 30 and (mine.retained_users > 0).sum() > 30
    theirs = case.read("select * from marts.retention_cohorts")
    assert differences(mine, theirs, ["product", "cohort_date", "day_number"]) == ""


def test_retention_daily(case: Case) -> None:
    mine = retention_daily(case.events, case.as_of)
    assert (mine.filter(like="retained_").sum() > 0).all()
    assert (mine.filter(like="is_mature_").nunique() == 2).all()
    theirs = case.read("select * from marts.retention_daily")
    assert differences(mine, theirs, ["product", "date_day", "channel"]) == ""


def test_payments_daily(case: Case) -> None:
    mine = payments_by(case.events, case.as_of, "day")
    assert mine.refunds.sum() > 0 and mine.new_paying_users.sum() > 0
    theirs = case.read(
        "select * replace (cast(is_rate_missing as int) as is_rate_missing) from marts.payments_daily"
    )
    assert differences(mine, theirs, ["product", "date_day", "currency"]) == ""


def test_payments_monthly(case: Case) -> None:
    mine = payments_by(case.events, case.as_of, "month").rename(columns={"date_day": "month"})
    theirs = case.read("select * from marts.payments_monthly")
    assert differences(mine, theirs, ["product", "month", "currency"]) == ""


def test_mrr_daily(case: Case) -> None:
    mine = mrr_daily(case.events, case.as_of)
    assert mine.mrr_minor.max() > 0 and mine.groupby("product").mrr_minor.max().min() > 0
    theirs = case.read(
        "select * replace (cast(is_rate_missing as int) as is_rate_missing) from marts.mrr_daily"
    )
    assert differences(mine, theirs, ["product", "date_day", "currency"]) == ""


def test_mrr_movements(case: Case) -> None:
    """S2-02: of every customer, every movement, on its day."""
    mine = customer_movements(case.events, case.as_of)
    theirs = case.read(
        "select * from marts_sensitive.mrr_movements"
        " where customer in (select person_key from normalized.subscription_periods)"
    )
    assert differences(mine, theirs, ["product", "customer", "date_day", "movement"]) == ""


def test_mrr_movements_daily_and_monthly(case: Case) -> None:
    mine = movements_daily(case.events, case.as_of)
    theirs = case.read("select * from marts.mrr_movements_daily")
    assert differences(mine, theirs, ["product", "date_day", "segment", "segment_value"]) == ""
    months = movements_monthly(case.events, case.as_of)
    assert months.net_revenue_retention.notna().any() and months.mrr_quick_ratio.notna().any()
    theirs = case.read("select * from marts.mrr_movements_monthly")
    assert differences(months, theirs, ["product", "month", "segment", "segment_value"]) == ""


def test_prompt_template_daily(case: Case) -> None:
    mine = template_metrics(case.events, case.as_of)
    theirs = case.read("select * from marts.prompt_template_daily")
    assert differences(mine, theirs, ["prompt_template_id", "date_day"]) == ""


def test_activity_churn_daily(case: Case) -> None:
    mine = activity_churn(case.events, case.as_of)
    assert (mine.churn_rate_30d != mine.churn_rate_30d_active_base).any() and mine.lapsed_people.sum() > 0
    theirs = case.read("select * from marts.activity_churn_daily")
    assert differences(mine, theirs, ["product", "date_day"]) == ""


def test_credit_pack_churn_daily(case: Case) -> None:
    mine = credit_pack_churn(case.events, case.as_of)
    theirs = case.read("select * from marts.credit_pack_churn_daily")
    assert differences(mine, theirs, ["product", "date_day"]) == ""


def test_subscription_churn_monthly(case: Case) -> None:
    mine = churn_monthly(case.events, case.as_of)
    assert mine.churned_customers.sum() > 0 and mine.canceled_subscriptions.sum() > 0
    theirs = case.read("select * from marts.subscription_churn_monthly")
    assert differences(mine, theirs, ["product", "month"]) == ""


def test_activity_survival(case: Case) -> None:
    """Against the estimator of lifelines, product by product."""
    people = first_lapses(case.events, case.as_of)
    assert people.is_lapsed.any() and not people.is_lapsed.all()
    theirs = case.read("select * from marts.activity_survival order by product, day_number")
    assert set(theirs["product"]) == set(people["product"])
    for product, observed in people.groupby("product"):
        estimate = KaplanMeierFitter().fit(observed.days, observed.is_lapsed)
        mine = estimate.event_table.query("observed + censored > 0")
        rows = theirs[theirs["product"] == product].set_index("day_number")
        assert rows.people_at_risk.to_dict() == mine.at_risk.to_dict()
        assert rows.lapsed_people.to_dict() == mine.observed.to_dict()
        expected = estimate.survival_function_.KM_estimate.loc[rows.index]
        assert rows.survival_rate.to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-9)


def test_person_weeks(case: Case) -> None:
    mine = person_weeks(case.events, case.as_of)
    told = mine.drop(columns=["is_lapsed"])
    assert told.notna().any().drop("support_tickets").all()
    theirs = case.read("select * replace (cast(is_lapsed as int) as is_lapsed) from normalized.person_weeks")
    assert differences(mine, theirs, ["product", "person_key", "week_number"]) == ""


def test_churn_hazard(case: Case) -> None:
    mine = churn_hazard(case.events, case.as_of)
    theirs = case.read("select * from marts.churn_hazard")
    assert differences(mine, theirs, ["product", "feature", "band", "week_number"]) == ""


def test_hazards_multiply_to_the_survival_of_whole_weeks(case: Case) -> None:
    """Kaplan and Meier over the same people, each observed for as many whole weeks as have ended."""
    people = first_lapses(case.events, case.as_of)
    hazards = case.read(
        "select * from marts.churn_hazard where feature = 'all' order by product, week_number"
    )
    assert len(hazards)
    for product, rows in hazards.groupby("product"):
        mine = people[people["product"] == product]
        ended = ((case.as_of - mine.first_date).map(lambda gone: gone.days) + 1) // 7
        is_event = mine.is_lapsed & (mine.days // 7 < ended)
        weeks = (mine.days // 7).where(is_event, ended - 1)[ended > 0]
        estimate = KaplanMeierFitter().fit(weeks, is_event[ended > 0])
        expected = estimate.survival_function_at_times(rows.week_number)
        assert (1 - rows.hazard_rate).cumprod().to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-9)


def test_jobs_daily(case: Case) -> None:
    mine = jobs_daily(case.events, case.as_of)
    assert mine[["jobs_failed", "jobs_retried", "jobs_refunded"]].sum().min() > 0
    theirs = case.read("select * from marts.jobs_daily")
    assert differences(mine, theirs, DIMENSIONS) == ""


def test_event_ratios_daily(case: Case) -> None:
    mine = event_ratios(case.events, case.as_of)
    assert (mine.numerator * mine.denominator).sum() > 0
    theirs = case.read("select * from marts.event_ratios_daily")
    assert differences(mine, theirs, ["metric_key", "product", "date_day"]) == ""


def test_prompt_experiments(case: Case) -> None:
    mine = experiments(case.events, case.as_of)
    theirs = case.read("select * from marts.prompt_experiments")
    assert differences(mine, theirs, ["prompt_template_id", "variant_label", "date_day"]) == ""


def test_metrics_daily(case: Case) -> None:
    mine = tidy_metrics(case.events, case.as_of)
    theirs = case.read("select * from marts.metrics_daily").query(
        "metric_key in @known", local_dict={"known": set(mine.metric_key)}
    )
    assert differences(mine, theirs, KEYS) == ""
    n_min = plan.setting("n_min")
    assert (theirs.is_low_n == (theirs.denominator < n_min)).all(), "X-21"
    assert ((theirs.evaluability == "no_data") == theirs.value.isna()).all(), (
        "every input is there in these drops"
    )


def test_random_drops_reach_the_edges(case: Case, request: pytest.FixtureRequest) -> None:
    """The comparison is worth something only where the cases occur."""
    if "demo" in request.node.name:
        pytest.skip("the demo drop is no adversary")
    templates = template_metrics(case.events, case.as_of)
    money = payments_by(case.events, case.as_of, "day")
    assert jobs_daily(case.events, case.as_of).jobs_out_of_order.sum() > 0
    assert (templates.completion_rate_30d > 1).any(), "more successes than executes"
    assert templates.completion_rate_30d.isna().any(), "zero denominators"
    assert (templates.t_first_success_median_sec_30d == 0).any(), "a success at the moment of its execute"
    assert templates.delta_cr_30d.isna().any() and templates.delta_cr_30d.notna().any()
    assert money.unpriced_payments.sum() > 5 and money.currency.nunique() >= 7
    assert {"XYZ", "XXX"} <= set(money.currency)
    assert templates.ltv_gate_rule.nunique() >= 5 and templates.lifecycle_rule.nunique() >= 4
    assert templates.site_gate_color.nunique() == 3
    variants = experiments(case.events, case.as_of)
    assert variants.contaminated_people.sum() > 50 and variants.variant_label.nunique() == 4
    activation = activation_daily(case.events, case.as_of).sum(numeric_only=True)
    assert activation[["derived_only_people", "sent_only_people"]].min() > 3
    assert activation.agreed_people < activation.people_in_both
    assert activation.cohort_activations_7d < activation.sign_ups
    packs = credit_pack_churn(case.events, case.as_of)
    bought = milestones(case.events, case.as_of).query("milestone == 'credit_pack_bought'")
    assert (bought.day <= case.as_of - timedelta(days=30)).sum() > packs.buyers_30d.max(), "subscribers"
    assert (packs.away_buyers_30d < packs.buyers_30d).any()
    assert (packs.away_buyers_60d > 0).any() and (packs.away_buyers_60d < packs.away_or_idle_buyers_60d).any()
    hazards = churn_hazard(case.events, case.as_of)
    bands = {(row["feature"], row["band"]) for row in plan.rows("plan_hazard_bands")}
    reached = set(zip(hazards.feature, hazards.band, strict=True))
    assert {band for band in bands - reached if band[0] != "support_tickets"} == set()
    assert (hazards.lapsed_people > 0).any() and ((hazards.hazard_rate < 1) & (hazards.hazard_rate > 0)).any()
    touched = touches(case.events, case.as_of).pivot(
        index=["product", "person_key"], columns="touch", values="channel"
    )
    assert (touched["first"] != touched["last"]).any()
    midnight = case.events.occurred_at.dt.strftime("%H:%M:%S.%f")
    assert (midnight == "16:00:00.000000").sum() > 20 and (midnight == "15:59:59.999000").sum() > 20

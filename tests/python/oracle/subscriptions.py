"""Monthly recurring revenue day by day: every subscription looked at on every day, in exact fractions."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

import pandas as pd

from oracle import plan
from oracle.events import days_of
from oracle.money import NO_CURRENCY, payments, rate, rounded

ONE_DAY = timedelta(days=1)
MOVEMENTS = ("new", "expansion", "contraction", "churn", "reactivation", "fx")


@dataclass(frozen=True)
class Period:
    """A stretch of a subscription with one price; `fee` is a month's, in minor units (None: not known)."""

    product: str
    customer: str
    person: str | None
    type: str
    currency: str
    start: date
    end: date | None
    fee: Fraction | None
    is_paying: bool
    is_same_day: bool
    subscription: str
    holder: str | None  # who began it, known or not

    def covers(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)


# --- periods ---------------------------------------------------------------------------------------


def periods(events: pd.DataFrame, as_of: date) -> list[Period]:
    """Every stretch of every subscription that began by the as-of day."""
    roles = {
        (row["product"], row["event_name"]): row["role"] for row in plan.rows("plan_subscription_events")
    }
    known = events[events.is_analyzable & (events.day <= as_of)]
    told = [
        (roles[event.product, event.event_name], position, event)
        for position, event in enumerate(known.itertuples())
        if (event.product, event.event_name) in roles
    ]
    found = [_of_record(event, position) for role, position, event in told if role == "record"]
    found += _of_terms([(role, *rest) for role, *rest in told if role in ("terms", "end")])
    paid = payments(events, as_of)
    kept = [
        roles.get((row.product, row.event_name)) == "payment" and row.kind == "payment"
        for row in paid.itertuples()
    ]
    return found + _of_payments(paid[kept])


def _fee(major, currency: str, per_year: int = 12) -> Fraction | None:
    units = plan.minor_units().get(currency)
    return None if major is None or units is None else Fraction(major) * units * per_year / 12


def _currency(event) -> str:
    return event.currency or (NO_CURRENCY if event.sent_currency else plan.products()[event.product].currency)


def _of_record(event, position: int) -> Period:
    currency = _currency(event)
    status = next(
        (row for row in plan.rows("plan_subscription_statuses") if row["status"] == event.status), None
    )
    end = None if event.ends_at is None else (event.ends_at + plan.products()[event.product].offset).date()
    if end is not None and end.year == 9999:
        end = None
    if end and status and status["has_grace"] == "true":
        end += timedelta(days=plan.setting("past_due_grace_days"))
    person = event.user
    return Period(
        event.product, person or f"record {position}", person, event.plan or "unknown", currency, event.day, end,
        _fee(event.major, currency), status is None or status["is_paying"] == "true", end == event.day,
        event.order or f"record {position}", event.person,
    )  # fmt: skip


def _of_terms(told: list[tuple]) -> list[Period]:
    holders = defaultdict(set)
    for _, position, event in told:
        if event.subscription:
            holders[event.product, _holder(event, position)].add(event.subscription)
    chains = defaultdict(list)
    for role, position, event in told:
        if role == "terms" and event.major is None:
            continue
        holder = _holder(event, position)
        names = holders[event.product, holder]
        key = event.subscription or (next(iter(names)) if len(names) == 1 else holder)
        chains[event.product, key].append((role, event))
    per_year = {
        row["billing_period"]: int(row["periods_per_year"]) for row in plan.rows("plan_billing_periods")
    }
    found = []
    for (product, key), chain in chains.items():
        person = max((event.user for _, event in chain if event.user), default=None)
        billing_period = None
        for (role, event), after in zip(chain, [*chain[1:], None], strict=True):
            billing_period = event.billing_period or billing_period
            if role == "end":
                continue
            end = after[1].day if after else None
            is_closed = bool(after) and after[0] == "end"
            if end == event.day and not is_closed:
                continue
            currency = _currency(event)
            fee = None if billing_period is None else _fee(event.major, currency, per_year[billing_period])
            found.append(
                Period(
                    product,
                    person or str(key),
                    person,
                    event.plan or "unknown",
                    currency,
                    event.day,
                    end,
                    fee,
                    event.is_trial is not True,
                    end == event.day,
                    str(key),
                    event.person,
                )
            )
    return found


def _holder(event, position: int) -> str:
    return event.user or event.anonymous or f"event {position}"


def _of_payments(paid: pd.DataFrame) -> list[Period]:
    length = timedelta(days=plan.setting("payment_period_days"))
    chains = defaultdict(list)
    for row in paid.itertuples():  # in order of time
        chains[row.product, row.person or f"order {row.order}"].append(row)
    found = []
    for (product, key), chain in chains.items():
        for row, after in zip(chain, [*chain[1:], None], strict=True):
            end = row.day + length
            if after is not None:
                end = min(end, after.day)
            fee = None if pd.isna(row.minor) else Fraction(int(row.minor))
            if end > row.day:
                found.append(
                    Period(
                        product,
                        key,
                        row.person,
                        row.plan or "unknown",
                        row.currency,
                        row.day,
                        end,
                        fee,
                        True,
                        False,
                        key,
                        row.person,
                    )
                )
    return found


# --- days ------------------------------------------------------------------------------------------


def _month_rate(product: str, currency: str, day: date) -> Fraction:
    return rate(product, currency, day.replace(day=1)) or Fraction(0)


def _held(mine: list[Period], day: date, at: date) -> dict[str, int]:
    """Customer → revenue of what is in force on a day, at the rates of another, rounded once a customer."""
    exact: dict[str, Fraction] = defaultdict(Fraction)
    for one in mine:
        if one.covers(day):
            exact[one.customer] += one.fee * _month_rate(one.product, one.currency, at)
    return {customer: rounded(amount) for customer, amount in exact.items()}


def _movement_rows(mine: list[Period], days: list[date]) -> list[tuple[date, str, str, int]]:
    """(day, customer, movement, amount) of every movement, in order of days."""
    found, once = [], set()
    for day in days:
        opening = _held(mine, day - ONE_DAY, day - ONE_DAY)
        revalued = _held(mine, day - ONE_DAY, day)
        closing = _held(mine, day, day)
        brief: dict[str, Fraction] = defaultdict(Fraction)
        for one in mine:
            if one.is_same_day and one.start == day:
                brief[one.customer] += one.fee * _month_rate(one.product, one.currency, day)
        moved: dict[tuple[str, str], int] = defaultdict(int)
        for customer in {*opening, *closing, *brief}:
            was, base, now = (held.get(customer, 0) for held in (opening, revalued, closing))
            first = "reactivation" if customer in once else "new"
            moved[customer, "fx"] += base - was
            if now > base:
                moved[customer, first if base == 0 else "expansion"] += now - base
            elif now < base:
                moved[customer, "churn" if now == 0 else "contraction"] += now - base
            fee = rounded(brief.get(customer, Fraction(0)))
            is_there = was > 0 or now > 0
            moved[customer, "expansion" if is_there else first] += fee
            moved[customer, "contraction" if is_there else "churn"] -= fee
            if now > 0 or fee > 0:
                once.add(customer)
        found += [
            (day, customer, movement, amount) for (customer, movement), amount in moved.items() if amount
        ]
    return found


def _segments(mine: list[Period]) -> list[tuple[str, str, list[Period]]]:
    types = sorted({one.type for one in mine})
    parts = [("subscription_type", name, [one for one in mine if one.type == name]) for name in types]
    return [("all", "all", mine), *parts]


def _paying(events: pd.DataFrame, as_of: date) -> dict[str, list[Period]]:
    """Product with subscriptions → its periods that bring money."""
    found: dict[str, list[Period]] = {row["product"]: [] for row in plan.rows("plan_subscription_events")}
    for one in periods(events, as_of):
        if one.is_paying and one.fee:
            found[one.product].append(one)
    return found


def customer_movements(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per product, identified customer, day and movement."""
    found = []
    for product, mine in _paying(events, as_of).items():
        people = {one.customer for one in mine if one.person}
        rows = _movement_rows(mine, days_of(events, product, as_of))
        found += [(product, who, day, what, amount) for day, who, what, amount in rows if who in people]
    return pd.DataFrame(found, columns=["product", "customer", "date_day", "movement", "amount_minor"])


def movements_daily(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per product, day and segment value: begin, movements, end, and what the month's begin still brings."""
    found = []
    for product, paying in _paying(events, as_of).items():
        days = days_of(events, product, as_of)
        for segment, value, mine in _segments(paying):
            moved: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
            for day, _, movement, amount in _movement_rows(mine, days):
                moved[day][movement] += amount
            people = {one.customer for one in mine if one.person}
            base: dict[str, int] = {}
            for day in days:
                if day in (days[0], day.replace(day=1)):
                    base = _held(mine, day.replace(day=1) - ONE_DAY, as_of)
                    gained = lost = 0
                gained += sum(moved[day][name] for name in ("new", "expansion", "reactivation"))
                lost -= moved[day]["contraction"] + moved[day]["churn"]
                constant, end = _held(mine, day, as_of), _held(mine, day, day)
                found.append(
                    {"product": product, "date_day": day, "segment": segment, "segment_value": value}
                    | {"start_minor": sum(_held(mine, day - ONE_DAY, day - ONE_DAY).values())}
                    | {f"{name}_minor": moved[day][name] for name in MOVEMENTS}
                    | {
                        "end_minor": sum(end.values()),
                        "end_constant_minor": sum(constant.values()),
                        "paying_customers": sum(1 for who, amount in end.items() if amount and who in people),
                        "month_start_constant_minor": sum(base.values()),
                        "net_retained_minor": sum(
                            constant.get(who, 0) for who, amount in base.items() if amount
                        ),
                        "gross_retained_minor": sum(
                            min(constant.get(who, 0), amount) for who, amount in base.items()
                        ),
                        "month_gained_minor": gained,
                        "month_lost_minor": lost,
                    }
                )
    return pd.DataFrame(found)


def movements_monthly(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per product, month and segment value: the days added up, and the ratios of the month."""
    days = movements_daily(events, as_of)
    days["month"] = [day.replace(day=1) for day in days.date_day]
    sums = [f"{name}_minor" for name in MOVEMENTS]
    found = []
    for (product, month, segment, value), mine in days.groupby(
        ["product", "month", "segment", "segment_value"]
    ):
        last = mine.iloc[-1]
        units = plan.minor_units()[plan.products()[product].reporting]
        found.append(
            {"product": product, "month": month, "segment": segment, "segment_value": value}
            | {"start_minor": mine.iloc[0].start_minor, "end_minor": last.end_minor}
            | mine[sums].sum().to_dict()
            | {
                "net_revenue_retention": _ratio(last.net_retained_minor, last.month_start_constant_minor),
                "gross_revenue_retention": _ratio(last.gross_retained_minor, last.month_start_constant_minor),
                "mrr_quick_ratio": _ratio(last.month_gained_minor, last.month_lost_minor),
                "arpa": _ratio(last.end_minor, last.paying_customers * units),
            }
        )
    return pd.DataFrame(found)


def mrr_daily(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per product, day and currency of subscriptions: revenue in the currency itself and as reported."""
    known = periods(events, as_of)
    found = []
    for product, currency in sorted({(one.product, one.currency) for one in known}):
        mine = [one for one in known if (one.product, one.currency) == (product, currency) and one.is_paying]
        bringing = [one for one in mine if one.fee]
        people = {one.customer for one in bringing if one.person}
        units = plan.minor_units().get(currency)
        for day in days_of(events, product, as_of):
            original: dict[str, Fraction] = defaultdict(Fraction)
            for one in bringing:
                if one.covers(day):
                    original[one.customer] += one.fee
            minor = {who: rounded(amount) for who, amount in original.items()}
            is_rate_missing = rate(product, currency, day.replace(day=1)) is None
            latest = rate(product, currency, as_of.replace(day=1))
            in_force = [one for one in mine if one.covers(day)]
            found.append(
                {
                    "product": product,
                    "date_day": day,
                    "currency": currency,
                    "revenue_mrr": sum(minor.values()) / units if units else None,
                    "mrr_minor": sum(minor.values()),
                    "mrr_reporting_minor": None
                    if is_rate_missing
                    else sum(_held(bringing, day, day).values()),
                    "mrr_constant_minor": None
                    if latest is None
                    else sum(_held(bringing, day, as_of).values()),
                    "active_subscriptions": len(in_force),
                    "paying_customers": sum(1 for who, amount in minor.items() if amount and who in people),
                    "unpriced_subscriptions": sum(1 for one in in_force if one.fee is None),
                    "is_rate_missing": int(is_rate_missing),
                }
            )
    return pd.DataFrame(found)


def _ratio(numerator: int, denominator: int) -> float | None:
    return numerator / denominator if denominator else None


def churn_monthly(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per product with subscriptions and month: who was there at its begin, who of them is gone."""
    window = timedelta(days=int(plan.setting("involuntary_churn_days")))
    paying = defaultdict(list)
    for one in periods(events, as_of):
        if one.is_paying and not one.is_same_day:
            paying[one.product].append(one)
    known = events[
        events.is_analyzable
        & (events.day <= as_of)
        & (events.canonical == "payment_failed")
        & events.user.notna()
    ]
    failures = set(zip(known["product"], known.user, known.day, strict=True))
    found = []
    for product in sorted({row["product"] for row in plan.rows("plan_subscription_events")}):
        mine = paying[product]
        of_customer, of_subscription = defaultdict(list), defaultdict(list)
        for one in mine:
            of_customer[one.customer].append(one)
            of_subscription[one.subscription].append(one)
        ends = [
            max(one.end for one in stretches)
            for stretches in of_subscription.values()
            if all(one.end for one in stretches)
        ]
        days = days_of(events, product, as_of)
        for month in sorted({day.replace(day=1) for day in days}):
            last = max(day for day in days if day.replace(day=1) == month)
            there = {
                who for who, held in of_customer.items() if any(one.covers(month - ONE_DAY) for one in held)
            }
            still = {who for who, held in of_customer.items() if any(one.covers(last) for one in held)}
            gone, involuntary = there - still, 0
            for who in gone:
                end = max(
                    one.end for one in of_customer[who] if one.end and one.start <= last and one.end <= last
                )
                people = {one.person for one in of_customer[who]}
                involuntary += any(
                    in_product == product and person in people and end - window <= day <= end
                    for in_product, person, day in failures
                )
            canceled = sum(month <= end <= last for end in ends)
            found.append(
                {
                    "product": product,
                    "month": month,
                    "active_at_start": len(there),
                    "active_at_end": len(still),
                    "churned_customers": len(gone),
                    "involuntary_customers": involuntary,
                    "canceled_subscriptions": canceled,
                    "churn_rate": _ratio(len(gone), len(there)),
                    "cancel_ratio_seed": _ratio(canceled, len(there)),
                }
            )
    return pd.DataFrame(found)

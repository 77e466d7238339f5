"""Payments and refunds of all products, in minor units of their own currency."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache
from math import floor

import pandas as pd

from oracle import plan
from oracle.events import days_of
from oracle.registrations import registrations

NO_CURRENCY = "XXX"
COLUMNS = [
    *("product", "kind", "order", "person", "currency", "occurred_at", "day", "received_at", "plan_order"),
    *("minor", "is_above_zero", "template", "variant", "event_name", "plan", "position"),
]
COUNTS = [
    *("gross_minor", "refunded_minor", "net_minor", "payments", "refunds", "unpriced_payments"),
    *("gross_reporting_minor", "refunded_reporting_minor", "net_reporting_minor"),
    *("paying_users", "new_paying_users", "new_paying_users_net"),
]
REPORTED = ["gross_reporting_minor", "refunded_reporting_minor", "net_reporting_minor"]
MONTH_COUNTS = [name for name in COUNTS if name not in (*REPORTED, "new_paying_users_net")]


def payments(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per payment and refund up to the as-of day, in order of time; an unknown amount is None."""
    found = []
    events = events[events.is_analyzable & (events.day <= as_of)]
    for position, event in enumerate(events.itertuples()):
        pays = event.canonical in ("payment", "refunded_payment") or (
            event.minor is not None and event.canonical != "refund"
        )
        gives_back = event.canonical in ("refund", "refunded_payment")
        if not pays and not gives_back:
            continue
        product, sent = plan.products()[event.product], _sent(event)
        currency = event.currency or (NO_CURRENCY if event.sent_currency else product.currency)
        units = plan.minor_units().get(currency)
        told = {
            "product": event.product,
            "person": event.user,
            "currency": currency,
            "received_at": event.received_at,
            "plan_order": event.plan_order,
            "template": event.template,
            "variant": event.variant,
            "event_name": event.event_name,
            "plan": event.plan,
            "position": event.Index,
        }
        if pays and (sent is None or sent[0] > 0):
            row = {**told, "kind": "payment", "order": str(event.order or event.task or position)}
            row |= {
                "occurred_at": event.occurred_at,
                "minor": _minor(sent, units),
                "is_above_zero": sent is not None,
            }
            found.append({**row, "day": event.day})
        back = sent if event.refunded_major is None else (event.refunded_major, "major")
        if gives_back and (back is None or back[0] != 0):
            when = event.occurred_at if event.refunded_at is None else event.refunded_at
            row = {**told, "kind": "refund", "order": f"refund {position}"}
            row |= {"occurred_at": when, "minor": _minor(back, units), "is_above_zero": True}
            found.append({**row, "day": (when + product.offset).date()})
    frame = pd.DataFrame(found, columns=COLUMNS, dtype=object)
    # An order that several events tell of is one payment: the first that names an amount.
    frame["is_unpriced"] = frame.minor.isna()
    order = ["occurred_at", "received_at", "plan_order"]
    frame = frame.sort_values(["is_unpriced", *order], kind="stable").drop_duplicates(
        ["product", "kind", "order"]
    )
    return frame[frame.day <= as_of].sort_values(order, kind="stable", ignore_index=True)


def _sent(event) -> tuple[Decimal, str] | None:
    """The amount of an event with its unit; a trial is worth nothing."""
    if event.is_trial is True:
        return Decimal(0), "minor"
    if event.minor is not None:
        return event.minor, "minor"
    if event.canonical == "payment" and event.paid_minor is not None:
        return event.paid_minor, "minor"
    return (event.major, "major") if event.major is not None else None


def _minor(sent: tuple[Decimal, str] | None, units: int | None) -> int | None:
    if sent is None or units is None:
        return None
    amount = abs(sent[0]) * (units if sent[1] == "major" else 1)
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def payments_by(events: pd.DataFrame, as_of: date, period: str) -> pd.DataFrame:
    """One row per product, period (`day` or `month`: its first day) and currency, empty ones included."""
    moved = payments(events, as_of)
    found = {}
    for product, currency in dict.fromkeys(zip(moved["product"], moved.currency, strict=True)):
        for day in days_of(events, product, as_of):
            found[product, _first_day(day, period), currency] = dict.fromkeys(COUNTS, 0)
    payers, known = defaultdict(set), set()
    for row in moved.itertuples():  # in order of time
        key = row.product, _first_day(row.day, period), row.currency
        counts = found[key]
        if pd.isna(row.minor):
            counts["unpriced_payments"] += 1
        else:
            counts["gross_minor" if row.kind == "payment" else "refunded_minor"] += int(row.minor)
            reported = "gross_reporting_minor" if row.kind == "payment" else "refunded_reporting_minor"
            counts[reported] += rounded(int(row.minor) * (rate(row.product, row.currency, row.day) or 0))
            counts["payments" if row.kind == "payment" else "refunds"] += 1
        if row.kind == "payment" and row.is_above_zero and row.person is not None:
            payers[key].add(row.person)
            if (row.product, row.person) not in known:
                counts["new_paying_users"] += 1
                counts["new_paying_users_net"] += not _is_refunded(moved, row)
            known.add((row.product, row.person))
    keys = ["product", "date_day", "currency"]
    for key, counts in found.items():
        counts["net_minor"] = counts["gross_minor"] - counts["refunded_minor"]
        counts["net_reporting_minor"] = counts["gross_reporting_minor"] - counts["refunded_reporting_minor"]
        if period == "day":
            is_rate_missing = rate(key[0], key[2], key[1]) is None
            counts |= {name: None for name in REPORTED if is_rate_missing} | {
                "is_rate_missing": int(is_rate_missing)
            }
        counts["paying_users"] = len(payers[key])
    return pd.DataFrame([dict(zip(keys, key, strict=True)) | counts for key, counts in found.items()],
                        columns=[*keys, *([*COUNTS, "is_rate_missing"] if period == "day" else MONTH_COUNTS)])  # fmt: skip


def _is_refunded(moved: pd.DataFrame, first) -> bool:
    """Whether a person got everything back within the days after the first payment that count as soon."""
    until = first.occurred_at + timedelta(days=plan.setting("net_payer_refund_days"))
    early = moved[
        (moved["product"] == first.product)
        & (moved.person == first.person)
        & (moved.occurred_at >= first.occurred_at)
        & (moved.occurred_at < until)
    ]
    if (early[early.kind == "payment"].currency != first.currency).any():
        return False
    early = early[early.currency == first.currency]
    paid, back = (early[early.kind == kind].minor.fillna(0).sum() for kind in ("payment", "refund"))
    return 0 < back >= paid


# --- exchange rates --------------------------------------------------------------------------------


@cache
def rate(product: str, currency: str, day: date) -> Fraction | None:
    """Minor units of the reporting currency per minor unit of a currency, on a day; None when there is no rate."""
    quote, units = plan.products()[product].reporting, plan.minor_units()
    if currency not in units:
        return None
    if currency == quote:
        return Fraction(1)
    known = [
        (row["valid_from"], row["rate"])
        for row in plan.rows("ref_fx_rates", "reference")
        if (row["base_currency"], row["quote_currency"]) == (currency, quote)
        and row["valid_from"] <= day.isoformat()
    ]
    return Fraction(max(known)[1]) * units[quote] / units[currency] if known else None


def rounded(amount: Fraction | int) -> int:
    """The nearest whole number, halves up."""
    return floor(amount + Fraction(1, 2))


# --- conversion ------------------------------------------------------------------------------------


def conversions(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per registered person: day and channel, and whether a payment came within 7 and 30 days."""
    people = registrations(events, as_of)
    moved = payments(events, as_of)
    paid = moved[moved.kind.eq("payment") & moved.is_above_zero & moved.person.notna()]
    paid_at = paid.groupby(["product", "person"]).occurred_at.apply(list).to_dict()
    for days in (7, 30):
        people[f"payer_{days}d"] = [
            any(
                person.registered_at <= at < person.registered_at + timedelta(days=days)
                for at in paid_at.get((person.product, person.person), ())
            )
            for person in people.itertuples()
        ]
    return people


def conversion_rates(events: pd.DataFrame, as_of: date, products: set[str]) -> pd.DataFrame:
    """Tidy rows of the conversion of payments: as documented, and of the cohorts, in all and by channel."""
    people, payers = conversions(events, as_of), new_paying_users(events, as_of)
    found = []
    for product in products:
        mine = people[people["product"] == product]
        new = payers[payers["product"] == product].set_index("date_day").value if len(payers) else {}
        for day in days_of(events, product, as_of):
            came = mine[mine.day == day]
            key = {"product": product, "date_day": day}
            found.append(
                key
                | {"metric_key": "payment_conversion_rate", "segment": "all", "segment_value": "all"}
                | {"numerator": int(new[day]), "denominator": len(came)}
            )
            for channel in [None, *sorted(mine.channel.unique())]:
                some = came if channel is None else came[came.channel == channel]
                for days in (7, 30):
                    found.append(
                        key
                        | {"metric_key": f"payment_conversion_rate_cohort_{days}d"}
                        | {"segment": "channel" if channel else "all", "segment_value": channel or "all"}
                        | {"numerator": int(some[f"payer_{days}d"].sum()), "denominator": len(some)}
                        | {"is_mature": day + timedelta(days=days) <= as_of}
                    )
    return pd.DataFrame(found)


def _first_day(day: date, period: str) -> date:
    return day.replace(day=1) if period == "month" else day


def new_paying_users(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per product and day: people whose first payment above zero ever is that day, in all and net."""
    moved = payments(events, as_of)
    found = []
    for product in plan.products():
        paid = moved[moved["product"].eq(product) & moved.kind.eq("payment") & moved.is_above_zero]
        firsts = paid[paid.person.notna()].drop_duplicates("person")  # in order of time
        kept = firsts.iloc[[at for at, row in enumerate(firsts.itertuples()) if not _is_refunded(moved, row)]]
        for day in days_of(events, product, as_of):
            counts = {"value": int((firsts.day == day).sum()), "net": int((kept.day == day).sum())}
            found.append({"product": product, "date_day": day, **counts})
    return pd.DataFrame(found)

"""Payments and refunds of all products, in minor units of their own currency."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd

from oracle import plan
from oracle.events import days_of

NO_CURRENCY = "XXX"
COLUMNS = [
    *("product", "kind", "order", "person", "currency", "occurred_at", "day", "received_at", "plan_order"),
    *("minor", "is_above_zero", "template", "variant"),
]
COUNTS = [
    *("gross_minor", "refunded_minor", "net_minor", "payments", "refunds", "unpriced_payments"),
    *("paying_users", "new_paying_users"),
]


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
            counts["payments" if row.kind == "payment" else "refunds"] += 1
        if row.kind == "payment" and row.is_above_zero and row.person is not None:
            payers[key].add(row.person)
            counts["new_paying_users"] += (row.product, row.person) not in known
            known.add((row.product, row.person))
    keys = ["product", "date_day", "currency"]
    for key, counts in found.items():
        counts["net_minor"] = counts["gross_minor"] - counts["refunded_minor"]
        counts["paying_users"] = len(payers[key])
    return pd.DataFrame([dict(zip(keys, key, strict=True)) | counts for key, counts in found.items()],
                        columns=[*keys, *COUNTS])  # fmt: skip


def _first_day(day: date, period: str) -> date:
    return day.replace(day=1) if period == "month" else day


def new_paying_users(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per product and day: people whose first payment above zero ever is that day."""
    moved = payments(events, as_of)
    found = []
    for product in plan.products():
        paid = moved[moved["product"].eq(product) & moved.kind.eq("payment") & moved.is_above_zero]
        first_days = paid[paid.person.notna()].groupby("person").day.min()
        for day in days_of(events, product, as_of):
            found.append({"product": product, "date_day": day, "value": int((first_days == day).sum())})
    return pd.DataFrame(found)

"""The tracking plan as its CSV files say it."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

SEEDS = Path(__file__).parents[3] / "seeds"

Row = dict[str, str]


def rows(name: str, folder: str = "tracking_plan") -> list[Row]:
    """The rows of one seed; an empty cell is an empty text."""
    with (SEEDS / folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@dataclass(frozen=True)
class Product:
    """Day cut, floor of possible times (UTC), default and reporting currency of a product."""

    offset: timedelta
    floor: datetime
    currency: str
    reporting: str


@cache
def products() -> dict[str, Product]:
    """Product → what the plan says of it."""
    found = {}
    for row in rows("plan_products"):
        offset = timedelta(minutes=int(row["utc_offset_minutes"]))
        floor = datetime.fromisoformat(row["earliest_date"]) - offset
        found[row["product"]] = Product(offset, floor, row["default_currency"], row["reporting_currency"])
    return found


@cache
def streams() -> dict[tuple[str, str], Row]:
    """(product, stream) → its row."""
    return {(row["product"], row["stream"]): row for row in rows("plan_streams")}


@cache
def events() -> dict[tuple[str, str], Row]:
    """(product, event name) → its row."""
    return {(row["product"], row["event_name"]): row for row in rows("plan_events")}


@cache
def event_aliases() -> dict[tuple[str, str], list[Row]]:
    """(product, name as sent) → the rows that say what it means."""
    found = defaultdict(list)
    for row in rows("plan_event_aliases"):
        found[row["product"], row["raw_event_name"]].append(row)
    return dict(found)


@cache
def property_aliases() -> dict[tuple[str, str], str]:
    """(product, key as sent) → planned property."""
    return {(row["product"], row["raw_property"]): row["property"] for row in rows("plan_property_aliases")}


@cache
def value_aliases() -> dict[tuple[str, str, str], str]:
    """(product, property, value as sent) → value that is meant."""
    return {
        (row["product"], row["property"], row["raw_value"]): row["value"]
        for row in rows("plan_value_aliases")
    }


@cache
def enums() -> dict[str, frozenset[str]]:
    """Enum → its values."""
    found = defaultdict(set)
    for row in rows("plan_enum_values"):
        found[row["enum_name"]].add(row["value"])
    return {name: frozenset(values) for name, values in found.items()}


@cache
def properties(product: str, event_name: str) -> dict[str, Row]:
    """Property → its rule for an event; a rule for the event goes before one for every event (`*`)."""
    found = {}
    for wanted in ("*", event_name):
        for row in rows_by_product()[product]:
            if row["event_name"] == wanted:
                found[row["property"]] = row
    return found


@cache
def rows_by_product() -> dict[str, list[Row]]:
    """Product → its property rules."""
    found = defaultdict(list)
    for row in rows("plan_properties"):
        found[row["product"]].append(row)
    return dict(found)


@cache
def planned_keys(product: str) -> frozenset[str]:
    """Every property that the plan knows in a product."""
    return frozenset(row["property"] for row in rows_by_product()[product])


@cache
def excluded_actors() -> frozenset[tuple[str, str]]:
    """(product, actor) pairs that no metric counts."""
    return frozenset((row["product"], row["actor_id"]) for row in rows("plan_excluded_actors"))


@cache
def minor_units() -> dict[str, int]:
    """Currency → how many of its minor units are one of it."""
    return {
        row["currency"]: 10 ** int(row["minor_unit_exponent"]) for row in rows("ref_currencies", "reference")
    }


@cache
def setting(key: str) -> float:
    """One number of the plan."""
    return next(float(row["value"]) for row in rows("plan_settings") if row["setting_key"] == key)

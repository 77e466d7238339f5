"""Records → accepted events: named, timed, judged, without copies, as the decisions and the plan say."""

from __future__ import annotations

import hashlib
import json
import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pandas as pd

from oracle import plan
from oracle.lines import Number, Record, read_drop

# Where each stream says what; a name after `=` stands for itself. The container is named by the plan.
ENVELOPES: dict[tuple[str, str], dict[str, str]] = {
    ("prompts", "events"): {
        "name": "event_type", "time": "occurred_at", "event_id": "event_id", "user_id": "user_id",
        "session_id": "session_id",
    },
    ("prompts", "templates"): {"name": "=template_recorded", "time": "created_at"},
    ("prompts", "app_metrics_daily"): {"name": "=baseline_recorded", "time": "date"},
    ("prompts", "site_gate_status"): {"name": "=site_gate_recorded", "time": "updated_at"},
    ("landing", "events"): {
        "name": "event_name", "time": "event_time", "event_id": "event_id", "user_id": "payload.user_id",
        "account_id": "payload.account_id", "session_id": "payload.session_id",
    },
    ("app", "users"): {"name": "=user_registered", "time": "registration_date", "user_id": "user_id"},
    ("app", "trades"): {"name": "=trade_recorded", "time": "paid_at", "user_id": "user_id"},
    ("app", "task_generate_log"): {
        "name": "=task_logged", "time": "created_at", "event_id": "event_id", "user_id": "user_id",
    },
    ("app", "user_action_log"): {
        "name": "=action_logged", "time": "created_at", "event_id": "event_id", "user_id": "user_id",
    },
    ("app", "subscription_records"): {
        "name": "=subscription_recorded", "time": "start_date", "user_id": "user_id",
    },
    ("storyforge", "events"): {
        "name": "event", "time": "server_ts", "client_time": "client_ts", "event_id": "event_id",
        "user_id": "user_id", "session_id": "session_id",
    },
    ("blanklogo", "events"): {
        "name": "event", "time": "timestamp", "event_id": "event_id", "user_id": "user_id",
        "anonymous_id": "distinct_id", "session_id": "session_id",
    },
    ("blanklogo", "ad_spend"): {"name": "=ad_spend_recorded", "time": "date"},
}  # fmt: skip

# Properties that metrics read, by the name under which the oracle keeps them.
KEPT = {
    "prompts": {
        "template": ("prompt_template_id", "id"), "task": ("request_id",), "minor": ("revenue_cents",),
        "paid_minor": ("amount_cents",), "currency": ("currency",), "baseline_users": ("nonprompt_users",),
        "baseline_paid": ("nonprompt_paid_users",), "failure_code": ("error_code",), "ltv": ("ltv_cents",),
        "status": ("status",), "variant": ("variant_label",),
    },
    "landing": {"task": ("task_id",), "channel": ("source_channel",), "account": ("account_id",), "failure_code": ("failure_code",)},
    "app": {
        "task": ("task_id",), "order": ("trade_id",), "currency": ("currency",),
        "major": ("amount", "monthly_fee"), "refunded_major": ("refunded_amount",),
        "refunded_at": ("refunded_at",), "channel": ("utm_source",),
        "plan": ("subscription_type",), "ends_at": ("end_date",), "status": ("status",),
        "referrer": ("referrer",), "task_type": ("task_type",), "tokens": ("token_consumed",),
        "model": ("model",), "failure_code": ("error_code",),
    },
    "storyforge": {
        "task": ("scene_id",), "order": ("payment_id",), "currency": ("currency",), "major": ("amount",),
        "channel": ("source",), "plan": ("plan",),
    },
    "blanklogo": {
        "task": ("job_id",), "order": ("order_id",), "currency": ("currency",), "major": ("price",),
        "is_trial": ("is_trial",), "channel": ("utm_source",), "referrer": ("referrer",), "plan": ("plan",),
        "billing_period": ("billing_period",), "subscription": ("subscription_id",),
        "failure_code": ("error_code",), "campaign": ("campaign_id",), "adset": ("adset_id",), "ad": ("ad_id",),
        "creative": ("creative_id",), "ad_angle": ("ad_angle",), "landing_variant": ("landing_variant",),
        "mode": ("mode",), "platform": ("detected_platform",), "failure_reason": ("failure_reason",),
        "processing_ms": ("processing_time_ms",), "credits": ("credits_after",),
    },
}  # fmt: skip

PII = re.compile(
    r"(^|[^0-9A-Za-z])(\+?86)?1[3-9][0-9]{9}($|[^0-9A-Za-z])|[^@\s]@[^@\s]+\.[A-Za-z]{2}|wxid_[A-Za-z0-9_-]{5}"
)
ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)?", re.ASCII)
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
EPOCHS = {10: 1_000_000, 13: 1_000, 16: 1}  # digits → microseconds per unit
ID_FIELDS = ("event_id", "user_id", "anonymous_id", "session_id")


@dataclass
class Candidate:
    """A line that no rule rejects, before copies are taken out."""

    event: dict[str, Any]
    key: tuple
    is_version: bool
    received_at: datetime
    digest: str


def accepted_events(raw: Path) -> pd.DataFrame:
    """One row per accepted event of a raw drop, of all products, with what metrics need of it."""
    candidates = [found for record in read_drop(raw) if (found := _judged(record))]
    frame = pd.DataFrame([kept.event for kept in _without_copies(candidates)], dtype=object)
    flags = ["is_active_signal", "is_visit", "is_version", "is_date", "is_analyzable", "sent_currency"]
    moments = ["occurred_at", "received_at"]
    frame = frame.astype(dict.fromkeys(flags, bool) | dict.fromkeys(moments, "datetime64[us]"))
    return frame.sort_values(["product", "occurred_at", "received_at", "plan_order"], ignore_index=True)


def _without_copies(candidates: Iterable[Candidate]) -> list[Candidate]:
    groups: dict[tuple, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        groups[candidate.key].append(candidate)
    kept = []
    for same in groups.values():
        # Of an event the first received stays, of a table row the last; then a digest of the text decides.
        same.sort(key=lambda one: one.digest)
        same.sort(key=lambda one: one.received_at, reverse=same[0].is_version)
        kept.append(same[0])
    return kept


def _judged(record: Record) -> Candidate | None:
    """The event of a record, or None when the decisions reject it."""
    stream = plan.streams().get((record.product, record.stream))
    if stream is None:
        return None
    product, envelope = plan.products()[record.product], ENVELOPES[record.product, record.stream]
    values, container = _laid_out(record, stream)
    if container is None:
        return None
    name = _event_name(record, envelope, values, container)
    if name is None:
        return None
    is_version = stream["kind"] == "versions"
    occurred_at, is_date = _event_time(record, envelope, values, name)
    if occurred_at is None or not product.floor <= occurred_at <= record.received_at + timedelta(minutes=10):
        return None
    ids = {
        field: _identifier(_at(values, envelope[field])) if field in envelope else None for field in ID_FIELDS
    }
    if any(ids[field] and PII.search(ids[field]) for field in ID_FIELDS):
        return None
    rules = plan.properties(record.product, name)
    judged = {}
    for prop, rule in rules.items():
        place = values if rule["location"] == "record" else container
        if prop in place:
            value, verdict = _value(place[prop], rule, place, product)
            if verdict == "reject":
                return None
            judged[prop] = value
    row = plan.events()[record.product, name]
    key = _key(record, row, ids, values, container, occurred_at, is_version)
    if key is None:
        return None
    event = {
        "product": record.product,
        "event_name": name,
        "canonical": row["canonical_event"],
        "is_active_signal": row["is_active_signal"] == "true",
        "plan_order": int(row["plan_order"]),
        "is_version": is_version,
        "occurred_at": occurred_at,
        "day": (occurred_at + product.offset).date(),
        "is_date": is_date,
        "received_at": record.received_at,
        "user": ids["user_id"],
        "anonymous": ids["anonymous_id"],
        "session": ids["session_id"],
        "is_visit": row["is_visit"] == "true",
        "is_analyzable": row["is_ignored"] != "true" and _is_analyzable(record.product, values, ids),
        "sent_currency": _text(container.get("currency")) is not None,
    }
    for field in {field for kept in KEPT.values() for field in kept}:
        names = KEPT[record.product].get(field, ())
        event[field] = next((judged[prop] for prop in names if judged.get(prop) is not None), None)
    if record.stream == "trades" and event["order"]:
        # Two processors may give the same id.
        event["order"] = _identifier(values.get("processor")), event["order"]
    return Candidate(event, key, is_version, record.received_at, _digest(record.text))


def _digest(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def _laid_out(record: Record, stream: plan.Row) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The record, and the object that holds its properties (None when it is none), under planned names."""
    values = record.values
    if not stream["container"]:
        values = _renamed(record.product, values)
        return values, values
    inner = values.get(stream["container"])
    if inner is None:
        inner = dict(values) if stream["may_be_flat"] == "true" else {}
        inner.pop(stream["container"], None)
    if not isinstance(inner, dict):
        return values, None
    inner = _renamed(record.product, inner)
    return {**values, stream["container"]: inner}, inner


def _renamed(product: str, values: dict[str, Any]) -> dict[str, Any]:
    planned, found = plan.planned_keys(product), {}
    for key, value in values.items():
        meant = key if key in planned else plan.property_aliases().get((product, key), key)
        if meant == key or meant not in values:
            found[meant] = value
    return found


def _event_name(
    record: Record, envelope: dict[str, str], values: dict[str, Any], container: dict[str, Any]
) -> str | None:
    product, named = record.product, envelope["name"]
    name = named[1:] if named.startswith("=") else _text(values.get(named))
    if (product, record.stream) == ("app", "trades") and _meant(product, "trade_type", values) == "refund":
        name = "refund_recorded"
    if name is None:
        return None
    default = name if (product, name) in plan.events() else None
    for alias in plan.event_aliases().get((product, name), ()):
        if not alias["when_property"]:
            default = alias["event_name"]
        elif _meant(product, alias["when_property"], container) == alias["when_value"]:
            return alias["event_name"]
    return default


def _meant(product: str, prop: str, values: dict[str, Any]) -> str | None:
    sent = _text(values.get(prop))
    return plan.value_aliases().get((product, prop, sent), sent)


def _event_time(
    record: Record, envelope: dict[str, str], values: dict[str, Any], name: str
) -> tuple[datetime | None, bool]:
    sent = _text(_at(values, envelope["time"]))
    if sent is None and "client_time" in envelope:
        sent = _text(_at(values, envelope["client_time"]))
    waits = (record.product, record.stream) == ("app", "trades") and _meant(
        "app", "payment_status", values
    ) in ("pending", "failed")
    if sent is None and (name == "template_recorded" or waits):
        return record.received_at, False
    return moment(sent, plan.products()[record.product].offset), bool(sent and DAY.fullmatch(sent))


def moment(text: str | None, offset: timedelta) -> datetime | None:
    """The UTC time of a text, or None. A date is the local midnight of `offset`."""
    if text is None:
        return None
    try:
        if DAY.fullmatch(text):
            return datetime.fromisoformat(text) - offset
        if ISO.fullmatch(text):
            found = datetime.fromisoformat(text)
            return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
        whole, _, part = text.partition(".")
        if re.fullmatch(r"\d+(\.\d+)?", text, re.ASCII) and len(whole) in EPOCHS:
            micros = int(Decimal(f"{whole}.{part or 0}") * EPOCHS[len(whole)])
            return datetime(1970, 1, 1) + timedelta(microseconds=micros)
    except ValueError:
        pass
    return None


def _key(
    record: Record,
    row: plan.Row,
    ids: dict[str, str | None],
    values: dict[str, Any],
    container: dict[str, Any],
    occurred_at: datetime,
    is_version: bool,
) -> tuple | None:
    """What makes two lines the same event; None when a part that must be there is not."""
    product, name = record.product, row["event_name"]
    if ids["event_id"] and not is_version:
        return product, "id", ids["event_id"]
    rules, parts = plan.properties(product, name), []
    for part in row["natural_key"].split("+") if row["natural_key"] else ():
        prop = part.removesuffix("?")
        if prop == "occurred_at":
            found: Any = occurred_at
        elif (product, record.stream, prop) == ("app", "subscription_records", "order_id"):
            stand_in = [
                _identifier(values.get(key)) for key in ("user_id", "subscription_type", "start_date")
            ]
            found = _identifier(values.get("subscription_id")) or (all(stand_in) and tuple(stand_in)) or None
        elif (product, record.stream, prop) == ("app", "trades", "order_id"):
            trade = _identifier(values.get("trade_id"))
            found = trade and (_identifier(values.get("processor")), trade)
        else:
            in_record = rules.get(prop, {}).get("location") == "record"
            found = _identifier((values if in_record else container).get(prop))
        if found is None and not part.endswith("?"):
            return None
        parts.append(found)
    if parts and None not in parts:
        # Rows of a table change their event when their status changes, and stay the same row.
        told = (record.stream, _refunds(record, values)) if is_version else (name,)
        return product, "key", *told, *parts
    return product, "content", record.stream, json.dumps(values, sort_keys=True)


def _refunds(record: Record, values: dict[str, Any]) -> bool:
    return record.stream == "trades" and _meant(record.product, "trade_type", values) == "refund"


def _is_analyzable(product: str, values: dict[str, Any], ids: dict[str, str | None]) -> bool:
    environment = _meant(product, "environment", values) if product == "blanklogo" else None
    actor = ids["user_id"] or ids["anonymous_id"]
    return environment in (None, "prod") and (product, actor) not in plan.excluded_actors()


def _value(sent: Any, rule: plan.Row, place: dict[str, Any], product: plan.Product) -> tuple[Any, str]:
    """The value that the plan lets pass, or None; and `reject` when the line must go."""
    text, kind = _text(sent), rule["type"]
    if text is None or kind == "envelope":
        return text, ""
    if (kind == "id" or (kind == "text" and _is_string(sent))) and PII.search(text):
        return None, "reject" if kind == "id" else ""
    if kind == "id":
        return (text if isinstance(sent, str) else None), ""
    if kind == "text":
        found: Any = text if _is_string(sent) else None
    elif kind == "enum":
        return _enum(text, sent, rule)
    elif kind in ("number", "integer"):
        found = _number(text, rule, kind == "integer") if isinstance(sent, str) else None
    elif kind == "boolean":
        said = text if isinstance(sent, bool) or _is_string(sent) else ""
        found = {"true": True, "false": False}.get(said)
    elif kind == "timestamp":
        found = moment(text, product.offset)
        other = moment(_text(place.get(rule["not_before"])), product.offset) if rule["not_before"] else None
        if found and other and found < other:
            return None, "reject"
    else:
        found = sent
    if found is not None and rule["pattern"] and not re.fullmatch(rule["pattern"], text):
        found = None
    return found, ""


def _enum(text: str, sent: Any, rule: plan.Row) -> tuple[str | None, str]:
    value = plan.value_aliases().get((rule["product"], rule["property"], text), text)
    if _is_string(sent) and value in plan.enums()[rule["enum_name"]]:
        return value, ""
    return None, "reject" if rule["invalid_severity"] == "reject" and _is_string(sent) else ""


def _number(text: str, rule: plan.Row, is_whole: bool) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    if not math.isfinite(number) or (is_whole and number != int(number)):
        return None
    low, high = rule["min_value"], rule["max_value"]
    if (low and number < Decimal(low)) or (high and number > Decimal(high)):
        return None
    return number


def _at(values: dict[str, Any], path: str) -> Any:
    for key in path.split("."):
        values = values.get(key) if isinstance(values, dict) else None
    return values


def _is_string(value: Any) -> bool:
    return isinstance(value, str) and not isinstance(value, Number)


def _text(value: Any) -> str | None:
    """Clean text of a JSON value: trimmed, NFC, empty is nothing."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return json.dumps(value)
    return unicodedata.normalize("NFC", str(value)).strip() or None


def _identifier(value: Any) -> str | None:
    text = _text(value)
    return None if text and text.lower() in ("null", "undefined", "none", "nan") else text


def as_of_day(events: pd.DataFrame) -> date:
    """The last local day that has ended at the newest event; a date without a time stands for a whole day."""
    timed = events[~events.is_date & (events.occurred_at != events.received_at)]
    dated = events[events.is_date]
    ended = [timed.day.max() - timedelta(days=1)] if len(timed) else []
    return max(ended + ([dated.day.max()] if len(dated) else []))


def days_of(events: pd.DataFrame, product: str, as_of: date) -> list[date]:
    """Every local day from the product's first accepted event to the as-of day."""
    mine = events[events["product"] == product]
    if mine.empty or mine.day.min() > as_of:
        return []
    first = mine.day.min()
    return [first + timedelta(days=n) for n in range((as_of - first).days + 1)]

"""The demo drop: same arguments, same bytes; clean lines obey the plan; the truth agrees with the files."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import re
from collections import Counter
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from plumbline.demo import DemoResult, write_demo
from plumbline.demo.kinds import KINDS

PLAN = Path(__file__).parents[2] / "seeds" / "tracking_plan"
START, DAYS, USERS = date(2026, 1, 5), 24, 600
EVENT_KEYS = {"prompts": "event_type", "landing": "event_name", "storyforge": "event", "blanklogo": "event"}
CONTAINERS = {"prompts": "props", "landing": "payload", "storyforge": "properties", "blanklogo": "properties"}
TABLE_EVENTS = {
    "templates": "template_recorded",
    "app_metrics_daily": "baseline_recorded",
    "site_gate_status": "site_gate_recorded",
    "users": "user_registered",
    "subscription_records": "subscription_recorded",
    "ad_spend": "ad_spend_recorded",
}
NOT_LANDED = {"bad_gzip", "bad_parquet", "utf16", "empty_file", "already_landed"}
SECRET = re.compile(
    r"(^|[^0-9A-Za-z])(\+?86)?1[3-9][0-9]{9}($|[^0-9A-Za-z])|[^@\s]@[^@\s]+\.[A-Za-z]{2}|wxid_[A-Za-z0-9_-]{5}"
)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> DemoResult:
    return write_demo(tmp_path_factory.mktemp("clean"), USERS, DAYS, 3, 0.0, START)


@pytest.fixture(scope="module")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> DemoResult:
    return write_demo(tmp_path_factory.mktemp("dirty"), USERS, DAYS, 3, 0.03, START)


def content(path: Path) -> bytes:
    raw = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(raw)
    if path.suffix == ".zst":
        return pa.CompressedInputStream(pa.BufferReader(raw), "zstd").read()
    return raw


def parts(out: Path, product: str = "*", stream: str = "*") -> list[Path]:
    """The readable files, in order of arrival."""
    return sorted(out.glob(f"{product}/{stream}/received_date=*/part-00000.*"))


def records(out: Path, product: str, stream: str) -> list[dict]:
    """All records of a stream of a clean drop, each with its day of arrival under ``_received``."""
    found = []
    for path in parts(out, product, stream):
        if path.suffix == ".parquet":
            rows = pq.read_table(path).to_pylist()
        elif ".csv" in path.name:
            rows = list(csv.DictReader(io.StringIO(content(path).decode())))
        else:
            rows = [json.loads(line) for line in content(path).decode().splitlines()]
        received = path.parent.name.removeprefix("received_date=")
        found += [{**row, "_received": received} for row in rows]
    return found


def frame(out: Path, product: str, stream: str, time: str) -> pd.DataFrame:
    """A stream as a table with ``at`` (UTC) and ``day`` (local date as text)."""
    table = pd.DataFrame(records(out, product, stream))
    table["at"] = pd.to_datetime(table[time], utc=True, format="ISO8601")
    table["day"] = (table["at"] + pd.Timedelta(hours=8)).dt.strftime("%Y-%m-%d")
    return table


def known(out: Path, key: str, product: str, segment_value: str = "all") -> pd.Series:
    """A metric of the truth: value by day, days without any left out."""
    metrics = pd.read_csv(out / "_truth" / "metrics.csv", dtype={"segment_value": str})
    chosen = metrics.query("metric_key == @key and product == @product and segment_value == @segment_value")
    assert len(chosen) >= DAYS - 1
    return chosen.set_index("date_day")["value"].pipe(lambda values: values[values != 0]).dropna()


def same(counted: pd.Series, truth: pd.Series) -> None:
    assert len(truth) > 0
    assert counted.astype(float).to_dict() == pytest.approx(truth.to_dict())


def planted(out: Path) -> pd.DataFrame:
    return pd.read_csv(out / "_truth" / "planted.csv")


def digest(out: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(path for path in out.rglob("*") if path.is_file()):
        total.update(str(path.relative_to(out)).encode() + path.read_bytes())
    return total.hexdigest()


def test_same_arguments_give_the_same_bytes(dirty: DemoResult, tmp_path: Path) -> None:
    write_demo(tmp_path / "again", USERS, DAYS, 3, 0.03, START)
    assert digest(tmp_path / "again") == digest(dirty.out)
    write_demo(tmp_path / "other", USERS, DAYS, 4, 0.03, START)
    assert digest(tmp_path / "other") != digest(dirty.out)


@pytest.mark.parametrize(("users", "days"), [(1, 1), (3, 40), (60, 2)])
def test_tiny_drops_are_written(tmp_path: Path, users: int, days: int) -> None:
    assert write_demo(tmp_path, users, days, 1, 0.05, START).total > users


def test_truth_has_the_promised_columns(clean: DemoResult) -> None:
    header = (clean.out / "_truth" / "planted.csv").read_text().splitlines()[0]
    assert header == "kind,reason,product,stream,lines"
    header = (clean.out / "_truth" / "metrics.csv").read_text().splitlines()[0]
    assert header == "metric_key,product,date_day,segment,segment_value,numerator,denominator,value"


def test_a_clean_drop_plants_nothing_but_table_versions(clean: DemoResult) -> None:
    assert set(planted(clean.out)["kind"]) == {"table_version"}
    assert clean.damaged == 0
    files = [path for path in clean.out.glob("*/*/*/*") if path.is_file()]
    assert sorted(files) == parts(clean.out)


def test_all_streams_and_forms_are_there(clean: DemoResult) -> None:
    with (PLAN / "plan_streams.csv").open(encoding="utf-8") as file:
        streams = {(row["product"], row["stream"]) for row in csv.DictReader(file)}
    assert set(clean.lines) == streams
    forms = {"".join(path.suffixes) for path in parts(clean.out)}
    assert forms == {".jsonl", ".jsonl.gz", ".jsonl.zst", ".csv", ".csv.gz", ".parquet"}


@pytest.mark.parametrize("drop", ["clean", "dirty"])
def test_lines_of_every_day_are_known(drop: str, request: pytest.FixtureRequest) -> None:
    result: DemoResult = request.getfixturevalue(drop)
    metrics = pd.read_csv(result.out / "_truth" / "metrics.csv").query("metric_key == 'landed_lines'")
    truth = {(row.product, row.segment_value, row.date_day): row.value for row in metrics.itertuples()}
    counted: Counter[tuple[str, str, str]] = Counter()
    for path in parts(result.out):
        product, stream, day = path.relative_to(result.out).parts[:3]
        if path.suffix == ".parquet":
            lines = pq.read_table(path).num_rows
        else:
            lines = content(path).count(b"\n") - (".csv" in path.name)
        counted[(product, stream, day.removeprefix("received_date="))] += lines
    unplanned = counted.pop(("app", "unknown_log", "2026-01-08"), 0)
    assert counted == truth
    assert sum(counted.values()) + unplanned == result.total


def test_every_kind_of_dirt_is_planted(dirty: DemoResult) -> None:
    found = planted(dirty.out)
    have = set(zip(found["kind"], found["product"], found["stream"], strict=True))
    assert have >= {(kind.name, *stream) for stream, kinds in KINDS.items() for kind in kinds}
    assert found["kind"].nunique() >= 25
    reasons = set(pd.read_csv(PLAN / "plan_reasons.csv")["reason"])
    assert reasons - set(found["reason"]) == {"line_too_long"}


def test_dirt_in_the_bytes_is_counted(dirty: DemoResult) -> None:
    """An independent look at every JSONL line: white space, UTF-8, NUL, strict JSON, depth, kind of value."""
    found: Counter[str] = Counter()
    for path in parts(dirty.out):
        if ".jsonl" not in path.name:
            continue
        for line in content(path).removeprefix(b"\xef\xbb\xbf").split(b"\n")[:-1]:
            found[fault(line)] += 1
    truth = planted(dirty.out).query("reason not in @NOT_LANDED").groupby("reason")["lines"].sum()
    del found["fine"]
    assert found == {reason: truth[reason] for reason in found}
    assert len(found) == 7


def fault(line: bytes) -> str:
    if not line.strip():
        return "blank_line"
    if b"\0" in line:
        return "nul_byte"
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return "invalid_utf8"
    if "[" * 64 in text:
        return "nesting_too_deep"
    if ":1e400" in text or ":NaN" in text:
        return "invalid_json"

    def unique(pairs: list[tuple[str, object]]) -> dict:
        if len(dict(pairs)) < len(pairs):
            raise KeyError("twice")
        return dict(pairs)

    try:
        value = json.loads(text, object_pairs_hook=unique)
    except KeyError:
        return "duplicate_keys"
    except ValueError:
        return "invalid_json"
    return "fine" if isinstance(value, dict) else "not_an_object"


def test_whole_files_are_broken(dirty: DemoResult) -> None:
    faults = planted(dirty.out).query("reason in @NOT_LANDED")
    assert faults["reason"].tolist() and faults["lines"].eq(1).all()
    assert set(faults["reason"]) == NOT_LANDED
    (cut,) = dirty.out.glob("*/*/*/part-cut.jsonl.gz")
    with pytest.raises(EOFError):
        gzip.decompress(cut.read_bytes())
    (broken,) = dirty.out.glob("*/*/*/part-broken.parquet")
    with pytest.raises(pa.ArrowInvalid):
        pq.read_table(broken)
    (again,) = dirty.out.glob("*/*/*/part-sent-again.jsonl")
    twins = again.parents[1].glob("*/part-00000.jsonl")
    assert again.read_bytes() in [path.read_bytes() for path in twins]


def test_older_versions_are_counted(clean: DemoResult) -> None:
    truth = planted(clean.out).set_index(["product", "stream"])["lines"].to_dict()
    keys = {
        ("app", "users"): ["user_id"],
        ("app", "trades"): ["trade_id"],
        ("app", "subscription_records"): ["subscription_id"],
        ("prompts", "templates"): ["id"],
        ("prompts", "app_metrics_daily"): ["date"],
        ("blanklogo", "ad_spend"): ["date", "campaign_id"],
    }
    assert set(truth) == set(keys)
    for (product, stream), key in keys.items():
        rows = pd.DataFrame(records(clean.out, product, stream))
        assert rows.duplicated(key).sum() == truth[(product, stream)]
        assert not rows.duplicated([*key, "_received"]).any(), (
            "two versions that arrive together have no order"
        )


def test_clean_lines_obey_the_tracking_plan(clean: DemoResult) -> None:
    """A second, plain reading of the plan: names, properties, types, ranges, enums, no secrets."""
    plan: dict[tuple[str, str], dict[str, dict[str, str]]] = {}
    with (PLAN / "plan_properties.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            plan.setdefault((row["product"], row["event_name"]), {})[row["property"]] = row
    with (PLAN / "plan_events.csv").open(encoding="utf-8") as file:
        events = {(row["product"], row["event_name"]): row for row in csv.DictReader(file)}
    with (PLAN / "plan_enum_values.csv").open(encoding="utf-8") as file:
        enums = {(row["enum_name"], row["value"]) for row in csv.DictReader(file)}
    objections: Counter[tuple[str, ...]] = Counter()
    for product, stream in clean.lines:
        for record in records(clean.out, product, stream):
            del record["_received"]
            event, values = named(product, stream, record)
            if (product, event) not in events:
                objections[(product, event, "unknown event")] += 1
                continue
            sources = events[(product, event)]["expected_source"]
            if sources and record["source"] not in sources.split("|"):
                objections[(product, event, "source", record["source"])] += 1
            planned = {**plan.get((product, "*"), {}), **plan.get((product, event), {})}
            for key in values.keys() - planned.keys():
                objections[(product, event, key, "unplanned")] += 1
            for key, rule in planned.items():
                why = objection(rule, values, enums, is_text=stream in ("users", "ad_spend"))
                if why:
                    objections[(product, event, key, why)] += 1
    assert not objections


def named(product: str, stream: str, record: dict) -> tuple[str, dict]:
    """The planned event of a record and its values, those of the container and those beside it."""
    if stream == "events":
        return record[EVENT_KEYS[product]], {**record, **record.get(CONTAINERS[product], {})}
    if stream == "trades":
        ends = {
            "success": "pay_success",
            "refunded": "pay_refunded",
            "failed": "pay_failed",
            "pending": "pay_pending",
        }
        return "refund_recorded" if record["trade_type"] == "refund" else ends[
            record["payment_status"]
        ], record
    if stream == "task_generate_log":
        return f"task_generate_{record['status']}", record
    if stream == "user_action_log":
        return f"result_{record['action_type']}", record
    return TABLE_EVENTS[stream], record


def objection(rule: dict[str, str], values: dict, enums: set[tuple[str, str]], is_text: bool) -> str | None:
    """What is wrong with one property of a record, if anything."""
    value = values.get(rule["property"])
    if value is None or value == "":
        asked = rule["required_when_property"] and values.get(rule["required_when_property"]) in (
            rule["required_when_values"].split("|")
        )
        present = rule["property"] in values and rule["empty_is_value"] == "true"
        return "missing" if (rule["is_required"] == "true" or asked) and not present else None
    kind = rule["type"]
    if kind in ("number", "integer"):
        number = float(value) if is_text else value
        if isinstance(number, bool) or not isinstance(number, int | float):
            return "not a number"
        if kind == "integer" and number != int(number):
            return "not an integer"
        low, high = rule["min_value"], rule["max_value"]
        return "out of range" if (low and number < float(low)) or (high and number > float(high)) else None
    if kind == "boolean":
        return None if isinstance(value, bool) else "not a boolean"
    if kind in ("object", "array"):
        return None if isinstance(value, dict | list) else "not an object"
    if kind == "envelope":
        return None
    if not isinstance(value, str):
        return "not text"
    if SECRET.search(value):
        return "personal data"
    if kind == "enum" and (rule["enum_name"], value) not in enums:
        return "unknown value"
    return "bad format" if rule["pattern"] and not re.fullmatch(rule["pattern"], value) else None


def test_policy_tags_carry_what_the_plan_says(clean: DemoResult) -> None:
    tags = pd.read_csv(PLAN / "plan_policy_tags.csv", keep_default_na=False).set_index("policy_tag")
    seen = set()
    for record in records(clean.out, "landing", "events"):
        payload = record["payload"]
        tag = payload.get("policy_tag")
        if not tag:
            continue
        seen.add(tag)
        for field in ("action_required", "risk_level", "escalation_level"):
            if tags.loc[tag, field] and field in payload:
                assert payload[field] == tags.loc[tag, field]
    assert seen == set(tags.index)


def test_time_and_arrival_are_lifelike(clean: DemoResult) -> None:
    events = frame(clean.out, "storyforge", "events", "server_ts")
    late = (pd.to_datetime(events["_received"], utc=True) - events["at"].dt.normalize()).dt.days
    assert set(late) == {0, 1, 2, 3, 4, 5}
    assert 0.01 < (late > 0).mean() < 0.06
    assert set(events["day"]) == {str(day)[:10] for day in pd.date_range(START, periods=DAYS)}
    clock = events["at"].dt.strftime("%H:%M")
    assert clock.between("15:50", "16:10").any()


def test_app_metrics_agree_with_the_files(clean: DemoResult) -> None:
    tasks = frame(clean.out, "app", "task_generate_log", "created_at")
    made = tasks.query("status == 'success'")
    same(made.groupby("day")["user_id"].nunique(), known(clean.out, "active_users_daily", "app"))
    same(made.groupby("day").size(), known(clean.out, "total_generations", "app"))
    tokens = tasks.groupby("day")["token_consumed"].sum() / tasks.groupby("day")["user_id"].nunique()
    same(tokens, known(clean.out, "cost_per_user_token", "app"))
    actions = frame(clean.out, "app", "user_action_log", "created_at")
    same(actions.groupby("day").size() / made.groupby("day").size(), known(clean.out, "adoption_rate", "app"))
    users = frame(clean.out, "app", "users", "registration_date").drop_duplicates("user_id", keep="last")
    same(users.groupby("day").size(), known(clean.out, "registrations", "app"))

    core = pd.concat([made[["user_id", "day"]], actions[["user_id", "day"]]]).drop_duplicates()
    users["next"] = (pd.to_datetime(users["day"]) + pd.Timedelta(days=1)).dt.strftime("%Y-%m-%d")
    back = users.merge(core, left_on=["user_id", "next"], right_on=["user_id", "day"])
    rate = back.groupby("next").size() / users.groupby("next").size()
    same(rate.dropna(), known(clean.out, "retention_day_1", "app"))


def test_app_money_agrees_with_the_files(clean: DemoResult) -> None:
    trades = frame(clean.out, "app", "trades", "paid_at").drop_duplicates("trade_id", keep="last")
    paid = trades.query("trade_type != 'refund' and payment_status in ('success', 'refunded')").copy()
    paid["minor"] = (paid["amount"] * paid["currency"].map({"CNY": 100, "USD": 100, "JPY": 1})).round()
    for currency in ("CNY", "USD"):
        gross = paid[paid["currency"] == currency].groupby("day")["minor"].sum()
        same(gross, known(clean.out, "gross_minor", "app", currency))
    first = paid.sort_values("at").drop_duplicates("user_id")
    same(first.groupby("day").size(), known(clean.out, "new_paying_users", "app"))
    assert {"refund", "topup", "subscription"} == set(trades["trade_type"])
    assert {"success", "failed", "refunded"} <= set(trades["payment_status"])

    stretches = pd.DataFrame(records(clean.out, "app", "subscription_records"))
    stretches = stretches.drop_duplicates("subscription_id", keep="last").query("currency == 'CNY'")
    paying = stretches[~stretches["status"].isin(["trialing", "paused"])]
    mrr = {}
    for day in pd.date_range(START, periods=DAYS).strftime("%Y-%m-%d"):
        active = paying[(paying["start_date"] <= day) & ~(paying["end_date"] <= day)]
        mrr[day] = round(active["monthly_fee"].sum() * 100)
    counted = pd.Series(mrr)
    same(counted[counted != 0], known(clean.out, "mrr_minor", "app", "CNY"))


def test_event_metrics_agree_with_the_files(clean: DemoResult) -> None:
    prompts = frame(clean.out, "prompts", "events", "occurred_at")
    done = prompts.query("event_type == 'success'")
    same(done.groupby("day").size(), known(clean.out, "total_generations", "prompts"))
    same(done.groupby("day")["user_id"].nunique(), known(clean.out, "active_users_daily", "prompts"))
    popular = done["prompt_template_id"].mode()[0]
    for event in ("execute", "success"):
        counted = (
            prompts.query("event_type == @event and prompt_template_id == @popular").groupby("day").size()
        )
        same(counted, known(clean.out, f"{event}_events", "prompts", popular))
    cents = prompts.groupby("day")["revenue_cents"].sum()
    same(cents[cents > 0], known(clean.out, "gross_minor", "prompts", "USD"))

    landing = frame(clean.out, "landing", "events", "event_time").query("event_name == 'landing_view'")
    viewers = landing["payload"].str["user_id"].groupby(landing["day"]).nunique()
    same(viewers, known(clean.out, "landing_uv", "landing"))

    studio = frame(clean.out, "storyforge", "events", "server_ts")
    scenes = studio.query("event == 'scene_generated'")
    same(scenes.groupby("day")["user_id"].nunique(), known(clean.out, "active_users_daily", "storyforge"))
    signed = studio.query("event == 'user_signed_up'")
    same(signed.groupby("day").size(), known(clean.out, "registrations", "storyforge"))

    logo = frame(clean.out, "blanklogo", "events", "timestamp").query("environment == 'prod'")
    jobs = logo.query("event == 'processing_completed'")
    same(jobs.groupby("day").size(), known(clean.out, "total_generations", "blanklogo"))
    same(jobs.groupby("day")["user_id"].nunique(), known(clean.out, "active_users_daily", "blanklogo"))
    orders = logo[logo["event"].isin(["purchase_completed", "subscription_renewed"])].copy()
    orders["price"] = orders["properties"].str["price"] * 100
    orders = orders[orders["properties"].str["currency"] == "USD"]
    same(orders.groupby("day")["price"].sum(), known(clean.out, "gross_minor", "blanklogo", "USD"))


def test_dirt_moves_no_metric(clean: DemoResult, dirty: DemoResult) -> None:
    """The same seed with and without dirt: only the count of lines differs."""
    tables = [pd.read_csv(drop.out / "_truth" / "metrics.csv") for drop in (clean, dirty)]
    tables = [table.query("metric_key != 'landed_lines'") for table in tables]
    pd.testing.assert_frame_equal(*(table.reset_index(drop=True) for table in tables))


def test_the_experiment_has_an_effect(tmp_path: Path) -> None:
    write_demo(tmp_path, 1500, 20, 5, 0.0, START)
    events = pd.DataFrame(records(tmp_path, "prompts", "events"))
    tested = events[events["variant_label"].notna()]
    counts = tested.groupby(["variant_label", "event_type"]).size().unstack()
    rate = counts["success"] / counts["execute"]
    assert rate["B"] > rate["A"]

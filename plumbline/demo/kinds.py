"""The catalogue of dirt: which kinds there are in which stream, and what must be found about each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from plumbline.demo.damage import (
    Record,
    at_plus_eight,
    blank,
    change,
    drop,
    duplicate_keys,
    ends_before_start,
    epoch_ms,
    invalid_utf8,
    nested,
    not_an_object,
    nul_byte,
    one_more,
    other_action,
    put,
    rename,
    reworded,
    shifted,
    trailing_comma,
    truncated,
    windows_line,
    with_value,
    without_offset,
)

PHONES = ("13912345678", "+8613812345678", "18600001111")
MAILS = ("li.wei@example.com", "zhang@example.cn")
WECHATS = ("wxid_a1b2c3d4e5", "wxid_Plumb-0042")


Change = Callable[[Record, Random], Record | bytes] | None


@dataclass(frozen=True)
class Kind:
    """One kind of dirt in one stream: which lines it befalls, how it changes them, what must be found.

    ``damage`` takes (record, random) and returns the record to write, or the bytes of the line; None leaves
    it as it is. ``on_top`` lines are extra, and arrive ``days_later`` than their originals.
    """

    name: str
    reason: str
    damage: Change
    events: tuple[str, ...]  # empty: any event of the stream
    mark: str = ""  # only rows with this mark of their batch
    on_top: bool = False
    days_later: int = 0
    weight: float = 1.0
    most: float = 1.0  # share of the lines it may befall at most
    early: bool = False  # not in the last days


def _on_top(name: str, reason: str, damage: Change, *events: str, **more: Any) -> Kind:
    """Extra lines: rejected, or duplicates."""
    return Kind(name, reason, damage, events, on_top=True, **more)


def _in_place(name: str, reason: str, damage: Change, *events: str, **more: Any) -> Kind:
    """Accepted lines, with a finding or without."""
    return Kind(name, reason, damage, events, **more)


_BYTES = [
    _on_top("truncated_line", "invalid_json", truncated),
    _on_top("trailing_comma", "invalid_json", trailing_comma),
    _on_top("nan_value", "invalid_json", partial(with_value, b"NaN")),
    _on_top("infinite_number", "invalid_json", partial(with_value, b"1e400")),
    _on_top("duplicate_keys", "duplicate_keys", duplicate_keys),
    _on_top("not_an_object", "not_an_object", not_an_object),
    _on_top("invalid_utf8", "invalid_utf8", invalid_utf8),
    _on_top("nul_byte", "nul_byte", nul_byte),
    _on_top("nesting_too_deep", "nesting_too_deep", nested),
    _on_top("blank_line", "blank_line", blank),
    _in_place("windows_line_end", "accepted", windows_line),
    _on_top("same_line_again", "duplicate", None),
    _on_top("same_line_again_later", "duplicate", None, days_later=1),
]


def _times(path: str) -> list[Kind]:
    """A time that is missing, impossible or written in another way."""
    return [
        _on_top("missing_time", "missing_time", drop(path)),
        _on_top("time_in_1970", "bad_time", put(path, "1970-01-01T00:00:00Z")),
        _on_top("time_in_the_future", "bad_time", put(path, "2099-01-01T00:00:00Z")),
        _on_top("garbage_time", "bad_time", put(path, "yesterday", "2026-13-45T99:00:00Z")),
        _in_place("time_without_offset", "tz_assumed", change(path, without_offset)),
        _in_place("time_at_plus_eight", "accepted", change(path, at_plus_eight)),
        _in_place("time_as_epoch_ms", "accepted", change(path, epoch_ms)),
    ]


def _ids(path: str, *events: str) -> list[Kind]:
    """Personal data where an opaque id belongs."""
    return [
        _on_top("phone_in_id", "pii_suspected", put(path, *PHONES), *events),
        _on_top("email_in_id", "pii_suspected", put(path, *MAILS), *events),
        _on_top("wechat_in_id", "pii_suspected", put(path, *WECHATS), *events),
    ]


def _names(path: str, *wrong_case: str) -> list[Kind]:
    """Event names that nobody planned."""
    return [
        _on_top("unknown_event", "unknown_event", put(path, "page_scrolled", "btn_click_v2")),
        _on_top("wrong_case_event", "unknown_event", put(path, *wrong_case)),
    ]


NOBODY = ("", "null", "undefined")
TAGGED = ("license_rejected", "task_failed", "risk_alert")
QUIET = ("brain_selected", "format_selected")  # events of StoryForge that no known metric counts
LOG_STATUS = {"success": "成功", "failed": "失败"}
PAY_STATUS = {"success": "支付成功", "failed": "失败", "refunded": "已退款", "pending": "待支付"}
ACTION_NAMES = {"copy": "复制", "download": "下载", "save": "保存"}
STATE_NAMES = {"canceled": "已取消", "trialing": "试用中", "paused": "已暂停"}
COLLECTOR_NAMES = {
    "login_success": "auth_signed_in",
    "credits_granted": "credits_awarded",
    "processing_started": "job_started",
    "processing_completed": "job_completed",
    "processing_failed": "job_failed",
    "download_clicked": "job_download_clicked",
    "download_completed": "job_download_completed",
    "paywall_view": "billing_paywall_viewed",
    "checkout_started": "billing_checkout_started",
    "error_shown": "error_ui",
    "api_error": "error_api",
}
SERVICE_NAMES = {
    "risk_alert": "compliance.alert",
    "task_failed": "task.failed",
    "credits_updated": "credits.updated",
}
OLD_NAMES = {"success": "video_generated_ok", "paid": "payment_succeeded"}

KINDS: dict[tuple[str, str], list[Kind]] = {
    ("prompts", "events"): [
        *_BYTES,
        *_times("occurred_at"),
        *_ids("user_id"),
        *_names("event_type", "Execute", "SUCCESS"),
        _on_top("props_not_an_object", "bad_props", put("props", "none", [1, 2], 7)),
        _on_top("missing_natural_key", "missing_natural_key", drop("prompt_template_id")),
        _on_top(
            "conflicting_copy",
            "duplicate_conflict",
            change("props.latency_ms", one_more),
            "success",
            "failure",
            days_later=1,
        ),
        _in_place(
            "historical_event_name", "event_alias", change("event_type", reworded(OLD_NAMES)), *OLD_NAMES
        ),
        _in_place(
            "forbidden_event_name", "event_alias", put("event_type", "video_success", "gen_ok"), "success"
        ),
        _in_place("missing_session", "missing_required", drop("session_id")),
        _in_place("unknown_enum_value", "enum_out_of_range", put("props.model_target", "Sora-9"), "execute"),
        _in_place("wrong_type", "wrong_type", put("props.latency_ms", "fast", True), "success", "failure"),
        _in_place("negative_number", "out_of_range", put("props.latency_ms", -5), "success", "failure"),
        _in_place("number_as_text", "coerced_text", change("props.latency_ms", str), "success", "failure"),
        _in_place(
            "camel_case_property", "property_alias", rename("props.model_target", "modelTarget"), "execute"
        ),
        _in_place("unplanned_property", "unplanned_property", put("props.debug_flag", True)),
        _in_place("bad_format", "bad_format", put("props.locale", "english!"), "impression"),
        _in_place(
            "padded_value", "accepted", change("props.aspect_ratio", lambda ratio: f" {ratio} "), "execute"
        ),
        _in_place("nobody_as_word", "accepted", put("user_id", *NOBODY), "impression"),
    ],
    ("landing", "events"): [
        *_BYTES,
        *_times("event_time"),
        *_ids("payload.user_id", "landing_view", "heatmap_view"),
        *_names("event_name", "Landing_View", "taskStart"),
        _on_top("props_not_an_object", "bad_props", put("payload", "none", [1, 2], 7)),
        _on_top("missing_natural_key", "missing_natural_key", drop("payload.task_id"), "task_completed"),
        _on_top(
            "conflicting_copy",
            "duplicate_conflict",
            change("payload.credits_spent", one_more),
            "task_completed",
            days_later=1,
        ),
        _on_top(
            "policy_tag_out_of_range",
            "enum_out_of_range",
            put("payload.policy_tag", "Z9"),
            *TAGGED,
            most=0.005,
        ),
        _on_top(
            "action_required_out_of_range",
            "enum_out_of_range",
            put("payload.action_required", "burn_it"),
            *TAGGED,
            most=0.005,
        ),
        _on_top(
            "escalation_level_out_of_range",
            "enum_out_of_range",
            put("payload.escalation_level", "board"),
            "risk_alert",
            most=0.005,
        ),
        _in_place(
            "service_event_name", "event_alias", change("event_name", reworded(SERVICE_NAMES)), *SERVICE_NAMES
        ),
        _in_place(
            "lower_case_policy_tag",
            "value_alias",
            change("payload.policy_tag", lambda tag: str(tag).lower()),
            *TAGGED,
            mark="tagged",
        ),
        _in_place(
            "missing_policy_tag",
            "missing_required",
            drop("payload.policy_tag"),
            "license_rejected",
            most=0.005,
            early=True,
        ),
        _in_place(
            "missing_escalation_level",
            "missing_required",
            drop("payload.escalation_level"),
            "risk_alert",
            mark="tagged",
            most=0.005,
            early=True,
        ),
        _in_place(
            "missing_property", "missing_required", drop("payload.rank_type"), "heatmap_view", early=True
        ),
        _in_place("action_against_policy", "policy_action_mismatch", other_action, *TAGGED, mark="tagged"),
        _in_place(
            "d3_not_escalated",
            "policy_escalation_mismatch",
            put("payload.escalation_level", "ops_review"),
            "risk_alert",
            mark="d3",
            most=0.005,
        ),
        _in_place(
            "risk_against_policy",
            "policy_risk_mismatch",
            put("payload.risk_level", "high"),
            "risk_alert",
            mark="d1",
        ),
        _in_place(
            "unknown_enum_value", "enum_out_of_range", put("payload.queue_type", "turbo"), "task_start"
        ),
        _in_place("wrong_type", "wrong_type", put("payload.credits_spent", "many", [3]), "task_completed"),
        _in_place("position_zero", "out_of_range", put("payload.position", 0), "heatmap_view"),
        _in_place(
            "range_upside_down",
            "out_of_range",
            put("payload.expected_credits_range", "300-100"),
            "estimator_interact",
        ),
        _in_place("number_as_text", "coerced_text", change("payload.output_count", str), "task_completed"),
        _in_place(
            "boolean_as_text", "coerced_text", put("payload.is_fast_track", "true", "false"), "license_apply"
        ),
        _in_place("unplanned_property", "unplanned_property", put("payload.debug_flag", True)),
        _in_place("missing_actor", "missing_actor", put("payload.user_id", *NOBODY), "cta_click"),
    ],
    ("app", "task_generate_log"): [
        *_BYTES,
        *_times("created_at"),
        *_ids("user_id"),
        _on_top("conflicting_copy", "duplicate_conflict", change("token_consumed", one_more), days_later=1),
        _in_place("status_in_chinese", "value_alias", change("status", reworded(LOG_STATUS))),
        _in_place("wrong_type", "wrong_type", put("model", 4, {"name": "gpt-4o"})),
        _in_place("number_as_text", "coerced_text", change("token_consumed", str)),
        _in_place("unplanned_property", "unplanned_property", put("debug_flag", True)),
    ],
    ("app", "user_action_log"): [
        *_BYTES,
        *_times("created_at"),
        *_ids("user_id"),
        _in_place("action_in_chinese", "value_alias", change("action_type", reworded(ACTION_NAMES))),
        _in_place("missing_property", "missing_required", drop("task_id"), early=True),
        _in_place("unplanned_property", "unplanned_property", put("debug_flag", True)),
    ],
    ("app", "trades"): [
        _on_top("truncated_line", "invalid_json", truncated),
        _on_top("missing_time", "missing_time", drop("paid_at")),
        _on_top("phone_in_id", "pii_suspected", put("user_id", *PHONES)),
        _in_place(
            "status_in_chinese",
            "value_alias",
            change("payment_status", reworded(PAY_STATUS)),
            mark="only_version",
        ),
        _in_place("unknown_enum_value", "enum_out_of_range", put("processor", "paypal"), mark="only_version"),
        _in_place("number_as_text", "coerced_text", change("amount", str), mark="only_version"),
    ],
    ("app", "subscription_records"): [
        _on_top("truncated_line", "invalid_json", truncated),
        _on_top("end_before_start", "bad_interval", ends_before_start),
        _on_top("email_in_id", "pii_suspected", put("user_id", *MAILS)),
        _in_place("status_in_chinese", "value_alias", change("status", reworded(STATE_NAMES)), "closed"),
    ],
    ("storyforge", "events"): [
        *_BYTES,
        _on_top("missing_time", "missing_time", drop("server_ts", "client_ts")),
        *_times("server_ts")[1:],
        *_ids("user_id"),
        *_names("event", "Scene_Locked", "exportStarted"),
        _on_top("props_not_an_object", "bad_props", put("properties", "none", [1, 2], 7)),
        _on_top(
            "conflicting_copy",
            "duplicate_conflict",
            change("properties.latency_ms", one_more),
            "scene_generated",
            days_later=1,
        ),
        _in_place("client_time_only", "client_time_used", drop("server_ts"), *QUIET),
        _in_place("clock_off_by_hours", "clock_skew", change("client_ts", shifted(-190)), *QUIET),
        _in_place(
            "unknown_enum_value", "enum_out_of_range", put("properties.surface", "homepage"), "brain_selected"
        ),
        _in_place(
            "wrong_type", "wrong_type", put("properties.iterations_count", "many", False), "scene_locked"
        ),
        _in_place(
            "score_too_high", "out_of_range", put("properties.consistency_score", 140), "character_locked"
        ),
        _in_place("number_as_text", "coerced_text", change("properties.scenes_count", str), "export_started"),
        _in_place(
            "missing_property", "missing_required", drop("properties.surface"), "brain_selected", early=True
        ),
        _in_place("unplanned_property", "unplanned_property", put("properties.debug_flag", True)),
        _in_place(
            "phone_in_text",
            "pii_suspected",
            put("properties.comment", *(f"call me: {phone}" for phone in PHONES)),
            "feedback_submitted",
            weight=0.5,
        ),
        _in_place(
            "email_in_text",
            "pii_suspected",
            put("properties.comment", *(f"write to {mail} please" for mail in MAILS)),
            "feedback_submitted",
            weight=0.5,
        ),
        _in_place(
            "wechat_in_text",
            "pii_suspected",
            put("properties.comment", *(f"add {name}" for name in WECHATS)),
            "feedback_submitted",
            weight=0.5,
        ),
        _in_place("missing_actor", "missing_actor", put("user_id", *NOBODY), *QUIET),
    ],
    ("blanklogo", "events"): [
        *_BYTES,
        *_times("timestamp"),
        *_ids("distinct_id"),
        *_names("event", "Landing_View", "jobCreated"),
        _on_top("props_not_an_object", "bad_props", put("properties", "none", [1, 2], 7)),
        _on_top("missing_natural_key", "missing_natural_key", drop("properties.job_id"), "job_created"),
        _on_top(
            "conflicting_copy",
            "duplicate_conflict",
            change("properties.processing_time_ms", one_more),
            "processing_completed",
            days_later=1,
        ),
        _in_place(
            "collector_event_name",
            "event_alias",
            change("event", reworded(COLLECTOR_NAMES)),
            *COLLECTOR_NAMES,
        ),
        _in_place("wrong_source", "wrong_source", put("source", "web"), "job_created"),
        _in_place("other_spelling", "value_alias", put("environment", "production"), "pricing_view"),
        _in_place(
            "unknown_enum_value", "enum_out_of_range", put("properties.mode", "blur"), "watermark_detected"
        ),
        _in_place(
            "confidence_over_one",
            "out_of_range",
            put("properties.watermark_confidence", 1.7),
            "watermark_detected",
        ),
        _in_place("wrong_type", "wrong_type", put("properties.video_bytes", "big", [1]), "upload_started"),
        _in_place(
            "number_as_text", "coerced_text", change("properties.video_bytes", str), "upload_completed"
        ),
        _in_place(
            "boolean_as_text", "coerced_text", put("properties.success_bool", "true"), "processing_completed"
        ),
        _in_place(
            "schema_property_name",
            "property_alias",
            rename("properties.landing_variant", "landing_variant_id"),
            "landing_view",
            "cta_click",
        ),
        _in_place("unplanned_property", "unplanned_property", put("properties.debug_flag", True)),
        _in_place(
            "bad_format", "bad_format", put("properties.currency", "usd", "US dollar"), "checkout_started"
        ),
        _in_place("missing_session", "missing_required", drop("session_id"), "landing_view", "faq_expand"),
        _in_place("missing_actor", "missing_actor", put("distinct_id", *NOBODY), "faq_expand"),
    ],
}

"""Landing phase 1: visitors, the call to action (A/B), template licences, tasks, risk alerts, credits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from plumbline.demo.columns import MS_PER_DAY, Choices, Column, Constant, Moments, Numbers
from plumbline.demo.lives import (
    HOUR,
    MINUTE,
    Batch,
    Stream,
    World,
    batch,
    chance,
    elapsed,
    joined,
    local_day,
    lognormal_ms,
    pick,
    repeated,
    visits,
)
from plumbline.demo.truth import Truth

CHANNELS = ("douyin", "bilibili", "xiaohongshu", "wechat", "direct")
BUCKETS = ("A", "B")
CLICK_SHARE = (0.34, 0.42)  # of bucket A and B: the new button works
PERSONAS = ("creator_studio", "operator_contractor")
QUEUES = ("standard", "fast")
TEMPLATES = 40
NO_TAG = ""  # the field is there, no policy was triggered

# (failure_code, sub_status, policy_tag, action_required, weight); a tag always carries the action of the plan
FAILURES = (
    ("infra_error", "worker_lost", NO_TAG, NO_TAG, 40),
    ("infra_error", "timeout", "C1", NO_TAG, 6),
    ("credit_insufficient", "balance_low", NO_TAG, NO_TAG, 22),
    ("safety_block", "copy_blocked", "B1", "update_copy", 10),
    ("safety_block", "material_blocked", "B2", "remove_asset", 8),
    ("authorization_denied", "licence_missing", "A1", "resubmit_material", 8),
    ("authorization_denied", "licence_expired", "A2", "remove_asset", 6),
)
# (reason_code, policy_tag, action_required, weight) of refused applications
REFUSALS = (
    ("licence_missing", "A1", "resubmit_material", 50),
    ("copy_violation", "B1", "update_copy", 30),
    ("material_violation", "B2", "remove_asset", 20),
)
# (policy_tag, risk_level, action_required, escalation_level, weight)
ALERTS = (
    ("D3", "high", "escalate_review", "compliance_committee", 4),
    ("D1", "medium", NO_TAG, "ops_review", 8),
    ("A1", "medium", "resubmit_material", "ops_review", 14),
    ("A2", "high", "remove_asset", "ops_review", 10),
    ("B1", "medium", "update_copy", "none", 18),
    ("B2", "high", "remove_asset", "ops_review", 14),
    ("C1", "low", NO_TAG, "none", 10),
    ("C2", "medium", "escalate_review", "ops_review", 16),
    ("D2", "low", NO_TAG, "none", 6),
)


def simulate(world: World, truth: Truth) -> list[Stream]:
    rng = world.rng("landing")
    n = world.users
    bucket = rng.integers(0, 2, n)
    channel = pick(rng, n, [4, 3, 3, 2, 2])
    persona = pick(rng, n, [6, 4])
    person, came = visits(rng, joined(rng, n, world), rng.beta(2, 5, n), 0.8, world)
    batches: list[Batch] = []

    def event(
        name: str,
        time: np.ndarray,
        payload: dict[str, Column],
        where: np.ndarray | None = None,
        marks: dict[str, np.ndarray] | None = None,
        with_id: bool = True,
    ) -> Batch:
        """Events of the page carry an event_id; those of the services are known by their own keys."""
        fields: dict = {"event_name": Constant(name), "event_time": Moments(time), "payload": payload}
        if with_id:
            fields = {
                "event_id": world.ids(f"landing {name} {len(batches)}", np.arange(len(time)), uuid=True)
            } | fields
        batches.append(batch(world, rng, name, time, fields, where, marks=marks))
        return batches[-1]

    def page(visit: np.ndarray) -> dict[str, Column]:
        return {
            "user_id": world.ids("landing user", person[visit], "u_"),
            "session_id": world.ids("landing session", visit, "s_"),
        }

    # the page: views, heat map, estimator, clicks
    visit, ordinal = repeated(1 + rng.poisson(0.25, len(person)))
    time = came[visit] + ordinal * rng.integers(20_000, 200_000, len(visit))
    seen = {
        **page(visit),
        "source_channel": Choices(channel[person[visit]], CHANNELS),
        "ab_bucket": Choices(bucket[person[visit]], BUCKETS),
    }
    viewed = event("landing_view", time, seen)
    viewer, view_day = person[visit], local_day(time)

    visit, ordinal = repeated(rng.poisson(0.9, len(person)))
    time = came[visit] + 5_000 + elapsed(visit, rng.integers(3_000, 30_000, len(visit)))
    ranked = {
        **page(visit),
        "rank_type": Choices(pick(rng, len(visit), [5, 3, 2]), ("daily", "weekly", "rising")),
        "template_id": world.ids("landing template", rng.integers(0, TEMPLATES, len(visit)), "tpl_"),
        "position": Numbers(ordinal + 1),
    }
    event("heatmap_view", time, ranked)

    visit, _ = repeated(rng.poisson(0.4, len(person)))
    time = came[visit] + 30_000 + elapsed(visit, rng.integers(3_000, 40_000, len(visit)))
    ranges = tuple(f"{low}-{low + 60}" for low in range(60, 360, 20))
    estimated = {
        **page(visit),
        "spec_id": world.ids("landing spec", rng.integers(0, 30, len(visit)), "spec_"),
        "expected_credits_range": Choices(rng.integers(0, len(ranges), len(visit)), ranges),
        "persona_tag": Choices(persona[person[visit]], PERSONAS),
        "precheck_balance": Numbers(rng.integers(0, 3_000, len(visit))),
    }
    event("estimator_interact", time, estimated)

    visit = np.arange(len(person))
    clicks = chance(rng, len(visit), np.array(CLICK_SHARE)[bucket[person]])
    replicates = chance(rng, len(visit), 0.7)
    click_time = came + rng.integers(4_000, 300_000, len(visit))
    wanted = rng.integers(0, TEMPLATES, len(visit))
    clicked = {
        **page(visit),
        "cta_id": Choices(np.where(replicates, 0, 1), ("replicate_now", "view_cases")),
        "template_id": world.ids("landing template", np.where(replicates, wanted, -1), "tpl_"),
        "timestamp": Moments(click_time),
    }
    event("cta_click", click_time, clicked, where=clicks)

    # licences: one row per application
    applied = np.flatnonzero(clicks & replicates & chance(rng, len(visit), 0.75))
    account, template = person[applied], wanted[applied]
    fast = chance(rng, len(applied), 0.25)
    apply_time = click_time[applied] + rng.integers(30_000, 600_000, len(applied))
    approved = chance(rng, len(applied), np.where(fast, 0.92, 0.82))
    decided = apply_time + lognormal_ms(rng, len(applied), np.where(fast, HOUR, 9 * HOUR), 0.7)
    revoked = approved & chance(rng, len(applied), 0.05)
    revoked_at = decided + rng.integers(3 * MS_PER_DAY, 20 * MS_PER_DAY, len(applied))
    license_id = world.ids("landing licence", np.arange(len(applied)), "lic_")
    holder: dict[str, Column] = {
        "template_id": world.ids("landing template", template, "tpl_"),
        "account_id": world.ids("landing account", account, "acc_"),
        # Licence and task services pass on the session of the application.
        "session_id": world.ids("landing session", applied, "s_"),
    }
    application = {
        **holder,
        "is_fast_track": Choices(fast.astype(np.int8), (False, True)),
        "persona_tag": Choices(persona[account], PERSONAS),
        "policy_tag": Constant(NO_TAG),
    }
    event("license_apply", apply_time, application, with_id=False)
    expiry = pick(rng, len(applied), [5, 3, 2])
    granted = {
        "license_id": license_id,
        **holder,
        "approver_id": world.ids("landing approver", rng.integers(0, 6, len(applied)), "op_"),
        "effective_at": Moments(decided + 60_000),
        "expiry_type": Choices(expiry, ("by_date", "by_runs", "none")),
        "max_runs": Choices(rng.integers(0, 3, len(applied)), (10, 50, 200)),
    }
    event("license_approved", decided, granted, where=approved, with_id=False)
    refusal = pick(rng, len(applied), [weight for *_, weight in REFUSALS])
    refused = {
        "license_id": license_id,
        **holder,
        "status": Constant("rejected"),
        "reason_code": Choices(refusal, tuple(row[0] for row in REFUSALS)),
        "policy_tag": Choices(refusal, tuple(row[1] for row in REFUSALS)),
        "action_required": Choices(refusal, tuple(row[2] for row in REFUSALS)),
    }
    tagged = {"tagged": np.ones(len(applied), bool)}
    event("license_rejected", decided, refused, where=~approved, with_id=False, marks=tagged)
    withdrawn = {
        **refused,
        "status": Constant("revoked"),
        "reason_code": Constant("licence_expired"),
        "policy_tag": Constant("A2"),
        "action_required": Constant("remove_asset"),
    }
    event("license_rejected", revoked_at, withdrawn, where=revoked, with_id=False, marks=tagged)

    _tasks(
        world,
        rng,
        event,
        holder,
        np.where(approved, decided, -1),
        np.where(revoked, revoked_at, world.end_ms),
    )

    truth.series("landing_uv", "landing", truth.people(view_day[viewed.rows], viewer[viewed.rows]))
    return [Stream("landing", "events", batches)]


def _tasks(
    world: World,
    rng: np.random.Generator,
    event: Callable[..., Batch],
    holder: dict,
    since: np.ndarray,
    until: np.ndarray,
) -> None:
    """Tasks under each licence from ``since`` (-1: never) to ``until``, with outcomes, alerts and credits."""
    licence, _ = repeated(np.where(since >= 0, 1 + rng.poisson(4.0, len(since)), 0))
    gap = lognormal_ms(rng, len(licence), 14 * HOUR, 1.2)
    start = since[licence] + 10 * MINUTE + elapsed(licence, gap)
    runs = start < until[licence]
    count = len(licence)
    task = np.arange(count)
    ids = {
        "task_id": world.ids("landing task", task, "task_"),
        "template_id": _of(holder["template_id"], licence),
        "session_id": _of(holder["session_id"], licence),
    }
    estimate = 60 + 10 * rng.integers(0, 30, count)
    queue = pick(rng, count, [7, 3])
    done = pick(rng, count, [86, 12, 2])  # completed, failed, never heard of again
    started = {
        **ids,
        "account_id": _of(holder["account_id"], licence),
        "estimated_credits": Numbers(estimate),
        "queue_type": Choices(queue, QUEUES),
    }
    event("task_start", start, started, where=runs, with_id=False)
    took = lognormal_ms(rng, count, np.array([240_000, 90_000])[queue], 0.6)
    end = start + took
    spent = np.maximum(1, estimate * (1 + rng.normal(0.02, 0.15, count))).astype(np.int64)
    completed = {
        **ids,
        "credits_spent": Numbers(spent),
        "duration_ms": Numbers(took),
        "output_count": Numbers(1 + rng.poisson(0.6, count)),
    }
    event("task_completed", end, completed, where=runs & (done == 0), with_id=False)

    failure = pick(rng, count, [weight for *_, weight in FAILURES])
    failed = {
        **ids,
        "failure_code": Choices(failure, tuple(row[0] for row in FAILURES)),
        "sub_status": Choices(failure, tuple(row[1] for row in FAILURES)),
        "policy_tag": Choices(failure, tuple(row[2] for row in FAILURES)),
        "action_required": Choices(failure, tuple(row[3] for row in FAILURES)),
    }
    tagged = {"tagged": np.array([bool(row[3]) for row in FAILURES])[failure]}
    event("task_failed", end, failed, where=runs & (done == 1), with_id=False, marks=tagged)

    alert = pick(rng, count, [weight for *_, weight in ALERTS])
    alarmed = runs & chance(rng, count, 0.025)
    opening = np.argsort(np.where(runs, start, world.end_ms), kind="stable")[: 2 * len(ALERTS)]
    alarmed[opening] = runs[opening]  # every tag at least once, however small the drop
    alert[opening] = np.arange(len(opening)) % len(ALERTS)
    raised = {
        "alert_id": world.ids("landing alert", task, "alert_"),
        "task_id": ids["task_id"],
        "risk_level": Choices(alert, tuple(row[1] for row in ALERTS)),
        "policy_tag": Choices(alert, tuple(row[0] for row in ALERTS)),
        "action_required": Choices(alert, tuple(row[2] for row in ALERTS)),
        "escalation_level": Choices(alert, tuple(row[3] for row in ALERTS)),
    }
    marks = {
        "tagged": np.array([bool(row[2]) and row[0][0] in "AB" for row in ALERTS])[alert],
        "d1": alert == 1,
        "d3": alert == 0,
    }
    event("risk_alert", start + took // 2, raised, where=alarmed, with_id=False, marks=marks)

    rollback = (done == 1) & (failure == 1)  # abnormal compute: credits go back
    adjusts = runs & (rollback | ((done == 0) & chance(rng, count, 0.15)))
    ledger = {
        "ledger_id": world.ids("landing ledger", task, "led_"),
        "task_id": ids["task_id"],
        "policy_tag": Choices(rollback.astype(np.int8), (NO_TAG, "C1")),
        "adjust_amount": Numbers(np.where(rollback, -estimate, spent // 10 + 1)),
    }
    event("credits_updated", end + rng.integers(1_000, 60_000, count), ledger, where=adjusts, with_id=False)


def _of(column: Column, parent: np.ndarray) -> Column:
    """The ids of the parents, one per child row."""
    return type(column)(column.space, column.keys[parent], column.prefix, column.uuid)

"""Prompt templates: people see them, execute them, succeed or fail, retry, return, and some pay."""

from __future__ import annotations

import numpy as np

from plumbline.demo.columns import Choices, Column, Constant, Dates, Moments, Numbers
from plumbline.demo.lives import (
    Batch,
    Stream,
    World,
    batch,
    chance,
    elapsed,
    joined,
    local_day,
    lognormal_ms,
    midnight,
    pick,
    repeated,
    visits,
    weekday_factor,
)
from plumbline.demo.truth import Truth

TEMPLATES = 24
MODELS = ("Sora-2", "Veo-Fast", "Veo-Pro")
PROVIDERS = ("openai", "google", "google")  # of each model
RATIOS = ("9:16", "16:9", "1:1")
LOCALES = ("zh-CN", "en-US", "ja-JP")
ERRORS = (
    ("MODEL_TIMEOUT", "ProviderError"),
    ("CONTENT_REJECTED", "PolicyError"),
    ("QUOTA_EXCEEDED", "ProviderError"),
)
PACKS = ((499, "credits_100", 100), (999, "credits_250", 250), (1999, "credits_500", 500))  # US cents
BROKEN = {3: 0.05, 5: 0.2}  # templates that hardly work, and their share of successes
SHARE_LOOKERS = 0.15  # people who look at templates and never execute one
SHARE_ANONYMOUS = 0.05  # sessions without a user
EFFECT_OF_B = 0.08  # of variant B on the share of successes


def simulate(world: World, truth: Truth) -> list[Stream]:
    rng = world.rng("prompts")
    n = world.users
    looker = chance(rng, n, SHARE_LOOKERS)
    keenness = np.where(looker, 0.15, rng.beta(2, 3, n))
    person, came = visits(rng, joined(rng, n, world), keenness, 0.75, world)
    anonymous = chance(rng, len(person), SHARE_ANONYMOUS)
    popularity = 1 / (1 + np.arange(TEMPLATES))
    quality = 0.62 + 0.33 * rng.random(TEMPLATES)
    quality[list(BROKEN)] = list(BROKEN.values())
    favourite = pick(rng, n, popularity)
    variant = rng.integers(0, 2, n)  # 0 = A, 1 = B; the same person always sees the same one
    tested = np.arange(TEMPLATES) % 4 == 0  # templates with a running experiment

    def record(
        visit: np.ndarray,
        template: np.ndarray,
        request: Column,
        time: np.ndarray,
        event: str,
        props: dict,
        **more: Column,
    ) -> dict:
        user = np.where(anonymous[visit], -1, person[visit])
        return {
            "occurred_at": Moments(time),
            "event_type": Constant(event),
            "prompt_template_id": world.ids("template", template, "tpl_"),
            "user_id": world.ids("prompts user", user, "usr_"),
            "session_id": world.ids("prompts session", visit, "ses_"),
            "request_id": request,
            "scene_id": world.ids("prompts scene", template, "scn_"),
            "variant_label": Choices(np.where(tested[template], variant[person[visit]], -1), ("A", "B")),
            **more,
            "props": props,
        }

    def experiment(visit: np.ndarray, template: np.ndarray) -> dict[str, Column]:
        under_test = tested[template]
        return {
            "experiment_id": world.ids("prompts experiment", np.where(under_test, template, -1), "exp_"),
            "variant_id": Choices(np.where(under_test, variant[person[visit]], -1), ("A", "B")),
        }

    batches: list[Batch] = []

    # impressions, most of them without an execution
    visit, _ = repeated(1 + rng.poisson(1.0, len(person)))
    template = pick(rng, len(visit), popularity)
    time = came[visit] + rng.integers(500, 60_000, len(visit))
    request = world.ids("prompts impression", np.arange(len(visit)), uuid=True)
    props: dict = {"locale": Choices(rng.integers(0, 3, len(visit)), LOCALES), **experiment(visit, template)}
    batches.append(
        batch(world, rng, "impression", time, record(visit, template, request, time, "impression", props))
    )
    props = {
        **experiment(visit, template),
        "rollout_pct": Choices(np.where(chance(rng, len(visit), 0.9), 0, -1), (100,)),
        "weight": Constant(50),
    }
    shown = record(visit, template, request, time + 40, "variant_shown", props)
    batches.append(batch(world, rng, "variant_shown", time + 40, shown, where=tested[template]))
    seen_visit, seen_template, seen_time = visit, template, time

    # executions; a failed one is tried again half of the time
    visit, _ = repeated(np.where(looker[person], 0, 1 + rng.poisson(0.9, len(person))))
    template = np.where(
        chance(rng, len(visit), 0.5), favourite[person[visit]], pick(rng, len(visit), popularity)
    )
    time = came[visit] + 61_000 + elapsed(visit, lognormal_ms(rng, len(visit), 150_000))

    def outcomes(visit: np.ndarray, template: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        p = quality[template] + EFFECT_OF_B * (tested[template] & (variant[person[visit]] == 1))
        draw = rng.random(len(visit))
        done = np.where(draw < p, 0, np.where(draw < p + (1 - p) * 0.9, 1, 2))  # success, failure, no outcome
        model = pick(rng, len(visit), [5, 3, 2])
        return done, model, lognormal_ms(rng, len(visit), np.array([70_000, 28_000, 95_000])[model])

    done, model, latency = outcomes(visit, template)
    again = (done == 1) & chance(rng, len(visit), 0.5)
    retried = time[again] + latency[again] + rng.integers(3_000, 45_000, int(again.sum()))
    visit, template = np.r_[visit, visit[again]], np.r_[template, template[again]]
    time = np.r_[time, retried]
    more_done, more_model, more_latency = outcomes(visit[len(done) :], template[len(done) :])
    done, model, latency = np.r_[done, more_done], np.r_[model, more_model], np.r_[latency, more_latency]
    finished = time + latency
    count = len(visit)
    request = world.ids("prompts request", np.arange(count), uuid=True)

    payer = rng.beta(0.4, 12, n)
    pays = (done == 0) & chance(rng, count, payer[person[visit]])
    on_success = pays & chance(rng, count, 0.3)  # paid with the success itself, without a paid event
    pack = pick(rng, count, [5, 3, 2])
    cents = np.array([price for price, _, _ in PACKS])[pack]

    execution: dict[str, Column] = {
        **experiment(visit, template),
        "model_target": Choices(model, MODELS),
        "duration_sec": Choices(pick(rng, count, [3, 5, 2]), (5, 10, 15)),
        "aspect_ratio": Choices(pick(rng, count, [6, 3, 1]), RATIOS),
        "locale": Choices(np.where(chance(rng, count, 0.95), rng.integers(0, 3, count), -1), LOCALES),
    }
    outcome: dict[str, Column] = {
        "model_target": execution["model_target"],
        "provider": Choices(model, PROVIDERS),
        "latency_ms": Numbers(latency),
    }
    error = pick(rng, count, [6, 2, 2])

    def add(event: str, when: np.ndarray, where: np.ndarray | None, props: dict, **more: Column) -> Batch:
        fields = record(visit, template, request, when, event, props, **more)
        batches.append(batch(world, rng, event, when, fields, where))
        return batches[-1]

    executed = add("execute", time, None, execution)
    succeeded = add(
        "success",
        finished,
        done == 0,
        {
            **outcome,
            **experiment(visit, template),
            "credits_spent": Choices(pick(rng, count, [5, 3]), (8, 12)),
        },
        revenue_cents=Numbers(cents, absent=~on_success),
    )
    add(
        "failure",
        finished,
        done == 1,
        {
            **outcome,
            "error_code": Choices(error, tuple(code for code, _ in ERRORS)),
            "error_class": Choices(error, tuple(group for _, group in ERRORS)),
        },
    )
    paid_at = finished + lognormal_ms(rng, count, 90_000)
    paid = add(
        "paid",
        paid_at,
        pays & ~on_success,
        {
            "amount_cents": Numbers(cents),
            "currency": Constant("USD"),
            "credits_purchased": Choices(pack, tuple(credits for _, _, credits in PACKS)),
            "plan_id": Choices(pack, tuple(plan for _, plan, _ in PACKS)),
        },
        revenue_cents=Numbers(cents),
    )
    liked = (done == 0) & chance(rng, count, 0.08)
    add("favorite", finished + rng.integers(2_000, 60_000, count), liked, {"locale": execution["locale"]})
    varied = (done == 0) & chance(rng, count, 0.06)
    add("variant_generate", finished + rng.integers(2_000, 60_000, count), varied, execution)
    order = np.lexsort((time, template, person[visit]))
    same = np.r_[False, (np.diff(person[visit][order]) == 0) & (np.diff(template[order]) == 0)]
    repeats = np.empty(count, bool)
    repeats[order] = same
    add("reuse", time + 25, repeats & chance(rng, count, 0.4), {"model_target": execution["model_target"]})

    # lookers sometimes pay without ever executing
    bought = looker[person[seen_visit]] & chance(rng, len(seen_visit), 0.01)
    later = seen_time + rng.integers(60_000, 600_000, len(seen_time))
    request_seen = world.ids("prompts impression", np.arange(len(seen_visit)), uuid=True)
    props = {"amount_cents": Constant(499), "currency": Constant("USD"), "plan_id": Constant("credits_100")}
    looked = record(
        seen_visit, seen_template, request_seen, later, "paid", props, revenue_cents=Constant(499)
    )
    batches.append(batch(world, rng, "paid", later, looked, where=bought))

    # what is true by construction
    known = ~anonymous[visit]
    ok_day, ok_person = local_day(finished), person[visit]
    named = succeeded.rows[known[succeeded.rows]]
    truth.series("active_users_daily", "prompts", truth.people(ok_day[named], ok_person[named]))
    truth.series("total_generations", "prompts", truth.counts(ok_day[succeeded.rows]))
    names = world.ids("template", np.arange(TEMPLATES), "tpl_").texts(np.arange(TEMPLATES)).to_pylist()
    begun_day = local_day(time)
    for code, name in enumerate(names):
        segment = ("prompt_template_id", name)
        begun = truth.counts(begun_day[executed.rows[template[executed.rows] == code]])
        good = truth.counts(ok_day[succeeded.rows[template[succeeded.rows] == code]])
        truth.series("execute_events", "prompts", begun, segment=segment)
        truth.series("success_events", "prompts", good, segment=segment)
        truth.series("completion_rate_30d", "prompts", _last_30(good), _last_30(begun), segment=segment)
    bonus = succeeded.rows[on_success[succeeded.rows]]
    seen = batches[-1].rows
    pay_day = np.r_[ok_day[bonus], local_day(paid_at)[paid.rows], local_day(later)[seen]]
    pay_cents = np.r_[cents[bonus], cents[paid.rows], np.full(len(seen), 499)]
    truth.series("gross_minor", "prompts", truth.counts(pay_day, pay_cents), segment=("currency", "USD"))
    payers = np.r_[ok_person[bonus], ok_person[paid.rows], person[seen_visit[seen]]]
    unknown = np.r_[anonymous[visit[bonus]], anonymous[visit[paid.rows]], anonymous[seen_visit[seen]]]
    truth.series("new_paying_users", "prompts", truth.first_days(pay_day[~unknown], payers[~unknown]))

    return [Stream("prompts", "events", batches), *_tables(world, rng)]


def _last_30(counts: np.ndarray) -> np.ndarray:
    """Sums over each day and the 29 before it."""
    total = np.cumsum(counts)
    return total - np.r_[np.zeros(min(30, len(total)), np.int64), total[:-30]]


def _tables(world: World, rng: np.random.Generator) -> list[Stream]:
    """The three small tables beside the events: templates, non-prompt baseline, site gate."""
    code = np.arange(TEMPLATES)
    created = np.full(TEMPLATES, world.start_ms) + code * 1000
    created[code % 8 == 7] = -1  # recorded without a creation time
    first = np.full(TEMPLATES, world.start)
    template = {
        "id": world.ids("template", code, "tpl_"),
        "scene_id": world.ids("prompts scene", code, "scn_"),
        "status": Constant("active"),
        "is_published": Constant(True),
        "created_at": Moments(created),
    }
    retired = (code % 6 == 5) & (world.days > 1)
    changed = world.start + 1 + code * world.days // (2 * TEMPLATES)
    rows = np.arange(TEMPLATES)
    versions = [
        Batch("templates", template, midnight(first), first, rows),
        Batch(
            "templates",
            template | {"status": Constant("archived"), "is_published": Constant(False)},
            midnight(changed),
            changed,
            np.flatnonzero(retired),
        ),
    ]

    # non-prompt baseline: one row a day, delivered weekly, some days restated a week later
    days = world.all_days
    users = (world.users * 0.6 * weekday_factor(days) * (0.9 + 0.2 * rng.random(world.days))).astype(
        np.int64
    ) + 5
    share = 0.02 + 0.01 * rng.random(world.days)

    def baseline(restated: int) -> dict[str, Column]:
        return {
            "date": Dates(days),
            "active_users": Numbers(users + users // 2 + restated),
            "nonprompt_users": Numbers(users + restated),
            "nonprompt_paid_users": Numbers((users * share).astype(np.int64)),
            "ltv_cents": Choices(np.arange(world.days) // 30 % 2, (2600, 2750)),
        }

    week = world.start + (days - world.start) // 7 * 7 + 7
    restated = np.flatnonzero((days - world.start) % 11 == 3)
    tables = [
        Batch("app_metrics_daily", baseline(0), midnight(days), week, np.arange(world.days)),
        Batch("app_metrics_daily", baseline(3), midnight(days), week + 7, restated),
    ]

    moments = np.arange(world.start_ms + 2 * 3_600_000, world.end_ms, 5 * 86_400_000)
    colours = Choices(pick(rng, len(moments), [8, 1, 1]), ("GREEN", "YELLOW", "RED"))
    gate = {"status": colours, "updated_at": Moments(moments)}
    gates = batch(world, rng, "site_gate_status", moments, gate)
    return [
        Stream("prompts", "templates", versions, "parquet", keys=[code, code]),
        Stream("prompts", "app_metrics_daily", tables, keys=[days, days]),
        Stream("prompts", "site_gate_status", [gates], keys=[moments]),
    ]

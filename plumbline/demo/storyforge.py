"""StoryForge: sign-up, onboarding, projects, characters, scenes, iterations, exports, credits, payments."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from plumbline.demo.columns import MS_PER_DAY, Choices, Column, Constant, MajorUnits, Moments, Numbers
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

SOURCES = ("google", "tiktok", "youtube", "referral", "direct")
GOALS = ("creator", "marketer", "filmmaker")
COUNTRIES = ("US", "CN", "JP", "DE", "BR", "IN")
PLATFORMS = ("web", "mobile")
VERSIONS = ("2.3.0", "2.3.1", "2.4.0")
FORMATS = ("tiktok", "youtube", "reel", "stories", "cinematic")
RATIOS = ("9:16", "16:9", "9:16", "9:16", "16:9")  # of each format
ROUTES = ("primary", "fallback", "storyboard")
VENDORS = ("vendor_a", "vendor_b", "vendor_c")
PLANS = ("starter", "pro", "studio")
PRICES = np.array(
    [[1200, 2900, 9900], [1100, 2700, 9200], [1800, 4400, 14800]]
)  # minor units, by currency and plan
CURRENCIES = ("USD", "EUR", "JPY")
DECIMALS = np.array([2, 2, 0])
CREDITS = (200, 600, 2500)
COMMENTS = (
    "love the look",
    "too slow today",
    "character changed its face",
    "great for reels",
    "export button hidden",
)
# assignments are made on the server; variant "short" of the onboarding copy brings more people through
ASSIGNMENTS = tuple(
    {"onboarding_copy": copy, "upsell_timing": upsell}
    for copy in ("long", "short")
    for upsell in ("scene_6", "scene_8")
)
ONBOARDED = (0.70, 0.82)  # share with the long and the short copy


def simulate(world: World, truth: Truth) -> list[Stream]:
    rng = world.rng("storyforge")
    n = world.users
    joined_ms = joined(rng, n, world)
    cell = rng.integers(0, 4, n)
    goal = pick(rng, n, [5, 3, 2])
    source = pick(rng, n, [3, 3, 2, 1, 2])
    platform = pick(rng, n, [7, 3])
    person, came = visits(rng, joined_ms, rng.beta(2, 4, n), 0.75, world)
    first = np.flatnonzero(np.r_[True, np.diff(person) != 0])  # first visit of each person, who signs up then
    version = np.clip((local_day(came) - world.start) * 3 // world.days, 0, 2)
    skew = rng.integers(-20_000, 20_000, n)  # of each person's clock
    flat = chance(rng, n, 0.03)  # old clients send the properties beside the envelope
    batches: list[Batch] = []

    def event(
        name: str,
        visit: np.ndarray,
        time: np.ndarray,
        properties: dict[str, Column],
        where: np.ndarray | None = None,
        project: np.ndarray | None = None,
        session: np.ndarray | None = None,
    ) -> Batch:
        """One event type over a table whose rows belong to visits, nested or, for old clients, flat."""
        user = person[visit]
        number = len(batches)
        envelope: dict[str, Column | dict] = {
            "event": Constant(name),
            "event_id": world.ids(f"storyforge event {number}", np.arange(len(visit)), uuid=True),
            "user_id": world.ids("storyforge user", user, uuid=True),
            "client_ts": Moments(time + skew[user]),
            "server_ts": Moments(time),
            "app_version": Choices(version[visit], VERSIONS),
            "platform": Choices(platform[user], PLATFORMS),
            "experiment_assignments": Choices(cell[user], ASSIGNMENTS),
            "session_id": world.ids("storyforge session", visit if session is None else session, uuid=True),
        }
        if project is not None:
            envelope["project_id"] = world.ids("storyforge project", project, uuid=True)
        chosen = np.ones(len(visit), bool) if where is None else where
        batches.append(
            batch(world, rng, name, time, envelope | {"properties": properties}, where=chosen & ~flat[user])
        )
        batches.append(batch(world, rng, name, time, envelope | properties, where=chosen & flat[user]))
        rows = np.concatenate([batches[-2].rows, batches[-1].rows])
        return Batch(name, {}, time, batches[-2].arrived, rows)

    # sign-up and onboarding
    signed = event(
        "user_signed_up",
        first,
        came[first],
        {
            "source": Choices(source, SOURCES),
            "goal": Choices(goal, GOALS),
            "country": Choices(pick(rng, n, [4, 2, 1, 1, 1, 1]), COUNTRIES),
        },
    )
    onboarded = chance(rng, n, np.array(ONBOARDED)[cell // 2])
    brain = rng.integers(0, 8, n)
    form = pick(rng, n, [4, 3, 2, 1, 1])
    onboarding = {
        "selected_brain": world.ids("storyforge brain", np.where(chance(rng, n, 0.8), brain, -1), "brain_"),
        "selected_format": world.ids("storyforge format", np.where(chance(rng, n, 0.8), form, -1), "format_"),
    }
    after = came[first] + rng.integers(MINUTE, 12 * MINUTE, n)
    event("onboarding_completed", first, after, onboarding, where=onboarded)

    # projects: a visit starts one or goes on with the last
    starts = chance(rng, len(person), 0.3)
    starts[first] = chance(rng, n, np.where(onboarded, 0.9, 0.45))
    number = np.cumsum(starts) - 1
    before = np.r_[0, np.cumsum(starts)][first[person]]
    project = np.where(number >= before, number, -1)  # of each visit; -1 before the first project
    visit = np.flatnonzero(starts)
    made = np.arange(len(visit))
    owner = person[visit]
    start = came[visit] + np.where(visit == first[owner], 13 * MINUTE, MINUTE)
    ids = {
        "brain_id": world.ids("storyforge brain", brain[owner], "brain_"),
        "format_id": world.ids("storyforge format", form[owner], "format_"),
    }
    kinds = Choices(pick(rng, len(visit), [5, 3, 2]), ("short", "series", "advert"))
    event("project_created", visit, start, {"project_type": kinds, **ids}, project=made)
    surface = Choices(pick(rng, len(visit), [6, 4]), ("gallery", "recommendation"))
    event(
        "brain_selected",
        visit,
        start + 20_000,
        {"brain_id": ids["brain_id"], "surface": surface},
        project=made,
    )
    beats = Numbers(rng.integers(3, 13, len(visit)))
    event(
        "format_selected",
        visit,
        start + 45_000,
        {"format_id": ids["format_id"], "beats_count": beats},
        project=made,
    )
    character = world.ids("storyforge character", made, uuid=True)
    creation = Choices(pick(rng, len(visit), [3, 7]), ("upload", "generate"))
    has_character = chance(rng, len(visit), 0.8)
    event(
        "character_created",
        visit,
        start + 90_000,
        {"character_id": character, "creation_mode": creation},
        where=has_character,
        project=made,
    )
    score = np.minimum(995, 880 + rng.normal(40, 25, len(visit))).astype(np.int64)
    event(
        "character_locked",
        visit,
        start + 150_000,
        {"character_id": character, "consistency_score": Numbers(score, 3)},
        where=has_character & chance(rng, len(visit), 0.85),
        project=made,
    )
    overrides = chance(rng, len(visit), 0.02)
    safety = {
        "setting": Constant("mature_aesthetic"),
        "from_state": Constant("off"),
        "to_state": Constant("on"),
        "reason": Choices(np.where(chance(rng, len(visit), 0.5), 0, -1), ("genre",)),
    }
    event("safety_setting_changed", visit, start + 170_000, safety, where=overrides, project=made)

    generated = _scenes(world, rng, truth, event, person, came, project, form)
    _money(world, rng, truth, event, person, first, came, joined_ms)

    # feedback now and then
    visit = np.flatnonzero(chance(rng, len(person), 0.04))
    mood = pick(rng, len(visit), [5, 3, 2])
    feedback = {
        "surface": Choices(pick(rng, len(visit), [1, 1]), ("editor", "export")),
        "rating": Numbers(5 - mood.astype(np.int64) * 2),
        "comment": Choices(pick(rng, len(visit), [1] * len(COMMENTS)), COMMENTS),
        "sentiment": Choices(mood, ("positive", "neutral", "negative")),
    }
    event("feedback_submitted", visit, came[visit] + 40 * MINUTE, feedback)

    truth.series("registrations", "storyforge", truth.counts(local_day(came[first])[signed.rows]))
    truth.series("total_generations", "storyforge", truth.counts(generated[0]))
    truth.series("active_users_daily", "storyforge", truth.people(*generated))
    return [Stream("storyforge", "events", batches)]


def _scenes(
    world: World,
    rng: np.random.Generator,
    truth: Truth,
    event: Callable[..., Batch],
    person: np.ndarray,
    came: np.ndarray,
    project: np.ndarray,
    form: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Scenes, their iterations, locks and exports. Returns (local day, person) of every generation."""
    scene_visit, _ = repeated(np.where(project >= 0, 1 + rng.poisson(1.3, len(person)), 0))
    scene = np.arange(len(scene_visit))
    iterations = rng.geometric(0.62, len(scene))
    of, turn = repeated(iterations)
    visit = scene_visit[of]
    count = len(of)
    route = pick(rng, count, [90, 8, 2])
    vendor = pick(rng, count, [5, 3, 2])
    cache = pick(rng, count, [10, 8, 82])
    hit = cache < 2
    latency = np.where(
        hit, lognormal_ms(rng, count, 900), lognormal_ms(rng, count, 32_000 + 14_000 * route, 0.45)
    )
    pause = lognormal_ms(rng, count, 50_000)
    submitted = came[visit] + 17 * MINUTE + elapsed(visit, latency + pause) - latency
    finished = submitted + latency
    lost = chance(rng, count, 0.02)  # never came back
    ids = {"scene_id": world.ids("storyforge scene", of, uuid=True)}
    asked = {
        **ids,
        "beat_id": world.ids("storyforge beat", np.where(chance(rng, count, 0.7), of, -1), "beat_"),
        "parameters": world.ids("storyforge parameters", rng.integers(0, 1 << 40, count), "hash_"),
    }
    event("scene_prompt_submitted", visit, submitted, asked, project=project[visit])
    result = {
        **ids,
        "option_count": Choices(pick(rng, count, [2, 3]), (2, 4)),
        "duration_s": Choices(pick(rng, count, [3, 4, 2]), (4, 6, 8)),
        "latency_ms": Numbers(latency),
        "cache_hit": Choices(cache, ("l1", "l2", "miss")),
        "model_vendor": Choices(vendor, VENDORS),
        "safety_mode": Choices(pick(rng, count, [97, 3]), ("default", "mature")),
        "provider_route": Choices(route, ROUTES),
    }
    made = event("scene_generated", visit, finished, result, where=~lost, project=project[visit])
    reason = Choices(pick(rng, count, [3, 4, 3]), ("style", "continuity", "quality"))
    event(
        "scene_variation_requested",
        visit,
        submitted - 5_000,
        {**ids, "reason": reason},
        where=turn > 0,
        project=project[visit],
    )
    burned = {"delta": Choices(pick(rng, count, [5, 3]), (-4, -6)), "reason": Constant("generation")}
    event("credit_balance_changed", visit, finished + 150, burned, where=~lost & ~hit)

    # a scene is locked after its last iteration
    last = np.cumsum(iterations) - 1
    back = np.bincount(of, ~lost, len(scene)).astype(np.int64)
    locks = (back > 0) & ~lost[last] & chance(rng, len(scene), 0.75)
    lock_time = finished[last] + rng.integers(5_000, 40_000, len(scene))
    score = np.minimum(990, 850 + rng.normal(65, 30, len(scene))).astype(np.int64)
    locked = {
        "scene_id": world.ids("storyforge scene", scene, uuid=True),
        "iterations_count": Numbers(back),
        "consistency_score": Numbers(score, 3),
    }
    event("scene_locked", scene_visit, lock_time, locked, where=locks, project=project[scene_visit])

    # exports of visits with a locked scene
    scenes = np.bincount(scene_visit, locks, len(person)).astype(np.int64)
    visit = np.flatnonzero((scenes > 0) & chance(rng, len(person), 0.42))
    latest = np.zeros(len(person), np.int64)
    np.maximum.at(latest, scene_visit, lock_time)
    start = latest[visit] + rng.integers(30_000, 240_000, len(visit))
    render = lognormal_ms(rng, len(visit), 75_000, 0.4)
    fails = chance(rng, len(visit), 0.07)
    shape = form[person[visit]]
    export = {
        "export_id": world.ids("storyforge export", np.arange(len(visit)), uuid=True),
        "scenes_count": Numbers(scenes[visit]),
        "format": Choices(shape, FORMATS),
    }
    event(
        "export_started",
        visit,
        start,
        {**export, "aspect_ratio": Choices(shape, RATIOS)},
        project=project[visit],
    )
    rendered = {
        **export,
        "duration_s": Numbers(scenes[visit] * 6),
        "render_time_ms": Numbers(render),
    }
    good = event("export_succeeded", visit, start + render, rendered, where=~fails, project=project[visit])
    failure = {
        "export_id": export["export_id"],
        "error_code": Choices(
            pick(rng, len(visit), [5, 3, 2]), ("RENDER_TIMEOUT", "CODEC_ERROR", "STORAGE_ERROR")
        ),
        "stage": Choices(pick(rng, len(visit), [1, 5, 4]), ("storyboard", "synthesis", "export")),
    }
    bad = event("export_failed", visit, start + render // 2, failure, where=fails, project=project[visit])
    charge = {"delta": Constant(-10), "reason": Constant("export")}
    event("credit_balance_changed", visit, start + render + 200, charge, where=~fails)

    ok = truth.counts(local_day(start + render)[good.rows])
    truth.series(
        "export_success_rate", "storyforge", ok, ok + truth.counts(local_day(start + render // 2)[bad.rows])
    )
    owner = person[scene_visit[of]]
    return local_day(finished)[made.rows], owner[made.rows]


def _money(
    world: World,
    rng: np.random.Generator,
    truth: Truth,
    event: Callable[..., Batch],
    person: np.ndarray,
    first: np.ndarray,
    came: np.ndarray,
    joined_ms: np.ndarray,
) -> None:
    """Plan payments every 30 days while people stay, credits bought and given back, marketplace purchases."""
    n = len(joined_ms)
    payer = np.flatnonzero(chance(rng, n, 0.09))
    who, month = repeated(rng.geometric(0.35, len(payer)))
    user = payer[who]
    began = joined_ms[payer] + lognormal_ms(rng, len(payer), 30 * HOUR, 1.4)
    time = began[who] + month * 30 * MS_PER_DAY
    plan = pick(rng, len(payer), [5, 4, 1])[who]
    money = pick(rng, n, [80, 12, 8])[user]
    price = PRICES[money, plan]
    visit = first[user]
    payment = {
        "payment_id": world.ids("storyforge payment", np.arange(len(user)), "pay_"),
        "plan": Choices(plan, PLANS),
        "amount": MajorUnits(price, DECIMALS[money]),
        "currency": Choices(money, CURRENCIES),
        "credits_purchased": Choices(plan, CREDITS),
    }
    session = len(person) + np.arange(len(user))  # renewals are sessions of their own
    paid = event("payment_succeeded", visit, time, payment, session=session)
    bought = {"delta": Choices(plan, CREDITS), "reason": Constant("purchase")}
    event("credit_balance_changed", visit, time + 300, bought, session=session)
    back = {"delta": Numbers(rng.integers(5, 60, len(user))), "reason": Constant("refund")}
    event(
        "credit_balance_changed",
        visit,
        time + 2 * HOUR,
        back,
        where=chance(rng, len(user), 0.05),
        session=session,
    )

    buys = np.flatnonzero(chance(rng, len(person), 0.015))
    asset = pick(rng, len(buys), [4, 3, 3])
    purchase = {
        "asset_id": world.ids("storyforge asset", rng.integers(0, 50, len(buys)), "asset_"),
        "asset_type": Choices(asset, ("brain", "format", "character_pack")),
        "price": Choices(asset, (9.99, 4.99, 14.99)),
    }
    event("marketplace_purchase", buys, came[buys] + 25 * MINUTE, purchase)

    day = local_day(time)
    for code, name in enumerate(CURRENCIES):
        mine = paid.rows[money[paid.rows] == code]
        truth.series(
            "gross_minor", "storyforge", truth.counts(day[mine], price[mine]), segment=("currency", name)
        )
    truth.series("new_paying_users", "storyforge", truth.first_days(day[paid.rows], user[paid.rows]))

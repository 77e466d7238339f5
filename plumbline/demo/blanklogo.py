"""BlankLogo: ads, landing, sign-up by e-mail, credits, watermark jobs, checkout, subscriptions, churn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plumbline.demo.columns import MS_PER_DAY, Choices, Column, Constant, Dates, MajorUnits, Moments, Numbers
from plumbline.demo.lives import (
    HOUR,
    MINUTE,
    Batch,
    Stream,
    World,
    batch,
    chance,
    elapsed,
    first_of_each,
    joined,
    local_day,
    lognormal_ms,
    midnight,
    pick,
    repeated,
    visits,
)
from plumbline.demo.truth import Truth

CAMPAIGNS = 6  # the last code means: came without an ad
SOURCES = ("facebook", "facebook", "instagram", "instagram", "google", "tiktok")  # of each campaign
NAMES = ("prospecting_us", "prospecting_eu", "retargeting", "creators", "brand_search", "spark_ads")
ANGLES = ("ugc_deliverable", "quality", "speed", "privacy", "quality", "ugc_deliverable")
SPEND = (9000, 6000, 3000, 4500, 5200, 2500)  # minor units a day at 2,000 people
VARIANTS = ("hero_v2", "hero_v3")
CLICKS_CTA = (0.50, 0.60)  # share with the old and the new hero
DEVICES = ("mobile", "desktop", "tablet")
GEOS = ("US", "GB", "DE", "JP", "CN", "BR")
PLATFORMS = ("tiktok", "sora", "runway", "unknown")
MODES = ("crop", "inpaint")
RESOLUTIONS = ("720p", "1080p", "4k")
FAILURES = (("watermark_not_found", "NOT_FOUND"), ("decode_error", "DECODE"), ("gpu_error", "GPU"))
CURRENCIES = ("USD", "EUR", "JPY")
DECIMALS = np.array([2, 2, 0])
PLANS = ("starter", "pro", "business")
PLAN_PRICES = np.array([[900, 1900, 4900], [900, 1800, 4600], [1300, 2800, 7200]])  # minor units
PACKS = ("pack_10", "pack_50", "pack_200")
PACK_PRICES = np.array([[500, 1900, 5900], [500, 1800, 5500], [700, 2800, 8800]])
CREDITS = (10, 50, 200)


NEVER = 1 << 60


@dataclass(frozen=True)
class Jobs:
    """One row per job: whose visit, when created and finished, whether it succeeded and was downloaded."""

    visit: np.ndarray
    created: np.ndarray  # ms
    finished: np.ndarray  # ms
    succeeded: np.ndarray  # bool
    downloaded: np.ndarray  # bool
    credits_after: np.ndarray
    completed: Batch


def simulate(world: World, truth: Truth) -> list[Stream]:
    life = _Life(world)
    life.acquisition()
    life.activation()
    jobs = life.jobs()
    life.money(truth, jobs)
    life.retention(jobs)
    life.account(jobs)

    rows = life.counted(jobs.completed.rows, jobs.visit)
    day, person = local_day(jobs.finished)[rows], life.person[jobs.visit[rows]]
    truth.series("active_users_daily", "blanklogo", truth.people(day, person))
    truth.series("total_generations", "blanklogo", truth.counts(day))
    return [Stream("blanklogo", "events", life.batches), life.ad_spend()]


class _Life:
    """People, their visits and devices, the lines collected so far. Visits are sorted by person and time."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rng = rng = world.rng("blanklogo")
        n = self.n = world.users
        self.batches: list[Batch] = []
        joined_ms = joined(rng, n, world)
        self.person, self.came = visits(rng, joined_ms, rng.beta(2, 4, n), 0.75, world)
        count = len(self.person)
        self.first = np.r_[True, np.diff(self.person) != 0]

        self.campaign = pick(rng, n, [22, 15, 8, 12, 10, 8, 25])
        self.variant = rng.integers(0, 2, n)
        self.tester = (
            np.arange(n) % 97 == 13
        )  # people of the company on the staging site: sent, never counted
        self.device_kind = pick(rng, n, [6, 3, 1])
        self.geo = pick(rng, n, [5, 2, 1, 1, 1, 1])
        # anonymous ids: one in five people use a second device, one in fifty share that of the person before
        borrows = (np.arange(n) > 0) & chance(rng, n, 0.02)
        main = np.arange(n) - borrows
        self.alone = ~borrows & ~np.r_[borrows[1:], False]
        second = chance(rng, n, 0.2)[self.person] & chance(rng, count, 0.3)
        self.device = np.where(second, n + self.person, main[self.person])

        # who signs up, and at which visit: most at the first, some come back for it
        clicks = chance(rng, count, np.array(CLICKS_CTA)[self.variant[self.person]])
        starts = clicks & chance(rng, count, 0.75)
        submits = starts & chance(rng, count, 0.85)
        logs_in = submits & chance(rng, count, 0.9)
        signup = np.full(n, count)
        np.minimum.at(signup, self.person[logs_in], np.flatnonzero(logs_in))
        at = np.arange(count)
        self.anonymous = at <= signup[self.person]  # visits that begin without a user
        self.signing = at == signup[self.person]
        self.clicks, self.starts, self.submits = (mask & self.anonymous for mask in (clicks, starts, submits))
        self.signup_ms = self.came + 5 * MINUTE + lognormal_ms(rng, count, 2 * MINUTE)
        logs_in_again = ~self.anonymous & chance(rng, count, 0.4)
        self.again_ms = self.came + 8_000
        self.login = np.where(self.anonymous, np.where(self.signing, self.signup_ms, NEVER), self.came)
        self.login = np.where(logs_in_again, self.again_ms, self.login)
        self.logs_in_again = logs_in_again
        self.inside = ~self.anonymous | self.signing  # visits in which the person gets to the product

    def event(
        self,
        name: str,
        visit: np.ndarray,
        time: np.ndarray,
        properties: dict[str, Column],
        where: np.ndarray | None = None,
        source: str = "web",
        with_id: bool = True,
    ) -> Batch:
        """One event type over a table whose rows belong to visits; the user is known from the log-in on."""
        world, person = self.world, self.person[visit]
        fields: dict[str, Column | dict] = {
            "event": Constant(name),
            "timestamp": Moments(time),
            "source": Constant(source),
            "environment": Choices(self.tester[person].astype(np.int8), ("prod", "staging")),
            "distinct_id": world.ids("blanklogo device", self.device[visit], "anon_"),
            "user_id": world.ids("blanklogo user", np.where(time >= self.login[visit], person, -1), "usr_"),
            "session_id": world.ids("blanklogo session", visit, "sess_"),
            "properties": {"experiment_variant": Choices(self.variant[person], VARIANTS), **properties},
        }
        if with_id:
            number = len(self.batches)
            fields = {
                "event_id": world.ids(f"blanklogo event {number}", np.arange(len(visit)), uuid=True)
            } | fields
        self.batches.append(batch(world, self.rng, name, time, fields, where))
        return self.batches[-1]

    def counted(self, rows: np.ndarray, visit: np.ndarray) -> np.ndarray:
        """Those of some rows that metrics count: not the testers."""
        return rows[~self.tester[self.person[visit[rows]]]]

    def _touch(self, visit: np.ndarray, page: str) -> dict[str, Column]:
        """Where a person came from, as on every page before sign-up."""
        world, person = self.world, self.person[visit]
        code = self.campaign[person]
        ad = np.where(code < CAMPAIGNS, code, -1)
        social = np.where((code < 4) & (code >= 0), self.device[visit], -1)
        search = np.where(code == 4, self.device[visit], -1)
        return {
            "utm_source": Choices(np.where(ad < 0, CAMPAIGNS, ad), (*SOURCES, "direct")),
            "utm_campaign": Choices(ad, NAMES),
            "utm_adset": Choices(ad, tuple(f"adset_{number}" for number in range(CAMPAIGNS))),
            "utm_content": Choices(ad, tuple(f"content_{number}" for number in range(CAMPAIGNS))),
            "fbclid": world.ids("blanklogo fbclid", social, "fb_"),
            "gclid": world.ids("blanklogo gclid", search, "g_"),
            "referrer": Choices(ad, tuple(f"https://www.{source}.com/" for source in SOURCES)),
            "landing_variant": Choices(self.variant[person], VARIANTS),
            "page_path": Constant(page),
            "device": Choices(self.device_kind[person], DEVICES),
            "geo": Choices(self.geo[person], GEOS),
            "campaign_id": world.ids("blanklogo campaign", ad, "cmp_"),
            "adset_id": world.ids("blanklogo adset", ad, "ads_"),
            "ad_id": world.ids("blanklogo ad", ad, "ad_"),
            "creative_id": world.ids("blanklogo creative", ad, "cr_"),
            "ad_angle": Choices(ad, ANGLES),
        }

    def acquisition(self) -> None:
        rng, came = self.rng, self.came
        visit = np.arange(len(came))
        ads = self.first & (self.campaign[self.person] < CAMPAIGNS)
        landing, pricing = self._touch(visit, "/"), self._touch(visit, "/pricing")
        self.ad_clicks = self.event(
            "ad_click", visit, came - 3_000, landing, ads & chance(rng, len(visit), 0.9)
        )
        self.event("landing_view", visit, came, landing, self.anonymous)
        self.click_ms = came + lognormal_ms(rng, len(visit), 25_000)
        self.event("cta_click", visit, self.click_ms, landing, self.clicks)
        self.event(
            "pricing_view", visit, came + 45_000, pricing, self.anonymous & chance(rng, len(visit), 0.18)
        )
        self.event(
            "faq_expand", visit, came + 70_000, landing, self.anonymous & chance(rng, len(visit), 0.07)
        )
        consent = {
            "analytics_allowed": Constant(True),
            "ads_allowed": Choices(pick(rng, len(visit), [7, 3]), (True, False)),
        }
        asked = self.first & chance(rng, len(visit), 0.5)
        self.event("cookie_consent_updated", visit, came + 2_000, consent, asked)

    def activation(self) -> None:
        """Sign-up with an e-mail link, log-in, credits, first look at the upload page; later log-ins."""
        rng, login = self.rng, self.login
        visit = np.arange(len(login))
        begun = np.minimum(self.click_ms + 10_000, self.came + 4 * MINUTE)
        submitted = begun + 20_000
        self.event("signup_start", visit, begun, {}, self.starts)
        self.event("signup_submit", visit, submitted, {}, self.submits)
        self.event("auth_email_sent", visit, submitted + 900, {}, self.submits, "server")
        reached = self.submits & (self.signing | chance(rng, len(visit), 0.9))
        self.event("auth_email_delivered", visit, submitted + 2_400, {}, reached, "server")
        opened = reached & chance(rng, len(visit), 0.7)
        self.event("auth_email_opened", visit, submitted + 12_000, {}, opened, "server")
        self.event("auth_email_link_clicked", visit, self.signup_ms - 1_500, {}, self.signing)
        self.event("login_success", visit, self.signup_ms, {}, self.signing, "server")
        self.event("login_success", visit, self.again_ms, {}, self.logs_in_again, "server")
        granted = {"credits_before": Constant(0), "credits_after": Constant(12)}
        self.event("credits_granted", visit, self.signup_ms + 700, granted, self.signing, "server")
        self.event(
            "onboarding_view", visit, self.signup_ms + 3_000, {}, self.signing & chance(rng, len(visit), 0.9)
        )
        self.upload_ms = np.where(self.signing, self.signup_ms + 15_000, self.came + 20_000)
        self.uploads = self.inside & chance(rng, len(visit), 0.85)
        self.event("upload_view", visit, self.upload_ms, {}, self.uploads)
        self.event(
            "activation_complete", visit, self.upload_ms + 50, {}, self.uploads & self.signing, "server"
        )

    def jobs(self) -> Jobs:
        """Uploads and jobs; what a job is stays the same from creation to download."""
        rng, world = self.rng, self.world
        visit, _ = repeated(np.where(self.uploads, 1 + rng.poisson(0.8, len(self.came)), 0))
        count = len(visit)
        job = np.arange(count)
        size = lognormal_ms(rng, count, 40_000_000, 0.7)  # bytes
        begun = self.upload_ms[visit] + 10_000 + elapsed(visit, lognormal_ms(rng, count, 4 * MINUTE))
        uploaded = begun + lognormal_ms(rng, count, 15_000)
        arrives = chance(rng, count, 0.97)
        created = uploaded + 800
        waited = lognormal_ms(rng, count, 6_000, 0.9)
        took = lognormal_ms(rng, count, 60_000, 0.6)
        started, finished = created + waited, created + waited + took
        mode, platform = pick(rng, count, [4, 6]), pick(rng, count, [4, 3, 2, 1])
        ok = chance(rng, count, np.array([0.93, 0.9, 0.88, 0.75])[platform])
        # a balance of 12 that is topped up when it is used up
        owner = self.person[visit]
        nth = job - first_of_each(owner)
        before = 12 - nth % 12

        clip: dict[str, Column] = {
            "video_bytes": Numbers(size),
            "duration_seconds": Numbers(rng.integers(3, 90, count)),
            "resolution": Choices(pick(rng, count, [3, 6, 1]), RESOLUTIONS),
        }
        ids: dict[str, Column] = {
            "job_id": world.ids("blanklogo job", job, "job_"),
            "mode": Choices(mode, MODES),
            "detected_platform": Choices(platform, PLATFORMS),
        }
        runs = arrives
        self.event("upload_started", visit, begun, clip)
        self.event("upload_completed", visit, uploaded, clip, arrives)
        spent = {"credits_before": Numbers(before), "credits_after": Numbers(before - 1)}
        self.event("job_created", visit, created, {**ids, **clip, **spent}, runs, "server", with_id=False)
        seen = {**ids, "watermark_confidence": Numbers(np.minimum(99, 55 + rng.integers(0, 45, count)), 2)}
        found = runs & chance(rng, count, 0.95)
        self.event("watermark_detected", visit, created + 400, seen, found, "worker", with_id=False)
        self.event("processing_started", visit, started, ids, runs, "worker", with_id=False)
        done = {**ids, "processing_time_ms": Numbers(took), "success_bool": Constant(True)}
        completed = self.event(
            "processing_completed", visit, finished, done, runs & ok, "worker", with_id=False
        )
        cause = pick(rng, count, [5, 3, 2])
        broken = {
            **ids,
            "processing_time_ms": Numbers(took),
            "success_bool": Constant(False),
            "failure_reason": Choices(cause, tuple(reason for reason, _ in FAILURES)),
            "error_code": Choices(cause, tuple(code for _, code in FAILURES)),
        }
        fails = runs & ~ok
        self.event("processing_failed", visit, finished, broken, fails, "worker", with_id=False)
        given_back = {**ids, "credits_before": Numbers(before - 1), "credits_after": Numbers(before)}
        self.event("job_refunded", visit, finished + 5_000, given_back, fails, "server", with_id=False)
        late = runs & ok & chance(rng, count, 0.01)
        self.event("job_timeout", visit, started + took // 2, {"job_id": ids["job_id"]}, late, "worker")
        shown = {"error_code": broken["error_code"]}
        self.event("error_shown", visit, finished + 1_000, shown, fails & chance(rng, count, 0.8))
        self.event(
            "api_error",
            visit,
            begun + 300,
            {"error_code": Constant("HTTP_503")},
            chance(rng, count, 0.01),
            "server",
        )
        trouble = {"error_code": Constant("PUT_FAILED")}
        self.event("storage_error", visit, uploaded, trouble, ~arrives, "server")

        gets = runs & ok & chance(rng, count, 0.85)
        got_ms = finished + lognormal_ms(rng, count, 30_000, 0.8)
        one = {"job_id": ids["job_id"]}
        self.event("download_clicked", visit, got_ms, one, gets)
        self.event("download_completed", visit, got_ms + 4_000, one, gets & chance(rng, count, 0.96))
        self.event("share_clicked", visit, got_ms + 20_000, one, gets & chance(rng, count, 0.05))
        self.event(
            "notification_sent", visit, finished + 2_000, one, runs & ok & chance(rng, count, 0.4), "server"
        )
        noticed = runs & ok & chance(rng, count, 0.05)
        self.event("notification_clicked", visit, finished + 25 * MINUTE, one, noticed)
        low = runs & (before == 2)
        balance = {"credits_after": Constant(1)}
        self.event("low_credits_warning_shown", visit, created + 1_000, balance, low)
        self.event(
            "low_credits_topup_clicked", visit, created + 9_000, balance, low & chance(rng, count, 0.4)
        )
        return Jobs(visit, created, finished, runs & ok, gets, before - 1, completed)

    def money(self, truth: Truth, jobs: Jobs) -> None:
        """Paywall, checkout, credit packs, subscriptions with renewals, changes, ends, and refunds."""
        rng, world = self.rng, self.world
        happy = np.bincount(jobs.visit, jobs.downloaded, len(self.came)) > 0
        visit = np.flatnonzero(happy)
        self.event(
            "paywall_view", visit, self.upload_ms[visit] + 12 * MINUTE, {}, chance(rng, len(visit), 0.5)
        )
        visit = visit[chance(rng, len(visit), 0.16)]
        begun = self.upload_ms[visit] + 13 * MINUTE
        pays = chance(rng, len(visit), 0.7)
        bought_ms = begun + lognormal_ms(rng, len(visit), 90_000)
        # one subscription per person at most: the first paid order may open it, the others are packs
        opener = np.zeros(len(visit), bool)
        paid_at = np.flatnonzero(pays)
        _, earliest = np.unique(self.person[visit[paid_at]], return_index=True)
        opener[paid_at[earliest]] = True
        subscribes = opener & chance(rng, len(visit), 0.45)
        yearly = subscribes & chance(rng, len(visit), 0.15)
        trial = subscribes & ~yearly & chance(rng, len(visit), 0.15)
        size = pick(rng, len(visit), [6, 3, 1])
        currency = pick(rng, self.n, [82, 12, 6])
        money = currency[self.person[visit]]
        decimals = DECIMALS[money]
        plan_price = PLAN_PRICES[money, size] * np.where(yearly, 10, 1)
        price = np.where(subscribes, plan_price, PACK_PRICES[money, size])
        price = np.where(trial, 0, price)
        terms: dict[str, Column] = {
            "order_id": world.ids("blanklogo order", np.arange(len(visit)), "ord_"),
            "sku": Choices(np.where(subscribes, size + 3, size), PACKS + PLANS),
            "plan": Choices(np.where(subscribes, size, -1), PLANS),
            "billing_period": Choices(
                np.where(subscribes, yearly.astype(int), 2), ("monthly", "yearly", "one-time")
            ),
            "price": MajorUnits(price, decimals),
            "currency": Choices(money, CURRENCIES),
            "payment_provider": Constant("stripe"),
            "is_trial": Choices(trial.astype(np.int8), (False, True)),
        }
        bought = {
            **terms,
            "credits_added": Choices(size, CREDITS),
            "coupon": Choices(np.where(chance(rng, len(visit), 0.1), 0, -1), ("WELCOME10",)),
        }
        self.event("checkout_started", visit, begun, terms)
        self.event(
            "checkout_step",
            visit,
            begun + 25_000,
            {"order_id": terms["order_id"]},
            chance(rng, len(visit), 0.8),
        )
        # an order shows up under two names, with one order_id: the purchase and what was purchased
        purchase = self.event(
            "purchase_completed", visit, bought_ms, bought, pays & ~trial, "server", with_id=False
        )
        self.event("topup_purchased", visit, bought_ms, bought, pays & ~subscribes, "server", with_id=False)
        self.event("subscription_started", visit, bought_ms, bought, pays & subscribes, "server")

        renewals = self._renewals(visit, bought_ms, size, yearly, trial, pays & subscribes, money)
        refunds = pays & ~trial & chance(rng, len(visit), 0.03)
        back_ms = bought_ms + rng.integers(HOUR, 6 * MS_PER_DAY, len(visit))
        refund = {key: terms[key] for key in ("order_id", "price", "currency")}
        self.event("refund_issued", visit, back_ms, refund, refunds, "server", with_id=False)

        sold = self.counted(purchase.rows, visit)
        day = np.r_[local_day(bought_ms)[sold], renewals[0]]
        paid = np.r_[price[sold], renewals[1]]
        unit = np.r_[money[sold], renewals[2]]
        who = np.r_[self.person[visit[sold]], renewals[3]]
        for code, name in enumerate(CURRENCIES):
            mine = unit == code
            truth.series(
                "gross_minor", "blanklogo", truth.counts(day[mine], paid[mine]), segment=("currency", name)
            )
        truth.series("new_paying_users", "blanklogo", truth.first_days(day, who))

    def _renewals(
        self,
        visit: np.ndarray,
        bought_ms: np.ndarray,
        size: np.ndarray,
        yearly: np.ndarray,
        trial: np.ndarray,
        begins: np.ndarray,
        money: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Monthly renewals until the end. Returns (local day, price, currency, person) of each renewal."""
        rng, world = self.rng, self.world
        months = np.where(begins & ~yearly, rng.geometric(0.3, len(visit)) - 1, 0)
        of, month = repeated(months)
        first = np.where(trial, 7, 30)[of]
        time = bought_ms[of] + (first + 30 * month) * MS_PER_DAY
        jumps = chance(rng, len(of), 0.06) & (month == 0) & (size[of] < 2)  # changed to the next plan before
        changed = np.zeros(len(visit), bool)
        changed[of[jumps]] = True
        plan = np.minimum(2, size[of] + changed[of])
        price = PLAN_PRICES[money[of], plan]
        key = len(visit) + np.arange(len(of))
        terms: dict[str, Column] = {
            "order_id": world.ids("blanklogo order", key, "ord_"),
            "plan": Choices(plan, PLANS),
            "billing_period": Constant("monthly"),
            "price": MajorUnits(price, DECIMALS[money[of]]),
            "currency": Choices(money[of], CURRENCIES),
            "payment_provider": Constant("stripe"),
            "is_trial": Constant(False),
        }
        self.event("plan_changed", visit[of], time - HOUR, terms, jumps, "server")
        self.event("invoice_failed", visit[of], time - 2 * HOUR, terms, chance(rng, len(of), 0.05), "server")
        added = {**terms, "credits_added": Choices(plan, CREDITS)}
        renewed = self.event("subscription_renewed", visit[of], time, added, source="server")
        # the end: at the close of the last paid month, announced now
        stop = bought_ms + (np.where(trial, 7, 30) + 30 * months) * MS_PER_DAY
        last = np.minimum(2, size + changed)
        ended = {
            "plan": Choices(last, PLANS),
            "billing_period": Constant("monthly"),
            "price": MajorUnits(PLAN_PRICES[money, last], DECIMALS[money]),
            "currency": Choices(money, CURRENCIES),
        }
        self.event("subscription_canceled", visit, stop, ended, begins & ~yearly, "server")
        rows = self.counted(renewed.rows, visit[of])
        return local_day(time)[rows], price[rows], money[of[rows]], self.person[visit[of[rows]]]

    def retention(self, jobs: Jobs) -> None:
        """What the collector derives about people who come back after a day or more."""
        visit = np.arange(len(self.came))
        gap = np.r_[0, np.diff(self.came)]
        returns = ~self.first & (gap >= 25 * HOUR)
        self.event("return_session", visit, self.came + 100, {}, returns, "server")
        again = returns & self.uploads
        self.event("upload_returning_user", visit, self.upload_ms + 12_000, {}, again, "server")
        done = jobs.succeeded & returns[jobs.visit]
        self.event("job_completed_returning_user", jobs.visit, jobs.finished + 60, {}, done, "server")
        took = (jobs.finished - jobs.created) // 1000
        bucket = {"bucket": Choices(np.digitize(took, [30, 121]), ("<30s", "30-120s", ">120s"))}
        self.event("latency_bucket", jobs.visit, jobs.finished + 80, bucket, jobs.succeeded, "server")

    def account(self, jobs: Jobs) -> None:
        """People who leave: opt-outs never sign up, deleted accounts never had a job, so no metric moves."""
        rng, came = self.rng, self.came
        visit = np.arange(len(came))
        signed = np.zeros(self.n, bool)
        signed[self.person[self.signing]] = True
        never = (~signed & self.alone)[self.person]
        refuses = self.first & never & chance(rng, len(visit), 0.03)
        none = {"analytics_allowed": Constant(False), "ads_allowed": Constant(False)}
        self.event("cookie_consent_updated", visit, came + 90_000, none, refuses)
        worked = np.zeros(self.n, bool)
        worked[self.person[jobs.visit]] = True
        leaves = self.signing & ~worked[self.person] & chance(rng, len(visit), 0.1)
        self.event("account_deletion_started", visit, self.signup_ms + 20 * MINUTE, {}, leaves)
        self.event("account_deleted", visit, self.signup_ms + 30 * MINUTE, {}, leaves, "server")
        asks = self.inside & chance(rng, len(visit), 0.002)
        self.event("data_export_requested", visit, self.upload_ms + 15 * MINUTE, {}, asks)

    def ad_spend(self) -> Stream:
        """Spend per day and campaign, delivered weekly; some rows are restated a week later."""
        world, rng = self.world, self.rng
        rows = self.ad_clicks.rows
        day = local_day(self.ad_clicks.time[rows]) - world.start
        cell = day * CAMPAIGNS + self.campaign[self.person[rows]]
        clicks = np.bincount(cell, minlength=world.days * CAMPAIGNS)
        days = np.repeat(world.all_days, CAMPAIGNS)
        campaign = np.tile(np.arange(CAMPAIGNS), world.days)
        spend = (np.array(SPEND)[campaign] * (0.8 + 0.4 * rng.random(len(days))) * self.n / 2000).astype(
            np.int64
        )
        week = world.start + (days - world.start) // 7 * 7 + 7

        def table(extra: int) -> dict[str, Column]:
            return {
                "date": Dates(days),
                "campaign_id": world.ids("blanklogo campaign", campaign, "cmp_"),
                "spend": Numbers(spend + extra, 2),
                "currency": Constant("USD"),
                "impressions": Numbers(clicks * 40 + 17),
                "clicks": Numbers(clicks),
            }

        key = np.arange(len(days))
        first = Batch("ad_spend", table(0), midnight(days), week, key)
        again = Batch("ad_spend", table(7), midnight(days), week + 7, key[key % 37 == 5])
        return Stream("blanklogo", "ad_spend", [first, again], "csv.gz", keys=[key, key])

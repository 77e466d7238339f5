"""The app: registrations, tasks with failures and tokens, actions on results, trades, subscriptions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plumbline.demo.columns import MS_PER_DAY, Choices, Column, Dates, MajorUnits, Moments, Numbers
from plumbline.demo.lives import (
    HOUR,
    MINUTE,
    Batch,
    Stream,
    World,
    arrival,
    batch,
    chance,
    elapsed,
    joined,
    local_day,
    lognormal_ms,
    midnight,
    pick,
    repeated,
    time_of_day,
    visits,
)
from plumbline.demo.truth import Truth

SOURCES = ("Bilibili", "Xiaohongshu", "Douyin", "Zhihu", "WeChat", "Direct")
REFERRERS = (
    "https://www.bilibili.com/",
    "https://www.xiaohongshu.com/",
    "https://www.douyin.com/",
    "https://www.zhihu.com/",
    "https://mp.weixin.qq.com/",
)
TASK_TYPES = ("image_text", "text_only")
MODELS = ("qwen-max", "gpt-4o", "deepseek-v3")
ACTIONS = ("copy", "download", "save")
PROCESSORS = ("wechat", "alipay", "stripe")
CURRENCIES = ("CNY", "USD", "JPY")
DECIMALS = np.array([2, 2, 0])
PLANS = ("basic", "pro", "team")
FEES = np.array(
    [[2990, 6800, 19800], [499, 999, 2999], [600, 1500, 4500]]
)  # minor units, by currency and plan
TOPUPS = np.array([[1000, 5000, 20000], [199, 799, 2999], [300, 1200, 4800]])
PERIOD_DAYS = 30
ROUNDS = 6  # most stretches in the life of one subscriber
ACTIVE, TRIALING, PAUSED = 0, 1, 2


@dataclass
class Stretches:
    """Unbroken stretches of subscriptions; ``end`` is the first local day without."""

    user: np.ndarray
    plan: np.ndarray
    status: np.ndarray  # ACTIVE, TRIALING or PAUSED
    start: np.ndarray  # local day
    end: np.ndarray  # local day


def simulate(world: World, truth: Truth) -> list[Stream]:
    rng = world.rng("app")
    n = world.users
    joined_ms = joined(rng, n, world)
    source = pick(rng, n, [30, 25, 15, 8, 7, 15])
    person, came = visits(rng, joined_ms, rng.beta(2, 4, n), 0.7, world)
    users = _users(world, rng, joined_ms, source, person, came)
    logs = _generations(world, rng, truth, joined_ms, person, came)

    currency = pick(rng, n, [88, 8, 4])
    share = np.array([0.15, 0.19, 0.10, 0.13, 0.18, 0.12])[source]
    payer = np.flatnonzero(chance(rng, n, share))
    first_pay = joined_ms[payer] + lognormal_ms(rng, len(payer), 20 * HOUR, 1.6)
    subscribes = chance(rng, len(payer), 0.6)
    stretches = _subscriptions(world, rng, payer[subscribes], local_day(first_pay[subscribes]))
    trades = _trades(world, rng, truth, currency, payer, first_pay, subscribes, stretches)
    records = _subscription_records(world, rng, truth, currency, stretches)

    registered = users.batches[0].rows
    truth.series("registrations", "app", truth.counts(local_day(joined_ms[registered])))
    return [users, *logs, trades, records]


def _user(world: World, keys: np.ndarray) -> Column:
    return world.ids("app user", keys, "usr_")


def _users(
    world: World,
    rng: np.random.Generator,
    joined_ms: np.ndarray,
    source: np.ndarray,
    person: np.ndarray,
    came: np.ndarray,
) -> Stream:
    """The user table: one row at registration, some users again after later log-ins."""
    n = len(joined_ms)
    noted = chance(rng, n, 0.85)  # registrations that kept their utm_source

    def rows(who: np.ndarray, login: np.ndarray) -> dict[str, Column]:
        return {
            "user_id": _user(world, who),
            "registration_date": Moments(joined_ms[who]),
            "utm_source": Choices(np.where(noted[who], source[who], -1), SOURCES),
            "referrer": Choices(np.where(source[who] < len(REFERRERS), source[who], -1), REFERRERS),
            "last_login_time": Moments(login),
        }

    first = batch(world, rng, "users", joined_ms, rows(np.arange(n), joined_ms), arrived=local_day(joined_ms))
    later = (local_day(came) > local_day(joined_ms)[person]) & chance(rng, len(person), 0.08)
    again = Batch(
        "users", rows(person, came), came, local_day(came), np.flatnonzero(later & (came < world.end_ms))
    )
    return Stream("app", "users", [first, again], "csv", keys=[np.arange(n), person])


def _generations(
    world: World,
    rng: np.random.Generator,
    truth: Truth,
    joined_ms: np.ndarray,
    person: np.ndarray,
    came: np.ndarray,
) -> list[Stream]:
    """Tasks of every visit, failed ones often tried again, and what people do with the results."""
    visit, _ = repeated(1 + rng.poisson(1.6, len(person)))
    time = came[visit] + elapsed(visit, lognormal_ms(rng, len(visit), 150_000))
    kind = pick(rng, len(visit), [6, 4])
    failed = chance(rng, len(visit), 0.07)
    again = failed & chance(rng, len(visit), 0.6)
    visit, kind = np.r_[visit, visit[again]], np.r_[kind, kind[again]]
    time = np.r_[time, time[again] + rng.integers(10_000, 90_000, int(again.sum()))]
    failed = np.r_[failed, chance(rng, int(again.sum()), 0.15)]
    count = len(visit)
    user = person[visit]
    tokens = lognormal_ms(rng, count, np.array([2_600, 900])[kind], 0.4)
    task_id = world.ids("app task", np.arange(count), "task_")
    logged = {
        "task_id": task_id,
        "user_id": _user(world, user),
        "task_type": Choices(kind, TASK_TYPES),
        "status": Choices(failed.astype(np.int8), ("success", "failed")),
        "token_consumed": Numbers(np.where(failed, tokens // 3, tokens)),
        "model": Choices(np.where(chance(rng, count, 0.97), pick(rng, count, [5, 3, 2]), -1), MODELS),
        "created_at": Moments(time),
    }
    tasks = batch(world, rng, "task_generate_log", time, logged)

    task, _ = repeated(np.where(failed, 0, rng.binomial(2, 0.36, count)))
    act_time = time[task] + elapsed(task, lognormal_ms(rng, len(task), 60_000, 0.9))
    slow = chance(rng, len(task), 0.04)
    act_time = act_time + np.where(slow, rng.integers(HOUR, 3 * MS_PER_DAY, len(task)), 0)
    acted = {
        "user_id": _user(world, user[task]),
        "action_type": Choices(pick(rng, len(task), [5, 3, 2]), ACTIONS),
        "task_id": world.ids("app task", task, "task_"),
        "created_at": Moments(act_time),
    }
    actions = batch(world, rng, "user_action_log", act_time, acted)

    day = local_day(time)
    good, bad = tasks.rows[~failed[tasks.rows]], tasks.rows[failed[tasks.rows]]
    made = truth.counts(day[good])
    active = truth.people(day[good], user[good])
    truth.series("active_users_daily", "app", active)
    truth.series("total_generations", "app", made)
    for code, name in enumerate(TASK_TYPES):
        truth.series(
            "total_generations",
            "app",
            truth.counts(day[good[kind[good] == code]]),
            segment=("task_type", name),
        )
    truth.series("avg_tasks_per_user", "app", made, active)
    truth.series("task_error_rate", "app", truth.counts(day[bad]), truth.counts(day[tasks.rows]))
    act_day = local_day(act_time)
    truth.series("adoption_rate", "app", truth.counts(act_day[actions.rows]), made)
    used = np.where(failed, tokens // 3, tokens)
    truth.series(
        "cost_per_user_token",
        "app",
        truth.counts(day[tasks.rows], used[tasks.rows]),
        truth.people(day[tasks.rows], user[tasks.rows]),
    )
    core_day = np.r_[day[good], act_day[actions.rows]]
    core_user = np.r_[user[good], user[task[actions.rows]]]
    next_day = core_day == local_day(joined_ms)[core_user] + 1
    returned = truth.people(core_day[next_day], core_user[next_day])
    registered = truth.counts(local_day(joined_ms))
    truth.series("retention_day_1", "app", returned[1:], registered[:-1], days=truth.days[1:])
    return [Stream("app", "task_generate_log", [tasks]), Stream("app", "user_action_log", [actions])]


def _subscriptions(world: World, rng: np.random.Generator, user: np.ndarray, start: np.ndarray) -> Stretches:
    """Trials, upgrades, downgrades, pauses, cancellations, returns of each subscriber, stretch by stretch."""
    plan = pick(rng, len(user), [55, 35, 10])
    status = np.where(chance(rng, len(user), 0.2), TRIALING, ACTIVE)
    found = []
    for _ in range(ROUNDS):
        length = np.select(
            [status == TRIALING, status == PAUSED],
            [np.full(len(user), 7), rng.integers(5, 15, len(user))],
            1 + rng.geometric(1 / 28, len(user)),
        )
        end = start + length
        found.append((user, plan, status, start, end))
        # what comes after an active stretch: upgrade, downgrade, pause, cancel for now, cancel for good
        next_step = pick(rng, len(user), [22, 10, 14, 20, 34])
        was_active = status == ACTIVE
        goes_on = (~was_active & chance(rng, len(user), 0.7)) | (was_active & (next_step < 4))
        away = np.where(was_active & (next_step == 3), rng.integers(3, 20, len(user)), 0)
        plan = np.clip(
            plan
            + np.where(was_active & (next_step == 0), 1, 0)
            - np.where(was_active & (next_step == 1), 1, 0),
            0,
            2,
        )
        status = np.where(was_active & (next_step == 2), PAUSED, ACTIVE)
        start = end + away
        goes_on &= start < world.start + world.days
        user, plan, status, start = user[goes_on], plan[goes_on], status[goes_on], start[goes_on]
    return Stretches(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _subscription_records(
    world: World, rng: np.random.Generator, truth: Truth, currency: np.ndarray, stretches: Stretches
) -> Stream:
    """One record per stretch: open at its start, sent again with its end (sometimes announced days ahead)."""
    count = len(stretches.user)
    last = world.start + world.days
    money = currency[stretches.user]
    fee = FEES[money, stretches.plan]
    notice = np.where(chance(rng, count, 0.3), rng.integers(1, 5, count), 0)
    first_seen = stretches.start + np.where(chance(rng, count, 0.03), 1, 0)
    end_seen = np.maximum(stretches.end - notice, first_seen + 1)
    ended = end_seen < last
    states = np.array(["active", "trialing", "paused", "canceled"])

    def rows(end: np.ndarray, status: np.ndarray) -> dict[str, Column]:
        return {
            "subscription_id": world.ids("app subscription", np.arange(count), "sub_"),
            "user_id": _user(world, stretches.user),
            "subscription_type": Choices(stretches.plan, PLANS),
            "monthly_fee": MajorUnits(fee, DECIMALS[money]),
            "currency": Choices(money, CURRENCIES),
            "start_date": Dates(stretches.start),
            "end_date": Dates(end),
            "status": Choices(status, tuple(states.tolist())),
        }

    start_ms = midnight(stretches.start)
    opened = batch(
        world, rng, "opened", start_ms, rows(np.full(count, -1), stretches.status), arrived=first_seen
    )
    final_status = np.where(stretches.status == ACTIVE, 3, stretches.status)
    closed = batch(
        world, rng, "closed", start_ms, rows(stretches.end, final_status), where=ended, arrived=end_seen
    )

    # money per customer and day end: paying stretches only
    until = np.where(ended, stretches.end, last)
    pays = stretches.status == ACTIVE
    for code, name in enumerate(CURRENCIES):
        paying = pays & (money == code) & (stretches.start < last)
        change = np.zeros(world.days + 1, np.int64)
        np.add.at(change, stretches.start[paying] - world.start, fee[paying])
        np.add.at(change, np.minimum(until[paying], last) - world.start, -fee[paying])
        truth.series("mrr_minor", "app", np.cumsum(change)[:-1], segment=("currency", name))
    key = np.arange(count)
    return Stream("app", "subscription_records", [opened, closed], keys=[key, key])


def _trades(
    world: World,
    rng: np.random.Generator,
    truth: Truth,
    currency: np.ndarray,
    payer: np.ndarray,
    first_pay: np.ndarray,
    subscribes: np.ndarray,
    stretches: Stretches,
) -> Stream:
    """Payments, failed attempts, slow payments that are pending first, refunds of both kinds."""
    # monthly fees of active stretches, at the first and every 30 days
    months = np.where(stretches.status == ACTIVE, -(-(stretches.end - stretches.start) // PERIOD_DAYS), 0)
    stretch, month = repeated(months)
    fee_user = stretches.user[stretch]
    fee_time = midnight(stretches.start[stretch] + PERIOD_DAYS * month) + time_of_day(rng, len(stretch))
    moment = np.full(len(currency), -1)
    moment[payer] = first_pay  # the first fee is paid at the very moment of subscribing
    fee_time = np.where(local_day(moment[fee_user]) == local_day(fee_time), moment[fee_user], fee_time)
    fee = FEES[currency[fee_user], stretches.plan[stretch]]
    # top-ups: the other payers and some more
    buyer, ordinal = repeated(
        np.where(subscribes, rng.poisson(0.3, len(payer)), 1 + rng.poisson(0.6, len(payer)))
    )
    top_user = payer[buyer]
    top_time = first_pay[buyer] + np.where(
        (ordinal == 0) & ~subscribes[buyer], 0, rng.integers(HOUR, 30 * MS_PER_DAY, len(buyer))
    )
    top = TOPUPS[currency[top_user], pick(rng, len(buyer), [5, 3, 2])]

    user, paid_at = np.r_[fee_user, top_user], np.r_[fee_time, top_time]
    minor, kind = np.r_[fee, top], np.r_[np.zeros(len(fee), np.int8), np.ones(len(top), np.int8)]
    count = len(user)
    money = currency[user]
    processor = np.where(money == 0, pick(rng, count, [6, 4]), 2)
    trade = np.arange(count)
    pending = chance(rng, count, 0.03)
    asked_at = paid_at - np.where(pending, rng.integers(2 * HOUR, 30 * HOUR, count), 0)
    refunded = chance(rng, count, 0.02)
    refunded_at = paid_at + rng.integers(2 * HOUR, 6 * MS_PER_DAY, count)
    refunded &= refunded_at < world.end_ms
    partly = ~refunded & chance(rng, count, 0.015)  # given back by a trade of its own
    back = np.maximum(minor // rng.integers(1, 4, count), 1)
    back_at = paid_at + rng.integers(HOUR, 8 * MS_PER_DAY, count)
    tries = chance(rng, count, 0.05)  # a failed attempt before
    tried_at = asked_at - rng.integers(MINUTE, 20 * MINUTE, count)

    def rows(
        space: str, status: str, trade_type: Column, amount: np.ndarray, time: np.ndarray, **more: Column
    ) -> dict:
        return {
            "trade_id": world.ids(space, trade, "trd_"),
            "user_id": _user(world, user),
            "amount": MajorUnits(amount, DECIMALS[money]),
            "currency": Choices(money, CURRENCIES),
            "payment_status": Choices(np.zeros(count, np.int8), (status,)),
            "paid_at": Moments(time),
            "trade_type": trade_type,
            "processor": Choices(processor, PROCESSORS),
            **more,
        }

    sold = Choices(kind, ("subscription", "topup"))
    returned = Choices(np.zeros(count, np.int8), ("refund",))
    asked_seen = asked_at // MS_PER_DAY
    paid_seen = np.where(pending, np.maximum(paid_at // MS_PER_DAY, asked_seen + 1), arrival(rng, paid_at))
    refund_seen = np.maximum(refunded_at // MS_PER_DAY, paid_seen + 1)
    alone = {"only_version": ~pending & ~refunded}
    asked = batch(
        world,
        rng,
        "pending",
        asked_at,
        rows("app trade", "pending", sold, minor, asked_at),
        pending,
        asked_seen,
    )
    bought = rows("app trade", "success", sold, minor, paid_at)
    paid = batch(world, rng, "paid", paid_at, bought, None, paid_seen, alone)
    undone = rows("app trade", "refunded", sold, minor, paid_at, refunded_at=Moments(refunded_at))
    reversed_ = batch(world, rng, "refunded", paid_at, undone, refunded, refund_seen)
    given = batch(
        world, rng, "refund", back_at, rows("app refund", "success", returned, back, back_at), partly
    )
    failed = batch(
        world, rng, "failed", tried_at, rows("app attempt", "failed", sold, minor, tried_at), tries
    )

    day, rows_paid = local_day(paid_at), paid.rows
    back_day = np.r_[local_day(refunded_at)[reversed_.rows], local_day(back_at)[given.rows]]
    back_minor = np.r_[minor[reversed_.rows], back[given.rows]]
    back_money = np.r_[money[reversed_.rows], money[given.rows]]
    for code, name in enumerate(CURRENCIES):
        mine, yours = rows_paid[money[rows_paid] == code], back_money == code
        truth.series("gross_minor", "app", truth.counts(day[mine], minor[mine]), segment=("currency", name))
        refunds = truth.counts(back_day[yours], back_minor[yours])
        truth.series("refunded_minor", "app", refunds, segment=("currency", name))
    truth.series("payments", "app", truth.counts(day[rows_paid]))
    truth.series("new_paying_users", "app", truth.first_days(day[rows_paid], user[rows_paid]))
    return Stream(
        "app",
        "trades",
        [asked, paid, reversed_, given, failed],
        keys=[trade, trade, trade, trade + count, trade + 2 * count],
    )

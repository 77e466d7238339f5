"""Random drops with dense edges: local midnights, window ends, ties, resends, dirt, odd money. Seeded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from drops import Drop

START = date(2026, 1, 1)
DAYS = 65
OFFSET = timedelta(hours=8)
LAPSES = (0, 0, 0, 1, 5, 6, 7, 8, 28, 29, 30, 31, 32, 58, 59, 60)  # days after a person's first one

Record = dict[str, Any]


@dataclass(frozen=True)
class Sent:
    """One line as sent: where, the UTC day of arrival, the local day of what it tells (None: no time)."""

    stream: str
    line: Record | bytes
    arrived: date
    day: date | None


@dataclass
class Adversary:
    """Makes up a drop of prompts, app and a little of the others."""

    seed: int
    people: int = 150
    sent: list[Sent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.ads = Random(self.seed)
        self.number = count(1)
        self._prompts()
        self._baseline()
        self._tasks()
        self._trades()
        self._landing()
        self._storyforge()
        self._blanklogo()
        self._members()
        self._steps()
        self._jobs()
        self._resend()
        self._soil()
        self._site_gate()
        self._variants()
        self._devices()
        self._visits()
        self._subscription_records()
        self._subscription_events()
        self._walks()
        self._careers()
        self._activations()
        self._packs()
        self._workers()

    # --- chance -------------------------------------------------------------------------------------

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def moment(self, day: date) -> datetime:
        """A UTC time on a local day: its first millisecond, its last, one around UTC midnight, or any."""
        start = datetime.combine(day, datetime.min.time(), UTC) - OFFSET
        last = timedelta(days=1) - timedelta(milliseconds=1)
        return start + self.random.choice(
            [
                timedelta(0),
                last,
                timedelta(hours=8),
                timedelta(milliseconds=self.random.randrange(86_400_000)),
            ]
        )

    def any_day(self) -> date:
        return START + timedelta(days=self.random.randrange(DAYS))

    def days_of_life(self, acts: int) -> list[date]:
        """Days on which one person acts: multiples of window lengths apart."""
        first = self.random.randrange(DAYS)
        return [
            START + timedelta(days=min(first + self.random.choice(LAPSES), DAYS - 1)) for _ in range(acts)
        ]

    def written(self, at: datetime) -> Any:
        """A time as some producer writes it; all say the same."""
        zulu = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}"
        local = at + OFFSET
        return self.random.choice(
            [
                zulu + "Z", zulu + "Z", zulu,
                f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03d}+08:00",
                round(at.timestamp() * 1000),
            ]
        )  # fmt: skip

    def nobody(self, user: str, probability: float = 0.1) -> Record:
        """The user of a line, or one of the ways not to name one."""
        if self.chance(probability):
            return self.random.choice([{}, {"user_id": None}, {"user_id": ""}, {"user_id": "null"}])
        return {"user_id": user}

    # --- lines --------------------------------------------------------------------------------------

    def send(self, stream: str, at: datetime, line: Record, late: int | None = None) -> None:
        """Sends a line that tells of a moment; it arrives that day or some days late."""
        delay = self.random.choice([0, 0, 0, 1, 4]) if late is None else late
        self.sent.append(Sent(stream, line, at.date() + timedelta(days=delay), (at + OFFSET).date()))

    def _prompts(self) -> None:
        templates = [f"tpl{n}" for n in range(4)]
        for template in [*templates, "tpl_unused"]:
            at = self.moment(START)
            self.send("prompts/templates", at, {"id": template, "created_at": self.written(at)}, late=0)
        for person in range(self.people):
            user, favourite = f"u{person}", self.random.choice([*templates, "tpl_orphan"])
            for day in self.days_of_life(self.random.randint(1, 5)):
                template = favourite if self.chance(0.8) else self.random.choice(templates)
                self._execution(user, template, self.moment(day))
            if self.chance(0.3):  # people who look and buy, or only look
                at = self.moment(self.any_day())
                self._prompt_event(user, "tpl0", self.random.choice(["impression", "favorite", "reuse"]), at)
                if self.chance(0.5):
                    self._prompt_event(user, "tpl0", "paid", at, f"r{next(self.number)}", **self._cents())
        for person in range(6):  # a template with hardly an execution, and successes without one
            at = self.moment(self.any_day())
            self._prompt_event(
                f"u{person}", "tpl_few", self.random.choice(["execute", "success", "success"]), at
            )
        for user in self.random.sample(range(self.people), 8):  # lookers who never execute
            self._prompt_event(f"looker{user}", "tpl1", "impression", self.moment(self.any_day()))
            if self.chance(0.5):
                self._prompt_event(
                    f"looker{user}", "tpl1", "paid", self.moment(self.any_day()), **self._cents()
                )

    def _execution(self, user: str, template: str, at: datetime) -> None:
        request = f"r{next(self.number)}" if self.chance(0.8) else None
        self._prompt_event(user, template, "execute", at, request)
        if request and self.chance(0.15):  # the same request again, later: told apart by event ids
            again = self.moment((at + OFFSET).date() + timedelta(days=self.random.choice([0, 1, 29, 30])))
            if again > at and (again + OFFSET).date() < START + timedelta(days=DAYS):
                event_id = f"e{next(self.number)}"
                self._prompt_event(user, template, "execute", again, request, event_id=event_id)
        ends = self.random.choice(["same moment", "soon", "soon", "before", "late", "failure", "nothing"])
        wait = {
            "same moment": timedelta(0),
            "soon": timedelta(milliseconds=self.random.randint(1, 300_000)),
            "failure": timedelta(milliseconds=self.random.randint(1, 300_000)),
            "before": -timedelta(milliseconds=self.random.randint(1, 5_000)),
            "late": timedelta(days=self.random.choice([1, 28, 29, 30, 31]), milliseconds=-1),
        }.get(ends)
        if wait is None or (at + wait + OFFSET).date() >= START + timedelta(days=DAYS):
            return
        outcome = "failure" if ends == "failure" else self.random.choice(["success", "success", "gen_ok"])
        money = self._cents() if outcome != "failure" and self.chance(0.25) else {}
        self._prompt_event(user, template, outcome, at + wait, request, **money)
        if money and self.chance(0.6):  # the same order told twice
            name = self.random.choice(["paid", "purchase_done"])
            self._prompt_event(
                user, template, name, at + wait + timedelta(seconds=1), request, **self._cents()
            )

    def _cents(self) -> Record:
        """Money as prompt events carry it: on the record, in the properties, in both, absurd, or none."""
        cents = self.random.choice([1, 499, 999, 1999])
        money: Record = self.random.choice(
            [
                {"revenue_cents": cents}, {"revenue_cents": cents}, {"revenue_cents": str(cents)},
                {"amount_cents": cents}, {"revenue_cents": cents, "amount_cents": cents + 1},
                {"revenue_cents": 0}, {"revenue_cents": -5}, {"revenue_cents": "much"}, {},
            ]
        )  # fmt: skip
        currency = self.random.choice([None, "USD", "USD", "JPY", "XYZ", "usd"])
        return money | ({"currency": currency} if currency else {})

    def _prompt_event(
        self, user: str, template: str, name: str, at: datetime, request: str | None = None, **more: Any
    ) -> None:
        props = {key: more.pop(key) for key in ("amount_cents", "currency") if key in more}
        line = {
            "occurred_at": self.written(at),
            "event_type": name,
            "prompt_template_id": template,
            **self.nobody(user),
            "session_id": f"s{next(self.number)}",
            **({"request_id": request} if request else {}),
            **more,
            "props": props,
        }
        if "event_id" in more and self.chance(0.2):
            del line["prompt_template_id"]  # an event id stands in for the key
        self.send("prompts/events", at, line)

    def _baseline(self) -> None:
        for number in range(DAYS - 1):
            if self.chance(0.3):
                continue
            day = START + timedelta(days=number)
            users = self.random.choice([0, 0, 5, 9, 40])
            row = {
                "date": day.isoformat(), "active_users": users, "nonprompt_users": users,
                "nonprompt_paid_users": self.random.randint(0, users), "ltv_cents": 900,
            }  # fmt: skip
            if self.chance(0.05):
                row["nonprompt_users"] = -1
            at = datetime.combine(day, datetime.min.time(), UTC)
            self.send("prompts/app_metrics_daily", at, row, late=0)
            if self.chance(0.2):
                self.send("prompts/app_metrics_daily", at, row | {"nonprompt_users": users + 2}, late=3)

    def _site_gate(self) -> None:
        for _ in range(12):
            at = self.moment(self.any_day())
            colour = self.random.choice(["GREEN", "GREEN", "YELLOW", "RED", "BLUE"])
            self.send("prompts/site_gate_status", at, {"status": colour, "updated_at": self.written(at)})

    def _variants(self) -> None:
        """Experiments on two templates: people who stay in a variant, people who are seen in a second one."""
        for person in range(self.people):
            user, template = f"v{person}", self.random.choice(["tpl1", "tpl2"])
            variant = self.random.choice(["A", "B", "B", "WINNER"])
            for day in sorted(set(self.days_of_life(self.random.randint(1, 4)))):  # no two at one moment
                if self.chance(0.15):
                    variant = self.random.choice(["A", "B", "C", "WINNER"])
                at, request = self.moment(day), f"r{next(self.number)}"
                shown = self.random.choice([{}, {"variant_label": variant}])
                self._prompt_event(user, template, "variant_shown", at, f"r{next(self.number)}", **shown)
                for name in ("execute", self.random.choice(["success", "failure", "paid"])):
                    money = self._cents() if name in ("success", "paid") and self.chance(0.5) else {}
                    self._prompt_event(user, template, name, at, request, variant_label=variant, **money)

    def _tasks(self) -> None:
        for person in range(self.people):
            for day in self.days_of_life(self.random.randint(1, 6)):
                at = self.moment(day)
                line = {
                    "task_id": f"k{next(self.number)}", **self.nobody(f"u{person}"), "task_type": "text_only",
                    "status": self.random.choice(["success", "success", "成功", "failed", "running", "odd"]),
                    "token_consumed": 10, "created_at": self.written(at),
                }  # fmt: skip
                if self.chance(0.1):
                    del line["task_id"]
                self.send("app/task_generate_log", at, line)

    def _trades(self) -> None:
        for person in range(self.people // 2):
            for day in sorted(set(self.days_of_life(self.random.randint(1, 4)))):  # no two at one moment
                self._trade(f"u{person}", self.moment(day))

    def _trade(self, user: str, at: datetime) -> None:
        back_at = self.moment((at + OFFSET).date() + timedelta(days=self.random.choice([0, 1, 29, 30])))
        currency = self.random.choice([None, "USD", "CNY", "JPY", "KWD", "XYZ", "rmb", 7])
        amount: Any = self.random.choice([5, 19.9, 12.345, "7.5", 0, 100, 1.005, None, -3, "free"])
        row = {
            "trade_id": f"t{next(self.number)}",
            **self.nobody(user),
            "amount": amount,
            **({"currency": currency} if currency is not None else {}),
            "payment_status": self.random.choice(
                ["success", "paid", "支付成功", "failed", "pending", "refunded", "退款"]
            ),
            "paid_at": self.written(at),
            "trade_type": self.random.choice(["subscription", "充值", "topup"]),
        }
        if row["payment_status"] in ("refunded", "退款"):
            if self.chance(0.8):
                row["refunded_at"] = self.written(back_at)
            if self.chance(0.4):
                row["refunded_amount"] = self.random.choice([1, 2.5, 0])
        if self.chance(0.1):
            row.pop("trade_id")
        elif self.chance(0.2):  # an earlier version of the row
            self.send("app/trades", at, row | {"payment_status": "pending", "paid_at": None}, late=0)
            self.send("app/trades", at, row, late=2)
            return
        self.send("app/trades", at, row)
        if self.chance(0.3):
            refund = {
                "trade_id": f"t{next(self.number)}", "user_id": user, "currency": currency or "USD",
                "amount": self.random.choice([1, -2, 0, 3.333]),
                "trade_type": self.random.choice(["refund", "退款", "chargeback"]),
                "payment_status": self.random.choice(["success", "成功", "failed", "pending", "refunded"]),
                "paid_at": self.written(back_at),
            }  # fmt: skip
            self.send("app/trades", back_at, refund)

    def _landing(self) -> None:
        for person in range(self.people // 3):
            for day in self.days_of_life(self.random.randint(1, 3)):
                at, task = self.moment(day), f"k{next(self.number)}"
                start = {
                    "task_id": task, "template_id": "t1", "account_id": f"a{person}", "estimated_credits": 5,
                    "queue_type": "standard",
                }  # fmt: skip
                if self.chance(0.8):
                    self.send("landing/events", at, self._landed("task_start", at, start))
                ended = at + timedelta(milliseconds=self.random.choice([0, 1, 60_000]))
                outcome = {
                    "task_id": task,
                    "template_id": "t1",
                    "credits_spent": 4,
                    "duration_ms": 1,
                    "output_count": 1,
                }
                named = self.random.choice([{}, {}, {"account_id": f"a{person}"}, {"user_id": f"u{person}"}])
                self.send("landing/events", ended, self._landed("task_completed", ended, outcome | named))

    def _landed(self, name: str, at: datetime, properties: Record) -> Record:
        envelope = {"event_name": name, "event_time": self.written(at)}
        return {**envelope, **properties} if self.chance(0.2) else {**envelope, "payload": properties}

    def _storyforge(self) -> None:
        for person in range(self.people // 3):
            for day in sorted(set(self.days_of_life(2))):
                at = self.moment(day)
                clock = "server_ts" if self.chance(0.8) else "client_ts"
                line = {
                    "event": "scene_generated", **self.nobody(f"u{person}"), clock: self.written(at),
                    "project_id": "p", "session_id": "s", "properties": {"scene_id": f"c{next(self.number)}"},
                }  # fmt: skip
                self.send("storyforge/events", at, line)
                if self.chance(0.4):
                    currency = self.random.choice([{}, {"currency": "EUR"}, {"currency": "ZZZ"}])
                    money = {
                        "plan": "pro" if person % 2 else "basic",
                        "amount": self.random.choice([9.99, 0, 20]),
                        **currency,
                    }
                    self.send(
                        "storyforge/events", at, line | {"event": "payment_succeeded", "properties": money}
                    )

    def _blanklogo(self) -> None:
        for person in range(self.people // 3):
            device = f"d{person}"
            for day in sorted(set(self.days_of_life(2))):
                at = self.moment(day)
                environment = self.random.choice(
                    ["prod", "prod", "production", None, "staging", "development"]
                )
                line = {
                    "event": self.random.choice(["processing_completed", "job_completed", "job_failed"]),
                    "timestamp": self.written(at), "source": "worker", "distinct_id": device,
                    **self.nobody(f"u{person}", 0.3), "session_id": "s",
                    **({"environment": environment} if environment else {}),
                    "properties": {"job_id": f"j{next(self.number)}"},
                }  # fmt: skip
                self.send("blanklogo/events", at, line)
                if self.chance(0.6):
                    self._purchase(line, at)

    def _steps(self) -> None:
        """Steps of a journey in any order, of people and of devices that nobody knows."""
        for person in range(self.people // 3):
            for day in self.days_of_life(4):
                at = self.moment(day)
                step = self.random.choice(
                    ["signup_start", "login_success", "activation_complete", "download_clicked"]
                )
                line = {
                    "event": step, "timestamp": self.written(at), "session_id": "s",
                    "source": "server" if step == "login_success" else "web",
                    **({"distinct_id": f"d{person}"} if self.chance(0.9) else {}),
                    **self.nobody(f"u{person}", 0.3), "properties": {"job_id": f"j{next(self.number)}"},
                }  # fmt: skip
                self.send("blanklogo/events", at, line)

    def _jobs(self) -> None:
        """Jobs with their events in any order, retried, refunded, at one moment or over midnight."""
        for number in range(self.people):
            day = self.any_day()
            for _ in range(self.random.choice([1, 2, 3, 4])):
                at = self.moment(day)
                name = self.random.choice(
                    ["job_created", "processing_completed", "processing_failed", "job_refunded"]
                )
                inner = {
                    "job_id": f"job{number}",
                    **self.random.choice([{}, {"mode": "crop"}, {"mode": "inpaint"}, {"mode": "melt"}]),
                    **self.random.choice(
                        [{}, {"detected_platform": "sora"}, {"detected_platform": "tiktok"}]
                    ),
                    **self.random.choice([{}, {"failure_reason": "gpu"}, {"failure_reason": "input"}]),
                }
                line = {
                    "event": name, "timestamp": self.written(at), "source": "server",
                    **self.nobody(f"u{number}", 0.2), "properties": inner,
                }  # fmt: skip
                self.send("blanklogo/events", at, line)

    def _purchase(self, line: Record, at: datetime) -> None:
        order = f"o{next(self.number)}"
        money: Record = {"order_id": order, "price": self.random.choice([4.9, 19, 0]), "currency": "USD"}
        if self.chance(0.2):
            money["is_trial"] = self.random.choice([True, "true", False])
        line = line | {"source": "server"}
        self.send("blanklogo/events", at, line | {"event": "purchase_completed", "properties": money})
        if self.chance(0.5):
            name = self.random.choice(["topup_purchased", "subscription_started"])
            self.send("blanklogo/events", at, line | {"event": name, "properties": money})
        for part in range(self.random.choice([0, 0, 1, 2])):
            when = at + timedelta(days=part, minutes=1)
            refund = line | {"event": "refund_issued", "timestamp": self.written(when)}
            if (when + OFFSET).date() < START + timedelta(days=DAYS):
                self.send("blanklogo/events", when, refund | {"properties": money | {"price": 1.5}})

    def _members(self) -> None:
        """People who register, somehow found, and act at the edges of every window after it."""
        for person in range(self.people // 2):
            at, product = self.moment(self.any_day()), self.random.choice(["app", "app", "app", "other"])
            if product == "app":
                self._app_member(f"m{person}", at)
            else:
                self._other_member(f"m{person}", at)
        last = max(
            one.day for one in self.sent if one.day
        )  # whose windows end on the reporting day or just not
        for number, lapse in enumerate([0, 1, 1, 2, 2, 3, 3, 8, 8, 9, 9, 10]):
            self._app_member(f"late{number}", self.moment(last - timedelta(days=lapse)))

    def _app_member(self, user: str, at: datetime) -> None:
        told = self.written(at)
        if self.chance(0.3):  # a date alone is its local midnight
            day = (at + OFFSET).date()
            at, told = datetime.combine(day, datetime.min.time(), UTC) - OFFSET, day.isoformat()
        row = {"user_id": user, "registration_date": told, **self._source("utm_source")}
        if self.chance(0.2):  # an earlier version of the row, through another channel
            self.send("app/users", at, row | {"utm_source": "zhihu"}, late=0)
        self.send("app/users", at, row, late=2)
        hours = (0, 24, 48, 24 * 7, 24 * 14, 24 * 30)
        edges = [timedelta(hours=hour, milliseconds=part) for hour in hours for part in (-1, 0)]
        for _ in range(self.random.randint(0, 5)):
            days = timedelta(days=self.random.choice([0, 1, 1, 1, 2, 6, 7, 7, 8, 13, 14, 21, 22, 28, 29, 30]))
            when = self.random.choice(
                [at + self.random.choice(edges), self.moment((at + days + OFFSET).date())]
            )
            if when > at - timedelta(days=1) and (when + OFFSET).date() < START + timedelta(days=DAYS):
                self._act(user, when)

    def _act(self, user: str, at: datetime) -> None:
        """A task, and perhaps what is done with its result, within seven days or just not."""
        task = f"k{next(self.number)}"
        line = {
            "task_id": task, **self.nobody(user), "status": self.random.choice(
                ["success", "success", "success", "failed", "running", "canceled"]
            ),
            "task_type": self.random.choice(["text_only", "image_text", "图文", "odd"]),
            "token_consumed": self.random.choice([0, 1, 100, 333, "250", "many", -5, None]),
            "model": self.random.choice(["gpt-4o", "qwen-max", "deepseek-v3", "unheard-of", None]),
            "error_code": self.random.choice(["safety_block", "TIMEOUT", "E42", None]),
            "created_at": self.written(at),
        }  # fmt: skip
        self.send("app/task_generate_log", at, line)
        if line["status"] == "running" and self.chance(0.5):  # and its outcome, a day later or nearly
            ended = at + timedelta(hours=24, milliseconds=self.random.choice([-1, 0, 1]))
            if (ended + OFFSET).date() < START + timedelta(days=DAYS):
                outcome = {"status": self.random.choice(["success", "failed", "canceled"])}
                self.send(
                    "app/task_generate_log", ended, line | outcome | {"created_at": self.written(ended)}
                )
        for _ in range(self.random.choice([0, 0, 1, 1, 2])):
            week = timedelta(days=7, milliseconds=self.random.choice([-1, 0]))
            then = at + self.random.choice(
                [timedelta(0), timedelta(milliseconds=-1), timedelta(minutes=3), week]
            )
            if (then + OFFSET).date() >= START + timedelta(days=DAYS):
                continue
            action = {
                **self.nobody(user), "action_type": self.random.choice(["copy", "下载", "save", "zoom"]),
                "task_id": self.random.choice([task, task, task, "k0", None]), "created_at": self.written(then),
            }  # fmt: skip
            self.send("app/user_action_log", then, action)

    def _other_member(self, user: str, at: datetime) -> None:
        signed_up = {
            "event": "user_signed_up", "user_id": user, "server_ts": self.written(at), "session_id": "s",
            "properties": {"goal": "creator", "country": "CN", **self._source("source")},
        }  # fmt: skip
        self.send("storyforge/events", at, signed_up)
        for number in range(self.random.randint(1, 3)):  # looks around, then submits the form, perhaps twice
            when = at + timedelta(milliseconds=self.random.choice([-60_000, -1, 1]) * (number + 1))
            line = {
                "event": self.random.choice(["landing_view", "signup_submit", "signup_submit"]),
                "timestamp": self.written(when), "source": "web", "distinct_id": f"d{user}",
                **self.nobody(user, 0.7), "session_id": "s", "properties": self._source("utm_source") | self._ad(),
            }  # fmt: skip
            if line["event"] == "signup_submit":
                line["properties"].pop("referrer", None)
            self.send("blanklogo/events", when, line)

    def _source(self, key: str) -> Record:
        """Where somebody came from, in many spellings."""
        source = self.random.choice(
            [
                None,
                None,
                None,
                "",
                "null",
                "Bilibili",
                "bilibili",
                "B站",
                "xhs",
                " 小红书 ",
                "Direct",
                "(none)",
                "ads",
                "Ads",
            ]
        )
        page = self.random.choice(
            [
                None, None, "https://www.bilibili.com/video/1?a=b.c", "http://m.xiaohongshu.com", "//b23.tv/x",
                "https://mp.weixin.qq.com:443/s", "https://qq.com", "zhihu.com/question", "/pricing", "about:blank",
                "https://user@Zhihu.com#top", "https://notbilibili.com/", "localhost:3000",
            ]
        )  # fmt: skip
        return {key: source} | ({"referrer": page} if key == "utm_source" else {})

    def _ad(self) -> Record:
        """The ad that led to a page: none, a part of it, in old names, and of an angle that is none."""
        if self.ads.random() < 0.5:
            return {}
        said = {
            name: f"{name}{self.ads.randrange(3)}"
            for name in ("campaign_id", "adset_id", "ad_id", "creative_id")
        }
        said["ad_angle"] = self.ads.choice(["quality", "speed", " privacy ", "price", None])
        said[self.ads.choice(["landing_variant", "landing_variant_id"])] = self.ads.choice(
            ["hero_v1", "hero_v2"]
        )
        return {name: value for name, value in said.items() if self.ads.random() < 0.8}

    def _devices(self) -> None:
        """Devices that several people log in on, or nobody; people with several devices; ids that are both."""
        names = ("pricing_view", "processing_completed", "landing_view", "topup_purchased")
        for number in range(self.people // 5):
            device = f"v{number}" if self.chance(0.85) else f"u{number}"
            users = self.random.sample(
                [f"u{n}" for n in range(self.people // 5)], self.random.choice([0, 1, 1, 2, 3])
            )
            day = self.any_day()
            for _ in range(self.random.randint(3, 14)):
                # Few moments, so that users change at one and the same.
                at = datetime.combine(day, datetime.min.time(), UTC) + timedelta(
                    hours=self.random.randrange(-8, 16)
                )
                name = self.random.choice([*names, "login_success", "logout"])
                user = (
                    self.random.choice(users)
                    if users and self.chance(0.5 if name in names else 0.8)
                    else None
                )
                properties: Record = {
                    "processing_completed": {"job_id": f"j{next(self.number)}"},
                    "topup_purchased": {"order_id": f"o{next(self.number)}", "price": 5, "currency": "USD"},
                }.get(name, {})
                line = {
                    "event_id": f"v{next(self.number)}", "event": name, "timestamp": self.written(at), "source": "server",
                    "environment": "prod", "distinct_id": device, "user_id": user, "properties": properties,
                }  # fmt: skip
                self.send("blanklogo/events", at, line)
                if self.chance(0.2):
                    day = min(
                        day + timedelta(days=self.random.choice(LAPSES)), START + timedelta(days=DAYS - 1)
                    )

    def _walks(self) -> None:
        """People on their way through funnels: steps at one moment, at the end of a window, left out, told twice."""
        walks = {
            "low_credits": (["low_credits_warning_shown", "low_credits_topup_clicked", "topup_purchased"], 1),
            "email": (["auth_email_sent", "auth_email_delivered", "auth_email_link_clicked", "login_success"], 1),
            "acquisition": (
                ["landing_view", "cta_click", "signup_submit", "login_success", "download_clicked", "topup_purchased"], 30,
            ),
            "activation": (["user_signed_up", "onboarding_completed", "scene_locked", "export_succeeded"], 7),
        }  # fmt: skip
        for number in range(self.people):
            kind = self.random.choice(list(walks))
            names, days = walks[kind]
            entered = at = self.moment(START + timedelta(days=self.random.randrange(DAYS - 1)))
            for place, name in enumerate(names):
                if place and self.chance(0.15):
                    continue
                edge = entered + timedelta(days=days, milliseconds=self.random.choice([-1, 0]))
                at = self.random.choice(
                    [
                        at,
                        at + timedelta(minutes=9),
                        at + timedelta(minutes=9),
                        edge,
                        at - timedelta(minutes=1),
                    ]
                )
                for _ in range(self.random.choice([1, 1, 1, 2])):
                    if (at + OFFSET).date() < START + timedelta(days=DAYS):
                        self._walk(kind, name, f"walker{number}", at)

    def _walk(self, kind: str, name: str, who: str, at: datetime) -> None:
        serial = next(self.number)
        properties = {"download_clicked": {"job_id": f"j{serial}"}}.get(name, {})
        if name == "topup_purchased":
            properties = {"order_id": f"o{serial}", "price": 5, "currency": "USD"}
        if kind == "activation":
            properties = {
                "user_signed_up": {"goal": "creator", "country": "CN", "source": "douyin"},
                "scene_locked": {"scene_id": f"c{serial}"},
                "export_succeeded": {"export_id": f"x{serial}"},
            }.get(name, {})
            line = {
                "event_id": f"w{serial}", "event": name, "user_id": who, "server_ts": self.written(at), "session_id": "s",
                "project_id": "p", "properties": properties,
            }  # fmt: skip
            self.send("storyforge/events", at, line, late=0)
            return
        line = {
            "event_id": f"w{serial}", "event": name, "timestamp": self.written(at), "source": "web", "environment": "prod",
            "distinct_id": f"device of {who}", "session_id": who, "properties": properties,
            **({"user_id": who} if name == "login_success" else {}),
        }  # fmt: skip
        self.send("blanklogo/events", at, line, late=0)

    def _careers(self) -> None:
        """People through their states: by an ad or not, at one moment, at the ends of windows, twice, back to front; then
        renewals, jobs and cancellations that keep and lose them in turns, some with another subscription."""
        steps = [
            "ad_click", "landing_view", "cta_click", "signup_submit", "login_success", "credits_granted",
            "upload_started", "upload_completed", "processing_completed", "download_clicked", "purchase_completed",
        ]  # fmt: skip
        edges = [timedelta(days=days, microseconds=part) for days in (7, 30) for part in (-1, 0, 1)]
        soon = [timedelta(0), timedelta(0), timedelta(minutes=9), timedelta(minutes=9), timedelta(minutes=-1)]
        for number in range(self.people):
            who = {"distinct_id": f"device of career{number}"}
            if self.chance(0.6):
                who["user_id"] = f"career{number}"
            campaign = self.random.choice([None, "c1", "c2"])
            at = self.moment(START + timedelta(days=self.random.randrange(self.random.choice([5, DAYS - 5]))))
            for step in steps:
                if self.chance(0.15) and step != "purchase_completed":
                    continue
                at += self.random.choice([*soon, *soon, *edges[:3]])
                for when in [at, *([at + self.random.choice([*soon, *edges])] if self.chance(0.1) else [])]:
                    self._career(who, step, when, campaign)
            other = f"n{next(self.number)}"  # a second subscription, beside the one that has no name
            if self.chance(0.2):
                self._career(who, "subscription_started", at, campaign, subscription_id=other)
            for _ in range(self.random.randint(0, 9)):
                at += self.random.choice(
                    [*soon[2:4], timedelta(hours=5), timedelta(days=1), timedelta(days=2), *edges[3:]]
                )
                step = self.random.choice(
                    ["subscription_started", "subscription_renewed", "subscription_canceled", "subscription_canceled",
                     *["processing_completed"] * 3]
                )  # fmt: skip
                named = (
                    {"subscription_id": other}
                    if self.chance(0.1)
                    else {"subscription_id": f"of career{number}"}
                )
                self._career(who, step, at, campaign, **named)

    def _career(self, who: Record, step: str, at: datetime, campaign: str | None, **more: Any) -> None:
        if (at + OFFSET).date() >= START + timedelta(days=DAYS):
            return
        serial = next(self.number)
        # Of two landings at one moment both name it or none: nothing but their keys would say which was first.
        properties: Record = {"campaign_id": campaign} if campaign and at.minute % 4 else {}
        if step in ("processing_completed", "download_clicked"):
            properties |= {"job_id": f"j{serial}"}
        elif step == "purchase_completed":
            properties |= {
                "order_id": f"o{serial}",
                "price": self.random.choice([5, 5, 5, 0]),
                "currency": "USD",
            }
        elif step.startswith("subscription"):
            properties |= {"price": 9, "currency": "USD", "billing_period": "monthly", **more}
        line = {
            "event_id": f"y{serial}", "event": step, "timestamp": f"{at:%Y-%m-%dT%H:%M:%S.%f}Z", "source": "server",
            "environment": "prod", "session_id": "s", **who, "properties": properties,
        }  # fmt: skip
        self.send("blanklogo/events", at, line, late=0)

    def _activations(self) -> None:
        """The parts of an activation: one of them missing, all at one moment, sent early, late or never, at the window's end."""
        names = ("signup_submit", "login_success", "credits_granted", "upload_view", "activation_complete")
        ends = [timedelta(days=7, milliseconds=part) for part in (-1, 0)]
        near = [timedelta(seconds=60, milliseconds=part) for part in (-1, 0)]
        for number in range(self.people // 3):
            entered = self.moment(self.any_day())
            last = entered + self.random.choice([timedelta(0), timedelta(minutes=9), *ends])
            for name in names:
                at = self.random.choice([entered, entered, last, last + timedelta(minutes=-10)])
                if name == "activation_complete":
                    at = last + self.random.choice([timedelta(0), timedelta(days=1), *near])
                if self.chance(0.15) or (at + OFFSET).date() >= START + timedelta(days=DAYS):
                    continue
                line = {
                    "event_id": f"y{next(self.number)}", "event": name, "timestamp": self.written(at), "source": "server",
                    "environment": "prod", "distinct_id": f"yd{number}", "session_id": "s", "properties": {},
                    **({"user_id": f"y{number}"} if name == "login_success" else self.nobody(f"y{number}", 0.5)),
                }  # fmt: skip
                self.send("blanklogo/events", at, line)

    def _packs(self) -> None:
        """Buyers of credit packs who come back, work or subscribe on the last day of a window, or the day after."""
        lapses = (0, 1, 29, 30, 31, 59, 60, 61)
        names = ("pricing_view", "processing_completed", "subscription_started", "subscription_canceled")
        for number in range(self.people // 3):
            bought = START + timedelta(days=self.random.randrange(DAYS // 2))
            acts = [("topup_purchased", bought)]
            for _ in range(self.random.randint(0, 4)):
                lapse = timedelta(days=self.random.choice(lapses))
                acts.append((self.random.choice(names), bought + lapse))
            for name, day in acts:
                if day >= START + timedelta(days=DAYS):
                    continue
                at, serial = self.moment(day), next(self.number)
                line = {
                    "event_id": f"k{serial}", "event": name, "timestamp": self.written(at), "source": "server",
                    "environment": "prod", "user_id": f"k{number}", "session_id": "s",
                    "properties": {
                        "job_id": f"k{serial}", "order_id": f"k{serial}", "price": 5, "currency": "USD",
                        "billing_period": "monthly",
                    },
                }  # fmt: skip
                self.send("blanklogo/events", at, line)

    def _workers(self) -> None:
        """Jobs with times and balances, in weeks that begin or end with one, given up or taken up again."""
        lapses = (0, 1, 6, 7, 8, 13, 14, 21, 28, 29, 30, 31)
        names = (
            "job_created",
            "processing_completed",
            "processing_completed",
            "processing_failed",
            "credits_granted",
        )
        for number in range(self.people // 2):
            day = START + timedelta(days=self.random.randrange(DAYS))
            for _ in range(self.random.choice([1, 2, 3, 5, 9, 14])):
                if day >= START + timedelta(days=DAYS):
                    break
                serial = next(self.number)
                # No two balances of a person at one moment: which is the last would be nobody's to say.
                at = datetime.combine(day, datetime.min.time(), UTC) - OFFSET + timedelta(milliseconds=serial)
                line = {
                    "event_id": f"h{serial}", "event": self.random.choice(names), "timestamp": self.written(at),
                    "source": "server", "environment": "prod", "session_id": "s",
                    **self.nobody(f"h{number}"),
                    "properties": {
                        "job_id": f"h{serial}", "processing_time_ms": self.random.choice([0, 29_999, 30_000, 60_000, 500_000]),
                        "credits_after": self.random.choice([0, 1, 2, 3, 10, 11, 50, None, -1]),
                    },
                }  # fmt: skip
                self.send("blanklogo/events", at, line)
                if self.chance(0.6):
                    day += timedelta(days=self.random.choice(lapses))

    def _visits(self) -> None:
        """Visits at the edges of a session, of a return, of a first and of a last touch."""
        edges = [timedelta(minutes=30), timedelta(hours=24), timedelta(days=30)]
        edges = [edge + timedelta(milliseconds=part) for edge in edges for part in (-1, 0)]
        for number in range(self.people // 3):
            at = self.moment(START + timedelta(days=self.random.randrange(DAYS // 2)))
            for visit in range(self.random.randint(2, 9)):
                at += self.random.choice(
                    [timedelta(milliseconds=1), timedelta(minutes=7), *edges[:4], *edges]
                )
                if (at + OFFSET).date() >= START + timedelta(days=DAYS):
                    break
                event = self.random.choice(
                    ["landing_view", "landing_view", "return_session", "signup_submit"]
                )
                properties = self._source("utm_source") | self._ad() if event == "landing_view" else {}
                line = {
                    "event_id": f"z{next(self.number)}", "event": event, "timestamp": self.written(at), "source": "web",
                    "environment": "prod", "distinct_id": f"z{number}", "properties": properties,
                    "session_id": self.random.choice([f"z{number}", f"z{number}/{visit}", f"z{number}/{visit // 2}", None]),
                }  # fmt: skip
                self.send("blanklogo/events", at, line)

    def _subscription_records(self) -> None:
        """Rows of the subscription table: open, ended, of one day, overlapping, of nobody, of odd money and status."""
        for person in range(self.people // 2):
            for _ in range(self.random.randint(1, 3)):
                start = self.any_day()
                days = self.random.choice([0, 1, 5, 20, 30, 31, None, None])
                end = None if days is None else start + timedelta(days=days)
                written_end = (
                    self.random.choice([None, "", "9999-12-31", "9999-12-31T00:00:00Z"])
                    if end is None
                    else self.random.choice(
                        [end.isoformat(), f"{end}T00:00:00+08:00", f"{end}T10:00:00+08:00"]
                    )
                )
                currency = self.random.choice([None, "USD", "CNY", "CNY", "JPY", "EUR", "KWD", "XYZ", "rmb"])
                row = {
                    "subscription_id": f"n{next(self.number)}", **self.nobody(f"u{person}"),
                    "subscription_type": self.random.choice(["basic", "pro", "team", None]),
                    "monthly_fee": self.random.choice([10, 33.335, "9.99", 0.005, 0, 100, None, "free", -1]),
                    **({"currency": currency} if currency else {}),
                    "start_date": self.random.choice([start.isoformat(), f"{start}T00:00:00+08:00"]),
                    "end_date": written_end,
                    "status": self.random.choice(
                        ["active", "active", "生效中", "trialing", "paused", "past_due", "canceled", "expired", "odd"]
                    ),
                }  # fmt: skip
                if self.chance(0.2):
                    del row["subscription_id"]
                at = datetime.combine(start, datetime.min.time(), UTC)
                if self.chance(0.3):
                    self.send(
                        "app/subscription_records", at, row | {"end_date": None, "status": "active"}, late=0
                    )
                    self.send("app/subscription_records", at, row, late=3)
                else:
                    self.send("app/subscription_records", at, row)

    def _subscription_events(self) -> None:
        """Lives of subscriptions told by events: starts, renewals, changes, ends in any order, some on one day."""
        for person in range(self.people // 3):
            at = self.moment(self.any_day())
            name = self.random.choice([None, None, f"n{next(self.number)}"])
            for _ in range(self.random.randint(1, 6)):
                event = self.random.choice(
                    ["subscription_started", "subscription_started", "subscription_renewed", "plan_changed",
                     "subscription_canceled", "subscription_canceled"]
                )  # fmt: skip
                billing_period = self.random.choice(
                    ["monthly", "monthly", "yearly", "annual", "weekly", "quarterly"]
                )
                currency = self.random.choice(["USD", "USD", "EUR", "JPY", "KWD", None])
                terms: Record = {
                    "plan": self.random.choice(["starter", "pro", None]),
                    "price": self.random.choice([9, 19.99, 0.07, 100, 0, None]),
                    **({"billing_period": billing_period} if self.chance(0.8) else {}),
                    **({"currency": currency} if currency else {}),
                    **({"is_trial": self.random.choice([True, False])} if self.chance(0.2) else {}),
                    **({"subscription_id": name} if name and self.chance(0.7) else {}),
                }
                line = {
                    "event": event, "timestamp": self.written(at), "source": "server", "distinct_id": f"sd{person}",
                    **self.nobody(f"su{person}"), "session_id": "s", "event_id": f"e{next(self.number)}",
                    "properties": terms,
                }  # fmt: skip
                self.send("blanklogo/events", at, line)
                at += timedelta(
                    days=self.random.choice([0, 0, 0, 1, 7, 28, 30]), minutes=self.random.randint(1, 50)
                )
                if (at + OFFSET).date() >= START + timedelta(days=DAYS):
                    break

    def _resend(self) -> None:
        """Some lines again: the same content in another order, or changed under the same key."""
        for one in self.random.sample(self.sent, len(self.sent) // 12):
            assert isinstance(one.line, dict)
            line = dict(reversed(one.line.items()))
            if self.chance(0.4):
                inner = next((key for key in ("props", "payload", "properties") if key in line), None)
                line |= {inner: line[inner] | {"note": "changed"}} if inner else {"note": "changed"}
            self.sent.append(
                Sent(one.stream, line, one.arrived + timedelta(days=self.random.choice([1, 3])), one.day)
            )

    def _soil(self) -> None:
        """Lines that must not count, on top of the sound ones."""
        kinds = ("truncated", "phone", "unknown", "no time", "before", "after", "blank", "bytes")
        for one in self.random.sample(self.sent, len(self.sent) // 10):
            assert isinstance(one.line, dict)
            kind = self.random.choice(kinds)
            line: Record | bytes = self._spoilt(kind, one.line)
            day = one.day if kind in ("phone", "unknown") else None
            self.sent.append(Sent(one.stream, line, one.arrived, day))

    def _spoilt(self, kind: str, line: Record) -> Record | bytes:
        times = (
            "occurred_at",
            "event_time",
            "created_at",
            "paid_at",
            "server_ts",
            "client_ts",
            "timestamp",
            "date",
        )
        clock = [key for key in times if key in line]
        name = next((key for key in ("event_type", "event_name", "event") if key in line), None)
        whole = json.dumps(line).encode()
        if kind == "truncated":
            return whole[:-2]
        if kind == "blank":
            return b"   "
        if kind == "bytes":
            return whole[:-1] + b', "note": "\xff"}'
        if kind == "phone":
            return line | {"user_id": "13912345678"}
        if kind == "unknown":
            return line | ({name: "Execute!"} if name else {"user_id": "li.wei@example.com"})
        if kind == "no time":
            return {key: value for key, value in line.items() if key not in clock} | {"user_id": "u0"}
        return line | dict.fromkeys(
            clock, "1889-01-01T00:00:00Z" if kind == "before" else "2099-01-01T00:00:00Z"
        )


def as_drop(sent: Iterable[Sent], seed: int = 0) -> Drop:
    """The lines as files by stream and day of arrival, shuffled, several files a day."""
    drop, random = Drop(), Random(seed)
    by_file: dict[tuple[str, date], list[Record | bytes]] = {}
    for one in sent:
        by_file.setdefault((one.stream, one.arrived), []).append(one.line)
    for (stream, arrived), lines in sorted(by_file.items(), key=lambda item: (item[0][0], item[0][1])):
        random.shuffle(lines)
        for part in _parts(lines, random.choice([1, 1, 2])):
            drop.add(stream, *part, arrived=arrived.isoformat())
    return drop


def _parts(lines: list[Record | bytes], number: int) -> Iterator[list[Record | bytes]]:
    for part in range(number):
        if lines[part::number]:
            yield lines[part::number]

"""What the plan did not know re-enters when a row is added: no SQL, no landing again (X-19, architecture: the plan is data)."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from drops import EVENTS, Built, Drop, line, workshop

LANDING, TRADES = "landing/events", "app/trades"

KNOWN = line(LANDING, "cta_click")
NIGHTLY = line(LANDING, "landing_view", event_time="2026-03-09T17:00:00Z")
LINES = {
    # name → stream, lines, what becomes of them before and after
    "sound": (LANDING, [KNOWN, NIGHTLY], ["accepted"] * 2, ["accepted"] * 2),
    "old name": (LANDING, [line(LANDING, "cta_click", event_name="tapped_cta") for _ in range(2)], ["unknown_event"] * 2, ["accepted"] * 2),
    "old name, sent twice": (LANDING, [line(LANDING, "cta_click", {"user_id": "u0"}, event_name="tapped_cta")] * 2, ["unknown_event"] * 2, ["accepted", "duplicate"]),
    "new tag": (LANDING, [line(LANDING, "license_rejected", {"policy_tag": "Z9", "action_required": ""})], ["enum_out_of_range"], ["accepted"]),
    "ignored": (LANDING, [line(LANDING, "cta_click", event_name="page_pinged")], ["unknown_event"], ["accepted"]),
    "new stream": ("landing/payouts", [{"x": 1}], ["unknown_stream"], ["unknown_stream"]),
    "early": (LANDING, [line(LANDING, "cta_click", event_time="2014-06-01T00:00:00Z")], ["bad_time"], ["accepted"]),
    "ahead": (LANDING, [line(LANDING, "cta_click", event_time="2026-03-11T00:30:00Z")], ["bad_time"], ["accepted"]),
}  # fmt: skip


def appended(row: str) -> Callable[[str], str]:
    return lambda text: f"{text}{row}\n"


def replaced(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert text.count(old) == 1, old
        return text.replace(old, new)

    return change


MENDS = {
    "plan_event_aliases": appended("landing,tapped_cta,,,cta_click,name before the relaunch"),
    "plan_events": appended(
        "landing,page_pinged,,Reliability,,ops,,,99,false,false,false,false,false,true,added,X-19,A heartbeat of no interest"
    ),
    "plan_enum_values": appended("policy_tag,Z9,a new policy,新政策,,10"),
    "plan_products": replaced("event schema,480,2015-01-01", "event schema,0,2014-01-01"),
    "plan_settings": replaced("future_tolerance_minutes,10,", "future_tolerance_minutes,60,"),
}


@pytest.fixture(scope="module")
def mended_project(tmp_path_factory: pytest.TempPathFactory, project_root: Path) -> Path:
    """A copy of the project up to the events, with other rows in the plan."""
    copy = tmp_path_factory.mktemp("project") / "mended"
    for part in (
        "macros",
        "seeds",
        "models/staging",
        "models/normalized",
        "models/columns.md",
        "tests/generic",
    ):
        source = project_root / part
        (copy / part).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, copy / part)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(project_root / name, copy)
    for seed, change in MENDS.items():
        path = copy / "seeds/tracking_plan" / f"{seed}.csv"
        path.write_text(change(path.read_text()))
    return copy


@pytest.fixture(scope="module")
def builds(mended_project: Path) -> tuple[Built, Built]:
    """The same landed lines under the plan as it is, and under the mended one."""
    drop = Drop()
    for name, (stream, lines, _, _) in LINES.items():
        drop.add(stream, *lines, name=f"{name}.jsonl")
    return workshop().build(drop, EVENTS), workshop().build_again(EVENTS, project=mended_project)


@pytest.mark.parametrize("name", LINES)
def test_lines_re_enter_with_the_next_build(name: str, builds: tuple[Built, Built]) -> None:
    _, _, before, after = LINES[name]
    for built, expected in zip(builds, (before, after), strict=True):
        found = built.rows(
            f"""
            select coalesce(reason, status)
            from normalized.line_status
            inner join staging.landed_lines as landed using (product, stream, file_sha256, line_no)
            where parse_filename(landed.source_file) = '{name}.jsonl'
            """
        )
        assert sorted(fate for (fate,) in found) == sorted(expected)


def test_what_re_entered_is_an_event_like_any_other(builds: tuple[Built, Built]) -> None:
    names = "select raw_event_name, count(*) from normalized.events where event_name = 'cta_click' group by all order by all"
    assert builds[0].rows(names) == [("cta_click", 1)]
    assert builds[1].rows(names) == [("cta_click", 3), ("tapped_cta", 3)]
    assert builds[1].rows(
        "select distinct policy_tag from normalized.events where event_name = 'license_rejected'"
    ) == [("Z9",)]


def test_an_ignored_event_is_accepted_and_in_no_metric(builds: tuple[Built, Built]) -> None:
    """Every metric reads analyzable events only."""
    assert builds[1].rows(
        "select event_name, is_analyzable from normalized.events where not is_analyzable"
    ) == [("page_pinged", False)]


def test_the_day_cut_is_a_row_of_the_plan(builds: tuple[Built, Built]) -> None:
    """17:00 UTC is one o'clock of the next day at UTC+8."""
    days = "select event_date from normalized.events where event_name = 'landing_view'"
    assert builds[0].rows(days) == [(date(2026, 3, 10),)]
    assert builds[1].rows(days) == [(date(2026, 3, 9),)]

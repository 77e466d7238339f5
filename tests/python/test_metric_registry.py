"""Which columns of a mart are metrics, and that the registry knows them all (X-27).

A fraction of a day or a month (a rate, a mean, a percentile, a score) is a metric, and so is whatever the registry names. Whole numbers are
the counts and the money that metrics are made of, and need not be registered. A column that ends in `_to_next_color` says
how far a metric is from a threshold of the plan, and is none of its own.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
from oracle import plan

from plumbline.paths import DataPaths

#: A funnel is a row of `plan_funnels`, which says what each of its steps is; a transition is a pair of `plan_funnel_states`,
#: a milestone a row of `plan_milestones`.
ELSEWHERE = {"funnel_conversions", "funnel_transitions", "funnel_matrix", "milestones_daily"}

#: About data quality, the tidy table itself, rows about people.
BESIDE = {"governance", "metrics", "sensitive"}


def test_a_fraction_in_a_mart_is_a_registered_metric(built_demo: DataPaths, project_root: Path) -> None:
    marts = {
        path.stem
        for path in (project_root / "models/marts").glob("*/*.sql")
        if path.parent.name not in BESIDE and path.stem not in ELSEWHERE
    }
    with duckdb.connect(
        str(built_demo.serving / "plumbline_restricted.duckdb"), read_only=True
    ) as connection:
        columns = connection.execute(
            "select table_name, column_name from duckdb_columns()"
            " where (data_type in ('DOUBLE', 'FLOAT') or data_type like 'DECIMAL%')"
            " and table_name in (select table_name from duckdb_columns() where data_type = 'DATE')"
        ).fetchall()
    registered = {
        (row["mart"], row["mart_column"]) for row in plan.rows("plan_metrics") if row["status"] == "built"
    }
    fractions = {
        (mart, column) for mart, column in columns if mart in marts and not column.endswith("_to_next_color")
    }
    assert ("prompt_template_daily", "completion_rate_30d") in fractions
    assert fractions - registered == set()


def test_what_is_planned_names_no_mart_and_what_is_built_does() -> None:
    for row in plan.rows("plan_metrics"):
        assert bool(row["mart"]) == bool(row["mart_column"]) == (row["status"] == "built"), row["metric_key"]


def test_a_required_event_is_an_event_of_the_plan() -> None:
    required = {
        (row["product"], row["required_event"]) for row in plan.rows("plan_metrics") if row["required_event"]
    }
    assert required - set(plan.events()) == set()


def test_every_metric_of_prompts_and_of_the_product_is_built() -> None:
    """S2-15: what the documents S0 and S2 call P0 or P1 is there, in every product that the plan names."""
    asked = [row for row in plan.rows("plan_metrics") if row["requirement_id"].startswith(("S0-", "S2-"))]
    assert {row["priority"] for row in asked} == {"P0", "P1"}
    assert [(row["metric_key"], row["product"]) for row in asked if row["status"] != "built"] == []

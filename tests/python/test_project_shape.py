"""The shape of the project: layers, names, contracts, descriptions, engines. It holds for every file that will be added."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dbt_common.exceptions import DbtBaseException
from drops import Built, workshop

from plumbline.paths import PROJECT_ROOT, DataPaths

MARTS = ("marts", "marts_sensitive")
NORMALIZED_CONTRACT = ("line_status", "events", "event_violations", "file_status")  # outside checks read them
KEY_TESTS = ("unique", "unique_together")

Node = dict[str, Any]


def plan(name: str) -> list[dict[str, str]]:
    with (PROJECT_ROOT / "seeds/tracking_plan" / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


PRODUCTS = {row["product"] for row in plan("plan_products")}


def sql_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (PROJECT_ROOT / folder).rglob("*.sql"))


def named(path: Path) -> str:
    return str(path.relative_to(PROJECT_ROOT))


def code(path: Path) -> str:
    """A SQL file without its comments."""
    return re.sub(r"--[^\n]*", "", re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL))


@pytest.fixture(scope="module")
def manifest(built_demo: DataPaths) -> dict[str, dict[str, Node]]:
    return json.loads((built_demo.warehouse / "target/manifest.json").read_bytes())


@pytest.fixture(scope="module")
def models(manifest: dict[str, dict[str, Node]]) -> dict[str, Node]:
    """Models by name."""
    return {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}


@pytest.fixture(scope="module")
def marts(models: dict[str, Node]) -> dict[str, Node]:
    """Public tables: what is ephemeral is part of another model."""
    return {
        name: node
        for name, node in models.items()
        if node["schema"] in MARTS and node["config"]["materialized"] != "ephemeral"
    }


@pytest.fixture(scope="module")
def demo(built_demo: DataPaths) -> Built:
    return Built(built_demo.warehouse / "build.duckdb", {})


def parents(model: Node, manifest: dict[str, dict[str, Node]]) -> Iterator[tuple[str, str]]:
    """(layer, name) of what a model reads: a source, or a node by its schema."""
    for key in model["depends_on"]["nodes"]:
        node = manifest["sources"].get(key) or manifest["nodes"][key]
        yield "source" if key in manifest["sources"] else node["schema"], node["name"]


# --- layers -----------------------------------------------------------------------------------------


def test_each_layer_reads_the_one_below(
    models: dict[str, Node], manifest: dict[str, dict[str, Node]]
) -> None:
    """Marts never read staging or landed lines; only normalized reads staging; nothing reads upwards."""
    may_read = {
        "staging": {"source", "staging", "seeds"},
        "normalized": {"source", "staging", "normalized", "seeds"},
        "marts": {"normalized", "marts", "seeds"},
        "marts_sensitive": {"normalized", "marts", "marts_sensitive", "seeds"},
    }
    found = {
        f"{name} reads {layer} {parent}"
        for name, model in models.items()
        for layer, parent in parents(model, manifest)
        if layer not in may_read[model["schema"]]
    }
    assert found == set()


def test_landed_lines_are_read_in_staging_alone(
    models: dict[str, Node], manifest: dict[str, dict[str, Node]]
) -> None:
    readers = {
        (name, parent)
        for name, model in models.items()
        for layer, parent in parents(model, manifest)
        if layer == "source"
    }
    assert readers == {("landed_lines", "lines"), ("file_status", "files")}


def test_a_folder_is_a_schema(models: dict[str, Node]) -> None:
    assert {name: model["schema"] for name, model in models.items()} == {
        name: "marts_sensitive" if "sensitive" in model["path"] else model["path"].split("/")[0]
        for name, model in models.items()
    }


def test_a_stream_is_one_staging_model_and_one_name_in_the_union(
    models: dict[str, Node], manifest: dict[str, dict[str, Node]]
) -> None:
    """A sixth product is a staging folder, one name per stream in the union, and rows of the plan."""
    streams = {f"stg_{row['product']}__{row['stream']}" for row in plan("plan_streams")}
    assert {name for name in models if name.startswith("stg_")} == streams
    union = {name for layer, name in parents(models["named_events"], manifest) if layer == "staging"}
    assert union == streams
    folders = {models[name]["path"].split("/")[1] for name in streams}
    assert folders == PRODUCTS


def test_python_stays_outside_the_graph(models: dict[str, Node]) -> None:
    assert {model["language"] for model in models.values()} == {"sql"}


# --- SQL --------------------------------------------------------------------------------------------


def found_in(paths: list[Path], pattern: str) -> dict[str, list[str]]:
    """Files whose code matches, and with what."""
    matches = {named(path): re.findall(pattern, code(path), re.IGNORECASE) for path in paths}
    return {name: found for name, found in matches.items() if found}


def test_a_product_is_a_value_and_not_a_name() -> None:
    """Below staging no SQL says the name of a product and no model is called after one; a source is `landed`."""
    below = sql_files("models/normalized", "models/marts", "macros")
    assert found_in(below, rf"['\"](?:{'|'.join(sorted(PRODUCTS))})['\"]") == {}
    prefixes = tuple(f"{product}_" for product in PRODUCTS)
    assert [named(path) for path in below if path.stem.startswith(prefixes)] == []


def test_no_wall_clock() -> None:
    """X-01: what a build says depends on what came in; only the stamp of a build says when it ran."""
    clocks = (
        r"\b(?:now|today|getdate|sysdate|current_date|current_timestamp|current_time|localtimestamp)\b"
        r"|\bmodules\.datetime|\brun_started_at\b"
    )
    found = found_in(sql_files("models", "macros", "tests", "analyses"), clocks)
    assert found == {"models/marts/governance/build_info.sql": ["run_started_at"]}


def test_no_engine_branch() -> None:
    """What engines do differently stands in macros/engine."""
    outside = [
        path for path in sql_files("models", "macros", "tests", "analyses") if path.parent.name != "engine"
    ]
    assert found_in(outside, r"\btarget\s*\.\s*(?:type|name)\b|\badapter\s*\.\s*(?:type|dispatch)\b") == {}


def test_a_model_says_its_grain_first() -> None:
    models = sql_files("models/normalized", "models/marts")
    assert [named(path) for path in models if not path.read_text().startswith("-- One row")] == []


def test_a_macro_says_what_it_is_for() -> None:
    assert [named(path) for path in sql_files("macros") if not path.read_text().startswith("{#")] == []


def test_seeds_are_joined_and_not_read_while_compiling() -> None:
    assert [named(path) for path in sql_files("models", "macros") if "run_query" in code(path)] == []


def test_the_project_has_one_var() -> None:
    """Settings live in the plan."""
    asked = {
        name
        for path in sql_files("models", "macros")
        for name in re.findall(r"\bvar\(['\"](\w+)", code(path))
    }
    assert asked == {"as_of_date"}


# --- engines ----------------------------------------------------------------------------------------


def test_an_engine_macro_is_dispatched_and_its_default_raises() -> None:
    for path in sql_files("macros/engine"):
        if path.stem == "no_engine_body":
            continue
        text = path.read_text()
        assert re.search(
            rf"\{{% macro {path.stem}\(.*adapter\.dispatch\('{path.stem}', 'plumbline'\)", text
        ), path
        default = re.search(
            rf"macro default__{path.stem}\([^)]*\)\s*-?%\}}(.*?)\{{%-? endmacro", text, re.DOTALL
        )
        assert default and default[1].strip() == f"{{{{ no_engine_body('{path.stem}') }}}}", path
        assert f"macro duckdb__{path.stem}(" in text, path


def test_an_engine_without_a_body_is_told_where_to_add_it() -> None:
    with pytest.raises(DbtBaseException) as raised:
        workshop().dbt("compile", "--inline", "select {{ default__json_text('a', 'b', 'c') }}")
    assert "macros/engine/json_text.sql has no body for adapter type 'duckdb'" in str(
        raised.value.__context__
    )


# --- contracts and descriptions -----------------------------------------------------------------------


def test_public_tables_and_their_columns_are_described_as_built(
    marts: dict[str, Node], models: dict[str, Node], demo: Built
) -> None:
    """The columns in YAML are those in the database, both ways, each with a description."""
    public = marts | {name: models[name] for name in NORMALIZED_CONTRACT}
    for name, model in public.items():
        assert model["description"].strip(), name
        built = demo.rows(
            f"select column_name from duckdb_columns() where schema_name = '{model['schema']}' and table_name = '{name}'"
        )
        assert {column for (column,) in built} == set(model["columns"]), name
        undescribed = {column for column, said in model["columns"].items() if not said["description"].strip()}
        assert undescribed == set(), name


def test_marts_have_contracts_keys_and_requirements(
    marts: dict[str, Node], manifest: dict[str, dict[str, Node]]
) -> None:
    keyed = {
        node["attached_node"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and node.get("test_metadata", {}).get("name") in KEY_TESTS
    }
    for name, mart in marts.items():
        assert mart["config"]["contract"]["enforced"], name
        assert all(column["data_type"] for column in mart["columns"].values()), name
        assert mart["unique_id"] in keyed, name
        assert mart["config"]["meta"].get("requirements"), name


def test_requirements_are_ids(models: dict[str, Node]) -> None:
    ids = {one for model in models.values() for one in model["config"]["meta"].get("requirements", [])}
    assert {one for one in ids if not re.fullmatch(r"(S[0-4]|O|X)-\d{2}(\.\d+)?", one)} == set()


def test_nothing_restricted_is_in_the_open_marts(marts: dict[str, Node]) -> None:
    """S1-38: no column of `marts` carries a property that the plan does not call open."""
    closed = {row["property"] for row in plan("plan_properties") if row["sensitivity"] != "open"}
    carriers = {
        row["canonical_column"] for row in plan("plan_properties") if row["sensitivity"] != "open"
    } - {""}
    assert {"user_id", "account_id", "comment"} <= closed | carriers
    columns = {
        (name, column)
        for name, mart in marts.items()
        if mart["schema"] == "marts"
        for column in mart["columns"]
    }
    assert {
        (name, column) for name, column in columns if column in closed | carriers | {"anonymous_id"}
    } == set()


# --- the plan and what is built -----------------------------------------------------------------------


def test_every_built_metric_is_in_the_tidy_table_and_the_reverse(demo: Built) -> None:
    """X-27: registry and warehouse agree, metric by metric and product by product."""
    registered = {
        (row["metric_key"], row["product"]) for row in plan("plan_metrics") if row["status"] == "built"
    }
    assert set(demo.rows("select distinct metric_key, product from marts.metrics_daily")) == registered


def test_every_metric_says_where_it_is(marts: dict[str, Node]) -> None:
    for row in plan("plan_metrics"):
        if row["status"] == "built":
            assert row["mart_column"] in marts[row["mart"]]["columns"], row["metric_key"]


def test_every_gate_is_held_by_a_test(manifest: dict[str, dict[str, Node]]) -> None:
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    held = " ".join(json.dumps([node["raw_code"], node.get("test_metadata", {})]) for node in tests)
    assert {row["gate_key"] for row in plan("plan_gates") if row["gate_key"] not in held} == set()


@pytest.mark.parametrize("name", ["policy_tag", "action_required", "escalation_level"])
def test_governance_enums_are_errors_where_they_cannot_be_broken(
    name: str, manifest: dict[str, dict[str, Node]]
) -> None:
    """Errors on accepted events and marts; a pair of a warning and a gated error on what was received."""
    severity = {
        node["name"]: node["config"]["severity"].lower()
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
    }
    assert (
        severity[f"{name}_in_range_on_events"] == severity[f"{name}_in_range_on_governance_daily"] == "error"
    )
    for pair in (f"{name}_received_in_range", f"{name}_complete_on_latest_day"):
        assert (severity[f"{pair}_warns"], severity[f"{pair}_fails"]) == ("warn", "error")

"""The report in a real browser: every chart drawn, numbers as published, usable by keyboard, without any network."""

from __future__ import annotations

import csv
import json
import re
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import axe_core_python
import duckdb
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from plumbline.paths import DataPaths
from plumbline.questions import Page, Question, read_pages
from plumbline.report import write_report

PAGES = read_pages()
FILES = ["index.html", *(f"{page.key}.html" for page in PAGES[1:]), "metrics.html"]
WIDTHS = {"desk": 1400, "phone": 390}
AXE = Path(axe_core_python.__file__).parent / "axe.min.js"

# Namespaces of SVG, and addresses that vega-embed names in menus which the report does not show.
KNOWN_ADDRESSES = {"www.w3.org", "vega.github.io", "github.com"}


@pytest.fixture(scope="module")
def report(built_demo: DataPaths) -> Path:
    return write_report(built_demo).index.parent


@pytest.fixture(scope="module")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def browser(downloads: Path) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in (
        "headless=new",
        "no-sandbox",
        "disable-gpu",
        "no-first-run",
        "disable-background-networking",
    ):
        options.add_argument(f"--{argument}")
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    yield driver
    driver.quit()


def look(
    browser: webdriver.Chrome, page: Path, width: int = 1400, scheme: str = "light", hash: str = ""
) -> None:
    """Opens a page and waits until it is drawn."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    scheme_feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme_feature]})
    browser.get("about:blank")
    browser.get(page.as_uri() + hash)
    drawn(browser)


def drawn(browser: webdriver.Chrome) -> None:
    deadline = time.monotonic() + 30
    while not browser.execute_script(
        "return !document.querySelector('section.card') || document.body.dataset.drawn"
    ):
        assert time.monotonic() < deadline, (
            f"{browser.current_url} was not drawn: {browser.get_log('browser')}"
        )
        time.sleep(0.05)


def figure_data(page: Path) -> dict[str, dict[str, Any]]:
    """What a page holds, by question."""
    text = page.read_text(encoding="utf-8")
    found = re.findall(r'<section [^>]*id="(\w+)".*?class="data">(.*?)</script>', text, re.DOTALL)
    return {key: json.loads(data) for key, data in found}


@pytest.mark.parametrize("width", WIDTHS.values(), ids=list(WIDTHS))
@pytest.mark.parametrize("file", FILES)
def test_every_chart_is_drawn_without_an_error(
    browser: webdriver.Chrome, report: Path, file: str, width: int
) -> None:
    browser.get_log("browser")
    look(browser, report / file, width)
    errors = [line["message"] for line in browser.get_log("browser") if line["level"] == "SEVERE"]
    assert errors == []
    empty = browser.execute_script("""
        return [...document.querySelectorAll("section.card")].filter((card) => {
          const charts = [...card.querySelectorAll(".chart")];
          const marks = (chart) => chart.querySelectorAll(
            "[class*=mark-][class*=role-mark] path, [class*=mark-][class*=role-mark] text").length;
          return charts.length ? !charts.every(marks) : !card.querySelector(".charts td");
        }).map((card) => card.id);""")
    assert empty == []
    overflow = browser.execute_script("return document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0, "the page scrolls sideways"


@pytest.mark.parametrize("file", FILES)
def test_axe_finds_nothing(browser: webdriver.Chrome, report: Path, file: str) -> None:
    """In light with every definition, every query and the first table open; in dark the contrast."""
    look(browser, report / file)
    browser.execute_script(
        "document.querySelectorAll('details:not(.table)').forEach((details) => (details.open = true));"
        "document.querySelectorAll('details.table').forEach((details, at) => (details.open = at === 0))"
    )
    assert axe(browser) == []
    look(browser, report / file, scheme="dark")
    assert axe(browser, "color-contrast") == []


def axe(browser: webdriver.Chrome, *rules: str) -> list[Any]:
    """What axe finds on the page, by these rules or by all: (rule, elements, the first of them)."""
    browser.execute_script(AXE.read_text(encoding="utf-8"))
    return browser.execute_async_script(
        "const [rules, done] = arguments; axe.run(rules.length ? { runOnly: rules } : {}).then((result) =>"
        " done(result.violations.map((violation) =>"
        " [violation.id, violation.nodes.length, violation.nodes[0].html.slice(0, 160)])));",
        list(rules),
    )


@pytest.mark.parametrize("page", PAGES, ids=[page.key for page in PAGES])
def test_a_page_holds_what_is_published(report: Path, built_demo: DataPaths, page: Page) -> None:
    data = figure_data(report / ("index.html" if page is PAGES[0] else f"{page.key}.html"))
    assert list(data) == [question.key for question in page.questions]
    with duckdb.connect(str(built_demo.serving / "plumbline.duckdb"), read_only=True) as connection:
        for question in page.questions:
            rows = connection.execute(question.sql_with()).fetchall()
            told = data[question.key]["rows"]["all"]
            assert len(told) == len(rows) > 0, question.key
            assert [[_number(value) for value in row] for row in told] == [
                [_number(value) for value in row] for row in rows
            ], question.key


def _number(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    try:
        return pytest.approx(float(value), rel=1e-9)
    except (TypeError, ValueError):
        return str(value).replace(" ", "T") if re.match(r"\d{4}-\d\d-\d\d ", str(value)) else str(value)


def test_filters_work_offline(browser: webdriver.Chrome, report: Path) -> None:
    look(browser, report / "revenue.html")
    card = browser.find_element(By.ID, "mrr")
    card.find_element(By.CSS_SELECTOR, "details.table summary").click()
    days = figure_data(report / "revenue.html")["mrr"]["rows"]["all"]

    def shown() -> list[list[str]]:
        return browser.execute_script(
            "return [...document.querySelectorAll('#mrr details.table tbody tr')]"
            ".map((row) => [...row.cells].map((cell) => cell.textContent))"
        )

    assert len(shown()) == len(days)
    Select(browser.find_element(By.NAME, "product")).select_by_visible_text("app")
    drawn(browser)
    assert {row[0] for row in shown()} == {"app"}
    assert len(shown()) == sum(row[0] == "app" for row in days)
    Select(browser.find_element(By.NAME, "period")).select_by_value("30")
    drawn(browser)
    last = max(row[1] for row in days)
    assert [row[1] for row in shown()] == sorted({row[1] for row in days})[-30:] and shown()[-1][1] == last
    # A question whose SQL counts over the days is asked again for the period.
    data = figure_data(report / "funnels.html")["funnel_steps"]
    assert set(data["rows"]) == {"30", "90", "all"}
    entrants = {period: sum(row[4] for row in rows) for period, rows in data["rows"].items()}
    assert 0 <= entrants["30"] < entrants["all"]
    # What was chosen stays on the next page.
    browser.find_element(By.LINK_TEXT, "Retention").click()
    drawn(browser)
    assert browser.find_element(By.NAME, "product").get_property("value") == "app"
    assert browser.find_element(By.NAME, "period").get_property("value") == "30"


def test_the_download_holds_the_rows_that_are_shown(
    browser: webdriver.Chrome, report: Path, downloads: Path
) -> None:
    look(browser, report / "revenue.html", hash="#product=app&period=all")
    browser.find_element(By.CSS_SELECTOR, "#payments .download").click()
    target = downloads / "payments.csv"
    deadline = time.monotonic() + 10
    while not target.exists():
        assert time.monotonic() < deadline, "nothing was downloaded"
        time.sleep(0.05)
    data = figure_data(report / "revenue.html")["payments"]
    with target.open(newline="", encoding="utf-8") as file:
        header, *rows = list(csv.reader(file))
    assert header == data["columns"]
    assert rows == [[str(value) for value in row] for row in data["rows"]["all"] if row[0] == "app"]


def test_everything_is_reached_by_keyboard(browser: webdriver.Chrome, report: Path) -> None:
    look(browser, report / "retention.html")
    reached = []
    for _ in range(60):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        reached.append(browser.execute_script(
            "const at = document.activeElement; return at.name || at.className || at.textContent.trim()"
        ))  # fmt: skip
    assert reached[0] == "skip"
    for needed in ("Overview", "product", "period", "Definition", "Table", "download"):
        assert needed in reached, needed
    summary = browser.find_element(By.CSS_SELECTOR, "#retention_triangle summary")
    summary.send_keys(Keys.ENTER)
    assert summary.find_element(By.XPATH, "..").get_property("open")


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if told.get("id"):
            self.ids.add(str(told["id"]))
        self.hrefs += [str(told[name]) for name in ("href", "src") if told.get(name)]


def test_links_lead_somewhere_and_nothing_needs_a_network(browser: webdriver.Chrome, report: Path) -> None:
    parsed = {}
    for file in FILES:
        parsed[file] = _Links()
        parsed[file].feed((report / file).read_text(encoding="utf-8"))
    for file, page in parsed.items():
        for href in page.hrefs:
            if href == "data:,":
                continue
            target, _, part = href.partition("#")
            assert (report / (target or file)).exists(), f"{file}: {href}"
            assert not part or part in parsed[target or file].ids, f"{file}: {href}"
    for path in [*report.glob("*.html"), *(report / "assets").iterdir()]:
        addresses = set(re.findall(r"https?://([\w.-]+)", path.read_text(encoding="utf-8")))
        allowed = KNOWN_ADDRESSES if path.name == "vega.js" else set()
        assert addresses <= allowed, path.name
    browser.get_log("performance")
    for file in FILES:
        look(browser, report / file)
    asked = [json.loads(line["message"])["message"] for line in browser.get_log("performance")]
    urls = [
        told["params"]["request"]["url"] for told in asked if told["method"] == "Network.requestWillBeSent"
    ]
    assert urls and {url.split(":", 1)[0] for url in urls} <= {"file", "data", "about", "blob"}


def test_charts_are_made_of_nothing_that_the_answer_lacks(report: Path) -> None:
    def fields(told: Any) -> Iterator[str]:
        if isinstance(told, dict):
            if isinstance(told.get("field"), str):
                yield told["field"]
            for value in told.values():
                yield from fields(value)
        elif isinstance(told, list):
            for value in told:
                yield from fields(value)

    made = {"measure", "value", "said", "room", "most"}
    for page in PAGES:
        for key, data in figure_data(
            report / ("index.html" if page is PAGES[0] else f"{page.key}.html")
        ).items():
            unknown = set(fields(data.get("spec"))) - set(data["columns"]) - made
            assert not unknown, f"{key} draws {unknown}"


def test_the_report_says_what_is_wrong(tmp_path: Path, plumbline: Any) -> None:
    code, printed = plumbline("report", "--data", tmp_path)
    assert code == 2 and "nothing is published yet" in printed and "plumbline build" in printed
    wrong = {
        "kind: pie": "no chart is called 'pie'",
        "[[and day = {{day}}]]": "no filter is called 'day'",
        "and product = {{product}}": "put the clause of the filter 'product' into [[ ]]",
    }
    for change, sentence in wrong.items():
        kind, _, clause = change.partition("kind: ")
        question = {
            "key": "q", "title": "t", "owner": "o", "chart": {"kind": clause or "table"}, "sql": f"select 1 {kind}",
        }  # fmt: skip
        (tmp_path / "one.yml").write_text(json.dumps({
            "key": "one", "short": "o", "title": "t", "title_zh": "t", "text": "t", "requirements": [],
            "questions": [question],
        }))  # fmt: skip
        (tmp_path / "pages.yml").write_text("[one]")
        with pytest.raises(Exception, match=re.escape(sentence)):
            read_pages(tmp_path)


def test_filters_become_conditions() -> None:
    question = Question(
        "q", "t", "select 1 where true [[and a = {{product}}]] [[and b >= {{from}}]]", {"kind": "table"}
    )
    assert question.filters == ("product", "from")
    assert question.sql_with().split() == ["select", "1", "where", "true"]
    assert question.sql_with({"from": "date '2026-01-01'"}).split()[-4:] == [
        "b",
        ">=",
        "date",
        "'2026-01-01'",
    ]

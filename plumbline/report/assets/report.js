// Draws the questions of a page, and their tables and downloads, from the rows that the page holds.
"use strict";
const SETTINGS = JSON.parse(document.getElementById("settings").textContent);
const form = document.querySelector(".filters");
const dark = matchMedia("(prefers-color-scheme: dark)");
const printing = matchMedia("print");
const tip = document.getElementById("tip");

const element = (name, text, className) => {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
};
const label = (name, names = {}) => names[name] || String(name).replaceAll("_", " ");
const number = (digits, least = 0) =>
  new Intl.NumberFormat("en", { minimumFractionDigits: least, maximumFractionDigits: digits });
const [whole, short, cents] = [number(0), number(3), number(2, 2)];
const percent = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const signed = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1, signDisplay: "exceptZero" });

// The questions of the page: element, data, and rows as objects by period.
const figures = [...document.querySelectorAll("section.card")].map((card) => {
  const data = JSON.parse(card.querySelector(".data").textContent);
  const rows = {};
  for (const [period, told] of Object.entries(data.rows)) {
    rows[period] = told.map((row) => Object.fromEntries(row.map((value, at) => [data.columns[at], value])));
  }
  return { card, data, rows, views: [] };
});

function shownRows({ data, rows }) {
  const { product, period } = Object.fromEntries(new FormData(form));
  const first = SETTINGS.periods[period];
  return (rows[period] || rows.all).filter(
    (row) => (!product || row.product === product) && (!data.day || !first || row[data.day] >= first),
  );
}

function showTip(handler, event, item, value) {
  if (value === null || value === undefined || value === "") {
    tip.hidden = true;
    return;
  }
  tip.replaceChildren(
    ...Object.entries(value).map(([name, text]) => {
      const line = element("div");
      line.append(element("b", name), label(text));
      return line;
    }),
  );
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  tip.style.left = `${Math.min(event.clientX + 14, innerWidth - box.width - 8)}px`;
  tip.style.top = `${Math.min(event.clientY + 14, innerHeight - box.height - 8)}px`;
}

// One chart: the page's specification with these rows; series that no row has leave the legend.
function draw(figure, place, rows, spec) {
  const told = structuredClone(spec);
  for (const { encoding } of [told, ...(told.layer || [])]) {
    const scale = encoding?.color?.scale;
    if (!scale?.domain) continue;
    const column = encoding.color.field;
    const has = (value) => column === "measure" || rows.some((row) => row[column] === value);
    scale.range = scale.range.filter((_, at) => has(scale.domain[at]));
    scale.domain = scale.domain.filter(has);
  }
  told.data = { values: rows };
  told.autosize = { type: typeof spec.height === "number" ? "fit" : "fit-x", contains: "padding" };
  const config = SETTINGS.configs[dark.matches && !printing.matches ? "dark" : "light"];
  return vegaEmbed(place, told, { actions: false, renderer: "svg", logLevel: 1, config, tooltip: showTip }).then(({ view }) => {
    figure.views.push(view);
    // The place has the words for all of it.
    place.querySelector("svg").setAttribute("aria-hidden", "true");
  });
}

function drawCharts(figure, rows) {
  const place = figure.card.querySelector(".charts");
  const { data } = figure;
  place.replaceChildren();
  if (!rows.length) {
    place.append(element("p", "No data for this product and period.", "empty"));
    return [];
  }
  if (data.kind === "table") {
    place.append(table(figure, rows, 60));
    return [];
  }
  figure.card.classList.remove("wide");
  const groups = data.split ? Map.groupBy(rows, (row) => row[data.split]) : new Map([["", rows]]);
  if (groups.size > 2) figure.card.classList.add("wide");
  return [...groups].map(([name, group]) => {
    const box = element("div");
    if (name) box.append(element("h3", label(name)));
    const chart = box.appendChild(element("div", undefined, "chart"));
    chart.setAttribute("role", "img");
    const title = figure.card.querySelector("h2").textContent;
    chart.setAttribute("aria-label", `${title}${name ? `, ${label(name)}` : ""}; the table below holds its numbers`);
    place.append(box);
    return draw(figure, chart, group, data.spec);
  });
}

function told(value, unit) {
  if (unit === "ratio") return [percent.format(value), ""];
  if (unit === "money") return [cents.format(value), SETTINGS.currency];
  return [Number.isInteger(value) ? whole.format(value) : short.format(value), ""];
}

function drawHeadlines(figure, rows) {
  const place = figure.card.querySelector(".charts");
  place.style.display = "block";
  place.replaceChildren();
  const drawn = [];
  const products = [...new Set(rows.map((row) => row.product))].sort();
  place.style.setProperty("--products", Math.max(products.length, 3));
  for (const [key, ofMetric] of Map.groupBy(rows, (row) => row.metric_key)) {
    const group = place.appendChild(element("div", undefined, "group"));
    const heading = group.appendChild(element("h3"));
    const link = heading.appendChild(element("a", ofMetric[0].name_en));
    link.href = `metrics.html#${key}`;
    heading.append(Object.assign(element("span", ofMetric[0].name_zh), { lang: "zh" }));
    const cards = group.appendChild(element("div", undefined, "kpis"));
    for (const [product, days] of Map.groupBy(ofMetric, (row) => row.product)) {
      const last = days.at(-1);
      const before = days.at(-8);
      const card = cards.appendChild(element("article", undefined, "kpi"));
      card.style.setProperty("--place", products.indexOf(product) + 1);
      card.append(element("h4", product));
      if (last.value === null) {
        card.append(element("p", "no data", "value"), element("p", label(last.evaluability)));
      } else {
        const [text, unit] = told(last.value, last.unit);
        const value = card.appendChild(element("p", text, "value"));
        if (unit) value.append(element("small", unit));
        const change = before?.value ? last.value / before.value - 1 : null;
        const said = change === null ? "was 0 seven days before" : `${signed.format(change)} in 7 days`;
        const isGood = change * (last.direction === "down" ? -1 : 1) > 0;
        card.append(element("p", said, change ? (isGood ? "up" : "down") : ""));
      }
      if (last.target !== null) card.append(element("p", `target ${told(last.target, last.unit).join(" ")}`));
      const known = days.filter((row) => row.value !== null);
      if (known.length > 1) {
        const chart = card.appendChild(element("div", undefined, "chart"));
        chart.setAttribute("role", "img");
        chart.setAttribute("aria-label", `${last.name_en}, ${product}, day by day`);
        drawn.push(draw(figure, chart, days, figure.data.spec));
      }
    }
  }
  return drawn;
}

const COLORS = { GREEN: "#3a9d5d", YELLOW: "#e0a10b", RED: "#d1495b", NO_DATA: "#8d94a3" };
const isRate = (column) => /(_rate|_ratio|share|delta_cr|reuse_rate|completion_rate)/.test(column);

function cell(column, value) {
  if (value === null) return element("td", "–", "none");
  if (typeof value === "number") {
    const text = isRate(column) ? percent.format(value) : Number.isInteger(value) ? whole.format(value) : short.format(value);
    return element("td", text, "number");
  }
  const made = element("td");
  if (COLORS[value]) made.append(Object.assign(element("span", undefined, "dot"), { style: `background:${COLORS[value]}` }));
  made.append(typeof value === "boolean" ? (value ? "yes" : "no") : String(value));
  return made;
}

function table(figure, rows, most) {
  const { columns, names } = figure.data;
  const made = element("table");
  const head = made.createTHead().insertRow();
  for (const column of columns) {
    const isNumber = rows.some((row) => typeof row[column] === "number");
    head.append(Object.assign(element("th", label(column, names), isNumber ? "number" : ""), { scope: "col" }));
  }
  const body = made.createTBody();
  for (const row of rows.slice(0, most)) body.insertRow().append(...columns.map((column) => cell(column, row[column])));
  const scroll = element("div", undefined, "scroll");
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", `Rows: ${figure.card.querySelector("h2").textContent}`);
  scroll.append(made);
  if (rows.length <= most) return scroll;
  const both = element("div");
  both.append(scroll, element("p", `${most} of ${whole.format(rows.length)} rows; the download holds all of them.`, "empty"));
  return both;
}

function flag(figure, rows) {
  const flags = figure.card.querySelector(".flags");
  flags.querySelectorAll(".counted").forEach((old) => old.remove());
  const young = rows.filter((row) => row.is_mature === false).length;
  const few = rows.filter((row) => row.is_low_n).length;
  if (young) flags.append(element("span", `${whole.format(young)} values not yet mature (hollow)`, "counted"));
  if (few) flags.append(element("span", `${whole.format(few)} values from few people`, "counted"));
}

function drawFigure(figure) {
  figure.views.splice(0).forEach((view) => view.finalize());
  const rows = shownRows(figure);
  flag(figure, rows);
  const holder = figure.card.querySelector("details.table");
  if (holder) {
    holder.ontoggle = () => holder.open && holder.querySelector(".rows").replaceChildren(table(figure, rows, 200));
    holder.ontoggle();
  }
  return figure.data.kind === "headlines" ? drawHeadlines(figure, rows) : drawCharts(figure, rows);
}

async function drawPage() {
  document.body.removeAttribute("data-drawn");
  await Promise.all(figures.flatMap(drawFigure));
  document.body.dataset.drawn = figures.length;
}

function download(figure) {
  const quoted = (value) => (/[",\n]/.test(value ?? "") ? `"${String(value).replaceAll('"', '""')}"` : value ?? "");
  const { columns } = figure.data;
  const lines = [columns, ...shownRows(figure).map((row) => columns.map((column) => row[column]))];
  const text = lines.map((line) => line.map(quoted).join(",")).join("\r\n") + "\r\n";
  const link = element("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  link.download = `${figure.card.id}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
}

// What a reader chose stays from page to page, where the browser remembers anything for files.
const KEPT = ["product", "period"];
const address = new URLSearchParams(location.hash.slice(1));
for (const name of KEPT) if (address.has(name)) form.elements[name].value = address.get(name);
function carry() {
  const chosen = new URLSearchParams(new FormData(form)).toString();
  document.querySelectorAll("nav a").forEach((link) => (link.href = `${link.getAttribute("href").split("#")[0]}#${chosen}`));
}

form.addEventListener("change", () => { carry(); drawPage(); });
dark.addEventListener("change", drawPage);
printing.addEventListener("change", drawPage);
figures.forEach((figure) => (figure.card.querySelector(".download").onclick = () => download(figure)));
carry();
drawPage();

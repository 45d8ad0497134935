// The journal: ten thousand rows, of which only those in sight are elements.

import { allowed, get, query, reference, remove } from "./api.js";
import { drop, fill, h, icon, marked, raw } from "./dom.js";
import { laidOut } from "./json.js";
import { attempt, badge, button, copyButton, explained, input, openDrawer, select, sure } from "./parts.js";
import { curl, isWhole } from "./shell.js";
import { clockTime, date, onChange } from "./state.js";
import { language, t } from "./words.js";

const ROW = 42;
const SPARE = 8;
const NEWEST = 60;
const FLOOD = 1000;
const PAGE = 1000;

const wanted = { operation: "", outcome: "", account: "", err_code: "" };

export function journal() {
  const spacer = h("div.spacer");
  const box = h("div.rows", { role: "rowgroup", tabindex: "-1", onscroll: () => draw() }, spacer);
  const table = h("div.journal", { role: "table", "aria-label": t("journal") },
    h("div.row-head", { role: "row" }, ["time", "operation", "outcome", "notes", "account", "latency"].map((name) =>
      h(`span.c-${name}`, { role: "columnheader" }, t(`col_${name}`)))),
    box);
  const total = h("span.count");
  const waiting = h("span.count");
  const nothing = h("p.empty", t("journal_empty"));
  const filters = h("div.filters");
  const pause = button("", toggle, { kind: "quiet", focus: "pause" });
  const node = h("div.tall",
    h("div.head", h("h1", t("journal")), total, waiting, h("div.row.end", pause, button(t("clear"), clear, { kind: "quiet" }))),
    filters, nothing, table);
  const lines = new Map();
  let rows = [];
  let count = 0;
  let newest = -1;
  let counted = -1;
  let asked = 0;
  let lived;
  let paused = false;
  let life = 0; // how often all rows were let go: what was asked for before then comes too late
  let loading = -1;
  let meanings = new Map();
  const prepared = onChange(prepare);

  async function prepare() {
    const [errors, { operations }] = await Promise.all([reference("errors"), reference("operations")]);
    meanings = byCode(errors);
    forgetLines();
    draw(true);
    const names = operations.map((one) => one.name);
    const set = (name) => (value) => {
      wanted[name] = value;
      again();
    };
    fill(filters,
      select(t("col_operation"), [["", t("all")], ...names.map((name) => [name, name, true])], wanted.operation, set("operation")),
      select(t("col_outcome"), ["", "fine", "failed", "warned"].map((name) => [name, t(`outcome_${name || "all"}`)]), wanted.outcome, set("outcome")),
      input(t("err_code"), { type: "number", min: 0, max: 9999, value: wanted.err_code, onchange: (event) => set("err_code")(event.target.value) }),
      input(t("col_account"), { type: "search", maxlength: 200, value: wanted.account, onchange: (event) => set("account")(event.target.value.trim()) }));
  }
  label();

  function label() {
    fill(pause, icon(paused ? "play" : "pause"), t(paused ? "go_on" : "pause"));
    pause.setAttribute("aria-pressed", paused);
  }

  function toggle() {
    paused = !paused;
    label();
    if (!paused) return again();
  }

  async function clear() {
    if (await sure(t("clear_sure"), t("clear"))) await attempt(() => remove("requests"));
    return again();
  }

  const page = (more) => get(`requests${query({ ...wanted, bodies: "omit", ...more })}`);

  /** From the top, with the filters of now. */
  async function again() {
    letGo();
    box.scrollTop = 0;
    waiting.textContent = "";
    if (!(await attempt(newer))) newest = -1; // so that the next beat tries again
  }

  function letGo() {
    life += 1;
    rows = [];
  }

  async function newer() {
    const mine = life;
    const found = await allowed(page({ limit: NEWEST }), { requests: [], total: 0 });
    if (mine !== life) return true;
    fill(nothing, found.refusal ? explained(found.refusal) : t("journal_empty"));
    count = found.total;
    const fresh = rows.length ? found.requests.filter((row) => row.seq > rows[0].seq) : found.requests;
    const gap = fresh.length === found.requests.length;
    const shift = box.scrollTop > 0 && !gap ? fresh.length * ROW : 0;
    if (gap) letGo();
    rows = [...fresh, ...rows];
    total.textContent = t("total", { count }) + (found.dropped ? ` · ${t("dropped", { count: found.dropped })}` : "");
    nothing.hidden = count > 0;
    table.hidden = count === 0;
    spacer.style.height = `${count * ROW}px`;
    if (shift) box.scrollTop += shift;
    draw(true);
    return true;
  }

  /** While paused: how many have come that the filters let through. */
  async function arrived() {
    const mine = life;
    const found = await page({ limit: NEWEST });
    if (mine !== life || !paused) return false; // other rows by now: it is counted again
    const more = found.requests.filter((row) => row.seq > (rows[0]?.seq ?? 0)).length;
    const all = more < NEWEST ? more : Math.max(more, found.total - count);
    waiting.textContent = all ? t("arrived", { count: all }) : "";
    return true;
  }

  /** Loads what lies behind, until the row is there. */
  async function until(place) {
    if (loading === life || !rows.length) return;
    const mine = life;
    loading = mine;
    try {
      while (rows.length <= place && rows.length < count) {
        const found = await page({ limit: PAGE, before: rows.at(-1).seq });
        if (mine !== life || !found.requests.length) break;
        rows.push(...found.requests);
        draw(true);
      }
    } finally {
      if (loading === mine) loading = -1;
    }
  }

  let drawn = "";
  function draw(anew = false) {
    const first = Math.max(0, Math.floor(box.scrollTop / ROW) - SPARE);
    const last = Math.min(count, Math.ceil((box.scrollTop + (box.clientHeight || 800)) / ROW) + SPARE);
    const mark = `${first} ${last}`;
    if (mark === drawn && !anew) return;
    drawn = mark;
    const before = new Map(lines);
    for (let place = first; place < last; place++) {
      const row = rows[place];
      if (!row) continue;
      const node = lines.get(row.seq) ?? line(row);
      before.delete(row.seq);
      node.style.setProperty("--y", `${place * ROW}px`);
      node.setAttribute("aria-rowindex", place + 1);
      node.place = place;
      if (!node.isConnected) box.append(node);
      lines.set(row.seq, node);
    }
    for (const [seq, node] of before) {
      drop(node);
      lines.delete(seq);
    }
    table.setAttribute("aria-rowcount", count);
    if (last > rows.length && rows.length < count) until(last).catch(() => undefined);
  }

  function forgetLines() {
    for (const node of lines.values()) node.remove();
    lines.clear();
  }

  /** A row, which keeps its element as long as it is in sight: a click may take longer than two draws. */
  function line(row) {
    const cell = (name, ...content) => h(`span.c-${name}`, { role: "cell" }, content);
    const open = h("button.link", { type: "button", "aria-label": `${clockTime(Date.parse(row.time))} · ${t("open_request", { seq: row.seq })}` }, raw(clockTime(Date.parse(row.time))));
    const found = h("div.line", { role: "row" },
      cell("time", open),
      cell("operation", h("span.method", { raw: true }, row.method), raw(row.operation)),
      cell("outcome", outcome(row), h("span.meaning", meaning(row))),
      cell("notes", row.violations.length > 0 && remark("bad", "close", "violations", row.violations.length), " ", row.notes.length > 0 && remark("warn", "warn", "warnings", row.notes.length)),
      cell("account", raw(row.account ?? "—")),
      cell("latency", raw(`${row.latency_ms < 10 ? row.latency_ms.toFixed(1) : Math.round(row.latency_ms)} ms`)));
    found.addEventListener("click", () => attempt(() => show(row.seq)));
    found.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      box.scrollTop += step * ROW;
      draw();
      lines.get(rows[found.place + step]?.seq)?.querySelector("button").focus({ preventScroll: true });
    });
    return found;
  }

  function meaning(row) {
    const found = meanings.get(`request ${row.err_code}`);
    if (row.err_code === 0) return "";
    if (row.err_code === null) return t(row.http ? "no_envelope" : "no_reply");
    return found ? marked(found.title[language()]) : "";
  }

  return {
    node,
    async beat(pulse) {
      await prepared();
      if (pulse.life !== lived) {
        lived = pulse.life;
        newest = -1;
        letGo();
        forgetLines();
      }
      if (pulse.requests.newest === newest) return;
      const more = pulse.requests.newest - newest;
      if (paused) {
        if (newest >= 0 && pulse.requests.newest !== counted && performance.now() - asked > FLOOD) {
          asked = performance.now();
          if (await arrived()) counted = pulse.requests.newest;
        }
        return;
      }
      if (more > NEWEST && performance.now() - asked < FLOOD) return;
      asked = performance.now();
      waiting.textContent = "";
      await newer();
      newest = pulse.requests.newest;
    },
  };
}

const byCode = (table) => new Map(table.errors.map((one) => [`${one.scope} ${one.code}`, one]));

function remark(kind, shape, key, count) {
  const said = t(key, { count });
  return h(`span.badge.${kind}`, { title: said, role: "img", "aria-label": said }, icon(shape), " ", raw(count));
}

function outcome(row) {
  const kind = row.err_code === 0 ? "good" : "bad";
  return badge(kind, row.err_code === null ? (row.http ? `HTTP ${row.http}` : "✕") : String(row.err_code), true);
}

/** Opens a request whole, with everything that is to be said of it. */
export async function show(seq) {
  const [row, ledger, table] = await Promise.all([get(`requests/${seq}`), reference("readings"), reference("errors")]);
  const meanings = byCode(table);
  const readings = new Map(ledger.readings.map((one) => [one.id, one]));
  const entry = meanings.get(`request ${row.err_code}`);
  openDrawer(h("span", raw(`#${row.seq} `), raw(row.operation)),
    h("div.facts",
      outcome(row), raw(`HTTP ${row.http ?? "—"}`), raw(`${row.latency_ms} ms`),
      raw(`${date(Date.parse(row.time))} ${clockTime(Date.parse(row.time))}`),
      h("span", t("col_account"), ": ", raw(row.account ?? "—"), " (", t(`way_${row.way}`), ")")),
    h("p.path", h("span.method", { raw: true }, row.method), raw(row.path)),
    forShell(row),
    entry && row.err_code !== 0 && h("section.explain",
      h("h3", raw(`${row.err_code} · `), marked(entry.title[language()])), h("p", marked(entry.when[language()])), h("p.mend", marked(entry.remedy[language()])), sources(entry.sources)),
    row.violations.length > 0 && h("section", h("h3", t("violations_title")), h("ul.remarks", row.violations.map((one) => violation(one, meanings)))),
    row.notes.length > 0 && h("section", h("h3", t(row.err_code === 0 ? "warnings_title" : "notes_title")), h("ul.remarks", row.notes.map((one) => note(one, readings)))),
    body(t("request_body"), row.request), body(t("answer_body"), row.answer));
}

function violation(one, meanings) {
  const scope = one.path[0] === "invoices" ? "invoice" : "request";
  const entry = meanings.get(`${scope} ${one.code}`) ?? meanings.get(`request ${one.code}`);
  return h("li", badge("bad", one.code ?? "—", true), place(one.path), entry && h("b", marked(entry.title[language()])), said(one.text),
    entry && h("div.more", marked(entry.remedy[language()]), sources(entry.sources)));
}

function note(one, readings) {
  const reading = readings.get(one.reading);
  return h("li", one.reading && badge("warn", one.reading, true), place(one.path), one.reading && h("b", t("note_reading")), said(one.text),
    reading && h("div.more", { lang: "en" }, marked(reading.question), h("br"), marked(reading.why), sources(reading.sources)));
}

/** The simulator's own words. */
const said = (text) => h("span", { raw: true, lang: "en" }, text);

const place = (path) => path.length > 0 && h("code", { raw: true }, path.map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`)).join("").replace(/^\./, ""));

export const sources = (names) => h("span.sources", names.map((name) => h("span.source", { raw: true }, name)));

function body(title, kept) {
  if (!kept.size) return null;
  return h("section", h("h3", title, " ", h("small", raw(`${kept.size} B`), kept.cut && ` · ${t("cut")}`)), laidOut(kept.text),
    copyButton(t(kept.cut ? "copy_beginning" : "copy"), kept.text));
}

function forShell(row) {
  if (!isWhole(row)) return h("p.muted", t("curl_not_whole"));
  const { command, secrets, hidden } = curl(row);
  return h("div.row", copyButton(t("copy_curl"), command),
    secrets.length > 0 && h("span.muted", t("curl_secrets"), secrets.map((name) => [" ", raw(name, "code")])),
    hidden && h("span.muted", t("curl_hidden")), h("span.muted", t("curl_headers")));
}

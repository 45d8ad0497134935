// The world: its clock and pace, what it believes, what goes wrong in it, who is in it, and its past lives.

import { get, portalUrl, post, put, reference, remove, world } from "./api.js";
import { fill, h, keyed, marked, raw } from "./dom.js";
import { sources } from "./journal.js";
import { attempt, badge, button, copyButton, input, select, sure } from "./parts.js";
import { clockTime, date, dateTime, onChange, state, worldNow } from "./state.js";
import { t } from "./words.js";

const STEPS = ["1m", "5m", "1h", "1d"];
const SPEEDS = [1, 10, 60, 600, 3600];
const PACES = ["instant", "fast", "realistic", "manual"];
const SUPPORT = { documented: "good", inferred: "live", assumed: "warn" };
const SEED_POLL = 250;
const WORLDS = 30;
const FAULTS = {
  err_code: { type: "number", min: 1, max: 9999, value: 11 },
  http_status: { type: "number", min: 200, max: 599, value: 502 },
  delay: { value: "3s", maxlength: 20 },
  connection: ["drop_before", "drop_after", "truncate", "drip", "lose_answer"],
  body: ["html", "empty", "malformed"],
  etaxes: ["busy"],
  mutate: ["empty_err_msg", "az_err_msg", "extra_fields", "key_order"],
};

export function worldView() {
  const faults = faultsCard();
  const cards = [clockCard(), accountsCard(), seedCard(), faults, pastCard(), worldsCard(), readingsCard()];
  const node = h("div", h("div.head", h("h1", t("world")), raw(world)), h("p.lead", t("world_lead")), h("div.masonry", cards.slice(0, -1).map((card) => card.node)), cards.at(-1).node);
  const changed = onChange(() => Promise.all(cards.map((card) => card.look())));
  const counted = onChange(() => faults.look());
  return {
    node,
    tick: () => cards[0].tick(),
    async beat({ life, version, clock, requests }) {
      await changed(life, version, clock.speed, clock.frozen);
      await counted(requests.newest);
    },
  };
}

const card = (name, ...content) => h(`section.card.${name}`, { "aria-labelledby": `card-${name}` }, h("h2", { id: `card-${name}` }, t(`card_${name}`)), content);

function clockCard() {
  const big = h("p.big-clock", { raw: true });
  const mode = h("p.muted");
  const running = h("div.row");
  const pace = h("span");
  const odd = h("span");
  const size = h("input", { type: "number", min: 1, max: 100000, onchange: () => attempt(() => put("settings", { page_size: Number(size.value) })) });
  const by = h("input", { value: "30m", maxlength: 20, "aria-label": t("advance_by") });
  const advance = (length) => attempt(() => post("clock/advance", { by: length }));
  const set = (body) => attempt(() => put("clock", body));
  const ran = onChange(async () => {
    const { frozen, speed } = state.pulse.clock;
    mode.textContent = frozen ? t("clock_frozen") : speed === 1 ? t("clock_real") : t("clock_runs", { speed });
    fill(running, button(t(frozen ? "unfreeze" : "freeze"), () => set({ frozen: !frozen }), { kind: frozen ? "primary" : "", focus: "freeze" }),
      select(t("speed"), [...new Set([...SPEEDS, speed])].map((one) => [String(one), `× ${one}`, true]), String(speed), (value) => set({ speed: Number(value) }), "speed"));
  });
  const paced = onChange(async (now) => {
    fill(pace, select(t("pace"), PACES.map((one) => [one, t(`pace_${one}`)]), now, (value) => attempt(() => put("settings", { pace: value })), "pace"));
  });
  const node = card("clock", big, mode, running,
    h("h3", t("advance")), h("div.row", STEPS.map((step) => button(h("span", { raw: true }, `+${step}`), () => advance(step), { kind: "small" })), by, button(t("advance_do"), () => advance(by.value.trim()), { kind: "small" })),
    h("hr"), h("div.row", pace, h("label.field", h("span", t("page_size")), size), odd), h("p.muted", t("pace_hint")));
  return {
    node,
    tick() {
      const now = worldNow();
      if (now !== null) big.textContent = `${date(now)} ${clockTime(now)}`;
    },
    async look() {
      const { frozen, speed } = state.pulse.clock;
      const settings = await get("settings");
      await ran(frozen, speed);
      await paced(settings.pace);
      if (document.activeElement !== size) size.value = settings.page_size;
      fill(odd, !settings.page_size_documented && badge("warn", t("not_documented")));
    },
  };
}

function accountsCard() {
  const list = h("ul.plain");
  const secret = (username, name) => async () => {
    const { accounts } = await get("accounts?secrets=include");
    return accounts.find((one) => one.username === username)[name] ?? "";
  };
  const node = card("accounts", h("p", h("span.muted", t("base_url")), " ", raw(portalUrl, "code"), " ", copyButton(t("copy"), portalUrl)), list);
  const row = (one) => h("li.account",
    h("div", raw(one.username, "strong"), " ", one.disabled && badge("bad", t("disabled")), !one.may_delete && badge("warn", t("may_not_delete")), one.partner && badge("live", t("partner")),
      h("small", raw(one.company_name), " · ", raw(one.company)), h("small", raw(one.phones.join(", ")))),
    h("div.row", one.has_token && copyButton(t("token"), secret(one.username, "token")), copyButton(t("password"), secret(one.username, "password")), copyButton(t("hmac_secret"), secret(one.username, "secret"))));
  return { node, look: async () => keyed(list, (await get("accounts")).accounts, (one) => one.username, row) };
}

function seedCard() {
  const count = h("input", { type: "number", min: 1, max: 2000000, value: 12000 });
  const bar = h("progress", { max: 1, value: 0, "aria-label": t("seed_progress") });
  const told = h("span.muted");
  const line = h("div.row", { hidden: true }, bar, told);
  let dir = "0";
  const go = async () => {
    line.hidden = false;
    bar.value = 0;
    const watch = setInterval(async () => {
      const now = (await get("seedings").catch(() => ({ seedings: [] }))).seedings.at(-1);
      if (now?.state !== "running") return;
      bar.max = now.total;
      bar.value = now.done;
      told.textContent = t("seed_so_far", { done: now.done, total: now.total });
    }, SEED_POLL);
    const found = await attempt(() => post("invoices", { count: Number(count.value), dir: Number(dir) }));
    clearInterval(watch);
    line.hidden = !found;
    if (!found) return;
    bar.value = bar.max;
    told.textContent = t("seed_done", { count: found.seeded });
  };
  const node = card("seed", h("p.muted", t("seed_hint")),
    h("div.row", h("label.field", h("span", t("seed_count")), count), select(t("folder"), [["0", t("folder_incoming")], ["1", t("folder_sent")]], dir, (value) => { dir = value; }), button(t("seed_do"), go, { kind: "primary" })), line);
  return { node, look: () => undefined };
}

function faultsCard() {
  const list = h("ul.plain");
  const value = h("span");
  const form = h("div.filters");
  const node = card("faults", h("p.muted", t("faults_hint")), form, list);
  const wish = { operation: "", what: "err_code", value: "11", times: "1", probability: "" };
  const field = () => {
    const kind = FAULTS[wish.what];
    wish.value = String(Array.isArray(kind) ? kind[0] : kind.value);
    fill(value, Array.isArray(kind)
      ? select(t("value"), kind.map((one) => [one, one, true]), wish.value, (given) => { wish.value = given; })
      : input(t("value"), { ...kind, oninput: (event) => { wish.value = event.target.value; } }));
  };
  const add = async () => {
    const { what, operation, times, probability } = wish;
    const given = what === "mutate" ? [wish.value] : what === "err_code" || what === "http_status" ? Number(wish.value) : wish.value;
    await attempt(() => post("faults", { [what]: given, ...(operation && { operation }), ...(times && { times: Number(times) }), ...(probability && { probability: Number(probability) }) }));
    await look();
  };
  const prepared = onChange(prepare);
  const row = ({ id, met, used, ...fault }) => h("li.fault", raw(Object.entries(fault).map(([name, each]) => `${name}: ${JSON.stringify(each)}`).join(", "), "code"),
    h("small", t("fault_used", { used, met })), button(t("remove"), async () => { await attempt(() => remove(`faults/${id}`)); await look(); }, { kind: "small", focus: `fault-${id}` }));
  async function look() {
    await prepared();
    keyed(list, (await get("faults")).faults, (one) => one.id, row);
  }
  async function prepare() {
    const { operations } = await reference("operations");
    const set = (name) => (event) => { wish[name] = event.target.value; };
    fill(form,
      select(t("col_operation"), [["", t("all")], ...operations.map((one) => [one.name, one.name, true])], "", (given) => { wish.operation = given; }),
      select(t("fault_what"), Object.keys(FAULTS).map((one) => [one, t(`fault_${one}`)]), wish.what, (given) => { wish.what = given; field(); }), value,
      input(t("times"), { type: "number", min: 1, value: 1, oninput: set("times") }),
      input(t("probability"), { type: "number", min: 0, max: 1, step: 0.05, oninput: set("probability") }),
      button(t("fault_add"), add, { kind: "primary" }));
    field();
  }
  return { node, look };
}

function pastCard() {
  const list = h("ul.plain");
  const name = h("input", { maxlength: 64, value: "checkpoint", "aria-label": t("snapshot_name") });
  const back = async (to) => {
    if (await sure(t(to === "start" ? "reset_sure" : "restore_sure", { name: to }), t(to === "start" ? "reset" : "restore"))) await attempt(() => post("reset", { to }), t("done"));
  };
  const node = card("past", h("p.muted", t("past_hint")),
    h("div.row", name, button(t("snapshot_do"), async () => { await attempt(() => post("snapshots", { name: name.value.trim() }), t("done")); await look(); })), list,
    h("div.row", button(t("reset"), () => back("start"), { kind: "danger" })));
  const row = (one) => h("li.fault", raw(one.name, "strong"), h("small", raw(dateTime(Date.parse(one.now)))), button(t("restore"), () => back(one.name), { kind: "small" }));
  async function look() {
    keyed(list, (await get("snapshots")).snapshots, (one) => one.name, row);
  }
  return { node, look };
}

function worldsCard() {
  const list = h("ul.plain");
  const name = h("input", { maxlength: 64, raw: true, placeholder: "team-a", "aria-label": t("world_name") });
  const told = h("p.muted");
  let known = [];
  let sought = "";
  const search = input(t("worlds_search"), { type: "search", maxlength: 64, oninput: (event) => { sought = event.target.value.trim().toLowerCase(); draw(); } });
  const node = card("worlds", h("p.muted", t("worlds_hint")), search, told, list,
    h("div.row", name, button(t("world_make"), async () => { await attempt(() => post("worlds", { name: name.value.trim() }), t("done")); await look(); })));
  const row = (one) => h("li.fault", h("a", { href: one.name === "default" ? "/" : `/w/${one.name}/`, raw: true, "data-focus": `world-${one.name}` }, one.name), h("small", raw(dateTime(Date.parse(one.now)))));
  function draw() {
    const found = known.filter((one) => one.name.includes(sought));
    told.textContent = t("worlds_shown", { shown: Math.min(WORLDS, found.length), count: known.length });
    keyed(list, found.slice(-WORLDS), (one) => one.name, row);
  }
  async function look() {
    const answer = await get("worlds").catch(onlyOwn);
    node.hidden = answer === null;
    known = answer?.worlds ?? [];
    draw();
  }
  return { node, look };
}

/** Who has the token of this world alone sees no other. */
function onlyOwn(error) {
  if (error.status === 401) return null;
  throw error;
}

function readingsCard() {
  const list = h("div.readings");
  const edition = h("span.muted");
  const wish = { text: "", fixed: false };
  const node = card("readings", h("p.muted", t("readings_hint")), edition,
    h("div.filters",
      input(t("search"), { type: "search", maxlength: 80, oninput: (event) => { wish.text = event.target.value.toLowerCase(); draw(); } }),
      h("label.check", h("input", { type: "checkbox", onchange: (event) => { wish.fixed = event.target.checked; draw(); } }), t("readings_fixed"))), list);
  let chosen = {};
  let ledger = [];
  async function look() {
    const [now, { readings }] = await Promise.all([get("readings"), reference("readings")]);
    fill(edition, t("edition"), " ", raw(now.edition));
    chosen = now.readings;
    ledger = readings;
    draw();
  }
  function draw() {
    const seen = ledger
      .filter((one) => (one.kind === "selectable" || wish.fixed) && (one.owner ?? "server") === "server")
      .filter((one) => `${one.id} ${one.question} ${one.why}`.toLowerCase().includes(wish.text))
      .map((one) => ({ ...one, now: chosen[one.id] ?? one.default }));
    keyed(list, seen, (one) => one.id, reading);
  }
  return { node, look };
}

function reading(one) {
  const answer = one.answers[one.now];
  const choice = one.kind === "selectable"
    ? h("select", { "aria-label": t("answer_of", { id: one.id }), "data-focus": one.id, raw: true, onchange: (event) => attempt(() => put("readings", { [one.id]: event.target.value })) },
      Object.keys(one.answers).map((name) => h("option", { value: name, selected: name === one.now }, name)))
    : badge("live", t("fixed"));
  return h("article.reading",
    h("header", raw(one.id, "strong"), h("span.asks", { lang: "en" }, marked(one.question)), choice),
    h("p", badge(SUPPORT[answer.support], t(`support_${answer.support}`)), " ", h("span", { lang: "en" }, marked(answer.says)), one.now !== one.default && [" ", badge("warn", t("not_default"))]),
    h("details", h("summary.muted", t("why_open")), h("p.muted", { lang: "en" }, marked(one.why)), sources([...new Set([...answer.sources, ...one.sources])])));
}

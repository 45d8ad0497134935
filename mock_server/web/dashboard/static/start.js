// The first walk: one invoice through its whole life, by clicking; the same calls as in the README.

import { portalUrl, somebody } from "./api.js";
import { fill, h, icon, keyed, raw } from "./dom.js";
import { laidOut } from "./json.js";
import { badge, button, copyButton } from "./parts.js";
import { date, onChange, state, worldNow } from "./state.js";
import { t } from "./words.js";

const DEMO = { username: "demo", password: "demo" };
const BUYER = { username: "buyer", password: "buyer" };
const PHONE = "994507654321";
const SECRET = "demo-secret";
const BAD_METHOD = 1;
const POLL = 2000; // as the documents advise (F-PROC-08)

/** What the walk has done so far in this life of the world, kept while the page is open. */
let walk = begun("");
let redraw = () => undefined;

function begun(life) {
  return { life, calls: {}, passed: new Set(), busy: new Set(), id: "", qaime: "" };
}

class Unexpected extends Error {}

function invoice(id) {
  return {
    id, main_info: "Müqavilə A-17", seller: "1234567890", buyer: "0987654321",
    sum_subtotal1: 1000, sum_subtotal2: 1000, sum_apply_vat_amount: 1000, sum_vat_amount: 180, sum_total: 1180,
    items: [{ id: "1234567890", name: "Çay, qara", unit: "ədəd", unit_price: 10, quantity: 100, barcode: "1234567890000",
      subtotal1: 1000, subtotal2: 1000, apply_vat_amount: 1000, vat_amount: 180, total: 1180 }],
  };
}

/** Each step takes `call(method, path, body, headers)`, which asks the portal and shows what it answered, and the walk. */
const STEPS = {
  async upload(call, done) {
    const id = `ERP-${Date.now()}`;
    await follow(call, DEMO, await call("POST", "/inv/import_upload_invoices.php", { ...DEMO, upload: true, invoices: [invoice(id)] }));
    done.id = id;
  },
  async qaime(call, done) {
    const { data } = await call("POST", "/inv/read_invoices", { ...DEMO, ids: [done.id] });
    done.qaime = data.invoices[0].qaime;
  },
  async download(call) {
    const today = date(worldNow());
    const range = { ...BUYER, phone: PHONE, date_from: today, date_to: today };
    const begun = await call("POST", "/etx/import", { ...range, dir: 0, inc_status: "onApproval", inc_kinds: "defaultInvoice" });
    await follow(call, BUYER, begun);
    await call("POST", "/etx/read_invoices", { ...BUYER, phone: PHONE, procId: begun.data.id });
  },
  async remove(call) {
    const id = `ERP-${Date.now()}`;
    await follow(call, DEMO, await call("POST", "/inv/import_upload_invoices.php", { ...DEMO, upload: true, invoices: [invoice(id)] }));
    const { data } = await call("POST", "/inv/read_invoices", { ...DEMO, ids: [id] });
    const { qaime } = data.invoices[0];
    const serial = `${qaime.slice(0, 2)} ${qaime.slice(2)}`;
    await follow(call, DEMO, await call("DELETE", "/etx/delete", { ...DEMO, serialNumbers: [serial], is_signed: true }));
    await call("POST", "/inv/read_invoices", { ...DEMO, ids: [id] });
  },
  async approved(call) {
    await call("DELETE", "/etx/delete", { ...DEMO, serialNumbers: ["AA 24080000001"], is_signed: true }, { expect: 20 });
  },
  async renew(call) {
    const { plain_value: challenge } = await call("GET", "/auth/reset_start.php?login=demo");
    const key = await hmac(SECRET, challenge);
    const { token } = await call("POST", "/auth/reset_confirm.php", { login: "demo", key });
    await call("POST", "/job/read_proc_status", { procId: 123 }, { token: "demo-token", expect: 5 });
    await call("POST", "/job/read_proc_status", { procId: 123 }, { token });
  },
};

async function follow(call, who, { data }) {
  for (;;) {
    const status = await call("POST", "/job/read_proc_status", { ...who, procId: data.id }, { again: true });
    if (status.data.status === 2) return;
    if (status.data.status === 3) throw new Unexpected((status.data.stats.etx_exception ?? []).join("; "));
    await new Promise((wake) => setTimeout(wake, POLL));
  }
}

async function hmac(secret, text) {
  if (!crypto.subtle) throw new Unexpected(t("needs_secure"));
  const bytes = (value) => new TextEncoder().encode(value);
  const key = await crypto.subtle.importKey("raw", bytes(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const sign = new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes(text)));
  return [...sign].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function start() {
  if (state.pulse) live(state.pulse.life);
  const steps = h("ol.steps");
  const login = h("dd");
  const token = h("dd");
  const changed = onChange(() => whoever());

  async function whoever() {
    const one = await somebody();
    fill(login, one && raw(`${one.username} / ${one.password}`, "code"));
    fill(token, one?.token && [raw(one.token, "code"), copyButton(t("copy"), one.token)]);
  }

  const node = h("div",
    h("section.hero",
      h("h1", t("hero_title")), h("p", t("hero_text")),
      h("dl.pairs",
        h("dt", t("base_url")), h("dd", raw(portalUrl, "code"), copyButton(t("copy"), portalUrl)),
        h("dt", t("login")), login, h("dt", t("token")), token)),
    h("h2.part", t("walk")), h("p.lead", t("walk_lead")), steps);
  const calls = Object.fromEntries(Object.keys(STEPS).map((name) => [name, h("ol.calls")]));
  redraw = () => {
    keyed(steps, Object.keys(STEPS).map(stand), ({ name }) => name, (one) => step(one, calls[one.name]));
    for (const [name, list] of Object.entries(calls)) keyed(list, (walk.calls[name] ?? []).map((call, place) => ({ ...call, place })), ({ place }) => place, shown);
  };
  redraw();
  return {
    node,
    async beat(pulse) {
      live(pulse.life);
      await changed(pulse.life, pulse.version);
    },
  };
}

/** In another life of the world the walk begins anew. */
function live(life) {
  if (life === walk.life) return;
  if (walk.life) walk = begun(life);
  walk.life = life;
  redraw();
}

/** Takes a step to its end, whatever is in sight by then. */
async function take(name) {
  const done = walk;
  const noted = [];
  done.calls[name] = noted;
  done.busy.add(name);
  redraw();
  try {
    await STEPS[name](caller(noted), done);
    done.passed.add(name);
  } catch (error) {
    if (!(error instanceof Unexpected || error instanceof TypeError)) throw error;
    noted.push({ trouble: error instanceof Unexpected ? error.message : t("walk_odd") });
  } finally {
    done.busy.delete(name);
    redraw();
  }
}

/** How a step stands. */
function stand(name, place) {
  const waits = (name === "qaime" || name === "download") && !walk.passed.has("upload");
  return { name, place, waits, passed: walk.passed.has(name), busy: walk.busy.has(name), qaime: name === "qaime" && walk.qaime };
}

function step({ name, place, waits, passed, busy, qaime }, calls) {
  return h(passed ? "li.step.passed" : "li.step", { "data-step": name },
    h("span.number", { "aria-hidden": "true" }, passed ? icon("check") : place + 1),
    h("div",
      h("header", h("h3", t(`walk_${name}`)), passed && badge("good", t("walk_done"))),
      h("p", t(`walk_${name}_text`)),
      qaime && h("p.qaime-no", raw(qaime)),
      button(t(passed ? "walk_again" : "walk_do"), () => take(name), { kind: passed ? "small" : "primary", focus: name, disabled: waits, busy, title: waits ? t("walk_first") : undefined }),
      calls));
}

/** Asks the portal, notes what was asked and answered, and stops at an answer that should be another. */
function caller(noted) {
  return async (method, path, body, { token, expect = 0, again = false } = {}) => {
    const headers = { ...(body && { "Content-Type": "application/json" }), ...(token && { "x-vatpapikey": token }) };
    const [text, http] = await answered(portalUrl + path, { method, headers, body: body && JSON.stringify(body) });
    const said = envelope(text, http);
    const call = { method, path, body, text, code: said.err_code ?? 0, good: (said.err_code ?? 0) === expect };
    const last = noted.at(-1);
    if (again && last?.path === path) {
      noted[noted.length - 1] = { ...call, times: (last.times ?? 1) + 1 };
    } else {
      noted.push(call);
    }
    redraw();
    if (!call.good) throw new Unexpected([said.err_msg || `err_code ${call.code}`, call.code === BAD_METHOD && method === "POST" && t("walk_method")].filter(Boolean).join(" · "));
    return said;
  };
}

async function answered(url, asked) {
  const request = new Request(url, asked);
  try {
    const answer = await fetch(request);
    return [await answer.text(), answer.status];
  } catch {
    throw new Unexpected(t("no_answer"));
  }
}

function envelope(text, http) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Unexpected(t("walk_no_json", { http }));
  }
}

function shown(call) {
  if (call.trouble !== undefined) return h("li", badge("bad", t("walk_trouble")), " ", raw(call.trouble));
  return h("li", h("details",
    h("summary", h("span.method", { raw: true }, call.method), raw(call.path), call.times && raw(` ×${call.times}`), " ", badge(call.good ? "good" : "bad", `err_code ${call.code}`, true)),
    call.body && [h("h4", t("request_body")), laidOut(JSON.stringify(call.body))],
    h("h4", t("answer_body")), laidOut(call.text)));
}

// The page: one heartbeat asks what goes on, the view in sight looks closer if something has.

import { Refused, Unreachable, fitsHeader, get, prefix, useToken, world } from "./api.js";
import { fill, h, icon, raw } from "./dom.js";
import { findings } from "./findings.js";
import { invoices } from "./invoices.js";
import { journal } from "./journal.js";
import { button, closeDrawer, explained } from "./parts.js";
import { phone } from "./phone.js";
import { processes } from "./processes.js";
import { start } from "./start.js";
import { clockTime, date, hear, kept, state, worldNow } from "./state.js";
import { choose, language, t } from "./words.js";
import { worldView } from "./world.js";

const BEAT = 600;
const PATIENCE = 5000;
const TICK = 200;
/** A busy server is asked less often: what it spends on this page stays a small share. */
const SHARE = 8;
const SLOWEST = 2000;
const VIEWS = { start, processes, journal, findings, invoices, world: worldView, phone: () => handset };

const app = document.getElementById("app");
let handset;
let view;
let name;
let parts;
/** The admin token as far as it is written, and whether it was refused. */
const token = { written: "", refused: false };

function frame() {
  closeDrawer();
  handset = phone();
  const link = (to) => h("a.nav", { href: `#${to}`, "data-view": to }, icon(to), h("span", t(to)), to === "phone" && h("span.pending", { hidden: true }));
  parts = {
    main: h("main", { id: "main", tabindex: "-1" }),
    side: h("aside.side-phone", handset.node),
    clock: h("a.world-clock", { href: "#world", title: t("world_clock") }, raw("", "span.day"), " ", raw("", "span.hour")),
    trouble: h("div.trouble", { role: "alert", hidden: true }),
    nav: h("nav", { "aria-label": t("views") },
      ["start", "processes", "journal", "findings", "invoices", "world", "phone"].map(link),
      h("a.nav", { href: `${prefix}/docs` }, icon("docs"), h("span", t("docs")))),
  };
  const other = language() === "az" ? "en" : "az";
  fill(app,
    h("a.skip", { href: "#main", onclick: (event) => { event.preventDefault(); parts.main.focus(); } }, t("skip")),
    h("header.top",
      h("a.logo", { href: "#start", raw: true, "aria-label": "vatportal-mock" }, h("img", { src: "/__dashboard/static/icon.svg", alt: "", width: 26, height: 26 }), raw("vatportal-mock", "strong")),
      h("span.world-name", { title: t("world") }, raw(world)),
      parts.clock,
      h("span.unofficial", t("unofficial")),
      h("button.button.quiet", { type: "button", lang: other, "data-focus": "language", onclick: () => speak(other) }, raw(other === "az" ? "Azərbaycanca" : "English", "span.long"), raw(other.toUpperCase(), "span.short")),
      h("button.button.quiet.round", { type: "button", "data-focus": "theme", "aria-label": t("theme"), title: t("theme"), onclick: (event) => paint(event.currentTarget) }, lamp())),
    parts.trouble,
    h("div.columns", parts.nav, parts.main, parts.side));
  name = undefined;
  route();
}

function speak(to) {
  choose(to);
  frame();
  beat();
}

const dark = () => (kept("theme") ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

const lamp = () => icon(dark() ? "sun" : "moon");

function paint(button) {
  kept("theme", dark() ? "light" : "dark");
  document.documentElement.dataset.theme = dark() ? "dark" : "light";
  fill(button, lamp());
}

/** Shows the view that the address names. */
function route() {
  const asked = location.hash.slice(1).split("?")[0];
  const to = VIEWS[asked] ? asked : "start";
  if (to === name) return;
  name = to;
  view = VIEWS[to]();
  const ofPhone = to === "phone";
  (ofPhone ? parts.main : parts.side).append(handset.node);
  fill(parts.main, view.node);
  parts.side.hidden = ofPhone;
  document.title = `${t(to)} · vatportal-mock`;
  for (const each of parts.nav.children) {
    if (each.dataset.view === to) each.setAttribute("aria-current", "page");
    else each.removeAttribute("aria-current");
  }
  if (state.pulse && parts.trouble.hidden) live().catch(trouble);
}

/** Brings what is in sight up to date. */
async function live() {
  const shown = view;
  const pulse = state.pulse;
  const pending = parts.nav.querySelector(".pending");
  pending.textContent = pulse.confirmations.length;
  pending.hidden = !pulse.confirmations.length;
  await Promise.all([handset.beat(pulse), shown === handset ? null : shown.beat?.(pulse)]);
  tick();
}

let beating = false;
let again = false;
let timer;

/** One heartbeat; the next one comes after its answer, and none while nobody looks. */
async function beat() {
  if (beating) {
    again = true;
    return;
  }
  beating = true;
  again = false;
  clearTimeout(timer);
  const began = performance.now();
  try {
    const before = state.pulse?.life;
    hear(await get(before ? "pulse?missing=refuse" : "pulse", PATIENCE));
    if (before && before !== state.pulse.life) closeDrawer(); // on what is there no more
    parts.trouble.hidden = true;
    Object.assign(token, { written: "", refused: false });
    await live();
  } catch (error) {
    trouble(error);
  } finally {
    beating = false;
    if (again) beat();
    else if (!document.hidden) timer = setTimeout(beat, Math.min(SLOWEST, Math.max(BEAT, SHARE * (performance.now() - began))));
  }
}

function trouble(error) {
  const known = error instanceof Refused || error instanceof Unreachable;
  if (known) {
    handset.away();
    parts.nav.querySelector(".pending").hidden = true;
  } else console.error(error);
  if (error.status === 401) return askToken();
  if (isGone(error)) return tell(h("div.row", h("span", t("world_gone")), button(t("world_anew"), anew, { kind: "small" })));
  const text = known ? explained(error) : t("page_error");
  if (parts.trouble.hidden || !parts.trouble.querySelector("form")) tell(h("p", text));
}

/** Whether the world of this page has been deleted: the pulse alone says so, and of no other thing. */
const isGone = (error) => error.status === 404 && error.problem?.given === world;

/** Lets the world begin again, as whoever calls it first would. */
function anew() {
  state.pulse = null;
  return beat();
}

function askToken() {
  if (parts.trouble.querySelector("form")) return void (parts.trouble.hidden = false);
  const field = h("input", { type: "password", autocomplete: "off", required: true, id: "admin-token", value: token.written, oninput: () => { token.written = field.value; } });
  const wrong = h("span", { role: "status" }, token.refused && h("strong", t("token_wrong")));
  const enter = (event) => {
    event.preventDefault();
    const unfit = !fitsHeader(field.value.trim());
    fill(wrong, unfit && h("strong", t("token_unfit")));
    if (unfit) return;
    useToken(field.value.trim());
    token.refused = true; // until it is not
    parts.main.focus({ preventScroll: true });
    fill(parts.trouble);
    beat();
  };
  tell(h("form.row", { onsubmit: enter }, icon("lock"), h("label", { for: "admin-token" }, t("token_wanted")), field, h("button.button.primary", { type: "submit" }, t("enter")), wrong));
  if (token.refused) field.focus();
}

/** Says what is the matter, once. */
function tell(node) {
  if (!parts.trouble.firstChild?.isEqualNode(node)) fill(parts.trouble, node);
  parts.trouble.hidden = false;
}

function tick() {
  const now = worldNow();
  if (now === null || !parts.trouble.hidden) return; // whether time goes on there is not known
  const { frozen, speed } = state.pulse.clock;
  parts.clock.querySelector(".day").textContent = date(now);
  parts.clock.querySelector(".hour").textContent = clockTime(now);
  parts.clock.dataset.mode = frozen ? "frozen" : speed !== 1 ? "fast" : "";
  handset.tick();
  if (view !== handset) view.tick?.();
}

document.documentElement.dataset.theme = dark() ? "dark" : "light";
choose(language());
frame();
addEventListener("hashchange", route);
addEventListener("acted", beat);
addEventListener("visibilitychange", () => document.hidden || beat());
setInterval(() => document.hidden || tick(), TICK);
beat();

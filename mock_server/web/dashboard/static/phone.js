// The phone: what ASAN İmza asks appears on it by itself, and is confirmed or refused there.

import { get, post, put } from "./api.js";
import { drop, h, icon, keyed, raw } from "./dom.js";
import { attempt, button } from "./parts.js";
import { clockTime, onChange, worldNow } from "./state.js";
import { t } from "./words.js";

const AUTO = "R-31";
/** What the phone does when nobody answers here. */
let otherwise = "auto";
const LATELY = 6;
/** Processes that are looked through for answers, beside those that wait for one. */
const LOOKED_AT = 20;
const MOST = 200;

/** The phone as an element; `beat(pulse)` brings it up to date, `tick()` moves its clock. */
export function phone() {
  const clock = raw("", "span");
  const questions = h("div.questions", { "aria-live": "assertive" });
  const quiet = h("p", t("phone_idle"));
  const idle = h("div.idle", icon("lock"), quiet);
  const hint = h("p.hint");
  const past = h("ol.lately");
  const bySelf = h("input", { type: "checkbox", role: "switch", onchange: () => choose(bySelf.checked) });
  const screen = h("div.screen", { tabindex: "-1" },
    h("div.statusbar", { "aria-hidden": "true" }, clock, h("span.bars", "▂▄▆")),
    h("div.operator", raw("ASAN İmza"), h("small", t("phone_simulated"))),
    questions, idle,
    h("div.history", h("h3", t("phone_history")), past));
  const node = h("section.phone", { "aria-label": t("phone") },
    h("div.device", h("div.notch"), screen),
    h("label.switch", bySelf, h("span", t("phone_manual"))),
    hint);
  const asked = onChange((life, mark, waiting) => look(waiting));
  const settled = onChange(() => whoAnswers());

  async function choose(manual) {
    if (!(await attempt(() => put("readings", { [AUTO]: manual ? "manual" : otherwise })))) bySelf.checked = !manual;
  }

  async function look(waiting) {
    const { confirmations } = await get(`confirmations?limit=${Math.min(MOST, LOOKED_AT + waiting)}`);
    keyed(past, confirmations.filter((one) => one.state !== "pending").slice(0, LATELY), (one) => one.id, answered);
  }

  async function whoAnswers() {
    const answer = (await get("readings")).readings[AUTO];
    bySelf.checked = answer === "manual";
    if (answer !== "manual") otherwise = answer;
    hint.textContent = `${t(`phone_off_${otherwise}`)} ${t("pace_hint")}`;
  }

  function ask(confirmations) {
    keyed(questions, confirmations, (one) => one.id, question);
    idle.hidden = confirmations.length > 0;
    node.classList.toggle("asked", confirmations.length > 0);
  }

  return {
    node,
    /** Nothing is known of what is asked. */
    away() {
      quiet.textContent = t("phone_away");
      ask([]);
    },
    async beat(pulse) {
      quiet.textContent = t("phone_idle");
      ask(pulse.confirmations);
      await Promise.all([asked(pulse.life, pulse.processes.mark, pulse.confirmations.length), settled(pulse.life, pulse.version)]);
    },
    tick() {
      const now = worldNow();
      if (now === null) return;
      clock.textContent = clockTime(now).slice(0, 5);
      for (const rest of questions.querySelectorAll("[data-until]")) {
        const left = Math.max(0, Math.round((Date.parse(rest.dataset.until) - now) / 1000));
        rest.textContent = t("phone_left", { seconds: left });
      }
    },
  };
}

/** What is to be confirmed, in words: `Sign 3 invoices`. */
function inWords(one) {
  const key = one.pin === 2 ? "ask_sign" : one.kind === "download" ? "ask_download" : one.kind === "deletion" ? "ask_delete" : "ask_upload";
  return t(key, { count: one.count });
}

function question(one) {
  const answer = (what) => async () => {
    if (await attempt(() => post(`confirmations/${one.id}/${what}`))) drop(node);
  };
  const node = h("article.question",
    h("header", icon("key"), h("strong", t(one.pin === 1 ? "pin1_title" : "pin2_title"))),
    h("p.code", { "aria-label": t("pin_code") }, raw(one.code)),
    h("p.compare", t("phone_compare")),
    h("dl",
      h("dt", t("company")), h("dd", raw(one.company_name || one.company), h("small", raw(`VÖEN ${one.company}`))),
      h("dt", t("phone_what")), h("dd", inWords(one)),
      h("dt", t("phone_number")), h("dd", raw(number(one.phone)))),
    one.expires_at && h("p.left", { "data-until": one.expires_at }),
    h("div.answers",
      button(t("refuse"), answer("refuse"), { kind: "refuse", focus: `refuse-${one.id}` }),
      button(t(one.pin === 1 ? "confirm_pin1" : "confirm_pin2"), answer("confirm"), { kind: "confirm", focus: `confirm-${one.id}` })));
  return node;
}

function answered(one) {
  return h("li", h(`span.dot.${one.state}`), h("span", raw(`PIN${one.pin} ${one.code}`), " · ", inWords(one)), h("small", t(`answer_${one.state}`)));
}

/** `+994 50 123 45 67` */
function number(phone) {
  const parts = /^(994)(\d\d)(\d{3})(\d\d)(\d\d)$/.exec(phone);
  return parts ? `+${parts.slice(1).join(" ")}` : phone;
}

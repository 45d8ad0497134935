// What the journal says about the client so far, and how to mend each.

import { get } from "./api.js";
import { fill, h, keyed, marked, raw } from "./dom.js";
import { show, sources } from "./journal.js";
import { attempt, badge, empty } from "./parts.js";
import { onChange, state } from "./state.js";
import { language, t } from "./words.js";

const PATIENCE = 60_000; // all of a long journal is judged
const KINDS = { error: "bad", warning: "warn", advice: "live" };

export function findings() {
  const list = h("div.cards");
  const nothing = h("div");
  const total = h("span.count");
  const node = h("div", h("div.head", h("h1", t("findings")), total), h("p.lead", t("findings_lead")), nothing, list);
  const changed = onChange(() => look());

  async function look() {
    const found = await get("findings", PATIENCE);
    total.textContent = t("total", { count: found.total });
    fill(nothing, found.findings.length === 0 && empty(t(state.pulse.requests.newest ? "findings_none" : "findings_early")));
    keyed(list, found.findings, (one) => one.id, card);
  }

  return {
    node,
    beat: (pulse) => changed(pulse.life, pulse.requests.newest),
  };
}

const request = (seq) => h("button.link", { type: "button", raw: true, "data-focus": `f${seq}`, onclick: () => attempt(() => show(seq)) }, `#${seq}`);

function card(one) {
  const lang = language();
  return h(`article.card.finding.${one.severity}`,
    h("header", badge(KINDS[one.severity] ?? "live", t(`severity_${one.severity}`)), h("h2", marked(one.title[lang])), raw(one.rule, "code")),
    h("p", marked(one.text[lang])),
    h("p.mend", h("b", t("mend")), " ", marked(one.mend[lang])),
    h("footer", sources(one.facts), one.requests.length > 0 && h("span.muted", t("in_requests"), " ", one.requests.slice(0, 12).map(request))));
}

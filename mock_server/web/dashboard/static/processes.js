// Processes on a timeline: each stage a bar as long as it takes on the world's clock.

import { get, post, somebody } from "./api.js";
import { h, icon, keyed, raw } from "./dom.js";
import { attempt, badge, button, copyButton, empty, length } from "./parts.js";
import { sample } from "./shell.js";
import { clockTime, dateTime, onChange, worldNow } from "./state.js";
import { t } from "./words.js";

const SHOWN = 50;

export function processes() {
  const list = h("div.processes");
  const nothing = h("div");
  const total = h("span.count");
  const node = h("div", h("div.head", h("h1", t("processes")), total), h("p.lead", t("processes_lead")), nothing, list);
  const changed = onChange(() => look());

  async function look() {
    const found = await get(`processes?limit=${SHOWN}`);
    const rows = found.processes.sort((one, other) => other.began.localeCompare(one.began) || other.id - one.id);
    total.textContent = t("total", { count: found.total });
    const fresh = !rows.some((row) => row.stages.length);
    keyed(nothing, fresh ? [{ account: await somebody() }] : [], () => "first", firstSteps);
    keyed(list, rows, (row) => row.id, card);
    tick();
  }

  function tick() {
    const now = worldNow();
    if (now === null) return;
    for (const fill of list.querySelectorAll("[data-begins]")) move(fill, now);
    for (const age of list.querySelectorAll("[data-since]")) age.textContent = length(now - Date.parse(age.dataset.since));
  }

  return {
    node,
    tick,
    beat: (pulse) => changed(pulse.life, pulse.version, pulse.processes.mark),
  };
}

function firstSteps({ account }) {
  const command = account && sample(account);
  return empty(t("processes_empty"),
    command && h("pre.json", { raw: true, tabindex: "0" }, command),
    h("div.row", command && copyButton(t("copy_command"), command), h("a.button.primary", { href: "#start" }, t("go_start"))));
}

function card(row) {
  const running = row.state === "running";
  const steer = (what, body) => () => attempt(() => post(`processes/${row.id}/${what}`, body));
  const action = (what, kind) => button(t(`do_${what}`), steer(what), { kind: kind ?? "small", focus: `${what}-${row.id}` });
  return h(`article.process.${row.state}`, { "aria-label": `${row.id}` },
    h("header",
      h("h2", raw(`#${row.id}`), " ", t(`kind_${row.kind}`)),
      h("span.muted", t("invoices_count", { count: row.count })),
      h("span.muted", raw(row.account)),
      said(row),
      h("span.age", { "data-since": running && row.began }, running || !row.stages.length ? "" : length(Date.parse(row.ended) - Date.parse(row.began)))),
    row.stages.length > 0 && timeline(row),
    h("footer",
      raw(row.stages.length ? clockTime(Date.parse(row.began)) : dateTime(Date.parse(row.began))),
      running
        ? h("div.row", action("step"), action("finish"), row.stalled ? action("release") : action("stall"), action("fail", "small.danger"))
        : h("span.failures", row.failures.map((text) => raw(text))),
      row.ended && row.stages.length > 0 && raw(clockTime(Date.parse(row.ended)))));
}

/** The state in colour and words. */
function said(row) {
  if (row.state === "finished") return badge("good", t("state_finished"));
  if (row.state === "failed") return badge("bad", t("state_failed"));
  if (row.stalled) return badge("warn", t("state_stalled", { stage: t(`stage_${row.stage}`) }));
  if (row.waiting_for_pin) return badge("warn", t("state_pin", { pin: row.waiting_for_pin }));
  if (row.busy) return badge("warn", t("state_busy"));
  return badge("live", row.stage ? t(`stage_${row.stage}`) : t("state_running"));
}

function timeline(row) {
  const known = row.stages.map((stage) => stage.begins && stage.ends ? Date.parse(stage.ends) - Date.parse(stage.begins) : null);
  const sum = known.reduce((all, one) => all + (one ?? 0), 0);
  const least = Math.max(1, sum * 0.12);
  const failed = row.state === "failed";
  return h("ol.timeline", { "aria-label": t("stages") },
    row.stages.map((stage, place) => {
      const name = stage.busy ? t("stage_busy") : t(`stage_${stage.name}`);
      const lasts = known[place];
      const broken = failed && place === row.stages.length - 1;
      const ends = stage.ends ?? (broken ? row.ended : null);
      const kind = broken ? "broken" : stage.pin ? "pin" : stage.busy ? "busy" : "work";
      const note = [name, stage.pin && t("pin_no", { pin: stage.pin }), lasts !== null && length(lasts)].filter(Boolean).join(" · ");
      return h(`li.stage.${kind}`, { title: note, vars: { "--share": Math.max(least, lasts ?? (stage.begins ? 2 * least : least)) / least } },
        h("span.bar", h("span.fill", { "data-begins": stage.begins ?? "", "data-ends": ends ?? "", "data-state": row.state })),
        h("span.name", stage.pin && icon("key"), stage.pin ? h("span", name, " ", t("pin_no", { pin: stage.pin })) : h("span", name)));
    }));
}

function move(fill, now) {
  const begins = Date.parse(fill.dataset.begins);
  const ends = Date.parse(fill.dataset.ends);
  let part = 0;
  if (begins <= now) part = ends > begins ? Math.min(1, (now - begins) / (ends - begins)) : ends <= now ? 1 : 0.5;
  fill.style.setProperty("--part", part);
  const stage = fill.closest(".stage");
  stage.classList.toggle("now", begins <= now && !(ends <= now) && fill.dataset.state === "running");
  stage.classList.toggle("over", part === 1);
}

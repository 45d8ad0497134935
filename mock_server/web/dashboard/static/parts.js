// Small parts that several views use.

import { Refused, Unreachable } from "./api.js";
import { h, icon, raw } from "./dom.js";
import { t } from "./words.js";

const toasts = h("div.toasts", { role: "status", "aria-live": "polite" });

export function toast(text, bad = false) {
  if (!toasts.isConnected) document.body.append(toasts);
  const node = h(bad ? "div.toast.bad" : "div.toast", text);
  toasts.append(node);
  setTimeout(() => node.remove(), bad ? 8000 : 3000);
}

/** `1.4 s`, `2 min 5 s`, `3 h 2 min`; milliseconds go in. */
export function length(milliseconds) {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 60) return t("length_s", { seconds: seconds < 10 ? seconds.toFixed(1) : Math.round(seconds) });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return t("length_min", { minutes, seconds: Math.floor(seconds % 60) });
  return t("length_h", { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}

const REFUSALS = { 401: "refused_token", 403: "refused_origin", 404: "refused_missing", 409: "refused_now", 413: "refused_large" };

/** What went wrong, for people: in their language what it means, beside it what the simulator said. */
export function explained(error) {
  if (error instanceof Unreachable) return t("no_answer");
  if (!(error instanceof Refused)) throw error;
  const { title, detail, nearest } = error.problem;
  return [h("b", t(REFUSALS[error.status] ?? (error.status < 500 ? "refused" : "refused_trouble"))), " ",
    h("span", { raw: true, lang: "en" }, [title, detail, nearest && `→ ${nearest}`].filter(Boolean).join(": "))];
}

/** Does something, and says so if it cannot be done; what follows from it shows at once. */
export async function attempt(work, done) {
  try {
    const result = await work();
    if (done) toast(done);
    dispatchEvent(new Event("acted"));
    return result;
  } catch (error) {
    toast(explained(error), true);
    return undefined;
  }
}

/** A button that is out of use while its work goes on; it keeps the focus, which one that is `disabled` would lose. */
export function button(label, work, { kind = "", focus, title, disabled, busy } = {}) {
  const node = h(`button.button${kind && "." + kind}`, { type: "button", title, disabled, "data-focus": focus, "aria-disabled": busy && "true" }, label);
  node.addEventListener("click", async () => {
    if (node.hasAttribute("aria-disabled")) return;
    node.setAttribute("aria-disabled", "true");
    try {
      await work();
    } catch (error) {
      toast(explained(error), true);
    } finally {
      node.removeAttribute("aria-disabled");
    }
  });
  return node;
}

export async function copy(text) {
  let copied = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copied = copiedByHand(text);
  }
  toast(t(copied ? "copied" : "not_copied"), !copied);
}

/** As over http, where the browser gives pages no clipboard. */
function copiedByHand(text) {
  const before = document.activeElement;
  const area = h("textarea.offscreen", { value: text, readonly: true, "aria-hidden": "true" });
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  before?.focus({ preventScroll: true });
  return copied;
}

/** `text` is a text, or what fetches one. */
export function copyButton(label, text) {
  const work = async () => {
    const found = typeof text === "function" ? await attempt(text) : text;
    if (found !== undefined) await copy(found);
  };
  return button([icon("copy"), label], work, { kind: "quiet" });
}

export function select(label, options, value, changed, focus) {
  const node = h(
    "select",
    { onchange: () => changed(node.value), "data-focus": focus },
    options.map(([name, text, data]) => h("option", { value: name, selected: name === value, raw: data }, text)),
  );
  return h("label.field", h("span", label), node);
}

export function input(label, props) {
  return h("label.field", h("span", label), h("input", props));
}

export const badge = (kind, text, data) => h(`span.badge.${kind}`, { raw: data }, text);

export const empty = (text, ...more) => h("div.empty", h("p", text), more);

const drawer = h("dialog.drawer", { "aria-labelledby": "drawer-title" });
const behind = (inert) => { document.getElementById("main").inert = inert; };

/** Something shown whole in place of the view, beside the phone, until it is closed or the browser goes back. */
export function openDrawer(title, ...content) {
  const close = h("button.button.quiet.round", { type: "button", "aria-label": t("close"), onclick: closeDrawer }, icon("close"));
  drawer.replaceChildren(h("div.drawer-head", h("h2", { id: "drawer-title" }, title), close), h("div.drawer-body", ...content));
  if (!drawer.open) {
    document.querySelector(".columns").append(drawer);
    history.pushState({ drawer: true }, "");
    drawer.show();
    behind(true);
  }
  close.focus();
  drawer.scrollTop = 0;
  return drawer;
}

export function closeDrawer() {
  if (!drawer.open) return;
  hideDrawer();
  if (history.state?.drawer) history.back();
}

function hideDrawer() {
  if (!drawer.open) return;
  behind(false);
  drawer.close();
}

addEventListener("popstate", hideDrawer);
addEventListener("hashchange", hideDrawer);
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog:modal")) closeDrawer();
});

/** Asks before something that cannot be undone. */
export function sure(question, yes) {
  return new Promise((answer) => {
    const dialog = h("dialog.ask", { "aria-label": question }, h("p", question));
    const end = (said) => () => {
      dialog.close(); // which gives the focus back
      dialog.remove();
      answer(said);
    };
    dialog.append(
      h("div.row.end",
        h("button.button", { type: "button", onclick: end(false) }, t("cancel")),
        h("button.button.danger", { type: "button", onclick: end(true) }, yes)),
    );
    dialog.addEventListener("cancel", end(false));
    document.body.append(dialog);
    dialog.showModal();
  });
}

// E-taxes and the portals: folders, filters and pages of the server's, and an invoice as people know a qaimə.

import { allowed, get, patch, query, reference } from "./api.js";
import { fill, h, raw } from "./dom.js";
import { attempt, badge, button, copyButton, empty, explained, input, openDrawer, select } from "./parts.js";
import { date, dateTime, onChange } from "./state.js";
import { language, t } from "./words.js";

const SIZE = 50;
const NONE = { invoices: [], total: 0 };
const FOLDERS = ["", "incoming", "sent", "draft"];
const STATES = ["imported", "uploading", "signed"];
const KINDS = { approved: "good", approvedBySystem: "good", onApproval: "live", draft: "live", canceled: "bad", deleted: "bad", deletedBySystem: "bad", deactivated: "bad" };

const fresh = () => ({ where: "etaxes", folder: "", company: "", status: "", kind: "", qaime: "", date_from: "", date_to: "", state: "", id: "", page: 1 });
let wanted = fresh();
let words;

export function invoices() {
  const folders = h("div.tabs", { role: "group", "aria-label": t("folders") });
  const filters = h("div.filters");
  const list = h("div");
  const node = h("div", h("div.head", h("h1", t("invoices"))), h("p.lead", t("invoices_lead")), folders, filters, list);
  let companies = [];
  let asked = 0;

  const prepared = onChange(prepare);
  const changed = onChange(() => look());

  async function prepare() {
    const [vocabulary, { accounts }] = await Promise.all([reference("vocabulary"), get("accounts")]);
    words = vocabulary;
    companies = [...new Map(accounts.map((one) => [one.company, one.company_name]))];
    controls();
  }

  function change(what) {
    Object.assign(wanted, { page: 1 }, what);
    return attempt(look);
  }

  function controls() {
    const tab = (label, what) => {
      const on = Object.entries(what).every(([name, value]) => wanted[name] === value);
      return h("button.tab", { type: "button", "aria-pressed": String(on), "data-focus": JSON.stringify(what), onclick: () => { change(what); controls(); } }, label);
    };
    fill(folders,
      FOLDERS.map((folder) => tab(t(`folder_${folder || "all"}`), { where: "etaxes", folder })),
      tab(t("folder_portal"), { where: "portal", folder: "" }));
    const company = select(t("company"), [["", t("all")], ...companies.map(([tin, name]) => [tin, `${tin} · ${name}`, true])], wanted.company, (value) => change({ company: value }));
    const typed = (name, label, props) => input(label, { type: "search", value: wanted[name], maxlength: 40, onchange: (event) => change({ [name]: event.target.value.trim() }), ...props });
    const named = (rows) => rows.map((one) => [one.name, one[language()], true]);
    fill(filters, company, wanted.where === "portal"
      ? [select(t("portal_state"), [["", t("all")], ...STATES.map((name) => [name, t(`portal_${name}`)])], wanted.state, (value) => change({ state: value })),
        typed("id", t("erp_id"))]
      : [select(t("status"), [["", t("all")], ...named(words.statuses), ["draft", t("draft")]], wanted.status, (value) => change({ status: value })),
        select(t("kind"), [["", t("all")], ...named(words.kinds)], wanted.kind, (value) => change({ kind: value })),
        typed("qaime", t("qaime_no")),
        typed("date_from", t("date_from"), { placeholder: t("date_form") }),
        typed("date_to", t("date_to"), { placeholder: t("date_form") })],
      button(t("clear_filters"), () => { wanted = { ...fresh(), where: wanted.where, folder: wanted.folder }; controls(); return change({}); }, { kind: "quiet" }));
  }

  async function look() {
    const { where, page, folder, company, status, kind, qaime, date_from, date_to, state, id } = wanted;
    const mine = ++asked;
    const found = where === "portal"
      ? await allowed(get(`portal-invoices${query({ company, state, id, page, size: SIZE })}`), NONE)
      : await allowed(get(`invoices${query({ folder, company, status, kind, qaime, date_from, date_to, page, size: SIZE })}`), NONE);
    if (mine !== asked) return undefined; // other filters by now
    if (found.refusal) return fill(list, empty(explained(found.refusal)));
    const last = Math.max(1, Math.ceil(found.total / SIZE));
    if (page > last) {
      wanted.page = last;
      return look();
    }
    return fill(list, found.total ? [scroll(where === "portal" ? portalTable(found.invoices) : table(found.invoices, look)), pager(found)] : empty(t("invoices_none")));
  }

  function pager({ total, page, size }) {
    const pages = Math.max(1, Math.ceil(total / size));
    const turn = (to) => () => { wanted.page = to; return attempt(look); };
    return h("div.pager",
      button(t("page_before"), turn(page - 1), { focus: "before", disabled: page <= 1 }),
      h("span", t("page_of", { page, pages, total })),
      button(t("page_after"), turn(page + 1), { focus: "after", disabled: page >= pages }));
  }

  return {
    node,
    async beat(pulse) {
      await prepared(pulse.life);
      await changed(pulse.life, pulse.version, pulse.processes.mark);
    },
  };
}

const scroll = (child) => h("div.scroll", { tabindex: "0", role: "region", "aria-label": t("invoices") }, child);
const head = (names) => h("thead", h("tr", names.map((name) => h("th", { scope: "col" }, t(name)))));

function word(rows, name) {
  const found = rows.find((one) => one.name === name);
  return found ? raw(found[language()]) : name === "draft" ? t("draft") : raw(name);
}

export const statusBadge = (status) => badge(KINDS[status] ?? "warn", word(words.statuses, status));

function table(rows, look) {
  return h("table", head(["qaime_no", "parties", "status", "amount"]),
    h("tbody", rows.map((row) => h("tr",
      h("td", h("button.link", { type: "button", "data-focus": row.qaime, raw: true, onclick: () => attempt(() => show(row.qaime, look)) }, row.qaime), h("small", raw(date(Date.parse(row.created))))),
      h("td", raw(row.seller_name), h("small", "→ ", raw(row.buyer_name))),
      h("td", statusBadge(row.status), h("small", word(words.kinds, row.kind))), h("td.amount", raw(money(row.net_amount)))))));
}

function portalTable(rows) {
  return h("table", head(["erp_id", "company", "type", "portal_state", "qaime_no", "process", "imported_at"]),
    h("tbody", rows.map((row) => h("tr",
      h("td", raw(row.id)), h("td", raw(row.company)), h("td", raw(row.type)), h("td", badge(row.state === "signed" ? "good" : "live", t(`portal_${row.state}`))),
      h("td", raw(row.qaime ?? "—")), h("td", raw(row.process ? `#${row.process}` : "—")), h("td", raw(dateTime(Date.parse(row.imported))))))));
}

const amount = new Intl.NumberFormat("de-DE", { minimumFractionDigits: 2, maximumFractionDigits: 5 });
const money = (value) => amount.format(value).replaceAll(".", " ");

async function show(qaime, look) {
  const found = await get(`invoices/${encodeURIComponent(qaime)}`);
  const one = found.invoice;
  const act = (status) => async () => {
    const changed = await attempt(() => patch(`invoices/${encodeURIComponent(qaime)}`, { status }), t("done"));
    if (changed) {
      await show(qaime, look);
      await look();
    }
  };
  openDrawer(h("span", t("qaime"), " ", raw(`${one.serial} ${one.number}`)),
    h("div.row", statusBadge(found.status), h("span.muted", word(words.kinds, found.kind)), found.portal && h("span.muted", t("erp_id"), " ", raw(found.portal.id)), copyButton(t("copy_qaime"), one.qaime)),
    h("section", h("h3", t("counterparty")), found.next.length
      ? h("div.row", found.next.map((status) => button(t(`act_${status}`), act(status), { kind: status.startsWith("cancel") ? "danger" : "" })))
      : h("p.muted", t(found.status === "draft" ? "act_draft" : "act_none"))),
    paper(one));
}

/** The sheet: who to whom, what, and the sums. */
function paper(one) {
  const party = (title, name, tin) => h("div", h("small", t(title)), h("strong", raw(name)), h("span", raw(`VÖEN ${tin}`)));
  const columns = ["line", "product", "unit", "quantity", "unit_price", "line_amount", "excise", "vat_base", "vat", "line_total"];
  const sums = [["sum_amount", "ini_amount2"], ["excise", "excise_amount"], ["vat_base", "apply_amount"], ["vat_skip", "skip_amount"], ["vat_zero", "zero_amount"], ["vat_free", "free_amount"], ["vat", "vat_amount"], ["road_tax", "transp_amount"]];
  return h("article.paper",
    h("header", h("div", h("h3", t("paper_title")), h("span", raw(one.datetime))), h("p.serial", h("small", t("paper_serial")), raw(`${one.serial} № ${one.number}`))),
    h("div.parties", party("seller", one.cmp_from, one.tin_from), party("buyer", one.cmp_to, one.tin_to)),
    h("p", h("small", t("subject")), " ", raw(one.main_subject), one.add_subject && [h("br"), raw(one.add_subject)]),
    scroll(h("table", h("thead", h("tr", columns.map((name) => h("th", { scope: "col" }, t(`col_${name}`))))),
      h("tbody", one.lines.map((line) => h("tr",
        h("td", raw(line.line)), h("td", raw(line.prod_name), h("small", raw(line.prod_code))), h("td", raw(line.unit_name)),
        [line.unit_qty, line.unit_price, line.ini_amount, line.total_excise, line.apply_amount, line.vat_amount, line.net_amount].map((value) => h("td.amount", raw(money(value))))))))),
    h("dl.sums",
      sums.filter(([, name]) => one[name]).map(([title, name]) => [h("dt", t(title)), h("dd", raw(money(one[name])))]),
      h("dt.all", t("sum_total")), h("dd.all", raw(`${money(one.net_amount)} AZN`))));
}

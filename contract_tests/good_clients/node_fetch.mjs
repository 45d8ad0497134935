// A good client of the VatPortal for Node 18 and newer: built-in fetch, no packages.
//
// fetch refuses a body with GET, so what reads is sent with POST; parameters never go into the address, but for the
// one call that the documents show so. Run by `vatportal-mock check-client -- node node_fetch.mjs`; README.md says what it is
// given, and gives back.

import { createHmac } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

const env = process.env;
const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

const RETRY = new Set([10, 11, 12, 16]); // internal errors: later, with growing pauses (F-ERR-03)
const TRIES = 5;
const PATIENCE = Number(env.VATPORTAL_PATIENCE ?? 900); // seconds after which a process is given up; most take 3 to 5 minutes

class Refused extends Error {
  constructor(code, text, data) {
    super(text || `err_code ${code}`);
    this.code = code;
    this.data = data;
  }
}

class Portal {
  token = env.VATPORTAL_TOKEN;

  // One request, as often as it makes sense. `again` tells whether an earlier try may have been carried out.
  async call(method, path, body) {
    for (let attempt = 1, renewed = false, again = false; ; attempt++) {
      const answer = await this.once(method, path, body);
      if (answer?.err_code === 0) return { data: answer.data, again };
      if (answer?.err_code === 5 && this.token && env.VATPORTAL_SECRET && !renewed) {
        await this.renew(); // the token may have expired; once, for a second refusal means that we are not welcome
        renewed = true;
        continue;
      }
      if (answer && !RETRY.has(answer.err_code)) throw Object.assign(new Refused(answer.err_code, answer.err_msg, answer.data), { again });
      if (attempt === TRIES) throw new Refused(answer?.err_code ?? null, answer?.err_msg ?? "the portal does not answer");
      again ||= !answer;
      await pause(2 ** (attempt - 1));
    }
  }

  // The envelope of the answer; undefined where none came: no connection, a page of a gateway, half an answer.
  async once(method, path, body) {
    const headers = { "Content-Type": "application/json" };
    if (this.token) headers["x-vatpapikey"] = this.token;
    else body = { username: env.VATPORTAL_USERNAME, password: env.VATPORTAL_PASSWORD, ...body };
    try {
      const response = await fetch(env.VATPORTAL_BASE_URL + path, {
        method,
        headers,
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(120_000),
      });
      const answer = await response.json(); // whatever the HTTP status: err_code decides, not the status
      return Number.isInteger(answer?.err_code) ? answer : undefined;
    } catch {
      return undefined;
    }
  }

  // A new token by HMAC (F-AUTH-03 to F-AUTH-05).
  async renew() {
    const login = encodeURIComponent(env.VATPORTAL_USERNAME);
    const { plain_value } = await this.bare(`/auth/reset_start.php?login=${login}`);
    const key = createHmac("sha256", env.VATPORTAL_SECRET).update(plain_value).digest("hex");
    const body = JSON.stringify({ login: env.VATPORTAL_USERNAME, key });
    const answer = await this.bare("/auth/reset_confirm.php", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
    });
    this.token = answer.token;
  }

  async bare(path, options) {
    const answer = await (await fetch(env.VATPORTAL_BASE_URL + path, options)).json();
    if (answer.err_code) throw new Refused(answer.err_code, answer.err_msg);
    return answer;
  }

  // Poll until the process ends: every 2 s, then 5 s, then 10 s (F-PROC-08). Every status but 2 and 3 means: it runs.
  async follow(process) {
    const began = performance.now();
    for (let shown = ""; ; ) {
      const { data } = await this.call("POST", "/job/read_proc_status", { procId: process });
      const { pin1_code, pin2_code, etx_exception } = data.stats ?? {};
      const code = pin2_code ?? pin1_code ?? "";
      if (code !== shown) console.log(`Confirm on the phone: ${(shown = code)}`);
      if (data.status === 2) return;
      if (data.status === 3) throw Object.assign(new Refused(null, etx_exception?.join("; ") || "the process failed"), { process });
      const passed = (performance.now() - began) / 1000;
      if (passed > PATIENCE) throw new Refused(null, `process ${process} is not over after ${PATIENCE} s`);
      await pause(passed < 60 ? 2 : passed < 120 ? 5 : 10);
    }
  }

  // Upload invoices; their qaimes by ERP id. Of a process that failed some may be signed all the same: both are reported.
  async upload(invoices, outcome) {
    const ids = invoices.map((invoice) => invoice.id);
    try {
      const { data } = await this.call("POST", "/inv/import_upload_invoices.php", { invoices, upload: true });
      await this.follow(data.id);
    } catch (error) {
      if (error.process) {
        const signed = await this.qaimes(ids);
        if (Object.keys(signed).length) outcome.qaimes = signed;
        const { data } = await this.call("POST", "/job/read_proc_data", { procId: error.process });
        error.blamed = (data.invoices ?? []).filter((row) => row.errors?.length).map((row) => row.id);
      }
      if (error.code === 14) error.blamed = ids.filter((_, place) => error.data.invoices[place].length);
      if (!(error.code === 17 && error.again)) throw error;
      // An answer was lost and the invoices are there: they are ours, only the number of the process is not known.
      return this.awaited(ids);
    }
    return this.qaimes(ids);
  }

  async awaited(ids) {
    const began = performance.now();
    for (;;) {
      const found = await this.qaimes(ids);
      if (Object.keys(found).length === ids.length) return found;
      if ((performance.now() - began) / 1000 > PATIENCE) throw new Refused(null, "the invoices have no qaime yet");
      await pause(5);
    }
  }

  async qaimes(ids) {
    const { data } = await this.call("POST", "/inv/read_invoices", { ids });
    return Object.fromEntries(data.invoices.filter((row) => row.qaime).map((row) => [row.id, row.qaime]));
  }

  // Download from e-taxes, and read page by page until a page is empty (F-RD-02); a qaime counts once.
  async download(wanted) {
    const phone = env.VATPORTAL_PHONE;
    const { data } = await this.call("POST", "/etx/import", { phone, ...wanted });
    await this.follow(data.id);
    const found = new Map();
    for (let from = 1; ; from++) {
      const page = await this.call("POST", "/etx/read_invoices", { phone, procId: data.id, from });
      for (const invoice of page.data.invoices) found.set(invoice.qaime, invoice);
      if (page.data.invoices.length === 0) return [...found.values()];
    }
  }

  // Each folder with a request of its own (F-DEL-02), and of each all or nothing (F-DEL-03); what is gone is told in any case.
  async remove(invoices, outcome) {
    outcome.deleted = [];
    for (const is_signed of new Set(invoices.map((invoice) => invoice.is_signed))) {
      const serialNumbers = invoices.filter((one) => one.is_signed === is_signed).map((one) => one.serialNumber);
      const { data } = await this.call("DELETE", "/etx/delete", { serialNumbers, is_signed });
      await this.follow(data.id);
      outcome.deleted.push(...serialNumbers);
    }
  }
}

const input = JSON.parse(readFileSync(env.VATPORTAL_INPUT, "utf8"));
const outcome = { errors: [] };
try {
  const portal = new Portal();
  if (input.invoices) outcome.qaimes = await portal.upload(input.invoices, outcome);
  if (input.download) outcome.invoices = (await portal.download(input.download)).map((invoice) => invoice.qaime);
  if (input.delete) await portal.remove(input.delete, outcome);
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  outcome.errors.push({ ...(error.code && { code: error.code }), text: error.message, invoices: error.blamed ?? [] });
  process.exitCode = 1;
}
outcome.status = outcome.errors.length ? "failed" : "succeeded";
if (env.VATPORTAL_OUTPUT) writeFileSync(env.VATPORTAL_OUTPUT, JSON.stringify(outcome));

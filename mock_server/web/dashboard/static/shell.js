// Requests as lines for a shell, which nothing in them can break out of.

import { portalUrl } from "./api.js";

/** What stands where the journal keeps no secret. */
const HIDDEN = "***";
/** A member of a body whose value is hidden; without quotes where the body was not read as JSON. */
const SECRET = /("([^"\\']+)"\s*:\s*)(?:"\*{3}"|\*{3})/g;
/** Characters of a path that are there for sure: the journal cuts a query at 2000, and hides its secrets then. */
const LONGEST = 1500;

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** A line with which this account uploads an invoice. */
export function sample({ company, username, password, token }) {
  const login = token ? "" : `"username": ${JSON.stringify(username)}, "password": ${JSON.stringify(password)}, `;
  const body = `{${login}"upload": true, "invoices": [{"id": "ERP-${Date.now()}", "main_info": "Müqavilə A-17", "seller": "${company}", "buyer": "0987654321",
 "sum_subtotal1": 10, "sum_subtotal2": 10, "sum_total": 10, "items": [{"id": "1234567890", "name": "Çay, qara", "unit": "ədəd",
 "unit_price": 1, "quantity": 10, "barcode": "1234567890000", "subtotal1": 10, "subtotal2": 10, "total": 10}]}]}`;
  const header = token ? ` \\\n -H ${quoted(`x-vatpapikey: ${token}`)}` : "";
  return `curl ${portalUrl}/inv/import_upload_invoices.php -H 'Content-Type: application/json'${header} \\\n --data-raw ${quoted(body)}`;
}

/** Whether the journal has all of a request but, maybe, the values of its secrets. */
export function isWhole({ path, request: { text, size, cut } }) {
  if (cut || path.length > LONGEST) return false;
  if (!text.includes(HIDDEN)) return new TextEncoder().encode(text).length === size;
  try {
    return Boolean(JSON.parse(text.replace(SECRET, "$1 0")));
  } catch {
    return false;
  }
}

/** The request for a shell; the journal knows no secrets, so the shell is asked for them by name. */
export function curl(row) {
  const secrets = new Set();
  const asked = (name) => {
    const variable = /^[a-z_]\w*$/i.test(name) ? name.toUpperCase() : "SECRET";
    secrets.add(variable);
    return `\${${variable}:?}`;
  };
  const path = quoted(portalUrl + row.path.replace(/^(\/w\/[^/]+)?\/api/, ""))
    .replace(/([?&])([^=&']+)=\*{3}(?=[&'])/g, (_, sign, name) => `${sign}${name}='"${asked(name)}"'`);
  const body = quoted(row.request.text)
    .replace(SECRET, (_, start, name) => `${start}"'"${asked(name)}"'"`);
  const method = /^[A-Z]+$/.test(row.method) ? row.method : quoted(row.method);
  const glob = /[[\]{}]/.test(row.path) ? "-g " : "";
  const lines = [`curl ${glob}${row.method === "HEAD" && !row.request.size ? "-I" : `-X ${method}`} ${path}`];
  if (row.method === "HEAD" && row.request.size) lines.push("-i --ignore-content-length -H 'Connection: close'"); // or it waits for a body
  if (row.way === "token") lines.push(`-H "x-vatpapikey: ${asked("TOKEN")}"`);
  if (row.request.size) lines.push("-H 'Content-Type: application/json'", `--data-raw ${body}`);
  return { command: lines.join(" \\\n  "), secrets: [...secrets], hidden: (path + body).includes(HIDDEN) };
}

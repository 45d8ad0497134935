// Steering the simulator from Node 20: node examples/node/steer.mjs [http://127.0.0.1:8080]
// Node's fetch cannot send a body with GET, so the reads are POST, which the simulator takes too.
import assert from "node:assert/strict";

const server = process.argv[2] ?? "http://127.0.0.1:8080";
const world = `${server}/w/node-example`;

async function send(method, url, body, headers = {}) {
  const answer = await fetch(url, {
    method,
    headers: { "Content-Type": "application/json", ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const found = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${url}: ${found.detail ?? answer.status}`);
  return found;
}
const admin = (method, path, body) => send(method, `${world}/__admin/${path}`, body);
const portal = (path, body) => send("POST", `${world}/api${path}`, body, { "x-vatpapikey": "demo-token" });

await admin("POST", "reset", {});
await admin("PUT", "settings", { pace: "realistic" }); // an upload takes 3 to 5 minutes of the world's time

const started = await portal("/inv/import_upload_invoices.php", {
  upload: true,
  invoices: [{
    id: "NODE-0001", main_info: "Müqavilə", seller: "1234567890", buyer: "0987654321",
    sum_subtotal1: 10, sum_subtotal2: 10, sum_total: 10,
    items: [{ id: "1234567890", name: "Çay", unit: "ədəd", unit_price: 1, quantity: 10,
              barcode: "1234567890000", subtotal1: 10, subtotal2: 10, total: 10 }],
  }],
});
assert.equal((await portal("/job/read_proc_status", { procId: started.data.id })).data.status, 1);

await admin("POST", "clock/advance", { by: "5m" }); // and they have passed
assert.equal((await portal("/job/read_proc_status", { procId: started.data.id })).data.status, 2);

const { data } = await portal("/inv/read_invoices", { ids: ["NODE-0001"] });
console.log("qaime:", data.invoices[0].qaime);

const seen = await admin("POST", "requests/wait", { operation: "inv_read_invoices", count: 1, timeout: "2s" });
assert.equal(seen.requests.length, 1);

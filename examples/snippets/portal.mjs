// VatPortal from Node 20: node portal.mjs. Node's fetch sends no body with GET, so reads are POST.
const url = process.env.VATPORTAL_URL ?? "http://127.0.0.1:8080/api";
const token = process.env.VATPORTAL_TOKEN ?? "demo-token";

async function call(method, path, body) {
  const answer = await fetch(url + path, {
    method,
    headers: { "Content-Type": "application/json", "x-vatpapikey": token },
    body: JSON.stringify(body),
  });
  const { err_code, err_msg, data } = await answer.json();
  if (err_code !== 0) throw new Error(`err_code ${err_code}: ${err_msg} ${JSON.stringify(data ?? "")}`);
  return data;
}

const id = `NODE-${Date.now()}`;
const process1 = await call("POST", "/inv/import_upload_invoices.php", {
  upload: true,
  invoices: [{
    id, main_info: "Müqavilə A-17", seller: "1234567890", buyer: "0987654321",
    sum_subtotal1: 10, sum_subtotal2: 10, sum_total: 10,
    items: [{ id: "1234567890", name: "Çay", unit: "ədəd", unit_price: 1, quantity: 10,
              barcode: "1234567890000", subtotal1: 10, subtotal2: 10, total: 10 }],
  }],
});

let status;
for (let tries = 0; tries < 100; tries++) { // against the real portal: every 5 to 10 s, for 10 minutes
  status = await call("POST", "/job/read_proc_status", { procId: process1.id });
  if (status.status === 2 || status.status === 3) break;
  await new Promise((wake) => setTimeout(wake, 1000));
}
if (status.status !== 2) throw new Error(JSON.stringify(status));

const { invoices } = await call("POST", "/inv/read_invoices", { ids: [id] });
console.log(`qaime: ${invoices[0].qaime}`);

// Swagger UI for the portal. No browser sends a body with GET, so such a call goes out as the documents' other way
// allows it: as POST where the path takes it, else with the body's keys in the query string (R-02b).

/* global SwaggerUIBundle */
const METHODS = new Map();
let queries = true;
const [, prefix, world] = location.pathname.match(/^(\/w\/([^/]+))\//) ?? [null, "", "default"];

async function show() {
  const home = document.querySelector(".docs-top a");
  home.href = `${prefix}/`;
  home.after(Object.assign(document.createElement("b"), { textContent: decodeURIComponent(world) }));
  const answer = await fetch(`${prefix}/openapi.json`);
  if (!answer.ok) return said(await answer.text());
  const spec = await answer.json();
  queries = spec["x-query"] !== false;
  for (const [path, item] of Object.entries(spec.paths)) METHODS.set(path, Object.keys(item));
  SwaggerUIBundle({
    spec,
    dom_id: "#swagger",
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    tryItOutEnabled: true,
    validatorUrl: null,
    requestInterceptor: sendable,
  });
}

/** The request as a browser can send it. */
function sendable(request) {
  document.querySelector(".docs-note")?.remove();
  if (request.loadSpec || request.method?.toUpperCase() !== "GET" || !request.body) return request;
  const path = new URL(request.url, location.href).pathname.replace(/^.*\/api\//, "/");
  if (METHODS.get(path)?.includes("post")) {
    request.method = "POST";
    said("A browser cannot send a body with GET: this call was sent as POST, which the path takes as well (reading R-02). · Brauzer GET ilə gövdə göndərə bilmir: sorğu POST kimi göndərildi (R-02).");
    return request;
  }
  if (!queries)
    return unsent(request, "Not sent: a browser cannot send a body with GET, and here nothing else counts (readings R-02 and R-02b). Copy the curl command below. · Göndərilmədi: brauzer GET ilə gövdə göndərə bilmir, burada isə yalnız gövdə sayılır (R-02, R-02b). Aşağıdakı curl əmrini kopyalayın.");
  const body = parsed(request.body);
  if (!body)
    return unsent(request, "Not sent: the body is no JSON object, so it cannot go into the query string, and a browser sends no body with GET. · Göndərilmədi: gövdə JSON obyekti deyil, ona görə ünvana yazıla bilmir; brauzer isə GET ilə gövdə göndərmir.");
  const url = new URL(request.url, location.href);
  for (const [name, value] of Object.entries(body))
    for (const each of Array.isArray(value) ? value : [value]) url.searchParams.append(name, typeof each === "object" ? JSON.stringify(each) : each);
  request.url = url.href;
  delete request.body;
  said("A browser cannot send a body with GET: this call was sent with its parameters in the query string (reading R-02b). · Brauzer GET ilə gövdə göndərə bilmir: parametrlər ünvanda göndərildi (R-02b).");
  return request;
}

/** The object that a body is; `null` for any other. */
function parsed(body) {
  try {
    const value = typeof body === "string" ? JSON.parse(body) : body;
    return typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/** The request as one that fails here, with the reason; Swagger UI shows it as curl all the same. */
function unsent(request, reason) {
  said(reason);
  return Object.assign(request, { userFetch: () => Promise.reject(new Error(reason)) });
}

function said(text) {
  const note = document.createElement("p");
  note.className = "docs-note";
  note.setAttribute("role", "status");
  note.textContent = text;
  document.querySelector(".docs-top").after(note);
}

show();

// The control API of the world that this page is about. There is nothing else behind the page.

const inWorld = location.pathname.match(/^\/w\/([^/]+)\//);

/** The world's name, and where its portal and its control API are. */
export const world = inWorld ? decodeURIComponent(inWorld[1]) : "default";
export const prefix = inWorld ? `/w/${inWorld[1]}` : "";
export const portalUrl = `${location.origin}${prefix}/api`;
export const controlUrl = `${location.origin}${prefix}/__admin`;

const TOKEN = "vatportal-mock.admin-token";

/** What the control API says when it refuses. */
export class Refused extends Error {
  constructor(problem) {
    super(problem.detail);
    this.status = problem.status;
    this.problem = problem;
  }
}

/** Nobody answers, or not in time. */
export class Unreachable extends Error {}

/** Whether a header can hold a text: HTTP knows the letters of Latin-1 there and no others. */
export const fitsHeader = (text) => /^[\x20-\x7e\xa0-\xff]*$/.test(text);

export function useToken(token) {
  sessionStorage.setItem(TOKEN, token);
}

/** Milliseconds until an answer is given up; a change may take as long as it takes. */
const PATIENCE = 10_000;

async function call(method, path, body, patience) {
  const token = sessionStorage.getItem(TOKEN);
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const request = new Request(`${prefix}/__admin/${path}`, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: patience && AbortSignal.timeout(patience),
  });
  let answer;
  let text;
  try {
    answer = await fetch(request);
    text = await answer.text();
  } catch {
    throw new Unreachable();
  }
  if (!answer.ok) throw new Refused(parsed(text) ?? { status: answer.status, detail: answer.statusText });
  return JSON.parse(text);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const get = (path, patience = PATIENCE) => call("GET", path, undefined, patience);
export const post = (path, body = {}) => call("POST", path, body);
export const put = (path, body) => call("PUT", path, body);
export const patch = (path, body) => call("PATCH", path, body);
export const remove = (path) => call("DELETE", path);

/** The answer, or none with the refusal where a filter is no filter: that is said in the rows' place, once, not at every beat. */
export async function allowed(asked, none) {
  try {
    return await asked;
  } catch (error) {
    if (error.status !== 400) throw error;
    return { ...none, refusal: error };
  }
}

/** Whose login the page shows and uses: `demo`, or else the first account; with its secrets. */
export async function somebody() {
  const accounts = (await get("accounts?secrets=include")).accounts.filter((one) => !one.disabled);
  return accounts.find(({ username }) => username === "demo") ?? accounts[0];
}

/** A query string of what is not empty. */
export function query(values) {
  const given = Object.entries(values).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

const documents = new Map();

/** One of the documents' files, fetched once: errors, facts, readings, vocabulary, ... */
export function reference(name) {
  if (!documents.has(name)) {
    const asked = get(`reference/${name}`);
    documents.set(name, asked);
    asked.catch(() => documents.delete(name));
  }
  return documents.get(name);
}

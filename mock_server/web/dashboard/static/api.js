// The control API of the world that this page is about. There is nothing else behind the page.

const inWorld = location.pathname.match(/^\/w\/([^/]+)\//);

/** The world's name, and where its portal and its control API are. */
export const world = inWorld ? decodeURIComponent(inWorld[1]) : "default";
const prefix = inWorld ? `/w/${inWorld[1]}` : "";
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

/** Nobody answers. */
export class Unreachable extends Error {}

export function useToken(token) {
  sessionStorage.setItem(TOKEN, token);
}

async function call(method, path, body) {
  const token = sessionStorage.getItem(TOKEN);
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  let answer;
  try {
    answer = await fetch(`${prefix}/__admin/${path}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Unreachable();
  }
  const said = await answer.json().catch(() => ({ status: answer.status, detail: answer.statusText }));
  if (!answer.ok) throw new Refused(said);
  return said;
}

export const get = (path) => call("GET", path);
export const post = (path, body = {}) => call("POST", path, body);
export const put = (path, body) => call("PUT", path, body);
export const patch = (path, body) => call("PATCH", path, body);
export const remove = (path) => call("DELETE", path);

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

// Elements are made here and nowhere else; text is always a text node, so nothing that a client sent is ever markup.

/** An element: `h("p.note", {title: "x"}, "text", child)`. `raw: true` marks data, which is in no language. */
export function h(name, ...rest) {
  const [tag, ...classes] = name.split(".");
  const node = document.createElement(tag || "div");
  if (classes.length) node.className = classes.join(" ");
  const given = rest.length && isProps(rest[0]) ? rest.shift() : {};
  for (const [key, value] of Object.entries(given)) put(node, key, value);
  add(node, rest);
  return node;
}

function isProps(value) {
  return value !== null && typeof value === "object" && !(value instanceof Node) && !Array.isArray(value);
}

function put(node, key, value) {
  if (value === undefined || value === null || value === false) return;
  if (key === "raw") node.translate = false;
  else if (key === "vars") for (const [name, each] of Object.entries(value)) node.style.setProperty(name, each);
  else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
  else if (key === "value") node.value = value;
  else if (key === "checked" || key === "disabled" || key === "selected") node[key] = true;
  else node.setAttribute(key, value === true ? "" : value);
}

function add(node, children) {
  for (const child of children) {
    if (Array.isArray(child)) add(node, child);
    else if (child !== null && child !== undefined && child !== false)
      node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** A text of the documents', chosen by language there, in which `backticks` mark what is code. */
export const marked = (text) => h("span", { raw: true }, text.split("`").map((part, place) => (place % 2 ? h("code", part) : part)));

/** Data of the simulator's, such as a name or a number. */
export const raw = (text, name = "span") => h(name, { raw: true }, text);

const SVG = "http://www.w3.org/2000/svg";
const SHAPES = {
  start: "M5 3v18M5 4h13l-3 4 3 4H5",
  processes: "M3 6h10M7 12h12M5 18h9",
  journal: "M8 6h13M8 12h13M8 18h13M3.5 6h.01M3.5 12h.01M3.5 18h.01",
  findings: "M9 12l2 2 4-4.5M12 3l7.5 3v5.5c0 4.5-3 8-7.5 9.5-4.5-1.5-7.5-5-7.5-9.5V6z",
  invoices: "M6 3h9l4 4v14H6zM14 3v5h5M9 12h7M9 16h7",
  world: "M12 3a9 9 0 100 18 9 9 0 000-18M3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
  phone: "M8 2.5h8a1.5 1.5 0 011.5 1.5v16a1.5 1.5 0 01-1.5 1.5H8A1.5 1.5 0 016.5 20V4A1.5 1.5 0 018 2.5zM11 18.5h2",
  docs: "M5 4h6a2 2 0 012 2v14a2 2 0 00-2-2H5zM21 4h-6a2 2 0 00-2 2v14a2 2 0 012-2h6z",
  moon: "M20 14.5A8 8 0 019.5 4a8 8 0 1010.5 10.5z",
  sun: "M12 8a4 4 0 100 8 4 4 0 000-8M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5M17.5 17.5L19 19M19 5l-1.5 1.5M6.5 17.5L5 19",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  check: "M5 12.5l4.5 4.5L19 7.5",
  close: "M6 6l12 12M18 6L6 18",
  pause: "M9 5v14M15 5v14",
  play: "M7 4l12 8-12 8z",
  key: "M8 11a4 4 0 100 8 4 4 0 000-8M11 12.2L20 4M16.5 7l2.5 2.5",
  warn: "M12 4l9 16H3zM12 10v4M12 17h.01",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 017 0v3",
};

/** A line drawing, which says nothing by itself. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

/** Puts other children into a node; whatever had the focus keeps it if its `data-focus` comes again. */
export function fill(node, ...children) {
  const active = document.activeElement;
  const mark = node.contains(active) ? active.dataset.focus : undefined;
  node.replaceChildren();
  add(node, children);
  if (mark) node.querySelector(`[data-focus="${CSS.escape(mark)}"]`)?.focus({ preventScroll: true });
  return node;
}

/** Removes a node; a focus in it goes to what is around it, not to the top of the page. */
export function drop(node) {
  const around = node.contains(document.activeElement) && node.parentElement.closest("[tabindex]");
  node.remove();
  if (around) around.focus({ preventScroll: true });
}

/** Keeps one child per item, in order; a child is made anew only when its item looks otherwise. */
export function keyed(node, items, key, make) {
  const before = new Map([...node.children].map((child) => [child.dataset.key, child]));
  let place = node.firstChild;
  for (const item of items) {
    const name = String(key(item));
    const look = JSON.stringify(item);
    let child = before.get(name);
    before.delete(name);
    if (!child || child.look !== look) {
      const fresh = make(item);
      fresh.dataset.key = name;
      fresh.look = look;
      const mark = child?.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
      if (child) {
        if (place === child) place = fresh;
        const opened = [...child.querySelectorAll("details")].map((one) => one.open);
        fresh.querySelectorAll("details").forEach((one, at) => { one.open = opened[at] ?? one.open; });
        child.replaceWith(fresh);
        if (mark) fresh.querySelector(`[data-focus="${CSS.escape(mark)}"]`)?.focus({ preventScroll: true });
      }
      child = fresh;
    }
    if (place === child) place = child.nextSibling;
    else node.insertBefore(child, place);
  }
  for (const child of before.values()) drop(child);
}

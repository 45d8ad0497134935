// JSON for people: indented and coloured, every number as it was sent (1180.00 stays 1180.00), texts without escapes.

import { h } from "./dom.js";

const TOKEN = /"(?:\\.|[^"\\])*"?|-?\d[\d.eE+-]*|true|false|null|[{}[\],:]|\S/g;
const LONGEST = 400_000;

/** A `pre` with the text laid out; what is no JSON stands as it is. */
export function laidOut(text) {
  const node = h("pre.json", { raw: true, tabindex: "0" });
  if (!/^\s*[{[]/.test(text) || text.length > LONGEST) {
    node.textContent = text;
    return node;
  }
  let depth = 0;
  let plain = "";
  const flush = () => {
    node.append(plain);
    plain = "";
  };
  const tokens = text.match(TOKEN) ?? [];
  tokens.forEach((token, place) => {
    const next = tokens[place + 1];
    if (token === "{" || token === "[") {
      plain += token;
      if (next !== "}" && next !== "]") plain += line(++depth);
    } else if (token === "}" || token === "]") {
      const before = tokens[place - 1];
      if (before !== "{" && before !== "[") plain += line(--depth);
      plain += token;
    } else if (token === ",") plain += token + line(depth);
    else if (token === ":") plain += ": ";
    else {
      flush();
      const read = readable(token);
      node.append(h(`span.${kind(token, next)}`, { title: read !== token && token }, read));
    }
  });
  flush();
  return node;
}

const ESCAPE = /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|u[\da-fA-F]{4}|.)/g;

/** A text with `\u0259` as `ə`; what cannot be seen, and what ends or escapes, stays as it was sent. */
function readable(token) {
  return token.replace(ESCAPE, (escaped) => {
    if (escaped[1] !== "u") return escaped;
    const letter = JSON.parse(`"${escaped}"`);
    return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(letter) && !/["\\]/.test(letter) ? letter : escaped;
  });
}

const line = (depth) => `\n${"  ".repeat(Math.max(0, depth))}`;

function kind(token, next) {
  if (token.startsWith('"')) return next === ":" ? "k" : "s";
  return /^[-\d]/.test(token) ? "n" : "w";
}

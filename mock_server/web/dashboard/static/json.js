// JSON for people: indented and coloured, every number and text as it was sent (1180.00 stays 1180.00).

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
      node.append(h(`span.${kind(token, next)}`, token));
    }
  });
  flush();
  return node;
}

const line = (depth) => `\n${"  ".repeat(Math.max(0, depth))}`;

function kind(token, next) {
  if (token.startsWith('"')) return next === ":" ? "k" : "s";
  return /^[-\d]/.test(token) ? "n" : "w";
}

// What all views share: the last pulse, the world's clock between two pulses, language and colours.

export const state = { pulse: null, heard: 0, names: {} };

export function hear(pulse) {
  state.pulse = pulse;
  state.heard = performance.now();
}

/** World time now, in milliseconds; null before the first pulse. */
export function worldNow() {
  if (!state.pulse) return null;
  const { now, speed, frozen } = state.pulse.clock;
  return Date.parse(now) + (frozen ? 0 : (performance.now() - state.heard) * speed);
}

/** Does its work when a mark differs from the last one for which it was done; what failed is tried again. */
export function onChange(work) {
  let seen;
  return async (...marks) => {
    const mark = marks.join(" ");
    if (mark === seen) return;
    await work(...marks);
    seen = mark;
  };
}

const BAKU = "Asia/Baku";
const time = new Intl.DateTimeFormat("en-GB", { timeZone: BAKU, hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { timeZone: BAKU, day: "2-digit", month: "2-digit", year: "numeric" });

/** `14:30:05` in Baku. */
export const clockTime = (instant) => time.format(instant);
/** `07.08.2025` in Baku. */
export const date = (instant) => day.format(instant).replaceAll("/", ".");
export const dateTime = (instant) => `${date(instant)} ${clockTime(instant)}`;

/** A setting of this browser's, such as its language. */
export function kept(name, value) {
  const key = `vatportal-mock.${name}`;
  try {
    if (value !== undefined) localStorage.setItem(key, value);
    return localStorage.getItem(key);
  } catch {
    return value ?? null;
  }
}

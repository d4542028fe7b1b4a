// Moments as a person reads them in their own time zone.

const DAY = 86_400_000;
const formats = new Map();

function format(zone, options) {
  const key = zone + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }));
  return formats.get(key);
}

/** The zone itself when the browser knows it, else UTC. */
export function knownZone(zone) {
  try {
    format(zone || "UTC", {});
    return zone || "UTC";
  } catch {
    return "UTC";
  }
}

/** "14:05" */
export const clock = (moment, zone) => format(zone, { hour: "2-digit", minute: "2-digit" }).format(moment);

/** The hour of the day, 0 to 23. */
export const hourOf = (moment, zone) => Number(format(zone, { hour: "2-digit", hourCycle: "h23" }).format(moment));

/** "Tue 3 Jun 2026, 14:05" */
export function shortMoment(moment, zone) {
  const day = format(zone, { weekday: "short", day: "numeric", month: "short", year: "numeric" }).format(moment);
  return `${day.replaceAll(",", "")}, ${clock(moment, zone)}`;
}

/** "London" of "Europe/London". */
export const cityOf = (zone) => zone.split("/").at(-1).replaceAll("_", " ");

/** "Tuesday, 3 June 2026 at 14:05:09" */
export const fullMoment = (moment, zone) => format(zone, { dateStyle: "full", timeStyle: "medium" }).format(moment);

/** When a Slack `ts` ("1700000000.000100") was. */
export const tsMoment = (ts) => new Date(Number(ts) * 1000);

/** Days since the epoch of the calendar day that `moment` falls on in `zone`. */
function dayNumber(moment, zone) {
  const parts = Object.fromEntries(
    format(zone, { year: "numeric", month: "numeric", day: "numeric" })
      .formatToParts(moment).map((part) => [part.type, part.value]),
  );
  return Math.round(Date.UTC(Number(parts.year), Number(parts.month) - 1, Number(parts.day)) / DAY);
}

/** "today", "yesterday", "tomorrow", or null for any other day. */
function nearDay(moment, zone, now) {
  return { 0: "today", "-1": "yesterday", 1: "tomorrow" }[dayNumber(moment, zone) - dayNumber(now, zone)] ?? null;
}

export const capital = (words) => words.charAt(0).toUpperCase() + words.slice(1);

/** The words on the line between two days: "Today", "Tuesday, 3 June". */
export function dayLine(moment, zone, now) {
  const near = nearDay(moment, zone, now);
  if (near) return capital(near);
  const sameYear = format(zone, { year: "numeric" }).format(moment) === format(zone, { year: "numeric" }).format(now);
  const options = { weekday: "long", day: "numeric", month: "long" };
  return format(zone, sameYear ? options : { ...options, year: "numeric" }).format(moment);
}

export const sameDay = (one, other, zone) => dayNumber(one, zone) === dayNumber(other, zone);

/** "3 days ago" */
export function ago(moment, now) {
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const seconds = (moment - now) / 1000;
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= size) return words.format(Math.trunc(seconds / size), unit);
  }
  return words.format(Math.trunc(seconds), "second");
}

const DATES = {
  date: { day: "numeric", month: "long", year: "numeric" },
  date_short: { day: "numeric", month: "short", year: "numeric" },
  date_long: { weekday: "long", day: "numeric", month: "long", year: "numeric" },
};

function dateWord(word, moment, zone, now) {
  if (word === "time") return clock(moment, zone);
  if (word === "time_secs") return format(zone, { timeStyle: "medium" }).format(moment);
  if (word === "ago") return ago(moment, now);
  if (word === "date_num") return new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(moment);
  const plain = word.replace(/_pretty$/, "");
  if (!(plain in DATES)) return null;
  const near = plain === word ? null : nearDay(moment, zone, now);
  return near ?? format(zone, DATES[plain]).format(moment);
}

/** Slack's `<!date^seconds^format|fallback>`: the format filled in, or null when the token is malformed. */
export function slackDate(seconds, pattern, zone, now) {
  if (!/^\d{1,12}$/.test(seconds)) return null;
  const moment = new Date(Number(seconds) * 1000);
  let known = true;
  const words = pattern.replace(/\{(\w+)\}/g, (_, word) => {
    const filled = dateWord(word, moment, zone, now);
    if (filled === null) known = false;
    return filled ?? "";
  });
  return known ? words : null;
}

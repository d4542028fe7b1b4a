// The messages of one place, or of one thread.

import { arrange, h, swap } from "./dom.js";
import { messageRow } from "./message.js";
import { roving } from "./roving.js";
import { dayLine, sameDay, tsMoment } from "./time.js";

const TOGETHER = 300; // seconds within which somebody's messages stand together

/** Replies under their first message; a reply whose first message is not here stands alone. */
function threads(messages) {
  const tops = new Map();
  for (const message of messages) {
    const isReply = message.thread_ts && message.thread_ts !== message.ts && tops.has(message.thread_ts);
    if (isReply) tops.get(message.thread_ts).replies.push(message);
    else tops.set(message.ts, { message, replies: [] });
  }
  return [...tops.values()];
}

function follows(before, message) {
  return before && before.user === message.user && !before.ephemeral && !message.ephemeral &&
    Number(message.ts) - Number(before.ts) < TOGETHER;
}

const line = (words, { look = "", isNew = false } = {}) =>
  h("li", { class: `day ${look} ${isNew ? "new" : ""}` }, words && h("span", {}, words),
    isNew && h("span", { class: "new-word" }, "New"));

/** In a channel: a line before each day, and one before what is new since the last visit. */
function channelLine(before, { message }, { reader, newFrom }) {
  const moment = tsMoment(message.ts);
  const day = !before || !sameDay(tsMoment(before.message.ts), moment, reader.zone);
  const isNew = message.ts === newFrom;
  if (day) return line(dayLine(moment, reader.zone, reader.now), { isNew });
  return isNew ? line("", { isNew }) : null;
}

/** In a thread: one line below the message it is about. */
function threadLine(before, entry, { messages }) {
  if (before !== undefined && before.message.ts === messages[0].ts) {
    return line(messages.length === 2 ? "1 reply" : `${messages.length - 1} replies`, { look: "replies-line" });
  }
  return null;
}

/**
 * Keeps `list` in step with a place (or, where `isThread`, with a thread). A row is built again only
 * when what it shows has changed, so that focus, open menus and reading positions survive.
 */
export function createMessages(list, scroller, { isThread = false } = {}) {
  let rows = new Map(); // ts -> {node, signature}
  let scope = "";
  let looks = ""; // what all rows depend on, and how often that has changed
  let edition = 0;
  const settle = roving(list, ".row", (all) => all.at(-1));
  const lineBefore = isThread ? threadLine : channelLine;

  // Whoever reads the newest message keeps it in sight when a chart, a banner or the window changes size.
  let atEnd = true;

  /** Where the newest message is seen: whole, or from its beginning where it is longer than the screen. */
  const end = () => Math.min(scroller.scrollHeight - scroller.clientHeight, list.lastElementChild?.offsetTop ?? 0);
  const toEnd = () => {
    if (atEnd && scroller.scrollTop < end()) scroller.scrollTop = end();
  };
  scroller.addEventListener("scroll", () => {
    atEnd = scroller.scrollTop >= end() - 40;
  });
  const sizes = new ResizeObserver(toEnd);
  sizes.observe(scroller);
  sizes.observe(list);

  /** What is new is read from its beginning, where it is longer than the screen. */
  function toNew(ts) {
    const top = rows.get(ts)?.node.offsetTop;
    if (top === undefined || top > scroller.scrollTop) return;
    scroller.scrollTop = top;
    atEnd = false;
  }

  function draw(entry, hostFor) {
    const { message } = entry;
    const signature = `${edition} ${JSON.stringify(entry)}`;
    const before = rows.get(message.ts);
    if (before?.signature === signature) return { ...entry, ...before, kept: true };
    return { ...entry, node: messageRow(entry, hostFor(message)), signature, kept: false, before };
  }

  /** The lines between messages, and which messages stand together. */
  function arranged(messages, view) {
    const found = isThread ? messages.map((message) => ({ message, replies: [] })) : threads(messages);
    return found.map((entry, index) => {
      const above = lineBefore(found[index - 1], entry, view);
      const grouped = !above && Boolean(follows(found[index - 1]?.message, entry.message));
      return { above, entry: { ...entry, grouped } };
    });
  }

  return {
    /**
     * Draws messages. `intro` stands above them; `base` changes when all rows must be drawn again;
     * `newFrom` is the ts of the first one that is new to the reader.
     */
    update(view) {
      const entered = scope !== view.scope;
      if (entered) rows = new Map();
      atEnd ||= entered;
      scope = view.scope;
      if (view.base !== looks) edition += 1;
      looks = view.base;
      const drawn = arranged(view.messages, view).map(({ above, entry }) => ({ above, ...draw(entry, view.hostFor) }));
      for (const { kept, before, node } of drawn) if (!kept && before) swap(before.node, node);
      rows = new Map(drawn.map(({ message, node, signature }) => [message.ts, { node, signature }]));
      const nodes = drawn.flatMap(({ above, node }) => (above ? [above, node] : [node]));
      arrange(list, view.intro ? [h("li", { class: "intro" }, ...view.intro), ...nodes] : nodes);
      settle();
      if (entered) scroller.scrollTop = 0;
      toEnd();
      if (entered && view.newFrom) toNew(view.newFrom);
    },
    /** Takes everything away, because something else is shown. */
    clear() {
      rows = new Map();
      scope = "";
      arrange(list, []);
    },
    /** Goes to the newest message and stays there, because the person has just written. */
    follow() {
      atEnd = true;
      toEnd();
    },
    /** The row of a message; undefined when it is not here. */
    row: (ts) => rows.get(ts)?.node,
    /** Scrolls to a message that somebody linked to, and points it out. */
    reveal(ts) {
      const node = rows.get(ts)?.node;
      node?.scrollIntoView({ block: "center" });
      node?.focus({ preventScroll: true });
      node?.firstChild.animate([{ background: "var(--mention-me)" }, {}], 2000);
    },
  };
}

// The messages of one place.

import { drawBlocks, drawText } from "./blocks.js";
import { arrange, h, swap } from "./dom.js";
import { clock, dayLine, fullMoment, sameDay, tsMoment } from "./time.js";

const NOBODY = { id: "", real_name: "Somebody who left", name: "somebody", is_bot: false };

/** A person's picture: their initials on a colour of their own. Apps are square. */
export function avatar(person, reader, size = "") {
  const name = person.real_name || person.name;
  const initials = name.split(/\s+/).map((word) => [...word][0]).filter(Boolean);
  const letters = person.is_bot ? name.slice(0, 3) : initials.slice(0, 2).join("");
  const shape = `avatar ${size} ${person.is_bot ? "app" : ""}`;
  const box = h("span", { class: shape, "aria-hidden": "true" }, letters.toUpperCase());
  // Neighbours in the list are far apart on the colour circle.
  const place = [...reader.people.keys()].indexOf(person.id);
  box.style.setProperty("--hue", String(((place + 1) * 137) % 360));
  return box;
}

/** What stands beside the name of whoever is not one of the workspace's own people. */
export function tagOf(person) {
  const words = person.is_bot ? "App" : person.is_outsider ? "Other organisation" : person.is_guest && "Guest";
  return words && h("span", { class: "tag" }, words);
}

function byline(message, author, reader) {
  const moment = tsMoment(message.ts);
  return h("div", { class: "byline" },
    h("span", { class: "author" }, author.real_name || author.name),
    tagOf(author),
    h("time", { datetime: moment.toISOString(), title: fullMoment(moment, reader.zone) }, clock(moment, reader.zone)));
}

function body(message, host) {
  const words = message.blocks?.length ? drawBlocks(message.blocks, host) : drawText(message.text, host.reader);
  if (message.edited) words.append(h("span", { class: "edited" }, "(edited)"));
  return words;
}

function messageRow(message, hostFor, replies = null) {
  const host = hostFor(message);
  const author = host.reader.people.get(message.user) ?? NOBODY;
  const article = h("article", { class: "message", "data-testid": message.ephemeral ? "ephemeral" : null },
    avatar(author, host.reader),
    h("div", { class: "message-body" },
      message.ephemeral && h("p", { class: "only-you" }, "Only visible to you"),
      byline(message, author, host.reader),
      body(message, host),
      replies));
  return h("li", {
    "data-testid": "message", "data-ts": message.ts, tabindex: "-1", class: message.ephemeral ? "row ephemeral" : "row",
  }, article);
}

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

/**
 * Keeps `list` in step with a channel. A row is built again only when what it shows has changed,
 * so that focus, open menus and reading positions survive everything else that happens.
 */
export function createMessages(list, scroller) {
  let rows = new Map(); // ts -> {node, signature}
  let scope = "";
  let looks = ""; // what all rows depend on, and how often that has changed
  let edition = 0;
  const openThreads = new Set();

  // Whoever reads the newest message keeps it in sight when a chart, a banner or the window changes size.
  let atEnd = true;
  const toEnd = () => {
    if (atEnd) scroller.scrollTop = scroller.scrollHeight;
  };
  scroller.addEventListener("scroll", () => {
    atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 40;
  });
  const sizes = new ResizeObserver(toEnd);
  sizes.observe(scroller);
  sizes.observe(list);

  function thread(replies, top, hostFor) {
    if (!replies.length) return null;
    const details = h("details", { class: "thread", open: openThreads.has(top.ts) },
      h("summary", { "data-key": `thread ${top.ts}` }, replies.length === 1 ? "1 reply" : `${replies.length} replies`),
      h("ol", { class: "replies" }, ...replies.map((reply) => messageRow(reply, hostFor))));
    details.addEventListener("toggle", () => (details.open ? openThreads.add(top.ts) : openThreads.delete(top.ts)));
    return details;
  }

  function row({ message, replies }, hostFor) {
    const signature = `${edition} ${JSON.stringify([message, replies])}`;
    const before = rows.get(message.ts);
    if (before?.signature === signature) return { ...before, kept: true, before };
    return { node: messageRow(message, hostFor, thread(replies, message, hostFor)), signature, kept: false, before };
  }

  function dayRow(moment, reader) {
    return h("li", { class: "day" }, h("span", {}, dayLine(moment, reader.zone, reader.now)));
  }

  function withDays(drawn, reader) {
    let last = null;
    return drawn.flatMap(({ message, node }) => {
      const moment = tsMoment(message.ts);
      const fresh = !last || !sameDay(last, moment, reader.zone);
      last = moment;
      return fresh ? [dayRow(moment, reader), node] : [node];
    });
  }

  return {
    /**
     * Draws a channel's messages. `empty` is what stands there when there are none; `base` changes
     * when all rows must be drawn again.
     */
    update({ channel, messages, reader, hostFor, empty, base }) {
      const entered = scope !== channel;
      if (entered) rows = new Map();
      atEnd ||= entered;
      scope = channel;
      if (base !== looks) edition += 1;
      looks = base;
      const drawn = threads(messages).map((entry) => ({ ...entry, ...row(entry, hostFor) }));
      for (const { kept, before, node } of drawn) if (!kept && before) swap(before.node, node);
      rows = new Map(drawn.map(({ message, node, signature }) => [message.ts, { node, signature }]));
      const nodes = messages.length ? withDays(drawn, reader) : [h("li", { class: "empty" }, ...empty)];
      arrange(list, nodes);
      toEnd();
    },
    /** Takes everything away, because something else is shown. */
    clear() {
      rows = new Map();
      scope = "";
      arrange(list, []);
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

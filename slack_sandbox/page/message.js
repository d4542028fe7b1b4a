// One message: who, when, what, and what can be done with it.

import { avatar, nameOf, tagOf } from "./avatar.js";
import { drawBlocks, drawText } from "./blocks.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { ago, clock, fullMoment, tsMoment } from "./time.js";

const NOBODY = { id: "", real_name: "Somebody who left", name: "somebody", is_bot: false };
const MOST_FACES = 4;

const authorOf = (message, reader) => reader.people.get(message.user) ?? NOBODY;

function moment(message, reader) {
  const sent = tsMoment(message.ts);
  const props = { datetime: sent.toISOString(), title: fullMoment(sent, reader.zone) };
  return h("time", props, clock(sent, reader.zone));
}

function byline(message, reader) {
  const author = authorOf(message, reader);
  return h("div", { class: "byline" }, h("span", { class: "author" }, nameOf(author)), tagOf(author), moment(message, reader));
}

function body(message, host) {
  const words = message.blocks?.length ? drawBlocks(message.blocks, host) : drawText(message.text, host.reader);
  if (message.edited) words.append(h("span", { class: "edited" }, "(edited)"));
  return words;
}

/** "2 replies", with the faces of those who wrote them. */
function repliesButton(message, replies, host) {
  const writers = [...new Set(replies.map((reply) => reply.user))].slice(0, MOST_FACES);
  const faces = writers.map((user) => avatar(authorOf({ user }, host.reader), host.reader, { size: "tiny" }));
  const count = replies.length === 1 ? "1 reply" : `${replies.length} replies`;
  return h("button", {
    type: "button", class: "replies-button", "data-key": `thread ${message.ts}`, "data-testid": "replies",
    onclick: () => host.openThread(message.ts),
  }, ...faces, h("strong", {}, count),
  h("span", { class: "last-reply" }, `Last reply ${ago(tsMoment(replies.at(-1).ts), host.reader.now)}`));
}

function tool(name, label, onclick) {
  return h("button", { type: "button", "aria-label": label, title: label, "data-key": `${name} tool`, onclick }, icon(name));
}

/** What appears while the pointer or the keyboard is on a message. Nobody else sees an ephemeral one: no link. */
function toolbar(message, host) {
  const tools = [
    host.openThread && host.takesReplies && tool("reply", "Reply in thread", () => host.openThread(message.ts)),
    tool("link", "Copy link", () => host.copyLink(message)),
  ];
  return !message.ephemeral && h("div", { class: "tools" }, ...tools);
}

/**
 * A row of the list. `grouped`: it follows the same person's message closely and needs no picture.
 * `host` is as for blocks, with openThread(ts) (null inside a thread), takesReplies and copyLink(message).
 */
export function messageRow({ message, replies, grouped }, host) {
  const { reader } = host;
  const gutter = grouped
    ? h("span", { class: "gutter" }, moment(message, reader))
    : avatar(authorOf(message, reader), reader);
  const article = h("article", { class: "message", "data-testid": message.ephemeral ? "ephemeral" : null },
    gutter,
    h("div", { class: "message-body" },
      message.ephemeral && h("p", { class: "only-you" }, icon("eye"), "Only visible to you"),
      grouped ? null : byline(message, reader),
      body(message, host),
      replies.length ? repliesButton(message, replies, host) : null),
    toolbar(message, host));
  const look = ["row", message.ephemeral && "ephemeral", grouped && "grouped"].filter(Boolean).join(" ");
  return h("li", { "data-testid": "message", "data-ts": message.ts, class: look, tabindex: "-1" }, article);
}

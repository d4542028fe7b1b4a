// rich_text blocks, as far as a bot writes them.

import { h } from "./dom.js";
import { channelMention, link, userMention } from "./mrkdwn.js";
import { slackDate } from "./time.js";

const TAGS = { bold: "strong", italic: "em", strike: "s", code: "code" };

function emoji(element) {
  if (!element.unicode) return `:${element.name}:`;
  return String.fromCodePoint(...element.unicode.split("-").map((code) => Number.parseInt(code, 16)));
}

function date(element, reader) {
  return slackDate(String(element.timestamp), element.format, reader.zone, reader.now) ?? element.fallback ?? "";
}

function bare(element, reader) {
  switch (element.type) {
    case "text": return h("span", { class: "plain" }, element.text);
    case "link": return link(element.url, element.text || element.url, reader);
    case "user": return userMention(element.user_id, reader);
    case "channel": return channelMention(element.channel_id, reader);
    case "broadcast": return h("span", { class: "mention" }, `@${element.range}`);
    case "usergroup": return h("span", { class: "mention" }, `@${element.usergroup_id}`);
    case "emoji": return emoji(element);
    case "date": return date(element, reader);
    default: return "";
  }
}

function piece(element, reader) {
  let node = bare(element, reader);
  for (const [style, tag] of Object.entries(TAGS)) {
    if (element.style?.[style]) node = h(tag, {}, node);
  }
  return node;
}

function part(element, reader) {
  const pieces = () => element.elements.map((child) => piece(child, reader));
  switch (element.type) {
    case "rich_text_section": return h("p", {}, ...pieces());
    case "rich_text_quote": return h("blockquote", {}, ...pieces());
    case "rich_text_preformatted": return h("pre", {}, ...pieces());
    case "rich_text_list": {
      const items = element.elements.map((item) => h("li", {}, part(item, reader)));
      return h(element.style === "ordered" ? "ol" : "ul", { class: `indent-${element.indent ?? 0}` }, ...items);
    }
    default: return h("p", { class: "unknown" }, `(${element.type} cannot be shown here)`);
  }
}

/** A rich_text block. */
export function richText(block, reader) {
  return h("div", { class: "rich" }, ...block.elements.map((element) => part(element, reader)));
}

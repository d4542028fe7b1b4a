// Slack's mrkdwn as DOM nodes. `reader` says who reads: {people, channels: Map, zone, now, linkTo(channelId)}.

import { h } from "./dom.js";
import { capital, fullMoment, slackDate } from "./time.js";

const STYLES = { "*": "strong", _: "em", "~": "s" };
const WORD = /[\p{L}\p{N}]/u;
const SAFE_ADDRESS = /^(https?:\/\/|mailto:)/i;

const unescape = (text) => text.replace(/&(amp|lt|gt);/g, (_, name) => ({ amp: "&", lt: "<", gt: ">" })[name]);

const PERMALINK = /^https:\/\/[\w-]+\.slack\.com\/archives\/(\w+)(?:\/p(\d{10})(\d{6}))?/;

/**
 * The attributes of a link. A link to a message of this workspace stays on the page (its address
 * would lead to the real Slack); null when the address is not one a browser should follow.
 */
export function linkProps(address, reader) {
  const [, channel, seconds, rest] = address.match(PERMALINK) ?? [];
  const ts = seconds && `${seconds}.${rest}`;
  if (channel) return { href: reader.linkTo(channel), "data-open": channel, "data-ts": ts };
  return SAFE_ADDRESS.test(address) ? { href: address, target: "_blank", rel: "noopener noreferrer" } : null;
}

/** A link; plain text when its address is not one a browser should follow. */
export function link(address, label, reader) {
  const props = linkProps(address, reader);
  return props ? h("a", props, label) : h("span", {}, label);
}

/** "@Ada Byron", marked when it is the reader themselves. */
export function userMention(id, reader, fallback) {
  const person = reader.people.get(id);
  const name = person ? person.real_name || person.name : fallback || id;
  return h("span", { class: id === reader.me ? "mention mention-me" : "mention" }, `@${name}`);
}

/** "#general", a link when the reader can open it. */
export function channelMention(id, reader, fallback) {
  const channel = reader.channels.get(id);
  if (!channel) return h("span", { class: "mention" }, `#${fallback || id}`);
  return h("a", { class: "mention", href: reader.linkTo(id), "data-open": id }, `#${channel.name}`);
}

function special(body, fallback, reader, starts) {
  const [kind, ...parts] = body.split("^");
  if (kind === "date") {
    const [seconds, pattern, address] = parts;
    const words = slackDate(seconds ?? "", unescape(pattern ?? ""), reader.zone, reader.now);
    if (words === null) return document.createTextNode(unescape(fallback));
    const moment = new Date(Number(seconds) * 1000);
    const shown = h("time", { datetime: moment.toISOString(), title: fullMoment(moment, reader.zone) },
      starts ? capital(words) : words);
    return address ? link(unescape(address), shown, reader) : shown;
  }
  if (kind === "subteam") return h("span", { class: "mention" }, unescape(fallback || `@${parts[0]}`));
  return h("span", { class: "mention" }, `@${unescape(kind)}`);
}

/** What stands between < and >. Anything that is no token of Slack's is shown as it was typed. */
function angle(body, reader, starts) {
  const bar = body.indexOf("|");
  const head = bar < 0 ? body : body.slice(0, bar);
  const label = bar < 0 ? "" : body.slice(bar + 1);
  if (/^@[UWB]\w+$/.test(head)) return userMention(head.slice(1), reader, unescape(label));
  if (/^#[CGD]\w+$/.test(head)) return channelMention(head.slice(1), reader, unescape(label));
  if (/^!(date\^|subteam\^|here$|channel$|everyone$)/.test(head)) return special(head.slice(1), label, reader, starts);
  if (SAFE_ADDRESS.test(head)) {
    const address = unescape(head);
    return link(address, unescape(label) || address.replace(/^mailto:/i, ""), reader);
  }
  return document.createTextNode(unescape(`<${body}>`));
}

/** Where the style opened at `start` ends, stepping over tokens and code; -1 when it never does. */
function styleEnd(text, start) {
  const mark = text[start];
  const before = text[start - 1];
  if ((before && WORD.test(before)) || /[\s]/.test(text[start + 1] ?? " ") || text[start + 1] === mark) return -1;
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === "<" || text[at] === "`") {
      const close = text.indexOf(text[at] === "<" ? ">" : "`", at + 1);
      if (close > 0) at = close;
    } else if (text[at] === mark && !/\s/.test(text[at - 1]) && !WORD.test(text[at + 1] ?? " ")) {
      return at;
    }
  }
  return -1;
}

const TOKEN = /<([^<>\n]+)>/y;
const CODE = /`([^`\n]+)`/y;
const BARE_ADDRESS = /https?:\/\/[^\s<>|`*~]*[^\s<>|`*~.,;:!?)'"]/y;

function matchAt(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** One special piece of `text` at `at`: [node, where it ends], or null when there is only an ordinary character. */
function pieceAt(text, at, reader, styled) {
  const token = text[at] === "<" && matchAt(TOKEN, text, at);
  if (token) return [angle(token[1], reader, at === 0), at + token[0].length];
  if (!styled) return null;
  const code = text[at] === "`" && matchAt(CODE, text, at);
  if (code) return [h("code", {}, ...inline(code[1], reader, false)), at + code[0].length];
  const end = text[at] in STYLES ? styleEnd(text, at) : -1;
  if (end > 0) return [h(STYLES[text[at]], {}, ...inline(text.slice(at + 1, end), reader)), end + 1];
  const address = text[at] === "h" && !WORD.test(text[at - 1] ?? " ") && matchAt(BARE_ADDRESS, text, at);
  if (address) return [link(unescape(address[0]), unescape(address[0]), reader), at + address[0].length];
  return null;
}

/** The nodes of one line. Without `styled`, as inside code, only <…> tokens mean something. */
function inline(text, reader, styled = true) {
  const nodes = [];
  let plain = "";
  let at = 0;
  while (at < text.length) {
    const piece = pieceAt(text, at, reader, styled);
    if (!piece) {
      plain += text[at];
      at += 1;
      continue;
    }
    if (plain) nodes.push(unescape(plain));
    plain = "";
    nodes.push(piece[0]);
    at = piece[1];
  }
  if (plain) nodes.push(unescape(plain));
  return nodes;
}

const QUOTE = /^(?:&gt;|>) ?/;
const BULLET = /^\s*[•◦▪] /;

function lineKind(line) {
  if (QUOTE.test(line)) return "quote";
  return BULLET.test(line) ? "bullet" : "text";
}

/** Neighbouring lines of one kind, together. */
function runs(lines) {
  const found = [];
  for (const line of lines) {
    const kind = lineKind(line);
    const last = found.at(-1);
    if (last?.kind === kind && kind !== "bullet") last.lines.push(line);
    else found.push({ kind, lines: [line] });
  }
  return found;
}

function withBreaks(lines, reader) {
  return lines.flatMap((line, index) => (index ? [h("br"), ...inline(line, reader)] : inline(line, reader)));
}

function drawRun({ kind, lines }, reader) {
  if (kind === "quote") return h("blockquote", {}, ...withBreaks(lines.map((line) => line.replace(QUOTE, "")), reader));
  return h("span", { class: kind === "bullet" ? "line bullet" : "line" }, ...withBreaks(lines, reader));
}

/** The line breaks beside a code block belong to the block, not to the text around it. */
function besideCode(text, { after, before }) {
  const start = after && text.startsWith("\n") ? 1 : 0;
  const end = before && text.endsWith("\n") ? text.length - 1 : text.length;
  return text.slice(start, Math.max(start, end));
}

/** The nodes of a mrkdwn text. */
export function mrkdwn(text, reader) {
  const parts = String(text ?? "").split("```");
  // A fence that is never closed is ordinary text.
  if (parts.length % 2 === 0) parts.splice(-2, 2, `${parts.at(-2)}\`\`\`${parts.at(-1)}`);
  return parts.flatMap((part, index) => {
    if (index % 2) return [h("pre", {}, ...inline(part.replace(/^\n|\n$/g, ""), reader, false))];
    const prose = besideCode(part, { after: index > 0, before: index < parts.length - 1 });
    return prose ? runs(prose.split("\n")).map((run) => drawRun(run, reader)) : [];
  });
}

/** A text object of Block Kit in an element of the given tag. */
export function textObject(object, reader, tag = "span", props = {}) {
  if (!object) return null;
  const styled = object.type === "mrkdwn";
  const look = `${styled ? "mrkdwn" : "plain"} ${props.class ?? ""}`;
  return h(tag, { ...props, class: look }, ...(styled ? mrkdwn(object.text, reader) : [object.text]));
}

/** A mrkdwn text as one line of words, for places that can only speak. */
export function spoken(text, reader) {
  return h("span", {}, ...mrkdwn(text, reader).flatMap((node) => [node, " "])).textContent.replace(/\s+/g, " ").trim();
}

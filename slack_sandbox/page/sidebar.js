// Where one can go: channels, direct messages, apps.

import { avatar, nameOf } from "./avatar.js";
import { byId, h, redraw } from "./dom.js";
import { icon } from "./icons.js";
import { channelSign } from "./place.js";
import { roving } from "./roving.js";

const MOST_COUNTED = 99;

/** How many of the unread messages are for the reader: all of a direct message, mentions in a channel. */
export function calls(place, reader) {
  if (!place.unread || place.kind === "dm") return place.unread;
  const others = place.messages.filter((message) => message.user !== reader.me).slice(-place.unread);
  return others.filter((message) => JSON.stringify(message).includes(`@${reader.me}>`)).length;
}

function unreadMark(place, reader) {
  if (!place.unread) return null;
  const count = calls(place, reader);
  if (!count) return h("span", { class: "unseen" }, " unread");
  const shown = count > MOST_COUNTED ? `${MOST_COUNTED}+` : String(count);
  return h("span", { class: "unread" }, shown, h("span", { class: "unseen" }, " unread"));
}

function link(place, { selected, reader }, { sign, name, testid, tag }) {
  const props = {
    href: reader.linkTo(place.id), class: `place-link ${place.unread ? "has-unread" : ""}`, "data-testid": testid,
    "data-open": place.id, "aria-current": place.id === selected ? "page" : null,
  };
  return h("li", {}, h("a", props, sign, h("span", { class: "place-link-name" }, name), tag, unreadMark(place, reader)));
}

function channelLink(channel, view) {
  const shared = channel.is_ext_shared && h("span", { class: "shared-mark", title: "Shared with another organisation" },
    icon("shared"), h("span", { class: "unseen" }, "shared"));
  return link(channel, view, {
    sign: channelSign(channel), name: channel.name, testid: `channel-${channel.name}`, tag: shared,
  });
}

function directLink(place, view) {
  const { reader } = view;
  const person = reader.people.get(place.with) ?? { id: place.with, name: place.name };
  return link(place, view, {
    sign: avatar(person, reader, { size: "tiny", presence: true }), name: nameOf(person), testid: `dm-${place.with}`,
    tag: person.id === reader.me && h("span", { class: "you" }, "you"),
  });
}

function section(title, links) {
  return links.length ? [h("h2", {}, title), h("ul", {}, ...links)] : [];
}

let drawn = ""; // what the list was last drawn from: a click must not lose its link to a redraw
const settle = roving(byId("places"), ".place-link",
  (all) => all.find((item) => item.getAttribute("aria-current")));

/** Draws the list of places. `app` is the app's place, which exists before the app has written. */
export function drawSidebar(state, { selected, app, reader }) {
  byId("team-name").textContent = state.team.name;
  const channels = state.channels.filter((channel) => channel.kind !== "dm");
  const direct = [app, ...state.channels.filter((place) => place.kind === "dm" && place.id !== app?.id)].filter(Boolean);
  const isBot = (place) => reader.people.get(place.with)?.is_bot;
  const shown = [...direct, ...channels].map((place) => ({ ...place, messages: calls(place, reader) }));
  const signature = JSON.stringify([selected, state.me.id, state.people, shown, reader.now.getUTCHours()]);
  if (signature === drawn) return;
  drawn = signature;
  const view = { selected, reader };
  redraw(byId("places"),
    ...section("Channels", channels.map((channel) => channelLink(channel, view))),
    ...section("Direct messages", direct.filter((place) => !isBot(place)).map((place) => directLink(place, view))),
    ...section("Apps", direct.filter(isBot).map((place) => directLink(place, view))));
  settle();
}

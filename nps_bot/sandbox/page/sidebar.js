// Who acts, and where one can go.

import { byId, h, redraw, svg } from "./dom.js";
import { avatar, tagOf } from "./messages.js";
import { clock, knownZone } from "./time.js";

/** People one can act as: no apps, nobody who has left or not come yet, not Slackbot. */
const actors = (people) =>
  people.filter((person) => !person.is_bot && !person.deleted && !person.is_invited && person.id !== "USLACKBOT");

const isOwn = (person) => !person.is_guest && !person.is_outsider;

const nameOf = (person) => person.real_name || person.name;
const timeOf = (person) => clock(new Date(), knownZone(person.tz));

function optionText(person) {
  return [nameOf(person), person.title, timeOf(person)].filter(Boolean).join(" · ");
}

/** Fills the person picker; leaves it alone where nothing changed, because it may be open. */
function drawPicker(select, state) {
  const able = actors(state.people);
  const [own, others] = [able.filter(isOwn), able.filter((person) => !isOwn(person))];
  const same = [...select.options].map((option) => option.value).join() ===
    [...own, ...others].map((person) => person.id).join();
  if (!same) {
    const group = (label, members) => members.length
      ? h("optgroup", { label }, ...members.map((person) => h("option", { value: person.id }, optionText(person))))
      : null;
    select.replaceChildren(...[
      group(`${state.team.name}'s people`, own),
      group("Guests and outsiders", others),
    ].filter(Boolean));
  }
  const byPerson = new Map(able.map((person) => [person.id, person]));
  for (const option of select.options) {
    const text = optionText(byPerson.get(option.value));
    if (option.textContent !== text) option.textContent = text;
  }
  select.value = state.me.id;
}

function drawActor(card, me, reader) {
  redraw(card, avatar(me, reader),
    h("p", {}, h("strong", {}, nameOf(me)), tagOf(me),
      me.title && h("span", { class: "acting-line" }, me.title),
      h("span", { class: "acting-line" }, `${timeOf(me)} local time`)));
}

function unreadMark(place) {
  if (!place.unread) return null;
  return h("span", { class: "unread" }, String(place.unread), h("span", { class: "unseen" }, " unread"));
}

function link(place, selected, { sign, name, testid, tag, href }) {
  const props = {
    href, class: `place-link ${place.unread ? "has-unread" : ""}`, "data-testid": testid, "data-open": place.id,
    "aria-current": place.id === selected ? "page" : null,
  };
  const words = [h("span", { class: "place-link-name" }, name), tag && h("span", { class: "tag" }, tag)];
  return h("li", {}, h("a", props, sign, ...words, unreadMark(place)));
}

/** "#", or a lock that every system can draw. */
export function channelSign(kind) {
  if (kind !== "private") return h("span", { "aria-hidden": "true" }, "#");
  return svg("svg", { class: "lock", viewBox: "0 0 16 16", role: "img", "aria-label": "Private channel" },
    svg("path", { d: "M4.5 7V5a3.5 3.5 0 0 1 7 0v2", fill: "none", stroke: "currentColor", "stroke-width": 1.8 }),
    svg("rect", { x: 3, y: 7, width: 10, height: 7.5, rx: 1.5, fill: "currentColor" }));
}

function channelLink(channel, selected, reader) {
  return link(channel, selected, {
    sign: h("span", { class: "sign" }, channelSign(channel.kind)),
    name: channel.name, testid: `channel-${channel.name}`,
    tag: channel.is_ext_shared && "Shared", href: reader.linkTo(channel.id),
  });
}

function directLink(place, selected, reader) {
  const person = reader.people.get(place.with) ?? { id: place.with, real_name: place.name, name: place.name };
  return link(place, selected, {
    sign: avatar(person, reader, "small"), name: nameOf(person), testid: `dm-${place.with}`,
    tag: person.is_bot && "App", href: reader.linkTo(place.id),
  });
}

let drawn = ""; // what the list of places was last drawn from: a click must not lose its link to a redraw

/** Draws the whole sidebar. `app` is the NPS app's place, which exists before the app has written. */
export function drawSidebar(state, { selected, app, reader }) {
  byId("team-name").textContent = state.team.name;
  drawPicker(byId("act-as"), state);
  drawActor(byId("acting-card"), reader.people.get(state.me.id), reader);
  const channels = state.channels.filter((channel) => channel.kind !== "dm");
  const others = state.channels.filter((channel) => channel.kind === "dm" && channel.id !== app?.id);
  const direct = [app, ...others].filter(Boolean);
  const shown = [...direct, ...channels].map((place) => ({ ...place, messages: null }));
  const signature = JSON.stringify([selected, state.me.id, state.people, shown]);
  if (signature === drawn) return;
  drawn = signature;
  redraw(byId("places"),
    h("h2", {}, "Direct messages"),
    h("ul", {}, ...direct.map((place) => directLink(place, selected, reader))),
    h("h2", {}, "Channels"),
    h("ul", {}, ...channels.map((channel) => channelLink(channel, selected, reader))));
}

/** On a narrow screen the sidebar lies over the messages; this opens and closes it. */
export function createDrawer() {
  const [sidebar, shade, menu] = [byId("sidebar"), byId("shade"), byId("menu")];
  const set = (open) => {
    document.body.classList.toggle("drawer-open", open);
    menu.setAttribute("aria-expanded", String(open));
    byId("main").inert = open;
  };
  const close = () => {
    if (!document.body.classList.contains("drawer-open")) return;
    set(false);
    menu.focus();
  };
  menu.addEventListener("click", () => {
    set(true);
    byId("act-as").focus();
  });
  byId("sidebar-close").addEventListener("click", close);
  shade.addEventListener("click", close);
  sidebar.addEventListener("keydown", (event) => event.key === "Escape" && close());
  // Room for both again: nothing may stay shut away behind a drawer that is gone.
  matchMedia("(max-width: 760px)").addEventListener("change", () => set(false));
  return { close };
}

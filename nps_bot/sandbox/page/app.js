// The page: one person's view of the workspace, kept live.

import { act, follow, lookUp } from "./api.js";
import { drawBlocks, values } from "./blocks.js";
import { createComposer } from "./composer.js";
import { arrange, byId, h, redraw } from "./dom.js";
import { avatar, createMessages } from "./messages.js";
import { confirmWith, createModal } from "./modal.js";
import { spoken } from "./mrkdwn.js";
import { drawNote } from "./note.js";
import { addressOf, appPlace, findPlace, readAddress, writeAddress } from "./route.js";
import { channelSign, createDrawer, drawSidebar } from "./sidebar.js";
import { knownZone } from "./time.js";
import { toast } from "./toast.js";

const FIRST_PERSON = "ada";

const route = { as: "", c: "", tab: "" };
let state = null; // what the server last told about the person in `route`
let stream = null;
let opener = null; // where the last click was, for focus when a modal closes
let heard = new Set(); // messages that were there when the person was last looked at
let marked = ""; // what was last told to be read
let homeAsked = ""; // for whom Home was last opened
let homeDrawn = "";
let turns = 0; // counts changes of person: a slow answer for an earlier one is dropped

const drawer = createDrawer();
const messages = createMessages(byId("messages"), byId("scroller"));
const composer = createComposer({ commands: () => state?.commands ?? [], deliver, announce });
const modal = createModal({ send, onClosed: focusBack });

function announce(words) {
  byId("announcer").replaceChildren(h("span", {}, words));
}

/** Does something as the acting person and shows what went wrong, unless the caller does (`quiet`). */
async function send(request, { quiet = false } = {}) {
  const answer = await act({ as: route.as, ...request });
  if (!answer.ok && !quiet) toast(answer.error ?? "That did not work.");
  return answer;
}

/** The acting person's eyes, for everything that draws text. */
function readerOf(current) {
  return {
    me: current.me.id,
    people: new Map(current.people.map((person) => [person.id, person])),
    channels: new Map(current.channels.filter((channel) => channel.kind !== "dm").map((channel) => [channel.id, channel])),
    zone: knownZone(current.people.find((person) => person.id === current.me.id)?.tz),
    now: new Date(),
    linkTo: (id) => addressOf({ as: current.me.id, c: id }),
  };
}

function focusBack() {
  if (!opener || !messages.focus(opener.ts, opener.action)) byId("messages").focus({ preventScroll: true });
}

function hostFor(reader, place, message) {
  const host = {
    reader,
    draft: new Map(),
    confirm: (object) => confirmWith(object, reader),
    act: (change) => {
      opener = { ts: message.ts, action: change.action_id };
      return send({ do: "block_action", channel: place.id, ts: message.ts, ...change });
    },
    again: draw,
  };
  return host;
}

async function deliver(text) {
  const place = findPlace(state, route.c);
  const [, command, rest] = text.match(/^(\/\S+)\s*([\s\S]*)$/) ?? [];
  if (!command) return (await send({ do: "say", channel: place.id, text })).ok;
  if (!state.commands.some((known) => known.command === command)) {
    const known = state.commands.map((entry) => entry.command).join(", ");
    toast(`${command} is not a command here.${known ? ` There is: ${known}.` : ""}`);
    return false;
  }
  return (await send({ do: "command", channel: place.id, command, text: rest })).ok;
}

function emptyWords(place) {
  if (place.with && place.id === appPlace(state)?.id) {
    return [h("strong", {}, "NPS has not written to you yet."), h("p", {}, "Its questions arrive here, at a civil hour of your own day.")];
  }
  return [h("strong", {}, "Nothing here yet."), h("p", {}, "What is written appears here at once.")];
}

function drawPlace(place, reader) {
  const person = place.with && reader.people.get(place.with);
  const name = person ? person.real_name || person.name : place.name;
  byId("place-name").replaceChildren(...(place.kind === "dm" ? [name] : [channelSign(place.kind), ` ${name}`]));
  const topic = [place.topic, place.is_ext_shared && "Shared with another company: outsiders read along"];
  byId("place-topic").textContent = topic.filter(Boolean).join(" · ");
  redraw(byId("place-me"), avatar(reader.people.get(reader.me), reader, "small"), h("span", { class: "unseen" }, `Acting as ${reader.people.get(reader.me).real_name}`));
  const unread = state.channels.reduce((sum, channel) => sum + (channel.unread ?? 0), 0);
  document.title = `${unread ? `(${unread}) ` : ""}${name} · ${state.team.name} sandbox`;
  return name;
}

function drawTabs(isApp, atHome) {
  byId("tabs").hidden = !isApp;
  byId("home").hidden = !atHome;
  byId("messages-panel").hidden = atHome;
  for (const [id, chosen] of [["tab-home", atHome], ["tab-messages", !atHome]]) {
    byId(id).setAttribute("aria-selected", String(chosen));
    byId(id).tabIndex = chosen ? 0 : -1;
  }
  for (const [panel, tab] of [["home", "tab-home"], ["messages-panel", "tab-messages"]]) {
    if (isApp) byId(panel).setAttribute("role", "tabpanel");
    else byId(panel).removeAttribute("role");
    byId(panel).setAttribute("aria-labelledby", isApp ? tab : "place-name");
  }
}

function drawHome(reader) {
  if (homeAsked !== state.me.id) {
    homeAsked = state.me.id;
    send({ do: "open_home" });
  }
  const signature = JSON.stringify([state.me, state.home]);
  if (signature === homeDrawn) return;
  homeDrawn = signature;
  if (!state.home) {
    redraw(byId("home"), h("div", { class: "empty" }, h("strong", {}, "Nothing to show yet."), h("p", {}, "NPS has not prepared a Home for you.")));
    return;
  }
  const host = {
    reader,
    draft: new Map(),
    confirm: (object) => confirmWith(object, reader),
    act: (change) => send({ do: "block_action", view_id: state.home.id, values: values(state.home, host), ...change }),
    again: () => {
      homeDrawn = "";
      draw();
    },
  };
  redraw(byId("home"), drawBlocks(state.home.blocks, host));
}

/** Tells the server that the person has seen what is on the screen. */
function markRead(place, atHome) {
  const last = place.messages.at(-1)?.ts ?? "";
  const mark = `${route.as} ${place.id} ${last}`;
  if (!place.unread || atHome || document.visibilityState !== "visible" || mark === marked) return;
  marked = mark;
  send({ do: "read", channel: place.id }, { quiet: true });
}

function draw() {
  const reader = readerOf(state);
  const app = appPlace(state);
  const place = findPlace(state, route.c);
  const isApp = Boolean(app) && place.id === app.id;
  const atHome = isApp && route.tab === "home";
  drawSidebar(state, { selected: place.id, app, reader });
  const name = drawPlace(place, reader);
  drawTabs(isApp, atHome);
  if (atHome) drawHome(reader);
  // A row looks different to another person, on another day, or after somebody changed their name.
  const base = JSON.stringify([state.people, reader.now.toDateString()]);
  messages.update({
    channel: `${route.as} ${place.id}`, messages: place.messages, reader, base, empty: emptyWords(place),
    hostFor: (message) => hostFor(reader, place, message),
  });
  const label = isApp ? `Type / for a command to ${name}` : `Message ${place.kind === "dm" ? name : `#${name}`}`;
  composer.turnTo(`${route.as} ${place.id}`, label);
  modal.update(state.modal, reader);
  drawNote({ state, go, prefill: composer.prefill });
  markRead(place, atHome);
}

/** Says aloud what is new since the last state. */
function announceNew(next, first) {
  const reader = readerOf(next);
  const found = next.channels.flatMap((channel) => channel.messages.map((message) => ({ channel, message })));
  const fresh = found.filter(({ channel, message }) => !heard.has(`${channel.id} ${message.ts}`) && message.user !== next.me.id);
  heard = new Set(found.map(({ channel, message }) => `${channel.id} ${message.ts}`));
  if (first || !fresh.length) return;
  const { channel, message } = fresh.at(-1);
  const who = reader.people.get(message.user)?.real_name ?? "Somebody";
  const where = channel.kind === "dm" ? "" : ` in #${channel.name}`;
  announce(`${who}${where}: ${spoken(message.text, reader)}`);
}

function onState(next) {
  const first = state?.me.id !== next.me.id;
  announceNew(next, first);
  state = next;
  route.as = next.me.id; // it may have been a handle
  draw();
}

function banner(words) {
  byId("banner").textContent = words;
  byId("banner").hidden = !words;
}

const watchers = { onState, onLost: () => banner("Connection lost, trying again"), onBack: () => banner("") };

/** Turns to another person. False when there is nothing to draw yet. */
async function become(next) {
  turns += 1;
  const turn = turns;
  const seen = await lookUp(next.as).catch(() => undefined);
  if (turn !== turns) return false;
  if (seen === null) {
    toast("There is no such person here.");
    if (!state) return become({ ...next, as: FIRST_PERSON });
    draw(); // puts the picker back
    return false;
  }
  stream?.close();
  Object.assign(route, next);
  homeAsked = "";
  opener = null;
  if (seen) onState(seen);
  stream = follow(route.as, watchers);
  return Boolean(seen);
}

/** Shows a person's view of a place. `c` empty: the app's. */
async function show(next, { replace = false } = {}) {
  if (next.as !== route.as && !(await become(next))) return;
  Object.assign(route, { c: findPlace(state, next.c).id, tab: next.tab });
  if (route.tab !== "home") homeAsked = "";
  writeAddress(route, { replace });
  draw();
}

/** Goes somewhere because the person asked to. */
async function go(next) {
  await show({ as: route.as, c: "", tab: "", ...next });
  drawer.close();
}

/** The same place for somebody else, as far as there is one: the app stays the app. */
function actAs(person) {
  const place = findPlace(state, route.c);
  const c = place.kind === "dm" ? appPlace(state)?.with ?? "" : place.id;
  show({ as: person, c, tab: route.tab });
}

function onTabKey(event) {
  if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
  const other = event.target.id === "tab-home" ? byId("tab-messages") : byId("tab-home");
  other.click();
  other.focus();
}

function listen() {
  byId("act-as").addEventListener("change", (event) => actAs(event.target.value));
  byId("tab-home").addEventListener("click", () => show({ ...route, tab: "home" }));
  byId("tab-messages").addEventListener("click", () => show({ ...route, tab: "" }));
  byId("tabs").addEventListener("keydown", onTabKey);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-open]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go({ c: link.dataset.open });
  });
  window.addEventListener("popstate", () => show({ ...readAddress(), as: readAddress().as || FIRST_PERSON }, { replace: true }));
  document.addEventListener("visibilitychange", () => state && draw());
  setInterval(() => state && draw(), 30_000);
}

listen();
const asked = readAddress();
show({ ...asked, as: asked.as || FIRST_PERSON }, { replace: true });

// The page: one person's view of the workspace, kept live.

import { act, follow, lookUp } from "./api.js";
import { createComposer } from "./composer.js";
import { byId, h } from "./dom.js";
import { createMessages } from "./messages.js";
import { confirmWith, createModal } from "./modal.js";
import { spoken } from "./mrkdwn.js";
import { drawNote } from "./note.js";
import { createHome, drawHead, drawTabs, emptyWords, placeName } from "./place.js";
import { addressOf, appPlace, findPlace, readAddress, writeAddress } from "./route.js";
import { createDrawer, drawSidebar } from "./sidebar.js";
import { knownZone } from "./time.js";
import { toast } from "./toast.js";

const FIRST_PERSON = "ada";
const MINUTE_HAND = 30_000; // how often the times on the page are looked at again, in milliseconds

const route = { as: "", c: "", tab: "" };
let state = null; // what the server last told about the person in `route`
let stream = null;
let opener = null; // finds what was last pressed, for focus when a modal closes
let heard = new Set(); // messages that were already there
let marked = ""; // what was last told to be read
let homeAsked = ""; // for whom Home was last opened
let turns = 0; // counts changes of person: a slow answer for an earlier one is dropped

const drawer = createDrawer();
const messages = createMessages(byId("messages"), byId("scroller"));
const home = createHome(byId("home"));
const composer = createComposer({ commands: () => state?.commands ?? [], deliver, announce });
const modal = createModal({ send, onClosed: focusBack });
const watchers = { onState, onLost: () => banner("Connection lost, trying again"), onBack: () => banner("") };

function announce(words) {
  byId("announcer").replaceChildren(h("span", {}, words));
}

function banner(words) {
  byId("banner").textContent = words;
  byId("banner").hidden = !words;
}

/** Does something as the acting person and shows what went wrong, unless the caller does (`quiet`). */
async function send(request, { quiet = false } = {}) {
  const answer = await act({ as: route.as, ...request });
  if (!answer.ok && !quiet) toast(answer.error ?? "That did not work.");
  return answer;
}

/** Presses or chooses something; `root()` is where it stands, to come back to after a modal. */
function press(root, change) {
  const selector = `[data-action-id="${CSS.escape(change.action_id)}"]`;
  opener = () => root()?.querySelector(selector) ?? root();
  return send({ do: "block_action", ...change });
}

function focusBack() {
  (opener?.() ?? byId("messages")).focus({ preventScroll: true });
}

/** The acting person's eyes, for everything that draws text. */
function readerOf(current) {
  const people = new Map(current.people.map((person) => [person.id, person]));
  const channels = current.channels.filter((channel) => channel.kind !== "dm");
  return {
    me: current.me.id,
    people,
    channels: new Map(channels.map((channel) => [channel.id, channel])),
    zone: knownZone(people.get(current.me.id)?.tz),
    now: new Date(),
    linkTo: (id) => addressOf({ as: current.me.id, c: id }),
  };
}

function hostFor(reader, place, message) {
  return {
    reader,
    draft: new Map(),
    confirm: (object) => confirmWith(object, reader),
    act: (change) => press(() => messages.row(message.ts), { channel: place.id, ts: message.ts, ...change }),
    again: draw,
  };
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

function drawHome(reader) {
  if (homeAsked !== state.me.id) {
    homeAsked = state.me.id;
    send({ do: "open_home" });
  }
  home.update(state.home, reader, {
    confirm: (object) => confirmWith(object, reader),
    act: (change) => press(() => byId("home"), change),
  });
}

/** Tells the server that the person has seen what is on the screen. */
function markRead(place, atHome) {
  const mark = `${route.as} ${place.id} ${place.messages.at(-1)?.ts}`;
  if (!place.unread || atHome || document.visibilityState !== "visible" || mark === marked) return;
  marked = mark;
  send({ do: "read", channel: place.id }, { quiet: true });
}

function drawMessages(place, reader, isApp) {
  const today = reader.now.toLocaleDateString("en", { timeZone: reader.zone });
  messages.update({
    channel: `${route.as} ${place.id}`,
    messages: place.messages,
    reader,
    base: JSON.stringify([state.people, today]),
    empty: emptyWords(isApp),
    hostFor: (message) => hostFor(reader, place, message),
  });
  const name = placeName(place, reader);
  const label = isApp ? `Type / for a command to ${name}` : `Message ${place.kind === "dm" ? name : `#${name}`}`;
  composer.turnTo(`${route.as} ${place.id}`, label);
}

function draw() {
  const reader = readerOf(state);
  const app = appPlace(state);
  const place = findPlace(state, route.c);
  const isApp = place.id === app?.id;
  const atHome = isApp && route.tab === "home";
  const unread = state.channels.reduce((sum, channel) => sum + channel.unread, 0);
  document.title = `${unread ? `(${unread}) ` : ""}${placeName(place, reader)} · ${state.team.name} sandbox`;
  drawSidebar(state, { selected: place.id, app, reader });
  drawHead(place, reader);
  drawTabs(isApp, atHome);
  if (atHome) {
    messages.clear();
    drawHome(reader);
  } else {
    home.clear();
    drawMessages(place, reader, isApp);
  }
  modal.update(state.modal, reader);
  drawNote({ state, go, prefill: composer.prefill });
  markRead(place, atHome);
}

/** Says aloud what is new since the last state. */
function announceNew(next, first) {
  const all = next.channels.flatMap((channel) => channel.messages.map((message) => ({ channel, message })));
  const fresh = all.filter(({ channel, message }) =>
    !heard.has(`${channel.id} ${message.ts}`) && message.user !== next.me.id);
  heard = new Set(all.map(({ channel, message }) => `${channel.id} ${message.ts}`));
  if (first || !fresh.length) return;
  const reader = readerOf(next);
  const { channel, message } = fresh.at(-1);
  const who = reader.people.get(message.user)?.real_name ?? "Somebody";
  const where = channel.kind === "dm" ? "" : ` in #${channel.name}`;
  announce(`${who}${where}: ${spoken(message.text, reader)}`);
}

function onState(next) {
  announceNew(next, state?.me.id !== next.me.id);
  state = next;
  route.as = next.me.id; // it may have been a handle
  draw();
}

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

/** Opens a place of this workspace, and the message that a link names. */
async function openLink({ open, ts }) {
  if (!state.channels.some((channel) => channel.id === open) && open !== appPlace(state)?.id) {
    toast("You are not in the channel that this link leads to.");
    return;
  }
  await go({ c: open });
  if (ts) messages.reveal(ts);
}

/** The same place for somebody else, as far as there is one: the app stays the app. */
function actAs(person) {
  const place = findPlace(state, route.c);
  show({ as: person, c: place.kind === "dm" ? "" : place.id, tab: route.tab });
}

function onTabKey(event) {
  if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
  const other = event.target.id === "tab-home" ? byId("tab-messages") : byId("tab-home");
  other.click();
  other.focus();
}

function onClick(event) {
  const link = event.target.closest?.("a[data-open]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  openLink(link.dataset);
}

function fromAddress() {
  const asked = readAddress();
  show({ ...asked, as: asked.as || FIRST_PERSON }, { replace: true });
}

byId("act-as").addEventListener("change", (event) => actAs(event.target.value));
byId("tab-home").addEventListener("click", () => show({ ...route, tab: "home" }));
byId("tab-messages").addEventListener("click", () => show({ ...route, tab: "" }));
byId("tabs").addEventListener("keydown", onTabKey);
document.addEventListener("click", onClick);
document.addEventListener("visibilitychange", () => state && draw());
window.addEventListener("popstate", fromAddress);
setInterval(() => state && draw(), MINUTE_HAND);
fromAddress();

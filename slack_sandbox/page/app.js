// The page: one person's view of the workspace, kept live. Here the parts are put together.

import { createBench, sandboxClock } from "./bench.js";
import { createComposer } from "./composer.js";
import { confirmWith } from "./confirm.js";
import { byId } from "./dom.js";
import { createDrawer } from "./drawer.js";
import { createChecklist } from "./checklist.js";
import { announce, createHearing } from "./hearing.js";
import { createHome } from "./home.js";
import { placeIcons } from "./icons.js";
import { createMessages } from "./messages.js";
import { createModal } from "./modal.js";
import { createPeople } from "./people.js";
import { drawHead, drawTabs, introOf, placeName } from "./place.js";
import { drawRail } from "./rail.js";
import { readerOf } from "./reader.js";
import { addressOf, appPlace, findPlace, readAddress, writeAddress } from "./route.js";
import { createSession } from "./session.js";
import { calls, drawSidebar } from "./sidebar.js";
import { createTheme } from "./theme.js";
import { createThread } from "./thread.js";
import { toast } from "./toast.js";

const FIRST_PERSON = "somebody"; // the server chooses
const MINUTE_HAND = 30_000; // how often the times on the page are looked at again, in milliseconds

const route = { as: "", c: "", tab: "", thread: "" };
let state = null; // what the server last told about the person in `route`
let opener = null; // finds what was last pressed, for focus when a modal or thread closes
let marked = ""; // what was last told to be read
let homeAsked = ""; // for whom Home was last opened
let newMark = { scope: "", ts: "" }; // the first message that was new when the place was entered

const clock = sandboxClock();
const hear = createHearing();
const session = createSession({ onState });
const { send } = session;
const drawer = createDrawer();
const messages = createMessages(byId("messages"), byId("scroller"));
const home = createHome(byId("home"));
const known = () => ({ commands: state?.commands ?? [], people: state?.people ?? [] });
const composer = createComposer(byId("composer"), { testid: "composer", known, deliver, announce });
const thread = createThread({ deliver: reply, onClosed: () => openThread(""), announce });
const modal = createModal({ send, onClosed: focusBack });
const people = createPeople({ become: actAs });
const bench = createBench({ announce });
const checklist = createChecklist({ go, here: () => route, find: (c) => findPlace(state, c) });

/** Presses or chooses something; `root()` is where it stands, to come back to after a modal. */
function press(root, change) {
  const selector = `[data-action-id="${CSS.escape(change.action_id)}"]`;
  opener = () => root()?.querySelector(selector) ?? root();
  return send({ do: "block_action", ...change });
}

function focusBack() {
  (opener?.() ?? byId("messages")).focus({ preventScroll: true });
}

async function copyLink(place, message) {
  const named = { as: route.as, c: place.id, thread: message.thread_ts, message: message.ts };
  const address = new URL(addressOf(named), location.href);
  try {
    await navigator.clipboard.writeText(address.href);
    toast("The link is copied.");
  } catch {
    toast("This browser does not let the page copy.");
  }
}

/** Where the blocks of a message stand; `list` is what shows it. */
function hostFor(list, reader, place, message) {
  const isMain = list === messages;
  return {
    reader,
    draft: new Map(),
    confirm: (object) => confirmWith(object, reader),
    act: (change) => press(() => list.row(message.ts), { channel: place.id, ts: message.ts, ...change }),
    again: draw,
    openThread: isMain ? openThread : null,
    takesReplies: place.kind !== "dm",
    copyLink: (copied) => copyLink(place, copied),
  };
}

async function deliver(text) {
  messages.follow();
  const place = findPlace(state, route.c);
  const [, command, rest] = text.match(/^(\/\S+)\s*([\s\S]*)$/) ?? [];
  if (!command) return (await send({ do: "say", channel: place.id, text })).ok;
  if (!state.commands.some((entry) => entry.command === command)) {
    const names = state.commands.map((entry) => entry.command).join(", ");
    toast(`${command} is not a command here.${names ? ` There is: ${names}.` : ""}`);
    return false;
  }
  return (await send({ do: "command", channel: place.id, command, text: rest })).ok;
}

async function reply(text) {
  thread.follow();
  const place = findPlace(state, route.c);
  return (await send({ do: "say", channel: place.id, text, thread_ts: route.thread })).ok;
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

/** The first message that was new when the person came; it stays marked until they leave. */
function newFrom(place, scope) {
  if (newMark.scope !== scope) {
    const others = place.messages.filter((message) => message.user !== route.as);
    newMark = { scope, ts: place.unread ? others.at(-place.unread)?.ts ?? "" : "" };
  }
  return newMark.ts;
}

function drawMessages(place, reader, isApp) {
  const today = reader.now.toLocaleDateString("en", { timeZone: reader.zone });
  const scope = `${route.as} ${place.id}`;
  const base = JSON.stringify([state.people, today]);
  const common = { scope, reader, base };
  messages.update({
    ...common,
    messages: place.messages,
    intro: introOf(place, reader, isApp),
    newFrom: newFrom(place, scope),
    hostFor: (message) => hostFor(messages, reader, place, message),
  });
  const name = placeName(place, reader);
  const words = place.kind === "dm" ? name : `#${name}`;
  composer.turnTo(scope, { words: isApp ? `Type / for a command to ${name}` : `Message ${words}` });
  thread.update({
    ...common, top: route.thread, place, placeWords: words, takesReplies: place.kind !== "dm",
    hostFor: (message) => hostFor(thread, reader, place, message),
  });
}

function draw() {
  const reader = readerOf(state, clock.now());
  const app = appPlace(state);
  const place = findPlace(state, route.c);
  const isApp = place.id === app?.id;
  const atHome = isApp && route.tab === "home";
  const waiting = state.channels.reduce((sum, channel) => sum + calls(channel, reader), 0);
  document.title = `${waiting ? `(${waiting}) ` : ""}${placeName(place, reader)} · ${state.team.name} sandbox`;
  drawRail(state, { place, app, reader });
  people.update(state, reader);
  drawSidebar(state, { selected: place.id, app, reader });
  drawHead(place, reader);
  drawTabs(isApp, atHome);
  if (atHome) {
    messages.clear();
    thread.update({ top: "" });
    drawHome(reader);
  } else {
    home.clear();
    drawMessages(place, reader, isApp);
  }
  modal.update(state.modal, reader);
  bench.update(state.control, reader);
  checklist.update(state.control?.checklist, reader);
  markRead(place, atHome);
}

function onState(next) {
  clock.set(next.control?.clock);
  hear(next, readerOf(next, clock.now()), state?.me.id !== next.me.id);
  state = next;
  route.as = next.me.id; // it may have been a handle
  draw();
}

/** Turns to another person. False when there is nothing to draw yet. */
async function become(next) {
  const came = await session.become(next.as, (person) => {
    Object.assign(route, next, { as: person });
    homeAsked = "";
    opener = null;
  });
  if (came === "nobody") {
    toast("There is no such person here.");
    return state ? false : become({ ...next, as: FIRST_PERSON });
  }
  return came === "there";
}

/** Shows a person's view of a place. `c` empty: the app's. */
async function show(next, { replace = false } = {}) {
  if (next.as !== route.as && !(await become(next))) return;
  Object.assign(route, { c: findPlace(state, next.c).id, tab: next.tab, thread: next.thread ?? "" });
  if (route.tab !== "home") homeAsked = "";
  writeAddress(route, { replace });
  draw();
}

/** Goes somewhere because the person asked to. */
async function go(next) {
  await show({ as: route.as, c: "", tab: "", ...next });
  drawer.close();
}

function openThread(ts) {
  if (ts) opener = () => messages.row(ts)?.querySelector(".replies-button") ?? messages.row(ts);
  show({ ...route, thread: ts });
  if (!ts) focusBack();
}

/** Opens a place of this workspace, and the message that a link names. */
async function openLink({ open, ts }) {
  if (!state.channels.some((channel) => channel.id === open) && open !== appPlace(state)?.id) {
    toast("You are not in the channel that this link leads to.");
    return;
  }
  const message = findPlace(state, open).messages.find((one) => one.ts === ts);
  const isReply = message?.thread_ts && message.thread_ts !== ts;
  await go({ c: open, thread: isReply ? message.thread_ts : "" });
  reveal(ts);
}

function reveal(ts) {
  if (ts) (messages.row(ts) ? messages : thread).reveal(ts);
}

/** The same place for somebody else, as far as there is one: the app stays the app. */
function actAs(person) {
  const place = findPlace(state, route.c);
  go({ as: person, c: place.kind === "dm" ? "" : place.id, tab: route.tab });
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

async function fromAddress() {
  const { message, ...asked } = readAddress();
  await show({ ...asked, as: asked.as || FIRST_PERSON }, { replace: true });
  reveal(message);
}

placeIcons();
createTheme(byId("theme"));
byId("tab-home").addEventListener("click", () => show({ ...route, tab: "home", thread: "" }));
byId("tab-messages").addEventListener("click", () => show({ ...route, tab: "" }));
byId("tabs").addEventListener("keydown", onTabKey);
document.addEventListener("click", onClick);
document.addEventListener("visibilitychange", () => state && draw());
window.addEventListener("popstate", fromAddress);
setInterval(() => state && draw(), MINUTE_HAND);
fromAddress();

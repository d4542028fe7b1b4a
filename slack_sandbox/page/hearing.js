// What a screen reader says without being asked: what just happened, and messages as they arrive.

import { nameOf } from "./avatar.js";
import { byId, h } from "./dom.js";
import { spoken } from "./mrkdwn.js";

/** Says something aloud. */
export function announce(words) {
  byId("announcer").replaceChildren(h("span", {}, words));
}

/** Returns what says the newest message of each new state aloud; `first` when somebody else looks now. */
export function createHearing() {
  let heard = new Set(); // messages that were already there
  return (state, reader, first) => {
    const all = state.channels.flatMap((channel) => channel.messages.map((message) => ({ channel, message })));
    const keyOf = ({ channel, message }) => `${channel.id} ${message.ts}`;
    const fresh = all.filter((one) => !heard.has(keyOf(one)) && one.message.user !== reader.me);
    heard = new Set(all.map(keyOf));
    if (first || !fresh.length) return;
    const { channel, message } = fresh.at(-1);
    const author = reader.people.get(message.user);
    const where = channel.kind === "dm" ? "" : ` in #${channel.name}`;
    announce(`${author ? nameOf(author) : "Somebody"}${where}: ${spoken(message.text, reader)}`);
  };
}

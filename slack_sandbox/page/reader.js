// The acting person's eyes, for everything that draws: {me, app, people, channels, zone, now, linkTo(channelId)}.

import { addressOf } from "./route.js";
import { knownZone } from "./time.js";

export function readerOf(state, now) {
  const people = new Map(state.people.map((person) => [person.id, person]));
  const channels = state.channels.filter((channel) => channel.kind !== "dm");
  return {
    me: state.me.id,
    app: state.app,
    people,
    channels: new Map(channels.map((channel) => [channel.id, channel])),
    zone: knownZone(people.get(state.me.id)?.tz),
    now,
    linkTo: (id) => addressOf({ as: state.me.id, c: id }),
  };
}

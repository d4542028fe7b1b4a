// Which person and place the page shows, kept in the address so that reload and back work.

/** What the address says: {as, c, tab, thread, message}; empty where it says nothing. */
export function readAddress() {
  const params = new URLSearchParams(location.search);
  return {
    as: params.get("as") ?? "", c: params.get("c") ?? "", tab: params.get("tab") ?? "",
    thread: params.get("thread") ?? "", message: params.get("message") ?? "",
  };
}

/** The address of a person's view of a place. */
export function addressOf({ as, c, tab, thread, message }) {
  const params = new URLSearchParams({ as });
  if (c) params.set("c", c);
  if (tab === "home") params.set("tab", "home");
  if (thread) params.set("thread", thread);
  if (message) params.set("message", message);
  return `?${params}`;
}

/** Writes the address: a new step for "back", unless `replace`. */
export function writeAddress(route, { replace = false } = {}) {
  const address = addressOf(route);
  if (address === location.search) return;
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
}

/**
 * The app's place for this person: its direct message, or a stand-in under the
 * app's id while the app has not written yet. Null when the workspace has no app.
 */
export function appPlace(state) {
  const bot = state.people.find((person) => person.id === state.app);
  if (!bot) return null;
  const channel = state.channels.find((place) => place.kind === "dm" && place.with === bot.id);
  return channel ?? { id: bot.id, kind: "dm", with: bot.id, name: bot.name, unread: 0, messages: [] };
}

/** The place that `c` names by id, by the other person's id or by channel name; else the app's, else the first. */
export function findPlace(state, c) {
  const app = appPlace(state);
  const places = [app, ...state.channels].filter(Boolean);
  return places.find((place) => c && [place.id, place.with, place.name].includes(c)) ?? places[0] ?? null;
}

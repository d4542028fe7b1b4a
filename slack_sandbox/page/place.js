// The head of a place: its name, its topic, who is in it, the app's tabs; and how it begins.

import { avatar, nameOf, orgBadge, organisation } from "./avatar.js";
import { byId, h } from "./dom.js";
import { icon } from "./icons.js";

const MOST_FACES = 3;
export const MOST_MESSAGES = 100; // the server shows so many; before them there may be more

/** What a place is called: the other person's name, or the channel's. */
export function placeName(place, reader) {
  const person = place.with && reader.people.get(place.with);
  return person ? nameOf(person) : place.name;
}

/** "#", a lock, or the sign of a channel shared with others. */
export function channelSign(place) {
  const sign = place.kind === "private" ? icon("lock") : icon("hash");
  if (place.kind !== "private") return h("span", { class: "sign" }, sign);
  return h("span", { class: "sign" }, sign, h("span", { class: "unseen" }, "Private channel"));
}

const membersOf = (place, reader) =>
  (place.members ?? []).map((id) => reader.people.get(id)).filter((person) => person && !person.deleted);

/** The other organisations with people in a channel, by name. */
export function guestsOf(place, reader) {
  if (!place.is_ext_shared) return [];
  const names = membersOf(place, reader).filter((person) => person.is_outsider).map(organisation);
  return [...new Set(names)];
}

function drawMembers(place, reader) {
  const people = membersOf(place, reader).filter((person) => !person.is_bot);
  byId("place-members").hidden = place.kind === "dm" || !people.length;
  const faces = people.slice(0, MOST_FACES).map((person) => avatar(person, reader, { size: "tiny" }));
  byId("place-members").title = people.map(nameOf).join(", ");
  byId("place-members").replaceChildren(...faces,
    h("span", {}, String(people.length), h("span", { class: "unseen" }, people.length === 1 ? " member" : " members")));
}

function drawShared(place, reader) {
  const guests = guestsOf(place, reader);
  const others = guests.length ? guests.join(" and ") : "another organisation";
  byId("place-shared").hidden = !place.is_ext_shared;
  byId("place-shared").replaceChildren(...guests.map(orgBadge),
    h("span", {}, `Shared with ${others}: their people read everything here.`));
}

/** Draws the head of a place. */
export function drawHead(place, reader) {
  const person = place.with && reader.people.get(place.with);
  const sign = person ? avatar(person, reader, { size: "small" }) : channelSign(place);
  byId("place-name").replaceChildren(sign, h("span", {}, placeName(place, reader)));
  byId("place-topic").textContent = place.topic ?? "";
  drawMembers(place, reader);
  drawShared(place, reader);
}

/** Shows Home or the messages; only the app has tabs. */
export function drawTabs(isApp, atHome) {
  byId("tabs").hidden = !isApp;
  for (const [panel, tab, chosen] of [["home", "tab-home", atHome], ["messages-panel", "tab-messages", !atHome]]) {
    byId(tab).setAttribute("aria-selected", String(chosen));
    byId(tab).tabIndex = chosen ? 0 : -1;
    byId(panel).hidden = !chosen;
    byId(panel).setAttribute("aria-labelledby", isApp ? tab : "place-name");
    byId(panel).setAttribute("role", isApp ? "tabpanel" : "region");
  }
}

/** What stands above the first message of a place, or alone where there is none. */
export function introOf(place, reader, isApp) {
  if (place.messages.length >= MOST_MESSAGES) return [h("p", {}, "Older messages are not shown here.")];
  const name = placeName(place, reader);
  const empty = !place.messages.length;
  if (isApp) {
    const words = empty
      ? `${name} has not written to you yet. Its questions arrive here, at a civil hour of your own day.`
      : `This is the very beginning of what ${name} and you wrote to each other.`;
    return [avatar(reader.people.get(place.with), reader, { size: "big" }), h("h2", {}, name), h("p", {}, words)];
  }
  const words = `This is the very beginning of ${place.kind === "private" ? "the private channel" : "the channel"} `;
  return [h("h2", {}, channelSign(place), name),
    h("p", {}, words, h("strong", {}, name), ".", place.topic ? ` ${place.topic}.` : "",
      empty ? " Nobody has written anything yet." : "")];
}

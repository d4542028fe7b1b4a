// How people look: a drawn picture, a dot for presence, a mark for who is from elsewhere.

import { h } from "./dom.js";
import { hourOf, knownZone } from "./time.js";

const MORNING = 8;
const EVENING = 19;

/** What a person is called. */
export const nameOf = (person) => person.real_name || person.name;

/** Whether somebody is likely to be there: apps always, people in the daytime of their own zone. */
export function isActive(person, now) {
  if (person.is_bot) return true;
  const hour = hourOf(now, knownZone(person.tz));
  return !person.deleted && hour >= MORNING && hour < EVENING;
}

function letters(person) {
  const words = nameOf(person).split(/\s+/).map((word) => [...word][0]).filter(Boolean);
  return (person.is_bot ? nameOf(person).slice(0, 3) : words.slice(0, 2).join("")).toUpperCase();
}

/** Colours are spread over the circle by place in the list, so that neighbours differ. */
function paint(node, person, reader) {
  const place = [...reader.people.keys()].indexOf(person.id);
  node.style.setProperty("--hue", String(((place + 1) * 137) % 360));
  return node;
}

/** Where an outsider belongs; the sandbox keeps it in their title. */
export const organisation = (person) => person.title || "Another organisation";

/** The small badge of another workspace. */
export const orgBadge = (name) => h("span", { class: "org", "aria-hidden": "true" }, [...name][0]?.toUpperCase());

/** A person's picture. `presence` adds the dot, which says aloud what it shows. */
export function avatar(person, reader, { size = "", presence = false } = {}) {
  const picture = h("span", { class: "avatar-picture", "aria-hidden": "true" }, letters(person));
  const box = h("span", { class: `avatar ${size} ${person.is_bot ? "app" : ""}` }, paint(picture, person, reader));
  if (person.is_outsider) box.append(orgBadge(organisation(person)));
  if (presence) {
    const active = isActive(person, reader.now);
    box.append(h("span", { class: active ? "presence active" : "presence" },
      h("span", { class: "unseen" }, active ? " active " : " away ")));
  }
  return box;
}

/** What stands beside the name of whoever is not one of the workspace's own people. */
export function tagOf(person) {
  if (person.is_bot) return h("span", { class: "tag" }, "App");
  if (person.is_outsider) return h("span", { class: "tag outside", title: "From another organisation" }, organisation(person));
  return person.is_guest && h("span", { class: "tag" }, "Guest");
}

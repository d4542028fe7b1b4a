// The note on top: what this page is, and what to try.

import { byId, h } from "./dom.js";

const HIDDEN = "sandbox-note-hidden";

function person(state, handle) {
  return state.people.find((candidate) => candidate.name === handle && !candidate.deleted);
}

/** Each hint is there only when its people are. [words, where to go, what to write there] */
function hints(state) {
  const [ada, priya] = [person(state, "ada"), person(state, "priya")];
  return [
    ada && ["answer as Ada", { as: ada.id }],
    priya && ["see #nps-alerts as Priya", { as: priya.id, c: "nps-alerts" }],
    priya && ["type /nps report customer", { as: priya.id, c: "nps-summary" }, "/nps report customer"],
  ].filter(Boolean);
}

let drawn = "";

/** Draws the note. `go` takes the person there, `prefill` writes for them. */
export function drawNote({ state, go, prefill }) {
  const note = byId("note");
  note.hidden = sessionStorage.getItem(HIDDEN) === "yes";
  const found = hints(state);
  const signature = JSON.stringify(found);
  if (drawn === signature) return;
  drawn = signature;
  byId("note-try").hidden = !found.length;
  const links = found.map(([words, place, text]) => h("button", {
    type: "button", class: "note-link", onclick: async () => {
      await go(place);
      if (text) prefill(text);
    },
  }, words));
  byId("note-links").replaceChildren(...links.flatMap((link, index) => (index ? [", ", link] : [link])), ".");
}

byId("note-hide").addEventListener("click", () => {
  sessionStorage.setItem(HIDDEN, "yes");
  byId("note").hidden = true;
});

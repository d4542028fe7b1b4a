// The signs on the page, drawn here: a font might not have them, and nothing is fetched.

import { svg } from "./dom.js";

const STROKES = {
  chat: "M3.5 4.5h13v9h-7l-3.4 3v-3H3.5z",
  menu: "M3.5 5.5h13M3.5 10h13M3.5 14.5h13",
  close: "m5 5 10 10M15 5 5 15",
  send: "m3.5 4 13.5 6-13.5 6 1.8-6zM5.3 10H11",
  reply: "M3.5 4.5h13v9h-7l-3.4 3v-3H3.5zM7 9h6",
  link: "m8.4 11.6 3.2-3.2M9.3 6l1.5-1.5a3.3 3.3 0 0 1 4.7 4.7L14 10.7M10.7 14l-1.5 1.5a3.3 3.3 0 0 1-4.7-4.7L6 9.3",
  eye: "M2.5 10S5.2 5 10 5s7.5 5 7.5 5-2.7 5-7.5 5-7.5-5-7.5-5zM10 12.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z",
  lock: "M6 8.8V6.6a4 4 0 0 1 8 0v2.2M4.4 8.8h11.2v7.4H4.4z",
  hash: "M8 3.5 6.4 16.5M13.6 3.5 12 16.5M4 7.5h12.5M3.5 12.5H16",
  shared: "m7.2 6.1 3.9 3.9-3.9 3.9L3.3 10zM12.8 6.1l3.9 3.9-3.9 3.9L8.9 10z",
  clock: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 6v4.2l2.8 1.6",
  gear: "M4 6h6.2M14.2 6H16M4 14h1.8M9.8 14H16M12.2 8.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4zM7.8 16.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z",
  checklist: "M4 4.2c2.4-.9 4.4-.7 6 .7 1.6-1.4 3.6-1.6 6-.7v11.3c-2.4-.9-4.4-.7-6 .7-1.6-1.4-3.6-1.6-6-.7zM10 4.9v11.3",
  tick: "m4.5 10.5 3.6 3.6 7.4-8",
  command: "M12.5 4 7.5 16",
};

/** A sign that says nothing to a screen reader: what it means is said beside it. */
export function icon(name) {
  return svg("svg", { class: `icon icon-${name}`, viewBox: "0 0 20 20", "aria-hidden": "true" },
    svg("path", { d: STROKES[name] }));
}

/** Puts the signs where the document asks for them: <span data-icon="close">. */
export function placeIcons() {
  for (const spot of document.querySelectorAll("[data-icon]")) spot.replaceWith(icon(spot.dataset.icon));
}

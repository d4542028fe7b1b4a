// The bar at the very left: the workspace, and the two ways into it.

import { byId, h } from "./dom.js";
import { calls } from "./sidebar.js";

/** Draws which of the two is open, and what waits behind them. */
export function drawRail(state, { place, app, reader }) {
  const initials = state.team.name.split(/\s+/).map((word) => [...word][0]).slice(0, 2).join("");
  byId("rail-team").textContent = initials.toUpperCase();
  byId("rail-team").title = state.team.name;
  const first = state.channels.find((channel) => channel.kind !== "dm");
  const ways = [["rail-channels", first, (one) => one.kind !== "dm"], ["rail-direct", app, (one) => one.kind === "dm"]];
  for (const [id, target, belongs] of ways) {
    const link = byId(id);
    link.hidden = !target;
    if (!target) continue;
    link.href = reader.linkTo(target.id);
    link.dataset.open = target.id;
    if (belongs(place)) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
    const waiting = state.channels.filter(belongs).reduce((sum, one) => sum + calls(one, reader), 0);
    link.querySelector(".rail-count").replaceChildren(...(waiting
      ? [h("span", { class: "unread" }, String(waiting), h("span", { class: "unseen" }, " unread"))] : []));
  }
}

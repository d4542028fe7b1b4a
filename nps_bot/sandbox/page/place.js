// The head of a place: its name, its topic, the app's tabs and Home.

import { drawBlocks, values } from "./blocks.js";
import { byId, h, redraw } from "./dom.js";
import { avatar } from "./messages.js";
import { channelSign } from "./sidebar.js";

/** What a place is called: the other person's name, or the channel's. */
export function placeName(place, reader) {
  const person = place.with && reader.people.get(place.with);
  return person ? person.real_name || person.name : place.name;
}

/** Draws the head of a place. */
export function drawHead(place, reader) {
  const name = placeName(place, reader);
  const me = reader.people.get(reader.me);
  byId("place-name").replaceChildren(...(place.kind === "dm" ? [name] : [channelSign(place.kind), ` ${name}`]));
  const topic = [place.topic, place.is_ext_shared && "Shared with another company: outsiders read along"];
  byId("place-topic").textContent = topic.filter(Boolean).join(" · ");
  byId("place-me").replaceChildren(avatar(me, reader, "small"), h("span", { class: "unseen" }, `Acting as ${me.real_name}`));
}

/** Shows Home or the messages; only the app has tabs. */
export function drawTabs(isApp, atHome) {
  byId("tabs").hidden = !isApp;
  for (const [panel, tab, chosen] of [["home", "tab-home", atHome], ["messages-panel", "tab-messages", !atHome]]) {
    byId(tab).setAttribute("aria-selected", String(chosen));
    byId(tab).tabIndex = chosen ? 0 : -1;
    byId(panel).hidden = !chosen;
    byId(panel).setAttribute("aria-labelledby", isApp ? tab : "place-name");
    if (isApp) byId(panel).setAttribute("role", "tabpanel");
    else byId(panel).removeAttribute("role");
  }
}

/** What stands where messages will be. */
export function emptyWords(isApp) {
  const [title, words] = isApp
    ? ["NPS has not written to you yet.", "Its questions arrive here, at a civil hour of your own day."]
    : ["Nothing here yet.", "What is written appears here at once."];
  return [h("strong", {}, title), h("p", {}, words)];
}

/** The app's Home. It is built again only when it has changed. */
export function createHome(root) {
  let drawn = "";
  const drafts = new Map(); // view id -> what was chosen in it

  function draw(view, reader, hooks) {
    if (!view) {
      redraw(root, h("div", { class: "empty" },
        h("strong", {}, "Nothing to show yet."), h("p", {}, "NPS has not prepared a Home for you.")));
      return;
    }
    if (!drafts.has(view.id)) drafts.set(view.id, new Map());
    const host = {
      reader,
      draft: drafts.get(view.id),
      confirm: hooks.confirm,
      act: (change) => hooks.act({ view_id: view.id, values: values(view, host), ...change }),
      again: () => draw(view, reader, hooks),
    };
    redraw(root, drawBlocks(view.blocks, host));
  }

  return {
    /** Shows a published view, or null. `hooks`: {confirm(object), act(change)}. */
    update(view, reader, hooks) {
      const signature = JSON.stringify([reader.me, view?.id, view?.blocks]);
      if (signature === drawn) return;
      drawn = signature;
      draw(view, reader, hooks);
    },
    /** Takes everything away, because the messages are shown. */
    clear() {
      drawn = "";
      root.replaceChildren();
    },
  };
}

// The app's Home.

import { drawBlocks, values } from "./blocks.js";
import { nameOf } from "./avatar.js";
import { h, redraw } from "./dom.js";

/** Keeps Home in `root`. It is built again only when it has changed. */
export function createHome(root) {
  let drawn = "";
  const drafts = new Map(); // view id -> what was chosen in it

  function draw(view, reader, hooks) {
    if (!view) {
      redraw(root, h("div", { class: "empty" },
        h("strong", {}, "Nothing to show yet."), h("p", {}, `${nameOf(reader.people.get(reader.app))} has not prepared a Home for you.`)));
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

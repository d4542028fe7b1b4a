// On a narrow screen rail and sidebar lie over the messages; this opens and closes them.

import { byId } from "./dom.js";

const NARROW = "(max-width: 760px)";

export function createDrawer() {
  const [drawer, menu] = [byId("drawer"), byId("menu")];
  const set = (open) => {
    document.body.classList.toggle("drawer-open", open);
    menu.setAttribute("aria-expanded", String(open));
    byId("view").inert = open;
  };
  const close = () => {
    if (!document.body.classList.contains("drawer-open")) return;
    set(false);
    menu.focus();
  };
  menu.addEventListener("click", () => {
    set(true);
    (byId("places").querySelector("[aria-current]") ?? byId("sidebar-close")).focus();
  });
  byId("sidebar-close").addEventListener("click", close);
  byId("shade").addEventListener("click", close);
  drawer.addEventListener("keydown", (event) => event.key === "Escape" && close());
  // Room for both again: nothing may stay shut away behind a drawer that is gone.
  matchMedia(NARROW).addEventListener("change", () => set(false));
  return { close };
}

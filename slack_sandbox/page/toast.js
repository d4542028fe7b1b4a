// One short sentence when something was refused or failed.

import { h } from "./dom.js";
import { icon } from "./icons.js";

const STAYS = 9000;
let current = null;

function drop(toast) {
  toast.remove();
  if (current?.toast === toast) current = null;
}

/** Shows a sentence for a while. Inside an open dialog, because everything outside of it is inert. */
export function toast(sentence) {
  if (current) {
    clearTimeout(current.timer);
    drop(current.toast);
  }
  const host = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body;
  const close = h("button", { type: "button", class: "icon-button", "aria-label": "Dismiss" }, icon("close"));
  const box = h("div", { class: "toast", role: "alert", "data-testid": "toast" }, h("p", {}, sentence), close);
  close.addEventListener("click", () => drop(box));
  host.append(box);
  current = { toast: box, timer: setTimeout(drop, STAYS, box) };
}

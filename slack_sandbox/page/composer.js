// Writing: ordinary text and slash commands, with completion.

import { completions } from "./completion.js";
import { freshId, h } from "./dom.js";
import { icon } from "./icons.js";

const TALLEST = 160; // pixels, after which the text scrolls

/**
 * Builds a composer into `root`. `known()` gives {commands, people} for completion; `deliver(text)`
 * sends and resolves to true when it went out; `announce(words)` speaks.
 */
export function createComposer(root, { testid, known, deliver, announce }) {
  const ids = { field: freshId("composer"), list: freshId("completions") };
  const list = h("ul", { class: "completions", id: ids.list, role: "listbox", "aria-label": "Commands", hidden: true });
  const label = h("label", { class: "unseen", for: ids.field }, "Message");
  const field = h("textarea", {
    id: ids.field, rows: 1, autocomplete: "off", "data-testid": testid,
    "aria-autocomplete": "list", "aria-controls": ids.list, "aria-haspopup": "listbox",
    disabled: true, // until there is a place to write in
  });
  const slash = h("button", { type: "button", class: "icon-button", title: "Commands", "aria-label": "Commands" }, icon("command"));
  const sender = h("button", { type: "submit", class: "icon-button send", title: "Send", "aria-label": "Send" }, icon("send"));
  const form = h("form", { class: "composer" }, list, label,
    h("div", { class: "composer-box" }, field, h("div", { class: "composer-foot" }, slash, sender)));
  root.append(form);

  const drafts = new Map(); // place -> text not sent yet
  let place = "";
  let offered = [];
  let picked = -1;

  function set(text) {
    field.value = text;
    drafts.set(place, text);
    fit();
  }

  function fit() {
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, TALLEST)}px`;
    form.classList.toggle("ready", field.value.trim() !== "");
  }

  function mark() {
    [...list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === picked)));
    if (picked < 0) field.removeAttribute("aria-activedescendant");
    else {
      field.setAttribute("aria-activedescendant", list.children[picked].id);
      list.children[picked].scrollIntoView({ block: "nearest" });
    }
  }

  function option(entry, index) {
    const onmousedown = (event) => {
      event.preventDefault(); // the field keeps the focus
      take(entry);
    };
    return h("li", { role: "option", id: `${ids.list}-${index}`, onmousedown },
      h("strong", {}, entry.label), h("span", { class: "completion-hint" }, entry.hint), h("span", {}, entry.note));
  }

  function offer({ found, begun }) {
    if (found.length && !offered.length) announce(`${found.length} to choose from, with the arrow keys`);
    offered = found;
    picked = begun && found.length ? 0 : -1;
    list.hidden = !found.length;
    list.replaceChildren(...found.map(option));
    mark();
  }

  const none = () => offer({ found: [], begun: false });
  const look = () => offer(completions(field.value, known()));

  function take(entry) {
    set(entry.text);
    if (/[ @]$/.test(entry.text)) look();
    else none();
  }

  async function send() {
    const text = field.value.trim();
    if (!text) return;
    const from = place;
    set("");
    none();
    if (await deliver(text)) return;
    if (place === from && !field.value) set(text);
    else drafts.set(from, text);
  }

  function onKey(event) {
    if (event.isComposing) return;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key === "Enter" && !event.shiftKey) {
      if (offered[picked]) take(offered[picked]);
      else send();
    } else if (offered.length && event.key === "Tab" && !event.shiftKey) take(offered[Math.max(picked, 0)]);
    else if (offered.length && event.key === "Escape") {
      none();
      event.stopPropagation(); // it closed the list, not the thread around it
    } else if (offered.length && event.key in steps) {
      const from = picked < 0 && event.key === "ArrowUp" ? 0 : picked;
      picked = (from + steps[event.key] + offered.length) % offered.length;
      mark();
    } else return;
    event.preventDefault();
  }

  field.addEventListener("keydown", onKey);
  field.addEventListener("input", () => {
    set(field.value);
    look();
  });
  field.addEventListener("blur", none);
  slash.addEventListener("click", () => {
    if (!field.value.startsWith("/")) set(known().commands[0] ? "/" : field.value);
    field.focus();
    look();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });

  return {
    focus: () => field.focus(),
    /** Turns to another place (as seen by one person) and what was being written there. */
    turnTo(next, { words, takesCommands = true }) {
      label.textContent = words;
      field.placeholder = words;
      slash.hidden = !takesCommands;
      if (next === place) return;
      place = next;
      field.disabled = false;
      set(drafts.get(place) ?? "");
      none();
    },
  };
}

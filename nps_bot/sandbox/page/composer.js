// Writing: ordinary text and slash commands, with completion.

import { byId, h } from "./dom.js";

/** The words a usage hint offers first: "report [survey] | status" -> report, status. */
function hintWords(hint) {
  return (hint ?? "").split("|").map((part) => part.trim().match(/^\[?([a-z][\w-]*)/)?.[1]).filter(Boolean);
}

/** What could stand where the person is writing: [{text, note}]. */
function suggestions(text, commands) {
  if (/^\/\S*$/.test(text)) {
    return commands.filter(({ command }) => command.startsWith(text) && command !== text)
      .map(({ command, description }) => ({ text: `${command} `, label: command, note: description }));
  }
  const [, name, word] = text.match(/^(\/\S+) +(\S*)$/) ?? [];
  const command = commands.find((candidate) => candidate.command === name);
  return hintWords(command?.usage_hint).filter((hint) => hint.startsWith(word) && hint !== word)
    .map((hint) => ({ text: `${name} ${hint}`, label: `${name} ${hint}`, note: "" }));
}

/** `commands()` lists the slash commands; `deliver(text)` sends and resolves to true when it went out. */
export function createComposer({ commands, deliver, announce }) {
  const [field, list] = [byId("composer"), byId("completions")];
  const drafts = new Map(); // place -> text not sent yet
  let place = "";
  let offered = [];
  let picked = -1;

  function grow() {
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight + 2, 160)}px`;
  }

  function mark() {
    [...list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === picked)));
    if (picked < 0) field.removeAttribute("aria-activedescendant");
    else field.setAttribute("aria-activedescendant", list.children[picked].id);
  }

  function offer(found) {
    if (found.length && !offered.length) announce(`${found.length} to choose from, with the arrow keys and Tab`);
    offered = found;
    picked = -1;
    list.hidden = !found.length;
    list.replaceChildren(...found.map((entry, index) => h("li", {
      role: "option", id: `completion-${index}`, onmousedown: (event) => {
        event.preventDefault();
        take(entry);
      },
    }, h("strong", {}, entry.label), h("span", {}, entry.note))));
    mark();
  }

  function take(entry) {
    set(entry.text);
    offer(entry.text.endsWith(" ") ? suggestions(entry.text, commands()) : []);
  }

  function set(text) {
    field.value = text;
    drafts.set(place, text);
    grow();
  }

  async function send() {
    const text = field.value.trim();
    if (!text) return;
    const from = place;
    set("");
    offer([]);
    if (await deliver(text)) return;
    if (place === from && !field.value) set(text);
    else drafts.set(from, text);
  }

  function onEnter() {
    // "/n" and Enter can only mean the command; "/nps report" is complete as it stands.
    const half = /^\/\S*$/.test(field.value) && !commands().some(({ command }) => command === field.value);
    const entry = offered[picked] ?? (half ? offered[0] : null);
    if (entry) take(entry);
    else send();
  }

  function onKey(event) {
    if (event.isComposing) return;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key === "Enter" && !event.shiftKey) onEnter();
    else if (offered.length && event.key === "Tab" && !event.shiftKey) take(offered[Math.max(picked, 0)]);
    else if (offered.length && event.key === "Escape") offer([]);
    else if (offered.length && event.key in steps) {
      const from = picked < 0 && event.key === "ArrowUp" ? 0 : picked;
      picked = (from + steps[event.key] + offered.length) % offered.length;
      mark();
    } else return;
    event.preventDefault();
  }

  field.addEventListener("keydown", onKey);
  field.addEventListener("input", () => {
    drafts.set(place, field.value);
    grow();
    offer(suggestions(field.value, commands()));
  });
  field.addEventListener("blur", () => offer([]));
  byId("composer-form").addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });

  return {
    /** Turns to another place (a channel as seen by one person) and what was being written there. */
    turnTo(next, label) {
      byId("composer-label").textContent = label;
      field.placeholder = label;
      if (next === place) return;
      place = next;
      set(drafts.get(place) ?? "");
      offer([]);
    },
    /** Writes something for the person, ready to be sent. */
    prefill(text) {
      set(text);
      field.focus();
    },
  };
}

// The checklist beside the workspace: what to try, step by step. The server says what is done.

import { nameOf } from "./avatar.js";
import { byId, h } from "./dom.js";
import { icon } from "./icons.js";

const KEY = "sandbox-checklist";

const firstName = (person) => nameOf(person).split(" ")[0];

/**
 * `go(place)` takes the visitor to {as, c, tab}; `here()` says where they are; `find(c)` gives the place
 * that `c` stands for, which for an app that has not written yet has another id.
 */
export function createChecklist({ go, here, find }) {
  const [panel, opener] = [byId("checklist"), byId("checklist-open")];
  let told = null;
  let drawn = "";
  let reader = null;

  function show(open) {
    panel.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
  }

  const remember = (open) => localStorage.setItem(KEY, open ? "open" : "closed");
  const wanted = () => localStorage.getItem(KEY) !== "closed";

  function placeOf(step) {
    const home = step.place === "home";
    return { as: step.as ?? reader.me, c: home || !step.place ? "" : step.place, tab: home ? "home" : "" };
  }

  function isThere(step) {
    const at = here();
    if (step.as && step.as !== at.as) return false;
    if (!step.place) return true;
    return step.place === "home" ? at.tab === "home" : find(step.place).id === at.c && at.tab !== "home";
  }

  /** "Be Ada", or where to go for whoever is that person already. */
  function goWords(step) {
    if (step.as && step.as !== reader.me) return `Be ${firstName(reader.people.get(step.as))}`;
    if (step.place === "home") return "Open Home";
    const channel = reader.channels.get(step.place);
    return channel ? `Go to #${channel.name}` : "Go to the messages";
  }

  function goButton(step) {
    if (step.as && !reader.people.has(step.as)) return null;
    if (isThere(step)) return h("p", { class: "checklist-here" }, icon("tick"), "You are in the right place.");
    return h("button", {
      type: "button", class: "button primary", "data-key": `checklist ${step.key}`, "data-testid": `checklist-go-${step.key}`,
      onclick: () => go(placeOf(step)),
    }, goWords(step));
  }

  /** The step at hand is open, and so is the one before it: it may be done before its words were read. */
  function stepRow(step, index, { steps, current }) {
    const isCurrent = step === current;
    const mark = h("span", { class: "checklist-mark", "aria-hidden": "true" }, step.done ? icon("tick") : String(index + 1));
    const done = step.done ? h("span", { class: "unseen" }, " (done)") : null;
    const words = h("div", { class: "checklist-more" }, h("p", {}, step.text), isCurrent && goButton(step));
    return h("li", {
      class: step.done ? "checklist-step done" : "checklist-step", "aria-current": isCurrent ? "step" : null,
      "data-testid": `checklist-step-${step.key}`, "data-done": String(step.done),
    }, mark, h("details", { class: "checklist-words", open: isCurrent || (step.done && steps[index + 1] === current) },
      h("summary", {}, h("h3", {}, step.title, done)), words));
  }

  function draw() {
    const { steps } = told;
    const current = steps.find((step) => !step.done);
    const done = steps.filter((step) => step.done).length;
    const signature = JSON.stringify([steps, here(), reader.me]);
    if (signature === drawn) return;
    drawn = signature;
    const hadFocus = byId("checklist-steps").contains(document.activeElement);
    byId("checklist-progress").max = steps.length;
    byId("checklist-progress").value = done;
    byId("checklist-count").textContent = current ? `${done} of ${steps.length}` : "All done";
    byId("checklist-steps").replaceChildren(...steps.map((step, index) => stepRow(step, index, { steps, current })));
    byId("checklist-label").textContent = told.label;
    byId("checklist-title").textContent = told.title;
    byId("checklist-end").textContent = told.end;
    byId("checklist-end").hidden = Boolean(current);
    byId("checklist-steps").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
    // The button that was pressed is gone: whoever uses the keyboard goes on from the checklist.
    if (hadFocus) byId("checklist-title").focus();
  }

  opener.addEventListener("click", () => {
    remember(panel.hidden);
    show(panel.hidden);
  });
  byId("checklist-close").addEventListener("click", () => {
    remember(false);
    show(false);
    opener.focus();
  });

  return {
    /** Shows the checklist as the server tells it; nothing where it tells none. */
    update(next, nextReader) {
      [told, reader] = [next, nextReader];
      opener.hidden = !told;
      show(Boolean(told) && wanted());
      if (told) draw();
    },
  };
}

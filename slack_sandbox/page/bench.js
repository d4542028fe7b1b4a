// The bar on top, which is not Slack's: the clock and what moves it, and what goes on in the sandbox.

import { control } from "./api.js";
import { byId, h } from "./dom.js";
import { cityOf, shortMoment } from "./time.js";
import { toast } from "./toast.js";

/** A moment of the sandbox's clock, which runs on from what the server told last. */
export function sandboxClock() {
  let ahead = 0;
  return {
    now: () => new Date(Date.now() + ahead),
    set(told) {
      ahead = told ? Date.parse(told.now) - Date.now() : 0;
    },
  };
}

async function ask(path, wish) {
  const answer = await control(path, wish);
  if (!answer.ok) toast(answer.error ?? "That did not work.");
  return answer;
}

function switchRow({ title, on, testid, turn }) {
  const button = h("button", {
    type: "button", role: "switch", class: "switch", "aria-checked": String(on), "data-testid": testid,
    "data-key": testid, onclick: () => turn(!on),
  }, h("span", {}, title), h("span", { class: "knob", "aria-hidden": "true" }));
  return h("li", {}, button);
}

/** `announce(words)` speaks what became of the time. */
export function createBench({ announce }) {
  let reader = null;
  let drawn = "";
  let moving = false;
  let moves = [];

  function busy(is, button) {
    moving = is;
    for (const one of moves) one.setAttribute("aria-disabled", String(is));
    if (is) button.setAttribute("aria-busy", "true");
    else button.removeAttribute("aria-busy");
  }

  async function move(button) {
    if (moving) return;
    busy(true, button);
    const answer = await ask("clock", { move: button.dataset.move });
    busy(false, button);
    if (answer.ok) announce(`It is ${shortMoment(new Date(answer.now), reader.zone)} now`);
  }

  function drawMoves(told) {
    if (moves.map((button) => button.dataset.move).join() === told.map(({ key }) => key).join()) return;
    moves = told.map(({ key, title }) => h("button", {
      type: "button", "data-move": key, "data-testid": `move-${key}`, onclick: (event) => move(event.currentTarget),
    }, title));
    byId("moves").replaceChildren(...moves);
  }

  function drawSwitches({ toggles, faults }) {
    const signature = JSON.stringify([toggles, faults]);
    if (signature === drawn) return;
    drawn = signature;
    const focused = document.activeElement?.dataset?.key;
    byId("toggles").replaceChildren(...toggles.map(({ key, title, on }) => switchRow({
      title, on, testid: key, turn: (next) => ask("toggle", { key, on: next }),
    })));
    byId("faults").replaceChildren(...faults.map((fault) => switchRow({
      title: fault.title, on: fault.on, testid: `fault-${fault.key}`,
      turn: (on) => ask("switch", { fault: fault.key, on }),
    })));
    if (focused) byId("settings").querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
    const broken = faults.filter((fault) => fault.on).length;
    byId("settings-open").classList.toggle("broken", broken > 0);
    byId("settings-words").textContent = broken
      ? `${broken} ${broken === 1 ? "fault" : "faults"} on` : "Faults & settings";
  }

  return {
    /** Shows what the server says of `control`; hides everything where it is null. */
    update(told, nextReader) {
      reader = nextReader;
      for (const id of ["clock", "controlled"]) byId(id).hidden = !told;
      if (!told) return;
      byId("clock-now").replaceChildren(h("span", {}, shortMoment(reader.now, reader.zone)), " ",
        h("span", { class: "city" }, cityOf(reader.zone)));
      byId("clock-now").dateTime = reader.now.toISOString();
      byId("clock").classList.toggle("moved", told.clock.moved);
      drawMoves(told.clock.moves);
      drawSwitches(told);
    },
  };
}

// The view on top, in a real <dialog>.

import { drawBlocks, missing, values } from "./blocks.js";
import { confirmWith } from "./confirm.js";
import { h, redraw } from "./dom.js";
import { icon } from "./icons.js";
import { toast } from "./toast.js";

function showErrors(form, errors) {
  let first = null;
  for (const place of form.querySelectorAll("[data-error-for]")) {
    const sentence = errors[place.dataset.errorFor];
    place.textContent = sentence ?? "";
    place.hidden = !sentence;
    const field = form.querySelector(`.input-block [data-block-id="${CSS.escape(place.dataset.errorFor)}"]`);
    field?.toggleAttribute("aria-invalid", Boolean(sentence));
    if (sentence) first ??= field;
  }
  const target = first?.matches("input, select, textarea") ? first : first?.querySelector("input");
  target?.focus();
}

/** What a view looks like. Its `state` is left out: it holds what was typed, which the page knows better. */
const looks = (view) => JSON.stringify({ ...view, state: null, hash: null });

/**
 * The modal of whoever is acting. `send(request)` talks to the server as that person; `onClosed`
 * runs after the dialog went away, so that focus can go back where it came from.
 */
export function createModal({ send, onClosed }) {
  const drafts = new Map(); // view id -> Map of what was typed, kept while another view lies on top
  const dialog = h("dialog", { class: "modal", "data-testid": "modal", "aria-labelledby": "modal-title" });
  document.body.append(dialog);
  let shown = null; // {view, host, signature}
  let latest = null; // {view, reader} as the server last told them
  let leaving = null; // id of a view the person closed and the server has not taken away yet

  function close() {
    shown = null;
    if (dialog.open) dialog.close();
    dialog.replaceChildren();
    onClosed();
  }

  function hostFor(view, reader) {
    if (!drafts.has(view.id)) drafts.set(view.id, new Map());
    const host = {
      reader,
      draft: drafts.get(view.id),
      confirm: (object) => confirmWith(object, reader),
      act: (change) => send({ do: "block_action", view_id: view.id, values: values(view, host), ...change }),
      again: () => paint(view, reader),
    };
    return host;
  }

  async function submit(event) {
    event.preventDefault();
    const { view, host } = shown;
    const form = event.target;
    const empty = missing(view, host);
    showErrors(form, empty);
    if (Object.keys(empty).length) return;
    const button = form.querySelector("[data-testid=modal-submit]");
    if (button.getAttribute("aria-busy")) return;
    button.setAttribute("aria-busy", "true");
    const answer = await send({ do: "submit", view_id: view.id, values: values(view, host) }, { quiet: true });
    button.removeAttribute("aria-busy");
    if (answer.ok) drafts.delete(view.id);
    else if (answer.errors) showErrors(form, answer.errors);
    else toast(answer.error);
  }

  function paint(view, reader) {
    const host = hostFor(view, reader);
    const closeWord = view.close?.text ?? (view.submit ? "Cancel" : "Close");
    const leave = { type: "button", onclick: () => dialog.close() };
    const submitting = { type: "submit", class: "button primary", "data-testid": "modal-submit" };
    const form = h("form", { novalidate: true, onsubmit: submit },
      h("header", { class: "dialog-head" },
        h("h2", { id: "modal-title", tabindex: "-1" }, view.title.text),
        h("button", { ...leave, class: "icon-button", "aria-label": `Close “${view.title.text}”` }, icon("close"))),
      h("div", { class: "dialog-body" }, drawBlocks(view.blocks, host)),
      h("footer", { class: "dialog-foot" },
        h("button", { ...leave, class: "button", "data-testid": "modal-close" }, closeWord),
        view.submit && h("button", submitting, view.submit.text)));
    const sameView = shown?.view.id === view.id;
    shown = { view, host, signature: looks(view) };
    const focused = redraw(dialog, form);
    if (!dialog.open) dialog.showModal();
    if (!sameView || !focused) firstField().focus();
  }

  function firstField() {
    const control = dialog.querySelector(".dialog-body :is(input, select, textarea, button)");
    return control ?? dialog.querySelector("#modal-title");
  }

  // Escape, the cross and the close button all end here; so does a second Escape, which a browser
  // does not let a page refuse.
  dialog.addEventListener("close", async () => {
    if (!shown) return;
    leaving = shown.view.id;
    close();
    const answer = await send({ do: "close", view_id: leaving });
    if (answer.ok) return;
    leaving = null;
    update(latest.view, latest.reader);
  });

  /** Shows what the server says is on top: a view, or null. An unchanged view is left alone. */
  function update(view, reader) {
    latest = { view, reader };
    if (view && view.id === leaving) return;
    leaving = null;
    if (!view && shown) close();
    if (view && shown?.signature !== looks(view)) paint(view, reader);
  }

  return { update };
}

// The small dialog that asks "are you sure?".

import { freshId, h } from "./dom.js";
import { textObject } from "./mrkdwn.js";

/** Asks a Block Kit confirm object. Resolves to true when the person goes ahead. */
export function confirmWith(object, reader) {
  return new Promise((resolve) => {
    const [title, words] = [freshId("confirm"), freshId("confirm")];
    const button = (value, style, label) =>
      h("button", { class: `button ${style}`, value, "data-testid": `confirm-${value}` }, label);
    const yes = button("yes", object.style === "danger" ? "danger-full" : "primary", object.confirm?.text ?? "Yes");
    const no = button("no", "", object.deny?.text ?? "Cancel");
    const props = { class: "confirm", "aria-labelledby": title, "aria-describedby": words, "data-testid": "confirm" };
    const dialog = h("dialog", props,
      h("form", { method: "dialog" },
        h("h2", { id: title }, object.title?.text ?? "Are you sure?"),
        h("div", { id: words, class: "confirm-words" }, textObject(object.text, reader, "div")),
        h("div", { class: "dialog-foot" }, no, yes)));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
    no.focus();
  });
}

// The interactive elements of Block Kit. `host` is where they stand:
//   reader             who reads
//   draft              Map "block_id action_id" -> what was typed or chosen so far
//   act(change)        tells the server about a click or choice: {block_id, action_id, value|selected}
//   confirm(object)    asks a confirm dialog, resolves to true or false

import { freshId, h } from "./dom.js";
import { linkProps, textObject } from "./mrkdwn.js";

const draftKey = (block, element) => JSON.stringify([block.block_id, element.action_id]);

function initial(element) {
  switch (element.type) {
    case "plain_text_input": return element.initial_value ?? "";
    case "checkboxes": return (element.initial_options ?? []).map((option) => option.value);
    default: return element.initial_option?.value ?? "";
  }
}

/** What an element holds now: a string, or a list of strings for checkboxes. */
export function held(block, element, host) {
  return host.draft.get(draftKey(block, element)) ?? initial(element);
}

const STATEFUL = new Set(["plain_text_input", "static_select", "radio_buttons", "checkboxes"]);

/** The elements of a block that hold a value. */
export function stateful(block) {
  const actions = block.type === "actions" ? block.elements : [];
  return [block.element, block.accessory, ...actions].filter((element) => element && STATEFUL.has(element.type));
}

/** Notes a new value and tells the server, if the block wants to know at once. */
async function changed(block, element, host, value) {
  const before = held(block, element, host);
  host.draft.set(draftKey(block, element), value);
  if (block.type === "input" && !block.dispatch_action) return;
  if (element.confirm && !(await host.confirm(element.confirm))) {
    host.draft.set(draftKey(block, element), before);
    host.again();
    return;
  }
  const name = element.type === "plain_text_input" ? "value" : "selected";
  host.act({ block_id: block.block_id, action_id: element.action_id, [name]: value });
}

async function press(control, block, element, host, change) {
  if (element.confirm && !(await host.confirm(element.confirm))) return;
  control.setAttribute("aria-busy", "true");
  await host.act({ block_id: block.block_id, action_id: element.action_id, ...change });
  control.removeAttribute("aria-busy");
}

function button(element, block, host) {
  const props = {
    class: `button ${element.style ?? ""}`,
    "data-action-id": element.action_id,
    "data-value": element.value,
    "aria-label": element.accessibility_label,
  };
  const label = textObject(element.text, host.reader);
  const address = element.url && linkProps(element.url, host.reader);
  if (address) {
    const link = h("a", { ...props, ...address }, label);
    link.addEventListener("click", () => press(link, block, element, host, { value: element.value ?? "" }));
    return link;
  }
  const control = h("button", { ...props, type: "button" }, label);
  control.addEventListener("click", () => press(control, block, element, host, { value: element.value ?? "" }));
  return control;
}

const selectOption = (option, chosen) =>
  h("option", { value: option.value, selected: option.value === chosen }, option.text.text);

function staticSelect(element, block, host, field) {
  const chosen = held(block, element, host);
  const groups = (element.option_groups ?? []).map((group) =>
    h("optgroup", { label: group.label.text }, ...group.options.map((option) => selectOption(option, chosen))));
  const prompt = element.placeholder?.text ?? "Choose one";
  const empty = h("option", { value: "", disabled: true, hidden: true, selected: !chosen }, prompt);
  const props = { ...field, "data-action-id": element.action_id, class: "select" };
  if (!field.id) props["aria-label"] = element.placeholder?.text ?? block.text?.text ?? "Choose one";
  const options = (element.options ?? []).map((option) => selectOption(option, chosen));
  const control = h("select", props, empty, ...groups, ...options);
  control.addEventListener("change", () => changed(block, element, host, control.value));
  return control;
}

function textInput(element, block, host, field) {
  const props = {
    ...field,
    class: "text-input",
    "data-action-id": element.action_id,
    placeholder: element.placeholder?.text,
    maxlength: element.max_length,
    value: held(block, element, host),
  };
  const control = element.multiline ? h("textarea", { ...props, rows: 3 }) : h("input", { ...props, type: "text" });
  const left = h("span", { class: "left", "aria-live": "polite" });
  const count = () => {
    const rest = element.max_length ? element.max_length - control.value.length : Infinity;
    left.textContent = rest <= 100 ? `${rest} ${rest === 1 ? "character" : "characters"} left` : "";
  };
  control.addEventListener("input", () => {
    host.draft.set(draftKey(block, element), control.value);
    count();
  });
  if (block.dispatch_action) control.addEventListener("change", () => changed(block, element, host, control.value));
  count();
  return h("span", { class: "text-field" }, control, left);
}

/** Radio buttons and checkboxes: a group of labelled boxes. */
function boxes(element, block, host, field) {
  const many = element.type === "checkboxes";
  const name = freshId("choice");
  const chosen = [held(block, element, host)].flat();
  const inputs = element.options.map((option) => h("input", {
    type: many ? "checkbox" : "radio",
    name,
    value: option.value,
    checked: chosen.includes(option.value),
    id: freshId("option"),
    "data-key": `${block.block_id} ${element.action_id} ${option.value}`,
  }));
  const read = () => inputs.filter((input) => input.checked).map((input) => input.value);
  const rows = element.options.map((option, index) => h("label", { class: "option", for: inputs[index].id },
    inputs[index],
    h("span", {}, textObject(option.text, host.reader), textObject(option.description, host.reader, "small"))));
  const { id, ...rest } = field;
  const group = h("div", {
    ...rest,
    class: "options",
    role: many ? "group" : "radiogroup",
    "data-action-id": element.action_id,
    "aria-labelledby": id ? `${id}-label` : undefined,
    "aria-label": id ? undefined : block.text?.text ?? "Choose",
  }, ...rows);
  group.addEventListener("change", () => changed(block, element, host, many ? read() : read()[0]));
  return group;
}

/** The "…" menu. A disclosure, so that it works with the keyboard without further ado. */
function overflow(element, block, host) {
  const summary = h("summary", { class: "button", "aria-label": "More actions" }, "⋯");
  const menu = h("details", { class: "overflow" }, summary);
  const items = element.options.map((option) => {
    const item = h("button", { type: "button", "data-action-id": element.action_id, "data-value": option.value },
      textObject(option.text, host.reader));
    item.addEventListener("click", () => {
      menu.open = false;
      press(item, block, element, host, { selected: option.value });
    });
    return item;
  });
  menu.append(h("div", { class: "overflow-items" }, ...items));
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    event.preventDefault();
    menu.open = false;
    summary.focus();
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
  return menu;
}

/** A picture from this server; others are not fetched (nothing leaves this computer), their words are shown. */
export function picture(element) {
  const alt = element.alt_text || "Picture";
  const address = element.image_url ?? "";
  const own = address.startsWith("/") || address.startsWith(`${location.origin}/`) || address.startsWith("data:image/");
  return own ? h("img", { src: address, alt }) : h("span", { class: "picture-words", role: "img" }, `Picture: ${alt}`);
}

const DRAWERS = {
  button,
  static_select: staticSelect,
  plain_text_input: textInput,
  radio_buttons: boxes,
  checkboxes: boxes,
  overflow,
  image: picture,
};

/** Draws one element. `field` holds the attributes that tie an input to its label, hint and error. */
export function drawElement(element, block, host, field = { "data-block-id": block.block_id }) {
  const draw = DRAWERS[element.type];
  if (!draw) return h("span", { class: "unknown" }, `(${element.type} cannot be shown here)`);
  return draw(element, block, host, field);
}

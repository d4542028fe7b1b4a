// Block Kit's layout blocks.

import { dataVisualization } from "./chart.js";
import { freshId, h } from "./dom.js";
import { drawElement, held, picture, stateful } from "./elements.js";
import { mrkdwn, textObject } from "./mrkdwn.js";
import { richText } from "./richtext.js";

function section(block, host) {
  const words = h("div", { class: "section-words" }, textObject(block.text, host.reader, "div"));
  if (block.fields) {
    const fields = block.fields.map((field) => textObject(field, host.reader, "div", { class: "field" }));
    words.append(h("div", { class: "fields" }, ...fields));
  }
  if (!block.accessory) return h("div", { class: "section" }, words);
  const side = h("div", { class: "accessory" }, drawElement(block.accessory, block, host));
  return h("div", { class: "section with-accessory" }, words, side);
}

function context(block, host) {
  const parts = block.elements.map((element) =>
    element.type === "image" ? picture(element) : textObject(element, host.reader, "span"));
  return h("div", { class: "context" }, ...parts);
}

const actions = (block, host) =>
  h("div", { class: "actions" }, ...block.elements.map((element) => drawElement(element, block, host)));

/** An input with its label, hint and the place for its error. */
function input(block, host) {
  const id = freshId("field");
  const isGroup = block.element.type === "radio_buttons" || block.element.type === "checkboxes";
  const optional = block.optional && h("span", { class: "optional" }, " (optional)");
  const words = [textObject(block.label, host.reader), optional];
  const label = isGroup
    ? h("span", { class: "label", id: `${id}-label` }, ...words)
    : h("label", { class: "label", for: id }, ...words);
  const field = {
    id,
    "data-block-id": block.block_id,
    "aria-describedby": `${id}-hint ${id}-error`,
    "aria-required": block.optional ? undefined : "true",
  };
  return h("div", { class: "input-block" },
    label,
    drawElement(block.element, block, host, field),
    h("p", { class: "hint", id: `${id}-hint` }, block.hint ? textObject(block.hint, host.reader) : ""),
    h("p", { class: "field-error", id: `${id}-error`, "data-error-for": block.block_id, hidden: true }));
}

function image(block, host) {
  return h("figure", { class: "image" },
    block.title && h("figcaption", {}, textObject(block.title, host.reader)),
    picture(block));
}

const DRAWERS = {
  section,
  context,
  actions,
  input,
  image,
  header: (block, host) => textObject(block.text, host.reader, "h2", { class: "header" }),
  divider: () => h("hr"),
  rich_text: (block, host) => richText(block, host.reader),
  data_visualization: (block) => dataVisualization(block),
};

function drawBlock(block, host) {
  const draw = DRAWERS[block.type];
  const node = draw ? draw(block, host) : h("p", { class: "unknown" }, `(${block.type} cannot be shown here)`);
  node.classList.add("block");
  return node;
}

/** Draws a list of blocks. */
export function drawBlocks(blocks, host) {
  return h("div", { class: "blocks" }, ...blocks.map((block) => drawBlock(block, host)));
}

/** A message without blocks: its text alone. */
export function drawText(text, reader) {
  return h("div", { class: "mrkdwn" }, ...mrkdwn(text, reader));
}

/** What stands in the inputs of a view, as /page/act wants it. Nothing chosen is left out. */
export function values(view, host) {
  const found = {};
  for (const block of view.blocks) {
    for (const element of stateful(block)) {
      const value = held(block, element, host);
      if (value === "" && element.type !== "plain_text_input") continue;
      found[block.block_id] = { ...found[block.block_id], [element.action_id]: value };
    }
  }
  return found;
}

/** The required inputs that are still empty, as {block_id: sentence}. */
export function missing(view, host) {
  const empty = (block) => [held(block, block.element, host)].flat().join("").trim() === "";
  const blocks = view.blocks.filter((block) => block.type === "input" && !block.optional && empty(block));
  return Object.fromEntries(blocks.map((block) => [block.block_id, "Please complete this required field."]));
}

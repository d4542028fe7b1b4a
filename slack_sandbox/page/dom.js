// Building elements. Everything that comes from the server becomes a text node or an attribute,
// never markup: a person in the sandbox may type <script>.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** An HTML element. `on…` props are listeners; null, undefined and false are left out. */
export function h(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** The same for SVG. */
export function svg(tag, props = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

export const byId = (id) => document.getElementById(id);

let counter = 0;

/** An id that no other element of this page has. */
export function freshId(prefix) {
  counter += 1;
  return `${prefix}-${counter}`;
}

const FOCUS_HOOKS = ["data-key", "data-testid", "data-action-id", "data-block-id", "id"];

/** How to find the focused element again after `root` was redrawn; null when focus is elsewhere. */
function focusTrail(root) {
  const active = document.activeElement;
  if (!active || active === root || !root.contains(active)) return null;
  for (const hook of FOCUS_HOOKS) {
    const value = active.getAttribute(hook);
    if (!value) continue;
    const selector = `[${hook}="${CSS.escape(value)}"]`;
    const index = [...root.querySelectorAll(selector)].indexOf(active);
    const caret = typeof active.selectionStart === "number" ? [active.selectionStart, active.selectionEnd] : null;
    return { selector, index, caret };
  }
  return { selector: null };
}

/** Replaces what is in `root`; focus and caret go back where they were. False when that place is gone. */
export function redraw(root, ...nodes) {
  const trail = focusTrail(root);
  root.replaceChildren(...nodes);
  return trail ? refocus(root, trail) : false;
}

/** Puts `fresh` in the place of `old`; focus that was inside goes to the same control, or to `fresh` itself. */
export function swap(old, fresh) {
  const trail = focusTrail(old) ?? (old === document.activeElement ? { selector: null } : null);
  old.replaceWith(fresh);
  if (trail && !refocus(fresh, trail)) fresh.focus({ preventScroll: true });
}

/** Makes `nodes` the children of `root` without touching those that are already in place. */
export function arrange(root, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...root.childNodes]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (root.childNodes[index] !== node) root.insertBefore(node, root.childNodes[index] ?? null);
  });
}

function refocus(root, { selector, index, caret }) {
  const again = selector ? [...root.querySelectorAll(selector)][index] : null;
  if (!again) return false;
  again.focus({ preventScroll: true });
  if (caret) again.setSelectionRange(...caret);
  return true;
}

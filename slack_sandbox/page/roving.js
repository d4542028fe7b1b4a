// One stop for the Tab key in a list of many; arrows, Home and End move within it.

/**
 * Makes the elements that `selector` finds in `root` one stop. Call the returned function after
 * each redraw; `preferred()` is the element to stop at first.
 */
export function roving(root, selector, preferred) {
  const items = () => [...root.querySelectorAll(selector)];

  function settle(chosen) {
    const all = items();
    const stop = chosen ?? all.find((item) => item === document.activeElement) ?? preferred(all) ?? all[0];
    for (const item of all) item.tabIndex = item === stop ? 0 : -1;
  }

  root.addEventListener("keydown", (event) => {
    const all = items();
    const from = all.indexOf(event.target);
    if (from < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    const to = { ArrowDown: from + 1, ArrowUp: from - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined || !all[to]) return;
    event.preventDefault();
    settle(all[to]);
    all[to].focus();
  });
  root.addEventListener("focusin", (event) => event.target.matches(selector) && settle(event.target));
  return () => settle();
}

// Light, dark, or as the system has it; remembered in this browser.

const KEY = "sandbox-theme";
const KNOWN = ["system", "light", "dark"];

const chosen = () => {
  const stored = localStorage.getItem(KEY);
  return KNOWN.includes(stored) ? stored : "system";
};

function apply(theme) {
  document.documentElement.dataset.theme = theme;
}

/** Ties the radio buttons in `root` to the theme. */
export function createTheme(root) {
  apply(chosen());
  for (const input of root.querySelectorAll("input")) input.checked = input.value === chosen();
  root.addEventListener("change", (event) => {
    localStorage.setItem(KEY, event.target.value);
    apply(event.target.value);
  });
}

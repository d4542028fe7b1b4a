// Who one is: the picture at the foot of the rail, and the list behind it to become somebody else.

import { avatar, isActive, nameOf, tagOf } from "./avatar.js";
import { byId, h } from "./dom.js";
import { clock, knownZone } from "./time.js";

/** People one can be: no apps, nobody who has left or not come yet, not Slackbot. */
const actors = (people) =>
  people.filter((person) => !person.is_bot && !person.deleted && !person.is_invited && person.id !== "USLACKBOT");

const isOwn = (person) => !person.is_guest && !person.is_outsider;

/** Whether each word that was typed begins a word of somebody's name, handle or title. */
function matches(person, words) {
  const all = `${nameOf(person)} ${person.name} ${person.title ?? ""}`.toLowerCase().split(/[\s.-]+/);
  return words.toLowerCase().split(/\s+/).every((typed) => all.some((word) => word.startsWith(typed)));
}

/** `become(id)` turns to another person. */
export function createPeople({ become }) {
  const [menu, search, list] = [byId("people"), byId("people-search"), byId("people-list")];
  let state = null;
  let reader = null;
  let found = []; // in the order of the list
  let picked = 0;
  let drawn = ""; // what the buttons were last drawn from

  const timeOf = (person) => clock(reader.now, knownZone(person.tz));

  function option(person) {
    return h("li", {
      role: "option", id: `person-${person.id}`, class: "person", "data-testid": `person-${person.name}`,
      "aria-current": person.id === state.me.id ? "true" : null, onclick: () => choose(person),
    }, avatar(person, reader, { presence: true }),
    h("span", { class: "person-words" },
      h("span", {}, h("strong", {}, nameOf(person)), tagOf(person)),
      h("span", { class: "person-more" }, [person.title, timeOf(person)].filter(Boolean).join(" · "))));
  }

  function group(label, members) {
    if (!members.length) return null;
    const id = `people-${label.split(" ")[0].toLowerCase()}`;
    return h("li", { role: "presentation" }, h("p", { class: "people-label", id }, label),
      h("ul", { role: "group", "aria-labelledby": id }, ...members.map(option)));
  }

  function mark() {
    const options = [...list.querySelectorAll("[role=option]")];
    options.forEach((node, index) => node.setAttribute("aria-selected", String(index === picked)));
    if (options[picked]) search.setAttribute("aria-activedescendant", options[picked].id);
    else search.removeAttribute("aria-activedescendant");
    options[picked]?.scrollIntoView({ block: "nearest" });
  }

  function drawList() {
    const able = actors(state.people).filter((person) => matches(person, search.value.trim()));
    const [own, others] = [able.filter(isOwn), able.filter((person) => !isOwn(person))];
    found = [...own, ...others];
    picked = search.value ? 0 : Math.max(0, found.findIndex((person) => person.id === state.me.id));
    const groups = [group(`${state.team.name}’s people`, own), group("Guests and outsiders", others)].filter(Boolean);
    const nobody = h("li", { role: "presentation", class: "people-none" }, "Nobody of that name works here.");
    list.replaceChildren(...(groups.length ? groups : [nobody]));
    mark();
  }

  function choose(person) {
    menu.hidePopover();
    if (person.id !== state.me.id) become(person.id);
  }

  function onKey(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps && found.length) picked = (picked + steps[event.key] + found.length) % found.length;
    else if (event.key === "Enter" && found[picked]) choose(found[picked]);
    else return;
    event.preventDefault();
    mark();
  }

  function drawCard() {
    const me = reader.people.get(state.me.id);
    const more = [me.title, `${timeOf(me)} local time`].filter(Boolean).join(" · ");
    byId("acting-card").replaceChildren(avatar(me, reader, { size: "large", presence: true }),
      h("span", { class: "person-words" },
        h("span", {}, h("strong", {}, nameOf(me)), tagOf(me)), h("span", { class: "person-more" }, more)));
  }

  search.addEventListener("input", drawList);
  search.addEventListener("keydown", onKey);
  // Before it opens: the field gets the focus at once, and what is typed then must stay.
  menu.addEventListener("beforetoggle", (event) => {
    if (event.newState !== "open") return;
    if (!state) return event.preventDefault(); // nobody is known yet
    search.value = "";
    drawList();
  });

  return {
    /** Shows who one is. The buttons are left alone where nothing changed: a press must not lose its target. */
    update(next, nextReader) {
      [state, reader] = [next, nextReader];
      const me = reader.people.get(state.me.id);
      drawCard();
      const signature = JSON.stringify([me, isActive(me, reader.now)]);
      if (signature === drawn) return;
      drawn = signature;
      for (const id of ["act-as", "place-me"]) {
        byId(id).replaceChildren(avatar(me, reader, { presence: true }));
        byId(id).setAttribute("aria-label", `You are ${nameOf(me)}. Be somebody else`);
        byId(id).title = `${nameOf(me)}: be somebody else`;
      }
    },
  };
}

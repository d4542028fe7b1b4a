// What a slash command could go on with.

import { nameOf } from "./avatar.js";

/** The words of a usage hint: "report [month] | help" -> [{word: "report", rest: "[month]"}, ...]. */
function hintWords(hint) {
  const found = (hint ?? "").split("|").map((part) => part.trim().match(/^\[?([a-z][\w-]*)\]?\s*(.*)$/));
  return found.filter(Boolean).map(([, word, rest]) => ({ word, rest }));
}

function commandNames(text, commands) {
  return commands.filter(({ command }) => command.startsWith(text))
    .map(({ command, description }) => ({ text: `${command} `, label: command, hint: "", note: description }));
}

function subcommands(name, typed, command) {
  return hintWords(command.usage_hint).filter(({ word }) => word.startsWith(typed) && word !== typed)
    .map(({ word, rest }) => ({
      text: `${name} ${word}${rest.startsWith("@") ? " @" : ""}`, label: `${name} ${word}`, hint: rest, note: "",
    }));
}

function handles(text, typed, people) {
  const begins = (person) =>
    [person.name, ...nameOf(person).split(/\s+/)].some((word) => word.toLowerCase().startsWith(typed.toLowerCase()));
  const found = people.filter((person) => !person.is_bot && !person.deleted && person.name !== typed && begins(person));
  const before = text.slice(0, text.length - typed.length);
  return found.slice(0, 8).map((person) =>
    ({ text: `${before}${person.name}`, label: `@${person.name}`, hint: nameOf(person), note: person.title ?? "" }));
}

/**
 * What could stand where the person is writing: [{text, label, hint, note}]; `begun` says that a word
 * was begun, so that Enter may complete it.
 */
export function completions(text, { commands, people }) {
  if (/^\/\S*$/.test(text)) {
    const complete = commands.some(({ command }) => command === text);
    return { begun: !complete, found: complete ? [] : commandNames(text, commands) };
  }
  const [, name, rest] = text.match(/^(\/\S+) +(.*)$/) ?? [];
  const command = commands.find((candidate) => candidate.command === name);
  if (!command) return { begun: false, found: [] };
  const [, handle] = rest.match(/(?:^|\s)@([\w.-]*)$/) ?? [];
  if (handle !== undefined) return { begun: handle !== "", found: handles(text, handle, people) };
  return { begun: rest !== "", found: /\s/.test(rest) ? [] : subcommands(name, rest, command) };
}

// Who the page is at the moment, and what the server tells about them.

import { act, follow, lookUp } from "./api.js";
import { byId } from "./dom.js";
import { toast } from "./toast.js";

function banner(words) {
  byId("banner").textContent = words;
  byId("banner").hidden = !words;
}

/** `onState(state)` runs with each new state. */
export function createSession({ onState }) {
  let person = "";
  let stream = null;
  let turns = 0; // counts changes of person: a slow answer for an earlier one is dropped
  const watchers = {
    onState, onLost: () => banner("Connection lost, trying again"), onBack: () => banner(""),
  };

  return {
    /** Does something as the acting person and shows what went wrong, unless the caller does (`quiet`). */
    async send(request, { quiet = false } = {}) {
      const answer = await act({ as: person, ...request });
      if (!answer.ok && !quiet) toast(answer.error ?? "That did not work.");
      return answer;
    },
    /**
     * Turns to another person, by id or handle. "there": their state was told to `ready` and onState;
     * "nobody": there is no such person; "later": the server is away, or somebody else was asked for since.
     */
    async become(who, ready) {
      turns += 1;
      const turn = turns;
      const seen = await lookUp(who).catch(() => undefined);
      if (turn !== turns) return "later";
      if (seen === null) return "nobody";
      stream?.close();
      person = seen?.me.id ?? who;
      ready(person);
      if (seen) onState(seen);
      stream = follow(person, watchers);
      return seen ? "there" : "later";
    },
  };
}

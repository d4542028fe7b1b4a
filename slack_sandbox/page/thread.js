// The side panel with one message and its replies.

import { createComposer } from "./composer.js";
import { byId } from "./dom.js";
import { createMessages } from "./messages.js";

/**
 * `deliver(text)` sends a reply, `onClosed()` runs after the person closed the panel, `announce(words)` speaks.
 */
export function createThread({ deliver, onClosed, announce }) {
  const [panel, slot] = [byId("thread"), byId("thread-composer")];
  const messages = createMessages(byId("thread-messages"), byId("thread-scroller"), { isThread: true });
  const nothing = { commands: [], people: [] };
  const composer = createComposer(slot, { testid: "thread-composer", known: () => nothing, deliver, announce });

  function close() {
    panel.hidden = true;
    messages.clear();
  }

  function leave() {
    close();
    onClosed();
  }

  byId("thread-close").addEventListener("click", leave);
  panel.addEventListener("keydown", (event) => event.key === "Escape" && leave());

  return {
    /** Shows the thread below the message `top`; closes where there is none. */
    update({ top, place, placeWords, scope, reader, base, hostFor, takesReplies }) {
      const found = top ? place.messages.filter((message) => message.ts === top || message.thread_ts === top) : [];
      if (!found.length) {
        close();
        return;
      }
      const entered = panel.hidden;
      panel.hidden = false;
      byId("thread-place").textContent = placeWords;
      slot.hidden = !takesReplies;
      messages.update({ scope: `${scope} ${top}`, messages: found, reader, base, hostFor });
      composer.turnTo(`${scope} ${top}`, { words: "Reply…", takesCommands: false });
      if (!entered) return;
      if (takesReplies) composer.focus();
      else byId("thread-close").focus();
    },
    follow: messages.follow,
    row: messages.row,
    reveal: messages.reveal,
  };
}

// The page's side of the wire: what one person sees, as server-sent events, and what they do.

const FIRST_WAIT = 500;
const LONGEST_WAIT = 5000;

async function post(address, wish) {
  let response;
  try {
    response = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(wish),
    });
  } catch {
    return { ok: false, error: "The sandbox does not answer. Is it still running? Nothing was sent." };
  }
  try {
    return await response.json();
  } catch {
    return { ok: false, error: `The sandbox answered something unexpected (${response.status}).` };
  }
}

/** Does something as a person. Always resolves: {ok: true} or {ok: false, error: sentence, errors?}. */
export const act = (request) => post("/page/act", request);

/** Moves the clock, turns a toggle or breaks something ("clock", "toggle", "switch"); resolves like `act`. */
export const control = (what, wish) => post(`/page/${what}`, wish);

/**
 * Follows what `person` sees until `close()` is called. Comes back by itself after a lost
 * connection, because EventSource gives up for good when a server answers with an error.
 */
export function follow(person, { onState, onLost, onBack }) {
  let source = null;
  let timer = 0;
  let wait = FIRST_WAIT;
  let ended = false;
  let lost = false;

  function open() {
    source = new EventSource(`/page/events?as=${encodeURIComponent(person)}`);
    source.onmessage = (event) => {
      wait = FIRST_WAIT;
      if (lost) onBack();
      lost = false;
      onState(JSON.parse(event.data));
    };
    source.onerror = () => {
      source.close();
      if (ended) return;
      lost = true;
      onLost();
      timer = setTimeout(open, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    };
  }

  open();
  return {
    close() {
      ended = true;
      clearTimeout(timer);
      source.close();
    },
  };
}

/** What `person` (an id or a handle) sees now; null when there is no such person. Rejects when the server is away. */
export async function lookUp(person) {
  const response = await fetch(`/page/state?as=${encodeURIComponent(person)}`);
  return response.ok ? response.json() : null;
}

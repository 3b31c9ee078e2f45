/**
 * Owns: the connection over which the page of a notebook says where it is, and hears of the others.
 * Must not know: what is said, how it is shown.  Runs under node.
 * Invariant: it says five things a second at most, of more the last one, and nothing while the page is alone but an
 * answer; what is silent for long is taken for broken; a connection that ended is made anew, ever less often.
 */

/** @typedef {import('./notebooks.js').Json} Json */
/**
 * What of a WebSocket is used.
 * @typedef {Pick<WebSocket, 'send' | 'close' | 'onopen' | 'onmessage' | 'onclose'>} Socket
 */
/**
 * `heard` is given each message, `lost` called when nobody is heard of any more; `where` gives the page's place.
 * @typedef {object} Ends
 * @property {() => Socket} connect
 * @property {(message: Json) => void} heard
 * @property {() => void} lost
 * @property {() => Json | null} where
 * @property {() => boolean} alone
 * @property {(work: () => void, milliseconds: number) => unknown} later
 * @property {() => number} now milliseconds
 */

const GAP = 205; // milliseconds between two messages
const STILL_HERE = 10_000; // milliseconds after which a page that moves within its place says so
const SILENT = 30_000; // milliseconds
const [FIRST_PAUSE, LONGEST_PAUSE] = [1000, 60_000];
const [REFUSED, TOO_MANY] = [1008, 1013];

export class PresenceLine {
  /** @param {Ends} ends */
  constructor(ends) {
    this._ends = ends;
    this._closed = false;
    this._pause = FIRST_PAUSE;
    /** @type {Socket | null} */
    this._socket = null;
    this._isOpen = false;
    this._heardAt = 0;
    this._saidAt = -Infinity;
    this._said = '';
    this._moved = this._asked = this._waits = false;
    this._open();
  }

  /** The page may have moved. */
  moved() {
    if (this._ends.alone()) return;
    this._moved = true;
    this._soon();
  }

  /** The page said where it is to nobody who is here now. */
  sayAnew() {
    this._said = '';
    this.moved();
  }

  /** Whether the other end is silent although it asks pages that are not alone: then it is broken. */
  check() {
    if (this._socket && !this._ends.alone() && this._ends.now() - this._heardAt > SILENT) this.reopen();
  }

  /** Connect anew: at once, under the path that the notebook has now. */
  reopen() {
    this._drop();
    this._pause = FIRST_PAUSE;
    this._open();
  }

  close() {
    this._closed = true;
    this._drop();
  }

  _drop() {
    const socket = this._socket;
    this._socket = null;
    socket?.close();
    this._ends.lost();
  }

  _open() {
    if (this._closed || this._socket) return;
    const { connect, now, heard } = this._ends;
    const socket = connect();
    this._socket = socket;
    this._isOpen = false;
    this._heardAt = now();
    this._saidAt = -Infinity;
    this._said = '';
    this._moved = this._asked = false;
    socket.onopen = () => {
      if (socket === this._socket) this._isOpen = true;
    };
    socket.onmessage = ({ data }) => {
      if (socket !== this._socket) return;
      this._heardAt = now();
      this._pause = FIRST_PAUSE;
      const message = messageIn(data);
      if (message.type === 'ask') this._answer();
      else heard(message);
    };
    socket.onclose = ({ code }) => {
      if (socket !== this._socket) return;
      this._socket = null;
      this._ends.lost();
      if (code === REFUSED || code === TOO_MANY) this._pause = LONGEST_PAUSE;
      this._ends.later(() => this._open(), this._pause);
      this._pause = Math.min(2 * this._pause, LONGEST_PAUSE);
    };
  }

  _answer() {
    this._asked = true;
    this._soon();
  }

  _soon() {
    if (this._waits) return;
    this._waits = true;
    this._ends.later(() => this._say(), Math.max(0, this._saidAt + GAP - this._ends.now()));
  }

  _say() {
    this._waits = false;
    if (!this._socket || !this._isOpen) return;
    const now = this._ends.now();
    const at = this._moved && !this._ends.alone() ? JSON.stringify({ type: 'at', at: this._ends.where() }) : '';
    this._moved = false;
    if (at && (at !== this._said || now - this._saidAt > STILL_HERE)) {
      this._socket.send(at);
      this._said = at;
    } else if (this._asked) this._socket.send('{"type": "here"}');
    else return;
    this._asked = false;
    this._saidAt = now;
  }
}

/** @param {unknown} data @returns {Json} */
function messageIn(data) {
  try {
    return JSON.parse(String(data)) ?? {};
  } catch {
    return {};
  }
}

// <door-talk src="talk/front">: hold a button to be heard at a door, and listen to it. The server
// renders what is in it. What is said goes in short requests, one at a time, each with all that was
// said meanwhile; what is heard comes in one response without an end. Both are 16-bit samples.
// A microphone needs HTTPS; what is heard is played without an AudioWorklet, which needs it, too.

const RATE = 16_000;
const LONGEST = 0.6 * RATE; // words that wait for a slow network; older ones are left out
const BLOCKS = 3; // of 20 ms, in one request: more of them would be work for a small machine
const PATIENCE_MS = 1_500; // then the server gives the door to others
const OPENING_MS = 8_000; // the first time, the door's process loads a library and opens a card
const IDLE_MS = 30_000; // so long the microphone stays open for the next words
const SILENT_MS = 6_000; // a connection that sends nothing for so long is dead
const AGAIN_MS = [300, 1_000, 2_000, 4_000];
const START_S = 0.08; // from a gap on, what is heard waits so long
const LATE_S = 0.4; // and what would wait longer is left out
const VOICE_HZ = 7_000; // a rate of 16,000 has no higher tones
const WANTED = { channelCount: 1, echoCancellation: false, noiseSuppression: true, autoGainControl: true };

const heard = new Set(); // where a view is built anew, it goes on

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const within = (ms, promise) =>
  new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error("silent")), ms);
    promise.then(done, fail).finally(() => clearTimeout(timer));
  });

class Refusal extends Error {} // the server said why

async function reasonOf(response) {
  const isText = response.headers.get("Content-Type")?.startsWith("text/plain");
  return new Refusal(isText ? await response.text() : "");
}

// The phone's microphone: open from the first words on, until nobody speaks for a while.
const microphone = {
  context: null,
  stream: null,
  hear: null,

  async open(worklet) {
    clearTimeout(this.timer);
    if (!this.context) {
      const context = (this.context = new AudioContext({ latencyHint: "interactive" }));
      this.opening = this.connect(context, worklet);
      this.opening.catch(() => context === this.context && this.close());
    }
    this.resume();
    return this.opening;
  },

  async connect(context, worklet) {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: WANTED });
    if (context !== this.context) return stream.getTracks().forEach((track) => track.stop());
    this.stream = stream;
    for (const track of stream.getTracks()) track.onended = () => this.stream === stream && this.close();
    await context.audioWorklet.addModule(worklet);
    const voice = new BiquadFilterNode(context, { type: "lowpass", frequency: VOICE_HZ });
    const steeper = new BiquadFilterNode(context, { type: "lowpass", frequency: VOICE_HZ });
    const node = new AudioWorkletNode(context, "microphone", { channelCount: 1, channelCountMode: "explicit" });
    node.port.onmessage = ({ data }) => this.hear?.(data);
    // It is pulled because it leads somewhere; it is silent.
    context.createMediaStreamSource(stream).connect(voice).connect(steeper).connect(node).connect(context.destination);
  },

  // A phone lets a page make and take sound only after a touch.
  resume() {
    this.context?.resume().catch(() => {});
  },

  get runs() {
    return this.context?.state === "running";
  },

  rest() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.close(), IDLE_MS);
  },

  close() {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.context?.close().catch(() => {});
    this.context = this.stream = null;
  },
};

// What is heard, played one piece after the other. All share what the first touch has opened: a view
// that is built anew has none of its own.
class Player {
  static context = null;

  constructor() {
    Player.context ??= new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
    this.context = Player.context;
    this.context.resume().catch(() => {});
    this.next = 0;
    this.odd = new Uint8Array();
  }

  play(bytes) {
    const all = new Uint8Array(this.odd.length + bytes.length);
    all.set(this.odd);
    all.set(bytes, this.odd.length);
    const count = all.length >> 1;
    this.odd = all.slice(2 * count);
    const now = this.context.currentTime;
    if (!count || this.next > now + LATE_S) return;
    if (this.next < now) this.next = now + START_S;
    const buffer = this.context.createBuffer(1, count, RATE);
    const view = new DataView(all.buffer);
    buffer.copyToChannel(Float32Array.from({ length: count }, (_, at) => view.getInt16(2 * at, true) / 32_768), 0);
    const source = new AudioBufferSourceNode(this.context, { buffer });
    source.connect(this.context.destination);
    source.start(this.next);
    this.next += count / RATE;
  }

  close() {
    if (!heard.size) this.context.suspend().catch(() => {});
  }
}

class DoorTalk extends HTMLElement {
  connectedCallback() {
    this.address = this.getAttribute("src");
    this.line = this.querySelector("[role=status]");
    this.listenButton = this.querySelector("[data-listen]");
    this.talkButton = this.querySelector("[data-talk]");
    this.volume = this.querySelector("input");
    this.onSeen = () => document.hidden && this.leave();
    document.addEventListener("visibilitychange", this.onSeen);
    this.listenButton.onclick = () => this.toggle();
    this.listenButton.hidden = false;
    this.canTalk = Boolean(navigator.mediaDevices?.getUserMedia && window.AudioWorkletNode);
    this.talkButton.hidden = this.volume.parentElement.hidden = !this.canTalk;
    if (this.canTalk) this.prepare(this.talkButton);
    this.rest();
    if (heard.has(this.address)) this.listen();
  }

  disconnectedCallback() {
    document.removeEventListener("visibilitychange", this.onSeen);
    this.release();
    this.hush();
  }

  leave() {
    this.release();
    microphone.close();
    heard.delete(this.address);
    this.hush();
  }

  // Not in a view that was built anew, nor in a page that is hidden: there nobody could end it.
  get isSeen() {
    return this.isConnected && !document.hidden;
  }

  prepare(button) {
    const key = `volume of ${this.address.split("/").pop()}`;
    this.volume.value = localStorage.getItem(key) ?? 100;
    this.volume.onchange = () => localStorage.setItem(key, this.volume.value);
    const isKey = ({ key }) => key === " " || key === "Enter";
    button.onpointerdown = (event) => {
      if (event.button) return;
      button.setPointerCapture(event.pointerId);
      this.press();
    };
    button.onpointerup = button.onpointercancel = button.onlostpointercapture = () => this.release();
    button.oncontextmenu = (event) => event.preventDefault(); // a long touch
    button.onkeydown = (event) => {
      if (!isKey(event)) return;
      event.preventDefault();
      if (!event.repeat) this.press();
    };
    button.onkeyup = (event) => {
      if (!isKey(event)) return;
      event.preventDefault();
      this.release();
    };
    button.onblur = () => this.release();
    // A screen reader or a switch can click, and not hold: the next click ends it.
    button.onclick = ({ detail, pointerType }) => {
      if (detail === 0 && !pointerType) this.isHeld ? this.release() : this.press();
    };
  }

  say(state, words) {
    this.dataset.state = state;
    this.line.textContent = words || this.line.dataset[state] || "";
  }

  // What stands there while nobody speaks.
  rest() {
    if (this.control) this.say("listening");
    else this.say(this.canTalk ? "" : "insecure");
  }

  async press() {
    if (this.isHeld) return;
    const press = (this.isHeld = {}); // one that was let go meanwhile is another one
    if (!microphone.stream) this.say("opening");
    try {
      await microphone.open(this.dataset.worklet);
    } catch {
      if (this.isHeld === press) this.isHeld = null;
      return this.say("denied");
    }
    await this.turn; // the last words of the one before
    if (this.isHeld === press && microphone.runs) this.turn = this.speak(press);
    else if (!this.isHeld || this.isHeld === press) this.say("ready");
  }

  release() {
    this.isHeld = null;
    microphone.resume();
    microphone.rest();
  }

  async speak(press) {
    const turn = crypto.randomUUID();
    let waiting = [];
    let wake = () => {};
    const hear = (block) => {
      waiting.push(block);
      if (waiting.length * block.length > LONGEST) waiting.shift();
      if (waiting.length >= BLOCKS) wake();
    };
    microphone.hear = hear; // and no more for another door
    const goesOn = () => this.isHeld === press && microphone.hear === hear && microphone.runs;
    this.talkButton.setAttribute("aria-pressed", "true");
    this.say("connecting");
    try {
      await this.send(turn, [], "", OPENING_MS); // the door's chime begins
      if (goesOn()) this.say("speaking");
      while (goesOn()) {
        if (waiting.length < BLOCKS) await Promise.race([new Promise((done) => (wake = done)), pause(PATIENCE_MS / 3)]);
        const blocks = waiting;
        waiting = [];
        await this.send(turn, blocks);
      }
      await this.send(turn, waiting, "&last");
      if (this.isHeld === press && !microphone.runs) this.say("denied"); // it was unplugged
      else this.rest();
      if (this.isSeen && !this.wantsSilence) this.listen();
    } catch (error) {
      if (this.isHeld === press) this.isHeld = null;
      this.say("lost", error instanceof Refusal ? error.message : "");
    }
    if (microphone.hear === hear) microphone.hear = null;
    this.talkButton.setAttribute("aria-pressed", "false");
  }

  async send(turn, blocks, last = "", patience = PATIENCE_MS) {
    const address = `${this.address}/say?turn=${turn}&volume=${this.volume.value}${last}`;
    const signal = AbortSignal.timeout(patience);
    const response = await fetch(address, { method: "POST", body: new Blob(blocks), signal });
    if (!response.ok) throw await reasonOf(response);
  }

  toggle() {
    this.wantsSilence = Boolean(this.control);
    if (this.wantsSilence) this.hush();
    else this.listen();
  }

  hush() {
    if (!this.control) return;
    this.control.abort();
    this.control = null;
    if (this.isConnected) heard.delete(this.address);
    this.player.close();
    this.listenButton.setAttribute("aria-pressed", "false");
    if (!this.isHeld) this.rest();
  }

  listen() {
    if (this.control) return;
    heard.add(this.address);
    this.control = new AbortController();
    this.player = new Player(); // here, because a phone wants a touch for it
    this.listenButton.setAttribute("aria-pressed", "true");
    this.follow(this.control.signal);
  }

  async follow(signal) {
    let failures = 0;
    this.tell("connecting");
    while (!signal.aborted) {
      try {
        const response = await fetch(`${this.address}/listen`, { signal, cache: "no-store" });
        if (!response.ok) throw await reasonOf(response);
        this.tell("listening");
        failures = 0;
        await this.hear(response.body.getReader());
      } catch (error) {
        if (!signal.aborted) this.tell("lost", error instanceof Refusal ? error.message : "");
      }
      await pause(AGAIN_MS[Math.min(failures, AGAIN_MS.length - 1)]);
      failures += 1;
    }
  }

  // What there is to say of listening, unless one speaks.
  tell(state, words) {
    if (!this.isHeld) this.say(state, words);
  }

  async hear(reader) {
    try {
      for (;;) {
        const { done, value } = await within(SILENT_MS, reader.read());
        if (done) return;
        this.player.play(value);
      }
    } finally {
      reader.cancel().catch(() => {});
    }
  }
}

customElements.define("door-talk", DoorTalk);

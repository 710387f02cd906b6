// <live-picture src="live/front">: the picture of a door as it comes. The server renders what is in
// it, with a link to the picture of now, which works without this script. The camera's own H.264
// goes to the browser's media source; where that cannot be had, a picture is fetched twice a second.

const AGAIN_MS = [300, 1_000, 2_000, 4_000]; // after the first, second … failure
const STEADY_MS = 5_000; // what lasted so long was no failure
const SILENT_MS = 6_000; // a connection that sends nothing for so long is dead
const STILL_MS = 500;
const FAR_S = 1.2; // so far behind the camera it jumps
const BEHIND_S = 0.25; // and farther than that it plays faster, at most by half
const KEPT_S = 20; // of what was shown

const Source = window.ManagedMediaSource ?? window.MediaSource; // an iPhone has only the first
const watched = new Set(); // where a view is built anew, it goes on

class NoVideo extends Error {} // this browser cannot show what the camera sends
class Refusal extends Error {} // the server said why there is no picture

const once = (target, kind) =>
  new Promise((done) => target.addEventListener(kind, done, { once: true }));

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const within = (ms, promise) =>
  new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error("silent")), ms);
    promise.then(done, fail).finally(() => clearTimeout(timer));
  });

class LivePicture extends HTMLElement {
  connectedCallback() {
    this.address = this.getAttribute("src");
    this.button = this.querySelector("button");
    this.frame = this.querySelector("[data-frame]");
    this.video = this.querySelector("video");
    this.image = this.querySelector("img");
    this.line = this.querySelector("[role=status]");
    this.button.hidden = false;
    this.button.onclick = () => this.toggle();
    this.video.onloadeddata = () => this.show("live");
    this.image.onload = () => this.show("still");
    this.onSeen = () => (document.hidden ? this.end() : this.resume());
    document.addEventListener("visibilitychange", this.onSeen);
    this.show("off");
    this.resume();
  }

  disconnectedCallback() {
    document.removeEventListener("visibilitychange", this.onSeen);
    this.end();
  }

  toggle() {
    if (watched.delete(this.address)) return this.end();
    watched.add(this.address);
    this.resume();
  }

  resume() {
    if (!watched.has(this.address) || this.control) return;
    this.control = new AbortController();
    this.run(this.control.signal);
  }

  end() {
    this.control?.abort();
    this.control = null;
    this.show("off");
  }

  // Off, waiting, live, still or away.
  show(state, words) {
    this.dataset.state = state;
    this.button.setAttribute("aria-pressed", String(state !== "off"));
    this.frame.hidden = state === "off" || state === "away"; // an iPhone loads only what it shows
    this.video.hidden = state === "still";
    this.image.hidden = state !== "still";
    this.line.textContent = words || this.line.dataset[state] || "";
  }

  async run(signal) {
    let look = Source ? this.play : this.stills;
    let failures = 0;
    this.show("waiting");
    while (!signal.aborted) {
      const began = performance.now();
      try {
        await look.call(this, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof NoVideo) look = this.stills;
        else this.show("away", error instanceof Refusal ? error.message : "");
      }
      if (performance.now() - began > STEADY_MS) failures = 0;
      await pause(AGAIN_MS[Math.min(failures, AGAIN_MS.length - 1)]);
      failures += 1;
    }
  }

  async ask(kind, signal) {
    const response = await fetch(`${this.address}/${kind}`, { signal, cache: "no-store" });
    if (response.ok || response.status === 415) return response;
    const isText = response.headers.get("Content-Type")?.startsWith("text/plain");
    throw new Refusal(isText ? await response.text() : "");
  }

  // Until the stream ends.
  async play(signal) {
    const response = await this.ask("video", signal);
    const type = response.headers.get("Content-Type");
    const reader = response.body.getReader();
    const source = new Source();
    const url = URL.createObjectURL(source);
    try {
      if (!Source.isTypeSupported(type)) throw new NoVideo();
      this.video.disableRemotePlayback = true; // an iPhone wants it
      this.video.src = url;
      const broken = once(this.video, "error").then(() => {
        throw this.dataset.state === "live" ? new Error("damaged") : new NoVideo();
      });
      await Promise.race([this.feed(source, type, reader), broken]);
    } finally {
      URL.revokeObjectURL(url);
      reader.cancel().catch(() => {});
      this.video.removeAttribute("src"); // nothing of what was seen is kept
      this.video.load();
    }
  }

  async feed(source, type, reader) {
    await once(source, "sourceopen");
    const buffer = source.addSourceBuffer(type);
    for (;;) {
      const { done, value } = await within(SILENT_MS, reader.read());
      if (done) return;
      buffer.appendBuffer(value);
      await once(buffer, "updateend");
      await this.follow(buffer);
    }
  }

  // Stay close to what the camera sees now.
  async follow(buffer) {
    const { video } = this;
    const ranges = buffer.buffered;
    if (!ranges.length) return;
    const end = ranges.end(ranges.length - 1);
    const behind = end - video.currentTime;
    if (behind > FAR_S || video.currentTime < ranges.start(ranges.length - 1)) {
      video.currentTime = Math.max(ranges.start(ranges.length - 1), end - BEHIND_S);
    }
    video.playbackRate = 1 + Math.min(0.5, Math.max(0, behind - BEHIND_S));
    if (video.paused) video.play().catch(() => {});
    if (end - ranges.start(0) > 2 * KEPT_S) {
      buffer.remove(0, end - KEPT_S);
      await once(buffer, "updateend");
    }
  }

  async stills(signal) {
    while (!signal.aborted) {
      const began = performance.now();
      const response = await this.ask("still", signal);
      const url = URL.createObjectURL(await response.blob());
      this.image.src = url;
      await this.image.decode();
      URL.revokeObjectURL(url);
      await pause(STILL_MS - (performance.now() - began));
    }
  }
}

customElements.define("live-picture", LivePicture);

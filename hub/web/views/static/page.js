"use strict";
// Without this the page works, too: each form posts, and each view is a page. With it, a view follows
// the house. The server renders everything; this only puts what has changed in its place.

const main = document.querySelector("main");
const notices = document.querySelector("#notices");
const line = document.querySelector("#line");
const say = document.querySelector("#say");
const title = document.title;
const SILENT_MS = 40_000; // the server sends a beat every 15 s: a phone that slept has missed some
const CHECK_MS = 5_000;
const NOTICE_MS = 10_000;
const JSON_ONLY = { Accept: "application/json" }; // for refusals: a view is HTML all the same
const FORMATS = {
  time: { hour: "numeric", minute: "2-digit" },
  moment: { weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit" },
  until: { weekday: "short", hour: "numeric", minute: "2-digit" },
  date: { weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: "UTC" },
};
const sent = new WeakMap(); // the HTML of each part as it came, for its times are written anew
const said = new Set();

function learn(part) {
  sent.set(part, part.outerHTML);
  if ("parts" in part.dataset) for (const child of part.children) learn(child);
}

function writeTimes(box) {
  for (const time of box.querySelectorAll("time[data-as]")) {
    const moment = new Date(time.dateTime);
    time.textContent = new Intl.DateTimeFormat(undefined, FORMATS[time.dataset.as]).format(moment);
  }
}

// Takes the part that is shown, where it says the same: a text half written or a clip that plays stays.
function merge(old, fresh) {
  const html = fresh.outerHTML;
  if (old && sent.get(old) === html) return old;
  if (old && "parts" in old.dataset && "parts" in fresh.dataset) {
    put(old, fresh);
    sent.set(old, html);
    return old;
  }
  learn(fresh);
  writeTimes(fresh);
  return fresh;
}

function put(box, fresh) {
  const shown = new Map(Array.from(box.children, (part) => [part.id, part]));
  const parts = Array.from(fresh.children, (part) => merge(shown.get(part.id), part));
  for (const part of shown.values()) if (!parts.includes(part)) part.remove();
  let place = box.firstElementChild;
  for (const part of parts) {
    if (part === place) place = place.nextElementSibling;
    else box.insertBefore(part, place);
  }
}

function show(fresh, version) {
  const focused = document.activeElement?.id;
  put(main, fresh);
  main.dataset.version = version;
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  tell();
}

// Says what is new to a screen reader, and in the title, which a tab in the background shows.
function tell(isNew = true) {
  for (const part of main.querySelectorAll("[data-say]")) {
    const key = part.id + part.dataset.say;
    if (!said.has(key) && isNew) say.textContent = part.dataset.say;
    said.add(key);
  }
  const ring = main.querySelector(".ring, .alert");
  document.title = ring ? `● ${ring.dataset.say}` : title;
}

function showPage(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const fresh = page.querySelector("main");
  show(fresh, fresh.dataset.version);
  notices.replaceChildren(...page.querySelector("#notices").children);
  const good = notices.querySelector(".notice:not(.bad)");
  if (good) setTimeout(() => good.remove(), NOTICE_MS);
}

function showRefusal(words) {
  const notice = document.querySelector("#refusal").content.cloneNode(true);
  notice.querySelector("span").textContent = words;
  notices.replaceChildren(notice);
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method !== "post" || form.ariaBusy === "true") return;
  event.preventDefault();
  form.ariaBusy = "true";
  try {
    const body = new URLSearchParams(new FormData(form, event.submitter));
    const response = await fetch(form.getAttribute("action"), { method: "POST", body, headers: JSON_ONLY });
    if (response.status === 401) location.reload(); // it leads to the login
    else if (!response.redirected) showRefusal((await response.json()).text);
    else if (new URL(response.url).pathname !== location.pathname) location.assign(response.url);
    else showPage(await response.text());
  } catch {
    line.textContent = line.dataset.lost;
  }
  form.ariaBusy = "false";
});

let stream;
let heardAt;
let wasOpen = false; // since this page was loaded

function hear() {
  wasOpen = true;
  heardAt = Date.now();
  line.textContent = "";
}

// A phone that was logged out gets no more: loading the page again leads to the login. Where it does not,
// the stream is not open before it is refused, and the page stays.
async function lose() {
  line.textContent = line.dataset.lost;
  if (!wasOpen || stream.readyState !== EventSource.CLOSED) return;
  const response = await fetch(location.href, { headers: JSON_ONLY });
  if (response.status === 401) location.reload();
}

function listen() {
  stream?.close();
  heardAt = Date.now();
  stream = new EventSource(`${main.dataset.stream}&seen=${main.dataset.version}`);
  stream.onopen = hear;
  stream.onerror = () => lose().catch(() => {});
  stream.addEventListener("beat", hear);
  stream.addEventListener("part", (event) => {
    hear();
    const fresh = document.createElement("template");
    fresh.innerHTML = event.data;
    show(fresh.content, event.lastEventId);
  });
}

function check() {
  if (stream.readyState === EventSource.CLOSED || Date.now() - heardAt > SILENT_MS) listen();
}

for (const part of main.children) learn(part);
writeTimes(document);
tell(false);
listen();
setInterval(check, CHECK_MS);
document.addEventListener("visibilitychange", check);

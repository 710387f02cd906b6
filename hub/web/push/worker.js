"use strict";
// The page's service worker. It shows what `notify` sends (devices/phone/webpush/message.py) and gives
// the answers. It keeps no copy of the page: the page is in the house, or out of reach.

const LATE_MS = 60_000; // then the visitor has been missed
const ANSWER_MS = 15_000;
const UNREADABLE = { title: "Doorbell", text: "Somebody rang. Open the page", tag: "unreadable", buttons: [] };
const home = self.registration.scope;
const address = (path) => new URL(path, home).href;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("push", (event) => event.waitUntil(show(read(event))));
self.addEventListener("notificationclose", (event) => event.waitUntil(count()));

self.addEventListener("notificationclick", (event) => {
  const { notification, action } = event;
  const button = action && notification.data.buttons[Number(action)];
  event.waitUntil(button ? answer(notification, button) : open(notification));
});

// The browser has another subscription: the page tells it to the house.
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event)));

function read(event) {
  try {
    return { ...UNREADABLE, ...event.data.json() };
  } catch {
    return UNREADABLE; // a browser that shows nothing takes the permission away
  }
}

async function show(told) {
  const isLate = told.late && Date.now() - told.at > LATE_MS;
  const options = {
    body: isLate ? told.late : told.text,
    tag: told.tag,
    timestamp: told.at,
    silent: told.silent,
    renotify: told.again && !told.silent, // the picture of a ring makes no second sound
    requireInteraction: told.buttons.length > 0 && !isLate,
    icon: address("icons/bell-192.png"),
    badge: address("icons/badge-96.png"),
    actions: told.buttons.map(([title], number) => ({ action: String(number), title })),
    data: { buttons: told.buttons, unsent: told.unsent, isRing: told.buttons.length > 0 },
  };
  if (told.picture) options.image = address(told.picture);
  await self.registration.showNotification(told.title, options);
  await count();
}

async function answer(notification, [label, path]) {
  let text = notification.data.unsent || "Not sent. Tap to open the page";
  let isSent = false;
  try {
    const headers = { Accept: "application/json" };
    const signal = AbortSignal.timeout(ANSWER_MS);
    const response = await fetch(address(path), { method: "POST", headers, signal });
    const said = await response.json();
    isSent = response.ok;
    text = said.text || text;
  } catch {
    // no network, or not in the house
  }
  const { title, tag, icon, badge, data } = notification;
  const buttons = isSent ? [] : data.buttons;
  await self.registration.showNotification(title, {
    body: isSent ? text : `${label}: ${text}`,
    tag,
    icon,
    badge,
    silent: true,
    actions: buttons.map(([words], number) => ({ action: String(number), title: words })),
    data: { ...data, buttons, isRing: !isSent },
  });
  await count();
}

async function open(notification) {
  notification.close();
  await count();
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const known = windows.find((one) => one.url.startsWith(home));
  if (!known) return self.clients.openWindow(home);
  const shown = await known.focus();
  return shown.url === home ? shown : shown.navigate(home).catch(() => shown);
}

async function renew(event) {
  const options = event.oldSubscription && event.oldSubscription.options;
  const subscription = event.newSubscription
    || (options && await self.registration.pushManager.subscribe(options));
  if (!subscription) return;
  await fetch(address("push/subscription"), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ subscription, again: true }), // the page tells it, too, when it is opened
  });
}

// The number on the app's icon: the rings that nobody has looked at.
async function count() {
  if (!("setAppBadge" in self.navigator)) return;
  const shown = await self.registration.getNotifications();
  const rings = shown.filter((one) => one.data && one.data.isRing).length;
  await (rings ? self.navigator.setAppBadge(rings) : self.navigator.clearAppBadge());
}

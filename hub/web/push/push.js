"use strict";
// "Notify this phone", in every element with data-push. The words of all states stand in its HTML, one
// element with data-when for each; without script they stay hidden, and nothing is missing.

(() => {
  const root = new URL(document.currentScript.dataset.root, location.href);
  const address = (path) => new URL(path, root).href;
  const DEVICE = "doorbell device";
  const TOLD = "doorbell told";
  const AGAIN_MS = 30 * 86_400_000; // the house keeps it for longer, and should it lose it, not for ever
  let state = "checking";
  let fault = "";

  const isInstalled = () => matchMedia("(display-mode: standalone)").matches || navigator.standalone === true;
  const isApple = () => /iPhone|iPad/.test(navigator.userAgent) || (/Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1);

  // Behind a proxy that names users, all phones of a user have one name: this tells them apart.
  function device() {
    let known = localStorage.getItem(DEVICE);
    if (!known) {
      known = Array.from(crypto.getRandomValues(new Uint8Array(2)), (one) => one.toString(16).padStart(2, "0")).join("");
      localStorage.setItem(DEVICE, known);
    }
    return known;
  }

  function show(next, words = "") {
    state = next;
    fault = words;
    for (const card of document.querySelectorAll("[data-push]")) {
      card.hidden = false;
      for (const part of card.querySelectorAll("[data-when]")) {
        part.hidden = !part.dataset.when.split(" ").includes(state);
      }
      for (const part of card.querySelectorAll("[data-fault]")) part.textContent = fault;
    }
  }

  async function ask(path, options = {}) {
    const response = await fetch(address(path), { headers: { Accept: "application/json" }, ...options });
    const said = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error(said.text || response.statusText);
    return said;
  }

  async function tell(subscription, again = false) {
    await ask("push/subscription", {
      method: "POST",
      headers: { Accept: "application/json", "Content-Type": "application/json" },
      body: JSON.stringify({ subscription, device: device(), again }),
    });
    localStorage.setItem(TOLD, JSON.stringify({ at: Date.now(), endpoint: subscription?.endpoint }));
  }

  async function subscribe(registration, key) {
    const applicationServerKey = Uint8Array.from(atob(key.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
    const old = await registration.pushManager.getSubscription();
    if (old && isFor(old, applicationServerKey)) return old;
    if (old) await old.unsubscribe();
    return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
  }

  function isFor(subscription, key) {
    const own = subscription.options && subscription.options.applicationServerKey;
    return !own || String(new Uint8Array(own)) === String(key);
  }

  async function start() {
    show("busy");
    try {
      const permission = await Notification.requestPermission();
      if (permission !== "granted") return show(permission === "denied" ? "denied" : "off");
      await navigator.serviceWorker.register(address("worker.js"), { scope: root.pathname });
      const registration = await navigator.serviceWorker.ready;
      const { key } = await ask(`push/key?device=${device()}`);
      await tell(await subscribe(registration, key));
      show("on");
    } catch (error) {
      show("failed", error.message);
    }
  }

  async function stop() {
    show("busy");
    try {
      const registration = await navigator.serviceWorker.getRegistration(root.pathname);
      const subscription = registration && await registration.pushManager.getSubscription();
      await tell(null);
      if (subscription) await subscription.unsubscribe();
      show("off");
    } catch (error) {
      show("failed", error.message);
    }
  }

  // How it is with this browser. What the house no longer knows, as after a change of name, is told anew.
  async function look() {
    if (!isSecureContext) return show("insecure");
    if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) {
      return show(isApple() && !isInstalled() ? "install" : "unsupported");
    }
    if (Notification.permission === "denied") return show("denied");
    const registration = await navigator.serviceWorker.getRegistration(root.pathname);
    const subscription = registration && await registration.pushManager.getSubscription();
    if (!subscription) return show("off");
    show("on");
    const { key, known } = await ask(`push/key?device=${device()}`);
    const current = await subscribe(registration, key);
    const told = JSON.parse(localStorage.getItem(TOLD)) || { at: 0 };
    const isOld = Date.now() - told.at > AGAIN_MS;
    if (!known || isOld || current.endpoint !== told.endpoint) await tell(current, true);
  }

  // Who looks at the page has seen what the notifications say.
  async function seen() {
    if (document.visibilityState !== "visible" || !("serviceWorker" in navigator)) return;
    const registration = await navigator.serviceWorker.getRegistration(root.pathname);
    if (!registration) return;
    for (const shown of await registration.getNotifications()) shown.close();
    if ("clearAppBadge" in navigator) await navigator.clearAppBadge();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-push-do]");
    if (button) (button.dataset.pushDo === "start" ? start : stop)();
  });
  document.addEventListener("visibilitychange", () => seen().catch(() => {}));
  // The views put fresh HTML in place of old one while they follow the house.
  new MutationObserver(() => {
    const fresh = document.querySelector("[data-push][hidden]");
    if (fresh && state !== "checking") show(state, fault);
  }).observe(document.body, { childList: true, subtree: true });
  seen().catch(() => {});
  look().catch((error) => show("failed", error.message));
})();

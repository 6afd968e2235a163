// The service worker of the site. With it, a page that has been open once opens again without a network.
//
// It always asks the network first, so that nobody reads an old page while there is a newer one, and keeps what it gets.
// runtime.js installs it, so a reader who never starts Python does not have it. The parts of Python (.bin) are left out
// here, because runtime.js keeps those itself.
const KEPT = `scratchnet pages ${new URL(registration.scope).pathname}`;

async function answer(request, event) {
  const store = await caches.open(KEPT);
  try {
    const found = await fetch(request);
    if (found.status === 200) event.waitUntil(store.put(request, found.clone()).catch(() => {}));
    return found;
  } catch (error) {
    const kept = await store.match(request);
    if (kept) return kept;
    throw error;
  }
}

addEventListener("install", () => skipWaiting());
addEventListener("activate", event => event.waitUntil(clients.claim()));
addEventListener("fetch", event => {
  const { request } = event;
  const ours = request.method === "GET" && request.url.startsWith(registration.scope);
  if (ours && !request.url.endsWith(".bin")) event.respondWith(answer(request, event));
});

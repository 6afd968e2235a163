// The service worker of the site: a page that was open before opens without a network too.
//
// It asks the network first, always, so that nobody reads an old page while there is a newer one, and keeps what comes.
// A reader who never started Python on a page never gets it. The parts of Python are kept by runtime.js.
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

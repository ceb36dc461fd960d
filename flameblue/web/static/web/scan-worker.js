// Keeps the scanning page and what it is made of on the phone. The network comes first: what is kept is for without.
const KEPT = "flameblue-scan-1";
const OURS = (url) => url.origin === location.origin && (url.pathname.endsWith("/scan/") || url.pathname.startsWith("/static/"));

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => {
  const files = event.data.filter((file) => OURS(new URL(file, location.href)));
  event.waitUntil(caches.open(KEPT).then((kept) => Promise.allSettled(files.map((file) => kept.add(file)))));
});
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !OURS(new URL(request.url))) return;
  event.respondWith((async () => {
    const kept = await caches.open(KEPT);
    try {
      const answer = await fetch(request);
      if (answer.ok && !answer.redirected) await kept.put(request, answer.clone());
      return answer;
    } catch (error) {
      const found = await kept.match(request, { ignoreVary: true });
      if (found) return found;
      throw error;
    }
  })());
});

// Keeps the page as the worker is: puts in place what changed, and says when it does not know any more.
"use strict";
(() => {
  const HEARD_MS = 20000; // three times the longest silence of a stream that works
  const AGAIN_MS = 3000;
  const root = document.documentElement;
  const cards = document.getElementById("cards");
  const live = document.getElementById("live");
  const search = document.getElementById("search");
  const sort = document.getElementById("sort");
  const nothing = document.getElementById("nothing");
  let version = root.dataset.version;
  let ahead = Number(root.dataset.now) - Date.now(); // the worker's clock and this one
  let source = null;
  let heard = Date.now();
  let broken = false;
  let waiting = 0;

  const byName = new Map([...cards.querySelectorAll(".card")].map((card) => [card.dataset.name, card]));
  const places = new Map([...byName].map(([name], at) => [name, at]));
  const rankOf = (card) => Number(card.querySelector(".state").dataset.rank);
  const toneOf = (card) => card.querySelector(".state").classList[1];
  const amountOf = (card, selector) => {
    const found = card.querySelector(selector);
    return found === null ? -1 : Number(found.value ?? found.dataset.since);
  };

  // Moments: the same words as text.py has.
  const age = (seconds) => {
    const whole = Math.max(0, Math.round(seconds));
    if (whole < 60) return `${whole} s`;
    if (whole < 3600) return `${Math.floor(whole / 60)} min`;
    if (whole < 172800) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
    return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
  };
  const tell = (within) => {
    const now = Date.now() + ahead;
    for (const time of within.querySelectorAll("time[data-since], time[data-until]")) {
      const apart = (now - Number(time.dataset.since ?? time.dataset.until)) / 1000;
      const text = age("since" in time.dataset ? apart : -apart);
      if (time.textContent !== text) time.textContent = text;
    }
  };

  // Order and filter.
  const orders = {
    worst: (one, other) => rankOf(one) - rankOf(other),
    waiting: (one, other) => amountOf(other, "[data-part=lag] data") - amountOf(one, "[data-part=lag] data"),
    name: (one, other) => one.dataset.name.localeCompare(other.dataset.name),
    file: () => 0,
  };
  const arrange = () => {
    const wanted = [...byName.values()].sort(
      (one, other) => orders[sort.value](one, other) || places.get(one.dataset.name) - places.get(other.dataset.name),
    );
    const now = [...cards.querySelectorAll(".card")];
    if (wanted.every((card, at) => card === now[at])) return;
    const focused = document.activeElement;
    cards.prepend(...wanted);
    if (cards.contains(focused)) focused.focus({ preventScroll: true });
  };
  const isInUse = () => cards.matches(":hover") || cards.contains(document.activeElement);
  const choose = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const tone = document.querySelector("input[name=tone]:checked").value;
    let shown = 0;
    for (const card of byName.values()) {
      const text = `${card.dataset.name} ${card.querySelector(".url").title} ${card.querySelector(".state").textContent}`.toLowerCase();
      const fits = words.every((word) => text.includes(word)) && (tone === "all" || tone === toneOf(card));
      if (card.hidden === fits) card.hidden = !fits;
      shown += fits;
    }
    nothing.hidden = shown > 0 || byName.size === 0;
  };

  // The attempts of a card, asked for while its table is open and something of the card has changed.
  const load = async (details) => {
    const card = details.closest(".card");
    card.removeAttribute("data-changed");
    const answer = await fetch(details.dataset.rows).catch(() => null); // that the stream is broken is said already
    if (!answer?.ok) return;
    const found = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("tbody");
    details.querySelector("tbody").replaceWith(found);
    tell(details);
  };

  // What the worker says.
  const put = (place, html) => {
    place.innerHTML = html;
    tell(place);
    place.closest(".card")?.setAttribute("data-changed", "");
  };
  const show = (parts) => {
    for (const [name, changed] of Object.entries(parts)) {
      const within = name === "" ? document : byName.get(name);
      for (const [part, html] of Object.entries(changed)) {
        if (name === "" && part === "first") document.getElementById("first").hidden = html === "";
        const place = within.querySelector(name === "" ? `[data-page="${part}"]` : `[data-part="${part}"]`);
        if (place !== null) put(place, html);
      }
    }
    choose();
    if (sort.value !== "file" && !isInUse()) arrange();
  };
  const say = (kind, text) => {
    document.body.classList.toggle("stale", kind === "off");
    if (live.textContent === text) return;
    live.className = `live ${kind}`;
    live.textContent = text;
  };
  const clock = (at) => new Date(at).toLocaleTimeString();
  const lost = (why) => {
    if (!broken) say("off", `${why} What you see is from ${clock(heard)}. Trying again.`);
    broken = true;
  };
  const listen = () => {
    clearTimeout(waiting);
    source?.close();
    source = new EventSource(`live/${version}`);
    source.onmessage = (event) => {
      const said = JSON.parse(event.data);
      version = event.lastEventId;
      ahead = said.now - Date.now();
      heard = Date.now();
      broken = false;
      say("on", "Live");
      show(said.parts);
    };
    source.addEventListener("reload", () => location.reload());
    source.addEventListener("crowded", () => again("Too many pages of this worker are open.", 30000));
    source.addEventListener("stopped", () => again("The worker stops.", AGAIN_MS));
    source.onerror = () => again("The stream is broken.", AGAIN_MS);
  };
  const again = (why, later) => {
    source.close();
    lost(why);
    clearTimeout(waiting);
    waiting = setTimeout(listen, later);
  };

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) return void listen();
    source?.close(); // a page that nobody sees costs the worker nothing
    clearTimeout(waiting);
    heard = Date.now();
  });
  setInterval(() => {
    if (document.hidden) return;
    if (!broken && Date.now() - heard > HEARD_MS) again("Nothing has come from the worker.", 0);
    if (!broken) tell(document);
  }, 1000);
  setInterval(() => {
    if (!document.hidden && !broken) document.querySelectorAll(".card[data-changed] details[open]").forEach(load);
  }, 2000);
  cards.addEventListener("toggle", (event) => {
    if (event.target.open) load(event.target);
  }, true);
  for (const input of document.querySelectorAll("input[name=tone]")) input.addEventListener("change", choose);
  search.addEventListener("input", choose);
  sort.addEventListener("change", arrange);
  document.addEventListener("keydown", (event) => {
    const writes = event.target.matches("input[type=search], select");
    if (event.key === "/" && !writes && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && event.target === search) {
      search.value = "";
      choose();
    }
  });
  const visit = () => {
    const card = document.getElementById(location.hash.slice(1));
    if (card === null || !card.classList.contains("card")) return;
    card.hidden = false;
    for (const details of card.querySelectorAll("details")) details.open = true;
    card.focus({ preventScroll: true });
    card.scrollIntoView();
  };
  addEventListener("hashchange", visit);
  for (const tools of document.querySelectorAll("[data-script]")) tools.hidden = false;
  choose();
  arrange();
  visit();
  listen();
})();

/* The calendar's comforts: a pan without a new page, the card beside a bar, a request at the hour that was clicked. All of it works without. */
(() => {
  "use strict";
  const card = () => document.getElementById("card");

  /* A pan swaps the panel: how far down one was stays, and so does the focus. */
  let down = 0, along = 0, focused = "";
  addEventListener("htmx:beforeSwap", (event) => {
    if (event.target.id !== "calendar") return;
    const scroller = event.target.querySelector(".tl-scroll"), active = document.activeElement;
    down = scroller ? scroller.scrollTop : 0;
    along = scroller ? scroller.scrollLeft : 0;
    focused = event.target.contains(active) ? (active.id ? `#${active.id}` : `a[href="${CSS.escape(active.getAttribute("href") || "")}"]`) : "";
    hideNow();
  });
  addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== "calendar") return;
    const scroller = event.target.querySelector(".tl-scroll"), there = focused && event.target.querySelector(focused);
    if (scroller) { scroller.scrollTop = down; scroller.scrollLeft = along; }
    if (focused === "#pan-today") toNow();
    if (there) there.focus({ preventScroll: true });
  });

  /* Where not all days fit, the first thing seen is now and not Monday. */
  const toNow = () => {
    const now = document.querySelector(".tl-bg .now"), scroller = now && now.closest(".tl-scroll");
    if (!scroller || scroller.scrollWidth <= scroller.clientWidth) return;
    const head = scroller.querySelector("thead th").offsetWidth, behind = (scroller.clientWidth - head) / 4;
    scroller.scrollLeft = now.getBoundingClientRect().left - scroller.getBoundingClientRect().left + scroller.scrollLeft - head - behind;
  };
  toNow();

  /* An empty place: the quarter of an hour under the pointer. */
  document.addEventListener("click", (event) => {
    const cell = event.target.closest(".tl tbody td");
    if (!cell || event.target.closest(".bar") || event.ctrlKey || event.metaKey) return;
    const row = cell.closest("tr"), plan = row.querySelector("th .plan"), heads = [...row.closest("table").querySelectorAll("thead th")];
    if (!plan) return;
    const at = heads[cell.cellIndex].dataset.at, next = (heads[cell.cellIndex + 1] || {}).dataset;
    const begins = Date.parse(`${at}Z`), length = next ? Date.parse(`${next.at}Z`) - begins : begins - Date.parse(`${heads[cell.cellIndex - 1].dataset.at}Z`);
    const box = cell.getBoundingClientRect(), quarter = 900000;
    const moment = new Date(Math.floor((begins + length * (event.clientX - box.left) / box.width) / quarter) * quarter);
    const free = event.target.closest(".free");
    if (!free && cell.querySelector(".free") === null && heads.length <= 9) return; /* what is over is not planned */
    event.preventDefault();
    const address = new URL(plan.href);
    const earliest = free ? new URL(free.href).searchParams.get("starts_at") : "";
    const wanted = moment.toISOString().slice(0, 16);
    address.searchParams.set("starts_at", wanted > earliest ? wanted : earliest);
    location.assign(address);
  });

  /* The card repeats what the window's page says, so it is hidden from screen readers. It stays while the pointer is on it. */
  let timer = 0, wanted = null;
  const kept = new Map();
  const hideNow = () => { clearTimeout(timer); wanted = null; const shown = card(); if (shown && shown.matches(":popover-open")) shown.hidePopover(); };
  const hide = () => { clearTimeout(timer); timer = setTimeout(hideNow, 120); };
  const place = (bar, shown) => {
    const at = bar.getBoundingClientRect(), size = shown.getBoundingClientRect(), below = at.bottom + size.height + 6 < innerHeight;
    shown.style.left = `${Math.max(8, Math.min(at.left, innerWidth - size.width - 8))}px`;
    shown.style.top = `${below ? at.bottom + 6 : Math.max(8, at.top - size.height - 6)}px`;
  };
  const open = async (bar) => {
    const address = `${bar.getAttribute("href")}/card`;
    if (!kept.has(address)) {
      const answer = await fetch(address, { headers: { "HX-Request": "true" }, credentials: "same-origin" }).catch(() => null);
      if (!answer || !answer.ok) return;
      kept.set(address, await answer.text());
      setTimeout(() => kept.delete(address), 15000);
    }
    if (wanted !== bar || !bar.isConnected || bar.matches(".dragged, [aria-busy]")) return;
    const shown = card();
    if (!shown || !shown.showPopover) return;
    shown.innerHTML = kept.get(address);
    if (!shown.matches(":popover-open")) shown.showPopover();
    place(bar, shown);
  };
  const begin = (event) => {
    const bar = event.target.closest && event.target.closest("td .bar, .mini");
    if (!bar) { if (event.target.closest && event.target.closest(".card")) clearTimeout(timer); return; }
    clearTimeout(timer);
    if (wanted === bar) return;
    wanted = bar;
    timer = setTimeout(() => open(bar), event.type === "focusin" ? 0 : 200);
  };
  ["pointerover", "focusin"].forEach((name) => addEventListener(name, begin));
  ["pointerout", "focusout"].forEach((name) => addEventListener(name, (event) => { if (event.target.closest && event.target.closest("td .bar, .mini, .card")) hide(); }));
  addEventListener("keydown", (event) => { if (event.key === "Escape") hideNow(); });
  addEventListener("scroll", () => { /* a bar that the keyboard reached keeps its card, though it scrolled there */
    if (!wanted || wanted !== document.activeElement) hideNow();
    else if (card() && card().matches(":popover-open")) place(wanted, card());
  }, true);

  /* Arrows go from window to window: along a lane or a day by begin, across to the nearest of the next lane, week or day that has one. */
  const WINDOWS = "td > .bar[href], .mini";
  const centre = (box) => box.left + box.width / 2;
  const shownAt = (one) => centre((one.querySelector("i") || one).getBoundingClientRect());
  const step = (from, key) => {
    const cell = from.closest("td"), row = cell.parentElement, across = key === "ArrowUp" || key === "ArrowDown", on = key === "ArrowDown" || key === "ArrowRight";
    const inRow = (there) => [...there.querySelectorAll(WINDOWS)].sort((one, other) => shownAt(one) - shownAt(other));
    const all = inRow(row), within = from.matches(".mini") && across ? [...cell.querySelectorAll(WINDOWS)] : all, next = within[within.indexOf(from) + (on ? 1 : -1)];
    if (key === "Home" || key === "End") return all.at(key === "Home" ? 0 : -1);
    if (!across || (next && within !== all)) return next;
    let there = row;
    while ((there = on ? there.nextElementSibling : there.previousElementSibling)) {
      const found = inRow(there);
      if (found.length) return found.reduce((best, one) => Math.abs(shownAt(one) - shownAt(from)) < Math.abs(shownAt(best) - shownAt(from)) ? one : best);
    }
  };
  addEventListener("keydown", (event) => {
    if (!/^(Arrow(Up|Down|Left|Right)|Home|End)$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const from = event.target.closest && event.target.closest("#calendar a");
    if (!from || !from.matches(WINDOWS)) return;
    event.preventDefault();
    const next = step(from, event.key);
    if (next) { next.focus({ preventScroll: true }); next.scrollIntoView({ block: "nearest", inline: "nearest" }); }
  });
})();

/* A draft's bar follows the mouse: its middle moves it, its ends make it longer or shorter, by quarters of an hour. Meanwhile the server
   is asked what would stand in the way. Dropped, it is posted as the form at /windows/MW-…/move posts; refused, it goes back and says why.
   Escape leaves everything as it was. With the keyboard, "m" on a draft opens that form. */
(() => {
  "use strict";
  const QUARTER = 900000, FAR = 4, EDGE = 6, SLOTS = 288;
  let drag = null, swallow = false;
  const said = () => document.getElementById("drag-said");
  const card = () => document.getElementById("drag-card");
  const snap = (at) => Math.round(at / QUARTER) * QUARTER;

  /* The axis as it is drawn: columns of one width, each with its own length in time. */
  const axisOf = (table) => {
    const heads = [...table.querySelectorAll("thead th[data-utc]")], begins = heads.map((head) => Date.parse(head.dataset.utc));
    const ends = [...begins.slice(1), Date.parse(table.dataset.until)], box = heads[0].getBoundingClientRect();
    const column = (place) => Math.max(0, Math.min(heads.length - 1, Math.floor(place)));
    return {
      at: (x) => { const place = (x - heads[0].getBoundingClientRect().left) / box.width, n = column(place); return begins[n] + (place - n) * (ends[n] - begins[n]); },
      slot: (at) => { let n = ends.findIndex((end) => at < end); if (n < 0) n = heads.length - 1; return (n + (at - begins[n]) / (ends[n] - begins[n])) * SLOTS; },
    };
  };

  const begin = (event) => {
    if (!drag) put();
    const bar = event.target.closest && event.target.closest(".tl td .bar[data-move]");
    if (!bar || drag || event.button !== 0 || event.pointerType !== "mouse" || event.ctrlKey || event.metaKey) return;
    const box = bar.querySelector("i").getBoundingClientRect(), edge = Math.min(EDGE, box.width / 4);
    const inside = event.clientX >= box.left && event.clientX <= box.right;
    const part = inside && event.clientX < box.left + edge && !bar.classList.contains("cut-l") ? "starts" : inside && event.clientX > box.right - edge && !bar.classList.contains("cut-r") ? "ends" : "all";
    const axis = axisOf(bar.closest("table"));
    drag = { bar, part, axis, id: event.pointerId, x: event.clientX, grabbed: axis.at(event.clientX), from: Date.parse(bar.dataset.from), until: Date.parse(bar.dataset.until), moved: false, timer: 0 };
    drag.starts = drag.from; drag.ends = drag.until;
  };

  const draw = () => {
    const { bar, axis, starts, ends } = drag, first = bar.closest("td").cellIndex - 1, x = axis.slot(starts);
    bar.style.setProperty("--x", x - first * SLOTS);
    bar.style.setProperty("--w", axis.slot(ends) - x);
    bar.style.setProperty("--d", 0);
  };
  const undraw = (bar) => { ["--x", "--w", "--d"].forEach((name) => bar.style.removeProperty(name)); bar.classList.remove("dragged"); };

  const follow = (event) => {
    if (!drag || event.pointerId !== drag.id) return;
    if (!drag.moved) {
      if (Math.abs(event.clientX - drag.x) < FAR) return;
      drag.moved = true;
      const hovered = document.getElementById("card");
      if (hovered && hovered.matches(":popover-open")) hovered.hidePopover();
      drag.bar.setPointerCapture(drag.id);
      drag.bar.classList.add("dragged");
      document.documentElement.classList.add(drag.part === "all" ? "dragging" : "resizing");
    }
    const by = drag.axis.at(event.clientX) - drag.grabbed;
    let starts = drag.from, ends = drag.until;
    if (drag.part === "all") { starts = snap(drag.from + by); ends = starts + drag.until - drag.from; }
    else if (drag.part === "starts") starts = Math.min(snap(drag.from + by), drag.until - QUARTER);
    else ends = Math.max(snap(drag.until + by), drag.from + QUARTER);
    if (starts === drag.starts && ends === drag.ends) return;
    Object.assign(drag, { starts, ends });
    draw();
    clearTimeout(drag.timer);
    drag.timer = setTimeout(ask, 150, drag);
  };

  const period = ({ starts, ends }) => new URLSearchParams({ starts_at: new Date(starts).toISOString().slice(0, 19) + "Z", ends_at: new Date(ends).toISOString().slice(0, 19) + "Z" });
  const ask = async (asking) => {
    const wanted = period(asking);
    const answer = await fetch(`${asking.bar.dataset.move}/meaning?${wanted}`, { headers: { "HX-Request": "true" }, credentials: "same-origin" }).catch(() => null);
    if (drag !== asking || !answer || !answer.ok || wanted.toString() !== period(drag).toString()) return;
    show(await answer.text(), asking.bar);
  };
  const show = (html, bar) => {
    const shown = card();
    shown.innerHTML = html;
    said().textContent = shown.innerText.replace(/\s+/g, " ");
    if (!shown.showPopover) return;
    if (!shown.matches(":popover-open")) shown.showPopover();
    /* below the whole lane, or above it: what stands in the way lies beside the bar and must be seen */
    const at = bar.getBoundingClientRect(), lane = bar.closest("tr").getBoundingClientRect(), size = shown.getBoundingClientRect(), below = lane.bottom + size.height + 6 < innerHeight;
    shown.style.left = `${Math.max(8, Math.min(at.left, innerWidth - size.width - 8))}px`;
    shown.style.top = `${below ? lane.bottom + 6 : Math.max(8, lane.top - size.height - 6)}px`;
    const named = new Set(said().textContent.match(/\bMW-\d+\b/g));
    document.querySelectorAll("#calendar td > .bar[href]").forEach((other) => other.classList.toggle("hit", other !== bar && named.has(other.getAttribute("href").split("/").pop())));
  };
  const put = () => {
    const shown = card();
    if (shown && shown.matches(":popover-open")) shown.hidePopover();
    document.querySelectorAll(".bar.hit").forEach((other) => other.classList.remove("hit"));
  };

  const finish = () => {
    const done = drag;
    drag = null;
    clearTimeout(done.timer);
    document.documentElement.classList.remove("dragging", "resizing");
    swallow = done.moved; // the click that follows, however late the button comes up after Escape, opens nothing
    return done;
  };
  const leave = (words) => {
    const { bar, moved } = finish();
    undraw(bar);
    if (moved) { put(); said().textContent = words; }
  };

  const refused = async (answer) => {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const words = page.querySelector("[role=alert], .problem .sentence");
    return words ? words.textContent.trim().replace(/\s+/g, " ") : "It could not be moved.";
  };
  const drop = async (event) => {
    if (!drag || event.pointerId !== drag.id) return;
    if (!drag.moved || (drag.starts === drag.from && drag.ends === drag.until)) { leave("Left where it was."); return; }
    const done = finish(), { bar } = done, body = period(done);
    body.set("version", bar.dataset.version);
    body.set("form_token", [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
    body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
    bar.setAttribute("aria-busy", "true");
    const answer = await fetch(bar.dataset.move, { method: "POST", body, credentials: "same-origin", redirect: "manual" }).catch(() => null);
    bar.removeAttribute("aria-busy");
    if (answer && answer.type === "opaqueredirect") {
      put();
      said().textContent = "Moved.";
      const panel = document.getElementById("calendar");
      if (panel && window.htmx) window.htmx.ajax("GET", `/calendar/panel${location.search}`, { target: panel, swap: "innerHTML" });
      else location.reload();
      return;
    }
    undraw(bar);
    const note = document.createElement("p");
    note.className = "warn";
    note.textContent = answer ? await refused(answer) : "The server did not answer; the draft is where it was.";
    show(note.outerHTML, bar);
  };

  addEventListener("pointerdown", begin);
  addEventListener("pointermove", follow);
  addEventListener("pointerup", drop);
  addEventListener("pointercancel", () => { if (drag) leave("Left where it was."); });
  addEventListener("dragstart", (event) => { if (event.target.closest && event.target.closest(".bar[data-move]")) event.preventDefault(); });
  addEventListener("click", (event) => { if (swallow) { event.preventDefault(); event.stopPropagation(); } swallow = false; }, true);
  addEventListener("pointerdown", () => { swallow = false; }, true);
  addEventListener("htmx:beforeSwap", (event) => { if (drag && event.target.id === "calendar") event.detail.shouldSwap = false; });
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape") swallow = false;
    if (!drag && event.key === "Escape") put();
    if (drag && event.key === "Escape") { event.preventDefault(); leave("Left where it was."); return; }
    const bar = event.key === "m" && !event.ctrlKey && !event.metaKey && !event.altKey && event.target.closest(".bar[data-move]");
    if (bar) location.assign(bar.dataset.move);
  });
})();

/* The run page's manners: a log that follows, a sheet that stays open while the clocks go on. Reading and acting work without. */
(() => {
  "use strict";
  let follows = true, at = 0;
  const log = () => document.getElementById("log");
  const end = () => { const lines = log(); if (lines) lines.scrollTop = follows ? lines.scrollHeight : at; };

  /* Whoever scrolled up to read is left there. */
  addEventListener("htmx:beforeSwap", () => {
    const lines = log();
    if (!lines) return;
    at = lines.scrollTop;
    follows = lines.scrollHeight - lines.clientHeight - at < 24;
  });
  addEventListener("htmx:afterSettle", end);
  addEventListener("DOMContentLoaded", end);

  /* An open question is not taken from under the thumb that answers it. */
  addEventListener("htmx:oobBeforeSwap", (event) => {
    if (event.detail.target.id === "sheets" && event.detail.target.querySelector(":popover-open")) event.detail.shouldSwap = false;
  });

  /* The focus stays on the button that had it. */
  let focused = "";
  addEventListener("htmx:beforeSwap", () => { focused = document.activeElement?.id || ""; });
  addEventListener("htmx:afterSwap", () => { if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus({ preventScroll: true }); });
})();

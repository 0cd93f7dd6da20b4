/* Roadworks: theme, "/" to search, and manners of htmx. Every page reads and acts without it. */
(() => {
  "use strict";
  const root = document.documentElement;

  /* "" follows the system; remembered in this browser only. */
  const remembered = (() => { try { return localStorage.getItem("theme") || ""; } catch { return ""; } })();
  if (remembered) root.dataset.theme = remembered;
  const isDark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const toggleTheme = () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* private mode: lasts for this page */ }
  };

  /* A second click while the first is under way is no second wish. The server holds by the form's token as well. */
  const sendOnce = (event) => {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    if (form.method === "post") form.dataset.sent = "yes";
  };

  addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-toggle-theme]").forEach((button) => { button.hidden = false; button.addEventListener("click", toggleTheme); });
    document.body.addEventListener("submit", sendOnce);
    /* A panel names the state it shows, so that an unchanged one is answered by 304 without a body. */
    document.body.addEventListener("htmx:configRequest", ({ detail }) => {
      const etag = detail.elt.dataset.etag;
      if (etag) detail.headers["If-None-Match"] = etag;
    });
    document.body.addEventListener("htmx:afterOnLoad", ({ detail }) => {
      const etag = detail.xhr.getResponseHeader("ETag");
      if (etag && "etag" in detail.elt.dataset) detail.elt.dataset.etag = etag;
    });
    /* 304 means "as it was": nothing to swap. A lost poll says so, so that nobody trusts a picture that no longer moves. */
    document.body.addEventListener("htmx:beforeSwap", (event) => { if (event.detail.xhr.status === 304) event.detail.shouldSwap = false; });
    const stale = (lost) => document.querySelectorAll("[data-stale]").forEach((note) => { note.hidden = !lost; });
    document.body.addEventListener("htmx:sendError", () => stale(true));
    document.body.addEventListener("htmx:responseError", () => stale(true));
    document.body.addEventListener("htmx:afterRequest", (event) => { if (event.detail.xhr.status === 200 || event.detail.xhr.status === 304) stale(false); });
  });
  addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; }));
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.target.closest("input, textarea, select")) return;
    const search = document.querySelector(".search input");
    if (search) { event.preventDefault(); search.focus(); }
  });
})();

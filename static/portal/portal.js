/* Roadworks: theme, "/" to search, and manners of htmx. Every page reads and acts without it. */
(() => {
  "use strict";
  const root = document.documentElement;

  /* The server writes the remembered theme into the page; none follows the system. Switching needs no journey where scripts run. */
  const isDark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const toggleTheme = (event) => {
    event.preventDefault();
    root.dataset.theme = isDark() ? "light" : "dark";
    document.cookie = `theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
  };

  /* A second click while the first is under way is no second wish. The server holds by the form's token as well. */
  const sendOnce = (event) => {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    if (form.method === "post") form.dataset.sent = "yes";
  };

  addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-theme-form]").forEach((form) => form.addEventListener("submit", (event) => { event.stopPropagation(); toggleTheme(event); }));
    document.querySelectorAll("[data-at-once]").forEach((form) => {
      form.querySelector("button").hidden = true;
      form.addEventListener("change", () => form.requestSubmit());
    });
    document.body.addEventListener("submit", sendOnce);
    /* A secret is copied whole. Without a secure connection browsers keep the clipboard away: then what is selected is copied. */
    document.querySelectorAll("[data-copy]").forEach((button) => {
      const field = document.getElementById(button.dataset.copy), said = button.querySelector("[role=status]");
      button.hidden = false;
      button.addEventListener("click", async () => {
        field.select();
        const done = navigator.clipboard ? await navigator.clipboard.writeText(field.value).then(() => true, () => false) : document.execCommand("copy");
        said.textContent = done ? "Copied" : "Not copied: press Ctrl+C";
      });
    });
    /* A panel names the state it shows, so that an unchanged one is answered by 304 without a body. It waits while a menu in it is open. */
    document.body.addEventListener("htmx:configRequest", (event) => {
      const { detail } = event, { etag } = detail.elt.dataset;
      if (etag !== undefined && detail.elt.querySelector(".menu-of[open]")) event.preventDefault();
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
    document.body.addEventListener("htmx:responseError", (event) => { if ("etag" in event.detail.elt.dataset || event.detail.xhr.status >= 500) stale(true); }); /* a form that is refused is an answer */
    document.body.addEventListener("htmx:afterRequest", (event) => { if (event.detail.xhr.status === 200 || event.detail.xhr.status === 304) stale(false); });
  });
  /* A menu goes away when one looks elsewhere, or by Escape. Without this it closes where it was opened. */
  const closeMenus = (but, back) => document.querySelectorAll(".menu-of[open]").forEach((menu) => {
    if (menu.contains(but)) return;
    menu.open = false;
    if (back) menu.querySelector("summary").focus();
  });
  addEventListener("click", (event) => closeMenus(event.target));
  addEventListener("keydown", (event) => { if (event.key === "Escape") closeMenus(null, true); });
  addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; }));
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.target.closest("input, textarea, select")) return;
    const search = document.querySelector(".search input");
    if (search) { event.preventDefault(); search.focus(); }
  });
})();

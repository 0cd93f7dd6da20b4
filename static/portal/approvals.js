/* The inbox by keyboard: j and k walk the rows, the letter on a button uses it. Every button is a link and works without this. */
(() => {
  "use strict";
  const list = document.querySelector("[data-dossiers]");
  if (!list) return;
  const rows = [...list.children];
  document.querySelectorAll("[data-keys-hint]").forEach((hint) => { hint.hidden = false; });
  list.querySelectorAll("[data-key]").forEach((link) => {
    const key = document.createElement("kbd");
    key.textContent = link.dataset.key;
    key.setAttribute("aria-hidden", "true");
    link.append(key);
    link.setAttribute("aria-keyshortcuts", link.dataset.key);
  });
  const here = () => rows.indexOf(document.activeElement?.closest?.(".dossier"));
  const go = (to) => { const row = rows[Math.max(0, Math.min(rows.length - 1, to))]; row.focus(); row.scrollIntoView({ block: "nearest" }); };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
    if (event.key === "j") { event.preventDefault(); go(here() + 1); return; }
    if (event.key === "k") { event.preventDefault(); go(here() - 1); return; }
    const row = rows[here()];
    if (!row) return;
    if (event.key === "Enter" && event.target === row) { row.querySelector("h2 a").click(); return; }
    const link = [...row.querySelectorAll("[data-key]")].find((one) => one.dataset.key === event.key);
    if (link) { event.preventDefault(); link.click(); }
  });
})();

/* The request page: a free slot fills in the begin without leaving the page, and a button waits for what is being saved as one types:
   otherwise that saving would be somebody else's change to it. Without this, the buttons send the form. */
(() => {
  "use strict";
  /* The wall clock of a moment in a zone, as datetime-local wants it. */
  const wall = (moment, zone) => {
    const parts = new Intl.DateTimeFormat("en-CA", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" }).formatToParts(new Date(moment));
    const part = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
    return `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}`;
  };
  addEventListener("click", (event) => {
    const button = event.target.closest("[data-slot]");
    const begins = document.getElementById("starts_at");
    if (!button || !begins || !window.htmx) return;
    try { begins.value = wall(button.dataset.slot, document.getElementById("timezone").value); } catch { return; /* no such zone: the server says so */ }
    event.preventDefault();
    begins.dispatchEvent(new Event("change", { bubbles: true }));
    begins.focus();
  });
  const form = document.getElementById("request");
  /* The owner is the team's until somebody chooses one: what was chosen by hand stays. */
  const team = form?.elements.team, owner = form?.elements.owner_id;
  const usual = () => team.selectedOptions[0]?.dataset.owner;
  let followed = team?.selectedOptions && usual();
  owner?.addEventListener("change", () => { followed = null; });
  team?.addEventListener("change", () => {
    if (!followed || owner.value !== followed || !usual()) return;
    owner.value = followed = usual();
  });
  const isSaving = () => form.classList.contains("htmx-request");
  form?.addEventListener("submit", (event) => {
    if (!isSaving()) return;
    event.preventDefault();
    event.stopPropagation(); /* not sent yet */
    const { submitter } = event;
    form.addEventListener("htmx:afterRequest", () => setTimeout(() => form.requestSubmit(submitter?.isConnected ? submitter : null)), { once: true });
  });
  /* A field is marked while its complaint stands: saving answers with the complaints, not with the fields. */
  form?.ownerDocument.addEventListener("htmx:afterSettle", () => {
    for (const field of form.querySelectorAll("[aria-describedby]")) {
      const slot = field.getAttribute("aria-describedby").split(" ").map((id) => document.getElementById(id)).find((one) => one?.classList.contains("slot"));
      if (!slot) continue;
      if (slot.textContent.trim()) field.setAttribute("aria-invalid", "true"); else field.removeAttribute("aria-invalid");
    }
  });
  /* What was typed last goes with the button; nothing is saved behind its back. */
  form?.addEventListener("htmx:beforeRequest", (event) => { if (event.detail.elt === form && form.dataset.sent) event.preventDefault(); });
})();

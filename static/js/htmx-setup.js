// htmx in this house: the CSRF header, aria-busy while waiting, focus after a swap, a word when the line is down.
(() => {
  const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";

  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = meta("csrf-token");
  });

  document.addEventListener("htmx:beforeRequest", (event) => event.detail.target?.setAttribute("aria-busy", "true"));
  document.addEventListener("htmx:afterRequest", (event) => event.detail.target?.removeAttribute("aria-busy"));

  // Whoever pressed a button must not lose the place: the first complaint, else what asks for focus, else the same control.
  let held = null;
  document.addEventListener("htmx:beforeSwap", () => {
    const active = document.activeElement;
    held = active && active !== document.body ? { id: active.id, name: active.getAttribute("name") } : null;
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const place = event.detail.elt;
    const wanted = place.matches?.("[data-focus]") ? place : place.querySelector?.("[data-focus]");
    if (wanted) {
      wanted.focus();
      return;
    }
    if (!held || document.activeElement !== document.body) return;
    const same = (held.id && document.getElementById(held.id)) || (held.name && place.querySelector?.(`[name="${CSS.escape(held.name)}"]`));
    if (same) same.focus();
  });

  // An answer outside the app (signed out, no connection, an error) is never swapped into a corner of the page.
  const trouble = (event) => {
    const status = event.detail.xhr?.status ?? 0;
    if (status === 401 || status === 403) {
      window.location.reload();
      return;
    }
    document.dispatchEvent(new CustomEvent("toast", { detail: { tone: "bad", text: meta(status ? "text-failed" : "text-offline") } }));
  };
  document.addEventListener("htmx:responseError", trouble);
  document.addEventListener("htmx:sendError", trouble);
  document.addEventListener("htmx:timeout", trouble);

  document.addEventListener("DOMContentLoaded", () => document.querySelector("[data-focus]")?.focus());
})();

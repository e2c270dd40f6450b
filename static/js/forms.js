// Forms: warn before typed words are lost, send once, show a password, submit when a choice says so.
(() => {
  const dirty = new Set();

  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-guard]");
    if (form) dirty.add(form);
  });
  window.addEventListener("beforeunload", (event) => {
    if ([...dirty].some((form) => form.isConnected)) event.preventDefault();
  });

  // The button goes quiet after the submit has been accepted by every other listener; the request itself is untouched.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    dirty.delete(form);
    if (form.dataset.sent) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    if (event.defaultPrevented || form.method !== "post") return;
    form.dataset.sent = "1";
    const button = event.submitter;
    setTimeout(() => {
      if (event.defaultPrevented && !form.matches("[hx-post], [data-hx-post]")) return void delete form.dataset.sent;
      button?.setAttribute("aria-busy", "true");
    });
  }, true);
  // A form that answers with a file leaves the page standing: it may be sent again after a while.
  document.addEventListener("submit", (event) => setTimeout(again, 8000, event.target));
  const again = (form) => {
    delete form.dataset?.sent;
    form.querySelectorAll?.("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  };
  document.addEventListener("htmx:afterRequest", (event) => again(event.detail.elt));
  window.addEventListener("pageshow", (event) => event.persisted && document.querySelectorAll("form").forEach(again));

  document.addEventListener("click", (event) => {
    const toggle = event.target.closest(".secret__toggle");
    if (!toggle) return;
    const input = toggle.parentElement.querySelector("input");
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    toggle.setAttribute("aria-pressed", String(shown));
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
  });
})();

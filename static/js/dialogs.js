// Menus and sheets are <details>, questions are <details class="confirm">: both work alone. Here they learn to close,
// and a question becomes a modal dialog. data-dialog-open="id" opens a <dialog>, data-dialog-close closes its own.
(() => {
  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (menu !== except) menu.open = false;
    }
  };

  const lift = (details) => {
    const box = details.querySelector(".confirm__box");
    const dialog = document.createElement("dialog");
    dialog.className = "dialog";
    dialog.setAttribute("aria-label", box.getAttribute("aria-label"));
    box.before(dialog);
    dialog.append(...box.childNodes);
    box.remove();
    dialog.addEventListener("close", () => {
      details.open = false;
      details.querySelector("summary").focus();
    });
    return dialog;
  };

  document.addEventListener("toggle", (event) => {
    const details = event.target;
    if (details.matches?.("details[data-menu]") && details.open) closeMenus(details);
    if (!details.matches?.("details[data-confirm]") || !details.open) return;
    const dialog = details.querySelector("dialog") ?? lift(details);
    if (!dialog.open) dialog.showModal();
  }, true);

  document.addEventListener("click", (event) => {
    closeMenus(event.target.closest("details[data-menu]"));
    const opener = event.target.closest("[data-dialog-open]");
    if (opener) document.getElementById(opener.dataset.dialogOpen)?.showModal();
    if (event.target.closest("[data-confirm-close], [data-dialog-close]") || event.target.matches("dialog")) {
      event.target.closest("dialog")?.close();
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector("details[data-menu][open]");
    if (!menu) {
      if (!document.querySelector("dialog[open]")) document.querySelector("[data-question-place] [data-put-away]")?.click();
      return;
    }
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  // A question that came into the page is put away by its "keep it" or by Escape; who opened it has the focus again.
  let asker = null;
  document.addEventListener("htmx:beforeRequest", ({ detail: { elt, target } }) => {
    if (target?.matches("[data-question-place]")) asker = elt;
  });
  document.addEventListener("click", (event) => {
    const place = event.target.closest("[data-put-away]")?.closest("[data-question-place]");
    if (!place || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    place.replaceChildren();
    asker?.focus();
  }, true);
})();
